//! `foreign/foca`: the crate `foca` on nodes with datagram links, and clients that tell nodes to leave for a while.
//!
//! The crate is handed everything: time by timers that it asks for, randomness, its own name, and the way out. It reads no
//! clock and iterates no hash map. Its choices are drawn from a generator that is thrown anew for each step ([`Dice`]), so
//! there is nothing left that is not seeded: `cargo xtask twin foreign/foca` finds two processes alike.
//!
//! A node counts its starts on disk and goes by a name that wins over all that it went by before. It announces itself to one
//! of the others until the crate says that somebody knows of it, and does so again whenever nobody seems to. A name that was
//! declared down is renewed by the crate.
//!
//! A machine that is wiped counts from 1 again, and goes by names that it had before, of which later ones win: `wipe` is excluded.
//! A number that it draws in place of the count would be new and win half the time; what is new and wins is not to be had without a
//! clock or somebody else to ask.
//!
//! | module | holds |
//! |---|---|
//! | here | the system: triggers, goals, checks |
//! | `usage` | how the crate is used: rightly, by its examples, and wrongly |
//! | `config` | knobs, its configuration, and the bounds that follow |
//! | `identity` | names |
//! | `message` | the vocabulary |
//! | `dice` | randomness |
//! | `node` | the adapter: names, joining, leaving |
//! | `desk` | what it keeps for the crate, and states of it: timers, lists, the way out |
//! | `client` | who tells nodes to leave |
//! | `survival` | what a group survives: everything |

mod client;
mod config;
mod desk;
mod dice;
mod identity;
mod message;
mod node;
mod survival;
mod usage;

use std::marker::PhantomData;
use std::time::Duration;

use oracle::membership::{
    Accuracy, Agreement, Detection, DownHasCause, DownIsFinal, Incarnations, Notices, Rest, SuspicionStands, Unfailing,
};
use sim::{Case, Limits, LinkKind, Progress, Property, ReachGoal, Spec, System};

pub use client::Client;
pub use dice::Dice;
pub use identity::Name;
pub use message::{Leave, Message, Packet, Protocol};
pub use node::Node;
pub use survival::Anybody;
pub use usage::{
    Careful, Down, Entry, FromItself, FromSelf, Keeping, Leaving, LeftAlone, Lingers, LostTimers, Naming, Undead,
    Unrenewed, Usage, WallClock, WellKnown,
};

/// The crate, used in one way.
pub struct Swim<U>(PhantomData<fn() -> U>);

/// In the way that works.
pub fn careful() -> Swim<Careful> {
    Swim(PhantomData)
}

/// Left to itself once it has joined: must fail, until that is repaired.
pub fn left_alone() -> Swim<LeftAlone> {
    Swim(PhantomData)
}

/// Bootstrapped as its example does: must fail, until that is repaired.
pub fn well_known() -> Swim<WellKnown> {
    Swim(PhantomData)
}

/// An instance that has left is kept: must fail, until that is repaired.
pub fn lingers() -> Swim<Lingers> {
    Swim(PhantomData)
}

/// A packet from itself is a failure: must fail, until that is repaired.
pub fn from_itself() -> Swim<FromSelf> {
    Swim(PhantomData)
}

/// Who is down is told so, and has no other name: must fail, until that is repaired.
pub fn undead() -> Swim<Undead> {
    Swim(PhantomData)
}

/// Must fail: names are taken from the wall clock.
pub fn wall_clock() -> Swim<WallClock> {
    Swim(PhantomData)
}

/// Must fail: a node comes back by the name that it had.
pub fn unrenewed() -> Swim<Unrenewed> {
    Swim(PhantomData)
}

/// Must fail: of the timers of one kind only the last is kept.
pub fn lost_timers() -> Swim<LostTimers> {
    Swim(PhantomData)
}

/// What must hold, causes before their consequences.
pub type Checks = (Concluded, (Told, Healed));

/// What must hold of what members conclude of each other.
pub type Concluded =
    ((Property<Incarnations>, Property<SuspicionStands>), (Property<DownIsFinal>, Property<DownHasCause>));

/// What must hold of what the crate tells its user.
pub type Told = (Property<Notices>, Property<Unfailing>);

/// What must hold after the heal.
pub type Healed = ((Progress<Rest>, Progress<Agreement>), (Progress<Accuracy>, Progress<Detection>));

impl<U: Usage> System for Swim<U> {
    type Protocol = Protocol;
    type Node = Node<U>;
    type Client = Client;
    type Checks = Checks;
    type Survival = Anybody;

    fn spec(&self) -> Spec {
        Spec {
            about: U::ABOUT.into(),
            nodes: U::NODES,
            clients: U::CLIENTS,
            operations: 1..=6,
            safety: Duration::from_secs(5)..=Duration::from_secs(20),
            link: LinkKind::Datagram,
            knobs: config::knobs(),
            triggers: vec!["joined", "left", "suspected", "refuted", "held_down"],
            goals: ReachGoal::each([
                "active",
                "suspected",
                "refuted",
                "told_up",
                "told_down",
                "told_renamed",
                "left",
                "rejoined",
                "idle",
                "probed_indirectly",
                "forwarded_ack",
                "turned_away",
            ]),
            must_fail: U::MUST_FAIL.map(str::to_owned),
            limits: Limits { messages_in_flight: 10_000, ..Limits::default() },
            ..Spec::new(U::SCENARIO)
        }
    }

    fn checks(&self, case: &Case) -> Checks {
        let demands = config::demands(case);
        let concluded = (
            (
                Property::new("incarnations", Incarnations::default()),
                Property::new("suspicion_stands", SuspicionStands::default()),
            ),
            (
                Property::new("down_is_final", DownIsFinal::default()),
                Property::new("down_has_cause", DownHasCause::new(demands.suspicion_min)),
            ),
        );
        let told = (Property::new("notices", Notices::default()), Property::new("unfailing", Unfailing));
        // Of those that are overdue at once the last is the one that is reported.
        let healed = (
            (
                Progress::new("rest", demands.rest, Rest::new(demands.sent_max)),
                Progress::new("agreement", demands.agreement, Agreement::default()),
            ),
            (
                Progress::new("accuracy", demands.agreement, Accuracy::default()),
                Progress::new("detection", demands.detection, Detection::default()),
            ),
        );
        (concluded, (told, healed))
    }

    fn survival(&self, _: &Case) -> Anybody {
        Anybody
    }
}
