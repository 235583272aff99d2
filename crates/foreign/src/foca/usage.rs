//! How the crate is used: rightly, as its examples and documentation say, and in ways that they forbid.

use std::ops::RangeInclusive;

/// One way to use the crate: a scenario.
pub trait Usage: Send + Sync + 'static {
    /// The scenario's name.
    const SCENARIO: &'static str;
    /// What it tests.
    const ABOUT: &'static str;
    /// How many nodes.
    const NODES: RangeInclusive<u16> = 2..=7;
    /// How a node gets its name at a start.
    const NAMING: Naming = Naming::CountedStarts;
    /// How a node finds the others.
    const ENTRY: Entry = Entry::UntilActive;
    /// What becomes of it when it has left.
    const LEAVING: Leaving = Leaving::Ends;
    /// What a packet from itself is.
    const FROM_ITSELF: FromItself = FromItself::Ignored;
    /// Whether a member that is down and sends something is told so.
    const DOWN: Down = Down::IsTold;
    /// How many clients, who tell nodes to leave.
    const CLIENTS: RangeInclusive<u16> = 0..=1;
    /// How it keeps timers.
    const TIMERS: Keeping = Keeping::All;
    /// What must be found.
    const MUST_FAIL: Option<&'static str> = None;
}

/// How a node gets its name at a start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Naming {
    /// Starts are counted on disk, and the count is durable before the name is used.
    CountedStarts,
    /// The seconds of the wall clock, as in their example of an agent.
    WallSeconds,
    /// It is its address, always.
    AddressAlone,
}

/// How a node finds the others. It is taught all addresses as those of members that are down, as in their example of a
/// bootstrap; but for a node that is its address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Entry {
    /// It announces itself to one after the other, for as long as it is not known to be accepted.
    UntilActive,
    /// So at its start alone; afterwards it leaves it to the crate to find the way back.
    AtStart,
    /// It is taught the addresses and no more, as in that example.
    Taught,
}

/// What becomes of an instance that has left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Leaving {
    /// It is dropped, and another made by another name.
    Ends,
    /// It stays, and changes its name to come back.
    Stays,
}

/// What a packet is that a node got from itself, and that the crate refuses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FromItself {
    /// Nothing.
    Ignored,
    /// A failure.
    Fails,
}

/// What a member that is down and sends something hears: `Config::notify_down_members`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Down {
    /// That it is down.
    IsTold,
    /// Nothing.
    IsIgnored,
}

/// How timers are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keeping {
    /// Each is delivered.
    All,
    /// One of each kind: a later one takes the place of an earlier one.
    OneOfAKind,
}

/// In the way that works.
#[derive(Clone, Copy, Debug)]
pub struct Careful;

impl Usage for Careful {
    const SCENARIO: &'static str = "foreign/foca";
    const ABOUT: &'static str =
        "foca, with all its extensions: members join, are suspected, refute, go down, come back; some leave on purpose";
}

/// Left to itself once it has joined.
#[derive(Clone, Copy, Debug)]
pub struct LeftAlone;

impl Usage for LeftAlone {
    const SCENARIO: &'static str = "foreign/foca/left-alone";
    const ABOUT: &'static str =
        "foca, told once to join and then to find the way back by itself: fails by docs/findings/foca-idle.md";
    const ENTRY: Entry = Entry::AtStart;
    const MUST_FAIL: Option<&'static str> = Some("foreign::accuracy");
}

/// Taught all addresses, as in their example.
#[derive(Clone, Copy, Debug)]
pub struct WellKnown;

impl Usage for WellKnown {
    const SCENARIO: &'static str = "foreign/foca/well-known";
    const ABOUT: &'static str = "foca, taught all addresses as its example does: fails by docs/findings/foca-idle.md";
    const ENTRY: Entry = Entry::Taught;
    const MUST_FAIL: Option<&'static str> = Some("foreign::accuracy");
}

/// Told to leave, and kept.
#[derive(Clone, Copy, Debug)]
pub struct Lingers;

impl Usage for Lingers {
    const SCENARIO: &'static str = "foreign/foca/lingers";
    const ABOUT: &'static str =
        "foca, of which an instance that has left is kept: fails by docs/findings/foca-left-refutes.md";
    const LEAVING: Leaving = Leaving::Stays;
    const MUST_FAIL: Option<&'static str> = Some("foreign::detection");
}

/// Held to what it says of packets from itself.
#[derive(Clone, Copy, Debug)]
pub struct FromSelf;

impl Usage for FromSelf {
    const SCENARIO: &'static str = "foreign/foca/from-itself";
    const ABOUT: &'static str = "foca, which announces itself to itself: fails by docs/findings/foca-from-itself.md";
    const FROM_ITSELF: FromItself = FromItself::Fails;
    const MUST_FAIL: Option<&'static str> = Some("foreign::unfailing");
}

/// Named by the wall clock, as in their example.
#[derive(Clone, Copy, Debug)]
pub struct WallClock;

impl Usage for WallClock {
    const SCENARIO: &'static str = "foreign/foca/wall-clock";
    const ABOUT: &'static str = "must fail: names are taken from a wall clock, which goes back at times";
    const NODES: RangeInclusive<u16> = 2..=2;
    const NAMING: Naming = Naming::WallSeconds;
    const MUST_FAIL: Option<&'static str> = Some("foreign::accuracy");
}

/// The same name after each start.
#[derive(Clone, Copy, Debug)]
pub struct Unrenewed;

impl Usage for Unrenewed {
    const SCENARIO: &'static str = "foreign/foca/unrenewed";
    const ABOUT: &'static str = "must fail: a node has the same name for ever, and comes back by it";
    const NODES: RangeInclusive<u16> = 2..=2;
    const NAMING: Naming = Naming::AddressAlone;
    const CLIENTS: RangeInclusive<u16> = 0..=0;
    const DOWN: Down = Down::IsIgnored;
    const MUST_FAIL: Option<&'static str> = Some("foreign::accuracy");
}

/// So, and members that are down are told so.
#[derive(Clone, Copy, Debug)]
pub struct Undead;

impl Usage for Undead {
    const SCENARIO: &'static str = "foreign/foca/undead";
    const ABOUT: &'static str =
        "foca, with names that are not renewed, and who is down is told so: fails by docs/findings/foca-undead.md";
    const NODES: RangeInclusive<u16> = 2..=2;
    const NAMING: Naming = Naming::AddressAlone;
    const CLIENTS: RangeInclusive<u16> = 0..=0;
    const MUST_FAIL: Option<&'static str> = Some("sim::message_storm");
}

/// Timers that take each other's place.
#[derive(Clone, Copy, Debug)]
pub struct LostTimers;

impl Usage for LostTimers {
    const SCENARIO: &'static str = "foreign/foca/lost-timers";
    const ABOUT: &'static str = "must fail: of the timers of one kind only the last is kept";
    /// A timer is lost where one member suspects two others at once. With more of them around, somebody else does not, and
    /// tells.
    const NODES: RangeInclusive<u16> = 3..=3;
    const TIMERS: Keeping = Keeping::OneOfAKind;
    const MUST_FAIL: Option<&'static str> = Some("foreign::detection");
}
