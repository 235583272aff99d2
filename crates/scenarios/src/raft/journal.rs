//! The core's records on disk: one file that only grows.
//!
//! A record is its length, a checksum, the life that wrote it, and its content. The checksum takes in that of the record
//! before it, so that a record counts only behind the very one that it was written behind:
//!
//! 1. The first life writes A and B; at a crash A is dropped and B is kept.
//! 2. The second life finds nothing, and writes C where A was, of the same length.
//! 3. Without the chain, the third life would read C and then B, which nobody wrote in this order.
//!
//! The life is there for the same reason: were C the same as A, B would fit behind it.

use std::collections::VecDeque;
use std::sync::Arc;

use raft::{Entry, HardState, Index, NodeId, Payload, Record, Term, WriteId};
use sim::{File, Io, Refusal, Request};

use super::Log;

/// Length, checksum, life: four bytes each.
const HEADER_LEN: usize = 12;

/// The journal of one life.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    file: File,
    /// Where the next record goes.
    end: u64,
    /// The checksum of the last record.
    chain: u32,
    /// The core's writes that are not durable yet, each by its last request.
    under_way: VecDeque<(WriteId, Request)>,
    sync: Sync,
}

/// At most one sync is under way; what is written meanwhile shares the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sync {
    Idle,
    UnderWay,
    UnderWayAndWritten,
}

/// What a journal held.
pub(crate) struct Found {
    pub(crate) records: Vec<Record>,
    pub(crate) tail: Tail,
}

/// What comes after the last record that can be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tail {
    /// Nothing.
    Clean,
    /// Bytes that a crash left over.
    Torn,
}

impl Journal {
    /// Reads the journal of this node's disk.
    ///
    /// # Errors
    /// Where a record is whole and says nothing that a core writes: that is no crash's doing.
    pub(crate) fn open(io: &mut Io<'_, Log>) -> Result<(Journal, Found), Refusal> {
        let (records, end, chain, tail) = read(io.surviving("journal"))?;
        let file = io.open("journal");
        let journal = Journal { file, end: end as u64, chain, under_way: VecDeque::new(), sync: Sync::Idle };
        Ok((journal, Found { records, tail }))
    }

    /// Writes one record of the core's; it is durable when the request is.
    pub(crate) fn write(&mut self, record: &Record, io: &mut Io<'_, Log>) -> Request {
        let mut bytes = vec![0; HEADER_LEN];
        encode(record, &mut bytes);
        let len = u32::try_from(bytes.len() - HEADER_LEN).expect("a record is shorter than 4 GiB");
        bytes[..4].copy_from_slice(&len.to_le_bytes());
        bytes[8..12].copy_from_slice(&io.incarnation().to_le_bytes());
        self.chain = checksum(self.chain, &bytes);
        bytes[4..8].copy_from_slice(&self.chain.to_le_bytes());
        let request = io.write(self.file, self.end, &bytes);
        self.end += bytes.len() as u64;
        request
    }

    /// The core's write consists of what was written through `last`, and is to become durable.
    pub(crate) fn seal(&mut self, write: WriteId, last: Request, io: &mut Io<'_, Log>) {
        self.under_way.push_back((write, last));
        self.sync = match self.sync {
            Sync::Idle => {
                io.sync(self.file);
                Sync::UnderWay
            }
            Sync::UnderWay | Sync::UnderWayAndWritten => Sync::UnderWayAndWritten,
        };
    }

    /// The request to wait for until the core's write is durable; `None` where it is.
    pub(crate) fn request(&self, write: WriteId) -> Option<Request> {
        self.under_way.iter().find(|(known, _)| *known == write).map(|(_, request)| *request)
    }

    /// A sync completed. Gives the last of the core's writes that it made durable.
    pub(crate) fn synced(&mut self, sync: Request, io: &mut Io<'_, Log>) -> Option<WriteId> {
        self.sync = match self.sync {
            Sync::UnderWayAndWritten => {
                io.sync(self.file);
                Sync::UnderWay
            }
            Sync::UnderWay | Sync::Idle => Sync::Idle,
        };
        let mut last = None;
        while let Some((write, _)) = self.under_way.pop_front_if(|(_, request)| *request < sync) {
            last = Some(write);
        }
        last
    }
}

fn checksum(chain: u32, record: &[u8]) -> u32 {
    let without_itself = crc32c::crc32c_append(chain, &record[..4]);
    crc32c::crc32c_append(without_itself, &record[8..])
}

/// The records, where they end, the last checksum, and what comes after.
fn read(bytes: &[u8]) -> Result<(Vec<Record>, usize, u32, Tail), Refusal> {
    let (mut records, mut end, mut chain) = (Vec::new(), 0, 0);
    while let Some((record, sum)) = next(&bytes[end..], chain) {
        let content = &record[HEADER_LEN..];
        let decoded = decode(content).ok_or_else(|| Refusal(format!("the record at byte {end} says nothing")))?;
        records.push(decoded);
        end += record.len();
        chain = sum;
    }
    let tail = if end == bytes.len() { Tail::Clean } else { Tail::Torn };
    Ok((records, end, chain, tail))
}

/// The whole record at the front, if one is there, and its checksum.
fn next(bytes: &[u8], chain: u32) -> Option<(&[u8], u32)> {
    let len = u32::from_le_bytes(*bytes.first_chunk()?) as usize;
    let record = bytes.get(..HEADER_LEN.checked_add(len)?)?;
    let sum = u32::from_le_bytes(*record[4..].first_chunk()?);
    // A record of zeros, as where a write was dropped, has a content of no bytes, which no record has.
    (len > 0 && sum == checksum(chain, record)).then_some((record, sum))
}

const HARD_STATE: u8 = 1;
const TRUNCATE: u8 = 2;
const APPEND_NOOP: u8 = 3;
const APPEND_COMMAND: u8 = 4;

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

fn decode(bytes: &[u8]) -> Option<Record> {
    let (kind, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first_chunk()?;
    let (second, content) = rest.split_first_chunk()?;
    let (first, second) = (u64::from_le_bytes(*first), u64::from_le_bytes(*second));
    let append = |payload| Record::Append(Entry { term: Term(first), index: Index(second), payload });
    match (*kind, content) {
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

    fn records() -> Vec<Record> {
        let entry = |index, payload| Entry { term: Term(3), index: Index(index), payload };
        vec![
            Record::HardState(HardState { term: Term(3), voted_for: None }),
            Record::HardState(HardState { term: Term(3), voted_for: Some(NodeId(2)) }),
            Record::Append(entry(1, Payload::Noop)),
            Record::Append(entry(2, Payload::Command(Arc::from(*b"x=1")))),
            Record::Append(entry(3, Payload::Command(Arc::from(*b"")))),
            Record::Truncate { from: Index(2) },
        ]
    }

    /// The bytes that a life writes behind `chain`, record by record, and the last checksum.
    fn written(records: &[Record], life: u32, mut chain: u32) -> (Vec<Vec<u8>>, u32) {
        let one = |record: &Record| {
            let mut bytes = vec![0; HEADER_LEN];
            encode(record, &mut bytes);
            let len = (bytes.len() - HEADER_LEN) as u32;
            bytes[..4].copy_from_slice(&len.to_le_bytes());
            bytes[8..12].copy_from_slice(&life.to_le_bytes());
            chain = checksum(chain, &bytes);
            bytes[4..8].copy_from_slice(&chain.to_le_bytes());
            bytes
        };
        (records.iter().map(one).collect(), chain)
    }

    #[test]
    fn what_is_written_is_read_back() {
        let (bytes, chain) = written(&records(), 1, 0);
        let bytes = bytes.concat();
        let (found, end, last, tail) = read(&bytes).expect("whole records");
        assert_eq!((found, end, last, tail), (records(), bytes.len(), chain, Tail::Clean));
        assert_eq!(read(&[]).expect("no records"), (Vec::new(), 0, 0, Tail::Clean));
    }

    #[test]
    fn a_cut_or_a_changed_byte_ends_the_journal_before_its_record() {
        let (bytes, _) = written(&records(), 1, 0);
        let starts: Vec<usize> = (0..bytes.len()).map(|record| bytes[..record].iter().map(Vec::len).sum()).collect();
        let all = bytes.concat();
        let record_of = |at: usize| starts.iter().rposition(|start| *start <= at).expect("a record");
        for at in 0..all.len() {
            let (found, ..) = read(&all[..at]).expect("a cut is torn");
            assert_eq!(found, records()[..record_of(at)], "cut at {at}");
            let mut changed = all.clone();
            changed[at] ^= 1;
            let (found, .., tail) = read(&changed).expect("a change is torn");
            assert_eq!((found, tail), (records()[..record_of(at)].to_vec(), Tail::Torn), "changed at {at}");
        }
    }

    #[test]
    fn a_record_does_not_count_behind_another_than_it_was_written_behind() {
        let (first, _) = written(&records()[..2], 1, 0);
        let (second, _) = written(&records()[1..2], 2, 0);
        let (same_again, _) = written(&records()[..1], 2, 0);
        for front in [&second[0], &same_again[0]] {
            let (found, _, _, tail) = read(&[front.as_slice(), &first[1]].concat()).expect("torn");
            assert_eq!((found.len(), tail), (1, Tail::Torn));
        }
        let dropped = vec![0; first[0].len()];
        assert_eq!(read(&[dropped, first[1].clone()].concat()).expect("torn").0, []);
    }

    #[test]
    fn a_whole_record_that_says_nothing_is_refused() {
        let mut bytes = vec![0; HEADER_LEN];
        bytes.push(99);
        bytes[..4].copy_from_slice(&1u32.to_le_bytes());
        let sum = checksum(0, &bytes);
        bytes[4..8].copy_from_slice(&sum.to_le_bytes());
        assert_eq!(read(&bytes).unwrap_err().0, "the record at byte 0 says nothing");
    }
}
