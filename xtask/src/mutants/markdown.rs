//! What it came to, for whoever reads the repository. No time and no machine is in it: the same sources, the same text.

use super::control::Control;
use super::document::Row;
use super::measure::middle_and_worst;
use super::table::shrinkage;

/// Where it is written, from the root of the workspace.
pub(super) const PATH: &str = "docs/mutants.md";

const HEADING: &str = "\
# How fast known bugs are found

Written by `cargo xtask mutants`, whenever it has run all mutants and the control; not by hand.

Each row is a bug that somebody's implementation had, or that a paper warns of, planted in a copy of the sources. Five campaigns
of fresh seeds look for it, from the bases 1 to 5. It is *found* when each of them shows a property that it breaks. *Seeds* is
how many that took, the median of the five, and *worst* the largest; *events*, how many events these seeds had, the median.
*Shrunk* says how small the failing cases became, the last of it the virtual time, and in how many runs, in medians. *Needs* names the kinds of fault without which it does not show.
";

/// The whole file.
pub(super) fn render(rows: &[Row<'_>], control: Option<&Control>) -> String {
    let found =
        rows.iter().filter(|row| row.measured.as_ref().is_some_and(|measured| measured.is_found(row.mutant))).count();
    let run = rows.iter().filter(|row| row.measured.is_some()).count();
    let left_out = match rows.len() - run {
        0 => String::new(),
        count => format!(" {count} cannot be, and the row says why."),
    };
    let mut text = format!("{HEADING}\n{found} of {run} are found.{left_out}\n");
    let suites: Vec<&str> = rows.iter().map(|row| row.mutant.suite.as_str()).collect();
    for suite in unique(&suites) {
        text += &format!(
            "\n## {suite}\n\n| id | breaks | needs | found by | seeds | worst | events | shrunk | seen in |\n"
        );
        text += "|---|---|---|---|--:|--:|--:|---|---|\n";
        rows.iter().filter(|row| row.mutant.suite == suite).for_each(|row| text += &line(row));
    }
    if let Some(control) = control {
        text += "\n## Control\n\nThe sources without a mutant, for ten times the slowest median of the mutants found there:\n\n";
        text += "| scenario | seeds | events | shows |\n|---|--:|--:|---|\n";
        for quiet in &control.scenarios {
            let shows = quiet.signature.as_ref().map_or("nothing".into(), |signature| format!("`{signature}`"));
            text += &format!("| `{}` | {} | {} | {shows} |\n", quiet.name, quiet.seeds, quiet.events);
        }
    }
    text
}

/// Each once, in the order in which they first come.
fn unique<'a>(names: &[&'a str]) -> Vec<&'a str> {
    let mut unique: Vec<&str> = Vec::new();
    names.iter().for_each(|name| unique.extend(Some(*name).filter(|name| !unique.contains(name))));
    unique
}

fn line(row: &Row<'_>) -> String {
    let Row { mutant, measured } = row;
    let needs = if mutant.faults.is_empty() { "-".into() } else { mutant.faults.join(", ") };
    let [by, seeds, worst, events, shrunk] = match measured {
        None => {
            let why = mutant.impossible.as_deref().unwrap_or_default();
            [format!("impossible: {why}"), "-".into(), "-".into(), "-".into(), "-".into()]
        }
        Some(measured) => {
            let by: Vec<String> = measured.signatures().iter().map(|signature| format!("`{signature}`")).collect();
            let by = if measured.is_found(mutant) { by.join(", ") } else { format!("**missed** {}", by.join(", ")) };
            let [seeds, worst] = middle_and_worst(&measured.seeds(mutant));
            let [events, _] = middle_and_worst(&measured.events(mutant));
            let shrunk = measured.shrunk().map_or("-".into(), |shrunk| shrinkage(&shrunk, "→"));
            [by, seeds, worst, events, shrunk]
        }
    };
    let cells = [&mutant.id, &mutant.breaks, &needs, &by, &seeds, &worst, &events, &shrunk, &mutant.source];
    format!("| {} |\n", cells.map(|cell| cell.trim().replace('|', "\\|")).join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutants::control::Quiet;
    use crate::mutants::measure::tests::measured;
    use crate::mutants::mutant::tests::mutant;

    #[test]
    fn a_row_for_each_mutant_under_its_suite() {
        let mutant = mutant();
        let other = super::super::Mutant { suite: "ring".into(), breaks: "a | b".into(), ..mutant.clone() };
        let rows = [
            Row { mutant: &mutant, measured: Some(measured([Some("raft::log_matching"); 5])) },
            Row { mutant: &other, measured: Some(measured([None; 5])) },
        ];
        let quiet = Quiet { name: "raft".into(), seeds: 30, events: 9, signature: None };
        let text = render(&rows, Some(&Control { scenarios: vec![quiet] }));
        for expected in [
            "\n1 of 2 are found.\n\n## raft\n",
            "\n| P99 | the letter | - | `raft::log_matching` | 3 | 5 | 30 | - | a primer |\n\n## ring\n",
            "\n| P99 | a \\| b | - | **missed** | - | - | - | - | a primer |\n\n## Control\n",
            "\n| `raft` | 30 | 9 | nothing |\n",
        ] {
            assert!(text.contains(expected), "{text}");
        }
    }
}
