//! Another crate's first test: `tests/outside`, a lock service with a flaw, copied to where nothing of this workspace
//! is but what it depends on. The flaw is found, the line that is printed replays it, and repaired it is gone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use crate::program::{Block, Ended, command};

#[test]
fn a_flaw_is_found_and_the_printed_line_replays_it() {
    let lock = Copy::new();
    assert!(lock.tree_has("sim v") && !lock.tree_has("clap v") && !lock.tree_has("indicatif v"));
    let failed = lock.cargo_test(&[]);
    assert_eq!(failed.exit, Some(101), "{failed:?}");
    assert!(failed.stdout.contains("\n  found:  seed "), "base and position are told: {}", failed.stdout);
    let block = Block::within(&failed.stdout);
    assert!(block.heading.starts_with("sim: FAILED lock  lock::one_holder  seed 0x"), "{}", block.heading);
    let case = block.replay.strip_prefix("SIM_CASE=sim-seeds/lock/one_holder-");
    let command = case.and_then(|case| case.split_once(' ')).map(|(_, command)| command);
    assert_eq!(command, Some("cargo test -p lock at_most_one_holder -- --exact"), "{}", block.replay);

    let file = block.replay.split(' ').next().and_then(|variable| variable.strip_prefix("SIM_CASE=")).expect("a file");
    let kept: Value = serde_json::from_str(&read(&lock.directory.join(file))).expect("a case is JSON");
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
    let lock = Copy::new();
    let failed = lock.cargo_test(&[("CI", "true")]);
    let block = Block::within(&failed.stdout);
    assert!(block.replay.starts_with("SIM_CASE=target/sim/cases/lock/one_holder-"), "{}", block.replay);
    assert!(!lock.directory.join("sim-seeds").exists());
    assert_eq!(lock.paste(&block.replay), block);
}

#[test]
fn with_the_flaw_repaired_the_test_passes_and_counts() {
    let lock = Copy::new();
    // The grant waits until it would survive a crash.
    lock.edit(
        "src/lib.rs",
        "                    self.save(io);\n                    io.send(",
        "                    let saved = self.save(io);\n                    io.send_after(saved, ",
    );
    let passed = lock.cargo_test(&[]);
    assert_eq!(passed.exit, Some(0), "{passed:?}");
    assert!(passed.stdout.contains("lock: 200 seeds, "), "a green test says what it did: {}", passed.stdout);
    assert!(!lock.directory.join("sim-seeds").exists(), "nothing was found");

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
    let lock = Copy::new();
    let block = Block::within(&lock.cargo_test(&[]).stdout);
    let path = block.replay.split(' ').next().and_then(|variable| variable.strip_prefix("SIM_CASE=")).expect("a case");
    lock.edit(path, "\"scenario\": \"lock\"", "\"scenario\": \"clock\"");
    let passed = lock.cargo_test(&[("SIM_CASE", path)]);
    assert_eq!(passed.exit, Some(0), "{passed:?}");
    assert!(passed.stdout.contains("lock: passed by, as SIM_CASE is of scenario `clock`"), "{}", passed.stdout);
}

/// A copy of the crate. There is one at a time, so that its dependencies are built once and kept.
struct Copy {
    directory: PathBuf,
    _alone: MutexGuard<'static, ()>,
}

static ALONE: Mutex<()> = Mutex::new(());

impl Copy {
    /// A copy as it is in the repository, with nothing found in it yet.
    fn new() -> Copy {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let copy = Copy { directory: Path::new(env!("CARGO_TARGET_TMPDIR")).join("outside"), _alone: alone };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is in the repository");
        let original = root.join("tests/outside");
        let manifest = read(&original.join("Cargo.toml")).replace("../..", &root.display().to_string());
        write(&copy.directory.join("Cargo.toml"), &manifest);
        write(&copy.directory.join("Cargo.lock"), &read(&root.join("Cargo.lock")));
        for source in ["src/lib.rs", "tests/simulation.rs"] {
            write(&copy.directory.join(source), &read(&original.join(source)));
        }
        write(&copy.directory.join(".cargo/config.toml"), "[net]\noffline = true\n");
        for found_earlier in ["sim-seeds", "target/sim"] {
            let found_earlier = copy.directory.join(found_earlier);
            if found_earlier.exists() {
                fs::remove_dir_all(&found_earlier).expect("what an earlier run found can be removed");
            }
        }
        copy
    }

    /// Replaces text that stands in a file once.
    fn edit(&self, file: &str, before: &str, after: &str) {
        let path = self.directory.join(file);
        let text = read(&path);
        assert_eq!(text.matches(before).count(), 1, "{file} has this once: {before}");
        write(&path, &text.replace(before, after));
    }

    fn cargo_test(&self, variables: &[(&str, &str)]) -> Ended {
        let variables = variables.iter().copied();
        self.run(command("cargo").envs(variables).args(["test", "--test", "simulation", "--", "--show-output"]))
    }

    fn tree_has(&self, package: &str) -> bool {
        let tree = self.run(command("cargo").args(["tree", "--edges=all", "--prefix=none"]));
        assert_eq!(tree.exit, Some(0), "{tree:?}");
        tree.stdout.lines().any(|line| line.starts_with(package))
    }

    /// Pastes a line that was printed, which must fail, and gives the block that it fails with.
    fn paste(&self, line: &str) -> Block {
        let pasted = self.run(command("sh").args(["-c", line]));
        assert_eq!(pasted.exit, Some(101), "{pasted:?}");
        Block::within(&pasted.stdout)
    }

    fn run(&self, command: &mut Command) -> Ended {
        command.current_dir(&self.directory).output().expect("cargo and a shell start").into()
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Writes a file that is not yet so: one that is touched is compiled again.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|present| present == text) {
        return;
    }
    fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("a directory can be made");
    fs::write(path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
