//! Damage to what was durable.

use wal::{Damage, SegmentNumber};

use super::Counts;
use super::life::{Images, Lives};
use super::random::Random;

const SECTOR_LEN: usize = 512;
const HEADER_LEN: usize = 54;

/// What must come of damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Demand {
    /// It is refused, or every synced record is there.
    NothingSyncedIsLost,
    /// It is refused, or what is there is right. For what no bytes of the files can tell from a crash.
    NothingIsWrong,
}

pub fn damage(lives: &mut Lives, mutations: u64, counts: &mut Counts) {
    let images = lives.images();
    let mut random = lives.random.clone();
    if images.values().all(Vec::is_empty) {
        return;
    }
    for _ in 0..mutations {
        let mut damaged = images.clone();
        let mut demand = mutate(&mut damaged, &mut random);
        if lives.witnessed && witness_stands(&images, &damaged) {
            demand = Demand::NothingSyncedIsLost;
        }
        counts.mutations += 1;
        counts.lost_writes += u64::from(demand == Demand::NothingIsWrong);
        match lives.read(&damaged) {
            // A host that needs an earlier record sees that it is not there.
            Ok(found) if found.records.first() > lives.needed_from && demand == Demand::NothingIsWrong => {
                counts.refused_by_host += 1;
            }
            Ok(found) => {
                lives.holds_what_was_appended(&found, &format!("{demand:?}:\n{}", difference(&images, &damaged)));
                let complete =
                    found.records.last() >= lives.durable_through && found.records.first() <= lives.needed_from;
                assert!(
                    complete || demand == Demand::NothingIsWrong,
                    "seed {}: {:?} of {:?} are lost, and nobody says so:\n{}",
                    lives.seed,
                    found.records.last(),
                    lives.durable_through,
                    difference(&images, &damaged)
                );
                counts.harmless += 1;
            }
            Err(refusal) => {
                counts.refused += 1;
                match refusal {
                    Damage::Middle { .. } => counts.refused_middle += 1,
                    Damage::MissingSegment { .. } | Damage::Fork { .. } => counts.refused_missing_or_fork += 1,
                    _ => {}
                }
            }
        }
    }
}

fn mutate(images: &mut Images, random: &mut Random) -> Demand {
    let names: Vec<SegmentNumber> =
        images.iter().filter(|(_, bytes)| !bytes.is_empty()).map(|(name, _)| *name).collect();
    let name = if random.percent(50) { *names.last().expect("one is not empty") } else { random.one_of(&names) };
    let before = images[&name].clone();
    let bytes = images.get_mut(&name).expect("it is there");
    let at = place(bytes, random);
    let changed = match random.below(20) {
        0..9 => {
            bytes[at] ^= 1 << random.below(8);
            1
        }
        9..13 => {
            bytes[at] = if random.percent(20) { 0 } else { random.byte() };
            1
        }
        13..17 => {
            let end = bytes.len().min(at + 2 + random.below(15));
            bytes[at..end].iter_mut().for_each(|byte| *byte = random.byte());
            2
        }
        17 => {
            let end = bytes.len().min(at + 1 + random.below(600));
            bytes[at..end].fill(0);
            2
        }
        18 => return misplace(images, name, random),
        _ => {
            bytes.truncate(at);
            return Demand::NothingIsWrong;
        }
    };
    if could_be_a_lost_write(&before, &images[&name], changed) {
        Demand::NothingIsWrong
    } else {
        Demand::NothingSyncedIsLost
    }
}

/// Anywhere; at the end of what is written; in the header.
fn place(bytes: &[u8], random: &mut Random) -> usize {
    let written = bytes.iter().rposition(|byte| *byte != 0).unwrap_or(0);
    let at = match random.below(4) {
        0 => written.saturating_sub(random.below(40)),
        1 => random.below(60),
        _ => random.below(bytes.len()),
    };
    at.min(bytes.len() - 1)
}

/// A file that is gone, or a sector of another place.
fn misplace(images: &mut Images, name: SegmentNumber, random: &mut Random) -> Demand {
    let bytes = images.get_mut(&name).expect("it is there");
    let sectors = bytes.len() / SECTOR_LEN;
    if sectors < 2 || random.percent(30) {
        images.remove(&name);
        return if is_named(images, name) { Demand::NothingSyncedIsLost } else { Demand::NothingIsWrong };
    }
    let (from, to) = (random.below(sectors) * SECTOR_LEN, random.below(sectors) * SECTOR_LEN);
    bytes.copy_within(from..from + SECTOR_LEN, to);
    Demand::NothingIsWrong
}

/// A file that a later one follows is missed, unless it was the oldest.
fn is_named(images: &Images, gone: SegmentNumber) -> bool {
    let whole = |bytes: &&Vec<u8>| bytes.get(..HEADER_LEN).is_some_and(|header| header[HEADER_LEN - 2] != 0);
    let follows = |bytes: &Vec<u8>| bytes[20..28] == gone.get().to_le_bytes();
    images.keys().any(|name| *name < gone) && images.values().filter(whole).any(follows)
}

/// Whether what says that everything was synced is as it was, the newest record, and no file is gone.
///
/// That record may begin in one sector and end in the next. Were only the last of them compared, the loss of its beginning
/// would be taken for that of a record before it (seed 259246).
fn witness_stands(before: &Images, after: &Images) -> bool {
    let sectors = |images: &Images| {
        let newest = images.values().next_back().expect("there is one");
        newest.chunks(SECTOR_LEN).rev().take(2).map(<[u8]>::to_vec).collect::<Vec<Vec<u8>>>()
    };
    before.len() == after.len() && sectors(before) == sectors(after)
}

/// A sector that lost its end, and nothing else, is what a crash before its sync leaves, to the last bit. But one byte less of a
/// fragment that is complete is told.
fn could_be_a_lost_write(before: &[u8], after: &[u8], changed: usize) -> bool {
    before.chunks(SECTOR_LEN).zip(after.chunks(SECTOR_LEN)).filter(|(before, after)| before != after).any(
        |(before, after)| {
            let end = |sector: &[u8]| sector.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            let (had, has) = (end(before), end(after));
            let complete = had > 0 && before[had - 1] == 0x5a;
            after[..has] == before[..has] && !(changed == 1 && complete)
        },
    )
}

fn difference(before: &Images, after: &Images) -> String {
    let mut lines = String::new();
    for (name, bytes) in before {
        let Some(now) = after.get(name) else {
            lines += &format!("{name}: gone\n");
            continue;
        };
        for (at, (was, is)) in bytes.iter().zip(now).enumerate().filter(|(_, (was, is))| was != is) {
            lines += &format!("{name}: byte {at} of {}: {was:02x}, now {is:02x}\n", bytes.len());
        }
    }
    lines
}
