//! A deterministic simulation engine: a cluster in one thread, on virtual time, under seeded faults.
//!
//! Being built. What stands so far:
//!
//! | module | holds |
//! |---|---|
//! | `time`, `id` | virtual time, the names of things |
//! | `hash` | the digest of a run, the content hash of messages and facts |
//! | `mix`, `sample` | decisions during a run: keyed, never drawn from a sequence |
//! | `expand` | from a seed to random words, before the run |
//! | `payload` | what a system's processes say to each other and about themselves |

#![expect(dead_code, reason = "the engine that uses these lands next")]

mod expand;
mod hash;
mod id;
mod mix;
mod payload;
pub mod sample;
mod time;

pub use hash::{ContentHasher, Digest, content_hash};
pub use id::{Hex, NodeId, OperationId, Request, Seed};
pub use mix::{Domain, Salts, mix};
pub use payload::{Fact, NoFact, Payload, Protocol};
pub use time::Time;
