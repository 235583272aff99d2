//! The workspace from the outside: its shape, its command line, its promises to other people's crates.
//!
//! | module | what it pins down |
//! |---|---|
//! | `architecture` | what must never be: in the crate graph, in the sources |
//! | `bad_input` | what cannot be used is one line and an exit code; nothing of it is run or written |
//! | `commands` | what the commands come to: exit codes, blocks, files, whatever the number of threads |
//! | `determinism` | two processes agree on every digest |
//! | `fresh_seeds` | every scenario under `check()`: its stored cases, then seeds that nobody has seen |
//! | `hosting` | the tutorial, followed in an empty folder; its first test: found, replayed from the printed line, repaired |
//! | `journal` | of a log a boot finds what is durable, and what a crash took does not come back |
//! | `lifecycle` | what becomes of a failure: shrunk, kept once, judged, brought up to date, removed |
//! | `mutants` | each mutant still applies; what `mutants` makes of good ones and of bad ones |
//! | `properties` | what holds of every value: samples, seeds, cases |
//! | `raft` | the scenarios `raft` and `raft/partial`: independence, progress, traces, topologies, what is excluded |
//! | `reach` | what a campaign must have seen, and what it looks like where it tested nothing |
//! | `ring` | the scenario `ring`: progress |
//! | `story` | stories of failures |
//! | `survival` | a budget that is off by one is noticed; without one, runs beyond help are told apart from failures |
//! | `written_up` | a fault of code that is not ours, once it is written up: counted, and nothing else is |
//! | `program` | how these tests run a program |

mod architecture;
mod bad_input;
mod commands;
mod determinism;
mod fresh_seeds;
mod hosting;
mod journal;
mod lifecycle;
mod mutants;
mod program;
mod properties;
mod raft;
mod reach;
mod ring;
mod story;
mod survival;
mod written_up;
