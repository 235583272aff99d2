//! What two nodes take for committed is the same log as far as both go, and stays (Raft §5.3, §5.4).

use sim::{Checker, Fact, Flaw, Judgement, Observed, What, Witness};

use super::fact::{Entry, LogFact, Replicated, log_fact};
use crate::by_node::ByNode;

/// Invariants 6 and 7: of what two nodes ever took for committed, one is a prefix of the other, and no life removes from
/// its log what it took for committed.
///
/// A later life may, and nothing is lost by it, as its node was none of the quorum:
///
/// 1. n2 has entry 2 of term 2 on disk. n3, which lacks it, is elected in term 3 by n4 and n5, and is cut off.
/// 2. n1, elected in term 4, commits entry 2 with one of its own by n4 and n5. n2 hears so, and crashes before its disk
///    has term 4.
/// 3. n2 restarts in term 2, and the append of n3 arrives at last: n2 enters term 3 and removes entry 2.
///
/// Claims held against each other: no two can be right that differ. Whether they are right is for `commit_rule` and
/// `acked_is_durable` to say.
#[derive(Clone, Debug, Default)]
pub struct CommittedPrefix {
    nodes: ByNode<Node>,
    /// What was first taken for committed at each index.
    ledger: Vec<(Entry, Witness)>,
}

/// One life of a node.
#[derive(Clone, Debug, Default)]
struct Node {
    /// Its log in memory.
    log: Vec<Entry>,
    /// How much of it was held against the ledger.
    held: usize,
    /// The furthest that it took for committed, and since when.
    claim: Option<(u64, Witness)>,
}

impl<P: Replicated> Checker<P> for CommittedPrefix {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        if matches!(observed.what, What::Booted) {
            let node = self.nodes.get_mut(observed.node);
            node.log.clear();
            (node.held, node.claim) = (0, None);
        }
        let Some(fact) = log_fact(observed) else { return Judgement::Irrelevant };
        match fact {
            LogFact::Recovered(entry) | LogFact::Appended(entry) => self.nodes.get_mut(observed.node).append(*entry),
            LogFact::Truncated { from } => {
                return self.nodes.get_mut(observed.node).truncate(*from, observed.witness(fact.subject()));
            }
            LogFact::Committed { index } => {
                let node = self.nodes.get_mut(observed.node);
                return node.commit(*index, &mut self.ledger, observed.witness(fact.subject()));
            }
            _ => {}
        }
        Judgement::Irrelevant
    }
}

impl Node {
    fn append(&mut self, entry: Entry) {
        // One that is not the next is a flaw of the log itself, for `log_order` to report.
        if entry.index == self.log.len() as u64 + 1 {
            self.log.push(entry);
        }
    }

    fn truncate(&mut self, from: u64, here: Witness) -> Judgement {
        self.log.truncate(usize::try_from(from.saturating_sub(1)).unwrap_or(usize::MAX));
        let Some((through, since)) = self.claim else { return Judgement::Irrelevant };
        Judgement::holds_if(from > through, || Flaw {
            explanation: format!(
                "{} removed entry {from} and what comes after it from its log, and had taken for committed what is through \
                 {through} at {}",
                here.node, since.time
            ),
            witnesses: vec![since, here],
        })
    }

    /// Holds each entry against the ledger, once in a life, and adds what is new to it. What is beyond the log is a matter of
    /// `commit_bounds`.
    fn commit(&mut self, index: u64, ledger: &mut Vec<(Entry, Witness)>, here: Witness) -> Judgement {
        if self.claim.is_none_or(|(furthest, _)| furthest < index) {
            self.claim = Some((index, here));
        }
        let through = usize::try_from(index).unwrap_or(usize::MAX).min(self.log.len());
        while self.held < through {
            let own = self.log[self.held];
            if ledger.len() == self.held {
                ledger.push((own, here));
            }
            let (first, there) = ledger[self.held];
            if first != own {
                return Judgement::Violated(Box::new(flaw(own, here, first, there)));
            }
            self.held += 1;
        }
        Judgement::Holds
    }
}

fn flaw(own: Entry, here: Witness, other: Entry, there: Witness) -> Flaw {
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
        let taken_back = history.replace("n1 truncates", "n1 commits 1\nn1 truncates");
        refuses(CommittedPrefix::default(), &taken_back, removed);
    }
}
