//! Ping-pong under loss and deadlines, as a protocol that knows no engine.
//!
//! Five hosts own an equal share of slots. A slot pings a host chosen among the other four, and pings again when the
//! pong comes. A host looks at its slots every 10 ms and pings anew for those that have waited for 20 ms. A message
//! takes 1 to 10 ms, uniform, and one in a hundred is lost. So nearly every slot has a message in flight all the time,
//! and the number of slots is the length of the event queue.

use std::array;

/// How many hosts.
pub const HOSTS: u16 = 5;
/// The shortest latency of a message.
pub const LATENCY_MIN_NS: u64 = 1_000_000;
/// The longest latency of a message.
pub const LATENCY_MAX_NS: u64 = 9_999_999;
/// How many messages of a million are lost.
pub const LOSS_PPM: u32 = 10_000;
/// How often a host looks for pings that were not answered.
pub const SCAN_EVERY_NS: u64 = 10_000_000;
/// How long a ping waits for its pong.
pub const PATIENCE_NS: u64 = 20_000_000;

/// Which way a packet goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Direction {
    /// From a slot.
    Ping,
    /// Back to it.
    Pong,
}

/// The 64 bytes that travel.
#[derive(Clone, Copy, Debug, Hash)]
pub struct Packet {
    /// The slot of the host that pinged.
    pub slot: u32,
    /// Which of the slot's pings.
    pub sequence: u32,
    /// What makes 64 bytes of it.
    pub filler: [u8; 56],
}

/// The state of one host.
#[derive(Clone, Debug)]
pub struct Host {
    slots: Vec<Slot>,
    counts: Counts,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    sequence: u32,
    deadline_ns: u64,
}

/// What happened at a host, or at all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub struct Counts {
    /// Messages delivered.
    pub delivered: u64,
    /// Pongs among them that came too late.
    pub stale: u64,
    /// Pings sent because a deadline had passed.
    pub repeated: u64,
}

impl Host {
    /// A host that has pinged for none of its slots yet.
    pub fn new(slots: u32) -> Host {
        Host { slots: vec![Slot { sequence: 0, deadline_ns: 0 }; slots as usize], counts: Counts::default() }
    }

    /// How many slots it owns.
    pub fn slots(&self) -> u32 {
        self.slots.len() as u32
    }

    /// The next ping of a slot.
    #[inline]
    pub fn ping(&mut self, slot: u32, now_ns: u64) -> Packet {
        let state = &mut self.slots[slot as usize];
        state.sequence += 1;
        state.deadline_ns = now_ns + PATIENCE_NS;
        Packet { slot, sequence: state.sequence, filler: array::from_fn(|index| index as u8) }
    }

    /// Takes a packet; what is to be sent for it.
    #[inline]
    pub fn receive(&mut self, direction: Direction, packet: &Packet) -> Answer {
        self.counts.delivered += 1;
        match direction {
            Direction::Ping => Answer::Pong,
            Direction::Pong if self.slots[packet.slot as usize].sequence == packet.sequence => Answer::Ping,
            Direction::Pong => {
                self.counts.stale += 1;
                Answer::Nothing
            }
        }
    }

    /// Whether the ping of a slot has waited for too long; counted, since it is sent anew then.
    #[inline]
    pub fn is_overdue(&mut self, slot: u32, now_ns: u64) -> bool {
        let overdue = self.slots[slot as usize].deadline_ns <= now_ns;
        self.counts.repeated += u64::from(overdue);
        overdue
    }

    /// What happened since this was last asked.
    pub fn take_counts(&mut self) -> Counts {
        std::mem::take(&mut self.counts)
    }
}

/// What is to be sent for a packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// The same packet, back to where it came from.
    Pong,
    /// The slot's next ping.
    Ping,
    /// Nothing.
    Nothing,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, more: Counts) {
        self.delivered += more.delivered;
        self.stale += more.stale;
        self.repeated += more.repeated;
    }
}

/// Something that runs the workload.
pub trait Runs {
    /// Fires so many events: deliveries and scans.
    fn fire(&mut self, events: u64);

    /// How much virtual time has passed.
    fn now_ns(&self) -> u64;

    /// What happened at all hosts, as of their last scan.
    fn counts(&self) -> Counts;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::floor::Floor;

    /// Counts per second of virtual time, once the start is over.
    fn rates(mut runs: impl Runs) -> [u64; 3] {
        const EVENTS: u64 = 400_000;
        runs.fire(EVENTS);
        let (from_ns, before) = (runs.now_ns(), runs.counts());
        runs.fire(EVENTS);
        let (span_ns, after) = (runs.now_ns() - from_ns, runs.counts());
        [after.delivered - before.delivered, after.stale - before.stale, after.repeated - before.repeated]
            .map(|count| count * 1_000_000_000 / span_ns)
    }

    /// A ratio means nothing unless both sides do the same: same deliveries, same losses, same repetitions a second.
    #[test]
    fn the_engine_and_the_floor_do_the_same_work() {
        for queue in [50, 1_000] {
            let (ours, floor) = (rates(Engine::new(queue, 1)), rates(Floor::new(queue, 1)));
            // A round trip is 11 ms in the mean, so that a slot has some 182 deliveries a second; losses cost a tenth.
            assert!(ours[0].abs_diff(u64::from(queue) * 150) < u64::from(queue) * 25, "{queue}: {ours:?}");
            for ((ours, floor), tolerance_percent) in ours.into_iter().zip(floor).zip([2, 100, 6]) {
                let apart = ours.abs_diff(floor) * 100;
                assert!(apart <= floor.max(1) * tolerance_percent, "{queue} slots: ours {ours}, floor {floor}");
            }
        }
    }
}
