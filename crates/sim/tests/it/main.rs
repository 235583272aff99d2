//! The engine from the outside: small systems made by hand, and what a world must do with them, to the nanosecond.
//!
//! | module | what it pins down |
//! |---|---|
//! | `rig` | the vocabulary, the actors' defaults, calm cases, transcripts |
//! | `delivery` | latencies, order, ties, queues at busy nodes |
//! | `weather` | messages that are damaged, wait behind each other or a clog, or are dropped |
//! | `crash` | what a crash takes and what it leaves; restarts; refusals |
//! | `disks` | disks that stall, fail, fill up, lie, rot and tear; names that are not durable |
//! | `misreads` | boots that read what is not on the platter |
//! | `pause` | what waits while a process stands still |
//! | `sessions` | links that are up or down |
//! | `trigger` | items that strike in the middle of a step |
//! | `clocks` | whose time goes how fast |
//! | `partition` | who hears whom |
//! | `heal` | the core, what stays frozen, progress and its absence |
//! | `lively` | a system in which everything happens, for the next three |
//! | `limits` | runs that do not end by themselves, and panics |
//! | `replay` | the same case gives the same bytes, whoever watches |
//! | `independence` | what a change to a case leaves as it was |
//! | `shrink` | the least that it takes, of what is known to be it |
//! | `shrink_any` | the same of failures that no system has: that a search ends, and what it does not depend on |
//! | `swarm` | what seeds expand to: rows and loops of faults, latencies |
//! | `wipes` | a machine that is wiped, and comes back as somebody else |
//! | `validation` | cases that are refused |

mod clocks;
mod crash;
mod delivery;
mod disks;
mod heal;
mod independence;
mod limits;
mod lively;
mod misreads;
mod partition;
mod pause;
mod replay;
mod rig;
mod sessions;
mod shrink;
mod shrink_any;
mod swarm;
mod trigger;
mod validation;
mod weather;
mod wipes;
