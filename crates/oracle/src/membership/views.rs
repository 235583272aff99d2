//! Who takes part, and whom each takes for a part of the group.

use sim::{NodeId, Observed, Time, What};

use super::fact::{Gossiping, Identity, MembershipFact, membership_fact};
use super::lists::Lists;
use crate::by_node::ByNode;

/// What there is to know at one moment: who takes part in truth, and by the list of each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Views {
    /// Each with the time since when.
    parts: ByNode<(Part, Time)>,
    lists: Lists,
    /// The nodes that were healed.
    core: Option<Vec<NodeId>>,
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
        self.lists.observe(observed);
        if let What::Healed(core) = observed.what {
            self.core = Some(core.to_vec());
        }
        let (part, since) = self.parts.get_mut(observed.node);
        let before = *part;
        match observed.what {
            What::Crashed => *part = Part::Dead,
            What::Booted => *part = Part::None,
            _ => {}
        }
        match membership_fact(observed) {
            // What the step before a crash had changed is stated after it.
            _ if *part == Part::Dead => {}
            Some(MembershipFact::Joined(identity)) => *part = Part::As(*identity),
            Some(MembershipFact::Left(_)) => *part = Part::Left,
            _ => {}
        }
        if *part != before {
            *since = observed.time;
        }
    }

    /// The nodes that were healed, once they were.
    pub(crate) fn core(&self) -> Option<&[NodeId]> {
        self.core.as_deref()
    }

    pub(crate) fn part(&self, node: NodeId) -> Part {
        self.parts.get(node).map(|(part, _)| *part).unwrap_or_default()
    }

    /// Since when a node takes part as it does, or does not.
    pub(crate) fn since(&self, node: NodeId) -> Time {
        self.parts.get(node).map(|(_, since)| *since).unwrap_or_default()
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
        self.lists.active(node)
    }
}
