//! `corpus migrate`: old cases in the present form.

use std::fs;
use std::path::Path;

use sim::Scenario;

use super::super::{Ended, Exit, Shop};
use crate::corpus::migrate::{Migration, migrate};
use crate::corpus::{self, Standing};
use crate::run::Runs;

impl Shop<'_> {
    /// Rewrites the cases that still mean what they meant, and names the others.
    pub(in crate::cli) fn corpus_migrate(&self) -> Ended {
        let mut exit = Exit::Clean;
        for scenario in self.scenarios {
            for path in self.stored(&scenario.spec())? {
                exit = exit.and(self.migrate_case(&**scenario, &path)?);
            }
        }
        Ok(exit.and(self.unclaimed()?))
    }

    fn migrate_case(&self, scenario: &dyn Scenario, path: &Path) -> Ended {
        let shown = self.place.shown(path).display();
        let case = match corpus::read(path) {
            Ok(case) => case,
            Err(unreadable) => {
                eprintln!("sim: LEFT {unreadable}");
                return Ok(Exit::Corpus);
            }
        };
        match migrate(&Runs { scenario, watchdog: &self.watchdog }, &case) {
            Migration::Present { case, mut changes, fails } => {
                let still = if fails && case.expect == sim::Expect::Pass { "; it still fails" } else { "" };
                if fs::read_to_string(path).is_ok_and(|text| text == corpus::render(&case)) {
                    say!("{shown}: up to date{still}");
                    return Ok(Exit::Clean);
                }
                corpus::write(path, &case).map_err(|error| format!("{shown}: {error}"))?;
                if changes.is_empty() {
                    changes.push("said anew what its run comes to".into());
                }
                say!("{shown}: {}{still}", changes.join(", "));
                Ok(Exit::Clean)
            }
            Migration::Left(standing) => {
                let (reason, exit) = match standing {
                    Standing::Stale(reason) => (reason, Exit::Corpus),
                    Standing::Failed(failure) => (format!("it fails with {}", failure.signature), Exit::Corpus),
                    Standing::Undecided(reason) => (format!("undecided: {reason}"), Exit::Undecided),
                    Standing::Bug(message) => (message, Exit::Bug),
                    Standing::AsExpected { .. } => unreachable!("what stands is not left"),
                };
                eprintln!("sim: LEFT {shown}: {reason}");
                Ok(exit)
            }
        }
    }
}
