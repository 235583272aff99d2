//! Lives on a disk that forgets, and damage to what they leave. The example `torture` does as many as one likes.

use crate::torture::{Counts, trial};

#[test]
fn whatever_a_crash_leaves_nothing_synced_is_lost_and_whatever_is_damaged_is_refused() {
    let mut counts = Counts::default();
    (0..4000).for_each(|seed| trial(seed, 10, &mut counts));
    println!("{counts}");
    // It saw what it is for.
    let Counts { torn_tails, records_cut, records_kept_unsynced, segments_removed, void_segments, .. } = counts;
    let seen = [torn_tails, records_cut, records_kept_unsynced, segments_removed, void_segments, counts.failed_syncs];
    assert!(seen.iter().all(|seen| *seen > 100), "{counts}");
    let told = [counts.refused, counts.refused_middle, counts.refused_missing_or_fork, counts.harmless];
    assert!(told.iter().all(|told| *told > 50), "{counts}");
}

#[test]
fn the_same_seed_is_the_same_trial() {
    let counts = |seed| {
        let mut counts = Counts::default();
        trial(seed, 20, &mut counts);
        counts
    };
    assert_eq!(counts(7), counts(7));
}
