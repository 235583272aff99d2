//! `corpus`: looking after the stored cases.

use std::io;
use std::path::Path;

use sim::{Scenario, Spec};

use super::{Ended, Exit, Shop};
use crate::block::Block;
use crate::corpus::{self, Standing};
use crate::run::Runs;

impl Shop<'_> {
    /// Runs every stored case and says what it is worth today.
    pub(super) fn corpus_check(&self) -> Ended {
        let mut exit = Exit::Clean;
        let mut cases = 0;
        for scenario in self.scenarios {
            let spec = scenario.spec();
            for path in self.stored(&spec)? {
                cases += 1;
                exit = exit.and(self.check_case(&**scenario, &path));
            }
        }
        say!("{cases} {} in {}", if cases == 1 { "case" } else { "cases" }, self.place.corpus.display());
        Ok(exit.and(self.unclaimed()?))
    }

    /// Names the cases of no scenario here: one that is gone is not to take its cases with it in silence. Those of a
    /// suite that is unknown altogether may be those of another program with the same corpus, so they are only named.
    fn unclaimed(&self) -> Ended {
        let names: Vec<String> = self.scenarios.iter().map(|scenario| scenario.spec().name).collect();
        let mut exit = Exit::Clean;
        for path in corpus::list_all(&self.place.corpus).map_err(|error| self.trouble("", &error))? {
            let directory = path.parent().and_then(|parent| parent.strip_prefix(&self.place.corpus).ok());
            let name = directory.unwrap_or(Path::new("")).to_string_lossy();
            if names.iter().any(|known| *known == name) {
                continue;
            }
            eprintln!("sim: {}: no scenario here is called `{name}`", self.place.shown(&path).display());
            let suite = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
            if names.iter().any(|known| suite(known) == suite(&name)) {
                exit = Exit::Corpus;
            }
        }
        Ok(exit)
    }

    fn check_case(&self, scenario: &dyn Scenario, path: &Path) -> Exit {
        let shown = self.place.shown(path).display();
        let case = match corpus::read(path) {
            Ok(case) => case,
            Err(unreadable) => {
                eprintln!("sim: {unreadable}");
                return Exit::Corpus;
            }
        };
        let runs = Runs { scenario, watchdog: &self.watchdog };
        match corpus::judge(&runs, &case) {
            Standing::AsExpected { known } => {
                say!("{shown}: {}", if known { "known, and still there" } else { "as expected" });
                Exit::Clean
            }
            Standing::Failed(failure) => {
                let replay = self.replay_line(path);
                let failure = failure.confirmed(&runs);
                eprintln!("{}", Block { failure: &failure, found: None, replay: &replay });
                failure.class.into()
            }
            Standing::Stale(reason) => {
                eprintln!("sim: STALE {shown}: {reason}");
                Exit::Corpus
            }
            Standing::Undecided(reason) => {
                eprintln!("sim: UNDECIDED {shown}: {reason}");
                Exit::Undecided
            }
            Standing::Bug(message) => {
                eprintln!("sim: {shown}: {message}");
                Exit::Bug
            }
        }
    }

    /// Names every stored case and what it showed.
    pub(super) fn corpus_list(&self) -> Ended {
        let mut exit = Exit::Clean;
        for scenario in self.scenarios {
            for path in self.stored(&scenario.spec())? {
                match corpus::read(&path) {
                    Ok(case) => {
                        let showed = case.found.map_or("nothing".into(), |found| found.signature);
                        say!("{}: {showed}", self.place.shown(&path).display());
                    }
                    Err(unreadable) => {
                        eprintln!("sim: {unreadable}");
                        exit = exit.and(Exit::Corpus);
                    }
                }
            }
        }
        Ok(exit)
    }

    fn stored(&self, spec: &Spec) -> Result<Vec<std::path::PathBuf>, String> {
        corpus::list(&self.place.corpus, &spec.name).map_err(|error| self.trouble(&spec.name, &error))
    }

    fn trouble(&self, directory: &str, error: &io::Error) -> String {
        format!("{}: {error}", self.place.corpus.join(directory).display())
    }
}
