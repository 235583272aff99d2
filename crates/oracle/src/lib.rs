//! What must hold of a family of protocols, whoever implements it.
//!
//! An implementation is hosted by an adapter that states facts: what its disk holds, what it applies, whom it votes for.
//! The checkers here read those facts alone. They know no message and no state of the implementation, so that two
//! implementations of one protocol, or two protocols of one family, are judged by the same words.
//!
//! What a node concludes by itself, such as "this is committed", may be the accused and is never the evidence: the
//! evidence is what the engine publishes when bytes are durable, and what is applied.
//!
//! ```
//! use oracle::consensus::{Acknowledged, ElectionSafety, LogFact, Replicated};
//! use sim::{Property, Protocol};
//!
//! // A protocol whose only facts are those of a replicated log.
//! #[derive(Clone, Debug, Hash)]
//! struct Message;
//! impl sim::Payload for Message {}
//!
//! struct Log;
//! impl Protocol for Log {
//!     type Message = Message;
//!     type Fact = LogFact;
//!     type Operation = ();
//!     type Reply = Acknowledged;
//! }
//!
//! impl Replicated for Log {
//!     fn log_fact(fact: &LogFact) -> Option<&LogFact> {
//!         Some(fact)
//!     }
//!     fn acknowledged(reply: &Acknowledged) -> Option<Acknowledged> {
//!         Some(*reply)
//!     }
//! }
//!
//! // What a `System` gives as one of its checks.
//! fn checks() -> Property<ElectionSafety> {
//!     Property::new("election_safety", ElectionSafety::default())
//! }
//! # fn is_checks<P: Protocol>(_: impl sim::Checks<P>) {}
//! # is_checks::<Log>(checks());
//! ```
//!
//! # Map
//!
//! | module | holds |
//! |---|---|
//! | [`consensus`] | a log that a cluster agrees on, under leaders with terms: Raft and its relatives |
//! | [`membership`] | a group whose members watch each other and agree on who is there: SWIM and its relatives |
//! | [`ring`] | keys spread over nodes by a ring, one copy each, in epochs |
//!
//! `by_node`, `pending` and, for tests, `story` are for all of them: something for each node, what a client waits for, and
//! histories made by hand.

mod by_node;
pub mod consensus;
pub mod membership;
mod pending;
pub mod ring;
#[cfg(test)]
mod story;
