//! The log from the outside.
//!
//! | module | holds |
//! |---|---|
//! | `golden` | the bytes of version 1 |
//! | `ends` | the end of a log, cut and damaged at every byte of it |
//! | `segments` | what a crash leaves of several segments and lives, by hand |
//! | `order` | what is asked for in which order, and what is refused |
//! | `campaign` | lives on a disk that forgets, and damage to what they leave, by the thousand |
//! | `crafted` | files that no log ever wrote |
//! | `directory` | the log on real files |
//! | `host`, `torture` | files in memory; the disk that forgets |

mod campaign;
mod crafted;
mod directory;
mod ends;
mod golden;
mod host;
mod order;
mod segments;
mod torture;
