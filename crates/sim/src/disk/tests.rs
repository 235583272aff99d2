//! What becomes of bytes, names and facts when a disk is synced, fails, or loses its machine.

use super::*;

/// A disk in its first life.
struct Bench {
    disk: Disk<u64>,
    facts: Vec<u64>,
}

const KEPT: fn(Place) -> SectorFate = |_| SectorFate::Kept;
const OLD: fn(Place) -> SectorFate = |_| SectorFate::Old(0);

impl Bench {
    /// A disk with a file `log` whose name is durable.
    fn with_log() -> (Bench, File) {
        let mut bench = Bench { disk: Disk::new(), facts: Vec::new() };
        let file = bench.create("log");
        bench.sync(File(DIRECTORY));
        (bench, file)
    }

    fn create(&mut self, name: &str) -> File {
        let file = self.disk.new_file();
        self.change(Change::Create { name: name.into(), file: file.0 });
        file
    }

    fn change(&mut self, change: Change) -> Request {
        let request = self.disk.next_request(1, File(DIRECTORY));
        self.disk.see(&change);
        self.disk.change_names(request, change).expect("a disk without failures");
        request
    }

    /// Writes, with a fact of this number.
    fn write(&mut self, file: File, at: u64, bytes: &[u8], fact: u64) -> Request {
        self.write_needing(Needed::All, file, at, bytes, fact)
    }

    fn write_needing(&mut self, needed: Needed, file: File, at: u64, bytes: &[u8], fact: u64) -> Request {
        let request = self.disk.next_request(1, file);
        self.disk.write(request, at, bytes, needed).expect("a disk with room");
        self.disk.state_when_durable(request, fact);
        request
    }

    fn sync(&mut self, file: File) -> Request {
        let request = self.disk.next_request(1, file);
        self.disk.synced(request, &mut self.facts, KEPT).expect("a sound disk");
        request
    }
}

#[test]
fn a_sync_makes_durable_what_was_written_before_it_and_no_more() {
    let (mut bench, log) = Bench::with_log();
    bench.write(log, 0, b"one", 1);
    bench.write(log, 3, b"two", 2);
    let sync = bench.disk.next_request(1, log);
    let later = bench.write(log, 6, b"three", 3);
    bench.disk.synced(sync, &mut bench.facts, KEPT).expect("a sound disk");
    assert_eq!(bench.disk.read("log"), b"onetwo");
    assert_eq!(bench.facts, [1, 2]);
    assert!(bench.disk.is_durable(sync) && !bench.disk.is_durable(later));
}

#[test]
fn of_one_sector_a_crash_leaves_a_version_that_there_was() {
    let mut found = std::collections::BTreeSet::new();
    for draw in 0..64 {
        let (mut bench, log) = Bench::with_log();
        ["one", "two", "six"]
            .into_iter()
            .zip([0, 3, 6])
            .for_each(|(word, at)| _ = bench.write(log, at, word.as_bytes(), at));
        let losses = bench.disk.crash(|place| SectorFate::Old(mix(draw, place.sector)));
        let text = String::from_utf8(bench.disk.read("log").to_vec()).expect("what was written");
        assert_eq!(losses.facts, [0, 3, 6][..text.len() / 3], "{text}");
        assert_eq!(losses.kept + losses.dropped, 3);
        found.insert(text);
    }
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["", "one", "onetwo"]);
}

#[test]
fn each_sector_has_a_fate_of_its_own_and_a_fact_needs_all_before_it() {
    let (mut bench, log) = Bench::with_log();
    for (fact, byte) in [(0, b'a'), (1, b'b'), (2, b'c')] {
        bench.write(log, fact * 512, &[byte; 512], fact);
    }
    let losses = bench.disk.crash(|place| if place.sector == 1 { SectorFate::Old(0) } else { SectorFate::Kept });
    let bytes = bench.disk.read("log");
    assert_eq!((bytes.len(), bytes[511], bytes[512], bytes[1024]), (1536, b'a', 0, b'c'));
    assert_eq!((losses.kept, losses.dropped), (2, 1));
    assert_eq!(losses.facts, [0], "what follows a gap is not known to be readable");
}

#[test]
fn a_torn_sector_is_the_front_of_a_later_version() {
    for draw in 0..200 {
        let (mut bench, log) = Bench::with_log();
        bench.write(log, 0, &[b'a'; 300], 1);
        bench.sync(log);
        bench.facts.clear();
        bench.write(log, 0, &[b'b'; 300], 2);
        bench.write(log, 300, &[b'c'; 100], 3);
        let losses = bench.disk.crash(|_| SectorFate::Torn(draw));
        let bytes = bench.disk.read("log");
        let of = |letter: u8| bytes.iter().filter(|byte| **byte == letter).count();
        // Either part of the first change is there, or all of it and part of the second.
        assert!(
            of(b'b') > 0 && (of(b'c') == 0 || of(b'b') == 300) && of(b'c') < 100,
            "{draw}: {}, {}",
            of(b'b'),
            of(b'c')
        );
        assert_eq!(losses.facts, [2][..usize::from(of(b'b') == 300)]);
        assert_eq!(losses.torn, 1);
    }
}

/// A vote is written, its sync carries the fact, and the machine dies before the sync completes, with the bytes on the
/// platter: the next life reads the vote, so the fact is true, and a checker that is not told of it accuses the wrong.
#[test]
fn at_a_crash_that_keeps_every_write_what_a_sync_carried_is_true() {
    let (mut bench, log) = Bench::with_log();
    bench.write(log, 0, b"one", 0);
    let sync = bench.disk.next_request(1, log);
    bench.disk.state_when_durable(sync, 7);
    assert_eq!(bench.disk.clone().crash(KEPT).facts, [0, 7]);
    assert_eq!(bench.disk.crash(OLD).facts, [] as [u64; 0]);
}

#[test]
fn a_cut_is_kept_or_not_as_a_whole_and_what_it_took_does_not_come_back() {
    let cut = |fate: fn(Place) -> SectorFate| {
        let (mut bench, log) = Bench::with_log();
        bench.write(log, 0, b"onetwo", 0);
        bench.sync(log);
        let request = bench.disk.next_request(1, log);
        bench.disk.truncate(request, 3).expect("a sound disk");
        bench.write(log, 3, b"!", 1);
        bench.disk.crash(fate);
        String::from_utf8(bench.disk.read("log").to_vec()).expect("what was written")
    };
    assert_eq!(cut(KEPT), "one!");
    assert_eq!(cut(OLD), "onetwo");
    let kept_cut = |place: Place| if place.sector == u64::MAX { SectorFate::Kept } else { SectorFate::Old(0) };
    assert_eq!(cut(kept_cut), "one");
}

#[test]
fn a_file_without_a_durable_name_is_not_found_whatever_was_synced_of_it() {
    let mut bench = Bench { disk: Disk::new(), facts: Vec::new() };
    let file = bench.create("log");
    bench.write(file, 0, b"one", 1);
    let sync = bench.sync(file);
    assert!(bench.disk.is_acknowledged(sync) && !bench.disk.is_durable(sync));
    assert_eq!(bench.facts, [] as [u64; 0]);
    let mut named = bench.disk.clone();
    assert_eq!(bench.disk.crash(OLD).facts, [] as [u64; 0]);
    assert_eq!((bench.disk.read("log"), bench.disk.file("log")), (b"".as_slice(), None));
    // Where the crash keeps the name after all, or the directory is synced, it is as if it had always been durable.
    assert_eq!(named.clone().crash(KEPT).facts, [1]);
    let sync = named.next_request(1, File(DIRECTORY));
    let mut facts = Vec::new();
    named.synced(sync, &mut facts, KEPT).expect("a sound disk");
    assert_eq!(facts, [1]);
}

#[test]
fn of_names_a_crash_keeps_a_first_part() {
    let (mut bench, log) = Bench::with_log();
    bench.write(log, 0, b"old", 0);
    bench.sync(log);
    let new = bench.create("new");
    bench.write(new, 0, b"new", 1);
    bench.sync(new);
    bench.change(Change::Rename { from: "new".into(), to: "log".into() });
    bench.change(Change::Remove { name: "log".into() });
    let mut numbers = Vec::new();
    bench.disk.clone().crash(|place| {
        numbers.push(place.request);
        SectorFate::Kept
    });
    let found = [0, 1, 2, 3].map(|kept| {
        let mut disk = bench.disk.clone();
        disk.crash(
            |place| if numbers[..kept].contains(&place.request) { SectorFate::Kept } else { SectorFate::Old(0) },
        );
        let names: Vec<String> = disk.names().map(str::to_owned).collect();
        (names.join(" "), String::from_utf8(disk.read("log").to_vec()).expect("a word"))
    });
    let expected = [("log", "old"), ("log new", "old"), ("log", "new"), ("", "")];
    assert_eq!(found.each_ref().map(|(names, log)| (names.as_str(), log.as_str())), expected);
}

#[test]
fn what_a_failed_sync_was_for_no_later_one_is_about() {
    let (mut bench, log) = Bench::with_log();
    bench.write(log, 0, b"one", 1);
    bench.disk.set_condition(Condition::Failing);
    let sync = bench.disk.next_request(1, log);
    assert_eq!(bench.disk.synced(sync, &mut bench.facts, OLD), Err(DiskError::Io));
    bench.disk.set_condition(Condition::Sound);
    bench.disk.tell_of_failure(sync);
    bench.write(log, 3, b"two", 2);
    let again = bench.sync(log);
    assert!(bench.disk.is_acknowledged(again) && !bench.disk.is_durable(again));
    assert_eq!(bench.disk.read("log"), b"\0\0\0two");
    assert!(bench.disk.failure_of(sync).is_some() && bench.disk.failure_of(again).is_none());
    assert_eq!(bench.facts, [] as [u64; 0], "nothing of this file can be relied on in this life");
    bench.disk.crash(OLD);
    bench.write(log, 0, b"one", 3);
    bench.sync(log);
    assert_eq!(bench.facts, [3]);
}

/// A log goes on in a second file, and a crash keeps that and loses the end of the first: nobody will read the second.
#[test]
fn what_follows_another_file_is_durable_once_all_of_that_is() {
    let (mut bench, first) = Bench::with_log();
    let second = bench.create("log.2");
    bench.sync(File(DIRECTORY));
    bench.disk.follow(second, first);
    bench.write(first, 0, b"one", 1);
    bench.write(second, 0, b"two", 2);
    bench.disk.set_condition(Condition::Lying);
    bench.sync(first);
    bench.disk.set_condition(Condition::Sound);
    bench.sync(second);
    assert_eq!(bench.facts, [] as [u64; 0]);
    assert_eq!(bench.disk.clone().crash(OLD).facts, [] as [u64; 0]);
    assert_eq!(bench.disk.clone().crash(KEPT).facts, [1, 2]);
    let mut failing = bench.disk.clone();
    bench.sync(first);
    assert_eq!(bench.facts, [1, 2]);
    // A sync of the first fails, and before the process hears of it the second is kept.
    failing.set_condition(Condition::Failing);
    let sync = failing.next_request(1, first);
    assert!(failing.synced(sync, &mut Vec::new(), OLD).is_err());
    assert_eq!(failing.crash(KEPT).facts, [] as [u64; 0]);
}

/// A record is padded with zeros to the end of a sector and goes on in the next; the crash loses the first sector and keeps
/// the second. Nothing is missing, the next life reads it, and so it is durable.
#[test]
fn zeros_that_were_not_written_are_as_good_as_those_that_were() {
    let (mut bench, log) = Bench::with_log();
    bench.write(log, 0, &[b'a'; 500], 1);
    bench.sync(log);
    bench.facts.clear();
    bench.write(log, 500, &[[0; 12].as_slice(), &[b'b'; 20]].concat(), 2);
    let losses = bench.disk.crash(|place| if place.sector == 0 { SectorFate::Old(0) } else { SectorFate::Kept });
    assert_eq!((losses.dropped, losses.facts.as_slice()), (0, [2].as_slice()));
    assert_eq!(bench.disk.read("log").len(), 532);
}

/// A reader takes a record for whole of which a crash took the very last byte in a sector: then it is durable, and not so
/// with one byte less.
#[test]
fn a_write_is_whole_where_what_a_reader_needs_of_it_is_there() {
    // From byte 510 on, so that the first two bytes are in one sector and the others in the next.
    let is_durable = |bytes: &[u8], needed, sector: u64, fate| {
        let (mut bench, log) = Bench::with_log();
        bench.write_needing(needed, log, 510, bytes, 1);
        bench.disk.crash(|place| if place.sector == sector { fate } else { SectorFate::Kept }).facts == [1]
    };
    // Of two bytes a tear leaves the first, of one none.
    let torn_in = |sector, bytes: &[u8], needed| is_durable(bytes, needed, sector, SectorFate::Torn(0));
    for sector in [0, 1] {
        assert!(torn_in(sector, b"abab", Needed::AllButSpareEnds), "sector {sector}");
        assert!(!torn_in(sector, b"abab", Needed::All), "sector {sector}");
    }
    for zeros in [b"abab\0\0", b"ab\0\0ab", b"aba\0\0b"] {
        assert!(torn_in(1, zeros, Needed::AllButSpareEnds), "{zeros:?}: zeros are there as they were");
    }
    let without_the_first = |bytes: &[u8]| {
        [Needed::All, Needed::AllButSpareEnds].map(|needed| is_durable(bytes, needed, 0, SectorFate::Old(0)))
    };
    assert_eq!(without_the_first(b"abab"), [false, false]);
    assert_eq!(without_the_first(b"\0bab"), [false, true]);
    assert_eq!(without_the_first(b"\0\0ab"), [true, true]);
}

/// A record of two fragments, of which a crash takes the first one's last byte: its reader has it, and what comes behind it.
#[test]
fn behind_a_fragment_without_its_last_byte_all_is_durable() {
    let (mut bench, log) = Bench::with_log();
    for (at, bytes, fact) in [(510, "abab", 1), (514, "cd", 2)] {
        bench.write_needing(Needed::AllButSpareEnds, log, at, bytes.as_bytes(), fact);
    }
    let losses = bench.disk.crash(|place| if place.sector == 0 { SectorFate::Torn(0) } else { SectorFate::Kept });
    assert_eq!((&bench.disk.read("log")[510..], losses.facts), (b"a\0abcd".as_slice(), vec![1, 2]));
}

/// A node appends, its sync fails with the bytes on the platter, and before it hears of that it appends once more and
/// stops: the next life reads both.
#[test]
fn behind_a_failed_sync_that_left_everything_what_comes_later_is_durable_too() {
    let (mut bench, log) = Bench::with_log();
    bench.write(log, 0, b"one", 1);
    bench.disk.set_condition(Condition::Failing);
    let sync = bench.disk.next_request(1, log);
    assert_eq!(bench.disk.synced(sync, &mut bench.facts, KEPT), Err(DiskError::Io));
    assert_eq!(bench.facts, [1]);
    bench.disk.tell_of_failure(sync);
    bench.write(log, 3, b"two", 2);
    assert_eq!(bench.disk.crash(KEPT).facts, [2]);
}

/// A node syncs a file before its name, which fails with all the bytes there; it stops, and its machine writes the name.
#[test]
fn behind_a_failed_sync_what_has_no_name_yet_is_durable_once_it_has() {
    let mut bench = Bench { disk: Disk::new(), facts: Vec::new() };
    let log = bench.create("log");
    bench.write(log, 0, b"one", 1);
    bench.disk.set_condition(Condition::Failing);
    let sync = bench.disk.next_request(1, log);
    assert_eq!(bench.disk.synced(sync, &mut bench.facts, KEPT), Err(DiskError::Io));
    assert_eq!(bench.facts, [] as [u64; 0]);
    assert_eq!(bench.disk.clone().crash(OLD).facts, [] as [u64; 0], "nobody finds it");
    assert_eq!((bench.disk.crash(KEPT).facts, bench.disk.read("log")), (vec![1], b"one".as_slice()));
}

/// A directory sync fails and leaves the first of two names out. Before the node hears of it, it makes the second, and stops.
#[test]
fn behind_a_failed_sync_no_name_is_made_until_the_process_is_told() {
    let mut bench = Bench { disk: Disk::new(), facts: Vec::new() };
    bench.create("first");
    bench.disk.set_condition(Condition::Failing);
    let sync = bench.disk.next_request(1, File(DIRECTORY));
    assert_eq!(bench.disk.synced(sync, &mut bench.facts, OLD), Err(DiskError::Io));
    let file = bench.disk.new_file();
    let request = bench.disk.next_request(1, File(DIRECTORY));
    let made = bench.disk.change_names(request, Change::Create { name: "second".into(), file: file.0 });
    assert_eq!(made, Err(DiskError::Io));
    let crashed = |mut disk: Disk<u64>| {
        disk.crash(KEPT);
        disk.names().map(str::to_owned).collect::<Vec<String>>()
    };
    assert_eq!(crashed(bench.disk.clone()), [] as [&str; 0]);
    bench.disk.tell_of_failure(sync);
    bench.create("third");
    assert_eq!(crashed(bench.disk), ["third"]);
}

#[test]
fn a_lie_is_told_to_the_process_and_to_nobody_else() {
    let (mut bench, log) = Bench::with_log();
    bench.write(log, 0, b"one", 1);
    bench.disk.set_condition(Condition::Lying);
    let sync = bench.sync(log);
    assert!(bench.disk.is_acknowledged(sync) && !bench.disk.is_durable(sync));
    assert_eq!(bench.facts, [] as [u64; 0]);
    assert_eq!(bench.disk.clone().crash(OLD).dropped, 1);
    bench.disk.set_condition(Condition::Sound);
    bench.sync(log);
    assert_eq!(bench.facts, [1], "an honest sync makes up for it");
}

#[test]
fn a_full_disk_takes_no_byte_more_but_others_in_their_place() {
    let (mut bench, log) = Bench::with_log();
    bench.write(log, 0, b"one", 1);
    bench.disk.set_condition(Condition::Full);
    bench.write(log, 0, b"six", 2);
    bench.sync(log);
    assert_eq!((bench.disk.read("log"), bench.facts.as_slice()), (b"six".as_slice(), [1, 2].as_slice()));
    let request = bench.disk.next_request(1, log);
    assert_eq!(bench.disk.write(request, 3, b"!", Needed::All), Err(DiskError::NoSpace));
}

/// A node's write finds no room, there is room again, and it writes and syncs once more before it hears of the first: what
/// the second sync is about lies behind a hole, and nobody may be told that it is durable.
#[test]
fn behind_a_write_that_failed_all_fails_until_the_process_is_told() {
    let (mut bench, log) = Bench::with_log();
    bench.disk.set_condition(Condition::Full);
    let first = bench.disk.next_request(1, log);
    assert_eq!(bench.disk.write(first, 0, b"one", Needed::All), Err(DiskError::NoSpace));
    bench.disk.set_condition(Condition::Sound);
    let second = bench.disk.next_request(1, log);
    assert_eq!(bench.disk.write(second, 3, b"two", Needed::All), Err(DiskError::NoSpace));
    let sync = bench.disk.next_request(1, log);
    bench.disk.tell_of_failure(first);
    assert_eq!(bench.disk.synced(sync, &mut bench.facts, KEPT), Err(DiskError::NoSpace));
    let third = bench.write(log, 0, b"one", 3);
    let last = bench.sync(log);
    assert_eq!((bench.disk.failure_of(second), bench.disk.failure_of(third)), (Some(DiskError::NoSpace), None));
    assert!(bench.disk.is_acknowledged(last));
    assert_eq!((bench.disk.read("log"), bench.facts.len()), (b"one".as_slice(), 0));
}

#[test]
fn a_sector_that_is_lost_or_misdirected_leaves_its_place_as_it_was() {
    let found = |trap: WriteTrap| {
        let (mut bench, log) = Bench::with_log();
        bench.write(log, 0, &[[b'a'; 512], [b'.'; 512], [b'c'; 512]].concat(), 0);
        bench.sync(log);
        bench.write(log, 512, &[b'b'; 512], 1);
        bench.disk.set_write_trap(trap);
        let sync = bench.sync(log);
        assert_eq!(bench.facts, [0], "{trap:?}: what is not where it belongs is not durable");
        assert!(bench.disk.is_acknowledged(sync));
        let bytes = bench.disk.read("log");
        [0, 512, 1024].map(|at| char::from(bytes[at])).into_iter().collect::<String>()
    };
    assert_eq!(found(WriteTrap::Lost(7)), "a.c");
    let misdirected: std::collections::BTreeSet<String> =
        (0..32).map(|draw| found(WriteTrap::Misdirected(draw))).collect();
    // Where it strays to its own place, nothing of it is anywhere.
    assert_eq!(misdirected.iter().map(String::as_str).collect::<Vec<_>>(), ["a.b", "a.c", "b.c"]);
}

/// What is written over by a sector that strays is not durable, though the same sync wrote it; nor is what comes behind it.
#[test]
fn a_sector_that_a_misdirected_one_hits_is_lost_too() {
    let durable = |draw| {
        let (mut bench, log) = Bench::with_log();
        (0..3).for_each(|number| _ = bench.write(log, number * 512, &[b'a' + number as u8; 512], number));
        bench.disk.set_write_trap(WriteTrap::Misdirected(draw));
        bench.sync(log);
        let whole = (0..3).take_while(|number| bench.disk.read("log")[*number as usize * 512] == b'a' + *number as u8);
        assert_eq!(bench.facts, whole.collect::<Vec<u64>>(), "{draw}");
        bench.facts.len()
    };
    assert_eq!((0..64).map(|draw| durable(draw << 58)).collect::<std::collections::BTreeSet<_>>(), [0, 1, 2].into());
}

/// A sector is written with the bytes that it has: lost or not, it is the same, and the next sync is the one.
#[test]
fn a_sector_that_would_be_as_it_was_is_not_lost() {
    for trap in [WriteTrap::Lost(7), WriteTrap::Misdirected(7)] {
        let (mut bench, log) = Bench::with_log();
        bench.write(log, 0, &[b'a'; 512], 1);
        bench.sync(log);
        bench.disk.set_write_trap(trap);
        bench.write(log, 0, &[b'a'; 512], 2);
        bench.sync(log);
        assert_eq!((bench.facts.as_slice(), bench.disk.has_write_trap()), ([1, 2].as_slice(), true), "{trap:?}");
        bench.write(log, 0, &[b'b'; 512], 3);
        bench.sync(log);
        assert_eq!((bench.facts.as_slice(), bench.disk.has_write_trap()), ([1, 2].as_slice(), false), "{trap:?}");
    }
}

#[test]
fn rot_changes_one_bit_of_what_is_found() {
    let (mut bench, log) = Bench::with_log();
    assert_eq!(bench.disk.rot(7), None);
    bench.write(log, 0, &[0; 64], 0);
    bench.sync(log);
    let (name, at) = bench.disk.rot(7).expect("there are bytes");
    let bytes = bench.disk.read(&name);
    let changed: Vec<u32> = bytes.iter().map(|byte| byte.count_ones()).collect();
    assert_eq!((changed.iter().sum::<u32>(), changed[at as usize]), (1, 1));
}

#[test]
fn a_request_number_is_not_used_again_after_a_crash() {
    let (mut bench, log) = Bench::with_log();
    let request = bench.write(log, 0, b"one", 0);
    bench.disk.crash(OLD);
    let next = bench.disk.next_request(2, log);
    assert!(next > request && next.number != request.number);
    bench.disk.wipe();
    assert!(bench.disk.next_request(3, log).number > next.number);
}
