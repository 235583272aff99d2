//! A log as no more than the terms of its entries.
//!
//! By log matching, which is a property of its own, an index and the term there name an entry and all before it.

use super::fact::Entry;

/// The terms of a log's entries, from index 1 on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms(Vec<u64>);

impl Terms {
    /// Adds an entry. One that is not the next is a flaw of the log itself, for others to report, and is passed over.
    pub(crate) fn append(&mut self, entry: &Entry) {
        if entry.index == self.last() + 1 {
            self.0.push(entry.term);
        }
    }

    /// Removes `from` and all after it; gives what went, as indices and terms.
    pub(crate) fn truncate(&mut self, from: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        let kept = usize::try_from(from.saturating_sub(1)).unwrap_or(usize::MAX).min(self.0.len());
        (kept as u64 + 1..).zip(self.0.drain(kept..))
    }

    /// The term at `index`.
    pub(crate) fn at(&self, index: u64) -> Option<u64> {
        self.0.get(usize::try_from(index.checked_sub(1)?).ok()?).copied()
    }

    /// The last index; 0 where the log is empty.
    pub(crate) fn last(&self) -> u64 {
        self.0.len() as u64
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_cut_and_goes_on() {
        let mut log = Terms::default();
        for (index, term) in [(1, 1), (2, 1), (4, 9), (3, 2)] {
            log.append(&Entry { index, term, payload: 0 });
        }
        assert_eq!([log.at(0), log.at(1), log.at(3), log.at(4)], [None, Some(1), Some(2), None]);
        assert_eq!(log.truncate(9).count(), 0);
        assert_eq!(log.truncate(2).collect::<Vec<_>>(), [(2, 1), (3, 2)]);
        assert_eq!(log.last(), 1);
    }
}
