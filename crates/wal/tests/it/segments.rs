//! What a crash leaves of several segments and lives, by hand.

use wal::{Config, Damage, Effect, Effects, Flaw, SegmentNumber, Sequence, Tail};

use crate::host::{Files, Host, contents, read, segment};

const EACH_ITS_OWN: Config = Config { segment_bytes: 1 };

fn names(range: std::ops::RangeInclusive<u8>) -> Vec<Vec<u8>> {
    range.map(|name| vec![name]).collect()
}

/// A log of records 1, 2, …, all synced after each.
fn synced(last: u8, config: Config) -> Host {
    let mut host = Host::new(config);
    for name in 1..=last {
        host.append(&[name]);
        host.sync();
    }
    host
}

#[test]
fn whatever_is_left_of_a_new_lifes_segment_what_was_before_is_read_and_the_next_life_goes_on() {
    let before = synced(3, Config::default()).files;
    let mut second = Host::on(before.clone(), Config::default());
    second.append(&[4]);
    second.settle();
    let whole = second.files[&segment(2)].clone();
    for len in 0..=whole.len() {
        let mut left = before.clone();
        left.insert(segment(2), whole[..len].to_vec());
        let kept = contents(&left).unwrap_or_else(|damage| panic!("{len} bytes: {damage}"));
        assert!(kept == names(1..=3) || (kept == names(1..=4) && len + 1 >= whole.len()), "{len} bytes: {kept:?}");
        let mut third = Host::on(left, Config::default());
        third.append(&[9]);
        third.sync();
        assert!(third.files.contains_key(&segment(3)), "no file is written to by two lives");
        assert_eq!(contents(&third.files), Ok([kept, names(9..=9)].concat()), "{len} bytes");
    }
    // Its name was lost, and the number is used again.
    let mut third = Host::on(before, Config::default());
    third.append(&[9]);
    third.sync();
    assert_eq!(contents(&third.files), Ok([names(1..=3), names(9..=9)].concat()));
}

/// 1. The first life writes 1 and 2; a crash drops 1 and keeps 2.
/// 2. The second finds nothing, and writes another 1.
/// 3. Were it not for the chain, the third would read the new 1 and the old 2.
#[test]
fn a_record_of_an_earlier_life_is_not_read_behind_one_it_was_not_written_behind() {
    let mut first = Host::new(Config::default());
    first.append(&[1; 450]);
    first.append(&[2]);
    first.carry_out();
    let mut files = first.files;
    // The second record is in a sector of its own, so that it survives alone.
    files.get_mut(&segment(1)).expect("it was made")[54..512].fill(0);
    let mut second = Host::on(files, Config::default());
    second.append(&[9]);
    second.sync();
    assert_eq!(contents(&second.files), Ok(names(9..=9)));
}

/// 1. A life fills segment 1 and goes on in segment 2, without a sync.
/// 2. A crash takes the end of segment 1, and keeps segment 2.
/// 3. The next life goes on behind what is left of segment 1, in segment 3.
#[test]
fn a_segment_behind_a_lost_end_is_void_for_good() {
    let mut first = Host::new(Config { segment_bytes: 100 });
    for name in 1..=4 {
        first.append(&[name]);
    }
    first.carry_out();
    let mut left = first.files;
    assert_eq!(left.keys().map(|name| name.get()).collect::<Vec<u64>>(), [1, 2]);
    left.get_mut(&segment(1)).expect("it is there").truncate(102);
    let found = read(Config::default(), &left, &mut Effects::new()).expect("a crash can do that");
    let bytes = (102 - 81) + left[&segment(2)].len() as u64;
    assert_eq!(found.tail, Tail::Torn { segment: segment(1), offset: 81, bytes });
    assert_eq!(found.log.void_segments(), [segment(2)]);

    let mut second = Host::on(left, Config { segment_bytes: 100 });
    for name in 8..=14 {
        second.append(&[name]);
    }
    second.sync();
    assert_eq!(contents(&second.files), Ok([names(1..=1), names(8..=14)].concat()));
    let found = read(Config::default(), &second.files, &mut Effects::new()).expect("no damage");
    assert_eq!((found.tail, found.log.void_segments()), (Tail::Clean, &[segment(2)][..]));
}

/// 1. A process makes segment 1 with a record, and dies; the machine lives.
/// 2. The next reads the record from the cache, and begins segment 2 behind it.
/// 3. The machine crashes. Of segment 1 the record is lost, of segment 2 nothing.
#[test]
fn a_segment_behind_what_only_a_cache_knew_is_void() {
    let mut first = Host::new(Config::default());
    first.append(&[1]);
    first.carry_out();
    let mut second = Host::on(first.files, Config::default());
    second.append(&[2]);
    second.carry_out();
    assert_eq!(second.log.durable_through(), Sequence(0));
    let mut left = second.files;
    left.get_mut(&segment(1)).expect("it is there").truncate(54);
    assert_eq!(contents(&left), Ok(vec![]));
    // Or not even its header. Then segment 2 follows a void one.
    left.get_mut(&segment(1)).expect("it is there").clear();
    assert_eq!(contents(&left), Ok(vec![]));
    let mut third = Host::on(left, Config::default());
    third.append(&[9]);
    third.sync();
    assert_eq!(contents(&third.files), Ok(names(9..=9)));
}

#[test]
fn a_hole_is_a_torn_tail_until_something_says_that_it_was_synced() {
    let mut host = Host::new(Config::default());
    host.append(&[1]);
    host.sync();
    for _ in 0..4 {
        host.append(&[2; 600]);
    }
    host.carry_out();
    let hole = |files: &Files| {
        let mut files = files.clone();
        files.get_mut(&segment(1)).expect("it is there")[512..1024].fill(0);
        files
    };
    assert_eq!(contents(&hole(&host.files)), Ok(names(1..=1)), "no sync of them was done");

    host.sync();
    host.append(&[3]);
    host.carry_out();
    let Err(Damage::Middle { segment: file, offset: 81, received: Sequence(1), expected: Sequence(5), witness }) =
        contents(&hole(&host.files))
    else {
        panic!("it is refused")
    };
    assert_eq!((file, witness.0), (segment(1), segment(1)));
    assert!(witness.1 > 1024, "{witness:?}");
}

#[test]
fn a_header_that_was_synced_and_is_gone_is_missed() {
    let mut host = synced(3, EACH_ITS_OWN);
    host.append(&[4]);
    host.carry_out();
    host.files.get_mut(&segment(2)).expect("it is there")[..81].fill(0);
    assert!(matches!(contents(&host.files), Err(Damage::Middle { received: Sequence(1), .. })));
}

#[test]
fn a_file_that_is_missing_between_others_is_named() {
    let host = synced(4, EACH_ITS_OWN);
    let mut files = host.files.clone();
    files.remove(&segment(3));
    let missing = Damage::MissingSegment { segment: segment(3), witness: segment(4) };
    assert_eq!(contents(&files), Err(missing.clone()));
    assert_eq!(missing.to_string(), "wal-00000003 is missing: wal-00000004 follows it");
    // The oldest may have been removed; a host sees it by the number of the first record.
    let mut files = host.files;
    files.remove(&segment(1));
    let found = read(Config::default(), &files, &mut Effects::new()).expect("no damage");
    assert_eq!((found.records.first(), found.records.len()), (Sequence(2), 3));
}

/// Of the last two, the later does not say that the earlier was synced when it was written.
#[test]
fn a_log_does_not_begin_behind_what_nobody_says_was_synced() {
    let mut host = Host::new(EACH_ITS_OWN);
    host.append(&[1]);
    host.append(&[2]);
    host.sync();
    host.files.remove(&segment(1));
    assert_eq!(contents(&host.files), Err(Damage::MissingSegment { segment: segment(1), witness: segment(2) }));
}

#[test]
fn what_is_no_segment_or_another_one_is_refused() {
    let files = synced(2, EACH_ITS_OWN).files;
    let changed = |number: u64, at: usize, bytes: &[u8]| {
        let mut files = files.clone();
        files.get_mut(&segment(number)).expect("it is there")[at..at + bytes.len()].copy_from_slice(bytes);
        contents(&files).expect_err("it is refused")
    };
    let magic = *b"\x89WAL\r\n\x1a\n";
    let other = *b"#!/bin/s";
    assert_eq!(changed(1, 0, &other), Damage::NotAWal { segment: segment(1), expected: magic, received: other });
    assert_eq!(
        changed(2, 8, &[7, 0, 0xf8, 0xff]),
        Damage::NewerFormat { segment: segment(2), expected: 1, received: 7 }
    );
    let flaw = Flaw::Shape { received: 7, complement: 0xfffe };
    assert_eq!(changed(2, 8, &[7]), Damage::Bytes { segment: segment(2), offset: 0, flaw });

    let mut renamed = files.clone();
    let bytes = renamed.remove(&segment(2)).expect("it is there");
    renamed.insert(segment(3), bytes);
    assert_eq!(contents(&renamed), Err(Damage::Misnamed { segment: segment(3), received: 2 }));

    let twice = [(segment(1), &[][..]), (segment(1), &[][..])];
    let refused = wal::recover(Config::default(), twice, &mut Effects::new()).map(|_| ());
    assert_eq!(refused, Err(Damage::Twice { segment: segment(1) }));
    let last = [(segment(u64::MAX), &[][..])];
    let refused = wal::recover(Config::default(), last, &mut Effects::new()).map(|_| ());
    assert_eq!(refused, Err(Damage::NumbersExhausted { segment: segment(u64::MAX) }));
}

#[test]
fn a_segment_of_another_log_is_refused() {
    let ours = synced(2, EACH_ITS_OWN).files;
    let mut theirs = Host::new(EACH_ITS_OWN);
    for name in [7, 8, 9] {
        theirs.append(&[name]);
        theirs.sync();
    }
    let mut mixed = ours;
    mixed.insert(segment(3), theirs.files[&segment(3)].clone());
    let refused = contents(&mixed);
    assert!(matches!(refused, Err(Damage::Fork { segment: file, .. }) if file == segment(3)), "{refused:?}");
}

#[test]
fn a_fragment_of_another_segment_does_not_count() {
    // As a write that went astray would leave it: what stands at this place in the segment before.
    let mut host = synced(2, EACH_ITS_OWN);
    let astray = host.files[&segment(1)][54..].to_vec();
    host.files.get_mut(&segment(2)).expect("it is there")[54..].copy_from_slice(&astray);
    let refused = contents(&host.files);
    assert!(matches!(refused, Err(Damage::Bytes { flaw: Flaw::Checksum { .. }, offset: 54, .. })), "{refused:?}");
}

/// Segments 1 to 6, of which 3 and 4 are void: 4 follows 3, and that follows an end that was lost.
fn with_void_ones() -> Host {
    let mut first = Host::new(Config { segment_bytes: 100 });
    (1..=3).for_each(|name| {
        first.append(&[name]);
        first.sync();
    });
    for name in 4..=8 {
        first.append(&[name]);
    }
    first.carry_out();
    let mut left = first.files;
    assert_eq!(left.len(), 4);
    left.get_mut(&segment(2)).expect("it is there").truncate(54 + 27 + 10);
    let mut second = Host::on(left, Config { segment_bytes: 100 });
    second.settle();
    (14..=18).for_each(|name| {
        second.append(&[name]);
        second.sync();
    });
    assert_eq!(second.log.void_segments(), [segment(3), segment(4)]);
    assert_eq!(second.files.len(), 6 + 1);
    second
}

#[test]
fn wherever_a_removal_is_cut_short_the_log_is_read_from_where_it_is_needed() {
    let mut host = with_void_ones();
    let whole = contents(&host.files).expect("no damage");
    let needed = host.log.last();
    host.log.remove_before(needed, &mut host.effects).expect("it runs");
    let removals: Vec<SegmentNumber> = host
        .effects
        .drain()
        .map(|effect| match effect {
            Effect::Remove(segment) => segment,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(removals.iter().map(|name| name.get()).collect::<Vec<u64>>()[..4], [4, 3, 1, 2]);
    let mut files = host.files;
    for removed in removals {
        files.remove(&removed);
        let found = read(Config::default(), &files, &mut Effects::new());
        let found = found.unwrap_or_else(|damage| panic!("after {removed}: {damage}"));
        assert!(found.records.first() <= needed);
        for (sequence, content) in found.records.iter() {
            assert_eq!(content, whole[usize::try_from(sequence.0).expect("few") - 1]);
        }
        assert_eq!(found.records.last().0, whole.len() as u64);
    }
}
