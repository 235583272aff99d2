//! A term has at most one leader (Raft figure 3, election safety).

use std::collections::BTreeMap;

use sim::{Checker, Flaw, Judgement, NodeId, Observed, Witness};

use super::fact::{LogFact, Replicated, log_fact};

/// At most one node is elected in a term, and in one of its lives only.
///
/// Over the whole run, not at one moment: leaders of a term who never overlap contradict each other as much. A node that
/// is elected, crashes, and is elected in the same term again has forgotten what its first life promised.
#[derive(Clone, Debug, Default)]
pub struct ElectionSafety {
    terms: BTreeMap<u64, Term>,
}

/// What was seen of one term.
#[derive(Clone, Debug, Default)]
struct Term {
    elected: Option<(Witness, u32)>,
    votes: Vec<(Witness, NodeId)>,
}

impl<P: Replicated> Checker<P> for ElectionSafety {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        match log_fact(observed) {
            Some(LogFact::Voted { term, candidate }) => {
                self.terms.entry(*term).or_default().votes.push((observed.witness(*term), *candidate));
                Judgement::Irrelevant
            }
            Some(LogFact::Elected { term }) => {
                let known = self.terms.entry(*term).or_default();
                let second = (observed.witness(*term), observed.incarnation);
                let first = *known.elected.get_or_insert(second);
                let same = (first.0.node, first.1) == (second.0.node, second.1);
                Judgement::holds_if(same, || known.flaw(*term, first.0, second.0))
            }
            _ => Judgement::Irrelevant,
        }
    }
}

impl Term {
    fn flaw(&self, term: u64, first: Witness, second: Witness) -> Flaw {
        let mut explanation = match first.node == second.node {
            true => format!("{} was elected in term {term} at {}, and in a later life again", first.node, first.time),
            false => format!("{} and {} both lead term {term}", first.node, second.node),
        };
        let mut witnesses = vec![first, second];
        if let Some([(once, one), (again, other)]) = self.given_twice() {
            let (voter, at, later) = (once.node, once.time, again.time);
            explanation += &format!(": {voter} voted for {one} at {at} and for {other} at {later}");
            witnesses.extend([once, again]);
        }
        Flaw { explanation, witnesses }
    }

    /// Two votes of one voter for two candidates.
    fn given_twice(&self) -> Option<[(Witness, NodeId); 2]> {
        let earlier = |at: usize| self.votes[..at].iter();
        self.votes.iter().enumerate().find_map(|(at, (again, other))| {
            let once = earlier(at).find(|(once, one)| once.node == again.node && one != other)?;
            Some([*once, (*again, *other)])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn one_leader_a_term() {
        accepts(ElectionSafety::default(), "n1 elected 1\nn2 elected 2\nn1 elected 5");
    }

    #[test]
    fn two_leaders_of_a_term_are_refused_though_the_first_is_gone() {
        let history = "n1 voted 7 n1
            n2 voted 7 n1
            n1 elected 7
            n1 deposed 7
            n3 voted 7 n3
            n2 voted 7 n3
            n3 elected 7";
        let both = "n1 and n3 both lead term 7: n2 voted for n1 at 0.002s and for n3 at 0.006s";
        refuses(ElectionSafety::default(), history, both);
        refuses(ElectionSafety::default(), "n1 elected 7\nn3 elected 7", "n1 and n3 both lead term 7");
    }

    #[test]
    fn a_leader_of_two_lives_is_refused() {
        let history = "n1 elected 7\nn1 crashes\nn1 boots\nn1 elected 7";
        refuses(ElectionSafety::default(), history, "n1 was elected in term 7 at 0.001s, and in a later life again");
    }
}
