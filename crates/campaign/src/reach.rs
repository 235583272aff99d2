//! Whether a campaign saw what it must: the goals of its scenario, and each kind of fault that its seeds may have.

use std::fmt;

use sim::{Exemption, Expansion, FaultKind, Outcome, ReachGoal, Spec};

/// What a campaign must have seen, and whether it did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GoalTotal {
    /// What that is.
    pub sought: Sought,
    /// How often it was seen.
    pub hits: u64,
    /// The seeds in which it was.
    pub seeds: u64,
    /// How many seeds without it make it missed.
    pub needs_seeds: u64,
    /// Why it is known not to be seen, where it is.
    pub exempt: Option<&'static str>,
    /// What follows.
    pub state: GoalState,
}

/// What is to be seen.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Sought {
    /// A fact is stated, or a label reached.
    Label(&'static str),
    /// A fault of this kind strikes.
    Fault(FaultKind),
}

/// Whether a goal was reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GoalState {
    /// It was.
    Hit,
    /// It was not, by as many seeds as it needs or more.
    Missed,
    /// It was not, and too few seeds were run to say that it was missed.
    Undetermined,
    /// It was not, and is known not to be.
    Exempt,
    /// It was, although it is exempt.
    ExemptHit,
}

/// What stands before a kind of fault in the label of a goal.
const FAULT: &str = "fault:";

/// The goals of a campaign, in the order of the scenario, and the kinds of fault last.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    goals: Vec<GoalTotal>,
    uses_disks: bool,
}

impl Reach {
    pub(crate) fn new(spec: &Spec, expansion: &Expansion) -> Reach {
        let kinds = spec.fault_kinds(expansion);
        let stated = spec.goals.iter().map(|goal| GoalTotal::new(Sought::of(goal.label), goal.needs_seeds));
        let exempt = spec.exempt.iter().map(|exemption| Sought::of(exemption.label));
        let faults = kinds.iter().copied().map(Sought::Fault);
        let unstated = exempt.chain(faults).map(|sought| GoalTotal::new(sought, ReachGoal::NEEDS_SEEDS));
        let mut goals: Vec<GoalTotal> = Vec::new();
        for goal in stated.chain(unstated) {
            // A fault that no seed may have is not waited for.
            let is_possible = goal.sought.fault().is_none_or(|kind| kinds.contains(&kind));
            if is_possible && goals.iter().all(|known| known.sought != goal.sought) {
                goals.push(goal);
            }
        }
        for &Exemption { label, reason } in &spec.exempt {
            if let Some(goal) = goals.iter_mut().find(|goal| goal.sought == Sought::of(label)) {
                (goal.exempt, goal.state) = (Some(reason), GoalState::Exempt);
            }
        }
        Reach { goals, uses_disks: false }
    }

    /// The goals. What strikes disks is none where there was nothing on any.
    pub(crate) fn goals(&self) -> impl Iterator<Item = &GoalTotal> {
        let strikes_nothing = |kind: FaultKind| !self.uses_disks && kind.is_of_disks();
        self.goals.iter().filter(move |goal| !goal.sought.fault().is_some_and(strikes_nothing))
    }

    /// Takes in the next run; `seeds` are those taken in by now.
    pub(crate) fn take(&mut self, outcome: &Outcome, seeds: u64) {
        self.uses_disks |= outcome.activity.disk_requests > 0;
        self.goals.iter_mut().for_each(|goal| goal.take(outcome, seeds));
    }
}

impl GoalTotal {
    fn new(sought: Sought, needs_seeds: u64) -> GoalTotal {
        GoalTotal { sought, hits: 0, seeds: 0, needs_seeds, exempt: None, state: GoalState::Undetermined }
    }

    fn take(&mut self, outcome: &Outcome, seeds: u64) {
        let hits = match self.sought {
            Sought::Label(label) => {
                [&outcome.reached, &outcome.counts].into_iter().filter_map(|seen| seen.get(label)).sum()
            }
            Sought::Fault(kind) => outcome.faults.get(&kind).map_or(0, |count| count.fired),
        };
        self.hits += hits;
        self.seeds += u64::from(hits > 0);
        self.state = match (self.exempt, self.hits) {
            (None, 1..) => GoalState::Hit,
            (None, 0) if seeds >= self.needs_seeds => GoalState::Missed,
            (None, 0) => GoalState::Undetermined,
            (Some(_), 0) => GoalState::Exempt,
            (Some(_), 1..) => GoalState::ExemptHit,
        };
    }

    /// How many seeds its rate would have it need, where that is more than it is given: 20 over the rate. A goal that is
    /// hit in 1 of 1000 seeds, and needs 1000, is missed by every third campaign of 1000 seeds. Of fewer seeds than it
    /// needs no rate is taken.
    pub fn needs_rather(&self, seeds: u64) -> Option<u64> {
        let rather = 20_u64.saturating_mul(seeds).checked_div(self.seeds)?;
        (self.state == GoalState::Hit && seeds >= self.needs_seeds && rather > self.needs_seeds).then_some(rather)
    }
}

impl GoalState {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            GoalState::Hit => "hit",
            GoalState::Missed => "missed",
            GoalState::Undetermined => "undetermined",
            GoalState::Exempt => "exempt",
            GoalState::ExemptHit => "exempt_hit",
        }
    }

    /// Whether a campaign that is to have seen everything fails by it.
    pub const fn is_miss(self) -> bool {
        match self {
            GoalState::Missed | GoalState::ExemptHit => true,
            GoalState::Hit | GoalState::Undetermined | GoalState::Exempt => false,
        }
    }
}

/// Why it is a miss, where it is one; otherwise how it stands.
impl fmt::Display for GoalTotal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let GoalTotal { sought, hits, needs_seeds, state, exempt, .. } = self;
        let reason = exempt.unwrap_or_default();
        match state {
            GoalState::Hit => write!(f, "the goal `{sought}` was hit"),
            GoalState::Missed => write!(f, "the goal `{sought}` was missed by {needs_seeds} seeds or more"),
            GoalState::Undetermined => write!(f, "the goal `{sought}` was not hit, and needs {needs_seeds} seeds"),
            GoalState::Exempt => write!(f, "the goal `{sought}` is exempt: {reason}"),
            GoalState::ExemptHit => {
                write!(f, "the goal `{sought}` was hit {hits} times although it is exempt: {reason}")
            }
        }
    }
}

impl Sought {
    fn of(label: &'static str) -> Sought {
        let named = |name| FaultKind::ALL.into_iter().find(|kind| kind.name() == name);
        label.strip_prefix(FAULT).and_then(named).map_or(Sought::Label(label), Sought::Fault)
    }

    pub(crate) fn fault(self) -> Option<FaultKind> {
        match self {
            Sought::Label(_) => None,
            Sought::Fault(kind) => Some(kind),
        }
    }
}

/// The label, or `fault:crash`.
impl fmt::Display for Sought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Sought::Label(label) => f.pad(label),
            Sought::Fault(kind) => f.pad(&format!("{FAULT}{kind}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use sim::{FaultClass, Faults, LinkKind};

    use super::*;

    fn labels(reach: &Reach) -> Vec<String> {
        reach.goals().map(|goal| goal.sought.to_string()).collect()
    }

    fn total(seeds: u64, needs_seeds: u64, state: GoalState) -> GoalTotal {
        GoalTotal { seeds, hits: seeds, state, ..GoalTotal::new(Sought::Label("elected"), needs_seeds) }
    }

    #[test]
    fn each_kind_of_fault_that_seeds_may_have_is_a_goal_once() {
        let faults = Faults::none()
            .with(FaultKind::Crash)
            .with(FaultKind::Loss)
            .with(FaultKind::Pause)
            .with(FaultKind::PartialPartition)
            .with(FaultKind::SessionReset)
            .classed(FaultKind::Stop, FaultClass::Detected);
        let goals = vec!["elected".into(), ReachGoal::rare("fault:crash", 5_000), "fault:wipe".into()];
        let spec = Spec { goals, faults, nodes: 1..=3, ..Spec::new("raft") };
        let expansion = Expansion { without: vec![FaultKind::Pause] };
        let reach = Reach::new(&spec, &expansion);
        assert_eq!(labels(&reach), ["elected", "fault:crash", "fault:loss", "fault:partial_partition", "fault:stop"]);
        let needs: Vec<u64> = reach.goals().map(|goal| goal.needs_seeds).collect();
        assert_eq!(needs, [1_000, 5_000, 1_000, 1_000, 1_000]);

        let spec = Spec { link: LinkKind::Session, nodes: 1..=2, ..spec };
        let labels = labels(&Reach::new(&spec, &expansion));
        assert_eq!(labels, ["elected", "fault:crash", "fault:session_reset", "fault:stop"]);
    }

    #[test]
    fn what_strikes_disks_is_a_goal_where_something_is_on_one() {
        let of_disks: Vec<FaultKind> = FaultKind::ALL.into_iter().filter(|kind| kind.is_of_disks()).collect();
        let faults = of_disks.iter().copied().fold(Faults::none().with(FaultKind::Crash), Faults::with);
        let mut reach = Reach::new(&Spec { faults, ..Spec::new("raft") }, &Expansion::default());
        assert_eq!(labels(&reach), ["fault:crash"]);
        reach.uses_disks = true;
        assert_eq!(labels(&reach).len(), 1 + of_disks.len());
    }

    #[test]
    fn an_exemption_makes_a_goal_of_a_fault_that_there_can_be_and_of_no_other() {
        let exempt = ["fault:pause", "fault:wipe", "never"].map(|label| Exemption { label, reason: "so it is" });
        let faults = Faults::none().with(FaultKind::Pause);
        let spec = Spec { exempt: exempt.to_vec(), faults, ..Spec::new("raft") };
        let reach = Reach::new(&spec, &Expansion::default());
        assert_eq!(labels(&reach), ["fault:pause", "never"]);
        assert!(reach.goals().all(|goal| goal.state == GoalState::Exempt && goal.exempt == Some("so it is")));
    }

    #[test]
    fn a_goal_that_is_hit_too_rarely_for_what_it_needs_says_what_it_needs_rather() {
        assert_eq!(total(10, 1_000, GoalState::Hit).needs_rather(1_000), Some(2_000));
        assert_eq!(total(20, 1_000, GoalState::Hit).needs_rather(1_000), None);
        assert_eq!(
            total(9, 2_000, GoalState::Hit).needs_rather(1_000),
            None,
            "of half of what it needs no rate is taken"
        );
        assert_eq!(total(0, 1_000, GoalState::Missed).needs_rather(1_000), None);
    }
}
