//! How fast we are, as ratios to floors and peers measured in the same run.
//!
//! An absolute time says more about the machine and its neighbours than about the code: on a shared box it wanders by a
//! third within minutes. So each thing of ours runs beside the least that could do the same work, in turns, and what is
//! reported and compared with a goal is the median of the ratios.
//!
//! # Map
//!
//! | module | holds |
//! |---|---|
//! | `command` | the command line |
//! | [`suite`] | the benchmarks by name, how they are measured, and the rows they come to |
//! | [`workload`] | ping-pong under loss and deadlines, as a protocol that knows no engine |
//! | [`engine`] | that protocol on our engine |
//! | [`floor`] | the same on a bare heap: what an engine cannot do without, and nothing else |
//!
//! # Example
//!
//! ```
//! use bench::suite::{Bench, Effort};
//!
//! let rows = Bench::Engine.measure(Effort { events: 10_000, rounds: 1 });
//! assert_eq!(rows[0].queue, 50);
//! assert!(rows[0].ratio > 0.0);
//! ```

mod command;
pub mod engine;
pub mod floor;
pub mod suite;
pub mod workload;

pub use command::run;
