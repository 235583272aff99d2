//! Roles (Raft §5.1), each with the data that exists in that role alone.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::digest::Digest;
use crate::entry::Entry;
use crate::id::{Index, NodeId};
use crate::log::Log;
use crate::progress::Progress;

/// What a node is in its current term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Answers leaders and candidates.
    Follower,
    /// Asks whether it would be elected, in the term that it is in.
    PreCandidate,
    /// Seeks to be elected.
    Candidate,
    /// Was elected, and replicates its log.
    Leader,
}

#[derive(Clone, Debug)]
pub(crate) enum State {
    Follower(Follower),
    PreCandidate(Candidate),
    Candidate(Candidate),
    Leader(Leader),
}

#[derive(Clone, Debug)]
pub(crate) struct Follower {
    pub(crate) leader: Option<NodeId>,
    /// Until then the leader is known to be alive.
    pub(crate) leader_alive_until: Duration,
    pub(crate) election_deadline: Duration,
}

/// Who seeks votes, or asks whether it would get them.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// Those who voted for us. Ourselves in an election only once our own vote is durable.
    pub(crate) votes: BTreeSet<NodeId>,
    pub(crate) election_deadline: Duration,
}

#[derive(Clone, Debug)]
pub(crate) struct Leader {
    /// All voters but ourselves, in order of id.
    pub(crate) peers: Vec<Peer>,
    pub(crate) heartbeat_deadline: Duration,
    /// When a quorum must have been heard since the last time; `None` where that is not checked.
    pub(crate) quorum_deadline: Option<Duration>,
    pub(crate) batch: Batch,
}

/// A follower as its leader sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) id: NodeId,
    pub(crate) progress: Progress,
    pub(crate) contact: Contact,
}

/// Whether a follower answered since the leader last looked for a quorum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Contact {
    Silent,
    Heard,
}

/// The entries last sent, so that followers at the same place share one allocation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch(Arc<[Entry]>);

impl State {
    pub(crate) fn role(&self) -> Role {
        match self {
            Self::Follower(_) => Role::Follower,
            Self::PreCandidate(_) => Role::PreCandidate,
            Self::Candidate(_) => Role::Candidate,
            Self::Leader(_) => Role::Leader,
        }
    }

    pub(crate) fn deadline(&self) -> Duration {
        match self {
            Self::Follower(follower) => follower.election_deadline,
            Self::PreCandidate(candidate) | Self::Candidate(candidate) => candidate.election_deadline,
            Self::Leader(leader) => leader
                .quorum_deadline
                .map_or(leader.heartbeat_deadline, |deadline| deadline.min(leader.heartbeat_deadline)),
        }
    }

    pub(crate) fn digest(&self, now: Duration, digest: &mut Digest) {
        digest.word(self.role() as u64);
        match self {
            Self::Follower(Follower { leader, leader_alive_until, election_deadline }) => {
                digest.option(leader.map(|leader| leader.0));
                digest.remaining(*leader_alive_until, now);
                digest.remaining(*election_deadline, now);
            }
            Self::PreCandidate(Candidate { votes, election_deadline })
            | Self::Candidate(Candidate { votes, election_deadline }) => {
                digest.count(votes.len());
                votes.iter().for_each(|voter| digest.word(voter.0));
                digest.remaining(*election_deadline, now);
            }
            // What was last sent decides only whether memory is shared.
            Self::Leader(Leader { peers, heartbeat_deadline, quorum_deadline, batch: _ }) => {
                for Peer { id, progress, contact } in peers {
                    digest.word(id.0);
                    progress.digest(digest);
                    // Where nobody looks for a quorum, nobody asks who answered.
                    digest.option(quorum_deadline.map(|_| *contact as u64));
                }
                digest.remaining(*heartbeat_deadline, now);
                quorum_deadline.iter().for_each(|deadline| digest.remaining(*deadline, now));
            }
        }
    }
}

impl Leader {
    /// What is known of a follower that has just answered.
    pub(crate) fn heard(&mut self, id: NodeId) -> &mut Progress {
        let position = self.peers.binary_search_by_key(&id, |peer| peer.id);
        let peer = &mut self.peers[position.expect("invariant: a leader tracks every voter but itself")];
        peer.contact = Contact::Heard;
        &mut peer.progress
    }
}

impl Batch {
    /// Up to `limit` entries of a leader's log from `from`.
    ///
    /// A leader only ever appends to its log, and a `Batch` belongs to one leadership: entries that
    /// begin at the same index and are as many are the same.
    pub(crate) fn take(&mut self, log: &Log, from: Index, limit: usize) -> Arc<[Entry]> {
        let wanted = log.slice(from, limit);
        let is_held =
            self.0.len() == wanted.len() && self.0.first().map(Entry::position) == wanted.first().map(Entry::position);
        if !is_held {
            self.0 = wanted.into();
        }
        Arc::clone(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Payload;
    use crate::id::Term;

    #[test]
    fn followers_at_the_same_place_share_a_batch_and_others_get_their_own() {
        let entry = |index| Entry { term: Term(1), index: Index(index), payload: Payload::Noop };
        let log = Log::new((1..=5).map(entry).collect());
        let mut batch = Batch::default();

        let first = batch.take(&log, Index(2), 3);
        assert_eq!(*first, [entry(2), entry(3), entry(4)]);
        assert!(Arc::ptr_eq(&first, &batch.take(&log, Index(2), 3)));
        assert_eq!(*batch.take(&log, Index(3), 3), [entry(3), entry(4), entry(5)]);
        assert_eq!(*batch.take(&log, Index(3), 2), [entry(3), entry(4)]);
        assert_eq!(*batch.take(&log, Index(6), 3), []);
    }
}
