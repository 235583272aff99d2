//! A node shows a client no less of the log than it did before (session guarantee: Terry et al. 1994, monotonic reads).

use std::collections::BTreeMap;

use sim::{Checker, Flaw, Judgement, NodeId, Observed, What, Witness};

use super::fact::{Read, Replicated, subject};

/// Of what one client reads of one node, nothing goes back, whatever crashes: no read comes of a shorter log than one before.
///
/// For a protocol that keeps on its disk how far it decided, and answers when that is there. One that only remembers it, as
/// Raft its commit index, may show less after a crash. Of two nodes the second may show less at any time.
#[derive(Clone, Debug, Default)]
pub struct ReadMonotonic {
    /// How far the log went that a client was last shown by a node.
    last: BTreeMap<(NodeId, NodeId), (u64, Witness)>,
}

impl<P: Replicated> Checker<P> for ReadMonotonic {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        let What::Responded(operation, reply) = observed.what else { return Judgement::Irrelevant };
        let Some(Read { server, through, .. }) = P::read(reply) else { return Judgement::Irrelevant };
        let here = observed.witness(subject(*through));
        match self.last.insert((operation.client, *server), (*through, here)) {
            None => Judgement::Irrelevant,
            Some((before, there)) => Judgement::holds_if(before <= *through, || Flaw {
                explanation: format!(
                    "{server} showed {operation} a log through entry {through}, and one through {before} at {}",
                    there.time
                ),
                witnesses: vec![there, here],
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn a_node_may_show_more_or_the_same_and_another_node_or_client_anything() {
        let history = "c1 asks
            c1 shown n1 2 1
            c1 shown n1 2 1
            c1 shown n2 1 1
            c2 shown n1 1 1
            c1 shown n1 5 1";
        accepts(ReadMonotonic::default(), history);
    }

    #[test]
    fn a_node_that_shows_less_is_refused_though_it_crashed() {
        let history = "c1 asks\nc1 shown n1 2 1\nn1 crashes\nn1 boots\nc1 asks\nc1 shown n1 1 1";
        let less = "n1 showed c1#2 a log through entry 1, and one through 2 at 0.002s";
        refuses(ReadMonotonic::default(), history, less);
    }
}
