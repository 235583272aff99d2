//! What `fuzz --json` writes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Serialize;

use super::Exit;
use crate::report::{GOAL_SEEDS, GoalState, Report};

/// The format of the file.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    base: &'a str,
    jobs: usize,
    shard: &'a str,
    exit: u8,
    scenarios: Vec<ScenarioDocument<'a>>,
}

#[derive(Serialize)]
struct ScenarioDocument<'a> {
    name: &'a str,
    seeds: u64,
    events: u64,
    virtual_ns: u64,
    wall_ns: u64,
    digest: String,
    counts: BTreeMap<&'a str, CountDocument>,
    faults: BTreeMap<&'a str, FaultDocument>,
    reach: BTreeMap<&'a str, GoalDocument>,
    properties: &'a BTreeMap<&'static str, u64>,
    failures: Vec<FailureDocument<'a>>,
}

#[derive(Serialize)]
struct CountDocument {
    total: u64,
    seeds: u64,
    median: u64,
}

#[derive(Serialize)]
struct FaultDocument {
    fired: u64,
    withheld: u64,
    seeds: u64,
    off: u64,
}

#[derive(Serialize)]
struct GoalDocument {
    hits: u64,
    seeds: u64,
    state: &'static str,
    needs_seeds: u64,
}

#[derive(Serialize)]
struct FailureDocument<'a> {
    signature: &'a str,
    seed: String,
    case: Option<&'a Path>,
    hits: u64,
    known: bool,
    message: &'a str,
}

/// What the command knows beside its reports.
pub(super) struct Heading {
    pub(super) base: String,
    pub(super) jobs: usize,
    pub(super) shard: String,
    pub(super) exit: Exit,
}

/// Writes the document: whole, or not at all. `cases` names the file of each report's failures, in order.
///
/// # Errors
/// What the file system says.
pub(super) fn write(
    path: &Path,
    heading: &Heading,
    reports: &[Report],
    cases: &[Vec<Option<PathBuf>>],
) -> io::Result<()> {
    let document = Document {
        format: FORMAT,
        base: &heading.base,
        jobs: heading.jobs,
        shard: &heading.shard,
        exit: heading.exit as u8,
        scenarios: reports.iter().zip(cases).map(|(report, cases)| scenario(report, cases)).collect(),
    };
    let mut text = serde_json::to_string_pretty(&document).expect("a report is plain data");
    text.push('\n');
    let draft = draft(path);
    fs::write(&draft, text)?;
    fs::rename(&draft, path)
}

/// Tries whether [`write`] could write there, and leaves nothing behind.
///
/// # Errors
/// What the file system says.
pub(super) fn probe(path: &Path) -> io::Result<()> {
    let draft = draft(path);
    fs::write(&draft, "")?;
    fs::remove_file(&draft)
}

fn draft(path: &Path) -> PathBuf {
    path.with_extension(format!("{}.draft", std::process::id()))
}

fn scenario<'a>(report: &'a Report, cases: &'a [Option<PathBuf>]) -> ScenarioDocument<'a> {
    let counts = report.counts.iter().map(|(name, count)| {
        let document = CountDocument { total: count.total, seeds: count.seeds, median: report.median(name) };
        (*name, document)
    });
    let faults = report.faults.iter().map(|(kind, total)| {
        let document =
            FaultDocument { fired: total.fired, withheld: total.withheld, seeds: total.seeds, off: total.off };
        (kind.name(), document)
    });
    let reach = report.goals.iter().map(|goal| {
        let state = match goal.state {
            GoalState::Hit => "hit",
            GoalState::Missed => "missed",
            GoalState::Undetermined => "undetermined",
        };
        (goal.label, GoalDocument { hits: goal.hits, seeds: goal.seeds, state, needs_seeds: GOAL_SEEDS })
    });
    let failures = report.failures.iter().zip(cases).map(|(failed, case)| FailureDocument {
        signature: &failed.failure.signature,
        seed: failed.failure.seed().to_string(),
        case: case.as_deref(),
        hits: failed.hits,
        known: false,
        message: &failed.failure.explanation,
    });
    ScenarioDocument {
        name: &report.scenario,
        seeds: report.seeds,
        events: report.events,
        virtual_ns: nanos(report.virtual_time),
        wall_ns: nanos(report.wall_time),
        digest: report.digest.to_string(),
        counts: counts.collect(),
        faults: faults.collect(),
        reach: reach.collect(),
        properties: &report.properties,
        failures: failures.collect(),
    }
}

fn nanos(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
