//! Clusters in named situations.

use raft::{Body, Index, NodeId, Role};

use crate::cluster::{Cluster, Envelope};

const ALL: [u64; 3] = [1, 2, 3];
const FIVE: [u64; 5] = [1, 2, 3, 4, 5];

#[test]
fn three_nodes_elect_a_leader_and_replicate() {
    let mut cluster = Cluster::new(3);
    cluster.elect(1, &ALL);
    cluster.propose(1, "a");
    cluster.propose(1, "b");
    cluster.settle(&ALL);
    cluster.fire(1);
    cluster.settle(&ALL);
    for id in ALL {
        assert_eq!(cluster.raft(id).applied_index(), Index(3), "n{id}");
        assert_eq!(cluster.raft(id).leader(), Some(NodeId(1)));
    }
}

#[test]
fn without_a_majority_nothing_is_committed_and_on_return_all_is() {
    let mut cluster = Cluster::new(3);
    cluster.elect(1, &ALL);
    cluster.propose(1, "cut off");
    cluster.settle(&[1]);
    assert_eq!(cluster.raft(1).commit_index(), Index(1));
    for _ in 0..2 {
        cluster.fire(1);
        cluster.settle(&ALL);
    }
    assert_eq!(cluster.raft(3).applied_index(), Index(2));
}

#[test]
fn entries_of_an_isolated_leader_give_way_to_the_majoritys() {
    let mut cluster = Cluster::new(3);
    cluster.elect(1, &ALL);
    for command in ["lost 1", "lost 2", "lost 3"] {
        cluster.propose(1, command);
    }
    cluster.settle(&[1]);
    cluster.elect(2, &[2, 3]);
    cluster.propose(2, "kept");
    cluster.settle(&[2, 3]);
    assert_eq!(cluster.log_terms(1), [1, 1, 1, 1]);

    for _ in 0..2 {
        cluster.fire(2);
        cluster.settle(&ALL);
    }
    let term = cluster.raft(2).term().0;
    assert_eq!(cluster.log_terms(1), [1, term, term]);
    assert_eq!(cluster.raft(1).applied_index(), Index(3));
    assert_eq!(cluster.counts.truncations, 1);
}

#[test]
fn figure_8_d_an_old_entry_on_a_majority_is_overwritten_and_nobody_had_applied_it() {
    let mut cluster = figure_8_c();
    cluster.restart(5, 0);
    campaign_until_leader(&mut cluster, 5, &[2, 3, 4]);
    cluster.network.clear();
    for _ in 0..3 {
        cluster.fire(5);
        cluster.settle(&FIVE);
    }
    let term = cluster.raft(5).term().0;
    for id in FIVE {
        assert_eq!(cluster.log_terms(id), [1, 2, term], "n{id}");
        assert_eq!(cluster.raft(id).applied_index(), Index(3), "n{id}");
    }
}

#[test]
fn figure_8_e_below_an_entry_of_the_leaders_term_the_old_entry_is_committed_for_good() {
    let mut cluster = figure_8_c();
    cluster.fire(1);
    cluster.settle(&[1, 2, 3]);
    assert_eq!(cluster.log_terms(1), [1, 1, 3]);
    assert_eq!(cluster.raft(1).commit_index(), Index(3));

    cluster.restart(5, 0);
    cluster.fire(5);
    cluster.settle(&[2, 3, 4, 5]);
    assert_ne!(cluster.raft(5).role(), Role::Leader, "n2 and n3 know better");
}

/// Raft figure 8 (c), one term earlier than there: entry 2 of term 1 is on n1, n2 and n3, a majority;
/// n5 has another entry 2, of term 2; n1 leads term 3, and its entry 3 is on no other node.
fn figure_8_c() -> Cluster {
    let mut cluster = Cluster::with_entries_per_append(5, 1);
    cluster.elect(1, &FIVE);
    cluster.fire(1);
    cluster.settle(&FIVE);
    let _ = cluster.propose(1, "old");
    cluster.settle(&[1, 2]);

    campaign_until_leader(&mut cluster, 5, &[3, 4]);
    cluster.network.clear();

    cluster.restart(1, 0);
    campaign_until_leader(&mut cluster, 1, &[2, 3, 4]);
    cluster.network.clear();
    let carries_entry_3 = |envelope: &Envelope| match &envelope.message.body {
        Body::Append { entries, .. } => entries.iter().any(|entry| entry.index == Index(3)),
        _ => false,
    };
    cluster.fire(1);
    for _ in 0..8 {
        cluster.deliver_matching(|envelope| {
            let is_among = |id: NodeId| [1, 2, 3].contains(&id.0);
            is_among(envelope.from) && is_among(envelope.to) && !carries_entry_3(envelope)
        });
    }
    cluster.network.clear();

    let logs: Vec<_> = FIVE.map(|id| cluster.log_terms(id)).into();
    assert_eq!(logs, [vec![1, 1, 3], vec![1, 1], vec![1, 1], vec![1], vec![1, 2]]);
    let leader = cluster.raft(1);
    let matched: Vec<_> = leader.followers().map(|(_, progress)| progress.matched().0).collect();
    assert_eq!((leader.role(), &matched[..2]), (Role::Leader, &[2, 2][..]), "counted by n1");
    assert_eq!(leader.commit_index(), Index(0), "and yet not committed");
    cluster
}

/// Campaigns until these voters elect the candidate. Nothing but votes is delivered.
fn campaign_until_leader(cluster: &mut Cluster, candidate: u64, voters: &[u64]) {
    let is_vote = |envelope: &Envelope| {
        let is_voters = |id: NodeId| voters.contains(&id.0) || id.0 == candidate;
        let body = &envelope.message.body;
        let is_vote = matches!(body, Body::VoteRequest { .. } | Body::VoteReply { .. });
        is_vote && is_voters(envelope.from) && is_voters(envelope.to)
    };
    for _ in 0..5 {
        cluster.fire(candidate);
        cluster.deliver_matching(is_vote);
        cluster.deliver_matching(is_vote);
        if cluster.raft(candidate).role() == Role::Leader {
            return;
        }
    }
    panic!("n{candidate} is not elected by {voters:?}");
}
