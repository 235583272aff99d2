//! A follower and its log.

use raft::{Body, Index, Position, Recovered, Role};

use crate::driver::{Driver, accepted, append, config, position, recovered};

fn log_terms(driver: &Driver) -> Vec<u64> {
    driver.raft.entries().iter().map(|entry| entry.term.0).collect()
}

#[test]
fn a_stale_append_does_not_truncate_what_agrees() {
    let mut follower = Driver::new(config(1, 3), recovered(1, &[]));
    follower.receive(2, 1, append(Position::ZERO, &[1, 1, 1, 1], 0));
    let late = follower.receive(2, 1, append(Position::ZERO, &[1, 1], 0));
    assert_eq!(log_terms(&follower), [1, 1, 1, 1]);
    assert_eq!((late.write, late.reply().0), (None, &accepted(2)), "vouches for what it verified");
}

#[test]
fn only_what_conflicts_is_replaced() {
    let mut follower = Driver::new(config(1, 3), recovered(3, &[1, 1, 2, 2, 2]));
    let output = follower.receive(2, 3, append(position(1, 1), &[1, 2, 3], 0));
    assert_eq!(log_terms(&follower), [1, 1, 2, 3]);
    assert_eq!(output.records.len(), 2, "one truncation, one append: {:?}", output.records);
}

#[test]
fn an_append_that_does_not_fit_changes_nothing_but_names_where_it_might() {
    let table: [(&[u64], Position, Position); 5] = [
        // Too short: the last entry, if the leader's may agree there.
        (&[1, 1], position(3, 9), position(1, 2)),
        (&[], position(3, 9), Position::ZERO),
        // Another term at that place: nothing later than what the leader has there can agree.
        (&[1, 1, 4, 4], position(3, 4), position(1, 2)),
        (&[1, 1, 2, 2], position(3, 4), position(2, 4)),
        // Too long and of a later term.
        (&[1, 4, 4, 4, 4], position(2, 3), position(1, 1)),
    ];
    for (log, previous, hint) in table {
        let mut follower = Driver::new(config(1, 3), recovered(5, log));
        let output = follower.receive(2, 5, append(previous, &[5], 9));
        let expected = Body::AppendRejected { previous: previous.index, hint };
        assert_eq!(output.reply().0, &expected, "log {log:?}, previous {previous}");
        assert_eq!(log_terms(&follower), log);
        assert_eq!(follower.raft.commit_index(), Index::ZERO);
    }
}

#[test]
fn a_follower_commits_no_further_than_the_message_verified() {
    // The entries at 2 and 3 are of a deposed leader; this one has committed others there.
    let mut follower = Driver::new(config(1, 3), recovered(2, &[1, 1, 1]));
    let heartbeat = follower.receive(2, 2, append(position(1, 1), &[], 3));
    assert_eq!((follower.raft.commit_index(), heartbeat.applied()), (Index(1), vec![1]));

    let mut follower = Driver::new(config(1, 3), recovered(2, &[1, 1, 1]));
    follower.receive(2, 2, append(position(1, 1), &[1], 3));
    assert_eq!(follower.raft.commit_index(), Index(2));
}

#[test]
fn a_followers_commit_never_goes_back() {
    let mut follower = Driver::new(config(1, 3), recovered(2, &[1, 1, 1]));
    follower.receive(2, 2, append(position(1, 3), &[], 3));
    assert_eq!(follower.raft.commit_index(), Index(3));
    follower.receive(2, 2, append(position(1, 1), &[], 1));
    follower.receive(3, 3, append(position(1, 3), &[], 0));
    assert_eq!(follower.raft.commit_index(), Index(3));
}

#[test]
fn every_entry_is_applied_once_and_in_order() {
    let mut follower = Driver::new(config(1, 3), recovered(1, &[1, 1, 1]));
    let mut applied = follower.receive(2, 1, append(position(1, 2), &[], 2)).applied();
    applied.extend(follower.receive(2, 1, append(position(1, 2), &[], 2)).applied());
    applied.extend(follower.receive(2, 1, append(position(1, 1), &[1, 1], 3)).applied());
    assert_eq!(applied, [1, 2, 3]);
    assert_eq!(follower.raft.applied_index(), Index(3));
}

#[test]
#[should_panic(expected = "invariant: what is committed through 2 is not truncated from 2")]
fn a_leader_that_contradicts_what_is_committed_stops_the_node() {
    let mut follower = Driver::new(config(1, 3), recovered(1, &[1, 1, 1]));
    follower.receive(2, 1, append(position(1, 2), &[], 2));
    follower.receive(3, 2, append(position(1, 1), &[2], 0));
}

#[test]
fn an_append_of_an_earlier_term_changes_nothing_and_is_answered() {
    let mut follower = Driver::new(config(1, 3), recovered(5, &[1]));
    let deadline = follower.raft.next_deadline();
    let output = follower.receive(2, 4, append(position(1, 1), &[4], 2));
    let (_, message, _) = output.sends().next().expect("an answer");
    assert_eq!(message.term.0, 5, "its sender learns the term");
    assert!(matches!(message.body, Body::AppendRejected { .. }));
    assert_eq!((log_terms(&follower), follower.raft.commit_index()), (vec![1], Index::ZERO));
    assert_eq!((follower.raft.leader(), follower.raft.next_deadline()), (None, deadline));
}

#[test]
fn a_second_leader_of_one_term_is_not_followed() {
    let mut follower = Driver::new(config(1, 3), Recovered::default());
    follower.receive(2, 1, append(Position::ZERO, &[1], 0));
    let output = follower.receive(3, 1, append(Position::ZERO, &[1, 1], 2));
    assert_eq!(output.ignored(), Some(raft::Ignored::SecondLeader));
    assert_eq!((output.sends().count(), log_terms(&follower)), (0, vec![1]));

    let mut leader = Driver::leader(3, Recovered::default()).0;
    let output = leader.receive(2, 1, append(Position::ZERO, &[], 0));
    assert_eq!(output.ignored(), Some(raft::Ignored::SecondLeader));
    assert_eq!(leader.raft.role(), Role::Leader);
}
