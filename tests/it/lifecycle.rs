//! What becomes of a failure: shrunk, kept once, judged ever after, brought up to date, removed.

use serde_json::{Value, json};

use crate::program::{Block, Desk, Ended};

#[test]
fn what_fuzz_keeps_is_shrunk_and_says_what_it_was() {
    let desk = Desk::new("shrunk_by_fuzz");
    let ended = desk.sim(&["fuzz", "canary", "--seeds", "200", "--base", "1", "--json", "report.json"]);
    let line = line_of(&ended, "  shrunk: ");
    assert!(line.starts_with("63 -> 1 faults, 3 -> ") && line.ends_with(" s)"), "{line}");
    let case = only_case(&desk);
    let (from, to) = (&case["shrunk"]["from"], &case["shrunk"]["to"]);
    assert_eq!((from["faults"].clone(), to["faults"].clone()), (json!(63), json!(1)));
    assert_eq!((&case["found"]["by"], &case["seed"]), (&json!("fuzz"), &json!("0xec8bc2cb7a951517")));
    let fired: Vec<&Value> = case["plan"]["items"].as_array().expect("items").iter().map(|item| &item["id"]).collect();
    assert_eq!(case["fired"], json!(fired), "what is left has fired");

    let failure = report(&desk)["scenarios"][0]["failures"][0].clone();
    let shrunk = &failure["shrunk"];
    assert_eq!((&shrunk["from"], &shrunk["to"], &shrunk["minimal"]), (from, to, &json!(true)));
    assert!(shrunk["wall_ns"].as_u64() > Some(0) && shrunk["events"].as_u64() > shrunk["runs"].as_u64(), "{shrunk}");
    let block = Block::at_the_end_of(&ended.stderr);
    assert!(include_str!("../../README.md").contains(&block.heading), "the README shows another: {}", block.heading);
    assert_eq!(Block::at_the_end_of(&desk.paste(&block.replay).stderr), block);
}

#[test]
fn without_shrinking_the_case_is_kept_as_it_was_found() {
    let desk = Desk::new("not_shrunk");
    let ended = desk.sim(&["fuzz", "canary", "--seeds", "200", "--base", "1", "--no-shrink", "--json", "report.json"]);
    assert!(!ended.stderr.contains("shrunk:"), "{}", ended.stderr);
    let case = only_case(&desk);
    assert_eq!((&case["shrunk"], case["plan"]["items"].as_array().map(Vec::len)), (&Value::Null, Some(59)));
    assert_eq!(report(&desk)["scenarios"][0]["failures"][0]["shrunk"], Value::Null);
}

#[test]
fn what_many_seeds_show_is_one_failure_and_counted() {
    let desk = Desk::new("one_fault");
    let ended = desk.sim(&["fuzz", "canary", "--seeds", "400", "--base", "1", "--keep-going", "--json", "report.json"]);
    let failures = report(&desk)["scenarios"][0]["failures"].clone();
    let hits = failures[0]["hits"].as_u64().expect("a number");
    assert_eq!(failures.as_array().map(Vec::len), Some(1), "terms, nodes and times make no other fault: {failures}");
    assert!(hits > 1, "{failures}");
    let found = line_of(&ended, "  found:  ");
    assert!(found.ends_with(&format!("; seen in {hits} of 400 seeds")), "{found}");
    let counted = format!("canary::election_safety failed {hits} of 400 seeds, the first 0xec8bc2cb7a951517");
    assert!(ended.stdout.contains(&counted), "{}", ended.stdout);
    only_case(&desk);
}

#[test]
fn of_cases_that_show_the_same_by_the_same_means_one_is_kept() {
    let desk = Desk::new("kept_once");
    let mut shapes = Vec::new();
    let mut known_before = 0;
    for base in 1..=12 {
        let ended = desk.sim(&["fuzz", "canary", "--seeds", "400", "--jobs", "1", "--base", &base.to_string()]);
        assert_eq!(ended.exit, Some(1), "{ended:?}");
        known_before +=
            usize::from(line_of(&ended, "  found:  ").contains("it fails as this case does, which is kept"));
        let block = Block::at_the_end_of(&ended.stderr);
        assert_eq!(Block::at_the_end_of(&desk.paste(&block.replay).stderr), block, "whichever case stays");
    }
    for file in desk.cases() {
        let case: Value = parse(&desk.read(&file));
        let items = case["plan"]["items"].as_array().expect("items").iter();
        let mut items: Vec<String> =
            items.map(|item| format!("{} {}", item["fault"], trigger(&item["when"]))).collect();
        items.sort_unstable();
        shapes.push((items, case["nodes"].as_array().map(Vec::len)));
        assert!(desk.files().contains(&file.replace(".json", ".txt")), "{file} has its block");
    }
    assert!(shapes.len() < 12 && known_before > 0, "some of 12 are alike: {shapes:?}");
    let count = shapes.len();
    shapes.sort_unstable();
    shapes.dedup();
    assert_eq!(shapes.len(), count, "no two that are kept are alike");
    assert_eq!(desk.files().len(), 1 + 2 * count, "a block beside each case and nothing else: {:?}", desk.files());
    let pruned = desk.sim(&["corpus", "prune"]);
    assert!(pruned.stdout.starts_with(&format!("0 removed, {count} kept in ")), "{pruned:?}");
}

#[test]
fn a_case_that_should_pass_and_fails_on_another_commit_is_a_regression() {
    let desk = Desk::new("regression");
    let (file, case) = kept(&desk, &[]);
    for (commit, expected) in [
        (json!("0".repeat(40)), "REGRESSION: kept since 2026-01-02, found by fuzz, and should pass"),
        (case["found"]["commit"].clone(), "kept since 2026-01-02, found by fuzz, and should pass"),
    ] {
        let mut case = case.clone();
        case["expect"] = json!("pass");
        case["found"]["commit"] = commit;
        case["found"]["date"] = json!("2026-01-02");
        desk.write(&file, &case.to_string());
        for arguments in [&["fuzz", "canary", "--seeds", "1", "--base", "1"][..], &["corpus", "check"]] {
            let ended = desk.sim(arguments);
            assert_eq!((ended.exit, line_of(&ended, "  found:  ").as_str()), (Some(1), expected), "{ended:?}");
        }
    }
}

#[test]
fn list_says_what_a_case_showed_how_large_it_is_and_who_found_it() {
    let desk = Desk::new("corpus_list");
    let (file, case) = kept(&desk, &[]);
    let (date, nodes) = (case["found"]["date"].as_str().expect("a day"), case["nodes"].as_array().map_or(0, Vec::len));
    let size = format!("1 faults, {nodes} nodes, 0 operations");
    let expected = format!("{file}: canary::election_safety  {size}  found by fuzz, {date}\n");
    assert_eq!(desk.sim(&["corpus", "list"]).stdout, expected);
}

#[test]
fn migrate_brings_up_to_date_what_still_means_what_it_meant_and_leaves_the_rest() {
    let desk = Desk::new("migrate");
    let (file, case) = kept(&desk, &["--no-shrink"]);
    let mut old = case.clone();
    let office = old["knobs"].as_object_mut().and_then(|knobs| knobs.remove("office_ms")).expect("the canary's knob");
    old["knobs"]["colour"] = json!(3);
    old["fired"] = json!([case["fired"][0]]);
    desk.write(&file, &old.to_string());
    assert_eq!(desk.sim(&["corpus", "check"]).exit, Some(6));

    let migrated = desk.sim(&["corpus", "migrate"]);
    assert_eq!(migrated.exit, Some(0), "{migrated:?}");
    let said = format!("{file}: dropped knob `colour`, which was 3, filled knob `office_ms` with {office}\n");
    assert_eq!(migrated.stdout, said);
    assert_eq!(parse(&desk.read(&file)), case, "the seed gives the knob the value that it had");
    assert_eq!(desk.sim(&["corpus", "check"]).exit, Some(0));
    assert_eq!(desk.sim(&["corpus", "migrate"]).stdout, format!("{file}: up to date\n"));

    let mut other = case.clone();
    other["reached"] = json!(["the_far_side"]);
    let text = other.to_string();
    desk.write(&file, &text);
    let left = desk.sim(&["corpus", "migrate"]);
    assert_eq!(left.exit, Some(6), "{left:?}");
    assert_eq!(left.stderr, format!("sim: LEFT {file}: `the_far_side` was reached then and is not now\n"));
    assert_eq!(desk.read(&file), text, "what is left is left as it is");
}

#[test]
fn prune_removes_copies_and_what_is_stale_and_nothing_else() {
    let desk = Desk::new("prune");
    let (file, case) = kept(&desk, &[]);
    let variant = |name: &str, change: &dyn Fn(&mut Value)| {
        let mut case = case.clone();
        change(&mut case);
        desk.write(&format!("sim-seeds/canary/{name}.json"), &case.to_string());
        desk.write(&format!("sim-seeds/canary/{name}.txt"), "what was said");
    };
    let slower = |case: &mut Value| case["found"]["event"] = json!(1_000_000);
    variant("copy", &slower);
    variant("noted", &|case| {
        slower(case);
        case["note"] = json!("the first one");
    });
    variant("gone", &|case| case["plan"]["items"] = json!([]));
    variant("known", &|case| {
        case["plan"]["items"] = json!([]);
        case["expect"] = json!({"known": "canary::election_safety", "finding": "findings.md"});
    });
    variant("old", &|case| drop(case["knobs"].as_object_mut().and_then(|knobs| knobs.remove("retry_ms"))));
    variant("newer", &|case| case["format"] = json!(1_000));

    let pruned = desk.sim(&["corpus", "prune"]);
    assert_eq!(pruned.exit, Some(6), "some are left for a person: {pruned:?}");
    let said: Vec<&str> = pruned.stdout.lines().collect();
    assert_eq!(said.len(), 3, "{pruned:?}");
    let best = file.rsplit('/').next().expect("a name");
    let copy = format!("sim-seeds/canary/copy.json: removed, as {best} shows the same by the same means");
    assert_eq!(said[0], copy);
    assert_eq!(said[1], "sim-seeds/canary/gone.json: removed, as it no longer shows canary::election_safety");
    assert!(said[2].starts_with("2 removed, 5 kept in "), "{}", said[2]);
    for (name, reason) in [
        ("known", "it no longer shows canary::election_safety: findings.md has to say so first"),
        ("newer", "format 1000 is newer than this version reads"),
        ("old", "knob `retry_ms` is missing"),
    ] {
        let line = format!("sim: LEFT sim-seeds/canary/{name}.json: {reason}");
        assert!(pruned.stderr.contains(&line), "{name}: {}", pruned.stderr);
    }
    let files = desk.files();
    assert!(!files.iter().any(|file| file.contains("/copy.") || file.contains("/gone.")), "blocks as well: {files:?}");
    assert!(files.contains(&file), "the best stays: {files:?}");
}

/// `shrink` writes beside a guard of the same name, over what shows the same, and drops nothing that a person has written.
#[test]
fn a_stored_case_that_is_shrunk_keeps_what_was_said_of_it_and_takes_no_other_ones_place() {
    let desk = Desk::new("shrunk_in_place");
    let (file, case) = kept(&desk, &["--no-shrink"]);
    let mut known = case.clone();
    known["note"] = json!("the first one");
    known["expect"] = json!({"known": "canary::election_safety", "finding": "findings.md"});
    known["found"]["date"] = json!("2026-01-02");
    desk.write(&file, &known.to_string());
    assert_eq!(desk.sim(&["shrink", &file]).exit, Some(1));
    let shrunk = only_case(&desk);
    assert_eq!(shrunk["shrunk"]["minimal"], json!(true));
    for what in ["note", "expect"] {
        assert_eq!(shrunk[what], known[what], "{what}");
    }
    assert_eq!((&shrunk["found"]["date"], &shrunk["found"]["by"]), (&json!("2026-01-02"), &json!("fuzz")));

    let mut guard = case.clone();
    guard["plan"]["items"] = json!([]);
    let text = guard.to_string();
    desk.write(&file, &text);
    desk.write("case.json", &case.to_string());
    let ended = desk.sim(&["shrink", "case.json"]);
    assert_eq!((ended.exit, desk.read(&file) == text), (Some(1), true), "what shows nothing today stays: {ended:?}");
    let beside = file.replace(".json", "-2.json");
    assert!(Block::at_the_end_of(&ended.stderr).replay.ends_with(&beside), "{ended:?}");
    desk.write(&beside, &case.to_string());
    assert_eq!(desk.sim(&["shrink", &beside]).exit, Some(1));
    assert_eq!((parse(&desk.read(&beside))["shrunk"].is_object(), desk.cases().len()), (true, 2), "it is in its place");
}

/// A fault that is written up is found again by the very seed, and shrunk to less than what is kept.
#[test]
fn what_is_written_up_stays_so_when_a_smaller_case_of_it_is_found() {
    let desk = Desk::new("known_found_again");
    let (file, case) = kept(&desk, &["--no-shrink"]);
    let mut known = case;
    known["expect"] = json!({"known": "canary::election_safety", "finding": "findings.md"});
    desk.write(&file, &known.to_string());
    let (again, shrunk) = kept(&desk, &[]);
    assert_eq!((&again, shrunk["shrunk"].is_object()), (&file, true));
    assert_eq!(shrunk["expect"], known["expect"]);
}

/// The process interrupts itself in a run of the shrinker: its 60th, or the 190th where 123 seeds come before.
#[test]
#[cfg(unix)]
fn a_shrink_that_is_interrupted_leaves_a_case_that_fails_alike() {
    let interrupts = env!("CARGO_BIN_EXE_interrupts");
    for arguments in [
        &["190", "fuzz", "canary", "--base", "1", "--seeds", "200"][..],
        &["60", "shrink", "--scenario", "canary", "--seed", "0xec8bc2cb7a951517"],
    ] {
        let desk = Desk::new(&format!("interrupted_{}", arguments[1]));
        let ended = desk.run(interrupts, &[arguments, &["--jobs", "1"]].concat());
        assert_eq!(ended.exit, Some(1), "what was found counts: {ended:?}");
        let block = Block::at_the_end_of(&ended.stderr);
        assert!(line_of(&ended, "  shrunk: ").ends_with(", cut short)"), "{}", ended.stderr);
        let case = only_case(&desk);
        assert_eq!(case["shrunk"]["minimal"], json!(false));
        assert!(case["shrunk"]["to"]["faults"].as_u64() < case["shrunk"]["from"]["faults"].as_u64(), "{case}");
        let replayed = desk.paste(&block.replay);
        assert_eq!((replayed.exit, Block::at_the_end_of(&replayed.stderr)), (Some(1), block));
    }
}

/// Since the case was kept, the scenario got a knob, its seeds a kind of fault, and its processes a draw.
#[test]
fn a_change_that_has_nothing_to_do_with_it_does_not_change_what_a_case_reproduces() {
    let variants = env!("CARGO_BIN_EXE_variants");
    for (shrink, name) in [(&[][..], "unrelated_shrunk"), (&["--no-shrink"], "unrelated_whole")] {
        let desk = Desk::new(name);
        let fuzz = [&["then", "fuzz", "canary", "--base", "1", "--seeds", "400"], shrink].concat();
        let found = Block::at_the_end_of(&desk.run(variants, &fuzz).stderr);
        let file = desk.cases().pop().expect("a case was kept");

        let refused = desk.run(variants, &["now", "corpus", "check"]);
        assert_eq!(refused.exit, Some(6), "{refused:?}");
        assert!(refused.stderr.contains("knob `colour` is missing"), "{refused:?}");
        let migrated = desk.run(variants, &["now", "corpus", "migrate"]);
        assert_eq!(migrated.exit, Some(0), "{migrated:?}");
        assert!(migrated.stdout.starts_with(&format!("{file}: filled knob `colour` with ")), "{migrated:?}");
        let replayed = desk.run(variants, &["now", "replay", &file]);
        // Signature, seed, time, event and digest: nothing that is hashed has changed.
        assert_eq!(Block::at_the_end_of(&replayed.stderr).heading, found.heading);
        assert_eq!(desk.run(variants, &["now", "corpus", "check"]).exit, Some(0));
    }
    let pauses = |which: &str| {
        let desk = Desk::new("unrelated_kind");
        let ended = desk.run(variants, &[which, "fuzz", "canary", "--base", "1", "--seeds", "20", "--keep-going"]);
        ended.stdout.lines().any(|line| line.trim_start().starts_with("pause "))
    };
    assert_eq!((pauses("then"), pauses("now")), (false, true));
}

/// The case that `fuzz canary` keeps, and its file.
fn kept(desk: &Desk, arguments: &[&str]) -> (String, Value) {
    let ended = desk.sim(&[&["fuzz", "canary", "--seeds", "200", "--base", "1"], arguments].concat());
    assert_eq!(ended.exit, Some(1), "{ended:?}");
    (desk.cases().pop().expect("a case was kept"), only_case(desk))
}

fn only_case(desk: &Desk) -> Value {
    let cases = desk.cases();
    assert_eq!(cases.len(), 1, "{cases:?}");
    parse(&desk.read(&cases[0]))
}

fn report(desk: &Desk) -> Value {
    parse(&desk.read("report.json"))
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

/// `at`, or the fact and whether it strikes within the step.
fn trigger(when: &Value) -> String {
    match when.get("on") {
        Some(on) => format!("on {} {}", on["fact"], on["point"].get("effects").is_some()),
        None => "at".to_owned(),
    }
}

/// What follows `heading` on the last line of stderr that begins with it.
fn line_of(ended: &Ended, heading: &str) -> String {
    let line = ended.stderr.lines().rev().find_map(|line| line.strip_prefix(heading));
    line.unwrap_or_else(|| panic!("no line begins with {heading}: {}", ended.stderr)).to_owned()
}
