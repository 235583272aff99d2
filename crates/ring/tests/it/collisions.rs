//! Tokens at one position, by hand.

use ring::{KeyRange, Member, NodeId, Position, Ring};

use crate::schemes::{ByHand, One, Twins};

fn id(name: &str) -> NodeId {
    NodeId::new(name).expect("a name")
}

fn member(name: &str, vnodes: u32) -> Member {
    Member { id: id(name), vnodes }
}

#[test]
fn of_nodes_at_one_position_the_lowest_owns_all_and_none_is_lost() {
    let ring = Ring::<One>::with_scheme([member("c", 2), member("a", 1), member("b", 3)]).expect("a ring");
    assert_eq!(
        ring.tokens().map(|token| (token.node.clone(), token.vnode)).collect::<Vec<_>>(),
        [(id("a"), 0), (id("b"), 0), (id("b"), 1), (id("b"), 2), (id("c"), 0), (id("c"), 1)]
    );
    let circle = KeyRange { start: Position(7), end: Position(7) };
    assert_eq!(ring.ranges().collect::<Vec<_>>(), [(circle, &id("a"))]);
    for position in [0, 6, 7, 8, u64::MAX] {
        assert!(ring.walk(Position(position)).eq([&id("a"), &id("b"), &id("c")]));
    }
    let left = ring.without_node(&id("a")).expect("a member");
    assert_eq!(left.owner(b"any"), Some(&id("b")));
    let plan = ring.diff(&left);
    assert_eq!(plan.to_string(), "(ffffffffffffffff, ffffffffffffffff] a -> b\n");
}

/// What two names with one SHA-1 would do to a scheme that hashes the name first: a collision on every
/// virtual node. Keyed by position alone, a ring would lose one of the nodes here.
#[test]
fn two_nodes_that_collide_on_every_virtual_node_are_both_members() {
    let twins = Ring::<Twins>::with_scheme([member("b", 50), member("a", 50)]).expect("a ring");
    assert_eq!(twins.tokens().len(), 100);
    assert!(twins.ranges().all(|(_, owner)| *owner == id("a")));
    assert_eq!(twins.preference_list(b"any", 2), [&id("a"), &id("b")]);
    // The lower leaves: the other has all its tokens still.
    let left = twins.without_node(&id("a")).expect("a member");
    assert_eq!(left, Ring::with_scheme([member("b", 50)]).expect("a ring"));
    assert_eq!(left.ranges().count(), 50);
    // More virtual nodes for the higher: its own 51st owns something.
    let heavier = twins.with_vnodes(&id("b"), 51).expect("a member");
    assert_eq!(heavier.ranges().filter(|(_, owner)| **owner == id("b")).count(), 1);
}

#[test]
fn rings_whose_tokens_differ_in_the_name_alone_are_different() {
    let [ada, bob] = ["ada", "bob"].map(|name| Ring::<Twins>::with_scheme([member(name, 5)]).expect("a ring"));
    assert!(ada.tokens().map(|token| token.position).eq(bob.tokens().map(|token| token.position)));
    assert_ne!(ada, bob);
    assert_ne!(ada.digest(), bob.digest());
}

/// A joiner that collides takes exactly one arc if its name is lower, and none if it is higher.
#[test]
fn a_colliding_joiner_takes_one_arc_or_none() {
    let at = |positions: &[u64]| positions.iter().flat_map(|p| p.to_be_bytes()).collect::<Vec<u8>>();
    // A name is its positions, and a prefix comes before what it is a prefix of.
    let old = NodeId::new(at(&[100, 500])).expect("a name");
    let lower = NodeId::new(at(&[100])).expect("a name");
    let higher = NodeId::new(at(&[500])).expect("a name");
    let ring = Ring::<ByHand>::with_scheme([Member { id: old, vnodes: 2 }]).expect("a ring");
    assert!(ring.diff(&ring.with_node(higher, 1).expect("new")).is_empty());
    let plan = ring.diff(&ring.with_node(lower, 1).expect("new"));
    let moved: Vec<_> = plan.moves().iter().map(|movement| movement.range).collect();
    assert_eq!(moved, [KeyRange { start: Position(500), end: Position(100) }]);
}
