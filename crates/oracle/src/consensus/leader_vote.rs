//! A leader has its own vote, and gives nobody another in its term (Raft §5.2).

use sim::{Checker, Flaw, Judgement, NodeId, Observed, Witness};

use super::fact::{LogFact, Replicated, log_fact};
use crate::by_node::ByNode;

/// Invariant 17: a node that is elected in a term has given its vote in it to itself, and gives none in it to anybody else.
///
/// In its memory too, before anybody relies on it: a leader that does not know of its own vote waits only for somebody to
/// ask for it.
#[derive(Clone, Debug, Default)]
pub struct LeaderVote {
    nodes: ByNode<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// The last vote that it knows of, and its term.
    cast: Option<(u64, NodeId)>,
    /// The last term that it led.
    led: Option<(u64, Witness)>,
}

impl<P: Replicated> Checker<P> for LeaderVote {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        let node = observed.node;
        match log_fact(observed) {
            Some(LogFact::Restarted { term, voted_for }) => {
                self.nodes.get_mut(node).cast = voted_for.map(|candidate| (*term, candidate));
                Judgement::Irrelevant
            }
            Some(LogFact::Elected { term }) => {
                let state = self.nodes.get_mut(node);
                state.led = Some((*term, observed.witness(*term)));
                let vote = state.cast.filter(|(cast_in, _)| cast_in == term).map(|(_, candidate)| candidate);
                Judgement::holds_if(vote == Some(node), || Flaw {
                    explanation: format!("{node} leads term {term}, and {}", described(vote)),
                    witnesses: vec![observed.witness(*term)],
                })
            }
            Some(LogFact::Cast { term, candidate }) => {
                let state = self.nodes.get_mut(node);
                state.cast = Some((*term, *candidate));
                state.judge(*term, *candidate, observed.witness(*term))
            }
            Some(LogFact::Voted { term, candidate }) => {
                self.nodes.get_mut(node).judge(*term, *candidate, observed.witness(*term))
            }
            _ => Judgement::Irrelevant,
        }
    }
}

impl State {
    fn judge(&self, term: u64, candidate: NodeId, here: Witness) -> Judgement {
        let Some((_, elected)) = self.led.filter(|(led, _)| *led == term) else { return Judgement::Irrelevant };
        let leader = here.node;
        Judgement::holds_if(candidate == leader, || Flaw {
            explanation: format!("{leader}, elected in term {term} at {}, voted for {candidate} in it", elected.time),
            witnesses: vec![elected, here],
        })
    }
}

fn described(vote: Option<NodeId>) -> String {
    match vote {
        Some(candidate) => format!("its vote in it is for {candidate}"),
        None => "knows of no vote of its own in it".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn a_leader_votes_for_itself_and_in_a_later_term_for_whom_it_likes() {
        let history = "n1 casts 3 n1
            n1 elected 3
            n1 voted 3 n1
            n1 deposed 3
            n1 casts 4 n2
            n1 voted 4 n2
            n1 crashes
            n1 boots
            n1 restarted 4 n2
            n1 casts 5 n1
            n1 elected 5";
        accepts(LeaderVote::default(), history);
    }

    #[test]
    fn a_leader_without_its_own_vote_is_refused() {
        let none = "n1 leads term 3, and knows of no vote of its own in it";
        refuses(LeaderVote::default(), "n1 casts 2 n1\nn1 elected 3", none);
        refuses(LeaderVote::default(), "n1 casts 3 n1\nn1 boots\nn1 restarted 3\nn1 elected 3", none);
        let other = "n1 leads term 3, and its vote in it is for n2";
        refuses(LeaderVote::default(), "n1 casts 3 n2\nn1 elected 3", other);
    }

    #[test]
    fn a_leader_that_votes_for_another_is_refused_though_it_was_deposed() {
        let granted = "n1, elected in term 3 at 0.002s, voted for n2 in it";
        refuses(LeaderVote::default(), "n1 casts 3 n1\nn1 elected 3\nn1 voted 3 n2", granted);
        refuses(LeaderVote::default(), "n1 casts 3 n1\nn1 elected 3\nn1 deposed 3\nn1 casts 3 n2", granted);
    }
}
