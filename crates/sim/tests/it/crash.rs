//! What a crash takes and what it leaves; restarts; refusals.

use sim::{
    Class, End, Fault, FaultClass, FaultKind, Hex, Io, ItemOutcome, NodeId, Refusal, Request, Scenario, Target, World,
};

use crate::rig::{Actor, MS, Number, Numbers, Rig, Said, at, calm, happened, n, run, said, with_items, with_knob};

/// In its first life n1 writes 1, 2, 3 to a file, each to a sector of its own, with a sync after the 2; n2 is to hear of it
/// when the 2 is durable. Every life says what it finds.
struct Journal;

impl Actor for Journal {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Journal, Refusal> {
        let found = io.surviving("log").iter().step_by(512).fold(0, |number, byte| number * 10 + u64::from(*byte));
        io.note(format!("life {} found {found}", io.incarnation()));
        if io.id() == n(1) && io.incarnation() == 1 {
            let log = io.open("log");
            io.sync_directory();
            io.write(log, 0, &[1; 512]);
            io.write(log, 512, &[2; 512]);
            let synced = io.sync(log);
            io.when_durable(synced, Said("durable", 2));
            io.send_after(synced, n(2), Number(2));
            let last = io.write(log, 1024, &[3; 512]);
            io.when_durable(last, Said("durable", 3));
        }
        Ok(Journal)
    }

    fn hear(&mut self, from: NodeId, number: u64, io: &mut Io<'_, Numbers>) {
        io.note(format!("{from} says {number}"));
    }

    fn synced(&mut self, request: Request, io: &mut Io<'_, Numbers>) {
        io.note(format!("synced {request}"));
    }
}

/// Three nodes whose syncs take 2.5 to 7.5 ms, of which there are two in a row; n1 is dead for a millisecond.
fn crashed_at(at_ns: u64) -> sim::Case {
    let case = with_knob(calm(3), "sim.sync_ns", 5 * MS);
    with_items(case, [at(at_ns, Target::Node(n(1)), Fault::Crash, Some(MS))])
}

/// What was said after the three boots, without the times.
fn said_later(case: &sim::Case) -> Vec<String> {
    let lines = said(&Rig::<Journal>::new(), case).into_iter().skip(3);
    lines.map(|line| line.split_once("us ").expect("a stamp").1.to_owned()).collect()
}

#[test]
fn what_is_synced_is_told_and_survives_and_what_is_not_is_lost() {
    let expected = ["n1 synced 1.2", "n1 Said(\"durable\", 2)", "n1 synced 1.5", "n2 n1 says 2", "n1 life 2 found 12"];
    assert_eq!(said_later(&crashed_at(20 * MS)), expected);
}

#[test]
fn a_crash_before_the_sync_takes_the_bytes_the_message_the_facts_and_the_completion() {
    // The sync would have completed in the second life, which must not hear of it, nor own its bytes.
    let case = crashed_at(2 * MS);
    assert_eq!(said_later(&case), ["n1 life 2 found 0"]);
    let again = with_items(case, [2, 40].map(|millis| at(millis * MS, Target::Node(n(1)), Fault::Crash, Some(MS))));
    assert_eq!(said_later(&again), ["n1 life 2 found 0", "n1 life 3 found 0"]);
}

#[test]
fn bytes_that_a_crash_leaves_make_their_facts_true_but_nobody_hears_of_them() {
    let case = with_knob(crashed_at(2 * MS), "sim.unsynced_kept_ppm", 1_000_000);
    let expected = ["n1 Said(\"durable\", 2)", "n1 Said(\"durable\", 3)", "n1 life 2 found 123"];
    assert_eq!(said_later(&case), expected);
}

#[test]
fn each_unsynced_write_has_its_own_fate_and_a_fact_needs_everything_before_it() {
    let mut case = with_knob(crashed_at(2 * MS), "sim.unsynced_kept_ppm", 500_000);
    let mut found = std::collections::BTreeSet::new();
    for seed in 0..200 {
        case.seed = Hex(seed);
        let lines = said_later(&case);
        let last = lines.last().expect("a second life").rsplit(' ').next().expect("what it found").to_owned();
        let facts = match last.as_str() {
            "123" => vec!["n1 Said(\"durable\", 2)", "n1 Said(\"durable\", 3)"],
            "12" => vec!["n1 Said(\"durable\", 2)"],
            _ => vec![],
        };
        assert_eq!(lines[..lines.len() - 1], facts, "found {last}");
        found.insert(last);
    }
    let every: Vec<&str> = found.iter().map(String::as_str).collect();
    assert_eq!(every, ["0", "1", "103", "12", "123", "2", "23", "3"]);
}

#[test]
fn what_became_durable_is_published_though_the_process_never_hears_of_it() {
    // n1 is busy with its boot for 30 ms: the sync completes, its completion waits in the inbox and dies there at 20 ms.
    let case = with_knob(crashed_at(20 * MS), "sim.service_ns", 30 * MS);
    assert_eq!(said_later(&case), ["n1 Said(\"durable\", 2)", "n1 life 2 found 12", "n2 n1 says 2"]);
}

#[test]
fn the_fate_of_unsynced_writes_is_recorded() {
    let lines = happened(&Rig::<Journal>::new(), &crashed_at(2 * MS));
    assert!(lines.contains(&"2000us n1 crashes; unsynced writes: 0 kept, 3 dropped".to_owned()), "{lines:#?}");
    let outcome = run(&Rig::<Journal>::new(), &crashed_at(2 * MS));
    assert_eq!(outcome.faults[&sim::FaultKind::UnsyncedLoss].fired, 1);
    assert_eq!(outcome.faults[&sim::FaultKind::Crash].fired, 1);
}

/// n1 says its incarnation to n2 every millisecond. Its volatile count is lost with it.
struct Counter(u64);

impl Actor for Counter {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Counter, Refusal> {
        let drawn = io.draw("any");
        io.note(format!("draws {drawn:016x}"));
        Ok(Counter(0))
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        self.0 += 1;
        io.note(self.0);
    }

    fn wakes_at(&self) -> Option<sim::Time> {
        (self.0 < 3).then(|| crate::rig::ms(self.0 + 1))
    }
}

#[test]
fn a_restart_begins_anew_with_draws_of_its_own() {
    let case = with_items(calm(3), [at(2 * MS + 1, Target::Node(n(1)), Fault::Crash, Some(MS))]);
    let lines = said(&Rig::<Counter>::new(), &case);
    let of_n1 = lines.iter().filter_map(|line| line.split_once(" n1 "));
    let (draws, counts): (Vec<_>, Vec<_>) = of_n1.partition(|(_, text)| text.starts_with("draws"));
    assert_eq!(counts, [("1000us", "1"), ("2000us", "2"), ("4000us", "1"), ("5000us", "2"), ("6000us", "3")]);
    assert_eq!(draws.len(), 2);
    assert_ne!(draws[0].1, draws[1].1, "two lives with the same draws are the same life twice");
}

/// n1 serves in its first life alone; n2 sends to it all the time.
struct Reluctant(u64);

impl Actor for Reluctant {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Reluctant, Refusal> {
        if io.id() == n(1) && io.incarnation() > 1 {
            return Err(Refusal("once is enough".into()));
        }
        Ok(Reluctant(0))
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        self.0 += 1;
        if io.id() == n(2) {
            io.send(n(1), Number(self.0));
        }
    }

    fn wakes_at(&self) -> Option<sim::Time> {
        Some(crate::rig::ms(self.0 + 1))
    }

    fn hear(&mut self, _: NodeId, number: u64, io: &mut Io<'_, Numbers>) {
        io.note(number);
    }
}

#[test]
fn a_process_that_refuses_is_down_and_has_not_panicked() {
    let system = Rig::<Reluctant>::new();
    let case = with_items(calm(3), [at(4 * MS + 1, Target::Node(n(1)), Fault::Crash, Some(MS))]);
    let outcome = run(&system, &case);
    let End::Failed(violation) = &outcome.end else { panic!("{:?}", outcome.end) };
    assert_eq!((violation.class, violation.signature.as_str()), (Class::Safety, "sim::refused"));
    assert_eq!((violation.node, violation.identity.as_str()), (Some(n(1)), "once is enough"));
    assert!(violation.explanation.ends_with("once is enough"), "{}", violation.explanation);
    assert!(matches!(outcome.items[..], [ItemOutcome::Fired(_)]));

    // A driver that goes on sees a node that is not there.
    let mut world = World::new(&system, &Scenario::spec(&system), &case).expect("the case fits").traced();
    while world.now() < crate::rig::ms(20) {
        let pending = world.earliest().expect("n2 never stops");
        world.fire(pending);
    }
    let records: Vec<String> = world.take_records().iter().map(|record| record.what.to_string()).collect();
    let after = records.iter().skip_while(|line| !line.starts_with("refuses to serve: once"));
    let arrivals: Vec<&String> = after.filter(|line| line.starts_with("from n2")).collect();
    assert!(arrivals.len() > 10 && arrivals.iter().all(|line| line.ends_with("nobody there")), "{arrivals:?}");
}

#[test]
fn a_refusal_after_what_is_only_detected_is_no_failure() {
    let mut system = Rig::<Reluctant>::new();
    system.spec.faults = sim::Faults::swarm().classed(FaultKind::UnsyncedLoss, FaultClass::Detected);
    // n1 has written nothing, so that nothing was lost: no excuse.
    let case = with_items(calm(3), [at(4 * MS + 1, Target::Node(n(1)), Fault::Crash, Some(MS))]);
    assert!(matches!(run(&system, &case).end, End::Failed(_)));

    let mut system = Rig::<Forgetful>::new();
    let case = with_knob(case, "sim.sync_ns", 100 * MS);
    assert!(matches!(run(&system, &case).end, End::Failed(_)), "it is to be survived");
    system.spec.faults = system.spec.faults.classed(FaultKind::UnsyncedLoss, FaultClass::Detected);
    assert_eq!(run(&system, &case).end, End::Passed);
}

/// Writes in its first life, and serves in a later one only where that is still there.
struct Forgetful;

impl Actor for Forgetful {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Forgetful, Refusal> {
        if io.incarnation() > 1 && io.surviving("log").is_empty() {
            return Err(Refusal("the log is gone".into()));
        }
        let log = io.open("log");
        io.write(log, 0, &[1]);
        io.sync(log);
        Ok(Forgetful)
    }
}
