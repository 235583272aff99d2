//! What holds between two rings.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use ring::{KeyRange, Member, Move, MovementPlan, NodeId, Position, Ring, Scheme, V1};

use crate::given::{self, probes, ring, settings};
use crate::schemes::in_every_scheme;

type Verdict = Result<(), TestCaseError>;

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn a_join_moves_only_to_the_joiner_and_its_leave_only_from_it(
        members in given::members(), id in given::id(), vnodes in given::vnodes(),
    ) {
        in_every_scheme!(join_and_leave(&members, &id, vnodes));
    }

    #[test]
    fn a_change_of_weight_moves_only_to_or_from_the_node(
        members in given::members(), chosen in any::<prop::sample::Index>(), vnodes in given::vnodes(),
    ) {
        prop_assume!(!members.is_empty());
        let member = &members[chosen.index(members.len())];
        in_every_scheme!(reweigh(&members, member, vnodes));
    }

    #[test]
    fn a_key_moves_if_and_only_if_it_is_in_the_plan(
        before in given::members(), after in given::members(), anywhere in any::<u64>(),
    ) {
        in_every_scheme!(plans_are_exact(&before, &after, anywhere));
    }

    #[test]
    fn a_plan_is_canonical_and_the_way_back_is_its_reverse(before in given::members(), after in given::members()) {
        in_every_scheme!(plans_are_canonical(&before, &after));
    }
}

fn join_and_leave<S: Scheme>(members: &[Member], id: &NodeId, vnodes: u32) -> Verdict {
    let others: Vec<Member> = members.iter().filter(|member| member.id != *id).cloned().collect();
    let without = ring::<S>(&others);
    let with = without.with_node(id.clone(), vnodes).expect("new");
    for probe in probes(&[&without, &with]) {
        let (before, after) = (without.owner_at(probe), with.owner_at(probe));
        prop_assert!(after == before || after == Some(id), "{:?} -> {:?} at {}", before, after, probe);
    }
    let join = without.diff(&with);
    prop_assert!(join.moves().iter().all(|movement| movement.to.as_ref() == Some(id)));
    prop_assert!(join.moves().len() <= vnodes as usize);
    prop_assert_eq!(join.moved_len(), share(&with, id));
    let leave = with.diff(&without);
    prop_assert!(leave.moves().iter().all(|movement| movement.from.as_ref() == Some(id)));
    prop_assert_eq!(leave.moved_len(), share(&with, id));
    Ok(())
}

fn reweigh<S: Scheme>(members: &[Member], member: &Member, vnodes: u32) -> Verdict {
    let before = ring::<S>(members);
    let after = before.with_vnodes(&member.id, vnodes).expect("a member");
    let side = |movement: &Move| match vnodes > member.vnodes {
        true => movement.to.clone(),
        false => movement.from.clone(),
    };
    let plan = before.diff(&after);
    prop_assert!(plan.moves().iter().all(|movement| side(movement).as_ref() == Some(&member.id)));
    let (less, more) = (share(&before, &member.id), share(&after, &member.id));
    prop_assert_eq!(plan.moved_len(), less.abs_diff(more));
    prop_assert!(vnodes != member.vnodes || plan.is_empty());
    for probe in probes(&[&before, &after]) {
        let (was, is) = (before.owner_at(probe), after.owner_at(probe));
        let (from, to) = if vnodes > member.vnodes { (was, is) } else { (is, was) };
        prop_assert!(from == to || to == Some(&member.id), "{:?} -> {:?} at {}", was, is, probe);
    }
    Ok(())
}

fn plans_are_exact<S: Scheme>(before: &[Member], after: &[Member], anywhere: u64) -> Verdict {
    let (old, new) = (ring::<S>(before), ring::<S>(after));
    let plan = old.diff(&new);
    for probe in probes(&[&old, &new]).into_iter().chain([Position(anywhere)]) {
        let (from, to) = (old.owner_at(probe).cloned(), new.owner_at(probe).cloned());
        let holding: Vec<&Move> = plan.moves().iter().filter(|movement| movement.range.contains(probe)).collect();
        prop_assert_eq!(plan.move_at(probe), holding.first().copied(), "at {}", probe);
        if from == to {
            prop_assert!(holding.is_empty(), "nothing moves at {}, but {:?}", probe, holding);
        } else {
            let moves: Vec<_> =
                holding.into_iter().map(|movement| (movement.from.clone(), movement.to.clone())).collect();
            prop_assert_eq!(moves, vec![(from, to)], "at {}", probe);
        }
    }
    prop_assert_eq!(plan.moved_len(), moved_len_of_arcs(&old, &new));
    prop_assert_eq!(plan.is_empty(), plan.moves().is_empty());
    Ok(())
}

fn plans_are_canonical<S: Scheme>(before: &[Member], after: &[Member]) -> Verdict {
    let (old, new) = (ring::<S>(before), ring::<S>(after));
    let plan = old.diff(&new);
    let moves = plan.moves();
    prop_assert!(moves.is_sorted_by(|a, b| a.range.end < b.range.end), "{}", plan);
    for (i, movement) in moves.iter().enumerate() {
        prop_assert_ne!(&movement.from, &movement.to);
        prop_assert!(movement.range.start < movement.range.end || i == 0, "only the first wraps: {}", plan);
        prop_assert!(movement.range.start != movement.range.end || movement.range == KeyRange::FULL);
        let next = &moves[(i + 1) % moves.len()];
        let touch = movement.range.end == next.range.start && movement.range != KeyRange::FULL;
        prop_assert!(!touch || (&movement.from, &movement.to) != (&next.from, &next.to), "to be merged: {}", plan);
    }
    let back = new.diff(&old);
    let reversed = |movement: &Move| (movement.range, movement.to.clone(), movement.from.clone());
    let forward = |movement: &Move| (movement.range, movement.from.clone(), movement.to.clone());
    prop_assert!(back.moves().iter().map(reversed).eq(moves.iter().map(forward)), "{}and back\n{}", plan, back);
    prop_assert_eq!(old.diff(&old), MovementPlan::default());
    Ok(())
}

/// How much of the circle a node owns.
fn share<S: Scheme>(ring: &Ring<S>, node: &NodeId) -> u128 {
    ring.ranges().filter(|(_, id)| *id == node).map(|(range, _)| range.len()).sum()
}

/// Arc by arc between all positions of both rings, by asking each for the owner of its end.
fn moved_len_of_arcs<S: Scheme>(old: &Ring<S>, new: &Ring<S>) -> u128 {
    let ends: BTreeSet<Position> = old.tokens().chain(new.tokens()).map(|token| token.position).collect();
    let starts = ends.last().into_iter().chain(&ends);
    let moved = starts.zip(&ends).filter(|(_, end)| old.owner_at(**end) != new.owner_at(**end));
    moved.map(|(start, end)| KeyRange { start: *start, end: *end }.len()).sum()
}

fn of(members: &[(&str, u32)]) -> Ring {
    let member = |&(id, vnodes): &(&str, u32)| Member { id: NodeId::new(id).expect("a name"), vnodes };
    Ring::new(members.iter().map(member)).expect("a ring")
}

#[test]
fn the_whole_circle_moves_as_one_range() {
    let id = |id: &str| Some(NodeId::new(id).expect("a name"));
    let (nobody, ada, bob) = (Ring::<V1>::default(), of(&[("ada", 3)]), of(&[("bob", 5)]));
    let whole = |from, to| [Move { range: KeyRange::FULL, from, to }];
    assert_eq!(ada.diff(&bob).moves(), whole(id("ada"), id("bob")));
    assert_eq!(nobody.diff(&ada).moves(), whole(None, id("ada")));
    assert_eq!(ada.diff(&nobody).moves(), whole(id("ada"), None));
    assert!(nobody.diff(&nobody).is_empty());
    assert_eq!(ada.diff(&bob).moved_len(), 1 << 64);
    assert_eq!(ada.diff(&bob).to_string(), "(ffffffffffffffff, ffffffffffffffff] ada -> bob\n");
    assert_eq!(nobody.diff(&ada).to_string(), "(ffffffffffffffff, ffffffffffffffff] nobody -> ada\n");
}

#[test]
fn tokens_that_change_no_owner_move_nothing() {
    assert!(of(&[("ada", 1)]).diff(&of(&[("ada", 200)])).is_empty());
}
