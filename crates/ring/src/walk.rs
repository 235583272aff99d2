//! The distinct nodes clockwise from a position.

use std::iter::FusedIterator;

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
    points: &'a [Point],
    /// The place of the next point to look at.
    next: usize,
    /// A bit for each member that it has come to.
    seen: Box<[u64]>,
    unseen_count: usize,
}

impl<'a> Walk<'a> {
    /// Every member has at least one of the points.
    pub(crate) fn new(members: &'a [Member], points: &'a [Point], first: usize) -> Self {
        let seen = vec![0; members.len().div_ceil(64)].into();
        Self { members, points, next: first, seen, unseen_count: members.len() }
    }

    /// Whether it had not come to the node before.
    fn see(&mut self, node: usize) -> bool {
        let (word, bit) = (&mut self.seen[node / 64], 1 << (node % 64));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = &'a NodeId;

    fn next(&mut self) -> Option<&'a NodeId> {
        while self.unseen_count > 0 {
            let node = self.points[self.next].node as usize;
            self.next = if self.next + 1 == self.points.len() { 0 } else { self.next + 1 };
            if self.see(node) {
                self.unseen_count -= 1;
                return Some(&self.members[node].id);
            }
        }
        None
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.unseen_count, Some(self.unseen_count))
    }
}

impl ExactSizeIterator for Walk<'_> {}

impl FusedIterator for Walk<'_> {}
