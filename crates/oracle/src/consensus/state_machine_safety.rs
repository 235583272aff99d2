//! Nobody applies anything else at an index, or leaves one out (Raft figure 3, state machine safety).

use sim::{Checker, Flaw, Judgement, Observed, What, Witness};

use super::fact::{Entry, LogFact, Replicated, log_fact};
use crate::by_node::ByNode;

/// Every node that applies an index applies the same entry there, and each of its lives applies 1, 2, 3, … without a gap.
#[derive(Clone, Debug, Default)]
pub struct StateMachineSafety {
    /// What was first applied at each index.
    ledger: Vec<(Entry, Witness)>,
    /// The last index that the node's present life applied.
    applied: ByNode<(u64, Option<Witness>)>,
}

impl<P: Replicated> Checker<P> for StateMachineSafety {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        if matches!(observed.what, What::Booted) {
            *self.applied.get_mut(observed.node) = (0, None);
        }
        let Some(LogFact::Applied(entry)) = log_fact(observed) else { return Judgement::Irrelevant };
        let here = observed.witness(entry.subject());
        let applied = self.applied.get_mut(observed.node);
        let (before, last) = *applied;
        if entry.index != before + 1 {
            let explanation = format!("{} applied {entry} after index {before}", here.node);
            let witnesses = last.into_iter().chain([here]).collect();
            return Judgement::Violated(Box::new(Flaw { explanation, witnesses }));
        }
        *applied = (entry.index, Some(here));
        // No node leaves an index out, so an index without an entry is the one after the last.
        if self.ledger.len() as u64 == before {
            self.ledger.push((*entry, here));
        }
        let (first, there) = self.ledger[before as usize];
        Judgement::holds_if(first == *entry, || Flaw {
            explanation: format!(
                "{} applied {entry} where {} had applied {} at {}",
                here.node,
                there.node,
                if first.term == entry.term { format!("another {first}") } else { first.to_string() },
                there.time
            ),
            witnesses: vec![there, here],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn every_life_applies_the_same_from_the_start() {
        let history = "n1 n2 applies 1/1 a\nn1 applies 3/2 b\nn1 crashes\nn1 boots\nn1 applies 1/1 a\nn1 applies 3/2 b";
        accepts(StateMachineSafety::default(), history);
    }

    #[test]
    fn another_entry_at_an_index_is_refused() {
        let history = "n1 applies 1/1 a\nn2 applies 2/1 a";
        let other = "n2 applied entry 1 of term 2 where n1 had applied entry 1 of term 1 at 0.001s";
        refuses(StateMachineSafety::default(), history, other);
        let payload = "n2 applied entry 1 of term 1 where n1 had applied another entry 1 of term 1 at 0.001s";
        refuses(StateMachineSafety::default(), "n1 applies 1/1 a\nn2 applies 1/1 b", payload);
    }

    #[test]
    fn a_gap_and_a_repetition_are_refused() {
        let history = "n1 applies 1/1 a\nn1 applies 1/3 c";
        refuses(StateMachineSafety::default(), history, "n1 applied entry 3 of term 1 after index 1");
        let history = "n1 applies 1/1 a\nn1 applies 1/1 a";
        refuses(StateMachineSafety::default(), history, "n1 applied entry 1 of term 1 after index 1");
    }
}
