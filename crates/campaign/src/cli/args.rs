//! The command line.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use sim::{FaultKind, HealthCheck, Seed};

use crate::runner::Shard;
use crate::seed::{Base, parse_seed};
use crate::settings::count;

/// Deterministic simulation: run many seeds, replay the one that failed.
#[derive(Parser, Debug)]
#[command(disable_help_subcommand = true, max_term_width = 100)]
pub(super) struct CommandLine {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    /// Run the stored cases, then fresh seeds, of every scenario or of those named
    Fuzz(Fuzz),
    /// Run exactly one case or seed again
    Replay(Replay),
    /// Find the least that fails as a case or seed does
    Shrink(Shrink),
    /// Show what a seed is: the nodes, the network, the workload and the faults of its case
    Explain(Explain),
    /// Run each seed in two processes at once, and say where they first differ
    Twin(Twin),
    /// Show the scenarios: properties, goals, knobs, fault classes
    List(List),
    /// Look after the stored cases
    #[command(subcommand)]
    Corpus(Corpus),
    /// One of the two processes of `twin`
    #[command(hide = true)]
    TwinSide(TwinSeeds),
}

#[derive(Args, Debug)]
pub(super) struct Fuzz {
    /// Scenarios: `*` stands for any text; one that fails on purpose is taken only by its exact name
    #[arg(value_name = "GLOB")]
    pub(super) scenarios: Vec<String>,
    /// How many seeds for each scenario; lifts the time limit
    #[arg(long, value_name = "N", value_parser = count::<std::num::NonZeroU64>)]
    pub(super) seeds: Option<std::num::NonZeroU64>,
    /// After how long no new seed starts, over all scenarios [default: 30s, without --seeds]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(super) time: Option<Duration>,
    /// Threads [default: one for each core]
    #[arg(long, value_name = "J", value_parser = count::<NonZeroUsize>)]
    pub(super) jobs: Option<NonZeroUsize>,
    /// What the seeds follow from: 0x…, decimal, or a commit hash [default: drawn from the OS]
    #[arg(long, value_name = "S", value_parser = Base::parse)]
    pub(super) base: Option<Base>,
    /// Run only part I of N of the seeds, counted from 1
    #[arg(long, value_name = "I/N", value_parser = shard, default_value = "1/1")]
    pub(super) shard: Shard,
    /// Go on after a failure
    #[arg(long)]
    pub(super) keep_going: bool,
    /// Keep what fails as it was found, without looking for less that fails alike
    #[arg(long)]
    pub(super) no_shrink: bool,
    /// Kinds of fault that no seed has
    #[arg(long, value_name = "KIND", value_parser = fault_kind, num_args = 1.., value_delimiter = ',')]
    pub(super) without: Vec<FaultKind>,
    /// Exit 4 when a goal is missed, an exempt one is hit, or a health check is not passed
    #[arg(long)]
    pub(super) deny_miss: bool,
    /// Health checks that need not be passed
    #[arg(long, value_name = "NAME", value_parser = health_check, num_args = 1.., value_delimiter = ',')]
    pub(super) allow: Vec<HealthCheck>,
    /// Lift the limit on how much may be down at once; safety alone is checked then
    #[arg(long)]
    pub(super) unbounded: bool,
    /// Write what a script reads to this file
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// Where cases are written [default: the corpus, sim-seeds]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
}

/// A case by its file or by its seed.
#[derive(Args, Debug)]
pub(super) struct WhichCase {
    /// A stored case
    #[arg(value_name = "CASE", conflicts_with_all = ["scenario", "seed"])]
    pub(super) case: Option<PathBuf>,
    /// A scenario, with --seed
    #[arg(long, value_name = "S", requires = "seed")]
    pub(super) scenario: Option<String>,
    /// A seed: 0x… or decimal
    #[arg(long, value_name = "X", value_parser = parse_seed, requires = "scenario")]
    pub(super) seed: Option<Seed>,
}

#[derive(Args, Debug)]
pub(super) struct Replay {
    #[command(flatten)]
    pub(super) which: WhichCase,
    /// Kinds of fault that the seed is expanded without
    #[arg(long, value_name = "KIND", value_parser = fault_kind, value_delimiter = ',', requires = "seed")]
    pub(super) without: Vec<FaultKind>,
    /// Lift the limit on how much may be down at once, as `fuzz --unbounded` does
    #[arg(long)]
    pub(super) unbounded: bool,
    /// Print everything that happens
    #[arg(long, value_name = "FORM")]
    pub(super) trace: Option<TraceForm>,
    /// Write the case, as it was lived, to this file
    #[arg(long, value_name = "FILE")]
    pub(super) save: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Shrink {
    #[command(flatten)]
    pub(super) which: WhichCase,
    /// After how long no smaller case is looked for
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "60s")]
    pub(super) time: Duration,
    /// Threads [default: one for each core]
    #[arg(long, value_name = "J", value_parser = count::<NonZeroUsize>)]
    pub(super) jobs: Option<NonZeroUsize>,
    /// Where to write the case [default: the corpus, sim-seeds]
    #[arg(long, value_name = "FILE")]
    pub(super) save: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct Explain {
    /// A scenario
    #[arg(long, value_name = "S")]
    pub(super) scenario: String,
    /// A seed: 0x… or decimal
    #[arg(long, value_name = "X", value_parser = parse_seed)]
    pub(super) seed: Seed,
    /// Kinds of fault that the seed is expanded without
    #[arg(long, value_name = "KIND", value_parser = fault_kind, value_delimiter = ',')]
    pub(super) without: Vec<FaultKind>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum TraceForm {
    /// Lines for reading
    Text,
    /// A JSON object a line, for a script
    Jsonl,
}

#[derive(Args, Debug)]
pub(super) struct Twin {
    /// Scenarios, as for `fuzz`
    #[arg(value_name = "GLOB")]
    pub(super) scenarios: Vec<String>,
    #[command(flatten)]
    pub(super) which: WhichSeeds,
}

#[derive(Args, Clone, Copy, Debug)]
pub(super) struct WhichSeeds {
    /// How many seeds for each scenario
    #[arg(long, value_name = "N", value_parser = count::<std::num::NonZeroU64>, default_value = "20")]
    pub(super) seeds: std::num::NonZeroU64,
    /// What the seeds follow from [default: drawn from the OS]
    #[arg(long, value_name = "S", value_parser = Base::parse)]
    pub(super) base: Option<Base>,
    /// Exactly this seed
    #[arg(long, value_name = "X", value_parser = parse_seed, conflicts_with_all = ["seeds", "base"])]
    pub(super) seed: Option<Seed>,
}

#[derive(Args, Debug)]
pub(super) struct TwinSeeds {
    pub(super) scenario: String,
    #[command(flatten)]
    pub(super) which: WhichSeeds,
}

#[derive(Args, Debug)]
pub(super) struct List {
    /// For a script
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Subcommand, Debug)]
pub(super) enum Corpus {
    /// Run every stored case and say what it is worth today
    Check,
    /// Name every stored case: what it showed, how large it is, who found it
    List,
    /// Bring old cases up to date that still mean what they meant: knobs, what fires, what is reached
    Migrate,
    /// Remove what another case shows by the same means, and what is stale beyond repair
    Prune,
}

fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().map(Duration::from_secs);
    let parsed = seconds.or_else(|| humantime::parse_duration(text).ok()).filter(|time| !time.is_zero());
    parsed.ok_or_else(|| "expected a time such as 90s, 5m, 500ms".to_owned())
}

fn shard(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/').and_then(|(number, of)| Shard::new(number.parse().ok()?, of.parse().ok()?));
    parts.ok_or_else(|| "expected I/N with I from 1 to N, such as 2/4".to_owned())
}

fn fault_kind(text: &str) -> Result<FaultKind, String> {
    let kind = FaultKind::ALL.into_iter().find(|kind| kind.name() == text);
    kind.ok_or_else(|| format!("expected one of {}", FaultKind::ALL.map(FaultKind::name).join(", ")))
}

fn health_check(text: &str) -> Result<HealthCheck, String> {
    let check = HealthCheck::ALL.into_iter().find(|check| check.name() == text);
    check.ok_or_else(|| format!("expected one of {}", HealthCheck::ALL.map(HealthCheck::name).join(", ")))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        for wrong in ["", "0", "soon", "-1s", "5 parsecs"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn shards_are_counted_from_1() {
        assert_eq!(shard("1/1"), Ok(Shard::WHOLE));
        for wrong in ["0/2", "3/2", "1", "a/b", "1/0"] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
    }
}
