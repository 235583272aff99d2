//! Who hears whom while links are cut.

use std::collections::BTreeSet;

use sim::{Fault, Io, Item, NodeId, Refusal, Target, Time};

use crate::rig::{Actor, MS, Number, Numbers, Rig, at, calm, ms, n, said, with_items};

/// Every 10 ms, everybody says which round it is to everybody else.
struct Chatter(u64);

impl Actor for Chatter {
    fn start(_: &mut Io<'_, Numbers>) -> Result<Chatter, Refusal> {
        Ok(Chatter(0))
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        self.0 += 1;
        for number in 1..=io.nodes().len() as u16 {
            if n(number) != io.id() {
                io.send(n(number), Number(self.0));
            }
        }
    }

    fn wakes_at(&self) -> Option<Time> {
        (self.0 < 5).then(|| ms(10 * (self.0 + 1)))
    }

    fn hear(&mut self, from: NodeId, round: u64, io: &mut Io<'_, Numbers>) {
        io.note(format!("{from} {round}"));
    }
}

/// Who heard whom in a round, as `from>to`, in a cluster of three.
fn heard(items: impl IntoIterator<Item = Item>, round: u64) -> BTreeSet<String> {
    let lines = said(&Rig::<Chatter>::new(), &with_items(calm(3), items));
    let heard = lines.iter().filter_map(|line| match line.split(' ').collect::<Vec<_>>()[..] {
        [_, to, from, in_round] => (in_round == round.to_string()).then(|| format!("{from}>{to}")),
        _ => panic!("{line}"),
    });
    heard.collect()
}

fn links(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|link| (*link).to_owned()).collect()
}

const ALL: [&str; 6] = ["n1>n2", "n1>n3", "n2>n1", "n2>n3", "n3>n1", "n3>n2"];

fn cut(from_ms: u64, target: Target, for_ms: u64) -> Item {
    at(from_ms * MS, target, Fault::Partition, Some(for_ms * MS))
}

#[test]
fn a_partition_cuts_both_ways_and_only_across_and_ends() {
    let item = || [cut(15, Target::Node(n(1)), 20)];
    assert_eq!(heard(item(), 1), links(&ALL));
    assert_eq!(heard(item(), 2), links(&["n2>n3", "n3>n2"]));
    assert_eq!(heard(item(), 3), links(&["n2>n3", "n3>n2"]));
    assert_eq!(heard(item(), 4), links(&ALL));
}

#[test]
fn the_other_side_of_a_partition_is_the_same_partition() {
    for side in [Target::Nodes(vec![n(2), n(3)]), Target::AllBut(vec![n(1)])] {
        assert_eq!(heard([cut(15, side, 20)], 2), links(&["n2>n3", "n3>n2"]));
    }
}

#[test]
fn a_link_that_two_partitions_cut_heals_with_the_later() {
    let items = || [cut(15, Target::Node(n(1)), 10), cut(15, Target::Node(n(2)), 20)];
    assert_eq!(heard(items(), 2), links(&[]));
    assert_eq!(heard(items(), 3), links(&["n1>n3", "n3>n1"]));
    assert_eq!(heard(items(), 4), links(&ALL));
}

#[test]
fn who_is_silenced_still_hears() {
    let silenced = |target| [at(15 * MS, target, Fault::OneWayPartition, Some(20 * MS))];
    assert_eq!(heard(silenced(Target::Node(n(1))), 2), links(&["n2>n1", "n2>n3", "n3>n1", "n3>n2"]));
    let both = Target::Nodes(vec![n(1), n(2)]);
    assert_eq!(heard(silenced(both.clone()), 2), links(&["n1>n2", "n2>n1", "n3>n1", "n3>n2"]));
    assert_eq!(heard(silenced(both), 4), links(&ALL));
}

#[test]
fn a_third_hears_both_groups_of_a_partial_partition() {
    let parted = Target::Between { one: vec![n(1)], other: vec![n(3)] };
    let item = || [at(15 * MS, parted.clone(), Fault::PartialPartition, Some(20 * MS))];
    assert_eq!(heard(item(), 2), links(&["n1>n2", "n2>n1", "n2>n3", "n3>n2"]));
    assert_eq!(heard(item(), 4), links(&ALL));
}

#[test]
fn what_was_sent_before_the_cut_still_arrives() {
    // Sent at 20 ms, cut half a millisecond later, due at 21 ms.
    let item = at(20 * MS + MS / 2, Target::Node(n(1)), Fault::Partition, Some(5 * MS));
    assert_eq!(heard([item], 2), links(&ALL));
}
