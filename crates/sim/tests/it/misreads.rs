//! Boots that read what is not on the platter, and what comes of it for the boot after them and for everybody else.

use std::collections::BTreeSet;

use sim::{
    Case, Checker, DiskError, End, Expansion, Fault, FaultClass, FaultKind, Faults, Flaw, Hex, Io, Item, ItemOutcome,
    Judgement, Observed, Property, RecordWhat, Recoverable, Refusal, Request, RunOptions, Scenario, Shrinker, Target,
    Time,
};

use crate::lively::{lively, stormy};
use crate::rig::{Actor, Lenient, MS, Numbers, Rig, Said, at, calm, ms, n, run, said, traced, with_items};

/// In its first life n1 writes 1, 2, 3 and 4 to a file, a sector each, every 10 ms. Every life says what it reads.
struct Writes {
    log: sim::File,
    next: u64,
    deadline: Option<Time>,
}

impl Actor for Writes {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Writes, Refusal> {
        let read = io.surviving("log").iter().step_by(512).fold(0, |read, byte| read * 10 + u64::from(*byte));
        assert_eq!(io.surviving("log"), io.surviving("log"), "a boot reads the same each time");
        if io.id() == n(1) {
            io.fact(Said("read", read));
        }
        let log = io.open("log");
        io.sync_directory();
        let deadline = (io.id() == n(1) && io.incarnation() == 1).then(|| ms(10));
        Ok(Writes { log, next: 1, deadline })
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        let number = self.next;
        let written = io.write(self.log, (number - 1) * 512, &[number as u8; 512]);
        io.when_durable(written, Said("durable", number));
        io.sync(self.log);
        self.next += 1;
        self.deadline = self.deadline.map(|time| time + std::time::Duration::from_millis(10));
    }

    fn wakes_at(&self) -> Option<Time> {
        self.deadline.filter(|_| self.next <= 4)
    }

    fn failed(&mut self, _: Request, error: DiskError, _: &mut Io<'_, Numbers>) {
        unreachable!("no request fails here: {error}");
    }
}

/// Three nodes, and this fault of n1 between its first write and its second; it is crashed three times once it has written
/// four.
fn with_fault(fault: Fault) -> Case {
    let crashes = [50, 60, 70].map(|millis| (millis, Fault::Crash, Some(MS)));
    let items = [(15, fault, None)].into_iter().chain(crashes);
    let of_n1 = |(millis, fault, lasts_ns)| at(millis * MS, Target::Node(n(1)), fault, lasts_ns);
    with_items(calm(3), items.map(of_n1).collect::<Vec<Item>>())
}

fn system() -> Rig<Writes, (), Lenient> {
    Rig::new().survival(Lenient(Recoverable::Yes))
}

#[test]
fn a_stale_read_is_of_what_was_synced_next_and_of_one_boot() {
    let lines = said(&system(), &with_fault(Fault::StaleRead));
    let expected = [
        "0us n1 Said(\"read\", 0)",
        "10000us n1 Said(\"durable\", 1)",
        "20000us n1 Said(\"durable\", 2)",
        "30000us n1 Said(\"durable\", 3)",
        "40000us n1 Said(\"durable\", 4)",
        "51000us n1 Said(\"read\", 1034)",
        "61000us n1 Said(\"read\", 1234)",
        "71000us n1 Said(\"read\", 1234)",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_misdirected_read_is_of_another_sector_of_the_file_and_of_one_boot() {
    let mut seen = BTreeSet::new();
    for seed in 0..200 {
        let mut case = with_fault(Fault::MisdirectedRead);
        case.seed = Hex(seed);
        let lines = said(&system(), &case);
        assert_eq!(lines[6..], ["61000us n1 Said(\"read\", 1234)", "71000us n1 Said(\"read\", 1234)"]);
        seen.insert(lines[5].clone());
    }
    // Each of four sectors, read from each of the three others.
    assert_eq!(seen.len(), 12, "{seen:?}");
    assert!(seen.contains("51000us n1 Said(\"read\", 1214)") && !seen.contains("51000us n1 Said(\"read\", 1234)"));
}

#[test]
fn a_boot_that_reads_wrongly_says_so_and_it_is_counted_then() {
    let reads = |fault| {
        let (outcome, records) = traced(&system(), &with_fault(fault));
        let of_boot = |what: &RecordWhat| matches!(what, RecordWhat::Misread { .. });
        let lines: Vec<String> =
            records.iter().map(|it| &it.what).filter(|it| of_boot(it)).map(<_>::to_string).collect();
        (outcome.faults[&fault.kind().expect("a fault of the world")].fired, lines)
    };
    let stale = "reads sector 1 of `log` as it was earlier".to_owned();
    assert_eq!(reads(Fault::StaleRead), (1, vec![stale]));
    let (fired, lines) = reads(Fault::MisdirectedRead);
    assert_eq!((fired, lines.len()), (1, 1));
    assert!(lines[0].contains(" of `log` in place of sector "), "{lines:?}");
}

#[test]
fn where_nobody_boots_again_nothing_is_misread() {
    for fault in [Fault::StaleRead, Fault::MisdirectedRead] {
        let mut case = with_fault(fault);
        case.plan.items.truncate(1);
        let outcome = run(&system(), &case);
        assert!(matches!(outcome.items[0], ItemOutcome::Fired(_)));
        assert_eq!(outcome.faults[&fault.kind().expect("a fault of the world")].fired, 0);
    }
}

/// Reads nothing in its second life, and `log` in every other.
struct Blind(Writes);

impl Actor for Blind {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Blind, Refusal> {
        if io.incarnation() != 2 {
            return Writes::start(io).map(Blind);
        }
        assert_eq!(io.surviving("another"), [0; 0]);
        Ok(Blind(Writes { log: io.open("log"), next: 1, deadline: None }))
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        self.0.wake(io);
    }

    fn wakes_at(&self) -> Option<Time> {
        self.0.wakes_at()
    }
}

#[test]
fn a_boot_that_does_not_read_the_file_misreads_nothing_and_the_next_one_does() {
    let system = Rig::<Blind>::new().survival(Lenient(Recoverable::Yes));
    for fault in [Fault::StaleRead, Fault::MisdirectedRead] {
        let mut case = with_fault(fault);
        let (outcome, records) = traced(&system, &case);
        let at = |is: fn(&RecordWhat) -> bool| records.iter().position(|record| is(&record.what)).expect("it is there");
        let misread = at(|what| matches!(what, RecordWhat::Misread { .. }));
        assert_eq!(records[misread].time, ms(61), "{fault:?}");
        let read = records[misread..].iter().find(|record| matches!(record.what, RecordWhat::Fact(_)));
        assert_eq!(read.expect("a fact").event, records[misread].event, "it stands before what the boot said");
        assert!(!records[misread].is_first(), "its event is the boot");
        let kind = fault.kind().expect("a fault of the world");
        assert_eq!(outcome.faults[&kind].fired, 1);
        assert!(!said(&system, &case).contains(&"61000us n1 Said(\"read\", 1234)".to_owned()), "{fault:?}");
        // Without the crashes after the first, nobody reads at all.
        case.plan.items.truncate(2);
        let (outcome, records) = traced(&system, &case);
        assert!(matches!(outcome.items[0], ItemOutcome::Fired(_)));
        assert_eq!(outcome.faults[&kind].fired, 0, "{fault:?}");
        assert!(!records.iter().any(|record| matches!(record.what, RecordWhat::Misread { .. })), "{fault:?}");
    }
}

/// Nothing that a boot reads is drawn from what others are: up to that boot all is as it would be.
#[test]
fn up_to_the_boot_that_reads_wrongly_a_run_is_as_it_would_be() {
    let mut compared = 0;
    for seed in 0..24 {
        for fault in [Fault::StaleRead, Fault::MisdirectedRead] {
            let without = stormy(seed);
            let mut with = without.clone();
            with.plan.items.push(Item { id: 999, ..at(50 * MS, Target::Node(with.nodes[0]), fault, None) });
            let [one, other] = [&with, &without].map(|case| traced(&lively(), case).1);
            let misread = one.iter().find(|record| matches!(record.what, RecordWhat::Misread { .. }));
            let until = misread.map_or(Time::MAX, |record| record.time);
            let told = |records: &[sim::Record]| -> Vec<String> {
                let of_item = |what: &RecordWhat| matches!(what, RecordWhat::Item(_) | RecordWhat::Struck { .. });
                let earlier = records.iter().filter(|record| record.time < until && !of_item(&record.what));
                earlier.map(|record| format!("{:?} {:?} {}", record.time, record.node, record.what)).collect()
            };
            let (one, other) = (told(&one), told(&other));
            assert_eq!(one.iter().zip(&other).find(|(with, without)| with != without), None, "seed {seed}, {fault:?}");
            compared += one.len();
        }
    }
    assert!(compared > 10_000, "{compared}");
}

/// Serves only from what is as it was written.
struct Careful(Writes);

impl Actor for Careful {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Careful, Refusal> {
        let is_right = |(index, byte): (usize, &u8)| *byte as usize == index / 512 + 1;
        if !io.surviving("log").iter().enumerate().all(is_right) {
            return Err(Refusal("the log is damaged".into()));
        }
        Writes::start(io).map(Careful)
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        self.0.wake(io);
    }

    fn wakes_at(&self) -> Option<Time> {
        self.0.wakes_at()
    }
}

#[test]
fn who_finds_that_it_read_wrongly_may_refuse_where_that_is_promised_and_serves_once_it_reads_right() {
    for fault in [Fault::StaleRead, Fault::MisdirectedRead] {
        let kind = fault.kind().expect("a fault of the world");
        let mut case = with_fault(fault);
        case.plan.items.push(Item { id: 99, ..at(45 * MS, Target::Node(n(2)), fault, None) });
        let mut system = Rig::<Careful>::new();
        assert_eq!(run(&system, &case).violation().expect("a violation").signature, "sim::refused");
        system.spec.faults = Faults::swarm().classed(kind, FaultClass::Detected);
        let (outcome, records) = traced(&system, &case);
        assert_eq!(outcome.end, End::Passed);
        let refused = records.iter().filter(|record| matches!(record.what, RecordWhat::Refused(_))).count();
        assert_eq!((refused, outcome.faults[&kind].withheld), (1, 1), "n1 is taken for lost from then on");
        assert_eq!(outcome.core, Some(vec![n(2), n(3)]), "who may have read wrongly is not relied upon");
        let mut read = said(&system, &case).into_iter().filter(|line| line.contains("read"));
        assert_eq!(read.next_back().as_deref(), Some("71000us n1 Said(\"read\", 1234)"));
    }
}

/// Fails where a boot reads neither nothing nor everything.
#[derive(Clone)]
struct ReadsRight;

impl Checker<Numbers> for ReadsRight {
    fn observe(&mut self, observed: &Observed<'_, Numbers>) -> Judgement {
        match observed.fact() {
            Some(Said("read", number)) => Judgement::holds_if(matches!(number, 0 | 1 | 12 | 123 | 1234), || Flaw {
                explanation: format!("read {number}"),
                witnesses: vec![observed.witness(0)],
            }),
            _ => Judgement::Irrelevant,
        }
    }
}

#[test]
fn of_many_faults_the_read_and_the_crash_before_it_are_left() {
    let system = system().checks(Property::new("reads", ReadsRight));
    for fault in [Fault::StaleRead, Fault::MisdirectedRead] {
        let mut case = with_fault(fault);
        let others = [Fault::Pause, Fault::Stop, Fault::DiskStall, Fault::Partition];
        let other = |index: u64| {
            let target = Target::Node(n(index as u16 % 3 + 1));
            Item { id: 100 + index as u32, ..at(72 * MS + index * MS, target, others[index as usize % 4], Some(MS)) }
        };
        case.plan.items.extend((0..40).map(other));
        let first = run(&system, &case);
        let violation = first.violation().unwrap_or_else(|| panic!("{fault:?} is seen: {:?}", first.end));
        let mut shrinker = Shrinker::new(&system.spec(), &case, &violation.signature, &violation.identity, 50_000_000);
        while !shrinker.is_finished() {
            let Some(candidate) = shrinker.next_candidate() else { continue };
            let options = &mut RunOptions { fates: true, ..RunOptions::default() };
            shrinker.report(&candidate, system.run(&candidate.case, options));
        }
        let (least, _) = shrinker.best().expect("the case failed again");
        let left: BTreeSet<FaultKind> = least.plan.items.iter().filter_map(|item| item.fault.kind()).collect();
        assert_eq!(left, BTreeSet::from([fault.kind().expect("a fault of the world"), FaultKind::Crash]));
        assert_eq!(least.plan.items.len(), 2, "{:?}", least.plan.items);
    }
}

#[test]
fn seeds_have_them_where_they_are_promised_and_somebody_boots_again() {
    let mut system = system();
    let has = |system: &Rig<Writes, (), Lenient>, without: &[FaultKind]| {
        let expansion = Expansion { without: without.to_vec() };
        let expanded = |seed| system.expand(Hex(seed), &expansion).fault_kinds();
        let seen: BTreeSet<FaultKind> = (0..100).flat_map(expanded).collect();
        [FaultKind::StaleRead, FaultKind::MisdirectedRead].map(|kind| seen.contains(&kind))
    };
    assert_eq!(has(&system, &[]), [false, false]);
    system.spec.faults = Faults::swarm().with(FaultKind::StaleRead).with(FaultKind::MisdirectedRead);
    assert_eq!(has(&system, &[]), [true, true]);
    assert_eq!(has(&system, &[FaultKind::Crash, FaultKind::Stop]), [false, false]);
}
