//! A fault of code that is not ours, once it is written up: fresh seeds that show it are counted, and everything else fails.

use serde_json::{Value, json};

use crate::program::{Desk, Ended};

const FINDING: &str = "docs/findings/two-leaders.md";

/// A desk with a stored case of the fault, which was shrunk; what it expects is changed so.
fn desk(name: &str, change: impl FnOnce(&mut Value)) -> (Desk, String) {
    let desk = Desk::new(name);
    let ended = theirs(&desk, &["--seeds", "200", "--base", "1"]);
    assert_eq!(ended.exit, Some(1), "nobody has written it up: {ended:?}");
    let file = desk.cases().pop().expect("a case is kept");
    let mut case = parse(&desk.read(&file));
    assert_eq!((&case["expect"], case["shrunk"].is_object()), (&json!("pass"), true));
    case["expect"] = json!({"known": "canary::election_safety", "finding": FINDING});
    change(&mut case);
    desk.write(&file, &case.to_string());
    (desk, file)
}

fn theirs(desk: &Desk, arguments: &[&str]) -> Ended {
    let fuzz = ["theirs", "fuzz", "canary", "--jobs", "1", "--json", "report.json"];
    desk.run(env!("CARGO_BIN_EXE_variants"), &[&fuzz, arguments].concat())
}

/// Of eight campaigns, those that were green, with their bases; each is asserted to have failed by what is new, or by nothing.
/// What is new is kept elsewhere, or no fresh seed would be run after it.
fn green(desk: &Desk) -> Vec<(String, Ended)> {
    let mut green = Vec::new();
    for base in (2..=9).map(|base| base.to_string()) {
        let before = cases(desk);
        let ended = theirs(desk, &["--seeds", "400", "--out", "elsewhere", "--base", &base]);
        let report = parse(&desk.read("report.json"));
        let scenario = &report["scenarios"][0];
        let failures = scenario["failures"].as_array().expect("failures");
        assert!(!failures.is_empty(), "two leaders in 400 seeds: {report}");
        let is_known = failures.iter().all(|failure| failure["known"] == json!(true));
        let exit = if is_known { 0 } else { 1 };
        assert_eq!((ended.exit, &report["exit"]), (Some(exit), &json!(exit)), "{ended:?}");
        if is_known {
            assert_eq!(scenario["seeds"], json!(400), "what is known is no reason to look no further");
            assert_eq!(cases(desk), before, "and is kept no second time");
            green.push((base, ended));
        }
    }
    green
}

fn cases(desk: &Desk) -> Vec<String> {
    let mut files = desk.files();
    files.retain(|file| file.contains("canary/"));
    files
}

#[test]
fn what_is_written_up_is_counted_and_what_is_new_still_fails() {
    let (desk, file) = desk("written_up", |_| ());
    let green = green(&desk);
    assert!(!green.is_empty(), "some of eight are alike");
    for (base, elsewhere) in &green {
        let files = cases(&desk);
        let ended = theirs(&desk, &["--seeds", "400", "--base", base]);
        assert_eq!((ended.exit, &ended.stderr), (Some(0), &elsewhere.stderr), "wherever cases are kept");
        assert_eq!(cases(&desk), files, "and none was");
        assert!(!ended.stderr.contains("sim: FAILED"), "{ended:?}");
        let line = ended.stderr.lines().find(|line| line.starts_with("sim: KNOWN ")).expect("a line");
        let said = format!("sim: KNOWN canary  canary::election_safety  {FINDING}  seed ");
        let shown = format!(", as {file} shows");
        assert!(line.starts_with(&said) && line.contains(" of 400 seeds") && line.ends_with(&shown), "{line}");
        let counted = |line: &str| {
            line.starts_with("  canary::election_safety failed ") && line.ends_with(&format!(", known: {FINDING}"))
        };
        assert!(ended.stdout.lines().any(counted), "{}", ended.stdout);
    }
}

/// The stored case passes today: it stands for nothing, and what fails is new.
#[test]
fn a_stored_case_that_shows_nothing_today_excuses_nothing() {
    let (desk, _) = desk("written_up_and_gone", |case| case["plan"]["items"] = json!([]));
    assert!(green(&desk).is_empty());
}

#[test]
fn a_fault_that_is_written_up_does_not_fail_a_test() {
    let (desk, _) = desk("written_up_and_checked", |_| ());
    let check = |base: u32| {
        let variables = format!("SIM_BASE={base} SIM_SEEDS=400 SIM_PERSIST=0 variants check");
        desk.paste(&variables)
    };
    let checked: Vec<Ended> = (2..=9).map(check).collect();
    let green: Vec<&Ended> = checked.iter().filter(|ended| ended.exit == Some(0)).collect();
    assert!(!green.is_empty(), "{checked:?}");
    for ended in green {
        let counted = ended.stdout.contains(&format!(" failed by {FINDING}, 1 kept case"));
        assert!(counted && ended.stdout.starts_with("canary: 400 seeds, "), "{ended:?}");
    }
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}
