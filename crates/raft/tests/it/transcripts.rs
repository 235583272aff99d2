//! Transcripts: commands, and under each what came of it.
//!
//! A transcript is a text file in `tests/transcripts`. Lines with `#` in front say what it is about, lines
//! without indentation are commands (see [`command::Command`]), and indented lines are the output that the command
//! above them must have. Nothing passes by itself: no message arrives, no write is done and no time passes
//! unless a command says so. [`Cluster`](crate::cluster::Cluster) checks Raft's properties after every step.
//!
//! Where a change of the output is meant, `UPDATE_TRANSCRIPTS=1 cargo test -p raft` writes the files anew. A
//! test that has written fails all the same, so that nothing changes unseen.
//!
//! | module | holds |
//! |---|---|
//! | `script` | a file: its commands and their outputs |
//! | `command` | what can be said in a line |
//! | `stage` | a cluster on which commands are carried out |
//! | `render` | events and states as text |

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use script::{Line, Script};
use stage::Stage;

mod command;
mod render;
mod script;
mod stage;

/// From the root of the workspace, for errors.
const FOLDER: &str = "crates/raft/tests/transcripts";

/// One test per file, with the file's name.
macro_rules! transcripts {
    ($($name:ident),* $(,)?) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        $(#[test]
        fn $name() {
            check(stringify!($name));
        })*
    };
}

transcripts! {
    a_candidate_votes_for_nobody_else,
    a_delayed_append_removes_nothing,
    a_full_window_waits_and_then_sends_more_at_once,
    a_heartbeat_commits_nothing_it_has_not_verified,
    a_late_pre_vote_starts_no_second_election,
    a_leader_refuses_who_would_depose_it,
    a_leader_that_nobody_answers_steps_down,
    a_leader_without_a_quorum_makes_way_for_who_has_one,
    a_longer_log_of_an_earlier_term_is_not_elected,
    a_new_leader_counts_itself_once_its_disk_has_the_entry,
    a_node_alone_waits_for_its_own_disk,
    a_node_that_comes_back_deposes_nobody,
    a_refusal_of_a_later_term_ends_a_candidacy,
    a_repeated_vote_counts_once,
    a_retransmission_waits_for_the_disk_too,
    a_shorter_log_of_a_later_term_is_elected,
    a_stale_rejection_moves_nothing,
    a_torn_write_leaves_a_log_that_can_be_told,
    a_vote_is_written_before_it_is_given,
    an_inherited_entry_is_committed_below_a_new_one,
    an_old_heartbeat_takes_no_commit_back,
    an_overtaken_acknowledgement_takes_nothing_back,
    check_quorum_alone_does_not_protect_a_leader,
    figure_7_a_leader_brings_every_log_to_its_own,
    figure_8_an_old_entry_on_a_majority_may_still_be_lost,
    of_uneven_acknowledgements_the_third_of_five_counts,
    pre_vote_alone_does_not_protect_an_idle_leader,
    the_end_of_an_old_write_vouches_for_no_newer_entry,
    what_an_isolated_leader_wrote_gives_way,
    who_is_behind_learns_the_term_from_those_it_asks,
}

#[test]
fn every_transcript_is_run() {
    let files = fs::read_dir(folder()).expect("the transcripts are there");
    for file in files {
        let file = file.expect("a readable folder").path();
        let name = file.file_stem().and_then(|stem| stem.to_str()).expect("a name of letters");
        assert!(NAMES.contains(&name), "{FOLDER}/{name}.txt is not in the list of {}", file!());
    }
}

/// Runs a transcript. Fails at the first command whose output is another: what follows may only follow from it.
fn check(name: &str) {
    let file = format!("{FOLDER}/{name}.txt");
    let path = folder().join(name).with_extension("txt");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let mut script = Script::parse(&text).unwrap_or_else(|error| panic!("{file}:{error}"));
    let is_update = is_update();
    let mut stage = Stage::default();
    for Line { number, command, output } in script.commands() {
        let place = format!("{file}:{number}: {command}");
        let received = perform(&mut stage, command, &place).unwrap_or_else(|error| panic!("{place}\n{error}"));
        if is_update {
            *output = received;
        } else if *output != received {
            let (expected, received) = (render::block(output), render::block(&received));
            panic!("{place}\nexpected:\n{expected}received:\n{received}");
        }
    }
    let updated = script.to_string();
    if is_update && updated != text {
        fs::write(&path, updated).expect("a writable transcript");
        panic!("{file} is written anew: read the difference, and run again without UPDATE_TRANSCRIPTS");
    }
}

fn perform(stage: &mut Stage, command: &str, place: &str) -> Result<Vec<String>, String> {
    let _place = Place(place);
    stage.perform(command.parse()?)
}

/// Says where a transcript stood when a node or the cluster panicked.
struct Place<'a>(&'a str);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("{}", self.0);
        }
    }
}

fn is_update() -> bool {
    #[expect(clippy::disallowed_methods, reason = "golden files change only where somebody asks for it")]
    let variable = std::env::var("UPDATE_TRANSCRIPTS");
    match variable.as_deref() {
        Err(std::env::VarError::NotPresent) => false,
        Ok("1") => true,
        other => panic!("expected UPDATE_TRANSCRIPTS=1 or nothing, received {other:?}"),
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts")
}
