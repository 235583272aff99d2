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
use crate::role::{Batch, Candidate, Contact, Follower, Leader, Peer, Role, State};

impl Raft {
    /// An election is due: nobody was heard who leads.
    pub(crate) fn seek_election(&mut self, now: Duration, effects: &mut Effects) {
        if self.config.pre_vote { self.ask_first(now, effects) } else { self.campaign(now, effects) }
    }

    /// Asks who would vote for this node in the next term. Its own term stays as it is, however long nobody answers.
    fn ask_first(&mut self, now: Duration, effects: &mut Effects) {
        let votes = BTreeSet::from([self.config.id]);
        let is_enough = quorum::is_elected(&self.config.voters, &votes);
        let candidate = Candidate { votes, election_deadline: self.election_deadline(now) };
        self.become_role(State::PreCandidate(candidate), effects);
        if is_enough {
            return self.campaign(now, effects);
        }
        let last = self.log.last();
        for peer in self.config.peers() {
            self.send(peer, Body::PreVoteRequest { last }, None, effects);
        }
    }

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
            State::Follower(_) | State::PreCandidate(_) | State::Candidate(_) => self.state.deadline(),
            State::Leader(_) => self.election_deadline(now),
        };
        let follower = Follower { leader, leader_alive_until: Duration::ZERO, election_deadline };
        self.become_role(State::Follower(follower), effects);
    }

    /// Whether a leader is known to be alive, so that no other is wanted: a node that comes back from where it heard
    /// nobody must not depose it (dissertation §4.2.3). A leader knows it of itself, or has stepped down.
    pub(crate) fn knows_leader_alive(&self, now: Duration) -> bool {
        let is_alive = match &self.state {
            State::Follower(follower) => follower.leader.is_some() && now < follower.leader_alive_until,
            State::PreCandidate(_) | State::Candidate(_) => false,
            State::Leader(_) => true,
        };
        self.config.check_quorum && is_alive
    }

    /// Would give its vote in the next term, or not: nothing changes by it.
    pub(crate) fn on_pre_vote_request(&mut self, from: NodeId, last: Position, effects: &mut Effects) {
        let granted = last >= self.log.last();
        self.send(from, Body::PreVoteReply { granted }, None, effects);
    }

    pub(crate) fn on_pre_vote_reply(&mut self, now: Duration, from: NodeId, granted: bool, effects: &mut Effects) {
        let State::PreCandidate(candidate) = &mut self.state else {
            return self.ignore(from, Ignored::LateVote, effects);
        };
        if !granted {
            return;
        }
        candidate.votes.insert(from);
        if quorum::is_elected(&self.config.voters, &candidate.votes) {
            self.campaign(now, effects);
        }
    }

    /// Looks whether a quorum answered since the last time; a leader that no quorum answers steps down. Its followers may have
    /// another leader, and its clients are better told so than kept waiting.
    pub(crate) fn look_for_quorum(&mut self, now: Duration, effects: &mut Effects) {
        let State::Leader(leader) = &mut self.state else {
            return;
        };
        let heard = leader.peers.iter().filter(|peer| peer.contact == Contact::Heard).map(|peer| peer.id);
        let heard: BTreeSet<NodeId> = heard.chain([self.config.id]).collect();
        if !quorum::is_elected(&self.config.voters, &heard) {
            return self.follow(now, None, effects);
        }
        leader.peers.iter_mut().for_each(|peer| peer.contact = Contact::Silent);
        leader.quorum_deadline = Some(now.saturating_add(self.config.election_timeout_min));
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
            if self.role() == Role::PreCandidate {
                // Whoever has its vote needs no rival.
                self.follow(now, None, effects);
            }
            self.put_off_election(now);
        }
        self.send(from, Body::VoteReply { granted }, None, effects);
    }

    pub(crate) fn on_vote_reply(&mut self, now: Duration, from: NodeId, granted: bool, effects: &mut Effects) {
        match self.state {
            State::Candidate(_) if granted => self.count_vote(now, from, effects),
            State::Candidate(_) => {}
            State::Follower(_) | State::PreCandidate(_) | State::Leader(_) => {
                self.ignore(from, Ignored::LateVote, effects);
            }
        }
    }

    /// A write completed; it may have been the one with our own vote.
    pub(crate) fn count_own_vote(&mut self, now: Duration, effects: &mut Effects) {
        if self.durability.hard_state_wait().is_none() {
            self.count_vote(now, self.config.id, effects);
        }
    }

    /// A leader was heard.
    pub(crate) fn hear_leader(&mut self, now: Duration) {
        if let State::Follower(follower) = &mut self.state
            && self.config.check_quorum
        {
            follower.leader_alive_until = now.saturating_add(self.config.election_timeout_min);
        }
        self.put_off_election(now);
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
            peers: self.config.peers().map(|id| Peer { id, progress, contact: Contact::Silent }).collect(),
            heartbeat_deadline: now.saturating_add(self.config.heartbeat_interval),
            quorum_deadline: self.config.check_quorum.then(|| now.saturating_add(self.config.election_timeout_min)),
            batch: Batch::default(),
        };
        self.become_role(State::Leader(leader), effects);
        self.append_own(Payload::Noop, effects);
        self.replicate(effects);
    }
}
