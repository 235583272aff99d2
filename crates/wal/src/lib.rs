//! WIP
//! # Map
//! `effects` `error` `format` `id` `log` `records` `recovery`
mod effects;
mod error;
mod format;
mod id;
mod log;
mod records;
mod recovery;

pub use effects::{Drain, Effect, Effects};
pub use error::{Damage, Flaw, Refused, Stopped};
pub use id::{SegmentNumber, Sequence, SyncId};
pub use log::{Config, Log};
pub use records::Records;
pub use recovery::{Recovered, Tail, recover};
