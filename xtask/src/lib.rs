//! The repository's own chores, beside what `campaign`'s command line does for its scenarios.
//!
//! ```
//! // `cargo xtask mutants --help`
//! let ended = xtask::mutants::main(&scenarios::registry(), ["--help".into()].into_iter());
//! assert_eq!(format!("{ended:?}"), format!("{:?}", std::process::ExitCode::SUCCESS));
//! ```
//!
//! # Map
//!
//! | module | command |
//! |---|---|
//! | [`mutants`] | `mutants`: plants known bugs in a copy of the sources, and measures how fast they are found |

pub mod mutants;
