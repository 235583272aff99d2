//! What a node takes for committed lies between what it applied and where its log ends, and only grows (Raft figure 2,
//! `commitIndex`, `lastApplied`).

use sim::{Checker, Fact, Flaw, Judgement, Observed, What, Witness};

use super::end::End;
use super::fact::{LogFact, Replicated, log_fact};
use crate::by_node::ByNode;

/// Invariants 11 and 21: within a life, what a node takes for committed never goes back, never beyond its log, and nothing
/// is applied beyond it.
///
/// That a log is not cut back to before what its node takes for committed is a matter of `committed_prefix`.
#[derive(Clone, Debug, Default)]
pub struct CommitBounds {
    nodes: ByNode<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// Where the log ends.
    end: End,
    committed: u64,
    /// Since when it takes that for committed.
    since: Option<Witness>,
}

impl<P: Replicated> Checker<P> for CommitBounds {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        let node = observed.node;
        if matches!(observed.what, What::Booted) {
            *self.nodes.get_mut(node) = State::default();
        }
        let Some(fact) = log_fact(observed) else { return Judgement::Irrelevant };
        match fact {
            LogFact::Recovered(entry) | LogFact::Appended(entry) => self.nodes.get_mut(node).end.append(entry),
            LogFact::Truncated { from } => self.nodes.get_mut(node).end.truncate(*from),
            LogFact::Committed { index } => {
                return self.nodes.get_mut(node).commit(*index, observed.witness(fact.subject()));
            }
            LogFact::Applied(entry) => {
                let State { committed, since, .. } = *self.nodes.get_mut(node);
                return Judgement::holds_if(entry.index <= committed, || Flaw {
                    explanation: format!("{node} applied {entry}, and takes for committed what is through {committed}"),
                    witnesses: since.into_iter().chain([observed.witness(fact.subject())]).collect(),
                });
            }
            _ => {}
        }
        Judgement::Irrelevant
    }
}

impl State {
    fn commit(&mut self, index: u64, here: Witness) -> Judgement {
        let (before, since) = (std::mem::replace(&mut self.committed, index), self.since.replace(here));
        Judgement::holds_if(before <= index && index <= self.end.last(), || Flaw {
            explanation: format!(
                "{} takes for committed what is through {index}, and {}",
                here.node,
                match since {
                    Some(since) if index < before => format!("had taken what is through {before} at {}", since.time),
                    _ => format!("its log ends at {}", self.end.last()),
                }
            ),
            witnesses: since.into_iter().chain([here]).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn each_life_learns_anew_what_is_committed() {
        let history = "n1 appends 1/1 a
            n1 appends 1/2 b
            n1 commits 2
            n1 applies 1/1 a
            n1 applies 1/2 b
            n1 crashes
            n1 boots
            n1 recovered 1/1 a
            n1 recovered 1/2 b
            n1 commits 1
            n1 applies 1/1 a";
        accepts(CommitBounds::default(), history);
    }

    #[test]
    fn a_commit_index_that_goes_back_is_refused() {
        let history = "n1 appends 1/1 a\nn1 appends 1/2 b\nn1 commits 2\nn1 commits 1";
        let back = "n1 takes for committed what is through 1, and had taken what is through 2 at 0.003s";
        refuses(CommitBounds::default(), history, back);
    }

    #[test]
    fn a_commit_index_beyond_the_log_is_refused() {
        let history = "n1 appends 1/1 a\nn1 appends 1/2 b\nn1 truncates 2\nn1 commits 2";
        let beyond = "n1 takes for committed what is through 2, and its log ends at 1";
        refuses(CommitBounds::default(), history, beyond);
        let cut_behind_its_end = "n1 appends 1/1 a\nn1 truncates 5\nn1 commits 2";
        refuses(CommitBounds::default(), cut_behind_its_end, beyond);
        let gap = "n1 appends 1/1 a\nn1 appends 1/3 c\nn1 commits 2";
        refuses(CommitBounds::default(), gap, beyond);
    }

    #[test]
    fn what_is_applied_before_it_is_committed_is_refused() {
        let history = "n1 appends 1/1 a\nn1 appends 1/2 b\nn1 commits 1\nn1 applies 1/2 b";
        let early = "n1 applied entry 2 of term 1, and takes for committed what is through 1";
        refuses(CommitBounds::default(), history, early);
    }
}
