//! Who a member is: the crate leaves that to its user.

use foca::Identity;
use oracle::membership;
use serde::{Deserialize, Serialize};
use sim::NodeId;

/// A node, and which of its appearances this is. It wins over all earlier ones.
///
/// A generation counts starts in its upper half and renewals in its lower one, so that a start wins over whatever an earlier
/// one came to without a write for each renewal. 0 is an address and nothing else: it can be sent to, and never be renewed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
pub struct Name {
    node: u16,
    generation: u64,
}

impl Name {
    /// What the node goes by in this start, counted from 1.
    pub fn of_start(node: NodeId, start: u32) -> Name {
        Name::new(node, u64::from(start) << 32)
    }

    /// Of this generation.
    pub fn new(node: NodeId, generation: u64) -> Name {
        Name { node: node.number(), generation }
    }

    /// Where to find the node, whatever it goes by.
    pub fn address(node: NodeId) -> Name {
        Name::new(node, 0)
    }

    /// The node.
    pub fn node(self) -> NodeId {
        NodeId::node(self.node)
    }

    /// In the words of the checkers.
    pub fn told(self) -> membership::Identity {
        membership::Identity { node: self.node(), generation: self.generation }
    }
}

impl Identity for Name {
    type Addr = u16;

    fn renew(&self) -> Option<Name> {
        (self.generation > 0).then(|| Name { node: self.node, generation: self.generation + 1 })
    }

    fn addr(&self) -> u16 {
        self.node
    }

    fn win_addr_conflict(&self, adversary: &Name) -> bool {
        self.generation > adversary.generation
    }
}
