//! What a log asks of its host.

use std::vec;

use crate::id::{SegmentNumber, SyncId};

/// The buffer that a log fills and its host drains. Made once and reused, it allocates only while it grows.
///
/// Writes that continue one another become one as long as they are not drained, so that a host which appends much before it
/// drains writes once.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    list: Vec<Stored>,
    /// What the writes on the list write.
    bytes: Vec<u8>,
}

/// One thing for the host to do. A host does them in order; what it cannot do, it reports to the log, and does no more.
///
/// A sync covers all that was asked for before it; what is asked for after it may be done before it completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect<'a> {
    /// Make an empty file. There is none of this name.
    Create(SegmentNumber),
    /// Write these bytes to the file, which ends there: `offset` is its length.
    Write {
        /// The file.
        segment: SegmentNumber,
        /// Where.
        offset: u64,
        /// What; never empty.
        bytes: &'a [u8],
    },
    /// Make durable what was written to the file, and its length; then say [`synced`](crate::Log::synced).
    SyncFile {
        /// What the log is told.
        sync: SyncId,
        /// The file.
        segment: SegmentNumber,
    },
    /// Make durable which files there are; then say [`synced`](crate::Log::synced).
    SyncDirectory {
        /// What the log is told.
        sync: SyncId,
    },
    /// Remove the file. After a crash, none of the effects on the directory may be there without all before it.
    Remove(SegmentNumber),
}

#[derive(Clone, Copy, Debug)]
enum Stored {
    Create(SegmentNumber),
    Write { segment: SegmentNumber, offset: u64, from: usize, to: usize },
    SyncFile { sync: SyncId, segment: SegmentNumber },
    SyncDirectory { sync: SyncId },
    Remove(SegmentNumber),
}

impl Effects {
    /// An empty buffer.
    #[must_use]
    pub fn new() -> Effects {
        Effects::default()
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many bytes are to be written.
    #[must_use]
    pub fn bytes_len(&self) -> usize {
        if self.list.is_empty() { 0 } else { self.bytes.len() }
    }

    /// All of them, in order; none is left, those included that the iterator is dropped before: nobody will ask for them again.
    pub fn drain(&mut self) -> Drain<'_> {
        Drain { list: self.list.drain(..), bytes: &self.bytes }
    }

    pub(crate) fn create(&mut self, segment: SegmentNumber) {
        self.list.push(Stored::Create(segment));
    }

    pub(crate) fn remove(&mut self, segment: SegmentNumber) {
        self.list.push(Stored::Remove(segment));
    }

    pub(crate) fn sync_file(&mut self, sync: SyncId, segment: SegmentNumber) {
        self.list.push(Stored::SyncFile { sync, segment });
    }

    pub(crate) fn sync_directory(&mut self, sync: SyncId) {
        self.list.push(Stored::SyncDirectory { sync });
    }

    /// Adds what `fill` adds to the buffer as a write there.
    pub(crate) fn write(&mut self, segment: SegmentNumber, offset: u64, fill: impl FnOnce(&mut Vec<u8>)) {
        // What was drained is still there: it was lent until now.
        if self.list.is_empty() {
            self.bytes.clear();
        }
        let from = self.bytes.len();
        fill(&mut self.bytes);
        let to = self.bytes.len();
        if let Some(Stored::Write { segment: last, offset: begun, from: start, to: end }) = self.list.last_mut()
            && *last == segment
            && *begun + (*end - *start) as u64 == offset
        {
            *end = to;
            return;
        }
        self.list.push(Stored::Write { segment, offset, from, to });
    }
}

/// Effects on their way to be carried out.
#[derive(Debug)]
#[must_use = "what is not carried out is lost, and the log waits for it for ever"]
pub struct Drain<'a> {
    list: vec::Drain<'a, Stored>,
    bytes: &'a [u8],
}

impl<'a> Iterator for Drain<'a> {
    type Item = Effect<'a>;

    fn next(&mut self) -> Option<Effect<'a>> {
        Some(match self.list.next()? {
            Stored::Create(segment) => Effect::Create(segment),
            Stored::Write { segment, offset, from, to } => {
                Effect::Write { segment, offset, bytes: &self.bytes[from..to] }
            }
            Stored::SyncFile { sync, segment } => Effect::SyncFile { sync, segment },
            Stored::SyncDirectory { sync } => Effect::SyncDirectory { sync },
            Stored::Remove(segment) => Effect::Remove(segment),
        })
    }
}
