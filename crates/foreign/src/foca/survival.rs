//! What a group survives: all of it, as long as somebody is left to find.

use sim::{Damage, NodeId, Permission, Recoverable, Service, Strike, Survival, mix};

use super::message::Protocol;

/// Any number of members may be down, cut off or paused, and any number of them can be a group.
///
/// After the heal all are well that live, and of the dead some: who stays dead has to be found out by the others.
#[derive(Clone, Copy, Debug)]
pub struct Anybody;

impl Survival<Protocol> for Anybody {
    fn allows(&self, _: &Damage, _: &Strike<'_>) -> Permission {
        Permission::Fire
    }

    fn core(&self, damage: &Damage, draw: u64) -> Vec<NodeId> {
        let is_well = |node: NodeId| mix(draw, u64::from(node.number())).is_multiple_of(2);
        let mut missing = 2usize.saturating_sub(damage.nodes.len() - damage.unavailable());
        let mut core = Vec::new();
        for node in &damage.nodes {
            let is_down = node.service == Service::Down;
            if !is_down || is_well(node.id) || missing > 0 {
                missing = missing.saturating_sub(usize::from(node.service != Service::Up));
                core.push(node.id);
            }
        }
        core
    }

    fn recoverable(&self, _: &Damage) -> Recoverable {
        Recoverable::Yes
    }
}
