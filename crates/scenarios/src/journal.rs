//! Records on disk, in files that only grow: each life that writes has its own, and writes to no other.
//!
//! A record is its length, a checksum, and its content. A journal is what its files say, one life after the other, each up to
//! the first record that is not whole. Whatever crashes do, what a life did not find no later life finds:
//!
//! 1. The first life writes A and B; a crash takes the first bytes of A, and leaves the others, and B.
//! 2. The second life finds nothing, and acts on that. Were it to write C where A was, a crash could keep C's first bytes
//!    alone. Where A's were the same, A and B would be back, which the second life had done without.
//!
//! In a file of its own a life writes over nothing, and what a crash left of the others stays as it is.
//!
//! It is for disks that lose and tear what was not synced, and do nothing worse: what rotted is taken for torn, and what comes
//! behind it in its file is lost without a word.

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
    /// This life's file, once there is something to write.
    file: Option<File>,
    /// Where the next record goes.
    end: u64,
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
    /// What comes after those of the last life that wrote any byte.
    pub tail: Tail,
}

/// What comes after the last record of a file that can be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tail {
    /// Nothing.
    Clean,
    /// Bytes that a crash left over.
    Torn,
}

impl<R: Record> Journal<R> {
    /// Reads the journal of this node's disk: all files whose names begin with `journal-`.
    ///
    /// # Errors
    /// Where a record is whole and says nothing that anybody writes: that is no crash's doing.
    pub fn open(io: &mut Io<'_, impl Protocol>) -> Result<(Journal<R>, Found<R>), Refusal> {
        let mut found = Found { records: Vec::new(), tail: Tail::Clean };
        for name in io.file_names().filter(|name| name.starts_with(PREFIX)) {
            let refused = |why| Refusal(format!("{name}: {why}"));
            let bytes = io.surviving(name);
            let tail = read(bytes, &mut found.records).map_err(refused)?;
            // Of a file without bytes the last crash may have left the name alone.
            found.tail = if bytes.is_empty() { found.tail } else { tail };
        }
        Ok((Journal { file: None, end: 0, sync: Sync::Idle, records: PhantomData }, found))
    }

    /// Writes a record; it is durable when the request is, which is not before the journal is [told](Self::sync) to sync.
    pub fn write(&mut self, record: &R, io: &mut Io<'_, impl Protocol>) -> Request {
        let file = *self.file.get_or_insert_with(|| create(io));
        let bytes = framed(record);
        let request = io.write(file, self.end, &bytes);
        self.end += bytes.len() as u64;
        request
    }

    /// What was written is to become durable.
    pub fn sync(&mut self, io: &mut Io<'_, impl Protocol>) {
        let Some(file) = self.file else { return };
        self.sync = match self.sync {
            Sync::Idle => Sync::UnderWay(io.sync(file)),
            Sync::UnderWay(request) | Sync::UnderWayAndWritten(request) => Sync::UnderWayAndWritten(request),
        };
    }

    /// A sync completed; one that is not the journal's concerns it not.
    pub fn synced(&mut self, request: Request, io: &mut Io<'_, impl Protocol>) {
        let Some(file) = self.file else { return };
        self.sync = match self.sync {
            Sync::UnderWayAndWritten(own) if own == request => Sync::UnderWay(io.sync(file)),
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

/// What the names of a journal's files begin with.
const PREFIX: &str = "journal-";

/// Makes the file of this life: its name comes after those of all earlier ones.
///
/// It need not [follow](Io::follows) theirs, and nothing of theirs is synced again: what a boot finds is on the platter, even
/// where the process alone had stopped.
fn create(io: &mut Io<'_, impl Protocol>) -> File {
    let file = io.open(&format!("{PREFIX}{:08x}", io.incarnation()));
    // Requests are carried out in order: no sync of the file completes before its name is durable.
    io.sync_directory();
    file
}

/// Length, checksum: four bytes each.
const HEADER_LEN: usize = 8;

/// The bytes of a record.
fn framed(record: &impl Record) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_LEN];
    record.encode(&mut bytes);
    let len = u32::try_from(bytes.len() - HEADER_LEN).expect("a record is shorter than 4 GiB");
    bytes[..4].copy_from_slice(&len.to_le_bytes());
    let sum = checksum(&bytes);
    bytes[4..8].copy_from_slice(&sum.to_le_bytes());
    bytes
}

fn checksum(record: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&record[..4]), &record[HEADER_LEN..])
}

/// Adds the records of a file. Gives what comes after them.
fn read<R: Record>(bytes: &[u8], records: &mut Vec<R>) -> Result<Tail, String> {
    let mut end = 0;
    while let Some(record) = next(&bytes[end..]) {
        let decoded = R::decode(&record[HEADER_LEN..]);
        records.push(decoded.ok_or_else(|| format!("the record at byte {end} says nothing"))?);
        end += record.len();
    }
    Ok(if end == bytes.len() { Tail::Clean } else { Tail::Torn })
}

/// The whole record at the front, if one is there.
fn next(bytes: &[u8]) -> Option<&[u8]> {
    let len = u32::from_le_bytes(*bytes.first_chunk()?) as usize;
    let record = bytes.get(..HEADER_LEN.checked_add(len)?)?;
    let sum = u32::from_le_bytes(*record[4..].first_chunk()?);
    // A record of zeros, as where a write was dropped, has a content of no bytes, which no record has.
    (len > 0 && sum == checksum(record)).then_some(record)
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

    /// The bytes of these records, each by itself.
    fn written(cries: &[Cry]) -> Vec<Vec<u8>> {
        cries.iter().map(framed).collect()
    }

    fn read_all(bytes: &[u8]) -> Result<(Vec<Cry>, Tail), String> {
        let mut records = Vec::new();
        read(bytes, &mut records).map(|tail| (records, tail))
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(read_all(&written(&CRIES).concat()), Ok((CRIES.to_vec(), Tail::Clean)));
        assert_eq!(read_all(&[]), Ok((Vec::new(), Tail::Clean)));
    }

    #[test]
    fn a_cut_or_a_changed_byte_ends_a_file_before_its_record() {
        let bytes = written(&CRIES);
        let starts: Vec<usize> = (0..bytes.len()).map(|record| bytes[..record].iter().map(Vec::len).sum()).collect();
        let all = bytes.concat();
        let record_of = |at: usize| starts.iter().rposition(|start| *start <= at).expect("a record");
        for at in 0..all.len() {
            let expected = CRIES[..record_of(at)].to_vec();
            let tail = if starts.contains(&at) { Tail::Clean } else { Tail::Torn };
            assert_eq!(read_all(&all[..at]), Ok((expected.clone(), tail)), "cut at {at}");
            let mut changed = all.clone();
            changed[at] ^= 1;
            assert_eq!(read_all(&changed), Ok((expected, Tail::Torn)), "changed at {at}");
        }
    }

    #[test]
    fn a_record_behind_one_that_was_dropped_does_not_count() {
        let [dropped, kept] = [1, 2].map(|record| framed(&CRIES[record]));
        assert_eq!(read_all(&[vec![0; dropped.len()], kept].concat()), Ok((Vec::new(), Tail::Torn)));
    }

    #[test]
    fn a_whole_record_that_says_nothing_is_refused() {
        assert_eq!(read_all(&framed(&Cry("?"))), Err("the record at byte 0 says nothing".to_owned()));
    }
}
