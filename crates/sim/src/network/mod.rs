//! The network: what becomes of a message, per directed link.
//!
//! Every decision is keyed by the message's own address, which is its link, its tag and how often that tag went over that
//! link before, so that the fate of one message does not depend on the others. (What a message waits behind, in [`pipes`], is
//! not decided but comes of the others.)

mod pipes;
mod tags;

use std::collections::BTreeMap;

use crate::case::Network;
use crate::mix::{Address, Domain, Mixer};
use crate::plan::Fate;
use crate::sample::{Chance, below, exponential};
use crate::time::Time;

pub(crate) use self::pipes::Held;
use self::pipes::Pipes;
use self::tags::Tags;

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
    pub(crate) corrupted: bool,
    /// Too much waited before it.
    pub(crate) overflowed: bool,
    /// Something waited before it.
    pub(crate) queued: bool,
    /// It waits for a clog to end.
    pub(crate) clogged: bool,
    /// The plan item that decided, by its position.
    pub(crate) item: Option<u32>,
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
    /// Where anything makes messages wait.
    pipes: Option<Box<Pipes>>,
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
    corruption: Chance,
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
        let is_thin = network.bandwidth_bytes_per_s > 0;
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
                corruption: Chance::from_ppm(network.corruption_ppm),
                is_stormy: [network.delay_ppm, network.duplication_ppm, network.reordering_ppm, network.corruption_ppm]
                    .into_iter()
                    .any(|ppm| ppm > 0),
            },
            calm: false,
            planned: BTreeMap::new(),
            pipes: is_thin.then(|| Box::new(Pipes::new(keys.len() * keys.len(), network))),
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

    /// Clogs a link, once more.
    pub(crate) fn clog(&mut self, link: LinkIndex) {
        let links = self.links.len();
        let pipes = || Box::new(Pipes::new(links, &Network::calm(0..=0)));
        self.pipes.get_or_insert_with(pipes).clog(link);
    }

    /// Takes one clog back; what it held waits until it is [released](Self::released).
    pub(crate) fn unclog(&mut self, link: LinkIndex) {
        self.pipes.as_mut().expect("what is unclogged was clogged").unclog(link);
    }

    /// Whether a message that is sent over a link now waits for a clog to end.
    pub(crate) fn is_clogged(&self, link: LinkIndex) -> bool {
        self.pipes.as_ref().is_some_and(|pipes| pipes.is_clogged(link))
    }

    /// Keeps a message until its link is clogged no more.
    pub(crate) fn hold(&mut self, held: Held) {
        self.pipes.as_mut().expect("what is held was sent over a clogged link").hold(held);
    }

    /// Takes the messages that no clog holds any more, in the order of sending.
    pub(crate) fn released(&mut self, now: Time) -> Vec<Held> {
        self.pipes.as_mut().map(|pipes| pipes.released(now)).unwrap_or_default()
    }

    /// Lifts every cut and every clog of a link, cuts for good.
    pub(crate) fn heal(&mut self, link: LinkIndex) {
        self.links[link].healed = true;
        if let Some(pipes) = &mut self.pipes {
            pipes.clear(link);
        }
    }

    /// Undoes the heal of a link: its cut is one that stays.
    pub(crate) fn keep_cut(&mut self, link: LinkIndex) {
        self.links[link].healed = false;
    }

    /// Whether a partition cuts a link now.
    pub(crate) fn is_cut(&self, link: LinkIndex) -> bool {
        self.links[link].cuts > 0 && !self.links[link].healed
    }

    /// From here on messages only take their time, whatever the plan says of them; cuts and clogs stay.
    pub(crate) fn calm(&mut self) {
        self.calm = true;
        if let Some(pipes) = &mut self.pipes {
            pipes.widen();
        }
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
        let address = link.address(sent, now);
        if !self.planned.is_empty()
            && !self.calm
            && counted.exact
            && let Some((item, fate)) = self.planned.remove(&(index, tag, counted.occurrence))
        {
            return (sent, Passage::planned(item, fate, &self.weather));
        }
        (sent, self.weather.decide(mixer, address, self.calm))
    }

    /// Whether anything makes messages wait.
    #[inline]
    pub(crate) fn has_pipes(&self) -> bool {
        self.pipes.is_some()
    }

    /// What becomes of a message of so many bytes, given what the network would have done had nothing been in its way.
    ///
    /// What is lost never gets onto its link. What the plan states takes the time that it states, and is carried all the
    /// same: who comes behind it waits.
    #[inline(never)]
    pub(crate) fn pass_through_pipe(&mut self, now: Time, link: LinkIndex, len: u32, passage: Passage) -> Passage {
        let (Some(pipes), Some(latency_ns)) = (&mut self.pipes, passage.latency_ns) else { return passage };
        let mut struck = passage.struck.unwrap_or_default();
        let is_planned = struck.item.is_some();
        if pipes.is_clogged(link) {
            struck.clogged = true;
            return Passage { struck: Some(struck), ..passage };
        }
        if !is_planned && pipes.is_full(now, link) {
            let overflowed = Struck { overflowed: true, ..Struck::default() };
            return Passage { struck: Some(overflowed), ..Passage::default() };
        }
        let carried = pipes.carry(now, link, len);
        if is_planned {
            return passage;
        }
        struck.queued = carried.wait_ns > 0;
        let latency_ns = Some(latency_ns.saturating_add(carried.total_ns));
        Passage { latency_ns, struck: (struck != Struck::default()).then_some(struck), ..passage }
    }

    /// What a message that is sent now is damaged by, where it is.
    #[cold]
    pub(crate) fn damage(&self, mixer: &Mixer, now: Time, link: LinkIndex, sent: Sent) -> u64 {
        crate::mix::mix(mixer.decide(Domain::Corruption, self.links[link].address(sent, now)), 1)
    }
}

impl Link {
    #[inline]
    fn address(&self, sent: Sent, now: Time) -> Address {
        let era = if sent.exact { 0 } else { 1 + (now.as_nanos() >> COARSE_BITS) };
        Address::new(self.entity, sent.tag, u64::from(sent.occurrence) | era << 32)
    }
}

impl Struck {
    /// Whether the network did of itself what a plan could have stated of this message. That it waited is no such thing.
    fn is_weather(&self) -> bool {
        let met = self.lost | self.delayed | self.duplicated | self.reordered | self.corrupted | self.overflowed;
        met && self.item.is_none()
    }
}

impl Passage {
    /// The fate that a plan item must state for the same to happen, where the network did more than carry the message.
    pub(crate) fn fate(&self) -> Option<Fate> {
        let struck = self.struck.filter(|struck| struck.is_weather())?;
        match (self.latency_ns, self.again_after_ns) {
            (None, _) => Some(Fate::Lose),
            (Some(latency_ns), _) if struck.corrupted => Some(Fate::Corrupt { latency_ns }),
            (Some(latency_ns), Some(gap_ns)) => Some(Fate::Duplicate { latency_ns, gap_ns }),
            (Some(latency_ns), None) => Some(Fate::Deliver { latency_ns }),
        }
    }

    /// The fate that a plan item must state for the same to happen, where the network only carried the message.
    pub(crate) fn carried(&self) -> Option<Fate> {
        let is_carried = self.struck.is_none_or(|struck| struck.item.is_none() && !struck.is_weather());
        let latency_ns = self.latency_ns.filter(|_| is_carried)?;
        Some(Fate::Deliver { latency_ns })
    }

    fn planned(item: usize, fate: Fate, weather: &Weather) -> Passage {
        let struck = Struck { item: Some(item as u32), ..Struck::default() };
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
            Fate::Corrupt { latency_ns } => Passage {
                latency_ns: Some(latency_ns),
                again_after_ns: None,
                struck: Some(Struck { corrupted: true, ..struck }),
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
        if let Some(word) = mixer.drawn(Domain::Delay, self.delay, address) {
            struck.delayed = true;
            latency_ns = latency_ns.saturating_add(exponential(word, self.delay_mean_ns));
        }
        if let Some(word) = mixer.drawn(Domain::Reordering, self.reordering, address) {
            struck.reordered = true;
            latency_ns = latency_ns.saturating_add(below(word, self.reordering_hold_ns));
        }
        struck.corrupted = mixer.drawn(Domain::Corruption, self.corruption, address).is_some();
        // What is damaged arrives once.
        let duplicated = mixer.drawn(Domain::Duplication, self.duplication, address).filter(|_| !struck.corrupted);
        let again_after_ns = duplicated.map(|word| {
            struck.duplicated = true;
            below(word, self.duplication_gap_ns)
        });
        let struck = (struck != Struck::default()).then_some(struck);
        Passage { latency_ns: Some(latency_ns), again_after_ns, struck }
    }
}

/// 2^28 ns is 0.27 s: how coarse the time is that tells apart tags whose count was forgotten.
const COARSE_BITS: u32 = 28;

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
