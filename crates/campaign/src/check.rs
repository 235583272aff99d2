//! `check()`: a scenario inside an ordinary `#[test]`.

use std::any::Any;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::{env, fmt, panic, thread};

use sim::{Case, End, Expansion, Scenario, Seed, Spec};

use crate::corpus::keep::Keeper;
use crate::corpus::{self, Standing};
use crate::failure::{Failure, FailureClass};
use crate::place::{Place, typed};
use crate::quantity::{Quantity, Span};
use crate::report::Report;
use crate::run::Runs;
use crate::runner::Campaign;
use crate::seed::Base;
use crate::settings::{Only, Settings};
use crate::shrinking::Shrinking;
use crate::story::Told;
use crate::watchdog::{STEP_LIMIT, Watchdog};

/// Runs a scenario's stored cases, then 200 fresh seeds, on the calling thread.
///
/// What the `SIM_*` variables ask for instead is listed in the [crate's documentation](crate). A scenario that
/// [must fail](sim::Spec::must_fail) passes when the fresh seeds show the signature that it names, and no other.
///
/// # Panics
/// When something fails. The message is what is known of the failure, and its last line replays it.
pub fn check(scenario: &dyn Scenario) {
    let refused = |problem| format!("sim: {problem}");
    let result = Settings::from_env().map_err(refused).and_then(|settings| {
        let place = Place::find(settings.dir.as_deref()).map_err(refused)?;
        let test = TestName::of_this_thread();
        Check { scenario, spec: scenario.spec(), settings, place, test, watchdog: Watchdog::new(STEP_LIMIT) }.run()
    });
    match result {
        Ok(line) => println!("{line}"),
        Err(message) => {
            // A panic with a message would put its own first line, and a hint at backtraces, around the block.
            eprintln!("{message}");
            let payload: Box<dyn Any + Send> = Box::new(message);
            panic::resume_unwind(payload);
        }
    }
}

struct Check<'a> {
    scenario: &'a dyn Scenario,
    spec: Spec,
    settings: Settings,
    place: Place,
    test: TestName,
    watchdog: Watchdog,
}

/// A failing check's message, or the line of a green one.
type Verdict = Result<String, String>;

/// What is said of fresh seeds that pass.
struct Green {
    line: String,
    /// What makes them worth less than they look, a line each.
    symptoms: String,
}

impl Check<'_> {
    fn run(&self) -> Verdict {
        if cfg!(panic = "abort") {
            return Err("sim: this profile has panic = \"abort\": expected \"unwind\", as a panic is a finding".into());
        }
        match &self.settings.only {
            Only::Case(path) => self.run_case(&self.place.resolve(path)),
            Only::Seed(seed) => self.run_seed(*seed),
            Only::Everything => {
                let stored = self.run_corpus()?;
                let fresh = match self.spec.must_fail {
                    Some(_) => Green { line: self.expect_failure()?, symptoms: String::new() },
                    None => self.run_fresh(stored.written_up > 0)?,
                };
                Ok(format!("{}: {}{stored}{}", self.spec.name, fresh.line, fresh.symptoms))
            }
        }
    }

    fn run_case(&self, path: &Path) -> Verdict {
        let name = &self.spec.name;
        let case = corpus::read(path).map_err(|unreadable| format!("sim: SIM_CASE: {unreadable}"))?;
        if case.scenario != *name {
            return Ok(format!("{name}: passed by, as SIM_CASE is of scenario `{}`", case.scenario));
        }
        self.judge(path, &case)?;
        Ok(format!("{name}: {} passed", self.place.shown(path).display()))
    }

    fn run_seed(&self, seed: Seed) -> Verdict {
        let case = self.scenario.expand(seed, &Expansion::default());
        let outcome = self.runs().run(&case).map_err(|error| self.harness_error(seed, &error.to_string()))?;
        let (name, events) = (&self.spec.name, outcome.events);
        match (Failure::of(&self.spec, &case, &outcome), &outcome.end) {
            (Some(failure), _) => Err(self.kept(failure, None).tell()),
            (None, End::Undecided(reason)) => Err(format!("sim: UNDECIDED {name}  seed {seed}: {reason}")),
            (None, End::Unrecoverable(reason)) => {
                Ok(format!("{name}: seed {seed} made no progress and could not: {reason}"))
            }
            (None, End::Passed | End::Failed(_)) => Ok(format!("{name}: seed {seed} passed, {events} events")),
        }
    }

    fn run_corpus(&self) -> Result<Stored, String> {
        let name = &self.spec.name;
        let paths = corpus::list(&self.place.corpus, name)
            .map_err(|error| format!("sim: {}: {error}", self.place.corpus.join(name).display()))?;
        let mut stored = Stored { cases: paths.len(), written_up: 0 };
        for path in &paths {
            let case = corpus::read(path).map_err(|unreadable| format!("sim: {unreadable}"))?;
            self.judge(path, &case)?;
            stored.written_up += usize::from(case.expect.finding().is_some());
        }
        Ok(stored)
    }

    fn judge(&self, path: &Path, case: &Case) -> Result<(), String> {
        let shown = self.place.shown(path).display();
        match corpus::judge(&self.runs(), case) {
            Standing::AsExpected { .. } => Ok(()),
            Standing::Failed(failure) => {
                let found = Some(corpus::history(case));
                Err(tell(self.told(&failure.confirmed(&self.runs()), found, &self.replay_case(path))))
            }
            Standing::Stale(reason) => Err(format!("sim: STALE {shown}: {reason}")),
            Standing::Undecided(reason) => Err(format!("sim: UNDECIDED {shown}: {reason}")),
            Standing::Bug(message) => Err(format!("sim: {shown}: {message}")),
        }
    }

    /// Where a fault `is_written_up`, one of a fresh seed that is the same is counted, and the others are run all the same.
    fn run_fresh(&self, is_written_up: bool) -> Result<Green, String> {
        let (base, report) = self.campaign(is_written_up)?;
        let vacuous = report.vacuous();
        let symptoms: String = report.symptoms().map(|symptom| format!("\n  health: {symptom}")).collect();
        let Report { seeds, events, virtual_time, wall_time, .. } = report;
        let mut known = String::new();
        for failed in report.failures {
            let found = format!("seed {} of base {base}", failed.index + 1);
            let kept = self.kept(failed.failure, Some(found));
            let Some(finding) = &kept.finding else { return Err(kept.tell()) };
            known += &format!(", {} failed by {finding}", failed.hits);
        }
        if let Some(undecided) = report.undecided {
            let (runs, seed, reason) = (undecided.runs, undecided.seed, undecided.reason);
            return Err(format!("sim: UNDECIDED {}  seed {seed}: {reason} ({runs} of {seeds} seeds)", self.spec.name));
        }
        if let Some(vacuous) = vacuous {
            return Err(format!("sim: VACUOUS {}, {seeds} seeds of base {base}: {vacuous}", self.spec.name));
        }
        let (events, spent, wall) = (Quantity(events), Span(virtual_time), Span(wall_time));
        let line = format!("{seeds} seeds, {events} events, {spent} virtual, {wall}{known}");
        Ok(Green { line, symptoms })
    }

    fn expect_failure(&self) -> Verdict {
        let expected = self.spec.must_fail.as_deref().unwrap_or_default();
        if self.spec.must_diverge() {
            return Err(format!("sim: {} fails only between two processes: ask `twin`", self.spec.name));
        }
        let (base, report) = self.campaign(false)?;
        match report.failures.into_iter().next() {
            Some(failed) if failed.failure.signature == expected => {
                let confirmed = failed.failure.confirmed(&self.runs());
                match confirmed.class {
                    FailureClass::Divergence => Err(self.kept(confirmed, None).tell()),
                    _ => Ok(format!("{expected} shown by seed {} of base {base}, as it must", failed.index + 1)),
                }
            }
            Some(failed) => Err(self.kept(failed.failure, None).tell()),
            None => Err(format!(
                "sim: {}: expected {expected}; received {} seeds without it, of base {base}",
                self.spec.name, report.seeds
            )),
        }
    }

    fn campaign(&self, keep_going: bool) -> Result<(Base, Report), String> {
        let base = self.settings.base.unwrap_or_else(Base::from_os);
        let campaign = Campaign { jobs: self.settings.jobs, keep_going, ..Campaign::new(base, self.settings.seeds) };
        let report = campaign.run(self.scenario, &self.watchdog, &AtomicBool::new(false), &|_| {});
        match (&report.error, report.failures.is_empty()) {
            // A failure that came before is the first thing to know.
            (Some(error), true) => Err(self.harness_error(error.seed, &error.reason)),
            _ => Ok((base, report)),
        }
    }

    fn runs(&self) -> Runs<'_> {
        Runs { scenario: self.scenario, watchdog: &self.watchdog }
    }

    fn harness_error(&self, seed: Seed, reason: &str) -> String {
        format!("sim: {}  seed {seed}: {reason}", self.spec.name)
    }

    /// Shrinks and keeps the case of a failure.
    fn kept(&self, failure: Failure, found: Option<String>) -> Kept {
        let directory = if self.settings.persist { &self.place.corpus } else { &self.place.scratch };
        let by = self.test.finder();
        let keeper = Keeper { directory, corpus: &self.place.corpus, runs: self.runs(), by: &by };
        let shrinking = Shrinking::new(self.settings.jobs);
        match keeper.settle(failure, Some(&shrinking), &AtomicBool::new(false), &|_| {}) {
            Ok(kept) => {
                let found = match &kept.earlier {
                    Some(earlier) => Some(corpus::like(found.as_deref(), earlier)),
                    None => found,
                };
                let told = self.told(&kept.failure, found, &self.replay_case(&kept.path));
                keeper.keep_told(&kept, &told);
                Kept { finding: kept.failure.finding().map(str::to_owned), above: String::new(), told }
            }
            Err(unkept) => {
                let failure = unkept.failure;
                let replay = self.test.replay(&format!("SIM_SEED={}", failure.seed()));
                let case = corpus::render(&corpus::with_origin(&failure, &by));
                let above = format!("sim: no case was kept in {}: {}\n{case}", directory.display(), unkept.error);
                Kept { finding: None, above, told: self.told(&failure, found, &replay) }
            }
        }
    }

    fn told(&self, failure: &Failure, found: Option<String>, replay: &str) -> Told {
        Told::of(&self.runs(), failure, found, replay)
    }

    fn replay_case(&self, path: &Path) -> String {
        self.test.replay(&format!("SIM_CASE={}", typed(self.place.shown(path))))
    }
}

/// What the stored cases came to.
struct Stored {
    cases: usize,
    /// Those of a fault that is written up.
    written_up: usize,
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cases {
            0 => Ok(()),
            1 => f.write_str(", 1 kept case"),
            count => write!(f, ", {count} kept cases"),
        }
    }
}

/// A failure whose case is kept, or could not be.
struct Kept {
    /// Where its fault is written up, if it is.
    finding: Option<String>,
    /// The case itself, where no file has it.
    above: String,
    told: Told,
}

impl Kept {
    /// The message.
    fn tell(self) -> String {
        format!("{}{}", self.above, tell(self.told))
    }
}

/// Tells the story to stdout, which a test runner shows of a failing test. The message is the block alone.
fn tell(Told { story, block }: Told) -> String {
    if let Some(story) = story {
        println!("{story}\n");
    }
    block
}

/// How the test that is running is called by name.
struct TestName {
    package: Option<String>,
    /// Not known where the test does not run on a thread of its own.
    test: Option<String>,
}

impl TestName {
    #[expect(clippy::disallowed_methods, reason = "cargo says by a variable which package it tests")]
    fn of_this_thread() -> TestName {
        let thread = thread::current();
        let test = thread.name().filter(|name| *name != "main").map(str::to_owned);
        TestName { package: env::var("CARGO_PKG_NAME").ok(), test }
    }

    /// How a case that it finds says who found it.
    fn finder(&self) -> String {
        self.test.as_ref().map_or_else(|| "a test".to_owned(), |test| format!("test {test}"))
    }

    fn replay(&self, variable: &str) -> String {
        let package = self.package.as_ref().map_or(String::new(), |package| format!(" -p {package}"));
        match &self.test {
            Some(test) => format!("{variable} cargo test{package} {test} -- --exact"),
            None => format!("{variable} cargo test{package}"),
        }
    }
}
