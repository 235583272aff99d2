//! `mutants`: those of this repository, and a small workspace in which everything can be seen to go wrong.
//!
//! The small workspace has an `xtask` of its own, which finds at once whatever its source says that it shows.

use std::path::Path;

use serde_json::Value;
use xtask::mutants::{Catalogue, Mutant};

use crate::program::{Desk, Ended};

#[test]
fn every_mutant_of_this_repository_can_be_planted_and_names_what_there_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is in the repository");
    let catalogue = Catalogue::read(root, &scenarios::registry()).expect("each can be used");
    let ids: Vec<&str> = catalogue.mutants().iter().map(|mutant: &Mutant| mutant.id.as_str()).collect();
    assert!(!ids.is_empty(), "there are some");
}

#[test]
fn what_every_base_shows_is_found_and_is_measured_once_for_the_same_sources() {
    let desk = desk("mutants_found");
    desk.write("tests/mutants/raft/P01.toml", &mutant("raft::vote_once"));
    let ended = desk.sim(&["mutants", "--jobs", "1", "--json", "report.json"]);
    assert_eq!(ended.exit, Some(0), "{ended:?}");
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
    let row = words(ended.stdout.lines().nth(1).unwrap_or_default());
    assert_eq!(row[..7], ["P01", "found", "6", "10", "60", "-", "raft::vote_once"], "{}", ended.stdout);
    assert!(ended.stdout.ends_with("\ncontrol: raft: silent in 60 seeds\n"), "{}", ended.stdout);

    let report: Value = serde_json::from_str(&desk.read("report.json")).expect("it is JSON");
    let found = &report["mutants"][0];
    assert_eq!(
        (&found["id"], &found["found"], &report["control"]["silent"]),
        (&"P01".into(), &true.into(), &true.into())
    );
    let seeds: Vec<u64> = (0..5).filter_map(|base| found["bases"][base]["seeds"].as_u64()).collect();
    assert_eq!(seeds, [2, 4, 6, 8, 10]);
    assert!(desk.read("docs/mutants.md").contains("| P01 | It shows. | - | `raft::vote_once` | 6 | 10 |"));
    assert_eq!(desk.read("target/mutants/source/xtask/src/shows.rs"), SHOWS, "the copy is the sources again");
    assert!(runs(&desk)[0].starts_with("fuzz raft --base 1 --time 12000ms --jobs 1 --json "), "{:?}", runs(&desk));
    assert_eq!(runs(&desk).len(), 6, "five bases, and the control");

    let again = desk.sim(&["mutants"]);
    assert_eq!((again.exit, &again.stdout, again.stderr.as_str()), (Some(0), &ended.stdout, ""), "all is known");
    desk.write("tests/mutants/raft/P01.toml", &format!("# changed\n{}", mutant("raft::vote_once")));
    assert_eq!(desk.sim(&["mutants", "P*"]).exit, Some(0));
    assert_eq!(runs(&desk).len(), 11, "a mutant that changed is measured again, and not the control");
    desk.write("xtask/src/shows.rs", &format!("// changed\n{SHOWS}"));
    assert_eq!(desk.sim(&["mutants"]).exit, Some(0));
    assert_eq!(runs(&desk).len(), 17, "everything is where the sources changed");
}

#[test]
fn what_shows_something_else_or_nothing_is_missed_and_the_row_says_so() {
    let desk = desk("mutants_missed");
    desk.write("tests/mutants/raft/P01.toml", &mutant("raft::vote_once"));
    desk.write(
        "tests/mutants/raft/P02.toml",
        &mutant("raft::vote_once").replace("shows: raft::vote_once", "shows: raft::liveness"),
    );
    desk.write(
        "tests/mutants/raft/P03.toml",
        &mutant("raft::vote_once").replace("shows: raft::vote_once", "shows: nothing  "),
    );
    desk.write("tests/mutants/raft/P04.toml", &format!("{}impossible = \"no eyes\"\n", mutant("raft::vote_once")));
    let ended = desk.sim(&["mutants"]);
    assert_eq!(ended.exit, Some(1), "{ended:?}");
    for row in ["P01  found ", "P02  MISSED ", "  OTHER raft::liveness  ", "P03  MISSED ", "P04  impossible "] {
        assert!(ended.stdout.contains(row), "{row} is not in: {}", ended.stdout);
    }
    assert!(desk.read("docs/mutants.md").contains("\n1 of 3 are found. 1 cannot be, and the row says why.\n"));
    assert_eq!(desk.sim(&["mutants", "P01", "P04"]).exit, Some(0), "what cannot be found is not missed");

    let before = runs(&desk).len();
    assert_eq!(desk.sim(&["mutants", "P03", "--time", "30s"]).exit, Some(1), "it was looked for longer");
    assert_eq!(runs(&desk).len(), before);
    assert_eq!(desk.sim(&["mutants", "P03", "--time", "90s"]).exit, Some(1));
    assert_eq!(runs(&desk).len(), before + 5, "with more time it is looked for again");
}

#[test]
fn sources_that_show_something_without_a_mutant_are_no_yardstick() {
    let desk = desk("mutants_loud");
    desk.write("xtask/src/shows.rs", &SHOWS.replace("nothing", "raft::log_matching"));
    desk.write(
        "tests/mutants/raft/P01.toml",
        &mutant("raft::vote_once").replace("shows: nothing", "shows: raft::log_matching"),
    );
    let ended = desk.sim(&["mutants"]);
    assert_eq!(ended.exit, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("\ncontrol: raft: raft::log_matching in 60 seeds\n"), "{}", ended.stdout);
}

#[test]
fn a_mutant_that_does_not_compile_is_told_with_what_the_compiler_says_and_the_others_are_measured() {
    let desk = desk("mutants_not_compiling");
    desk.write(
        "tests/mutants/raft/P01.toml",
        &mutant("raft::vote_once").replace("&str = \\\"shows: raft", "u64 = \\\"shows: raft"),
    );
    desk.write("tests/mutants/raft/P02.toml", &mutant("raft::vote_once"));
    let ended = desk.sim(&["mutants"]);
    assert_eq!(ended.exit, Some(64), "{ended:?}");
    assert!(ended.stderr.contains("sim: P01: what it puts in place does not compile\n"), "{}", ended.stderr);
    assert!(ended.stderr.contains("mismatched types"), "{}", ended.stderr);
    assert!(ended.stdout.contains("P02  found ") && !ended.stdout.contains("P01"), "{}", ended.stdout);
    assert!(!desk.path.join("docs/mutants.md").exists(), "it is written where all is known");
}

#[test]
fn an_interrupted_run_keeps_what_is_done_and_the_next_goes_on_from_there() {
    let desk = desk("mutants_interrupted");
    desk.write("tests/mutants/raft/P01.toml", &mutant("raft::vote_once"));
    desk.write(
        "tests/mutants/raft/P02.toml",
        &mutant("raft::vote_once").replace("shows: raft::vote_once", "shows: Ctrl-C"),
    );
    let ended = desk.sim(&["mutants"]);
    assert_eq!(ended.exit, Some(130), "{ended:?}");
    assert!(ended.stdout.contains("P01  found ") && !ended.stdout.contains("P02"), "{}", ended.stdout);
    desk.write("tests/mutants/raft/P02.toml", &mutant("raft::vote_once"));
    let resumed = desk.sim(&["mutants"]);
    assert_eq!(resumed.exit, Some(0), "{resumed:?}");
    assert!(!resumed.stderr.contains("P01") && resumed.stderr.contains("P02: found"), "{}", resumed.stderr);
}

/// What is wrong: a file, a text in it, another that makes it wrong, and what is said of it.
const FLAWED: [(&str, &str, &str, &str); 11] = [
    ("raft/P01.toml", "file =", "fil =", "tests/mutants/raft/P01.toml:1: unknown field `fil`"),
    ("raft/P01.toml", "faults = []", "", "tests/mutants/raft/P01.toml:1: missing field `faults`"),
    ("raft/P01.toml", "shows.rs", "absent.rs", "tests/mutants/raft/P01.toml: xtask/src/absent.rs: No such file"),
    ("raft/P01.toml", "&str = \\\"shows: nothing", "&str = \\\"shows: naught", "exactly once, and is there 0 times"),
    ("raft/P01.toml", "find = \"", "find = \"s\" #", "exactly once, and is there 4 times"),
    (
        "raft/P01.toml",
        "[\"raft::vote_once",
        "[\"raft::vote_onec",
        "unknown property `raft::vote_onec`: did you mean `raft::vote_once`?",
    ),
    ("raft/P01.toml", "[]", "[\"crush\"]", "unknown kind of fault `crush`: did you mean `crash`?"),
    ("raft/P01.toml", "[]", "[]\nscenarios = [\"ring\"]", "unknown scenario `ring`: did you mean `raft`?"),
    ("rafd/P02.toml", "", "", "tests/mutants/rafd/P02.toml: unknown suite `rafd`: did you mean `raft`?"),
    ("ring/P01.toml", "raft::vote_once", "ring::agreement", "suite raft has a mutant P01 already"),
    ("raft/notes.md", "", "", "tests/mutants/raft/notes.md: expected a file that ends with .toml"),
];

#[test]
fn a_mutant_that_is_written_wrongly_is_refused_and_nothing_is_built() {
    let desk = desk("mutants_flawed");
    for (file, right, wrong, expected) in FLAWED {
        desk.write("tests/mutants/raft/P01.toml", &mutant("raft::vote_once"));
        let path = format!("tests/mutants/{file}");
        desk.write(&path, &mutant("raft::vote_once").replace(right, wrong));
        assert_refused(&desk.sim(&["mutants"]), expected);
        std::fs::remove_file(desk.path.join(&path)).expect("it was written");
        let directory = desk.path.join(&path).parent().expect("a file is in a directory").to_owned();
        drop(std::fs::remove_dir(directory)); // the suite's, where it is empty
    }
    assert!(!desk.path.join("target").exists());
}

#[test]
fn a_command_line_that_cannot_be_used_is_refused_and_nothing_is_built() {
    let desk = desk("mutants_misused");
    desk.write("tests/mutants/raft/P01.toml", &mutant("raft::vote_once"));
    for (arguments, expected) in [
        (&["P10"][..], "no mutant matches `P10`: did you mean `P01`?"),
        (&["P01", "contrl"], "no mutant matches `contrl`: did you mean `control`?"),
        (&["ring/*"], "no mutant matches `ring/*`"),
        (&["--time", "soon"], "expected a time such as 90s, 5m, 500ms"),
        (&["--json", "absent/report.json"], "--json absent/report.json: "),
        (&["--colour"], "unexpected argument '--colour'"),
    ] {
        assert_refused(&desk.sim(&[&["mutants"], arguments].concat()), expected);
    }
    assert!(!desk.path.join("target").exists());
    let ended = desk.sim(&["mutants", "control"]);
    assert_refused(&ended, "control: nothing is measured yet that it could be compared with");
}

fn assert_refused(ended: &Ended, expected: &str) {
    assert_eq!((ended.exit, ended.stdout.as_str()), (Some(64), ""), "{ended:?}");
    assert!(ended.stderr.starts_with("sim: ") && ended.stderr.lines().count() == 1, "one line: {}", ended.stderr);
    assert!(ended.stderr.contains(expected), "expected {expected}; received {}", ended.stderr);
}

/// What the program of the small workspace shows.
const SHOWS: &str = "pub const SHOWS: &str = \"shows: nothing\";\n";

/// Says that it took two seeds for each unit of the base, or as many as it was asked for.
const PROGRAM: &str = r##"
mod shows;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |name: &str| arguments.iter().position(|known| known == name).map(|at| arguments[at + 1].clone());
    let number = |name: &str| after(name).map(|text| text.parse::<u64>().unwrap());
    let seeds = number("--seeds").or(number("--base").map(|base| 2 * base)).unwrap();
    let out = after("--out").unwrap();
    assert!(!std::path::Path::new(&out).exists(), "{out}: what is there already counts for what is found now");
    std::fs::create_dir_all(&out).unwrap();
    let failures = match shows::SHOWS.trim().trim_start_matches("shows: ") {
        "nothing" => String::new(),
        "Ctrl-C" => std::process::exit(130),
        signature => format!(r#"{{"signature": "{signature}"}}"#),
    };
    let events = 10 * seeds;
    let scenario = format!(r#"{{"seeds": {seeds}, "events": {events}, "wall_ns": 0, "failures": [{failures}]}}"#);
    std::fs::write(after("--json").unwrap(), format!(r#"{{"scenarios": [{scenario}]}}"#)).unwrap();
    let earlier = std::fs::read_to_string("../runs.txt").unwrap_or_default();
    std::fs::write("../runs.txt", format!("{earlier}{}\n", arguments.join(" "))).unwrap();
}
"##;

/// A small workspace without a mutant.
fn desk(name: &str) -> Desk {
    let desk = Desk::new(name);
    desk.write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"xtask\"]\n");
    desk.write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"xtask\"\nversion = \"0.0.0\"\n");
    desk.write("xtask/Cargo.toml", "[package]\nname = \"xtask\"\nversion = \"0.0.0\"\nedition = \"2024\"\n");
    desk.write("xtask/src/main.rs", PROGRAM);
    desk.write("xtask/src/shows.rs", SHOWS);
    desk.write("docs/README.md", "");
    desk
}

/// A mutant that makes the program show this.
fn mutant(signature: &str) -> String {
    format!(
        "file = \"xtask/src/shows.rs\"\nfind = \"&str = \\\"shows: nothing\"\nreplace = \"&str = \\\"shows: {signature}\"\n\
         breaks = \"It shows.\"\nproperties = [\"{signature}\"]\nfaults = []\nsource = \"a primer\"\n"
    )
}

/// What the program was called with, each time.
fn runs(desk: &Desk) -> Vec<String> {
    desk.read("target/mutants/runs.txt").lines().map(str::to_owned).collect()
}
