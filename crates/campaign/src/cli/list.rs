//! `list`: what there is to run.

use std::collections::BTreeMap;

use serde::Serialize;
use sim::{Evaluated, Exemption, Expansion, FaultClass, FaultKind, Hex, ReachGoal, Scenario};

use super::args::List;
use super::{Ended, Exit, Shop};

#[derive(Serialize)]
struct Entry {
    name: String,
    about: String,
    must_fail: Option<String>,
    nodes: [u16; 2],
    clients: [u16; 2],
    properties: Vec<String>,
    goals: Vec<GoalEntry>,
    exempt: Vec<ExemptionEntry>,
    allow: Vec<&'static str>,
    knobs: Vec<KnobEntry>,
    triggers: Vec<&'static str>,
    tolerated: Vec<&'static str>,
    detected: Vec<&'static str>,
    excluded: Vec<&'static str>,
}

#[derive(Serialize)]
struct GoalEntry {
    label: &'static str,
    needs_seeds: u64,
}

#[derive(Serialize)]
struct ExemptionEntry {
    label: &'static str,
    reason: &'static str,
}

#[derive(Serialize)]
struct KnobEntry {
    name: String,
    min: u64,
    max: u64,
}

impl Shop<'_> {
    pub(super) fn list(&self, arguments: &List) -> Ended {
        let entries: Vec<Entry> = self.scenarios.iter().map(|scenario| entry(&**scenario)).collect();
        if arguments.json {
            say!("{}", serde_json::to_string_pretty(&entries).expect("a list is plain data"));
        } else {
            entries.iter().for_each(print);
        }
        Ok(Exit::Clean)
    }
}

fn entry(scenario: &dyn Scenario) -> Entry {
    let spec = scenario.spec();
    // Which properties there are does not depend on the seed; asking takes a case, and any will do.
    let case = scenario.expand(Hex(0), &Expansion::default());
    let signature = |evaluated: &Evaluated| format!("{}::{}", spec.suite(), evaluated.property);
    let properties = scenario.properties(&case).iter().map(signature).collect();
    let of = |class: FaultClass| {
        let classed = FaultKind::ALL.into_iter().filter(|kind| spec.faults.class(*kind) == class);
        classed.map(FaultKind::name).collect()
    };
    let knobs = spec.knobs.iter().map(|knob| KnobEntry {
        name: knob.name.clone(),
        min: *knob.values.start(),
        max: *knob.values.end(),
    });
    Entry {
        name: spec.name.clone(),
        about: spec.about.clone(),
        must_fail: spec.must_fail.clone(),
        nodes: [*spec.nodes.start(), *spec.nodes.end()],
        clients: [*spec.clients.start(), *spec.clients.end()],
        properties,
        goals: spec.goals.iter().map(|&ReachGoal { label, needs_seeds }| GoalEntry { label, needs_seeds }).collect(),
        exempt: spec.exempt.iter().map(|&Exemption { label, reason }| ExemptionEntry { label, reason }).collect(),
        allow: spec.allow.iter().map(|check| check.name()).collect(),
        knobs: knobs.collect(),
        triggers: spec.triggers.clone(),
        tolerated: of(FaultClass::Tolerated),
        detected: of(FaultClass::Detected),
        excluded: of(FaultClass::Excluded),
    }
}

fn print(entry: &Entry) {
    say!("{}", entry.name);
    if !entry.about.is_empty() {
        say!("  {}", entry.about);
    }
    if let Some(signature) = &entry.must_fail {
        say!("  must fail:  {signature}");
    }
    say!("  topology:   {}, {}", count(entry.nodes, "nodes"), count(entry.clients, "clients"));
    let knobs: Vec<String> =
        entry.knobs.iter().map(|knob| format!("{} {}..{}", knob.name, knob.min, knob.max)).collect();
    line("properties", &entry.properties.join(", "));
    line("knobs", &knobs.join(", "));
    line("strikes on", &entry.triggers.join(", "));
    let mut goals: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    entry.goals.iter().for_each(|goal| goals.entry(goal.needs_seeds).or_default().push(goal.label));
    for (needs_seeds, labels) in goals {
        line("goals", &format!("{} (in {needs_seeds} seeds)", labels.join(", ")));
    }
    entry.exempt.iter().for_each(|exempt| line("exempt", &format!("{}: {}", exempt.label, exempt.reason)));
    line("allows", &entry.allow.join(", "));
    line("tolerates", &entry.tolerated.join(", "));
    line("detects", &entry.detected.join(", "));
    line("excludes", &entry.excluded.join(", "));
    say!("");
}

fn count([fewest, most]: [u16; 2], what: &str) -> String {
    match (fewest, most) {
        (_, 0) => format!("no {what}"),
        _ if fewest == most => format!("{most} {what}"),
        _ => format!("{fewest} to {most} {what}"),
    }
}

fn line(heading: &str, text: &str) {
    if !text.is_empty() {
        say!("  {:<11} {text}", format!("{heading}:"));
    }
}
