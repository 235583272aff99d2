//! An index over sorted positions: for each value of their top bits, where the positions with that
//! value begin. There are 1 to 2 buckets a position, so a search by top bits is left with about one
//! position to look at, however many there are; and so is a sort.

use crate::position::Position;

/// So many positions of a bucket are scanned; what is left of it is searched by halving. Positions that are spread
/// evenly hardly ever fill a bucket so far, but names can be chosen so that they do.
const SCANNED_MAX: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Buckets {
    /// How far a position is shifted to the right to give its bucket; 63 at most.
    shift: u32,
    /// Where each bucket begins, and as the last where the last one ends.
    starts: Vec<u32>,
}

impl Buckets {
    /// An index over positions in any order, fewer than 2^32 of them.
    pub(crate) fn new(positions: impl ExactSizeIterator<Item = Position>) -> Self {
        assert!(u32::try_from(positions.len()).is_ok(), "invariant: MAX_TOKENS is below 2^32");
        let bucket_count = positions.len().next_power_of_two().max(2);
        let shift = u64::BITS - bucket_count.ilog2();
        // Counts, then sums of them: no branch that depends on positions, so none that is mispredicted.
        let mut starts = vec![0; bucket_count + 1];
        for position in positions {
            starts[(position.0 >> shift) as usize + 1] += 1;
        }
        let mut before_count = 0;
        for start in &mut starts {
            before_count += *start;
            *start = before_count;
        }
        Self { shift, starts }
    }

    /// The items that the index was made over, in ascending order, in which their positions come before all else. Each
    /// goes straight to its bucket and is compared with what it finds there: linear, unless positions crowd.
    pub(crate) fn sort<T: Copy + Ord>(&self, items: &[T], at: impl Fn(&T) -> Position) -> Vec<T> {
        let mut sorted = items.to_vec();
        let mut next = self.starts.clone();
        for item in items {
            let next = &mut next[self.bucket(at(item))];
            sorted[*next as usize] = *item;
            *next += 1;
        }
        for bucket in self.starts.windows(2) {
            sorted[bucket[0] as usize..bucket[1] as usize].sort_unstable();
        }
        sorted
    }

    /// The index of the first of `items` at or after `sought`, or their number where none is. They must
    /// be the items that the index was made over, in ascending order.
    #[inline]
    pub(crate) fn first_at_or_after<T>(&self, items: &[T], at: impl Fn(&T) -> Position, sought: Position) -> usize {
        let bucket = self.bucket(sought);
        let start = self.starts[bucket] as usize;
        let is_reached = |item: &T| at(item) >= sought;
        if let Some(before_count) = items[start..].iter().take(SCANNED_MAX).position(is_reached) {
            return start + before_count;
        }
        let scanned = items.len().min(start + SCANNED_MAX);
        let end = scanned.max(self.starts[bucket + 1] as usize);
        scanned + items[scanned..end].partition_point(|item| !is_reached(item))
    }

    #[inline]
    fn bucket(&self, position: Position) -> usize {
        (position.0 >> self.shift) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Buckets {
        /// How much memory the index holds on to.
        pub(crate) fn byte_count(&self) -> usize {
            self.starts.capacity() * size_of::<u32>()
        }
    }

    /// The sort, and every search at, before and after every position, and at both ends of the circle.
    fn check(mut positions: Vec<u64>) {
        let buckets = Buckets::new(positions.iter().copied().map(Position));
        let sorted = buckets.sort(&positions, |p| Position(*p));
        positions.sort_unstable();
        assert_eq!(sorted, positions);
        let around = positions.iter().flat_map(|p| [p.wrapping_sub(1), *p, p.wrapping_add(1)]);
        for sought in around.chain([0, 1, 1 << 63, (1 << 63) - 1, u64::MAX - 1, u64::MAX]) {
            let expected = positions.iter().filter(|p| **p < sought).count();
            let found = buckets.first_at_or_after(&positions, |p| Position(*p), Position(sought));
            assert_eq!(found, expected, "{sought:#x} in {positions:x?}");
        }
    }

    #[test]
    fn the_sort_agrees_with_the_standard_one_and_the_search_with_counting() {
        check(vec![]);
        for seam in [0, 1, (1 << 63) - 1, 1 << 63, u64::MAX] {
            check(vec![seam]);
            check(vec![seam; 3]);
        }
        check(vec![0, u64::MAX]);
        for position_count in [2, 3, 4, 5, 31, 32, 33, 1000] {
            let spread = (0..position_count).map(|i: u64| i.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            check(spread.collect());
        }
    }

    #[test]
    fn one_crowded_bucket_is_sorted_and_searched_too() {
        for crowd in [0, 77 << 40, u64::MAX - 100] {
            let crowded = (0..SCANNED_MAX as u64 + 2).rev().map(|i| crowd + 3 * i);
            check(crowded.clone().collect());
            check(crowded.chain([crowd; 40]).chain((1..200).map(|i| i << 56)).collect());
        }
    }
}
