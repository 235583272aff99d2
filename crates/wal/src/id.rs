//! Names: of records, of segments, of syncs.

use std::fmt;
use std::num::NonZeroU64;

/// The number of a record: 1, 2, 3 and so on, without a gap. 0 is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequence(pub u64);

impl Sequence {
    /// The one after it.
    pub(crate) fn next(self) -> Sequence {
        Sequence(self.0.checked_add(1).expect("fewer than 2^64 records"))
    }

    /// The one before it; 0 stays 0.
    pub(crate) fn previous(self) -> Sequence {
        Sequence(self.0.saturating_sub(1))
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}", self.0)
    }
}

/// The number of a segment, from 1. A later segment has a higher one; there may be gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SegmentNumber(NonZeroU64);

impl SegmentNumber {
    /// The lowest: 1.
    pub const FIRST: SegmentNumber = SegmentNumber(NonZeroU64::MIN);

    /// This number; `None` for 0, which no segment has.
    #[must_use]
    pub fn new(number: u64) -> Option<SegmentNumber> {
        NonZeroU64::new(number).map(SegmentNumber)
    }

    /// The segment whose file has this name, if it is one's: `wal-00000001`.
    #[must_use]
    pub fn named(name: &str) -> Option<SegmentNumber> {
        let segment = SegmentNumber::new(name.strip_prefix("wal-")?.parse().ok()?)?;
        (segment.to_string() == name).then_some(segment)
    }

    /// As a number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0.get()
    }

    /// The one after it; `None` where numbers end.
    pub(crate) fn next(self) -> Option<SegmentNumber> {
        self.0.checked_add(1).map(SegmentNumber)
    }
}

/// The name of a segment's file: `wal-00000007`.
impl fmt::Display for SegmentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wal-{:08}", self.0)
    }
}

/// Names one sync of one file or of the directory. One [`Log`](crate::Log) never gives a name twice; another, as after a restart,
/// begins anew, so that what was asked for by an earlier life must not be reported to a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SyncId(pub(crate) u64);
