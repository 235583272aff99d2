//! The core's records on disk, in a write-ahead log, and its writes: what of them is durable.

use std::collections::VecDeque;
use std::sync::Arc;

use raft::{Entry, HardState, Index, NodeId, Payload, Record, Term, WriteId};
use sim::{Io, Refusal, Request};
use wal::{Config, Sequence, Tail};

use super::Log;
use crate::segments::{self, Segments};

/// The journal of one life.
#[derive(Clone)]
pub(crate) struct Journal {
    segments: Segments,
    /// The core's writes that are not durable yet, each by its last request and its last record.
    under_way: VecDeque<(WriteId, Request, Sequence)>,
    /// Used again for each record.
    content: Vec<u8>,
}

/// What a journal held.
pub(crate) struct Found {
    /// The records, in the order in which they were written.
    pub(crate) records: Vec<Record>,
    /// Whether a crash left more than can be read.
    pub(crate) tail: Tail,
}

impl Journal {
    /// Reads the journal of this node's disk.
    ///
    /// # Errors
    /// Where what was durable is damaged, or a whole record says nothing that anybody writes.
    pub(crate) fn open(io: &mut Io<'_, Log>) -> Result<(Journal, Found), Refusal> {
        let config = Config { segment_bytes: io.knob("segment_bytes") };
        let (segments, segments::Found { records, tail }) = Segments::open(config, io)?;
        let decoded = |(sequence, content): (Sequence, &[u8])| {
            decode(content).ok_or_else(|| Refusal(format!("record {} says nothing", sequence.0)))
        };
        let records = records.iter().map(decoded).collect::<Result<Vec<Record>, Refusal>>()?;
        Ok((Journal { segments, under_way: VecDeque::new(), content: Vec::new() }, Found { records, tail }))
    }

    /// Writes one record of the core's; it is durable when the request is.
    pub(crate) fn write(&mut self, record: &Record, io: &mut Io<'_, Log>) -> Request {
        self.content.clear();
        encode(record, &mut self.content);
        self.segments.append(&self.content, io)
    }

    /// The core's write consists of what was written through `last`, and is to become durable.
    pub(crate) fn seal(&mut self, write: WriteId, last: Request, io: &mut Io<'_, Log>) {
        self.under_way.push_back((write, last, self.segments.last()));
        self.segments.sync(io);
    }

    /// The request to wait for until the core's write is durable; `None` where it is.
    ///
    /// A message that waits for it leaves once its segment is synced. What that rests on, the segment's name and the segments
    /// before it, is synced in front of it, and where one of these fails, no later request is carried out before this process
    /// has heard of it, and stopped.
    pub(crate) fn request(&self, write: WriteId) -> Option<Request> {
        self.under_way.iter().find(|(known, ..)| *known == write).map(|(_, request, _)| *request)
    }

    /// A sync completed. Gives the last of the core's writes that it made durable.
    pub(crate) fn synced(&mut self, request: Request, io: &mut Io<'_, Log>) -> Option<WriteId> {
        let durable_through = self.segments.synced(request, io);
        let mut last = None;
        while let Some((write, ..)) = self.under_way.pop_front_if(|(.., sequence)| *sequence <= durable_through) {
            last = Some(write);
        }
        last
    }
}

const HARD_STATE: u8 = 1;
const TRUNCATE: u8 = 2;
const APPEND_NOOP: u8 = 3;
const APPEND_COMMAND: u8 = 4;

/// Adds what a record is on disk.
fn encode(record: &Record, bytes: &mut Vec<u8>) {
    let mut put = |kind: u8, words: [u64; 2], content: &[u8]| {
        bytes.push(kind);
        words.iter().for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
        bytes.extend_from_slice(content);
    };
    match record {
        // A node's name is never 0.
        Record::HardState(HardState { term, voted_for }) => {
            put(HARD_STATE, [term.0, voted_for.map_or(0, |id| id.0)], &[])
        }
        Record::Truncate { from } => put(TRUNCATE, [from.0, 0], &[]),
        Record::Append(Entry { term, index, payload: Payload::Noop }) => put(APPEND_NOOP, [term.0, index.0], &[]),
        Record::Append(Entry { term, index, payload: Payload::Command(command) }) => {
            put(APPEND_COMMAND, [term.0, index.0], command);
        }
    }
}

/// The record of this content; `None` where that says nothing.
fn decode(content: &[u8]) -> Option<Record> {
    let (kind, rest) = content.split_first()?;
    let (first, rest) = rest.split_first_chunk()?;
    let (second, command) = rest.split_first_chunk()?;
    let (first, second) = (u64::from_le_bytes(*first), u64::from_le_bytes(*second));
    let append = |payload| Record::Append(Entry { term: Term(first), index: Index(second), payload });
    match (*kind, command) {
        (HARD_STATE, []) => {
            let voted_for = (second > 0).then_some(NodeId(second));
            Some(Record::HardState(HardState { term: Term(first), voted_for }))
        }
        (TRUNCATE, []) => Some(Record::Truncate { from: Index(first) }),
        (APPEND_NOOP, []) => Some(append(Payload::Noop)),
        (APPEND_COMMAND, command) => Some(append(Payload::Command(Arc::from(command)))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back_and_nothing_else_does() {
        let entry = |index, payload| Entry { term: Term(3), index: Index(index), payload };
        let records = [
            Record::HardState(HardState { term: Term(3), voted_for: None }),
            Record::HardState(HardState { term: Term(3), voted_for: Some(NodeId(2)) }),
            Record::Append(entry(1, Payload::Noop)),
            Record::Append(entry(2, Payload::Command(Arc::from(*b"x=1")))),
            Record::Append(entry(3, Payload::Command(Arc::from(*b"")))),
            Record::Truncate { from: Index(2) },
        ];
        for record in records {
            let mut content = Vec::new();
            encode(&record, &mut content);
            assert_eq!(decode(&content), Some(record));
        }
        for nothing in [b"".as_slice(), &[HARD_STATE], &[99; 17], &[TRUNCATE; 18]] {
            assert_eq!(decode(nothing), None, "{nothing:?}");
        }
    }
}
