//! The small numbers the protocol is made of, each its own type so that none passes for another.

use std::fmt;

/// A server's name. Names are never renumbered and never reused for another server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u64);

/// A term, Raft's logical clock (Raft §5.1). 0 is the time before the first election; no message
/// and no entry is of term 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term(pub u64);

impl Term {
    /// The term before the first election.
    pub const ZERO: Self = Self(0);

    /// The highest term accepted from a peer or from disk, so that arithmetic on terms never overflows,
    /// whatever they say. An honest cluster that held an election every nanosecond would need 292
    /// years to get here.
    pub const HIGHEST: Self = Self(u64::MAX >> 1);

    pub(crate) fn next(self) -> Self {
        Self(self.0.checked_add(1).expect("invariant: terms stay far below u64::MAX"))
    }
}

/// The place of an entry in the log. The first entry is at 1; 0 is the place before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Index(pub u64);

impl Index {
    /// The place before the first entry.
    pub const ZERO: Self = Self(0);

    pub(crate) fn next(self) -> Self {
        Self(self.0.checked_add(1).expect("invariant: a log index stays below u64::MAX"))
    }

    pub(crate) fn previous(self) -> Self {
        Self(self.0.checked_sub(1).expect("invariant: nothing comes before index 0"))
    }
}

/// Where a log ends, or an entry stands: the term and the index together.
///
/// The order is Raft's "at least as up-to-date" (Raft §5.4.1): the later term wins, and among equal
/// terms the longer log. Not component by component: with logs ending at (term 2, index 1) and
/// (term 1, index 2), neither would be as up-to-date as the other, and neither could ever be elected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The entry's term; the field order makes it the first to be compared.
    pub term: Term,
    /// The entry's index.
    pub index: Index,
}

impl Position {
    /// The position before the first entry.
    pub const ZERO: Self = Self { term: Term::ZERO, index: Index::ZERO };

    /// Whether a log can have this position: index 0 has term 0, and nothing else does.
    pub(crate) fn is_possible(self) -> bool {
        (self.index == Index::ZERO) == (self.term == Term::ZERO)
    }
}

/// One write handed to the host. Later writes have greater ids; an id is never reused within an
/// instance of [`Raft`](crate::Raft). A new instance counts from the start again, so a host must not
/// let a completion outlive the instance that asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteId(pub(crate) u64);

impl WriteId {
    /// The id as a plain number, for a host's own tables and logs.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// The host's own name for a proposal, handed back unread in its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProposalId(pub u64);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for WriteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "w{}", self.0)
    }
}

impl fmt::Display for ProposalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.term, self.index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(term: u64, index: u64) -> Position {
        Position { term: Term(term), index: Index(index) }
    }

    #[test]
    fn a_later_term_is_more_up_to_date_than_a_longer_log() {
        assert!(position(2, 1) > position(1, 2));
        assert!(position(2, 3) > position(2, 2));
        assert!(position(1, 1) > Position::ZERO);
    }

    #[test]
    fn only_the_place_before_the_first_entry_has_term_zero() {
        let table = [(0, 0, true), (1, 1, true), (0, 1, false), (1, 0, false)];
        for (term, index, possible) in table {
            assert_eq!(position(term, index).is_possible(), possible, "{term}/{index}");
        }
    }
}
