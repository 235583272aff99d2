//! What becomes of the failures of a campaign: each is run again, made smaller, kept, and told.

use std::path::PathBuf;

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

impl Fuzzing<'_> {
    /// Settles what every scenario failed with, the time for shrinking shared among all of it.
    pub(super) fn settle(&mut self, selected: &[(&dyn Scenario, Spec)]) {
        let budget = ShrinkBudget::start();
        let found: Vec<(usize, Failed)> = self.reports.iter().enumerate().flat_map(each_failure).collect();
        self.settled = self.reports.iter().map(|_| Vec::new()).collect();
        for (position, (report, failed)) in found.iter().enumerate() {
            let name = &self.reports[*report].scenario;
            let (scenario, _) = selected.iter().find(|(_, spec)| spec.name == *name).expect("it was run");
            let shrinking =
                Shrinking { time: budget.share(found.len() - position), ..Shrinking::new(self.campaign.jobs) };
            let found = self.history(*report, failed);
            let settled = self.settle_one(*scenario, failed, &shrinking, found);
            self.settled[*report].push(settled);
        }
    }

    fn settle_one(
        &mut self,
        scenario: &dyn Scenario,
        failed: &Failed,
        shrinking: &Shrinking,
        found: String,
    ) -> Settled {
        let line = ProgressLine::new();
        let name = &failed.failure.case.scenario;
        let show = |shrunk: &Shrunk| line.shrinking(name, &failed.failure.signature, shrunk);
        let runs = Runs { scenario, watchdog: &self.shop.watchdog };
        let keeper = Keeper { directory: self.directory, runs, by: "fuzz" };
        let shrinking = self.shrinks.then_some(shrinking);
        let settled = keeper.settle(failed.failure.clone(), shrinking, &self.interrupted, &show);
        drop(line);
        match settled {
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
