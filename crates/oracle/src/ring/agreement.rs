//! All who know an epoch know the same of it.

use sim::{Checker, Flaw, Judgement, Observed, Witness};

use super::fact::{Partitioned, RingFact, ring_fact};
use crate::by_node::ByNode;

/// Epochs are decided one after the other, once each; whoever knows one has the same tokens, owners and plan for it, also
/// after a restart; and nobody who acted on an epoch forgets it.
#[derive(Clone, Debug, Default)]
pub struct Agreement {
    /// By epoch, from 1.
    decided: Vec<(u64, Witness)>,
    /// The last epoch that each node acts on.
    known: ByNode<Option<Witness>>,
}

impl<P: Partitioned> Checker<P> for Agreement {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        match ring_fact(observed) {
            Some(RingFact::Decided { epoch, digest, .. }) => self.decide(*epoch, *digest, observed.witness(*epoch)),
            Some(RingFact::Learned { epoch, digest }) => {
                let here = observed.witness(*epoch);
                self.act(here);
                self.compare(*epoch, *digest, here, "learned")
            }
            Some(RingFact::Recovered { epoch, digest }) => self.recover(*epoch, *digest, observed.witness(*epoch)),
            _ => Judgement::Irrelevant,
        }
    }
}

impl Agreement {
    fn decide(&mut self, epoch: u64, digest: u64, here: Witness) -> Judgement {
        let last = self.decided.len() as u64;
        self.act(here);
        if epoch == last + 1 {
            self.decided.push((digest, here));
            return Judgement::Holds;
        }
        let explanation = format!("{} decided epoch {epoch} after epoch {last}", here.node);
        let before = self.decided.last().map(|(_, witness)| *witness);
        Judgement::Violated(Box::new(Flaw { explanation, witnesses: before.into_iter().chain([here]).collect() }))
    }

    /// A node may act on this epoch from here on.
    fn act(&mut self, here: Witness) {
        let known = self.known.get_mut(here.node);
        if known.is_none_or(|there| there.subject <= here.subject) {
            *known = Some(here);
        }
    }

    fn compare(&self, epoch: u64, digest: u64, here: Witness, how: &str) -> Judgement {
        let node = here.node;
        let Some((decided, there)) = epoch.checked_sub(1).and_then(|index| self.decided.get(index as usize)) else {
            let explanation = format!("{node} {how} epoch {epoch}, which is not decided");
            return Judgement::Violated(Box::new(Flaw { explanation, witnesses: vec![here] }));
        };
        Judgement::holds_if(*decided == digest, || Flaw {
            explanation: format!(
                "{node} {how} another epoch {epoch} than {} had decided at {}: digest {digest:016x} and not {decided:016x}",
                there.node, there.time
            ),
            witnesses: vec![*there, here],
        })
    }

    fn recover(&mut self, epoch: u64, digest: u64, here: Witness) -> Judgement {
        let known = self.known.get_mut(here.node);
        if let Some(there) = known.filter(|there| there.subject > epoch) {
            let explanation = format!(
                "{} acted on epoch {} at {}, and restarted with epoch {epoch}",
                here.node, there.subject, there.time
            );
            return Judgement::Violated(Box::new(Flaw { explanation, witnesses: vec![there, here] }));
        }
        if epoch == 0 {
            return Judgement::Irrelevant;
        }
        *known = Some(here);
        self.compare(epoch, digest, here, "recovered")
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn one_digest_an_epoch_learned_late_and_recovered() {
        let history = "n1 decides 1 a n2+4/4
            n2 learns 1 a
            n1 decides 2 b n3+4/8
            n2 crashes
            n2 boots
            n2 recovered 1 a
            n2 n3 learns 2 b
            n1 recovered 2 b";
        accepts(Agreement::default(), history);
    }

    #[test]
    fn another_digest_is_refused() {
        let history = "n1 decides 1 a n2+4/4\nn2 learns 1 b";
        let other = "n2 learned another epoch 1 than n1 had decided at 0.001s: digest 000000000000000b and not \
            000000000000000a";
        refuses(Agreement::default(), history, other);
        let history = "n1 decides 1 a n2+4/4\nn2 recovered 1 b";
        refuses(Agreement::default(), history, &other.replace("learned", "recovered"));
    }

    #[test]
    fn an_epoch_that_nobody_decided_for_good_is_refused() {
        refuses(Agreement::default(), "n2 learns 1 a", "n2 learned epoch 1, which is not decided");
        let history = "n1 decides 1 a n2+4/4\nn1 decides 1 b n3+4/4";
        refuses(Agreement::default(), history, "n1 decided epoch 1 after epoch 1");
    }

    #[test]
    fn an_epoch_that_is_forgotten_is_refused() {
        let history = "n1 decides 1 a n2+4/4\nn2 learns 1 a\nn2 boots\nn2 recovered 0 0";
        let forgotten = "n2 acted on epoch 1 at 0.002s, and restarted with epoch 0";
        refuses(Agreement::default(), history, forgotten);
        let told_of_an_earlier = "n1 decides 1 a n2+4/4
            n1 decides 2 b n3+4/8
            n2 learns 2 b
            n2 learns 1 a
            n2 boots
            n2 recovered 1 a";
        let forgotten = "n2 acted on epoch 2 at 0.003s, and restarted with epoch 1";
        refuses(Agreement::default(), told_of_an_earlier, forgotten);
    }
}
