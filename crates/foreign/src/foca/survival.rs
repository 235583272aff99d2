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

#[cfg(test)]
mod tests {
    use sim::NodeDamage;

    use super::*;

    fn damage(services: &[Service]) -> Damage {
        let node = |(number, service): (u16, &Service)| NodeDamage {
            id: NodeId::node(number),
            service: *service,
            lost_unsynced: false,
            is_failing: false,
            is_damaged: false,
            clock_rate_error_ppm: 0,
        };
        Damage { nodes: (1..).zip(services).map(node).collect(), cut_for_good: Vec::new() }
    }

    #[test]
    fn all_that_live_are_healed_and_of_the_dead_some_so_that_two_can_find_each_other() {
        use Service::{Down, Paused, Up};
        for services in [&[Up, Up, Down, Down][..], &[Down, Down], &[Up, Down, Down], &[Paused, Down, Up], &[Down; 7]] {
            let damage = damage(services);
            let mut sizes: Vec<usize> = Vec::new();
            for draw in 0..200 {
                let core = Anybody.core(&damage, draw);
                let lives = |node: &&NodeDamage| node.service != Down;
                assert!(
                    damage.nodes.iter().filter(lives).all(|node| core.contains(&node.id)),
                    "{services:?}: {core:?}"
                );
                assert!(core.len() >= 2, "{services:?}: {core:?}");
                sizes.push(core.len());
            }
            let dead = services.iter().filter(|service| **service == Down).count();
            let (least, most) = (services.len().saturating_sub(dead).max(2), services.len());
            assert_eq!((sizes.iter().min(), sizes.iter().max()), (Some(&least), Some(&most)), "{services:?}");
        }
    }
}
