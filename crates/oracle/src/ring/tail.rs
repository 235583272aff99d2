//! How large a share some tokens may have of the circle before chance is no explanation any more.
//!
//! Where positions are uniform, the share of `v` out of `t` tokens is distributed as Beta(v, t − v), so that
//! P[share > x] = P[Binomial(t − 1, x) ≤ v − 1], and by Chernoff that is at most
//!
//! ```text
//! (x / a)^(v − 1) · ((1 − x) / (1 − a))^(t − v)     with a = (v − 1) / (t − 1), for x > a
//! ```
//!
//! What moves in a change of `v` tokens is a part of that share, so the same bound is the bound for what moves.

/// The risk of blaming chance: 2^-60.
const RISK_BITS: i128 = 60;

/// Whether so many of the 2^64 positions are more than `changed` of `total` tokens come to, but for a risk of 2^-60.
pub(crate) fn is_beyond_chance(moved: u128, changed: u32, total: u32) -> bool {
    let (Some(below), Some(others)) = (changed.checked_sub(1), total.checked_sub(changed)) else { return moved > 0 };
    let all = below + others;
    // Where nobody else has tokens, everything moves and nothing is left to chance.
    if others == 0 || moved * u128::from(all) <= u128::from(below) << 64 {
        return false;
    }
    let left = (1 << 64) - moved;
    if left == 0 {
        return true;
    }
    let moved_bits = i128::from(below) * (log2_q32(moved) - CIRCLE - log2_q32(below.into()) + log2_q32(all.into()));
    let left_bits = i128::from(others) * (log2_q32(left) - CIRCLE - log2_q32(others.into()) + log2_q32(all.into()));
    moved_bits + left_bits < -(RISK_BITS << 32)
}

/// The binary logarithm of 2^64.
const CIRCLE: i128 = 64 << 32;

/// The binary logarithm in 32 binary digits, less than one of the last too small; 0 for 0, which is multiplied by 0.
fn log2_q32(value: u128) -> i128 {
    let Some(whole) = value.checked_ilog2() else { return 0 };
    // The mantissa, in [1, 2), with 63 fractional bits.
    let mut mantissa = if whole <= 63 { value << (63 - whole) } else { value >> (whole - 63) };
    let mut log2 = i128::from(whole);
    for _ in 0..32 {
        mantissa = (mantissa * mantissa) >> 63;
        let digit = mantissa >> 64;
        log2 = log2 << 1 | digit as i128;
        mantissa >>= digit;
    }
    log2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithms_by_hand() {
        assert_eq!([1, 2, 1 << 64].map(log2_q32), [0, 1 << 32, 64 << 32]);
        // log2 of 3 and of 10, times 2^32.
        assert_eq!([3, 10, 10 << 64].map(log2_q32), [6_807_362_105, 14_267_572_527, 289_145_479_471]);
    }

    /// One token of two: its share is uniform, and exceeds all but 2^-60 of the circle with a chance of 2^-60.
    #[test]
    fn one_token_of_two_may_have_nearly_all() {
        assert!(!is_beyond_chance((1 << 64) - 17, 1, 2));
        assert!(is_beyond_chance((1 << 64) - 15, 1, 2));
        assert!(is_beyond_chance(1 << 64, 1, 2));
    }

    #[test]
    fn where_all_tokens_change_everything_may_move() {
        assert!(!is_beyond_chance(1 << 64, 5, 5));
        assert!(is_beyond_chance(1, 0, 5));
        assert!(!is_beyond_chance(0, 0, 5));
    }

    /// Shares per mille: the last within the bound, computed apart from this with rational numbers and logarithms in floats.
    #[test]
    fn bounds_by_hand() {
        for (changed, total, per_mille) in BOUNDS {
            let share = |per_mille: u128| (per_mille << 64) / 1000;
            assert!(!is_beyond_chance(share(per_mille), changed, total), "{changed} of {total}");
            assert!(is_beyond_chance(share(per_mille + 1), changed, total), "{changed} of {total}");
        }
    }

    const BOUNDS: [(u32, u32, u128); 5] = [(1, 10, 990), (4, 20, 955), (32, 192, 475), (128, 768, 309), (64, 4096, 39)];
}
