//! What the coordinator decides: who joins, leaves or weighs otherwise.

use oracle::ring::{Change, Direction};
use ring::{Ring, Scheme};
use sim::{Io, NodeId, sample};

use super::Keys;
use super::store::Store;

/// The next epoch.
pub(crate) struct Decision<S: Scheme> {
    pub(crate) ring: Ring<S>,
    pub(crate) change: Change,
}

/// Draws a node, and what becomes of it: if it is no member it joins; else it leaves in one case of three, unless it is the
/// last; else it gets another weight.
///
/// The ring is made from the one before. All others make it from its members, and must come to the same.
pub(crate) fn decide<S: Scheme>(store: &Store<S>, io: &mut Io<'_, Keys>) -> Decision<S> {
    let node = any_member_to_be(io);
    let name = store.name(node);
    let old = store.ring();
    let weight = old.vnodes(&name);
    let new = match weight {
        None => {
            io.reached("joined");
            old.with_node(name, any_weight(io))
        }
        Some(_) if old.len() > 1 && sample::below(io.draw("fate"), 3) == 0 => {
            io.reached("left");
            old.without_node(&name)
        }
        Some(weight) => {
            io.reached("reweighted");
            let other = any_weight(io);
            // Never the same: where it is drawn, one more.
            old.with_vnodes(&name, other + u32::from(other == weight))
        }
    };
    let ring = new.expect("a change of a ring that fits it");
    let change = change(node, old, &ring, (weight, ring.vnodes(&store.name(node))));
    Decision { ring, change }
}

fn any_member_to_be(io: &mut Io<'_, Keys>) -> NodeId {
    let candidates = io.nodes().len() as u64 - 1;
    let chosen = 1 + sample::below(io.draw("who"), candidates);
    io.nodes()[chosen as usize]
}

fn any_weight(io: &mut Io<'_, Keys>) -> u32 {
    let weight = 1 + sample::below(io.draw("weight"), io.knob("vnodes_max"));
    u32::try_from(weight).expect("the knob is small")
}

fn change<S: Scheme>(node: NodeId, old: &Ring<S>, new: &Ring<S>, weights: (Option<u32>, Option<u32>)) -> Change {
    let (before, after) = (weights.0.unwrap_or_default(), weights.1.unwrap_or_default());
    let token_count = |ring: &Ring<S>| u32::try_from(ring.tokens().len()).expect("a ring has fewer than 2^32 tokens");
    Change {
        node,
        direction: if after > before { Direction::Gains } else { Direction::Loses },
        tokens_changed: after.abs_diff(before),
        tokens_total: token_count(old).max(token_count(new)),
    }
}
