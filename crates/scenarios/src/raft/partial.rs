//! `raft/partial`: nodes of which some never hear each other again, and clients that hear them all.
//!
//! Some time in the safety phase links are cut for good, so that a [`Topology`] is left in which at least one node hears a
//! majority; other faults strike as in `raft`, and end at the heal. From there on progress is demanded of what is left:
//! PreVote with CheckQuorum promises it wherever a node could be elected ([`Electable`]), and both are on here. What comes of
//! the same topologies without them is measured in `docs/partial-connectivity.md`.

use std::collections::BTreeSet;

use oracle::consensus::{self, ConsensusChecks, Liveness, LogFact};
use sim::{
    Case, Damage, Fault, FaultKind, HealthCheck, Item, Knob, NodeId, Observed, Permission, Plan, Recoverable, Spec,
    StaticMajority, Strike, Survival, System, Target, Time, When, mix, sample,
};

use super::{Client, Log, Node, PROGRESS_BOUND, Raft};

/// The system under test: [`Raft`], of whose nodes not all hear each other.
pub struct Partial;

/// Which nodes hear each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Topology {
    /// One hears all, and the others hear nobody else. Where another led, it has lost its quorum. With a hub whose log is
    /// behind, it is the constrained election too, which Raft cannot win. (Ng, Haridi, Carbone, *Omni-Paxos*, EuroSys 2023,
    /// as the next.)
    QuorumLoss,
    /// Each hears the one before and the one after.
    Chain,
    /// A majority hear each other, and each of the rest hears one of them, each another one: whoever leads, somebody misses
    /// it and stands for election. (Howard and Abraham, *Raft does not guarantee liveness in the face of network faults*,
    /// 2020, as the next.)
    Interrupters,
    /// A majority hear each other, one of the rest hears one of them, and the others nobody: a leader of the past, say, and
    /// the one that stays loyal to it, without whom there is no quorum.
    Loyalty,
    /// Whatever else, with a majority that one node hears.
    Any,
}

impl Topology {
    /// Every one.
    pub const ALL: [Topology; 5] =
        [Topology::QuorumLoss, Topology::Chain, Topology::Interrupters, Topology::Loyalty, Topology::Any];

    /// Whether two nodes hear each other, by their places among so many in an order that the seed draws.
    fn connects(self, one: usize, other: usize, nodes: usize, seed: u64) -> bool {
        let (low, high) = (one.min(other), one.max(other));
        let core = majority(nodes);
        match self {
            Topology::QuorumLoss => low == 0,
            Topology::Chain => high - low == 1,
            Topology::Interrupters => high < core || high - core == low,
            Topology::Loyalty => high < core || (low, high) == (0, core),
            Topology::Any => (low == 0 && high < core) || mix(seed, (low * nodes + high) as u64).is_multiple_of(2),
        }
    }

    /// The items that leave it behind, of nodes in this order, from a time on.
    pub fn items(self, order: &[NodeId], seed: u64, at_ns: Time) -> Vec<Item> {
        let mut items = Vec::new();
        for (place, one) in order.iter().enumerate() {
            let is_cut = |(other, _): &(usize, &NodeId)| !self.connects(place, *other, order.len(), seed);
            let later = order.iter().enumerate().skip(place + 1);
            let mut other: Vec<NodeId> = later.filter(is_cut).map(|(_, id)| *id).collect();
            other.sort_unstable();
            if !other.is_empty() {
                items.push(Item {
                    id: Plan::ARRANGED_IDS + items.len() as u32,
                    when: When::At { at_ns },
                    target: Target::Between { one: vec![*one], other },
                    fault: Fault::PartialPartition,
                    lasts_ns: None,
                    outlasts_heal: true,
                });
            }
        }
        items
    }
}

impl System for Partial {
    type Protocol = Log;
    type Node = Node;
    type Client = Client;
    type Checks = ConsensusChecks;
    type Survival = Electable;

    fn spec(&self) -> Spec {
        let raft = System::spec(&Raft);
        let is_on = |knob: &Knob| matches!(&knob.name[..], "pre_vote" | "check_quorum");
        Spec {
            name: "raft/partial".into(),
            about: "raft with PreVote and CheckQuorum, of whose nodes some never hear each other again".into(),
            nodes: 3..=5,
            knobs: raft
                .knobs
                .into_iter()
                .map(|knob| if is_on(&knob) { Knob { values: 1..=1, ..knob } } else { knob })
                .collect(),
            // Of these nodes each may be the one that the others need.
            faults: raft.faults.without(FaultKind::BitRot),
            // Where the links that are left and the logs make a constrained election, nobody can help.
            allow: vec![HealthCheck::BeyondHelp],
            ..raft
        }
    }

    fn arrange(&self, case: &mut Case) {
        let seed = mix(case.seed.0, TOPOLOGY);
        let topology = Topology::ALL[sample::below(mix(seed, 0), Topology::ALL.len() as u64) as usize];
        let at_ns = Time::from_nanos(sample::below(mix(seed, 1), case.plan.heal.at_ns.as_nanos()));
        let mut order = case.nodes.clone();
        order.sort_by_key(|id| mix(seed, u64::from(id.number()) + 2));
        case.plan.items.extend(topology.items(&order, seed, at_ns));
    }

    fn checks(&self, case: &Case) -> ConsensusChecks {
        // Who does not hear the leader has nobody to catch up by.
        consensus::checks_demanding(case, PROGRESS_BOUND, Liveness::of_clients(case))
    }

    fn survival(&self, case: &Case) -> Electable {
        Electable::new(case)
    }
}

/// Sets what is drawn here apart from what anybody else draws of the seed.
const TOPOLOGY: u64 = 0x746f_706f_6c6f_6779;

/// Progress is possible where somebody can be elected: a node that hears a majority, itself included, whose logs are no longer
/// than its own, as voters compare them (Raft §5.4.1).
///
/// No node is spared that [`StaticMajority`] does not spare, and all are healed.
#[derive(Clone, Debug)]
pub struct Electable {
    voters: Vec<Voter>,
}

#[derive(Clone, Debug)]
struct Voter {
    id: NodeId,
    /// Whom it never hears again.
    lost: BTreeSet<NodeId>,
    /// The terms of its log on disk.
    terms: Vec<u64>,
}

impl Electable {
    fn new(case: &Case) -> Electable {
        let mut voters: Vec<Voter> =
            case.nodes.iter().map(|id| Voter { id: *id, lost: BTreeSet::new(), terms: Vec::new() }).collect();
        for item in case.plan.items.iter().filter(|item| item.outlasts_heal) {
            let Target::Between { one, other } = &item.target else { continue };
            for voter in &mut voters {
                let lost = if one.contains(&voter.id) {
                    other
                } else if other.contains(&voter.id) {
                    one
                } else {
                    continue;
                };
                voter.lost.extend(lost);
            }
        }
        Electable { voters }
    }

    /// Whether this one could be elected, by the logs as they are.
    fn is_electable(&self, candidate: &Voter) -> bool {
        let votes = |voter: &&Voter| !candidate.lost.contains(&voter.id) && voter.last() <= candidate.last();
        self.voters.iter().filter(votes).count() >= majority(self.voters.len())
    }
}

impl Voter {
    /// The term and index of its last entry, in the order in which logs are compared.
    fn last(&self) -> (u64, usize) {
        (self.terms.last().copied().unwrap_or_default(), self.terms.len())
    }
}

impl Survival<Log> for Electable {
    fn observe(&mut self, observed: &Observed<'_, Log>) {
        let Some(fact) = observed.fact() else { return };
        let Some(voter) = self.voters.iter_mut().find(|voter| voter.id == observed.node) else { return };
        match fact {
            LogFact::Durable(entry) => voter.terms.push(entry.term),
            LogFact::DurablyTruncated { from } => voter.terms.truncate(*from as usize - 1),
            _ => {}
        }
    }

    fn allows(&self, damage: &Damage, strike: &Strike<'_>) -> Permission {
        Survival::<Log>::allows(&StaticMajority, damage, strike)
    }

    fn core(&self, _: &Damage, _: u64) -> Vec<NodeId> {
        self.voters.iter().map(|voter| voter.id).collect()
    }

    fn recoverable(&self, _: &Damage) -> Recoverable {
        match self.voters.iter().any(|voter| self.is_electable(voter)) {
            true => Recoverable::Yes,
            false => Recoverable::No("no node hears a majority whose logs are no longer than its own"),
        }
    }
}

/// The smallest majority of so many nodes.
fn majority(nodes: usize) -> usize {
    nodes / 2 + 1
}

#[cfg(test)]
mod tests {
    use oracle::consensus::Entry;
    use sim::{Expansion, Hex, Scenario};

    use super::*;

    /// Three nodes in a row, n1 in the middle, whose logs on disk have entries of these terms.
    fn in_a_row(logs: [&[u64]; 3]) -> Electable {
        let mut case = Scenario::expand(&Partial, Hex(1), &Expansion { without: FaultKind::ALL.to_vec() });
        case.nodes = [1, 2, 3].map(NodeId::node).to_vec();
        case.plan.items = Topology::QuorumLoss.items(&case.nodes, 0, Time::ZERO);
        let mut electable = Electable::new(&case);
        for (id, terms) in case.nodes.iter().zip(logs) {
            for (index, term) in (1..).zip(terms) {
                state(&mut electable, *id, LogFact::Durable(Entry { index, term: *term, payload: 0 }));
            }
        }
        electable
    }

    fn state(electable: &mut Electable, node: NodeId, fact: LogFact) {
        let what = sim::What::Fact(&fact);
        electable.observe(&Observed { time: Time::ZERO, event: 0, node, incarnation: 1, what });
    }

    /// Of five, each of which hears n1 alone.
    fn around(hub: &[u64], others: &[u64]) -> Electable {
        let mut electable = in_a_row([hub, others, others]);
        let all: Vec<NodeId> = (1..=5).map(NodeId::node).collect();
        let lost = |id: NodeId| all[1..].iter().copied().filter(|other| *other != id).collect();
        electable.voters[1..].iter_mut().for_each(|voter| voter.lost = lost(voter.id));
        let more = all[3..].iter().map(|id| Voter { id: *id, lost: lost(*id), terms: others.to_vec() });
        electable.voters.extend(more);
        electable
    }

    fn recoverable(electable: &Electable) -> bool {
        electable.recoverable(&Damage { nodes: Vec::new() }) == Recoverable::Yes
    }

    #[test]
    fn of_three_in_a_row_two_neighbours_are_a_majority_and_one_of_them_has_the_longer_log() {
        assert!(recoverable(&in_a_row([&[1], &[1, 1], &[1, 1]])));
        assert!(recoverable(&in_a_row([&[1, 1], &[1], &[]])));
    }

    #[test]
    fn one_whom_all_hear_and_whose_log_is_behind_cannot_be_elected_nor_can_those_whom_nobody_hears() {
        assert!(recoverable(&around(&[1, 1], &[1, 1])));
        assert!(!recoverable(&around(&[1], &[1, 1])));
        // A later term is worth more than a longer log.
        assert!(recoverable(&around(&[2], &[1, 1])));
        assert!(!recoverable(&around(&[1, 1], &[2])));
    }

    #[test]
    fn what_a_disk_lost_counts_no_more() {
        let mut electable = around(&[1], &[1, 1]);
        state(&mut electable, NodeId::node(2), LogFact::DurablyTruncated { from: 2 });
        assert!(!recoverable(&electable), "n1 has the votes of two, itself included");
        state(&mut electable, NodeId::node(3), LogFact::DurablyTruncated { from: 2 });
        assert!(recoverable(&electable));
    }
}
