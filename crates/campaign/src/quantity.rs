//! Numbers as people read them: `3.1 M`, `41 h`, `0.9 s`. Whole numbers throughout, so that every machine says the same.

use std::fmt;
use std::time::Duration;

/// A count.
#[derive(Clone, Copy)]
pub(crate) struct Quantity(pub(crate) u64);

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0 {
            count @ 0..10_000 => count.to_string(),
            count @ 10_000..1_000_000 => format!("{} k", tenths(count, 1_000)),
            count @ 1_000_000..1_000_000_000 => format!("{} M", tenths(count, 1_000_000)),
            count => format!("{} G", tenths(count, 1_000_000_000)),
        };
        f.pad(&text)
    }
}

/// A share of a million, as a percentage.
#[derive(Clone, Copy)]
pub(crate) struct Percent(pub(crate) u32);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02} %", self.0 / 10_000, self.0 / 100 % 100)
    }
}

/// A time.
#[derive(Clone, Copy, Debug)]
pub struct Span(pub Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HOUR_MS: u64 = 3_600_000;
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let text = match millis {
            0..120_000 => format!("{} s", tenths(millis, 1_000)),
            120_000..7_200_000 => format!("{} min", tenths(millis, 60_000)),
            7_200_000.. => format!("{} h", tenths(millis, HOUR_MS)),
        };
        f.pad(&text)
    }
}

/// A time that may be short of a second.
#[cfg(feature = "cli")]
pub(crate) struct ShortSpan(pub(crate) Duration);

#[cfg(feature = "cli")]
impl fmt::Display for ShortSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_millis() {
            millis @ 0..1_000 => f.pad(&format!("{millis} ms")),
            _ => Span(self.0).fmt(f),
        }
    }
}

/// `count / unit` with one decimal; none where there are three digits before it.
fn tenths(count: u64, unit: u64) -> String {
    match (count / unit, count % unit * 10 / unit) {
        (whole @ 100.., _) => whole.to_string(),
        (whole, tenth) => format!("{whole}.{tenth}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_times_keep_two_digits_or_three() {
        let counts = [0, 9_999, 10_000, 3_149_000, 18_240_000_000].map(|count| Quantity(count).to_string());
        assert_eq!(counts, ["0", "9999", "10.0 k", "3.1 M", "18.2 G"]);
        let spans = [900, 41_000, 121_000, 41 * 3_600_000].map(|ms| Span(Duration::from_millis(ms)).to_string());
        assert_eq!(spans, ["0.9 s", "41.0 s", "2.0 min", "41.0 h"]);
        assert_eq!(format!("{:>8}", Quantity(7)), "       7");
    }
}
