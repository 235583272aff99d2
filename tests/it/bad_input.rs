//! What cannot be used: one line that says what and where, the exit code 64, or 6 where it is the corpus that is bad,
//! and nothing run or written.

use serde_json::{Value, json};

use crate::program::{Block, Desk, Ended};

#[test]
fn an_argument_that_does_not_parse_is_refused_with_its_name_and_the_accepted_form() {
    let desk = Desk::new("bad_argument");
    for (arguments, expected) in [
        ("", "expected a command"),
        ("fuzz --colour", "unexpected argument '--colour'"),
        ("fuzz canary --seeds 0", "'--seeds <N>': expected a whole number of at least 1; received `0`"),
        ("fuzz canary --jobs many", "'--jobs <J>': expected a whole number of at least 1; received `many`"),
        ("fuzz canary --base main", "'--base <S>': expected 0x… or decimal, or a commit hash of 40 hex digits"),
        ("fuzz canary --shard 3/2", "'3/2' for '--shard <I/N>': expected I/N with I from 1 to N, such as 2/4"),
        ("fuzz canary --shard 0/2", "'0/2' for '--shard <I/N>': expected I/N with I from 1 to N, such as 2/4"),
        ("fuzz canary --time soon", "'soon' for '--time <DURATION>': expected a time such as 90s, 5m, 500ms"),
        ("fuzz canary --time 0", "'0' for '--time <DURATION>': expected a time such as 90s, 5m, 500ms"),
        ("fuzz canary --without crush", "'crush' for '--without <KIND>...': expected one of loss, delay,"),
        ("replay --scenario canary --seed abc", "'--seed <X>': expected 0x… or decimal, of 64 bits; received `abc`"),
        ("replay --scenario canary --seed 0x1ffffffffffffffff", "'--seed <X>': expected 0x… or decimal, of 64 bits"),
        ("replay", "expected a case, or --scenario and --seed"),
        ("twin canary --seeds none", "'--seeds <N>': expected a whole number of at least 1; received `none`"),
    ] {
        let ended = desk.sim(&arguments.split_whitespace().collect::<Vec<&str>>());
        assert_refused(&ended, expected);
    }
    assert_eq!(desk.files(), ["Cargo.lock"]);
}

#[test]
fn a_scenario_that_does_not_exist_is_refused_with_the_nearest_name() {
    let desk = Desk::new("bad_scenario");
    for arguments in [&["fuzz", "canry"][..], &["twin", "canry"], &["replay", "--scenario", "canry", "--seed", "1"]] {
        assert_refused(&desk.sim(arguments), "no scenario matches `canry`: did you mean `canary`?");
    }
    assert_refused(&desk.sim(&["fuzz", "nothing/like/it"]), "no scenario matches `nothing/like/it` (`list` names");
    assert_refused(&desk.sim(&["fuzz", "can*"]), "no scenario matches `can*`");
}

#[test]
fn a_scenario_of_which_one_run_shows_nothing_is_not_fuzzed() {
    let ended = Desk::new("bad_fuzz").sim(&["fuzz", "nondeterministic"]);
    assert_refused(&ended, "`sim-tests twin nondeterministic` shows it");
}

#[test]
fn a_variable_that_does_not_parse_is_refused_with_its_name_and_the_accepted_form() {
    let desk = Desk::new("bad_variable");
    desk.write("file", "");
    for (name, value, expected) in [
        ("SIM_JOBS", "two", "SIM_JOBS: expected a whole number of at least 1; received `two`"),
        ("SIM_SEED", "abc", "SIM_SEED: expected 0x… or decimal, of 64 bits; received `abc`"),
        ("SIM_BASE", "main", "SIM_BASE: expected 0x… or decimal, or a commit hash of 40 hex digits"),
        ("SIM_SEEDS", "-1", "SIM_SEEDS: expected a whole number of at least 1; received `-1`"),
        ("SIM_PERSIST", "maybe", "SIM_PERSIST: expected 0 or 1; received `maybe`"),
        ("SIM_DIR", "file", "SIM_DIR: expected a directory; received `"),
        ("SIM_DIR", "file/below", "SIM_DIR: expected a directory; received `"),
    ] {
        for arguments in [&["fuzz", "canary", "--seeds", "1"][..], &["corpus", "check"], &["list"]] {
            assert_refused(&desk.sim_with(&[(name, value)], arguments), expected);
        }
    }
}

/// What is wrong with a case, how it is made so, and what is said of it after the file's name.
type Flawed = (&'static str, fn(&mut Value), &'static str);

const FLAWED: [Flawed; 9] = [
    ("newer", |case| case["format"] = json!(2), ": format 2 is newer than this version reads"),
    ("field", |case| case["plan"]["items"][0]["colour"] = json!(1), ": not a case: unknown field `colour`"),
    ("kind", |case| case["plan"]["items"][0]["fault"] = json!("meteor"), ": not a case: unknown variant `meteor`"),
    ("knob", |case| case["knobs"]["colour"] = json!(1), ": unknown knob `colour`"),
    ("knob_missing", |case| drop(object(&mut case["knobs"]).remove("office_ms")), ": knob `office_ms` is missing"),
    ("node", |case| case["plan"]["items"][0]["target"] = json!({"node": "n9"}), "names n9, which is not in the case"),
    ("no_node", |case| case["nodes"] = json!([]), ": nodes: there must be at least one"),
    ("expect", |case| case["expect"] = json!("fine"), ": not a case: `fine` is neither `pass` nor a signature"),
    ("seed", |case| case["seed"] = json!(12), ": not a case: invalid type"),
];

/// Of what a case says wrongly, these are found while it is read, so that the line is known.
const FOUND_BY_READING: [&str; 4] = ["field", "kind", "expect", "seed"];

#[test]
fn a_named_case_that_cannot_be_used_is_refused_with_path_and_line_and_nothing_is_written() {
    let desk = Desk::new("bad_case");
    let case = passing_case(&desk);
    let refused = |file: &str, expected: &str| {
        let ended = desk.sim(&["replay", file, "--save", "saved.json"]);
        assert_refused(&ended, expected);
        assert!(ended.stderr.contains(file), "the file is named: {}", ended.stderr);
        ended.stderr
    };
    for (flaw, change, expected) in FLAWED {
        let file = format!("{flaw}.json");
        let said = refused(desk.write(&file, &changed(&case, change)), expected);
        let line = said.split(&format!("{file}:")).nth(1).and_then(|rest| rest.split(':').next()?.parse::<u32>().ok());
        assert_eq!(line.is_some(), FOUND_BY_READING.contains(&flaw), "{said}");
    }
    let text = desk.read("passing.json");
    let half: String = text.chars().take(text.len() / 2).collect();
    let last_line = half.lines().count();
    refused(desk.write("half.json", &half), &format!("half.json:{last_line}: not a case: EOF"));
    refused(desk.write("empty.json", ""), "empty.json:1: not a case: EOF");
    let stranger = changed(&case, |case| case["scenario"] = json!("canari"));
    refused(
        desk.write("stranger.json", &stranger),
        "stranger.json: no scenario matches `canari`: did you mean `canary`?",
    );
    refused("absent.json", "absent.json: No such file or directory");
    assert!(!desk.files().iter().any(|file| file == "saved.json" || file.ends_with(".draft")), "{:?}", desk.files());
}

#[test]
fn a_corpus_with_a_case_that_cannot_be_used_is_exit_6_and_the_case_is_named() {
    let desk = Desk::new("bad_corpus");
    let case = passing_case(&desk);
    let half = desk.read("passing.json").chars().take(400).collect();
    let stranger = changed(&case, |case| case["scenario"] = json!("canari"));
    let flawed = FLAWED.map(|(flaw, change, expected)| (flaw, changed(&case, change), expected));
    let others = [("half", half, ": not a case: EOF"), ("stranger", stranger, "`canari`, not `canary`")];
    for (flaw, text, expected) in flawed.into_iter().chain(others) {
        let file = format!("sim-seeds/canary/{flaw}.json");
        desk.write(&file, &text);
        for arguments in [&["fuzz", "canary", "--seeds", "1", "--base", "1"][..], &["corpus", "check"]] {
            assert_bad_corpus(&desk.sim(arguments), &file, expected);
        }
        std::fs::remove_file(desk.path.join(&file)).expect("it was written");
    }
}

#[test]
fn a_case_in_which_an_item_no_longer_fires_or_a_label_is_no_longer_reached_is_stale() {
    let desk = Desk::new("stale_case");
    let case = passing_case(&desk);
    let fired = case["fired"][0].as_u64().expect("something fired in it");
    let position = fired as usize - 1;
    let too_late = changed(&case, |case| case["plan"]["items"][position]["when"] = json!({"at": {"at_ns": u64::MAX}}));
    let unknown = changed(&case, |case| case["reached"] = json!(["the_far_side"]));
    let must_fail = changed(&case, |case| case["expect"] = json!("canary::election_safety"));
    for (name, text, reason) in [
        ("late", too_late, format!("item {fired} fired then and does not now")),
        ("label", unknown, "`the_far_side` was reached then and is not now".to_owned()),
        ("signature", must_fail, "it no longer shows canary::election_safety".to_owned()),
    ] {
        let file = format!("sim-seeds/canary/{name}.json");
        desk.write(&file, &text);
        let expected = format!("STALE {file}: {reason}");
        for arguments in [&["fuzz", "canary", "--seeds", "1", "--base", "1"][..], &["corpus", "check"]] {
            assert_bad_corpus(&desk.sim(arguments), &file, &expected);
        }
        let replayed = desk.sim(&["replay", &file]);
        assert_bad_corpus(&replayed, &file, &expected);
        std::fs::remove_file(desk.path.join(&file)).expect("it was written");
    }
    desk.write("sim-seeds/canary/same.json", &changed(&case, |_| ()));
    let ended = desk.sim(&["corpus", "check"]);
    assert_eq!((ended.exit, ended.stderr.as_str()), (Some(0), ""), "what did not change is not stale: {ended:?}");
}

#[test]
fn cases_that_no_scenario_claims_are_named() {
    let desk = Desk::new("unclaimed_case");
    let case = passing_case(&desk);
    desk.write("sim-seeds/canary/renamed/a.json", &changed(&case, |_| ()));
    let ended = desk.sim(&["corpus", "check"]);
    assert_bad_corpus(&ended, "sim-seeds/canary/renamed/a.json", "no scenario here is called `canary/renamed`");

    let desk = Desk::new("foreign_case");
    desk.write("sim-seeds/elsewhere/a.json", &changed(&case, |_| ()));
    let ended = desk.sim(&["corpus", "check"]);
    assert_eq!(ended.exit, Some(0), "the corpus may be shared with another program: {ended:?}");
    assert!(ended.stderr.contains("sim-seeds/elsewhere/a.json: no scenario here is called `elsewhere`"), "{ended:?}");
}

#[test]
fn where_no_case_can_be_written_the_case_stands_above_the_block_and_its_seed_replays() {
    let desk = Desk::new("no_place");
    desk.write("file", "");
    let ended =
        desk.sim(&["fuzz", "canary", "--seeds", "200", "--base", "1", "--without", "loss", "--out", "file/below"]);
    assert_eq!(ended.exit, Some(1), "{}", ended.stderr);
    let block = Block::at_the_end_of(&ended.stderr);
    let above = ended.stderr.split("sim: what led there").next().expect("there is something above the story");
    let (problem, case) = above.split_once('\n').expect("a line, then the case");
    assert!(problem.starts_with("sim: no case was kept in file/below: "), "{problem}");
    let case: sim::Case = serde_json::from_str(case).expect("what stands above is a case");
    assert_eq!(case.found.map(|found| found.signature).as_deref(), Some("canary::election_safety"));
    assert!(block.replay.ends_with("--without loss"), "the seed alone would be another case: {}", block.replay);
    let replayed = desk.paste(&block.replay);
    assert_eq!(replayed.exit, Some(1));
    assert_eq!(Block::at_the_end_of(&replayed.stderr), block);
    assert_eq!(desk.files(), ["Cargo.lock", "file"]);
}

#[test]
fn a_file_that_cannot_be_written_is_refused_before_anything_is_run() {
    let desk = Desk::new("bad_json");
    desk.write("file", "");
    let too_long = format!("{}.json", "x".repeat(300));
    for path in ["absent/report.json", "file/report.json", ".", &too_long] {
        let ended = desk.sim(&["fuzz", "canary", "--seeds", "200", "--base", "1", "--json", path]);
        assert_refused(&ended, &format!("--json {path}: "));
    }
    assert_eq!(desk.files(), ["Cargo.lock", "file"]);
}

/// A case of the canary that passes, as it is saved in `passing.json`.
fn passing_case(desk: &Desk) -> Value {
    let ended = desk.sim(&["replay", "--scenario", "canary", "--seed", "0x1", "--save", "passing.json"]);
    assert_eq!(ended.exit, Some(0), "seed 1 passes: {ended:?}");
    serde_json::from_str(&desk.read("passing.json")).expect("what is saved is JSON")
}

fn changed(case: &Value, change: impl FnOnce(&mut Value)) -> String {
    let mut case = case.clone();
    change(&mut case);
    serde_json::to_string_pretty(&case).expect("a value is plain data")
}

fn object(value: &mut Value) -> &mut serde_json::Map<String, Value> {
    value.as_object_mut().expect("an object")
}

/// One line, and the exit code of what was used wrongly.
fn assert_refused(ended: &Ended, expected: &str) {
    assert_eq!(ended.exit, Some(64), "{ended:?}");
    assert!(ended.stderr.starts_with("sim: ") && ended.stderr.lines().count() == 1, "one line: {}", ended.stderr);
    assert!(!ended.stderr.contains("--help'"), "one hint is enough: {}", ended.stderr);
    assert!(ended.stderr.contains(expected), "expected {expected}; received {}", ended.stderr);
    assert_eq!(ended.stdout, "", "nothing was run");
}

fn assert_bad_corpus(ended: &Ended, file: &str, expected: &str) {
    assert_eq!(ended.exit, Some(6), "{ended:?}");
    let line = ended.stderr.lines().find(|line| line.contains(file));
    let line = line.unwrap_or_else(|| panic!("{file} is not named: {}", ended.stderr));
    assert!(line.contains(expected), "expected {expected}; received {line}");
}
