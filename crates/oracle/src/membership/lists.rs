//! What each member's list says, and what it said before.

use sim::{NodeId, Observed, Witness};

use super::fact::{Gossiping, Identity, MembershipFact, Standing, begins_anew, membership_fact, subject};
use crate::by_node::ByNode;

/// The list of each member, as it states it. A list has one entry for each node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lists(ByNode<Vec<Entry>>);

/// What a list says of one node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) identity: Identity,
    pub(crate) incarnation: u64,
    pub(crate) standing: Standing,
    /// Since when it says so.
    pub(crate) since: Witness,
}

/// An entry is stated: what the list had of that node, and has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) before: Option<Entry>,
    pub(crate) now: Entry,
}

impl Lists {
    /// Takes in what is observed. What it changes, where it states an entry.
    pub(crate) fn observe<P: Gossiping>(&mut self, observed: &Observed<'_, P>) -> Option<Change> {
        if begins_anew(observed) {
            self.0.get_mut(observed.node).clear();
        }
        match membership_fact(observed)? {
            MembershipFact::Forgot(identity) => {
                self.0.get_mut(observed.node).retain(|entry| entry.identity.node != identity.node);
                None
            }
            MembershipFact::Holds { identity, incarnation, standing } => {
                let since = observed.witness(subject(identity.node));
                let new = Entry { identity: *identity, incarnation: *incarnation, standing: *standing, since };
                Some(set(self.0.get_mut(observed.node), new))
            }
            _ => None,
        }
    }

    /// Whom this node takes for a part of the group, itself left out.
    pub(crate) fn active(&self, node: NodeId) -> impl Iterator<Item = Identity> + '_ {
        let list = self.0.get(node).map(Vec::as_slice).unwrap_or_default();
        list.iter().filter(|entry| entry.standing.is_active()).map(|entry| entry.identity)
    }
}

impl Entry {
    /// Whether it says what the other says.
    fn is_like(&self, other: &Entry) -> bool {
        (self.identity, self.incarnation, self.standing) == (other.identity, other.incarnation, other.standing)
    }
}

fn set(list: &mut Vec<Entry>, mut new: Entry) -> Change {
    let Some(entry) = list.iter_mut().find(|entry| entry.identity.node == new.identity.node) else {
        list.push(new);
        return Change { before: None, now: new };
    };
    // To say a thing twice does not make it younger.
    if entry.is_like(&new) {
        new.since = entry.since;
    }
    let before = std::mem::replace(entry, new);
    Change { before: Some(before), now: new }
}
