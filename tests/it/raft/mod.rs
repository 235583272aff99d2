//! The scenario `raft`.
//!
//! | module | what it pins down |
//! |---|---|
//! | `excluded` | what is not promised does break it |
//! | `independence` | what a change to the plan leaves as it was |
//! | `traces` | what happens in short runs of fixed seeds, line by line |
//! | `progress` | how soon after the heal the system is well again |
//! | `unrelated` | what a change elsewhere leaves of a stored case: everything |

mod excluded;
mod independence;
mod partial;
mod progress;
mod traces;
mod unrelated;
