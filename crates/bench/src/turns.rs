//! Two things that do the same work, timed in turns.

use std::time::{Duration, Instant};

/// What two sides took in one round, for one unit of work, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    pub(crate) ours_ns: f64,
    pub(crate) floor_ns: f64,
}

/// Medians over rounds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Medians {
    pub(crate) ours_ns: f64,
    pub(crate) floor_ns: f64,
    /// Of the rounds' own ratios, so that what disturbs both sides leaves it alone.
    pub(crate) ratio: f64,
}

/// So many rounds, and their medians.
pub(crate) fn in_turns(rounds: u32, round: impl FnMut() -> Round) -> Medians {
    let mut round = round;
    let rounds: Vec<Round> = (0..rounds).map(|_| round()).collect();
    Medians {
        ours_ns: median(rounds.iter().map(|round| round.ours_ns)),
        floor_ns: median(rounds.iter().map(|round| round.floor_ns)),
        ratio: median(rounds.iter().map(|round| round.ours_ns / round.floor_ns)),
    }
}

/// The middle one, or the upper of both.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How long each of so many units of work takes, in nanoseconds. What comes of the work is dropped after the clock has
/// stopped.
pub(crate) fn unit_ns<T>(units: u64, work: impl FnOnce() -> T) -> f64 {
    let (_product, took) = timed(work);
    took.as_nanos() as f64 / units as f64
}

#[expect(clippy::disallowed_methods, reason = "wall time is what a benchmark is about")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let product = std::hint::black_box(work());
    (product, start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_no_mean() {
        assert_eq!(median([9.0, 1.0, 2.0].into_iter()), 2.0);
    }

    /// The machine was slow in one round, for both sides.
    #[test]
    fn the_ratio_is_that_of_the_rounds_and_not_of_the_medians() {
        let mut rounds = [(10.0, 10.0), (90.0, 60.0), (30.0, 20.0)].into_iter();
        let medians = in_turns(3, || {
            let (ours_ns, floor_ns) = rounds.next().expect("three rounds");
            Round { ours_ns, floor_ns }
        });
        assert_eq!(medians, Medians { ours_ns: 30.0, floor_ns: 20.0, ratio: 1.5 });
    }
}
