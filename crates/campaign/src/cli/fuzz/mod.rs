//! `fuzz`: the stored cases, then fresh seeds.

mod settle;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sim::{Expansion, Scenario, Spec};

pub(super) use self::settle::Settled;
use super::args::Fuzz;
use super::progress::{ProgressLine, interruption};
use super::{Ended, Exit, Shop, jobs, json, table};
use crate::corpus::{self, Standing};
use crate::failure::Failure;
use crate::file;
use crate::report::Report;
use crate::run::Runs;
use crate::runner::{Campaign, HarnessError};
use crate::seed::Base;
use crate::shrinking::SHRINK_TIME;
use crate::story::Told;

/// How long it goes on where nobody says.
const DEFAULT_TIME: Duration = Duration::from_secs(30);

impl Shop<'_> {
    pub(super) fn fuzz(&self, arguments: Fuzz) -> Ended {
        let selected = self.select(&arguments.scenarios)?;
        if let Some((_, spec)) = selected.iter().find(|(_, spec)| spec.must_diverge()) {
            let (name, program) = (&spec.name, self.program);
            return Err(format!("`{name}` differs only between two processes: `{program} twin {name}` shows it"));
        }
        if let Some(path) = &arguments.json {
            writable(path)?;
        }
        let campaign = campaign(&arguments);
        let mut fuzzing = Fuzzing {
            shop: self,
            directory: arguments.out.as_ref().unwrap_or(&self.place.corpus),
            campaign,
            shrinks: !arguments.no_shrink,
            interrupted: interruption(),
            reports: Vec::new(),
            settled: Vec::new(),
            written_up: BTreeSet::new(),
            shrink_time: SHRINK_TIME,
            known: Vec::new(),
            told: Vec::new(),
            exit: Exit::Clean,
        };
        fuzzing.run(&selected);
        fuzzing.conclude(&arguments)
    }
}

fn campaign(arguments: &Fuzz) -> Campaign {
    let seeds = arguments.seeds.map(std::num::NonZeroU64::get);
    Campaign {
        base: arguments.base.unwrap_or_else(Base::from_os),
        seeds,
        time: arguments.time.or(if seeds.is_none() { Some(DEFAULT_TIME) } else { None }),
        jobs: jobs(arguments.jobs),
        shard: arguments.shard,
        keep_going: arguments.keep_going,
        expansion: Expansion { without: arguments.without.clone() },
        unbounded: arguments.unbounded,
        allow: arguments.allow.clone(),
    }
}

/// Whether a file could be written there; found out before the campaign rather than after.
fn writable(path: &Path) -> Result<(), String> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() || !directory.is_dir() {
        return Err(format!("--json {}: expected a file in a directory that exists", path.display()));
    }
    file::probe(path).map_err(|error| format!("--json {}: {error}", path.display()))
}

/// A campaign over several scenarios, and what it has found.
struct Fuzzing<'a> {
    shop: &'a Shop<'a>,
    directory: &'a Path,
    campaign: Campaign,
    /// Whether what is found is made smaller before it is kept.
    shrinks: bool,
    interrupted: Arc<AtomicBool>,
    reports: Vec<Report>,
    /// What became of each failure of each report.
    settled: Vec<Vec<Settled>>,
    /// The scenarios of which a stored case shows, today, a fault that is written up.
    written_up: BTreeSet<String>,
    /// How long the failures that are not settled yet may be shrunk, all together.
    shrink_time: Duration,
    /// A line on each failure of a fault that is written up.
    known: Vec<String>,
    /// What is to be told of each other failure.
    told: Vec<Told>,
    exit: Exit,
}

impl Fuzzing<'_> {
    fn run(&mut self, selected: &[(&dyn Scenario, Spec)]) {
        for (scenario, spec) in selected {
            self.run_corpus(*scenario, spec);
        }
        let budget = self.campaign.time;
        for (index, (scenario, spec)) in selected.iter().enumerate() {
            let over = !self.told.is_empty() && !self.campaign.keep_going;
            if over || self.interrupted.load(Ordering::Relaxed) || self.exit == Exit::Bug {
                break;
            }
            // What a quick scenario leaves over is shared by those after it.
            let left = u32::try_from(selected.len() - index).unwrap_or(u32::MAX);
            let spent = self.reports.iter().map(|report| report.wall_time).sum();
            let time = budget.map(|time| time.saturating_sub(spent) / left);
            self.run_fresh(*scenario, time, spec);
            // Whether a failure ends it all is known when it is known whether it is written up.
            if !self.campaign.keep_going {
                self.settle(selected);
            }
        }
        self.settle(selected);
    }

    fn runs<'b>(&'b self, scenario: &'b dyn Scenario) -> Runs<'b> {
        Runs { scenario, watchdog: &self.shop.watchdog }
    }

    fn run_corpus(&mut self, scenario: &dyn Scenario, spec: &Spec) {
        let paths = match corpus::list(&self.shop.place.corpus, &spec.name) {
            Ok(paths) => paths,
            Err(error) => return self.corpus_trouble(&format!("{}: {error}", spec.name)),
        };
        for path in paths {
            let case = match corpus::read(&path) {
                Ok(case) => case,
                Err(unreadable) => {
                    self.corpus_trouble(&unreadable.to_string());
                    continue;
                }
            };
            let shown = self.shop.place.shown(&path).display().to_string();
            match corpus::judge(&self.runs(scenario), &case) {
                Standing::AsExpected { known: false } => {}
                Standing::AsExpected { known: true } => drop(self.written_up.insert(spec.name.clone())),
                Standing::Failed(failure) => {
                    let replay = self.shop.replay_line(&path);
                    let failure = failure.confirmed(&self.runs(scenario));
                    let found = Some(corpus::history(&case));
                    let told = Told::of(&self.runs(scenario), &failure, found, &replay);
                    self.found(&failure, told);
                }
                Standing::Stale(reason) => self.corpus_trouble(&format!("STALE {shown}: {reason}")),
                Standing::Undecided(reason) => {
                    eprintln!("sim: UNDECIDED {shown}: {reason}");
                    self.exit = self.exit.and(Exit::Undecided);
                }
                Standing::Bug(message) => {
                    eprintln!("sim: {shown}: {message}");
                    self.exit = self.exit.and(Exit::Bug);
                }
            }
        }
    }

    fn corpus_trouble(&mut self, line: &str) {
        eprintln!("sim: {line}");
        self.exit = self.exit.and(Exit::Corpus);
    }

    fn run_fresh(&mut self, scenario: &dyn Scenario, time: Option<Duration>, spec: &Spec) {
        let line = ProgressLine::new();
        let show = |report: &Report| line.campaign(report);
        // A fault that is written up is no reason to look no further.
        let is_written_up = spec.must_fail.is_none() && self.written_up.contains(&spec.name);
        let keep_going = self.campaign.keep_going || is_written_up;
        let campaign = Campaign { time, keep_going, ..self.campaign.clone() };
        let report = campaign.run(scenario, &self.shop.watchdog, &self.interrupted, &show);
        drop(line);
        if let Some(HarnessError { scenario, seed, reason }) = &report.error {
            eprintln!("sim: {scenario}  seed {seed}: {reason}");
            self.exit = self.exit.and(Exit::Bug);
        }
        if report.undecided.is_some() {
            self.exit = self.exit.and(Exit::Undecided);
        }
        self.reports.push(report);
    }

    fn found(&mut self, failure: &Failure, told: Told) {
        self.exit = self.exit.and(failure.class.into());
        self.told.push(told);
    }

    /// Says what was found: the table, the file, and last the failures.
    fn conclude(mut self, arguments: &Fuzz) -> Ended {
        if arguments.deny_miss && self.reports.iter().any(missed) {
            self.exit = self.exit.and(Exit::Missed);
        }
        if self.interrupted.load(Ordering::Relaxed) {
            self.exit = self.exit.and(Exit::Interrupted);
        }
        let base = self.campaign.base.to_string();
        let mut out = io::stdout().lock();
        // A reader that went away, such as `head`, is no failure of the campaign.
        let _ = table::print(&mut out, &base, &self.reports, &self.settled).and_then(|()| out.flush());
        drop(out);
        if let Some(path) = &arguments.json {
            let shard = self.campaign.shard.to_string();
            let heading = json::Heading { base, jobs: self.campaign.jobs.get(), shard, exit: self.exit };
            if let Err(error) = json::write(path, &heading, &self.reports, &self.settled) {
                // What was found counts for more than the file that cannot be written.
                eprintln!("sim: --json {}: {error}", path.display());
                self.exit = if self.exit == Exit::Clean { Exit::Usage } else { self.exit };
            }
        }
        for known in &self.known {
            eprintln!("{known}");
        }
        for told in &self.told {
            eprintln!("\n{told}");
        }
        Ok(self.exit)
    }
}

/// Whether a campaign did not see what it must, or tested less than it seems to.
fn missed(report: &Report) -> bool {
    report.misses().next().is_some() || report.symptoms().next().is_some()
}
