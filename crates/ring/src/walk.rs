//! The distinct nodes clockwise from a position.

use std::iter::{Chain, FusedIterator};
use std::slice;

use crate::id::NodeId;
use crate::member::Member;
use crate::table::Point;

/// All members, each once, in the order in which their first tokens come at or after a position, clockwise
/// (Dynamo §4.3: a preference list skips the further virtual nodes of a node it has). Made by
/// [`Ring::walk`](crate::Ring::walk).
///
/// It looks at each token at most once, and ends as soon as it has come to every member.
#[derive(Clone, Debug)]
pub struct Walk<'a> {
    members: &'a [Member],
    /// Those not looked at yet, once round.
    points: Chain<slice::Iter<'a, Point>, slice::Iter<'a, Point>>,
    /// A bit for each member that it has come to.
    seen: Box<[u64]>,
    unseen_count: usize,
}

impl<'a> Walk<'a> {
    /// Every member has at least one of the points; the walk begins at the place `first` among them.
    pub(crate) fn new(members: &'a [Member], points: &'a [Point], first: usize) -> Self {
        let (before, from) = points.split_at(first);
        let seen = vec![0; members.len().div_ceil(64)].into();
        Self { members, points: from.iter().chain(before), seen, unseen_count: members.len() }
    }
}

/// Marks the node as seen; whether it was not before.
fn see(seen: &mut [u64], node: usize) -> bool {
    let (word, bit) = (&mut seen[node / 64], 1 << (node % 64));
    let is_new = *word & bit == 0;
    *word |= bit;
    is_new
}

impl<'a> Iterator for Walk<'a> {
    type Item = &'a NodeId;

    fn next(&mut self) -> Option<&'a NodeId> {
        // There may be many tokens left, but none of a node not seen.
        self.unseen_count = self.unseen_count.checked_sub(1)?;
        let Self { members, points, seen, .. } = self;
        let point = points.find(|point| see(seen, point.node as usize));
        let point = point.expect("invariant: every member has a token");
        Some(&members[point.node as usize].id)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.unseen_count, Some(self.unseen_count))
    }
}

impl ExactSizeIterator for Walk<'_> {}

impl FusedIterator for Walk<'_> {}
