//! The benchmarks by name, how they are measured, and the rows they come to.

use std::fmt;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::engine::Engine;
use crate::floor::Floor;
use crate::workload::Runs;

/// The format of the JSON report.
pub const REPORT_FORMAT: u32 = 1;

/// A benchmark.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Bench {
    /// Our engine beside a bare heap, at three lengths of the queue.
    Engine,
}

/// How much is measured for each row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Effort {
    /// How many events each repetition fires. The same number goes before the first, unmeasured.
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
    /// The rows.
    pub rows: Vec<Row>,
}

impl Default for Report {
    fn default() -> Report {
        Report { format: REPORT_FORMAT, rows: Vec::new() }
    }
}

/// One thing of ours beside its floor. Times are medians over the rounds; wall time per event, in nanoseconds.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Row {
    /// The benchmark.
    pub name: &'static str,
    /// How many events wait at any time, nearly.
    pub queue: u32,
    /// Ours.
    pub ours_ns: f64,
    /// The floor's.
    pub floor_ns: f64,
    /// Ours over the floor's: the median of the rounds' own ratios, so that what disturbs both leaves it alone.
    pub ratio: f64,
    /// What the ratio should be at most.
    pub goal: f64,
}

impl Bench {
    /// Measures it: one row for each length of the queue.
    pub fn measure(self, effort: Effort) -> Vec<Row> {
        match self {
            Bench::Engine => ENGINE_GOALS.map(|(queue, goal)| engine_row(queue, goal, effort)).to_vec(),
        }
    }
}

/// Lengths of the queue, each with the highest ratio that is good enough. A heap slows down as it grows, a wheel hardly.
const ENGINE_GOALS: [(u32, f64); 3] = [(50, 1.5), (1_000, 1.25), (100_000, 1.25)];

fn engine_row(queue: u32, goal: f64, effort: Effort) -> Row {
    const SEED: u64 = 1;
    let (mut ours, mut floor) = (Engine::new(queue, SEED), Floor::new(queue, SEED));
    ours.fire(effort.events);
    floor.fire(effort.events);
    let rounds = (0..effort.rounds)
        .map(|_| Round { floor_ns: event_ns(&mut floor, effort.events), ours_ns: event_ns(&mut ours, effort.events) });
    let rounds: Vec<Round> = rounds.collect();
    Row {
        name: "engine",
        queue,
        ours_ns: median(rounds.iter().map(|round| round.ours_ns)),
        floor_ns: median(rounds.iter().map(|round| round.floor_ns)),
        ratio: median(rounds.iter().map(|round| round.ours_ns / round.floor_ns)),
        goal,
    }
}

struct Round {
    ours_ns: f64,
    floor_ns: f64,
}

fn event_ns(runs: &mut impl Runs, events: u64) -> f64 {
    timed(|| runs.fire(events)).as_nanos() as f64 / events as f64
}

#[expect(clippy::disallowed_methods, reason = "wall time is what a benchmark is about")]
fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// The middle one, or the upper of both.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A table for people, with whether each goal was met.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = ["name", "queue", "ours ns", "floor ns", "ratio", "goal"];
        let [name, queue, ours, floor, ratio, goal] = columns;
        writeln!(f, "{name:<10} {queue:>8} {ours:>9} {floor:>9} {ratio:>7} {goal:>6}")?;
        for row in &self.rows {
            let Row { name, queue, ours_ns, floor_ns, ratio, goal } = row;
            let verdict = if ratio <= goal { "met" } else { "missed" };
            writeln!(f, "{name:<10} {queue:>8} {ours_ns:>9.1} {floor_ns:>9.1} {ratio:>7.2} {goal:>6.2}  {verdict}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_which_goals_were_missed() {
        let row = |ratio| Row { name: "engine", queue: 50, ours_ns: 100.04, floor_ns: 80.0, ratio, goal: 1.25 };
        let report = Report { rows: vec![row(1.25), row(1.2501)], ..Report::default() };
        let expected = "\
name          queue   ours ns  floor ns   ratio   goal
engine           50     100.0      80.0    1.25   1.25  met
engine           50     100.0      80.0    1.25   1.25  missed
";
        assert_eq!(report.to_string(), expected);
    }

    #[test]
    fn a_median_is_no_mean() {
        assert_eq!(median([9.0, 1.0, 2.0].into_iter()), 2.0);
    }
}
