//! What holds of every ring.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use ring::{Error, Member, NodeId, Position, Ring, Scheme};

use crate::given::{self, Change, probes, ring, settings};
use crate::naive::Naive;
use crate::schemes::in_every_scheme;

type Verdict = Result<(), TestCaseError>;

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn every_key_has_the_one_owner_that_a_linear_scan_finds(
        members in given::members(), anywhere in any::<u64>(), key in any::<Vec<u8>>(),
    ) {
        in_every_scheme!(owners_are_as_scanned(&members, anywhere, &key));
    }

    #[test]
    fn ranges_tile_the_circle_and_say_what_the_search_says(members in given::members(), anywhere in any::<u64>()) {
        in_every_scheme!(ranges_tile(&members, anywhere));
    }

    #[test]
    fn every_member_has_exactly_its_tokens_in_order(members in given::members()) {
        in_every_scheme!(no_token_is_lost(&members));
    }

    #[test]
    fn the_order_of_the_members_given_makes_no_difference(
        (members, shuffled) in given::members().prop_flat_map(|members| (Just(members.clone()), Just(members).prop_shuffle())),
    ) {
        in_every_scheme!(order_makes_no_difference(&members, &shuffled));
    }

    #[test]
    fn any_history_leads_to_the_ring_of_its_members_and_refusals_change_nothing(
        members in given::members(), changes in prop::collection::vec(given::change(), 0..12),
    ) {
        in_every_scheme!(history_makes_no_difference(&members, &changes));
    }

    #[test]
    fn a_change_and_its_opposite_are_no_change(members in given::members(), id in given::id(), vnodes in given::vnodes()) {
        in_every_scheme!(opposites_cancel(&members, &id, vnodes));
    }
}

fn owners_are_as_scanned<S: Scheme>(members: &[Member], anywhere: u64, key: &[u8]) -> Verdict {
    let (ring, naive) = (ring::<S>(members), Naive::of::<S>(members));
    for probe in probes(&[&ring]).into_iter().chain([Position(anywhere)]) {
        let owner = ring.owner_at(probe);
        prop_assert_eq!(owner.is_some(), !members.is_empty(), "total, at {}", probe);
        prop_assert_eq!(owner, naive.owner_at(probe), "at {}", probe);
    }
    prop_assert_eq!(ring.owner(key), naive.owner_at(S::key_position(key)));
    prop_assert_eq!(Ring::<S>::position_of(key), S::key_position(key));
    Ok(())
}

fn ranges_tile<S: Scheme>(members: &[Member], anywhere: u64) -> Verdict {
    let ring = ring::<S>(members);
    let ranges: Vec<_> = ring.ranges().collect();
    let expected_len = if members.is_empty() { 0 } else { 1 << 64 };
    prop_assert_eq!(ranges.iter().map(|(range, _)| range.len()).sum::<u128>(), expected_len);
    for (i, (range, _)) in ranges.iter().enumerate() {
        let before = ranges[(i + ranges.len() - 1) % ranges.len()].0;
        prop_assert_eq!(range.start, before.end, "no gap, no overlap");
        prop_assert_eq!(range.start < range.end, i > 0, "only the first wraps");
    }
    for probe in probes(&[&ring]).into_iter().chain([Position(anywhere)]) {
        let owners: Vec<_> = ranges.iter().filter(|(range, _)| range.contains(probe)).map(|(_, id)| *id).collect();
        prop_assert_eq!(owners, Vec::from_iter(ring.owner_at(probe)), "one range, at {}", probe);
    }
    Ok(())
}

fn no_token_is_lost<S: Scheme>(members: &[Member]) -> Verdict {
    let ring = ring::<S>(members);
    prop_assert!(ring.tokens().is_sorted_by(|a, b| a < b), "in the total order, none twice");
    let mut census: BTreeMap<&NodeId, Vec<u32>> = BTreeMap::new();
    for token in ring.tokens() {
        prop_assert_eq!(token.position, S::token_position(token.node, token.vnode));
        census.entry(token.node).or_default().push(token.vnode);
    }
    census.values_mut().for_each(|vnodes| vnodes.sort_unstable());
    let expected = members.iter().map(|member| (&member.id, (0..member.vnodes).collect()));
    prop_assert_eq!(census, expected.collect::<BTreeMap<_, _>>());
    prop_assert_eq!(ring.members(), members);
    Ok(())
}

fn order_makes_no_difference<S: Scheme>(members: &[Member], shuffled: &[Member]) -> Verdict {
    let expected = ring::<S>(members);
    same(&ring::<S>(shuffled), &expected)?;
    let mut joined = Ring::<S>::default();
    for Member { id, vnodes } in shuffled {
        joined = joined.with_node(id.clone(), *vnodes).expect("a new node");
    }
    same(&joined, &expected)
}

fn history_makes_no_difference<S: Scheme>(members: &[Member], changes: &[Change]) -> Verdict {
    let mut ring = ring::<S>(members);
    let mut weights: BTreeMap<NodeId, u32> = members.iter().map(|member| (member.id.clone(), member.vnodes)).collect();
    for change in changes {
        let (id, changed) = match change {
            Change::Join(id, vnodes) => (id, ring.with_node(id.clone(), *vnodes)),
            Change::Leave(id) => (id, ring.without_node(id)),
            Change::Reweigh(id, vnodes) => (id, ring.with_vnodes(id, *vnodes)),
        };
        let node = id.clone();
        match (change, weights.contains_key(id)) {
            (Change::Join(..), true) => prop_assert_eq!(changed, Err(Error::DuplicateNode { node })),
            (Change::Leave(_) | Change::Reweigh(..), false) => {
                prop_assert_eq!(changed, Err(Error::UnknownNode { node }));
            }
            (Change::Join(_, 0) | Change::Reweigh(_, 0), _) => {
                prop_assert_eq!(changed, Err(Error::ZeroVnodes { node }));
            }
            (Change::Join(_, vnodes) | Change::Reweigh(_, vnodes), _) => {
                weights.insert(node, *vnodes);
                ring = changed.expect("no error");
            }
            (Change::Leave(_), true) => {
                weights.remove(id);
                ring = changed.expect("no error");
            }
        }
        let members = weights.iter().map(|(id, vnodes)| Member { id: id.clone(), vnodes: *vnodes });
        same(&ring, &Ring::with_scheme(members).expect("no error"))?;
    }
    Ok(())
}

fn opposites_cancel<S: Scheme>(members: &[Member], id: &NodeId, vnodes: u32) -> Verdict {
    let ring = ring::<S>(members);
    match ring.vnodes(id) {
        None => same(&ring.with_node(id.clone(), vnodes).expect("new").without_node(id).expect("a member"), &ring),
        Some(before) => {
            let elsewhere = ring.with_vnodes(id, vnodes).expect("a member");
            same(&elsewhere.with_vnodes(id, before).expect("a member"), &ring)?;
            same(&ring.without_node(id).expect("a member").with_node(id.clone(), before).expect("new"), &ring)
        }
    }
}

/// Equal by every observation, not only by `==`.
fn same<S: Scheme>(ring: &Ring<S>, expected: &Ring<S>) -> Verdict {
    prop_assert!(ring.tokens().eq(expected.tokens()), "tokens of {:?}", expected);
    prop_assert_eq!(ring.members(), expected.members());
    prop_assert_eq!(ring.digest(), expected.digest());
    prop_assert_eq!(ring, expected);
    for probe in probes(&[expected]) {
        prop_assert_eq!(ring.owner_at(probe), expected.owner_at(probe), "at {}", probe);
    }
    Ok(())
}
