//! What it came to, for reading.

use std::io::{self, Write};
use std::time::Duration;

use campaign::Span;

use super::control::Control;
use super::document::Row;
use super::fuzzer::Shrunk;
use super::measure::middle_and_worst;

/// Prints a line for each mutant, and below what the sources show without any.
pub(super) fn print(out: &mut dyn Write, rows: &[Row<'_>], control: Option<&Control>) -> io::Result<()> {
    let lines: Vec<[String; 8]> = rows.iter().map(line).collect();
    let heading = ["id", "", "seeds", "worst", "events", "shrunk", "found by", "breaks"].map(str::to_owned);
    let mut widths = [0; 8];
    for line in lines.iter().chain([&heading]).filter(|_| !lines.is_empty()) {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for line in [&heading].into_iter().chain(&lines).filter(|_| !lines.is_empty()) {
        let [id, verdict, seeds, worst, events, shrunk, by, breaks] = line;
        let [w_id, w_verdict, w_seeds, w_worst, w_events, w_shrunk, w_by, _] = widths;
        write!(out, "{id:<w_id$}  {verdict:<w_verdict$}  {seeds:>w_seeds$}  {worst:>w_worst$}  {events:>w_events$}")?;
        writeln!(out, "  {shrunk:<w_shrunk$}  {by:<w_by$}  {breaks}")?;
    }
    match control {
        Some(control) => writeln!(out, "{}control: {}", if lines.is_empty() { "" } else { "\n" }, control.summary()),
        None => Ok(()),
    }
}

fn line(row: &Row<'_>) -> [String; 8] {
    let Row { mutant, measured } = row;
    let (id, breaks) = (mutant.id.clone(), mutant.breaks.clone());
    let Some(measured) = measured else {
        let none = || "-".to_owned();
        let why = format!("{breaks} Not run: {}.", mutant.impossible.as_deref().unwrap_or_default());
        return [id, "impossible".into(), none(), none(), none(), none(), none(), why];
    };
    let verdict = if measured.is_found(mutant) { "found" } else { "MISSED" };
    let [seeds, worst] = middle_and_worst(&measured.seeds(mutant));
    let [events, _] = middle_and_worst(&measured.events(mutant));
    let time = |shrunk: &Shrunk| Span(Duration::from_nanos(shrunk.wall_ns));
    let shrunk = |shrunk: Shrunk| format!("{} in {}", shrinkage(&shrunk, "->"), time(&shrunk));
    let shrunk = measured.shrunk().map_or("-".into(), shrunk);
    // What is not the mutant's is marked: a finding of its own, or a signature to be added.
    let by = measured.signatures().into_iter().map(|signature| {
        let is_its_own = mutant.properties.iter().any(|property| property == signature);
        if is_its_own { signature.to_owned() } else { format!("OTHER {signature}") }
    });
    let by = by.collect::<Vec<String>>().join(", ");
    [id, verdict.into(), seeds, worst, events, shrunk, if by.is_empty() { "-".into() } else { by }, breaks]
}

/// `faults 40 -> 2, nodes 5 -> 3, operations 40 -> 1, 31.2 s -> 0.8 s, 412 runs`.
pub(super) fn shrinkage(shrunk: &Shrunk, arrow: &str) -> String {
    let Shrunk { from, to, runs, .. } = shrunk;
    let sizes = [
        ("faults", from.faults, to.faults),
        ("nodes", from.nodes, to.nodes),
        ("operations", from.operations, to.operations),
    ];
    let sizes = sizes.map(|(name, from, to)| format!("{name} {from} {arrow} {to}")).join(", ");
    let [from, to] = [from, to].map(|size| Span(Duration::from_nanos(size.virtual_ns)));
    format!("{sizes}, {from} {arrow} {to}, {runs} runs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutants::control::Quiet;
    use crate::mutants::measure::tests::measured;
    use crate::mutants::mutant::tests::mutant;
    use sim::Size;

    fn printed(rows: &[Row<'_>], control: Option<&Control>) -> String {
        let mut out = Vec::new();
        print(&mut out, rows, control).expect("memory takes everything");
        String::from_utf8(out).expect("it is text")
    }

    #[test]
    fn a_line_for_each_mutant_and_one_for_the_control() {
        let (mut found, impossible) = (measured([Some("raft::log_matching"); 5]), mutant());
        let size = |faults| Size { faults, nodes: 3, operations: 40, virtual_ns: 1_200_000_000 };
        found.campaigns[0].shrunk = Some(Shrunk { from: size(40), to: size(2), runs: 7, wall_ns: 900_000_000 });
        let missed = measured([Some("raft::liveness"), None, None, None, None]);
        let impossible = super::super::Mutant { impossible: Some("nobody looks".into()), ..impossible };
        let mutant = mutant();
        let rows = [
            Row { mutant: &mutant, measured: Some(found) },
            Row { mutant: &mutant, measured: Some(missed) },
            Row { mutant: &impossible, measured: None },
        ];
        let control = Control { scenarios: vec![Quiet { name: "raft".into(), seeds: 30, events: 9, signature: None }] };
        let expected = "\
id               seeds  worst  events  shrunk                                                                              found by              breaks
P99  found           3      5      30  faults 40 -> 2, nodes 3 -> 3, operations 40 -> 40, 1.2 s -> 1.2 s, 7 runs in 0.9 s  raft::log_matching    the letter
P99  MISSED          -      -       -  -                                                                                   OTHER raft::liveness  the letter
P99  impossible      -      -       -  -                                                                                   -                     the letter Not run: nobody looks.

control: raft: silent in 30 seeds
";
        assert_eq!(printed(&rows, Some(&control)), expected);
        assert_eq!(printed(&[], Some(&control)), "control: raft: silent in 30 seeds\n");
    }
}
