//! Published protocol crates under the harness: unmodified, from the registry, hosted as their users would.
//!
//! Nobody here wrote them, so what they promise is what their own documentation says, and a property that fails may be a
//! fault of theirs, of the adapter or of the checker. Which it is, is written up in `docs/findings`.
//!
//! The stored cases stand with those of the repository, in `sim-seeds/foreign`: the `sim-seeds` beside this crate's lock file
//! is a link there.
//!
//! ```
//! let names: Vec<String> = foreign::registry().iter().map(|scenario| scenario.spec().name).collect();
//! assert!(names.contains(&"foreign/omnipaxos".to_owned()));
//! ```
//!
//! # Map
//!
//! | module | scenarios |
//! |---|---|
//! | [`foca`](mod@foca) | membership by SWIM with suspicion: as it works, by its examples, and as its users must not |
//! | [`omnipaxos`](mod@omnipaxos) | a replicated log by Sequence Paxos and Ballot Leader Election: as it works, as it does not, and as its users must not |

pub mod foca;
pub mod omnipaxos;

use sim::Scenario;

/// Every scenario of this crate, in the order in which they are run and listed.
pub fn registry() -> Vec<Box<dyn Scenario>> {
    vec![
        Box::new(omnipaxos::hosted(omnipaxos::Careful)),
        Box::new(omnipaxos::hosted(omnipaxos::WholeSnapshots)),
        Box::new(omnipaxos::hosted(omnipaxos::Trims)),
        Box::new(omnipaxos::hosted(omnipaxos::Snapshots)),
        Box::new(omnipaxos::hosted(omnipaxos::CatchUp)),
        Box::new(omnipaxos::hosted(omnipaxos::EarlyPromise)),
        Box::new(omnipaxos::hosted(omnipaxos::EarlyAccepted)),
        Box::new(omnipaxos::hosted(omnipaxos::Unrecovered)),
        Box::new(omnipaxos::hosted(omnipaxos::UndecidedRead)),
        Box::new(foca::careful()),
        Box::new(foca::left_alone()),
        Box::new(foca::well_known()),
        Box::new(foca::lingers()),
        Box::new(foca::from_itself()),
        Box::new(foca::undead()),
        Box::new(foca::wall_clock()),
        Box::new(foca::unrenewed()),
        Box::new(foca::lost_timers()),
    ]
}
