//! Clusters under many random schedules: loss, repetition, reordering, slow disks, crashes that tear
//! writes. [`Cluster`] checks the safety properties after every step; here it is demanded that the
//! schedules reach what could break them, and that the cluster recovers when they end.

use raft::Role;

use crate::cluster::{Cluster, Counts};

const SEEDS: u64 = 200;
const STEPS: u32 = 10_000;

#[test]
fn under_loss_reordering_slow_disks_and_crashes_safety_holds_and_afterwards_all_agree() {
    demand_much(Cluster::new);
}

#[test]
fn with_pre_vote_and_check_quorum_it_is_the_same() {
    demand_much(Cluster::steady);
}

fn demand_much(cluster: fn(u64) -> Cluster) {
    let mut total = Counts::default();
    for seed in 0..SEEDS {
        let voter_count = [3, 5, 1, 4][usize::try_from(seed % 4).expect("small")];
        let counts = run(seed, voter_count, cluster(voter_count)).counts;
        total.elections += counts.elections;
        total.commits += counts.commits;
        total.truncations += counts.truncations;
        total.rejections += counts.rejections;
        total.torn_writes += counts.torn_writes;
        total.restarts += counts.restarts;
    }
    let Counts { elections, commits, truncations, rejections, torn_writes, restarts } = total;
    println!("{total:?}");
    assert!(elections > 4 * SEEDS && commits > 100 * SEEDS, "{total:?}");
    assert!(truncations > SEEDS && rejections > 10 * SEEDS, "{total:?}");
    assert!(torn_writes > SEEDS / 4 && restarts > SEEDS, "{total:?}");
}

#[test]
fn one_seed_gives_one_history() {
    for seed in 0..4 {
        assert_eq!(run(seed, 3, Cluster::new(3)).digests(), run(seed, 3, Cluster::new(3)).digests());
    }
    assert_ne!(run(0, 3, Cluster::new(3)).digests(), run(1, 3, Cluster::new(3)).digests());
}

fn run(seed: u64, voter_count: u64, mut cluster: Cluster) -> Cluster {
    let mut draws = Draws(seed);
    let mut cut_off = 0;
    for _ in 0..STEPS {
        // Now and then another node is cut off, or (0, a name that nobody has) none.
        if draws.below(400) == 0 {
            cut_off = draws.below(voter_count + 1);
        }
        cluster.network.retain(|envelope| envelope.from.0 != cut_off && envelope.to.0 != cut_off);
        // A network that holds ever more delivers ever older messages, and hardly anything happens.
        while cluster.network.len() > 20 {
            with_message(&mut cluster, &mut draws, lose);
        }
        disturb(&mut cluster, &mut draws, voter_count);
    }
    recover(&mut cluster, voter_count);
    cluster
}

fn disturb(cluster: &mut Cluster, draws: &mut Draws, voter_count: u64) {
    let id = 1 + draws.below(voter_count);
    match draws.below(100) {
        0..54 => with_message(cluster, draws, |cluster, at| {
            let envelope = cluster.network.swap_remove(at);
            cluster.deliver(envelope);
        }),
        54..56 => with_message(cluster, draws, lose),
        56..59 => with_message(cluster, draws, |cluster, at| {
            let envelope = cluster.network[at].clone();
            cluster.network.push(envelope);
        }),
        59..83 => cluster.flush_one(id),
        // Whoever takes proposals: a leader that was deposed and does not know it, too.
        83..93 => drop(cluster.propose(id, "command")),
        93..98 => cluster.fire(cluster.next_to_fire()),
        98..99 => cluster.fire(id),
        _ if draws.below(4) == 0 => {
            cluster.restart(id, usize::try_from(draws.below(6)).expect("small"));
        }
        _ => {}
    }
}

fn lose(cluster: &mut Cluster, at: usize) {
    cluster.network.swap_remove(at);
}

fn with_message(cluster: &mut Cluster, draws: &mut Draws, act: impl FnOnce(&mut Cluster, usize)) {
    let count = cluster.network.len() as u64;
    if count > 0 {
        act(cluster, usize::try_from(draws.below(count)).expect("small"));
    }
}

/// Time passes, nothing is lost: a leader is found, and every log is committed everywhere.
fn recover(cluster: &mut Cluster, voter_count: u64) {
    let ids: Vec<u64> = (1..=voter_count).collect();
    cluster.settle(&ids);
    for _ in 0..200 {
        let last = cluster.raft(1).last_position();
        let agrees = |id: &u64| {
            let raft = cluster.raft(*id);
            raft.last_position() == last && raft.applied_index() == last.index
        };
        let leader_count = ids.iter().filter(|id| cluster.raft(**id).role() == Role::Leader).count();
        if leader_count == 1 && ids.iter().all(agrees) {
            return;
        }
        cluster.fire(cluster.next_to_fire());
        cluster.settle(&ids);
    }
    let states: Vec<_> = ids.iter().map(|id| cluster.raft(*id)).map(|raft| (raft.role(), raft.term())).collect();
    panic!("no agreement after the disturbance: {states:?}");
}

/// A small generator for the schedules (`SplitMix64`).
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        let mut x = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0 = x;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % bound
    }
}
