//! The bytes of headers and fragments, and the question that everything rests on: could a crash have left these?
//!
//! A sector of a segment is only ever appended to, in space that was zero. So whatever a crash makes of it, it is a prefix of
//! what was written there, and then zeros. [`seal`] asks exactly that of a header or fragment: is there a cut that explains it?

use crate::error::Flaw;
use crate::id::{SegmentNumber, Sequence};

/// What a disk writes as one, or tears.
pub(crate) const SECTOR_LEN: usize = 512;

/// How a segment begins. No byte of it is zero; line ends show what a text transfer did.
pub(crate) const MAGIC: [u8; 8] = *b"\x89WAL\r\n\x1a\n";

/// The format that is written, and the newest that is read.
pub(crate) const VERSION: u16 = 1;

/// Magic, version and its complement, four numbers, chain; then the seal.
pub(crate) const HEADER_LEN: usize = 48 + SEAL_LEN;

/// What a fragment has beside its content: shape and its complement, chain, sequence, unsynced; then the seal.
pub(crate) const OVERHEAD: usize = FRONT_LEN + SEAL_LEN;

const FRONT_LEN: usize = 20;

/// The checksum, and two bytes that are not zero.
///
/// One would do to see a torn fragment. But were it zeroed by damage, a fragment that was synced would look torn. Of two, the
/// first decides whether the fragment is whole and the second may be missing, so that no damage to one byte takes away a fragment
/// that has both: if it strikes the first, the second still says that there was one.
const SEAL_LEN: usize = 6;

const END_MARKS: [u8; 2] = [0xa5, 0x5a];

/// That a fragment says nothing about what was synced.
const NO_CLAIM: u32 = u32::MAX;

/// The first bytes of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) number: u64,
    /// The segment before it in this log; 0 for none.
    pub(crate) follows: u64,
    /// Its first record.
    pub(crate) first: Sequence,
    /// What was known to be synced when it was begun.
    pub(crate) synced_through: Sequence,
    /// The checksum of the last fragment before it.
    pub(crate) chain: u32,
}

/// A part of a record, within one sector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fragment<'a> {
    pub(crate) kind: Kind,
    /// The checksum of the fragment before it.
    pub(crate) chain: u32,
    /// The record it is of.
    pub(crate) sequence: Sequence,
    /// What was known to be synced when it was written; nothing where it does not say.
    pub(crate) synced_through: Sequence,
    pub(crate) content: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Full,
    First,
    Middle,
    Last,
}

impl Kind {
    fn of(number: u16) -> Option<Kind> {
        [Kind::Full, Kind::First, Kind::Middle, Kind::Last].into_iter().find(|kind| kind.number() == number)
    }

    /// Never zero, so that the shape never is; nor is its complement.
    fn number(self) -> u16 {
        match self {
            Kind::Full => 1,
            Kind::First => 2,
            Kind::Middle => 3,
            Kind::Last => 4,
        }
    }
}

/// What stands where a header or a fragment could.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found<T> {
    /// Nothing but zeros up to the end of the sector.
    Nothing,
    /// A beginning, and then zeros up to the end of the sector.
    Unfinished,
    /// All of it.
    Whole(T),
}

/// What a header can be wrong in, beside its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderFlaw {
    Magic([u8; 8]),
    Newer(u16),
    Number(u64),
    Bytes(Flaw),
}

/// The part of a sector up to the last byte that is not zero.
pub(crate) fn written(sector: &[u8]) -> &[u8] {
    let end = sector.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &sector[..end]
}

impl Header {
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        let from = bytes.len();
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend((!VERSION).to_le_bytes());
        bytes.extend(self.number.to_le_bytes());
        bytes.extend(self.follows.to_le_bytes());
        bytes.extend(self.first.0.to_le_bytes());
        bytes.extend(self.synced_through.0.to_le_bytes());
        bytes.extend(self.chain.to_le_bytes());
        append_seal(bytes, from, 0);
    }

    /// The header of the segment of this number, of what is [`written`] of its first sector.
    pub(crate) fn decode(written: &[u8], number: SegmentNumber) -> Result<Found<Header>, HeaderFlaw> {
        if written.is_empty() {
            return Ok(Found::Nothing);
        }
        let magic = array::<8>(written, 0);
        let present = written.len().min(MAGIC.len());
        if magic[..present] != MAGIC[..present] {
            return Err(HeaderFlaw::Magic(magic));
        }
        if written.len() >= 12 {
            let (version, complement) = (u16_at(written, 8), u16_at(written, 10));
            if version != !complement || version == 0 {
                return Err(HeaderFlaw::Bytes(Flaw::Shape { received: version, complement }));
            }
            if version > VERSION {
                return Err(HeaderFlaw::Newer(version));
            }
        }
        match seal(written, HEADER_LEN, 0).map_err(HeaderFlaw::Bytes)? {
            Found::Whole(_) => {}
            Found::Nothing | Found::Unfinished => return Ok(Found::Unfinished),
        }
        let header = Header {
            number: u64_at(written, 12),
            follows: u64_at(written, 20),
            first: Sequence(u64_at(written, 28)),
            synced_through: Sequence(u64_at(written, 36)),
            chain: u32_at(written, 44),
        };
        if header.number != number.get() {
            return Err(HeaderFlaw::Number(header.number));
        }
        // Half of all numbers is more than any log has, and leaves room to count in.
        let ordered = header.follows < header.number && header.synced_through < header.first;
        if !ordered || header.first.0 > u64::MAX / 2 {
            return Err(HeaderFlaw::Bytes(Flaw::Header));
        }
        Ok(Found::Whole(header))
    }
}

impl Fragment<'_> {
    /// Adds it, for the segment with this [`seed`], and returns its checksum.
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>, seed: u32) -> u32 {
        let from = bytes.len();
        let len = u16::try_from(OVERHEAD + self.content.len()).expect("a fragment fits into a sector");
        let shape = self.kind.number() << 12 | len;
        let unsynced = u32::try_from(self.sequence.0 - self.synced_through.0).unwrap_or(NO_CLAIM);
        bytes.extend(shape.to_le_bytes());
        bytes.extend((!shape).to_le_bytes());
        bytes.extend(self.chain.to_le_bytes());
        bytes.extend(self.sequence.0.to_le_bytes());
        bytes.extend(unsynced.to_le_bytes());
        bytes.extend(self.content);
        append_seal(bytes, from, seed)
    }

    /// The fragment at this place of what is [`written`] of a sector, with its checksum and its length.
    pub(crate) fn decode(written: &[u8], at: usize, seed: u32) -> Result<Found<(Fragment<'_>, u32, usize)>, Flaw> {
        let bytes = written.get(at..).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(Found::Nothing);
        }
        let room = SECTOR_LEN - at;
        if room < OVERHEAD {
            return Err(Flaw::Padding { received: bytes[bytes.len() - 1] });
        }
        let Some((kind, len)) = shape(bytes, room)? else { return Ok(Found::Unfinished) };
        let sum = match seal(bytes, len, seed)? {
            Found::Whole(sum) => sum,
            Found::Nothing | Found::Unfinished => return Ok(Found::Unfinished),
        };
        let sequence = Sequence(u64_at(bytes, 8));
        let synced_through = match u32_at(bytes, 16) {
            NO_CLAIM => Sequence(0),
            unsynced => Sequence(sequence.0.saturating_sub(unsynced.into())),
        };
        let content = &bytes[FRONT_LEN..len - SEAL_LEN];
        Ok(Found::Whole((Fragment { kind, chain: u32_at(bytes, 4), sequence, synced_through, content }, sum, len)))
    }
}

/// What the checksums of a segment's fragments begin with, so that a fragment counts in no other.
pub(crate) fn seed(number: SegmentNumber) -> u32 {
    crc32c::crc32c(&number.get().to_le_bytes())
}

/// Kind and length, if both and their complement are there.
///
/// The length is what says where the seal is. Were a damaged one believed, the fragment could end behind what is written, and
/// be taken for unfinished: a record that was synced would be cut as a torn tail.
fn shape(bytes: &[u8], room: usize) -> Result<Option<(Kind, usize)>, Flaw> {
    let (received, complement) = (u16_at(bytes, 0), u16_at(bytes, 2));
    let flaw = Flaw::Shape { received, complement };
    let (kind, len) = (Kind::of(received >> 12), usize::from(received & 0x0fff));
    // The last byte of the complement is never zero: with fewer than four bytes, it was never written.
    let present = bytes.len().min(4);
    let complement_agrees = (!received).to_le_bytes()[..present.saturating_sub(2)] == bytes[2.min(present)..present];
    let possible = kind.is_some() && (OVERHEAD..=room).contains(&len);
    match (present, kind) {
        (1, _) => Ok(None),
        (_, Some(kind)) if possible && complement_agrees => Ok((present == 4).then_some((kind, len))),
        _ => Err(flaw),
    }
}

/// Adds checksum and end marks to what stands in `bytes` since `from`.
fn append_seal(bytes: &mut Vec<u8>, from: usize, seed: u32) -> u32 {
    let sum = crc32c::crc32c_append(seed, &bytes[from..]);
    bytes.extend(sum.to_le_bytes());
    bytes.extend(END_MARKS);
    sum
}

/// Whether `bytes`, which end with the last byte of their sector that is not zero, are all of something of this length, and
/// with which checksum; or the beginning of it.
///
/// Where a byte of the checksum is there, all before it was written, and must agree; so must the rest of the checksum itself,
/// as far as it is there. Only what is cut off before, or within an agreeing checksum, is unfinished.
fn seal(bytes: &[u8], len: usize, seed: u32) -> Result<Found<u32>, Flaw> {
    let sum_at = len - SEAL_LEN;
    let present = bytes.len().saturating_sub(sum_at);
    if present == 0 {
        return Ok(Found::Unfinished);
    }
    let sum = crc32c::crc32c_append(seed, &bytes[..sum_at]);
    let stored: [u8; 4] = array(bytes, sum_at);
    if sum.to_le_bytes()[..present.min(4)] != stored[..present.min(4)] {
        return Err(Flaw::Checksum { expected: sum, received: u32::from_le_bytes(stored) });
    }
    for (mark, expected) in END_MARKS.into_iter().enumerate() {
        let Some(&received) = bytes.get(sum_at + 4 + mark) else {
            return Ok(if mark == 0 { Found::Unfinished } else { Found::Whole(sum) });
        };
        if received != expected {
            return Err(Flaw::EndMark { expected, received });
        }
    }
    Ok(Found::Whole(sum))
}

/// The bytes at this place; zeros where there are none.
fn array<const LEN: usize>(bytes: &[u8], at: usize) -> [u8; LEN] {
    let mut array = [0; LEN];
    let present = bytes.get(at..).unwrap_or_default();
    let present = &present[..present.len().min(LEN)];
    array[..present.len()].copy_from_slice(present);
    array
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array(bytes, at))
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}
