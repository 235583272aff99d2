//! The adapter: hands the core its inputs, carries out its effects, and states as facts what they make true.
//!
//! It concludes nothing by itself. What others may rely on is stated when it may leave: with the message that says it, so
//! that a core which lets it leave too early is seen to.

use std::collections::BTreeMap;
use std::mem;
use std::time::Duration;

use oracle::consensus::{Entry, LogFact};
use raft::{
    Body, Config, Effect, Effects, Input, Outcome, Persist, ProposalId, Raft, Record, Recovered, Role, WriteId,
};
use sim::{DiskError, Io, NodeId, Process, Refusal, Request, Time, content_hash};

use super::journal::{Found, Journal};
use super::{Answer, Command, Log, Message, Packet};

/// A node: the core and its journal.
#[derive(Clone)]
pub struct Node {
    raft: Raft,
    journal: Journal,
    stated: Stated,
    /// Proposals that have a place in the log, by index.
    waiting: BTreeMap<u64, Waiting>,
    buffers: Buffers,
}

/// What was stated of the core so far, to tell what is new.
#[derive(Clone, Debug)]
struct Stated {
    /// The term that it is in.
    entered: u64,
    /// Its last vote, and the term of it.
    cast: Option<(u64, raft::NodeId)>,
    /// The latest term in a message that left, or waits for its write to leave.
    shown: u64,
    /// The term that it leads.
    leads: Option<u64>,
    /// What it takes for committed.
    committed: u64,
    /// What it knows of each follower, in the core's order, while it leads.
    followers: Vec<Followed>,
    /// What it knows of its candidacy, while nothing has come of that.
    candidacy: Candidacy,
    /// Where the log ended that this life began with, if a life before had made its last entry as a leader; nothing once the log
    /// has changed.
    own_end: Option<u64>,
}

/// Whether a node stands for election, and against whom.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Candidacy {
    No,
    /// It has heard of no other candidate of its term.
    Alone,
    /// Another candidate of the same term has asked for this one's vote: there are two who cannot both win.
    Contested,
}

/// What was stated of a follower.
#[derive(Clone, Copy, Debug)]
struct Followed {
    matched: u64,
    next: u64,
}

/// A proposal that has a place in the log.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    term: u64,
    client: NodeId,
    ordinal: u32,
}

/// Who proposed what the core is being asked for.
#[derive(Clone, Copy)]
struct Proposer {
    client: NodeId,
    ordinal: u32,
}

/// Used again for each step. A clone of the node has no effects in them: they are empty between steps.
#[derive(Default)]
struct Buffers {
    effects: Effects,
    list: Vec<Effect>,
}

impl Clone for Buffers {
    fn clone(&self) -> Buffers {
        Buffers::default()
    }
}

impl Process for Node {
    type Protocol = Log;

    fn boot(io: &mut Io<'_, Log>) -> Result<Node, Refusal> {
        let (journal, Found { records, tail }) = Journal::open(io)?;
        if tail != wal::Tail::Clean {
            io.reached("torn_tail");
        }
        let mut recovered = Recovered::default();
        for record in records {
            recovered.replay(record).map_err(|error| Refusal(error.to_string()))?;
        }
        recovered.log.iter().for_each(|entry| io.fact(LogFact::Recovered(fact_of(entry))));
        let (term, voted_for) = (recovered.hard_state.term.0, recovered.hard_state.voted_for.map(sim_id));
        io.fact(LogFact::Restarted { term, voted_for });
        let raft = Raft::new(Duration::ZERO, config(io), recovered).map_err(|error| Refusal(described(&error)))?;
        let cast = raft.voted_for().map(|candidate| (term, candidate));
        let last = raft.last_position();
        let own_end = (cast == Some((last.term.0, raft_id(io.id())))).then_some(last.index.0);
        let stated = Stated {
            entered: term,
            cast,
            shown: term,
            leads: None,
            committed: 0,
            followers: Vec::new(),
            candidacy: Candidacy::No,
            own_end,
        };
        Ok(Node { raft, journal, stated, waiting: BTreeMap::new(), buffers: Buffers::default() })
    }

    fn on_message(&mut self, from: NodeId, packet: Packet, io: &mut Io<'_, Log>) {
        let Some(message) = packet.open() else { return io.reached("corrupted_dropped") };
        match message {
            Message::Peer(message) => {
                if self.is_of_rival(&message) {
                    self.stated.candidacy = Candidacy::Contested;
                }
                self.step(Input::Message { from: raft_id(from), message }, None, io);
            }
            Message::Propose { ordinal, command } => self.propose(Proposer { client: from, ordinal }, command, io),
            Message::Answer { .. } => {}
        }
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Log>) {
        self.step(Input::Deadline, None, io);
    }

    fn next_deadline(&self) -> Option<Time> {
        self.raft.next_deadline().map(Time::from_duration)
    }

    fn on_disk(&mut self, request: Request, result: Result<(), DiskError>, io: &mut Io<'_, Log>) {
        if let Err(error) = result {
            // What is on the disk is known again once it has been read.
            return io.stop(format_args!("the journal: {error}"));
        }
        if let Some(write) = self.journal.synced(request, io) {
            self.step(Input::Persisted { write }, None, io);
        }
    }
}

impl Node {
    fn propose(&mut self, proposer: Proposer, command: Command, io: &mut Io<'_, Log>) {
        // Answered within the step, so that one name serves for all.
        self.step(Input::Propose { proposal: ProposalId(0), command }, Some(proposer), io);
    }

    /// Whether another candidate of this one's term asks for its vote.
    fn is_of_rival(&self, message: &raft::Message) -> bool {
        let stands = self.stated.candidacy != Candidacy::No;
        stands && message.term == self.raft.term() && matches!(message.body, Body::VoteRequest { .. })
    }

    fn step(&mut self, input: Input, proposer: Option<Proposer>, io: &mut Io<'_, Log>) {
        let Buffers { mut effects, mut list } = mem::take(&mut self.buffers);
        self.raft.step(io.now().as_duration(), input, &mut effects);
        let (persist, drained) = effects.drain();
        list.extend(drained);
        self.state_term(io);
        self.state_roles(&list, io);
        let written = persist.map(|persist| self.persist(&persist, io));
        self.state_claims(io);
        for effect in list.drain(..) {
            self.carry_out(effect, written, proposer, io);
        }
        self.buffers = Buffers { effects, list };
    }

    fn state_term(&mut self, io: &mut Io<'_, Log>) {
        let term = self.raft.term().0;
        if term != self.stated.entered {
            self.stated.entered = term;
            io.fact(LogFact::Entered { term });
        }
        let cast = self.raft.voted_for().map(|candidate| (term, candidate));
        if let Some((term, candidate)) = cast
            && cast != self.stated.cast
        {
            self.stated.cast = cast;
            io.fact(LogFact::Cast { term, candidate: sim_id(candidate) });
        }
    }

    /// Before the changes to the log: a leader that steps down and then removes entries does so as a follower.
    fn state_roles(&mut self, list: &[Effect], io: &mut Io<'_, Log>) {
        for effect in list {
            let Effect::RoleChanged { role, term, .. } = effect else { continue };
            if let Some(term) = self.stated.leads.take() {
                io.fact(LogFact::Deposed { term });
            }
            if matches!(role, Role::Candidate | Role::PreCandidate) {
                self.state_failed_election(io);
            }
            self.stated.candidacy = if *role == Role::Candidate { Candidacy::Alone } else { Candidacy::No };
            if *role == Role::Leader {
                self.stated.leads = Some(term.0);
                io.fact(LogFact::Elected { term: term.0 });
                // Nothing yet, so that what it begins with is stated of each.
                let unstated = Followed { matched: 0, next: u64::MAX };
                self.stated.followers.clear();
                self.stated.followers.extend(self.raft.followers().map(|_| unstated));
            }
        }
    }

    /// It is about to stand again: of its last term it has heard of no leader and of no later term.
    fn state_failed_election(&self, io: &mut Io<'_, Log>) {
        if self.stated.candidacy != Candidacy::No {
            io.reached("election_failed");
        }
        if self.stated.candidacy == Candidacy::Contested {
            io.reached("election_contested");
        }
    }

    /// What the core concludes. Of a follower not each send, which only raises what is next, but all that could bring
    /// matched and next together.
    fn state_claims(&mut self, io: &mut Io<'_, Log>) {
        if let Some(term) = self.stated.leads {
            for ((id, progress), stated) in self.raft.followers().zip(&mut self.stated.followers) {
                let (matched, next) = (progress.matched().0, progress.next().0);
                if matched != stated.matched || next < stated.next {
                    *stated = Followed { matched, next };
                    io.fact(LogFact::Matched { term, follower: sim_id(id), matched, next });
                }
            }
        }
        let index = self.raft.commit_index().0;
        if index != self.stated.committed {
            self.stated.committed = index;
            io.fact(LogFact::Committed { index });
        }
    }

    /// Writes the records of a step; gives the last request.
    fn persist(&mut self, persist: &Persist<'_>, io: &mut Io<'_, Log>) -> Request {
        let mut last = None;
        for record in persist.records {
            let in_memory = match record {
                Record::HardState(_) => None,
                Record::Truncate { from } => Some(LogFact::Truncated { from: from.0 }),
                Record::Append(entry) => Some(LogFact::Appended(fact_of(entry))),
            };
            if let Some(fact) = in_memory {
                io.fact(fact);
                let own_end = self.stated.own_end.take();
                if matches!(record, Record::Truncate { from } if own_end.is_some_and(|end| from.0 <= end)) {
                    io.reached("crashed_leader_overwritten");
                }
            }
            let request = self.journal.write(record, io);
            let on_disk = match record {
                Record::HardState(_) => None,
                Record::Truncate { from } => Some(LogFact::DurablyTruncated { from: from.0 }),
                Record::Append(entry) => Some(LogFact::Durable(fact_of(entry))),
            };
            if let Some(fact) = on_disk {
                io.when_durable(request, fact);
            }
            last = Some(request);
        }
        let last = last.expect("a write has records");
        self.journal.seal(persist.write, last, io);
        last
    }

    /// Carries out one effect of a step whose own write, if it has one, is through `written`.
    fn carry_out(
        &mut self,
        effect: Effect,
        written: Option<Request>,
        proposer: Option<Proposer>,
        io: &mut Io<'_, Log>,
    ) {
        match effect {
            // A candidate votes for itself: its own count waits for this write, and its requests do.
            Effect::RoleChanged { role: Role::Candidate, term, .. } => {
                state(LogFact::Voted { term: term.0, candidate: io.id() }, written, io);
            }
            Effect::RoleChanged { .. } => {}
            Effect::Send { to, message, after } => self.send(sim_id(to), message, after, io),
            Effect::Apply(entry) => self.apply(&entry, io),
            Effect::Reply { outcome, .. } => {
                let proposer = proposer.expect("a reply comes in the step of its proposal");
                self.place(outcome, proposer, io);
            }
            Effect::Ignored { from, reason } => io.note(format_args!("ignored a message of {from}: {reason}")),
        }
    }

    fn send(&mut self, to: NodeId, message: raft::Message, after: Option<WriteId>, io: &mut Io<'_, Log>) {
        let wait = after.and_then(|write| self.journal.request(write));
        let term = message.term.0;
        if term > self.stated.shown {
            self.stated.shown = term;
            state(LogFact::Shown { term }, wait, io);
        }
        if message.body == (Body::VoteReply { granted: true }) {
            state(LogFact::Voted { term, candidate: to }, wait, io);
        }
        let message = Packet::from(Message::Peer(message));
        match wait {
            Some(request) => io.send_after(request, to, message),
            None => io.send(to, message),
        }
    }

    fn apply(&mut self, entry: &raft::Entry, io: &mut Io<'_, Log>) {
        io.fact(LogFact::Applied(fact_of(entry)));
        let index = entry.index.0;
        let Some(Waiting { term, client, ordinal }) = self.waiting.remove(&index) else { return };
        let answer = if entry.term.0 == term {
            Answer::Applied(index)
        } else {
            io.reached("superseded");
            Answer::Superseded
        };
        io.send(client, Message::Answer { ordinal, answer }.into());
    }

    /// A proposal was given a place in the log, or none.
    fn place(&mut self, outcome: Outcome, Proposer { client, ordinal }: Proposer, io: &mut Io<'_, Log>) {
        match outcome {
            Outcome::Appended { index, term } => {
                self.waiting.insert(index.0, Waiting { term: term.0, client, ordinal });
            }
            Outcome::NotLeader { leader } => {
                let answer = Answer::NotLeader { leader: leader.map(sim_id) };
                io.send(client, Message::Answer { ordinal, answer }.into());
            }
        }
    }
}

/// States what becomes true when a request is durable, or is true already.
fn state(fact: LogFact, when: Option<Request>, io: &mut Io<'_, Log>) {
    match when {
        Some(request) => io.when_durable(request, fact),
        None => io.fact(fact),
    }
}

fn config(io: &Io<'_, Log>) -> Config {
    let shortest = io.knob_ms("election_timeout_ms");
    let heartbeats = u32::try_from(io.knob("heartbeats_per_timeout")).expect("the knob is at most 10");
    Config {
        id: raft_id(io.id()),
        voters: io.nodes().iter().copied().map(raft_id).collect(),
        election_timeout_min: shortest,
        election_timeout_max: shortest + io.knob_ms("election_spread_ms"),
        heartbeat_interval: shortest / heartbeats,
        max_entries_per_append: io.knob("max_entries_per_append") as usize,
        max_entries_in_flight: io.knob("max_entries_in_flight") as usize,
        pre_vote: io.knob("pre_vote") > 0,
        check_quorum: io.knob("check_quorum") > 0,
        seed: io.seed(),
    }
}

fn fact_of(entry: &raft::Entry) -> Entry {
    Entry { index: entry.index.0, term: entry.term.0, payload: content_hash(&entry.payload) }
}

fn raft_id(id: NodeId) -> raft::NodeId {
    raft::NodeId(u64::from(id.number()))
}

fn sim_id(id: raft::NodeId) -> NodeId {
    NodeId::node(u16::try_from(id.0).expect("the cluster's own names"))
}

/// The error with its cause.
fn described(error: &raft::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
