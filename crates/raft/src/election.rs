//! Elections (Raft §5.2 and §5.4.1).

use std::collections::BTreeSet;
use std::time::Duration;

use crate::effects::Effects;
use crate::entry::Payload;
use crate::id::{NodeId, Position, Term};
use crate::ignored::Ignored;
use crate::message::Body;
use crate::progress::Progress;
use crate::quorum;
use crate::raft::Raft;
use crate::record::HardState;
use crate::role::{Batch, Candidate, Follower, Leader, Peer, State};

impl Raft {
    /// Stands for election in the next term. Our own vote counts once it is durable, like anyone's.
    pub(crate) fn campaign(&mut self, now: Duration, effects: &mut Effects) {
        let hard_state = HardState { term: self.term().next(), voted_for: Some(self.config.id) };
        self.set_hard_state(hard_state, effects);
        let election_deadline = self.election_deadline(now);
        let candidate = Candidate { votes: BTreeSet::new(), election_deadline };
        self.become_role(State::Candidate(candidate), effects);
        let last = self.log.last();
        for peer in self.config.peers() {
            self.send(peer, Body::VoteRequest { last }, None, effects);
        }
    }

    /// Enters a term that someone else began, as a follower.
    ///
    /// A waiting node keeps its deadline: only a vote given or a leader heard moves it. Otherwise a
    /// candidate whose log is too old to win would, term after term, put off those who could.
    pub(crate) fn enter_term(&mut self, now: Duration, term: Term, leader: Option<NodeId>, effects: &mut Effects) {
        self.set_hard_state(HardState { term, voted_for: None }, effects);
        self.follow(now, leader, effects);
    }

    /// Becomes a follower, or learns the leader, within the current term.
    pub(crate) fn follow(&mut self, now: Duration, leader: Option<NodeId>, effects: &mut Effects) {
        let election_deadline = match &self.state {
            State::Follower(_) | State::Candidate(_) => self.state.deadline(),
            State::Leader(_) => self.election_deadline(now),
        };
        self.become_role(State::Follower(Follower { leader, election_deadline }), effects);
    }

    /// Gives the vote of this term, at most once. A candidate or leader of the term has given its own to
    /// itself.
    ///
    /// The same candidate asking again gets the same answer: a lost grant may be repeated.
    pub(crate) fn on_vote_request(&mut self, now: Duration, from: NodeId, last: Position, effects: &mut Effects) {
        let granted = match self.voted_for() {
            None => last >= self.log.last(),
            Some(voted_for) => voted_for == from,
        };
        if granted && self.voted_for().is_none() {
            let hard_state = HardState { term: self.term(), voted_for: Some(from) };
            self.set_hard_state(hard_state, effects);
            self.put_off_election(now);
        }
        self.send(from, Body::VoteReply { granted }, None, effects);
    }

    pub(crate) fn on_vote_reply(&mut self, now: Duration, from: NodeId, granted: bool, effects: &mut Effects) {
        match self.state {
            State::Candidate(_) if granted => self.count_vote(now, from, effects),
            State::Candidate(_) => {}
            State::Follower(_) | State::Leader(_) => self.ignore(from, Ignored::LateVote, effects),
        }
    }

    /// A write completed; it may have been the one with our own vote.
    pub(crate) fn count_own_vote(&mut self, now: Duration, effects: &mut Effects) {
        if self.durability.hard_state_wait().is_none() {
            self.count_vote(now, self.config.id, effects);
        }
    }

    /// A leader was heard, or a vote was given: no election for another timeout.
    pub(crate) fn put_off_election(&mut self, now: Duration) {
        let deadline = self.election_deadline(now);
        if let State::Follower(follower) = &mut self.state {
            follower.election_deadline = deadline;
        }
    }

    fn count_vote(&mut self, now: Duration, voter: NodeId, effects: &mut Effects) {
        let State::Candidate(candidate) = &mut self.state else {
            unreachable!("invariant: only a candidate counts votes");
        };
        candidate.votes.insert(voter);
        if quorum::is_elected(&self.config.voters, &candidate.votes) {
            self.lead(now, effects);
        }
    }

    /// Takes up the leadership with an entry of its own term: until that one is committed, nothing
    /// inherited can be (see `advance_commit`).
    fn lead(&mut self, now: Duration, effects: &mut Effects) {
        let progress = Progress::new(self.log.last().index.next());
        let leader = Leader {
            peers: self.config.peers().map(|id| Peer { id, progress }).collect(),
            heartbeat_deadline: now.saturating_add(self.config.heartbeat_interval),
            batch: Batch::default(),
        };
        self.become_role(State::Leader(leader), effects);
        self.append_own(Payload::Noop, effects);
        self.replicate(effects);
    }
}
