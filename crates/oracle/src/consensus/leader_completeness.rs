//! What is committed is in the log of every later leader (Raft figure 3, leader completeness).

use sim::{Checker, Flaw, Judgement, NodeId, Observed, What};

use super::chain::Chain;
use super::commitment::{Commitment, Committed};
use super::fact::{LogFact, Replicated, log_fact};
use crate::by_node::ByNode;

/// When a node is elected, its log holds everything that was committed in earlier terms.
///
/// Committed is what the disks say: see the module `commitment`. Nobody needs to have noticed.
#[derive(Clone, Debug)]
pub struct LeaderCompleteness {
    commitment: Commitment,
    logs: ByNode<Chain>,
}

impl LeaderCompleteness {
    /// For a cluster in which these vote.
    pub fn new(voters: &[NodeId]) -> LeaderCompleteness {
        LeaderCompleteness { commitment: Commitment::new(voters), logs: ByNode::default() }
    }
}

impl<P: Replicated> Checker<P> for LeaderCompleteness {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        self.commitment.observe(observed);
        if matches!(observed.what, What::Booted) {
            self.logs.get_mut(observed.node).clear();
        }
        let Some(fact) = log_fact(observed) else { return Judgement::Irrelevant };
        let log = self.logs.get_mut(observed.node);
        match fact {
            LogFact::Truncated { from } => log.truncate(*from),
            LogFact::Recovered(entry) | LogFact::Appended(entry) => _ = log.append(entry),
            LogFact::Elected { term } => {
                let Some(committed) = self.commitment.before(*term) else { return Judgement::Irrelevant };
                let held = log.get(committed.index);
                let holds = held.is_some_and(|link| link.prefix == committed.prefix);
                return Judgement::holds_if(holds, || flaw(observed, *term, committed, log));
            }
            _ => {}
        }
        Judgement::Irrelevant
    }
}

fn flaw(observed: &Observed<'_, impl Replicated>, term: u64, committed: Committed, log: &Chain) -> Flaw {
    let Committed { index, witness, .. } = committed;
    let instead = match log.get(index) {
        Some(link) => format!("its entry {index} is of term {}, or what comes before it is not the same", link.term),
        None => format!("its log ends at {}", log.last()),
    };
    let (leader, at) = (observed.node, witness.time);
    Flaw {
        explanation: format!(
            "{leader} leads term {term} without all through entry {index}, committed at {at}: {instead}"
        ),
        witnesses: vec![witness, observed.witness(term)],
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    fn of_three() -> LeaderCompleteness {
        LeaderCompleteness::new(&[1, 2, 3].map(NodeId::node))
    }

    /// n1 and n2 commit entry 1 of term 1.
    const COMMITTED: &str = "n1 n2 enters 1\nn1 n2 appends 1/1 a\nn1 n2 durable 1/1 a";

    #[test]
    fn a_leader_that_has_everything() {
        accepts(of_three(), &format!("{COMMITTED}\nn2 enters 2\nn2 elected 2"));
    }

    #[test]
    fn a_leader_of_the_same_term_or_an_earlier_one_need_not_have_it() {
        let late = "n3 enters 1\nn3 elected 1\nn2 enters 2\nn2 elected 2";
        accepts(of_three(), &format!("{COMMITTED}\n{late}"));
    }

    #[test]
    fn a_later_leader_without_it_is_refused() {
        let lacks = "n3 leads term 2 without all through entry 1, committed at 0.003s: its log ends at 0";
        refuses(of_three(), &format!("{COMMITTED}\nn3 enters 2\nn3 elected 2"), lacks);
        let other = "n3 enters 2\nn3 appends 2/1 b\nn3 enters 3\nn3 elected 3";
        let differs = "n3 leads term 3 without all through entry 1, committed at 0.003s: its entry 1 is of term 2, or what \
                       comes before it is not the same";
        refuses(of_three(), &format!("{COMMITTED}\n{other}"), differs);
    }
}
