//! A write-ahead log that does no I/O.
//!
//! A [`Log`] takes records and hands out [`Effects`]: files to make, write, sync and remove. Its host carries them out, and says
//! which syncs are done; what is [`durable_through`](Log::durable_through) then survives. After a crash, [`recover`] reads what
//! the disk kept: a torn tail is cut, damage is refused, and the two are told apart.
//!
//! ```
//! use std::collections::BTreeMap;
//! use wal::{Config, Effect, Effects, Log, SegmentNumber, Sequence, recover};
//!
//! // Carries out effects: files in memory, durable at once.
//! fn carry_out(log: &mut Log, effects: &mut Effects, files: &mut BTreeMap<SegmentNumber, Vec<u8>>) {
//!     let mut synced = Vec::new();
//!     while !effects.is_empty() {
//!         for effect in effects.drain() {
//!             match effect {
//!                 Effect::Create(segment) => drop(files.insert(segment, Vec::new())),
//!                 Effect::Write { segment, bytes, .. } => files.get_mut(&segment).expect("it was made").extend(bytes),
//!                 Effect::SyncFile { sync, .. } | Effect::SyncDirectory { sync } => synced.push(sync),
//!                 Effect::Remove(segment) => drop(files.remove(&segment)),
//!             }
//!         }
//!         for sync in synced.drain(..) {
//!             log.synced(sync, effects).expect("it is under way");
//!         }
//!     }
//! }
//!
//! let (mut effects, mut files) = (Effects::new(), BTreeMap::new());
//! let mut log = recover(Config::default(), [], &mut effects)?.log;
//! log.append(b"vote for n2 in term 7", &mut effects)?;
//! log.append(b"entry 1 of term 7", &mut effects)?;
//! log.sync(&mut effects)?;
//! assert_eq!(log.durable_through(), Sequence(0), "asked for, not done");
//! carry_out(&mut log, &mut effects, &mut files);
//! assert_eq!(log.durable_through(), Sequence(2));
//! let durable: Vec<u8> = files[&SegmentNumber::FIRST].clone();
//!
//! // A third record, of which a crash takes the end: it is cut.
//! log.append(b"entry 2 of term 7", &mut effects)?;
//! carry_out(&mut log, &mut effects, &mut files);
//! let torn = &files[&SegmentNumber::FIRST][..durable.len() + 30];
//! let recovered = recover(Config::default(), [(SegmentNumber::FIRST, torn)], &mut effects)?;
//! assert_eq!(recovered.records.iter().last(), Some((Sequence(2), &b"entry 1 of term 7"[..])));
//!
//! // A bit that flips in a record that was synced, the very last one: that is refused.
//! let mut rotten = durable.clone();
//! rotten[durable.len() - 10] ^= 1;
//! let refused = recover(Config::default(), [(SegmentNumber::FIRST, &rotten[..])], &mut effects);
//! assert!(refused.unwrap_err().to_string().starts_with("wal-00000001 is damaged at byte 101: expected checksum"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`files`] is a host for a directory of real files.
//!
//! # What a disk may do
//!
//! Files are bytes in sectors of 512. What was written to a sector since its last sync is undecided: at a crash it becomes any of
//! the versions it had since, or the beginning of one and the rest of an earlier one. A file may grow without its content, and
//! the content be lost with the growth. A file is made, or removed, for good when its directory has been synced; of what was done to
//! the directory since, a crash keeps a prefix. Later, bits may flip in what was durable.
//!
//! # What it guarantees
//!
//! Whatever of the above happens, in whatever number of lives:
//!
//! - **Nothing synced is lost**: a record through [`durable_through`](Log::durable_through) is read by every later life, until the
//!   host has it [removed](Log::remove_before).
//! - **A prefix, always**: what is read is what was appended, in its order, cut at the end if at all.
//! - **A crash is never taken for damage**, and never refused.
//! - **A bit that flips in what was synced, anywhere, is refused or does no harm**, and so is any damage to one byte, but for this:
//!   a crash took the very last byte of a fragment and no other, and the byte before is zeroed later. More damage is refused too, unless
//!   it makes of every sector just what a crash could have left: the end of a sector zeroed, and no record written after the
//!   sync that was lost with it. No log can tell that from a crash, unless it writes elsewhere.
//!
//! Outside of that, and refused or not by luck: a sync that says it is done and is not; an older state of the whole
//! directory that is put back; the loss of the newest file, or of the oldest ([`Records::first`] shows that one).
//!
//! # How torn and damaged are told apart
//!
//! A checksum alone cannot: a record that does not match may be half of one that nobody was promised, or one that was
//! acknowledged (Alagappan et al., *Protocol-Aware Recovery for Consensus-Based Storage*, FAST 2018; they keep an
//! identifier of each entry elsewhere). Here it is told from the bytes themselves. Files are only appended to, in fresh space,
//! and no fragment crosses a sector: so a crash leaves of a sector a beginning, and then zeros. A fragment ends in bytes that are never
//! zero. Where they are missing with all that follows, it is torn; where they are there, it was whole once, and must still be right.
//!
//! Sectors survive each by itself, so that one may be lost and the next not. That is a torn tail too, unless it was synced: so
//! each fragment says how far the log was synced when it was written.
//!
//! `FORMAT.md`, beside this crate's manifest, has every byte.
//!
//! # What this crate never does
//!
//! But for [`files`], it reads no clock, draws no randomness, does no I/O, spawns nothing, uses no float and no `unsafe`, and has
//! no switch for tests. The same inputs give the same effects. [`Log::append`] allocates nothing once its buffers have grown.
//!
//! # Map
//!
//! | module | holds |
//! |---|---|
//! | `log` | the log of one life: appends, syncs, removals |
//! | `recovery` | from the files that survived to the log they are; what is void, what is missing |
//! | `format` | headers and fragments as bytes, and whether a crash could have left them |
//! | `effects` | what a host is asked to do |
//! | `records` | what a log held |
//! | `error` | damage, and what is refused |
//! | `id` | numbers of records, segments, syncs |
//! | `files` | the log in a directory of real files: all I/O is here |

mod effects;
mod error;
pub mod files;
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
