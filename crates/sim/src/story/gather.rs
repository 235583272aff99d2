//! What is kept of a run's records: what happened shortly before each piece of evidence, and of all the rest only what is
//! about the same subjects or about the state of a node. Whatever the length of a run, it is no more than so many records.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::check::Violation;
use crate::id::{NodeId, OperationId};
use crate::record::{Record, RecordWhat};

/// So many records before each piece of evidence are kept whole.
const WINDOW: usize = 1 << 14;

/// So many records that are further away are kept; of more, the last.
const FAR_MAX: usize = 1 << 13;

/// So many facts of each process are kept as its last words.
const LAST_WORDS: usize = 2;

/// What was heard and kept.
#[derive(Debug)]
pub(super) struct Gathered {
    /// The events of the evidence.
    events: BTreeSet<u64>,
    /// What the evidence is about.
    subjects: BTreeSet<u64>,
    heard: u64,
    window: VecDeque<(u64, Record)>,
    far: VecDeque<(u64, Record)>,
    near: BTreeMap<u64, Record>,
    /// What clients asked for and did not get.
    asked: BTreeMap<OperationId, (u64, Record)>,
    /// The last facts of each process.
    last_words: BTreeMap<NodeId, VecDeque<(u64, Record)>>,
}

impl Gathered {
    pub(super) fn about(violation: &Violation) -> Gathered {
        let witnesses = violation.witnesses.iter();
        Gathered {
            events: witnesses.clone().map(|witness| witness.event).chain([violation.event]).collect(),
            subjects: witnesses.map(|witness| witness.subject).collect(),
            heard: 0,
            window: VecDeque::new(),
            far: VecDeque::new(),
            near: BTreeMap::new(),
            asked: BTreeMap::new(),
            last_words: BTreeMap::new(),
        }
    }

    pub(super) fn hear(&mut self, record: &Record) {
        let ordinal = self.heard;
        self.heard += 1;
        self.note_state(ordinal, record);
        if self.events.contains(&record.event) {
            // What was said of the subject before must not be lost to all that is said of it later.
            self.near.extend(self.window.drain(..).chain(self.far.drain(..)));
            self.near.insert(ordinal, record.clone());
            return;
        }
        let (kept, most) = if self.is_kept_far(record) { (&mut self.far, FAR_MAX) } else { (&mut self.window, WINDOW) };
        if kept.len() == most {
            kept.pop_front();
        }
        kept.push_back((ordinal, record.clone()));
    }

    fn note_state(&mut self, ordinal: u64, record: &Record) {
        match (&record.what, record.node) {
            (RecordWhat::Invoked(id, _), _) => _ = self.asked.insert(*id, (ordinal, record.clone())),
            (RecordWhat::Responded(id, _), _) => _ = self.asked.remove(id),
            (RecordWhat::Fact(_), Some(node)) => {
                let words = self.last_words.entry(node).or_default();
                if words.len() == LAST_WORDS {
                    words.pop_front();
                }
                words.push_back((ordinal, record.clone()));
            }
            _ => {}
        }
    }

    fn is_kept_far(&self, record: &Record) -> bool {
        let is_about = |subject: u64| self.subjects.contains(&subject);
        record.about.is_some_and(|about| is_about(about.subject.0)) || record.what.is_state()
    }

    /// What the evidence is about.
    pub(super) fn subjects(&self) -> &BTreeSet<u64> {
        &self.subjects
    }

    /// What clients asked for and did not get, in the order of asking.
    pub(super) fn unanswered(&self) -> Vec<(u64, Record)> {
        let mut unanswered: Vec<(u64, Record)> = self.asked.values().cloned().collect();
        unanswered.sort_by_key(|(ordinal, _)| *ordinal);
        unanswered
    }

    /// The last facts of a process, the last of them first.
    pub(super) fn last_words(&self, node: NodeId) -> impl Iterator<Item = &(u64, Record)> {
        self.last_words.get(&node).into_iter().flatten().rev()
    }

    /// Who said anything.
    pub(super) fn speakers(&self) -> impl Iterator<Item = NodeId> {
        self.last_words.keys().copied()
    }

    /// All that was kept, in the order in which it was heard.
    pub(super) fn into_records(self) -> BTreeMap<u64, Record> {
        let mut records = self.near;
        records.extend(self.window);
        records.extend(self.far);
        records
    }
}

impl RecordWhat {
    /// Whether it is about the state of processes or links, and so matters long after it happened.
    fn is_state(&self) -> bool {
        match self {
            RecordWhat::Struck { withheld, .. } => withheld.is_none(),
            RecordWhat::Restarted
            | RecordWhat::Booted
            | RecordWhat::Refused(_)
            | RecordWhat::Crashed { .. }
            | RecordWhat::Ended
            | RecordWhat::Stopped(_)
            | RecordWhat::RequestFailed(..)
            | RecordWhat::Rotted { .. }
            | RecordWhat::Misread { .. }
            | RecordWhat::Paused
            | RecordWhat::Resumed
            | RecordWhat::Clock { .. }
            | RecordWhat::Wall { .. }
            | RecordWhat::ItemEnded(_)
            | RecordWhat::Healed(_) => true,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Class, Witness};
    use crate::hash::Digest;
    use crate::id::Hex;
    use crate::record::About;
    use crate::time::Time;

    /// What is far from the evidence and about something else is forgotten, however much of the rest there is.
    #[test]
    fn no_more_than_so_much_is_kept_of_the_longest_run() {
        let (first, last) = (100_000, 300_000);
        let witness = |event| Witness { node: NodeId::node(1), event, time: Time::ZERO, subject: 7 };
        let violation = Violation {
            class: Class::Safety,
            signature: String::new(),
            identity: String::new(),
            node: None,
            time: Time::ZERO,
            event: last,
            explanation: String::new(),
            witnesses: vec![witness(first), witness(last)],
        };
        let mut gathered = Gathered::about(&violation);
        for event in 1..=last {
            let about = Some(About { label: "said", subject: Hex(event % 8) });
            let (what, node) = (RecordWhat::Fact(String::new()), Some(NodeId::node(1)));
            let (time, causes, digest) = (Time::ZERO, [None, None], Digest::START);
            gathered.hear(&Record { event, time, node, causes, what, about, digest });
        }
        let kept = gathered.into_records();
        assert!(kept.len() <= 2 * (WINDOW + FAR_MAX + 1), "{} records", kept.len());
        assert!(kept.contains_key(&(first - 2)) && kept.contains_key(&(last - 2)), "what came just before");
        assert!(!kept.contains_key(&0) && !kept.contains_key(&(first + 1)), "what did not");
    }
}
