//! `canary`: an election that is wrong on purpose. Whatever finds faults must find this one, or it finds nothing.
//!
//! Nodes hold an office in turn: when the last term has lasted long enough, a node asks the others for their votes in the
//! next one, and with a majority it is elected. A node has one vote a term, and writes it to disk, so that it knows of it
//! after a crash. The mistake is that it answers at once:
//!
//! ```text
//! io.write(self.disk, 0, &vote);
//! io.send(candidate, grant);                  // here: the vote counts, and it is in the page cache alone
//!
//! io.write(self.disk, 0, &vote);
//! let synced = io.sync(self.disk);
//! io.send_after(synced, candidate, grant);    // right: it counts when it is durable
//! ```
//!
//! A voter that crashes may have forgotten whom it voted for. If another candidate of the same term asks it then, two are
//! elected. Without a crash there is nothing to see.
//!
//! It is also the smallest example of a system under test: vocabulary, process, checker, system.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use sim::{
    Case, Checker, Fact, FaultKind, Faults, File, Flaw, Idle, Io, Judgement, Knob, NodeId, Observed, Payload, Process,
    Property, Protocol, ReachGoal, Refusal, Spec, StaticMajority, System, Time, Timers, Witness,
};

/// The vocabulary of the election.
pub struct Election;

impl Protocol for Election {
    type Message = Message;
    type Fact = Observation;
    type Operation = ();
    type Reply = ();
}

/// What nodes say to each other, each with the term that it is about.
#[derive(Clone, Hash)]
pub enum Message {
    /// A candidate asks for a vote.
    Ask(u64),
    /// A voter gives its vote.
    Grant(u64),
}

impl Payload for Message {}

/// As it reads in a trace.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Ask(term) => write!(f, "asks for a vote, term {term}"),
            Message::Grant(term) => write!(f, "vote granted, term {term}"),
        }
    }
}

/// What a node states about itself, each with the term that it is about.
#[derive(Clone, Hash)]
pub enum Observation {
    /// It gave its vote to this candidate.
    Voted(u64, NodeId),
    /// It has a majority of the votes.
    Elected(u64),
}

impl Fact for Observation {
    fn label(&self) -> &'static str {
        match self {
            Observation::Voted(..) => "voted",
            Observation::Elected(_) => "elected",
        }
    }

    fn subject(&self) -> u64 {
        let (Observation::Voted(term, _) | Observation::Elected(term)) = self;
        *term
    }
}

/// As it reads in a trace.
impl fmt::Debug for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Observation::Voted(term, candidate) => write!(f, "voted for {candidate} in term {term}"),
            Observation::Elected(term) => write!(f, "elected in term {term}"),
        }
    }
}

/// One voter, and in its turn candidate.
#[derive(Clone)]
pub struct Voter {
    disk: File,
    term: u64,
    voted_for: Option<NodeId>,
    /// Who voted for this node in this term, itself included; empty where it is no candidate.
    votes: Vec<NodeId>,
    timers: Timers<Timer>,
}

/// What a node waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Timer {
    /// The next office.
    Office,
    /// A candidate's votes.
    Retry,
}

impl Process for Voter {
    type Protocol = Election;

    fn boot(io: &mut Io<'_, Election>) -> Result<Voter, Refusal> {
        let (term, voted_for) = decode(io.surviving("vote"))?;
        let disk = io.open("vote");
        io.sync_directory();
        let mut voter = Voter { disk, term, voted_for, votes: Vec::new(), timers: Timers::default() };
        voter.await_office(io);
        Ok(voter)
    }

    fn on_message(&mut self, from: NodeId, message: Message, io: &mut Io<'_, Election>) {
        match message {
            Message::Ask(term) => {
                if term > self.term {
                    self.enter(term, io);
                }
                if term == self.term && self.voted_for.is_none_or(|candidate| candidate == from) {
                    self.vote(from, io);
                    // The mistake: the vote was written, but nothing says that it is durable.
                    io.send(from, Message::Grant(term));
                }
            }
            Message::Grant(term) if term == self.term && !self.votes.is_empty() => self.count(from, io),
            Message::Grant(_) => {}
        }
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Election>) {
        while let Some(timer) = self.timers.pop_due(io.now()) {
            if timer == Timer::Office {
                self.enter(self.term + 1, io);
                self.votes.push(io.id());
                self.vote(io.id(), io);
            }
            self.ask(io);
        }
    }

    fn next_deadline(&self) -> Option<Time> {
        self.timers.next_deadline()
    }
}

impl Voter {
    fn count(&mut self, from: NodeId, io: &mut Io<'_, Election>) {
        if self.votes.contains(&from) {
            return;
        }
        self.votes.push(from);
        if self.votes.len() == io.nodes().len() / 2 + 1 {
            self.timers.cancel(&Timer::Retry);
            io.fact(Observation::Elected(self.term));
        }
    }

    /// Asks everybody who has not voted for this node, now and again: a message may be lost.
    fn ask(&mut self, io: &mut Io<'_, Election>) {
        for index in 0..io.nodes().len() {
            let peer = io.nodes()[index];
            if !self.votes.contains(&peer) {
                io.send(peer, Message::Ask(self.term));
            }
        }
        self.timers.set(Timer::Retry, io.now() + io.knob_ms("retry_ms"));
    }

    fn enter(&mut self, term: u64, io: &mut Io<'_, Election>) {
        self.term = term;
        self.voted_for = None;
        self.votes.clear();
        self.timers.cancel(&Timer::Retry);
        self.await_office(io);
    }

    fn vote(&mut self, candidate: NodeId, io: &mut Io<'_, Election>) {
        self.voted_for = Some(candidate);
        io.write(self.disk, 0, &encode(self.term, candidate));
        io.fact(Observation::Voted(self.term, candidate));
    }

    /// Not at the same time everywhere, so that mostly one node is the first.
    fn await_office(&mut self, io: &mut Io<'_, Election>) {
        let spread_us = sim::sample::below(io.draw("spread"), 1_000 * io.knob("spread_ms"));
        self.timers.set(Timer::Office, io.now() + io.knob_ms("office_ms") + Duration::from_micros(spread_us));
    }
}

/// The vote as it stands on disk: the term and the candidate's number.
fn encode(term: u64, candidate: NodeId) -> [u8; 16] {
    (u128::from(term) << 64 | u128::from(candidate.number())).to_le_bytes()
}

fn decode(bytes: &[u8]) -> Result<(u64, Option<NodeId>), Refusal> {
    if bytes.is_empty() {
        return Ok((0, None));
    }
    let vote = bytes.try_into().map(u128::from_le_bytes);
    let vote = vote.map_err(|_| Refusal(format!("a vote is 16 bytes on disk, not {}", bytes.len())))?;
    Ok(((vote >> 64) as u64, Some(NodeId::node(vote as u16))))
}

/// At most one node is elected in a term.
#[derive(Clone, Default)]
pub struct ElectionSafety {
    terms: BTreeMap<u64, Term>,
}

/// What was seen of one term.
#[derive(Clone, Default)]
struct Term {
    elected: Option<Witness>,
    votes: Vec<(Witness, NodeId)>,
}

impl Checker<Election> for ElectionSafety {
    fn observe(&mut self, observed: &Observed<'_, Election>) -> Judgement {
        let Some(fact) = observed.fact() else { return Judgement::Irrelevant };
        let witness = observed.witness(fact.subject());
        let term = self.terms.entry(fact.subject()).or_default();
        match fact {
            Observation::Voted(_, candidate) => {
                term.votes.push((witness, *candidate));
                Judgement::Irrelevant
            }
            Observation::Elected(_) => {
                let first = *term.elected.get_or_insert(witness);
                Judgement::holds_if(first.node == witness.node, || term.flaw(first, witness))
            }
        }
    }
}

impl Term {
    fn flaw(&self, first: Witness, second: Witness) -> Flaw {
        let mut explanation = format!("{} and {} both lead term {}", first.node, second.node, first.subject);
        let mut witnesses = vec![first, second];
        let pairs = self.votes.iter().enumerate().flat_map(|(i, one)| self.votes[..i].iter().map(move |o| (o, one)));
        let mut given_twice = pairs.filter(|((once, one), (again, other))| once.node == again.node && one != other);
        if let Some(((once, one), (again, other))) = given_twice.next() {
            let (at, later) = (once.time, again.time);
            explanation += &format!(": {} voted for {one} at {at} and for {other} at {later}", once.node);
            witnesses.extend([*once, *again]);
        }
        Flaw { explanation, witnesses }
    }
}

/// The system under test.
pub struct Canary;

/// What strikes it. Whoever adds a kind of fault to the engine does not add it here: what is known of the canary, how soon
/// it is found and to what it is shrunk, is compared from commit to commit. (And a sector torn within would be another vote, or
/// none, as a vote is written in its place without a checksum.)
const FAULTS: [FaultKind; 13] = [
    FaultKind::Loss,
    FaultKind::Delay,
    FaultKind::Duplication,
    FaultKind::Reordering,
    FaultKind::Partition,
    FaultKind::Crash,
    FaultKind::UnsyncedLoss,
    FaultKind::Pause,
    FaultKind::OneWayPartition,
    FaultKind::PartialPartition,
    FaultKind::ClockRate,
    FaultKind::WallJump,
    FaultKind::SessionReset,
];

impl System for Canary {
    type Protocol = Election;
    type Node = Voter;
    type Client = Idle<Election>;
    type Checks = Property<ElectionSafety>;
    type Survival = StaticMajority;

    fn spec(&self) -> Spec {
        Spec {
            about: "an election whose voters answer before their vote is durable".into(),
            clients: 0..=0,
            knobs: vec![
                Knob::octaves("office_ms", 50..=500),
                Knob::octaves("spread_ms", 2..=50),
                Knob::octaves("retry_ms", 10..=50),
            ],
            faults: FAULTS.into_iter().fold(Faults::none(), Faults::with),
            triggers: vec!["voted", "elected"],
            goals: ReachGoal::each(["elected"]),
            must_fail: Some("canary::election_safety".into()),
            ..Spec::new("canary")
        }
    }

    fn checks(&self, _: &Case) -> Property<ElectionSafety> {
        Property::new("election_safety", ElectionSafety::default())
    }

    fn survival(&self, _: &Case) -> StaticMajority {
        StaticMajority
    }
}

#[cfg(test)]
mod tests {
    use sim::{End, Expansion, FaultKind, Hex, Outcome, RunOptions, Scenario, mix};

    use super::*;

    fn run(seed: u64, expansion: &Expansion) -> Outcome {
        let case = Canary.expand(Hex(seed), expansion);
        Canary.run(&case, &mut RunOptions::default()).expect("an expanded case fits its scenario")
    }

    #[test]
    fn every_base_finds_two_leaders_of_one_term_within_200_seeds() {
        for base in 1..=20 {
            let mut runs = (0..200).map(|index| run(mix(base, index), &Expansion::default()));
            let violation = runs.find_map(|outcome| outcome.violation().cloned());
            let violation = violation.unwrap_or_else(|| panic!("base {base} found nothing"));
            assert_eq!(Some(violation.signature), System::spec(&Canary).must_fail);
            assert!(violation.explanation.contains(" voted for "), "{}", violation.explanation);
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_crashes() {
        let calm = Expansion { without: vec![FaultKind::Crash] };
        for index in 0..1_000 {
            let outcome = run(mix(7, index), &calm);
            assert_eq!(outcome.end, End::Passed, "seed {index}");
        }
    }

    #[test]
    fn a_vote_reads_back_and_half_a_vote_is_refused() {
        let vote = encode(7, NodeId::node(3));
        assert_eq!(decode(&vote), Ok((7, Some(NodeId::node(3)))));
        assert_eq!(decode(&[]), Ok((0, None)));
        assert!(decode(&vote[..8]).is_err());
    }
}
