//! Who leads has the votes of a quorum (Raft §5.2).

use std::collections::BTreeMap;

use sim::{Checker, Flaw, Judgement, NodeId, Observed, Witness};

use super::fact::{LogFact, Replicated, log_fact, quorum};

/// A node that is elected in a term has been voted for, in that term, by a quorum of different voters.
///
/// The votes are those that the voters stand by. A leader that counts a repeated vote twice is caught at its first
/// election, long before a second leader of the same term shows up.
#[derive(Clone, Debug)]
pub struct VoteQuorum {
    voters: Vec<NodeId>,
    /// Who voted for whom, by term and candidate.
    votes: BTreeMap<(u64, NodeId), Vec<Witness>>,
}

impl VoteQuorum {
    /// For a cluster in which these vote.
    pub fn new(voters: &[NodeId]) -> VoteQuorum {
        VoteQuorum { voters: voters.to_vec(), votes: BTreeMap::new() }
    }
}

impl<P: Replicated> Checker<P> for VoteQuorum {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        match log_fact(observed) {
            Some(LogFact::Voted { term, candidate }) if self.voters.contains(&observed.node) => {
                let votes = self.votes.entry((*term, *candidate)).or_default();
                if !votes.iter().any(|vote| vote.node == observed.node) {
                    votes.push(observed.witness(*term));
                }
                Judgement::Irrelevant
            }
            Some(LogFact::Elected { term }) => {
                let (leader, needed) = (observed.node, quorum(self.voters.len()));
                let votes = self.votes.get(&(*term, leader)).map_or(&[][..], Vec::as_slice);
                Judgement::holds_if(votes.len() >= needed, || Flaw {
                    explanation: format!(
                        "{leader} leads term {term} with {} of {} votes, {needed} are a quorum: {:?}",
                        votes.len(),
                        self.voters.len(),
                        votes.iter().map(|vote| vote.node).collect::<Vec<NodeId>>()
                    ),
                    witnesses: votes.iter().copied().chain([observed.witness(*term)]).collect(),
                })
            }
            _ => Judgement::Irrelevant,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    fn of_three() -> VoteQuorum {
        VoteQuorum::new(&[1, 2, 3].map(NodeId::node))
    }

    #[test]
    fn two_of_three_are_a_quorum() {
        accepts(of_three(), "n1 voted 2 n1\nn3 voted 2 n1\nn1 elected 2");
    }

    #[test]
    fn a_vote_counts_once_in_its_term_for_its_candidate() {
        let history = "n1 n1 voted 2 n1
            n3 voted 1 n1
            n3 voted 2 n3
            n1 elected 2";
        refuses(of_three(), history, "n1 leads term 2 with 1 of 3 votes, 2 are a quorum: [n1]");
    }

    #[test]
    fn who_has_no_vote_cannot_give_it() {
        let history = "n1 n4 voted 2 n1\nn1 elected 2";
        refuses(of_three(), history, "n1 leads term 2 with 1 of 3 votes, 2 are a quorum: [n1]");
    }
}
