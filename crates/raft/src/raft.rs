//! The node: its state, its three kinds of method, and who handles what.
//!
//! The handlers live in rooms by subject, as further `impl Raft` blocks: `election`, `append` (a
//! follower's side of replication), `replication` (a leader's side), `persistence`.

use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::digest::Digest;
use crate::durability::Durability;
use crate::effects::{Effect, Effects, Outcome};
use crate::entry::{Entry, Payload};
use crate::error::Error;
use crate::id::{Index, NodeId, Position, ProposalId, Term, WriteId};
use crate::ignored::{Ignored, IgnoredCounts};
use crate::input::Input;
use crate::log::Log;
use crate::message::{Body, Message};
use crate::progress::Progress;
use crate::record::{HardState, Recovered};
use crate::role::{Follower, Role, State};
use crate::timeout;

/// One node of a Raft cluster.
///
/// - **Construction**: [`Raft::new`], at first start and at every restart.
/// - **Input**: [`Raft::step`] alone. Any order of inputs is allowed.
/// - **Clock output**: [`Raft::next_deadline`]; ask again after every step.
/// - **Getters**: all others. They change nothing and are meant for hosts, logs and tests.
///
/// `now` is a monotonic time since an origin of the host's choice, the same for all calls on one
/// instance.
#[derive(Clone, Debug)]
pub struct Raft {
    pub(crate) config: Config,
    pub(crate) hard_state: HardState,
    pub(crate) log: Log,
    pub(crate) durability: Durability,
    /// Entries through here are known to be committed. Not durable: relearnt after a restart.
    pub(crate) commit: Index,
    /// Entries through here were emitted as [`Effect::Apply`].
    pub(crate) applied: Index,
    pub(crate) state: State,
    ignored: IgnoredCounts,
}

impl Raft {
    /// A node that starts as a follower from what its disk held.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the settings cannot work, [`Error::Recovery`] if the recovered state
    /// contradicts itself.
    pub fn new(now: Duration, config: Config, recovered: Recovered) -> Result<Self, Error> {
        let config = config.check().map_err(Error::Config)?;
        recovered.check().map_err(Error::Recovery)?;
        let Recovered { hard_state, log } = recovered;
        let log = Log::new(log);
        let election_timeout = timeout::election_timeout(&config, hard_state.term);
        let election_deadline = now.saturating_add(election_timeout);
        Ok(Self {
            config,
            hard_state,
            durability: Durability::new(log.last().index),
            log,
            commit: Index::ZERO,
            applied: Index::ZERO,
            state: State::Follower(Follower { leader: None, leader_alive_until: Duration::ZERO, election_deadline }),
            ignored: IgnoredCounts::default(),
        })
    }

    /// Takes one input, and asks for everything that follows from it.
    ///
    /// # Panics
    ///
    /// If `effects` still holds effects of an earlier step, if a write is reported durable that was
    /// never handed out, or if one of this crate's own invariants is broken. To go on would be to
    /// diverge; the node must be restarted from its durable state, or stopped.
    pub fn step(&mut self, now: Duration, input: Input, effects: &mut Effects) {
        assert!(effects.is_empty(), "the host did not carry out the effects of an earlier step");
        match input {
            Input::Message { from, message } => self.on_message(now, from, message, effects),
            Input::Deadline => self.on_deadline(now, effects),
            Input::Propose { proposal, command } => self.on_propose(proposal, command, effects),
            Input::Persisted { write } => self.on_persisted(now, write, effects),
        }
        self.apply_committed(effects);
        self.check();
    }

    /// When [`Input::Deadline`] is due next. A time that has passed is due now. `None` would be a node that
    /// waits for nothing; as long as every node is a voter there is none.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Duration> {
        Some(self.state.deadline())
    }

    /// This node's name.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.config.id
    }

    /// The settings in force, the voters in order of id.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What this node is in its current term.
    #[must_use]
    pub fn role(&self) -> Role {
        self.state.role()
    }

    /// The current term; possibly not durable yet.
    #[must_use]
    pub fn term(&self) -> Term {
        self.hard_state.term
    }

    /// Whom this node voted for in the current term; possibly not durable yet.
    #[must_use]
    pub fn voted_for(&self) -> Option<NodeId> {
        self.hard_state.voted_for
    }

    /// The leader of the current term, if known: this node included.
    #[must_use]
    pub fn leader(&self) -> Option<NodeId> {
        match &self.state {
            State::Follower(follower) => follower.leader,
            State::PreCandidate(_) | State::Candidate(_) => None,
            State::Leader(_) => Some(self.config.id),
        }
    }

    /// Where the log ends; possibly not durable yet.
    #[must_use]
    pub fn last_position(&self) -> Position {
        self.log.last()
    }

    /// The log is durable through this index.
    #[must_use]
    pub fn durable_index(&self) -> Index {
        self.durability.durable_index()
    }

    /// The log is known to be committed through this index.
    #[must_use]
    pub fn commit_index(&self) -> Index {
        self.commit
    }

    /// The log was handed out as [`Effect::Apply`] through this index.
    #[must_use]
    pub fn applied_index(&self) -> Index {
        self.applied
    }

    /// The entries held, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        self.log.entries()
    }

    /// What this node, as a leader, knows of each follower, in order of id; empty in another role.
    pub fn followers(&self) -> impl Iterator<Item = (NodeId, Progress)> + '_ {
        let peers = match &self.state {
            State::Leader(leader) => leader.peers.as_slice(),
            State::Follower(_) | State::PreCandidate(_) | State::Candidate(_) => &[],
        };
        peers.iter().map(|peer| (peer.id, peer.progress))
    }

    /// How many messages were not acted on, by reason.
    #[must_use]
    pub fn ignored(&self) -> &IgnoredCounts {
        &self.ignored
    }

    /// A fingerprint of everything that influences what this node will do, with times relative to
    /// `now`: nodes with equal digests behave alike from here on. Walks the whole log.
    #[must_use]
    pub fn digest(&self, now: Duration) -> u64 {
        // Counters of ignored messages are for the reader alone.
        let Self { config, hard_state, log, durability, commit, applied, state, ignored: _ } = self;
        let mut digest = Digest::new();
        config.digest(&mut digest);
        digest.word(hard_state.term.0);
        digest.option(hard_state.voted_for.map(|voted_for| voted_for.0));
        log.digest(&mut digest);
        durability.digest(&mut digest);
        digest.word(commit.0);
        digest.word(applied.0);
        state.digest(now, &mut digest);
        digest.finish()
    }
}

impl Raft {
    fn on_message(&mut self, now: Duration, from: NodeId, message: Message, effects: &mut Effects) {
        let Message { term, .. } = message;
        if let Some(reason) = self.reason_to_refuse(from, &message) {
            return self.ignore(from, reason, effects);
        }
        if term < self.term() {
            return self.on_stale(from, &message.body, effects);
        }
        let is_new_term = term > self.term();
        let seeks_election = match message.body {
            Body::PreVoteRequest { .. } => true,
            Body::VoteRequest { .. } => is_new_term,
            _ => false,
        };
        if seeks_election && self.knows_leader_alive(now) {
            return self.ignore(from, Ignored::LeaderAlive, effects);
        }
        match message.body {
            Body::PreVoteRequest { last } => {
                if is_new_term {
                    self.enter_term(now, term, None, effects);
                }
                self.on_pre_vote_request(from, last, effects);
            }
            Body::VoteRequest { last } => {
                if is_new_term {
                    self.enter_term(now, term, None, effects);
                }
                self.on_vote_request(now, from, last, effects);
            }
            Body::Append { previous, entries, commit } => {
                if is_new_term {
                    self.enter_term(now, term, Some(from), effects);
                }
                self.on_append(now, from, previous, &entries, commit, effects);
            }
            // An answer from a later term says only that the term has passed: whatever we asked is over.
            _ if is_new_term => self.enter_term(now, term, None, effects),
            Body::PreVoteReply { granted } => self.on_pre_vote_reply(now, from, granted, effects),
            Body::VoteReply { granted } => self.on_vote_reply(now, from, granted, effects),
            Body::AppendAccepted { matched } => self.on_append_accepted(from, matched, effects),
            Body::AppendRejected { previous, hint } => {
                self.on_append_rejected(from, previous, hint, effects);
            }
        }
    }

    fn on_deadline(&mut self, now: Duration, effects: &mut Effects) {
        if now < self.state.deadline() {
            return;
        }
        match &self.state {
            State::Follower(_) | State::PreCandidate(_) | State::Candidate(_) => self.seek_election(now, effects),
            State::Leader(leader) => {
                let heartbeat_is_due = now >= leader.heartbeat_deadline;
                if leader.quorum_deadline.is_some_and(|deadline| now >= deadline) {
                    self.look_for_quorum(now, effects);
                }
                if heartbeat_is_due {
                    // To nobody, where it has just stepped down.
                    self.send_heartbeats(now, effects);
                }
            }
        }
    }

    fn on_propose(&mut self, proposal: ProposalId, command: Arc<[u8]>, effects: &mut Effects) {
        if self.role() != Role::Leader {
            let outcome = Outcome::NotLeader { leader: self.leader() };
            return effects.push(Effect::Reply { proposal, outcome });
        }
        let Position { term, index } = self.append_own(Payload::Command(command), effects);
        let outcome = Outcome::Appended { index, term };
        effects.push(Effect::Reply { proposal, outcome });
        self.replicate(effects);
    }

    fn on_persisted(&mut self, now: Duration, write: WriteId, effects: &mut Effects) {
        self.durability.complete(write);
        match self.state {
            State::Follower(_) | State::PreCandidate(_) => {}
            State::Candidate(_) => self.count_own_vote(now, effects),
            State::Leader(_) => self.advance_commit(),
        }
    }

    /// A request of an earlier term is answered all the same: its sender learns the current term and
    /// steps down. Unanswered, a node that came back from isolation would not hear of it.
    fn on_stale(&mut self, from: NodeId, body: &Body, effects: &mut Effects) {
        match *body {
            // Answered, so that one whose term is behind learns ours: it would ask in vain for ever.
            Body::PreVoteRequest { .. } => self.send(from, Body::PreVoteReply { granted: false }, None, effects),
            Body::VoteRequest { .. } => {
                self.send(from, Body::VoteReply { granted: false }, None, effects);
            }
            Body::Append { previous, .. } => self.reject_append(from, previous, effects),
            Body::PreVoteReply { .. }
            | Body::VoteReply { .. }
            | Body::AppendAccepted { .. }
            | Body::AppendRejected { .. } => {}
        }
        self.ignore(from, Ignored::StaleTerm, effects);
    }

    fn reason_to_refuse(&self, from: NodeId, message: &Message) -> Option<Ignored> {
        if from == self.config.id {
            Some(Ignored::Impostor)
        } else if !self.config.is_voter(from) {
            Some(Ignored::Stranger)
        } else if !message.is_well_formed() {
            Some(Ignored::Malformed)
        } else {
            None
        }
    }

    /// Hands out what is committed and durable *here*. A leader may learn from its followers' disks
    /// that an entry is committed before its own disk has it; were it applied then, a crash would
    /// leave a state machine ahead of the log that is to explain it.
    fn apply_committed(&mut self, effects: &mut Effects) {
        let through = self.commit.min(self.durability.durable_index());
        while self.applied < through {
            self.applied = self.applied.next();
            let entry = self.log.get(self.applied).expect("invariant: what is committed is held");
            effects.push(Effect::Apply(entry.clone()));
        }
    }

    fn check(&self) {
        let Position { term, index: last } = self.log.last();
        assert!(self.applied <= self.commit, "invariant: only what is committed is applied");
        assert!(self.commit <= last, "invariant: what is committed is held");
        assert!(self.durability.durable_index() <= last, "invariant: what is durable is held");
        assert!(term <= self.term(), "invariant: no entry is of a later term than the current");
        let votes_for_itself = self.voted_for() == Some(self.config.id);
        let stands = matches!(self.role(), Role::Candidate | Role::Leader);
        assert!(!stands || votes_for_itself, "invariant: who stands for election has its own vote");
    }

    /// Every message states its sender's term, so none leaves before that term (and the vote in it) is
    /// durable. A node that forgot a term it had shown could vote in it again.
    pub(crate) fn send(&self, to: NodeId, body: Body, after: Option<WriteId>, effects: &mut Effects) {
        let message = Message { term: self.term(), body };
        let after = after.max(self.durability.hard_state_wait());
        effects.push(Effect::Send { to, message, after });
    }

    pub(crate) fn ignore(&mut self, from: NodeId, reason: Ignored, effects: &mut Effects) {
        self.ignored.add(reason);
        effects.push(Effect::Ignored { from, reason });
    }

    /// Takes up a new role and says so.
    pub(crate) fn become_role(&mut self, state: State, effects: &mut Effects) {
        self.state = state;
        let (role, term, leader) = (self.role(), self.term(), self.leader());
        effects.push(Effect::RoleChanged { role, term, leader });
    }

    /// When an election timeout of the current term that starts now will be over.
    pub(crate) fn election_deadline(&self, now: Duration) -> Duration {
        now.saturating_add(timeout::election_timeout(&self.config, self.term()))
    }
}
