//! What two nodes take for committed is the same log as far as both go, and stays (Raft §5.3, §5.4).

use sim::{Checker, Fact, Flaw, Judgement, Observed, What, Witness};

use super::chain::Chain;
use super::fact::{Entry, LogFact, Replicated, log_fact};
use super::logs::Logs;
use crate::by_node::ByNode;

/// Invariants 6 and 7: of what two nodes ever took for committed, one is a prefix of the other, and no node removes from
/// its log what it took for committed.
///
/// Claims held against each other: no two can be right that differ. Whether they are right is for `commit_rule` and
/// `acked_is_durable` to say.
#[derive(Clone, Debug, Default)]
pub struct CommittedPrefix {
    logs: Logs,
    /// The longest log that was taken for committed, and who was the first to take each entry so.
    ledger: Chain,
    first: Vec<Witness>,
    /// What the present life of each node takes for committed, and since when.
    claims: ByNode<Option<(u64, Witness)>>,
}

impl<P: Replicated> Checker<P> for CommittedPrefix {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        self.logs.observe(observed);
        if matches!(observed.what, What::Booted) {
            *self.claims.get_mut(observed.node) = None;
        }
        let Some(fact) = log_fact(observed) else { return Judgement::Irrelevant };
        let here = observed.witness(fact.subject());
        match fact {
            LogFact::Committed { index } => {
                *self.claims.get_mut(observed.node) = Some((*index, here));
                self.judge(*index, here)
            }
            LogFact::Truncated { from } => {
                let Some((through, since)) = *self.claims.get_mut(observed.node) else { return Judgement::Irrelevant };
                Judgement::holds_if(*from > through, || Flaw {
                    explanation: format!(
                        "{} removed entry {from} and what comes after it from its log, and had taken for committed what \
                         is through {through} at {}",
                        here.node, since.time
                    ),
                    witnesses: vec![since, here],
                })
            }
            _ => Judgement::Irrelevant,
        }
    }
}

impl CommittedPrefix {
    /// Holds the node's log through `index` against the ledger, and adds what is beyond it: each entry once in a run. What
    /// is beyond the node's own log is a matter of `commit_bounds`.
    fn judge(&mut self, index: u64, here: Witness) -> Judgement {
        let log = self.logs.of(here.node);
        let through = index.min(log.last());
        let both = self.ledger.last().min(through);
        if log.get(both) != self.ledger.get(both) {
            let differs = log.agreement(&self.ledger) + 1;
            let (own, other) = (log.entry(differs), self.ledger.entry(differs));
            let there = self.first[differs as usize - 1];
            return Judgement::Violated(Box::new(flaw(own, here, other, there)));
        }
        for entry in (both + 1..=through).filter_map(|index| log.entry(index)) {
            self.ledger.append(&entry);
            self.first.push(here);
        }
        Judgement::Holds
    }
}

fn flaw(own: Option<Entry>, here: Witness, other: Option<Entry>, there: Witness) -> Flaw {
    let (own, other) = own.zip(other).expect("both logs go beyond where they differ");
    let another = if own.term == other.term { "another " } else { "" };
    Flaw {
        explanation: format!(
            "{} takes {own} for committed where {} had taken {another}{other} for it at {}",
            here.node, there.node, there.time
        ),
        witnesses: vec![there, here],
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn each_is_a_prefix_of_the_other_and_what_is_beyond_may_go() {
        let history = "n1 n2 appends 1/1 a
            n1 n2 appends 1/2 b
            n2 appends 1/3 c
            n1 commits 2
            n2 commits 1
            n2 truncates 3
            n2 appends 2/3 d
            n2 commits 3
            n1 crashes
            n1 boots
            n1 recovered 1/1 a
            n1 recovered 1/2 b
            n1 truncates 2
            n1 appends 1/2 b
            n1 commits 1";
        accepts(CommittedPrefix::default(), history);
    }

    #[test]
    fn another_entry_is_refused_though_its_taker_is_dead() {
        let history = "n1 n2 n3 appends 1/1 a
            n1 appends 1/2 b
            n1 commits 2
            n1 crashes
            n2 n3 appends 2/2 c
            n2 n3 appends 2/3 d
            n2 commits 1
            n2 commits 3";
        let other = "n2 takes entry 2 of term 2 for committed where n1 had taken entry 2 of term 1 for it at 0.003s";
        refuses(CommittedPrefix::default(), history, other);
        let history = "n1 appends 1/1 a\nn1 commits 1\nn2 appends 1/1 b\nn2 commits 1";
        let another =
            "n2 takes entry 1 of term 1 for committed where n1 had taken another entry 1 of term 1 for it at 0.002s";
        refuses(CommittedPrefix::default(), history, another);
    }

    #[test]
    fn an_entry_that_is_removed_again_is_refused() {
        let history = "n1 appends 1/1 a\nn1 appends 1/2 b\nn1 commits 2\nn1 truncates 2";
        let removed = "n1 removed entry 2 and what comes after it from its log, and had taken for committed what is through \
                       2 at 0.003s";
        refuses(CommittedPrefix::default(), history, removed);
    }
}
