//! Epochs reach everybody, ranges reach their owners and clients get answers, after the heal.

use std::collections::BTreeMap;

use sim::{Case, Goal, NodeId, Observed, Time, What};

use super::fact::{Partitioned, RingFact, ring_fact};
use crate::by_node::ByNode;
use crate::pending::{Pending, lacks};

/// After the heal every node of the core comes to know all epochs that were decided before, every range that they move is
/// accepted and released, and every client that still has operations gets one answered.
#[derive(Clone, Debug)]
pub struct Liveness {
    clients: Vec<Client>,
    /// The last epoch that was decided.
    decided: u64,
    /// Of each epoch.
    unreleased: BTreeMap<u64, Unreleased>,
    known: ByNode<Known>,
    healed: Option<Healed>,
}

/// How many ranges are not released yet, and when the first one of their epoch was planned.
#[derive(Clone, Copy, Debug)]
struct Unreleased {
    ranges: u32,
    planned_at: Time,
}

/// The last epoch that a node knows, and since when.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    epoch: u64,
    since: Time,
}

#[derive(Clone, Debug)]
struct Client {
    id: NodeId,
    operations: u32,
    answered_count: u32,
    /// How many were answered before the heal.
    answered_count_before: u32,
    pending: Pending,
}

#[derive(Clone, Debug)]
struct Healed {
    core: Vec<NodeId>,
    /// The last epoch that was decided.
    epoch: u64,
}

impl Liveness {
    /// For the clients of this case.
    pub fn new(case: &Case) -> Liveness {
        let client = |load: &sim::ClientLoad| {
            let omitted = load.omitted.iter().filter(|ordinal| **ordinal < load.operations).count() as u32;
            let operations = load.operations - omitted;
            let pending = Pending::default();
            Client { id: load.id, operations, answered_count: 0, answered_count_before: 0, pending }
        };
        Liveness {
            clients: case.workload.clients.iter().map(client).collect(),
            decided: 0,
            unreleased: BTreeMap::new(),
            known: ByNode::default(),
            healed: None,
        }
    }

    fn waiting(&self) -> impl Iterator<Item = &Client> {
        let is_owed = |client: &&Client| client.answered_count_before < client.operations;
        self.clients.iter().filter(is_owed).filter(|client| client.answered_count == client.answered_count_before)
    }

    fn client(&mut self, id: NodeId) -> &mut Client {
        self.clients.iter_mut().find(|client| client.id == id).expect("only clients of the case ask")
    }

    fn behind<'a>(&'a self, healed: &'a Healed) -> impl Iterator<Item = (NodeId, Known)> + 'a {
        let known = |node: &NodeId| (*node, self.known.get(*node).copied().unwrap_or_default());
        healed.core.iter().map(known).filter(|(_, known)| known.epoch < healed.epoch)
    }

    /// What is not released of all epochs together, if anything is not.
    fn under_way(&self, healed: &Healed) -> Option<Unreleased> {
        let epochs = self.unreleased.range(..=healed.epoch).map(|(_, unreleased)| *unreleased);
        epochs.filter(|unreleased| unreleased.ranges > 0).reduce(|first, later| Unreleased {
            ranges: first.ranges + later.ranges,
            planned_at: first.planned_at.min(later.planned_at),
        })
    }

    fn take_in(&mut self, node: NodeId, fact: &RingFact, now: Time) {
        match fact {
            RingFact::Decided { epoch, .. } => {
                self.decided = *epoch;
                *self.known.get_mut(node) = Known { epoch: *epoch, since: now };
            }
            RingFact::Learned { epoch, .. } | RingFact::Recovered { epoch, .. } => {
                *self.known.get_mut(node) = Known { epoch: *epoch, since: now };
            }
            // What nobody owned before nobody hands over.
            RingFact::Planned(movement) if movement.from.is_some() => {
                let none = Unreleased { ranges: 0, planned_at: now };
                self.unreleased.entry(movement.epoch).or_insert(none).ranges += 1;
            }
            RingFact::Released(movement) => {
                if let Some(unreleased) = self.unreleased.get_mut(&movement.epoch) {
                    unreleased.ranges = unreleased.ranges.saturating_sub(1);
                }
            }
            _ => {}
        }
    }
}

impl<P: Partitioned> Goal<P> for Liveness {
    fn observe(&mut self, observed: &Observed<'_, P>) {
        match observed.what {
            What::Crashed => *self.known.get_mut(observed.node) = Known { epoch: 0, since: observed.time },
            What::Invoked(operation, _) => self.client(operation.client).pending.ask(operation.ordinal, observed.time),
            What::Responded(operation, _) => {
                let client = self.client(operation.client);
                client.answered_count += 1;
                client.pending.answer(operation.ordinal, observed.time);
            }
            What::Healed(core) => {
                self.clients.iter_mut().for_each(|client| client.answered_count_before = client.answered_count);
                self.healed = Some(Healed { core: core.to_vec(), epoch: self.decided });
            }
            _ => {}
        }
        if let Some(fact) = ring_fact(observed) {
            self.take_in(observed.node, fact, observed.time);
        }
    }

    fn met(&self) -> bool {
        let Some(healed) = &self.healed else { return false };
        self.waiting().next().is_none() && self.behind(healed).next().is_none() && self.under_way(healed).is_none()
    }

    fn missing(&self) -> String {
        let Some(healed) = &self.healed else { return "there was no heal".into() };
        let mut missing = lacks(self.waiting().map(|client| (client.id, client.pending.lack())));
        missing.extend(self.behind(healed).map(|(node, Known { epoch, since })| {
            format!("{node} (at epoch {epoch} since {since}) did not get to epoch {}", healed.epoch)
        }));
        missing.extend(self.under_way(healed).map(|Unreleased { ranges, planned_at }| {
            format!("ranges not released: {ranges} (planned from {planned_at} on)")
        }));
        missing.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use sim::ClientLoad;

    use super::super::story::missing;
    use super::*;
    use crate::story::case;

    fn of_one_client() -> Liveness {
        Liveness::new(&case(3, vec![ClientLoad { id: NodeId::client(1), operations: 2, omitted: vec![1] }]))
    }

    const HEALED: &str = "n1 decides 1 a n2+4/4
        n1 plans 1 0..0 >n2
        n2 learns 1 a
        n1 decides 2 b n3+4/8
        n1 plans 2 10..20 n2>n3
        healed n1 n2 n3
        ";

    #[track_caller]
    fn assert_missing(history: &str, expected: Option<&str>) {
        assert_eq!(missing(&mut of_one_client(), &format!("{HEALED}{history}")).as_deref(), expected);
    }

    #[test]
    fn an_answer_every_epoch_known_and_every_range_released_is_progress() {
        let done = "n2 n3 learns 2 b\nn3 accepts 2 10..20 n2>n3\nn2 releases 2 10..20 n2>n3\nc1 wrote 7 1";
        assert_missing(done, None);
        // What is decided later need not be done.
        assert_missing(&format!("{done}\nn1 decides 3 c n2-2/8\nn1 plans 3 20..30 n2>n3"), None);
    }

    #[test]
    fn each_of_the_three_is_missed_with_the_time_since_when() {
        let [one, two] = ["n2 (at epoch 1 since 0.003s)", "n3 (at epoch 0 since 0.000s)"];
        let nothing = format!(
            "c1 asked for nothing, {one} did not get to epoch 2, {two} did not get to epoch 2, \
             ranges not released: 1 (planned from 0.005s on)"
        );
        assert_missing("", Some(&nothing));
        let unreleased = "ranges not released: 1 (planned from 0.005s on)";
        assert_missing("n2 n3 learns 2 b\nc1 read 7 0", Some(unreleased));
        let behind = "n3 (at epoch 0 since 0.000s) did not get to epoch 2";
        assert_missing("n2 learns 2 b\nn2 releases 2 10..20 n2>n3\nc1 read 7 0", Some(behind));
        let unanswered = "c1 got no answer to operation 1 (asked at 0.007s)";
        assert_missing("c1 asks 7\nn2 n3 learns 2 b\nn2 releases 2 10..20 n2>n3", Some(unanswered));
    }

    /// Failures are grouped by their sentences without the numbers.
    #[test]
    fn one_range_is_spoken_of_like_several() {
        let history =
            "n1 decides 1 a n2+4/4\nn1 plans 1 10..20 n2>n1\nn1 plans 1 30..40 n2>n1\nhealed n1\nc1 wrote 7 1";
        let expected = "ranges not released: 2 (planned from 0.002s on)";
        assert_eq!(missing(&mut of_one_client(), history).as_deref(), Some(expected));
    }

    /// Or the client would be blamed, that it asks for nothing more, where the cluster owes it an answer.
    #[test]
    fn of_two_operations_the_one_that_is_not_answered_is_named() {
        let client = ClientLoad { id: NodeId::client(1), operations: 3, omitted: Vec::new() };
        let history = "c1 asks 7\nc1 asks 8\nc1 wrote 8 1\nhealed n1";
        let open = Some("c1 got no answer to operation 1 (asked at 0.001s)");
        assert_eq!(missing(&mut Liveness::new(&case(1, vec![client])), history).as_deref(), open);
    }

    #[test]
    fn a_life_that_ended_knows_nothing_until_it_is_read_again() {
        let done = "n2 n3 learns 2 b\nn2 releases 2 10..20 n2>n3\nc1 wrote 7 1\nn1 crashes";
        assert_missing(done, Some("n1 (at epoch 0 since 0.010s) did not get to epoch 2"));
        assert_missing(&format!("{done}\nn1 boots\nn1 recovered 2 b"), None);
    }

    #[test]
    fn before_the_heal_there_is_no_progress() {
        assert_eq!(missing(&mut of_one_client(), "c1 wrote 7 1").as_deref(), Some("there was no heal"));
    }
}
