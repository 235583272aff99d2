//! A follower's side of replication (Raft §5.3).

use std::time::Duration;

use crate::effects::Effects;
use crate::entry::Entry;
use crate::id::{Index, NodeId, Position};
use crate::ignored::Ignored;
use crate::message::Body;
use crate::raft::Raft;

impl Raft {
    /// An append of the current term. Its sender won the election of this term.
    pub(crate) fn on_append(
        &mut self,
        now: Duration,
        from: NodeId,
        previous: Position,
        entries: &[Entry],
        commit: Index,
        effects: &mut Effects,
    ) {
        match self.leader() {
            Some(leader) if leader != from => {
                return self.ignore(from, Ignored::SecondLeader, effects);
            }
            Some(_) => {}
            None => self.follow(now, Some(from), effects),
        }
        self.hear_leader(now);
        if self.log.term_at(previous.index) != Some(previous.term) {
            return self.reject_append(from, previous, effects);
        }
        self.merge(entries, effects);
        let matched = entries.last().map_or(previous.index, |entry| entry.index);
        self.learn_commit(commit, matched);
        // Also when nothing was new. A retransmission or a heartbeat that overtakes the disk would
        // otherwise acknowledge what the first append has not yet made durable.
        let after = self.durability.log_wait(matched);
        self.send(from, Body::AppendAccepted { matched }, after, effects);
    }

    /// Says no, and from where the logs might agree.
    pub(crate) fn reject_append(&self, from: NodeId, previous: Position, effects: &mut Effects) {
        let hint = self.log.last_at_most(previous.index, previous.term);
        let body = Body::AppendRejected { previous: previous.index, hint };
        self.send(from, body, None, effects);
    }

    /// Entry by entry, and truncating only at a real conflict: an append may be old. Were everything
    /// after `previous` replaced each time,
    ///
    /// 1. n2 would receive entries 1 to 5 and acknowledge them; the leader commits 5;
    /// 2. a delayed append with entries 1 to 3 would arrive, and remove 4 and 5;
    /// 3. a crash of the leader would leave too few copies of a committed entry.
    fn merge(&mut self, entries: &[Entry], effects: &mut Effects) {
        for entry in entries {
            match self.log.term_at(entry.index) {
                Some(term) if term == entry.term => continue,
                Some(_) => self.truncate(entry.index, effects),
                None => {}
            }
            self.append(entry.clone(), effects);
        }
    }

    /// Commits no further than this message verified. Beyond, our log may hold entries of a deposed leader
    /// that merely have not been overwritten yet. And never back: the message may be old.
    fn learn_commit(&mut self, leader_commit: Index, matched: Index) {
        self.commit = self.commit.max(leader_commit.min(matched));
    }
}
