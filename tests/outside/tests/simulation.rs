//! What must hold of the lock service, whatever happens to it.

use std::time::Duration;

use lock::{Client, Event, Lock, Server};
use sim::{
    Checker, Damage, Faults, Flaw, Goal, Judgement, NodeId, Observed, Permission, Recoverable, Strike, Survival, What,
    Witness,
};

#[test]
fn at_most_one_holder() {
    campaign::scenario::<Server>("lock")
        .nodes(1..=1)
        .clients::<Client>(2..=8)
        .knob_octaves("hold_ms", 1..=1_000)
        .faults(Faults::swarm())
        .triggers(&["granted"])
        .survival(OneServer)
        .checker("one_holder", OneHolder::default())
        .progress("granted", Duration::from_secs(10), Granted::default())
        .check();
}

/// Safety: nobody acquires the lock while somebody else holds it.
#[derive(Clone, Default)]
struct OneHolder {
    holder: Option<Witness>,
}

impl Checker<Lock> for OneHolder {
    fn observe(&mut self, observed: &Observed<'_, Lock>) -> Judgement {
        let witness = observed.witness(0);
        match observed.fact() {
            Some(Event::Acquired) => match self.holder.replace(witness) {
                None => Judgement::Holds,
                Some(first) => Judgement::Violated(Box::new(Flaw {
                    explanation: format!(
                        "{} and {} both hold the lock, {0} since {}",
                        first.node, witness.node, first.time
                    ),
                    witnesses: vec![first, witness],
                })),
            },
            Some(Event::Released) => {
                self.holder = None;
                Judgement::Irrelevant
            }
            Some(Event::Granted) | None => Judgement::Irrelevant,
        }
    }
}

/// Liveness: where somebody waits for the lock when the faults are over, somebody gets it.
#[derive(Clone, Default)]
struct Granted {
    waiting: u32,
    since_heal: bool,
}

impl Goal<Lock> for Granted {
    fn observe(&mut self, observed: &Observed<'_, Lock>) {
        match observed.what {
            What::Invoked(..) => self.waiting += 1,
            What::Responded(..) => {
                self.waiting -= 1;
                self.since_heal = true;
            }
            What::Healed(_) => self.since_heal = false,
            _ => {}
        }
    }

    fn met(&self) -> bool {
        self.since_heal || self.waiting == 0
    }

    fn missing(&self) -> String {
        format!("none of the {} clients that wait was granted the lock", self.waiting)
    }
}

/// The one server may be struck at any time: all that is promised is that it goes on when the faults are over.
#[derive(Clone)]
struct OneServer;

impl Survival<Lock> for OneServer {
    fn allows(&self, _: &Damage, _: &Strike<'_>) -> Permission {
        Permission::Fire
    }

    fn core(&self, damage: &Damage, _: u64) -> Vec<NodeId> {
        damage.nodes.iter().map(|node| node.id).collect()
    }

    fn recoverable(&self, _: &Damage) -> Recoverable {
        Recoverable::Yes
    }
}
