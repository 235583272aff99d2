//! One run of one case, watched, and what it came to.

use std::fmt;
use std::panic::{self, AssertUnwindSafe};

use sim::{Case, CaseError, Outcome, Record, RunOptions, Scenario};

use crate::failure::Failure;
use crate::watchdog::Watchdog;

/// How runs are made; none of it changes what happens in one.
#[derive(Clone, Copy)]
pub(crate) struct Runs<'a> {
    pub(crate) scenario: &'a dyn Scenario,
    pub(crate) watchdog: &'a Watchdog,
}

/// Why a run has no outcome.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunError {
    /// The case does not fit the scenario; nothing was run.
    Case(CaseError),
    /// The engine or this crate panicked: our own bug, not the hosted code's.
    Bug(String),
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Case(error) => error.fmt(f),
            RunError::Bug(message) => write!(f, "a bug of the harness itself: {message}"),
        }
    }
}

impl Runs<'_> {
    pub(crate) fn run(&self, case: &Case) -> Result<Outcome, RunError> {
        self.run_with(case, RunOptions::default())
    }

    pub(crate) fn run_traced(&self, case: &Case, trace: &mut dyn FnMut(&Record)) -> Result<Outcome, RunError> {
        self.run_with(case, RunOptions { trace: Some(trace), ..RunOptions::default() })
    }

    /// What a stored case shows today.
    pub(crate) fn today(&self, case: &Case) -> Option<Failure> {
        let outcome = self.run(case).ok()?;
        Failure::of(&self.scenario.spec(), case, &outcome)
    }

    /// With what the network did to messages.
    pub(crate) fn run_with_fates(&self, case: &Case) -> Result<Outcome, RunError> {
        self.run_with(case, RunOptions { fates: true, ..RunOptions::default() })
    }

    fn run_with(&self, case: &Case, options: RunOptions<'_>) -> Result<Outcome, RunError> {
        let watch = self.watchdog.watch(&case.scenario, case.seed);
        // Shortens the borrow to this call's, which an option of it does not do by itself.
        let trace = options.trace.map(|trace| trace as &mut dyn FnMut(&Record));
        let mut options = RunOptions { trace, pulse: Some(&watch.pulse), fates: options.fates };
        // The engine catches what hosted code panics with; what gets here is the harness's own.
        let run = panic::catch_unwind(AssertUnwindSafe(|| self.scenario.run(case, &mut options)));
        match run {
            Ok(outcome) => outcome.map_err(RunError::Case),
            Err(payload) => Err(RunError::Bug(message(payload.as_ref()))),
        }
    }
}

fn message(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".into())
}
