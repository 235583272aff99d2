//! What is committed is in the log of every later leader (Raft figure 3, leader completeness).

use sim::{Checker, Fact, Flaw, Judgement, NodeId, Observed, What, Witness};

use super::chain::Chain;
use super::commitment::{Commitment, Committed};
use super::fact::{Entry, LogFact, Replicated, log_fact};
use crate::by_node::ByNode;

/// Invariants 4 and 13: when a node is elected, its log holds everything that was committed in earlier terms; and so does
/// every log that gets its first entry of a term, as it has it from that term's leader.
///
/// Committed is what the disks say: see the module `commitment`. Nobody needs to have noticed.
///
/// The second finds what the election came too early for: a quorum that was completed only after it. It is as much as is
/// true of a log that is more up to date than another. What the other *takes* for committed, such a log may lack:
///
/// 1. n1, leading term 2, replicates entry 2 to n2 alone. n5 leads term 3 and makes another entry 2, which nobody else gets.
/// 2. n1 leads term 4, makes entry 3, and commits it and so entry 2 by n3 and n4.
/// 3. n2, which lacks entry 3, learns the commit index. It rightly takes its log, which ends in term 2, for committed.
/// 4. n5's log ends in term 3, so it is more up to date than that of n2, and lacks entry 2 of term 2.
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
        let term = match fact {
            LogFact::Truncated { from } => {
                self.logs.get_mut(observed.node).truncate(*from);
                return Judgement::Irrelevant;
            }
            LogFact::Recovered(entry) | LogFact::Appended(entry) => {
                let log = self.logs.get_mut(observed.node);
                log.append(entry);
                if !begins_term(entry, log) {
                    return Judgement::Irrelevant;
                }
                entry.term
            }
            LogFact::Elected { term } => *term,
            _ => return Judgement::Irrelevant,
        };
        let log = self.logs.get_mut(observed.node);
        let Some(committed) = self.commitment.before(term) else { return Judgement::Irrelevant };
        let held = log.get(committed.index);
        let holds = held.is_some_and(|link| link.prefix == committed.prefix);
        Judgement::holds_if(holds, || {
            let what = match fact {
                LogFact::Recovered(entry) | LogFact::Appended(entry) => format!("has {entry} in its log"),
                _ => format!("leads term {term}"),
            };
            flaw(observed.witness(fact.subject()), &what, committed, log)
        })
    }
}

/// Whether the entry, the last of the log, is of a later term than the one before it.
fn begins_term(entry: &Entry, log: &Chain) -> bool {
    log.get(entry.index.saturating_sub(1)).is_none_or(|before| before.term < entry.term)
}

fn flaw(here: Witness, what: &str, committed: Committed, log: &Chain) -> Flaw {
    let Committed { index, witness, .. } = committed;
    let instead = match log.get(index) {
        Some(link) => format!("its entry {index} is of term {}, or what comes before it is not the same", link.term),
        None => format!("its log ends at {}", log.last()),
    };
    let (node, at) = (here.node, witness.time);
    Flaw {
        explanation: format!("{node} {what} without all through entry {index}, committed at {at}: {instead}"),
        witnesses: vec![witness, here],
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
        let early = "n3 enters 2\nn3 appends 2/1 b";
        let differs = "n3 leads term 3 without all through entry 1, committed at 0.005s: its entry 1 is of term 2, or what \
                       comes before it is not the same";
        refuses(of_three(), &format!("{early}\n{COMMITTED}\nn3 enters 3\nn3 elected 3"), differs);
    }

    #[test]
    fn an_entry_of_a_later_term_behind_all_that_was_committed_before() {
        let followed = "n3 enters 2\nn3 appends 1/1 a\nn3 appends 2/2 b\nn3 crashes\nn3 boots\nn3 recovered 1/1 a";
        accepts(of_three(), &format!("{COMMITTED}\n{followed}\nn3 recovered 2/2 b"));
    }

    /// n3 was elected before the quorum was complete, when nothing told that it should not have been.
    #[test]
    fn an_entry_of_a_later_term_without_what_was_committed_before_is_refused() {
        let lacks = "n3 has entry 1 of term 2 in its log without all through entry 1, committed at 0.006s: its entry 1 is of \
                     term 2, or what comes before it is not the same";
        let history = "n1 n2 enters 1
            n1 n2 appends 1/1 a
            n1 durable 1/1 a
            n3 enters 2
            n3 elected 2
            n2 durable 1/1 a";
        refuses(of_three(), &format!("{history}\nn3 appends 2/1 b"), lacks);
        let restarted =
            history.replace("n3 enters 2", "n3 appends 2/1 b\nn3 crashes").replace("n3 elected 2", "n3 boots");
        let recovered = format!("{restarted}\nn3 recovered 2/1 b");
        refuses(of_three(), &recovered, &lacks.replace("0.006s", "0.007s"));
    }
}
