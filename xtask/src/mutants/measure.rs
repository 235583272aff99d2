//! Five campaigns against one mutant.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use sim::Size;

use super::fuzzer::{Found, Fuzzer, Halt, Limit, Shrunk};
use super::median::{middle, middle_of_all, worst};
use super::mutant::Mutant;

/// The bases that seeds follow from. Constants, so that what is measured changes with the sources alone.
pub(super) const BASES: [u64; 5] = [1, 2, 3, 4, 5];

/// What five campaigns came to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Measured {
    /// In the order of [`BASES`].
    pub(super) campaigns: Vec<Campaign>,
}

/// One campaign: as many seeds as it takes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Campaign {
    pub(super) base: u64,
    /// Where it failed, or where it was looked for last.
    pub(super) scenario: String,
    /// How many seeds there, the one that failed included.
    pub(super) seeds: u64,
    /// How many events these had.
    pub(super) events: u64,
    /// What showed; nothing where the time was over first.
    pub(super) signature: Option<String>,
    pub(super) shrunk: Option<Shrunk>,
}

/// Runs the mutant's scenarios from each base until something shows. What a base leaves of its share of the time is the
/// others'.
pub(super) fn measure(
    fuzzer: &Fuzzer<'_>,
    mutant: &Mutant,
    time: Duration,
    is_interrupted: &dyn Fn() -> bool,
) -> Result<Measured, Halt> {
    let mut left = time;
    let mut campaigns = Vec::new();
    for (base, shares) in BASES.into_iter().zip((1..=BASES.len() as u32).rev()) {
        let (campaign, spent) = campaign(fuzzer, mutant, base, left / shares)?;
        if is_interrupted() {
            return Err(Halt::Interrupted);
        }
        left = left.saturating_sub(spent);
        campaigns.push(campaign);
    }
    Ok(Measured { campaigns })
}

/// One base in one scenario after the other, and how long that took.
fn campaign(fuzzer: &Fuzzer<'_>, mutant: &Mutant, base: u64, time: Duration) -> Result<(Campaign, Duration), Halt> {
    let mut spent = Duration::ZERO;
    let mut last = None;
    for (scenario, shares) in mutant.scenarios.iter().zip((1..=mutant.scenarios.len() as u32).rev()) {
        let share = time.saturating_sub(spent) / shares;
        let found = if share.is_zero() { Found::default() } else { fuzzer.run(scenario, base, Limit::Time(share))? };
        spent += found.wall;
        let Found { seeds, events, failure, .. } = found;
        let has_failed = failure.is_some();
        let (signature, shrunk) = failure.map(|failure| (failure.signature, failure.shrunk)).unzip();
        let shrunk = shrunk.flatten();
        last = Some(Campaign { base, scenario: scenario.clone(), seeds, events, signature, shrunk });
        if has_failed {
            break;
        }
    }
    Ok((last.expect("a mutant has a scenario"), spent))
}

impl Measured {
    /// Whether each campaign showed one of the mutant's properties.
    pub(super) fn is_found(&self, mutant: &Mutant) -> bool {
        self.campaigns.iter().all(|campaign| campaign.shows(mutant))
    }

    /// What showed, each once and in order; of another property than the mutant's as well.
    pub(super) fn signatures(&self) -> Vec<&str> {
        let mut signatures: Vec<&str> =
            self.campaigns.iter().filter_map(|campaign| campaign.signature.as_deref()).collect();
        signatures.sort_unstable();
        signatures.dedup();
        signatures
    }

    /// How many seeds it took each campaign to show one of the mutant's properties.
    pub(super) fn seeds(&self, mutant: &Mutant) -> Vec<Option<u64>> {
        self.of_each(mutant, |campaign| campaign.seeds)
    }

    /// How many events it took.
    pub(super) fn events(&self, mutant: &Mutant) -> Vec<Option<u64>> {
        self.of_each(mutant, |campaign| campaign.events)
    }

    fn of_each(&self, mutant: &Mutant, count: impl Fn(&Campaign) -> u64) -> Vec<Option<u64>> {
        self.campaigns.iter().map(|campaign| campaign.shows(mutant).then(|| count(campaign))).collect()
    }

    /// The medians of what shrinking came to; nothing where nothing was shrunk.
    pub(super) fn shrunk(&self) -> Option<Shrunk> {
        let shrunk: Vec<&Shrunk> = self.campaigns.iter().filter_map(|campaign| campaign.shrunk.as_ref()).collect();
        let size = |of: fn(&Shrunk) -> Size| {
            Some(Size {
                faults: middle(shrunk.iter().map(|shrunk| of(shrunk).faults))?,
                nodes: middle(shrunk.iter().map(|shrunk| of(shrunk).nodes))?,
                operations: middle(shrunk.iter().map(|shrunk| of(shrunk).operations))?,
                virtual_ns: middle(shrunk.iter().map(|shrunk| of(shrunk).virtual_ns))?,
            })
        };
        Some(Shrunk {
            from: size(|shrunk| shrunk.from)?,
            to: size(|shrunk| shrunk.to)?,
            runs: middle(shrunk.iter().map(|shrunk| shrunk.runs))?,
            wall_ns: middle(shrunk.iter().map(|shrunk| shrunk.wall_ns))?,
        })
    }

    /// In one line.
    pub(super) fn summary(&self, mutant: &Mutant) -> String {
        let seeds: Vec<String> = self.campaigns.iter().map(|campaign| campaign.seeds.to_string()).collect();
        let verdict = if self.is_found(mutant) { "found" } else { "missed" };
        let by = match self.signatures() {
            signatures if signatures.is_empty() => "nothing showed".to_owned(),
            signatures => signatures.join(", "),
        };
        format!("{verdict}: {by}; seeds {}", seeds.join(" "))
    }
}

impl Campaign {
    fn shows(&self, mutant: &Mutant) -> bool {
        self.signature.as_ref().is_some_and(|signature| mutant.properties.contains(signature))
    }
}

/// The middle and the worst, as they are shown: `-` where too many campaigns found nothing.
pub(super) fn middle_and_worst(values: &[Option<u64>]) -> [String; 2] {
    [middle_of_all(values), worst(values)].map(|value| value.map_or("-".into(), |value| value.to_string()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::mutants::mutant::tests::mutant;

    /// Five campaigns that took 1 to 5 seeds and 10 to 50 events.
    pub(in crate::mutants) fn measured(signatures: [Option<&str>; 5]) -> Measured {
        let campaign = |(base, signature): (u64, Option<&str>)| Campaign {
            base,
            scenario: "raft".into(),
            seeds: base,
            events: 10 * base,
            signature: signature.map(str::to_owned),
            shrunk: None,
        };
        Measured { campaigns: BASES.into_iter().zip(signatures).map(campaign).collect() }
    }

    const ITS: Option<&str> = Some("raft::log_matching");

    #[test]
    fn found_is_what_every_base_shows_by_a_property_of_the_mutant() {
        let found = measured([ITS; 5]);
        assert!(found.is_found(&mutant()));
        assert_eq!(middle_and_worst(&found.seeds(&mutant())), ["3", "5"]);
        assert_eq!(found.summary(&mutant()), "found: raft::log_matching; seeds 1 2 3 4 5");
    }

    #[test]
    fn another_signature_or_none_is_a_miss_and_the_signature_is_told() {
        let other = measured([ITS, ITS, Some("raft::liveness"), ITS, ITS]);
        assert!(!other.is_found(&mutant()));
        assert_eq!(other.signatures(), ["raft::liveness", "raft::log_matching"]);
        assert_eq!(middle_and_worst(&other.seeds(&mutant())), ["4", "-"]);
        let silent = measured([None; 5]);
        assert_eq!(silent.summary(&mutant()), "missed: nothing showed; seeds 1 2 3 4 5");
        assert_eq!(middle_and_worst(&silent.events(&mutant())), ["-", "-"]);
    }

    #[test]
    fn of_what_was_shrunk_each_size_has_its_own_median() {
        let mut measured = measured([ITS; 5]);
        assert_eq!(measured.shrunk(), None);
        let size = |faults, nodes| Size { faults, nodes, operations: 1, virtual_ns: 1 };
        for (campaign, (faults, nodes)) in measured.campaigns.iter_mut().zip([(9, 3), (1, 5), (4, 4)]) {
            campaign.shrunk =
                Some(Shrunk { from: size(faults, nodes), to: size(1, 2), runs: faults.into(), wall_ns: 0 });
        }
        let shrunk = measured.shrunk().expect("three were");
        assert_eq!((shrunk.from, shrunk.to, shrunk.runs), (size(4, 4), size(1, 2), 4));
    }
}
