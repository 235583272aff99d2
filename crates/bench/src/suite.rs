//! The benchmarks by name, how they are measured, and the rows they come to.

use std::fmt;

use serde::Serialize;

use crate::engine::Engine;
use crate::floor::Floor;
use crate::rings;
use crate::turns::{Medians, Round, in_turns, unit_ns};
use crate::workload::Runs;

/// The format of the JSON report.
pub const REPORT_FORMAT: u32 = 2;

/// A benchmark.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Bench {
    /// Our engine beside a bare heap, at three lengths of the queue.
    Engine,
    /// Our ring beside a bare array of sorted points: look-ups at three numbers of nodes, and construction.
    Ring,
}

/// How much is measured for each row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effort {
    /// How many events each repetition fires, or how many keys it looks up. The same number goes before the first,
    /// unmeasured.
    pub events: u64,
    /// How many repetitions; each times both sides, one right after the other.
    pub rounds: u32,
}

impl Default for Effort {
    fn default() -> Effort {
        Effort { events: 1_000_000, rounds: 9 }
    }
}

/// What was measured, in the order in which it was.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Report {
    /// [`REPORT_FORMAT`].
    pub format: u32,
    /// How long things take.
    pub rows: Vec<Row>,
    /// How evenly rings spread keys: no matter of time, the same on every machine.
    pub spreads: Vec<Spread>,
}

impl Default for Report {
    fn default() -> Report {
        Report { format: REPORT_FORMAT, rows: Vec::new(), spreads: Vec::new() }
    }
}

/// One thing of ours. Times are medians over the rounds; wall time in nanoseconds, for what the name says once.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Row {
    /// What is done once: for `engine` an event.
    pub name: &'static str,
    /// How large what it is done to is: for an engine how many events wait at any time, nearly; for a ring how many
    /// nodes there are.
    pub size: u32,
    /// Ours.
    pub ours_ns: f64,
    /// What it ran beside. Without one, it is an absolute time, good for a look.
    #[serde(flatten)]
    pub floor: Option<Beside>,
}

/// The least that does the same work, measured in turns with ours.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Beside {
    /// The floor's time.
    pub floor_ns: f64,
    /// Ours over the floor's: the median of the rounds' own ratios, so that what disturbs both leaves it alone.
    pub ratio: f64,
    /// What the ratio should be at most.
    pub goal: f64,
}

impl Row {
    pub(crate) fn beside(name: &'static str, size: u32, medians: Medians, goal: f64) -> Row {
        let Medians { ours_ns, floor_ns, ratio } = medians;
        Row { name, size, ours_ns, floor: Some(Beside { floor_ns, ratio, goal }) }
    }
}

/// How evenly a ring spreads keys over nodes of equal weight, and what moves when one more joins.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Spread {
    /// How many nodes.
    pub nodes: u32,
    /// How many keys.
    pub keys: u64,
    /// The keys of the node that has most, over the mean.
    pub max_over_mean: f64,
    /// The keys that change their owner as a node joins, over that node's fair share: about 1.
    pub moved_over_fair: f64,
    /// How many of those go to another node than the one that joins: 0.
    pub moved_elsewhere: u64,
}

impl Bench {
    /// Measures it.
    pub fn measure(self, effort: Effort) -> Report {
        match self {
            Bench::Engine => Report {
                rows: ENGINE_GOALS.map(|(queue, goal)| engine_row(queue, goal, effort)).to_vec(),
                ..Report::default()
            },
            Bench::Ring => rings::measure(effort),
        }
    }
}

impl Report {
    /// This report, and behind it another.
    pub fn append(&mut self, more: Report) {
        self.rows.extend(more.rows);
        self.spreads.extend(more.spreads);
    }
}

/// Lengths of the queue, each with the highest ratio that is good enough. A heap slows down as it grows, a wheel hardly.
const ENGINE_GOALS: [(u32, f64); 3] = [(50, 1.5), (1_000, 1.25), (100_000, 1.25)];

fn engine_row(queue: u32, goal: f64, effort: Effort) -> Row {
    const SEED: u64 = 1;
    let (mut ours, mut floor) = (Engine::new(queue, SEED), Floor::new(queue, SEED));
    ours.fire(effort.events);
    floor.fire(effort.events);
    let medians = in_turns(effort.rounds, || Round {
        floor_ns: unit_ns(effort.events, || floor.fire(effort.events)),
        ours_ns: unit_ns(effort.events, || ours.fire(effort.events)),
    });
    Row::beside("engine", queue, medians, goal)
}

/// A table for people, with whether each goal was met.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.rows.is_empty() {
            writeln!(f, "{:<12} {:>8} {:>11} {:>11} {:>7} {:>6}", "name", "size", "ours", "floor", "ratio", "goal")?;
        }
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))?;
        if !self.spreads.is_empty() {
            writeln!(
                f,
                "\n{:<12} {:>8} {:>9} {:>11} {:>15}",
                "keys", "nodes", "max/mean", "moved/fair", "moved elsewhere"
            )?;
        }
        self.spreads.iter().try_for_each(|spread| writeln!(f, "{spread}"))
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row { name, size, ours_ns, floor } = self;
        write!(f, "{name:<12} {size:>8} {:>11}", time(*ours_ns))?;
        let Some(Beside { floor_ns, ratio, goal }) = floor else { return Ok(()) };
        let verdict = if ratio <= goal { "met" } else { "missed" };
        write!(f, " {:>11} {ratio:>7.2} {goal:>6.2}  {verdict}", time(*floor_ns))
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Spread { nodes, keys, max_over_mean, moved_over_fair, moved_elsewhere } = self;
        write!(f, "{keys:<12} {nodes:>8} {max_over_mean:>9.3} {moved_over_fair:>11.3} {moved_elsewhere:>15}")
    }
}

/// In the unit in which it has few digits.
fn time(ns: f64) -> String {
    if ns < 10_000.0 {
        format!("{ns:.1} ns")
    } else if ns < 10_000_000.0 {
        format!("{:.1} us", ns / 1_000.0)
    } else {
        format!("{:.1} ms", ns / 1_000_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &'static str, ours_ns: f64, floor_ns: f64, goal: f64) -> Row {
        Row::beside(name, 50, Medians { ours_ns, floor_ns, ratio: ours_ns / floor_ns }, goal)
    }

    fn spread() -> Spread {
        Spread { nodes: 10, keys: 1000, max_over_mean: 1.25, moved_over_fair: 0.9996, moved_elsewhere: 0 }
    }

    #[test]
    fn the_table_says_which_goals_were_missed() {
        let rows = vec![row("engine", 100.0, 80.0, 1.25), row("ring build", 23_000_040.0, 9_999_940.0, 2.2999)];
        let report = Report { rows, ..Report::default() };
        let expected = "\
name             size        ours       floor   ratio   goal
engine             50    100.0 ns     80.0 ns    1.25   1.25  met
ring build         50     23.0 ms   9999.9 us    2.30   2.30  missed
";
        assert_eq!(report.to_string(), expected);
    }

    #[test]
    fn what_has_no_floor_has_no_verdict_and_what_spreads_a_table_of_its_own() {
        let join = Row { name: "ring join", size: 1000, ours_ns: 12_340.0, floor: None };
        let report = Report { rows: vec![join], spreads: vec![spread()], ..Report::default() };
        let expected = "\
name             size        ours       floor   ratio   goal
ring join        1000     12.3 us

keys            nodes  max/mean  moved/fair moved elsewhere
1000               10     1.250       1.000               0
";
        assert_eq!(report.to_string(), expected);
    }

    #[test]
    fn a_script_reads_a_row_flat_and_one_without_a_floor_has_no_ratio() {
        let join = Row { name: "ring join", size: 1000, ours_ns: 12_340.0, floor: None };
        let rows = vec![row("engine", 100.0, 80.0, 1.5), join];
        let report = Report { rows, ..Report::default() };
        let expected = serde_json::json!({
            "format": 2,
            "rows": [
                { "name": "engine", "size": 50, "ours_ns": 100.0, "floor_ns": 80.0, "ratio": 1.25, "goal": 1.5 },
                { "name": "ring join", "size": 1000, "ours_ns": 12340.0 },
            ],
            "spreads": [],
        });
        assert_eq!(serde_json::to_value(&report).expect("a report is plain data"), expected);
    }
}
