//! Majorities, as pure arithmetic. Each function judges one voter set; a joint configuration
//! (dissertation §4.3) will ask it once for each half and take the weaker answer.

use std::collections::BTreeSet;

use crate::id::{Index, NodeId};

/// The highest index that a majority has reached, given every voter's own, in any order.
///
/// Quadratic, and it sorts nothing: voters are few, and a buffer kept sorted from call to call is a
/// buffer that is one day only partly sorted.
pub(crate) fn committed_index(matched: impl Iterator<Item = Index> + Clone) -> Index {
    let voter_count = matched.clone().count();
    let has_majority = |index: &Index| {
        let reached_count = matched.clone().filter(|reached| reached >= index).count();
        reached_count >= majority(voter_count)
    };
    matched.clone().filter(has_majority).max().unwrap_or(Index::ZERO)
}

/// Whether a majority of `voters` is among `votes`. A set: a repeated vote counts once.
pub(crate) fn is_elected(voters: &[NodeId], votes: &BTreeSet<NodeId>) -> bool {
    let vote_count = voters.iter().filter(|voter| votes.contains(voter)).count();
    vote_count >= majority(voters.len())
}

/// The smallest count of which any two sets of that size share a voter.
const fn majority(voter_count: usize) -> usize {
    voter_count / 2 + 1
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;

    fn committed(matched: &[u64]) -> u64 {
        committed_index(matched.iter().copied().map(Index)).0
    }

    #[test]
    fn the_committed_index_by_hand() {
        let table: [(&[u64], u64); 9] = [
            (&[], 0),
            (&[7], 7),
            (&[7, 0], 0),
            (&[7, 5], 5),
            (&[7, 5, 0], 5),
            (&[0, 0, 9], 0),
            (&[3, 9, 3, 9], 3),
            (&[1, 2, 3, 4, 5], 3),
            (&[5, 5, 5, 0, 0], 5),
        ];
        for (matched, expected) in table {
            assert_eq!(committed(matched), expected, "{matched:?}");
        }
    }

    #[test]
    fn every_assignment_of_up_to_five_voters_agrees_with_the_sorted_definition() {
        for voter_count in 1..=5_usize {
            let assignments = 4_u64.pow(u32::try_from(voter_count).expect("small"));
            for code in 0..assignments {
                let matched: Vec<u64> = (0..voter_count).map(|digit| code >> (2 * digit) & 3).collect();
                let mut descending = matched.clone();
                descending.sort_unstable_by(|a, b| b.cmp(a));
                assert_eq!(committed(&matched), descending[voter_count / 2], "{matched:?}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        /// The definition: of so many voters, the middle one of the sorted indices, the lower of two.
        #[test]
        fn the_committed_index_is_the_middle_of_all(matched in vec(any::<u64>(), 1..12)) {
            let mut descending = matched.clone();
            descending.sort_unstable_by(|a, b| b.cmp(a));
            prop_assert_eq!(committed(&matched), descending[matched.len() / 2]);
        }

        /// The definition: more voters voted than did not.
        #[test]
        fn elected_is_who_has_more_than_half_of_the_voters(
            voters in btree_set(0..12_u64, 1..12),
            votes in btree_set(0..24_u64, 0..24),
        ) {
            let (for_it, not) = voters.iter().partition::<Vec<u64>, _>(|voter| votes.contains(voter));
            let voters: Vec<NodeId> = voters.iter().copied().map(NodeId).collect();
            let votes: BTreeSet<NodeId> = votes.iter().copied().map(NodeId).collect();
            prop_assert_eq!(is_elected(&voters, &votes), for_it.len() > not.len());
        }
    }

    #[test]
    fn any_two_electing_sets_of_voters_intersect() {
        for voter_count in 1..=5_u64 {
            let voters: Vec<NodeId> = (0..voter_count).map(NodeId).collect();
            let subset = |bits: u64| -> BTreeSet<NodeId> {
                voters.iter().copied().filter(|voter| bits >> voter.0 & 1 == 1).collect()
            };
            let elects = |bits: &u64| is_elected(&voters, &subset(*bits));
            let electing: Vec<u64> = (0..1 << voter_count).filter(elects).collect();
            assert!(electing.contains(&((1 << voter_count) - 1)), "all of {voter_count} elect");
            for (a, b) in electing.iter().flat_map(|a| electing.iter().map(move |b| (a, b))) {
                assert_ne!(a & b, 0, "{voter_count} voters, sets {a:b} and {b:b}");
            }
        }
    }

    #[test]
    fn votes_of_strangers_elect_nobody() {
        let voters = [NodeId(1), NodeId(2), NodeId(3)];
        assert!(!is_elected(&voters, &BTreeSet::from([NodeId(1), NodeId(8), NodeId(9)])));
        assert!(is_elected(&voters, &BTreeSet::from([NodeId(1), NodeId(3)])));
    }
}
