//! A node's term never goes back, whatever crashes (Raft figure 2, `currentTerm`).

use sim::{Checker, Flaw, Judgement, Observed, Witness};

use super::fact::{LogFact, Replicated, log_fact};
use crate::by_node::ByNode;

/// Within a life each term that a node enters is later than the one before; a new life starts in no earlier term than any
/// that was shown to others.
#[derive(Clone, Debug, Default)]
pub struct TermMonotonic {
    nodes: ByNode<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// The latest that this life entered, and where it did.
    entered: (u64, Option<Witness>),
    /// The latest that any life showed.
    shown: Option<(u64, Witness)>,
}

impl<P: Replicated> Checker<P> for TermMonotonic {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        let Some(fact) = log_fact(observed) else { return Judgement::Irrelevant };
        let node = observed.node;
        match *fact {
            LogFact::Entered { term } => {
                let here = observed.witness(term);
                let entered = &mut self.nodes.get_mut(node).entered;
                let (before, there) = std::mem::replace(entered, (term, Some(here)));
                Judgement::holds_if(term > before, || Flaw {
                    explanation: format!("{node} entered term {term} after term {before}"),
                    witnesses: there.into_iter().chain([here]).collect(),
                })
            }
            LogFact::Shown { term } => {
                let state = self.nodes.get_mut(node);
                if state.shown.is_none_or(|(shown, _)| shown < term) {
                    state.shown = Some((term, observed.witness(term)));
                }
                Judgement::Irrelevant
            }
            LogFact::Restarted { term, .. } => {
                let state = self.nodes.get_mut(node);
                state.entered = (term, Some(observed.witness(term)));
                let Some((shown, witness)) = state.shown else { return Judgement::Holds };
                Judgement::holds_if(term >= shown, || Flaw {
                    explanation: format!(
                        "{node} showed term {shown} at {}, and restarted in term {term}",
                        witness.time
                    ),
                    witnesses: vec![witness, observed.witness(shown)],
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
    fn terms_that_nobody_was_shown_may_be_forgotten() {
        let history = "n1 enters 1
            n1 shows 1
            n1 enters 4
            n1 crashes
            n1 boots
            n1 restarted 1
            n1 enters 2";
        accepts(TermMonotonic::default(), history);
    }

    #[test]
    fn a_term_that_goes_back_is_refused() {
        refuses(TermMonotonic::default(), "n1 enters 4\nn1 enters 3", "n1 entered term 3 after term 4");
        let history = "n1 enters 4\nn1 shows 4\nn1 crashes\nn1 boots\nn1 restarted 3";
        refuses(TermMonotonic::default(), history, "n1 showed term 4 at 0.002s, and restarted in term 3");
    }
}
