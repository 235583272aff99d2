//! The control: what the sources show without a mutant, in the scenarios in which mutants were found and for far longer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fuzzer::{Found, Fuzzer, Halt, Limit};
use super::measure::{BASES, Measured};
use super::median::middle_of_all;

/// So many times the seeds of the slowest median.
const LONGER: u64 = 10;

/// What the sources show without a mutant.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Control {
    /// In order of scenario.
    pub(super) scenarios: Vec<Quiet>,
}

/// A scenario, and what showed in it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Quiet {
    pub(super) name: String,
    pub(super) seeds: u64,
    pub(super) events: u64,
    /// What should not be there.
    pub(super) signature: Option<String>,
}

/// How many seeds each scenario is owed, given all that is known of mutants.
pub(super) fn wanted(known: &[Measured]) -> BTreeMap<String, u64> {
    let mut wanted: BTreeMap<String, u64> = BTreeMap::new();
    for measured in known {
        let shown = |c: &super::measure::Campaign| c.signature.is_some().then_some(c.seeds);
        let seeds: Vec<Option<u64>> = measured.campaigns.iter().map(shown).collect();
        let Some(median) = middle_of_all(&seeds) else { continue };
        for campaign in measured.campaigns.iter().filter(|campaign| campaign.signature.is_some()) {
            let slowest = wanted.entry(campaign.scenario.clone()).or_default();
            *slowest = (*slowest).max(median.saturating_mul(LONGER));
        }
    }
    wanted
}

/// Runs so many seeds of each scenario, those of the first base.
pub(super) fn run(fuzzer: &Fuzzer<'_>, wanted: &BTreeMap<String, u64>) -> Result<Control, Halt> {
    let quiet = |(name, seeds): (&String, &u64)| {
        let Found { seeds, events, failure, .. } = fuzzer.run(name, BASES[0], Limit::Seeds(*seeds))?;
        Ok(Quiet { name: name.clone(), seeds, events, signature: failure.map(|failure| failure.signature) })
    };
    Ok(Control { scenarios: wanted.iter().map(quiet).collect::<Result<_, Halt>>()? })
}

impl Control {
    /// Whether nothing showed.
    pub(super) fn is_silent(&self) -> bool {
        self.scenarios.iter().all(|quiet| quiet.signature.is_none())
    }

    /// Whether it is what this asks for.
    pub(super) fn covers(&self, wanted: &BTreeMap<String, u64>) -> bool {
        let has = |(name, seeds): (&String, &u64)| {
            self.scenarios
                .iter()
                .any(|quiet| quiet.name == *name && (quiet.seeds == *seeds || quiet.signature.is_some()))
        };
        self.scenarios.len() == wanted.len() && wanted.iter().all(has)
    }

    /// In one line.
    pub(super) fn summary(&self) -> String {
        let of = |quiet: &Quiet| {
            let said = quiet.signature.as_deref().unwrap_or("silent");
            format!("{}: {said} in {} seeds", quiet.name, quiet.seeds)
        };
        self.scenarios.iter().map(of).collect::<Vec<String>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutants::measure::tests::measured;

    #[test]
    fn each_scenario_is_owed_ten_times_its_slowest_median() {
        let mut elsewhere = measured([Some("a"); 5]);
        elsewhere.campaigns[4].scenario = "raft/other".into();
        elsewhere.campaigns.iter_mut().for_each(|campaign| campaign.seeds *= 2);
        let unfound = measured([Some("a"), None, None, None, None]);
        let wanted = wanted(&[measured([Some("a"); 5]), elsewhere, unfound]);
        assert_eq!(wanted, BTreeMap::from([("raft".into(), 60), ("raft/other".into(), 60)]));
    }

    #[test]
    fn a_control_is_silent_where_nothing_shows_and_covers_what_it_ran() {
        let quiet = |signature: Option<&str>| Quiet {
            name: "raft".into(),
            seeds: 30,
            events: 9,
            signature: signature.map(str::to_owned),
        };
        let control = Control { scenarios: vec![quiet(None)] };
        assert!(control.is_silent() && control.covers(&BTreeMap::from([("raft".into(), 30)])));
        assert!(!control.covers(&BTreeMap::from([("raft".into(), 40)])));
        assert!(!control.covers(&BTreeMap::new()));
        let loud = Control { scenarios: vec![quiet(Some("raft::log_matching"))] };
        assert!(!loud.is_silent());
        assert_eq!(loud.summary(), "raft: raft::log_matching in 30 seeds");
    }
}
