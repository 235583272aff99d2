//! What is applied or taken for committed was committed in a term by its own leader (Raft §5.4.2, figure 8).

use sim::{Checker, Fact, Flaw, Judgement, NodeId, Observed};

use super::commitment::Commitment;
use super::fact::{Entry, LogFact, Replicated, log_fact};

/// Invariant 10: when a node takes an entry for committed or applies it, it or one after it is on the disks of a quorum that
/// held it in its own term.
///
/// A leader that commits an inherited entry by counting its copies is caught as it does, whether or not the leader comes
/// along that overwrites it.
#[derive(Clone, Debug)]
pub struct CommitRule {
    commitment: Commitment,
}

impl CommitRule {
    /// For a cluster in which these vote.
    pub fn new(voters: &[NodeId]) -> CommitRule {
        CommitRule { commitment: Commitment::new(voters) }
    }
}

impl<P: Replicated> Checker<P> for CommitRule {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        self.commitment.observe(observed);
        let Some(fact @ (LogFact::Committed { index } | LogFact::Applied(Entry { index, .. }))) = log_fact(observed)
        else {
            return Judgement::Irrelevant;
        };
        let through = self.commitment.through();
        Judgement::holds_if(*index <= through, || Flaw {
            explanation: format!(
                "{} {}, but no quorum holds an entry from there on in that entry's own term: what is committed ends at \
                 {through}",
                observed.node,
                match fact {
                    LogFact::Applied(entry) => format!("applied {entry}"),
                    _ => format!("takes for committed what is through {index}"),
                }
            ),
            witnesses: self.commitment.late(*index).chain([observed.witness(fact.subject())]).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    fn of_three() -> CommitRule {
        CommitRule::new(&[1, 2, 3].map(NodeId::node))
    }

    const FIGURE_8: &str = "n1 enters 2
        n1 appends 2/1 a
        n1 durable 2/1 a
        n1 n2 enters 4
        n2 appends 2/1 a
        n2 durable 2/1 a";

    #[test]
    fn an_inherited_entry_is_applied_after_one_of_the_leaders_own() {
        let own = "n1 n2 appends 4/2 b\nn1 n2 durable 4/2 b\nn1 applies 2/1 a";
        accepts(of_three(), &format!("{FIGURE_8}\n{own}"));
        let committed = own.replace("applies 2/1 a", "commits 2");
        accepts(of_three(), &format!("{FIGURE_8}\n{committed}"));
    }

    #[test]
    fn an_inherited_entry_that_was_only_counted_is_refused() {
        let counted = "n1 applied entry 1 of term 2, but no quorum holds an entry from there on in that entry's own term: \
                       what is committed ends at 0";
        refuses(of_three(), &format!("{FIGURE_8}\nn1 applies 2/1 a"), counted);
        let counted = counted.replace("applied entry 1 of term 2", "takes for committed what is through 1");
        refuses(of_three(), &format!("{FIGURE_8}\nn1 commits 1"), &counted);
    }
}
