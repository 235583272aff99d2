//! As many lives of a log as one likes, and as much damage to what they leave:
//! `cargo run --release -p wal --example torture -- --crashes 1000000 --mutations 10000000 [--seed 0]`.

#[path = "../tests/it/torture/mod.rs"]
mod torture;

use std::env;
use std::process::ExitCode;

use torture::Counts;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some([crashes, mutations, first_seed]) = parse(&arguments) else {
        eprintln!("expected [--crashes N] [--mutations N] [--seed N], received {arguments:?}");
        return ExitCode::from(64);
    };
    let mut counts = Counts::default();
    let mut seed = first_seed;
    while counts.crashes() < crashes || counts.mutations < mutations {
        // The damage is spread over the lives; what is left of it is done to more of them.
        let owed = (mutations - counts.mutations).div_ceil((crashes - crashes.min(counts.crashes())).max(1)) * 3;
        torture::trial(seed, owed.min(100).min(mutations - counts.mutations), &mut counts);
        seed += 1;
    }
    println!("{counts}, seeds {first_seed}..{seed}: clean");
    ExitCode::SUCCESS
}

/// Crashes, mutations and the first seed.
fn parse(arguments: &[String]) -> Option<[u64; 3]> {
    let mut values = [100_000, 1_000_000, 0];
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { return None };
        let at = ["--crashes", "--mutations", "--seed"].iter().position(|known| known == name)?;
        values[at] = value.parse().ok()?;
    }
    Some(values)
}
