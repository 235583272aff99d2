//! The log on real files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use wal::files::{FileError, FileLog, Operation};
use wal::{Config, Damage, Sequence, Tail};

/// An empty directory of this test, removed with the value.
struct Empty(PathBuf);

impl Empty {
    fn new(test: &str) -> Empty {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("the target folder can be written to");
        Empty(path)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("it is there");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("it can be read").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Drop for Empty {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

const SMALL: Config = Config { segment_bytes: 2000 };

#[test]
fn what_was_synced_is_there_when_it_is_opened_again() {
    let directory = Empty::new("again");
    let mut expected: Vec<Vec<u8>> = Vec::new();
    for life in 0..5_u8 {
        let mut opened = FileLog::open(&directory.0, SMALL).expect("it opens");
        assert!(opened.records.iter().map(|(_, content)| content).eq(expected.iter().map(Vec::as_slice)));
        assert_eq!((opened.log.durable_through().0, opened.tail), (expected.len() as u64, Tail::Clean));
        for record in 0..20 {
            expected.push(vec![life; record * 30]);
            opened.log.append(&expected[expected.len() - 1]).expect("it is written");
        }
        assert_eq!(opened.log.sync().expect("it is synced").0, expected.len() as u64);
    }
    let mut log = FileLog::open(&directory.0, SMALL).expect("it opens").log;
    let before = directory.names().len();
    let last = log.append(b"and now").expect("it is written");
    log.sync().expect("it is synced");
    log.append(b"and again").expect("it is written");
    log.sync().expect("it is synced");
    log.remove_before(last).expect("they are removed");
    assert_eq!(directory.names().len(), 2, "a lock and a segment, of {before}");
    drop(log);
    assert_eq!(FileLog::open(&directory.0, SMALL).expect("it opens").records.first(), last);
}

#[test]
fn a_torn_file_is_cut_and_a_damaged_one_is_refused_with_its_path() {
    let directory = Empty::new("torn");
    let mut log = FileLog::open(&directory.0, SMALL).expect("it opens").log;
    log.append(b"one").expect("it is written");
    log.append(b"two").expect("it is written");
    log.sync().expect("it is synced");
    drop(log);
    let path = directory.0.join("wal-00000001");
    let bytes = fs::read(&path).expect("it is there");

    fs::write(&path, &bytes[..bytes.len() - 3]).expect("it can be written to");
    let opened = FileLog::open(&directory.0, SMALL).expect("it opens");
    assert_eq!((opened.records.len(), opened.log.durable_through()), (1, Sequence(1)));
    assert!(matches!(opened.tail, Tail::Torn { bytes: 26, .. }), "{:?}", opened.tail);
    drop(opened);

    let mut damaged = bytes;
    damaged[100] ^= 1;
    fs::write(&path, &damaged).expect("it can be written to");
    let refused = FileLog::open(&directory.0, SMALL).expect_err("it is damaged");
    assert!(matches!(&refused, FileError::Damage { damage: Damage::Bytes { .. }, .. }), "{refused}");
    assert!(refused.to_string().contains(&directory.0.display().to_string()), "{refused}");
    assert_eq!(fs::read(&path).expect("it is there"), damaged, "nobody wrote to it");
}

#[test]
fn a_log_is_open_once() {
    let directory = Empty::new("once");
    let opened = FileLog::open(&directory.0, SMALL).expect("it opens");
    let refused = FileLog::open(&directory.0, SMALL).expect_err("it is open");
    assert!(matches!(refused, FileError::Locked { .. }), "{refused}");
    drop(opened);
    FileLog::open(&directory.0, SMALL).expect("it opens");
}

#[test]
fn what_the_system_refuses_is_said_with_its_path_and_stops_the_log() {
    let directory = Empty::new("refused");
    let missing = directory.0.join("missing");
    let refused = FileLog::open(&missing, SMALL).expect_err("there is none");
    assert!(refused.to_string().starts_with("cannot make "), "{refused}");

    let mut log = FileLog::open(&directory.0, SMALL).expect("it opens").log;
    fs::write(directory.0.join("wal-00000001"), b"in the way").expect("it can be written to");
    log.append(b"one").expect("it waits");
    let refused = log.sync().expect_err("there is a file in its place");
    assert!(matches!(refused, FileError::Io { operation: Operation::Create, .. }), "{refused}");
    assert!(matches!(log.append(b"two"), Err(FileError::Refused(_))));
    assert!(matches!(log.sync(), Err(FileError::Refused(_))));
    assert_eq!(log.durable_through(), Sequence(0));
}

#[test]
fn other_files_are_left_alone() {
    let directory = Empty::new("others");
    for name in ["wal-1", "wal-0000000x", "wal-00000001.bak", "notes"] {
        fs::write(directory.0.join(name), b"mine").expect("it can be written to");
    }
    let mut log = FileLog::open(&directory.0, SMALL).expect("it opens").log;
    log.append(b"one").expect("it is written");
    log.sync().expect("it is synced");
    drop(log);
    assert_eq!(FileLog::open(&directory.0, SMALL).expect("it opens").records.len(), 1);
    assert_eq!(fs::read(directory.0.join("notes")).expect("it is there"), b"mine");
}

#[test]
fn many_threads_share_the_syncs_of_one_that_owns_the_log() {
    let directory = Empty::new("threads");
    let mut log = FileLog::open(&directory.0, Config::default()).expect("it opens").log;
    let (to_log, appends) = mpsc::channel::<(Vec<u8>, mpsc::Sender<Sequence>)>();
    let syncs = thread::scope(|scope| {
        for client in 0..8_u8 {
            let to_log = to_log.clone();
            scope.spawn(move || {
                for _ in 0..25 {
                    let (reply, durable) = mpsc::channel();
                    to_log.send((vec![client; 10], reply)).expect("the log listens");
                    durable.recv().expect("the log answers");
                }
            });
        }
        drop(to_log);
        let mut syncs = 0;
        while let Ok(first) = appends.recv() {
            let mut waiting = Vec::new();
            for (content, reply) in std::iter::once(first).chain(appends.try_iter()) {
                waiting.push((log.append(&content).expect("it is written"), reply));
            }
            log.sync().expect("it is synced");
            syncs += 1;
            for (sequence, reply) in waiting {
                reply.send(sequence).expect("a client waits");
            }
        }
        syncs
    });
    assert_eq!(log.durable_through(), Sequence(200));
    assert!(syncs <= 200);
    println!("200 records, {syncs} syncs");
    drop(log);
    assert_eq!(FileLog::open(&directory.0, Config::default()).expect("it opens").records.len(), 200);
}
