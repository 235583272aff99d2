//! `shrink`: the least that fails as a case does.

use std::path::PathBuf;

use sim::{Expansion, Shrunk};

use super::args::Shrink;
use super::progress::{ProgressLine, interruption};
use super::{Ended, Exit, Shop, jobs};
use crate::corpus;
use crate::corpus::keep::Keeper;
use crate::failure::Failure;
use crate::run::{RunError, Runs};
use crate::shrinking::{SHRINK_EVENTS_MAX, Shrinking};
use crate::story::Told;

/// Who found what was shrunk and never kept before.
const BY: &str = "shrink";

impl Shop<'_> {
    pub(super) fn shrink(&self, arguments: &Shrink) -> Ended {
        let case = self.case("shrink", &arguments.which, &Expansion::default())?;
        let name = arguments.which.name();
        let (scenario, spec) = self.scenario(&case.scenario).map_err(|problem| format!("{name}: {problem}"))?;
        let runs = Runs { scenario, watchdog: &self.watchdog };
        let outcome = match runs.run(&case) {
            Ok(outcome) => outcome,
            Err(RunError::Case(error)) => return Err(format!("{name}: {error}")),
            Err(RunError::Bug(message)) => {
                eprintln!("sim: {}  seed {}: {message}", case.scenario, case.seed);
                return Ok(Exit::Bug);
            }
        };
        let Some(failure) = Failure::of(&spec, &case, &outcome) else {
            say!("{}  seed {}: it does not fail, so there is nothing to shrink", case.scenario, case.seed);
            return Ok(Exit::Clean);
        };
        let interrupted = interruption();
        let shrinking = Shrinking { jobs: jobs(arguments.jobs), time: arguments.time, events_max: SHRINK_EVENTS_MAX };
        let line = ProgressLine::new();
        let show = |shrunk: &Shrunk| line.shrinking(&case.scenario, &failure.signature, shrunk);
        let failure = shrinking.shrink(&runs, failure.clone().confirmed(&runs), &interrupted, &show);
        drop(line);
        self.keep_shrunk(arguments, &failure, &runs)
    }

    fn keep_shrunk(&self, arguments: &Shrink, failure: &Failure, runs: &Runs<'_>) -> Ended {
        let exit = Exit::from(failure.class);
        let path: PathBuf = match &arguments.save {
            Some(path) => path.clone(),
            None => {
                let named = arguments.which.case.as_ref().map(|path| self.place.resolve(path));
                let corpus = &self.place.corpus;
                Keeper { directory: corpus, corpus, runs: *runs, by: BY }.file(failure, named)
            }
        };
        let case = corpus::with_origin(failure, BY);
        if let Err(error) = corpus::write(&path, &case) {
            eprint!("sim: the case was not kept: {error}\n{}", corpus::render(&case));
            return Ok(exit);
        }
        let replay = self.replay_line(&path);
        let told = Told::of(runs, failure, None, &replay);
        corpus::keep_told(&path, &told);
        eprintln!("{told}");
        Ok(exit)
    }
}
