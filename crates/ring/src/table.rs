//! The tokens of all members, sorted.

use crate::buckets::Buckets;
use crate::id::NodeId;
use crate::position::Position;

/// One virtual node of one member, on the circle.
///
/// The order is (position, node, vnode), in which a ring keeps them: where positions are equal, the lower
/// node id comes first, and with it the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Token<'a> {
    /// Where it is; the field order makes it the first to be compared.
    pub position: Position,
    /// Whose it is.
    pub node: &'a NodeId,
    /// Which of the node's virtual nodes it is, counted from 0.
    pub vnode: u32,
}

/// A token as kept: the node by its place among the members in order of id, so that the order of
/// points is the order of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point {
    pub(crate) position: Position,
    /// The node's place among the members.
    pub(crate) node: u32,
    pub(crate) vnode: u32,
}

/// Points in ascending order, all different, with an index: 16 bytes a point, and 1 to 3 of index.
///
/// Positions, owners and numbers side by side rather than in arrays of their own: a search that
/// misses the cache then misses once for the index and once for the point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    points: Vec<Point>,
    buckets: Buckets,
}

impl Table {
    /// A table of these points, which are all different, in any order.
    pub(crate) fn new(points: &[Point]) -> Self {
        let (points, buckets) = Buckets::sort(points, |point| point.position);
        Self::checked(points, buckets)
    }

    /// This table with the points of one node added; `renumber` says where old nodes now stand, in the
    /// same order. Linear: nothing old is sorted again.
    pub(crate) fn with(&self, mut added: Vec<Point>, renumber: impl Fn(u32) -> u32) -> Self {
        added.sort_unstable();
        let renumbered = |old: &Point| Point { node: renumber(old.node), ..*old };
        let mut merged = Vec::with_capacity(self.points.len() + added.len());
        let mut rest = self.points.as_slice();
        for point in added {
            let (before, after) = rest.split_at(rest.partition_point(|old| renumbered(old) < point));
            merged.extend(before.iter().map(renumbered));
            merged.push(point);
            rest = after;
        }
        merged.extend(rest.iter().map(renumbered));
        Self::sorted(merged)
    }

    /// This table with those points only that `keep` holds, `removed_count` fewer; `renumber` as in
    /// [`Table::with`].
    pub(crate) fn without(
        &self,
        removed_count: u32,
        keep: impl Fn(&Point) -> bool,
        renumber: impl Fn(u32) -> u32,
    ) -> Self {
        let mut kept = Vec::with_capacity(self.points.len() - removed_count as usize);
        kept.extend(self.points.iter().filter(|old| keep(old)).map(|old| Point { node: renumber(old.node), ..*old }));
        assert_eq!(kept.len() + removed_count as usize, self.points.len(), "invariant: a node has all its points");
        Self::sorted(kept)
    }

    pub(crate) fn points(&self) -> &[Point] {
        &self.points
    }

    /// The place of the first point at or after the position, wrapping; 0 where there is no point.
    #[inline]
    pub(crate) fn first_at_or_after(&self, position: Position) -> usize {
        let first = self.buckets.first_at_or_after(&self.points, |point| point.position, position);
        if first == self.points.len() { 0 } else { first }
    }

    fn sorted(points: Vec<Point>) -> Self {
        let buckets = Buckets::new(points.iter().map(|point| point.position));
        Self::checked(points, buckets)
    }

    fn checked(points: Vec<Point>, buckets: Buckets) -> Self {
        // Strictly: a point that is there twice would be one virtual node counted twice.
        debug_assert!(points.is_sorted_by(|a, b| a < b), "invariant: points ascend and are all different");
        Self { points, buckets }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(position: u64, node: u32, vnode: u32) -> Point {
        Point { position: Position(position), node, vnode }
    }

    #[test]
    fn points_at_one_position_are_ordered_by_node_and_then_by_number() {
        let ascending = [point(4, 9, 9), point(5, 0, 7), point(5, 1, 0), point(5, 1, 2), point(6, 0, 0)];
        let mut shuffled = ascending.to_vec();
        shuffled.rotate_left(2);
        shuffled.swap(0, 3);
        assert_eq!(Table::new(&shuffled).points(), ascending);
    }

    #[test]
    fn merging_and_taking_out_again_renumber_and_leave_the_rest() {
        let old = Table::new(&[point(5, 0, 0), point(5, 1, 0), point(7, 1, 1), point(9, 0, 1)]);
        let added = vec![point(7, 1, 1), point(5, 1, 0), point(0, 1, 2), point(u64::MAX, 1, 3)];
        let merged = old.with(added, |node| node + u32::from(node >= 1));
        let expected = [
            point(0, 1, 2),
            point(5, 0, 0),
            point(5, 1, 0),
            point(5, 2, 0),
            point(7, 1, 1),
            point(7, 2, 1),
            point(9, 0, 1),
            point(u64::MAX, 1, 3),
        ];
        assert_eq!(merged.points(), expected);
        assert_eq!(merged.without(4, |point| point.node != 1, |node| node - u32::from(node > 1)), old);
    }

    #[test]
    fn a_point_costs_at_most_19_bytes_its_share_of_the_index_included() {
        for point_count in [2, 3, 4, 5, 100, 1024, 1025, 4095, 4096, 4097] {
            let points: Vec<Point> = (1..point_count).map(|vnode| point(u64::from(vnode) << 50, 0, vnode)).collect();
            let one = Table::new(&points);
            let grown = one.with(vec![point(0, 1, 0)], |node| node);
            let byte_count = grown.points.capacity() * size_of::<Point>() + grown.buckets.byte_count();
            assert!(byte_count <= 19 * point_count as usize + 40, "{byte_count} bytes for {point_count} points");
        }
    }

    #[test]
    fn the_first_point_at_or_after_a_position_by_hand() {
        let table = Table::new(&[point(5, 0, 0), point(5, 1, 0), point(8, 0, 1)]);
        let found = [0, 4, 5, 6, 8, 9, u64::MAX].map(|position| table.first_at_or_after(Position(position)));
        assert_eq!(found, [0, 0, 0, 2, 2, 0, 0]);
        assert_eq!(Table::new(&[]).first_at_or_after(Position(3)), 0);
    }
}
