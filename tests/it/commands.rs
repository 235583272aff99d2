//! What the commands come to: exit codes, blocks, files, whatever the number of threads.

use std::process::Stdio;

use serde_json::Value;

use crate::program::{Block, Desk, Ended, SIM_TESTS, command};

#[test]
fn fuzz_ends_with_the_block_and_its_line_replays_the_failure() {
    let desk = Desk::new("fuzz_canary");
    let ended = desk.sim(&["fuzz", "canary", "--seeds", "200"]);
    assert_eq!(ended.exit, Some(1), "{}", ended.stderr);
    let block = Block::at_the_end_of(&ended.stderr);
    assert!(block.heading.starts_with("sim: FAILED canary  canary::election_safety  seed 0x"), "{}", block.heading);
    let replayed = desk.paste(&block.replay);
    assert_eq!(replayed.exit, Some(1), "{}", replayed.stderr);
    assert_eq!(Block::at_the_end_of(&replayed.stderr), block);

    let files = desk.files();
    let kept = files.iter().find(|file| file.ends_with(".json")).expect("the case was kept");
    assert!(kept.starts_with("sim-seeds/canary/election_safety-"), "{kept}");
    let beside = desk.read(&kept.replace(".json", ".txt"));
    let (story, beside) = beside.split_once("\n\n").expect("a story and a block");
    assert!(story.lines().count() <= sim::STORY_LINES_MAX && story.contains("elected in term"), "{story}");
    assert!(ended.stderr.trim_end().ends_with(beside.trim_end()));
    assert!(replayed.stderr.starts_with(story), "{}", replayed.stderr);
    assert_eq!(files.len(), 3, "the lock file, the case, its block, and no drafts: {files:?}");
    let checked = desk.sim(&["corpus", "check"]);
    assert_eq!(checked.exit, Some(0), "the canary is expected to fail: {checked:?}");
}

#[test]
fn a_saved_run_replays_as_it_was_whether_it_passed_or_failed() {
    let desk = Desk::new("saved_run");
    let failed = Block::at_the_end_of(&desk.sim(&["fuzz", "canary", "--seeds", "200"]).stderr);
    for (seed, exit) in [("0x1", 0), (failed.seed(), 1)] {
        let saved = desk.sim(&["replay", "--scenario", "canary", "--seed", seed, "--save", "case.json"]);
        let replayed = desk.sim(&["replay", "case.json"]);
        assert_eq!((saved.exit, replayed.exit), (Some(exit), Some(exit)), "{saved:?} {replayed:?}");
        assert_eq!(saved.stdout, replayed.stdout);
        let is_heading = |line: &&str| line.starts_with("sim: FAILED ");
        let heading = |ended: &Ended| ended.stderr.lines().find(is_heading).map(str::to_owned);
        assert_eq!(heading(&saved), heading(&replayed));
    }
}

#[test]
fn without_crashes_the_canary_is_silent() {
    let ended = Desk::new("calm_canary").sim(&["fuzz", "canary", "--seeds", "200", "--without", "crash"]);
    assert_eq!((ended.exit, ended.stderr.as_str()), (Some(0), ""));
    let line = ended.stdout.lines().nth(1).unwrap_or_default();
    assert_eq!(line.split_whitespace().take(2).collect::<Vec<_>>(), ["canary", "200"], "{line}");
}

#[test]
fn twin_names_the_event_in_which_two_processes_differ() {
    let desk = Desk::new("twin");
    let ended = desk.sim(&["twin", "nondeterministic"]);
    assert_eq!(ended.exit, Some(3), "{}", ended.stderr);
    let block = Block::at_the_end_of(&ended.stderr);
    let parts: Vec<&str> = block.heading.split("  ").collect();
    assert_eq!(parts[..2], ["sim: FAILED nondeterministic", "sim::divergence"]);
    let event = parts[4].strip_prefix("event ").and_then(|event| event.parse::<u64>().ok());
    assert!(event.is_some_and(|event| event > 0), "{}", block.heading);
    assert_eq!(desk.paste(&block.replay).exit, Some(3));

    let alike = desk.sim(&["twin", "canary", "--seeds", "10"]);
    assert_eq!(alike.exit, Some(0), "{}", alike.stderr);
    assert!(alike.stdout.starts_with("canary: 10 seeds, "), "{}", alike.stdout);
}

#[test]
fn the_report_does_not_depend_on_the_number_of_threads() {
    let desk = Desk::new("jobs");
    for arguments in ["--without crash", "--keep-going", ""] {
        let [one, two] = ["1", "2"].map(|jobs| {
            let mut report = fuzz_report(&desk, &format!("{arguments} --jobs {jobs}"));
            assert_eq!(report["jobs"].to_string(), jobs);
            report["jobs"] = Value::Null;
            report["scenarios"][0]["wall_ns"] = Value::Null;
            if let Some(shrunk) = report.pointer_mut("/scenarios/0/failures/0/shrunk") {
                shrunk["wall_ns"] = Value::Null;
            }
            report
        });
        assert_eq!(one, two, "{arguments}");
        assert!(one["scenarios"][0]["events"].as_u64() > Some(0), "{one}");
    }
}

#[test]
fn the_shards_together_run_the_seeds_of_the_whole() {
    let desk = Desk::new("shards");
    let report = |shard: &str| fuzz_report(&desk, &format!("--keep-going --shard {shard}"))["scenarios"][0].clone();
    let (whole, parts) = (report("1/1"), [report("1/2"), report("2/2")]);
    assert_ne!(parts[0]["digest"], parts[1]["digest"], "each has its own half");
    let totals = ["/seeds", "/events", "/virtual_ns", "/counts/voted/total", "/faults/crash/fired", "/failures/0/hits"];
    for total in totals {
        let number = |report: &Value| report.pointer(total).and_then(Value::as_u64).expect("a number");
        assert_eq!(number(&whole), parts.iter().map(number).sum::<u64>(), "{total}");
    }
    let first = &whole["failures"][0]["seed"];
    assert!(parts.iter().any(|part| part["failures"][0]["seed"] == *first), "the first failure is in one of them");
}

#[test]
fn a_step_that_never_returns_ends_the_process_with_its_seed_named() {
    let output = command(env!("CARGO_BIN_EXE_hangs")).output().expect("the program starts");
    let ended = Ended::from(output);
    assert_eq!(ended.exit, Some(70), "{ended:?}");
    let seed = campaign::Base::parse("7").expect("a base in decimal").seed(0);
    assert!(ended.stderr.starts_with(&format!("sim: WATCHDOG stuck  seed {seed}  ")), "{}", ended.stderr);
}

/// The corpus has a case that is a pipe: when the campaign opens it, its handler is in place. It is interrupted then.
#[test]
#[cfg(target_os = "linux")]
fn an_interrupted_campaign_ends_with_its_table() {
    let desk = Desk::new("interrupted");
    let saved = desk.sim(&["replay", "--scenario", "canary", "--seed", "0x1", "--save", "case.json"]);
    assert_eq!(saved.exit, Some(0), "{saved:?}");
    let made = desk.paste("mkdir -p sim-seeds/canary && mkfifo sim-seeds/canary/case.json");
    assert_eq!(made.exit, Some(0), "{made:?}");

    let mut campaign = command(SIM_TESTS);
    campaign.args(["fuzz", "canary", "--without", "crash", "--time", "60s"]).current_dir(&desk.path);
    let campaign = campaign.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the command line starts");
    // Opening a pipe waits for the other side; not for ever, should there be none.
    let interrupt = format!("exec 3>sim-seeds/canary/case.json; kill -INT {}; cat case.json >&3", campaign.id());
    let interrupted = desk.paste(&format!("timeout 30 sh -c '{interrupt}'"));
    assert_eq!(interrupted.exit, Some(0), "{interrupted:?}");

    let ended = Ended::from(campaign.wait_with_output().expect("it ends"));
    assert_eq!((ended.exit, ended.stderr.as_str()), (Some(130), ""));
    assert!(ended.stdout.starts_with("scenario "), "{}", ended.stdout);
}

/// What `fuzz canary --json` writes about 100 known seeds.
fn fuzz_report(desk: &Desk, arguments: &str) -> Value {
    let arguments = format!("fuzz canary --seeds 200 --base 2 --json report.json {arguments}");
    let ended = desk.sim(&arguments.split_whitespace().collect::<Vec<&str>>());
    assert!(matches!(ended.exit, Some(0 | 1)), "{ended:?}");
    serde_json::from_str(&desk.read("report.json")).expect("a report is JSON")
}
