//! Cases that are refused, each with one line that names what does not fit.

use sim::{Case, Fault, Io, LinkKind, NodeId, Point, Refusal, RunOptions, Scenario, Target, Time, When};

use crate::rig::{Actor, MS, Numbers, Rig, at, calm, n, with_items};

struct Nobody;

impl Actor for Nobody {
    fn start(_: &mut Io<'_, Numbers>) -> Result<Nobody, Refusal> {
        Ok(Nobody)
    }
}

/// Why a case that was changed like this is refused.
fn refusal(change: impl FnOnce(&mut Case)) -> String {
    let crash = at(MS, Target::Node(n(1)), Fault::Crash, None);
    let mut case = with_items(calm(3), [crash.clone(), crash]);
    let system = Rig::<Nobody>::new();
    assert!(system.run(&case, &mut RunOptions::default()).is_ok());
    change(&mut case);
    let refused = system.run(&case, &mut RunOptions::default());
    refused.expect_err("the case does not fit").to_string()
}

#[test]
fn a_case_of_another_scenario_or_a_newer_format() {
    assert_eq!(refusal(|case| case.scenario = "ring".into()), "the case is of scenario `ring`, not `rig`");
    let newer = "format 2 is newer than this version reads (format 1 at most)";
    assert_eq!(refusal(|case| case.format = 2), newer);
}

#[test]
fn two_items_of_one_id() {
    assert_eq!(refusal(|case| case.plan.items[1].id = 1), "plan.items: two items have the id 1");
}

#[test]
fn an_item_that_cannot_be_carried_out() {
    let absent = refusal(|case| case.plan.items[0].target = Target::Node(n(4)));
    assert_eq!(absent, "item 1 names n4, which is not in the case");
    let subject = refusal(|case| case.plan.items[1].target = Target::Subject);
    assert_eq!(subject, "item 2: Crash of Subject is not supported");
    let zeroth = When::On { fact: "any".into(), node: None, from_ns: Time::ZERO, nth: 0, point: Point::Effects(0) };
    let zeroth = refusal(|case| case.plan.items[0].when = zeroth);
    assert_eq!(zeroth, "item 1 waits for the 0th fact of its kind: they are counted from 1");
}

#[test]
fn nodes_that_are_not_in_order_each_once() {
    assert_eq!(refusal(|case| case.nodes = vec![n(1), n(3), n(2)]), "nodes: must be in order, each once");
    assert_eq!(refusal(|case| case.nodes = vec![n(1), n(1)]), "nodes: must be in order, each once");
    let client = refusal(|case| case.nodes.push(NodeId::client(1)));
    assert!(client.starts_with("c1 stands where it does not belong"), "{client}");
}

#[test]
fn a_core_of_strangers() {
    let core = refusal(|case| case.plan.heal.core = Some(vec![n(1), n(9)]));
    assert_eq!(core, "plan.heal.core names n9, which is not a node of the case");
}

#[test]
fn knobs_that_are_missing_unknown_or_out_of_range() {
    assert_eq!(refusal(|case| _ = case.knobs.insert("speed".into(), 1)), "unknown knob `speed`");
    assert_eq!(refusal(|case| _ = case.knobs.remove("sim.sync_ns")), "knob `sim.sync_ns` is missing");
    let kept = refusal(|case| _ = case.knobs.insert("sim.unsynced_kept_ppm".into(), 1_000_001));
    assert_eq!(kept, "knob `sim.unsynced_kept_ppm` is 1000001: expected 0 to 1000000");
}

#[test]
fn a_network_that_cannot_be() {
    assert_eq!(refusal(|case| case.network.loss_ppm = 1_000_001), "network.loss_ppm is 1000001: at most 1000000");
    let inverted = refusal(|case| case.network.latency_min_ns = 2 * MS);
    assert_eq!(inverted, "network.latency_min_ns is above latency_max_ns");
    let session = refusal(|case| {
        case.network.link = LinkKind::Session;
        case.network.loss_ppm = 7;
    });
    assert_eq!(session, "network.loss_ppm is 7: a session loses, repeats, reorders and damages nothing");
    let damaging = refusal(|case| (case.network.link, case.network.corruption_ppm) = (LinkKind::Session, 1));
    assert_eq!(damaging, "network.corruption_ppm is 1: a session loses, repeats, reorders and damages nothing");
    let beyond = refusal(|case| case.network.corruption_ppm = 1_000_001);
    assert_eq!(beyond, "network.corruption_ppm is 1000001: at most 1000000");
    let queue = refusal(|case| case.network.queue_max_bytes = 9);
    assert_eq!(queue, "network.queue_max_bytes is 9: nothing waits without bandwidth_bytes_per_s");
}
