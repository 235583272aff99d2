//! What a constructor refuses, with what was expected and what was received.

use std::error;
use std::fmt;
use std::time::Duration;

use crate::id::{Index, NodeId, Term};

/// Why [`Raft::new`](crate::Raft::new) made no node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The settings cannot work. Nothing was read or written.
    Config(ConfigError),
    /// The recovered state is none that this crate ever asked to have written.
    Recovery(RecoveryError),
}

/// A setting that cannot work.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// A voter is listed twice.
    DuplicateVoter {
        /// The voter.
        voter: NodeId,
    },
    /// This node is not among the voters (or there are none).
    NotAVoter {
        /// This node.
        id: NodeId,
        /// Those that were listed, in order.
        voters: Vec<NodeId>,
    },
    /// The shortest election timeout is longer than the longest.
    TimeoutRangeReversed {
        /// The shortest, as received.
        min: Duration,
        /// The longest, as received.
        max: Duration,
    },
    /// The longest election timeout exceeds what is accepted.
    TimeoutTooLong {
        /// The longest accepted.
        longest: Duration,
        /// The longest, as received.
        max: Duration,
    },
    /// The heartbeat interval is zero.
    NoHeartbeatInterval,
    /// Heartbeats would come too late to keep followers from campaigning.
    HeartbeatTooSlow {
        /// The shortest election timeout; the interval must be below.
        below: Duration,
        /// The interval received.
        received: Duration,
    },
    /// Appends may carry at most 0 entries, so nothing would ever be replicated.
    EmptyAppends,
    /// At most 0 entries may be under way, so nothing would ever be replicated.
    EmptyWindow,
}

/// Recovered state that contradicts itself. It was damaged, or written out of order; to serve from
/// it could break promises already made, so a host should stop and say so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecoveryError {
    /// The log is not consecutive.
    IndexGap {
        /// The index that had to come.
        expected: Index,
        /// The index that came.
        received: Index,
    },
    /// An entry's term is below the one before it.
    TermDecreased {
        /// Where.
        index: Index,
        /// The term before; the entry's must be at least this.
        at_least: Term,
        /// The entry's term.
        received: Term,
    },
    /// An entry is of term 0, in which no leader exists.
    EntryOfTermZero {
        /// Where.
        index: Index,
    },
    /// An entry is of a term that the node never entered.
    EntryAboveTerm {
        /// Where.
        index: Index,
        /// The term in the hard state; the entry's must be at most this.
        at_most: Term,
        /// The entry's term.
        received: Term,
    },
    /// The term is above [`Term::HIGHEST`].
    TermOutOfRange {
        /// The highest accepted.
        highest: Term,
        /// The term received.
        received: Term,
    },
    /// A vote in term 0, in which there is no election.
    VoteInTermZero {
        /// The vote.
        voted_for: NodeId,
    },
    /// A later hard state has a lower term.
    TermWentBack {
        /// The term before; a later one must be at least this.
        at_least: Term,
        /// The term received.
        received: Term,
    },
    /// A later hard state of the same term changes or takes back a vote.
    VoteChanged {
        /// The term.
        term: Term,
        /// The vote as cast.
        cast: NodeId,
        /// What the later record says.
        received: Option<NodeId>,
    },
    /// A truncation starts beyond the log, or at index 0.
    TruncatedOutside {
        /// Where the truncation starts.
        from: Index,
        /// The last index of the log at that time.
        last: Index,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(_) => f.write_str("bad configuration"),
            Self::Recovery(_) => f.write_str("corrupt recovered state"),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Config(error) => Some(error),
            Self::Recovery(error) => Some(error),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateVoter { voter } => {
                write!(f, "expected each voter once, received {voter} twice")
            }
            Self::NotAVoter { id, voters } => {
                write!(f, "expected {id} among the voters, received {voters:?}")
            }
            Self::TimeoutRangeReversed { min, max } => {
                write!(f, "expected an election timeout of min <= max, received {min:?}..={max:?}")
            }
            Self::TimeoutTooLong { longest, max } => {
                write!(f, "expected an election timeout of at most {longest:?}, received {max:?}")
            }
            Self::NoHeartbeatInterval => f.write_str("expected a heartbeat interval above 0, received 0"),
            Self::HeartbeatTooSlow { below, received } => {
                write!(f, "expected a heartbeat interval below {below:?}, received {received:?}")
            }
            Self::EmptyAppends => f.write_str("expected at least 1 entry per append, received 0"),
            Self::EmptyWindow => f.write_str("expected at least 1 entry in flight, received 0"),
        }
    }
}

impl error::Error for ConfigError {}

impl fmt::Display for RecoveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IndexGap { expected, received } => {
                write!(f, "expected the entry at index {expected}, received the one at {received}")
            }
            Self::TermDecreased { index, at_least, received } => {
                write!(f, "expected term {at_least} or later at index {index}, received {received}")
            }
            Self::EntryOfTermZero { index } => {
                write!(f, "expected a term of 1 or later at index {index}, received 0")
            }
            Self::EntryAboveTerm { index, at_most, received } => {
                write!(f, "expected term {at_most} or earlier at index {index}, received {received}")
            }
            Self::TermOutOfRange { highest, received } => {
                write!(f, "expected a term of at most {highest}, received {received}")
            }
            Self::VoteInTermZero { voted_for } => {
                write!(f, "expected no vote in term 0, received one for {voted_for}")
            }
            Self::TermWentBack { at_least, received } => {
                write!(f, "expected a hard state of term {at_least} or later, received {received}")
            }
            Self::VoteChanged { term, cast, received: Some(received) } => {
                write!(f, "expected the vote for {cast} in term {term}, received one for {received}")
            }
            Self::VoteChanged { term, cast, received: None } => {
                write!(f, "expected the vote for {cast} in term {term}, received none")
            }
            Self::TruncatedOutside { from, last } => {
                write!(f, "expected a truncation from 1 up to {last}, received one from {from}")
            }
        }
    }
}

impl error::Error for RecoveryError {}
