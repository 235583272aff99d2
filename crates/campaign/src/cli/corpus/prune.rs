//! `corpus prune`: without what is of no use.

use super::super::{Ended, Exit, Shop};
use crate::corpus::keep::remove;
use crate::corpus::prune::{Verdict, verdicts};
use crate::run::Runs;

impl Shop<'_> {
    /// Removes what can be removed, says why, and names what is left for a person.
    pub(in crate::cli) fn corpus_prune(&self) -> Ended {
        let mut exit = Exit::Clean;
        let (mut removed, mut kept) = (0, 0);
        for scenario in self.scenarios {
            let name = scenario.spec().name;
            let runs = Runs { scenario: &**scenario, watchdog: &self.watchdog };
            let verdicts = verdicts(&runs, &self.place.corpus, &name).map_err(|error| self.trouble(&name, &error))?;
            for (path, verdict) in verdicts {
                let shown = self.place.shown(&path).display();
                match verdict {
                    Verdict::Stays => kept += 1,
                    Verdict::Goes(reason) => {
                        remove(&path).map_err(|error| format!("{shown}: {error}"))?;
                        removed += 1;
                        say!("{shown}: removed, as {reason}");
                    }
                    Verdict::Left(reason) => {
                        kept += 1;
                        eprintln!("sim: LEFT {shown}: {reason}");
                        exit = Exit::Corpus;
                    }
                }
            }
        }
        say!("{removed} removed, {kept} kept in {}", self.place.corpus.display());
        Ok(exit.and(self.unclaimed()?))
    }
}
