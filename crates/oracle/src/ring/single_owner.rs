//! In each epoch at most one node accepts writes for a key.

use std::collections::BTreeMap;

use sim::{Checker, Flaw, Judgement, NodeId, Observed, Witness};

use super::fact::{Item, Partitioned, RingFact, ring_fact, subject};
use super::owners::{Plans, named};

/// Who accepts a write for a key is the one whom the plans lead to in the epoch by which it goes, and once somebody accepted
/// one in an epoch, nobody goes by an earlier one.
#[derive(Clone, Debug, Default)]
pub struct SingleOwner {
    plans: Plans,
    /// By key: the last epoch by which a write was accepted.
    writes: BTreeMap<u64, (u64, Witness)>,
}

impl<P: Partitioned> Checker<P> for SingleOwner {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        match ring_fact(observed) {
            Some(RingFact::Decided { epoch, .. }) => self.plans.begin(*epoch),
            // What does not fit is for `bounded_movement` to report.
            Some(RingFact::Planned(movement)) => drop(self.plans.add(movement)),
            Some(RingFact::Written { epoch, item }) => {
                return self.write(*epoch, item, observed.witness(subject(item.key)));
            }
            _ => {}
        }
        Judgement::Irrelevant
    }
}

impl SingleOwner {
    fn write(&mut self, epoch: u64, item: &Item, here: Witness) -> Judgement {
        let (node, key) = (here.node, item.key);
        let (last, there) = *self.writes.entry(key).or_insert((epoch, here));
        self.writes.insert(key, (epoch, here));
        if last > epoch || (last == epoch && there.node != node) {
            let explanation = format!(
                "{node} accepted a write for key {key} in epoch {epoch}, after {} had accepted one in epoch {last} at {}",
                there.node, there.time
            );
            return Judgement::Violated(Box::new(Flaw { explanation, witnesses: vec![there, here] }));
        }
        let owner: Option<NodeId> = self.plans.owners(epoch).and_then(|owners| owners.at(item.position));
        Judgement::holds_if(owner == Some(node), || Flaw {
            explanation: format!(
                "{node} accepted a write for key {key} at {:x} in epoch {epoch}, where the plans give that to {}",
                item.position,
                named(owner)
            ),
            witnesses: vec![here],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    const TWO_EPOCHS: &str = "n1 decides 1 a n2+4/4
        n1 plans 1 0..0 >n2
        n1 decides 2 b n3+4/8
        n1 plans 2 10..20 n2>n3
        ";

    #[test]
    fn the_owner_before_writes_in_its_epoch_and_then_the_owner_after() {
        let history = "n2 writes 1 7@15=1\nn3 writes 2 7@15=2\nn2 writes 1 8@20=1\nn2 writes 2 9@21=1";
        accepts(SingleOwner::default(), &format!("{TWO_EPOCHS}{history}"));
    }

    #[test]
    fn another_than_the_plans_lead_to_is_refused() {
        let other = "n3 accepted a write for key 7 at 15 in epoch 2, where the plans give that to n2";
        refuses(SingleOwner::default(), &format!("{TWO_EPOCHS}n3 writes 2 7@21=1"), other);
        let early = "n3 accepted a write for key 7 at f in epoch 1, where the plans give that to n2";
        refuses(SingleOwner::default(), &format!("{TWO_EPOCHS}n3 writes 1 7@15=1"), early);
        let unplanned = "n3 accepted a write for key 7 at f in epoch 9, where the plans give that to nobody";
        refuses(SingleOwner::default(), &format!("{TWO_EPOCHS}n3 writes 9 7@15=1"), unplanned);
    }

    #[test]
    fn a_write_in_an_epoch_that_is_over_for_its_key_is_refused() {
        let history = format!("{TWO_EPOCHS}n3 writes 2 7@15=1\nn2 writes 1 7@15=2");
        let stale = "n2 accepted a write for key 7 in epoch 1, after n3 had accepted one in epoch 2 at 0.005s";
        refuses(SingleOwner::default(), &history, stale);
    }

    #[test]
    fn two_owners_in_one_epoch_are_refused() {
        let history = format!("{TWO_EPOCHS}n3 writes 2 7@15=1\nn2 writes 2 7@15=2");
        let both = "n2 accepted a write for key 7 in epoch 2, after n3 had accepted one in epoch 2 at 0.005s";
        refuses(SingleOwner::default(), &history, both);
    }
}
