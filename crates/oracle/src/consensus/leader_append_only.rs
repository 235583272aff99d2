//! A leader only adds to its log (Raft figure 3, leader append-only).

use sim::{Checker, Flaw, Judgement, Observed, What, Witness};

use super::end::End;
use super::fact::{LogFact, Replicated, log_fact};
use crate::by_node::ByNode;

/// From its election until it is deposed or dies, a leader removes nothing from its log, and what it adds is of its own
/// term and comes at the end.
#[derive(Clone, Debug, Default)]
pub struct LeaderAppendOnly {
    nodes: ByNode<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    leads: Option<(u64, Witness)>,
    /// Where the log ends.
    end: End,
}

impl<P: Replicated> Checker<P> for LeaderAppendOnly {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        let node = observed.node;
        if matches!(observed.what, What::Booted) {
            *self.nodes.get_mut(node) = State::default();
        }
        let Some(fact) = log_fact(observed) else { return Judgement::Irrelevant };
        match *fact {
            LogFact::Elected { term } => self.nodes.get_mut(node).leads = Some((term, observed.witness(term))),
            LogFact::Deposed { .. } => self.nodes.get_mut(node).leads = None,
            LogFact::Recovered(entry) => self.nodes.get_mut(node).end.append(&entry),
            LogFact::Appended(entry) => {
                let state = self.nodes.get_mut(node);
                let expected = state.end.next();
                state.end.append(&entry);
                let Some((term, elected)) = state.leads else { return Judgement::Irrelevant };
                return Judgement::holds_if(entry.index == expected && entry.term == term, || Flaw {
                    explanation: format!("{node}, leading term {term}, added {entry}: expected index {expected}"),
                    witnesses: vec![elected, observed.witness(entry.subject())],
                });
            }
            LogFact::Truncated { from } => {
                let state = self.nodes.get_mut(node);
                let last = state.end.last();
                state.end.truncate(from);
                let Some((term, elected)) = state.leads else { return Judgement::Irrelevant };
                let at = elected.time;
                return Judgement::Violated(Box::new(Flaw {
                    explanation: format!("{node}, leading term {term} since {at}, removed entries {from} to {last}"),
                    witnesses: vec![elected, observed.witness(sim::Fact::subject(fact))],
                }));
            }
            _ => {}
        }
        Judgement::Irrelevant
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn a_leader_adds_and_a_follower_removes() {
        let history = "n1 boots
            n1 recovered 1/1 a
            n1 elected 2
            n1 appends 2/2 b
            n1 deposed 2
            n1 truncates 2
            n1 appends 3/2 c";
        accepts(LeaderAppendOnly::default(), history);
    }

    #[test]
    fn a_log_that_is_cut_behind_its_end_goes_on_where_it_ends() {
        let history = "n1 appends 1/1 a\nn1 truncates 9\nn1 elected 2\nn1 appends 2/2 b";
        accepts(LeaderAppendOnly::default(), history);
    }

    #[test]
    fn a_leader_that_removes_is_refused() {
        let history = "n1 elected 2\nn1 appends 2/1 a\nn1 truncates 1";
        let removed = "n1, leading term 2 since 0.001s, removed entries 1 to 1";
        refuses(LeaderAppendOnly::default(), history, removed);
    }

    #[test]
    fn a_leader_that_adds_for_another_term_or_elsewhere_is_refused() {
        let foreign = "n1, leading term 2, added entry 1 of term 1: expected index 1";
        refuses(LeaderAppendOnly::default(), "n1 elected 2\nn1 appends 1/1 a", foreign);
        let gap = "n1, leading term 2, added entry 3 of term 2: expected index 1";
        refuses(LeaderAppendOnly::default(), "n1 elected 2\nn1 appends 2/3 a", gap);
    }

    #[test]
    fn a_crash_ends_leadership() {
        let history = "n1 elected 2
            n1 appends 2/1 a
            n1 crashes
            n1 boots
            n1 recovered 2/1 a
            n1 truncates 1
            n1 elected 4
            n1 appends 4/1 b";
        accepts(LeaderAppendOnly::default(), history);
    }
}
