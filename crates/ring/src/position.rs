//! Places on the circle, and the arcs between them.

use std::fmt;

/// A place on the circle of 2^64. After `u64::MAX` comes 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

/// As 16 hexadecimal digits: the first 16 of what `sha1sum` prints, under V1.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The positions after `start`, clockwise, up to and including `end`. Where `start` is not below
/// `end` the range wraps; where they are equal it is the whole circle. An empty range cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyRange {
    /// The position before the first; outside, unless the range is the whole circle.
    pub start: Position,
    /// The last position, inside.
    pub end: Position,
}

impl KeyRange {
    /// The whole circle, in the form in which a [`MovementPlan`](crate::MovementPlan) says it.
    pub const FULL: Self = Self { start: Position(u64::MAX), end: Position(u64::MAX) };

    /// Whether the position is in the range.
    #[must_use]
    pub const fn contains(self, position: Position) -> bool {
        // Counted from `start` + 1, so that a range that wraps is one that does not.
        let first = self.start.0.wrapping_add(1);
        position.0.wrapping_sub(first) <= self.end.0.wrapping_sub(first)
    }

    /// How many positions the range has: 1 to 2^64.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no range is empty")]
    pub const fn len(self) -> u128 {
        match self.end.0.wrapping_sub(self.start.0) {
            0 => 1 << 64,
            len => len as u128,
        }
    }
}

/// As `(start, end]`.
impl fmt::Display for KeyRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {}]", self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: u64 = u64::MAX;

    #[test]
    fn ranges_at_the_seams_by_hand() {
        type Row = (u64, u64, u128, &'static [u64], &'static [u64]);
        let table: [Row; 8] = [
            (2, 5, 3, &[3, 4, 5], &[0, 1, 2, 6, MAX]),
            (4, 5, 1, &[5], &[4, 6]),
            (5, 2, (1 << 64) - 3, &[6, MAX, 0, 1, 2], &[3, 4, 5]),
            (MAX, 0, 1, &[0], &[1, MAX]),
            (MAX, MAX - 1, (1 << 64) - 1, &[0, 7, MAX - 1], &[MAX]),
            (MAX - 1, MAX, 1, &[MAX], &[0, MAX - 1]),
            (0, MAX, (1 << 64) - 1, &[1, MAX], &[0]),
            (7, 7, 1 << 64, &[0, 6, 7, 8, MAX], &[]),
        ];
        for (start, end, len, inside, outside) in table {
            let range = KeyRange { start: Position(start), end: Position(end) };
            assert_eq!(range.len(), len, "{range}");
            assert!(inside.iter().all(|p| range.contains(Position(*p))), "{range} holds {inside:?}");
            assert!(!outside.iter().any(|p| range.contains(Position(*p))), "{range} holds none of {outside:?}");
        }
        assert_eq!(KeyRange::FULL.len(), 1 << 64);
    }

    #[test]
    fn positions_are_shown_as_sha1sum_shows_them() {
        let range = KeyRange { start: Position(0xa9), end: Position(0xda39_a3ee_5e6b_4b0d) };
        assert_eq!(range.to_string(), "(00000000000000a9, da39a3ee5e6b4b0d]");
    }
}
