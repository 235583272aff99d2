//! `nondeterministic`: a process that is right in every run, and does not do the same thing twice.
//!
//! It tells its peers how far it is, and goes through them in the order of a standard `HashMap`, which the library
//! seeds anew in each process. No property of a run can see that: the network is free to change the order anyway. What
//! sees it is `twin`, which runs one seed in two processes and compares; there, this scenario must fail.

use std::collections::BTreeMap;
#[expect(
    clippy::disallowed_types,
    reason = "the order that differs between processes is what this scenario is about"
)]
use std::collections::HashMap;
use std::time::Duration;

use sim::{
    Case, Checker, Fact, Flaw, Idle, Io, Judgement, NodeId, Observed, Payload, Process, Property, Protocol, ReachGoal,
    Refusal, Spec, StaticMajority, System, Time,
};

/// The vocabulary: a node says how far it is.
pub struct Rumour;

impl Protocol for Rumour {
    type Message = Round;
    type Fact = Observation;
    type Operation = ();
    type Reply = ();
}

/// The sender has begun this round.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Round(pub u64);

impl Payload for Round {}

/// What a node states about itself.
#[derive(Clone, Debug, Hash)]
pub enum Observation {
    /// It began a round.
    Begun {
        /// Which, counted from 1.
        round: u64,
    },
    /// It heard that a peer has begun a round.
    Heard {
        /// The peer.
        from: NodeId,
        /// Which round.
        round: u64,
    },
}

impl Fact for Observation {
    fn label(&self) -> &'static str {
        match self {
            Observation::Begun { .. } => "begun",
            Observation::Heard { .. } => "heard",
        }
    }

    fn subject(&self) -> u64 {
        match self {
            Observation::Begun { round } | Observation::Heard { round, .. } => *round,
        }
    }
}

/// A node that knows how far each of its peers is.
#[derive(Clone)]
pub struct Gossip {
    round: u64,
    #[expect(
        clippy::disallowed_types,
        reason = "the order that differs between processes is what this scenario is about"
    )]
    peers: HashMap<NodeId, u64>,
    deadline: Time,
}

/// How long a round takes.
const ROUND: Duration = Duration::from_millis(100);

impl Process for Gossip {
    type Protocol = Rumour;

    fn boot(io: &mut Io<'_, Rumour>) -> Result<Gossip, Refusal> {
        let peers = io.nodes().iter().filter(|id| **id != io.id()).map(|id| (*id, 0)).collect();
        Ok(Gossip { round: 0, peers, deadline: io.now() + ROUND })
    }

    fn on_message(&mut self, from: NodeId, Round(round): Round, io: &mut Io<'_, Rumour>) {
        self.peers.entry(from).and_modify(|known| *known = round.max(*known));
        io.fact(Observation::Heard { from, round });
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Rumour>) {
        self.round += 1;
        io.fact(Observation::Begun { round: self.round });
        // The order of the map becomes the order of the messages.
        for peer in self.peers.keys() {
            io.send(*peer, Round(self.round));
        }
        self.deadline = io.now() + ROUND;
    }

    fn next_deadline(&self) -> Option<Time> {
        Some(self.deadline)
    }
}

/// Nobody hears of a round that was not begun.
#[derive(Clone, Default)]
pub struct HeardIsBegun {
    begun: BTreeMap<NodeId, u64>,
}

impl Checker<Rumour> for HeardIsBegun {
    fn observe(&mut self, observed: &Observed<'_, Rumour>) -> Judgement {
        match observed.fact() {
            None => Judgement::Irrelevant,
            Some(Observation::Begun { round }) => {
                let furthest = self.begun.entry(observed.node).or_default();
                *furthest = (*furthest).max(*round);
                Judgement::Irrelevant
            }
            Some(Observation::Heard { from, round }) => {
                let begun = self.begun.get(from).copied().unwrap_or_default();
                Judgement::holds_if(*round <= begun, || Flaw {
                    explanation: format!("{} heard of round {round} of {from}, which began {begun}", observed.node),
                    witnesses: vec![observed.witness(*round)],
                })
            }
        }
    }
}

/// The system under test.
pub struct Nondeterministic;

impl System for Nondeterministic {
    type Protocol = Rumour;
    type Node = Gossip;
    type Client = Idle<Rumour>;
    type Checks = Property<HeardIsBegun>;
    type Survival = StaticMajority;

    fn spec(&self) -> Spec {
        Spec {
            about: "a process that iterates a hash map, so that no two runs of a seed are the same".into(),
            // Of two peers the order is a coin; of three or more it takes few rounds to differ.
            nodes: 4..=5,
            clients: 0..=0,
            triggers: vec!["begun"],
            goals: ReachGoal::each(["heard"]),
            must_fail: Some(sim::DIVERGENCE.into()),
            ..Spec::new("nondeterministic")
        }
    }

    fn checks(&self, _: &Case) -> Property<HeardIsBegun> {
        Property::new("heard_is_begun", HeardIsBegun::default())
    }

    fn survival(&self, _: &Case) -> StaticMajority {
        StaticMajority
    }
}
