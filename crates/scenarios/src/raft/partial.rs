//! `raft/partial`: nodes of which some never hear each other again, and clients that hear them all.
//!
//! Some time in the safety phase links are cut for good, so that a [`Topology`] is left in which at least one node hears a
//! majority; other faults strike as in `raft`, and end at the heal. From there on progress is demanded of what is left:
//! PreVote with CheckQuorum promises it wherever a node could be elected ([`Electable`]), and both are on here. What comes of
//! the same topologies without them is measured in `docs/partial-connectivity.md`.

use oracle::consensus::{self, ConsensusChecks, Entry, Liveness, LogFact};
use sim::{
    Case, Damage, Fault, FaultKind, HealthCheck, Item, Knob, NodeId, Observed, Permission, Plan, Recoverable, Spec,
    StaticMajority, Strike, Survival, System, Target, Time, What, When, mix, sample,
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

    /// Whether two nodes hear each other, by their places among so many; where chance says, it says so by `draw`.
    fn connects(self, one: usize, other: usize, nodes: usize, draw: u64) -> bool {
        let (low, high) = (one.min(other), one.max(other));
        let core = majority(nodes);
        match self {
            Topology::QuorumLoss => low == 0,
            Topology::Chain => high - low == 1,
            Topology::Interrupters => high < core || high - core == low,
            Topology::Loyalty => high < core || (low, high) == (0, core),
            Topology::Any => (low == 0 && high < core) || mix(draw, (low * nodes + high) as u64).is_multiple_of(2),
        }
    }

    /// The items that leave it behind, of nodes in this order, from a time on; where chance says which links go, by `draw`.
    pub fn items(self, order: &[NodeId], draw: u64, at_ns: Time) -> Vec<Item> {
        let mut items = Vec::new();
        for (place, one) in order.iter().enumerate() {
            let is_cut = |(other, _): &(usize, &NodeId)| !self.connects(place, *other, order.len(), draw);
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
        let [which, when, order, links] = [0, 1, 2, 3].map(|purpose| mix(mix(case.seed.0, TOPOLOGY), purpose));
        let topology = Topology::ALL[sample::below(which, Topology::ALL.len() as u64) as usize];
        let at_ns = Time::from_nanos(sample::below(when, case.plan.heal.at_ns.as_nanos()));
        let mut nodes = case.nodes.clone();
        nodes.sort_by_key(|id| mix(order, id.number().into()));
        case.plan.items.extend(topology.items(&nodes, links, at_ns));
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

/// Progress is possible where somebody can be elected: a node whose log is no shorter than those of a majority, itself included,
/// with whom it exchanges messages. Logs are compared as voters do it (Raft §5.4.1), in memory: a node that never gets to disk
/// what it has would otherwise be excused by the very logs that its followers have got to theirs.
///
/// What may strike is what [`StaticMajority`] allows, and all nodes are healed.
#[derive(Clone, Debug)]
pub struct Electable {
    voters: Vec<Voter>,
}

#[derive(Clone, Debug)]
struct Voter {
    id: NodeId,
    /// The terms of the entries of its log.
    terms: Vec<u64>,
}

impl Electable {
    fn new(case: &Case) -> Electable {
        Electable { voters: case.nodes.iter().map(|id| Voter { id: *id, terms: Vec::new() }).collect() }
    }

    /// Whether this one could be elected, by the links and the logs as they are.
    fn is_electable(&self, candidate: &Voter, damage: &Damage) -> bool {
        let is_cut = |from: NodeId, to: NodeId| damage.cut_for_good.contains(&(from, to));
        let answers = |voter: &Voter| !is_cut(candidate.id, voter.id) && !is_cut(voter.id, candidate.id);
        let votes = |voter: &&Voter| answers(voter) && voter.last() <= candidate.last();
        self.voters.iter().filter(votes).count() >= majority(self.voters.len())
    }
}

impl Voter {
    /// The term and index of its last entry, in the order in which logs are compared.
    fn last(&self) -> (u64, usize) {
        (self.terms.last().copied().unwrap_or_default(), self.terms.len())
    }

    /// The log ends with this entry.
    fn end_with(&mut self, Entry { index, term, .. }: Entry) {
        self.terms.resize((index as usize).saturating_sub(1), 0);
        self.terms.push(term);
    }
}

impl Survival<Log> for Electable {
    fn observe(&mut self, observed: &Observed<'_, Log>) {
        let Some(voter) = self.voters.iter_mut().find(|voter| voter.id == observed.node) else { return };
        match observed.what {
            // What it goes on with it states anew.
            What::Booted => voter.terms.clear(),
            What::Fact(LogFact::Recovered(entry) | LogFact::Appended(entry)) => voter.end_with(*entry),
            What::Fact(LogFact::Truncated { from }) => voter.terms.truncate((*from as usize).saturating_sub(1)),
            _ => {}
        }
    }

    fn allows(&self, damage: &Damage, strike: &Strike<'_>) -> Permission {
        Survival::<Log>::allows(&StaticMajority, damage, strike)
    }

    fn core(&self, _: &Damage, _: u64) -> Vec<NodeId> {
        self.voters.iter().map(|voter| voter.id).collect()
    }

    fn recoverable(&self, damage: &Damage) -> Recoverable {
        match self.voters.iter().any(|voter| self.is_electable(voter, damage)) {
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
    use super::*;

    /// Nodes with these logs, as terms, of which the links that are cut are those that `cut` says of two different nodes.
    struct State {
        electable: Electable,
        damage: Damage,
    }

    impl State {
        fn new(logs: &[&[u64]], cut: fn(u16, u16) -> bool) -> State {
            let ids: Vec<NodeId> = (1..).map(NodeId::node).take(logs.len()).collect();
            let pairs = ids.iter().flat_map(|from| ids.iter().map(move |to| (*from, *to)));
            let cut_for_good = pairs.filter(|(from, to)| from != to && cut(from.number(), to.number())).collect();
            let voters = ids.iter().map(|id| Voter { id: *id, terms: Vec::new() }).collect();
            let damage = Damage { nodes: Vec::new(), cut_for_good };
            let mut state = State { electable: Electable { voters }, damage };
            for (id, log) in ids.iter().zip(logs) {
                (1..).zip(*log).for_each(|(index, term)| state.fact(*id, LogFact::Appended(entry(index, *term))));
            }
            state
        }

        fn fact(&mut self, node: NodeId, fact: LogFact) {
            self.observe(node, What::Fact(&fact));
        }

        fn observe(&mut self, node: NodeId, what: What<'_, Log>) {
            self.electable.observe(&Observed { time: Time::ZERO, event: 0, node, incarnation: 1, what });
        }

        fn is_recoverable(&self) -> bool {
            self.electable.recoverable(&self.damage) == Recoverable::Yes
        }
    }

    fn entry(index: u64, term: u64) -> Entry {
        Entry { index, term, payload: 0 }
    }

    /// Each of the others hears n1 alone.
    fn around_n1(from: u16, to: u16) -> bool {
        from.min(to) > 1
    }

    #[test]
    fn of_three_in_a_row_two_neighbours_are_a_majority_and_one_of_them_has_the_longer_log() {
        assert!(State::new(&[&[1], &[1, 1], &[1, 1]], around_n1).is_recoverable());
        assert!(State::new(&[&[1, 1], &[1], &[]], around_n1).is_recoverable());
    }

    #[test]
    fn one_whom_all_hear_and_whose_log_is_behind_cannot_be_elected_nor_can_those_whom_nobody_hears() {
        let around = |hub: &[u64], others: &[u64]| {
            State::new(&[hub, others, others, others, others], around_n1).is_recoverable()
        };
        assert!(around(&[1, 1], &[1, 1]));
        assert!(!around(&[1], &[1, 1]));
        // A later term is worth more than a longer log.
        assert!(around(&[2], &[1, 1]));
        assert!(!around(&[1, 1], &[2]));
    }

    #[test]
    fn who_is_heard_and_does_not_hear_has_no_vote() {
        let logs: [&[u64]; 3] = [&[1], &[1], &[1]];
        assert!(!State::new(&logs, |from, to| from > to).is_recoverable());
        assert!(State::new(&logs, |from, to| (from, to) == (3, 2)).is_recoverable());
        assert!(!State::new(&logs, |_, _| true).is_recoverable());
    }

    #[test]
    fn a_log_is_what_the_present_life_found_and_made_of_it() {
        let n1 = NodeId::node(1);
        let mut state = State::new(&[&[1], &[1, 1], &[1, 1], &[1, 1], &[1, 1]], around_n1);
        // More than it had been told is durable.
        state.observe(n1, What::Booted);
        state.fact(n1, LogFact::Recovered(entry(1, 1)));
        state.fact(n1, LogFact::Recovered(entry(2, 1)));
        assert!(state.is_recoverable());
        state.fact(n1, LogFact::Truncated { from: 2 });
        assert!(!state.is_recoverable());
        state.fact(n1, LogFact::Appended(entry(2, 2)));
        assert!(state.is_recoverable());
        state.observe(n1, What::Booted);
        assert!(!state.is_recoverable(), "it found nothing");
    }
}
