//! What a core asks of its host: at most one write, and a list of effects.

use std::vec;

use crate::entry::Entry;
use crate::id::{Index, NodeId, ProposalId, Term, WriteId};
use crate::ignored::Ignored;
use crate::message::Message;
use crate::record::Record;
use crate::role::Role;

/// The buffer that [`Raft::step`](crate::Raft::step) fills and the host drains. Made once and reused,
/// it allocates only while it grows.
#[derive(Debug, Default)]
pub struct Effects {
    write: Option<WriteId>,
    records: Vec<Record>,
    list: Vec<Effect>,
}

/// The one write of a step: records to make durable, in this order, after those of all earlier writes.
///
/// A crash may keep any prefix of the records; it may not keep a later one without an earlier. When all
/// are durable, the host says so with [`Input::Persisted`](crate::Input::Persisted).
#[derive(Clone, Copy, Debug)]
#[must_use = "what is not written is lost, and sends wait for it for ever"]
pub struct Persist<'a> {
    /// What [`Input::Persisted`](crate::Input::Persisted) and `Effect::Send::after` call this write.
    pub write: WriteId,
    /// The records. Never empty.
    pub records: &'a [Record],
}

/// One thing for the host to do, or to know. A host matches on every kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Send a message. It may be lost.
    Send {
        /// The receiver.
        to: NodeId,
        /// The message.
        message: Message,
        /// The message states something that is true after a crash only once this write is durable: it
        /// must not leave before, and never if the node crashes first. `None`: it may leave now.
        after: Option<WriteId>,
    },
    /// Apply a committed entry to the state machine. An instance emits every index exactly once, in
    /// order, from 1, and only once the entry is durable here: a restarted node never finds its state
    /// machine ahead of its log.
    Apply(Entry),
    /// Role, term or known leader changed; comes before what the node sends in its new role.
    RoleChanged {
        /// The role now.
        role: Role,
        /// The term now. It is durable only when the write of this step is.
        term: Term,
        /// The leader now known, this node included.
        leader: Option<NodeId>,
    },
    /// The answer to a proposal.
    Reply {
        /// Which.
        proposal: ProposalId,
        /// What came of it.
        outcome: Outcome,
    },
    /// A message was not acted on; also counted by [`Raft::ignored`](crate::Raft::ignored).
    Ignored {
        /// Its sender.
        from: NodeId,
        /// Why.
        reason: Ignored,
    },
}

/// What came of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It has a place in this leader's log. That is no promise: it is committed when an entry of this
    /// index *and* this term is applied. If another term is applied there, it is lost.
    Appended {
        /// Its index.
        index: Index,
        /// Its term.
        term: Term,
    },
    /// This node cannot take it; nothing was done.
    NotLeader {
        /// Who might.
        leader: Option<NodeId>,
    },
}

impl Effects {
    /// An empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.write.is_none() && self.list.is_empty()
    }

    /// Takes everything out: the write, if there is one, and the other effects in order.
    ///
    /// The write goes first only so that its id is known to the host when a send names it. Nothing has
    /// to wait for it except the sends that say so.
    #[must_use = "what is taken out and not carried out is lost"]
    pub fn drain(&mut self) -> (Option<Persist<'_>>, vec::Drain<'_, Effect>) {
        let Self { write, records, list } = self;
        let persist = write.take().map(|write| Persist { write, records });
        (persist, list.drain(..))
    }

    pub(crate) fn push(&mut self, effect: Effect) {
        self.list.push(effect);
    }

    /// The write of this step, once begun.
    pub(crate) fn write(&self) -> Option<WriteId> {
        self.write
    }

    pub(crate) fn begin_write(&mut self, write: WriteId) {
        assert!(self.write.is_none(), "invariant: one write a step");
        // Those of an earlier step, which the host has seen.
        self.records.clear();
        self.write = Some(write);
    }

    /// Adds a record to the write of this step. Of two hard states in a row the first would be
    /// overwritten unseen, so only the second is kept.
    pub(crate) fn push_record(&mut self, record: Record) {
        assert!(self.write.is_some(), "invariant: records belong to a write");
        match (self.records.last_mut(), &record) {
            (Some(last @ Record::HardState(_)), Record::HardState(_)) => *last = record,
            _ => self.records.push(record),
        }
    }
}
