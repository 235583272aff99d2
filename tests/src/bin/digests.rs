//! Prints the digest of each seed of each scenario that is the same in every process.

use sim::{Expansion, RunOptions};

/// So many seeds of each scenario.
const SEEDS: u64 = 50;

fn main() {
    let base = campaign::Base::parse("0x1db7c2a945e36f08").expect("a base in hex");
    for scenario in scenarios::registry() {
        let spec = scenario.spec();
        if spec.must_diverge() {
            continue;
        }
        for seed in (0..SEEDS).map(|index| base.seed(index)) {
            let case = scenario.expand(seed, &Expansion::default());
            let outcome = scenario.run(&case, &mut RunOptions::default()).expect("an expanded case fits its scenario");
            println!("{} {seed} {} {}", spec.name, outcome.events, outcome.digest);
        }
    }
}
