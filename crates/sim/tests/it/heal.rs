//! The heal: the core, what stays frozen, and progress or its absence.

use std::time::Duration;

use sim::{
    Case, Class, End, Expansion, Fate, Fault, Goal, Hex, Io, Item, ItemOutcome, NodeId, Observed, Progress,
    Recoverable, Recovery, Refusal, Scenario, Target, Time, What,
};

use crate::rig::{Actor, Lenient, MS, Number, Numbers, Rig, Said, at, calm, ms, n, run, said, traced, with_items};

/// Every 10 ms n1 sends the round to n2, which states `progress`; only while the round is below the knob's.
pub struct Pulse(u64);

impl Actor for Pulse {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Pulse, Refusal> {
        if io.incarnation() > 1 {
            io.note("restarted");
        }
        Ok(Pulse(0))
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        self.0 += 1;
        if io.id() == n(1) {
            io.send(n(2), Number(self.0));
        }
    }

    fn wakes_at(&self) -> Option<Time> {
        Some(ms(10 * (self.0 + 1)))
    }

    fn hear(&mut self, _: NodeId, round: u64, io: &mut Io<'_, Numbers>) {
        io.fact(Said("progress", round));
    }
}

/// A `progress` since the heal.
#[derive(Clone, Default)]
pub struct Heard(u64);

impl Goal<Numbers> for Heard {
    fn observe(&mut self, observed: &Observed<'_, Numbers>) {
        match observed.what {
            What::Healed(_) => self.0 = 0,
            What::Fact(_) => self.0 += 1,
            _ => {}
        }
    }

    fn met(&self) -> bool {
        self.0 > 0
    }

    fn missing(&self) -> String {
        "n2 heard nothing".into()
    }
}

type Demanding<V> = Rig<Pulse, Progress<Heard>, V>;

/// Demands that n2 hears of n1 within 100 ms of the heal, which comes after a second.
fn demanding(recoverable: Recoverable) -> Demanding<Lenient> {
    let progress = Progress::new("progress", Duration::from_millis(100), Heard::default());
    Rig::<Pulse>::new().checks(progress).survival(Lenient(recoverable))
}

const FOREVER: Option<u64> = None;

fn crash(number: u16) -> Item {
    at(5 * MS, Target::Node(n(number)), Fault::Crash, FOREVER)
}

#[test]
fn a_run_ends_with_the_first_progress_after_the_heal() {
    let outcome = run(&demanding(Recoverable::Yes), &calm(3));
    assert_eq!(outcome.end, End::Passed);
    // n1 sends at 1000 ms, which is after the heal of the same time, for that was scheduled first.
    assert_eq!(outcome.time, ms(1_001));
    assert_eq!(outcome.core, Some(vec![n(1), n(2), n(3)]));
    let [took, bound] = [1, 100].map(Duration::from_millis);
    assert_eq!(outcome.recoveries, [Recovery { property: "progress", took, bound }]);
}

#[test]
fn progress_before_the_heal_is_no_progress_after_it_even_where_the_heal_restarts_somebody() {
    // n3 is restarted by the heal; what that boot tells the goal must not be judged by what came before.
    let outcome = run(&demanding(Recoverable::Yes), &with_items(calm(3), [crash(3)]));
    assert_eq!((outcome.end, outcome.time), (End::Passed, ms(1_001)));
}

#[test]
fn the_core_is_restarted_resumed_and_connected() {
    let system = demanding(Recoverable::Yes);
    for fault in [Fault::Crash, Fault::Pause, Fault::Partition] {
        let case = with_items(calm(3), [at(5 * MS, Target::Node(n(2)), fault, FOREVER)]);
        let outcome = run(&system, &case);
        assert_eq!(outcome.end, End::Passed, "{fault:?}");
        // What waited in the inbox of a paused process is heard as soon as it goes on.
        let earliest = if fault == Fault::Pause { ms(1_000) } else { ms(1_001) };
        assert!(outcome.time >= earliest, "{fault:?} at {}", outcome.time);
        let early = said(&system, &case).iter().filter(|line| line.contains("progress")).count();
        assert!(early < 3, "nothing was heard in the safety phase");
    }
}

#[test]
fn what_a_partition_cut_for_good_stays_cut_among_the_healed_and_nothing_else_does() {
    let system = demanding(Recoverable::Yes);
    let parted = |outlasts_heal| {
        let between = Target::Between { one: vec![n(2)], other: vec![n(1), n(3)] };
        let item = at(5 * MS, between, Fault::PartialPartition, FOREVER);
        with_items(calm(3), [Item { outlasts_heal, ..item }, at(6 * MS, Target::Node(n(1)), Fault::Partition, FOREVER)])
    };
    assert_eq!(run(&system, &parted(false)).end, End::Passed);
    let End::Failed(violation) = run(&system, &parted(true)).end else { panic!("n2 cannot hear") };
    assert_eq!((violation.class, violation.signature.as_str()), (Class::Liveness, "rig::progress"));
    // It goes on hearing those whom it was not parted from.
    let between = Target::Between { one: vec![n(2)], other: vec![n(3)] };
    let kept = Item { outlasts_heal: true, ..at(5 * MS, between, Fault::PartialPartition, FOREVER) };
    assert_eq!(run(&system, &with_items(calm(3), [kept])).end, End::Passed);
}

#[test]
fn what_is_outside_of_the_core_stays_as_it_is() {
    let system = demanding(Recoverable::Yes);
    let mut case = with_items(calm(3), [crash(2), at(6 * MS, Target::Node(n(3)), Fault::Crash, Some(1_010 * MS))]);
    case.plan.heal.core = Some(vec![n(1), n(3)]);
    let lines = said(&system, &case);
    // n3 is restarted by the heal, and not again by the end of its item; n2 is not, and so nothing is ever heard.
    assert_eq!(lines, ["1000000us n3 restarted"]);
    let End::Failed(violation) = run(&system, &case).end else { panic!("n2 cannot hear") };
    assert_eq!((violation.class, violation.signature.as_str()), (Class::Liveness, "rig::progress"));
}

#[test]
fn no_item_strikes_after_the_heal_and_no_message_meets_a_planned_fate() {
    let system = demanding(Recoverable::Yes);
    let late = at(1_000 * MS + MS / 2, Target::Node(n(2)), Fault::Crash, FOREVER);
    let address = Target::Message { from: n(1), to: n(2), tag: Hex(100), occurrence: 0 };
    let lost = at(0, address, Fault::Message(Fate::Lose), None);
    let outcome = run(&system, &with_items(calm(3), [late, lost]));
    assert_eq!((outcome.end, outcome.time), (End::Passed, ms(1_001)));
    assert_eq!(outcome.items, [ItemOutcome::Never, ItemOutcome::Never]);
}

#[test]
fn the_network_is_calm_after_the_heal() {
    let mut case = calm(3);
    case.network.loss_ppm = 1_000_000;
    let (outcome, records) = traced(&demanding(Recoverable::Yes), &case);
    assert_eq!((outcome.end, outcome.time), (End::Passed, ms(1_001)));
    assert_eq!(outcome.faults[&sim::FaultKind::Loss].fired, 99, "one a round before the heal");
    assert!(records.iter().any(|record| record.what.to_string() == "healed: [n1, n2, n3]"));
}

/// n1 is dead, and no part of the core that is healed.
fn stuck() -> sim::Case {
    let mut case = with_items(calm(3), [crash(1)]);
    case.plan.heal.core = Some(vec![n(2), n(3)]);
    case
}

#[test]
fn progress_that_was_possible_and_was_not_made_is_a_failure_when_its_bound_has_passed() {
    let outcome = run(&demanding(Recoverable::Yes), &stuck());
    let End::Failed(violation) = outcome.end else { panic!("{:?}", outcome.end) };
    assert_eq!((violation.class, violation.signature.as_str()), (Class::Liveness, "rig::progress"));
    assert_eq!(violation.time, ms(1_100));
    assert_eq!(violation.explanation, "n2 heard nothing within 100ms of the heal");
}

#[test]
fn progress_that_was_impossible_is_no_failure_and_what_is_not_known_is_not_green() {
    assert_eq!(run(&demanding(Recoverable::No("n1 is gone")), &stuck()).end, End::Unrecoverable("n1 is gone"));
    let undecided = End::Undecided("n2 heard nothing within 100ms of the heal".into());
    let outcome = run(&demanding(Recoverable::Unknown), &stuck());
    assert_eq!((outcome.end, outcome.recoveries), (undecided, Vec::new()));
}

#[test]
fn a_run_without_a_budget_promises_no_progress() {
    let case = Case { unbounded: true, ..stuck() };
    let outcome = run(&demanding(Recoverable::Yes), &case);
    assert_eq!((outcome.end, outcome.recoveries), (End::Passed, Vec::new()));
}

#[test]
fn the_budget_withholds_what_would_leave_no_majority_and_unbounded_lifts_it() {
    let progress = Progress::new("progress", Duration::from_millis(100), Heard::default());
    let system = Rig::<Pulse>::new().checks(progress);
    let case = with_items(calm(3), [crash(1), crash(2)]);
    let withheld = ItemOutcome::Withheld("it would leave no majority serving");
    assert_eq!(run(&system, &case).items, [ItemOutcome::Fired(ms(5)), withheld]);
    let outcome = run(&system, &Case { unbounded: true, ..case });
    assert_eq!(outcome.items, [ItemOutcome::Fired(ms(5)); 2]);
}

#[test]
fn the_core_of_a_majority_system_is_a_majority() {
    let progress = Progress::new("progress", Duration::from_millis(100), Heard::default());
    let system = Rig::<Pulse>::new().checks(progress);
    for seed in 0..20 {
        let mut case = calm(5);
        case.seed = Hex(seed);
        let outcome = run(&system, &case);
        assert_eq!(outcome.core.expect("a heal").len(), 3);
    }
    let expanded = system.expand(Hex(3), &Expansion::default());
    assert_eq!(expanded.plan.heal.core, None, "chosen at run time");
}

/// n4 is cut off from n1 alone, by a case that says so; n1, n2 and n3 are healed. Who sends to whom every 10 ms.
struct Chatter(u64);

impl Actor for Chatter {
    fn start(_: &mut Io<'_, Numbers>) -> Result<Chatter, Refusal> {
        Ok(Chatter(0))
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        self.0 += 1;
        io.nodes().to_vec().into_iter().for_each(|peer| io.send(peer, Number(self.0)));
    }

    fn wakes_at(&self) -> Option<Time> {
        Some(ms(10 * (self.0 + 1)))
    }

    fn hear(&mut self, from: NodeId, _: u64, io: &mut Io<'_, Numbers>) {
        io.note(format!("hears {from}"));
    }
}

#[test]
fn who_is_cut_off_from_one_of_the_core_is_cut_off_from_all_of_it() {
    let never = Progress::new("progress", Duration::from_millis(100), Never);
    let system = Rig::<Chatter>::new().checks(never).survival(Lenient(Recoverable::Unknown));
    // One side of the partition has n1 and n5, the other n2, n3 and n4.
    let split = at(5 * MS, Target::Nodes(vec![n(1), n(5)]), Fault::Partition, FOREVER);
    let mut case = with_items(calm(5), [split]);
    case.plan.heal.core = Some(vec![n(1), n(2), n(3)]);
    let lines = said(&system, &case);
    let after: Vec<&str> =
        lines.iter().filter(|line| line.len() >= "1010000us".len() + 12).map(|line| &line[10..]).collect();
    let hears = |one: u16, other: u16| after.contains(&format!("n{one} hears n{other}").as_str());
    assert!(hears(1, 2) && hears(3, 1) && hears(4, 4) && hears(5, 5));
    for outsider in [4, 5] {
        for core in [1, 2, 3] {
            assert!(!hears(outsider, core) && !hears(core, outsider), "n{outsider} and n{core}");
        }
    }
}

/// Nothing is ever enough.
#[derive(Clone)]
pub struct Never;

impl Goal<Numbers> for Never {
    fn observe(&mut self, _: &Observed<'_, Numbers>) {}

    fn met(&self) -> bool {
        false
    }

    fn missing(&self) -> String {
        "nothing is enough".into()
    }
}
