//! The integer mixer under election timeouts and state digests.
//!
//! It is `SplitMix64`'s finaliser (Steele, Lea and Flood 2014, with Stafford's constants "Mix13"): two
//! multiplications and three shifts, in which every input bit reaches every output bit. It is
//! written out here and pinned by golden values, so that a seed means the same timeouts on every
//! platform and in every version.

/// An odd constant near 2^64 divided by the golden ratio: keeps an all-zero state from staying zero.
const INCREMENT: u64 = 0x9e37_79b9_7f4a_7c15;

/// Folds one word into a state. For a fixed word it is a bijection of the state, and for a fixed
/// state a bijection of the word: a single differing word never collides.
pub(crate) const fn absorb(state: u64, word: u64) -> u64 {
    let mut x = state.wrapping_add(INCREMENT) ^ word;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absorb_with_word_zero_is_the_published_splitmix64_sequence() {
        // The first outputs of SplitMix64 for the states 0 and 1234567, as published.
        assert_eq!(absorb(0, 0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(absorb(1_234_567, 0), 6_457_827_717_110_365_317);
    }
}
