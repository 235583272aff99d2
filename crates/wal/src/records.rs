//! The records that a log held.

use crate::id::Sequence;

/// Records with consecutive numbers, in one buffer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Records {
    /// The number before the first.
    base: Sequence,
    bytes: Vec<u8>,
    /// Where each ends in `bytes`.
    ends: Vec<usize>,
}

impl Records {
    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The number of the first, or of the one that would be. Greater than 1 where segments were removed. A host that needs records
    /// from some number on compares it: nothing in the files can tell the removal of the oldest segments from their loss.
    #[must_use]
    pub fn first(&self) -> Sequence {
        self.base.next()
    }

    /// The number of the last; the one before the first where there are none.
    #[must_use]
    pub fn last(&self) -> Sequence {
        Sequence(self.base.0 + self.ends.len() as u64)
    }

    /// The content of a record.
    #[must_use]
    pub fn get(&self, sequence: Sequence) -> Option<&[u8]> {
        let index = usize::try_from(sequence.0.checked_sub(self.base.0)?.checked_sub(1)?).ok()?;
        let end = *self.ends.get(index)?;
        Some(&self.bytes[self.start(index)..end])
    }

    /// Number and content of each, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Sequence, &[u8])> {
        self.ends
            .iter()
            .enumerate()
            .map(|(index, &end)| (Sequence(self.base.0 + index as u64 + 1), &self.bytes[self.start(index)..end]))
    }

    /// None yet; the next has the number after `base`.
    pub(crate) fn behind(base: Sequence) -> Records {
        Records { base, ..Records::default() }
    }

    /// Adds to a record that is not whole yet.
    pub(crate) fn extend(&mut self, content: &[u8]) {
        self.bytes.extend(content);
    }

    /// It is whole.
    pub(crate) fn finish(&mut self) {
        self.ends.push(self.bytes.len());
    }

    /// It will not be.
    pub(crate) fn abandon(&mut self) {
        self.bytes.truncate(self.start(self.ends.len()));
    }

    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before])
    }
}
