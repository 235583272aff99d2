//! Files that no log ever wrote. Whatever they are, reading them ends in an answer.

use wal::{Config, Damage, Effects, Flaw, SegmentNumber, recover};

use crate::host::segment;
use crate::torture::random::Random;

fn sealed(mut bytes: Vec<u8>, seed: u32) -> (Vec<u8>, u32) {
    let sum = crc32c::crc32c_append(seed, &bytes);
    bytes.extend(sum.to_le_bytes());
    bytes.extend([0xa5, 0x5a]);
    (bytes, sum)
}

fn header(number: u64, [follows, first, synced_through]: [u64; 3], chain: u32) -> Vec<u8> {
    let mut header = b"\x89WAL\r\n\x1a\n\x01\x00\xfe\xff".to_vec();
    [number, follows, first, synced_through].iter().for_each(|field| header.extend(field.to_le_bytes()));
    header.extend(chain.to_le_bytes());
    sealed(header, 0).0
}

/// A fragment with one byte of content, and its checksum.
fn fragment(number: u64, kind: u16, chain: u32, sequence: u64, unsynced: u32) -> (Vec<u8>, u32) {
    let shape: u16 = kind << 12 | 27;
    let mut fragment = Vec::new();
    fragment.extend(shape.to_le_bytes());
    fragment.extend((!shape).to_le_bytes());
    fragment.extend(chain.to_le_bytes());
    fragment.extend(sequence.to_le_bytes());
    fragment.extend(unsynced.to_le_bytes());
    fragment.push(b'x');
    sealed(fragment, crc32c::crc32c(&number.to_le_bytes()))
}

/// A header and some fragments with right checksums, and every other number from the ends of its range.
fn well_formed(number: u64, random: &mut Random) -> Vec<u8> {
    let ends = [0, 1, 2, 3, u64::MAX / 2, u64::MAX / 2 + 1, u64::MAX - 1, u64::MAX];
    let number_near = |likely: u64, random: &mut Random| if random.percent(85) { likely } else { random.one_of(&ends) };
    let fields = [number - 1, number, 0].map(|likely| number_near(likely, random));
    let mut chain = 0;
    let mut bytes = header(number, fields, chain);
    for index in 0..random.upto(4) as u64 {
        let kind = if random.percent(85) { 1 } else { u16::try_from(random.upto(5)).expect("few kinds") };
        let sequence = number_near(fields[1].wrapping_add(index), random);
        let unsynced = random.one_of(&[u32::MAX, u32::MAX, u32::MAX, 0, 1, u32::MAX - 1]);
        let (fragment, sum) = fragment(number, kind, chain, sequence, unsynced);
        bytes.extend(fragment);
        chain = sum;
    }
    bytes
}

fn read_one(bytes: &[u8]) -> Result<usize, Damage> {
    recover(Config::default(), [(SegmentNumber::FIRST, bytes)], &mut Effects::new()).map(|found| found.records.len())
}

#[test]
fn a_fragment_counts_as_the_record_that_it_says_it_is() {
    let log = |sequence| [header(1, [0, 1, 0], 0), fragment(1, 1, 0, sequence, u32::MAX).0].concat();
    assert_eq!((read_one(&log(1)), read_one(&log(2))), (Ok(1), Ok(0)));
}

#[test]
fn two_fragments_of_a_sector_that_were_not_written_one_behind_the_other_are_refused() {
    let (first, sum) = fragment(1, 1, 0, 1, u32::MAX);
    let log = |chain| [header(1, [0, 1, 0], 0), first.clone(), fragment(1, 1, chain, 2, u32::MAX).0].concat();
    assert_eq!(read_one(&log(sum)), Ok(2));
    let flaw = Flaw::Unlinked { expected: sum, received: !sum };
    assert_eq!(read_one(&log(!sum)), Err(Damage::Bytes { segment: segment(1), offset: 81, flaw }));
}

#[test]
fn an_unfinished_fragment_that_the_next_sector_does_not_miss_is_refused() {
    let (first, sum) = fragment(1, 1, 0, 1, u32::MAX);
    let mut log = [header(1, [0, 1, 0], 0), first].concat();
    log.resize(512, 0);
    log.extend(fragment(1, 1, sum, 2, u32::MAX).0);
    assert_eq!(read_one(&log), Ok(2));
    log[81] = 1;
    assert_eq!(read_one(&log), Err(Damage::Bytes { segment: segment(1), offset: 81, flaw: Flaw::Stray }));
}

#[test]
fn whatever_is_well_formed_and_makes_no_sense_is_answered() {
    let mut random = Random::new(1);
    let (mut refused, mut read) = (0, 0);
    for _ in 0..200_000 {
        let numbers = [1, 2, random.one_of(&[3, u64::MAX - 1, u64::MAX])];
        let files: Vec<(SegmentNumber, Vec<u8>)> = numbers[..=random.below(3)]
            .iter()
            .map(|number| (segment(*number), well_formed(*number, &mut random)))
            .collect();
        let mut effects = Effects::new();
        let segments = files.iter().map(|(number, bytes)| (*number, bytes.as_slice()));
        match recover(Config { segment_bytes: 1 }, segments, &mut effects) {
            Err(damage) => refused += u64::from(!damage.to_string().is_empty()),
            Ok(mut found) => {
                read += 1;
                let last = found.records.last();
                if files.iter().all(|(number, _)| number.get() < u64::MAX - 1) {
                    let next = found.log.append(b"on", &mut effects).expect("it runs");
                    assert_eq!(next.0, last.0 + 1);
                }
            }
        }
    }
    assert!(refused > 1000 && read > 1000, "{refused} refused, {read} read");
}

#[test]
fn whatever_bytes_there_are_are_answered() {
    let mut random = Random::new(2);
    for _ in 0..20_000 {
        let mut bytes: Vec<u8> = (0..random.upto(1500)).map(|_| random.byte()).collect();
        if random.percent(50) {
            let begin = b"\x89WAL\r\n\x1a\n\x01\x00\xfe\xff";
            let begin = &begin[..begin.len().min(bytes.len())];
            bytes[..begin.len()].copy_from_slice(begin);
        }
        let found = recover(Config::default(), [(SegmentNumber::FIRST, &bytes[..])], &mut Effects::new());
        assert!(found.is_err() || bytes.len() < 60, "of {} bytes", bytes.len());
    }
}
