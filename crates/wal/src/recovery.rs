//! From the files that survived to the log they are.
//!
//! Three questions, each with one answer:
//!
//! - *Could a crash have left this sector?* Asked of each sector by itself, in [`format`](crate::format). If not, it was damaged.
//! - *What belongs to the log?* A fragment that was written behind the one before it, as its chain says; a segment that follows
//!   the last one and begins where that ends. What does not was cut off from the log by a crash, and stays void: the chain
//!   never comes back to it, as those who append later chain to something else.
//! - *Is anything missing that was synced?* Every header and every fragment, void ones too, says how far the log was known to be
//!   synced when it was written. If that is more than what can be read, it is.

use std::collections::BTreeMap;

use crate::effects::Effects;
use crate::error::{Damage, Flaw};
use crate::format::{Found, Fragment, HEADER_LEN, Header, HeaderFlaw, Kind, MAGIC, SECTOR_LEN, VERSION, seed, written};
use crate::id::{SegmentNumber, Sequence};
use crate::log::{Config, Known, Live, Log};
use crate::records::Records;

/// What a log's files held.
#[derive(Clone, Debug)]
pub struct Recovered {
    /// Its records.
    pub records: Records,
    /// What comes after them.
    pub tail: Tail,
    /// The log to go on with. Until it says that they are [durable](Log::durable_through), the last of the records may be known to
    /// nothing but a cache.
    pub log: Log,
}

/// What comes after the last record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Nothing.
    Clean,
    /// Parts of records that a crash left. They stay where they are and count for nothing.
    Torn {
        /// Where they begin: the file…
        segment: SegmentNumber,
        /// … and where in it.
        offset: u64,
        /// How many bytes they are, zeros between them included.
        bytes: u64,
    },
}

/// Reads a log. The segments may come in any order; without any, the log is new.
///
/// The effects make durable what was found. Nothing is written before the first [`append`](Log::append), which begins a new
/// segment: no file of an earlier life is ever written to or cut.
///
/// # Errors
/// [`Damage`]: something is there that no crash leaves.
pub fn recover<'a>(
    config: Config,
    segments: impl IntoIterator<Item = (SegmentNumber, &'a [u8])>,
    effects: &mut Effects,
) -> Result<Recovered, Damage> {
    let mut files = BTreeMap::new();
    for (segment, bytes) in segments {
        if files.insert(segment, bytes).is_some() {
            return Err(Damage::Twice { segment });
        }
    }
    let mut reading = Reading::default();
    for (&segment, bytes) in &files {
        reading.segment(segment, bytes, &files)?;
    }
    reading.finish(config, files.last_key_value().map(|(number, _)| *number), effects)
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    records: Records,
    live: Vec<Live>,
    /// The header of the first of them.
    beginning: Option<Header>,
    dead: Vec<SegmentNumber>,
    /// Checksum of the last fragment of the last whole record.
    chain: u32,
    claim: Claim,
    cut: Cut,
}

/// The most that anything says was synced.
#[derive(Clone, Copy, Default)]
struct Claim {
    synced_through: Sequence,
    /// Where it says so.
    by: Option<(SegmentNumber, u64)>,
}

/// What lies behind the last whole record.
#[derive(Clone, Copy, Default)]
struct Cut {
    /// Where that record ends.
    after: Option<(SegmentNumber, u64)>,
    bytes: u64,
}

impl Claim {
    fn hear(&mut self, synced_through: Sequence, segment: SegmentNumber, offset: u64) {
        if synced_through > self.synced_through {
            *self = Claim { synced_through, by: Some((segment, offset)) };
        }
    }
}

impl Reading {
    /// Reads the next segment: adds it to the log, or to the dead.
    fn segment(
        &mut self,
        number: SegmentNumber,
        bytes: &[u8],
        files: &BTreeMap<SegmentNumber, &[u8]>,
    ) -> Result<(), Damage> {
        let header = header(number, bytes)?;
        if let Some(header) = header {
            self.claim.hear(header.synced_through, number, 0);
            names_only_what_is_there(&header, number, files)?;
        }
        let place = header.map_or(Ok(Place::Dead), |header| self.place(number, &header))?;
        let (cut, had) = (self.cut, self.live.len());
        if let Place::Live(header) = place {
            self.begin(number, header);
        }
        let first = self.records.last().next();
        self.fragments(number, bytes, place)?;
        if self.records.last() < first {
            self.live.truncate(had);
            self.dead.push(number);
            self.cut = cut;
            self.cut.after.get_or_insert((number, 0));
            self.cut.bytes += written(bytes).len() as u64;
            if self.live.is_empty() {
                (self.records, self.chain, self.beginning) = (Records::default(), 0, None);
            }
        }
        Ok(())
    }

    /// Goes on in a segment. It is part of the log if it has a record: whoever follows it knows by its own claims that the record
    /// was synced, and would not know that of a header alone.
    fn begin(&mut self, number: SegmentNumber, header: Header) {
        if self.live.is_empty() {
            self.records = Records::behind(header.first.previous());
            self.chain = header.chain;
            self.beginning = Some(header);
        }
        self.live.push(Live { number, first: header.first });
        self.cut = Cut { after: Some((number, HEADER_LEN as u64)), bytes: 0 };
    }

    /// Whether a segment with this header goes on where the log ends.
    ///
    /// A crash can take the end of the log before it: a header that was written, with all that follows, while what it was
    /// written behind was lost. Then it is dead, and so is whatever follows it, even one that begins at the right record:
    ///
    /// 1. A process writes record 8 to segment 2 and dies without a sync. The next finds it, and writes 9 to segment 3.
    /// 2. The machine crashes; of segment 2 nothing is left but its name. The next life writes another 8 to segment 4.
    /// 3. Segment 3 begins where that ends, and nobody wrote it behind that.
    ///
    /// Never does a crash make the log before it longer, or another.
    fn place(&self, number: SegmentNumber, header: &Header) -> Result<Place, Damage> {
        let Some(last) = self.live.last() else {
            // Without a file before it, it is the oldest that is left. With one, which is dead, it is the first ever.
            let follows_the_dead = self.dead.iter().any(|dead| dead.get() == header.follows);
            return match (self.dead.is_empty(), header.follows, header.first, header.chain) {
                (true, ..) | (false, 0, Sequence(1), 0) => Ok(Place::Live(*header)),
                _ if follows_the_dead => Ok(Place::Dead),
                _ => Err(fork(number, (0, Sequence(1), 0), header)),
            };
        };
        let expected = (last.number.get(), self.records.last().next(), self.chain);
        if header.follows == last.number.get() {
            let starts_later = header.first > self.records.last().next();
            return match (header.follows, header.first, header.chain) {
                received if received == expected => Ok(Place::Live(*header)),
                _ if starts_later => Ok(Place::Dead),
                _ => Err(fork(number, expected, header)),
            };
        }
        let follows_the_dead = self.dead.iter().any(|dead| dead.get() == header.follows);
        if follows_the_dead { Ok(Place::Dead) } else { Err(fork(number, expected, header)) }
    }

    /// Reads every fragment of a segment, for its record if it belongs to the log, for what it says was synced in any case.
    fn fragments(&mut self, number: SegmentNumber, bytes: &[u8], place: Place) -> Result<(), Damage> {
        let seed = seed(number);
        let mut follow = Follow::new(place, self.chain);
        for (index, sector) in bytes.chunks(SECTOR_LEN).enumerate() {
            let written = written(sector);
            let start = index as u64 * SECTOR_LEN as u64;
            let mut at = match (index, place) {
                (0, Place::Live(_)) => HEADER_LEN,
                // Without a whole header nothing is behind it; with one that is dead, as with one that is not.
                (0, Place::Dead) if matches!(header(number, bytes), Ok(Some(_))) => HEADER_LEN,
                (0, Place::Dead) => continue,
                _ => 0,
            };
            let mut before = None;
            loop {
                let damaged = |flaw| Damage::Bytes { segment: number, offset: start + at as u64, flaw };
                match Fragment::decode(written, at, seed).map_err(damaged)? {
                    Found::Nothing => break,
                    Found::Unfinished => {
                        follow.unfinished.get_or_insert(start + at as u64);
                        break;
                    }
                    Found::Whole((fragment, sum, len)) => {
                        if let Some(expected) = before.filter(|before| *before != fragment.chain) {
                            return Err(damaged(Flaw::Unlinked { expected, received: fragment.chain }));
                        }
                        before = Some(sum);
                        self.claim.hear(fragment.synced_through, number, start + at as u64);
                        at += len;
                        self.take(&fragment, sum, (number, start + at as u64), &mut follow)?;
                    }
                }
            }
        }
        self.records.abandon();
        if let (Place::Live(_), Some((_, end))) = (place, self.cut.after) {
            self.cut.bytes = (written(bytes).len() as u64).saturating_sub(end);
        }
        Ok(())
    }

    /// Adds a fragment to its record, if it is the next of the log.
    fn take(
        &mut self,
        fragment: &Fragment<'_>,
        sum: u32,
        end: (SegmentNumber, u64),
        follow: &mut Follow,
    ) -> Result<(), Damage> {
        let begins = matches!(fragment.kind, Kind::Full | Kind::First);
        let fits = fragment.chain == follow.chain
            && fragment.sequence == self.records.last().next()
            && begins == (follow.record == Record::Between);
        if follow.log == Following::Lost || !fits {
            follow.log = Following::Lost;
            return Ok(());
        }
        // The unfinished one before it would have been chained to.
        if let Some(offset) = follow.unfinished {
            return Err(Damage::Bytes { segment: end.0, offset, flaw: Flaw::Stray });
        }
        self.records.extend(fragment.content);
        follow.chain = sum;
        follow.record = Record::Within;
        if matches!(fragment.kind, Kind::Full | Kind::Last) {
            self.records.finish();
            self.chain = sum;
            self.cut.after = Some(end);
            follow.record = Record::Between;
        }
        Ok(())
    }

    fn finish(self, config: Config, newest: Option<SegmentNumber>, effects: &mut Effects) -> Result<Recovered, Damage> {
        let last = self.records.last();
        let Claim { synced_through, by } = self.claim;
        if let (true, Some(witness), Some((segment, offset))) = (synced_through > last, by, self.cut.after) {
            return Err(Damage::Middle { segment, offset, received: last, expected: synced_through, witness });
        }
        self.begins_where_it_may(synced_through)?;
        let next = match newest {
            None => SegmentNumber::FIRST,
            Some(segment) => segment.next().ok_or(Damage::NumbersExhausted { segment })?,
        };
        let unsynced = self.unsynced();
        let tail = match self.cut {
            Cut { after: Some((segment, offset)), bytes } if bytes > 0 => Tail::Torn { segment, offset, bytes },
            _ => Tail::Clean,
        };
        let Reading { records, live, dead, chain, .. } = self;
        let known = Known { next, chain, last, durable_through: synced_through, live, dead, unsynced };
        Ok(Recovered { records, tail, log: Log::resume(config, known, effects) })
    }

    /// A log that does not begin with record 1 had segments removed, and that is done only where it is written that they were
    /// synced. A dead segment never says so of what it follows.
    fn begins_where_it_may(&self, synced_through: Sequence) -> Result<(), Damage> {
        let Some(header) = self.beginning.filter(|header| header.first.previous() > synced_through) else {
            return Ok(());
        };
        let numbers = (SegmentNumber::new(header.follows), SegmentNumber::new(header.number));
        match numbers {
            (Some(segment), Some(witness)) => Err(Damage::MissingSegment { segment, witness }),
            (_, number) => {
                let segment = number.expect("a header has the number of its file");
                Err(Damage::Bytes { segment, offset: 0, flaw: Flaw::Header })
            }
        }
    }

    /// The segments that a cache alone may know of. One whose records are all known to have been synced was synced itself, and so
    /// was its name.
    fn unsynced(&self) -> Vec<SegmentNumber> {
        let ends = self.live.iter().skip(1).map(|next| next.first.previous()).chain([self.records.last()]);
        let unknown = |(_, end): &(&Live, Sequence)| *end > self.claim.synced_through;
        self.live.iter().zip(ends).filter(unknown).map(|(segment, _)| segment.number).collect()
    }
}

/// Where a segment stands.
#[derive(Clone, Copy)]
enum Place {
    Live(Header),
    Dead,
}

/// Where the reading of a segment is.
struct Follow {
    log: Following,
    record: Record,
    /// Checksum of the last fragment.
    chain: u32,
    /// Where the first unfinished fragment is.
    unfinished: Option<u64>,
}

#[derive(PartialEq, Eq)]
enum Following {
    OnTrack,
    /// Something is missing, or the segment is dead.
    Lost,
}

#[derive(PartialEq, Eq)]
enum Record {
    Between,
    Within,
}

impl Follow {
    fn new(place: Place, chain: u32) -> Follow {
        let log = match place {
            Place::Live(_) => Following::OnTrack,
            Place::Dead => Following::Lost,
        };
        Follow { log, record: Record::Between, chain, unfinished: None }
    }
}

/// The header of a segment, unless a crash left less than all of it.
fn header(segment: SegmentNumber, bytes: &[u8]) -> Result<Option<Header>, Damage> {
    let sector = &bytes[..bytes.len().min(SECTOR_LEN)];
    match Header::decode(written(sector), segment) {
        Ok(Found::Whole(header)) => Ok(Some(header)),
        Ok(Found::Nothing | Found::Unfinished) => Ok(None),
        Err(HeaderFlaw::Magic(received)) => Err(Damage::NotAWal { segment, expected: MAGIC, received }),
        Err(HeaderFlaw::Newer(received)) => Err(Damage::NewerFormat { segment, expected: VERSION, received }),
        Err(HeaderFlaw::Number(received)) => Err(Damage::Misnamed { segment, received }),
        Err(HeaderFlaw::Bytes(flaw)) => Err(Damage::Bytes { segment, offset: 0, flaw }),
    }
}

/// Files are removed from the oldest on, so one that is named and older than all others may be gone; any other may not.
fn names_only_what_is_there(
    header: &Header,
    witness: SegmentNumber,
    files: &BTreeMap<SegmentNumber, &[u8]>,
) -> Result<(), Damage> {
    let Some(segment) = SegmentNumber::new(header.follows) else { return Ok(()) };
    let removed = files.keys().next().is_some_and(|oldest| segment < *oldest);
    if removed || files.contains_key(&segment) { Ok(()) } else { Err(Damage::MissingSegment { segment, witness }) }
}

fn fork(segment: SegmentNumber, expected: (u64, Sequence, u32), header: &Header) -> Damage {
    Damage::Fork { segment, expected, received: (header.follows, header.first, header.chain) }
}
