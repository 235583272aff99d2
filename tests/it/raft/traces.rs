//! What happens in short runs of fixed seeds, line by line.
//!
//! A change to these lines is a change to what seeds mean, and is said to be one.

use scenarios::raft::Raft;
use sim::{Case, Expansion, FaultKind, Hex, Record, RecordWhat, RunOptions, Scenario, Time};

/// Three nodes, one client, calm weather, nothing planned.
fn calm(seed: u64) -> Case {
    let mut case = Raft.expand(Hex(seed), &Expansion { without: FaultKind::ALL.to_vec() });
    case.nodes.truncate(3);
    case.workload.clients.truncate(1);
    case.workload.clients.iter_mut().for_each(|load| load.operations = 2);
    case.plan.heal.at_ns = Time::from_nanos(2_000_000_000);
    case
}

/// Facts and what clients hear, up to so many lines.
fn story(case: &Case, lines: usize) -> String {
    let mut told = Vec::new();
    let mut keep = |record: &Record| match record.what {
        RecordWhat::Fact(_) | RecordWhat::Invoked(..) | RecordWhat::Responded(..) | RecordWhat::Healed(_) => {
            told.push(format!(
                "{:?} {} {}",
                record.time,
                record.node.map_or("*".into(), |id| id.to_string()),
                record.what
            ));
        }
        _ => {}
    };
    let options = &mut RunOptions { trace: Some(&mut keep), ..RunOptions::default() };
    let outcome = Raft.run(case, options).expect("the case fits");
    told.truncate(lines);
    told.push(format!("{} events, digest {}", outcome.events, outcome.digest));
    told.join("\n")
}

/// Everything, as `replay --trace text` prints it.
fn trace(case: &Case, lines: usize) -> String {
    let mut told = Vec::new();
    let mut keep = |record: &Record| told.push(record.to_string());
    let options = &mut RunOptions { trace: Some(&mut keep), ..RunOptions::default() };
    Raft.run(case, options).expect("the case fits");
    told.truncate(lines);
    told.join("\n")
}

#[test]
fn a_leader_is_elected_and_two_operations_are_applied() {
    insta::assert_snapshot!(story(&calm(2), 80));
}

#[test]
fn the_first_events_of_a_run_in_full() {
    insta::assert_snapshot!(trace(&calm(2), 42));
}
