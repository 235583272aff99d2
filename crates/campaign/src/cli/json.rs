//! What `fuzz --json` writes.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::Serialize;
use sim::{Shrunk, Size};

use super::Exit;
use super::fuzz::Settled;
use crate::failure::Failure;
use crate::file;
use crate::reach::GoalTotal;
use crate::recovery::{Closest, Recoveries, nanos};
use crate::report::Report;

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
    recovery: BTreeMap<&'a str, RecoveryDocument>,
    reach: BTreeMap<String, GoalDocument>,
    health: Vec<SymptomDocument>,
    properties: &'a BTreeMap<&'static str, u64>,
    failures: Vec<FailureDocument<'a>>,
    /// Nothing where no run was.
    #[serde(skip_serializing_if = "Option::is_none")]
    beyond_help: Option<StuckDocument<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    undecided: Option<StuckDocument<'a>>,
}

/// Runs that did not make the progress that is demanded, and are no failures.
#[derive(Serialize)]
struct StuckDocument<'a> {
    seeds: u64,
    /// Of the first of them.
    seed: String,
    reason: &'a str,
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

/// How soon after the heal a progress was made.
#[derive(Serialize)]
struct RecoveryDocument {
    seeds: u64,
    median_ns: u64,
    p99_ns: u64,
    closest: ClosestDocument,
}

/// The run that came closest to its bound.
#[derive(Serialize)]
struct ClosestDocument {
    took_ns: u64,
    bound_ns: u64,
    seed: String,
}

#[derive(Serialize)]
struct GoalDocument {
    hits: u64,
    seeds: u64,
    state: &'static str,
    needs_seeds: u64,
    /// Why it is known not to be hit.
    #[serde(skip_serializing_if = "Option::is_none")]
    exempt: Option<&'static str>,
}

#[derive(Serialize)]
struct SymptomDocument {
    check: &'static str,
    seen: String,
    advice: &'static str,
}

#[derive(Serialize)]
struct FailureDocument<'a> {
    signature: &'a str,
    seed: String,
    case: Option<&'a Path>,
    hits: u64,
    known: bool,
    message: &'a str,
    /// Nothing where it was not shrunk.
    shrunk: Option<ShrunkDocument>,
}

#[derive(Serialize)]
struct ShrunkDocument {
    from: Size,
    to: Size,
    runs: u64,
    events: u64,
    minimal: bool,
    wall_ns: u64,
}

/// What the command knows beside its reports.
pub(super) struct Heading {
    pub(super) base: String,
    pub(super) jobs: usize,
    pub(super) shard: String,
    pub(super) exit: Exit,
}

/// Writes the document: whole, or not at all. `settled` is what became of each report's failures, in order.
///
/// # Errors
/// What the file system says.
pub(super) fn write(path: &Path, heading: &Heading, reports: &[Report], settled: &[Vec<Settled>]) -> io::Result<()> {
    let document = Document {
        format: FORMAT,
        base: &heading.base,
        jobs: heading.jobs,
        shard: &heading.shard,
        exit: heading.exit as u8,
        scenarios: reports.iter().zip(settled).map(|(report, settled)| scenario(report, settled)).collect(),
    };
    let mut text = serde_json::to_string_pretty(&document).expect("a report is plain data");
    text.push('\n');
    file::write(path, &text)
}

fn scenario<'a>(report: &'a Report, settled: &'a [Settled]) -> ScenarioDocument<'a> {
    let counts = report.counts.iter().map(|(name, count)| {
        let document = CountDocument { total: count.total, seeds: count.seeds, median: report.median(name) };
        (*name, document)
    });
    let faults = report.faults.iter().map(|(kind, total)| {
        let document =
            FaultDocument { fired: total.fired, withheld: total.withheld, seeds: total.seeds, off: total.off };
        (kind.name(), document)
    });
    let recovery = report.recoveries.iter().map(|(property, recoveries)| (*property, recovery(recoveries)));
    let reach = report.goals().map(|goal| {
        let GoalTotal { sought, hits, seeds, needs_seeds, exempt, state } = *goal;
        (sought.to_string(), GoalDocument { hits, seeds, state: state.name(), needs_seeds, exempt })
    });
    let health = report.symptoms().map(|symptom| {
        let advice = symptom.advice();
        SymptomDocument { check: symptom.check.name(), seen: symptom.seen, advice }
    });
    let failures = report.failures.iter().zip(settled).map(|(failed, settled)| FailureDocument {
        signature: &settled.failure.signature,
        seed: failed.seed.to_string(),
        case: settled.case.as_deref(),
        hits: failed.hits,
        known: settled.finding().is_some(),
        message: &settled.failure.explanation,
        shrunk: shrunk(&settled.failure),
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
        recovery: recovery.collect(),
        reach: reach.collect(),
        health: health.collect(),
        properties: &report.properties,
        failures: failures.collect(),
        beyond_help: report.unrecoverable.as_ref().map(|stuck| StuckDocument {
            seeds: stuck.runs,
            seed: stuck.seed.to_string(),
            reason: stuck.reason,
        }),
        undecided: report.undecided.as_ref().map(|stuck| StuckDocument {
            seeds: stuck.runs,
            seed: stuck.seed.to_string(),
            reason: &stuck.reason,
        }),
    }
}

fn recovery(recoveries: &Recoveries) -> RecoveryDocument {
    let [median_ns, p99_ns] = [50, 99].map(|percent| nanos(recoveries.percentile(percent)));
    let Closest { took, bound, seed } = recoveries.closest;
    let closest = ClosestDocument { took_ns: nanos(took), bound_ns: nanos(bound), seed: seed.to_string() };
    RecoveryDocument { seeds: recoveries.runs, median_ns, p99_ns, closest }
}

/// How the case that was kept came to be, where it was shrunk just now.
fn shrunk(failure: &Failure) -> Option<ShrunkDocument> {
    let wall_ns = nanos(failure.shrink_time?);
    let Shrunk { from, to, runs, events, minimal } = failure.case.shrunk.clone()?;
    Some(ShrunkDocument { from, to, runs, events, minimal, wall_ns })
}
