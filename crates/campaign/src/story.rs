//! The story of a failure: what a person reads to understand it.

use sim::{Story, StoryTeller};

use crate::failure::Failure;
use crate::run::Runs;

/// The story of a failure; nothing where its case does not show it again, as no run of it can be relied on then.
///
/// Takes two more runs of the case: what bears on a violation is known only once there is one.
pub(crate) fn story(runs: &Runs<'_>, failure: &Failure) -> Option<Story> {
    let outcome = runs.run(&failure.case).ok()?;
    let violation = outcome.violation().filter(|violation| violation.signature == failure.signature)?;
    let mut teller = StoryTeller::about(violation);
    runs.run_traced(&failure.case, &mut |record| teller.hear(record)).ok()?;
    Some(teller.tell())
}
