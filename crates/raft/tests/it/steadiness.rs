//! PreVote, CheckQuorum, and votes refused while a leader is alive: what keeps a leader that works.

use std::time::Duration;

use raft::{Body, Config, Ignored, Index, NodeId, Recovered, Role, Term};

use crate::cluster::Cluster;
use crate::driver::{Driver, accepted, append, config, position, recovered};

const THREE: [u64; 3] = [1, 2, 3];
const GRANTED: Body = Body::PreVoteReply { granted: true };

fn steady(voter_count: u64) -> Config {
    Config { pre_vote: true, check_quorum: true, ..config(1, voter_count) }
}

fn pre_vote(last_term: u64, last_index: u64) -> Body {
    Body::PreVoteRequest { last: position(last_term, last_index) }
}

fn vote(last_term: u64, last_index: u64) -> Body {
    Body::VoteRequest { last: position(last_term, last_index) }
}

/// A leader of three, whose no-op is durable.
fn leader() -> Driver {
    let mut leader = Driver::new(steady(3), Recovered::default());
    leader.fire();
    let campaign = leader.receive(2, 0, GRANTED);
    leader.persisted(&campaign);
    let elected = leader.receive(2, 1, Body::VoteReply { granted: true });
    leader.persisted(&elected);
    assert_eq!(leader.raft.role(), Role::Leader);
    leader
}

#[test]
fn who_asks_first_writes_nothing_and_enters_no_term_until_a_majority_would_vote() {
    let mut node = Driver::new(steady(5), recovered(3, &[1, 3]));
    for _ in 0..3 {
        let asks = node.fire();
        assert_eq!((node.raft.role(), node.raft.term(), asks.write), (Role::PreCandidate, Term(3), None));
        let sends: Vec<_> = asks.sends().map(|(to, message, _)| (to, message.body.clone())).collect();
        assert_eq!(sends, [2, 3, 4, 5].map(|to| (to, pre_vote(3, 2))));
    }
    node.receive(2, 3, GRANTED);
    node.receive(2, 3, GRANTED);
    assert_eq!(node.raft.role(), Role::PreCandidate, "two of five");
    let campaign = node.receive(4, 3, GRANTED);
    assert_eq!((node.raft.role(), node.raft.term()), (Role::Candidate, Term(4)));
    assert_eq!(campaign.sends().next().expect("requests").1.body, vote(3, 2));
}

#[test]
fn a_node_alone_in_its_cluster_needs_nobody() {
    let mut node = Driver::new(steady(1), Recovered::default());
    let campaign = node.fire();
    node.persisted(&campaign);
    assert_eq!(node.raft.role(), Role::Leader);
}

#[test]
fn a_pre_vote_binds_nobody() {
    let mut node = Driver::new(steady(3), recovered(3, &[1, 3]));
    for from in [2, 3] {
        let answer = node.receive(from, 3, pre_vote(3, 2));
        assert_eq!((answer.reply(), answer.write), ((&GRANTED, None), None));
    }
    let refused = Body::PreVoteReply { granted: false };
    assert_eq!(node.receive(2, 3, pre_vote(3, 1)).reply().0, &refused, "our log is longer");
    assert_eq!(node.receive(2, 3, pre_vote(2, 9)).reply().0, &refused, "our log is of a later term");
}

/// Were it left without an answer, a node behind its peers' term would ask in vain for ever.
#[test]
fn who_is_behind_learns_the_term_from_a_refused_pre_vote() {
    let mut ahead = Driver::new(steady(3), recovered(5, &[1]));
    let answer = ahead.receive(2, 3, pre_vote(1, 1));
    let (_, message, _) = answer.sends().next().expect("an answer");
    assert_eq!((message.term, &message.body), (Term(5), &Body::PreVoteReply { granted: false }));

    let mut behind = Driver::new(steady(3), recovered(3, &[1]));
    behind.fire();
    behind.receive(2, 5, Body::PreVoteReply { granted: false });
    assert_eq!((behind.raft.role(), behind.raft.term()), (Role::Follower, Term(5)));
}

#[test]
fn a_pre_vote_that_comes_after_the_election_starts_no_other() {
    let mut leader = leader();
    let late = leader.receive(3, 0, GRANTED);
    assert_eq!(late.ignored(), Some(Ignored::StaleTerm));
    assert_eq!((leader.raft.role(), leader.raft.term()), (Role::Leader, Term(1)));
}

#[test]
fn as_long_as_its_leader_is_alive_a_follower_hears_no_candidate() {
    let mut follower = Driver::new(steady(3), Recovered::default());
    follower.receive(2, 1, append(position(0, 0), &[1], 0));
    follower.now += Duration::from_millis(149);
    for request in [pre_vote(1, 1), vote(1, 1)] {
        let ignored = follower.receive(3, 2, request);
        assert_eq!((ignored.ignored(), ignored.sends().count()), (Some(Ignored::LeaderAlive), 0));
    }
    assert_eq!(follower.raft.term(), Term(1));
    follower.now += Duration::from_millis(1);
    let answer = follower.receive(3, 2, vote(1, 1));
    assert_eq!(answer.reply().0, &Body::VoteReply { granted: true });
}

/// Followers alone are not enough: a node that comes back asks the leader too, and a leader that entered the later term
/// would depose itself.
#[test]
fn a_leader_hears_no_candidate_either() {
    let mut leader = leader();
    for request in [pre_vote(1, 1), vote(1, 1)] {
        assert_eq!(leader.receive(3, 7, request).ignored(), Some(Ignored::LeaderAlive));
    }
    assert_eq!((leader.raft.role(), leader.raft.term()), (Role::Leader, Term(1)));
}

#[test]
fn a_leader_that_no_quorum_answers_steps_down_and_says_so() {
    let mut leader = leader();
    leader.receive(2, 1, accepted(1));
    let start = leader.now;
    // The answer before the first look counts there, and not at the second.
    while leader.raft.role() == Role::Leader {
        leader.fire();
        assert!(leader.now <= start + Duration::from_millis(300), "it still leads");
    }
    assert_eq!(leader.now, start + Duration::from_millis(300), "two looks, a shortest election timeout apart");
    assert_eq!((leader.raft.role(), leader.raft.term(), leader.raft.leader()), (Role::Follower, Term(1), None));
    assert_eq!(leader.propose(1).outcome(), raft::Outcome::NotLeader { leader: None });
}

#[test]
fn a_leader_that_a_quorum_answers_stays() {
    let mut leader = leader();
    for round in 0..20 {
        leader.fire();
        // One of two followers, and rejections count as answers.
        leader.receive(3, 1, Body::AppendRejected { previous: Index(round), hint: position(0, 0) });
    }
    assert_eq!(leader.raft.role(), Role::Leader);
}

#[test]
fn a_node_that_was_cut_off_comes_back_without_deposing_the_leader() {
    let mut cluster = Cluster::steady(3);
    cluster.elect(1, &THREE);
    for _ in 0..5 {
        cluster.fire(3);
        cluster.settle(&[3]);
    }
    assert_eq!(cluster.raft(3).term(), Term(1), "nobody answered, so there was no election");
    cluster.fire(1);
    cluster.fire(3);
    cluster.settle(&THREE);
    assert_eq!((cluster.raft(1).role(), cluster.raft(1).term()), (Role::Leader, Term(1)));
    assert_eq!(cluster.raft(3).leader(), Some(NodeId(1)));
}

#[test]
fn no_more_than_a_window_is_under_way_and_what_waited_goes_in_larger_appends() {
    let window = Config { max_entries_in_flight: 3, ..config(1, 3) };
    let mut leader = Driver::new(window, Recovered::default());
    let campaign = leader.fire();
    leader.persisted(&campaign);
    leader.receive(2, 1, Body::VoteReply { granted: true });
    leader.receive(2, 1, accepted(1));
    let sent: Vec<usize> = (0..6).map(|proposal| leader.propose(proposal).appends_to(2).len()).collect();
    assert_eq!(sent, [1, 1, 1, 0, 0, 0]);
    assert_eq!(leader.receive(2, 1, accepted(2)).appends_to(2), [(4, vec![5])]);
    assert_eq!(leader.receive(2, 1, accepted(5)).appends_to(2), [(5, vec![6, 7])]);
}
