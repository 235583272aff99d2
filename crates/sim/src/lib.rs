//! A deterministic simulation engine: a cluster in one thread, on virtual time, under seeded faults.
//!
//! The same binary and case give the same bytes. The engine names no protocol, reads no clock, file or environment, and
//! draws nothing from the OS.
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
//! | `case`, `plan` | one run as data, and its faults |
//! | `expand`, `swarm` | from a seed to a case |
//! | `check`, `survival` | what must hold; what may be destroyed |
//! | `queue`, `network`, `flight`, `disk`, `panics` | the parts of a world |
//! | `world` | a run as a value: fire one event |
//! | `record` | what a traced run says of itself |

mod case;
mod check;
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
mod record;
pub mod sample;
mod scenario;
mod spec;
mod survival;
mod swarm;
mod system;
mod time;
mod timers;
mod world;

pub use case::{CASE_FORMAT, Case, CaseError, ClientLoad, Expect, Found, LinkKind, Network, Workload};
pub use check::{
    Checker, Checks, Class, Evaluated, Finding, Flaw, Goal, Judgement, Observed, Progress, Property, Violation, What,
    Witness,
};
pub use disk::File;
pub use hash::{ContentHasher, Digest, content_hash};
pub use id::{Hex, NodeId, OperationId, Request, Seed};
pub use mix::{Domain, Salts, mix};
pub use payload::{Fact, NoFact, Payload, Protocol};
pub use plan::{Fate, Fault, FaultKind, Heal, Item, ItemOutcome, Plan, Point, Target, When};
pub use process::{DiskError, Idle, Io, Link, MessageOf, Process, Refusal};
pub use record::{Record, RecordWhat, Taken};
pub use scenario::{End, Outcome, RunOptions, Scenario};
pub use spec::{DIVERGENCE, FaultClass, Faults, Knob, Limits, Scale, Spec};
pub use survival::{Damage, NodeDamage, Permission, Recoverable, Service, StaticMajority, Strike, Survival};
pub use swarm::Expansion;
pub use system::System;
pub use time::Time;
pub use timers::Timers;
pub use world::{FaultCount, Pending, World};
