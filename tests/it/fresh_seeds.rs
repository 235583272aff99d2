//! Every scenario of this repository under `check()`: its stored cases first, then seeds that nobody has seen.
//!
//! A scenario that must fail passes when it shows what it must, and nothing else.

use sim::Scenario;

#[test]
fn raft() {
    campaign::check(&*registered("raft"));
}

#[test]
fn raft_partial() {
    campaign::check(&*registered("raft/partial"));
}

#[test]
fn ring() {
    campaign::check(&*registered("ring"));
}

#[test]
fn ring_narrow() {
    campaign::check(&*registered("ring/narrow"));
}

#[test]
fn canary() {
    campaign::check(&*registered("canary"));
}

#[test]
fn every_scenario_has_a_test_here() {
    let own_tests = ["raft", "raft/partial", "ring", "ring/narrow", "canary"];
    for scenario in scenarios::registry() {
        let spec = scenario.spec();
        // What differs only between two processes is no matter for one; `twin` shows it, and `commands` asks it to.
        let tested = own_tests.contains(&spec.name.as_str()) || spec.must_diverge();
        assert!(tested, "add a test for `{}`: the line that replays a failure names it", spec.name);
    }
}

fn registered(name: &str) -> Box<dyn Scenario> {
    let mut registry = scenarios::registry().into_iter();
    registry.find(|scenario| scenario.spec().name == name).unwrap_or_else(|| panic!("{name} is registered"))
}
