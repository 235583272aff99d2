//! `corpus`: looking after the stored cases.

mod migrate;
mod prune;

use std::io;
use std::path::{Path, PathBuf};

use sim::{Case, ClientLoad, Found, Scenario, Size, Spec};

use super::{Ended, Exit, Shop};
use crate::corpus::{self, Standing};
use crate::run::Runs;
use crate::story::Told;

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
                let found = Some(corpus::history(&case));
                eprintln!("{}", Told::of(&runs, &failure, found, &replay));
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

    /// Names every stored case: what it showed, how large it is, who found it and when.
    pub(super) fn corpus_list(&self) -> Ended {
        let mut exit = Exit::Clean;
        for scenario in self.scenarios {
            for path in self.stored(&scenario.spec())? {
                match corpus::read(&path) {
                    Ok(case) => {
                        say!("{}: {}", self.place.shown(&path).display(), summary(&case));
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

    fn stored(&self, spec: &Spec) -> Result<Vec<PathBuf>, String> {
        corpus::list(&self.place.corpus, &spec.name).map_err(|error| self.trouble(&spec.name, &error))
    }

    fn trouble(&self, directory: &str, error: &io::Error) -> String {
        format!("{}: {error}", self.place.corpus.join(directory).display())
    }
}

/// `raft::log_matching  2 faults, 3 nodes, 1 operations  found by fuzz, 2026-11-24`.
fn summary(case: &Case) -> String {
    let showed = case.found.as_ref().map_or("nothing", |found| &found.signature);
    let Size { faults, nodes, operations, .. } = case.shrunk.as_ref().map_or_else(|| size(case), |shrunk| shrunk.to);
    let whole = if case.shrunk.is_none() { ", not shrunk" } else { "" };
    let origin = match &case.found {
        Some(Found { by, date, .. }) if !by.is_empty() => format!("  found by {by}, {date}"),
        Some(Found { date, .. }) => format!("  {date}"),
        None => String::new(),
    };
    format!("{showed}  {faults} faults, {nodes} nodes, {operations} operations{whole}{origin}")
}

/// The size of a case that was not shrunk; when it fails only a run says.
fn size(case: &Case) -> Size {
    let omitted = |load: &ClientLoad| load.omitted.iter().filter(|ordinal| **ordinal < load.operations).count();
    let operations = case.workload.clients.iter().map(|load| load.operations as usize - omitted(load)).sum();
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Size {
        faults: count(case.plan.items.len()),
        nodes: count(case.nodes.len()),
        operations: count(operations),
        virtual_ns: 0,
    }
}
