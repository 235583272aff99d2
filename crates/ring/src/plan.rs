//! What moves between two snapshots.

use std::fmt;

use crate::id::NodeId;
use crate::member::{self, Member};
use crate::position::{KeyRange, Position};
use crate::table::Point;

/// A range of keys that changes its owner.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Move {
    /// Which keys.
    pub range: KeyRange,
    /// Who owned them before; `None` if nobody did, because there were no members.
    pub from: Option<NodeId>,
    /// Who owns them after, another than before; `None` if nobody does.
    pub to: Option<NodeId>,
}

/// Exactly what moves between two rings: a key's owner changes if and only if the key lies in a range
/// here. Made by [`Ring::diff`](crate::Ring::diff). It speaks of owners (the head of a preference
/// list), not of further replicas.
///
/// In canonical form: ranges are disjoint, in ascending order of their ends; ranges that touch and
/// move from one node to one other are one range, across 0 too; the whole circle is
/// [`KeyRange::FULL`]. So equal movements are equal plans, and the plan of the way back is this one with `from` and
/// `to` exchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MovementPlan {
    moves: Vec<Move>,
}

impl MovementPlan {
    /// The moves, in ascending order of the ends of their ranges; only the first may wrap.
    #[must_use]
    pub fn moves(&self) -> &[Move] {
        &self.moves
    }

    /// Whether nothing moves.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.moves.is_empty()
    }

    /// The move that takes what is at a position; `None` if it stays. Logarithmic in the number of moves.
    #[must_use]
    pub fn move_at(&self, position: Position) -> Option<&Move> {
        let following = self.moves.partition_point(|movement| movement.range.end < position);
        // Past the last end there is, if anything, the range that wraps.
        let candidate = self.moves.get(following).or_else(|| self.moves.first())?;
        candidate.range.contains(position).then_some(candidate)
    }

    /// How many of the 2^64 positions change their owner.
    #[must_use]
    pub fn moved_len(&self) -> u128 {
        self.moves.iter().map(|movement| movement.range.len()).sum()
    }

    /// Between two rings, each its members in order of id and its points in order.
    pub(crate) fn between(old: (&[Member], &[Point]), new: (&[Member], &[Point])) -> Self {
        let (old_members, old_points) = old;
        let (new_members, new_points) = new;
        // Names are compared once a member, not once an arc.
        let new_of_old: Vec<Option<u32>> = old_members.iter().map(|old| place_in(new_members, &old.id)).collect();
        let mut spans: Vec<Span> = Vec::new();
        for (range, from, to) in arcs(old_points, new_points) {
            let stays = match (from, to) {
                (Some(from), Some(to)) => new_of_old[from as usize] == Some(to),
                (from, to) => from == to,
            };
            match spans.last_mut() {
                _ if stays => {}
                Some(last) if last.continues(range, from, to) => last.range.end = range.end,
                _ => spans.push(Span { range, from, to }),
            }
        }
        join_across_zero(&mut spans);
        let id = |members: &[Member], node: u32| members[node as usize].id.clone();
        let named = |span: Span| Move {
            range: span.range,
            from: span.from.map(|node| id(old_members, node)),
            to: span.to.map(|node| id(new_members, node)),
        };
        Self { moves: spans.into_iter().map(named).collect() }
    }
}

/// One line a move: `(start, end] from -> to`.
impl fmt::Display for MovementPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |node: &Option<NodeId>| node.as_ref().map_or_else(|| "nobody".to_owned(), NodeId::to_string);
        self.moves.iter().try_for_each(|Move { range, from, to }| writeln!(f, "{range} {} -> {}", name(from), name(to)))
    }
}

/// A move whose nodes are places, `from` among the old members and `to` among the new.
struct Span {
    range: KeyRange,
    from: Option<u32>,
    to: Option<u32>,
}

impl Span {
    fn continues(&self, range: KeyRange, from: Option<u32>, to: Option<u32>) -> bool {
        self.range.end == range.start && (self.from, self.to) == (from, to)
    }
}

/// The arcs between neighbouring positions of either ring, in ascending order of their ends, each with its
/// owner before and after. No token of either lies inside an arc, so all of it has one fate.
fn arcs<'a>(
    old: &'a [Point],
    new: &'a [Point],
) -> impl Iterator<Item = (KeyRange, Option<u32>, Option<u32>)> + use<'a> {
    let last = |points: &[Point]| points.last().map(|point| point.position);
    let mut start = last(old).max(last(new));
    let (mut old_rest, mut new_rest) = (old, new);
    std::iter::from_fn(move || {
        let ends = [old_rest.first(), new_rest.first()];
        let end = ends.into_iter().flatten().map(|point| point.position).min()?;
        // Past the last token of one ring, its first one owns.
        let [from, to] = [(old_rest, old), (new_rest, new)].map(|(rest, all)| rest.first().or(all.first()));
        let range = KeyRange { start: start.replace(end)?, end };
        old_rest = past(old_rest, end);
        new_rest = past(new_rest, end);
        Some((range, from.map(|point| point.node), to.map(|point| point.node)))
    })
}

/// What is left of the points after those at the position.
fn past(points: &[Point], position: Position) -> &[Point] {
    let at_count = points.iter().take_while(|point| point.position == position).count();
    &points[at_count..]
}

/// The first arc begins where the last one ends, so the first and the last span may be one; and one that
/// has come round to its own start is the whole circle, for which there is one form.
fn join_across_zero(spans: &mut Vec<Span>) {
    if let [first, .., last] = spans.as_mut_slice()
        && last.continues(first.range, first.from, first.to)
    {
        first.range.start = last.range.start;
        spans.pop();
    }
    if let [only] = spans.as_mut_slice()
        && only.range.start == only.range.end
    {
        only.range = KeyRange::FULL;
    }
}

fn place_in(members: &[Member], id: &NodeId) -> Option<u32> {
    let place = member::find(members, id).ok()?;
    Some(u32::try_from(place).expect("invariant: no more members than tokens"))
}
