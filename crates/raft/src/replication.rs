//! A leader's side of replication (Raft §5.3 and §5.4.2).
//!
//! One append goes out per proposal, answer or heartbeat. A follower that lags is caught up by its own
//! answers; one that answers nothing costs an empty append per heartbeat. The commit index travels with
//! whatever is sent next, and no message is sent for it alone.

use std::iter;
use std::sync::Arc;
use std::time::Duration;

use crate::effects::{Effect, Effects};
use crate::entry::Entry;
use crate::id::{Index, NodeId, Position, Term, WriteId};
use crate::ignored::Ignored;
use crate::log::Log;
use crate::message::{Body, Message};
use crate::quorum;
use crate::raft::Raft;
use crate::role::{Batch, Peer, State};

impl Raft {
    /// Sends new entries to every follower that is ready for them. They may arrive before our own disk
    /// has them: only our own count towards commitment waits for it (dissertation §10.2.1).
    pub(crate) fn replicate(&mut self, effects: &mut Effects) {
        let Some((peers, mut appender)) = self.appender() else {
            return;
        };
        let window = appender.window;
        for peer in peers.iter_mut().filter(|peer| peer.progress.may_send(window)) {
            appender.send_entries(peer, effects);
        }
    }

    /// An empty append to every follower. It carries no entries even to one that lacks some: if the last
    /// append or its answer was lost, this one's answer says where to go on, and a follower that is
    /// down is not sent the same entries at every heartbeat.
    pub(crate) fn send_heartbeats(&mut self, now: Duration, effects: &mut Effects) {
        let deadline = now.saturating_add(self.config.heartbeat_interval);
        if let State::Leader(leader) = &mut self.state {
            leader.heartbeat_deadline = deadline;
        }
        let Some((peers, appender)) = self.appender() else {
            return;
        };
        for peer in peers {
            appender.send_heartbeat(peer, effects);
        }
    }

    pub(crate) fn on_append_accepted(&mut self, from: NodeId, matched: Index, effects: &mut Effects) {
        let last = self.log.last().index;
        let State::Leader(leader) = &mut self.state else {
            return self.ignore(from, Ignored::NotLeader, effects);
        };
        if matched > last {
            return self.ignore(from, Ignored::AckBeyondLog, effects);
        }
        let window = self.config.max_entries_in_flight;
        let progress = leader.heard(from);
        progress.accepted(matched);
        let wants_entries = progress.next() <= last && progress.may_send(window);
        self.advance_commit();
        if wants_entries {
            self.send_append(from, effects);
        }
    }

    pub(crate) fn on_append_rejected(&mut self, from: NodeId, previous: Index, hint: Position, effects: &mut Effects) {
        let State::Leader(leader) = &mut self.state else {
            return self.ignore(from, Ignored::NotLeader, effects);
        };
        // Up to `hint` the follower holds nothing later than the hint's term: skip what we hold of later
        // ones, as it skipped what it held of terms later than ours.
        let agreement = self.log.last_at_most(hint.index, hint.term);
        if leader.heard(from).rejected(previous, agreement.index) {
            self.send_append(from, effects);
        } else {
            self.ignore(from, Ignored::StaleRejection, effects);
        }
    }

    /// Commits by counting, and only an entry of the current term (Raft §5.4.2, figure 8; dissertation
    /// §3.6.2). Entries of earlier terms are committed by being below it. Counted themselves:
    ///
    /// 1. n1, leading term 2, replicates entry 2 to n2 and crashes.
    /// 2. n5, elected in term 3 by n3 and n4, writes another entry 2 and crashes.
    /// 3. n1, elected in term 4, replicates its entry 2 to n3: a majority has it. It commits, and crashes.
    /// 4. n5's log ends in term 3, later than term 2: n2, n3 and n4 elect it, and it overwrites entry 2.
    ///
    /// Terms never decrease along the log: if the highest counted entry is too old, so are all below.
    pub(crate) fn advance_commit(&mut self) {
        let State::Leader(leader) = &self.state else {
            return;
        };
        // Ourselves we count only through what our own disk has, like anyone.
        let own = iter::once(self.durability.durable_index());
        let matched = own.chain(leader.peers.iter().map(|peer| peer.progress.matched()));
        let counted = quorum::committed_index(matched);
        if counted > self.commit && self.log.term_at(counted) == Some(self.term()) {
            self.commit = counted;
        }
    }

    fn send_append(&mut self, to: NodeId, effects: &mut Effects) {
        let Some((peers, mut appender)) = self.appender() else {
            return;
        };
        if let Some(peer) = peers.iter_mut().find(|peer| peer.id == to) {
            appender.send_entries(peer, effects);
        }
    }

    /// The followers, and what it takes to send to one; `None` unless leading.
    fn appender(&mut self) -> Option<(&mut [Peer], Appender<'_>)> {
        let State::Leader(leader) = &mut self.state else {
            return None;
        };
        let appender = Appender {
            log: &self.log,
            batch: &mut leader.batch,
            term: self.hard_state.term,
            commit: self.commit,
            entries_max: self.config.max_entries_per_append,
            window: self.config.max_entries_in_flight,
            after: self.durability.hard_state_wait(),
        };
        Some((&mut leader.peers, appender))
    }
}

/// What all appends sent in one step have in common.
struct Appender<'a> {
    log: &'a Log,
    batch: &'a mut Batch,
    term: Term,
    commit: Index,
    entries_max: usize,
    window: usize,
    after: Option<WriteId>,
}

impl Appender<'_> {
    fn send_entries(&mut self, peer: &mut Peer, effects: &mut Effects) {
        let room = peer.progress.room(self.window).min(self.entries_max);
        let entries = self.batch.take(self.log, peer.progress.next(), room);
        self.send(peer, entries, effects);
    }

    fn send_heartbeat(&self, peer: &mut Peer, effects: &mut Effects) {
        self.send(peer, Arc::default(), effects);
    }

    fn send(&self, peer: &mut Peer, entries: Arc<[Entry]>, effects: &mut Effects) {
        let next = peer.progress.next();
        let index = next.previous();
        let term = self.log.term_at(index).expect("invariant: a follower is sent what follows our log");
        let end = entries.last().map_or(next, |entry| entry.index.next());
        peer.progress.sent(end);
        let previous = Position { term, index };
        let body = Body::Append { previous, entries, commit: self.commit };
        let message = Message { term: self.term, body };
        effects.push(Effect::Send { to: peer.id, message, after: self.after });
    }
}
