//! One concrete run, as data. A seed expands to a case; a case is what is run, kept, shrunk and replayed.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;

use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};

use crate::id::{NodeId, Seed};
use crate::mix::Salts;
use crate::plan::{FaultKind, Plan};
use crate::sample::PPM;
use crate::world::UNSYNCED_KEPT_PPM;

/// The format of a stored case that this version writes, and the newest it reads.
pub const CASE_FORMAT: u32 = 1;

/// One concrete run, as data.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// [`CASE_FORMAT`] when it was written.
    pub format: u32,
    /// The scenario's name.
    pub scenario: String,
    /// What keyed decisions are keyed by.
    pub seed: Seed,
    /// The salts that are not 0.
    pub salts: Salts,
    /// What a run of it should come to.
    pub expect: Expect,
    /// The values of the scenario's knobs, and of the engine's own, whose names begin with `sim.`.
    pub knobs: BTreeMap<String, u64>,
    /// The nodes.
    pub nodes: Vec<NodeId>,
    /// What the network does to messages.
    pub network: Network,
    /// What disks do to what is written; nothing wrong where a stored case does not say.
    #[serde(default, skip_serializing_if = "Disks::is_unsaid")]
    pub disks: Disks,
    /// What the clients do.
    pub workload: Workload,
    /// What goes wrong on purpose.
    pub plan: Plan,
    /// Whether the budget of what may be unavailable at once is lifted; safety alone is checked then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unbounded: bool,
    /// Where it came from; nothing for a case that was only expanded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Found>,
    /// What it was before it was shrunk; nothing for a case that was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shrunk: Option<Shrunk>,
    /// The plan items that fired when it was found, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fired: Vec<u32>,
    /// The labels that were reached when it was found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reached: Vec<String>,
    /// Whatever a person wants to say about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What a run of a stored case should come to.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub enum Expect {
    /// No violation.
    Pass,
    /// This signature: the scenario is one that must fail.
    Signature(String),
    /// This signature, which is a written-up fault of code that is not ours.
    Known {
        /// The signature.
        known: String,
        /// Where it is written up.
        finding: String,
    },
}

impl Expect {
    /// Where the fault is written up that it should show; nothing where it is none that is.
    pub fn finding(&self) -> Option<&str> {
        match self {
            Expect::Known { finding, .. } => Some(finding),
            Expect::Pass | Expect::Signature(_) => None,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum ExpectForm {
    Text(String),
    Known { known: String, finding: String },
}

impl Serialize for Expect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.clone() {
            Expect::Pass => ExpectForm::Text("pass".into()),
            Expect::Signature(signature) => ExpectForm::Text(signature),
            Expect::Known { known, finding } => ExpectForm::Known { known, finding },
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Expect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Expect, D::Error> {
        let form = ExpectForm::deserialize(deserializer)
            .map_err(|_| de::Error::custom("expected `pass`, a signature, or {known, finding}"))?;
        match form {
            ExpectForm::Text(text) if text == "pass" => Ok(Expect::Pass),
            ExpectForm::Text(text) if text.contains("::") => Ok(Expect::Signature(text)),
            ExpectForm::Text(text) => Err(de::Error::custom(format!("`{text}` is neither `pass` nor a signature"))),
            ExpectForm::Known { known, finding } => Ok(Expect::Known { known, finding }),
        }
    }
}

/// Where a stored case came from.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// What it showed.
    pub signature: String,
    /// What tells it from other failures of that signature, such as the text of a panic; mostly nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub identity: String,
    /// The run's digest, 16 hex digits.
    pub digest: String,
    /// The event at which it showed.
    pub event: u64,
    /// The commit it was found on, or `unknown`.
    pub commit: String,
    /// The compiler, or `unknown`.
    pub rustc: String,
    /// The day, `2026-11-24`.
    pub date: String,
    /// Who found it: the command, such as `fuzz`, or the test by its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
}

/// How a shrunk case came to be.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shrunk {
    /// How large the case was that was found.
    pub from: Size,
    /// How large this one is.
    pub to: Size,
    /// How many runs it took.
    pub runs: u64,
    /// How many events they fired.
    pub events: u64,
    /// Whether every fault that is left was taken away once more, alone, and the failure went with it.
    pub minimal: bool,
}

/// How much there is in a failing case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Plan items, and kinds of fault that the network has.
    pub faults: u32,
    /// Nodes.
    pub nodes: u32,
    /// Operations of all clients.
    pub operations: u32,
    /// Virtual time up to the failure.
    pub virtual_ns: u64,
}

/// Whether a link is a stream of datagrams or a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    /// Each message on its own: lost, duplicated, overtaken.
    #[default]
    Datagram,
    /// In order, nothing lost, until a reset takes what is in flight.
    Session,
}

/// What the network does to messages, each decided on its own.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Datagram or session.
    pub link: LinkKind,
    /// The shortest latency.
    pub latency_min_ns: u64,
    /// The longest latency that is not a fault; uniform between the two.
    pub latency_max_ns: u64,
    /// How many messages are lost, in parts per million.
    pub loss_ppm: u32,
    /// How many messages are delayed.
    pub delay_ppm: u32,
    /// The mean of what a delay adds; exponential.
    pub delay_mean_ns: u64,
    /// How many messages arrive twice.
    pub duplication_ppm: u32,
    /// The longest gap between both.
    pub duplication_gap_ns: u64,
    /// How many messages are held back so that later ones overtake them.
    pub reordering_ppm: u32,
    /// The longest that one is held back.
    pub reordering_hold_ns: u64,
    /// How many messages are damaged.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub corruption_ppm: u32,
    /// How many bytes a link carries in a second, one message after the other; 0: as many as it is given.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bandwidth_bytes_per_s: u64,
    /// A message that would wait behind more bytes than these on such a link is dropped; 0: none is.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub queue_max_bytes: u64,
}

/// Whether a case says the same without this number.
fn is_zero<N: Default + PartialEq>(number: &N) -> bool {
    *number == N::default()
}

impl Network {
    /// A network that only takes its time.
    pub fn calm(latency_ns: RangeInclusive<u64>) -> Network {
        Network {
            link: LinkKind::Datagram,
            latency_min_ns: *latency_ns.start(),
            latency_max_ns: *latency_ns.end(),
            loss_ppm: 0,
            delay_ppm: 0,
            delay_mean_ns: 0,
            duplication_ppm: 0,
            duplication_gap_ns: 0,
            reordering_ppm: 0,
            reordering_hold_ns: 0,
            corruption_ppm: 0,
            bandwidth_bytes_per_s: 0,
            queue_max_bytes: 0,
        }
    }

    /// The kinds of fault that messages meet here.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = FaultKind> + use<> {
        let kinds = [
            (FaultKind::Loss, self.loss_ppm > 0),
            (FaultKind::Delay, self.delay_ppm > 0),
            (FaultKind::Duplication, self.duplication_ppm > 0),
            (FaultKind::Reordering, self.reordering_ppm > 0),
            (FaultKind::Corruption, self.corruption_ppm > 0),
            (FaultKind::Bandwidth, self.bandwidth_bytes_per_s > 0),
            (FaultKind::QueueOverflow, self.queue_max_bytes > 0),
        ];
        kinds.into_iter().filter(|(_, is_there)| *is_there).map(|(kind, _)| kind)
    }

    fn refusal(&self) -> Option<String> {
        let chances = [
            ("loss_ppm", self.loss_ppm),
            ("delay_ppm", self.delay_ppm),
            ("duplication_ppm", self.duplication_ppm),
            ("reordering_ppm", self.reordering_ppm),
            ("corruption_ppm", self.corruption_ppm),
        ];
        if let Some((name, ppm)) = chances.into_iter().find(|(_, ppm)| *ppm > PPM) {
            return Some(format!("network.{name} is {ppm}: at most {PPM}"));
        }
        if self.latency_min_ns > self.latency_max_ns {
            return Some("network.latency_min_ns is above latency_max_ns".into());
        }
        if self.queue_max_bytes > 0 && self.bandwidth_bytes_per_s == 0 {
            let max = self.queue_max_bytes;
            return Some(format!("network.queue_max_bytes is {max}: nothing waits without bandwidth_bytes_per_s"));
        }
        let of_datagrams = [
            ("loss_ppm", self.loss_ppm.into()),
            ("duplication_ppm", self.duplication_ppm.into()),
            ("reordering_ppm", self.reordering_ppm.into()),
            ("corruption_ppm", self.corruption_ppm.into()),
            ("queue_max_bytes", self.queue_max_bytes),
        ];
        let misplaced = of_datagrams.into_iter().find(|(_, value)| *value > 0 && self.link == LinkKind::Session);
        misplaced.map(|(name, value)| {
            format!("network.{name} is {value}: a session loses, repeats, reorders and damages nothing")
        })
    }
}

/// What disks do to what is written, each decided on its own. How many unsynced writes a crash takes is a knob,
/// `sim.unsynced_kept_ppm`, and how long a sync takes another, `sim.sync_ns`.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disks {
    /// How many of the sectors that a crash does not keep are torn: part new, part old.
    pub torn_ppm: u32,
    /// How many syncs are delayed.
    pub delay_ppm: u32,
    /// The mean of what a delay adds; exponential.
    pub delay_mean_ns: u64,
}

impl Disks {
    /// Whether a case says the same without them.
    fn is_unsaid(&self) -> bool {
        *self == Disks::default()
    }

    fn refusal(&self) -> Option<String> {
        let chances = [("torn_ppm", self.torn_ppm), ("delay_ppm", self.delay_ppm)];
        let beyond = chances.into_iter().find(|(_, ppm)| *ppm > PPM);
        beyond.map(|(name, ppm)| format!("disks.{name} is {ppm}: at most {PPM}"))
    }
}

/// What the clients do.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// The clients and how much each does.
    pub clients: Vec<ClientLoad>,
}

/// How much one client does. What an operation *is* follows from the seed, the client and its ordinal.
#[derive(Clone, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientLoad {
    /// The client.
    pub id: NodeId,
    /// Its operations have the ordinals below this.
    pub operations: u32,
    /// The ordinals that are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub omitted: Vec<u32>,
}

/// Why a case cannot be run. The message names the field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CaseError {
    /// It was written by a newer version.
    NewerFormat {
        /// Its format.
        format: u32,
    },
    /// It is of another scenario.
    OtherScenario {
        /// The scenario that was asked to run it.
        expected: String,
        /// The one it names.
        received: String,
    },
    /// It does not fit the scenario any more, or never did.
    Misfit(String),
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CaseError::NewerFormat { format } => {
                write!(f, "format {format} is newer than this version reads (format {CASE_FORMAT} at most)")
            }
            CaseError::OtherScenario { expected, received } => {
                write!(f, "the case is of scenario `{received}`, not `{expected}`")
            }
            CaseError::Misfit(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for CaseError {}

impl Case {
    /// The kinds of fault that can strike in a run of this case.
    pub fn fault_kinds(&self) -> Vec<FaultKind> {
        let planned = |kind: FaultKind| self.plan.items.iter().any(|item| item.fault.kind() == Some(kind));
        let keeps_all = self.knobs.get(UNSYNCED_KEPT_PPM).is_none_or(|ppm| *ppm >= u64::from(PPM));
        let loses_unsynced = !keeps_all && (planned(FaultKind::Crash) || planned(FaultKind::IoError));
        let present = |kind: &FaultKind| match kind {
            FaultKind::UnsyncedLoss => loses_unsynced,
            FaultKind::TornWrite => loses_unsynced && self.disks.torn_ppm > 0,
            FaultKind::DiskDelay => self.disks.delay_ppm > 0,
            _ => planned(*kind) || self.network.kinds().any(|met| met == *kind),
        };
        FaultKind::ALL.into_iter().filter(present).collect()
    }

    /// Whether the case fits a scenario of this name, with these knobs.
    ///
    /// # Errors
    /// A [`CaseError`] that names what does not fit.
    pub(crate) fn validate(&self, scenario: &str, ranges: &[(&str, RangeInclusive<u64>)]) -> Result<(), CaseError> {
        if self.format > CASE_FORMAT {
            return Err(CaseError::NewerFormat { format: self.format });
        }
        if self.scenario != scenario {
            let (expected, received) = (scenario.to_owned(), self.scenario.clone());
            return Err(CaseError::OtherScenario { expected, received });
        }
        let knobs: Vec<&str> = ranges.iter().map(|(name, _)| *name).collect();
        let outside = ranges.iter().find_map(|(name, range)| {
            let value = self.knobs.get(*name).filter(|value| !range.contains(value))?;
            Some(format!("knob `{name}` is {value}: expected {} to {}", range.start(), range.end()))
        });
        let clients: Vec<NodeId> = self.workload.clients.iter().map(|client| client.id).collect();
        let wrong_place = self.nodes.iter().find(|id| id.is_client()).or(clients.iter().find(|id| !id.is_client()));
        let misfit = wrong_place
            .map(|id| format!("{id} stands where it does not belong: nodes are n1, n2, …, clients c1, c2, …"))
            .or_else(|| self.nodes.is_empty().then(|| "nodes: there must be at least one".into()))
            .or_else(|| (!sorted(&self.nodes)).then(|| "nodes: must be in order, each once".into()))
            .or_else(|| (!sorted(&clients)).then(|| "workload.clients: must be in order, each once".into()))
            .or_else(|| self.knobs.keys().find(|k| !knobs.contains(&k.as_str())).map(|k| format!("unknown knob `{k}`")))
            .or_else(|| knobs.iter().find(|k| !self.knobs.contains_key(**k)).map(|k| format!("knob `{k}` is missing")))
            .or(outside)
            .or_else(|| self.network.refusal())
            .or_else(|| self.disks.refusal())
            .or_else(|| self.plan.refusal(&self.nodes, &clients));
        misfit.map_or(Ok(()), |reason| Err(CaseError::Misfit(reason)))
    }
}

fn sorted(ids: &[NodeId]) -> bool {
    ids.windows(2).all(|pair| pair[0] < pair[1])
}
