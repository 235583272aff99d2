//! Two processes agree on every digest: nothing that differs between them, such as an address, a variable or the order of
//! a standard hash map, has a say in what happens.

use sim::Scenario;

use crate::program::{Ended, command};

#[test]
fn the_digests_of_50_seeds_of_each_scenario_are_the_same_in_two_processes() {
    let [first, second] = [digests("first"), digests("second")];
    for (one, other) in first.lines().zip(second.lines()) {
        assert_eq!(one, other);
    }
    let scenarios: Vec<Box<dyn Scenario>> = scenarios::registry();
    let expected = scenarios.iter().filter(|scenario| !scenario.spec().must_diverge()).count() * 50;
    assert_eq!((first.lines().count(), second.lines().count()), (expected, expected));
}

/// What the program prints, which is started with another environment each time: that alone moves its stack.
fn digests(variable: &str) -> String {
    let output = command(env!("CARGO_BIN_EXE_digests")).env("DIFFERENT", variable).output();
    let ended = Ended::from(output.expect("the program starts"));
    assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
    ended.stdout
}
