//! What waits while a process stands still.

use sim::{Fault, Io, NodeId, Refusal, Request, Target, Time};

use crate::rig::{Actor, MS, Number, Numbers, Rig, Said, at, calm, ms, n, said, with_items, with_knob};

/// n1 sends a number every millisecond; n2 hears it, and has a deadline of its own every 4 ms.
struct Stream {
    next: u64,
    every: u64,
}

impl Actor for Stream {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Stream, Refusal> {
        Ok(Stream { next: 1, every: if io.id() == n(1) { 1 } else { 4 } })
    }

    fn hear(&mut self, _: NodeId, number: u64, io: &mut Io<'_, Numbers>) {
        io.note(format!("hears {number}"));
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        if io.id() == n(1) {
            io.send(n(2), Number(self.next));
        } else {
            io.note(format!("wakes at {:?}", io.now()));
        }
        self.next += 1;
    }

    fn wakes_at(&self) -> Option<Time> {
        (self.next <= 6 / self.every).then(|| ms(self.next * self.every))
    }
}

fn paused(item: sim::Item) -> Vec<String> {
    said(&Rig::<Stream>::new(), &with_items(calm(3), [item])).into_iter().filter(|line| line.contains(" n2 ")).collect()
}

#[test]
fn what_a_paused_process_would_hear_waits_and_its_clock_goes_on() {
    let lines = paused(at(2 * MS + 1, Target::Node(n(2)), Fault::Pause, Some(3 * MS)));
    let expected = [
        "2000us n2 hears 1",
        // 5 ms and 1 ns: what has waited longest first, which is not the deadline of 4 ms.
        "5000us n2 hears 2",
        "5000us n2 hears 3",
        "5000us n2 wakes at 0.005000001s",
        "5000us n2 hears 4",
        "6000us n2 hears 5",
        "7000us n2 hears 6",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_pause_that_ends_with_a_crash_takes_the_inbox_with_it() {
    let pause = at(2 * MS + 1, Target::Node(n(2)), Fault::Pause, Some(10 * MS));
    let crash = at(5 * MS + 1, Target::Node(n(2)), Fault::Crash, Some(MS));
    let lines = said(&Rig::<Stream>::new(), &with_items(calm(3), [pause, crash]));
    let heard: Vec<&String> = lines.iter().filter(|line| line.contains("n2 hears")).collect();
    assert_eq!(heard, ["2000us n2 hears 1", "7000us n2 hears 6"]);
}

/// n1 syncs at its boot, and says so to n2.
struct Syncs;

impl Actor for Syncs {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Syncs, Refusal> {
        if io.id() == n(1) {
            let file = io.open("log");
            io.sync_directory();
            io.write(file, 0, &[1]);
            let synced = io.sync(file);
            io.when_durable(synced, Said("durable", 1));
            io.send_after(synced, n(2), Number(1));
        }
        Ok(Syncs)
    }

    fn synced(&mut self, _: Request, io: &mut Io<'_, Numbers>) {
        io.note("synced");
    }

    fn hear(&mut self, _: NodeId, number: u64, io: &mut Io<'_, Numbers>) {
        io.note(format!("hears {number}"));
    }
}

#[test]
fn the_disk_works_on_while_its_process_is_paused_but_messages_wait() {
    let case = with_knob(calm(3), "sim.sync_ns", 2 * MS);
    let case = with_items(case, [at(1, Target::Node(n(1)), Fault::Pause, Some(20 * MS))]);
    let lines = said(&Rig::<Syncs>::new(), &case);
    assert!(lines[0].ends_with("n1 Said(\"durable\", 1)"), "{lines:?}");
    assert!(!lines[0].starts_with("20000us"), "the device has no part in the pause: {lines:?}");
    // The directory, then the file.
    assert_eq!(lines[1..], ["20000us n1 synced", "20000us n1 synced", "21000us n2 hears 1"]);
}
