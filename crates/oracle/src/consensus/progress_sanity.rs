//! What a leader knows of a follower only grows, and it sends what comes after (Raft figure 2, `nextIndex`, `matchIndex`).

use sim::{Checker, Fact, Flaw, Judgement, NodeId, Observed, Witness};

use super::fact::{LogFact, Replicated, log_fact};
use crate::by_node::ByNode;

/// Invariants 15 and 23: of each follower, what a leader takes for matched lies before what it sends next, and never goes
/// back while it leads.
///
/// Not every protocol promises the second: one that lets a follower come back without its disk must take back what that had.
#[derive(Clone, Debug, Default)]
pub struct ProgressSanity {
    leaders: ByNode<Leadership>,
}

#[derive(Clone, Debug, Default)]
struct Leadership {
    term: u64,
    /// What was matched last of each follower, and since when.
    matched: ByNode<Option<(u64, Witness)>>,
}

impl<P: Replicated> Checker<P> for ProgressSanity {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        let Some(fact @ LogFact::Matched { term, follower, matched, next }) = log_fact(observed) else {
            return Judgement::Irrelevant;
        };
        let leadership = self.leaders.get_mut(observed.node);
        if leadership.term != *term {
            *leadership = Leadership { term: *term, matched: ByNode::default() };
        }
        let here = observed.witness(fact.subject());
        let before = leadership.matched.get_mut(*follower).replace((*matched, here));
        if matched >= next {
            let sends = format!("and sends entries from {next} on");
            return Judgement::Violated(Box::new(flaw(*term, *follower, *matched, &sends, vec![here])));
        }
        let Some((more, witness)) = before.filter(|(before, _)| before > matched) else { return Judgement::Holds };
        let took = format!("and had taken it to match through {more} at {}", witness.time);
        Judgement::Violated(Box::new(flaw(*term, *follower, *matched, &took, vec![witness, here])))
    }
}

fn flaw(term: u64, follower: NodeId, matched: u64, but: &str, witnesses: Vec<Witness>) -> Flaw {
    let leader = witnesses[0].node;
    let explanation = format!("{leader}, leading term {term}, takes {follower} to match through {matched}, {but}");
    Flaw { explanation, witnesses }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn a_leader_learns_and_a_new_one_begins_anew() {
        let history = "n1 matched 3 n2 0 5
            n1 matched 3 n3 0 5
            n1 matched 3 n2 0 3
            n1 matched 3 n2 4 7
            n1 matched 3 n2 4 6
            n2 matched 4 n1 0 9
            n1 matched 6 n2 0 8";
        accepts(ProgressSanity::default(), history);
    }

    #[test]
    fn a_match_that_is_taken_back_is_refused() {
        let history = "n1 matched 3 n2 4 5\nn1 matched 3 n3 2 5\nn1 matched 3 n2 3 5";
        let back = "n1, leading term 3, takes n2 to match through 3, and had taken it to match through 4 at 0.001s";
        refuses(ProgressSanity::default(), history, back);
    }

    #[test]
    fn what_is_sent_again_though_it_is_matched_is_refused() {
        let history = "n1 matched 3 n2 4 5\nn1 matched 3 n2 4 4";
        let again = "n1, leading term 3, takes n2 to match through 4, and sends entries from 4 on";
        refuses(ProgressSanity::default(), history, again);
    }
}
