//! A log as no more than where it ends.

use super::fact::Entry;

/// The last index of a log; 0 where it is empty.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct End(u64);

impl End {
    /// Adds an entry. One that is not the next is a flaw of the log itself, for others to report, and is passed over.
    pub(crate) fn append(&mut self, entry: &Entry) {
        if entry.index == self.next() {
            self.0 = entry.index;
        }
    }

    /// Removes `from` and all after it; where the log ends before that, nothing.
    pub(crate) fn truncate(&mut self, from: u64) {
        self.0 = self.0.min(from.saturating_sub(1));
    }

    pub(crate) fn last(self) -> u64 {
        self.0
    }

    pub(crate) fn next(self) -> u64 {
        self.0 + 1
    }
}
