//! The facts of a group whose members watch each other.

use std::fmt;

use sim::{Fact, NodeId, Observed, Protocol, What};

/// A protocol by which the members of a group find, watch and mourn each other, and that says so.
pub trait Gossiping: Protocol {
    /// The fact as one of membership, where it is one.
    fn membership_fact(fact: &Self::Fact) -> Option<&MembershipFact>;
}

/// Under what name a node takes part: where it is, and which of its appearances this is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The node.
    pub node: NodeId,
    /// The later of two appearances has the higher one.
    pub generation: u64,
}

/// `n2.3`, where a generation counts starts in its upper half and renewals in its lower one: `n2.3+1`.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, renewal) = (self.generation >> 32, self.generation & 0xffff_ffff);
        match (start, renewal) {
            (0, number) => write!(f, "{}.{number}", self.node),
            (start, 0) => write!(f, "{}.{start}", self.node),
            (start, renewal) => write!(f, "{}.{start}+{renewal}", self.node),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a member takes another for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Standing {
    /// It takes part.
    Alive,
    /// It takes part still, and has so long to say that it lives.
    Suspected,
    /// It takes part no more.
    Down,
}

impl Standing {
    /// Whether it takes part.
    pub fn is_active(self) -> bool {
        self != Standing::Down
    }
}

/// What a member tells its user.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Notice {
    /// This one takes part now.
    Up(Identity),
    /// This one does no more.
    Down(Identity),
    /// A known one goes by another name.
    Renamed {
        /// The name before.
        from: Identity,
        /// The name since.
        to: Identity,
    },
}

/// Something that became true of one member.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum MembershipFact {
    /// It goes by this name from now on, and has told nobody yet.
    Joined(Identity),
    /// It leaves on purpose, and has told nobody yet.
    Left(Identity),
    /// It has raised its own incarnation, so that a suspicion of a lower one is void. Nobody has heard of that yet.
    Refuted {
        /// Its name.
        identity: Identity,
        /// From now on.
        incarnation: u64,
    },
    /// Its list has this of the identity's node, whatever it had before.
    Holds {
        /// Who.
        identity: Identity,
        /// At which of its incarnations.
        incarnation: u64,
        /// As what.
        standing: Standing,
    },
    /// Its list has nothing of this node any more.
    Forgot(Identity),
    /// Its list is empty, and what it told its user is void: it begins anew without a restart.
    Emptied,
    /// It told its user.
    Told(Notice),
    /// All is stated of a step that changed the list or told of changes.
    Settled,
    /// It could not take in what it was given.
    Failed(&'static str),
    /// An interval of its clock has passed, all of which it was a member.
    Passed {
        /// How many messages it sent meanwhile.
        sent: u64,
        /// Of how many changes it told its user.
        changes: u64,
    },
}

/// As it reads in a trace: `suspects n2.1 at incarnation 3`.
impl fmt::Debug for MembershipFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MembershipFact::Joined(identity) => write!(f, "goes by {identity}"),
            MembershipFact::Left(identity) => write!(f, "leaves as {identity}"),
            MembershipFact::Refuted { identity, incarnation } => {
                write!(f, "{identity} refutes by incarnation {incarnation}")
            }
            MembershipFact::Holds { identity, incarnation, standing } => {
                let verb = match standing {
                    Standing::Alive => "holds alive",
                    Standing::Suspected => "suspects",
                    Standing::Down => "holds down",
                };
                write!(f, "{verb} {identity} at incarnation {incarnation}")
            }
            MembershipFact::Forgot(identity) => write!(f, "forgot {identity}"),
            MembershipFact::Emptied => f.write_str("begins anew"),
            MembershipFact::Told(Notice::Up(identity)) => write!(f, "tells that {identity} is up"),
            MembershipFact::Told(Notice::Down(identity)) => write!(f, "tells that {identity} is down"),
            MembershipFact::Told(Notice::Renamed { from, to }) => write!(f, "tells that {from} is {to} now"),
            MembershipFact::Settled => f.write_str("has told all"),
            MembershipFact::Failed(why) => write!(f, "failed: {why}"),
            MembershipFact::Passed { sent, changes } => write!(f, "sent {sent}, and told of {changes} changes"),
        }
    }
}

impl Fact for MembershipFact {
    fn label(&self) -> &'static str {
        match self {
            MembershipFact::Joined(_) => "joined",
            MembershipFact::Left(_) => "left",
            MembershipFact::Refuted { .. } => "refuted",
            MembershipFact::Holds { standing: Standing::Alive, .. } => "held_alive",
            MembershipFact::Holds { standing: Standing::Suspected, .. } => "suspected",
            MembershipFact::Holds { standing: Standing::Down, .. } => "held_down",
            MembershipFact::Forgot(_) => "forgot",
            MembershipFact::Emptied => "emptied",
            MembershipFact::Told(Notice::Up(_)) => "told_up",
            MembershipFact::Told(Notice::Down(_)) => "told_down",
            MembershipFact::Told(Notice::Renamed { .. }) => "told_renamed",
            MembershipFact::Settled => "settled",
            MembershipFact::Failed(_) => "failed",
            MembershipFact::Passed { .. } => "passed",
        }
    }

    /// The node that it is about.
    fn subject(&self) -> u64 {
        match self {
            MembershipFact::Joined(identity)
            | MembershipFact::Left(identity)
            | MembershipFact::Refuted { identity, .. }
            | MembershipFact::Holds { identity, .. }
            | MembershipFact::Forgot(identity)
            | MembershipFact::Told(
                Notice::Up(identity) | Notice::Down(identity) | Notice::Renamed { to: identity, .. },
            ) => subject(identity.node),
            MembershipFact::Emptied
            | MembershipFact::Settled
            | MembershipFact::Failed(_)
            | MembershipFact::Passed { .. } => 0,
        }
    }
}

/// The subject of facts about this node.
pub(crate) fn subject(node: NodeId) -> u64 {
    u64::from(node.number())
}

/// The fact of membership in what was observed, if it is one.
#[inline]
pub(crate) fn membership_fact<'a, P: Gossiping>(observed: &Observed<'a, P>) -> Option<&'a MembershipFact> {
    observed.fact().and_then(P::membership_fact)
}

/// Whether a member's list and what it told begin anew here.
///
/// Not at the crash: what the step before it had changed is stated after it.
#[inline]
pub(crate) fn begins_anew<P: Gossiping>(observed: &Observed<'_, P>) -> bool {
    matches!(observed.what, What::Booted) || matches!(membership_fact(observed), Some(MembershipFact::Emptied))
}
