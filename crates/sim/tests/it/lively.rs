//! A system in which everything happens: timers, draws, disk, messages that depend on messages, under every fault.

use std::time::Duration;

use sim::{Case, File, Io, Knob, NodeId, Recoverable, Refusal, Time, mix, sample};

use crate::rig::{Actor, Lenient, Number, Numbers, Rig, Said, expanded};

/// Every round it writes, syncs, tells its neighbour when that is durable, and one more at once. What it answers depends
/// on everything that it heard.
#[derive(Clone)]
pub struct Lively {
    file: File,
    round: u64,
    heard: u64,
    deadline: Time,
}

const ANSWER: u64 = 1 << 32;
const ASIDE: u64 = 1 << 33;

impl Actor for Lively {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Lively, Refusal> {
        let round = io.surviving("rounds").len() as u64;
        let file = io.open("rounds");
        io.sync_directory();
        let mut lively = Lively { file, round, heard: 0, deadline: Time::ZERO };
        lively.wait(io);
        Ok(lively)
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        self.round += 1;
        io.write(self.file, self.round - 1, &[1]);
        let synced = io.sync(self.file);
        io.when_durable(synced, Said("round", self.round));
        let next = 1 + io.id().number() as usize % io.nodes().len();
        io.send_after(synced, NodeId::node(next as u16), Number(self.round));
        let any = sample::below(io.draw("any"), io.nodes().len() as u64) as usize;
        io.send(io.nodes()[any], Number(ASIDE | self.round));
        io.reached("round");
        self.wait(io);
    }

    fn wakes_at(&self) -> Option<Time> {
        Some(self.deadline)
    }

    fn hear(&mut self, from: NodeId, number: u64, io: &mut Io<'_, Numbers>) {
        self.heard = mix(self.heard, number ^ u64::from(from.number()) << 48);
        io.fact(Said("heard", self.heard));
        if number & ANSWER == 0 && self.heard.is_multiple_of(2) {
            io.send(from, Number(ANSWER | number));
        }
    }
}

impl Lively {
    fn wait(&mut self, io: &mut Io<'_, Numbers>) {
        self.deadline = io.now() + Duration::from_micros(io.knob("round_us") + sample::below(io.draw("wait"), 5_000));
    }
}

/// The system; whatever its plan says strikes.
pub fn lively() -> Rig<Lively, (), Lenient> {
    let mut rig = Rig::<Lively>::new().survival(Lenient(Recoverable::Yes));
    rig.spec.clients = 0..=0;
    rig.spec.safety = Duration::from_millis(200)..=Duration::from_millis(600);
    rig.spec.knobs = vec![Knob::linear("round_us", 1_000..=20_000)];
    rig
}

/// The case of a seed, in weather of every kind.
pub fn stormy(seed: u64) -> Case {
    let mut case = expanded(&lively(), seed);
    case.network.loss_ppm = 100_000;
    case.network.delay_ppm = 100_000;
    case.network.duplication_ppm = 100_000;
    case.network.reordering_ppm = 100_000;
    case.network.corruption_ppm = 100_000;
    // What waits behind something comes of it.
    (case.network.bandwidth_bytes_per_s, case.network.queue_max_bytes) = (0, 0);
    case
}
