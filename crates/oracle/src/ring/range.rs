//! Arcs of the circle of 2^64 positions.

use std::fmt;

/// The positions after `start`, clockwise, up to and including `end`. Where `start` is not below `end` the range wraps;
/// where they are equal it is the whole circle.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Range {
    /// The position before the first.
    pub start: u64,
    /// The last position.
    pub end: u64,
}

impl Range {
    /// Whether the position is in the range.
    pub fn contains(self, position: u64) -> bool {
        self.end.wrapping_sub(position) <= self.end.wrapping_sub(self.start).wrapping_sub(1)
    }

    /// How many positions it has: 1 to 2^64.
    pub fn width(self) -> u128 {
        match self.end.wrapping_sub(self.start) {
            0 => 1 << 64,
            width => u128::from(width),
        }
    }

    /// The one or two intervals, both ends inside, of which it consists on a line from 0.
    pub(crate) fn intervals(self) -> impl Iterator<Item = (u64, u64)> {
        let first = self.start.wrapping_add(1);
        let (whole, rest) = if first <= self.end { ((first, self.end), None) } else { ((0, self.end), Some(first)) };
        std::iter::once(whole).chain(rest.map(|first| (first, u64::MAX)))
    }
}

/// As `(start, end]`, in hexadecimal.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({:x}, {:x}]", self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: u64 = u64::MAX;

    #[test]
    fn ranges_at_the_seams_by_hand() {
        type Row = (u64, u64, u128, &'static [u64], &'static [u64]);
        let table: [Row; 7] = [
            (2, 5, 3, &[3, 4, 5], &[0, 1, 2, 6, MAX]),
            (5, 2, (1 << 64) - 3, &[6, MAX, 0, 1, 2], &[3, 4, 5]),
            (MAX, 0, 1, &[0], &[1, MAX]),
            (MAX - 1, MAX, 1, &[MAX], &[0, MAX - 1]),
            (0, MAX, (1 << 64) - 1, &[1, MAX], &[0]),
            (7, 7, 1 << 64, &[0, 6, 7, 8, MAX], &[]),
            (MAX, MAX, 1 << 64, &[0, 7, MAX], &[]),
        ];
        for (start, end, width, inside, outside) in table {
            let range = Range { start, end };
            assert_eq!(range.width(), width, "{range}");
            let within = |position| range.intervals().any(|(first, last)| (first..=last).contains(&position));
            assert!(inside.iter().all(|p| range.contains(*p) && within(*p)), "{range} holds {inside:?}");
            assert!(!outside.iter().any(|p| range.contains(*p) || within(*p)), "{range} holds none of {outside:?}");
        }
    }
}
