//! Decisions during a run: each is a pure function of the seed, a salt, a domain and an address.
//!
//! Nothing is drawn from a sequence, so nothing depends on how often something else was drawn. Take one message away
//! and every other message keeps its fate; switch one domain off and the others stay as they were.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::hash::{content_hash, fold};
use crate::id::{Hex, Seed};
use crate::sample::Chance;

/// A kind of decision. Each has its own key, and its own salt in the case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// Whether a message is lost.
    Loss,
    /// How long a message travels.
    Latency,
    /// Whether a message meets a long delay, and how long.
    Delay,
    /// Whether a message arrives twice, and when.
    Duplication,
    /// Whether a message is held back so that later ones overtake it.
    Reordering,
    /// Whether a message is damaged, and by what.
    Corruption,
    /// How long a disk request takes.
    Disk,
    /// Which unsynced writes survive a crash.
    Unsynced,
    /// Which of the sectors that do not are torn, and where.
    Torn,
    /// Whether a sync is delayed, and how long.
    DiskDelay,
    /// Which bytes a fault of a disk strikes.
    Damage,
    /// What a process draws by [`Io::draw`](crate::Io::draw).
    Draw,
    /// What an operation of the workload is.
    Workload,
    /// Which nodes are healed at the end of the safety phase.
    Heal,
}

impl Domain {
    /// Every domain.
    pub const ALL: [Domain; 14] = [
        Domain::Loss,
        Domain::Latency,
        Domain::Delay,
        Domain::Duplication,
        Domain::Reordering,
        Domain::Corruption,
        Domain::Disk,
        Domain::Unsynced,
        Domain::Torn,
        Domain::DiskDelay,
        Domain::Damage,
        Domain::Draw,
        Domain::Workload,
        Domain::Heal,
    ];

    /// The name that keys the domain, in a case and in the mixer: reordering the enum moves nothing.
    pub const fn name(self) -> &'static str {
        match self {
            Domain::Loss => "loss",
            Domain::Latency => "latency",
            Domain::Delay => "delay",
            Domain::Duplication => "duplication",
            Domain::Reordering => "reordering",
            Domain::Corruption => "corruption",
            Domain::Disk => "disk",
            Domain::Unsynced => "unsynced",
            Domain::Torn => "torn",
            Domain::DiskDelay => "disk_delay",
            Domain::Damage => "damage",
            Domain::Draw => "draw",
            Domain::Workload => "workload",
            Domain::Heal => "heal",
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The salts of a case: a domain that is not named has salt 0.
///
/// A shrink candidate or a branch changes a salt and nothing else, and gets other decisions in that domain alone.
pub type Salts = BTreeMap<Domain, Hex>;

const K2: u64 = 0xa076_1d64_78bd_642f;
const K3: u64 = 0xe703_7ed1_a0b4_28db;
const K4: u64 = 0x8ebc_6af0_9c88_c6e3;

/// What is decided about: an entity (a directed link, a node), what the thing is, and which time it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address(u64);

impl Address {
    #[inline(always)]
    pub(crate) const fn new(entity: u64, tag: u64, occurrence: u64) -> Address {
        Address(fold(fold(entity ^ K2, tag ^ K3) ^ occurrence, K4))
    }
}

/// The keyed mixer of one run.
#[derive(Clone)]
pub(crate) struct Mixer {
    keys: [u64; Domain::ALL.len()],
}

impl Mixer {
    pub(crate) fn new(seed: Seed, salts: &Salts) -> Mixer {
        Mixer { keys: Domain::ALL.map(|domain| Mixer::key(seed, domain, salts.get(&domain).map_or(0, |salt| salt.0))) }
    }

    /// From here on decisions of `domain` take another salt.
    pub(crate) fn reseed(&mut self, seed: Seed, domain: Domain, salt: u64) {
        self.keys[domain as usize] = Mixer::key(seed, domain, salt);
    }

    fn key(seed: Seed, domain: Domain, salt: u64) -> u64 {
        content_hash(&(seed.0, salt, domain.name()))
    }

    /// 64 bits that look random, and are the same for the same seed, salt, domain and address.
    #[inline(always)]
    pub(crate) const fn decide(&self, domain: Domain, address: Address) -> u64 {
        fold(fold(address.0 ^ self.keys[domain as usize], K2) ^ K3, K4)
    }

    /// A word to draw the size of a fault from, where the fault strikes.
    #[inline]
    pub(crate) fn drawn(&self, domain: Domain, chance: Chance, address: Address) -> Option<u64> {
        if chance.is_zero() {
            return None;
        }
        let word = self.decide(domain, address);
        chance.hits(word).then(|| mix(word, 1))
    }
}

/// Mixes a seed with a position: seed *i* of a campaign is `mix(base, i)`.
pub const fn mix(base: u64, index: u64) -> u64 {
    fold(fold(base ^ K2, index ^ K3) ^ K4, K2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixer(seed: u64) -> Mixer {
        Mixer::new(Hex(seed), &Salts::new())
    }

    /// Golden: stored cases keep their meaning only as long as these values stand.
    #[test]
    fn golden_values() {
        let mixer = mixer(42);
        let decided = [
            mixer.decide(Domain::Loss, Address::new(1, 2, 3)),
            mixer.decide(Domain::Latency, Address::new(1, 2, 3)),
            mixer.decide(Domain::Loss, Address::new(1, 2, 4)),
            mix(7, 0),
            mix(7, 1),
        ];
        assert_eq!(decided, GOLDEN);
    }

    const GOLDEN: [u64; 5] =
        [589563669260486012, 12021264474003827898, 4472903352803715203, 11839178675679016165, 1688468194288101623];

    #[test]
    fn every_domain_stands_where_its_discriminant_says() {
        for (index, domain) in Domain::ALL.into_iter().enumerate() {
            assert_eq!(domain as usize, index);
        }
    }

    #[test]
    fn a_salt_changes_its_own_domain_and_no_other() {
        let salted = Mixer::new(Hex(42), &Salts::from([(Domain::Loss, Hex(1))]));
        let address = Address::new(1, 2, 3);
        for domain in Domain::ALL {
            let same = salted.decide(domain, address) == mixer(42).decide(domain, address);
            assert_eq!(same, domain != Domain::Loss, "{domain}");
        }
    }

    /// Consecutive tags, occurrences, links and seeds must not resemble each other: every output bit of 2^14 decisions
    /// is one about half of the time, whichever input counts up.
    #[test]
    fn every_bit_is_fair_whichever_input_counts_up() {
        const COUNT: u64 = 1 << 14;
        type Varied = fn(u64) -> u64;
        let inputs: [Varied; 4] = [
            |i| mixer(1).decide(Domain::Loss, Address::new(i, 0, 0)),
            |i| mixer(1).decide(Domain::Loss, Address::new(0, i, 0)),
            |i| mixer(1).decide(Domain::Loss, Address::new(0, 0, i)),
            |i| mixer(i).decide(Domain::Loss, Address::new(0, 0, 0)),
        ];
        for (which, decide) in inputs.into_iter().enumerate() {
            for bit in 0..64 {
                let ones = (0..COUNT).filter(|i| decide(*i) >> bit & 1 == 1).count() as u64;
                // Five standard deviations of a fair coin thrown 2^14 times: sqrt(2^14) / 2 = 64.
                assert!(ones.abs_diff(COUNT / 2) < 5 * 64, "input {which}, bit {bit}: {ones} of {COUNT}");
            }
        }
    }
}
