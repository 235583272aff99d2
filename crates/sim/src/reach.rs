//! What a campaign must have seen, so that its silence is worth something: goals, what is exempt, health checks.
//!
//! A scenario states it; a run is not changed by it, and whoever runs many seeds judges them by it.

use std::fmt;

/// What a campaign must have seen in at least one of so many seeds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReachGoal {
    /// The label of a fact, what [`Io::reached`](crate::Io::reached) is called with, or a kind of fault as
    /// `fault:torn_write`.
    pub label: &'static str,
    /// How many seeds without it make it missed.
    pub needs_seeds: u64,
}

impl ReachGoal {
    /// What a goal needs of which nothing else is said: enough for what 2 % of the seeds show.
    pub const NEEDS_SEEDS: u64 = 1_000;

    /// A goal that needs more seeds than others. With 20 over the rate at which seeds reach it, it is missed by chance once
    /// in 480 million campaigns.
    pub const fn rare(label: &'static str, needs_seeds: u64) -> ReachGoal {
        ReachGoal { label, needs_seeds }
    }

    /// A goal of each of these labels, of which nothing else is said.
    pub fn each(labels: impl IntoIterator<Item = &'static str>) -> Vec<ReachGoal> {
        labels.into_iter().map(ReachGoal::from).collect()
    }
}

/// The goal of a label, of which nothing else is said.
impl From<&'static str> for ReachGoal {
    fn from(label: &'static str) -> ReachGoal {
        ReachGoal { label, needs_seeds: ReachGoal::NEEDS_SEEDS }
    }
}

/// What is known not to be reached. It works both ways: where it is reached after all, the exemption is out of date, and
/// that is as much of a failure as a goal that is missed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exemption {
    /// As of a [goal](ReachGoal::label), which it need not be otherwise.
    pub label: &'static str,
    /// Why it is not reached.
    pub reason: &'static str,
}

/// A way in which a campaign tests nothing, or less than it seems to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum HealthCheck {
    /// Most runs are over after a few events, or nobody sends anything to anybody.
    NothingHappened,
    /// No fault struck in any run, though there were kinds that could.
    NoFaultFired,
    /// Clients asked for things, and none of them was ever answered.
    AllOperationsFailed,
    /// No client ever asked for anything while another one waited: such a history is in order whatever the system does.
    NoOperationOverlapped,
    /// A checker found everything irrelevant.
    PropertyNeverEvaluated,
    /// No run could make the progress that is demanded, or nobody knows whether one could.
    AllStuck,
    /// Much of what was due did not strike, as it would have destroyed more than is survived. Kinds that
    /// [strike at a boot](crate::FaultKind::strikes_at_boot) are left out.
    TooMuchWithheld,
    /// The budget withholds some of what would destroy too much, and runs were beyond help all the same.
    BeyondHelp,
}

impl HealthCheck {
    /// Every check.
    pub const ALL: [HealthCheck; 8] = [
        HealthCheck::NothingHappened,
        HealthCheck::NoFaultFired,
        HealthCheck::AllOperationsFailed,
        HealthCheck::NoOperationOverlapped,
        HealthCheck::PropertyNeverEvaluated,
        HealthCheck::AllStuck,
        HealthCheck::TooMuchWithheld,
        HealthCheck::BeyondHelp,
    ];

    /// Its name in reports and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            HealthCheck::NothingHappened => "nothing_happened",
            HealthCheck::NoFaultFired => "no_fault_fired",
            HealthCheck::AllOperationsFailed => "all_operations_failed",
            HealthCheck::NoOperationOverlapped => "no_operation_overlapped",
            HealthCheck::PropertyNeverEvaluated => "property_never_evaluated",
            HealthCheck::AllStuck => "all_stuck",
            HealthCheck::TooMuchWithheld => "too_much_withheld",
            HealthCheck::BeyondHelp => "beyond_help",
        }
    }
}

impl fmt::Display for HealthCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
