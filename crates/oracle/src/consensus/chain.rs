//! Logs as hashes of their prefixes: whether two logs agree up to an index is one comparison.

use std::collections::BTreeMap;

use sim::content_hash;

use super::fact::Entry;

/// One entry of a log, and everything before it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Link {
    pub(crate) term: u64,
    pub(crate) payload: u64,
    /// The hash of the log up to here, payloads included.
    pub(crate) prefix: u64,
}

/// One log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Chain {
    links: Vec<Link>,
}

impl Chain {
    /// Adds an entry, and gives its link; nothing where the entry is not the next one. That is a flaw of the log itself,
    /// for the property that speaks of this log to report, and for all others to pass over.
    pub(crate) fn append(&mut self, entry: &Entry) -> Option<Link> {
        let before = self.links.last().map_or(0, |link| link.prefix);
        let prefix = content_hash(&(before, entry));
        let link = Link { term: entry.term, payload: entry.payload, prefix };
        (entry.index == self.last() + 1).then(|| self.links.push(link)).map(|()| link)
    }

    /// Removes `from` and all after it.
    pub(crate) fn truncate(&mut self, from: u64) {
        self.links.truncate(offset(from));
    }

    /// Changes to what `other` holds.
    pub(crate) fn clone_from(&mut self, other: &Chain) {
        self.links.clone_from(&other.links);
    }

    /// The entry at `index`.
    pub(crate) fn get(&self, index: u64) -> Option<Link> {
        self.links.get(offset(index)).copied()
    }

    /// The same as facts speak of it.
    pub(crate) fn entry(&self, index: u64) -> Option<Entry> {
        self.get(index).map(|Link { term, payload, .. }| Entry { index, term, payload })
    }

    /// The last index; 0 where the log is empty.
    pub(crate) fn last(&self) -> u64 {
        self.links.len() as u64
    }

    pub(crate) fn clear(&mut self) {
        self.links.clear();
    }
}

/// Where an index stands. Index 0, which no entry has, stands nowhere.
fn offset(index: u64) -> usize {
    usize::try_from(index.wrapping_sub(1)).unwrap_or(usize::MAX)
}

/// Something for each (index, term) that was ever seen: mostly one term for an index, found without a search.
#[derive(Clone, Debug)]
pub(crate) struct ByPosition<T> {
    first: Vec<Option<(u64, T)>>,
    others: BTreeMap<(u64, u64), T>,
}

impl<T> Default for ByPosition<T> {
    fn default() -> ByPosition<T> {
        ByPosition { first: Vec::new(), others: BTreeMap::new() }
    }
}

impl<T> ByPosition<T> {
    /// What is held for this index and term; made by `make` where nothing is.
    pub(crate) fn get_or_insert_with(&mut self, index: u64, term: u64, make: impl FnOnce() -> T) -> &mut T {
        let at = offset(index);
        assert!(index > 0, "an entry's index counts from 1");
        if self.first.len() <= at {
            self.first.resize_with(at + 1, || None);
        }
        if self.first[at].as_ref().is_some_and(|(other, _)| *other != term) {
            return self.others.entry((index, term)).or_insert_with(make);
        }
        &mut self.first[at].get_or_insert_with(|| (term, make())).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(term: u64, index: u64) -> Entry {
        Entry { index, term, payload: 0 }
    }

    #[test]
    fn a_prefix_is_the_whole_log_before_it() {
        let (mut one, mut other) = (Chain::default(), Chain::default());
        one.append(&entry(1, 1));
        other.append(&entry(2, 1));
        assert_ne!(one.append(&entry(3, 2)), other.append(&entry(3, 2)));
        one.truncate(1);
        one.append(&entry(2, 1));
        assert_eq!(one.append(&entry(3, 2)), other.get(2));
        assert_eq!(one.append(&entry(3, 4)), None);
    }

    #[test]
    fn every_term_of_an_index_has_its_own() {
        let mut held = ByPosition::default();
        assert_eq!(*held.get_or_insert_with(3, 1, || 'a'), 'a');
        assert_eq!(*held.get_or_insert_with(3, 2, || 'b'), 'b');
        assert_eq!(*held.get_or_insert_with(1, 2, || 'c'), 'c');
        assert_eq!(*held.get_or_insert_with(3, 1, || 'x'), 'a');
        assert_eq!(*held.get_or_insert_with(3, 2, || 'x'), 'b');
    }
}
