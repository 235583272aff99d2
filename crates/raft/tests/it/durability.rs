//! What has to wait for which write.

use raft::{Body, HardState, Index, NodeId, Record, Recovered, Role, Term};

use crate::driver::{Driver, accepted, append, config, entry, position, recovered};

const ZERO: raft::Position = raft::Position::ZERO;

#[test]
fn a_granted_vote_waits_for_the_write_that_holds_it() {
    let mut voter = Driver::new(config(1, 3), Recovered::default());
    let output = voter.receive(2, 1, Body::VoteRequest { last: ZERO });
    assert!(output.write.is_some());
    assert_eq!(output.reply(), (&Body::VoteReply { granted: true }, output.write));
    // Term and vote changed in one step: one record.
    let hard_state = HardState { term: Term(1), voted_for: Some(NodeId(2)) };
    assert_eq!(output.records, [Record::HardState(hard_state)]);
}

#[test]
fn a_repeated_vote_waits_as_the_first_did_until_the_write_is_done() {
    let mut voter = Driver::new(config(1, 3), Recovered::default());
    let first = voter.receive(2, 1, Body::VoteRequest { last: ZERO });
    let second = voter.receive(2, 1, Body::VoteRequest { last: ZERO });
    assert_eq!(second.reply().1, first.write);
    voter.persisted(&first);
    let third = voter.receive(2, 1, Body::VoteRequest { last: ZERO });
    assert_eq!(third.reply(), (&Body::VoteReply { granted: true }, None));
}

#[test]
fn every_answer_that_shows_a_new_term_waits_for_it() {
    let stale_request = Body::VoteRequest { last: ZERO };
    let mut node = Driver::new(config(1, 3), recovered(1, &[1]));
    let refused = node.receive(2, 5, Body::VoteRequest { last: ZERO });
    assert_eq!(refused.reply(), (&Body::VoteReply { granted: false }, refused.write));
    let rejected = node.receive(3, 5, append(position(4, 4), &[], 0));
    assert!(matches!(rejected.reply().0, Body::AppendRejected { .. }));
    assert_eq!(rejected.reply().1, refused.write);
    let stale = node.receive(2, 3, stale_request.clone());
    assert_eq!(stale.reply(), (&Body::VoteReply { granted: false }, refused.write));
    let stale = node.receive(2, 3, append(ZERO, &[], 0));
    assert_eq!(stale.reply().1, refused.write);

    node.persisted(&refused);
    assert_eq!(node.receive(2, 3, stale_request).reply().1, None);
}

#[test]
fn an_acknowledgement_waits_for_the_entries_it_vouches_for() {
    let mut follower = Driver::new(config(1, 3), recovered(1, &[1]));
    let output = follower.receive(2, 1, append(position(1, 1), &[1, 1], 0));
    assert_eq!(output.records, [Record::Append(entry(1, 2)), Record::Append(entry(1, 3))]);
    assert!(output.write.is_some());
    assert_eq!(output.reply(), (&accepted(3), output.write));
}

#[test]
fn a_heartbeat_or_retransmission_that_overtakes_the_disk_waits_too() {
    let mut follower = Driver::new(config(1, 3), recovered(1, &[1]));
    let first = follower.receive(2, 1, append(position(1, 1), &[1], 0));
    let second = follower.receive(2, 1, append(position(1, 2), &[1], 0));
    let heartbeat = |index| append(position(1, index), &[], 0);

    assert_eq!(follower.receive(2, 1, heartbeat(1)).reply(), (&accepted(1), None));
    assert_eq!(follower.receive(2, 1, heartbeat(2)).reply(), (&accepted(2), first.write));
    assert_eq!(follower.receive(2, 1, heartbeat(3)).reply(), (&accepted(3), second.write));
    let retransmission = follower.receive(2, 1, append(position(1, 1), &[1, 1], 0));
    assert_eq!(retransmission.write, None, "nothing new to write");
    assert_eq!(retransmission.reply(), (&accepted(3), second.write));

    follower.persisted(&first);
    assert_eq!(follower.receive(2, 1, heartbeat(2)).reply().1, None);
    assert_eq!(follower.receive(2, 1, heartbeat(3)).reply().1, second.write);
    follower.persisted(&second);
    assert_eq!(follower.receive(2, 1, heartbeat(3)).reply().1, None);
}

#[test]
fn an_acknowledgement_of_old_entries_still_waits_for_a_new_term() {
    let mut follower = Driver::new(config(1, 3), recovered(1, &[1]));
    let output = follower.receive(2, 2, append(position(1, 1), &[], 0));
    assert!(output.write.is_some());
    assert_eq!(output.reply(), (&accepted(1), output.write));
}

#[test]
fn the_completion_of_a_write_does_not_vouch_for_what_replaced_its_entries() {
    let mut follower = Driver::new(config(1, 3), Recovered::default());
    let old = follower.receive(2, 1, append(ZERO, &[1, 1, 1], 0));
    let new = follower.receive(3, 2, append(position(1, 1), &[2, 2], 0));
    assert_eq!(new.reply(), (&accepted(3), new.write));

    follower.persisted(&old);
    assert_eq!(follower.raft.durable_index(), Index(1), "only what both logs share");
    let heartbeat = follower.receive(3, 2, append(position(2, 3), &[], 3));
    assert_eq!(heartbeat.reply(), (&accepted(3), new.write));
    assert_eq!(heartbeat.applied(), [1]);
    assert_eq!(follower.persisted(&new).applied(), [2, 3]);
}

#[test]
fn what_is_replaced_on_disk_is_written_hard_state_first_then_truncated_then_appended() {
    // A crash keeps a prefix of these: in this order, every prefix is a log that this crate accepts.
    let mut follower = Driver::new(config(1, 3), recovered(1, &[1, 1, 1]));
    let output = follower.receive(2, 2, append(position(1, 1), &[2], 0));
    let hard_state = HardState { term: Term(2), voted_for: None };
    let truncate = Record::Truncate { from: Index(2) };
    assert_eq!(output.records, [Record::HardState(hard_state), truncate, Record::Append(entry(2, 2))]);
    for kept in 0..=output.records.len() {
        let mut disk = recovered(1, &[1, 1, 1]);
        for record in &output.records[..kept] {
            disk.replay(record.clone()).expect("in order");
        }
        Driver::new(config(1, 3), disk);
    }
}

#[test]
fn a_leader_counts_its_own_entries_only_once_its_disk_has_them() {
    let (mut leader, elected) = Driver::leader(3, Recovered::default());
    let proposal = leader.propose(1);
    leader.receive(2, 1, accepted(2));
    assert_eq!(leader.raft.commit_index(), Index(0), "one of three disks has it");
    leader.persisted(&elected);
    assert_eq!(leader.raft.commit_index(), Index(1), "its no-op is on two");
    let output = leader.persisted(&proposal);
    assert_eq!((leader.raft.commit_index(), output.applied()), (Index(2), vec![2]));
}

#[test]
fn a_leader_may_commit_by_its_followers_disks_but_applies_only_from_its_own() {
    let (mut leader, elected) = Driver::leader(3, Recovered::default());
    leader.receive(2, 1, accepted(1));
    let output = leader.receive(3, 1, accepted(1));
    assert_eq!(leader.raft.commit_index(), Index(1));
    assert_eq!(output.applied(), []);
    assert_eq!(leader.persisted(&elected).applied(), [1]);
}

#[test]
fn one_report_speaks_for_all_earlier_writes_and_a_repeated_one_is_no_news() {
    let (mut leader, elected) = Driver::leader(1, Recovered::default());
    let proposal = leader.propose(1);
    assert_eq!(leader.persisted(&proposal).applied(), [1, 2]);
    assert_eq!(leader.persisted(&elected).effects, []);
    assert_eq!(leader.persisted(&proposal).effects, []);
}

#[test]
fn a_single_node_leads_once_its_vote_is_durable_and_commits_once_its_entries_are() {
    let mut node = Driver::new(config(1, 1), Recovered::default());
    let campaign = node.fire();
    assert_eq!(node.raft.role(), Role::Candidate);
    let elected = node.persisted(&campaign);
    assert_eq!(node.raft.role(), Role::Leader);
    let proposal = node.propose(1);
    assert_eq!(node.raft.commit_index(), Index(0));
    assert_eq!(node.persisted(&elected).applied(), [1]);
    assert_eq!(node.persisted(&proposal).applied(), [2]);
}

#[test]
#[should_panic(expected = "which was never handed to it")]
fn a_host_that_reports_a_write_it_was_never_given_is_stopped() {
    let mut first_life = Driver::new(config(1, 3), Recovered::default());
    let campaign = first_life.fire();
    let mut second_life = Driver::new(config(1, 3), Recovered::default());
    second_life.persisted(&campaign);
}
