//! Records on disk: one file that only grows.
//!
//! A record is its length, a checksum, the life that wrote it, and its content. The checksum takes in that of the record
//! before it, so that a record counts only behind the very one that it was written behind:
//!
//! 1. The first life writes A and B; at a crash A is dropped and B is kept.
//! 2. The second life finds nothing, and writes C where A was, of the same length.
//! 3. Without the chain, the third life would read C and then B, which nobody wrote in this order.
//!
//! The life is there for the same reason: were C the same as A, B would fit behind it.

use std::fmt;
use std::marker::PhantomData;

use sim::{File, Io, Protocol, Refusal, Request};

/// What a journal is made of.
pub trait Record: Sized {
    /// Adds its content: at least one byte.
    fn encode(&self, bytes: &mut Vec<u8>);

    /// The record of this content; `None` where that says nothing.
    fn decode(content: &[u8]) -> Option<Self>;
}

/// The journal of one life.
pub struct Journal<R> {
    file: File,
    /// Where the next record goes.
    end: u64,
    /// The checksum of the last record.
    chain: u32,
    sync: Sync,
    records: PhantomData<fn(&R)>,
}

/// At most one sync is under way; what is written meanwhile shares the next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sync {
    Idle,
    UnderWay(Request),
    UnderWayAndWritten(Request),
}

/// What a journal held.
pub struct Found<R> {
    /// Its records, in the order in which they were written.
    pub records: Vec<R>,
    /// What comes after them.
    pub tail: Tail,
}

/// What comes after the last record that can be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tail {
    /// Nothing.
    Clean,
    /// Bytes that a crash left over.
    Torn,
}

impl<R: Record> Journal<R> {
    /// Reads the journal of this node's disk.
    ///
    /// # Errors
    /// Where a record is whole and says nothing that anybody writes: that is no crash's doing.
    pub fn open(io: &mut Io<'_, impl Protocol>) -> Result<(Journal<R>, Found<R>), Refusal> {
        let (records, end, chain, tail) = read(io.surviving("journal"))?;
        let is_new = io.file_names().all(|name| name != "journal");
        let file = io.open("journal");
        if is_new {
            // Requests are carried out in order: no sync of the file completes before it is there for good.
            io.sync_directory();
        }
        let journal = Journal { file, end: end as u64, chain, sync: Sync::Idle, records: PhantomData };
        Ok((journal, Found { records, tail }))
    }

    /// Writes a record; it is durable when the request is, which is not before the journal is [told](Self::sync) to sync.
    pub fn write(&mut self, record: &R, io: &mut Io<'_, impl Protocol>) -> Request {
        let (bytes, chain) = framed(record, io.incarnation(), self.chain);
        let request = io.write(self.file, self.end, &bytes);
        self.end += bytes.len() as u64;
        self.chain = chain;
        request
    }

    /// What was written is to become durable.
    pub fn sync(&mut self, io: &mut Io<'_, impl Protocol>) {
        self.sync = match self.sync {
            Sync::Idle => Sync::UnderWay(io.sync(self.file)),
            Sync::UnderWay(request) | Sync::UnderWayAndWritten(request) => Sync::UnderWayAndWritten(request),
        };
    }

    /// A sync completed; one that is not the journal's concerns it not.
    pub fn synced(&mut self, request: Request, io: &mut Io<'_, impl Protocol>) {
        self.sync = match self.sync {
            Sync::UnderWayAndWritten(own) if own == request => Sync::UnderWay(io.sync(self.file)),
            Sync::UnderWay(own) if own == request => Sync::Idle,
            other => other,
        };
    }
}

// Derived, these would ask of the records what only the journal must be.

impl<R> Clone for Journal<R> {
    fn clone(&self) -> Journal<R> {
        Journal { records: PhantomData, ..*self }
    }
}

impl<R> fmt::Debug for Journal<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("end", &self.end).field("sync", &self.sync).finish_non_exhaustive()
    }
}

/// Length, checksum, life: four bytes each.
const HEADER_LEN: usize = 12;

/// The bytes of a record that this life writes behind `chain`, and its checksum.
fn framed(record: &impl Record, life: u32, chain: u32) -> (Vec<u8>, u32) {
    let mut bytes = vec![0; HEADER_LEN];
    record.encode(&mut bytes);
    let len = u32::try_from(bytes.len() - HEADER_LEN).expect("a record is shorter than 4 GiB");
    bytes[..4].copy_from_slice(&len.to_le_bytes());
    bytes[8..12].copy_from_slice(&life.to_le_bytes());
    let sum = checksum(chain, &bytes);
    bytes[4..8].copy_from_slice(&sum.to_le_bytes());
    (bytes, sum)
}

fn checksum(chain: u32, record: &[u8]) -> u32 {
    let without_itself = crc32c::crc32c_append(chain, &record[..4]);
    crc32c::crc32c_append(without_itself, &record[8..])
}

/// The records, where they end, the last checksum, and what comes after.
fn read<R: Record>(bytes: &[u8]) -> Result<(Vec<R>, usize, u32, Tail), Refusal> {
    let (mut records, mut end, mut chain) = (Vec::new(), 0, 0);
    while let Some((record, sum)) = next(&bytes[end..], chain) {
        let content = &record[HEADER_LEN..];
        let decoded = R::decode(content).ok_or_else(|| Refusal(format!("the record at byte {end} says nothing")))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Anything that begins with an exclamation mark.
    #[derive(Clone, PartialEq, Eq, Debug)]
    struct Cry(&'static str);

    const CRIES: [Cry; 4] = [Cry("!"), Cry("!ahoy"), Cry("!land"), Cry("!")];

    impl Record for Cry {
        fn encode(&self, bytes: &mut Vec<u8>) {
            bytes.extend(self.0.as_bytes());
        }

        fn decode(content: &[u8]) -> Option<Cry> {
            CRIES.into_iter().find(|cry| cry.0.as_bytes() == content)
        }
    }

    /// The bytes that a life writes behind `chain`, record by record, and the last checksum.
    fn written(cries: &[Cry], life: u32, mut chain: u32) -> (Vec<Vec<u8>>, u32) {
        let one = |cry: &Cry| {
            let (bytes, sum) = framed(cry, life, chain);
            chain = sum;
            bytes
        };
        (cries.iter().map(one).collect(), chain)
    }

    #[test]
    fn what_is_written_is_read_back() {
        let (bytes, chain) = written(&CRIES, 1, 0);
        let bytes = bytes.concat();
        let (found, end, last, tail) = read::<Cry>(&bytes).expect("whole records");
        assert_eq!((found, end, last, tail), (CRIES.to_vec(), bytes.len(), chain, Tail::Clean));
        assert_eq!(read::<Cry>(&[]).expect("no records"), (Vec::new(), 0, 0, Tail::Clean));
    }

    #[test]
    fn a_cut_or_a_changed_byte_ends_the_journal_before_its_record() {
        let (bytes, _) = written(&CRIES, 1, 0);
        let starts: Vec<usize> = (0..bytes.len()).map(|record| bytes[..record].iter().map(Vec::len).sum()).collect();
        let all = bytes.concat();
        let record_of = |at: usize| starts.iter().rposition(|start| *start <= at).expect("a record");
        for at in 0..all.len() {
            let (found, ..) = read::<Cry>(&all[..at]).expect("a cut is torn");
            assert_eq!(found, CRIES[..record_of(at)], "cut at {at}");
            let mut changed = all.clone();
            changed[at] ^= 1;
            let (found, .., tail) = read::<Cry>(&changed).expect("a change is torn");
            assert_eq!((found, tail), (CRIES[..record_of(at)].to_vec(), Tail::Torn), "changed at {at}");
        }
    }

    #[test]
    fn a_record_does_not_count_behind_another_than_it_was_written_behind() {
        let (first, _) = written(&CRIES[1..3], 1, 0);
        let (second, _) = written(&CRIES[2..3], 2, 0);
        let (same_again, _) = written(&CRIES[1..2], 2, 0);
        for front in [&second[0], &same_again[0]] {
            let (found, _, _, tail) = read::<Cry>(&[front.as_slice(), &first[1]].concat()).expect("torn");
            assert_eq!((found.len(), tail), (1, Tail::Torn));
        }
        let dropped = vec![0; first[0].len()];
        assert_eq!(read::<Cry>(&[dropped, first[1].clone()].concat()).expect("torn").0, []);
    }

    #[test]
    fn a_whole_record_that_says_nothing_is_refused() {
        let (bytes, _) = framed(&Cry("?"), 1, 0);
        assert_eq!(read::<Cry>(&bytes).unwrap_err().0, "the record at byte 0 says nothing");
    }
}
