//! What a campaign must have seen, and what it looks like where it tested nothing: made-up scenarios, each with one flaw.

use serde_json::{Value, json};

use crate::program::{Desk, Ended, command};

/// The scenarios with one flaw, and the one with none.
const SHAMS: &str = env!("CARGO_BIN_EXE_shams");

/// The scenario, the check that it does not pass, what was seen, and whether `check()` fails by it.
const SICK: [(&str, &str, &str, bool); 9] = [
    ("short", "nothing_happened", "100 of 100 runs were over within 20 events", true),
    ("mute", "nothing_happened", "no message was sent in 100 runs", true),
    ("faultless", "no_fault_fired", "1 kinds of fault were on, and none struck in 100 runs", false),
    ("unanswered", "all_operations_failed", " operations, and none was answered", true),
    ("in_turns", "no_operation_overlapped", "of 2000 operations none met another client's", false),
    ("blind", "property_never_evaluated", "`looks` was never evaluated in 100 seeds", true),
    ("hopeless", "all_stuck", "of 100 runs 100 were beyond help and 0 are undecided", true),
    (
        "torn",
        "beyond_help",
        " runs were beyond help, though faults are withheld so that none is; the first is 0x",
        false,
    ),
    ("strict", "too_much_withheld", "were withheld, most of all crash, ", false),
];

#[test]
fn each_check_is_told_by_its_name_and_nothing_else_is() {
    let desk = Desk::new("sick");
    for (scenario, check, seen, _) in SICK {
        let ended = fuzz(&desk, scenario, 100, "--deny-miss");
        assert_eq!(ended.exit, Some(4), "{scenario}: {ended:?}");
        let told: Vec<&str> = ended.stdout.lines().filter(|line| line.starts_with("  health: ")).collect();
        assert_eq!(told.len(), 1, "{scenario}: {told:?}");
        assert!(told[0].starts_with(&format!("  health: {check}: ")) && told[0].contains(seen), "{told:?}");
        let report = &report(&desk)["health"];
        assert_eq!((report.as_array().map(Vec::len), &report[0]["check"]), (Some(1), &json!(check)));
        let (seen, advice) = (report[0]["seen"].as_str(), report[0]["advice"].as_str());
        assert_eq!(told[0], format!("  health: {check}: {}; {}", seen.expect("a text"), advice.expect("a text")));

        assert_eq!(fuzz(&desk, scenario, 100, "").exit, Some(0), "told and not denied");
        let few = fuzz(&desk, scenario, 99, "--deny-miss");
        assert_eq!((few.exit, few.stdout.contains("health: ")), (Some(0), false), "too few to be judged: {scenario}");
        let allowed = fuzz(&desk, scenario, 100, &format!("--deny-miss --allow {check}"));
        assert_eq!((allowed.exit, allowed.stdout.contains("health: ")), (Some(0), false), "{scenario}: {allowed:?}");
    }
}

#[test]
fn a_sound_campaign_has_no_symptom_and_hits_every_goal() {
    let desk = Desk::new("sound");
    let ended = fuzz(&desk, "sound", 200, "--deny-miss");
    assert_eq!(ended.exit, Some(0), "{ended:?}");
    let report = report(&desk);
    assert_eq!(report["health"], json!([]));
    let reach = report["reach"].as_object().expect("an object");
    let labels: Vec<&str> = reach.keys().map(String::as_str).collect();
    assert_eq!(labels, ["fault:crash", "fault:loss", "fault:partition", "served"]);
    for (label, goal) in reach {
        assert_eq!((&goal["state"], &goal["needs_seeds"]), (&json!("hit"), &json!(1000)), "{label}");
        assert!(goal["hits"].as_u64() >= goal["seeds"].as_u64() && goal["seeds"].as_u64() > Some(0), "{goal}");
    }
    let seed = campaign::Base::parse("1").expect("a number").seed(0).to_string();
    let closest = json!({ "took_ns": 0, "bound_ns": 1_000_000_000, "seed": seed });
    let recovery = json!({ "progress": { "seeds": 200, "median_ns": 0, "p99_ns": 0, "closest": closest } });
    assert_eq!(report["recovery"], recovery);
    let line = line_of(&ended, "  progress ");
    assert!(line.ends_with(&format!(" 0 ms      0 ms     100 %  0 ms of 1.0 s, seed {seed}")), "{line}");
    assert!(ended.stdout.contains("\n  4 of 4 goals were hit, kinds of fault included\n"), "{}", ended.stdout);
}

#[test]
fn a_goal_is_missed_once_it_had_the_seeds_that_it_needs() {
    let desk = Desk::new("goals");
    for (seeds, never, exit) in [(149, "undetermined", 0), (150, "missed", 4)] {
        let ended = fuzz(&desk, "goals", seeds, "--deny-miss");
        assert_eq!(ended.exit, Some(exit), "{ended:?}");
        let reach = &report(&desk)["reach"];
        assert_eq!(reach["never"], json!({ "hits": 0, "seeds": 0, "state": never, "needs_seeds": 150 }));
        let exempt = json!({
            "hits": 0, "seeds": 0, "state": "exempt", "needs_seeds": 1000, "exempt": "nobody ever does",
        });
        assert_eq!((&reach["served"]["state"], &reach["nowhere"]), (&json!("hit"), &exempt));
        let line = line_of(&ended, "  never ");
        assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["0", "-", "150", never]);
        assert!(line_of(&ended, "  nowhere ").ends_with("  exempt: nobody ever does"), "{}", ended.stdout);
    }
    assert_eq!(fuzz(&desk, "goals", 150, "").exit, Some(0), "told and not denied");
}

#[test]
fn what_is_exempt_and_hit_all_the_same_is_denied() {
    let desk = Desk::new("exempt");
    let ended = fuzz(&desk, "exempt", 1, "--deny-miss");
    assert_eq!(ended.exit, Some(4), "{ended:?}");
    assert_eq!(report(&desk)["reach"]["served"]["state"], json!("exempt_hit"));
    assert!(line_of(&ended, "  served ").ends_with("  exempt_hit: nobody ever does"), "{}", ended.stdout);
    assert_eq!(fuzz(&desk, "exempt", 1, "").exit, Some(0), "told and not denied");
}

#[test]
fn a_kind_of_fault_that_never_strikes_is_missed_unless_it_is_left_out() {
    let desk = Desk::new("withheld");
    let ended = fuzz(&desk, "withheld", 150, "--deny-miss");
    assert_eq!((ended.exit, &report(&desk)["reach"]["fault:crash"]["state"]), (Some(4), &json!("missed")));
    let left_out = fuzz(&desk, "withheld", 150, "--deny-miss --without crash");
    assert_eq!((left_out.exit, &report(&desk)["reach"]["fault:crash"]), (Some(0), &Value::Null));
}

#[test]
fn a_test_fails_where_nothing_was_tested_and_otherwise_says_what_weakens_it() {
    let desk = Desk::new("sick_check");
    for (scenario, check, _, is_vacuous) in SICK {
        let ended = check_of(&desk, scenario, 100);
        let (vacuous, green) =
            (format!("sim: VACUOUS {scenario}, 100 seeds of base "), format!("{scenario}: 100 seeds, "));
        if is_vacuous {
            assert!(ended.exit != Some(0) && ended.stderr.starts_with(&vacuous), "{ended:?}");
            assert!(ended.stderr.contains(&format!(": {check}: ")), "{ended:?}");
        } else {
            assert!(ended.exit == Some(0) && ended.stdout.starts_with(&green), "{ended:?}");
            assert!(ended.stdout.contains(&format!("\n  health: {check}: ")), "{ended:?}");
        }
        assert_eq!(check_of(&desk, scenario, 99).exit, Some(0), "too few to be judged: {scenario}");
    }
    for scenario in ["sound", "allowed", "unlucky"] {
        let ended = check_of(&desk, scenario, 100);
        assert_eq!((ended.exit, ended.stdout.lines().count()), (Some(0), 1), "{ended:?}");
    }
}

#[test]
fn a_test_fails_by_a_goal_that_is_missed() {
    let desk = Desk::new("missed_check");
    for (scenario, seeds, expected) in [
        ("goals", 150, "the goal `never` was missed by 150 seeds or more\n"),
        ("exempt", 1, "times although it is exempt: nobody ever does\n"),
        ("withheld", 150, "always withheld: let a `Survival` allow it, or exclude it\n"),
    ] {
        let ended = check_of(&desk, scenario, seeds);
        assert!(ended.exit != Some(0) && ended.stderr.starts_with("sim: VACUOUS "), "{ended:?}");
        assert!(ended.stderr.contains(expected), "{ended:?}");
    }
    assert_eq!(check_of(&desk, "goals", 149).exit, Some(0));
}

#[test]
fn list_shows_goals_with_what_they_need_and_what_is_exempt_or_allowed() {
    let desk = Desk::new("list_goals");
    let entries: Value = serde_json::from_str(&desk.run(SHAMS, &["list", "--json"]).stdout).expect("JSON");
    let entry = |name: &str| entries.as_array().and_then(|all| all.iter().find(|entry| entry["name"] == name));
    let (goals, allowed) = (entry("goals").expect("it is listed"), entry("allowed").expect("it is listed"));
    let needs = json!([{ "label": "served", "needs_seeds": 1000 }, { "label": "never", "needs_seeds": 150 }]);
    assert_eq!((&goals["goals"], &goals["exempt"][0]["label"]), (&needs, &json!("nowhere")));
    assert_eq!(allowed["allow"], json!(["all_operations_failed"]));
    let text = desk.run(SHAMS, &["list"]).stdout;
    for line in ["never (in 150 seeds)", "served (in 1000 seeds)", "nowhere: nobody ever does", "all_operations_failed"]
    {
        assert!(text.contains(line), "{line} is not in {text}");
    }
}

fn fuzz(desk: &Desk, scenario: &str, seeds: u64, arguments: &str) -> Ended {
    let all = format!("fuzz {scenario} --seeds {seeds} --base 1 --jobs 1 --json report.json {arguments}");
    desk.run(SHAMS, &all.split_whitespace().collect::<Vec<&str>>())
}

/// What the last `fuzz` wrote of its scenario.
fn report(desk: &Desk) -> Value {
    let report: Value = serde_json::from_str(&desk.read("report.json")).expect("a report is JSON");
    report["scenarios"][0].clone()
}

fn check_of(desk: &Desk, scenario: &str, seeds: u64) -> Ended {
    let variables = [("SIM_SEEDS", seeds.to_string()), ("SIM_BASE", "1".to_owned())];
    let output = command(SHAMS).current_dir(&desk.path).envs(variables).args(["check", scenario]).output();
    output.expect("the program starts").into()
}

/// The rest of the last line that starts like this: what is a goal stands above among what was seen.
fn line_of<'a>(ended: &'a Ended, start: &str) -> &'a str {
    let line = ended.stdout.lines().rev().find_map(|line| line.strip_prefix(start));
    line.unwrap_or_else(|| panic!("no line starts with `{start}`: {}", ended.stdout))
}
