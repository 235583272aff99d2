//! The core from the outside: inputs in, effects out.
//!
//! | module | holds |
//! |---|---|
//! | `driver` | one node driven by hand |
//! | `cluster` | several nodes, whose messages, disks and crashes a test controls; it checks Raft's properties after every step |
//! | `election`, `steadiness`, `durability`, `following`, `leading`, `recovery`, `boundary` | one node, by subject |
//! | `scenarios` | clusters: named situations |
//! | `transcripts` | clusters: commands and what came of each, in files that are read |
//! | `chaos` | clusters: many random schedules |

mod boundary;
mod chaos;
mod cluster;
mod driver;
mod durability;
mod election;
mod following;
mod leading;
mod recovery;
mod scenarios;
mod steadiness;
mod transcripts;
