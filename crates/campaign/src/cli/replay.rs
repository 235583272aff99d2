//! `replay`: exactly one run.

use std::io::{self, Write};
use std::path::Path;

use sim::{Case, End, Expansion, Outcome, Record, Seed, Spec};

use super::args::{Replay, TraceForm};
use super::{Ended, Exit, Shop};
use crate::corpus::{self, Standing};
use crate::failure::{Failure, lived};
use crate::place::typed;
use crate::run::{RunError, Runs};
use crate::story::Told;

impl Shop<'_> {
    pub(super) fn replay(&self, arguments: Replay) -> Ended {
        let Replay { which, .. } = &arguments;
        let expansion = Expansion { without: arguments.without.clone() };
        let mut case = self.case("replay", which, &expansion)?;
        let line = match &which.case {
            Some(path) => self.replay_line(&self.place.resolve(path)),
            None => self.replay_seed_line(&case.scenario, case.seed, &expansion, arguments.unbounded),
        };
        case.unbounded |= arguments.unbounded;
        let name = which.name();
        let (scenario, spec) = self.scenario(&case.scenario).map_err(|problem| format!("{name}: {problem}"))?;
        let runs = Runs { scenario, watchdog: &self.watchdog };
        let outcome = match run(&runs, &case, arguments.trace) {
            Ok(outcome) => outcome,
            Err(RunError::Case(error)) => return Err(format!("{name}: {error}")),
            Err(RunError::Bug(message)) => {
                eprintln!("sim: {}  seed {}: {message}", case.scenario, case.seed);
                return Ok(Exit::Bug);
            }
        };
        if let Some(path) = &arguments.save {
            save(path, &spec, &case, &outcome)?;
        }
        if let Some(failure) = Failure::of(&spec, &case, &outcome) {
            eprintln!("{}", Told::of(&runs, &failure, changed(&case, &outcome), &line));
            return Ok(failure.class.into());
        }
        Ok(say(&spec, &case, &outcome, &name))
    }

    /// The line that replays a stored case.
    pub(super) fn replay_line(&self, case: &Path) -> String {
        format!("{} replay {}", self.program, typed(self.place.shown(case)))
    }

    /// The line that replays a seed, expanded and run as it was here.
    pub(super) fn replay_seed_line(
        &self,
        scenario: &str,
        seed: Seed,
        expansion: &Expansion,
        unbounded: bool,
    ) -> String {
        let mut line = format!("{} replay --scenario {scenario} --seed {seed}", self.program);
        let without: Vec<&str> = expansion.without.iter().map(|kind| kind.name()).collect();
        if !without.is_empty() {
            line = format!("{line} --without {}", without.join(","));
        }
        if unbounded { format!("{line} --unbounded") } else { line }
    }
}

fn run(runs: &Runs<'_>, case: &Case, trace: Option<TraceForm>) -> Result<Outcome, RunError> {
    let Some(form) = trace else { return runs.run(case) };
    let mut out = io::BufWriter::new(io::stdout().lock());
    // A reader that went away, such as `head`, does not change what the run comes to.
    let mut print = |record: &Record| {
        let printed = match form {
            TraceForm::Text => writeln!(out, "{record}"),
            TraceForm::Jsonl => writeln!(out, "{}", serde_json::to_string(record).expect("a record is plain data")),
        };
        drop(printed);
    };
    runs.run_traced(case, &mut print)
}

fn save(path: &Path, spec: &Spec, case: &Case, outcome: &Outcome) -> Result<(), String> {
    let case = match Failure::of(spec, case, outcome) {
        Some(failure) => corpus::with_origin(&failure, "replay"),
        None => lived(spec, case, outcome),
    };
    corpus::write(path, &case).map_err(|error| format!("--save {}: {error}", path.display()))
}

/// Says what a run came to that did not fail.
fn say(spec: &Spec, case: &Case, outcome: &Outcome, name: &str) -> Exit {
    let Outcome { events, time, digest, .. } = outcome;
    say!("{}  seed {}  {events} events, {time} of virtual time, digest {digest}", case.scenario, case.seed);
    if let Some(changed) = changed(case, outcome) {
        say!("  {changed}");
    }
    match (corpus::standing(spec, case, outcome), &outcome.end) {
        (Standing::Stale(reason), _) => {
            eprintln!("sim: STALE {name}: {reason}");
            Exit::Corpus
        }
        (_, End::Undecided(reason)) => {
            eprintln!("sim: UNDECIDED {name}: {reason}; whether it could have made progress is not known");
            Exit::Undecided
        }
        (_, End::Unrecoverable(reason)) => {
            say!("  it made no progress, and could not have: {reason}");
            Exit::Clean
        }
        (_, End::Passed | End::Failed(_)) => {
            say!("  every property holds");
            Exit::Clean
        }
    }
}

/// What is different from when the case was found.
fn changed(case: &Case, outcome: &Outcome) -> Option<String> {
    let found = case.found.as_ref()?;
    let digest = outcome.digest.to_string();
    (found.digest != digest).then(|| {
        let (signature, digest, commit) = (&found.signature, &found.digest, &found.commit);
        format!("on commit {commit}, where the run had another digest, {digest}, and showed {signature}")
    })
}
