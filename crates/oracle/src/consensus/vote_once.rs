//! A node votes once a term, whatever crashes (Raft figure 2, `votedFor`).

use std::collections::BTreeMap;

use sim::{Checker, Flaw, Judgement, NodeId, Observed, Witness};

use super::fact::{LogFact, Replicated, log_fact};

/// A vote that others may rely on is the voter's only one of that term, and the voter knows of it after a restart.
#[derive(Clone, Debug, Default)]
pub struct VoteOnce {
    /// By voter and term.
    votes: BTreeMap<(NodeId, u64), (NodeId, Witness)>,
}

impl<P: Replicated> Checker<P> for VoteOnce {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        let voter = observed.node;
        match log_fact(observed) {
            Some(LogFact::Voted { term, candidate }) => {
                let here = (*candidate, observed.witness(*term));
                let (first, witness) = *self.votes.entry((voter, *term)).or_insert(here);
                Judgement::holds_if(first == *candidate, || Flaw {
                    explanation: format!(
                        "{voter} voted for {candidate} in term {term} after it had voted for {first} at {}",
                        witness.time
                    ),
                    witnesses: vec![witness, here.1],
                })
            }
            Some(LogFact::Restarted { term, voted_for }) => {
                let Some((given, witness)) = self.votes.get(&(voter, *term)) else { return Judgement::Irrelevant };
                Judgement::holds_if(*voted_for == Some(*given), || Flaw {
                    explanation: format!(
                        "{voter} voted for {given} in term {term} at {}, and restarted in that term {}",
                        witness.time,
                        voted_for.map_or("without a vote".to_owned(), |vote| format!("with a vote for {vote}"))
                    ),
                    witnesses: vec![*witness, observed.witness(*term)],
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

    #[test]
    fn one_vote_a_term_repeated_and_remembered() {
        let history = "n1 voted 3 n2
            n1 voted 3 n2
            n1 crashes
            n1 boots
            n1 restarted 3 n2
            n1 voted 4 n3";
        accepts(VoteOnce::default(), history);
    }

    #[test]
    fn two_votes_of_a_term_are_refused() {
        let twice = "n1 voted for n3 in term 3 after it had voted for n2 at 0.001s";
        refuses(VoteOnce::default(), "n1 voted 3 n2\nn1 voted 3 n3", twice);
    }

    #[test]
    fn a_vote_that_is_forgotten_is_refused_before_it_is_given_again() {
        let forgotten = "n1 voted for n2 in term 3 at 0.001s, and restarted in that term without a vote";
        refuses(VoteOnce::default(), "n1 voted 3 n2\nn1 crashes\nn1 boots\nn1 restarted 3", forgotten);
        let changed = "n1 voted for n2 in term 3 at 0.001s, and restarted in that term with a vote for n3";
        refuses(VoteOnce::default(), "n1 voted 3 n2\nn1 boots\nn1 restarted 3 n3", changed);
    }
}
