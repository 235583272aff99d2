//! One campaign of the program that was built: `fuzz SCENARIO`, and what it writes for scripts.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use sim::Size;

use super::place::Place;

/// A program with a mutant in it, or with none.
pub(super) struct Fuzzer<'a> {
    program: PathBuf,
    place: &'a Place,
    /// Where its cases go: a directory for each base.
    cases: PathBuf,
    jobs: Option<NonZeroUsize>,
}

/// After what a campaign ends if it finds nothing.
#[derive(Clone, Copy, Debug)]
pub(super) enum Limit {
    Time(Duration),
    Seeds(u64),
}

/// Why something is not measured.
#[derive(Debug)]
pub(super) enum Halt {
    /// Ctrl-C.
    Interrupted,
    /// The mutant's file is at fault.
    Unusable(String),
    /// Something else is.
    Trouble(String),
}

/// What a campaign came to. It ends at the lowest seed that fails, whatever the number of threads, and so the counts
/// are the same each time where it found something.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Found {
    pub(super) seeds: u64,
    pub(super) events: u64,
    /// How long it took, shrinking not counted.
    pub(super) wall: Duration,
    pub(super) failure: Option<Failure>,
}

/// What `fuzz --json` says of a failure.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct Failure {
    pub(super) signature: String,
    #[serde(default)]
    known: bool,
    #[serde(default)]
    pub(super) shrunk: Option<Shrunk>,
}

/// How much smaller a case became.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Shrunk {
    pub(super) from: Size,
    pub(super) to: Size,
    pub(super) runs: u64,
    pub(super) wall_ns: u64,
}

#[derive(Deserialize)]
struct Document {
    scenarios: Vec<ScenarioDocument>,
}

#[derive(Deserialize)]
struct ScenarioDocument {
    seeds: u64,
    events: u64,
    wall_ns: u64,
    failures: Vec<Failure>,
}

impl<'a> Fuzzer<'a> {
    /// A fuzzer of what is called `name`: a mutant, or the control.
    pub(super) fn new(program: PathBuf, place: &'a Place, name: &str, jobs: Option<NonZeroUsize>) -> Fuzzer<'a> {
        Fuzzer { program, place, cases: place.cases.join(name), jobs }
    }

    /// Runs seeds of this base until one fails or the limit is reached.
    pub(super) fn run(&self, scenario: &str, base: u64, limit: Limit) -> Result<Found, Halt> {
        let cases = self.cases.join(base.to_string());
        empty(&cases).map_err(|error| Halt::Trouble(format!("{}: {error}", cases.display())))?;
        let output = self.command(scenario, base, limit, &cases).output();
        let output = output.map_err(|error| Halt::Trouble(format!("{}: {error}", self.program.display())))?;
        match output.status.code() {
            // Clean, safety, liveness, divergence, undecided.
            Some(0..=3 | 5) => {}
            Some(130) | None => return Err(Halt::Interrupted),
            Some(code) => {
                return Err(Halt::Trouble(format!("`fuzz {scenario}` ended with {code}: {}", last_line(&output))));
            }
        }
        let text = fs::read_to_string(&self.place.report).map_err(|error| error.to_string());
        let found = text.and_then(|text| read(&text));
        found.map_err(|reason| Halt::Trouble(format!("{}: {reason}", self.place.report.display())))
    }

    fn command(&self, scenario: &str, base: u64, limit: Limit, cases: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["fuzz", scenario, "--base", &base.to_string()]);
        match limit {
            Limit::Time(time) => command.args(["--time", &format!("{}ms", time.as_millis().max(1))]),
            Limit::Seeds(seeds) => command.args(["--seeds", &seeds.to_string()]),
        };
        command.args(self.jobs.iter().flat_map(|jobs| ["--jobs".to_owned(), jobs.to_string()]));
        command.arg("--json").arg(&self.place.report).arg("--out").arg(cases);
        // Cargo would say by its variables that it is the original that runs.
        command.current_dir(&self.place.copy).env_remove("CARGO_MANIFEST_DIR").env("SIM_DIR", &self.place.corpus);
        command
    }
}

/// Of a failure that is like a kept one, `fuzz` tells the kept one, and not what the shrinking of this one came to. So what
/// was found from another base, or by an earlier run of this command, must not be there.
fn empty(cases: &Path) -> io::Result<()> {
    match fs::remove_dir_all(cases) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn read(text: &str) -> Result<Found, String> {
    let document: Document = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let [scenario] = <[ScenarioDocument; 1]>::try_from(document.scenarios)
        .map_err(|scenarios| format!("expected one scenario; received {}", scenarios.len()))?;
    let ScenarioDocument { seeds, events, wall_ns, failures } = scenario;
    // A fault that is written up is none of the mutant's.
    let failure = failures.into_iter().find(|failure| !failure.known);
    Ok(Found { seeds, events, wall: Duration::from_nanos(wall_ns), failure })
}

fn last_line(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).trim_end().lines().last().unwrap_or("nothing was said").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILURE: &str = r#"{"signature": "raft::vote_once", "seed": "0x1", "case": null, "hits": 1, "known": false"#;

    fn report(failures: &str) -> String {
        let scenario =
            format!(r#"{{"name": "raft", "seeds": 3, "events": 40, "wall_ns": 7, "failures": [{failures}]}}"#);
        format!(r#"{{"format": 1, "scenarios": [{scenario}]}}"#)
    }

    #[test]
    fn a_report_says_what_was_found_and_how_far_it_was_shrunk_where_it_was() {
        let found = read(&report(&format!("{FAILURE}}}"))).expect("it is one");
        assert_eq!((found.seeds, found.events, found.wall), (3, 40, Duration::from_nanos(7)));
        assert_eq!(
            found.failure.map(|failure| (failure.signature, failure.shrunk)),
            Some(("raft::vote_once".into(), None))
        );

        let size = |faults| format!(r#"{{"faults": {faults}, "nodes": 5, "operations": 4, "virtual_ns": 9}}"#);
        let shrunk = format!(
            r#""shrunk": {{"from": {}, "to": {}, "runs": 8, "events": 1, "minimal": true, "wall_ns": 6}}"#,
            size(9),
            size(1)
        );
        let found = read(&report(&format!("{FAILURE}, {shrunk}}}"))).expect("it is one");
        let shrunk = found.failure.and_then(|failure| failure.shrunk).expect("it was shrunk");
        assert_eq!((shrunk.from.faults, shrunk.to.faults, shrunk.to.nodes, shrunk.runs), (9, 1, 5, 8));
    }

    #[test]
    fn a_known_fault_is_not_what_was_looked_for() {
        let found = read(&report(&format!("{}}}", FAILURE.replace("false", "true")))).expect("it is a report");
        assert_eq!(found.failure, None);
        assert!(read(r#"{"scenarios": []}"#).is_err());
    }
}
