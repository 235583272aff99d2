//! What may be destroyed without making the impossible of a system.
//!
//! What is still allowed is known only at run time, so an item that is due asks. What the answer rests on is the
//! [`Damage`], which knows no protocol; a scenario with more to say, such as a configuration that changes, feeds its
//! own [`Survival`] with facts.

use crate::check::Observed;
use crate::id::NodeId;
use crate::payload::Protocol;
use crate::plan::FaultKind;
use crate::sample::below;

/// The state of one node's service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Service {
    /// It runs.
    Up,
    /// It is dead, until a restart.
    Down,
    /// It stands still, until it is resumed.
    Paused,
    /// It declined to serve.
    Refused,
}

/// What has been done to one node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NodeDamage {
    /// The node.
    pub id: NodeId,
    /// Whether it serves.
    pub service: Service,
    /// Whether a crash ever took bytes from it that it had not synced.
    pub lost_unsynced: bool,
    /// Whether requests to its disk fail now, so that its process may stop at any time.
    pub is_failing: bool,
    /// Whether what it had made durable may have been lost or changed: a bit rotted, a disk lied, it was wiped,
    /// or it may go on from what it did not read right.
    pub is_damaged: bool,
    /// By how many millionths its monotonic clock is too fast, or where negative too slow.
    pub clock_rate_error_ppm: i32,
}

/// What has been done to the nodes of a run so far; clients are not counted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// Each node, in the order of ids.
    pub nodes: Vec<NodeDamage>,
    /// The links that are cut for good, beyond the heal too: nothing that the first node sends reaches the second.
    pub cut_for_good: Vec<(NodeId, NodeId)>,
}

impl NodeDamage {
    /// Whether it can be healed: it did not decline to serve, and has no reason to.
    fn is_able(&self) -> bool {
        self.service != Service::Refused && !self.is_damaged
    }
}

/// Whether a fault of this kind may leave its node out of service.
fn takes_out_of_service(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::Crash | FaultKind::Stop | FaultKind::Pause | FaultKind::IoError | FaultKind::NoSpace)
        || FaultKind::DAMAGING.contains(&kind)
}

impl Damage {
    /// How many nodes do not serve.
    pub fn unavailable(&self) -> usize {
        self.nodes.iter().filter(|node| node.service != Service::Up).count()
    }
}

/// A fault that is due, and the nodes that it would strike.
#[derive(Clone, Copy, Debug)]
pub struct Strike<'a> {
    /// Its kind.
    pub kind: FaultKind,
    /// The nodes, clients left out.
    pub nodes: &'a [NodeId],
}

/// Whether a fault that is due may strike.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Permission {
    /// It may.
    Fire,
    /// It may not, for this reason.
    Withhold(&'static str),
}

/// Whether a state that is stuck could have been got out of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Recoverable {
    /// It could: to be stuck is a failure.
    Yes,
    /// It could not, for this reason.
    No(&'static str),
    /// It is not known, and a run that depends on it is undecided.
    Unknown,
}

/// What a system survives.
pub trait Survival<P: Protocol>: Clone + Send + 'static {
    /// Takes in what happened.
    fn observe(&mut self, observed: &Observed<'_, P>) {
        let _ = observed;
    }

    /// Whether a fault that is due may strike, given what has been done already.
    fn allows(&self, damage: &Damage, strike: &Strike<'_>) -> Permission;

    /// A set of nodes that must suffice for progress once they are healed. `draw` chooses among several, so that
    /// campaigns see them all.
    fn core(&self, damage: &Damage, draw: u64) -> Vec<NodeId>;

    /// Whether the core could make progress.
    fn recoverable(&self, damage: &Damage) -> Recoverable;
}

/// A fixed set of nodes of which any majority suffices: what holds unless a scenario says otherwise.
///
/// What takes a node out of service is withheld where it would leave no majority of nodes that serve and whose disks are
/// sound: a crash, a pause, a disk that fails or fills up, at which a process may stop, and damage, on which it may refuse to
/// serve. Partitions and stalls are always allowed: they end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StaticMajority;

impl<P: Protocol> Survival<P> for StaticMajority {
    fn allows(&self, damage: &Damage, strike: &Strike<'_>) -> Permission {
        if !takes_out_of_service(strike.kind) {
            return Permission::Fire;
        }
        let serves = |node: &NodeDamage| node.service == Service::Up && !node.is_failing && !node.is_damaged;
        let serving = |node: &&NodeDamage| serves(node) && !strike.nodes.contains(&node.id);
        let left = damage.nodes.iter().filter(serving).count();
        let strikes_a_server = damage.nodes.iter().any(|node| strike.nodes.contains(&node.id));
        if !strikes_a_server || left >= majority(damage.nodes.len()) {
            Permission::Fire
        } else {
            Permission::Withhold("it would leave no majority serving")
        }
    }

    fn core(&self, damage: &Damage, draw: u64) -> Vec<NodeId> {
        let mut able: Vec<NodeId> = damage.nodes.iter().filter(|node| node.is_able()).map(|node| node.id).collect();
        let size = majority(damage.nodes.len()).min(able.len());
        for index in 0..size {
            let other = index + below(crate::mix::mix(draw, index as u64), (able.len() - index) as u64) as usize;
            able.swap(index, other);
        }
        able.truncate(size);
        able.sort_unstable();
        able
    }

    fn recoverable(&self, damage: &Damage) -> Recoverable {
        let able = damage.nodes.iter().filter(|node| node.is_able()).count();
        if able >= majority(damage.nodes.len()) {
            Recoverable::Yes
        } else {
            Recoverable::No("no majority of the nodes has a sound disk and serves")
        }
    }
}

/// Nothing has to be spared, and all nodes are healed: what holds of a system that only promises to be right whenever it is
/// struck, and to go on once all of it is there again. Of one server, say, or of nodes that store each other's data.
///
/// No fault is withheld.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AllReturn;

impl<P: Protocol> Survival<P> for AllReturn {
    fn allows(&self, _: &Damage, _: &Strike<'_>) -> Permission {
        Permission::Fire
    }

    fn core(&self, damage: &Damage, _: u64) -> Vec<NodeId> {
        damage.nodes.iter().filter(|node| node.service != Service::Refused).map(|node| node.id).collect()
    }

    fn recoverable(&self, damage: &Damage) -> Recoverable {
        if damage.nodes.iter().any(|node| node.service == Service::Refused) {
            Recoverable::No("a node declined to serve")
        } else {
            Recoverable::Yes
        }
    }
}

/// The smallest majority of so many nodes.
fn majority(nodes: usize) -> usize {
    nodes / 2 + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::NoFact;

    #[derive(Clone, Debug, Hash)]
    struct Nothing;
    impl crate::Payload for Nothing {}
    impl Protocol for Nothing {
        type Message = Nothing;
        type Fact = NoFact;
        type Operation = ();
        type Reply = ();
    }

    fn damage(services: &[Service]) -> Damage {
        let node = |(index, service): (usize, &Service)| NodeDamage {
            id: NodeId::node(index as u16 + 1),
            service: *service,
            lost_unsynced: false,
            is_failing: false,
            is_damaged: false,
            clock_rate_error_ppm: 0,
        };
        Damage { nodes: services.iter().enumerate().map(node).collect(), cut_for_good: Vec::new() }
    }

    fn allows(services: &[Service], kind: FaultKind, nodes: &[u16]) -> bool {
        let nodes: Vec<NodeId> = nodes.iter().map(|number| NodeId::node(*number)).collect();
        let strike = Strike { kind, nodes: &nodes };
        Survival::<Nothing>::allows(&StaticMajority, &damage(services), &strike) == Permission::Fire
    }

    #[test]
    fn a_crash_that_leaves_no_majority_is_withheld() {
        use Service::{Down, Paused, Up};
        assert!(allows(&[Up, Up, Up], FaultKind::Crash, &[1]));
        assert!(!allows(&[Up, Up, Down], FaultKind::Crash, &[1]));
        assert!(!allows(&[Up, Up, Paused], FaultKind::Pause, &[1]));
        assert!(!allows(&[Up, Up, Up], FaultKind::Crash, &[1, 2]));
        assert!(allows(&[Up, Up, Down], FaultKind::Partition, &[1]));
        assert!(allows(&[Up, Down, Up], FaultKind::Crash, &[]), "a client's death takes no server");
    }

    #[test]
    fn where_all_return_the_last_node_may_be_struck_and_all_are_healed() {
        let state = damage(&[Service::Down, Service::Up]);
        let strike = Strike { kind: FaultKind::Crash, nodes: &[NodeId::node(2)] };
        assert_eq!(Survival::<Nothing>::allows(&AllReturn, &state, &strike), Permission::Fire);
        assert_eq!(Survival::<Nothing>::core(&AllReturn, &state, 7), [1, 2].map(NodeId::node));
        assert_eq!(Survival::<Nothing>::recoverable(&AllReturn, &state), Recoverable::Yes);
        let refused = damage(&[Service::Up, Service::Refused]);
        let never = Recoverable::No("a node declined to serve");
        assert_eq!(Survival::<Nothing>::recoverable(&AllReturn, &refused), never);
    }

    #[test]
    fn the_core_is_a_majority_and_every_node_gets_its_turn() {
        let state = damage(&[Service::Down; 5]);
        let cores: Vec<Vec<NodeId>> =
            (0..50).map(|draw| Survival::<Nothing>::core(&StaticMajority, &state, draw)).collect();
        assert!(cores.iter().all(|core| core.len() == 3));
        assert!(state.nodes.iter().all(|node| cores.iter().any(|core| core.contains(&node.id))));
    }
}
