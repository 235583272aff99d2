//! What makes messages wait on their link: it carries so many bytes a second, one message after the other, or is clogged.

use super::LinkIndex;
use crate::case::Network;
use crate::time::Time;

const SECOND: u64 = 1_000_000_000;

/// The links of a run, as far as messages wait on them.
#[derive(Clone)]
pub(super) struct Pipes {
    /// 0: a link takes whatever it is given at once.
    bytes_per_s: u64,
    /// 0: any number of bytes may wait.
    queue_max_bytes: u64,
    /// When each link has carried all that it was given.
    free_at: Vec<Time>,
    /// How many items clog each link.
    clogs: Vec<u32>,
    /// What waits for a clog to end, in the order of sending.
    held: Vec<Held>,
}

/// A message that waits for a clog to end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Held {
    pub(crate) link: LinkIndex,
    /// The message's number.
    pub(crate) message: u32,
    /// How many bytes it is; nothing where the plan says how long it takes.
    pub(crate) len: Option<u32>,
    /// How long it takes once it is let go.
    pub(crate) latency_ns: u64,
    /// How long after that it arrives again.
    pub(crate) again_after_ns: Option<u64>,
}

/// How long a message takes to get through a link's queue and onto its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Carried {
    /// Until the link has carried what was there before.
    pub(super) wait_ns: u64,
    /// Until it has carried this one too.
    pub(super) total_ns: u64,
}

impl Pipes {
    pub(super) fn new(links: usize, network: &Network) -> Pipes {
        Pipes {
            bytes_per_s: network.bandwidth_bytes_per_s,
            queue_max_bytes: network.queue_max_bytes,
            free_at: vec![Time::ZERO; links],
            clogs: vec![0; links],
            held: Vec::new(),
        }
    }

    /// From here on a link takes whatever it is given at once; clogs stay.
    pub(super) fn widen(&mut self) {
        self.bytes_per_s = 0;
    }

    /// Whether more bytes wait than may.
    pub(super) fn is_full(&self, now: Time, link: LinkIndex) -> bool {
        let wait_ns = self.free_at[link].as_nanos().saturating_sub(now.as_nanos());
        let waiting = u128::from(wait_ns) * u128::from(self.bytes_per_s) / u128::from(SECOND);
        self.bytes_per_s > 0 && self.queue_max_bytes > 0 && waiting > u128::from(self.queue_max_bytes)
    }

    /// Gives a link a message of so many bytes.
    pub(super) fn carry(&mut self, now: Time, link: LinkIndex, len: u32) -> Carried {
        if self.bytes_per_s == 0 {
            return Carried { wait_ns: 0, total_ns: 0 };
        }
        let begins = self.free_at[link].max(now);
        let ends = begins.plus_nanos(u64::from(len) * SECOND / self.bytes_per_s);
        self.free_at[link] = ends;
        let since = |time: Time| time.as_nanos() - now.as_nanos();
        Carried { wait_ns: since(begins), total_ns: since(ends) }
    }

    pub(super) fn clog(&mut self, link: LinkIndex) {
        self.clogs[link] += 1;
    }

    pub(super) fn unclog(&mut self, link: LinkIndex) {
        self.clogs[link] = self.clogs[link].checked_sub(1).expect("a link is unclogged as often as it was clogged");
    }

    pub(super) fn is_clogged(&self, link: LinkIndex) -> bool {
        self.clogs[link] > 0
    }

    /// Ends every clog of a link.
    pub(super) fn clear(&mut self, link: LinkIndex) {
        self.clogs[link] = 0;
    }

    pub(super) fn hold(&mut self, held: Held) {
        self.held.push(held);
    }

    /// Takes what waits no longer, in the order of sending.
    pub(super) fn released(&mut self, now: Time) -> Vec<Held> {
        let (waiting, mut released): (Vec<Held>, Vec<Held>) =
            self.held.drain(..).partition(|held| self.clogs[held.link] > 0);
        self.held = waiting;
        for held in &mut released {
            if let Some(len) = held.len {
                held.latency_ns = held.latency_ns.saturating_add(self.carry(now, held.link, len).total_ns);
            }
        }
        released
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipes(bandwidth_bytes_per_s: u64, queue_max_bytes: u64) -> Pipes {
        Pipes::new(2, &Network { bandwidth_bytes_per_s, queue_max_bytes, ..Network::calm(0..=0) })
    }

    #[test]
    fn one_message_is_carried_after_the_other_and_each_link_for_itself() {
        let mut pipes = pipes(1_000, 0);
        let ms = 1_000_000;
        assert_eq!(pipes.carry(Time::ZERO, 0, 5), Carried { wait_ns: 0, total_ns: 5 * ms });
        assert_eq!(pipes.carry(Time::from_nanos(2 * ms), 0, 1), Carried { wait_ns: 3 * ms, total_ns: 4 * ms });
        assert_eq!(pipes.carry(Time::from_nanos(2 * ms), 1, 1), Carried { wait_ns: 0, total_ns: ms });
        assert_eq!(pipes.carry(Time::from_nanos(9 * ms), 0, 0), Carried { wait_ns: 0, total_ns: 0 });
    }

    #[test]
    fn a_queue_is_full_once_more_wait_than_may() {
        let mut pipes = pipes(1_000, 5);
        pipes.carry(Time::ZERO, 0, 5);
        assert!(!pipes.is_full(Time::ZERO, 0), "five bytes may wait");
        pipes.carry(Time::ZERO, 0, 1);
        assert!(pipes.is_full(Time::ZERO, 0) && !pipes.is_full(Time::ZERO, 1));
        assert!(!pipes.is_full(Time::from_nanos(1_000_000), 0), "one of the six has left");
    }

    #[test]
    fn the_widest_and_the_narrowest_link_do_not_overflow() {
        let mut narrow = pipes(1, 1);
        (0..10).for_each(|_| _ = narrow.carry(Time::ZERO, 0, u32::MAX));
        assert!(narrow.is_full(Time::ZERO, 0));
        let mut wide = pipes(u64::MAX, u64::MAX);
        assert_eq!(wide.carry(Time::ZERO, 0, u32::MAX).total_ns, 0);
    }
}
