//! From a seed to random words, before the run: ChaCha8, one stream for each domain and entity.
//!
//! A stream of its own for everything that is drawn means that a draw added for one thing moves nothing else: give the
//! disk one more knob, and the network of every seed stays as it was.

use std::ops::RangeInclusive;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::id::Seed;
use crate::sample::{self, Chance};

/// One stream of random words.
pub(crate) struct Stream(ChaCha8Rng);

impl Stream {
    /// The stream of one thing: `domain` says what kind ("knob"), `entity` which one ("election_timeout_ms").
    pub(crate) fn new(seed: Seed, domain: &str, entity: &str) -> Stream {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.0.to_le_bytes());
        key[8..16].copy_from_slice(&crate::hash::content_hash(domain).to_le_bytes());
        key[16..24].copy_from_slice(&crate::hash::content_hash(entity).to_le_bytes());
        Stream(ChaCha8Rng::from_seed(key))
    }

    pub(crate) fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        sample::below(self.word(), bound)
    }

    pub(crate) fn between(&mut self, range: &RangeInclusive<u64>) -> u64 {
        sample::between(self.word(), range)
    }

    pub(crate) fn octaves(&mut self, range: &RangeInclusive<u64>) -> u64 {
        sample::octaves(self.word(), range)
    }

    pub(crate) fn chance(&mut self, ppm: u32) -> bool {
        Chance::from_ppm(ppm).hits(self.word())
    }

    /// Moves `count` elements, chosen at random, to the front.
    pub(crate) fn choose<T>(&mut self, from: &mut [T], count: usize) {
        for index in 0..count.min(from.len()) {
            let other = index + self.below((from.len() - index) as u64) as usize;
            from.swap(index, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Hex;

    #[test]
    fn golden_values() {
        let mut stream = Stream::new(Hex(42), "knob", "timeout");
        assert_eq!([stream.word(), stream.word()], GOLDEN);
    }

    const GOLDEN: [u64; 2] = [3130724085868986961, 11941009856231605205];

    #[test]
    fn each_domain_and_entity_has_its_own_stream() {
        let first = |domain, entity| Stream::new(Hex(42), domain, entity).word();
        assert_ne!(first("knob", "timeout"), first("knob", "batch"));
        assert_ne!(first("knob", "timeout"), first("plan", "timeout"));
    }
}
