//! An index over sorted positions: for each value of their top bits, where the positions with that
//! value begin. There are 1 to 2 buckets a position, so a search by top bits is left with about one
//! position to look at, however many there are; and so is a sort.

use std::iter;

use crate::position::Position;

/// So many positions from the start of a bucket are scanned; behind them the search is by halving. Positions that are
/// spread evenly hardly ever fill a bucket so far, but names can be chosen so that they do.
const SCANNED_MAX: usize = 8;

/// The index takes 1 to 3 bytes a position, as most of a start is said once for a group of buckets. With 4 bytes for
/// each bucket, the index of 1000 nodes is more than a core's own cache holds, and a search waits twice for what is
/// further off: for its bucket and then for its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Buckets {
    /// How far a position is shifted to the right to give its bucket; 63 at most.
    shift: u32,
    /// Buckets in order, and behind them a group of none, which starts where the last one ends.
    groups: Vec<Group>,
}

const GROUP_LEN: usize = 16;

/// Neighbouring buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Group {
    /// Where the first begins.
    start: u32,
    /// How far behind that each of them begins, or 255 where that is less: positions may crowd, and where they do
    /// the search begins too early and ends by halving.
    ahead: [u8; GROUP_LEN],
}

impl Buckets {
    /// An index over positions in any order, fewer than 2^32 of them.
    pub(crate) fn new(positions: impl ExactSizeIterator<Item = Position>) -> Self {
        let shift = shift_for(positions.len());
        Self::of(shift, &starts(shift, positions))
    }

    /// The items in ascending order, in which their positions come before all else, and an index over them. Each
    /// goes straight to its bucket and is compared with what it finds there: linear, unless positions crowd.
    pub(crate) fn sort<T: Copy + Ord>(items: &[T], at: impl Fn(&T) -> Position) -> (Vec<T>, Self) {
        let shift = shift_for(items.len());
        let mut starts = starts(shift, items.iter().map(&at));
        let buckets = Self::of(shift, &starts);
        let mut sorted = items.to_vec();
        for item in items {
            let next = &mut starts[(at(item).0 >> shift) as usize];
            sorted[*next as usize] = *item;
            *next += 1;
        }
        // Now each start is where the bucket ends.
        let mut start = 0;
        for end in starts {
            sorted[start..end as usize].sort_unstable();
            start = end as usize;
        }
        (sorted, buckets)
    }

    /// The index of the first of `items` at or after `sought`, or their number where none is. They must
    /// be the items that the index was made over, in ascending order.
    #[inline]
    pub(crate) fn first_at_or_after<T>(&self, items: &[T], at: impl Fn(&T) -> Position, sought: Position) -> usize {
        let bucket = (sought.0 >> self.shift) as usize;
        let group = &self.groups[bucket / GROUP_LEN];
        let start = group.start as usize + usize::from(group.ahead[bucket % GROUP_LEN]);
        let is_reached = |item: &T| at(item) >= sought;
        if let Some(before_count) = items[start..].iter().take(SCANNED_MAX).position(is_reached) {
            return start + before_count;
        }
        let scanned = items.len().min(start + SCANNED_MAX);
        let end = scanned.max(self.groups[bucket / GROUP_LEN + 1].start as usize);
        scanned + items[scanned..end].partition_point(|item| !is_reached(item))
    }

    /// Of where each bucket begins, and as the last where the last one ends.
    fn of(shift: u32, starts: &[u32]) -> Self {
        let (end, starts) = starts.split_last().expect("invariant: there are 2 buckets at least");
        let group = |starts: &[u32]| {
            let mut ahead = [u8::MAX; GROUP_LEN];
            for (ahead, start) in ahead.iter_mut().zip(starts) {
                *ahead = u8::try_from(start - starts[0]).unwrap_or(u8::MAX);
            }
            Group { start: starts[0], ahead }
        };
        let behind = Group { start: *end, ahead: [0; GROUP_LEN] };
        Self { shift, groups: starts.chunks(GROUP_LEN).map(group).chain(iter::once(behind)).collect() }
    }
}

fn shift_for(position_count: usize) -> u32 {
    assert!(u32::try_from(position_count).is_ok(), "invariant: MAX_TOKENS is below 2^32");
    u64::BITS - position_count.next_power_of_two().max(2).ilog2()
}

/// Where each bucket begins, and as the last where the last one ends.
fn starts(shift: u32, positions: impl Iterator<Item = Position>) -> Vec<u32> {
    let bucket_count = 1 << (u64::BITS - shift);
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
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Buckets {
        /// How much memory the index holds on to.
        pub(crate) fn byte_count(&self) -> usize {
            self.groups.capacity() * size_of::<Group>()
        }
    }

    /// The sort, and every search at, before and after every position, and at both ends of the circle.
    fn check(mut positions: Vec<u64>) {
        let (sorted, buckets) = Buckets::sort(&positions, |p| Position(*p));
        positions.sort_unstable();
        assert_eq!(sorted, positions);
        assert_eq!(buckets, Buckets::new(positions.iter().copied().map(Position)));
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

    /// 300 positions in one bucket, more than a byte counts, and hundreds behind them in buckets of the same group.
    #[test]
    fn buckets_behind_a_crowd_are_searched_too() {
        for crowd in [0, 77 << 48, 1 << 63] {
            let crowded = (0..300).map(|i| crowd + i);
            check(crowded.chain((1..400).map(|i| crowd + (i << 50))).collect());
        }
    }
}
