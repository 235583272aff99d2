//! What becomes of the failures of a campaign: each is run again, made smaller, kept, and told.

use std::path::{Path, PathBuf};

use sim::{Scenario, Shrunk, Spec};

use super::super::progress::ProgressLine;
use super::Fuzzing;
use crate::corpus;
use crate::corpus::keep::Keeper;
use crate::failure::Failure;
use crate::report::Failed;
use crate::run::Runs;
use crate::runner::Campaign;
use crate::shrinking::{ShrinkBudget, Shrinking};
use crate::story::Told;

/// A failure of a campaign, and what became of it.
pub(in crate::cli) struct Settled {
    /// What the kept case shows.
    pub(in crate::cli) failure: Failure,
    /// Its file.
    pub(in crate::cli) case: Option<PathBuf>,
}

impl Settled {
    /// Where it is written up, as a fault of code that is not ours.
    pub(in crate::cli) fn finding(&self) -> Option<&str> {
        self.failure.finding()
    }
}

impl Fuzzing<'_> {
    /// Settles what the scenarios failed with that were run since the last time, the time for shrinking shared among all of
    /// it.
    pub(super) fn settle(&mut self, selected: &[(&dyn Scenario, Spec)]) {
        let unsettled = self.settled.len();
        let found: Vec<(usize, Failed)> =
            self.reports.iter().enumerate().skip(unsettled).flat_map(each_failure).collect();
        self.settled.resize_with(self.reports.len(), Vec::new);
        let budget = ShrinkBudget::of(self.shrink_time);
        for (position, (report, failed)) in found.iter().enumerate() {
            let name = &self.reports[*report].scenario;
            let (scenario, spec) = selected.iter().find(|(_, spec)| spec.name == *name).expect("it was run");
            let shrinking =
                Shrinking { time: budget.share(found.len() - position), ..Shrinking::new(self.campaign.jobs) };
            let found = self.history(*report, failed);
            let settled = self.settle_one((*scenario, spec), failed, &shrinking, found);
            self.settled[*report].push(settled);
        }
        self.shrink_time = budget.left();
    }

    fn settle_one(
        &mut self,
        (scenario, spec): (&dyn Scenario, &Spec),
        failed: &Failed,
        shrinking: &Shrinking,
        found: String,
    ) -> Settled {
        let line = ProgressLine::new();
        let name = &failed.failure.case.scenario;
        let show = |shrunk: &Shrunk| line.shrinking(name, &failed.failure.signature, shrunk);
        let runs = Runs { scenario, watchdog: &self.shop.watchdog };
        let keeper = Keeper { directory: self.directory, corpus: &self.shop.place.corpus, runs, by: "fuzz" };
        let shrinking = self.shrinks.then_some(shrinking);
        let settled = keeper.settle(failed.failure.clone(), shrinking, &self.interrupted, &show);
        drop(line);
        match settled {
            // One that must fail shows what it is there for, and is asked whether it still does.
            Ok(kept) if kept.failure.finding().is_some() && spec.must_fail.is_none() => {
                let settled = Settled { failure: kept.failure, case: Some(kept.path) };
                self.known.push(self.known(&settled, &found));
                settled
            }
            Ok(kept) => {
                let replay = self.shop.replay_line(&kept.path);
                let found = match &kept.earlier {
                    Some(earlier) => corpus::like(Some(&found), earlier),
                    None => found,
                };
                let told = Told::of(&runs, &kept.failure, Some(found), &replay);
                keeper.keep_told(&kept, &told);
                self.found(&kept.failure, told);
                Settled { failure: kept.failure, case: Some(kept.path) }
            }
            Err(unkept) => {
                let failure = unkept.failure;
                let case = corpus::render(&corpus::with_origin(&failure, "fuzz"));
                eprint!("sim: no case was kept in {}: {}\n{case}", self.directory.display(), unkept.error);
                let Campaign { expansion, unbounded, .. } = &self.campaign;
                let replay = self.shop.replay_seed_line(name, failure.seed(), expansion, *unbounded);
                let told = Told::of(&runs, &failure, Some(found), &replay);
                self.found(&failure, told);
                Settled { failure, case: None }
            }
        }
    }

    /// The line on a failure of a fault that is written up.
    fn known(&self, settled: &Settled, found: &str) -> String {
        let Failure { signature, case, .. } = &settled.failure;
        let finding = settled.finding().unwrap_or_default();
        let path = settled.case.as_deref().unwrap_or(Path::new(""));
        let (scenario, path) = (&case.scenario, self.shop.place.shown(path).display());
        format!("sim: KNOWN {scenario}  {signature}  {finding}  {found}, as {path} shows")
    }

    /// How a failure was come by.
    fn history(&self, report: usize, failed: &Failed) -> String {
        let as_it_must = if failed.failure.is_expected() { ", as this scenario must" } else { "" };
        let seen = match failed.hits {
            1 => String::new(),
            hits => format!("; seen in {hits} of {} seeds", self.reports[report].seeds),
        };
        format!("seed {} of base {}{as_it_must}{seen}", failed.index + 1, self.campaign.base)
    }
}

fn each_failure((index, report): (usize, &crate::report::Report)) -> impl Iterator<Item = (usize, Failed)> + use<> {
    let failures = report.failures.clone();
    failures.into_iter().map(move |failed| (index, failed))
}
