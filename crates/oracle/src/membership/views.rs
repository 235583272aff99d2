//! Who takes part, and whom each takes for a part of the group.

use sim::{NodeId, Observed, Time, What};

use super::fact::{Gossiping, Identity, MembershipFact, membership_fact};
use super::lists::Lists;
use crate::by_node::ByNode;

/// What there is to know at one moment: who takes part in truth, and by the list of each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Views {
    presences: ByNode<Presence>,
    lists: Lists,
    /// The nodes that were healed.
    core: Option<Vec<NodeId>>,
}

/// Whether a node takes part, and what it did before.
#[derive(Clone, Debug, Default)]
struct Presence {
    part: Part,
    /// Since when it takes part by this name, or by none.
    since: Time,
    /// The names that it went by, in the order in which they ended, and when each did.
    ended: Vec<(Identity, Time)>,
}

/// Whether a node takes part.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Part {
    /// It has not come so far, in this life.
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
        let presence = self.presences.get_mut(observed.node);
        match observed.what {
            What::Crashed => presence.turn(Part::Dead, observed.time),
            What::Booted => presence.turn(Part::None, observed.time),
            _ => {}
        }
        match membership_fact(observed) {
            // What the step before a crash had changed is stated after it.
            _ if presence.part == Part::Dead => {}
            Some(MembershipFact::Joined(identity)) => presence.turn(Part::As(*identity), observed.time),
            Some(MembershipFact::Left(_)) => presence.turn(Part::Left, observed.time),
            _ => {}
        }
    }

    /// The nodes that were healed, once they were.
    pub(crate) fn core(&self) -> Option<&[NodeId]> {
        self.core.as_deref()
    }

    pub(crate) fn part(&self, node: NodeId) -> Part {
        self.presences.get(node).map(|presence| presence.part).unwrap_or_default()
    }

    /// Since when a node takes part by the name that it goes by, or takes no part.
    pub(crate) fn since(&self, node: NodeId) -> Time {
        self.presences.get(node).map(|presence| presence.since).unwrap_or_default()
    }

    /// When a name that nobody goes by ended: of one that nobody went by, since when its node takes part as it does.
    pub(crate) fn gone_since(&self, gone: Identity) -> Time {
        let ended = self.presences.get(gone.node).map(|presence| presence.ended.as_slice()).unwrap_or_default();
        // The last time: a name may come back.
        ended.iter().rfind(|(identity, _)| *identity == gone).map_or_else(|| self.since(gone.node), |(_, at)| *at)
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

impl Presence {
    /// A node that crashed at 5 s and is started at 9 s is out since 5 s: only a name that begins or ends moves the time.
    fn turn(&mut self, part: Part, now: Time) {
        let before = std::mem::replace(&mut self.part, part);
        if part == before {
            return;
        }
        if let Part::As(identity) = before {
            self.ended.push((identity, now));
        }
        if let (Part::As(_), _) | (_, Part::As(_)) = (before, part) {
            self.since = now;
        }
    }
}
