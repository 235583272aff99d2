//! A log has no gap, and its terms only rise, up to the node's own (dissertation §3.6.1, `log` and `currentTerm`).

use sim::{Checker, Flaw, Judgement, NodeId, Observed, What, Witness};

use super::fact::{Entry, LogFact, Replicated, log_fact};
use super::terms::Terms;
use crate::by_node::ByNode;

/// Invariant 12: in a log, in memory or read back from disk, each entry has the index after the one before and no earlier
/// a term, and the last has no later a term than its node is in.
#[derive(Clone, Debug, Default)]
pub struct LogOrder {
    nodes: ByNode<Log>,
}

#[derive(Clone, Debug, Default)]
struct Log {
    entries: Terms,
    /// Where it last got one.
    put: Option<Witness>,
    /// The term that the node is in.
    term: u64,
}

impl<P: Replicated> Checker<P> for LogOrder {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        let node = observed.node;
        if matches!(observed.what, What::Booted) {
            // Of its term the disk says something after all entries: till then any will do.
            *self.nodes.get_mut(node) = Log { term: u64::MAX, ..Log::default() };
        }
        match log_fact(observed) {
            Some(LogFact::Entered { term }) => self.nodes.get_mut(node).term = *term,
            Some(LogFact::Recovered(entry) | LogFact::Appended(entry)) => {
                return self.nodes.get_mut(node).append(node, entry, observed.witness(entry.subject()));
            }
            Some(LogFact::Truncated { from }) => {
                _ = self.nodes.get_mut(node).entries.truncate(*from);
            }
            Some(LogFact::Restarted { term, .. }) => {
                return self.nodes.get_mut(node).restart(node, *term, observed.witness(*term));
            }
            _ => {}
        }
        Judgement::Irrelevant
    }
}

impl Log {
    fn append(&mut self, node: NodeId, entry: &Entry, here: Witness) -> Judgement {
        let (last, last_term) = self.last();
        self.entries.append(entry);
        let put = self.put.replace(here);
        let holds = entry.index == last + 1 && last_term <= entry.term && entry.term <= self.term;
        Judgement::holds_if(holds, || {
            let explanation = match last {
                _ if entry.index == last + 1 && entry.term >= last_term => {
                    format!("{node} put {entry} into its log while in term {}", self.term)
                }
                0 => format!("{node} put {entry} into its log, which was empty"),
                _ => format!("{node} put {entry} behind entry {last} of term {last_term}"),
            };
            Flaw { explanation, witnesses: put.into_iter().chain([here]).collect() }
        })
    }

    fn restart(&mut self, node: NodeId, term: u64, here: Witness) -> Judgement {
        self.term = term;
        let (last, last_term) = self.last();
        Judgement::holds_if(last_term <= term, || Flaw {
            explanation: format!("{node} restarted in term {term} with entry {last} of term {last_term} in its log"),
            witnesses: self.put.into_iter().chain([here]).collect(),
        })
    }

    /// The last index, and the term there.
    fn last(&self) -> (u64, u64) {
        let last = self.entries.last();
        (last, self.entries.at(last).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn terms_rise_and_what_is_removed_is_as_if_it_had_not_been() {
        let history = "n1 enters 4
            n1 appends 1/1 a
            n1 appends 3/2 b
            n1 truncates 2
            n1 appends 2/2 c
            n1 appends 4/3 d
            n1 crashes
            n1 boots
            n1 recovered 1/1 a
            n1 recovered 2/2 c
            n1 restarted 2
            n1 enters 5
            n1 appends 5/3 e";
        accepts(LogOrder::default(), history);
    }

    #[test]
    fn a_gap_a_repetition_and_a_term_that_falls_are_refused() {
        let history = "n1 enters 3\nn1 appends 3/1 a\nn1 appends 3/3 b";
        refuses(LogOrder::default(), history, "n1 put entry 3 of term 3 behind entry 1 of term 3");
        let history = "n1 enters 3\nn1 appends 3/1 a\nn1 appends 3/1 a";
        refuses(LogOrder::default(), history, "n1 put entry 1 of term 3 behind entry 1 of term 3");
        refuses(
            LogOrder::default(),
            "n1 enters 3\nn1 appends 3/2 a",
            "n1 put entry 2 of term 3 into its log, which was empty",
        );
        let history = "n1 boots\nn1 recovered 3/1 a\nn1 recovered 2/2 b";
        refuses(LogOrder::default(), history, "n1 put entry 2 of term 2 behind entry 1 of term 3");
    }

    #[test]
    fn an_entry_from_a_term_to_come_is_refused() {
        let history = "n1 enters 3\nn1 appends 4/1 a";
        refuses(LogOrder::default(), history, "n1 put entry 1 of term 4 into its log while in term 3");
        let history = "n1 boots\nn1 recovered 4/1 a\nn1 restarted 3";
        refuses(LogOrder::default(), history, "n1 restarted in term 3 with entry 1 of term 4 in its log");
    }
}
