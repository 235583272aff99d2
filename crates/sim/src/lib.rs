//! A deterministic simulation engine: a cluster in one thread, on virtual time, under seeded faults.
//!
//! The same binary and case give the same bytes. The engine names no protocol, reads no clock, file or environment, and
//! draws nothing from the OS.
//!
//! # Example
//!
//! A node counts its starts on disk, and tells the others of a start once the count is durable. So nobody may ever hear
//! of a start that a crash has made its node forget.
//!
//! ```
//! use std::collections::BTreeMap;
//!
//! use sim::{
//!     Case, Checker, End, Expansion, Fact, Flaw, Hex, Idle, Io, Judgement, NodeId, Observed, Payload, Process, Property,
//!     Protocol, Refusal, RunOptions, Scenario, Spec, StaticMajority, System, Time,
//! };
//!
//! #[derive(Clone, Debug, Hash)]
//! struct Started(u64);
//! impl Payload for Started {}
//!
//! #[derive(Clone, Debug, Hash)]
//! enum Seen {
//!     Durable(u64),
//!     Heard { from: NodeId, count: u64 },
//! }
//! impl Fact for Seen {
//!     fn label(&self) -> &'static str {
//!         match self {
//!             Seen::Durable(_) => "durable",
//!             Seen::Heard { .. } => "heard",
//!         }
//!     }
//! }
//!
//! struct Starts;
//! impl Protocol for Starts {
//!     type Message = Started;
//!     type Fact = Seen;
//!     type Operation = ();
//!     type Reply = ();
//! }
//!
//! struct Node;
//! impl Process for Node {
//!     type Protocol = Starts;
//!     fn boot(io: &mut Io<'_, Starts>) -> Result<Node, Refusal> {
//!         let count = io.surviving("starts").try_into().map_or(0, u64::from_le_bytes) + 1;
//!         let file = io.open("starts");
//!         io.sync_directory(); // or a crash may leave no file of that name
//!         io.write(file, 0, &count.to_le_bytes());
//!         let synced = io.sync(file);
//!         io.when_durable(synced, Seen::Durable(count));
//!         for peer in io.nodes().to_vec() {
//!             io.send_after(synced, peer, Started(count)); // `send` would be the mistake
//!         }
//!         Ok(Node)
//!     }
//!     fn on_message(&mut self, from: NodeId, Started(count): Started, io: &mut Io<'_, Starts>) {
//!         io.fact(Seen::Heard { from, count });
//!     }
//!     fn on_deadline(&mut self, _: &mut Io<'_, Starts>) {}
//!     fn next_deadline(&self) -> Option<Time> {
//!         None
//!     }
//! }
//!
//! #[derive(Clone, Default)]
//! struct HeardIsDurable(BTreeMap<NodeId, u64>);
//! impl Checker<Starts> for HeardIsDurable {
//!     fn observe(&mut self, observed: &Observed<'_, Starts>) -> Judgement {
//!         match observed.fact() {
//!             None => Judgement::Irrelevant,
//!             Some(Seen::Durable(count)) => {
//!                 self.0.insert(observed.node, *count);
//!                 Judgement::Irrelevant
//!             }
//!             Some(Seen::Heard { from, count }) => {
//!                 let durable = self.0.get(from).copied().unwrap_or(0);
//!                 Judgement::holds_if(*count <= durable, || Flaw {
//!                     explanation: format!("{} heard of start {count} of {from}, not {durable}", observed.node),
//!                     witnesses: vec![observed.witness(*count)],
//!                 })
//!             }
//!         }
//!     }
//! }
//!
//! impl System for Starts {
//!     type Protocol = Starts;
//!     type Node = Node;
//!     type Client = Idle<Starts>;
//!     type Checks = Property<HeardIsDurable>;
//!     type Survival = StaticMajority;
//!     fn spec(&self) -> Spec {
//!         Spec { clients: 0..=0, ..Spec::new("starts") }
//!     }
//!     fn checks(&self, _: &Case) -> Property<HeardIsDurable> {
//!         Property::new("heard_is_durable", HeardIsDurable::default())
//!     }
//!     fn survival(&self, _: &Case) -> StaticMajority {
//!         StaticMajority
//!     }
//! }
//!
//! // A seed becomes a case, a case a run. The same case comes to the same digest, event for event.
//! let case = Starts.expand(Hex(7), &Expansion::default());
//! let outcome = Starts.run(&case, &mut RunOptions::default())?;
//! assert_eq!(outcome.end, End::Passed);
//! assert!(outcome.counts["heard"] > 0);
//! let again = Starts.run(&case, &mut RunOptions::default())?;
//! assert_eq!(again.digest, outcome.digest);
//! # Ok::<(), sim::CaseError>(())
//! ```
//!
//! # Map
//!
//! | module | holds |
//! |---|---|
//! | `time`, `id` | virtual time; the names of nodes, requests, operations, seeds |
//! | `hash` | the digest of a run, the content hash of messages and facts |
//! | `mix`, [`sample`] | decisions during a run: keyed, never drawn from a sequence |
//! | `payload`, `process`, `timers` | what is hosted: the vocabulary, the process, what it may do |
//! | `spec`, `system`, `scenario` | a system under test: what it states, its types, how it is run |
//! | `reach` | what many runs of it must have seen |
//! | `case`, `plan` | one run as data, and its faults |
//! | `expand`, `swarm` | from a seed to a case |
//! | `check`, `survival` | what must hold; what may be destroyed |
//! | `queue`, `network`, `flight`, `disk`, `clock`, `panics` | the parts of a world |
//! | `world` | a run as a value: fire one event |
//! | `record` | what a traced run says of itself |
//! | `story` | what of that a person reads to understand a failure |
//! | `shrink` | from a failing case to the least that fails in the same way |

mod case;
mod check;
mod clock;
mod disk;
mod expand;
mod flight;
mod hash;
mod id;
mod mix;
mod network;
mod panics;
mod payload;
mod plan;
mod process;
mod queue;
mod reach;
mod record;
pub mod sample;
mod scenario;
mod shrink;
mod spec;
mod story;
mod survival;
mod swarm;
mod system;
mod time;
mod timers;
mod world;

pub use case::{
    CASE_FORMAT, Case, CaseError, ClientLoad, Disks, Expect, Found, LinkKind, Network, Shrunk, Size, Workload,
};
pub use check::{
    Checker, Checks, Class, Evaluated, Finding, Flaw, Goal, Judgement, Observed, Progress, Property, Recovery,
    Violation, What, Witness,
};
pub use disk::File;
pub use hash::{ContentHasher, Digest, content_hash, hash_printed};
pub use id::{Hex, NodeId, OperationId, Request, Seed};
pub use mix::{Domain, Salts, mix};
pub use payload::{Fact, NoFact, Payload, Protocol};
pub use plan::{Fate, Fault, FaultKind, Heal, Item, ItemOutcome, Plan, Point, Target, When};
pub use process::{DiskError, Idle, Io, Link, MessageOf, Process, Refusal};
pub use reach::{Exemption, HealthCheck, ReachGoal};
pub use record::{About, Record, RecordWhat, Taken};
pub use scenario::{Activity, End, Fates, Outcome, RunOptions, Scenario};
pub use shrink::{Candidate, Shrinker};
pub use spec::{DIVERGENCE, FaultClass, Faults, Knob, Limits, Scale, Spec};
pub use story::{Part, STORY_LINES_MAX, Story, StoryLine, StoryTeller};
pub use survival::{AllReturn, Damage, NodeDamage, Permission, Recoverable, Service, StaticMajority, Strike, Survival};
pub use swarm::Expansion;
pub use system::System;
pub use time::Time;
pub use timers::Timers;
pub use world::{FaultCount, Pending, World};
