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
//! | [`suite`] | the benchmarks by name, and the report they come to |
//! | `turns` | two things that do the same work, timed in turns |
//! | [`workload`] | ping-pong under loss and deadlines, as a protocol that knows no engine |
//! | [`engine`] | that protocol on our engine |
//! | [`floor`] | the same on a bare heap: what an engine cannot do without, and nothing else |
//! | [`rings`] | our ring beside its floor, and how evenly it spreads keys |
//! | [`ring_floor`] | who owns a key, by sorted points and an index: what a ring cannot do without, and nothing else |
//!
//! # Example
//!
//! ```
//! use bench::suite::{Bench, Effort};
//!
//! let report = Bench::Engine.measure(Effort { events: 10_000, rounds: 1 });
//! assert_eq!(report.rows[0].size, 50);
//! assert!(report.rows[0].floor.as_ref().is_some_and(|floor| floor.ratio > 0.0));
//! ```

mod command;
pub mod engine;
pub mod floor;
pub mod ring_floor;
pub mod rings;
pub mod suite;
mod turns;
pub mod workload;

pub use command::run;
