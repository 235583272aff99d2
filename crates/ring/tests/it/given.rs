//! Random members, changes, and the positions worth asking about.

use proptest::prelude::*;
use ring::{Member, NodeId, Position, Ring, Scheme};

/// No files: what a failure prints is minimal, and enough.
pub(crate) fn settings() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) }
}

/// Few names, one often the prefix of another.
pub(crate) fn id() -> impl Strategy<Value = NodeId> {
    prop::collection::vec(0..3_u8, 1..=3).prop_map(|name| NodeId::new(name).expect("a name"))
}

pub(crate) fn vnodes() -> impl Strategy<Value = u32> {
    1..=9_u32
}

/// Up to 8 members, in ascending order of id.
pub(crate) fn members() -> impl Strategy<Value = Vec<Member>> {
    let member = |(id, vnodes)| Member { id, vnodes };
    prop::collection::btree_map(id(), vnodes(), 0..=8)
        .prop_map(move |weights| weights.into_iter().map(member).collect())
}

#[derive(Clone, Debug)]
pub(crate) enum Change {
    Join(NodeId, u32),
    Leave(NodeId),
    Reweigh(NodeId, u32),
}

pub(crate) fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (id(), 0..=9_u32).prop_map(|(id, vnodes)| Change::Join(id, vnodes)),
        id().prop_map(Change::Leave),
        (id(), 0..=9_u32).prop_map(|(id, vnodes)| Change::Reweigh(id, vnodes)),
    ]
}

pub(crate) fn ring<S: Scheme>(members: &[Member]) -> Ring<S> {
    Ring::with_scheme(members.iter().cloned()).expect("members that are no error")
}

/// At, before and after every token of every ring, and the ends of the circle: a search that is wrong anywhere
/// is wrong at one of these, because no answer changes in between.
pub(crate) fn probes<S: Scheme>(rings: &[&Ring<S>]) -> Vec<Position> {
    let mut probes = vec![Position(0), Position(1), Position(u64::MAX - 1), Position(u64::MAX)];
    for token in rings.iter().flat_map(|ring| ring.tokens()) {
        let at = token.position.0;
        probes.extend([at.wrapping_sub(1), at, at.wrapping_add(1)].map(Position));
    }
    probes
}
