//! A log that a cluster agrees on, under leaders that are elected for a term: Raft and its relatives.
//!
//! # Map
//!
//! | module | property | source |
//! |---|---|---|
//! | `election_safety` | a term has at most one leader | Raft figure 3 |
//! | `vote_quorum` | who leads has the votes of a quorum | Raft §5.2 |
//! | `leader_vote` | a leader has its own vote, and gives nobody another | Raft §5.2 |
//! | `vote_once` | a node votes once a term, whatever crashes | Raft figure 2 |
//! | `term_monotonic` | a node's term never goes back, whatever crashes | Raft figure 2 |
//! | `log_order` | a log has no gap, and its terms only rise | dissertation §3.6.1 |
//! | `leader_append_only` | a leader only adds to its log | Raft figure 3 |
//! | `log_matching` | two logs with one entry in common are the same up to it | Raft figure 3 |
//! | `leader_completeness` | what is committed is in the log of every later leader | Raft figure 3 |
//! | `progress_sanity` | what a leader knows of a follower only grows | Raft figure 2 |
//! | `match_truth` | what a leader takes for matched has been on the follower's disk | Raft figure 2 |
//! | `commit_bounds` | what is taken for committed only grows, from what is applied to where the log ends | Raft figure 2 |
//! | `committed_prefix` | what two nodes take for committed is the same as far as both go, and stays | Raft §5.3 |
//! | `state_machine_safety` | nobody applies anything else at an index, or leaves one out | Raft figure 3 |
//! | `commit_rule` | what is applied or taken for committed was committed in a term by its own leader | Raft §5.4.2 |
//! | `acked_is_durable` | what is applied, acknowledged or taken for committed is on the disks of a quorum | Raft §5.3 |
//! | `applied_is_held` | a node applies only what its own disk holds | dissertation §10.2.1 |
//! | `durable_survives` | what a disk held is what the next life starts from | Raft figure 2 |
//! | `snapshot_content` | a snapshot holds what was applied through its index | dissertation §5.1 |
//! | `read_content` | what a client reads is what was applied, and what others were told stands there | |
//! | `read_monotonic` | a node shows a client no less of the log than it did before | |
//! | `integrity` | nothing is applied that nobody proposed, or more often than it was | Hadzilacos and Toueg 1994 |
//! | `liveness` | operations are answered, and logs catch up, after the heal | |
//! | `fact` | the facts | |
//! | `chain`, `terms`, `end` | a log as hashes of its prefixes, as no more than its terms, or than where it ends | |
//! | `disks`, `commitment` | the logs on disk; what is committed by them, whatever anybody says | |
//!
//! # What an adapter states, and when
//!
//! Within one step, in this order: the term that was entered, the vote, the role that was taken up, changes to the log, what
//! is taken for matched and for committed, and then what is said to others or applied. What others may rely on
//! ([`LogFact::Voted`], [`LogFact::Shown`]) is stated when it may leave: where a send waits for a write, by
//! [`Io::when_durable`](sim::Io::when_durable) of that write. At a boot: each entry that was recovered, then
//! [`LogFact::Restarted`].
//!
//! A log whose entries keep no term, as in Sequence Paxos, is stated in term 0 throughout; its ballots are terms all the same.
//! What rests on the terms of entries says nothing of it then, and [`checks`] is not for it: such a scenario puts together
//! what applies. `integrity`, `snapshot_content`, `read_content` and `read_monotonic` stand in no list here, as our Raft states
//! neither proposals nor snapshots, and nobody reads its log.

mod acked_is_durable;
mod applied_is_held;
mod chain;
mod commit_bounds;
mod commit_rule;
mod commitment;
mod committed_prefix;
mod disks;
mod durable_survives;
mod election_safety;
mod end;
mod fact;
mod integrity;
mod leader_append_only;
mod leader_completeness;
mod leader_vote;
mod liveness;
mod log_matching;
mod log_order;
mod match_truth;
mod progress_sanity;
mod read_content;
mod read_monotonic;
mod snapshot_content;
mod state_machine_safety;
#[cfg(test)]
mod story;
mod term_monotonic;
mod terms;
mod vote_once;
mod vote_quorum;

use std::time::Duration;

use sim::{Case, Progress, Property};

pub use acked_is_durable::AckedIsDurable;
pub use applied_is_held::AppliedIsHeld;
pub use commit_bounds::CommitBounds;
pub use commit_rule::CommitRule;
pub use committed_prefix::CommittedPrefix;
pub use durable_survives::DurableSurvives;
pub use election_safety::ElectionSafety;
pub use fact::{Acknowledged, Entry, LogFact, Read, Replicated};
pub use integrity::Integrity;
pub use leader_append_only::LeaderAppendOnly;
pub use leader_completeness::LeaderCompleteness;
pub use leader_vote::LeaderVote;
pub use liveness::Liveness;
pub use log_matching::LogMatching;
pub use log_order::LogOrder;
pub use match_truth::MatchTruth;
pub use progress_sanity::ProgressSanity;
pub use read_content::ReadContent;
pub use read_monotonic::ReadMonotonic;
pub use snapshot_content::{SnapshotContent, prefix};
pub use state_machine_safety::StateMachineSafety;
pub use term_monotonic::TermMonotonic;
pub use vote_once::VoteOnce;
pub use vote_quorum::VoteQuorum;

/// Every check of the family, as one value.
pub type ConsensusChecks = (Elections, (Logs, (Claims, (Promises, Progress<Liveness>))));

/// What must hold of votes and terms.
pub type Elections = ((Property<ElectionSafety>, Property<VoteQuorum>), (Votes, Property<TermMonotonic>));

/// What must hold of each node's votes.
pub type Votes = (Property<LeaderVote>, Property<VoteOnce>);

/// What must hold of logs.
pub type Logs =
    ((Property<LogOrder>, Property<LeaderAppendOnly>), (Property<LogMatching>, Property<LeaderCompleteness>));

/// What must hold of what nodes conclude, for a protocol that says what that is.
pub type Claims =
    ((Property<ProgressSanity>, Property<MatchTruth>), (Property<CommitBounds>, Property<CommittedPrefix>));

/// What must hold of what is told to state machines and clients, and of disks.
pub type Promises = ((Property<StateMachineSafety>, Property<AckedIsDurable>), (Property<CommitRule>, Disk));

/// What must hold of each node's own disk.
pub type Disk = (Property<AppliedIsHeld>, Property<DurableSurvives>);

/// Every check of the family, for a cluster whose nodes are the case's and all vote; progress must be made within `bound`
/// of the heal.
///
/// Where one step violates several properties, the first in this order is the one that is reported: causes before
/// their consequences.
pub fn checks(case: &Case, bound: Duration) -> ConsensusChecks {
    checks_demanding(case, bound, Liveness::new(case))
}

/// The same, with this demanded after the heal.
pub fn checks_demanding(case: &Case, bound: Duration, liveness: Liveness) -> ConsensusChecks {
    let voters = &case.nodes;
    let elections = (
        (
            Property::new("election_safety", ElectionSafety::default()),
            Property::new("vote_quorum", VoteQuorum::new(voters)),
        ),
        (
            (Property::new("leader_vote", LeaderVote::default()), Property::new("vote_once", VoteOnce::default())),
            Property::new("term_monotonic", TermMonotonic::default()),
        ),
    );
    let logs = (
        (
            Property::new("log_order", LogOrder::default()),
            Property::new("leader_append_only", LeaderAppendOnly::default()),
        ),
        (
            Property::new("log_matching", LogMatching::default()),
            Property::new("leader_completeness", LeaderCompleteness::new(voters)),
        ),
    );
    let claims = (
        (
            Property::new("progress_sanity", ProgressSanity::default()),
            Property::new("match_truth", MatchTruth::default()),
        ),
        (
            Property::new("commit_bounds", CommitBounds::default()),
            Property::new("committed_prefix", CommittedPrefix::default()),
        ),
    );
    let promises = (
        (
            Property::new("state_machine_safety", StateMachineSafety::default()),
            Property::new("acked_is_durable", AckedIsDurable::new(voters)),
        ),
        (
            Property::new("commit_rule", CommitRule::new(voters)),
            (
                Property::new("applied_is_held", AppliedIsHeld::new(voters)),
                Property::new("durable_survives", DurableSurvives::default()),
            ),
        ),
    );
    let progress = Progress::new("liveness", bound, liveness);
    (elections, (logs, (claims, (promises, progress))))
}

#[cfg(test)]
mod tests {
    use sim::{ClientLoad, NodeId};

    use super::*;
    use crate::story::{bears_nonsense, case};

    const LINES: [&str; 28] = [
        "boots",
        "crashes",
        "recovered #/# a",
        "restarted #",
        "restarted # $",
        "enters #",
        "casts # $",
        "shows #",
        "voted # $",
        "elected #",
        "deposed #",
        "appends #/# a",
        "appends #/# b",
        "truncates #",
        "durable #/# a",
        "durable #/# b",
        "forgets #",
        "applies #/# a",
        "applies #/# b",
        "commits #",
        "matched # $ # #",
        "c1 asks",
        "c1 answered # a",
        "proposes a",
        "snapshot # a",
        "c1 shown $ # #",
        "c1 shown $ # # a",
        "c1 shown $ # # a b",
    ];

    #[test]
    fn no_check_falls_over_what_is_told_after_a_flaw() {
        let clients = vec![ClientLoad { id: NodeId::client(1), operations: u32::MAX, omitted: Vec::new() }];
        let listed = checks(&case(3, clients), Duration::ZERO);
        let content = (
            Property::new("integrity", Integrity::default()),
            Property::new("snapshot_content", SnapshotContent::default()),
        );
        let read = (
            Property::new("read_content", ReadContent::default()),
            Property::new("read_monotonic", ReadMonotonic::default()),
        );
        bears_nonsense::<story::Told>((listed, (content, read)), &LINES);
    }
}
