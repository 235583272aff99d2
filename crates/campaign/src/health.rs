//! Whether a campaign tested anything: what it looks like where it did not, and what to do about it.
//!
//! Each check is about the whole campaign, never about one seed: zero faults are a seed's good right.

use std::collections::BTreeMap;
use std::fmt;

use sim::{Expansion, FaultKind, HealthCheck, Outcome, Spec};

use crate::quantity::Quantity;
use crate::report::{FaultTotal, Report, Unrecoverable};

/// Of fewer seeds than these nothing is concluded.
pub const HEALTH_SEEDS: u64 = 100;

/// A run of fewer events is over before anything happens: three nodes that boot, are healed and are asked for progress
/// take five.
const EVENTS_MIN: u64 = 20;

/// A health check that a campaign does not pass, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Symptom {
    /// The check.
    pub check: HealthCheck,
    /// What was seen.
    pub seen: String,
}

/// What health checks look at, beside what a report says anyway.
#[derive(Clone, Debug)]
pub(crate) struct Vitals {
    /// Runs of fewer events than [`EVENTS_MIN`].
    short: u64,
    messages: u64,
    overlapping: u64,
    /// Kinds that the seeds may have.
    kinds: Vec<FaultKind>,
    clients_max: u16,
    processes_max: u16,
    allowed: Vec<HealthCheck>,
}

impl Vitals {
    pub(crate) fn new(spec: &Spec, expansion: &Expansion, allowed: &[HealthCheck]) -> Vitals {
        Vitals {
            short: 0,
            messages: 0,
            overlapping: 0,
            kinds: spec.fault_kinds(expansion),
            clients_max: *spec.clients.end(),
            processes_max: spec.nodes.end().saturating_add(*spec.clients.end()),
            allowed: spec.allow.iter().chain(allowed).copied().collect(),
        }
    }

    pub(crate) fn take(&mut self, outcome: &Outcome) {
        self.short += u64::from(outcome.events < EVENTS_MIN);
        self.messages += outcome.activity.messages;
        self.overlapping += outcome.activity.overlapping;
    }
}

impl Report {
    /// The health checks that the campaign does not pass, but for those that its scenario or whoever ran it allows; none
    /// of fewer than [`HEALTH_SEEDS`] seeds.
    pub fn symptoms(&self) -> impl Iterator<Item = Symptom> {
        let judged = HealthCheck::ALL.into_iter().filter(|check| !self.vitals.allowed.contains(check));
        let seen = |check| self.seen(check).map(|seen| Symptom { check, seen });
        judged.filter(|_| self.seeds >= HEALTH_SEEDS).filter_map(seen)
    }

    /// What is wrong by this check, if anything is.
    fn seen(&self, check: HealthCheck) -> Option<String> {
        let seeds = self.seeds;
        let total = |name: &str| self.counts.get(name).map_or(0, |count| count.total);
        let Vitals { short, messages, overlapping, kinds, clients_max, processes_max, .. } = &self.vitals;
        match check {
            HealthCheck::NothingHappened if short * 2 > seeds => {
                Some(format!("{short} of {seeds} runs were over within {EVENTS_MIN} events"))
            }
            HealthCheck::NothingHappened => {
                (*processes_max > 1 && *messages == 0).then(|| format!("no message was sent in {seeds} runs"))
            }
            HealthCheck::NoFaultFired => {
                let none = self.faults.values().all(|total| total.fired == 0);
                let on = kinds.len();
                (none && on > 0).then(|| format!("{on} kinds of fault were on, and none struck in {seeds} runs"))
            }
            HealthCheck::AllOperationsFailed => {
                let (invoked, responded) = (total("invoked"), total("responded"));
                let none = invoked > 0 && responded == 0;
                none.then(|| format!("clients invoked {} operations, and none was answered", Quantity(invoked)))
            }
            HealthCheck::NoOperationOverlapped => {
                let invoked = total("invoked");
                let none = *clients_max > 1 && invoked > 0 && *overlapping == 0;
                none.then(|| format!("of {} operations none met another client's", Quantity(invoked)))
            }
            HealthCheck::PropertyNeverEvaluated => {
                let never = self.properties.iter().filter(|(_, times)| **times == 0).map(|(name, _)| *name);
                let never: Vec<&str> = never.collect();
                let names = never.join("`, `");
                (!never.is_empty()).then(|| format!("`{names}` was never evaluated in {seeds} seeds"))
            }
            HealthCheck::AllStuck => {
                let undecided = self.undecided.as_ref().map_or(0, |undecided| undecided.runs);
                let beyond_help = self.unrecoverable.as_ref().map_or(0, |unrecoverable| unrecoverable.runs);
                let all = beyond_help + undecided == seeds;
                all.then(|| format!("of {seeds} runs {beyond_help} were beyond help and {undecided} are undecided"))
            }
            HealthCheck::TooMuchWithheld => withheld(&self.faults),
            HealthCheck::BeyondHelp => self.beyond_help(),
        }
    }

    /// Runs that were beyond help, where faults are withheld so that none is. Where nothing is ever withheld, nothing says so: under
    /// `AllReturn` a node that rotted may refuse to serve, and then `recoverable` says rightly that nobody can go on. With the
    /// budget lifted no run is called so.
    fn beyond_help(&self) -> Option<String> {
        let withheld: u64 = self.faults.values().map(|total| total.withheld).sum();
        let Unrecoverable { runs, seed, reason } = self.unrecoverable.filter(|_| withheld > 0)?;
        let seeds = self.seeds;
        Some(format!(
            "{runs} of {seeds} runs were beyond help, though faults are withheld so that none is; the first is {seed}: {reason}"
        ))
    }
}

impl Symptom {
    /// Whether nothing was tested then, so that a green test would be a lie.
    pub fn is_vacuous(&self) -> bool {
        match self.check {
            HealthCheck::NothingHappened
            | HealthCheck::AllOperationsFailed
            | HealthCheck::PropertyNeverEvaluated
            | HealthCheck::AllStuck => true,
            HealthCheck::NoFaultFired
            | HealthCheck::NoOperationOverlapped
            | HealthCheck::TooMuchWithheld
            | HealthCheck::BeyondHelp => false,
        }
    }

    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self.check {
            HealthCheck::NothingHappened => {
                "let clients ask, or nodes talk at boot or at deadlines, for the whole of `safety`"
            }
            HealthCheck::NoFaultFired => {
                "lengthen `safety`, or let a `Survival` allow what is withheld: of one or two nodes none may be down"
            }
            HealthCheck::AllOperationsFailed => {
                "run one seed with `replay --trace text`: no reply comes, or the client never calls `respond`"
            }
            HealthCheck::NoOperationOverlapped => "give clients less time to think, or more of them more operations",
            HealthCheck::PropertyNeverEvaluated => {
                "have the checker answer `Holds` where it looked, and the system state the facts that it looks at"
            }
            HealthCheck::AllStuck => {
                "let `Survival` withhold what destroys too much, or `recoverable` answer `Yes` where there is a way out"
            }
            HealthCheck::TooMuchWithheld => "run more nodes, or let a `Survival` allow what the system does survive",
            HealthCheck::BeyondHelp => {
                "have `allows` withhold what `recoverable` answers `No` to, and `core` name nobody who may refuse"
            }
        }
    }
}

/// `all_stuck: what was seen; what to do about it`.
impl fmt::Display for Symptom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.check, self.seen, self.advice())
    }
}

/// 30 % of what was due, or more, of the kinds that are counted when they are due, struck or withheld. One that strikes at a boot
/// is withheld when it is due, and struck only once a boot walks into it: of ten such with one withheld and no boot after the
/// others, all that was due would have been withheld.
fn withheld(faults: &BTreeMap<FaultKind, FaultTotal>) -> Option<String> {
    let due = || faults.iter().filter(|(kind, _)| !kind.is_by_chance() && !kind.strikes_at_boot());
    let (kind, most) = due().max_by_key(|(_, total)| total.withheld)?;
    let withheld: u64 = due().map(|(_, total)| total.withheld).sum();
    let all: u64 = due().map(|(_, total)| total.fired + total.withheld).sum();
    (withheld > 0 && withheld * 10 >= all * 3).then(|| {
        let (withheld, all) = (Quantity(withheld), Quantity(all));
        let (most, of_kind) = (Quantity(most.withheld), Quantity(most.fired + most.withheld));
        format!("{withheld} of {all} faults that were due were withheld, most of all {kind}, {most} of {of_kind}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is seen of kinds that fired and were withheld so often.
    fn seen(faults: &[(FaultKind, u64, u64)]) -> Option<String> {
        let total = |fired, withheld| FaultTotal { fired, withheld, ..FaultTotal::default() };
        withheld(&faults.iter().map(|(kind, fired, withheld)| (*kind, total(*fired, *withheld))).collect())
    }

    #[test]
    fn what_is_withheld_is_a_share_of_what_is_counted_when_it_is_due() {
        let sick = "3 of 10 faults that were due were withheld, most of all crash, 3 of 7";
        assert_eq!(seen(&[(FaultKind::Crash, 4, 3), (FaultKind::Pause, 3, 0)]).as_deref(), Some(sick));
        assert_eq!(seen(&[(FaultKind::Crash, 4, 2), (FaultKind::Pause, 3, 0)]), None);
        assert_eq!(
            seen(&[(FaultKind::Crash, 8, 1), (FaultKind::StaleRead, 0, 9)]),
            None,
            "what was allowed was not counted when it was due"
        );
        assert_eq!(seen(&[(FaultKind::MisdirectedRead, 1, 9)]), None);
    }
}
