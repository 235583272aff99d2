//! What is hosted, under `check()`, and what is written up of it.
//!
//! | module | what it pins down |
//! |---|---|
//! | `foca`, `omnipaxos` | used rightly it passes, used wrongly it is found |
//! | `findings` | what is written up still happens |

mod findings;
mod foca;
mod omnipaxos;
