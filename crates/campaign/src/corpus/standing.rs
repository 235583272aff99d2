//! What a stored case is worth today: whether its run comes to what it should, by the way it once did.

use sim::{Case, End, Expect, Outcome, Scenario, Spec};

use crate::failure::{Failure, fired};
use crate::run::{RunError, Runs};

/// What a stored case came to, beside what it should.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// What it should; `known` where that is a written-up fault of code that is not ours.
    AsExpected {
        /// Whether it is one.
        known: bool,
    },
    /// Something it should not.
    Failed(Box<Failure>),
    /// It no longer means what it meant.
    Stale(String),
    /// Whether progress was possible is not known.
    Undecided(String),
    /// The harness itself failed.
    Bug(String),
}

/// Runs a stored case and says what it is worth.
pub(crate) fn judge(runs: &Runs<'_>, case: &Case) -> Standing {
    let outcome = match runs.run(case) {
        Ok(outcome) => outcome,
        Err(RunError::Bug(message)) => return Standing::Bug(message),
        Err(RunError::Case(error)) => return Standing::Stale(error.to_string()),
    };
    standing(&Scenario::spec(runs.scenario), case, &outcome)
}

/// What an outcome makes of a case.
pub fn standing(spec: &Spec, case: &Case, outcome: &Outcome) -> Standing {
    let shown = outcome.violation().map(|violation| violation.signature.as_str());
    match (&case.expect, shown) {
        (Expect::Signature(expected), Some(shown)) if expected == shown => reached(case, outcome, false),
        (Expect::Known { known, .. }, Some(shown)) if known == shown => reached(case, outcome, true),
        (_, Some(_)) => {
            let failure = Failure::of(spec, case, outcome).expect("a violation is a failure");
            Standing::Failed(Box::new(failure))
        }
        (Expect::Signature(expected) | Expect::Known { known: expected, .. }, None) => {
            Standing::Stale(format!("it no longer shows {expected}"))
        }
        (Expect::Pass, None) => match (&outcome.end, reached(case, outcome, false)) {
            (End::Undecided(reason), Standing::AsExpected { .. }) => Standing::Undecided(reason.clone()),
            (_, standing) => standing,
        },
    }
}

/// Whether a run still reaches what the case once reached: one that comes to the same by another way tests something
/// else.
pub(super) fn reached(case: &Case, outcome: &Outcome, known: bool) -> Standing {
    let fired_now = fired(case, outcome);
    let item = case.fired.iter().find(|id| !fired_now.contains(id));
    let label = case.reached.iter().find(|label| !outcome.reached.contains_key(label.as_str()));
    match (item, label) {
        (Some(id), _) => Standing::Stale(format!("item {id} fired then and does not now")),
        (None, Some(label)) => Standing::Stale(format!("`{label}` was reached then and is not now")),
        (None, None) => Standing::AsExpected { known },
    }
}
