//! The clockwise order of nodes, and preference lists.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use ring::{Member, NodeId, Position, Scheme, V1};

use crate::given::{self, probes, ring, settings};
use crate::naive::Naive;
use crate::schemes::in_every_scheme;

type Verdict = Result<(), TestCaseError>;

proptest! {
    #![proptest_config(settings())]

    #[test]
    fn a_walk_comes_to_every_member_once_as_the_oracle_does(members in given::members()) {
        in_every_scheme!(walks_are_as_scanned(&members));
    }

    #[test]
    fn a_preference_list_is_the_head_of_the_walk(members in given::members(), key in any::<Vec<u8>>()) {
        in_every_scheme!(lists_are_heads_of_walks(&members, &key));
    }

    #[test]
    fn a_join_inserts_into_every_walk_and_leaves_the_order_of_the_others(
        members in given::members(), id in given::id(), vnodes in given::vnodes(),
    ) {
        in_every_scheme!(joins_permute_nobody(&members, &id, vnodes));
    }
}

fn walks_are_as_scanned<S: Scheme>(members: &[Member]) -> Verdict {
    let (ring, naive) = (ring::<S>(members), Naive::of::<S>(members));
    for probe in probes(&[&ring]) {
        let walk: Vec<NodeId> = ring.walk(probe).cloned().collect();
        prop_assert_eq!(&walk, &naive.walk(probe), "at {}", probe);
        prop_assert_eq!(walk.first(), ring.owner_at(probe));
        let mut visited = walk;
        visited.sort_unstable();
        prop_assert!(visited.iter().eq(members.iter().map(|member| &member.id)), "each once, at {}", probe);
    }
    Ok(())
}

fn lists_are_heads_of_walks<S: Scheme>(members: &[Member], key: &[u8]) -> Verdict {
    let ring = ring::<S>(members);
    let walk: Vec<&NodeId> = ring.walk(S::key_position(key)).collect();
    for replica_count in (0..=members.len() + 1).chain([usize::MAX]) {
        let list = ring.preference_list(key, replica_count);
        prop_assert_eq!(&list[..], &walk[..replica_count.min(members.len())]);
        prop_assert!(replica_count == 0 || list.first().copied() == ring.owner(key));
    }
    let mut walking = ring.walk(S::key_position(key));
    for left in (0..members.len()).rev() {
        prop_assert!(walking.next().is_some());
        prop_assert_eq!(walking.len(), left);
    }
    prop_assert_eq!((walking.next(), walking.next()), (None, None));
    Ok(())
}

fn joins_permute_nobody<S: Scheme>(members: &[Member], id: &NodeId, vnodes: u32) -> Verdict {
    let others: Vec<Member> = members.iter().filter(|member| member.id != *id).cloned().collect();
    let without = ring::<S>(&others);
    let with = without.with_node(id.clone(), vnodes).expect("new");
    for probe in probes(&[&without, &with]) {
        let walk: Vec<&NodeId> = with.walk(probe).collect();
        let deleted = walk.iter().copied().filter(|node| *node != id);
        prop_assert!(deleted.eq(without.walk(probe)), "{:?} at {}", walk, probe);
        for replica_count in 0..=walk.len() {
            let before: Vec<&NodeId> = without.walk(probe).take(replica_count).collect();
            let gained: Vec<_> = walk[..replica_count].iter().filter(|node| !before.contains(node)).collect();
            let lost = before.iter().filter(|node| !walk[..replica_count].contains(node)).count();
            prop_assert!(gained.is_empty() || gained == [&id], "gained {:?}", gained);
            prop_assert!(lost <= 1);
        }
    }
    Ok(())
}

/// More members than a machine word has bits.
#[test]
fn a_walk_of_130_nodes_comes_to_each_once() {
    let member = |i| Member { id: NodeId::new(format!("node-{i:03}")).expect("a name"), vnodes: 3 };
    let members: Vec<Member> = (0..130).map(member).collect();
    let (ring, naive) = (ring::<V1>(&members), Naive::of::<V1>(&members));
    for position in [0, 1 << 62, 1 << 63, u64::MAX].map(Position) {
        assert_eq!(ring.walk(position).cloned().collect::<Vec<_>>(), naive.walk(position));
    }
}
