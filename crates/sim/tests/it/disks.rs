//! Disks that stall, fail, fill up, lie, rot and tear, and what their processes and the checkers hear of it.

use sim::{
    DiskError, Disks, End, Fault, FaultClass, FaultKind, Faults, Io, Item, ItemOutcome, Recoverable, Refusal, Request,
    Target, Time,
};

use crate::rig::{Actor, Lenient, MS, Number, Numbers, Rig, Said, at, calm, ms, n, run, said, with_items, with_knob};

/// Every 10 ms n1 appends one more number to a file, a sector each, and syncs; n2 is to hear of it when it is durable. It
/// stops at the first request that fails. Every life says how many it found.
struct Appends {
    log: sim::File,
    next: u64,
    deadline: Option<Time>,
}

impl Actor for Appends {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Appends, Refusal> {
        let found = io.surviving("log").iter().step_by(512).take_while(|byte| **byte > 0).count() as u64;
        if io.incarnation() > 1 {
            io.note(format!("found {found}"));
        }
        let log = io.open("log");
        io.sync_directory();
        let deadline = (io.id() == n(1)).then(|| ms(10));
        Ok(Appends { log, next: found + 1, deadline })
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        let number = self.next;
        let written = io.write(self.log, (number - 1) * 512, &[number as u8; 512]);
        io.when_durable(written, Said("durable", number));
        let synced = io.sync(self.log);
        io.send_after(synced, n(2), Number(number));
        self.next += 1;
        self.deadline = self.deadline.map(|time| time + std::time::Duration::from_millis(10));
    }

    fn wakes_at(&self) -> Option<Time> {
        self.deadline.filter(|_| self.next <= 4)
    }

    fn hear(&mut self, _: sim::NodeId, number: u64, io: &mut Io<'_, Numbers>) {
        io.note(format!("hears {number}"));
    }

    fn failed(&mut self, _: Request, error: DiskError, io: &mut Io<'_, Numbers>) {
        io.note(error);
        io.stop(format!("the disk: {error}"));
    }
}

/// Three nodes, and these faults of n1.
fn with_faults(items: impl IntoIterator<Item = (u64, Fault, Option<u64>)>) -> sim::Case {
    let items = items.into_iter().map(|(at_ns, fault, lasts_ns)| at(at_ns, Target::Node(n(1)), fault, lasts_ns));
    with_items(calm(3), items.collect::<Vec<Item>>())
}

fn said_by(case: &sim::Case) -> Vec<String> {
    said(&Rig::<Appends>::new(), case)
}

#[test]
fn what_a_stalled_disk_is_asked_for_completes_when_the_stall_is_over() {
    let lines = said_by(&with_faults([(15 * MS, Fault::DiskStall, Some(20 * MS))]));
    let expected = [
        "10000us n1 Said(\"durable\", 1)",
        "11000us n2 hears 1",
        "35000us n1 Said(\"durable\", 2)",
        "35000us n1 Said(\"durable\", 3)",
        "36000us n2 hears 2",
        "36000us n2 hears 3",
        "40000us n1 Said(\"durable\", 4)",
        "41000us n2 hears 4",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn after_a_sync_that_fails_the_process_stops_and_is_started_again_and_no_message_leaves() {
    let lines = said_by(&with_faults([(15 * MS, Fault::IoError, Some(10 * MS))]));
    let expected = [
        "10000us n1 Said(\"durable\", 1)",
        "11000us n2 hears 1",
        "20000us n1 I/O error",
        "120000us n1 found 1",
        "130000us n1 Said(\"durable\", 2)",
    ];
    assert_eq!(lines[..5], expected);
}

/// The bytes may be on the platter all the same: then the next life finds them, and the fact is true.
#[test]
fn what_a_failed_sync_left_on_the_platter_is_durable() {
    let case = with_knob(with_faults([(15 * MS, Fault::IoError, Some(10 * MS))]), "sim.unsynced_kept_ppm", 1_000_000);
    let lines = said_by(&case);
    let expected = ["20000us n1 Said(\"durable\", 2)", "20000us n1 I/O error", "120000us n1 found 2"];
    assert_eq!(lines[2..5], expected);
    assert!(!lines.contains(&"21000us n2 hears 2".to_owned()), "nobody may rely on it: {lines:?}");
}

#[test]
fn a_full_disk_says_so_at_once() {
    let lines = said_by(&with_faults([(15 * MS, Fault::NoSpace, Some(10 * MS))]));
    assert_eq!(lines[2..4], ["20000us n1 no space left", "120000us n1 found 1"]);
}

#[test]
fn a_disk_that_lies_is_believed_by_the_process_and_by_no_checker() {
    let lines = said_by(&with_faults([(15 * MS, Fault::LyingSync, Some(50 * MS)), (25 * MS, Fault::Crash, Some(MS))]));
    let expected =
        ["10000us n1 Said(\"durable\", 1)", "11000us n2 hears 1", "21000us n2 hears 2", "26000us n1 found 1"];
    assert_eq!(lines[..4], expected);
}

#[test]
fn a_sector_that_is_lost_or_misdirected_is_missed_after_a_crash_alone() {
    for fault in [Fault::LostWrite, Fault::MisdirectedWrite] {
        let lines = said_by(&with_faults([(15 * MS, fault, None), (35 * MS, Fault::Crash, Some(MS))]));
        assert!(lines.contains(&"21000us n2 hears 2".to_owned()), "{fault:?}: {lines:?}");
        assert!(!lines.contains(&"20000us n1 Said(\"durable\", 2)".to_owned()), "{fault:?}: {lines:?}");
        assert!(lines.contains(&"36000us n1 found 1".to_owned()), "{fault:?}: {lines:?}");
    }
}

#[test]
fn a_process_that_is_stopped_keeps_what_it_wrote_and_a_machine_that_is_wiped_keeps_nothing() {
    let slow = |fault| with_knob(with_faults([(11 * MS, fault, Some(MS))]), "sim.sync_ns", 4 * MS);
    let found = |fault| {
        let lines = said_by(&slow(fault));
        lines.into_iter().find(|line| line.contains("found")).expect("a second life")
    };
    assert_eq!(found(Fault::Crash), "12000us n1 found 0");
    assert_eq!(found(Fault::Stop), "12000us n1 found 1");
    let wiped = said_by(&with_faults([(35 * MS, Fault::Wipe, Some(MS))]));
    assert!(wiped.contains(&"36000us n1 found 0".to_owned()), "{wiped:?}");
}

/// n1 stops for no reason.
struct Quitter;

impl Actor for Quitter {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Quitter, Refusal> {
        if io.id() == n(1) {
            io.stop("enough");
        }
        Ok(Quitter)
    }
}

#[test]
fn who_stops_though_nothing_failed_is_to_blame() {
    let outcome = run(&Rig::<Quitter>::new(), &calm(3));
    let violation = outcome.violation().expect("a violation");
    assert_eq!((violation.signature.as_str(), violation.identity.as_str()), ("sim::stopped", "enough"));
    assert_eq!(violation.explanation, "n1 stopped, though no request of its disk had failed: enough");
}

/// n1 sends 1, 2, 3 to n2, which is to say when it takes them.
struct Talks;

impl Actor for Talks {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Talks, Refusal> {
        if io.id() == n(1) {
            [1, 2, 3].into_iter().for_each(|number| io.send(n(2), Number(number)));
        }
        Ok(Talks)
    }

    fn hear(&mut self, _: sim::NodeId, number: u64, io: &mut Io<'_, Numbers>) {
        io.note(number);
    }
}

#[test]
fn a_slow_process_takes_so_much_longer_for_each_call() {
    let slow = Fault::Slow { service_ns: 5 * MS };
    let case = with_items(calm(3), [at(MS / 2, Target::Node(n(2)), slow, Some(100 * MS))]);
    assert_eq!(said(&Rig::<Talks>::new(), &case), ["1000us n2 1", "6000us n2 2", "11000us n2 3"]);
}

/// Writes a new version of a file beside the old one, and gives it its name.
struct Replaces;

impl Actor for Replaces {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Replaces, Refusal> {
        let found = io.surviving("state").first().copied().unwrap_or(0);
        let names: Vec<&str> = io.file_names().collect();
        let names = names.join(" ");
        io.note(format!("found {found}, files: {names}"));
        let draft = io.open("draft");
        io.write(draft, 0, &[found + 1]);
        io.sync(draft);
        io.rename("draft", "state");
        if found == 0 {
            io.sync_directory();
        }
        Ok(Replaces)
    }
}

#[test]
fn a_name_that_is_not_synced_may_still_be_that_of_the_old_file() {
    let crashes = [10, 20].map(|millis| at(millis * MS, Target::Node(n(1)), Fault::Crash, Some(MS)));
    let system = Rig::<Replaces>::new().survival(Lenient(Recoverable::Yes));
    let lines = said(&system, &with_items(calm(1), crashes));
    let expected = ["0us n1 found 0, files: ", "11000us n1 found 1, files: state", "21000us n1 found 1, files: state"];
    assert_eq!(lines, expected);
}

/// Writes to a file and gives it another name, in one step, and goes on whatever fails.
struct Rotates {
    renamed: Option<Request>,
    deadline: Option<Time>,
}

impl Actor for Rotates {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Rotates, Refusal> {
        let names: Vec<&str> = io.file_names().collect();
        let names = names.join(" ");
        io.note(format!("files: {names}"));
        io.open("log");
        io.sync_directory();
        Ok(Rotates { renamed: None, deadline: (io.incarnation() == 1).then(|| ms(10)) })
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        self.deadline = None;
        let log = io.open("log");
        io.write(log, 0, b"1");
        self.renamed = Some(io.rename("log", "old"));
    }

    fn wakes_at(&self) -> Option<Time> {
        self.deadline
    }

    fn failed(&mut self, request: Request, error: DiskError, io: &mut Io<'_, Numbers>) {
        let what = if self.renamed == Some(request) { "name" } else { "byte" };
        io.note(format!("{what}: {error}"));
    }
}

/// Else the next life would find the file under its new name, and not what was written to it before.
#[test]
fn behind_a_write_that_failed_no_name_is_changed_and_the_process_hears_of_both() {
    let faults = [(5 * MS, Fault::NoSpace, Some(10 * MS)), (20 * MS, Fault::Crash, Some(MS))];
    let items = faults.map(|(at_ns, fault, lasts_ns)| at(at_ns, Target::Node(n(1)), fault, lasts_ns));
    let case = with_knob(with_items(calm(1), items), "sim.unsynced_kept_ppm", 1_000_000);
    let lines = said(&Rig::<Rotates>::new().survival(Lenient(Recoverable::Yes)), &case);
    let expected =
        ["0us n1 files: ", "10000us n1 byte: no space left", "10000us n1 name: no space left", "21000us n1 files: log"];
    assert_eq!(lines, expected);
}

/// Serves only from what is as it was written: all bytes of a file alike.
struct Careful;

impl Actor for Careful {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Careful, Refusal> {
        if io.surviving("state").iter().any(|byte| *byte != 7) {
            return Err(Refusal("the state is damaged".into()));
        }
        let state = io.open("state");
        io.sync_directory();
        io.write(state, 0, &[7; 100]);
        io.sync(state);
        Ok(Careful)
    }
}

/// A bit rots on n1, and later on n2; both are crashed after.
fn rotten() -> sim::Case {
    let strikes = [(10, 1, Fault::BitRot), (20, 2, Fault::BitRot), (30, 1, Fault::Crash), (40, 2, Fault::Crash)];
    with_items(
        calm(3),
        strikes.map(|(millis, node, fault)| at(millis * MS, Target::Node(n(node)), fault, fault.lasts().then_some(MS))),
    )
}

#[test]
fn who_finds_damage_may_refuse_where_that_is_promised_and_no_majority_is_ever_damaged() {
    let mut system = Rig::<Careful>::new();
    assert_eq!(run(&system, &rotten()).violation().expect("a violation").signature, "sim::refused");
    system.spec.faults = Faults::swarm().classed(FaultKind::BitRot, FaultClass::Detected);
    let outcome = run(&system, &rotten());
    assert_eq!(outcome.end, End::Passed);
    let fired: Vec<bool> = outcome.items.iter().map(|item| matches!(item, ItemOutcome::Fired(_))).collect();
    // n1 is damaged, and is taken for lost from then on; with n2 there would be no majority left.
    assert_eq!(fired, [true, false, true, false]);
    assert_eq!(outcome.core, Some(vec![n(2), n(3)]), "who is damaged is not relied upon");
}

#[test]
fn syncs_are_delayed_and_sectors_torn_as_often_as_the_case_says_and_both_are_counted() {
    let crash = at(12 * MS, Target::Node(n(1)), Fault::Crash, Some(MS));
    let mut case = with_knob(with_items(calm(3), [crash]), "sim.sync_ns", 4 * MS);
    let system = Rig::<Appends>::new().survival(Lenient(Recoverable::Yes));
    case.disks = Disks { torn_ppm: 1_000_000, delay_ppm: 1_000_000, delay_mean_ns: MS };
    let outcome = run(&system, &case);
    assert_eq!(outcome.faults[&FaultKind::TornWrite].fired, 1);
    assert!(outcome.faults[&FaultKind::DiskDelay].fired >= 5);
    case.disks = Disks::default();
    let sound = run(&system, &case);
    assert_eq!((sound.faults[&FaultKind::TornWrite].fired, sound.faults[&FaultKind::DiskDelay].fired), (0, 0));
    case.disks.torn_ppm = 1_000_001;
    let refusal = sim::Scenario::run(&system, &case, &mut sim::RunOptions::default()).unwrap_err().to_string();
    assert_eq!(refusal, "disks.torn_ppm is 1000001: at most 1000000");
}
