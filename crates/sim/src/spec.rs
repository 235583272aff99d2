//! What a scenario states about itself: within what a seed is expanded, and what the scenario promises to survive.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::case::LinkKind;
use crate::plan::FaultKind;
use crate::reach::{Exemption, HealthCheck, ReachGoal};
use crate::swarm::Expansion;

/// What a scenario states about itself.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Its name; what stands before the first `/` is its suite.
    pub name: String,
    /// What it tests, in one sentence.
    pub about: String,
    /// How many nodes.
    pub nodes: RangeInclusive<u16>,
    /// How many clients.
    pub clients: RangeInclusive<u16>,
    /// How many operations each client has.
    pub operations: RangeInclusive<u32>,
    /// How long faults are on.
    pub safety: RangeInclusive<Duration>,
    /// The latency of a message when nothing is wrong; each seed has a part of this range.
    pub latency: RangeInclusive<Duration>,
    /// Datagrams or sessions.
    pub link: LinkKind,
    /// The system's own knobs.
    pub knobs: Vec<Knob>,
    /// What it promises for each kind of fault.
    pub faults: Faults,
    /// The facts on which faults may strike.
    pub triggers: Vec<&'static str>,
    /// What a campaign must have seen, beside each kind of fault [that its seeds may have](Self::fault_kinds).
    pub goals: Vec<ReachGoal>,
    /// What a campaign is known not to see.
    pub exempt: Vec<Exemption>,
    /// The health checks that it need not pass.
    pub allow: Vec<HealthCheck>,
    /// The signature that it must show, for a scenario that is wrong on purpose. Where that is [`DIVERGENCE`], only
    /// [two runs compared](Self::must_diverge) can show it.
    pub must_fail: Option<String>,
    /// Limits that end a run.
    pub limits: Limits,
}

impl Spec {
    /// A spec with every default: 3 to 5 nodes, 1 to 4 clients of 1 to 20 operations, 1 to 10 s of every fault.
    pub fn new(name: impl Into<String>) -> Spec {
        Spec {
            name: name.into(),
            about: String::new(),
            nodes: 3..=5,
            clients: 1..=4,
            operations: 1..=20,
            safety: Duration::from_secs(1)..=Duration::from_secs(10),
            latency: Duration::from_micros(200)..=Duration::from_millis(5),
            link: LinkKind::Datagram,
            knobs: Vec::new(),
            faults: Faults::swarm(),
            triggers: Vec::new(),
            goals: Vec::new(),
            exempt: Vec::new(),
            allow: Vec::new(),
            must_fail: None,
            limits: Limits::default(),
        }
    }

    /// The suite: the name up to the first `/`.
    pub fn suite(&self) -> &str {
        self.name.split('/').next().unwrap_or(&self.name)
    }

    /// The kinds of fault that a seed may have, expanded like this: what is promised, and can strike these links and so many
    /// nodes.
    pub fn fault_kinds(&self, expansion: &Expansion) -> Vec<FaultKind> {
        let nodes = usize::from(*self.nodes.end());
        FaultKind::ALL.into_iter().filter(|kind| self.can_strike(*kind, nodes, expansion)).collect()
    }

    /// Whether a fault of this kind is promised something, and can strike these links and so many nodes.
    pub(crate) fn can_strike(&self, kind: FaultKind, nodes: usize, expansion: &Expansion) -> bool {
        let allowed = |kind: FaultKind| self.allows(kind, expansion);
        let loses_unsynced =
            || allowed(FaultKind::UnsyncedLoss) && (allowed(FaultKind::Crash) || allowed(FaultKind::IoError));
        // A link that carries little has a bound on what waits there, or neither.
        let thin_links = || allowed(FaultKind::Bandwidth) && allowed(FaultKind::QueueOverflow);
        let can_strike = match kind {
            // A session repeats what the network loses, and puts in order what it does not.
            FaultKind::Loss | FaultKind::Duplication | FaultKind::Reordering | FaultKind::Corruption => {
                self.link == LinkKind::Datagram
            }
            FaultKind::Bandwidth | FaultKind::QueueOverflow => self.link == LinkKind::Datagram && thin_links(),
            FaultKind::SessionReset => self.link == LinkKind::Session && nodes >= 2,
            FaultKind::PartialPartition => nodes >= 3,
            FaultKind::UnsyncedLoss | FaultKind::TornWrite => loses_unsynced(),
            // Somebody reads a disk that was written to. (A process may stop by itself and read it too, where a request fails;
            // whether it does is not known here.)
            FaultKind::StaleRead | FaultKind::MisdirectedRead => allowed(FaultKind::Crash) || allowed(FaultKind::Stop),
            _ => true,
        };
        allowed(kind) && can_strike
    }

    /// Whether a fault of this kind is promised something, and not left out.
    pub(crate) fn allows(&self, kind: FaultKind, expansion: &Expansion) -> bool {
        self.faults.class(kind) != FaultClass::Excluded && !expansion.without.contains(&kind)
    }

    /// Whether what it must show is that two runs of one seed differ. One run by itself has nothing wrong then, so a
    /// campaign that looks at single runs would search for ever.
    pub fn must_diverge(&self) -> bool {
        self.must_fail.as_deref() == Some(DIVERGENCE)
    }
}

/// The signature of hosted code that does not do the same thing twice: two runs of one seed differ.
pub const DIVERGENCE: &str = "sim::divergence";

/// One of a system's own settings, drawn anew for each seed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Knob {
    /// Its name, with its unit last.
    pub name: String,
    /// What it is drawn from.
    pub values: RangeInclusive<u64>,
    /// How it is drawn.
    pub scale: Scale,
}

impl Knob {
    /// A knob of which each value is as likely.
    pub fn linear(name: &str, values: RangeInclusive<u64>) -> Knob {
        Knob { name: name.to_owned(), values, scale: Scale::Linear }
    }

    /// A knob of which each octave is as likely.
    pub fn octaves(name: &str, values: RangeInclusive<u64>) -> Knob {
        Knob { name: name.to_owned(), values, scale: Scale::Octaves }
    }
}

/// How a knob is drawn from its range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scale {
    /// Each value is as likely.
    Linear,
    /// Each octave is as likely: for what spans orders of magnitude.
    Octaves,
}

/// What a scenario promises for a kind of fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultClass {
    /// Survives it: part of every campaign.
    Tolerated,
    /// May refuse service by name at the next boot, and counts as down then: part of every campaign. A process that
    /// refuses where no such fault struck its node is a violation, `sim::refused`.
    Detected,
    /// Promises nothing: only in tests that expect the violation.
    Excluded,
}

/// The class of each kind of fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Faults {
    classes: [FaultClass; FaultKind::ALL.len()],
}

impl Faults {
    /// Every kind is tolerated that a system survives which syncs before it answers; each seed has its own choice and
    /// weights. Excluded are a request that fails (`io_error`, `no_space`), which a process must answer, and what takes or
    /// changes durable bytes, or reads others (`bit_rot`, `lying_sync`, `lost_write`, `misdirected_write`, `wipe`, `stale_read`,
    /// `misdirected_read`).
    pub fn swarm() -> Faults {
        let demanding = [FaultKind::IoError, FaultKind::NoSpace].into_iter().chain(FaultKind::DAMAGING);
        demanding.fold(Faults { classes: [FaultClass::Tolerated; FaultKind::ALL.len()] }, Faults::without)
    }

    /// No kind is tolerated.
    pub fn none() -> Faults {
        Faults { classes: [FaultClass::Excluded; FaultKind::ALL.len()] }
    }

    /// These, but `kind` is of this class.
    #[must_use]
    pub fn classed(mut self, kind: FaultKind, class: FaultClass) -> Faults {
        self.classes[kind as usize] = class;
        self
    }

    /// These, and `kind` is tolerated too.
    #[must_use]
    pub fn with(self, kind: FaultKind) -> Faults {
        self.classed(kind, FaultClass::Tolerated)
    }

    /// These without `kind`.
    #[must_use]
    pub fn without(self, kind: FaultKind) -> Faults {
        self.classed(kind, FaultClass::Excluded)
    }

    /// The class of `kind`.
    pub fn class(&self, kind: FaultKind) -> FaultClass {
        self.classes[kind as usize]
    }
}

/// What ends a run that does not end by itself, each with its own signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// `sim::too_many_events`: so many events in the whole run.
    pub events: u64,
    /// `sim::no_progress`: so many events at one virtual time.
    pub events_at_once: u64,
    /// `sim::message_storm`: so many messages in flight.
    pub messages_in_flight: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { events: 20_000_000, events_at_once: 100_000, messages_in_flight: 100_000 }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::id::Hex;
    use crate::swarm;

    /// Were a kind named that no seed has, each campaign would miss it; were one left out, no campaign would.
    #[test]
    fn the_kinds_that_a_spec_names_are_those_that_its_seeds_have() {
        let faulty = |nodes, link| {
            let faults = FaultKind::ALL.into_iter().fold(Faults::none(), Faults::with);
            Spec { nodes, link, faults, ..Spec::new("faulty") }
        };
        let without = |without: &[FaultKind]| Expansion { without: without.to_vec() };
        for (spec, expansion) in [
            (faulty(3..=5, LinkKind::Datagram), without(&[])),
            (faulty(3..=5, LinkKind::Session), without(&[])),
            (faulty(1..=2, LinkKind::Datagram), without(&[])),
            (faulty(1..=1, LinkKind::Session), without(&[])),
            (faulty(3..=3, LinkKind::Datagram), without(&[FaultKind::Crash])),
            (faulty(3..=3, LinkKind::Datagram), without(&[FaultKind::Crash, FaultKind::IoError])),
            (faulty(3..=3, LinkKind::Datagram), without(&[FaultKind::Crash, FaultKind::Stop])),
            (faulty(3..=3, LinkKind::Datagram), without(&[FaultKind::UnsyncedLoss])),
            (faulty(3..=3, LinkKind::Datagram), without(&[FaultKind::QueueOverflow])),
            (Spec::new("swarm"), without(&[FaultKind::Loss])),
        ] {
            let expand = |seed| swarm::expand(&spec, Hex(seed), &expansion).fault_kinds();
            let seen: BTreeSet<FaultKind> = (0..200).flat_map(expand).collect();
            let named: BTreeSet<FaultKind> = spec.fault_kinds(&expansion).into_iter().collect();
            assert_eq!(named, seen, "{:?} nodes, {:?}, {:?}", spec.nodes, spec.link, expansion);
        }
    }
}
