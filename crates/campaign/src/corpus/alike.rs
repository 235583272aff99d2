//! Which two cases show the same by the same means, so that one of them is enough.

use sim::{Case, FaultKind, Item, Point, Seed, When};

use crate::triage::impersonal;

/// What is the same of two cases where one of them is enough: what they show, and what it takes. Times, knobs and which
/// node is struck are left out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Likeness {
    scenario: String,
    signature: String,
    /// What tells two failures of one signature apart, but for who, when and how many: two panics are two faults.
    identity: String,
    /// Where a written-up fault of code that is not ours is written up.
    finding: Option<String>,
    nodes: usize,
    clients: usize,
    unbounded: bool,
    /// What strikes, and upon what.
    items: Vec<(Option<FaultKind>, Trigger)>,
    /// What may strike, by the network as well.
    kinds: Vec<FaultKind>,
    /// A case that was not shrunk is like no other: what of it matters is not known.
    whole: Option<Seed>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Trigger {
    Timed,
    /// On a fact: within the step that states it, or after it.
    On {
        fact: String,
        within: bool,
    },
}

impl Likeness {
    /// Of a case that says what it showed.
    pub(crate) fn of(case: &Case) -> Option<Likeness> {
        let found = case.found.as_ref()?;
        let mut items: Vec<_> = case.plan.items.iter().map(|item| (item.fault.kind(), trigger(item))).collect();
        items.sort_unstable();
        Some(Likeness {
            scenario: case.scenario.clone(),
            signature: found.signature.clone(),
            identity: impersonal(&found.identity),
            finding: case.expect.finding().map(str::to_owned),
            nodes: case.nodes.len(),
            clients: case.workload.clients.len(),
            unbounded: case.unbounded,
            items,
            kinds: case.fault_kinds(),
            whole: case.shrunk.is_none().then_some(case.seed),
        })
    }

    /// The same, wherever it is written up, or nowhere yet.
    pub(crate) fn whoever_wrote_it_up(self) -> Likeness {
        Likeness { finding: None, ..self }
    }
}

fn trigger(item: &Item) -> Trigger {
    match &item.when {
        When::At { .. } => Trigger::Timed,
        When::On { fact, point, .. } => Trigger::On { fact: fact.clone(), within: matches!(point, Point::Effects(_)) },
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    type Change = fn(&mut serde_json::Value);

    /// A case that was shrunk.
    pub(in crate::corpus) fn case() -> Case {
        changed(|_| ())
    }

    fn likeness(change: impl FnOnce(&mut serde_json::Value)) -> Option<Likeness> {
        Likeness::of(&changed(change))
    }

    fn changed(change: impl FnOnce(&mut serde_json::Value)) -> Case {
        let network = json!({
            "link": "datagram", "latency_min_ns": 1, "latency_max_ns": 2, "loss_ppm": 0, "delay_ppm": 0,
            "delay_mean_ns": 0, "duplication_ppm": 0, "duplication_gap_ns": 0, "reordering_ppm": 0,
            "reordering_hold_ns": 0,
        });
        let crash = json!({
            "id": 3, "when": { "on": { "fact": "voted", "nth": 1, "point": { "effects": 2 } } },
            "target": "subject", "fault": "crash", "lasts_ns": 5,
        });
        let size = json!({ "faults": 1, "nodes": 2, "operations": 0, "virtual_ns": 7 });
        let mut case = json!({
            "format": 1, "scenario": "toy", "seed": "0x0000000000000001", "salts": {}, "expect": "pass",
            "knobs": {}, "nodes": ["n1", "n2"], "network": network, "workload": { "clients": [] },
            "plan": { "heal": { "at_ns": 9 }, "items": [crash] },
            "found": {
                "signature": "toy::safe", "digest": "0", "event": 5, "commit": "unknown", "rustc": "", "date": "",
            },
            "shrunk": { "from": size, "to": size, "runs": 1, "events": 1, "minimal": true },
        });
        change(&mut case);
        serde_json::from_value(case).expect("it is a case")
    }

    #[test]
    fn seeds_times_and_who_is_struck_make_no_difference() {
        let other = likeness(|case| {
            case["seed"] = json!("0x0000000000000002");
            case["plan"]["heal"]["at_ns"] = json!(8);
            case["plan"]["items"][0]["when"]["on"]["nth"] = json!(2);
            case["plan"]["items"][0]["target"] = json!({ "node": "n2" });
        });
        assert_eq!(likeness(|_| ()), other);
    }

    #[test]
    fn what_is_shown_and_what_it_takes_make_a_difference() {
        let changes: [(&str, Change); 8] = [
            ("signature", |case| case["found"]["signature"] = json!("toy::live")),
            ("panic", |case| case["found"]["identity"] = json!("node.rs: out of range")),
            ("kind", |case| case["plan"]["items"][0]["fault"] = json!("pause")),
            ("trigger", |case| case["plan"]["items"][0]["when"] = json!({ "at": { "at_ns": 4 } })),
            ("fact", |case| case["plan"]["items"][0]["when"]["on"]["fact"] = json!("elected")),
            ("nodes", |case| case["nodes"] = json!(["n1", "n2", "n3"])),
            ("loss", |case| case["network"]["loss_ppm"] = json!(1)),
            ("finding", |case| case["expect"] = json!({ "known": "toy::safe", "finding": "findings.md" })),
        ];
        for (what, change) in changes {
            assert_ne!(likeness(|_| ()), likeness(change), "{what}");
        }
    }

    #[test]
    fn a_case_that_was_not_shrunk_is_like_no_other() {
        let whole = |seed: &'static str| {
            likeness(|case| {
                case.as_object_mut().expect("an object").remove("shrunk");
                case["seed"] = json!(seed);
            })
        };
        assert_ne!(whole("0x0000000000000001"), whole("0x0000000000000002"));
        assert_eq!(whole("0x0000000000000001"), whole("0x0000000000000001"));
    }

    #[test]
    fn a_case_that_shows_nothing_is_like_nothing() {
        assert_eq!(likeness(|case| drop(case.as_object_mut().expect("an object").remove("found"))), None);
    }
}
