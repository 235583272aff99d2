//! Operations are answered, and logs catch up, after the heal.

use sim::{Case, Goal, NodeId, Observed, What};

use super::fact::{LogFact, Replicated, log_fact};
use crate::by_node::ByNode;

/// After the heal every client that still has operations gets one answered, and every node of the core applies all that
/// anybody had applied before.
#[derive(Clone, Debug)]
pub struct Liveness {
    clients: Vec<Client>,
    /// The last index that the present life of each node applied.
    applied: ByNode<u64>,
    /// The last index that any life of any node applied.
    furthest: u64,
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
    /// What the core has to apply.
    through: u64,
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
            applied: ByNode::default(),
            furthest: 0,
            healed: None,
        }
    }

    fn waiting(&self) -> impl Iterator<Item = &Client> {
        let is_owed = |client: &&Client| client.answered_before < client.operations;
        self.clients.iter().filter(is_owed).filter(|client| client.answered == client.answered_before)
    }

    fn behind<'a>(&'a self, healed: &'a Healed) -> impl Iterator<Item = (NodeId, u64)> + 'a {
        let applied = |node: &NodeId| (*node, self.applied.get(*node).copied().unwrap_or_default());
        healed.core.iter().map(applied).filter(|(_, applied)| *applied < healed.through)
    }
}

impl<P: Replicated> Goal<P> for Liveness {
    fn observe(&mut self, observed: &Observed<'_, P>) {
        match observed.what {
            What::Crashed | What::Booted => *self.applied.get_mut(observed.node) = 0,
            What::Responded(..) => {
                let client = self.clients.iter_mut().find(|client| client.id == observed.node);
                client.expect("only clients of the case are answered").answered += 1;
            }
            What::Healed(core) => {
                self.clients.iter_mut().for_each(|client| client.answered_before = client.answered);
                self.healed = Some(Healed { core: core.to_vec(), through: self.furthest });
            }
            _ => {}
        }
        if let Some(LogFact::Applied(entry)) = log_fact(observed) {
            *self.applied.get_mut(observed.node) = entry.index;
            self.furthest = self.furthest.max(entry.index);
        }
    }

    fn met(&self) -> bool {
        let Some(healed) = &self.healed else { return false };
        self.waiting().next().is_none() && self.behind(healed).next().is_none()
    }

    fn missing(&self) -> String {
        let Some(healed) = &self.healed else { return "there was no heal".into() };
        let clients: Vec<NodeId> = self.waiting().map(|client| client.id).collect();
        let behind = self.behind(healed).map(|(node, applied)| format!("{node} applied {applied}"));
        let behind: Vec<String> = behind.collect();
        match (clients.is_empty(), behind.is_empty()) {
            (false, true) => format!("{clients:?} got no answer"),
            (true, _) => format!("{} of {} entries", behind.join(", "), healed.through),
            (false, false) => format!("{clients:?} got no answer, {} of {} entries", behind.join(", "), healed.through),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use sim::{CASE_FORMAT, ClientLoad, Expect, Heal, Hex, Network, Plan, Salts, Time, Workload};

    use super::super::story::missing;
    use super::*;

    /// Two clients, of two operations and of none.
    fn of_two_clients() -> Liveness {
        let load = |number, operations| ClientLoad { id: NodeId::client(number), operations, omitted: vec![1] };
        Liveness::new(&Case {
            format: CASE_FORMAT,
            scenario: "told".into(),
            seed: Hex(0),
            salts: Salts::new(),
            expect: Expect::Pass,
            knobs: BTreeMap::new(),
            nodes: vec![NodeId::node(1), NodeId::node(2)],
            network: Network::calm(1..=1),
            workload: Workload { clients: vec![load(1, 3), load(2, 0)] },
            plan: Plan { heal: Heal { at_ns: Time::ZERO, core: None }, items: Vec::new() },
            found: None,
            fired: Vec::new(),
            reached: Vec::new(),
            note: String::new(),
        })
    }

    #[test]
    fn an_answer_and_everything_applied_is_progress() {
        let history = "n1 applies 1/1 a\nhealed n1 n2\nn2 applies 1/1 a\nc1 answered 1 a";
        assert_eq!(missing(&mut of_two_clients(), history), None);
    }

    #[test]
    fn before_the_heal_nothing_counts() {
        let history = "n1 n2 applies 1/1 a\nc1 answered 1 a\nhealed n1 n2";
        assert_eq!(missing(&mut of_two_clients(), history).as_deref(), Some("[c1] got no answer"));
        assert!(missing(&mut of_two_clients(), "n1 applies 1/1 a").is_some());
    }

    #[test]
    fn a_client_that_is_through_is_owed_nothing() {
        let history = "c1 answered 1 a\nc1 answered 2 b\nhealed n1";
        assert_eq!(missing(&mut of_two_clients(), history), None);
    }

    #[test]
    fn a_life_has_to_apply_again_what_its_last_had_applied() {
        let history = "n1 n2 applies 1/1 a\nhealed n1 n2\nn2 boots\nc1 answered 1 a";
        assert_eq!(missing(&mut of_two_clients(), history).as_deref(), Some("n2 applied 0 of 1 entries"));
    }

    #[test]
    fn what_is_outside_of_the_core_need_not_catch_up() {
        let history = "n1 applies 1/1 a\nhealed n1\nc1 answered 1 a";
        assert_eq!(missing(&mut of_two_clients(), history), None);
    }
}
