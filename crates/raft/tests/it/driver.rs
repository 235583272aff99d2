//! One node driven by hand.

use std::time::Duration;

use raft::{
    Body, Config, Effect, Effects, Entry, HardState, Index, Input, Message, NodeId, Outcome, Payload, Persist,
    Position, ProposalId, Raft, Record, Recovered, Term, WriteId,
};

pub fn config(id: u64, voter_count: u64) -> Config {
    Config {
        id: NodeId(id),
        voters: (1..=voter_count).map(NodeId).collect(),
        election_timeout_min: Duration::from_millis(150),
        election_timeout_max: Duration::from_millis(300),
        heartbeat_interval: Duration::from_millis(50),
        max_entries_per_append: 4,

        max_entries_in_flight: 256,

        pre_vote: false,

        check_quorum: false,
        seed: 42,
    }
}

pub fn position(term: u64, index: u64) -> Position {
    Position { term: Term(term), index: Index(index) }
}

pub fn entry(term: u64, index: u64) -> Entry {
    let command = format!("{term}/{index}").into_bytes().into();
    Entry { term: Term(term), index: Index(index), payload: Payload::Command(command) }
}

/// What a disk holds: a term, nobody voted for, and a log with these terms from index 1.
pub fn recovered(term: u64, log_terms: &[u64]) -> Recovered {
    let log = (1..).zip(log_terms).map(|(index, term)| entry(*term, index)).collect();
    Recovered { hard_state: HardState { term: Term(term), voted_for: None }, log }
}

/// An append of the entries with these terms after `previous`.
pub fn append(previous: Position, terms: &[u64], commit: u64) -> Body {
    let entries = (previous.index.0 + 1..).zip(terms).map(|(index, term)| entry(*term, index));
    Body::Append { previous, entries: entries.collect(), commit: Index(commit) }
}

pub fn accepted(matched: u64) -> Body {
    Body::AppendAccepted { matched: Index(matched) }
}

pub struct Driver {
    pub raft: Raft,
    pub now: Duration,
    effects: Effects,
}

/// What one step asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Output {
    pub write: Option<WriteId>,
    pub records: Vec<Record>,
    pub effects: Vec<Effect>,
}

impl Driver {
    pub fn new(config: Config, recovered: Recovered) -> Self {
        let raft = Raft::new(Duration::ZERO, config, recovered).expect("a sound node");
        Self { raft, now: Duration::ZERO, effects: Effects::new() }
    }

    /// A leader, elected in the term after the recovered one by its first peers, with its no-op as
    /// yet only in memory.
    pub fn leader(voter_count: u64, recovered: Recovered) -> (Self, Output) {
        let mut driver = Self::new(config(1, voter_count), recovered);
        let campaign = driver.fire();
        let term = driver.raft.term().0;
        let mut elected = driver.persisted(&campaign);
        for peer in 2..=voter_count / 2 + 1 {
            elected = driver.receive(peer, term, Body::VoteReply { granted: true });
        }
        assert_eq!(driver.raft.leader(), Some(NodeId(1)));
        (driver, elected)
    }

    pub fn input(&mut self, input: Input) -> Output {
        self.raft.step(self.now, input, &mut self.effects);
        let (persist, effects) = self.effects.drain();
        let mut output = Output { effects: effects.collect(), ..Output::default() };
        if let Some(Persist { write, records }) = persist {
            output.write = Some(write);
            output.records = records.to_vec();
            assert!(!output.records.is_empty(), "a write without records");
        }
        output
    }

    pub fn receive(&mut self, from: u64, term: u64, body: Body) -> Output {
        let message = Message { term: Term(term), body };
        self.input(Input::Message { from: NodeId(from), message })
    }

    pub fn propose(&mut self, proposal: u64) -> Output {
        let command = proposal.to_le_bytes().into();
        self.input(Input::Propose { proposal: ProposalId(proposal), command })
    }

    /// Lets time pass to the deadline.
    pub fn fire(&mut self) -> Output {
        self.now = self.raft.next_deadline().expect("every role has a deadline");
        self.input(Input::Deadline)
    }

    /// Reports the write of an earlier step durable.
    pub fn persisted(&mut self, output: &Output) -> Output {
        self.input(Input::Persisted { write: output.write.expect("that step wrote") })
    }
}

impl Output {
    pub fn sends(&self) -> impl Iterator<Item = (u64, &Message, Option<WriteId>)> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Send { to, message, after } => Some((to.0, message, *after)),
            _ => None,
        })
    }

    /// The only message of this step: its body, and the write it waits for.
    pub fn reply(&self) -> (&Body, Option<WriteId>) {
        let sends: Vec<_> = self.sends().collect();
        assert_eq!(sends.len(), 1, "{self:#?}");
        (&sends[0].1.body, sends[0].2)
    }

    /// What went to one node, as (index before, entries).
    pub fn appends_to(&self, node: u64) -> Vec<(u64, Vec<u64>)> {
        let to_node = self.sends().filter(|(to, ..)| *to == node);
        let append = |message: &Message| match &message.body {
            Body::Append { previous, entries, .. } => {
                Some((previous.index.0, entries.iter().map(|entry| entry.index.0).collect()))
            }
            _ => None,
        };
        to_node.filter_map(|(_, message, _)| append(message)).collect()
    }

    pub fn applied(&self) -> Vec<u64> {
        let applied = |effect: &Effect| match effect {
            Effect::Apply(entry) => Some(entry.index.0),
            _ => None,
        };
        self.effects.iter().filter_map(applied).collect()
    }

    pub fn outcome(&self) -> Outcome {
        let outcome = |effect: &Effect| match effect {
            Effect::Reply { outcome, .. } => Some(*outcome),
            _ => None,
        };
        self.effects.iter().find_map(outcome).expect("a proposal is answered at once")
    }

    pub fn ignored(&self) -> Option<raft::Ignored> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Ignored { reason, .. } => Some(*reason),
            _ => None,
        })
    }
}
