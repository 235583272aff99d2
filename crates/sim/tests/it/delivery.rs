//! Latencies, order, ties, and queues at nodes that are busy.

use sim::{Fault, Io, Network, NodeId, RecordWhat, Recoverable, Refusal, Taken, Target, Time};

use crate::rig::{
    Actor, Lenient, MS, Number, Numbers, Rig, Said, at, calm, ms, n, said, traced, with_items, with_knob,
};

/// n1 sends 1, 2, 3 to n2 at once when it boots; everybody notes what it hears.
struct Burst;

impl Actor for Burst {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Burst, Refusal> {
        if io.id() == n(1) {
            (1..=3).for_each(|number| io.send(n(2), Number(number)));
        }
        Ok(Burst)
    }

    fn hear(&mut self, from: NodeId, number: u64, io: &mut Io<'_, Numbers>) {
        io.note(format!("{from} says {number}"));
    }
}

#[test]
fn messages_of_one_latency_arrive_after_it_in_the_order_of_sending() {
    let expected = ["1000us n2 n1 says 1", "1000us n2 n1 says 2", "1000us n2 n1 says 3"];
    assert_eq!(said(&Rig::<Burst>::new(), &calm(2)), expected);
}

#[test]
fn every_latency_lies_in_the_range_and_the_range_is_used() {
    let mut case = calm(2);
    case.network = Network::calm(MS..=9 * MS);
    let mut order = Vec::new();
    for seed in 0..100 {
        case.seed = sim::Hex(seed);
        let lines = said(&Rig::<Burst>::new(), &case);
        let times = lines.iter().map(|line| line.split("us ").next().unwrap().parse::<u64>().unwrap());
        assert!(times.clone().all(|time| (1_000..=9_000).contains(&time)), "{lines:?}");
        order.push(lines.iter().map(|line| line.chars().last().unwrap()).collect::<String>());
    }
    for any in ["123", "132", "213", "231", "312", "321"] {
        assert!(order.iter().any(|order| order == any), "{any} never happened");
    }
}

#[test]
fn a_busy_node_takes_what_waits_one_at_a_time() {
    let case = with_knob(calm(2), "sim.service_ns", 10_000);
    let expected = ["1000us n2 n1 says 1", "1010us n2 n1 says 2", "1020us n2 n1 says 3"];
    assert_eq!(said(&Rig::<Burst>::new(), &case), expected);
}

/// Or nobody could say by which message what was taken later came about.
#[test]
fn what_is_taken_from_the_inbox_came_of_the_event_in_which_it_got_there() {
    let (_, records) = traced(&Rig::<Burst>::new(), &with_knob(calm(2), "sim.service_ns", 10_000));
    let waits = |record: &&sim::Record| matches!(record.what, RecordWhat::Arrived { taken: Taken::Waits, .. });
    let arrivals: Vec<u64> = records.iter().filter(waits).map(|record| record.event).collect();
    let takes = records.iter().filter(|record| matches!(record.what, RecordWhat::Took(_)));
    let causes: Vec<u64> = takes.filter_map(|record| record.causes[0]).collect();
    assert_eq!((arrivals.len(), causes), (2, arrivals));
}

/// n1 sends to itself and to everybody; all have a deadline at the very time of the arrival.
struct Tie {
    woken: bool,
}

impl Actor for Tie {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Tie, Refusal> {
        if io.id() == n(2) {
            for number in [3, 1, 2] {
                io.send(n(number), Number(u64::from(number)));
            }
        }
        Ok(Tie { woken: false })
    }

    fn hear(&mut self, _: NodeId, _: u64, io: &mut Io<'_, Numbers>) {
        io.note("hears");
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        self.woken = true;
        io.note("wakes");
    }

    fn wakes_at(&self) -> Option<Time> {
        (!self.woken).then_some(ms(1))
    }
}

#[test]
fn at_one_time_queued_events_come_in_order_of_scheduling_and_then_deadlines_by_node() {
    let expected = ["n3 hears", "n1 hears", "n2 hears", "n1 wakes", "n2 wakes", "n3 wakes"];
    let expected = expected.map(|line| format!("1000us {line}"));
    assert_eq!(said(&Rig::<Tie>::new(), &calm(3)), expected);
}

#[test]
fn a_plan_item_is_scheduled_before_what_happens_in_the_run() {
    // The crash and the arrival are due at the same nanosecond: the crash was there first.
    let case = with_items(calm(3), [at(MS, Target::Node(n(3)), Fault::Crash, None)]);
    let expected = ["n1 hears", "n2 hears", "n1 wakes", "n2 wakes"].map(|line| format!("1000us {line}"));
    assert_eq!(said(&Rig::<Tie>::new(), &case), expected);
}

/// n2 is flooded for a millisecond, and has something to do in the middle of it.
struct Flooded {
    heard: u64,
    woken: bool,
}

impl Actor for Flooded {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Flooded, Refusal> {
        if io.id() == n(1) {
            (0..100).for_each(|number| io.send(n(2), Number(number)));
        }
        Ok(Flooded { heard: 0, woken: io.id() == n(1) })
    }

    fn hear(&mut self, _: NodeId, _: u64, _: &mut Io<'_, Numbers>) {
        self.heard += 1;
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        self.woken = true;
        io.note(format!("wakes after {}", self.heard));
    }

    fn wakes_at(&self) -> Option<Time> {
        (!self.woken).then(|| Time::from_nanos(MS - 1))
    }
}

#[test]
fn a_full_inbox_does_not_hold_a_deadline_off() {
    // The deadline comes while the first message is not there yet, but the node is busy with its boot until after.
    let case = with_knob(calm(2), "sim.service_ns", MS + 1);
    assert_eq!(said(&Rig::<Flooded>::new(), &case), ["1000us n2 wakes after 0"]);
}

/// A process that tells its own clock when it boots and when it wakes.
struct Clock(Option<Time>);

impl Actor for Clock {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Clock, Refusal> {
        io.fact(Said("boot", io.now().as_nanos()));
        Ok(Clock(Some(ms(2))))
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        io.fact(Said("wake", io.now().as_nanos()));
        self.0 = None;
    }

    fn wakes_at(&self) -> Option<Time> {
        self.0
    }
}

#[test]
fn a_process_s_clock_starts_at_its_boot() {
    let case = with_items(calm(1), [at(5 * MS, Target::Node(n(1)), Fault::Crash, Some(MS))]);
    let system = Rig::<Clock>::new().survival(Lenient(Recoverable::Yes));
    let expected = [
        "0us n1 Said(\"boot\", 0)",
        "2000us n1 Said(\"wake\", 2000000)",
        "6000us n1 Said(\"boot\", 0)",
        "8000us n1 Said(\"wake\", 2000000)",
    ];
    assert_eq!(said(&system, &case), expected);
}
