//! The facts of keys that are spread over nodes by a ring.

use std::fmt;

use sim::{Fact, NodeId, Observed, Protocol};

use super::range::Range;

/// A protocol that spreads keys over nodes by a ring, one copy of each, and says so.
pub trait Partitioned: Protocol {
    /// The fact as one of the ring's, where it is one.
    fn ring_fact(fact: &Self::Fact) -> Option<&RingFact>;

    /// The key that a client's operation is about.
    fn asked(operation: &Self::Operation) -> u64;

    /// What a client's reply promises.
    fn answered(reply: &Self::Reply) -> Answered;
}

/// What a reply promises about a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Answered {
    /// Whether the key was written or read.
    pub access: Access,
    /// The key.
    pub key: u64,
    /// The version that was written or read.
    pub version: u64,
}

/// What was done with a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Access {
    /// It got another version.
    Write,
    /// Its version was looked up.
    Read,
}

/// A key as it is kept somewhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Item {
    /// Where it is on the circle.
    pub position: u64,
    /// Which key it is: a name or a hash of it. Keys may share a position.
    pub key: u64,
    /// How often it was written: each write counts one up. 0 is a key that never was.
    pub version: u64,
}

/// `key 7 at version 2`: the form of every explanation.
impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key {} at version {}", self.key, self.version)
    }
}

/// A range of a plan, and whom it takes its keys from and to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Movement {
    /// The epoch that the plan leads to.
    pub epoch: u64,
    /// Which positions.
    pub range: Range,
    /// Who owned them in the epoch before; nobody where there were no members.
    pub from: Option<NodeId>,
    /// Who owns them in this one.
    pub to: Option<NodeId>,
}

/// `(10, 20] of epoch 3`: the form of every explanation.
impl fmt::Display for Movement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of epoch {}", self.range, self.epoch)
    }
}

/// The one difference between the members of an epoch and those of the epoch before.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Change {
    /// Whose tokens became more or fewer.
    pub node: NodeId,
    /// Which of the two.
    pub direction: Direction,
    /// By how many.
    pub tokens_changed: u32,
    /// How many tokens all members have, in the epoch that has more.
    pub tokens_total: u32,
}

/// Whether a node's tokens became more or fewer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Direction {
    /// It joined, or weighs more.
    Gains,
    /// It left, or weighs less.
    Loses,
}

/// Something that became true of one node. But for [`RingFact::Found`] and [`RingFact::Recovered`] it is true for good:
/// it is on the node's disk, or a message that rests on it may leave.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum RingFact {
    /// There is another epoch.
    Decided {
        /// Its number: 1 and up, without a gap.
        epoch: u64,
        /// A hash of all that follows from its members: tokens, owners, plan.
        digest: u64,
        /// What is different in it.
        change: Change,
    },
    /// After [`RingFact::Decided`]: this is one range of the plan.
    Planned(Movement),
    /// It knows this epoch, and goes by it.
    Learned {
        /// The epoch.
        epoch: u64,
        /// As the node has it.
        digest: u64,
    },
    /// At a boot: the disk holds this.
    Found(Item),
    /// At a boot, after all that was found: this is where the node goes on.
    Recovered {
        /// The last epoch that it knows; 0 where it knows none.
        epoch: u64,
        /// As the node has it now.
        digest: u64,
    },
    /// It accepted a write.
    Written {
        /// The last epoch that it knew then.
        epoch: u64,
        /// What it holds since.
        item: Item,
    },
    /// It may offer the range to its next owner, all keys in it included. No write reaches it here any more.
    Offered(Movement),
    /// Before [`RingFact::Accepted`]: it got this with the range.
    Received {
        /// The epoch of the movement.
        epoch: u64,
        /// What it holds since.
        item: Item,
    },
    /// It has the range, and serves it.
    Accepted(Movement),
    /// It holds nothing of the range any more.
    Released(Movement),
}

/// As it reads in a trace: `wrote key 7 at version 2, in epoch 3`.
impl fmt::Debug for RingFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = |node: &Option<NodeId>| node.map_or_else(|| "nobody".to_owned(), |node| node.to_string());
        let from_to = |movement: &Movement| format!("from {} to {}", by(&movement.from), by(&movement.to));
        match self {
            RingFact::Decided { epoch, digest, change } => {
                let Change { node, direction, tokens_changed, .. } = change;
                let sign = if *direction == Direction::Gains { '+' } else { '-' };
                write!(f, "decided epoch {epoch} ({:04x}): {node} {sign}{tokens_changed} tokens", digest >> 48)
            }
            RingFact::Planned(movement) => write!(f, "planned {movement} {}", from_to(movement)),
            RingFact::Learned { epoch, digest } => write!(f, "learned epoch {epoch} ({:04x})", digest >> 48),
            RingFact::Found(item) => write!(f, "found {item}"),
            RingFact::Recovered { epoch, digest } => write!(f, "goes on in epoch {epoch} ({:04x})", digest >> 48),
            RingFact::Written { epoch, item } => write!(f, "wrote {item}, in epoch {epoch}"),
            RingFact::Offered(movement) => write!(f, "may offer {movement} to {}", by(&movement.to)),
            RingFact::Received { epoch, item } => write!(f, "received {item}, in epoch {epoch}"),
            RingFact::Accepted(movement) => write!(f, "accepted {movement} from {}", by(&movement.from)),
            RingFact::Released(movement) => write!(f, "released {movement} to {}", by(&movement.to)),
        }
    }
}

/// What sets the subjects of keys apart from those of epochs.
const KEY: u64 = 1 << 63;

impl Fact for RingFact {
    fn label(&self) -> &'static str {
        match self {
            RingFact::Decided { .. } => "epoch_decided",
            RingFact::Planned(_) => "planned",
            RingFact::Learned { .. } => "epoch_learned",
            RingFact::Found(_) => "found",
            RingFact::Recovered { .. } => "recovered",
            RingFact::Written { .. } => "written",
            RingFact::Offered(_) => "offered",
            RingFact::Received { .. } => "received",
            RingFact::Accepted(_) => "accepted",
            RingFact::Released(_) => "released",
        }
    }

    /// The epoch or, apart from those, the key.
    fn subject(&self) -> u64 {
        match *self {
            RingFact::Decided { epoch, .. } | RingFact::Learned { epoch, .. } | RingFact::Recovered { epoch, .. } => {
                epoch
            }
            RingFact::Planned(movement)
            | RingFact::Offered(movement)
            | RingFact::Accepted(movement)
            | RingFact::Released(movement) => movement.epoch,
            RingFact::Found(item) | RingFact::Written { item, .. } | RingFact::Received { item, .. } => {
                subject(item.key)
            }
        }
    }
}

/// The subject of facts about this key.
pub(crate) fn subject(key: u64) -> u64 {
    KEY | key
}

/// The ring's fact in what was observed, if it is one.
#[inline]
pub(crate) fn ring_fact<'a, P: Partitioned>(observed: &Observed<'a, P>) -> Option<&'a RingFact> {
    observed.fact().and_then(P::ring_fact)
}
