//! Sampling in integers: from one 64-bit word to a value of a distribution.
//!
//! No float, because `ln` differs between platforms, and no library's ranges, because their values are not promised.
//! Every function here is pinned by golden values.

use std::ops::RangeInclusive;

/// One million: what a chance is counted in.
pub const PPM: u32 = 1_000_000;

/// A chance in parts per million, prepared for one comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// # Panics
    /// When `ppm` is above one million.
    pub(crate) const fn from_ppm(ppm: u32) -> Chance {
        assert!(ppm <= PPM, "a chance is at most 1000000 parts per million");
        Chance((((ppm as u128) << 63) / PPM as u128) as u64)
    }

    pub(crate) const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether `word` falls within the chance; its lowest bit plays no part.
    #[inline(always)]
    pub(crate) const fn hits(self, word: u64) -> bool {
        word >> 1 < self.0
    }
}

/// A value in `0..bound`, uniform to within `bound` / 2^64; 0 where `bound` is 0.
#[inline(always)]
pub const fn below(word: u64, bound: u64) -> u64 {
    ((word as u128 * bound as u128) >> 64) as u64
}

/// A value of the range, uniform.
///
/// # Panics
/// When the range is empty.
#[inline]
pub const fn between(word: u64, range: &RangeInclusive<u64>) -> u64 {
    let (low, high) = (*range.start(), *range.end());
    assert!(low <= high, "a range to draw from must not be empty");
    let width = high - low;
    if width == u64::MAX { word } else { low + below(word, width + 1) }
}

/// A value of the range that is as likely small as large: the octave is uniform, then the value within it.
///
/// Timeouts and durations are drawn like this: between 1 ms and 10 s, half of the values are under 100 ms.
///
/// # Panics
/// When the range is empty.
pub const fn octaves(word: u64, range: &RangeInclusive<u64>) -> u64 {
    let (low, high) = (*range.start(), *range.end());
    assert!(low <= high, "a range to draw from must not be empty");
    let (first, last) = (octave(low), octave(high));
    let chosen = first + below(word, (last - first + 1) as u64) as u32;
    let start = if chosen == 0 { 0 } else { 1 << (chosen - 1) };
    let end = if chosen == 0 { 0 } else { start - 1 + start };
    let start = if start < low { low } else { start };
    let end = if end > high { high } else { end };
    // The high bits chose the octave; a second mixing gives the value its own.
    between(crate::mix::mix(word, 0), &(start..=end))
}

/// 0 for 0, 1 for 1, 2 for 2 and 3, 3 for 4 to 7, …
const fn octave(value: u64) -> u32 {
    u64::BITS - value.leading_zeros()
}

/// An exponentially distributed value of the given mean, at most 45 times the mean.
///
/// `-log2` of the word as a fraction, in 16 binary digits by repeated squaring, times the mean, times ln 2.
pub const fn exponential(word: u64, mean: u64) -> u64 {
    const LN2_Q32: u128 = 2_977_044_471;
    let log2_q16 = minus_log2_q16(word) as u128;
    let value = (log2_q16 * mean as u128 * LN2_Q32) >> 48;
    if value > u64::MAX as u128 { u64::MAX } else { value as u64 }
}

/// `-log2((word + 1) / 2^64)` with 16 fractional bits.
const fn minus_log2_q16(word: u64) -> u32 {
    if word == u64::MAX {
        return 0;
    }
    let fraction = word + 1;
    let zeros = fraction.leading_zeros();
    // The mantissa, in [1, 2), with 63 fractional bits.
    let mut mantissa = fraction << zeros;
    let mut log2_q16 = 0;
    let mut digit = 0;
    while digit < 16 {
        let square = (mantissa as u128 * mantissa as u128) >> 63;
        log2_q16 <<= 1;
        if square >> 64 == 0 {
            mantissa = square as u64;
        } else {
            log2_q16 |= 1;
            mantissa = (square >> 1) as u64;
        }
        digit += 1;
    }
    ((zeros + 1) << 16) - log2_q16
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [u64; 4] = [0, 0x0123_4567_89ab_cdef, 1 << 63, u64::MAX];

    #[test]
    fn golden_values() {
        assert_eq!(WORDS.map(|word| below(word, 1000)), [0, 4, 500, 999]);
        assert_eq!(WORDS.map(|word| between(word, &(10..=19))), [10, 10, 15, 19]);
        assert_eq!(WORDS.map(|word| exponential(word, 1000)), EXPONENTIAL);
        assert_eq!(WORDS.map(|word| octaves(word, &(1..=1000))), OCTAVES);
    }

    const EXPONENTIAL: [u64; 4] = [44361, 5416, 693, 0];
    const OCTAVES: [u64; 4] = [1, 1, 32, 653];

    #[test]
    fn a_chance_is_never_at_zero_and_always_at_a_million() {
        for word in WORDS {
            assert!(!Chance::from_ppm(0).hits(word));
            assert!(Chance::from_ppm(PPM).hits(word));
        }
        assert!(Chance::from_ppm(500_000).hits((1 << 63) - 1));
        assert!(!Chance::from_ppm(500_000).hits(1 << 63));
    }

    #[test]
    fn the_whole_range_can_be_drawn_from() {
        assert_eq!(between(7, &(0..=u64::MAX)), 7);
        assert_eq!(octaves(u64::MAX, &(5..=5)), 5);
        assert_eq!(octaves(0, &(0..=0)), 0);
    }

    #[test]
    fn the_exponential_has_its_mean_and_its_median() {
        const COUNT: u64 = 1 << 14;
        let mut values: Vec<u64> = (0..COUNT).map(|i| exponential(crate::mix::mix(5, i), 1_000_000)).collect();
        values.sort_unstable();
        let mean = values.iter().sum::<u64>() / COUNT;
        let median = values[values.len() / 2];
        // The mean of 2^14 draws strays by mean / 128 a standard deviation; ln 2 is 0.693.
        assert!(mean.abs_diff(1_000_000) < 5 * 1_000_000 / 128, "{mean}");
        assert!(median.abs_diff(693_147) < 40_000, "{median}");
    }
}
