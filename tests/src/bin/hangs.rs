//! A campaign whose hosted code does not return from its first step, under a watchdog that does not wait for long.

use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use campaign::{Base, Campaign, Watchdog};
use sim::{Io, NoFact, NodeId, Payload, Process, Protocol, Refusal, Time};

fn main() {
    let base = Base::parse("7").expect("a base in decimal");
    let watchdog = Watchdog::new(Duration::from_millis(200));
    let scenario = campaign::scenario::<Stuck>("stuck");
    let report = Campaign::new(base, 1).run(&scenario, &watchdog, &AtomicBool::new(false), &|_| {});
    println!("nobody noticed: {report:?}");
}

struct Silence;

#[derive(Clone, Debug, Hash)]
struct Nothing;

impl Payload for Nothing {}

impl Protocol for Silence {
    type Message = Nothing;
    type Fact = NoFact;
    type Operation = ();
    type Reply = ();
}

/// A process that waits for what the engine cannot give it.
struct Stuck;

impl Process for Stuck {
    type Protocol = Silence;

    fn boot(_: &mut Io<'_, Silence>) -> Result<Stuck, Refusal> {
        loop {
            thread::park();
        }
    }

    fn on_message(&mut self, _: NodeId, _: Nothing, _: &mut Io<'_, Silence>) {}

    fn on_deadline(&mut self, _: &mut Io<'_, Silence>) {}

    fn next_deadline(&self) -> Option<Time> {
        None
    }
}
