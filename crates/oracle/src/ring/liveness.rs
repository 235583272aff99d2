//! Epochs reach everybody, ranges reach their owners and clients get answers, after the heal.

use std::collections::BTreeMap;

use sim::{Case, Goal, NodeId, Observed, What};

use super::fact::{Partitioned, RingFact, ring_fact};
use crate::by_node::ByNode;

/// After the heal every node of the core comes to know all epochs that were decided before, every range that they move is
/// accepted and released, and every client that still has operations gets one answered.
#[derive(Clone, Debug)]
pub struct Liveness {
    clients: Vec<Client>,
    /// The last epoch that was decided.
    decided: u64,
    /// How many ranges of each epoch are not released yet.
    unreleased: BTreeMap<u64, u32>,
    known: ByNode<u64>,
    healed: Option<Healed>,
}

#[derive(Clone, Debug)]
struct Client {
    id: NodeId,
    operations: u32,
    answered: u32,
    /// How many were answered before the heal.
    answered_before: u32,
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
            Client { id: load.id, operations: load.operations - omitted, answered: 0, answered_before: 0 }
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
        let is_owed = |client: &&Client| client.answered_before < client.operations;
        self.clients.iter().filter(is_owed).filter(|client| client.answered == client.answered_before)
    }

    fn behind<'a>(&'a self, healed: &'a Healed) -> impl Iterator<Item = (NodeId, u64)> + 'a {
        let known = |node: &NodeId| (*node, self.known.get(*node).copied().unwrap_or_default());
        healed.core.iter().map(known).filter(|(_, known)| *known < healed.epoch)
    }

    fn under_way(&self, healed: &Healed) -> u32 {
        self.unreleased.range(..=healed.epoch).map(|(_, count)| count).sum()
    }

    fn take_in(&mut self, node: NodeId, fact: &RingFact) {
        match fact {
            RingFact::Decided { epoch, .. } => {
                self.decided = *epoch;
                *self.known.get_mut(node) = *epoch;
            }
            RingFact::Learned { epoch, .. } | RingFact::Recovered { epoch, .. } => {
                *self.known.get_mut(node) = *epoch;
            }
            // What nobody owned before nobody hands over.
            RingFact::Planned(movement) if movement.from.is_some() => {
                *self.unreleased.entry(movement.epoch).or_default() += 1;
            }
            RingFact::Released(movement) => {
                let unreleased = self.unreleased.entry(movement.epoch).or_default();
                *unreleased = unreleased.saturating_sub(1);
            }
            _ => {}
        }
    }
}

impl<P: Partitioned> Goal<P> for Liveness {
    fn observe(&mut self, observed: &Observed<'_, P>) {
        match observed.what {
            What::Crashed => *self.known.get_mut(observed.node) = 0,
            What::Responded(..) => {
                let client = self.clients.iter_mut().find(|client| client.id == observed.node);
                client.expect("only clients of the case are answered").answered += 1;
            }
            What::Healed(core) => {
                self.clients.iter_mut().for_each(|client| client.answered_before = client.answered);
                self.healed = Some(Healed { core: core.to_vec(), epoch: self.decided });
            }
            _ => {}
        }
        if let Some(fact) = ring_fact(observed) {
            self.take_in(observed.node, fact);
        }
    }

    fn met(&self) -> bool {
        let Some(healed) = &self.healed else { return false };
        self.waiting().next().is_none() && self.behind(healed).next().is_none() && self.under_way(healed) == 0
    }

    fn missing(&self) -> String {
        let Some(healed) = &self.healed else { return "there was no heal".into() };
        let clients: Vec<NodeId> = self.waiting().map(|client| client.id).collect();
        let behind: Vec<String> = self.behind(healed).map(|(node, known)| format!("{node} knows {known}")).collect();
        let under_way = self.under_way(healed);
        let missing = [
            (!clients.is_empty()).then(|| format!("{clients:?} got no answer")),
            (!behind.is_empty()).then(|| format!("{} of {} epochs", behind.join(", "), healed.epoch)),
            (under_way > 0).then(|| format!("{under_way} ranges were not released")),
        ];
        missing.into_iter().flatten().collect::<Vec<_>>().join(", ")
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
    fn each_of_the_three_is_missed() {
        let nothing = "[c1] got no answer, n2 knows 1, n3 knows 0 of 2 epochs, 1 ranges were not released";
        assert_missing("", Some(nothing));
        assert_missing("n2 n3 learns 2 b\nc1 read 7 0", Some("1 ranges were not released"));
        assert_missing("n2 learns 2 b\nn2 releases 2 10..20 n2>n3\nc1 read 7 0", Some("n3 knows 0 of 2 epochs"));
        assert_missing("n2 n3 learns 2 b\nn2 releases 2 10..20 n2>n3", Some("[c1] got no answer"));
    }

    #[test]
    fn a_life_that_ended_knows_nothing_until_it_is_read_again() {
        let done = "n2 n3 learns 2 b\nn2 releases 2 10..20 n2>n3\nc1 wrote 7 1\nn1 crashes";
        assert_missing(done, Some("n1 knows 0 of 2 epochs"));
        assert_missing(&format!("{done}\nn1 boots\nn1 recovered 2 b"), None);
    }

    #[test]
    fn before_the_heal_there_is_no_progress() {
        assert_eq!(missing(&mut of_one_client(), "c1 wrote 7 1").as_deref(), Some("there was no heal"));
    }
}
