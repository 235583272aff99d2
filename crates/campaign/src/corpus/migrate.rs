//! An old case in the present form: with the knobs that the scenario has today, where it still means what it meant.

use std::collections::BTreeMap;

use sim::{CASE_FORMAT, Case, Expansion, Outcome, Scenario};

use super::standing::{reached, standing};
use super::{RUSTC, Standing, commit};
use crate::failure::{Failure, fired, reached_labels};
use crate::run::{RunError, Runs};

/// What a case would be in the present form.
pub(crate) enum Migration {
    /// This one.
    Present {
        /// It, as it is to be written.
        case: Box<Case>,
        /// What had to be changed by hand, so to speak: nothing that only tells what its run comes to.
        changes: Vec<String>,
        /// Whether its run still shows what it was found for.
        fails: bool,
    },
    /// It no longer means what it meant, or nobody knows: a person has to look.
    Left(Standing),
}

/// Brings a case up to date. Knobs that the scenario has got since are filled as the case's seed would have them, those
/// that it has lost are dropped. What comes of it must be what the case is kept for: what it should come to, or the very
/// failure that it was found with, by all the items and labels of then.
pub(crate) fn migrate(runs: &Runs<'_>, case: &Case) -> Migration {
    let spec = Scenario::spec(runs.scenario);
    let mut present = Case { format: CASE_FORMAT, ..case.clone() };
    let today = runs.scenario.expand(case.seed, &Expansion::default()).knobs;
    let changes = adopt_knobs(&mut present.knobs, &today);
    let outcome = match runs.run(&present) {
        Ok(outcome) => outcome,
        Err(RunError::Case(error)) => return Migration::Left(Standing::Stale(error.to_string())),
        Err(RunError::Bug(message)) => return Migration::Left(Standing::Bug(message)),
    };
    let failure = Failure::of(&spec, &present, &outcome);
    match standing(&spec, &present, &outcome) {
        Standing::AsExpected { .. } => {}
        Standing::Failed(failure) if is_what_was_found(&present, &failure, &outcome) => {}
        left => return Migration::Left(left),
    }
    present.fired = fired(&present, &outcome);
    present.reached = reached_labels(&outcome);
    let fails = failure.is_some();
    refresh(&mut present, failure.as_ref());
    Migration::Present { case: Box::new(present), changes, fails }
}

/// Makes the knobs those of today, and says what was changed.
fn adopt_knobs(knobs: &mut BTreeMap<String, u64>, today: &BTreeMap<String, u64>) -> Vec<String> {
    let mut changes = Vec::new();
    knobs.retain(|name, value| {
        let stays = today.contains_key(name);
        if !stays {
            changes.push(format!("dropped knob `{name}`, which was {value}"));
        }
        stays
    });
    for (name, value) in today {
        knobs.entry(name.clone()).or_insert_with(|| {
            changes.push(format!("filled knob `{name}` with {value}"));
            *value
        });
    }
    changes
}

fn is_what_was_found(case: &Case, failure: &Failure, outcome: &Outcome) -> bool {
    let found = case.found.as_ref();
    let same = found.is_some_and(|found| found.signature == failure.signature && found.identity == failure.identity);
    same && matches!(reached(case, outcome, false), Standing::AsExpected { .. })
}

/// Says of a case that fails what its run comes to today, and on which commit; where that is what it was, the commit of
/// then is as good.
fn refresh(case: &mut Case, failure: Option<&Failure>) {
    let (Some(found), Some(failure)) = (&mut case.found, failure) else { return };
    let digest = failure.digest.to_string();
    if (&found.digest, found.event) != (&digest, failure.event) {
        (found.digest, found.event) = (digest, failure.event);
        (found.commit, found.rustc) = (commit(), RUSTC.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knobs_become_those_of_today_and_keep_their_values() {
        let knobs = |knobs: &[(&str, u64)]| -> BTreeMap<String, u64> {
            knobs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
        };
        let mut old = knobs(&[("batch", 3), ("gone", 7)]);
        let changes = adopt_knobs(&mut old, &knobs(&[("batch", 9), ("window", 4)]));
        assert_eq!(old, knobs(&[("batch", 3), ("window", 4)]));
        assert_eq!(changes, ["dropped knob `gone`, which was 7", "filled knob `window` with 4"]);
    }
}
