//! What there is to tell where what is wrong is what did not happen: who was healed, what is asked for and not answered, what
//! is still down or cut off, and what each process said last.

use std::collections::BTreeMap;

use super::events::Events;
use super::gather::Gathered;
use super::phrase::phrase;
use super::slice::{is_cut, phrase_alone};
use super::{Draft, Part, Rank, StoryLine};
use crate::check::{Class, Violation};
use crate::id::NodeId;
use crate::record::{Record, RecordWhat};

/// So many of the last events are told of a run that went beyond a limit.
const LAST_EVENTS: usize = 12;

/// The lines that may be told of a run that is stuck or does not end, from what was gathered of it.
pub(super) fn drafts(violation: &Violation, gathered: Gathered) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for ((ordinal, record), turn) in gathered.unanswered().iter().zip(0..) {
        drafts.push(draft(*ordinal, record, Rank::Link, turn, format!("{}; not answered", phrase(record))));
    }
    let said: Vec<(u64, u64, Record)> = last_words(&gathered);
    let events = Events::new(gathered.into_records());
    let state = State::at_the_end(&events);
    let core = state.core.clone().unwrap_or_default();
    for ordinal in state.worth_telling() {
        let rank = if Some(ordinal) == state.healed { Rank::Evidence } else { Rank::Blow };
        let record = events.record(ordinal);
        let away = violation.event.saturating_sub(record.event);
        drafts.push(draft(ordinal, record, rank, away, phrase_alone(&events, ordinal, |_| false)));
    }
    for (turn, ordinal, record) in said {
        let is_in = record.node.is_some_and(|node| core.contains(&node));
        let rank = if is_in && turn == 0 { Rank::Subject } else { Rank::Rest };
        drafts.push(draft(ordinal, &record, rank, turn, phrase(&record)));
    }
    for (ordinal, turn) in last_sent(&events, &core).into_iter().zip(0..) {
        let record = events.record(ordinal);
        drafts.push(draft(ordinal, record, Rank::Subject, turn, phrase(record)));
    }
    if violation.class == Class::Limit {
        let last = events.all().rev().filter(|(_, record)| record.is_first()).take(LAST_EVENTS);
        drafts.extend(last.map(|(ordinal, record)| draft(ordinal, record, Rank::Evidence, 0, phrase(record))));
    } else if let Some((ordinal, record)) = events.of(violation.event).next() {
        let text = format!("{:<9} {}", "*", violation.explanation);
        drafts.push(draft(ordinal, record, Rank::Evidence, 0, text));
    }
    drafts.sort_by_key(|draft| (draft.ordinal, draft.rank));
    drafts.dedup_by_key(|draft| draft.ordinal);
    drafts
}

/// What each process said last, the last of all first.
fn last_words(gathered: &Gathered) -> Vec<(u64, u64, Record)> {
    let mut said = Vec::new();
    for node in gathered.speakers() {
        let words = gathered.last_words(node).zip(0..);
        said.extend(words.map(|((ordinal, record), turn)| (turn, *ordinal, record.clone())));
    }
    said
}

/// The last message that each of the core sent to another of the core.
fn last_sent(events: &Events, core: &[NodeId]) -> Vec<u64> {
    let mut last = BTreeMap::new();
    for (ordinal, record) in events.all() {
        let RecordWhat::Sent { to, .. } = &record.what else { continue };
        if core.contains(to) && record.node.is_some_and(|node| core.contains(&node)) {
            last.insert(record.node, ordinal);
        }
    }
    last.into_values().collect()
}

fn draft(ordinal: u64, record: &Record, rank: Rank, distance: u64, text: String) -> Draft {
    let part = if rank == Rank::Evidence { Part::Evidence } else { Part::Context };
    let Record { time, event, .. } = *record;
    Draft { ordinal, rank, distance, line: StoryLine { time, event, part, text } }
}

/// How processes and links are, by the records that made them so.
#[derive(Default)]
struct State {
    healed: Option<u64>,
    core: Option<Vec<NodeId>>,
    /// Who does not serve, or whose clock is wrong.
    impaired: BTreeMap<NodeId, u64>,
    /// The partitions that were never over, by their items.
    cut: BTreeMap<u32, u64>,
}

impl State {
    fn at_the_end(events: &Events) -> State {
        let mut state = State::default();
        events.all().for_each(|(ordinal, record)| state.take(ordinal, record));
        state
    }

    fn take(&mut self, ordinal: u64, record: &Record) {
        match (&record.what, record.node) {
            (
                RecordWhat::Crashed { .. } | RecordWhat::Ended | RecordWhat::Paused | RecordWhat::Refused(_),
                Some(node),
            ) => {
                self.impaired.insert(node, ordinal);
            }
            (RecordWhat::Restarted | RecordWhat::Resumed, Some(node)) => _ = self.impaired.remove(&node),
            (RecordWhat::Struck { id, kind: Some(kind), withheld: None, .. }, _) if is_cut(*kind) => {
                self.cut.insert(*id, ordinal);
            }
            (RecordWhat::ItemEnded(id), _) if self.healed.is_none() => _ = self.cut.remove(id),
            (RecordWhat::Healed(core), _) => (self.healed, self.core) = (Some(ordinal), Some(core.clone())),
            _ => {}
        }
    }

    fn worth_telling(&self) -> impl Iterator<Item = u64> {
        self.healed.into_iter().chain(self.impaired.values().copied()).chain(self.cut.values().copied())
    }
}
