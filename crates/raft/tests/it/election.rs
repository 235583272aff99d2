//! Campaigns and votes.

use std::time::Duration;

use raft::{Body, Effect, HardState, Index, NodeId, Record, Recovered, Role, Term};

use crate::driver::{Driver, append, config, position, recovered};

const GRANTED: Body = Body::VoteReply { granted: true };
const REFUSED: Body = Body::VoteReply { granted: false };

fn vote_request(last_term: u64, last_index: u64) -> Body {
    Body::VoteRequest { last: position(last_term, last_index) }
}

#[test]
fn a_candidate_is_elected_by_a_majority_and_says_so_before_it_sends() {
    let mut node = Driver::new(config(1, 3), Recovered::default());
    let campaign = node.fire();
    assert_eq!(campaign.records, [hard_state(1, Some(1))]);
    let requests: Vec<_> = campaign.sends().collect();
    assert_eq!(requests.iter().map(|(to, ..)| *to).collect::<Vec<_>>(), [2, 3]);
    for (_, message, after) in requests {
        assert_eq!(message.body, vote_request(0, 0));
        assert_eq!(after, campaign.write, "not before our own vote is durable");
    }

    assert_eq!(node.persisted(&campaign).effects, []);
    let elected = node.receive(2, 1, GRANTED);
    let role_changed = Effect::RoleChanged { role: Role::Leader, term: Term(1), leader: Some(NodeId(1)) };
    assert_eq!(elected.effects[0], role_changed);
    for peer in [2, 3] {
        assert_eq!(elected.appends_to(peer), [(0, vec![1])], "the no-op, to n{peer}");
    }
}

#[test]
fn the_candidates_own_vote_counts_only_once_it_is_durable() {
    let mut node = Driver::new(config(1, 3), Recovered::default());
    let campaign = node.fire();
    node.receive(2, 1, GRANTED);
    assert_eq!(node.raft.role(), Role::Candidate);
    node.persisted(&campaign);
    assert_eq!(node.raft.role(), Role::Leader);
}

#[test]
fn an_older_write_does_not_make_the_candidates_own_vote_durable() {
    let mut node = Driver::new(config(1, 3), recovered(1, &[]));
    let older = node.receive(2, 1, append(position(0, 0), &[1], 0));
    let campaign = node.fire();
    node.receive(3, 2, GRANTED);
    node.persisted(&older);
    assert_eq!(node.raft.role(), Role::Candidate);
    node.persisted(&campaign);
    assert_eq!(node.raft.role(), Role::Leader);
}

#[test]
fn a_vote_delivered_twice_counts_once() {
    let mut node = Driver::new(config(1, 5), Recovered::default());
    let campaign = node.fire();
    node.persisted(&campaign);
    for _ in 0..3 {
        node.receive(2, 1, GRANTED);
    }
    assert_eq!(node.raft.role(), Role::Candidate, "two of five");
    node.receive(3, 1, GRANTED);
    assert_eq!(node.raft.role(), Role::Leader);
}

#[test]
fn refusals_and_votes_of_an_earlier_campaign_elect_nobody() {
    let mut node = Driver::new(config(1, 3), Recovered::default());
    node.fire();
    let second_campaign = node.fire();
    node.persisted(&second_campaign);
    assert_eq!(node.raft.term(), Term(2));
    node.receive(2, 1, GRANTED);
    node.receive(3, 2, REFUSED);
    assert_eq!(node.raft.role(), Role::Candidate);
    node.receive(3, 2, GRANTED);
    assert_eq!(node.raft.role(), Role::Leader);
}

#[test]
fn a_vote_is_refused_to_a_log_less_up_to_date() {
    // The voter's log ends at term 2, index 3.
    let table = [
        (position(2, 3), true),
        (position(2, 4), true),
        (position(3, 1), true),
        (position(2, 2), false),
        (position(1, 9), false),
        (position(0, 0), false),
    ];
    for (last, granted) in table {
        let mut voter = Driver::new(config(1, 3), recovered(4, &[1, 2, 2]));
        let output = voter.receive(2, 5, Body::VoteRequest { last });
        assert_eq!(output.reply().0, &Body::VoteReply { granted }, "{last}");
        assert_eq!(voter.raft.voted_for(), granted.then_some(NodeId(2)), "{last}");
    }
}

#[test]
fn one_vote_per_term_and_the_same_again_to_the_same_candidate() {
    let mut voter = Driver::new(config(1, 3), Recovered::default());
    assert_eq!(voter.receive(2, 1, vote_request(0, 0)).reply().0, &GRANTED);
    assert_eq!(voter.receive(3, 1, vote_request(0, 0)).reply().0, &REFUSED);
    let repeated = voter.receive(2, 1, vote_request(0, 0));
    assert_eq!(repeated.reply().0, &GRANTED);
    assert_eq!(repeated.write, None, "nothing new to write");
    assert_eq!(voter.receive(3, 2, vote_request(0, 0)).reply().0, &GRANTED, "in the next term");
}

#[test]
fn a_vote_survives_a_restart() {
    let hard_state = HardState { term: Term(7), voted_for: Some(NodeId(2)) };
    let recovered = Recovered { hard_state, log: Vec::new() };
    let mut voter = Driver::new(config(1, 3), recovered);
    assert_eq!(voter.receive(3, 7, vote_request(0, 0)).reply().0, &REFUSED);
    assert_eq!(voter.receive(2, 7, vote_request(0, 0)).reply(), (&GRANTED, None));
}

#[test]
fn candidates_and_leaders_give_no_vote_in_their_own_term() {
    let mut node = Driver::new(config(1, 3), Recovered::default());
    let campaign = node.fire();
    node.persisted(&campaign);
    assert_eq!(node.receive(2, 1, vote_request(0, 0)).reply().0, &REFUSED);
    node.receive(3, 1, GRANTED);
    assert_eq!(node.receive(2, 1, vote_request(0, 9)).ignored(), Some(raft::Ignored::Malformed));
    let mut leader = Driver::leader(3, recovered(3, &[1])).0;
    assert_eq!(leader.receive(2, 4, vote_request(3, 9)).reply().0, &REFUSED);
    assert_eq!(leader.raft.role(), Role::Leader);
}

#[test]
fn a_candidate_yields_to_the_leader_of_its_term() {
    let mut node = Driver::new(config(1, 3), Recovered::default());
    node.fire();
    node.receive(2, 1, append(position(0, 0), &[1], 0));
    assert_eq!((node.raft.role(), node.raft.leader()), (Role::Follower, Some(NodeId(2))));
    assert_eq!(node.raft.voted_for(), Some(NodeId(1)), "its vote stays cast");
}

#[test]
fn a_later_term_deposes_a_leader_whatever_the_message() {
    let table = [
        ("vote request", vote_request(0, 0)),
        ("refused vote", REFUSED),
        ("append", append(position(0, 0), &[], 0)),
        ("rejection", Body::AppendRejected { previous: Index(1), hint: position(0, 0) }),
    ];
    for (kind, body) in table {
        let mut leader = Driver::leader(3, Recovered::default()).0;
        let output = leader.receive(3, 9, body);
        assert_eq!((leader.raft.role(), leader.raft.term()), (Role::Follower, Term(9)), "{kind}");
        assert_eq!(output.ignored(), None, "{kind}");
        assert!(leader.raft.next_deadline().expect("a follower waits") > leader.now, "{kind}");
    }
}

#[test]
fn only_a_vote_given_or_a_leader_heard_puts_off_the_election() {
    let mut node = Driver::new(config(1, 3), recovered(1, &[1, 1]));
    let first_deadline = node.raft.next_deadline();
    node.now = Duration::from_millis(100);

    node.receive(2, 2, vote_request(0, 0));
    assert_eq!(node.raft.next_deadline(), first_deadline, "vote refused");
    node.receive(2, 3, vote_request(1, 2));
    let after_vote = node.raft.next_deadline();
    assert!(after_vote > first_deadline, "vote given");

    node.now = Duration::from_millis(200);
    node.receive(2, 3, vote_request(1, 2));
    assert_eq!(node.raft.next_deadline(), after_vote, "the same vote repeated");
    node.receive(2, 3, append(position(9, 9), &[], 0));
    assert_eq!(node.raft.next_deadline(), after_vote, "malformed: previous above the term");
    node.receive(2, 3, append(position(3, 9), &[], 0));
    assert!(node.raft.next_deadline() > after_vote, "a leader heard, even if it has to probe");
}

#[test]
fn a_deadline_before_its_time_changes_nothing() {
    let mut node = Driver::new(config(1, 3), Recovered::default());
    let deadline = node.raft.next_deadline().expect("a follower waits");
    node.now = deadline - Duration::from_nanos(1);
    let output = node.input(raft::Input::Deadline);
    assert_eq!((output.effects, output.write), (vec![], None));
    assert_eq!(node.raft.next_deadline(), Some(deadline));
}

#[test]
fn a_candidate_that_hears_nothing_tries_again_in_the_next_term_after_another_timeout() {
    let mut node = Driver::new(config(1, 3), Recovered::default());
    let mut timeouts = Vec::new();
    for term in 1..=4 {
        let started = node.now;
        node.fire();
        assert_eq!((node.raft.role(), node.raft.term()), (Role::Candidate, Term(term)));
        timeouts.push(node.now - started);
    }
    timeouts.dedup();
    assert_eq!(timeouts.len(), 4, "drawn anew for every term: {timeouts:?}");
}

fn hard_state(term: u64, voted_for: Option<u64>) -> Record {
    Record::HardState(HardState { term: Term(term), voted_for: voted_for.map(NodeId) })
}
