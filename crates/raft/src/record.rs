//! What goes to disk, and what comes back from it.

use crate::entry::Entry;
use crate::error::RecoveryError;
use crate::id::{Index, NodeId, Position, Term};

/// The part of a node's state, beside its log, that must survive a crash (Raft figure 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct HardState {
    /// The latest term this node has entered.
    pub term: Term,
    /// Whom it voted for in that term, if anyone. A vote is never changed within a term.
    pub voted_for: Option<NodeId>,
}

/// One change to durable state. A host matches on every kind: one that it does not know is one that
/// it would lose.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Record {
    /// Replaces the hard state.
    HardState(HardState),
    /// Removes the entry at `from` and all later ones.
    Truncate {
        /// The first index to go; at least 1, at most the last index.
        from: Index,
    },
    /// Adds the entry after the last.
    Append(Entry),
}

/// The durable state that a node starts from: what its disk held, or [`Recovered::default`] for a
/// node that has never run.
///
/// Whatever is handed in counts as durable. A host that read it back through a cache (after a crash
/// of the process alone) must sync before it builds the node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The latest hard state.
    pub hard_state: HardState,
    /// The whole log, from index 1.
    pub log: Vec<Entry>,
}

impl Recovered {
    /// Adds one record, in the order in which they were written: how a host that keeps a journal of
    /// records gets back what it needs. A crash may have left any prefix of the journal.
    ///
    /// # Errors
    ///
    /// A record that contradicts those before it; the state is then as before the call.
    pub fn replay(&mut self, record: Record) -> Result<(), RecoveryError> {
        match record {
            Record::HardState(hard_state) => {
                check_successor(self.hard_state, hard_state)?;
                self.hard_state = hard_state;
            }
            Record::Truncate { from } => self.truncate(from)?,
            Record::Append(entry) => {
                check_entry(self.last(), &entry, self.hard_state.term)?;
                self.log.push(entry);
            }
        }
        Ok(())
    }

    /// Refuses what no sequence of records from this crate can have produced.
    pub(crate) fn check(&self) -> Result<(), RecoveryError> {
        check_hard_state(self.hard_state)?;
        let mut last = Position::ZERO;
        for entry in &self.log {
            check_entry(last, entry, self.hard_state.term)?;
            last = entry.position();
        }
        Ok(())
    }

    fn last(&self) -> Position {
        self.log.last().map_or(Position::ZERO, Entry::position)
    }

    fn truncate(&mut self, from: Index) -> Result<(), RecoveryError> {
        let last = self.last().index;
        let kept = from.0.checked_sub(1).filter(|kept| *kept < last.0);
        match kept.and_then(|kept| usize::try_from(kept).ok()) {
            Some(kept) => self.log.truncate(kept),
            None => return Err(RecoveryError::TruncatedOutside { from, last }),
        }
        Ok(())
    }
}

fn check_hard_state(HardState { term, voted_for }: HardState) -> Result<(), RecoveryError> {
    if term > Term::HIGHEST {
        return Err(RecoveryError::TermOutOfRange { highest: Term::HIGHEST, received: term });
    }
    match voted_for {
        Some(voted_for) if term == Term::ZERO => Err(RecoveryError::VoteInTermZero { voted_for }),
        _ => Ok(()),
    }
}

fn check_successor(old: HardState, new: HardState) -> Result<(), RecoveryError> {
    check_hard_state(new)?;
    if new.term < old.term {
        return Err(RecoveryError::TermWentBack { at_least: old.term, received: new.term });
    }
    match old.voted_for {
        Some(cast) if new.term == old.term && new.voted_for != Some(cast) => {
            Err(RecoveryError::VoteChanged { term: new.term, cast, received: new.voted_for })
        }
        _ => Ok(()),
    }
}

fn check_entry(last: Position, entry: &Entry, term: Term) -> Result<(), RecoveryError> {
    let Entry { term: received, index, .. } = *entry;
    let expected = last.index.next();
    if index != expected {
        return Err(RecoveryError::IndexGap { expected, received: index });
    }
    if received == Term::ZERO {
        return Err(RecoveryError::EntryOfTermZero { index });
    }
    if received < last.term {
        return Err(RecoveryError::TermDecreased { index, at_least: last.term, received });
    }
    if received > term {
        return Err(RecoveryError::EntryAboveTerm { index, at_most: term, received });
    }
    Ok(())
}
