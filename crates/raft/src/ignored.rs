//! Messages that were not acted on, counted by reason.
//!
//! Some are everyday life on a network that delays and repeats; the others mean that a peer is
//! misconfigured or broken. None may do harm, and none should go unseen.

use std::fmt;

/// Why a message was not acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ignored {
    /// Everyday: sent in an earlier term. A request is still answered, so that its sender learns the
    /// current term.
    StaleTerm,
    /// Everyday: a vote that came after the election was decided.
    LateVote,
    /// Everyday: a rejection that answers an append overtaken by a later one.
    StaleRejection,
    /// Everyday: a request for a vote while the leader is known to be alive.
    LeaderAlive,
    /// Everyday: an answer to an append, and this node does not lead, or no longer. Each follower of a deposed leader
    /// answers in the new term, and only the first of them deposes it; others come after a restart, or after the leader
    /// stepped down for lack of a quorum.
    NotLeader,
    /// The sender is not a voter.
    Stranger,
    /// The sender has this node's own name.
    Impostor,
    /// No honest node can have sent it: impossible term, position or order of entries.
    Malformed,
    /// An append from a second leader of the current term. Election safety (Raft figure 3) is broken
    /// somewhere, or a peer lies.
    SecondLeader,
    /// An acknowledgement of entries that the leader does not have.
    AckBeyondLog,
}

impl Ignored {
    /// Every reason, in the order of declaration.
    pub const ALL: [Self; 10] = [
        Self::StaleTerm,
        Self::LateVote,
        Self::StaleRejection,
        Self::LeaderAlive,
        Self::NotLeader,
        Self::Stranger,
        Self::Impostor,
        Self::Malformed,
        Self::SecondLeader,
        Self::AckBeyondLog,
    ];
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StaleTerm => "stale term",
            Self::LateVote => "late vote",
            Self::StaleRejection => "stale rejection",
            Self::LeaderAlive => "the leader is alive",
            Self::NotLeader => "answer to a leader that we are not",
            Self::Stranger => "sender is no voter",
            Self::Impostor => "sender has our name",
            Self::Malformed => "malformed",
            Self::SecondLeader => "second leader in one term",
            Self::AckBeyondLog => "acknowledges what was never sent",
        })
    }
}

/// How many messages were ignored since construction, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IgnoredCounts([u64; Ignored::ALL.len()]);

impl IgnoredCounts {
    /// The count for one reason.
    #[must_use]
    pub fn get(&self, reason: Ignored) -> u64 {
        self.0[reason as usize]
    }

    /// Every reason with its count.
    pub fn iter(&self) -> impl Iterator<Item = (Ignored, u64)> + '_ {
        Ignored::ALL.iter().map(|reason| (*reason, self.get(*reason)))
    }

    pub(crate) fn add(&mut self, reason: Ignored) {
        let count = &mut self.0[reason as usize];
        *count = count.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_counter() {
        let mut counts = IgnoredCounts::default();
        for (ordinal, reason) in (1..).zip(Ignored::ALL) {
            (0..ordinal).for_each(|_| counts.add(reason));
        }
        let expected = Ignored::ALL.into_iter().zip(1..);
        assert!(counts.iter().eq(expected));
    }
}
