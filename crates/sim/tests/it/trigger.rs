//! Items that strike in the middle of a step.

use sim::{
    Fault, FaultKind, Io, Item, ItemOutcome, NodeId, Point, RecordWhat, Recoverable, Refusal, Request, Target, Time,
    When,
};

use crate::rig::{Actor, Lenient, MS, Number, Numbers, Rig, Said, at, calm, ms, n, run, said, traced, with_items};

/// Every 10 ms every node states `stepped`, and n1 does so amid four effects: it sends 1, writes, syncs and sends 2.
struct Steps {
    file: sim::File,
    taken: u64,
}

impl Actor for Steps {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Steps, Refusal> {
        let found = io.surviving("log").len();
        if io.incarnation() > 1 {
            io.note(format!("found {found}"));
        }
        Ok(Steps { file: io.open("log"), taken: 0 })
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        self.taken += 1;
        let acts = io.id() == n(1);
        if acts {
            io.send(n(2), Number(1));
            io.write(self.file, 0, &[7]);
        }
        io.fact(Said("stepped", self.taken));
        if acts {
            io.sync(self.file);
            io.send(n(2), Number(2));
        }
    }

    fn wakes_at(&self) -> Option<Time> {
        (self.taken < 3).then(|| ms(10 * (self.taken + 1)))
    }

    fn synced(&mut self, _: Request, io: &mut Io<'_, Numbers>) {
        io.note("synced");
    }

    fn hear(&mut self, from: NodeId, number: u64, io: &mut Io<'_, Numbers>) {
        io.note(format!("{from} says {number}"));
    }
}

fn on(nth: u32, point: Point, fault: Fault) -> Item {
    let when = When::On { fact: "stepped".into(), node: Some(n(1)), from_ns: Time::ZERO, nth, point };
    Item { id: 1, when, target: Target::Subject, fault, lasts_ns: Some(5 * MS), outlasts_heal: false }
}

/// What came of the first step of n1, at n1 and n2.
fn first_step(item: Item) -> Vec<String> {
    let lines = said(&Rig::<Steps>::new(), &with_items(calm(3), [item]));
    lines.into_iter().take_while(|line| !line.starts_with("20000us")).filter(|line| !line.contains("n3")).collect()
}

#[test]
fn a_crash_after_so_many_effects_lets_exactly_those_leave() {
    let stated = "10000us n1 Said(\"stepped\", 1)";
    let peer = "10000us n2 Said(\"stepped\", 1)";
    let says = |number| format!("11000us n2 n1 says {number}");
    for left in 0..=5 {
        let lines = first_step(on(1, Point::Effects(left), Fault::Crash));
        let mut expected = vec![stated.to_owned(), peer.to_owned()];
        if left >= 1 {
            expected.push(says(1));
        }
        if left >= 4 {
            expected.push(says(2));
        }
        let before_restart: Vec<String> = lines.into_iter().filter(|line| !line.contains("found")).collect();
        assert_eq!(before_restart, expected, "after {left} effects");
    }
}

#[test]
fn a_write_that_did_not_leave_is_not_there_to_be_kept() {
    let kept = |left| {
        let mut case = with_items(calm(3), [on(1, Point::Effects(left), Fault::Crash)]);
        case.knobs.insert("sim.unsynced_kept_ppm".into(), 1_000_000);
        said(&Rig::<Steps>::new(), &case).into_iter().find(|line| line.contains("found"))
    };
    assert_eq!(kept(1), Some("15000us n1 found 0".to_owned()));
    assert_eq!(kept(2), Some("15000us n1 found 1".to_owned()));
}

#[test]
fn a_pause_between_effects_holds_the_rest_back_until_it_ends() {
    let lines = first_step(on(1, Point::Effects(3), Fault::Pause));
    let of_n1: Vec<&String> = lines.iter().filter(|line| line.contains(" n1 ")).collect();
    let expected =
        ["10000us n1 Said(\"stepped\", 1)", "11000us n2 n1 says 1", "15000us n1 synced", "16000us n2 n1 says 2"];
    assert_eq!(of_n1, expected);
}

#[test]
fn after_a_duration_the_whole_step_has_left_and_the_fault_comes_then() {
    let case = with_items(calm(3), [on(2, Point::AfterNs(3 * MS), Fault::Crash)]);
    assert_eq!(run(&Rig::<Steps>::new(), &case).items, [ItemOutcome::Fired(ms(23))]);
}

#[test]
fn only_the_nth_fact_of_the_node_that_is_named_sets_it_off() {
    let system = Rig::<Steps>::new();
    let when = |node, nth| {
        let when = When::On { fact: "stepped".into(), node, from_ns: Time::ZERO, nth, point: Point::Effects(0) };
        let item =
            Item { id: 1, when, target: Target::Node(n(3)), fault: Fault::Crash, lasts_ns: None, outlasts_heal: false };
        run(&system, &with_items(calm(3), [item])).items[0]
    };
    // n1, n2, n3 step at 10, 20 and 30 ms, in this order; n3 is dead after the item has fired.
    assert_eq!(when(Some(n(2)), 2), ItemOutcome::Fired(ms(20)));
    assert_eq!(when(None, 5), ItemOutcome::Fired(ms(20)));
    assert_eq!(when(None, 7), ItemOutcome::Fired(ms(30)));
    assert_eq!(when(Some(n(2)), 4), ItemOutcome::Never);
}

#[test]
fn facts_count_from_the_time_that_the_item_says() {
    let system = Rig::<Steps>::new();
    let struck = |from: u64, nth| {
        let point = Point::Effects(0);
        let when = When::On { fact: "stepped".into(), node: None, from_ns: Time::from_nanos(from), nth, point };
        let item = Item { when, ..on(1, point, Fault::Pause) };
        run(&system, &with_items(calm(3), [item])).items[0]
    };
    // Three facts each at 10, 20 and 30 ms.
    assert_eq!(struck(10 * MS, 1), ItemOutcome::Fired(ms(10)), "at the very time");
    assert_eq!(struck(10 * MS + 1, 1), ItemOutcome::Fired(ms(20)));
    assert_eq!(struck(10 * MS + 1, 4), ItemOutcome::Fired(ms(30)));
    assert_eq!(struck(10 * MS + 1, 7), ItemOutcome::Never);
}

#[test]
fn an_item_ends_as_fired_withheld_or_never() {
    let dead_twice = [2, 3].map(|millis| at(millis * MS, Target::Node(n(1)), Fault::Crash, Some(5 * MS)));
    let majority = at(4 * MS, Target::Nodes(vec![n(2), n(3)]), Fault::Crash, None);
    let never = on(9, Point::Effects(0), Fault::Crash);
    let late = at(5_000 * MS, Target::Node(n(1)), Fault::Pause, None);
    let [first, second] = dead_twice;
    let case = with_items(calm(3), [first, second, majority, never, late]);
    let outcome = run(&Rig::<Steps>::new(), &case);
    let expected = [
        ItemOutcome::Fired(ms(2)),
        ItemOutcome::Withheld("there was nothing to strike"),
        ItemOutcome::Withheld("it would leave no majority serving"),
        ItemOutcome::Never,
        ItemOutcome::Never,
    ];
    assert_eq!(outcome.items, expected);
    let crashes = outcome.faults[&FaultKind::Crash];
    assert_eq!((crashes.fired, crashes.withheld), (1, 1), "what finds nothing to strike is not withheld");
}

#[test]
fn an_item_restarts_only_whom_it_crashed() {
    // The second item finds n1 dead already, by an item that lasts far longer.
    let long = at(2 * MS, Target::Node(n(1)), Fault::Crash, Some(100 * MS));
    let short = at(3 * MS, Target::Nodes(vec![n(1), n(2)]), Fault::Crash, Some(MS));
    let system = Rig::<Steps>::new().survival(Lenient(Recoverable::Yes));
    let lines = said(&system, &with_items(calm(5), [long, short]));
    let restarts: Vec<&String> = lines.iter().filter(|line| line.contains("found")).collect();
    assert_eq!(restarts, ["4000us n2 found 0", "102000us n1 found 0"]);
}

#[test]
fn a_strike_within_a_step_has_a_line_of_its_own_and_so_has_one_that_is_withheld() {
    let items = [
        on(1, Point::Effects(1), Fault::Crash),
        Item { target: Target::Node(n(2)), ..on(1, Point::Effects(2), Fault::Crash) },
    ];
    let (_, records) = traced(&Rig::<Steps>::new(), &with_items(calm(3), items));
    let lines =
        records.iter().filter(|record| matches!(record.what, RecordWhat::Struck { .. } | RecordWhat::Crashed { .. }));
    let lines: Vec<String> = lines.map(|record| record.what.to_string()).collect();
    let expected = [
        "struck by item 1: on stepped(n1)#1 crash it after 1 effect for 5ms",
        "crashes; unsynced writes: 0 kept, 0 dropped",
        "not struck by item 2: on stepped(n1)#1 crash n2 after 2 effects for 5ms; it would leave no majority serving",
    ];
    assert_eq!(lines, expected);
}
