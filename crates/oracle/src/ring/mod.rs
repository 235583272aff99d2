//! Keys that are spread over nodes by a consistent-hash ring: one copy of each, members that change in epochs, and ranges
//! that move from owner to owner.
//!
//! # Map
//!
//! | module | property |
//! |---|---|
//! | `agreement` | who knows an epoch knows the same of it, whatever crashes |
//! | `monotonicity` | keys move to or from the node that changed, and nobody else |
//! | `bounded_movement` | exactly the keys of a range move, and no more ranges than chance explains |
//! | `single_owner` | in each epoch at most one node accepts writes for a key |
//! | `no_key_lost` | what was written is held at its last version, and whoever asks is told so |
//! | `liveness` | epochs, ranges and answers arrive, after the heal |
//! | `fact` | the facts |
//! | `range`, `tail` | pure: arcs of the circle; how large a share chance explains |
//! | `owners`, `holdings` | who owns what by the plans; who holds which keys |
//!
//! # What an adapter states, and when
//!
//! What is on disk is stated by [`Io::when_durable`](sim::Io::when_durable) of the record that says it:
//!
//! - of an epoch, by who decides it: [`RingFact::Decided`], and [`RingFact::Planned`] for each range of its plan; by
//!   everybody else: [`RingFact::Learned`];
//! - of a range that is accepted: [`RingFact::Received`] for each key in it, then [`RingFact::Accepted`]; of one that is
//!   released: [`RingFact::Released`];
//! - of a write: [`RingFact::Written`].
//!
//! A plan moves every position from nobody to somebody once, in epoch 1; nobody offers or accepts that. At a boot:
//! [`RingFact::Found`] for each key, then [`RingFact::Recovered`].
//!
//! Digests cover what a node derived by itself (tokens, owners, plan), not just the members that it was told; or two nodes
//! that place tokens differently would agree.

mod agreement;
mod bounded_movement;
mod fact;
mod holdings;
mod liveness;
mod monotonicity;
mod no_key_lost;
mod owners;
mod range;
mod single_owner;
#[cfg(test)]
mod story;
mod tail;

use std::time::Duration;

use sim::{Case, Progress, Property};

pub use agreement::Agreement;
pub use bounded_movement::{BoundedMovement, Spread};
pub use fact::{Access, Answered, Change, Direction, Item, Movement, Partitioned, RingFact};
pub use liveness::Liveness;
pub use monotonicity::Monotonicity;
pub use no_key_lost::NoKeyLost;
pub use range::Range;
pub use single_owner::SingleOwner;

/// Every check of the family, as one value.
pub type RingChecks = (Epochs, (Keys, Progress<Liveness>));

/// What must hold of epochs and their plans.
pub type Epochs = (Property<Agreement>, (Property<Monotonicity>, Property<BoundedMovement>));

/// What must hold of keys.
pub type Keys = (Property<SingleOwner>, Property<NoKeyLost>);

/// Every check of the family, for a ring of this spread; progress must be made within `bound` of the heal.
///
/// Where one step violates several properties, the first in this order is the one that is reported: causes before
/// their consequences.
pub fn checks(case: &Case, spread: Spread, bound: Duration) -> RingChecks {
    let epochs = (
        Property::new("agreement", Agreement::default()),
        (
            Property::new("monotonicity", Monotonicity::default()),
            Property::new("bounded_movement", BoundedMovement::new(spread)),
        ),
    );
    let keys =
        (Property::new("single_owner", SingleOwner::default()), Property::new("no_key_lost", NoKeyLost::default()));
    (epochs, (keys, Progress::new("liveness", bound, Liveness::new(case))))
}

#[cfg(test)]
mod tests {
    use sim::{ClientLoad, NodeId};

    use super::*;
    use crate::story::{bears_nonsense, case};

    const LINES: [&str; 19] = [
        "boots",
        "crashes",
        "decides # a $+4/4",
        "decides # b $-1/8",
        "plans # #..# $>$",
        "plans # #..# >$",
        "plans # #..# $>",
        "learns # a",
        "found #@#=#",
        "recovered # b",
        "writes # #@#=#",
        "received # #@#=#",
        "accepts # #..# $>$",
        "accepts # #..# >$",
        "releases # #..# $>$",
        "c1 asks #",
        "c1 wrote # #",
        "c1 read # #",
        "plans # 0..0 >$",
    ];

    #[test]
    fn no_check_falls_over_what_is_told_after_a_flaw() {
        let clients = vec![ClientLoad { id: NodeId::client(1), operations: u32::MAX, omitted: Vec::new() }];
        for spread in [Spread::Uniform, Spread::Any] {
            bears_nonsense::<story::Told>(checks(&case(3, clients.clone()), spread, Duration::ZERO), &LINES);
        }
    }
}
