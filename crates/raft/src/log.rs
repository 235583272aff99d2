//! The log in memory.

use crate::digest::Digest;
use crate::entry::Entry;
use crate::id::{Index, Position, Term};

/// Entries, consecutive, in terms that never decrease.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    /// The position before the first entry held. Always zero for now; compaction will raise it.
    base: Position,
    entries: Vec<Entry>,
}

impl Log {
    /// The entries must have been checked: consecutive from 1, terms never decreasing.
    pub(crate) fn new(entries: Vec<Entry>) -> Self {
        Self { base: Position::ZERO, entries }
    }

    pub(crate) fn last(&self) -> Position {
        self.entries.last().map_or(self.base, Entry::position)
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(crate) fn get(&self, index: Index) -> Option<&Entry> {
        let offset = index.0.checked_sub(self.base.index.0)?.checked_sub(1)?;
        self.entries.get(usize::try_from(offset).ok()?)
    }

    /// The term at `index`: of an entry held, or of the position before the first.
    pub(crate) fn term_at(&self, index: Index) -> Option<Term> {
        if index == self.base.index {
            return Some(self.base.term);
        }
        self.get(index).map(|entry| entry.term)
    }

    /// Up to `limit` entries from `from`; none if `from` is beyond the last.
    pub(crate) fn slice(&self, from: Index, limit: usize) -> &[Entry] {
        let start = self.held_before(from);
        let end = start.saturating_add(limit).min(self.entries.len());
        &self.entries[start..end]
    }

    /// The last position at or before `index` whose term is at most `term`.
    ///
    /// Where one log has `term` at `index` and this one does not, no position after the one returned
    /// can agree: up to `index`, that log holds nothing later than `term`, and this one nothing
    /// earlier. One answer so skips a whole term.
    pub(crate) fn last_at_most(&self, index: Index, term: Term) -> Position {
        let through_index = self.held_before(Index(index.0.saturating_add(1)));
        let count = self.entries[..through_index].partition_point(|entry| entry.term <= term);
        match count.checked_sub(1) {
            Some(offset) => self.entries[offset].position(),
            None => self.base,
        }
    }

    pub(crate) fn append(&mut self, entry: Entry) {
        let last = self.last();
        assert!(entry.index == last.index.next(), "invariant: the log is consecutive");
        assert!(entry.term >= last.term, "invariant: terms along the log never decrease");
        self.entries.push(entry);
    }

    /// Removes the entry at `from` and all later ones.
    pub(crate) fn truncate(&mut self, from: Index) {
        assert!(self.get(from).is_some(), "invariant: only what is held is truncated");
        self.entries.truncate(self.held_before(from));
    }

    /// Walks every entry: meant for comparing states, not for every event of a long run.
    pub(crate) fn digest(&self, digest: &mut Digest) {
        let Self { base, entries } = self;
        digest.word(base.term.0);
        digest.word(base.index.0);
        digest.count(entries.len());
        for entry in entries {
            entry.digest(digest);
        }
    }

    /// How many of the entries held come before `index`.
    fn held_before(&self, index: Index) -> usize {
        let first = self.base.index.0.saturating_add(1);
        let count = usize::try_from(index.0.saturating_sub(first)).unwrap_or(usize::MAX);
        count.min(self.entries.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Payload;

    fn log(terms: &[u64]) -> Log {
        let entry =
            |(index, term): (u64, &u64)| Entry { term: Term(*term), index: Index(index), payload: Payload::Noop };
        Log::new((1..).zip(terms).map(entry).collect())
    }

    fn indexes(entries: &[Entry]) -> Vec<u64> {
        entries.iter().map(|entry| entry.index.0).collect()
    }

    #[test]
    fn terms_are_known_from_before_the_first_entry_to_the_last() {
        let log = log(&[1, 1, 3]);
        let terms: Vec<_> = (0..5).map(|index| log.term_at(Index(index)).map(|term| term.0)).collect();
        assert_eq!(terms, [Some(0), Some(1), Some(1), Some(3), None]);
        assert_eq!(log.get(Index::ZERO), None);
    }

    #[test]
    fn a_slice_ends_at_its_limit_or_at_the_end_of_the_log() {
        let log = log(&[1, 1, 1, 1]);
        assert_eq!(indexes(log.slice(Index(2), 2)), [2, 3]);
        assert_eq!(indexes(log.slice(Index(4), 9)), [4]);
        assert_eq!(indexes(log.slice(Index(5), 9)), []);
        assert_eq!(indexes(log.slice(Index(u64::MAX), 9)), []);
        assert_eq!(indexes(log.slice(Index(1), usize::MAX)), [1, 2, 3, 4]);
    }

    #[test]
    fn the_hint_skips_every_entry_that_cannot_agree() {
        let log = log(&[1, 1, 3, 3, 3, 5]);
        let table = [
            // (index, term, expected index)
            (6, 5, 6),
            (6, 4, 5),
            (5, 4, 5),
            (5, 2, 2),
            (4, 3, 4),
            (1, 9, 1),
            (6, 0, 0),
            (0, 9, 0),
            (u64::MAX, 9, 6),
        ];
        for (index, term, expected) in table {
            let position = log.last_at_most(Index(index), Term(term));
            assert_eq!(position.index, Index(expected), "at or before {index}, term at most {term}");
            assert_eq!(log.term_at(position.index), Some(position.term));
        }
    }

    #[test]
    fn a_truncation_keeps_what_comes_before() {
        let mut log = log(&[1, 1, 3]);
        log.truncate(Index(2));
        assert_eq!(indexes(log.entries()), [1]);
        assert_eq!(log.last(), Position { term: Term(1), index: Index(1) });
    }

    #[test]
    #[should_panic(expected = "invariant: the log is consecutive")]
    fn a_gap_is_refused() {
        log(&[1]).append(Entry { term: Term(1), index: Index(3), payload: Payload::Noop });
    }
}
