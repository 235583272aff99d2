//! Which numbers are simpler than another: those with fewer digits that are not 0, and of as many the smaller ones.

/// Simpler numbers than `value`, those that are likely to be wanted, simplest first.
///
/// Nothing, round ones far below it, then what it comes to with one, two or three digits.
pub(super) fn simpler(value: u64) -> Vec<u64> {
    let round = (0..20).filter_map(|exponent| 10_u64.checked_pow(exponent));
    let steps = round.flat_map(|power| [1, 2, 5].map(|digit| power.saturating_mul(digit)));
    let short = (1..=3).flat_map(|digits| [rounded(value, digits), rounded_up(value, digits)]);
    let mut all = vec![0];
    all.extend(steps.filter(|step| (value / FAR_BELOW..value).contains(step)));
    all.extend(short);
    all.retain(|number| is_simpler(*number, value));
    all
}

/// What is further below than this is tried only once something near it was taken.
const FAR_BELOW: u64 = 10_000;

/// Whether a number is simpler than another. No number has endlessly many simpler ones below it.
pub(super) fn is_simpler(number: u64, than: u64) -> bool {
    (digits(number), number) < (digits(than), than)
}

/// How many digits are written before the zeros at the end.
fn digits(mut number: u64) -> u32 {
    while number > 0 && number.is_multiple_of(10) {
        number /= 10;
    }
    if number == 0 { 0 } else { number.ilog10() + 1 }
}

fn rounded(value: u64, digits: u32) -> u64 {
    let unit = unit(value, digits);
    value / unit * unit
}

/// The next number above `value` with at most so many digits that are not 0.
pub(super) fn rounded_up(value: u64, digits: u32) -> u64 {
    rounded(value, digits).saturating_add(unit(value, digits))
}

/// What the last of so many digits counts.
fn unit(value: u64, digits: u32) -> u64 {
    let length = value.max(1).ilog10() + 1;
    10_u64.pow(length.saturating_sub(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_and_short_numbers_come_first() {
        assert_eq!(simpler(437), [0, 1, 2, 5, 10, 20, 50, 100, 200, 400, 500, 430, 440]);
        assert_eq!(simpler(200), [0, 1, 2, 5, 10, 20, 50, 100]);
        assert_eq!(simpler(1), [0]);
        assert!(simpler(0).is_empty());
    }

    #[test]
    fn the_largest_numbers_are_no_exception() {
        assert!(simpler(u64::MAX).into_iter().all(|number| is_simpler(number, u64::MAX)));
    }

    #[test]
    fn rounder_is_simpler_even_where_it_is_more() {
        assert!(is_simpler(500, 437));
        assert!(is_simpler(400, 500));
        assert!(!is_simpler(500, 500) && !is_simpler(437, 400));
    }
}
