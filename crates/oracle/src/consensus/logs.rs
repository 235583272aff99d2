//! The logs in memory, as their nodes state them.

use sim::{NodeId, Observed, What};

use super::chain::Chain;
use super::fact::{LogFact, Replicated, log_fact};
use crate::by_node::ByNode;

/// The log of each node's present life.
#[derive(Clone, Debug, Default)]
pub(crate) struct Logs(ByNode<Chain>);

impl Logs {
    #[inline(always)]
    pub(crate) fn observe<P: Replicated>(&mut self, observed: &Observed<'_, P>) {
        match (observed.what, log_fact(observed)) {
            (What::Booted, _) => self.0.get_mut(observed.node).clear(),
            (_, Some(LogFact::Truncated { from })) => self.0.get_mut(observed.node).truncate(*from),
            (_, Some(LogFact::Recovered(entry) | LogFact::Appended(entry))) => {
                self.0.get_mut(observed.node).append(entry);
            }
            _ => {}
        }
    }

    /// The log of `node`; an empty one where it said nothing yet.
    pub(crate) fn of(&mut self, node: NodeId) -> &Chain {
        self.0.get_mut(node)
    }
}
