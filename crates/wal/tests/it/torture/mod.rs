//! Lives of a log on a disk that forgets, cut short anywhere, one behind the other; and what they leave, damaged.
//!
//! | module | holds |
//! |---|---|
//! | `random` | numbers from a seed |
//! | `disk` | what of writes, files and names survives a crash |
//! | `life` | a log in use, what it must still hold after each crash, and what it holds |
//! | `rot` | damage to what was durable: what must be refused, or does no harm |
//!
//! Used by the tests, and by the example of the same name for as long as one likes.

pub mod disk;
pub mod life;
pub mod random;
pub mod rot;

use std::fmt;

use life::Lives;
use random::Random;

/// What a campaign came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub trials: u64,
    pub machine_crashes: u64,
    pub process_crashes: u64,
    pub failed_syncs: u64,
    pub torn_tails: u64,
    pub records_cut: u64,
    pub records_kept_unsynced: u64,
    pub segments_removed: u64,
    pub void_segments: u64,
    pub mutations: u64,
    pub refused: u64,
    pub refused_middle: u64,
    pub refused_missing_or_fork: u64,
    pub refused_by_host: u64,
    pub harmless: u64,
    pub lost_writes: u64,
}

impl Counts {
    pub fn crashes(&self) -> u64 {
        self.machine_crashes + self.process_crashes
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#?}\n{} crashes, {} mutations", self.crashes(), self.mutations)
    }
}

/// One log's lives, and `mutations` ways to damage what they leave. Panics with the seed where something is wrong.
pub fn trial(seed: u64, mutations: u64, counts: &mut Counts) {
    let mut lives = Lives::new(seed, Random::new(seed));
    lives.live(counts);
    counts.trials += 1;
    rot::damage(&mut lives, mutations, counts);
}
