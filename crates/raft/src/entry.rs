//! What the log holds.

use std::sync::Arc;

use crate::digest::Digest;
use crate::id::{Index, Position, Term};

/// One entry of the replicated log. Cloning shares the payload.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The term of the leader that created the entry.
    pub term: Term,
    /// The entry's place in the log.
    pub index: Index,
    /// What the entry carries.
    pub payload: Payload,
}

/// What an entry carries. A host matches on every kind: one that it does not know is one that it
/// could not apply.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Payload {
    /// Nothing. A leader begins its term with one, because it may commit what it inherited only
    /// below an entry of its own (Raft §5.4.2, §8).
    Noop,
    /// A command for the state machine, opaque to this crate.
    Command(Arc<[u8]>),
}

impl Entry {
    /// The entry's term and index.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { term: self.term, index: self.index }
    }

    pub(crate) fn digest(&self, digest: &mut Digest) {
        let Self { term, index, payload } = self;
        digest.word(term.0);
        digest.word(index.0);
        match payload {
            Payload::Noop => digest.word(0),
            Payload::Command(bytes) => {
                digest.word(1);
                digest.bytes(bytes);
            }
        }
    }
}
