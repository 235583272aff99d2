//! Many seeds of a simulated system: in `cargo test`, or from a command line.
//!
//! ```
//! use std::time::Duration;
//!
//! use sim::{Checker, Io, Judgement, NodeId, Observed, Process, Protocol, Refusal, Time};
//!
//! // What the system says: each node greets every other, once.
//! #[derive(Clone, Debug, Hash)]
//! struct Greeting;
//! impl sim::Payload for Greeting {}
//!
//! #[derive(Clone, Debug, Hash)]
//! struct Greeted(NodeId);
//! impl sim::Fact for Greeted {
//!     fn label(&self) -> &'static str {
//!         "greeted"
//!     }
//! }
//!
//! struct Hello;
//! impl Protocol for Hello {
//!     type Message = Greeting;
//!     type Fact = Greeted;
//!     type Operation = ();
//!     type Reply = ();
//! }
//!
//! struct Greeter;
//! impl Process for Greeter {
//!     type Protocol = Hello;
//!     fn boot(io: &mut Io<'_, Hello>) -> Result<Self, Refusal> {
//!         for peer in io.nodes().to_vec() {
//!             if peer != io.id() {
//!                 io.send(peer, Greeting);
//!             }
//!         }
//!         Ok(Greeter)
//!     }
//!     fn on_message(&mut self, from: NodeId, _: Greeting, io: &mut Io<'_, Hello>) {
//!         io.fact(Greeted(from));
//!     }
//!     fn on_deadline(&mut self, _: &mut Io<'_, Hello>) {}
//!     fn next_deadline(&self) -> Option<Time> {
//!         None
//!     }
//! }
//!
//! // What must hold of it: nobody greets itself.
//! #[derive(Clone, Default)]
//! struct NeverItself;
//! impl Checker<Hello> for NeverItself {
//!     fn observe(&mut self, observed: &Observed<'_, Hello>) -> Judgement {
//!         let Some(Greeted(from)) = observed.fact() else { return Judgement::Irrelevant };
//!         Judgement::holds_if(*from != observed.node, || sim::Flaw {
//!             explanation: format!("{from} greeted itself"),
//!             witnesses: vec![observed.witness(0)],
//!         })
//!     }
//! }
//!
//! // In a project this is the body of a `#[test]`.
//! campaign::scenario::<Greeter>("hello")
//!     .nodes(2..=4)
//!     .safety(Duration::from_millis(100)..=Duration::from_secs(1))
//!     .checker("never_itself", NeverItself)
//!     .check();
//! ```
//!
//! # Variables
//!
//! | variable | meaning |
//! |---|---|
//! | `SIM_SEED` | run exactly this one seed, once, without the corpus |
//! | `SIM_CASE=path` | run exactly this case, in the test that owns it |
//! | `SIM_SEEDS=1000` | how many fresh seeds a test runs; 200 otherwise |
//! | `SIM_JOBS` | threads for one `check()`; 1 otherwise, as test runners are parallel already |
//! | `SIM_BASE` | what the seeds follow from: a number, or in CI the commit; otherwise drawn from the OS |
//! | `SIM_PERSIST=0` | leave the corpus alone and write to `target/sim/cases`, as is the rule where `CI` is set |
//! | `SIM_DIR` | where the corpus is; otherwise `sim-seeds` beside the nearest `Cargo.lock` above the package |
//!
//! # Map
//!
//! | module | holds |
//! |---|---|
//! | `builder`, `check` | a scenario put together in a test, and run there |
//! | `seed`, `settings`, `place` | what the outside asks for, and where files are |
//! | `runner`, `run`, `report` | many seeds on several threads, one run, what they come to |
//! | `reach`, `health` | whether they saw what they must, and tested anything |
//! | `recovery` | how soon after the heal they made progress |
//! | `triage` | which failures are one fault |
//! | `shrinking` | threads and time for the shrinker |
//! | `failure`, `block`, `story` | a run that failed, what is said of it, and what led there |
//! | `file` | files that are written whole, or not at all |
//! | `quantity` | numbers and times as people read them |
//! | `corpus` | the cases that are kept, and what they are worth today |
//! | `watchdog`, `wall` | wall time: a step that never returns, a budget; it never decides a verdict |
//! | `cli` | feature `cli`: the commands |

mod block;
mod builder;
mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod corpus;
mod failure;
pub mod file;
mod health;
mod place;
mod quantity;
mod reach;
mod recovery;
mod report;
mod run;
mod runner;
mod seed;
mod settings;
mod shrinking;
mod story;
mod triage;
mod wall;
mod watchdog;

pub use builder::{Builder, scenario};
pub use check::check;
pub use failure::{Failure, FailureClass};
pub use health::{HEALTH_SEEDS, Symptom};
pub use place::Place;
pub use quantity::Span;
pub use reach::{GoalState, GoalTotal, Sought};
pub use recovery::{Closest, Recoveries};
pub use report::{Count, Failed, FaultTotal, Report, Undecided, Unrecoverable};
pub use run::RunError;
pub use runner::{Campaign, HarnessError, Shard};
pub use seed::{Base, parse_seed};
pub use settings::{DEFAULT_SEEDS, Only, Settings};
pub use shrinking::{SHRINK_EVENTS_MAX, SHRINK_TIME, Shrinking};
pub use watchdog::{STEP_LIMIT, Watchdog};
