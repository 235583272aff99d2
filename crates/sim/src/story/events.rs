//! The kept records by event, and what each event came of.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use crate::id::{Hex, NodeId};
use crate::record::{Record, RecordWhat, Taken};

/// More messages than this link nothing that a reader could follow.
const HOPS_MAX: u32 = 2;

/// What a node did more than so many of its steps after it took a message is not told to come of it.
const STEPS_MAX: u32 = 24;

/// Beyond so many events a search for a link is given up.
const SEARCH_MAX: usize = 1 << 16;

/// The kept records.
#[derive(Debug)]
pub(super) struct Events {
    records: BTreeMap<u64, Record>,
    /// By event, the ordinals of its first and its last record.
    events: BTreeMap<u64, (u64, u64)>,
}

/// What an event came of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    /// An event at the same place.
    Step(u64),
    /// A message, by the event in which it was sent and the ordinal of the record that says so.
    Message { event: u64, sent: u64 },
}

impl Source {
    pub(super) fn event(self) -> u64 {
        match self {
            Source::Step(event) | Source::Message { event, .. } => event,
        }
    }
}

impl Events {
    pub(super) fn new(records: BTreeMap<u64, Record>) -> Events {
        let mut events = BTreeMap::new();
        for (ordinal, record) in &records {
            events.entry(record.event).or_insert((*ordinal, *ordinal)).1 = *ordinal;
        }
        Events { records, events }
    }

    /// The record with this ordinal.
    pub(super) fn record(&self, ordinal: u64) -> &Record {
        &self.records[&ordinal]
    }

    /// All records, in the order in which they were heard.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = (u64, &Record)> {
        self.records.iter().map(|(ordinal, record)| (*ordinal, record))
    }

    /// The records of an event, as far as they are kept.
    pub(super) fn of(&self, event: u64) -> impl DoubleEndedIterator<Item = (u64, &Record)> {
        let (first, last) = self.events.get(&event).copied().unwrap_or((1, 0));
        // A range from above to below is no range, and means that there is nothing.
        let ordinals = if first <= last { Some(first..=last) } else { None };
        ordinals.into_iter().flat_map(|ordinals| self.within(ordinals))
    }

    fn within(&self, ordinals: RangeInclusive<u64>) -> impl DoubleEndedIterator<Item = (u64, &Record)> {
        self.records.range(ordinals).map(|(ordinal, record)| (*ordinal, record))
    }

    /// What an event came of: the message that it took first.
    pub(super) fn sources(&self, event: u64) -> impl Iterator<Item = Source> {
        let first = self.of(event).map(|(_, record)| record).find(|record| record.is_first());
        let causes = first.map_or([None, None], |record| record.causes);
        let message = first.and_then(|first| match &first.what {
            RecordWhat::Arrived { taken: Taken::Handled, .. } => self.sent(first),
            RecordWhat::Took(_) => self.sent(self.arrival(causes[0]?)?),
            _ => None,
        });
        let scheduled = if message.is_some() { None } else { causes[0].map(Source::Step) };
        [message, scheduled, causes[1].map(Source::Step)].into_iter().flatten().filter(move |it| it.event() < event)
    }

    fn arrival(&self, event: u64) -> Option<&Record> {
        self.of(event).map(|(_, record)| record).find(|record| matches!(record.what, RecordWhat::Arrived { .. }))
    }

    /// The sending of a message that arrived.
    fn sent(&self, arrival: &Record) -> Option<Source> {
        let RecordWhat::Arrived { from, tag, occurrence, .. } = &arrival.what else { return None };
        let (event, receiver) = (arrival.causes[0]?, arrival.node?);
        let is_it = |record: &Record| record.node == Some(*from) && is_address(record, receiver, *tag, *occurrence);
        let (sent, _) = self.of(event).find(|(_, record)| is_it(record))?;
        Some(Source::Message { event, sent })
    }

    /// The message that an event came of, at once or by what was written in its step: the event that sent it, and the record
    /// that says so.
    pub(super) fn origin(&self, event: u64) -> Option<(u64, u64)> {
        let mut at = event;
        // What a sync completes was written in another step, which may have been that of a message.
        for _ in 0..4 {
            match self.sources(at).next()? {
                Source::Message { event, sent } => return Some((event, sent)),
                Source::Step(before) if self.is_of_disk(at) => at = before,
                Source::Step(_) => return None,
            }
        }
        None
    }

    fn is_of_disk(&self, event: u64) -> bool {
        self.of(event).any(|(_, record)| matches!(record.what, RecordWhat::Synced(_) | RecordWhat::Took(_)))
    }

    /// The nearest of the events `ends` from which `event` came by messages, and the records of these messages being sent.
    /// A way does not lead through one of `ends` to another.
    ///
    /// Of two ways the one with fewer messages is the better, then the one with fewer steps: what a node sends at once
    /// comes before what it may have sent at any time later.
    pub(super) fn links(&self, event: u64, ends: &[u64]) -> Vec<Vec<u64>> {
        let mut found = Vec::new();
        let mut ways: BTreeMap<u64, Way> = BTreeMap::from([(event, Way { cost: (0, 0), via: None })]);
        let mut open = BTreeSet::from([((0, 0), Reverse(event))]);
        while let Some((cost, Reverse(at))) = open.pop_first() {
            if ways.len() > SEARCH_MAX || ways[&at].cost < cost {
                continue;
            }
            if at != event && ends.contains(&at) {
                found.push(messages(&ways, at));
                continue;
            }
            for source in self.sources(at) {
                let (hops, steps) = cost;
                let (next, sent) = match source {
                    Source::Step(_) => ((hops, steps + 1), None),
                    Source::Message { sent, .. } => ((hops + 1, steps), Some(sent)),
                };
                let known = ways.get(&source.event()).is_some_and(|way| way.cost <= next);
                if !known && next.0 <= HOPS_MAX && next.1 <= STEPS_MAX {
                    ways.insert(source.event(), Way { cost: next, via: Some((at, sent)) });
                    open.insert((next, Reverse(source.event())));
                }
            }
        }
        found.retain(|messages: &Vec<u64>| !messages.is_empty());
        found
    }
}

/// How an event led to the one at the end.
#[derive(Clone, Copy)]
struct Way {
    /// Messages, then steps.
    cost: (u32, u32),
    /// The event that came of it, and the record of the message that it came by.
    via: Option<(u64, Option<u64>)>,
}

/// The messages of the way from `start` to the end.
fn messages(ways: &BTreeMap<u64, Way>, start: u64) -> Vec<u64> {
    let mut messages = Vec::new();
    let mut at = start;
    while let Some((next, sent)) = ways[&at].via {
        messages.extend(sent);
        at = next;
    }
    messages
}

fn is_address(record: &Record, receiver: NodeId, is_tag: Hex, is_occurrence: u32) -> bool {
    matches!(&record.what, RecordWhat::Sent { to, tag, occurrence, .. }
        if *to == receiver && *tag == is_tag && *occurrence == is_occurrence)
}
