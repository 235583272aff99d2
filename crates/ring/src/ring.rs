//! The snapshot: its construction, its changes, its answers.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;

use crate::digest::Digest;
use crate::error::Error;
use crate::id::NodeId;
use crate::member::{self, Member};
use crate::plan::MovementPlan;
use crate::position::{KeyRange, Position};
use crate::scheme::{Scheme, V1};
use crate::table::{Point, Table, Token};
use crate::walk::Walk;

/// The most tokens that a ring holds: 2^23, enough for 16 384 nodes of 512 virtual nodes each. A number of
/// virtual nodes may come from a configuration file; a slip of the pen there must not take all the memory.
pub const MAX_TOKENS: u32 = 1 << 23;

/// Who owns which keys: an immutable snapshot, a function of its members.
///
/// - **Construction**: [`Ring::new`], [`Ring::with_scheme`]; the [`Default`] has no members.
/// - **Changes**, each a new snapshot: [`Ring::with_node`], [`Ring::without_node`], [`Ring::with_vnodes`].
///   They merge what changes into what there is: linear in the number of tokens, without a sort.
/// - **Getters**: all others.
///
/// A clone shares everything. Two rings are equal when their members are, and then so are their tokens.
pub struct Ring<S: Scheme = V1> {
    /// In ascending order of id.
    members: Arc<[Member]>,
    table: Arc<Table>,
    scheme: PhantomData<fn() -> S>,
}

impl Ring {
    /// A ring of these members under scheme [`V1`], given in any order.
    ///
    /// # Errors
    ///
    /// As [`Ring::with_scheme`].
    pub fn new(members: impl IntoIterator<Item = Member>) -> Result<Self, Error> {
        Self::with_scheme(members)
    }
}

impl<S: Scheme> Ring<S> {
    /// A ring of these members under the scheme `S`, given in any order.
    ///
    /// # Errors
    ///
    /// [`Error::DuplicateNode`], [`Error::ZeroVnodes`], [`Error::TooManyTokens`] above [`MAX_TOKENS`]. Where
    /// there are several, the first of these, and among equals the one of the lowest id.
    pub fn with_scheme(members: impl IntoIterator<Item = Member>) -> Result<Self, Error> {
        let members = member::checked(members)?;
        let token_count = checked_token_count(&members)?;
        let mut points = Vec::with_capacity(token_count);
        for (node, member) in (0..).zip(&members) {
            points.extend(points_of::<S>(&member.id, node, 0..member.vnodes));
        }
        Ok(Self::of(members, Table::new(&points)))
    }

    /// This ring and one node more, with `vnodes` virtual nodes.
    ///
    /// # Errors
    ///
    /// [`Error::DuplicateNode`] if it is a member, [`Error::ZeroVnodes`], [`Error::TooManyTokens`].
    pub fn with_node(&self, id: NodeId, vnodes: u32) -> Result<Self, Error> {
        let Err(place) = member::find(&self.members, &id) else {
            return Err(Error::DuplicateNode { node: id });
        };
        let mut members = self.members.to_vec();
        members.insert(place, Member { id, vnodes });
        check_weights(&members, place)?;
        let node = node_at(place);
        let added = points_of::<S>(&members[place].id, node, 0..vnodes).collect();
        let table = self.table.with(added, |old| if old < node { old } else { old + 1 });
        Ok(Self::of(members, table))
    }

    /// This ring and one node less.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownNode`] if it is no member.
    pub fn without_node(&self, id: &NodeId) -> Result<Self, Error> {
        let place = self.place(id)?;
        let mut members = self.members.to_vec();
        let removed = members.remove(place);
        let node = node_at(place);
        let renumber = |old| if old < node { old } else { old - 1 };
        let table = self.table.without(removed.vnodes, |point| point.node != node, renumber);
        Ok(Self::of(members, table))
    }

    /// This ring with `vnodes` virtual nodes for a member, more or fewer. Those that it has before and after
    /// are the same ones.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownNode`] if it is no member, [`Error::ZeroVnodes`], [`Error::TooManyTokens`].
    pub fn with_vnodes(&self, id: &NodeId, vnodes: u32) -> Result<Self, Error> {
        let place = self.place(id)?;
        let mut members = self.members.to_vec();
        let before = std::mem::replace(&mut members[place].vnodes, vnodes);
        check_weights(&members, place)?;
        let node = node_at(place);
        let table = if vnodes >= before {
            let added = points_of::<S>(id, node, before..vnodes).collect();
            self.table.with(added, |old| old)
        } else {
            self.table.without(before - vnodes, |point| point.node != node || point.vnode < vnodes, |old| old)
        };
        Ok(Self::of(members, table))
    }

    /// The members, in ascending order of id.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there are no members, and so no owners.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The weight of a node, in virtual nodes; `None` if it is no member.
    #[must_use]
    pub fn vnodes(&self, id: &NodeId) -> Option<u32> {
        member::find(&self.members, id).ok().map(|place| self.members[place].vnodes)
    }

    /// All tokens, in ascending order of (position, node, vnode). Those that share a position are all
    /// there, though only the first of them owns keys.
    pub fn tokens(&self) -> impl ExactSizeIterator<Item = Token<'_>> + DoubleEndedIterator {
        self.table.points().iter().map(|point| Token {
            position: point.position,
            node: self.id(point),
            vnode: point.vnode,
        })
    }

    /// Where a key is.
    #[must_use]
    pub fn position_of(key: &[u8]) -> Position {
        S::key_position(key)
    }

    /// The node that owns a key; `None` if there are no members.
    #[must_use]
    pub fn owner(&self, key: &[u8]) -> Option<&NodeId> {
        self.owner_at(S::key_position(key))
    }

    /// The node that owns what is at a position: that of the first token at or after it, past the last
    /// token that of the first; `None` if there are no members. Constant time, unless tokens crowd.
    #[must_use]
    pub fn owner_at(&self, position: Position) -> Option<&NodeId> {
        let owning = self.table.points().get(self.table.first_at_or_after(position))?;
        Some(self.id(owning))
    }

    /// All members in the order in which they come clockwise from a position, the owner first.
    #[must_use]
    pub fn walk(&self, position: Position) -> Walk<'_> {
        Walk::new(&self.members, self.table.points(), self.table.first_at_or_after(position))
    }

    /// The first `replica_count` nodes clockwise from a key, all different, the owner first; all members where there
    /// are fewer (Dynamo §4.3).
    #[must_use]
    pub fn preference_list(&self, key: &[u8], replica_count: usize) -> Vec<&NodeId> {
        self.walk(S::key_position(key)).take(replica_count).collect()
    }

    /// Who owns what: the range that ends at each position where there is a token, in ascending order of
    /// its end. They tile the circle; the first wraps. Neighbours may have one owner. Without members
    /// there is none.
    pub fn ranges(&self) -> impl Iterator<Item = (KeyRange, &NodeId)> {
        let points = self.table.points();
        let mut start = points.last().map(|last| last.position);
        // The first token at a position owns the range, and the others there own nothing.
        points.chunk_by(|a, b| a.position == b.position).filter_map(move |chunk| {
            let owning = chunk.first()?;
            let range = KeyRange { start: start.replace(owning.position)?, end: owning.position };
            Some((range, self.id(owning)))
        })
    }

    /// What moves when this ring gives way to `new`. Linear in the tokens of both.
    #[must_use]
    pub fn diff(&self, new: &Self) -> MovementPlan {
        MovementPlan::between((&self.members, self.table.points()), (&new.members, new.table.points()))
    }

    /// The fingerprint of the scheme and the members with their weights, and so of every answer. Linear in the number
    /// of members.
    #[must_use]
    pub fn digest(&self) -> Digest {
        const { assert!(S::NAME.len() <= u16::MAX as usize, "a scheme's name is at most 65535 bytes long") };
        Digest::of(S::NAME, &self.members)
    }

    fn of(members: Vec<Member>, table: Table) -> Self {
        let token_count = checked_token_count(&members).expect("invariant: members are checked first");
        assert_eq!(table.points().len(), token_count, "invariant: a token for every virtual node");
        Self { members: members.into(), table: Arc::new(table), scheme: PhantomData }
    }

    fn place(&self, id: &NodeId) -> Result<usize, Error> {
        member::find(&self.members, id).map_err(|_| Error::UnknownNode { node: id.clone() })
    }

    fn id(&self, point: &Point) -> &NodeId {
        &self.members[point.node as usize].id
    }
}

/// A ring without members, in which nothing has an owner.
impl<S: Scheme> Default for Ring<S> {
    fn default() -> Self {
        Self::of(Vec::new(), Table::new(&[]))
    }
}

// By hand, because a derive would ask of the scheme what only the ring must be.
impl<S: Scheme> Clone for Ring<S> {
    fn clone(&self) -> Self {
        Self { members: Arc::clone(&self.members), table: Arc::clone(&self.table), scheme: PhantomData }
    }
}

impl<S: Scheme> PartialEq for Ring<S> {
    fn eq(&self, other: &Self) -> bool {
        self.members == other.members && self.table == other.table
    }
}

impl<S: Scheme> Eq for Ring<S> {}

impl<S: Scheme> fmt::Debug for Ring<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ring").field("scheme", &S::NAME).field("members", &self.members).finish_non_exhaustive()
    }
}

fn points_of<S: Scheme>(id: &NodeId, node: u32, vnodes: Range<u32>) -> impl Iterator<Item = Point> {
    vnodes.map(move |vnode| Point { position: S::token_position(id, vnode), node, vnode })
}

/// What a change may have broken: the weight of the member at `place`, and the sum.
fn check_weights(members: &[Member], place: usize) -> Result<(), Error> {
    let changed = &members[place];
    if changed.vnodes == 0 {
        return Err(Error::ZeroVnodes { node: changed.id.clone() });
    }
    checked_token_count(members).map(|_| ())
}

fn checked_token_count(members: &[Member]) -> Result<usize, Error> {
    let token_count: u64 = members.iter().map(|member| u64::from(member.vnodes)).sum();
    if token_count > u64::from(MAX_TOKENS) {
        return Err(Error::TooManyTokens { limit: MAX_TOKENS, received: token_count });
    }
    Ok(usize::try_from(token_count).expect("invariant: MAX_TOKENS fits"))
}

fn node_at(place: usize) -> u32 {
    u32::try_from(place).expect("invariant: no more members than tokens")
}
