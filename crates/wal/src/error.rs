//! What is refused, with what was expected and what was received.

use std::error;
use std::fmt;

use crate::id::{SegmentNumber, Sequence, SyncId};

/// Why a log's files make no log. No crash leaves files like these: they were damaged later, or are not this log's. Nothing may
/// be served from them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// The file does not begin as a segment does.
    NotAWal {
        /// The file.
        segment: SegmentNumber,
        /// How every segment begins.
        expected: [u8; 8],
        /// How this one does.
        received: [u8; 8],
    },
    /// A later version of this crate wrote it.
    NewerFormat {
        /// The file.
        segment: SegmentNumber,
        /// The newest format that is read.
        expected: u16,
        /// Its format.
        received: u16,
    },
    /// The file says that it is another one.
    Misnamed {
        /// By the name of the file.
        segment: SegmentNumber,
        /// By its content.
        received: u64,
    },
    /// Bytes that no crash leaves.
    Bytes {
        /// The file.
        segment: SegmentNumber,
        /// Where the fragment or the header begins that they are part of.
        offset: u64,
        /// What is wrong with them.
        flaw: Flaw,
    },
    /// Records are missing that were synced, as is written elsewhere.
    Middle {
        /// The file in which reading came to its end.
        segment: SegmentNumber,
        /// Where in it.
        offset: u64,
        /// The last record that can be read.
        received: Sequence,
        /// The last record that is known to have been synced.
        expected: Sequence,
        /// Where that is written: the file, and where in it.
        witness: (SegmentNumber, u64),
    },
    /// A file is missing between others.
    MissingSegment {
        /// The missing one.
        segment: SegmentNumber,
        /// The file that names it as the one it follows.
        witness: SegmentNumber,
    },
    /// A segment begins where the log before it does not end.
    Fork {
        /// The segment.
        segment: SegmentNumber,
        /// What it should follow: the segment (0 for none), the first record in it, and the checksum before that.
        expected: (u64, Sequence, u32),
        /// What it follows by its own account.
        received: (u64, Sequence, u32),
    },
    /// A segment was handed over twice.
    Twice {
        /// Which.
        segment: SegmentNumber,
    },
    /// No number is left for another segment.
    NumbersExhausted {
        /// The last one.
        segment: SegmentNumber,
    },
}

/// What is wrong with bytes that no crash leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flaw {
    /// Length and kind, or the format's number, do not agree with their complement, or are none.
    Shape {
        /// As they stand there.
        received: u16,
        /// Their complement, as it stands there.
        complement: u16,
    },
    /// The content is whole, and another than was written.
    Checksum {
        /// Of the bytes that are there.
        expected: u32,
        /// As it stands there.
        received: u32,
    },
    /// A byte that ends a fragment is neither itself nor missing.
    EndMark {
        /// What ends a fragment here.
        expected: u8,
        /// What stands there.
        received: u8,
    },
    /// Something stands where nothing was written.
    Padding {
        /// What stands there.
        received: u8,
    },
    /// Two fragments of one sector that were not written one behind the other.
    Unlinked {
        /// The checksum of the first.
        expected: u32,
        /// The one that the second was written behind.
        received: u32,
    },
    /// An unfinished fragment that the next sector does not miss.
    Stray,
    /// A whole header whose numbers cannot be: it follows itself or a later segment, or begins before what it says was synced.
    Header,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Damage::NotAWal { segment, expected, received } => write!(
                f,
                "{segment} is no segment of a log: expected it to begin with {}, received {}",
                expected.escape_ascii(),
                received.escape_ascii()
            ),
            Damage::NewerFormat { segment, expected, received } => {
                write!(f, "{segment} has a newer format: expected at most {expected}, received {received}")
            }
            Damage::Misnamed { segment, received } => {
                write!(f, "{segment} holds another segment: received number {received}")
            }
            Damage::Bytes { segment, offset, flaw } => write!(f, "{segment} is damaged at byte {offset}: {flaw}"),
            Damage::Middle { segment, offset, received, expected, witness: (by, at) } => write!(
                f,
                "{segment} ends at byte {offset} with {received}, expected {expected}, which {by} says at byte {at} was synced"
            ),
            Damage::MissingSegment { segment, witness } => write!(f, "{segment} is missing: {witness} follows it"),
            Damage::Fork { segment, expected, received } => write!(
                f,
                "{segment} continues another log: expected to follow segment {} with {} behind checksum {:08x}, \
                 received segment {}, {}, {:08x}",
                expected.0, expected.1, expected.2, received.0, received.1, received.2
            ),
            Damage::Twice { segment } => write!(f, "{segment} was handed over twice"),
            Damage::NumbersExhausted { segment } => write!(f, "no segment can come after {segment}"),
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Flaw::Shape { received, complement } => {
                write!(f, "no length and kind: received {received:04x} with complement {complement:04x}")
            }
            Flaw::Checksum { expected, received } => {
                write!(f, "expected checksum {expected:08x}, received {received:08x}")
            }
            Flaw::EndMark { expected, received } => {
                write!(f, "expected end mark {expected:02x}, received {received:02x}")
            }
            Flaw::Padding { received } => write!(f, "expected padding, received {received:02x}"),
            Flaw::Unlinked { expected, received } => {
                write!(f, "expected a fragment behind checksum {expected:08x}, received one behind {received:08x}")
            }
            Flaw::Stray => f.write_str("an unfinished fragment that the next sector does not miss"),
            Flaw::Header => f.write_str("a whole header whose numbers cannot be"),
        }
    }
}

impl error::Error for Damage {}

/// Why a call was refused. It changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The log has stopped, for good.
    Stopped(Stopped),
    /// No sync of this name is under way.
    UnknownSync {
        /// As received.
        received: SyncId,
    },
}

/// Why a log has stopped. What the files hold is unknown from here on, and may be less than what reading them now shows: a
/// failed sync may leave pages that are lost marked as clean (Rebello et al., *Can Applications Recover from fsync Failures?*,
/// USENIX ATC 2020). So no retry: the process ends, and the next life begins from what a disk, not its cache, gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// A sync failed.
    Sync(SyncId),
    /// A segment could not be made, written or removed.
    File(SegmentNumber),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Stopped(Stopped::Sync(sync)) => write!(f, "the log has stopped: sync {} failed", sync.0),
            Refused::Stopped(Stopped::File(segment)) => {
                write!(f, "the log has stopped: an operation on {segment} failed")
            }
            Refused::UnknownSync { received } => write!(f, "sync {} is not under way", received.0),
        }
    }
}

impl error::Error for Refused {}
