//! What a node is told once, at construction.

use std::time::Duration;

use crate::digest::Digest;
use crate::error::ConfigError;
use crate::id::NodeId;

/// The settings of one node. Validated by [`Raft::new`](crate::Raft::new); there are no defaults,
/// because a wrong guess about timing shows itself only under load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// This node's own name; it must be among `voters`.
    pub id: NodeId,
    /// Every server of the cluster, in any order, each once.
    pub voters: Vec<NodeId>,
    /// The shortest election timeout (Raft §5.2).
    pub election_timeout_min: Duration,
    /// The longest election timeout, inclusive; at most [`Config::LONGEST_TIMEOUT`]. The wider the
    /// range, the rarer a split vote.
    pub election_timeout_max: Duration,
    /// How often a leader sends to every follower; shorter than the shortest election timeout. It is
    /// also how long a lost append stays unnoticed when nothing else is sent.
    pub heartbeat_interval: Duration,
    /// How many entries one append carries at most; at least 1.
    pub max_entries_per_append: usize,
    /// How many entries may be under way to one follower, sent and not acknowledged; at least 1. What is beyond waits for
    /// acknowledgements, and then goes out in larger appends.
    pub max_entries_in_flight: usize,
    /// Whether a node asks first if it would be elected, and enters a new term only then (dissertation §9.6). A node that
    /// is cut off does not raise its term meanwhile. That it deposes nobody on its return takes `check_quorum` too: by
    /// logs alone, one that missed nothing may well be elected.
    pub pre_vote: bool,
    /// Whether a leader that hears no quorum for the shortest election timeout steps down, and whether votes are refused as
    /// long as a leader is known to be alive, by the leader itself as well (dissertation §6.2, §4.2.3). Without `pre_vote`,
    /// a node that was cut off still deposes the leader on its return, by answering it in a later term.
    pub check_quorum: bool,
    /// Decides the election timeouts, with `id` and the term. Nodes may share a seed.
    pub seed: u64,
}

impl Config {
    /// The longest election timeout accepted: one day.
    pub const LONGEST_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

    /// Refuses what cannot work, and puts the voters in order, so that the order in which the host
    /// listed them decides nothing.
    pub(crate) fn check(mut self) -> Result<Self, ConfigError> {
        self.voters.sort_unstable();
        self.check_voters()?;
        self.check_times()?;
        if self.max_entries_per_append == 0 {
            return Err(ConfigError::EmptyAppends);
        }
        if self.max_entries_in_flight == 0 {
            return Err(ConfigError::EmptyWindow);
        }
        Ok(self)
    }

    /// The voters other than this node, in order of id.
    pub(crate) fn peers(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.voters.iter().copied().filter(|voter| *voter != self.id)
    }

    pub(crate) fn is_voter(&self, node: NodeId) -> bool {
        self.voters.binary_search(&node).is_ok()
    }

    pub(crate) fn digest(&self, digest: &mut Digest) {
        let Self {
            id,
            voters,
            election_timeout_min,
            election_timeout_max,
            heartbeat_interval,
            max_entries_per_append,
            max_entries_in_flight,
            pre_vote,
            check_quorum,
            seed,
        } = self;
        digest.word(id.0);
        digest.count(voters.len());
        for voter in voters {
            digest.word(voter.0);
        }
        for duration in [election_timeout_min, election_timeout_max, heartbeat_interval] {
            digest.remaining(*duration, Duration::ZERO);
        }
        digest.count(*max_entries_per_append);
        digest.count(*max_entries_in_flight);
        digest.word(u64::from(*pre_vote) | u64::from(*check_quorum) << 1);
        digest.word(*seed);
    }

    fn check_voters(&self) -> Result<(), ConfigError> {
        if let Some(pair) = self.voters.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(ConfigError::DuplicateVoter { voter: pair[0] });
        }
        if !self.is_voter(self.id) {
            return Err(ConfigError::NotAVoter { id: self.id, voters: self.voters.clone() });
        }
        Ok(())
    }

    fn check_times(&self) -> Result<(), ConfigError> {
        let Self { election_timeout_min: min, election_timeout_max: max, .. } = *self;
        if min > max {
            return Err(ConfigError::TimeoutRangeReversed { min, max });
        }
        if max > Self::LONGEST_TIMEOUT {
            return Err(ConfigError::TimeoutTooLong { longest: Self::LONGEST_TIMEOUT, max });
        }
        if self.heartbeat_interval.is_zero() {
            return Err(ConfigError::NoHeartbeatInterval);
        }
        if self.heartbeat_interval >= min {
            let received = self.heartbeat_interval;
            return Err(ConfigError::HeartbeatTooSlow { below: min, received });
        }
        Ok(())
    }
}
