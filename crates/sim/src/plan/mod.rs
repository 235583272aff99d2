//! The faults of a case, as data: what strikes whom, when, and for how long.
//!
//! An item is armed when the run starts and ends as fired, withheld or never. Nothing here is drawn while the run goes
//! on, so any item can be taken away and the rest keep their meaning.

mod fault;
mod words;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub(crate) use self::fault::FaultKinds;
pub use self::fault::{Fate, Fault, FaultKind};
use crate::id::{Hex, NodeId};
use crate::time::Time;

/// Everything that is to go wrong in a run on purpose, and the moment from which nothing does.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The end of the safety phase.
    pub heal: Heal,
    /// The faults, in the order of their ids.
    pub items: Vec<Item>,
}

/// The end of the safety phase: a sufficient core is healed, every other fault is frozen, and progress is demanded.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heal {
    /// When.
    pub at_ns: Time,
    /// The nodes that are healed; chosen by the scenario's [`Survival`](crate::Survival) where the case does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core: Option<Vec<NodeId>>,
}

/// One fault.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Its name within the plan; kept when others are removed.
    pub id: u32,
    /// When it strikes.
    pub when: When,
    /// What it strikes.
    pub target: Target,
    /// What it does.
    pub fault: Fault,
    /// For how long: until the restart, the resumption, the end of the partition, the clock that is right again. Without
    /// it, until the heal, or [for good](Self::outlasts_heal). What does not [last](Fault::lasts) has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts_ns: Option<u64>,
    /// For partitions that have no end: whether the links that it cut stay cut beyond the heal, among those who are healed
    /// too. What it leaves connected is where progress is demanded then, so its scenario must promise some there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outlasts_heal: bool,
}

/// When an item strikes.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum When {
    /// At a point in virtual time.
    At {
        /// The time.
        at_ns: Time,
    },
    /// When a fact is observed.
    On {
        /// The fact's label.
        fact: String,
        /// Only where this node states it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        node: Option<NodeId>,
        /// Only facts that are stated at this time or later count; without it all do.
        #[serde(default, skip_serializing_if = "is_start")]
        from_ns: Time,
        /// The how-manieth such fact, counted from 1.
        nth: u32,
        /// How far into the step that states it, or how long after.
        point: Point,
    },
}

fn is_start(time: &Time) -> bool {
    *time == Time::ZERO
}

/// Where in or after the step that states a fact an item strikes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// After so many of the step's messages and disk requests have left; 0 is before any does.
    Effects(u32),
    /// So long after the step.
    AfterNs(u64),
}

/// What an item strikes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// One node.
    Node(NodeId),
    /// Some nodes; for a partition, one side of it.
    Nodes(Vec<NodeId>),
    /// Two groups; everybody else hears both.
    Between {
        /// One group.
        one: Vec<NodeId>,
        /// The other; nobody is in both.
        other: Vec<NodeId>,
    },
    /// Every node but these.
    AllBut(Vec<NodeId>),
    /// The node that stated the fact.
    Subject,
    /// The whole run: what a reseed is about.
    All,
    /// The session between two processes, or the links between them, whichever is named first.
    Link {
        /// One end.
        from: NodeId,
        /// The other end.
        to: NodeId,
    },
    /// One message, by its own address.
    Message {
        /// The sender.
        from: NodeId,
        /// The receiver.
        to: NodeId,
        /// [`Payload::tag`](crate::Payload::tag).
        tag: Hex,
        /// How often this tag went over that link before.
        occurrence: u32,
    },
}

/// What became of an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ItemOutcome {
    /// It struck. One of a kind that [strikes at a boot](FaultKind::strikes_at_boot) has set its trap then, into which nobody
    /// may ever walk.
    Fired(Time),
    /// It was due, and was not allowed to strike.
    Withheld(&'static str),
    /// It was never due.
    Never,
}

impl Plan {
    /// The first id of items that a system [arranges](crate::System::arrange) by itself; below are those of the swarm.
    pub const ARRANGED_IDS: u32 = 20_001;

    /// Why the plan cannot be carried out in a cluster of these processes, if it cannot.
    pub(crate) fn refusal(&self, nodes: &[NodeId], clients: &[NodeId]) -> Option<String> {
        let stranger = self.heal.core.iter().flatten().find(|id| !nodes.contains(id));
        let mut seen = BTreeSet::new();
        let twice = self.items.iter().find(|item| !seen.insert(item.id));
        let mut addresses = BTreeSet::new();
        let is_message = |item: &&Item| matches!(item.target, Target::Message { .. });
        let same_message = self.items.iter().filter(is_message).find(|item| !addresses.insert(&item.target));
        let nobody = self.heal.core.as_ref().is_some_and(Vec::is_empty);
        stranger
            .map(|id| format!("plan.heal.core names {id}, which is not a node of the case"))
            .or_else(|| nobody.then(|| "plan.heal.core is empty: at least one node is healed".into()))
            .or_else(|| same_message.map(|item| format!("item {} is about the same message as another", item.id)))
            .or_else(|| twice.map(|item| format!("plan.items: two items have the id {}", item.id)))
            .or_else(|| self.items.iter().find_map(|item| item.refusal(nodes, clients)))
    }
}

impl Item {
    /// Why the item cannot be carried out in a cluster of these processes, if it cannot.
    pub(crate) fn refusal(&self, nodes: &[NodeId], clients: &[NodeId]) -> Option<String> {
        let known = |id: &NodeId| nodes.contains(id) || clients.contains(id);
        let absent = self.names().find(|id| !known(id));
        if let Some(id) = absent {
            return Some(format!("item {} names {id}, which is not in the case", self.id));
        }
        if matches!(self.when, When::On { nth: 0, .. }) {
            return Some(format!("item {} waits for the 0th fact of its kind: they are counted from 1", self.id));
        }
        if let Fault::ClockRate { error_ppm: ..-1_000_000 } = self.fault {
            return Some(format!("item {}: a clock does not run backwards: error_ppm is at least -1000000", self.id));
        }
        if self.outlasts_heal && (!self.fault.cuts_links() || self.lasts_ns.is_some()) {
            return Some(format!("item {}: only a partition without an end outlasts the heal", self.id));
        }
        let triggered = matches!(self.when, When::On { .. });
        let fits = match (self.fault, &self.target) {
            (fault, Target::Node(_) | Target::Nodes(_) | Target::AllBut(_)) => fault.strikes_processes(),
            (fault, Target::Subject) => triggered && fault.strikes_processes(),
            (Fault::PartialPartition, Target::Between { one, other }) => !one.iter().any(|id| other.contains(id)),
            (Fault::Reseed { .. }, Target::All) => true,
            (Fault::SessionReset | Fault::Clog, Target::Link { from, to }) => from != to,
            (Fault::Message(_), Target::Message { .. }) => !triggered,
            _ => false,
        };
        match fits {
            true => None,
            false => Some(format!("item {}: {:?} of {:?} is not supported", self.id, self.fault, self.target)),
        }
    }

    fn names(&self) -> Box<dyn Iterator<Item = NodeId> + '_> {
        let trigger = match &self.when {
            When::On { node, .. } => *node,
            When::At { .. } => None,
        };
        let (pair, many): ([Option<NodeId>; 2], &[NodeId]) = match &self.target {
            Target::Node(id) => ([Some(*id), None], &[]),
            Target::Nodes(ids) | Target::AllBut(ids) => ([None; 2], ids),
            Target::Between { one, other } => {
                return Box::new(trigger.into_iter().chain(one.iter().chain(other).copied()));
            }
            Target::Link { from, to } | Target::Message { from, to, .. } => ([Some(*from), Some(*to)], &[]),
            Target::Subject | Target::All => ([None; 2], &[]),
        };
        Box::new(trigger.into_iter().chain(pair.into_iter().flatten()).chain(many.iter().copied()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(when: When, target: Target, fault: Fault) -> Item {
        Item { id: 1, when, target, fault, lasts_ns: None, outlasts_heal: false }
    }

    fn at(millis: u64) -> When {
        When::At { at_ns: Time::from_nanos(millis * 1_000_000) }
    }

    #[test]
    fn an_item_reads_as_a_sentence() {
        let on = |from_ns| {
            let (fact, node) = ("elected".into(), Some(NodeId::node(3)));
            let when = When::On { fact, node, from_ns, nth: 1, point: Point::Effects(0) };
            item(when, Target::Node(NodeId::node(2)), Fault::Crash).to_string()
        };
        assert_eq!(on(Time::ZERO), "on elected(n3)#1 crash n2 before effects");
        assert_eq!(on(Time::from_nanos(1_250_000_000)), "on elected(n3)#1 from 1.250s crash n2 before effects");
        let mut timed = item(at(1250), Target::Nodes(vec![NodeId::node(1), NodeId::node(2)]), Fault::Partition);
        timed.lasts_ns = Some(43_000_000);
        assert_eq!(timed.to_string(), "at 1.250s cut off n1+n2 for 43ms");
        timed.lasts_ns = Some(1);
        assert_eq!(timed.to_string(), "at 1.250s cut off n1+n2 for an instant");
    }

    #[test]
    fn an_item_about_a_message_says_which() {
        let (from, to) = (NodeId::node(1), NodeId::node(2));
        let target = || Target::Message { from, to, tag: Hex(7), occurrence: 1 };
        let lost = item(at(0), target(), Fault::Message(Fate::Lose));
        assert_eq!(lost.to_string(), "lose n1->n2 0x0000000000000007#1");
        let sent = Time::from_nanos(1_250_000_000);
        assert_eq!(lost.with_message(sent, "vote granted"), "at 1.250s lose n1->n2 \"vote granted\"");
        let late = item(at(0), target(), Fault::Message(Fate::Deliver { latency_ns: 3_000_000 }));
        assert_eq!(late.to_string(), "deliver n1->n2 0x0000000000000007#1 after 3ms");
        let late = late.with_message(sent, "vote granted");
        assert_eq!(late, "at 1.250s deliver n1->n2 \"vote granted\" after 3ms");
        let crash = item(at(5), Target::Node(from), Fault::Crash);
        assert_eq!(crash.with_message(sent, "vote granted"), crash.to_string());
    }

    #[test]
    fn partitions_say_who_does_not_hear_whom() {
        let one = || vec![NodeId::node(1), NodeId::node(2)];
        let partial = Target::Between { one: one(), other: vec![NodeId::node(3)] };
        assert_eq!(item(at(1250), partial, Fault::PartialPartition).to_string(), "at 1.250s part n1+n2 from n3");
        assert_eq!(item(at(1250), Target::Nodes(one()), Fault::OneWayPartition).to_string(), "at 1.250s silence n1+n2");
        let mut kept = item(at(1250), Target::Nodes(one()), Fault::Partition);
        kept.outlasts_heal = true;
        assert_eq!(kept.to_string(), "at 1.250s cut off n1+n2 for good");
        let overlapping = Target::Between { one: one(), other: vec![NodeId::node(2)] };
        let nodes = [1, 2].map(NodeId::node);
        assert!(item(at(1), overlapping, Fault::PartialPartition).refusal(&nodes, &[]).is_some());
    }

    #[test]
    fn what_cannot_be_carried_out_is_refused() {
        let nodes = [NodeId::node(1)];
        let absent = item(at(1), Target::Node(NodeId::node(2)), Fault::Crash);
        assert_eq!(absent.refusal(&nodes, &[]).unwrap(), "item 1 names n2, which is not in the case");
        assert!(
            item(at(1), Target::Subject, Fault::Crash).refusal(&nodes, &[]).is_some(),
            "timed, so without a subject"
        );
        let mut crash = item(at(1), Target::Node(nodes[0]), Fault::Crash);
        assert!(crash.refusal(&nodes, &[]).is_none());
        crash.outlasts_heal = true;
        assert_eq!(crash.refusal(&nodes, &[]).unwrap(), "item 1: only a partition without an end outlasts the heal");
    }
}
