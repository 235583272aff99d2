//! A Raft consensus core that does no I/O.
//!
//! A [`Raft`] is one node. Its host hands it one [`Input`] at a time, with the time, and carries out
//! the [`Effects`] that come back: bytes to make durable, messages to send, entries to apply. Sections
//! cited are of *In Search of an Understandable Consensus Algorithm* (Ongaro and Ousterhout 2014,
//! "Raft §…") and of Ongaro's dissertation.
//!
//! # What a host does
//!
//! - **Writes in order.** Each step asks for at most one write ([`Persist`]). Its records become durable
//!   in order, after those of earlier writes; then the host says [`Input::Persisted`].
//! - **Durability is data.** A [`Effect::Send`] that says what must survive a crash names the write it has
//!   to wait for. A host sends it when that write is durable, and drops it if the node crashes first.
//!   Nothing else waits for a disk.
//! - **A failed write** is never reported and never repeated: what the disk now holds is unknown. Stop the
//!   node, and start it anew from what can be read back.
//! - **Time.** When [`Raft::next_deadline`] has come, [`Input::Deadline`] is due.
//! - **Restart.** Replay the durable records into a [`Recovered`], and build a new [`Raft`]. It applies
//!   the log again from index 1, to a state machine that starts empty.
//!
//! ```
//! use std::time::Duration;
//! use raft::{Config, Effect, Effects, Input, NodeId, Persist, Raft, ProposalId, Recovered, Role};
//!
//! // Carries out effects: a journal that is durable at once, and commands applied to a list.
//! fn carry_out(node: &mut Raft, effects: &mut Effects, journal: &mut Recovered, applied: &mut Vec<u64>) {
//!     while !effects.is_empty() {
//!         let (persist, others) = effects.drain();
//!         let durable = persist.map(|Persist { write, records }| {
//!             for record in records {
//!                 journal.replay(record.clone()).expect("the core's own records");
//!             }
//!             write
//!         });
//!         for effect in others {
//!             match effect {
//!                 Effect::Send { .. } => unreachable!("a single node has nobody to talk to"),
//!                 Effect::Apply(entry) => applied.push(entry.index.0),
//!                 Effect::Reply { .. } | Effect::RoleChanged { .. } | Effect::Ignored { .. } => {}
//!             }
//!         }
//!         if let Some(write) = durable {
//!             node.step(Duration::ZERO, Input::Persisted { write }, effects);
//!         }
//!     }
//! }
//!
//! let config = Config {
//!     id: NodeId(1),
//!     voters: vec![NodeId(1)],
//!     election_timeout_min: Duration::from_millis(150),
//!     election_timeout_max: Duration::from_millis(300),
//!     heartbeat_interval: Duration::from_millis(50),
//!     max_entries_per_append: 64,
//!     max_entries_in_flight: 256,
//!     pre_vote: false,
//!     check_quorum: false,
//!     seed: 1,
//! };
//! let mut node = Raft::new(Duration::ZERO, config, Recovered::default())?;
//! let (mut effects, mut journal, mut applied) = (Effects::new(), Recovered::default(), Vec::new());
//!
//! // Nobody leads: at its deadline the node elects itself.
//! let now = node.next_deadline().expect("a follower waits for an election");
//! node.step(now, Input::Deadline, &mut effects);
//! carry_out(&mut node, &mut effects, &mut journal, &mut applied);
//! assert_eq!(node.role(), Role::Leader);
//!
//! node.step(now, Input::Propose { proposal: ProposalId(7), command: (*b"x=1").into() }, &mut effects);
//! carry_out(&mut node, &mut effects, &mut journal, &mut applied);
//! assert_eq!(applied, [1, 2], "the leader's no-op, then the command");
//! assert_eq!(journal.log.len(), 2);
//! # Ok::<(), raft::Error>(())
//! ```
//!
//! # What this crate never does
//!
//! It reads no clock, draws no randomness, does no I/O, spawns nothing, iterates no hash map, uses no
//! float and no `unsafe`, and has no switch for tests. The same inputs give the same effects.
//!
//! It assumes that messages arrive unaltered or not at all, that a write reported durable survives, and
//! that a disk gives back what was written. It does not defend against peers that lie, but refuses
//! and counts what no honest peer can have sent ([`Ignored`]).
//!
//! # Map
//!
//! | module | holds |
//! |---|---|
//! | `raft` | the node: construction, `step`, getters, who handles which message |
//! | `election` | campaigns, votes, terms, taking up leadership |
//! | `append` | a follower's side of replication |
//! | `replication` | a leader's side, and the commit rule |
//! | `persistence` | the only places where durable state changes |
//! | `role` | the data that exists in one role alone |
//! | `log`, `durability` | the log in memory; which writes are under way and what they cover |
//! | `quorum`, `progress`, `timeout` | pure: majorities, what a leader knows of a follower, election timeouts |
//! | `config`, `input`, `effects`, `message`, `record`, `entry`, `id`, `error`, `ignored` | what crosses the boundary |
//! | `digest`, `mix` | fingerprints of a state; the integer mixer |

mod append;
mod config;
mod digest;
mod durability;
mod effects;
mod election;
mod entry;
mod error;
mod id;
mod ignored;
mod input;
mod log;
mod message;
mod mix;
mod persistence;
mod progress;
mod quorum;
mod raft;
mod record;
mod replication;
mod role;
mod timeout;

pub use config::Config;
pub use effects::{Effect, Effects, Outcome, Persist};
pub use entry::{Entry, Payload};
pub use error::{ConfigError, Error, RecoveryError};
pub use id::{Index, NodeId, Position, ProposalId, Term, WriteId};
pub use ignored::{Ignored, IgnoredCounts};
pub use input::Input;
pub use message::{Body, Message};
pub use progress::{Mode, Progress};
pub use raft::Raft;
pub use record::{HardState, Record, Recovered};
pub use role::Role;
