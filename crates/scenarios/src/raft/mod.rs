//! `raft`: the Raft core on nodes with a disk, and clients that propose, retry and time out.
//!
//! A client proposes one command at a time and goes on when it is told at which index it was applied. It may be told
//! late, or never: then it proposes the same command again, elsewhere, and the log may hold it twice.
//!
//! | module | holds |
//! |---|---|
//! | here | the vocabulary, and the system: knobs, triggers, goals, checks |
//! | `node` | the adapter: the core's effects carried out, and what they make true stated as facts |
//! | `journal` | the core's records on disk |
//! | `packet` | what they say as it travels, with a checksum |
//! | `client` | who proposes |
//! | [`partial`] | scenario `raft/partial`: nodes of which some never hear each other again |

mod client;
mod journal;
mod node;
mod packet;
pub mod partial;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use oracle::consensus::{self, Acknowledged, ConsensusChecks, LogFact, Replicated};
use raft::Body;
use sim::{
    Case, FaultClass, FaultKind, Faults, Knob, Payload, Protocol, ReachGoal, Spec, StaticMajority, System, content_hash,
};

pub use client::Client;
pub use node::Node;
pub use packet::Packet;

/// The vocabulary of a cluster and its clients.
pub struct Log;

impl Protocol for Log {
    type Message = Packet;
    type Fact = LogFact;
    type Operation = Command;
    type Reply = Acknowledged;
}

impl Replicated for Log {
    fn log_fact(fact: &LogFact) -> Option<&LogFact> {
        Some(fact)
    }

    fn acknowledged(reply: &Acknowledged) -> Option<Acknowledged> {
        Some(*reply)
    }
}

/// What a client wants in the log.
pub type Command = Arc<[u8]>;

/// What processes say to each other.
#[derive(Clone, Hash)]
pub enum Message {
    /// Between nodes: the core's own.
    Peer(raft::Message),
    /// A client wants a command in the log.
    Propose {
        /// Which of its operations, for the answer.
        ordinal: u32,
        /// The command.
        command: Command,
    },
    /// To a client.
    Answer {
        /// Which of its operations.
        ordinal: u32,
        /// What came of it.
        answer: Answer,
    },
}

/// As it reads in a trace: `vote granted, term 7`.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Peer(raft::Message { term, body }) => write!(f, "{}, term {term}", Said(body)),
            Message::Propose { ordinal, .. } => write!(f, "proposes its operation {ordinal}"),
            Message::Answer { ordinal, answer } => match answer {
                Answer::Applied(index) => write!(f, "operation {ordinal} was applied at {index}"),
                Answer::Superseded => write!(f, "operation {ordinal} was superseded"),
                Answer::NotLeader { leader: Some(leader) } => {
                    write!(f, "cannot take operation {ordinal}: {leader} leads")
                }
                Answer::NotLeader { leader: None } => write!(f, "cannot take operation {ordinal}: knows no leader"),
            },
        }
    }
}

/// What a node says, but for its term. Places in a log are `term/index`.
struct Said<'a>(&'a Body);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whether = |granted: bool| if granted { "granted" } else { "denied" };
        match self.0 {
            Body::PreVoteRequest { last } => write!(f, "asks for a pre-vote, its log ends at {last}"),
            Body::PreVoteReply { granted } => write!(f, "pre-vote {}", whether(*granted)),
            Body::VoteRequest { last } => write!(f, "asks for a vote, its log ends at {last}"),
            Body::VoteReply { granted } => write!(f, "vote {}", whether(*granted)),
            Body::Append { previous, entries, commit } => {
                match (&entries[..], entries.last()) {
                    ([], _) | (_, None) => write!(f, "appends nothing")?,
                    ([only], _) => write!(f, "appends {}", only.position())?,
                    ([first, ..], Some(last)) => write!(f, "appends {} to {}", first.position(), last.position())?,
                }
                write!(f, " after {previous}, commits {commit}")
            }
            Body::AppendAccepted { matched } => write!(f, "accepted through {matched}"),
            Body::AppendRejected { previous, hint } => write!(f, "rejected after {previous}, perhaps after {hint}"),
        }
    }
}

/// What came of a proposal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Answer {
    /// It was applied at this index.
    Applied(u64),
    /// It had a place in the log, and another entry was applied there.
    Superseded,
    /// The node that was asked does not lead.
    NotLeader {
        /// Who might.
        leader: Option<sim::NodeId>,
    },
}

impl Payload for Message {
    /// The kind and what makes it this one: "append, term 3, previous 41". Entries and commit indices ride along.
    fn tag(&self) -> u64 {
        match self {
            Message::Peer(raft::Message { term, body }) => match body {
                Body::PreVoteRequest { .. } => content_hash(&("pre-vote request", term)),
                Body::PreVoteReply { granted } => content_hash(&("pre-vote reply", term, granted)),
                Body::VoteRequest { .. } => content_hash(&("vote request", term)),
                Body::VoteReply { granted } => content_hash(&("vote reply", term, granted)),
                Body::Append { previous, .. } => content_hash(&("append", term, previous.index)),
                Body::AppendAccepted { matched } => content_hash(&("accepted", term, matched)),
                Body::AppendRejected { previous, .. } => content_hash(&("rejected", term, previous)),
            },
            Message::Propose { ordinal, .. } => content_hash(&("propose", ordinal)),
            Message::Answer { ordinal, answer } => content_hash(&("answer", ordinal, std::mem::discriminant(answer))),
        }
    }

    fn len(&self) -> u32 {
        const HEADER: usize = 32;
        let payload = match self {
            Message::Peer(raft::Message { body: Body::Append { entries, .. }, .. }) => {
                entries.iter().map(|entry| HEADER + command_len(&entry.payload)).sum()
            }
            Message::Propose { command, .. } => command.len(),
            Message::Peer(_) | Message::Answer { .. } => 0,
        };
        u32::try_from(HEADER + payload).unwrap_or(u32::MAX)
    }
}

fn command_len(payload: &raft::Payload) -> usize {
    match payload {
        raft::Payload::Noop => 0,
        raft::Payload::Command(command) => command.len(),
    }
}

/// The system under test.
pub struct Raft;

/// How long after the heal progress may take. Of 3 000 runs half took 0.4 s and the slowest 18 s: a client thinks for up to
/// a second, and waits for up to two for each dead node that it happens to ask; several elections of up to 1 s may fail
/// before one succeeds. Each such mishap is a matter of chance, so the longest of many campaigns is far longer than that.
const PROGRESS_BOUND: Duration = Duration::from_secs(60);

impl System for Raft {
    type Protocol = Log;
    type Node = Node;
    type Client = Client;
    type Checks = ConsensusChecks;
    type Survival = StaticMajority;

    fn spec(&self) -> Spec {
        Spec {
            about: "a replicated log by Raft: elections, replication, restarts; clients that propose and retry".into(),
            nodes: 3..=7,
            clients: 1..=4,
            // More than anybody gets done before the heal, but for one client in some thousands that thinks for no time and whose
            // messages take none: so progress can be demanded of everybody after it.
            operations: 2_000..=2_000,
            knobs: vec![
                Knob::octaves("election_timeout_ms", 50..=500),
                // Never 0: equal timeouts are a livelock.
                Knob::octaves("election_spread_ms", 20..=500),
                Knob::linear("heartbeats_per_timeout", 2..=10),
                Knob::octaves("max_entries_per_append", 1..=64),
                Knob::octaves("max_entries_in_flight", 1..=256),
                Knob::linear("pre_vote", 0..=1),
                Knob::linear("check_quorum", 0..=1),
                // The least holds a record or two.
                Knob::octaves("segment_bytes", 128..=65_536),
                Knob::octaves("client_timeout_ms", 50..=2_000),
                Knob::octaves("think_ms", 0..=1_000),
            ],
            faults: Faults::swarm()
                .with(FaultKind::IoError)
                .with(FaultKind::NoSpace)
                .classed(FaultKind::BitRot, FaultClass::Detected),
            triggers: vec![
                "restarted",
                "term_entered",
                "voted",
                "elected",
                "deposed",
                "appended",
                "truncated",
                "durable",
                "applied",
            ],
            latency: Duration::ZERO..=Duration::from_millis(5),
            goals: goals(),
            ..Spec::new("raft")
        }
    }

    fn checks(&self, case: &Case) -> ConsensusChecks {
        consensus::checks(case, PROGRESS_BOUND)
    }

    fn survival(&self, _: &Case) -> StaticMajority {
        StaticMajority
    }
}

fn goals() -> Vec<ReachGoal> {
    let labels = [
        "elected",
        "election_failed",
        // Two stood in one term, and one of them did not win, nor hear of who did: as where the vote is split.
        "election_contested",
        "deposed",
        // What a leader had appended and not replicated when it crashed is not what its next life goes on with.
        "crashed_leader_overwritten",
        "truncated",
        "durably_truncated",
        "recovered",
        "torn_tail",
        "superseded",
        "corrupted_dropped",
    ];
    // Links are thin in few seeds, and of those few are so thin that a queue is full: 19 of 1000, and in `raft/partial` 15.
    let rare = ReachGoal::rare("fault:queue_overflow", 1_500);
    ReachGoal::each(labels).into_iter().chain([rare]).collect()
}
