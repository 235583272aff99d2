//! Two logs with one entry in common are the same up to it (Raft figure 3, log matching).

use sim::{Checker, Flaw, Judgement, Observed, What, Witness};

use super::chain::{ByPosition, Chain};
use super::fact::{Entry, LogFact, Replicated, log_fact};
use crate::by_node::ByNode;

/// Wherever two logs, in memory or read back from disk, have an entry of the same index and term, they have the same
/// payload there and the same entries before it.
///
/// Each log is a chain of prefix hashes, so that the comparison with every other log that ever was is a single one.
#[derive(Clone, Debug, Default)]
pub struct LogMatching {
    logs: ByNode<Chain>,
    /// The prefix with which an entry was first seen, and where.
    seen: ByPosition<Option<(u64, Witness)>>,
}

impl<P: Replicated> Checker<P> for LogMatching {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        if matches!(observed.what, What::Booted) {
            self.logs.get_mut(observed.node).clear();
        }
        match log_fact(observed) {
            Some(LogFact::Truncated { from }) => {
                self.logs.get_mut(observed.node).truncate(*from);
                Judgement::Irrelevant
            }
            Some(LogFact::Recovered(entry) | LogFact::Appended(entry)) => {
                self.compare(entry, observed.witness(entry.subject()))
            }
            _ => Judgement::Irrelevant,
        }
    }
}

impl LogMatching {
    fn compare(&mut self, entry: &Entry, here: Witness) -> Judgement {
        let log = self.logs.get_mut(here.node);
        let last = log.last();
        let Some(link) = log.append(entry) else {
            let explanation = format!("{} put {entry} into its log of {last} entries", here.node);
            return Judgement::Violated(Box::new(Flaw { explanation, witnesses: vec![here] }));
        };
        let seen = self.seen.get_or_insert_with(entry.index, entry.term, || None);
        let (prefix, first) = *seen.get_or_insert((link.prefix, here));
        Judgement::holds_if(prefix == link.prefix, || Flaw {
            explanation: format!(
                "{} and {} both have {entry}, and not the same log up to it: {} since {}, {} since {}",
                first.node, here.node, first.node, first.time, here.node, here.time
            ),
            witnesses: vec![first, here],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn logs_may_differ_where_terms_do() {
        let history = "n1 n2 appends 1/1 a
            n1 appends 1/2 b
            n2 appends 2/2 c
            n1 truncates 2
            n1 appends 2/2 c
            n2 boots
            n2 recovered 1/1 a
            n2 recovered 2/2 c";
        accepts(LogMatching::default(), history);
    }

    #[test]
    fn one_position_with_two_payloads_is_refused() {
        let both =
            "n1 and n2 both have entry 1 of term 1, and not the same log up to it: n1 since 0.001s, n2 since 0.002s";
        refuses(LogMatching::default(), "n1 appends 1/1 a\nn2 appends 1/1 b", both);
    }

    #[test]
    fn one_position_with_two_pasts_is_refused() {
        let history = "n1 appends 1/1 a\nn2 appends 2/1 a\nn1 appends 3/2 b\nn2 appends 3/2 b";
        let both =
            "n1 and n2 both have entry 2 of term 3, and not the same log up to it: n1 since 0.003s, n2 since 0.004s";
        refuses(LogMatching::default(), history, both);
    }

    #[test]
    fn a_log_with_a_gap_is_refused() {
        refuses(LogMatching::default(), "n1 appends 1/2 a", "n1 put entry 2 of term 1 into its log of 0 entries");
    }
}
