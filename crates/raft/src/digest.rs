//! A 64-bit fingerprint of a core's state.
//!
//! Types that take part destructure themselves without `..`: a field that is added and forgotten
//! here does not compile. What cannot influence behaviour is named and left out on purpose.

use std::time::Duration;

use crate::mix;

/// Folds words, in order, into one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digest(u64);

impl Digest {
    pub(crate) const fn new() -> Self {
        Self(0)
    }

    pub(crate) fn word(&mut self, word: u64) {
        self.0 = mix::absorb(self.0, word);
    }

    /// A count or a length; never hashed as `usize`, whose width differs between platforms.
    pub(crate) fn count(&mut self, count: usize) {
        self.word(count as u64);
    }

    /// Some(0) and None must differ, so a presence word comes first.
    pub(crate) fn option(&mut self, word: Option<u64>) {
        self.word(u64::from(word.is_some()));
        self.word(word.unwrap_or(0));
    }

    /// How long until `deadline`. All deadlines that have passed are alike: firing is all that is
    /// left of them.
    pub(crate) fn remaining(&mut self, deadline: Duration, now: Duration) {
        let remaining = deadline.saturating_sub(now);
        self.word(remaining.as_secs());
        self.word(u64::from(remaining.subsec_nanos()));
    }

    /// The length first, so that `ab`, `c` and `a`, `bc` differ.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
    }

    pub(crate) const fn finish(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest_of(feed: impl Fn(&mut Digest)) -> u64 {
        let mut digest = Digest::new();
        feed(&mut digest);
        digest.finish()
    }

    #[test]
    fn what_reads_alike_but_is_cut_differently_has_different_digests() {
        let joined = digest_of(|d| d.bytes(b"abc"));
        let cut = digest_of(|d| {
            d.bytes(b"ab");
            d.bytes(b"c");
        });
        let padded = digest_of(|d| d.bytes(b"abc\0"));
        assert_ne!(joined, cut);
        assert_ne!(joined, padded);
        assert_ne!(digest_of(|d| d.option(None)), digest_of(|d| d.option(Some(0))));
    }

    #[test]
    fn a_deadline_counts_by_the_time_that_is_left() {
        let second = Duration::from_secs(1);
        let left = |deadline, now| digest_of(|d| d.remaining(deadline, now));
        assert_eq!(left(5 * second, 3 * second), left(2 * second, Duration::ZERO));
        assert_eq!(left(5 * second, 6 * second), left(5 * second, 5 * second));
        assert_ne!(left(5 * second, 3 * second), left(5 * second, 4 * second));
    }
}
