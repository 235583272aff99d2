//! What it came to, for scripts: `--json`.

use std::io;
use std::path::Path;
use std::process::Command;

use campaign::file;
use serde::Serialize;
use sim::Size;

use super::control::Control;
use super::fuzzer::Shrunk;
use super::measure::Measured;
use super::mutant::Mutant;

/// The format of the file.
const FORMAT: u32 = 1;

/// A mutant, and what is known of it; nothing where it cannot be found.
pub(super) struct Row<'a> {
    pub(super) mutant: &'a Mutant,
    pub(super) measured: Option<Measured>,
}

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    commit: String,
    mutants: Vec<MutantDocument<'a>>,
    control: Option<ControlDocument<'a>>,
}

#[derive(Serialize)]
struct MutantDocument<'a> {
    id: &'a str,
    suite: &'a str,
    found: bool,
    impossible: Option<&'a str>,
    properties: &'a [String],
    bases: Vec<BaseDocument<'a>>,
    shrunk: Option<ShrunkDocument>,
}

#[derive(Serialize)]
struct BaseDocument<'a> {
    base: String,
    seeds: u64,
    events: u64,
    signature: Option<&'a str>,
}

/// Medians: what was left, and of what.
#[derive(Serialize)]
struct ShrunkDocument {
    #[serde(flatten)]
    to: Size,
    from: Size,
    runs: u64,
    wall_ns: u64,
}

#[derive(Serialize)]
struct ControlDocument<'a> {
    silent: bool,
    #[serde(flatten)]
    control: &'a Control,
}

/// Writes the document: whole, or not at all.
///
/// # Errors
/// One line.
pub(super) fn write(path: &Path, root: &Path, rows: &[Row<'_>], control: Option<&Control>) -> Result<(), String> {
    file::write(path, &render(&commit(root), rows, control)).map_err(|error| problem(path, &error))
}

/// Tries whether [`write`] could write there, and leaves nothing behind.
///
/// # Errors
/// One line.
pub(super) fn probe(path: &Path) -> Result<(), String> {
    if path.is_dir() {
        return Err(problem(path, &io::Error::other("expected a file")));
    }
    file::probe(path).map_err(|error| problem(path, &error))
}

fn problem(path: &Path, error: &io::Error) -> String {
    format!("--json {}: {error}", path.display())
}

fn render(commit: &str, rows: &[Row<'_>], control: Option<&Control>) -> String {
    let document = Document {
        format: FORMAT,
        commit: commit.to_owned(),
        mutants: rows.iter().map(mutant).collect(),
        control: control.map(|control| ControlDocument { silent: control.is_silent(), control }),
    };
    let mut text = serde_json::to_string_pretty(&document).expect("it is plain data");
    text.push('\n');
    text
}

fn mutant<'a>(row: &'a Row<'_>) -> MutantDocument<'a> {
    let Row { mutant, measured } = row;
    let campaigns = measured.iter().flat_map(|measured| &measured.campaigns);
    let bases = campaigns.map(|campaign| BaseDocument {
        base: sim::Hex(campaign.base).to_string(),
        seeds: campaign.seeds,
        events: campaign.events,
        signature: campaign.signature.as_deref(),
    });
    MutantDocument {
        id: &mutant.id,
        suite: &mutant.suite,
        found: measured.as_ref().is_some_and(|measured| measured.is_found(mutant)),
        impossible: mutant.impossible.as_deref(),
        properties: &mutant.properties,
        bases: bases.collect(),
        shrunk: measured.as_ref().and_then(Measured::shrunk).map(|Shrunk { from, to, runs, wall_ns }| ShrunkDocument {
            to,
            from,
            runs,
            wall_ns,
        }),
    }
}

/// The commit that is checked out, whatever was changed since.
fn commit(root: &Path) -> String {
    let output = Command::new("git").args(["rev-parse", "HEAD"]).current_dir(root).output().ok();
    let output = output.filter(|output| output.status.success());
    output.map_or("unknown".into(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::mutants::control::Quiet;
    use crate::mutants::measure::tests::measured;
    use crate::mutants::mutant::tests::mutant;

    #[test]
    fn the_document_is_as_scripts_expect_it() {
        let mutant = mutant();
        let mut found = measured([Some("raft::log_matching"); 5]);
        let size = |faults| Size { faults, nodes: 3, operations: 4, virtual_ns: 5 };
        found.campaigns[0].shrunk = Some(Shrunk { from: size(9), to: size(1), runs: 7, wall_ns: 6 });
        let quiet = Quiet { name: "raft".into(), seeds: 30, events: 9, signature: None };
        let text = render(
            "c0ffee",
            &[Row { mutant: &mutant, measured: Some(found) }],
            Some(&Control { scenarios: vec![quiet] }),
        );
        let document: Value = serde_json::from_str(&text).expect("it is JSON");
        let base = |base: u64| json!({"base": format!("0x{base:016x}"), "seeds": base, "events": 10 * base, "signature": "raft::log_matching"});
        let expected = json!({
            "format": 1,
            "commit": "c0ffee",
            "mutants": [{
                "id": "P99",
                "suite": "raft",
                "found": true,
                "impossible": null,
                "properties": ["raft::log_matching"],
                "bases": [base(1), base(2), base(3), base(4), base(5)],
                "shrunk": {
                    "faults": 1, "nodes": 3, "operations": 4, "virtual_ns": 5, "runs": 7, "wall_ns": 6,
                    "from": {"faults": 9, "nodes": 3, "operations": 4, "virtual_ns": 5},
                },
            }],
            "control": {
                "silent": true,
                "scenarios": [{"name": "raft", "seeds": 30, "events": 9, "signature": null}],
            },
        });
        assert_eq!(document, expected);
    }
}
