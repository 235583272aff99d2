//! Clocks that are wrong: when a deadline comes, and what a process is told the time is.

use sim::{Fault, FaultKind, Io, Item, ItemOutcome, Recoverable, Refusal, Target, Time};

use crate::rig::{Actor, Lenient, MS, Numbers, Rig, at, calm, ms, n, run, said, with_items};

/// Every 10 ms by its own clock it says what that clock shows, five times.
struct Ticks(u64);

impl Actor for Ticks {
    fn start(_: &mut Io<'_, Numbers>) -> Result<Ticks, Refusal> {
        Ok(Ticks(0))
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        self.0 += 1;
        io.note(format!("{} ms", io.now().as_duration().as_millis()));
    }

    fn wakes_at(&self) -> Option<Time> {
        (self.0 < 5).then(|| ms(10 * (self.0 + 1)))
    }
}

/// When n1 said so, in milliseconds of the world.
fn ticks(items: impl IntoIterator<Item = Item>) -> Vec<String> {
    let system = Rig::<Ticks>::new().survival(Lenient(Recoverable::Yes));
    said(&system, &with_items(calm(1), items))
}

fn rate(at_ms: u64, error_ppm: i32, for_ms: u64) -> Item {
    at(at_ms * MS, Target::Node(n(1)), Fault::ClockRate { error_ppm }, Some(for_ms * MS))
}

#[test]
fn a_slow_clock_brings_deadlines_later_and_a_right_one_as_ever() {
    // Half as fast from 15 to 35 ms: 10 ms behind from there on.
    let expected = ["10000us n1 10 ms", "25000us n1 20 ms", "40000us n1 30 ms", "50000us n1 40 ms", "60000us n1 50 ms"];
    assert_eq!(ticks([rate(15, -500_000, 20)]), expected);
}

#[test]
fn a_fast_clock_brings_them_sooner() {
    let expected = ["5000us n1 10 ms", "10000us n1 20 ms", "20000us n1 30 ms", "30000us n1 40 ms", "40000us n1 50 ms"];
    assert_eq!(ticks([rate(0, 1_000_000, 10)]), expected);
}

#[test]
fn a_clock_that_stands_still_brings_none_until_it_goes_on() {
    let expected =
        ["10000us n1 10 ms", "120000us n1 20 ms", "130000us n1 30 ms", "140000us n1 40 ms", "150000us n1 50 ms"];
    assert_eq!(ticks([rate(15, -1_000_000, 100)]), expected);
}

#[test]
fn the_heal_sets_every_clock_right() {
    // The heal comes after a second.
    let expected = ["1000000us n1 0 ms", "1010000us n1 10 ms"];
    let system = Rig::<Reads>::new().survival(Lenient(Recoverable::Yes)).checks(never());
    let item = at(0, Target::Node(n(1)), Fault::ClockRate { error_ppm: -1_000_000 }, None);
    let mut case = with_items(calm(2), [item]);
    // Of everybody, healed otherwise or not.
    case.plan.heal.core = Some(vec![n(2)]);
    assert_eq!(said(&system, &case)[..2], expected);
}

/// n1 says what its clock shows when it hears n2, which speaks every 10 ms from the heal on.
struct Reads(u64);

impl Actor for Reads {
    fn start(_: &mut Io<'_, Numbers>) -> Result<Reads, Refusal> {
        Ok(Reads(0))
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        self.0 += 1;
        if io.id() == n(2) {
            io.send(n(1), crate::rig::Number(self.0));
        }
    }

    fn wakes_at(&self) -> Option<Time> {
        Some(Time::from_nanos(999 * MS + self.0 * 10 * MS))
    }

    fn hear(&mut self, _: sim::NodeId, _: u64, io: &mut Io<'_, Numbers>) {
        io.note(format!("{} ms", io.now().as_duration().as_millis()));
    }
}

fn never() -> sim::Progress<crate::heal::Never> {
    sim::Progress::new("progress", std::time::Duration::from_millis(100), crate::heal::Never)
}

/// Says what the wall clock shows, every 10 ms.
struct Wall(u64);

impl Actor for Wall {
    fn start(_: &mut Io<'_, Numbers>) -> Result<Wall, Refusal> {
        Ok(Wall(0))
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        self.0 += 1;
        io.note(format!("{} and {}", io.wall().as_nanos() / MS % 1_000, io.now().as_nanos() / MS));
    }

    fn wakes_at(&self) -> Option<Time> {
        (self.0 < 3).then(|| ms(10 * (self.0 + 1)))
    }
}

#[test]
fn the_wall_clock_jumps_back_and_the_monotonic_one_does_not() {
    let item = at(15 * MS, Target::Node(n(1)), Fault::WallJump { by_ns: -(15 * MS as i64) }, None);
    let lines = said(&Rig::<Wall>::new(), &with_items(calm(1), [item]));
    assert_eq!(lines, ["10000us n1 10 and 10", "20000us n1 5 and 20", "30000us n1 15 and 30"]);
}

#[test]
fn an_item_ends_only_its_own_rate_error() {
    // The first makes the clock half as fast from 5 to 45 ms; the second comes and ends within that time.
    let items = || [rate(5, -500_000, 40), rate(10, -250_000, 10)];
    let expected = ["15000us n1 10 ms", "35000us n1 20 ms", "50000us n1 30 ms", "60000us n1 40 ms", "70000us n1 50 ms"];
    assert_eq!(ticks(items()), expected);
    let outcome = run(&Rig::<Ticks>::new(), &with_items(calm(1), items()));
    assert_eq!(outcome.items[1], ItemOutcome::Withheld("there was nothing to strike"));
    assert_eq!(outcome.faults[&FaultKind::ClockRate].fired, 1);
}
