//! Who takes part, and whom each takes for a part of the group.

use sim::{NodeId, Observed, What};

use super::fact::{Gossiping, Identity, MembershipFact, Standing, membership_fact};
use crate::by_node::ByNode;

/// What there is to know at one moment: who takes part in truth, and by the list of each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Views {
    members: ByNode<Member>,
    /// The nodes that were healed.
    core: Option<Vec<NodeId>>,
}

#[derive(Clone, Debug, Default)]
struct Member {
    part: Part,
    list: Vec<(Identity, Standing)>,
}

/// Whether a node takes part.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Part {
    /// It has not come so far.
    #[default]
    None,
    /// It is dead.
    Dead,
    /// It takes part, by this name.
    As(Identity),
    /// It lives, and has left on purpose.
    Left,
}

impl Views {
    pub(crate) fn observe<P: Gossiping>(&mut self, observed: &Observed<'_, P>) {
        let node = observed.node;
        match observed.what {
            What::Crashed => *self.members.get_mut(node) = Member { part: Part::Dead, list: Vec::new() },
            What::Booted => *self.members.get_mut(node) = Member::default(),
            What::Healed(core) => self.core = Some(core.to_vec()),
            _ => {}
        }
        // What the step before a crash had changed is stated after it.
        if self.part(node) == Part::Dead {
            return;
        }
        match membership_fact(observed) {
            Some(MembershipFact::Joined(identity)) => self.members.get_mut(node).part = Part::As(*identity),
            Some(MembershipFact::Left(_)) => self.members.get_mut(node).part = Part::Left,
            Some(MembershipFact::Emptied) => self.members.get_mut(node).list.clear(),
            Some(MembershipFact::Holds { identity, standing, .. }) => {
                let list = &mut self.members.get_mut(node).list;
                match list.iter_mut().find(|(known, _)| known.node == identity.node) {
                    Some(entry) => *entry = (*identity, *standing),
                    None => list.push((*identity, *standing)),
                }
            }
            Some(MembershipFact::Forgot(identity)) => {
                self.members.get_mut(node).list.retain(|(known, _)| known.node != identity.node);
            }
            _ => {}
        }
    }

    /// The nodes that were healed, once they were.
    pub(crate) fn core(&self) -> Option<&[NodeId]> {
        self.core.as_deref()
    }

    pub(crate) fn part(&self, node: NodeId) -> Part {
        self.members.get(node).map(|member| member.part).unwrap_or_default()
    }

    /// Those of the core that take part, with their names.
    pub(crate) fn members(&self) -> impl Iterator<Item = Identity> + '_ {
        self.core.iter().flatten().filter_map(|node| match self.part(*node) {
            Part::As(identity) => Some(identity),
            Part::None | Part::Dead | Part::Left => None,
        })
    }

    /// Those of the core that are to take part and do not yet.
    pub(crate) fn awaited(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.core.iter().flatten().copied().filter(|node| matches!(self.part(*node), Part::None | Part::Dead))
    }

    /// Whom this node takes for a part of the group, itself left out.
    pub(crate) fn active(&self, node: NodeId) -> impl Iterator<Item = Identity> + '_ {
        let list = self.members.get(node).map(|member| member.list.as_slice()).unwrap_or_default();
        list.iter().filter(|(_, standing)| standing.is_active()).map(|(identity, _)| *identity)
    }
}
