//! The ends of the circle and the crowded bucket, with tokens put where they hurt.

use ring::{KeyRange, Member, NodeId, Position, Ring};

use crate::naive::Naive;
use crate::schemes::ByHand;

/// A node whose tokens are at these positions.
fn node(positions: &[u64]) -> Member {
    let name: Vec<u8> = positions.iter().flat_map(|position| position.to_be_bytes()).collect();
    let vnodes = u32::try_from(positions.len()).expect("few");
    Member { id: NodeId::new(name).expect("a name"), vnodes }
}

fn ring(members: &[Member]) -> Ring<ByHand> {
    Ring::with_scheme(members.iter().cloned()).expect("a ring")
}

#[test]
fn a_token_owns_its_own_position_and_not_the_next() {
    let [low, high] = [node(&[10]), node(&[20])];
    let ring = ring(&[low.clone(), high.clone()]);
    let owners = [0, 9, 10, 11, 19, 20, 21, u64::MAX].map(|position| ring.owner_at(Position(position)));
    let [low, high] = [Some(&low.id), Some(&high.id)];
    assert_eq!(owners, [low, low, low, high, high, high, low, low]);
    assert_eq!(ring.owner(&20_u64.to_be_bytes()), high, "a key that lies exactly at a token");
}

#[test]
fn tokens_at_both_ends_of_the_circle() {
    let [first, last] = [node(&[0]), node(&[u64::MAX])];
    let ring = ring(&[first.clone(), last.clone()]);
    let owners = [0, 1, u64::MAX - 1, u64::MAX].map(|position| ring.owner_at(Position(position)));
    assert_eq!(owners, [Some(&first.id), Some(&last.id), Some(&last.id), Some(&last.id)]);
    let ranges: Vec<_> = ring.ranges().map(|(range, owner)| (range.len(), owner.clone())).collect();
    assert_eq!(ranges, [(1, first.id), (u128::from(u64::MAX), last.id)]);
}

#[test]
fn one_token_owns_the_whole_circle() {
    for position in [0, 1, 1 << 63, u64::MAX] {
        let only = node(&[position]);
        let ring = ring(std::slice::from_ref(&only));
        for probe in [0, position.wrapping_sub(1), position, position.wrapping_add(1), u64::MAX] {
            assert_eq!(ring.owner_at(Position(probe)), Some(&only.id));
        }
        let circle = KeyRange { start: Position(position), end: Position(position) };
        assert_eq!(ring.ranges().collect::<Vec<_>>(), [(circle, &only.id)]);
    }
}

/// Names chosen so that all tokens share their top bits: no bucket index helps, and the answers are the same.
#[test]
fn tokens_that_crowd_are_found_all_the_same() {
    for crowd in [0, 0xabcd << 48, u64::MAX - 600] {
        let crowded: Vec<u64> = (0..200).map(|i| crowd + 3 * i).collect();
        let members: Vec<Member> = crowded.chunks(40).map(node).collect();
        let (ring, naive) = (ring(&members), Naive::of::<ByHand>(&members));
        for offset in 0..606 {
            let probe = Position(crowd.wrapping_add(offset).wrapping_sub(3));
            assert_eq!(ring.owner_at(probe), naive.owner_at(probe), "at {probe}");
        }
    }
}

#[test]
fn a_move_that_crosses_the_seam_is_one_range() {
    let [old, new] = [node(&[1000, 2000]), node(&[5, u64::MAX - 5])];
    let before = ring(std::slice::from_ref(&old));
    let plan = before.diff(&ring(&[old, new.clone()]));
    let ranges: Vec<_> = plan.moves().iter().map(|movement| movement.range).collect();
    assert_eq!(ranges, [KeyRange { start: Position(2000), end: Position(5) }]);
    for (position, moves) in [(2000, false), (2001, true), (u64::MAX, true), (0, true), (5, true), (6, false)] {
        let to = plan.move_at(Position(position)).map(|movement| movement.to.clone());
        assert_eq!(to, moves.then(|| Some(new.id.clone())), "at {position}");
    }
}
