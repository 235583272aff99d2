//! What a host tells a core.

use std::sync::Arc;

use crate::id::{NodeId, ProposalId, WriteId};
use crate::message::Message;

/// One thing that happened. Inputs may come in any order, late, and more than once, with one
/// exception: [`Input::Persisted`] speaks of a write that was handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A message arrived.
    Message {
        /// The sender, as the host has authenticated it.
        from: NodeId,
        /// The message.
        message: Message,
    },
    /// [`Raft::next_deadline`](crate::Raft::next_deadline) has come. If it has not, nothing happens.
    Deadline,
    /// A client wants a command in the log. Answered at once by [`Effect::Reply`](crate::Effect::Reply).
    Propose {
        /// The host's name for it, handed back in the reply.
        proposal: ProposalId,
        /// The command, opaque to this crate.
        command: Arc<[u8]>,
    },
    /// A write is durable, and with it every write handed out before. Telling only the latest is enough.
    Persisted {
        /// The write.
        write: WriteId,
    },
}
