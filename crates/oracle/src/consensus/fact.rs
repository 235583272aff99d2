//! The facts of a replicated log.

use std::fmt;

use sim::{Fact, NodeId, Observed, Protocol};

/// A protocol that replicates a log, and says so.
pub trait Replicated: Protocol {
    /// The fact as one of the log's, where it is one.
    fn log_fact(fact: &Self::Fact) -> Option<&LogFact>;

    /// Where in the log a client's reply says that its operation stands; `None` where the reply promises nothing.
    fn acknowledged(reply: &Self::Reply) -> Option<Acknowledged>;

    /// What of the log a client's reply shows; `None` where it shows nothing, as of a protocol without reads.
    fn read(_: &Self::Reply) -> Option<&Read> {
        None
    }
}

/// What a reply promises: an entry with this payload is in the log for good.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Acknowledged {
    /// Its index, counted from 1.
    pub index: u64,
    /// [`content_hash`](sim::content_hash) of its payload.
    pub payload: u64,
}

/// What a reply shows: a stretch of the log as one node applied it, however long ago that was.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Read {
    /// Who showed it.
    pub server: NodeId,
    /// How far it says that its log goes.
    pub through: u64,
    /// The index of the first payload, counted from 1.
    pub first: u64,
    /// [`content_hash`](sim::content_hash) of each payload that is shown.
    pub payloads: Vec<u64>,
}

/// An entry of a log, as facts speak of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Its index, counted from 1.
    pub index: u64,
    /// The term of the leader that made it; 0 for each where a protocol's entries keep none.
    pub term: u64,
    /// [`content_hash`](sim::content_hash) of its payload.
    pub payload: u64,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Position { index: self.index, term: self.term }.fmt(f)
    }
}

/// What an entry is, but for its payload.
#[derive(Clone, Copy)]
pub(crate) struct Position {
    pub(crate) index: u64,
    pub(crate) term: u64,
}

/// `entry 5 of term 2`, or `entry 5` where there is no term: the form of every explanation.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.term {
            0 => write!(f, "entry {}", self.index),
            term => write!(f, "entry {} of term {term}", self.index),
        }
    }
}

/// Something that became true of one node.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogFact {
    /// At a boot: the log that the disk holds has this entry.
    Recovered(Entry),
    /// At a boot, after all entries: this is where the node goes on.
    Restarted {
        /// The term that the disk holds.
        term: u64,
        /// The vote in it.
        voted_for: Option<NodeId>,
    },
    /// It is in this term now, in its memory.
    Entered {
        /// The term.
        term: u64,
    },
    /// It gave its vote, in its memory.
    Cast {
        /// The term.
        term: u64,
        /// To whom; the voter itself, where it is a candidate.
        candidate: NodeId,
    },
    /// Others may rely on it from now on that the node is in this term at least: a message that says so may leave.
    Shown {
        /// The term.
        term: u64,
    },
    /// Others may rely on this vote from now on.
    Voted {
        /// The term.
        term: u64,
        /// For whom; the voter itself, where it is a candidate.
        candidate: NodeId,
    },
    /// It leads this term.
    Elected {
        /// The term.
        term: u64,
    },
    /// It no longer leads.
    Deposed {
        /// The term that it led.
        term: u64,
    },
    /// Its log in memory got this entry, at the end.
    Appended(Entry),
    /// Its log in memory lost this index and all after it.
    Truncated {
        /// The first that went.
        from: u64,
    },
    /// Its log on disk got this entry, at the end.
    Durable(Entry),
    /// Its log on disk lost this index and all after it.
    DurablyTruncated {
        /// The first that went.
        from: u64,
    },
    /// Its state machine took this entry.
    Applied(Entry),
    /// It takes its log through this index for committed. A claim.
    Committed {
        /// The last index.
        index: u64,
    },
    /// As a leader it takes a follower's log for equal to its own, and durable, through an index. A claim.
    Matched {
        /// The term that it leads.
        term: u64,
        /// The follower.
        follower: NodeId,
        /// The last index of which it knows; 0 where it knows of none.
        matched: u64,
        /// The first index that the next append is to carry.
        next: u64,
    },
    /// A client's wish was handed to it, to stand in the log once.
    Proposed {
        /// [`content_hash`](sim::content_hash) of the payload.
        payload: u64,
    },
    /// Its log in memory has a snapshot in place of all through an index.
    Snapshotted {
        /// The last index that it stands for.
        index: u64,
        /// [`prefix`](super::prefix) of what it says was applied.
        prefix: u64,
    },
}

/// What sets the subjects of entries apart from those of terms.
const ENTRY: u64 = 1 << 63;

/// What sets the subjects of proposals apart from both.
const WISH: u64 = 1 << 62;

impl Fact for LogFact {
    fn label(&self) -> &'static str {
        match self {
            LogFact::Recovered(_) => "recovered",
            LogFact::Restarted { .. } => "restarted",
            LogFact::Entered { .. } => "term_entered",
            LogFact::Cast { .. } => "vote_cast",
            LogFact::Shown { .. } => "term_shown",
            LogFact::Voted { .. } => "voted",
            LogFact::Elected { .. } => "elected",
            LogFact::Deposed { .. } => "deposed",
            LogFact::Appended(_) => "appended",
            LogFact::Truncated { .. } => "truncated",
            LogFact::Durable(_) => "durable",
            LogFact::DurablyTruncated { .. } => "durably_truncated",
            LogFact::Applied(_) => "applied",
            LogFact::Committed { .. } => "committed",
            LogFact::Matched { .. } => "matched",
            LogFact::Proposed { .. } => "proposed",
            LogFact::Snapshotted { .. } => "snapshotted",
        }
    }

    /// The term or, apart from those, the index.
    fn subject(&self) -> u64 {
        match *self {
            LogFact::Restarted { term, .. }
            | LogFact::Entered { term }
            | LogFact::Cast { term, .. }
            | LogFact::Shown { term }
            | LogFact::Voted { term, .. }
            | LogFact::Elected { term }
            | LogFact::Deposed { term } => term,
            LogFact::Truncated { from } | LogFact::DurablyTruncated { from } => ENTRY | from,
            LogFact::Committed { index }
            | LogFact::Matched { matched: index, .. }
            | LogFact::Snapshotted { index, .. } => subject(index),
            // No place in the log yet; what a hash is about is no term.
            LogFact::Proposed { payload } => WISH | payload >> 2,
            LogFact::Recovered(entry)
            | LogFact::Appended(entry)
            | LogFact::Durable(entry)
            | LogFact::Applied(entry) => entry.subject(),
        }
    }
}

/// As an explanation shows it, and 4 digits of the payload's hash: two entries of a place may differ in nothing else.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} ({:04x})", self.payload >> 48)
    }
}

/// As it reads in a trace: what was shown, by 4 digits of each payload's hash.
impl fmt::Debug for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Read { server, through, first, payloads } = self;
        write!(f, "{server}, whose log goes through entry {through}, shows")?;
        if payloads.is_empty() {
            return write!(f, " nothing");
        }
        write!(f, " from entry {first} on")?;
        payloads.iter().try_for_each(|payload| write!(f, " ({:04x})", payload >> 48))
    }
}

/// As it reads in a trace: `voted for n2 in term 7`.
impl fmt::Debug for LogFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogFact::Recovered(entry) => write!(f, "recovered {entry:?}"),
            LogFact::Restarted { term, voted_for: None } => write!(f, "goes on in term {term}, without a vote"),
            LogFact::Restarted { term, voted_for: Some(vote) } => {
                write!(f, "goes on in term {term}, with a vote for {vote}")
            }
            LogFact::Entered { term } => write!(f, "entered term {term}"),
            LogFact::Cast { term, candidate } => write!(f, "cast its vote for {candidate} in term {term}"),
            LogFact::Shown { term } => write!(f, "showed term {term}"),
            LogFact::Voted { term, candidate } => write!(f, "voted for {candidate} in term {term}"),
            LogFact::Appended(entry) => write!(f, "appended {entry:?}"),
            LogFact::Truncated { from } => write!(f, "removed all from entry {from} on"),
            LogFact::Durable(entry) => write!(f, "has {entry:?} on disk"),
            LogFact::DurablyTruncated { from } => write!(f, "has nothing from entry {from} on on disk"),
            LogFact::Applied(entry) => write!(f, "applied {entry:?}"),
            LogFact::Committed { index } => write!(f, "takes all through entry {index} for committed"),
            LogFact::Matched { term, follower, matched: 0, next } => {
                write!(f, "leading term {term}, takes nothing of {follower} to match, and sends from entry {next} on")
            }
            LogFact::Matched { term, follower, matched, next } => write!(
                f,
                "leading term {term}, takes {follower} to match through entry {matched}, and sends from entry {next} on"
            ),
            LogFact::Proposed { payload } => write!(f, "was asked to append ({:04x})", payload >> 48),
            LogFact::Snapshotted { index, prefix } => {
                write!(f, "has a snapshot ({:04x}) in place of all through entry {index}", prefix >> 48)
            }
            other => {
                let (label, number) = (other.label().replace('_', " "), other.subject() & !ENTRY);
                write!(f, "{label} {} {number}", if other.subject() & ENTRY == 0 { "in term" } else { "at entry" })
            }
        }
    }
}

impl Entry {
    /// The subject of facts about this index.
    pub(crate) fn subject(&self) -> u64 {
        subject(self.index)
    }
}

/// The subject of facts about this index.
pub(crate) fn subject(index: u64) -> u64 {
    ENTRY | index
}

/// The log's fact in what was observed, if it is one.
#[inline]
pub(crate) fn log_fact<'a, P: Replicated>(observed: &Observed<'a, P>) -> Option<&'a LogFact> {
    observed.fact().and_then(P::log_fact)
}

/// The smallest quorum of so many voters.
pub(crate) fn quorum(voters: usize) -> usize {
    voters / 2 + 1
}
