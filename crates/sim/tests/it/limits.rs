//! Runs that do not end by themselves, and hosted code that panics.

use sim::{Class, Io, Limits, NodeId, Refusal, Time, Violation};

use crate::rig::{Actor, MS, Number, Numbers, Rig, calm, ms, n, run};

fn violation<A: Actor>(limits: Limits) -> Violation {
    let mut system = Rig::<A>::new();
    system.spec.limits = limits;
    let outcome = run(&system, &calm(2));
    outcome.violation().cloned().unwrap_or_else(|| panic!("{:?}", outcome.end))
}

/// Wants its deadline at a time that has always passed.
struct Impatient;

impl Actor for Impatient {
    fn start(_: &mut Io<'_, Numbers>) -> Result<Impatient, Refusal> {
        Ok(Impatient)
    }

    fn wakes_at(&self) -> Option<Time> {
        Some(ms(3))
    }
}

#[test]
fn a_process_that_holds_time_still_makes_no_progress() {
    let found = violation::<Impatient>(Limits { events_at_once: 50, ..Limits::default() });
    assert_eq!((found.class, found.signature.as_str()), (Class::Limit, "sim::no_progress"));
    assert_eq!((found.time, found.explanation.as_str()), (ms(3), "50 events and virtual time stands still"));
}

/// Wants its deadline every microsecond.
struct Restless(u64);

impl Actor for Restless {
    fn start(_: &mut Io<'_, Numbers>) -> Result<Restless, Refusal> {
        Ok(Restless(0))
    }

    fn wake(&mut self, _: &mut Io<'_, Numbers>) {
        self.0 += 1_000;
    }

    fn wakes_at(&self) -> Option<Time> {
        Some(Time::from_nanos(self.0 + 1_000))
    }
}

#[test]
fn a_run_that_goes_on_has_too_many_events() {
    let found = violation::<Restless>(Limits { events: 300, ..Limits::default() });
    assert_eq!((found.class, found.signature.as_str()), (Class::Limit, "sim::too_many_events"));
    assert_eq!((found.event, found.explanation.as_str()), (300, "300 events and no end"));
}

/// Answers every message with two.
struct Chain;

impl Actor for Chain {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Chain, Refusal> {
        io.send(n(1), Number(0));
        Ok(Chain)
    }

    fn hear(&mut self, from: NodeId, number: u64, io: &mut Io<'_, Numbers>) {
        io.send(from, Number(number + 1));
        io.send(n(2), Number(number + 1));
    }
}

#[test]
fn messages_that_multiply_are_a_storm() {
    let found = violation::<Chain>(Limits { messages_in_flight: 1_000, ..Limits::default() });
    assert_eq!((found.class, found.signature.as_str()), (Class::Limit, "sim::message_storm"));
    assert!(found.explanation.contains("messages are in flight"), "{}", found.explanation);
}

/// Panics at its third deadline.
struct Brittle(u64);

impl Actor for Brittle {
    fn start(_: &mut Io<'_, Numbers>) -> Result<Brittle, Refusal> {
        Ok(Brittle(0))
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        self.0 += 1;
        assert!(self.0 < 3, "{} broke in round {}", io.id(), self.0);
    }

    fn wakes_at(&self) -> Option<Time> {
        Some(ms(self.0 + 1))
    }
}

#[test]
fn a_panic_of_hosted_code_is_known_by_its_file_and_message() {
    let found = violation::<Brittle>(Limits::default());
    assert_eq!((found.class, found.signature.as_str(), found.node), (Class::Panic, "sim::panic", Some(n(1))));
    assert_eq!(found.time.as_nanos(), 3 * MS);
    assert_eq!(found.identity, format!("{}: n1 broke in round 3", file!()));
    assert!(found.explanation.starts_with(&format!("n1 panicked at {}:", file!())), "{}", found.explanation);
}

/// Panics when it is asked for its deadline.
struct Fickle(u64);

impl Actor for Fickle {
    fn start(_: &mut Io<'_, Numbers>) -> Result<Fickle, Refusal> {
        Ok(Fickle(0))
    }

    fn wake(&mut self, _: &mut Io<'_, Numbers>) {
        self.0 += 1;
    }

    fn wakes_at(&self) -> Option<Time> {
        assert!(self.0 < 2, "no deadline after round {}", self.0);
        Some(ms(self.0 + 1))
    }
}

#[test]
fn a_panic_where_the_deadline_is_asked_for_is_one_of_hosted_code_too() {
    let found = violation::<Fickle>(Limits::default());
    assert_eq!((found.class, found.identity), (Class::Panic, format!("{}: no deadline after round 2", file!())));
}

/// Reads a knob that nobody declared.
struct Misspelt;

impl Actor for Misspelt {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Misspelt, Refusal> {
        io.knob("retyr_ms");
        Ok(Misspelt)
    }
}

#[test]
fn misuse_of_the_engine_is_blamed_on_the_line_that_misuses_it() {
    let found = violation::<Misspelt>(Limits::default());
    assert_eq!(found.identity, format!("{}: the scenario declares no knob `retyr_ms`", file!()));
}
