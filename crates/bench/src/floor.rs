//! The workload on a bare heap: what no engine can do without, and nothing else.
//!
//! One `BinaryHeap` of events with their packet inline, one stream of ChaCha8 for peers, losses and latencies. No
//! digest, no trace, no faults to switch, nothing that replays a part of a run.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::workload::{
    Answer, Counts, Direction, HOSTS, Host, LATENCY_MAX_NS, LATENCY_MIN_NS, LOSS_PPM, Packet, Runs, SCAN_EVERY_NS,
};

/// The workload on a bare heap.
pub struct Floor {
    network: Network,
    hosts: Vec<Host>,
    now_ns: u64,
    counts: Counts,
}

impl Floor {
    /// The workload with so many slots, before its first event.
    pub fn new(queue: u32, seed: u64) -> Floor {
        let mut floor = Floor {
            network: Network { heap: BinaryHeap::new(), pushed: 0, random: ChaCha8Rng::seed_from_u64(seed) },
            hosts: vec![Host::new(queue / u32::from(HOSTS)); usize::from(HOSTS)],
            now_ns: 0,
            counts: Counts::default(),
        };
        for host in 0..HOSTS as u8 {
            for slot in 0..floor.hosts[usize::from(host)].slots() {
                floor.ping(host, slot);
            }
            floor.network.push_scan(SCAN_EVERY_NS, host);
        }
        floor
    }

    #[inline]
    fn ping(&mut self, host: u8, slot: u32) {
        let packet = self.hosts[usize::from(host)].ping(slot, self.now_ns);
        let ahead = 1 + ((u64::from(self.network.random.next_u32()) * u64::from(HOSTS - 1)) >> 32) as u8;
        let peer = (host + ahead) % HOSTS as u8;
        self.network.send(self.now_ns, host, peer, Direction::Ping, packet);
    }

    fn scan(&mut self, host: u8) {
        for slot in 0..self.hosts[usize::from(host)].slots() {
            if self.hosts[usize::from(host)].is_overdue(slot, self.now_ns) {
                self.ping(host, slot);
            }
        }
        self.counts += self.hosts[usize::from(host)].take_counts();
        self.network.push_scan(self.now_ns + SCAN_EVERY_NS, host);
    }
}

impl Runs for Floor {
    fn fire(&mut self, events: u64) {
        for _ in 0..events {
            let event = self.network.heap.pop().expect("the scans never end");
            self.now_ns = event.time_ns;
            let What::Deliver(direction) = event.what else {
                self.scan(event.to);
                continue;
            };
            match self.hosts[usize::from(event.to)].receive(direction, &event.packet) {
                Answer::Pong => self.network.send(self.now_ns, event.to, event.from, Direction::Pong, event.packet),
                Answer::Ping => self.ping(event.to, event.packet.slot),
                Answer::Nothing => {}
            }
        }
    }

    fn now_ns(&self) -> u64 {
        self.now_ns
    }

    fn counts(&self) -> Counts {
        self.counts
    }
}

struct Network {
    heap: BinaryHeap<Event>,
    pushed: u32,
    random: ChaCha8Rng,
}

impl Network {
    #[inline]
    fn send(&mut self, now_ns: u64, from: u8, to: u8, direction: Direction, packet: Packet) {
        const LOSS: u64 = (((LOSS_PPM as u128) << 64) / 1_000_000) as u64;
        if self.random.next_u64() < LOSS {
            return;
        }
        let width = LATENCY_MAX_NS - LATENCY_MIN_NS + 1;
        let latency_ns = LATENCY_MIN_NS + ((u128::from(self.random.next_u64()) * u128::from(width)) >> 64) as u64;
        self.push(now_ns + latency_ns, from, to, What::Deliver(direction), packet);
    }

    fn push_scan(&mut self, time_ns: u64, host: u8) {
        self.push(time_ns, host, host, What::Scan, Packet { slot: 0, sequence: 0, filler: [0; 56] });
    }

    #[inline]
    fn push(&mut self, time_ns: u64, from: u8, to: u8, what: What, packet: Packet) {
        self.pushed = self.pushed.wrapping_add(1);
        self.heap.push(Event { time_ns, order: self.pushed, from, to, what, packet });
    }
}

struct Event {
    time_ns: u64,
    order: u32,
    from: u8,
    to: u8,
    what: What,
    packet: Packet,
}

#[derive(Clone, Copy)]
enum What {
    Deliver(Direction),
    Scan,
}

// The heap's greatest is the earliest.
impl Ord for Event {
    #[inline]
    fn cmp(&self, other: &Event) -> Ordering {
        (other.time_ns, other.order).cmp(&(self.time_ns, self.order))
    }
}

impl PartialOrd for Event {
    #[inline]
    fn partial_cmp(&self, other: &Event) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Event {
    fn eq(&self, other: &Event) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Event {}

#[cfg(test)]
mod tests {
    use super::*;

    /// A floor that moves more bytes than it must would be too easy to stand on.
    #[test]
    fn an_event_is_its_packet_and_sixteen_bytes() {
        assert_eq!(size_of::<Event>(), 64 + 16);
    }
}
