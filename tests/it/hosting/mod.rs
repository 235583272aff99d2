//! Another crate's first test: `docs/hosting.md`, followed in an empty folder as it stands there. Its flaw is found, the
//! line that is printed replays it, and repaired it is gone.

mod folder;
mod tutorial;

use std::fs;
use std::path::Path;

use serde_json::Value;

use self::folder::Folder;
use crate::program::Block;

#[test]
fn the_tutorial_does_what_it_says() {
    let folder = Folder::empty();
    let steps = tutorial::steps();
    assert_eq!(steps.iter().filter(|step| step.fails()).count(), 4, "two flaws; one of them replayed and shrunk");
    steps.iter().for_each(|step| folder.follow(step));
    // The command line is there by now, and what only tests has nothing of it.
    for package in ["clap", "indicatif"] {
        assert!(folder.tree_has("xtask", package) && !folder.tree_has("simulation", package), "{package}");
    }
    assert!(folder.tree_has("simulation", "sim") && !folder.tree_has("lock", "sim"));
}

#[test]
fn a_flaw_is_found_and_the_printed_line_replays_it() {
    let lock = Folder::flawed();
    let failed = lock.cargo_test(&[]);
    assert_eq!(failed.exit, Some(101), "{failed:?}");
    assert!(failed.stdout.contains("\n  found:  seed "), "base and position are told: {}", failed.stdout);
    let block = Block::within(&failed.stdout);
    assert!(block.heading.starts_with("sim: FAILED lock  lock::one_holder  seed 0x"), "{}", block.heading);
    let case = block.replay.strip_prefix("SIM_CASE=sim-seeds/lock/one_holder-");
    let command = case.and_then(|case| case.split_once(' ')).map(|(_, command)| command);
    assert_eq!(command, Some("cargo test -p simulation at_most_one_holder -- --exact"), "{}", block.replay);

    let kept: Value = serde_json::from_str(&read(&lock.path.join(file(&block)))).expect("a case is JSON");
    assert_eq!(kept["found"]["by"], "test at_most_one_holder");
    let (from, to) = (&kept["shrunk"]["from"]["faults"], &kept["shrunk"]["to"]["faults"]);
    assert!(to.as_u64() < from.as_u64() && failed.stdout.contains("\n  shrunk: "), "{kept}: {}", failed.stdout);

    // Signature, seed, time, event and digest are in the heading.
    assert_eq!(lock.paste(&block.replay), block);
    let again = lock.cargo_test(&[]);
    assert_eq!(Block::within(&again.stdout), block, "the case that is kept is run first");
    assert!(again.stdout.contains(", found by test at_most_one_holder, and should pass"), "{}", again.stdout);
    let by_seed = lock.cargo_test(&[("SIM_SEED", block.seed())]);
    assert_eq!(Block::within(&by_seed.stdout), block);
}

#[test]
fn where_ci_is_set_the_corpus_stays_as_it_is_and_the_printed_line_replays_all_the_same() {
    let lock = Folder::flawed();
    let failed = lock.cargo_test(&[("CI", "true")]);
    let block = Block::within(&failed.stdout);
    assert!(block.replay.starts_with("SIM_CASE=target/sim/cases/lock/one_holder-"), "{}", block.replay);
    assert!(!lock.path.join("sim-seeds").exists());
    assert_eq!(lock.paste(&block.replay), block);
}

#[test]
fn with_the_flaw_repaired_the_test_passes_and_counts() {
    let lock = Folder::repaired();
    let passed = lock.cargo_test(&[]);
    assert_eq!(passed.exit, Some(0), "{passed:?}");
    assert!(passed.stdout.contains("lock: 200 seeds, "), "a green test says what it did: {}", passed.stdout);
    assert!(!lock.path.join("sim-seeds").exists(), "nothing was found");

    let refused = lock.cargo_test(&[("SIM_SEED", "abc")]);
    assert_eq!(refused.exit, Some(101));
    let expected = "sim: SIM_SEED: expected 0x… or decimal, of 64 bits; received `abc`\n";
    assert!(refused.stdout.contains(expected), "{}", refused.stdout);

    let seed = lock.cargo_test(&[("SIM_SEED", "0x2a")]);
    assert_eq!(seed.exit, Some(0), "{seed:?}");
    assert!(seed.stdout.contains("lock: seed 0x000000000000002a passed, "), "{}", seed.stdout);
}

#[test]
fn a_case_of_another_scenario_is_passed_by_and_the_test_says_so() {
    let lock = Folder::flawed();
    let block = Block::within(&lock.cargo_test(&[]).stdout);
    let path = file(&block);
    lock.edit(path, "\"scenario\": \"lock\"", "\"scenario\": \"clock\"");
    let passed = lock.cargo_test(&[("SIM_CASE", path)]);
    assert_eq!(passed.exit, Some(0), "{passed:?}");
    assert!(passed.stdout.contains("lock: passed by, as SIM_CASE is of scenario `clock`"), "{}", passed.stdout);
}

/// The file that a block's line names.
fn file(block: &Block) -> &str {
    let variable = block.replay.split(' ').next().expect("a line has a first word");
    variable.strip_prefix("SIM_CASE=").expect("a case replays it")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is in the repository")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
