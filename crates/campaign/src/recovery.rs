//! How soon after the heal the runs of a campaign made progress.

use std::collections::BTreeMap;
use std::time::Duration;

use sim::{Recovery, Seed};

/// How long one kind of progress took, over all runs that made it.
#[derive(Clone, Debug)]
pub struct Recoveries {
    /// How many runs made it.
    pub runs: u64,
    /// The run that came closest to its bound, by its share of it: bounds may differ from case to case.
    pub closest: Closest,
    /// How many runs took each time, rounded so that there are few.
    by_nanos: BTreeMap<u64, u64>,
}

/// The run that came closest to its bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Closest {
    /// How long it took.
    pub took: Duration,
    /// How long it might have taken.
    pub bound: Duration,
    /// Its seed; the first of the campaign where several came as close.
    pub seed: Seed,
}

impl Recoveries {
    /// Takes in what the run of one seed took.
    pub(crate) fn take(known: &mut BTreeMap<&'static str, Recoveries>, recovery: &Recovery, seed: Seed) {
        let Recovery { property, took, bound } = *recovery;
        let closest = Closest { took, bound, seed };
        let none = || Recoveries { runs: 0, closest, by_nanos: BTreeMap::new() };
        let recoveries = known.entry(property).or_insert_with(none);
        recoveries.runs += 1;
        if closest.is_closer_than(&recoveries.closest) {
            recoveries.closest = closest;
        }
        *recoveries.by_nanos.entry(rounded(took)).or_default() += 1;
    }

    /// The time within which so many of a hundred runs made it: 50 for the median. Rounded down, by less than a sixty-fourth.
    pub fn percentile(&self, percent: u64) -> Duration {
        let place = (self.runs.saturating_mul(percent)).div_ceil(100);
        let mut below = 0;
        let mut within = self.by_nanos.iter().filter_map(|(nanos, runs)| {
            below += runs;
            (below >= place).then_some(*nanos)
        });
        Duration::from_nanos(within.next().unwrap_or_default())
    }
}

impl Closest {
    fn is_closer_than(&self, other: &Closest) -> bool {
        let product = |one: Duration, other: Duration| u128::from(nanos(one)) * u128::from(nanos(other));
        product(self.took, other.bound) > product(other.took, self.bound)
    }
}

/// The seven leading bits of a number of nanoseconds. A campaign of a week has no more than a few thousand of them, where the
/// exact times are as many as its runs.
fn rounded(time: Duration) -> u64 {
    let nanos = nanos(time);
    let shift = (u64::BITS - nanos.leading_zeros()).saturating_sub(7);
    nanos >> shift << shift
}

/// As far as 64 bits go: a bound may be "never".
pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use sim::Hex;

    use super::*;

    /// Of runs with these times and bounds in milliseconds, seeds counted from 1.
    fn of(runs: &[(u64, u64)]) -> Recoveries {
        let mut known = BTreeMap::new();
        for ((took, bound), seed) in runs.iter().zip(1..) {
            let [took, bound] = [*took, *bound].map(Duration::from_millis);
            Recoveries::take(&mut known, &Recovery { property: "progress", took, bound }, Hex(seed));
        }
        known.remove("progress").expect("there were runs")
    }

    #[test]
    fn percentiles_are_of_runs_and_at_most_a_sixty_fourth_too_small() {
        let runs: Vec<(u64, u64)> = (1..=1_000).rev().map(|ms| (ms, 2_000)).collect();
        let recoveries = of(&runs);
        assert_eq!(recoveries.runs, 1_000);
        for (percent, ms) in [(1, 10), (50, 500), (99, 990), (100, 1_000)] {
            let (exact, told) = (Duration::from_millis(ms), recoveries.percentile(percent));
            assert!(told <= exact && told >= exact * 63 / 64, "{percent} %: {told:?} of {exact:?}");
        }
        assert!(recoveries.by_nanos.len() < 1_000 / 2, "few times are kept apart");
        assert_eq!(of(&[(0, 1)]).percentile(50), Duration::ZERO);
        assert_eq!(of(&[(0, 1), (0, 1), (40, 50)]).percentile(50), Duration::ZERO);
    }

    #[test]
    fn the_closest_is_so_by_its_share_of_its_bound_and_the_first_of_equals() {
        let closest = |runs| {
            let Closest { took, bound, seed } = of(runs).closest;
            (took.as_millis(), bound.as_millis(), seed)
        };
        assert_eq!(closest(&[(3, 60), (11, 60), (11, 60), (2, 60)]), (11, 60, Hex(2)));
        assert_eq!(closest(&[(11, 60), (9, 10)]), (9, 10, Hex(2)));
        assert_eq!(closest(&[(0, 60), (0, 60)]), (0, 60, Hex(1)));
        assert_eq!(closest(&[(0, 60), (1, 60)]), (1, 60, Hex(2)));
    }

    #[test]
    fn rounding_keeps_what_is_short_and_never_adds() {
        for (nanos, kept) in [(0, 0), (127, 127), (128, 128), (129, 128), (1_000_000_007, 998_244_352)] {
            assert_eq!(rounded(Duration::from_nanos(nanos)), kept);
        }
        assert_eq!(rounded(Duration::MAX), 0x7f << 57);
    }
}
