//! Several nodes in one place. The test decides what is delivered, what becomes durable, who crashes;
//! after every step the cluster checks what must always hold, against disks and not against claims.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use raft::{
    Body, Config, Effect, Effects, Entry, Index, Input, Message, NodeId, Outcome, Persist, ProposalId, Raft, Record,
    Recovered, Role, Term, WriteId,
};

use crate::driver::config;

pub struct Cluster {
    pub now: Duration,
    pub network: Vec<Envelope>,
    pub counts: Counts,
    nodes: BTreeMap<NodeId, Node>,
    /// From whom to whom nothing that is sent arrives.
    cuts: BTreeSet<(NodeId, NodeId)>,
    ledger: Ledger,
    effects: Effects,
    /// What happened since it was last asked for; `None` where nobody asks, as in long runs.
    events: Option<Vec<Event>>,
}

#[derive(Clone, Debug)]
pub struct Envelope {
    pub from: NodeId,
    pub to: NodeId,
    pub message: Message,
}

/// What a node was told, and what it asked for, in order.
#[derive(Clone, Debug)]
pub enum Event {
    Received { node: NodeId, from: NodeId, message: Message },
    Durable { node: NodeId, write: WriteId },
    Wrote { node: NodeId, write: WriteId, records: Vec<Record> },
    Asked { node: NodeId, effect: Effect },
}

/// What a crash did to the records that were not durable.
#[derive(Debug)]
pub struct Tear {
    pub kept: Vec<Record>,
    pub lost: Vec<Record>,
}

/// What happened, so that a test can demand that it did.
#[derive(Debug, Default)]
pub struct Counts {
    pub elections: u64,
    pub commits: u64,
    pub truncations: u64,
    pub rejections: u64,
    pub torn_writes: u64,
    pub restarts: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Condition {
    Up,
    Down,
}

struct Node {
    /// What it would start as, while it is down.
    raft: Raft,
    condition: Condition,
    disk: Recovered,
    under_way: VecDeque<(WriteId, Vec<Record>)>,
    withheld: Vec<(WriteId, Envelope)>,
    outcome: Option<Outcome>,
}

/// What the whole cluster has ever done.
#[derive(Default)]
struct Ledger {
    leaders: BTreeMap<Term, NodeId>,
    votes: BTreeMap<(NodeId, Term), NodeId>,
    applied: BTreeMap<Index, Entry>,
}

impl Cluster {
    pub fn new(voter_count: u64) -> Self {
        Self::with_entries_per_append(voter_count, 4)
    }

    pub fn with_entries_per_append(voter_count: u64, max_entries_per_append: usize) -> Self {
        Self::configured(voter_count, |config| Config { max_entries_per_append, ..config })
    }

    /// Nodes with PreVote and CheckQuorum, and a small window.
    pub fn steady(voter_count: u64) -> Self {
        let steady = |config| Config { pre_vote: true, check_quorum: true, max_entries_in_flight: 3, ..config };
        Self::configured(voter_count, steady)
    }

    pub fn configured(voter_count: u64, configure: impl Fn(Config) -> Config) -> Self {
        let node = |id| {
            let raft = Raft::new(Duration::ZERO, configure(config(id, voter_count)), Recovered::default());
            let node = Node {
                raft: raft.expect("sound"),
                condition: Condition::Up,
                disk: Recovered::default(),
                under_way: VecDeque::new(),
                withheld: Vec::new(),
                outcome: None,
            };
            (NodeId(id), node)
        };
        Self {
            now: Duration::ZERO,
            network: Vec::new(),
            counts: Counts::default(),
            nodes: (1..=voter_count).map(node).collect(),
            cuts: BTreeSet::new(),
            ledger: Ledger::default(),
            effects: Effects::new(),
            events: None,
        }
    }

    /// Gives a node that has not run yet what its disk holds.
    pub fn recover(&mut self, id: u64, disk: Recovered) {
        let node = self.node_mut(NodeId(id));
        assert_eq!(node.disk, Recovered::default(), "n{id} has run");
        node.disk = disk;
        self.boot(id);
    }

    /// Keeps what happens from now on, and gives what happened since the last time.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.events.replace(Vec::new()).unwrap_or_default()
    }

    pub fn ids(&self) -> Vec<u64> {
        self.nodes.keys().map(|id| id.0).collect()
    }

    pub fn is_up(&self, id: u64) -> bool {
        self.nodes[&NodeId(id)].condition == Condition::Up
    }

    pub fn ids_up(&self) -> Vec<u64> {
        self.ids().into_iter().filter(|id| self.is_up(*id)).collect()
    }

    /// Whether what the one sends now can arrive at the other.
    pub fn is_reachable(&self, from: NodeId, to: NodeId) -> bool {
        !self.cuts.contains(&(from, to)) && self.is_up(to.0)
    }

    /// Messages that wait for a write of their sender.
    pub fn withheld(&self) -> impl Iterator<Item = &(WriteId, Envelope)> {
        self.nodes.values().flat_map(|node| &node.withheld)
    }

    pub fn raft(&self, id: u64) -> &Raft {
        &self.nodes[&NodeId(id)].raft
    }

    pub fn log_terms(&self, id: u64) -> Vec<u64> {
        self.raft(id).entries().iter().map(|entry| entry.term.0).collect()
    }

    pub fn has_writes(&self, id: u64) -> bool {
        !self.nodes[&NodeId(id)].under_way.is_empty()
    }

    /// Lets time pass to a node's deadline (never back), and fires it.
    pub fn fire(&mut self, id: u64) {
        let deadline = self.raft(id).next_deadline().expect("every role has one");
        self.now = self.now.max(deadline);
        self.step(NodeId(id), Input::Deadline);
    }

    pub fn propose(&mut self, id: u64, command: &str) -> Outcome {
        let command = command.as_bytes().into();
        self.step(NodeId(id), Input::Propose { proposal: ProposalId(0), command });
        let node = self.node_mut(NodeId(id));
        node.outcome.take().expect("a proposal is answered at once")
    }

    /// A message arrives, unless its receiver is down.
    pub fn deliver(&mut self, Envelope { from, to, message }: Envelope) {
        if self.is_up(to.0) {
            self.step(to, Input::Message { from, message });
        }
    }

    /// What the two send each other from now on is lost. What is already under way arrives.
    pub fn cut(&mut self, a: u64, b: u64) {
        let (a, b) = (NodeId(a), NodeId(b));
        self.cuts.extend([(a, b), (b, a)]);
    }

    pub fn mend(&mut self) {
        self.cuts.clear();
    }

    /// Brings all disks up to date, and delivers those messages now under way that match, but none that
    /// they cause.
    pub fn deliver_matching(&mut self, is_wanted: impl Fn(&Envelope) -> bool) {
        let ids = self.ids();
        ids.iter().for_each(|id| self.flush(*id));
        let (due, rest) = self.network.drain(..).partition(is_wanted);
        self.network = rest;
        let due: Vec<Envelope> = due;
        due.into_iter().for_each(|envelope| self.deliver(envelope));
        ids.iter().for_each(|id| self.flush(*id));
    }

    /// Makes a node's oldest write durable: what waited for it leaves.
    pub fn flush_one(&mut self, id: u64) {
        let node = self.node_mut(NodeId(id));
        let Some((write, records)) = node.under_way.pop_front() else {
            return;
        };
        for record in records {
            node.disk.replay(record).expect("the core's own records");
        }
        let (due, rest) = node.withheld.drain(..).partition(|(after, _)| *after <= write);
        node.withheld = rest;
        due.into_iter().for_each(|(_, envelope)| self.release(envelope));
        self.step(NodeId(id), Input::Persisted { write });
    }

    pub fn flush(&mut self, id: u64) {
        while self.has_writes(id) {
            self.flush_one(id);
        }
    }

    /// Crashes a node and restarts it at once. Of what was not durable, the first records survive.
    pub fn restart(&mut self, id: u64, records_kept: usize) {
        self.crash(id, records_kept);
        self.start(id);
    }

    /// Of what was not durable, the first records survive; what waited for it is never sent.
    pub fn crash(&mut self, id: u64, records_kept: usize) -> Tear {
        assert!(self.is_up(id), "n{id} is down");
        let node = self.node_mut(NodeId(id));
        let mut kept: Vec<Record> = node.under_way.drain(..).flat_map(|(_, records)| records).collect();
        let lost = kept.split_off(records_kept.min(kept.len()));
        for record in &kept {
            node.disk.replay(record.clone()).expect("any prefix is sound");
        }
        node.withheld.clear();
        node.condition = Condition::Down;
        self.counts.torn_writes += u64::from(!kept.is_empty() && !lost.is_empty());
        self.boot(id);
        Tear { kept, lost }
    }

    pub fn start(&mut self, id: u64) {
        assert!(!self.is_up(id), "n{id} is up");
        self.boot(id);
        self.node_mut(NodeId(id)).condition = Condition::Up;
        self.counts.restarts += 1;
    }

    /// Flushes and delivers among these nodes until nothing is left to do; messages to and from others
    /// are lost.
    pub fn settle(&mut self, ids: &[u64]) {
        let is_among = |id: NodeId| ids.contains(&id.0);
        for _ in 0..10_000 {
            ids.iter().for_each(|id| self.flush(*id));
            self.network.retain(|envelope| is_among(envelope.from) && is_among(envelope.to));
            if self.network.is_empty() {
                return;
            }
            let envelope = self.network.remove(0);
            self.deliver(envelope);
        }
        panic!("messages without end among {ids:?}");
    }

    /// Makes a node campaign and win among these.
    pub fn elect(&mut self, id: u64, among: &[u64]) {
        self.fire(id);
        self.settle(among);
        assert_eq!(self.raft(id).role(), Role::Leader, "n{id} among {among:?}");
    }

    /// The node whose deadline is next.
    pub fn next_to_fire(&self) -> u64 {
        let up = self.nodes.values().filter(|node| node.condition == Condition::Up);
        let next = up.min_by_key(|node| (node.raft.next_deadline(), node.raft.id()));
        next.expect("a node is up").raft.id().0
    }

    pub fn digests(&self) -> Vec<u64> {
        self.nodes.values().map(|node| node.raft.digest(self.now)).collect()
    }

    fn node_mut(&mut self, id: NodeId) -> &mut Node {
        self.nodes.get_mut(&id).expect("a node of this cluster")
    }

    /// A node's instance anew, from its disk.
    fn boot(&mut self, id: u64) {
        let now = self.now;
        let node = self.node_mut(NodeId(id));
        node.raft = Raft::new(now, node.raft.config().clone(), node.disk.clone()).expect("sound");
    }

    fn step(&mut self, id: NodeId, input: Input) {
        assert!(self.is_up(id.0), "{id} is down");
        self.note(|| match &input {
            Input::Message { from, message } => {
                Some(Event::Received { node: id, from: *from, message: message.clone() })
            }
            Input::Persisted { write } => Some(Event::Durable { node: id, write: *write }),
            Input::Deadline | Input::Propose { .. } => None,
        });
        let mut effects = std::mem::take(&mut self.effects);
        let now = self.now;
        let node = self.node_mut(id);
        let commit_before = node.raft.commit_index();
        node.raft.step(now, input, &mut effects);
        let (persist, others) = effects.drain();
        if let Some(Persist { write, records }) = persist {
            self.note(|| Some(Event::Wrote { node: id, write, records: records.to_vec() }));
            let node = self.node_mut(id);
            node.under_way.push_back((write, records.to_vec()));
            let truncations = records.iter().filter(|r| matches!(r, Record::Truncate { .. }));
            self.counts.truncations += truncations.count() as u64;
        }
        others.for_each(|effect| self.carry_out(id, effect));
        self.effects = effects;
        self.check(id, commit_before);
    }

    fn note(&mut self, event: impl FnOnce() -> Option<Event>) {
        if let Some(events) = &mut self.events {
            events.extend(event());
        }
    }

    fn carry_out(&mut self, from: NodeId, effect: Effect) {
        self.note(|| Some(Event::Asked { node: from, effect: effect.clone() }));
        match effect {
            Effect::Send { to, message, after } => {
                let envelope = Envelope { from, to, message };
                match after {
                    Some(write) => self.node_mut(from).withheld.push((write, envelope)),
                    None => self.release(envelope),
                }
            }
            Effect::Apply(entry) => {
                self.counts.commits += 1;
                let first = self.ledger.applied.entry(entry.index).or_insert_with(|| entry.clone());
                assert_eq!(first, &entry, "state machine safety");
            }
            Effect::RoleChanged { role: Role::Leader, term, .. } => {
                self.counts.elections += 1;
                let first = *self.ledger.leaders.entry(term).or_insert(from);
                assert_eq!(first, from, "election safety in term {term}");
                self.check_leader_completeness(from);
            }
            Effect::Reply { outcome, .. } => self.node_mut(from).outcome = Some(outcome),
            Effect::RoleChanged { .. } | Effect::Ignored { .. } => {}
        }
    }

    /// A message leaves: what it says must be on disk.
    fn release(&mut self, envelope: Envelope) {
        let Envelope { from, to, message } = &envelope;
        let disk = &self.nodes[from].disk;
        assert!(disk.hard_state.term >= message.term, "{from} shows a term it may forget");
        match &message.body {
            Body::VoteReply { granted: true } => self.check_vote(*from, message.term, *to),
            Body::VoteRequest { .. } => self.check_vote(*from, message.term, *from),
            Body::AppendAccepted { matched } => {
                assert!(disk.log.len() as u64 >= matched.0, "{from} vouches for what it may forget");
            }
            Body::AppendRejected { .. } => self.counts.rejections += 1,
            Body::PreVoteRequest { .. }
            | Body::PreVoteReply { .. }
            | Body::VoteReply { granted: false }
            | Body::Append { .. } => {}
        }
        if self.is_reachable(*from, *to) {
            self.network.push(envelope);
        }
    }

    fn check_vote(&mut self, voter: NodeId, term: Term, candidate: NodeId) {
        let hard_state = self.nodes[&voter].disk.hard_state;
        let is_durable = hard_state.term > term || hard_state.voted_for == Some(candidate);
        assert!(is_durable, "{voter} shows a vote it may forget");
        let first = *self.ledger.votes.entry((voter, term)).or_insert(candidate);
        assert_eq!(first, candidate, "{voter} votes once in term {term}");
    }

    fn check_leader_completeness(&self, leader: NodeId) {
        let entries = self.nodes[&leader].raft.entries();
        for (offset, entry) in self.ledger.applied.values().enumerate() {
            assert_eq!(entries.get(offset), Some(entry), "leader completeness of {leader}");
        }
    }

    fn check(&self, id: NodeId, commit_before: Index) {
        let raft = &self.nodes[&id].raft;
        let commit = raft.commit_index();
        assert!(commit >= commit_before, "{id} takes back what it committed");
        if raft.role() == Role::Leader && commit > commit_before {
            let entry = &raft.entries()[offset(commit)];
            assert_eq!(entry.term, raft.term(), "a leader commits by counting in its own term");
            let holds = |node: &&Node| node.disk.log.get(offset(commit)) == Some(entry);
            let holder_count = self.nodes.values().filter(holds).count();
            assert!(holder_count * 2 > self.nodes.len(), "{commit} is on {holder_count} disks");
        }
        self.check_log_matching(raft);
    }

    fn check_log_matching(&self, raft: &Raft) {
        for other in self.nodes.values().map(|node| &node.raft) {
            let both = raft.entries().iter().zip(other.entries());
            let agreeing = both.clone().rposition(|(a, b)| a.term == b.term);
            let prefix_len = agreeing.map_or(0, |offset| offset + 1);
            assert!(both.take(prefix_len).all(|(a, b)| a == b), "log matching");
        }
    }
}

fn offset(index: Index) -> usize {
    usize::try_from(index.0 - 1).expect("small")
}
