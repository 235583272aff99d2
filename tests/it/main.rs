//! The workspace's integration tests: one binary, a module for each subject.
//!
//! | module | what it pins down |
//! |---|---|
//! | `raft` | the scenario `raft` |

mod raft;
