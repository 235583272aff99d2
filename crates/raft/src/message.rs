//! What nodes say to each other.

use std::sync::Arc;

use crate::entry::Entry;
use crate::id::{Index, Position, Term};

/// A message between two nodes. Any may be lost, repeated, delayed or overtaken; none may be altered.
/// Cloning shares the entries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// The sender's term when it spoke.
    pub term: Term,
    /// What it said.
    pub body: Body,
}

/// What a message says. A host that encodes messages matches on every kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Body {
    /// A node asks whether it would get a vote in the term after its own (dissertation §9.6). Nobody enters that term for
    /// it.
    PreVoteRequest {
        /// Where the log of the one who asks ends.
        last: Position,
    },
    /// The answer to a pre-vote request. It binds nobody.
    PreVoteReply {
        /// Whether the vote would be given.
        granted: bool,
    },
    /// A candidate asks for a vote (Raft §5.2).
    VoteRequest {
        /// Where the candidate's log ends; a voter refuses if its own log is more up-to-date (Raft §5.4.1).
        last: Position,
    },
    /// The answer to a vote request.
    VoteReply {
        /// Whether the vote was given.
        granted: bool,
    },
    /// A leader replicates entries; without any, a heartbeat (Raft §5.3).
    Append {
        /// The position before the first entry, at which the follower's log must agree.
        previous: Position,
        /// The entries after it, consecutive.
        entries: Arc<[Entry]>,
        /// The leader's commit index; it may lie beyond what this message carries.
        commit: Index,
    },
    /// The follower's log agrees with the leader's, durably, through `matched`.
    AppendAccepted {
        /// The last index that the accepted append verified.
        matched: Index,
    },
    /// The follower's log does not agree at `previous`, or the append was of an earlier term.
    AppendRejected {
        /// The index at which the append asked for agreement: which append this answers.
        previous: Index,
        /// The last position of the follower's log, at or before `previous`, of a term that the leader
        /// may share there: the logs cannot agree anywhere between the two.
        hint: Position,
    },
}

impl Message {
    /// Whether an honest node can have sent this, judged by the message alone. Checked before
    /// anything is done with it: a malformed message must not even raise our term.
    pub(crate) fn is_well_formed(&self) -> bool {
        let term_possible = self.term > Term::ZERO || self.is_before_any_term();
        term_possible
            && self.term <= Term::HIGHEST
            && match &self.body {
                Body::PreVoteRequest { last } => last.is_possible() && last.term <= self.term,
                // A candidate has just entered a term above all it had seen.
                Body::VoteRequest { last } => last.is_possible() && last.term < self.term,
                Body::Append { previous, entries, .. } => {
                    previous.is_possible() && are_consecutive(*previous, entries, self.term)
                }
                Body::AppendRejected { hint, .. } => hint.is_possible(),
                Body::PreVoteReply { .. } | Body::VoteReply { .. } | Body::AppendAccepted { .. } => true,
            }
    }

    /// What nodes that have never run ask each other before the first election.
    fn is_before_any_term(&self) -> bool {
        matches!(self.body, Body::PreVoteRequest { .. } | Body::PreVoteReply { .. })
    }
}

/// Whether the entries follow `previous` one by one, in terms that never decrease nor exceed `highest`.
fn are_consecutive(previous: Position, entries: &[Entry], highest: Term) -> bool {
    let mut last = previous;
    for entry in entries {
        let next_in_order = last.index.0.checked_add(1) == Some(entry.index.0);
        if !next_in_order || entry.term < last.term || entry.term == Term::ZERO {
            return false;
        }
        last = entry.position();
    }
    last.term <= highest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Payload;

    fn position(term: u64, index: u64) -> Position {
        Position { term: Term(term), index: Index(index) }
    }

    fn append(previous: Position, entries: &[(u64, u64)]) -> Body {
        let entry = |(term, index)| Entry { term: Term(term), index: Index(index), payload: Payload::Noop };
        let entries = entries.iter().copied().map(entry).collect();
        Body::Append { previous, entries, commit: Index::ZERO }
    }

    #[test]
    fn only_what_an_honest_node_can_send_is_well_formed() {
        let table = [
            ("heartbeat", 3, append(position(2, 5), &[]), true),
            ("entries in order", 3, append(position(2, 5), &[(2, 6), (3, 7)]), true),
            ("first entry", 3, append(Position::ZERO, &[(1, 1)]), true),
            ("gap after previous", 3, append(position(2, 5), &[(3, 7)]), false),
            ("gap between entries", 3, append(position(2, 5), &[(3, 6), (3, 8)]), false),
            ("term decreases", 3, append(position(2, 5), &[(3, 6), (2, 7)]), false),
            ("term below previous", 3, append(position(2, 5), &[(1, 6)]), false),
            ("entry of term 0", 3, append(Position::ZERO, &[(0, 1)]), false),
            ("entry above the term", 3, append(position(2, 5), &[(4, 6)]), false),
            ("previous above the term", 3, append(position(4, 5), &[]), false),
            ("impossible previous", 3, append(position(1, 0), &[]), false),
            ("index overflow", 3, append(position(1, u64::MAX), &[(1, 0)]), false),
            ("vote request", 3, Body::VoteRequest { last: position(2, 5) }, true),
            ("candidate's log of its own term", 3, Body::VoteRequest { last: position(3, 5) }, false),
            (
                "pre-vote of a candidate with entries of its term",
                3,
                Body::PreVoteRequest { last: position(3, 5) },
                true,
            ),
            ("pre-vote with a log above the term", 3, Body::PreVoteRequest { last: position(4, 5) }, false),
            ("pre-vote before the first term", 0, Body::PreVoteRequest { last: Position::ZERO }, true),
            ("term 0", 0, Body::VoteReply { granted: true }, false),
            ("term out of range", u64::MAX, Body::VoteReply { granted: false }, false),
        ];
        for (situation, term, body, expected) in table {
            let message = Message { term: Term(term), body };
            assert_eq!(message.is_well_formed(), expected, "{situation}");
        }
    }
}
