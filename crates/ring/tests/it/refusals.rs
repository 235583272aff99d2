//! What is an error, and the answers of a ring without members.

use ring::{Error, MAX_TOKENS, Member, MovementPlan, NodeId, Position, Ring};

fn id(name: &str) -> NodeId {
    NodeId::new(name).expect("a name")
}

fn member(name: &str, vnodes: u32) -> Member {
    Member { id: id(name), vnodes }
}

#[test]
fn what_cannot_be_a_ring_is_refused_by_name() {
    let node = id("a");
    let table = [
        (vec![member("a", 1), member("b", 1), member("a", 2)], Error::DuplicateNode { node: node.clone() }),
        (vec![member("b", 1), member("a", 0)], Error::ZeroVnodes { node }),
        (vec![member("a", MAX_TOKENS), member("b", 1)], Error::TooManyTokens { limit: 8_388_608, received: 8_388_609 }),
        (
            vec![member("a", u32::MAX), member("b", u32::MAX)],
            Error::TooManyTokens { limit: MAX_TOKENS, received: 2 * u64::from(u32::MAX) },
        ),
    ];
    for (members, expected) in table {
        assert_eq!(Ring::new(members.clone()), Err(expected), "{members:?}");
    }
}

#[test]
fn a_change_that_cannot_be_is_refused_by_name_and_leaves_the_ring() {
    let ring = Ring::new([member("a", 3), member("b", 2)]).expect("a ring");
    let before = (ring.clone(), ring.digest());
    let too_many = |received| Err(Error::TooManyTokens { limit: MAX_TOKENS, received });
    assert_eq!(ring.with_node(id("a"), 1), Err(Error::DuplicateNode { node: id("a") }));
    assert_eq!(ring.with_node(id("a"), 0), Err(Error::DuplicateNode { node: id("a") }));
    assert_eq!(ring.with_node(id("c"), 0), Err(Error::ZeroVnodes { node: id("c") }));
    assert_eq!(ring.with_node(id("c"), MAX_TOKENS - 4), too_many(u64::from(MAX_TOKENS) + 1));
    assert_eq!(ring.without_node(&id("c")), Err(Error::UnknownNode { node: id("c") }));
    assert_eq!(ring.with_vnodes(&id("c"), 1), Err(Error::UnknownNode { node: id("c") }));
    assert_eq!(ring.with_vnodes(&id("b"), 0), Err(Error::ZeroVnodes { node: id("b") }));
    assert_eq!(ring.with_vnodes(&id("b"), u32::MAX), too_many(u64::from(u32::MAX) + 3));
    assert_eq!((ring.clone(), ring.digest()), before);
}

#[test]
fn errors_say_what_was_expected_and_what_was_received() {
    let table = [
        (Error::DuplicateNode { node: id("n1") }, "expected each node once, received n1 twice"),
        (Error::UnknownNode { node: id("n1") }, "expected a member, received n1, which is none"),
        (NodeId::new("").expect_err("empty"), "expected a node id of at least 1 byte, received an empty one"),
        (
            NodeId::new([7; 65_536]).expect_err("too long"),
            "expected a node id of at most 65535 bytes, received one of 65536",
        ),
        (Error::ZeroVnodes { node: id("n1") }, "expected at least 1 virtual node for n1, received 0"),
        (Error::TooManyTokens { limit: 8, received: 9 }, "expected at most 8 virtual nodes in all, received 9"),
    ];
    for (error, text) in table {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn a_ring_without_members_answers_and_owns_nothing() {
    let ring = Ring::new([]).expect("no error");
    assert_eq!(ring, Ring::default());
    assert!(ring.is_empty());
    assert_eq!((ring.len(), ring.tokens().len(), ring.ranges().count()), (0, 0, 0));
    assert_eq!((ring.owner(b"any"), ring.owner_at(Position(0)), ring.owner_at(Position(u64::MAX))), (None, None, None));
    assert_eq!(ring.walk(Position(7)).next(), None);
    assert!(ring.preference_list(b"any", 3).is_empty());
    assert_eq!(ring.diff(&ring), MovementPlan::default());
    assert_eq!(ring.diff(&ring).move_at(Position(0)), None);
    assert_eq!(ring.vnodes(&id("a")), None);
}

#[test]
fn the_last_node_may_leave() {
    let ring = Ring::new([member("a", 3)]).expect("a ring");
    assert_eq!(ring.without_node(&id("a")), Ok(Ring::default()));
}

#[test]
fn the_longest_name_is_a_member_like_any_other() {
    let long = NodeId::new(vec![0xff; NodeId::LONGEST]).expect("a name");
    let ring = Ring::new([member("a", 4), Member { id: long.clone(), vnodes: 4 }]).expect("a ring");
    assert_eq!(ring.vnodes(&long), Some(4));
    assert!(ring.walk(Position(0)).any(|node| *node == long));
}
