//! The oracle. It shares no idea with the crate but the scheme: no order of tokens, no search, no wrap.
//! The first token clockwise is the one at the smallest distance.

use ring::{Member, NodeId, Position, Scheme};

pub(crate) struct Naive {
    /// Position, name, number; in any order.
    tokens: Vec<(u64, NodeId, u32)>,
}

impl Naive {
    pub(crate) fn of<S: Scheme>(members: &[Member]) -> Self {
        let tokens_of = |member: &Member| {
            let id = member.id.clone();
            (0..member.vnodes).map(move |vnode| (S::token_position(&id, vnode).0, id.clone(), vnode))
        };
        Self { tokens: members.iter().rev().flat_map(tokens_of).collect() }
    }

    pub(crate) fn owner_at(&self, position: Position) -> Option<&NodeId> {
        let (_, owner, _) =
            self.tokens.iter().min_by_key(|(at, id, vnode)| (at.wrapping_sub(position.0), id, vnode))?;
        Some(owner)
    }

    /// The owner, then the walk of the ring that is left without it.
    pub(crate) fn walk(&self, position: Position) -> Vec<NodeId> {
        let mut left = Self { tokens: self.tokens.clone() };
        let mut walk = Vec::new();
        while let Some(owner) = left.owner_at(position).cloned() {
            left.tokens.retain(|(_, id, _)| *id != owner);
            walk.push(owner);
        }
        walk
    }
}
