//! A leader and its followers.

use raft::{Body, Ignored, Index, Mode, NodeId, Outcome, Recovered, Term};

use crate::driver::{Driver, Output, accepted, append, config, position, recovered};

fn rejected(previous: u64, hint_term: u64, hint_index: u64) -> Body {
    Body::AppendRejected { previous: Index(previous), hint: position(hint_term, hint_index) }
}

fn mode(leader: &Driver, follower: u64) -> Mode {
    let follower = leader.raft.followers().find(|(id, _)| *id == NodeId(follower));
    follower.expect("tracked").1.mode()
}

fn matched(leader: &Driver, follower: u64) -> u64 {
    let follower = leader.raft.followers().find(|(id, _)| *id == NodeId(follower));
    follower.expect("tracked").1.matched().0
}

/// Entries of earlier terms are not committed by counting (Raft figure 8): here entry 2, of term 2.
#[test]
fn an_entry_of_an_earlier_term_is_committed_only_below_one_of_the_current() {
    let (mut leader, elected) = Driver::leader(5, recovered(3, &[1, 2]));
    assert_eq!(leader.raft.term(), Term(4));
    leader.persisted(&elected);
    for follower in [2, 3, 4] {
        leader.receive(follower, 4, accepted(2));
    }
    assert_eq!(leader.raft.commit_index(), Index(0), "four of five hold entry 2");
    leader.receive(2, 4, accepted(3));
    assert_eq!(leader.raft.commit_index(), Index(0), "two of five hold entry 3");
    let output = leader.receive(3, 4, accepted(3));
    assert_eq!((leader.raft.commit_index(), output.applied()), (Index(3), vec![1, 2, 3]));
}

#[test]
fn a_proposal_is_appended_by_a_leader_and_by_nobody_else() {
    let mut node = Driver::new(config(1, 3), Recovered::default());
    assert_eq!(node.propose(1).outcome(), Outcome::NotLeader { leader: None });
    node.receive(2, 1, append(raft::Position::ZERO, &[1], 0));
    let refusal = node.propose(2);
    assert_eq!(refusal.outcome(), Outcome::NotLeader { leader: Some(NodeId(2)) });
    assert_eq!((refusal.write, node.raft.last_position().index), (None, Index(1)));

    let mut leader = Driver::leader(3, Recovered::default()).0;
    let outcome = leader.propose(3).outcome();
    assert_eq!(outcome, Outcome::Appended { index: Index(2), term: Term(1) });
}

#[test]
fn entries_are_sent_before_they_are_durable_at_home() {
    let (mut leader, elected) = Driver::leader(3, Recovered::default());
    assert!(elected.write.is_some());
    assert!(elected.sends().all(|(_, _, after)| after.is_none()));
    leader.receive(2, 1, accepted(1));
    let proposal = leader.propose(1);
    assert_eq!(proposal.appends_to(2), [(1, vec![2])]);
    assert!(proposal.sends().all(|(_, _, after)| after.is_none()));
}

#[test]
fn a_follower_that_agrees_is_sent_entries_without_waiting_for_answers() {
    let mut leader = Driver::leader(3, Recovered::default()).0;
    leader.receive(2, 1, accepted(1));
    assert_eq!(mode(&leader, 2), Mode::Replicate);
    let appends: Vec<_> = (1..=3).flat_map(|id| leader.propose(id).appends_to(2)).collect();
    assert_eq!(appends, [(1, vec![2]), (2, vec![3]), (3, vec![4])]);
}

#[test]
fn a_follower_being_probed_is_sent_one_append_until_it_answers_or_a_heartbeat_is_due() {
    let mut leader = Driver::leader(3, Recovered::default()).0;
    assert_eq!(mode(&leader, 2), Mode::ProbeSent);
    let while_waiting: Vec<_> = (1..=3).flat_map(|id| leader.propose(id).appends_to(2)).collect();
    assert_eq!(while_waiting, []);
    assert_eq!(leader.fire().appends_to(2), [(0, vec![])], "the heartbeat repeats the probe");
    assert_eq!(leader.receive(2, 1, accepted(0)).appends_to(2), [(0, vec![1, 2, 3, 4])]);
}

#[test]
fn an_append_carries_at_most_the_configured_number_of_entries() {
    let mut leader = Driver::leader(3, recovered(1, &[1; 9])).0;
    // The follower is empty; 10 entries with the no-op, 4 an append.
    let mut output = leader.receive(2, 2, rejected(9, 0, 0));
    let mut batches = Vec::new();
    while let [(previous, entries)] = output.appends_to(2).as_slice() {
        batches.push((*previous, entries.len()));
        output = leader.receive(2, 2, accepted(previous + entries.len() as u64));
    }
    assert_eq!(batches, [(0, 4), (4, 4), (8, 2)]);
    assert_eq!(matched(&leader, 2), 10);
}

#[test]
fn a_lost_append_is_found_by_the_next_heartbeat() {
    let mut leader = Driver::leader(3, Recovered::default()).0;
    leader.receive(2, 1, accepted(1));
    assert_eq!(leader.propose(1).appends_to(2), [(1, vec![2])], "this one is lost");
    assert_eq!(leader.fire().appends_to(2), [(2, vec![])]);
    let output = leader.receive(2, 1, rejected(2, 1, 1));
    assert_eq!(output.appends_to(2), [(1, vec![2])]);
}

#[test]
fn a_lost_acknowledgement_is_made_good_by_the_next_heartbeat() {
    let (mut leader, elected) = Driver::leader(3, Recovered::default());
    leader.persisted(&elected);
    leader.receive(2, 1, accepted(0));
    assert_eq!(leader.raft.commit_index(), Index(0), "the answer to the no-op is lost");
    assert_eq!(leader.fire().appends_to(2), [(1, vec![])]);
    leader.receive(2, 1, accepted(1));
    assert_eq!(leader.raft.commit_index(), Index(1));
}

#[test]
fn acknowledgements_repeated_and_out_of_order_change_nothing() {
    let mut leader = Driver::leader(3, Recovered::default()).0;
    leader.receive(2, 1, accepted(1));
    (1..=4).for_each(|id| drop(leader.propose(id)));
    for (ack, expected) in [(3, 3), (2, 3), (5, 5), (3, 5), (5, 5), (0, 5)] {
        let output = leader.receive(2, 1, accepted(ack));
        assert_eq!((matched(&leader, 2), output.appends_to(2)), (expected, vec![]), "after {ack}");
    }
}

#[test]
fn a_stale_rejection_never_leads_back_to_what_is_matched() {
    let mut leader = Driver::leader(3, recovered(1, &[1; 5])).0;
    // The probe at 5 is rejected, the retry at 2 accepted with what it carried.
    assert_eq!(leader.receive(2, 2, rejected(5, 1, 2)).appends_to(2), [(2, vec![3, 4, 5, 6])]);
    leader.receive(2, 2, accepted(6));
    let duplicate = leader.receive(2, 2, rejected(5, 1, 2));
    assert_eq!(duplicate.ignored(), Some(raft::Ignored::StaleRejection));
    assert_eq!((matched(&leader, 2), duplicate.appends_to(2)), (6, vec![]));
    assert_eq!(mode(&leader, 2), Mode::Replicate);
}

#[test]
fn a_rejection_delivered_twice_moves_the_probe_once() {
    let mut leader = Driver::leader(3, recovered(1, &[1; 9])).0;
    assert_eq!(leader.receive(2, 2, rejected(9, 1, 6)).appends_to(2).len(), 1);
    let again = leader.receive(2, 2, rejected(9, 1, 6));
    assert_eq!(again.ignored(), Some(raft::Ignored::StaleRejection));
    assert_eq!(again.appends_to(2), []);
}

#[test]
fn followers_at_the_same_place_share_the_entries_sent() {
    let mut leader = Driver::leader(3, Recovered::default()).0;
    leader.receive(2, 1, accepted(1));
    leader.receive(3, 1, accepted(1));
    let output = leader.propose(1);
    let batches: Vec<_> = output
        .sends()
        .map(|(_, message, _)| match &message.body {
            Body::Append { entries, .. } => std::sync::Arc::as_ptr(entries).cast::<u8>(),
            other => panic!("expected an append, received {other:?}"),
        })
        .collect();
    assert_eq!(batches.len(), 2);
    assert_eq!(batches[0], batches[1]);
}

/// Runs terms of `leader_log` against `follower_log` until they agree; gives the rejections it took.
fn rejections_to_agreement(leader_log: &[u64], follower_log: &[u64]) -> usize {
    let (mut leader, mut output) = Driver::leader(3, recovered(20, leader_log));
    let mut follower = Driver::new(config(2, 3), recovered(20, follower_log));
    let mut rejection_count = 0;
    loop {
        let (_, message, _) = output.sends().find(|(to, ..)| *to == 2).expect("the leader goes on");
        let answer = follower.receive(1, message.term.0, message.body.clone());
        let answer = answer.reply().0.clone();
        if matches!(answer, Body::AppendRejected { .. }) {
            rejection_count += 1;
        }
        output = leader.receive(2, 21, answer);
        if matched(&leader, 2) == leader.raft.last_position().index.0 {
            assert_eq!(leader.raft.entries(), follower.raft.entries());
            return rejection_count;
        }
    }
}

#[test]
fn logs_that_diverge_for_long_agree_after_a_few_rejections() {
    let log = |terms: &[(u64, usize)]| -> Vec<u64> {
        terms.iter().flat_map(|(term, count)| std::iter::repeat_n(*term, *count)).collect()
    };
    let table = [
        ("equal", log(&[(1, 100)]), log(&[(1, 100)]), 0),
        ("follower short", log(&[(1, 500)]), log(&[(1, 10)]), 1),
        ("follower empty", log(&[(1, 300), (2, 300)]), log(&[]), 1),
        ("one deposed term", log(&[(1, 10), (5, 200)]), log(&[(1, 10), (3, 300)]), 1),
        ("three deposed terms", log(&[(1, 10), (5, 200)]), log(&[(1, 10), (2, 100), (3, 100), (4, 100)]), 1),
        ("later deposed term", log(&[(1, 10), (5, 200)]), log(&[(1, 10), (6, 100)]), 1),
        (
            "terms interleaved",
            log(&[(1, 10), (3, 100), (5, 100), (7, 100)]),
            log(&[(1, 10), (2, 100), (4, 100), (6, 100)]),
            3,
        ),
    ];
    for (situation, leader_log, follower_log, expected) in table {
        let rejection_count = rejections_to_agreement(&leader_log, &follower_log);
        assert_eq!(rejection_count, expected, "{situation}");
    }
}

#[test]
fn a_heartbeat_goes_to_everyone_at_every_interval() {
    let mut leader = Driver::leader(3, Recovered::default()).0;
    let mut last = leader.now;
    for _ in 0..3 {
        let output: Output = leader.fire();
        assert_eq!(leader.now - last, leader.raft.config().heartbeat_interval);
        assert_eq!(output.sends().map(|(to, ..)| to).collect::<Vec<_>>(), [2, 3]);
        last = leader.now;
    }
}

/// Nobody is broken then: two followers refuse the deposed leader, and the second refusal finds it deposed.
#[test]
fn answers_to_a_leader_that_is_none_any_more_change_nothing() {
    let mut leader = Driver::leader(3, Recovered::default()).0;
    leader.receive(2, 5, rejected(0, 0, 0));
    let second = leader.receive(3, 5, rejected(0, 0, 0));
    assert_eq!((second.ignored(), second.write), (Some(Ignored::NotLeader), None));

    let mut restarted = Driver::new(config(1, 3), recovered(1, &[1]));
    let late = restarted.receive(2, 1, accepted(1));
    assert_eq!((late.ignored(), late.write), (Some(Ignored::NotLeader), None));
}
