//! What is asked for in which order, what is acknowledged when, and what is refused.

use wal::{Config, Effects, Refused, Sequence, Stopped};

use crate::host::{Host, contents, segment};

/// What was asked for since the last time.
fn asked(host: &mut Host) -> Vec<String> {
    host.carry_out();
    std::mem::take(&mut host.done)
}

fn complete_one(host: &mut Host) {
    let sync = host.under_way.remove(0);
    host.log.synced(sync, &mut host.effects).expect("it is under way");
}

#[test]
fn a_new_log_asks_for_nothing_until_it_is_appended_to() {
    let mut host = Host::new(Config::default());
    assert!(host.effects.is_empty());
    host.log.sync(&mut host.effects).expect("it runs");
    assert!(host.effects.is_empty());
    assert_eq!((host.log.last(), host.log.durable_through()), (Sequence(0), Sequence(0)));
}

#[test]
fn the_first_sync_of_a_segment_is_of_the_directory_too_and_acknowledges_when_both_are_done() {
    for first_done in [0, 1] {
        let mut host = Host::new(Config::default());
        host.append(b"a");
        host.append(b"b");
        host.log.sync(&mut host.effects).expect("it runs");
        let expected = ["create wal-00000001", "write wal-00000001 0+108", "sync directory", "sync wal-00000001"];
        assert_eq!(asked(&mut host), expected, "appends before it are one write");
        host.under_way.rotate_left(first_done);
        complete_one(&mut host);
        assert_eq!(host.log.durable_through(), Sequence(0));
        complete_one(&mut host);
        assert_eq!(host.log.durable_through(), Sequence(2));

        host.append(b"c");
        host.log.sync(&mut host.effects).expect("it runs");
        assert_eq!(asked(&mut host), ["write wal-00000001 108+27", "sync wal-00000001"]);
        complete_one(&mut host);
        assert_eq!(host.log.durable_through(), Sequence(3));
    }
}

#[test]
fn what_is_appended_while_a_sync_is_under_way_shares_the_next_and_is_not_acknowledged_by_this_one() {
    let mut host = Host::new(Config::default());
    host.append(b"a");
    host.sync();
    host.append(b"b");
    host.log.sync(&mut host.effects).expect("it runs");
    asked(&mut host);
    for _ in 0..3 {
        host.append(b"c");
        host.log.sync(&mut host.effects).expect("it runs");
    }
    assert_eq!(asked(&mut host), ["write wal-00000001 108+81"], "at most one sync is under way");
    complete_one(&mut host);
    assert_eq!(host.log.durable_through(), Sequence(2));
    assert_eq!(asked(&mut host), ["sync wal-00000001"]);
    complete_one(&mut host);
    assert_eq!(host.log.durable_through(), Sequence(5));
    assert!(host.effects.is_empty());
}

#[test]
fn a_sync_that_spans_segments_is_of_each_of_them() {
    let mut host = Host::new(Config { segment_bytes: 1 });
    host.append(b"a");
    host.append(b"b");
    host.log.sync(&mut host.effects).expect("it runs");
    assert_eq!(
        asked(&mut host),
        [
            "create wal-00000001",
            "write wal-00000001 0+81",
            "create wal-00000002",
            "write wal-00000002 0+81",
            "sync directory",
            "sync wal-00000001",
            "sync wal-00000002"
        ]
    );
    complete_one(&mut host);
    complete_one(&mut host);
    assert_eq!(host.log.durable_through(), Sequence(0));
    complete_one(&mut host);
    assert_eq!(host.log.durable_through(), Sequence(2));
}

#[test]
fn what_a_life_finds_is_durable_once_it_has_synced_it() {
    let mut first = Host::new(Config { segment_bytes: 1 });
    for _ in 0..3 {
        first.append(b"a");
        first.sync();
    }
    first.append(b"b");
    first.carry_out();
    let mut second = Host::on(first.files, Config::default());
    assert_eq!((second.log.last(), second.log.durable_through()), (Sequence(4), Sequence(3)), "the fourth says so");
    assert_eq!(asked(&mut second), ["sync directory", "sync wal-00000004"]);
    second.append(b"c");
    complete_one(&mut second);
    assert_eq!(second.log.durable_through(), Sequence(3));
    complete_one(&mut second);
    assert_eq!(second.log.durable_through(), Sequence(4));
    assert_eq!(asked(&mut second), ["create wal-00000005", "write wal-00000005 0+81"]);
}

#[test]
fn segments_are_removed_when_it_is_on_disk_that_they_were_synced() {
    let mut host = Host::new(Config { segment_bytes: 1 });
    host.append(b"a");
    host.append(b"b");
    host.sync();
    asked(&mut host);
    let try_removal = |host: &mut Host| {
        host.log.remove_before(Sequence(2), &mut host.effects).expect("it runs");
        asked(host)
    };
    assert!(try_removal(&mut host).is_empty(), "no append since the sync");
    host.append(b"c");
    assert!(!try_removal(&mut host).iter().any(|done| done.starts_with("remove")), "not synced");
    host.sync();
    asked(&mut host);
    assert_eq!(try_removal(&mut host), ["remove wal-00000001"]);
    assert_eq!(contents(&host.files), Ok(vec![b"b".to_vec(), b"c".to_vec()]));
    // The last one stays, whatever is asked.
    host.log.remove_before(Sequence(u64::MAX), &mut host.effects).expect("it runs");
    assert_eq!(asked(&mut host), ["remove wal-00000002"]);
    assert_eq!(contents(&host.files), Ok(vec![b"c".to_vec()]));
}

#[test]
fn a_completion_counts_once() {
    let mut host = Host::new(Config::default());
    host.append(b"a");
    host.log.sync(&mut host.effects).expect("it runs");
    host.carry_out();
    let sync = host.under_way[0];
    complete_one(&mut host);
    let unknown = Err(Refused::UnknownSync { received: sync });
    assert_eq!(host.log.synced(sync, &mut host.effects), unknown);
    assert_eq!(host.log.sync_failed(sync), unknown);
    assert_eq!(host.log.durable_through(), Sequence(0));
}

#[test]
fn after_a_failure_nothing_is_accepted_and_nothing_more_acknowledged() {
    let fail_sync = |host: &mut Host| {
        let failed = host.under_way.remove(0);
        host.log.sync_failed(failed).expect("it is under way");
        Stopped::Sync(failed)
    };
    let fail_file = |host: &mut Host| {
        host.log.file_failed(segment(1)).expect("it runs");
        Stopped::File(segment(1))
    };
    for fail in [fail_sync as fn(&mut Host) -> Stopped, fail_file] {
        let mut host = Host::new(Config::default());
        host.append(b"a");
        host.sync();
        host.append(b"b");
        host.log.sync(&mut host.effects).expect("it runs");
        host.carry_out();
        let other = host.under_way[0];
        let why = fail(&mut host);
        let refused = Err(Refused::Stopped(why));
        let mut effects = Effects::new();
        assert_eq!(host.log.append(b"c", &mut effects).map(drop), refused);
        assert_eq!(host.log.sync(&mut effects), refused);
        assert_eq!(host.log.synced(other, &mut effects), refused);
        assert_eq!(host.log.sync_failed(other), refused);
        assert_eq!(host.log.file_failed(segment(1)), refused);
        assert_eq!(host.log.remove_before(Sequence(1), &mut effects), refused);
        assert!(effects.is_empty());
        assert_eq!((host.log.stopped(), host.log.durable_through()), (Some(why), Sequence(1)));
    }
}
