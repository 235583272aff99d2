//! The network: what becomes of a message, per directed link.
//!
//! Every decision is keyed by the message's own address, which is its link, its tag and how often that tag went over that
//! link before, so that the fate of one message does not depend on the others.

use std::collections::BTreeMap;

use crate::case::Network;
use crate::hash::fold;
use crate::mix::{Address, Domain, Mixer};
use crate::plan::Fate;
use crate::sample::{Chance, below, exponential};
use crate::time::Time;

/// A directed link, by the positions of both ends.
pub(crate) type LinkIndex = usize;

/// What became of a message when it was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Passage {
    /// How long it travels; `None` where it does not arrive.
    pub(crate) latency_ns: Option<u64>,
    /// How long after that it arrives again.
    pub(crate) again_after_ns: Option<u64>,
    /// What the network did to it, where it did more than carry it.
    pub(crate) struck: Option<Struck>,
}

/// The faults that one message met.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Struck {
    pub(crate) cut: bool,
    /// There was no session to send it in.
    pub(crate) sessionless: bool,
    pub(crate) lost: bool,
    pub(crate) delayed: bool,
    pub(crate) duplicated: bool,
    pub(crate) reordered: bool,
    /// The plan item that decided, by its position.
    pub(crate) item: Option<usize>,
}

/// The part of a message's fate that its address decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Sent {
    pub(crate) tag: u64,
    pub(crate) occurrence: u32,
    /// Whether the occurrence is exact, so that a plan item can be about this very message.
    pub(crate) exact: bool,
}

#[derive(Clone)]
struct Link {
    /// The entity of its decisions: both ends by id, never by position.
    entity: u64,
    /// How many partitions cut it.
    cuts: u32,
    /// Cuts no longer count: both ends were healed, as nodes of the core or as clients.
    healed: bool,
    tags: Tags,
}

/// All links of a run.
#[derive(Clone)]
pub(crate) struct Links {
    links: Vec<Link>,
    weather: Weather,
    calm: bool,
    /// Messages whose fate the plan states.
    planned: BTreeMap<(LinkIndex, u64, u32), (usize, Fate)>,
}

/// The network's settings, prepared for one comparison each.
#[derive(Clone)]
struct Weather {
    latency_min_ns: u64,
    latency_width_ns: u64,
    loss: Chance,
    delay: Chance,
    delay_mean_ns: u64,
    duplication: Chance,
    duplication_gap_ns: u64,
    reordering: Chance,
    reordering_hold_ns: u64,
    /// Whether messages may meet more than a loss.
    is_stormy: bool,
}

impl Weather {
    fn latency_max_ns(&self) -> u64 {
        self.latency_min_ns + (self.latency_width_ns - 1)
    }
}

impl Links {
    /// The links between processes with these keys, where `[from * n + to]` is the order.
    pub(crate) fn new(keys: &[u64], network: &Network) -> Links {
        let link =
            |from: u64, to: u64| Link { entity: (from << 16) | to, cuts: 0, healed: false, tags: Tags::default() };
        Links {
            links: keys.iter().flat_map(|from| keys.iter().map(|to| link(*from, *to))).collect(),
            weather: Weather {
                latency_min_ns: network.latency_min_ns,
                // Of the whole range of u64 the last value is never drawn: its width is no u64.
                latency_width_ns: (network.latency_max_ns - network.latency_min_ns).saturating_add(1),
                loss: Chance::from_ppm(network.loss_ppm),
                delay: Chance::from_ppm(network.delay_ppm),
                delay_mean_ns: network.delay_mean_ns,
                duplication: Chance::from_ppm(network.duplication_ppm),
                duplication_gap_ns: network.duplication_gap_ns,
                reordering: Chance::from_ppm(network.reordering_ppm),
                reordering_hold_ns: network.reordering_hold_ns,
                is_stormy: network.delay_ppm + network.duplication_ppm + network.reordering_ppm > 0,
            },
            calm: false,
            planned: BTreeMap::new(),
        }
    }

    /// States the fate of one message.
    pub(crate) fn plan(&mut self, link: LinkIndex, tag: u64, occurrence: u32, item: usize, fate: Fate) {
        self.planned.insert((link, tag, occurrence), (item, fate));
    }

    /// Cuts a link, once more.
    pub(crate) fn cut(&mut self, link: LinkIndex) {
        self.links[link].cuts += 1;
    }

    /// Takes one cut back.
    pub(crate) fn mend(&mut self, link: LinkIndex) {
        let cuts = &mut self.links[link].cuts;
        *cuts = cuts.checked_sub(1).expect("a link is mended as often as it was cut");
    }

    /// Lifts every cut of a link for good.
    pub(crate) fn heal(&mut self, link: LinkIndex) {
        self.links[link].healed = true;
    }

    /// Whether a partition cuts a link now.
    pub(crate) fn is_cut(&self, link: LinkIndex) -> bool {
        self.links[link].cuts > 0 && !self.links[link].healed
    }

    /// From here on messages only take their time, whatever the plan says of them; cuts stay.
    pub(crate) fn calm(&mut self) {
        self.calm = true;
    }

    /// Decides what becomes of a message with this tag that is sent now.
    #[inline]
    pub(crate) fn send(&mut self, mixer: &Mixer, now: Time, index: LinkIndex, tag: u64) -> (Sent, Passage) {
        let link = &mut self.links[index];
        let counted = link.tags.count(tag);
        let sent = Sent { tag, occurrence: counted.occurrence, exact: counted.exact };
        if link.cuts > 0 && !link.healed {
            let cut = Struck { cut: true, ..Struck::default() };
            return (sent, Passage { struck: Some(cut), ..Passage::default() });
        }
        let era = if counted.exact { 0 } else { 1 + (now.as_nanos() >> COARSE_BITS) };
        let address = Address::new(link.entity, tag, u64::from(counted.occurrence) | era << 32);
        if !self.planned.is_empty()
            && !self.calm
            && counted.exact
            && let Some((item, fate)) = self.planned.remove(&(index, tag, counted.occurrence))
        {
            return (sent, Passage::planned(item, fate, &self.weather));
        }
        (sent, self.weather.decide(mixer, address, self.calm))
    }
}

impl Passage {
    /// The fate that a plan item must state for the same to happen, where the network did more than carry the message.
    pub(crate) fn fate(&self) -> Option<Fate> {
        let struck = self.struck.filter(|struck| !struck.cut && struck.item.is_none())?;
        match (self.latency_ns, self.again_after_ns) {
            (None, _) => struck.lost.then_some(Fate::Lose),
            (Some(latency_ns), Some(gap_ns)) => Some(Fate::Duplicate { latency_ns, gap_ns }),
            (Some(latency_ns), None) => Some(Fate::Deliver { latency_ns }),
        }
    }

    /// The fate that a plan item must state for the same to happen, where the network only carried the message.
    pub(crate) fn carried(&self) -> Option<Fate> {
        let latency_ns = self.latency_ns.filter(|_| self.struck.is_none())?;
        Some(Fate::Deliver { latency_ns })
    }

    fn planned(item: usize, fate: Fate, weather: &Weather) -> Passage {
        let struck = Struck { item: Some(item), ..Struck::default() };
        match fate {
            Fate::Lose => {
                Passage { latency_ns: None, again_after_ns: None, struck: Some(Struck { lost: true, ..struck }) }
            }
            Fate::Deliver { latency_ns } => Passage {
                latency_ns: Some(latency_ns),
                again_after_ns: None,
                // What is no later than any other message may be was not delayed, planned as it is.
                struck: Some(Struck { delayed: latency_ns > weather.latency_max_ns(), ..struck }),
            },
            Fate::Duplicate { latency_ns, gap_ns } => Passage {
                latency_ns: Some(latency_ns),
                again_after_ns: Some(gap_ns),
                struck: Some(Struck { duplicated: true, ..struck }),
            },
        }
    }
}

impl Weather {
    #[inline]
    fn decide(&self, mixer: &Mixer, address: Address, calm: bool) -> Passage {
        if !calm && !self.loss.is_zero() && self.loss.hits(mixer.decide(Domain::Loss, address)) {
            return Passage { struck: Some(Struck { lost: true, ..Struck::default() }), ..Passage::default() };
        }
        let latency_ns = self.latency_min_ns + below(mixer.decide(Domain::Latency, address), self.latency_width_ns);
        if calm || !self.is_stormy {
            return Passage { latency_ns: Some(latency_ns), ..Passage::default() };
        }
        self.storm(mixer, address, latency_ns)
    }

    /// What else becomes of a message that is not lost.
    #[inline(never)]
    fn storm(&self, mixer: &Mixer, address: Address, mut latency_ns: u64) -> Passage {
        let mut struck = Struck::default();
        if let Some(word) = drawn(mixer, Domain::Delay, self.delay, address) {
            struck.delayed = true;
            latency_ns = latency_ns.saturating_add(exponential(word, self.delay_mean_ns));
        }
        if let Some(word) = drawn(mixer, Domain::Reordering, self.reordering, address) {
            struck.reordered = true;
            latency_ns = latency_ns.saturating_add(below(word, self.reordering_hold_ns));
        }
        let again_after_ns = drawn(mixer, Domain::Duplication, self.duplication, address).map(|word| {
            struck.duplicated = true;
            below(word, self.duplication_gap_ns)
        });
        let struck = (struck != Struck::default()).then_some(struck);
        Passage { latency_ns: Some(latency_ns), again_after_ns, struck }
    }
}

/// A word to draw the size of a fault from, where the fault strikes.
#[inline]
fn drawn(mixer: &Mixer, domain: Domain, chance: Chance, address: Address) -> Option<u64> {
    if chance.is_zero() {
        return None;
    }
    let word = mixer.decide(domain, address);
    chance.hits(word).then(|| crate::mix::mix(word, 1))
}

/// 2^28 ns is 0.27 s: how coarse the time is that tells apart tags whose count was forgotten.
const COARSE_BITS: u32 = 28;

/// How often each tag went over a link.
///
/// Exact for the first [`TAGS_MAX`](Self::TAGS_MAX) tags of a link. Then all are forgotten and counting starts again; from
/// there on the coarse time enters the decision too, so that a message which is retried for ever is not lost for ever.
#[derive(Clone, Default)]
struct Tags {
    /// Open addressing by the tag's hash: 40 bits of it and a count of 24 bits; 0 is free.
    slots: Vec<u64>,
    used: usize,
    forgotten: bool,
}

struct Counted {
    occurrence: u32,
    exact: bool,
}

impl Tags {
    /// How many tags are counted exactly. Two of these many share a 40-bit name with a chance of 1 in 10^6.
    const TAGS_MAX: usize = 1024;
    const COUNT_BITS: u32 = 24;
    const COUNT_MAX: u64 = (1 << Self::COUNT_BITS) - 1;

    /// How often `tag` was counted before.
    #[inline]
    fn count(&mut self, tag: u64) -> Counted {
        let hash = fold(tag ^ 0x2d35_8dcc_aa6c_78a5, 0x8bb8_4b93_962e_acc9) | 1 << 63;
        let name = hash >> Self::COUNT_BITS;
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = Self::place(name) & mask;
        loop {
            let slot = self.slots.get(at).copied().unwrap_or(0);
            if slot == 0 {
                return self.insert(name);
            }
            if slot >> Self::COUNT_BITS == name {
                let count = slot & Self::COUNT_MAX;
                self.slots[at] += u64::from(count < Self::COUNT_MAX);
                return Counted { occurrence: count as u32, exact: !self.forgotten };
            }
            at = (at + 1) & mask;
        }
    }

    /// Counts a tag for the first time; makes room first, or forgets all others.
    fn insert(&mut self, name: u64) -> Counted {
        if self.used * 2 >= self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut at = Self::place(name) & mask;
        while self.slots[at] != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = name << Self::COUNT_BITS | 1;
        self.used += 1;
        Counted { occurrence: 0, exact: !self.forgotten }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        if self.used >= Self::TAGS_MAX {
            self.slots.fill(0);
            self.used = 0;
            self.forgotten = true;
            return;
        }
        let size = (self.slots.len() * 2).max(16);
        let old = std::mem::replace(&mut self.slots, vec![0; size]);
        for slot in old.into_iter().filter(|slot| *slot != 0) {
            let mut at = Self::place(slot >> Self::COUNT_BITS) & (size - 1);
            while self.slots[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = slot;
        }
    }

    #[inline]
    fn place(name: u64) -> usize {
        name as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Hex;
    use crate::mix::Salts;

    fn stormy() -> Network {
        Network {
            loss_ppm: 100_000,
            delay_ppm: 100_000,
            delay_mean_ns: 1_000_000,
            duplication_ppm: 100_000,
            duplication_gap_ns: 1_000,
            reordering_ppm: 100_000,
            reordering_hold_ns: 1_000,
            ..Network::calm(1_000..=2_000)
        }
    }

    fn fates(network: &Network, tags: impl Iterator<Item = u64>) -> Vec<Passage> {
        let mixer = Mixer::new(Hex(1), &Salts::new());
        let mut links = Links::new(&[1, 2], network);
        tags.map(|tag| links.send(&mixer, Time::ZERO, 1, tag).1).collect()
    }

    #[test]
    fn a_message_keeps_its_fate_when_another_is_not_sent() {
        let all = fates(&stormy(), 0..500);
        let without = fates(&stormy(), (0..500).filter(|tag| *tag != 17));
        let kept = all.iter().enumerate().filter(|(tag, _)| *tag != 17).map(|(_, passage)| *passage);
        assert_eq!(kept.collect::<Vec<_>>(), without);
    }

    #[test]
    fn a_domain_that_is_switched_off_leaves_the_others_as_they_were() {
        let with = fates(&stormy(), 0..2_000);
        let without = fates(&Network { delay_ppm: 0, ..stormy() }, 0..2_000);
        for (with, without) in with.iter().zip(&without) {
            let (with_struck, without_struck) = (with.struck.unwrap_or_default(), without.struck.unwrap_or_default());
            assert!(!without_struck.delayed);
            let struck = Struck { delayed: false, ..with_struck };
            assert_eq!((struck, with.again_after_ns), (without_struck, without.again_after_ns));
        }
    }

    #[test]
    fn a_retry_has_a_fate_of_its_own() {
        let fates = fates(&stormy(), std::iter::repeat_n(7, 200));
        let lost = fates.iter().filter(|passage| passage.struck.is_some_and(|struck| struck.lost)).count();
        assert!((1..100).contains(&lost), "{lost} of 200 at one in ten");
    }

    #[test]
    fn counts_are_exact_up_to_the_stated_number_of_tags() {
        let mut tags = Tags::default();
        for round in 0..3 {
            for tag in 0..Tags::TAGS_MAX as u64 {
                let counted = tags.count(tag);
                assert!(counted.exact);
                assert_eq!(counted.occurrence, round, "tag {tag}");
            }
        }
    }

    #[test]
    fn a_tag_whose_count_was_forgotten_is_not_lost_for_ever() {
        let mixer = Mixer::new(Hex(1), &Salts::new());
        let mut links = Links::new(&[1, 2], &Network { loss_ppm: 500_000, ..stormy() });
        let mut arrived = 0;
        for second in 0..50 {
            // Enough other tags to forget the one that matters, each second.
            for other in 0..Tags::TAGS_MAX as u64 {
                links.send(&mixer, Time::from_nanos(second * 1_000_000_000), 1, (second << 32) + other + 1_000);
            }
            let (sent, passage) = links.send(&mixer, Time::from_nanos(second * 1_000_000_000), 1, 7);
            assert_eq!(sent.occurrence, 0);
            arrived += u32::from(passage.latency_ns.is_some());
        }
        assert!((10..40).contains(&arrived), "{arrived} of 50 at one in two");
    }

    #[test]
    fn a_cut_stops_messages_until_every_partition_ended() {
        let mixer = Mixer::new(Hex(1), &Salts::new());
        let mut links = Links::new(&[1, 2], &Network::calm(1..=1));
        let passes = |links: &mut Links, tag| links.send(&mixer, Time::ZERO, 1, tag).1.latency_ns.is_some();
        links.cut(1);
        links.cut(1);
        links.mend(1);
        assert!(!passes(&mut links, 1));
        links.mend(1);
        assert!(passes(&mut links, 2));
    }
}
