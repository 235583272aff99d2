//! Messages that do not simply take their time: damaged on their way, or waiting for a clog to end.

use super::{Slot, World};
use crate::hash::content_hash;
use crate::id::NodeId;
use crate::network::{Held, Passage, Sent, Struck};
use crate::payload::Payload;
use crate::system::System;

/// A message that is being sent: by whom, to whom, and its number.
#[derive(Clone, Copy)]
pub(super) struct Sending {
    pub(super) from: Slot,
    pub(super) to: NodeId,
    pub(super) slot: Slot,
    pub(super) index: u32,
}

impl<S: System> World<S> {
    /// A message is damaged, or has to wait for a clog to end, or both.
    #[cold]
    pub(super) fn send_on_detour(&mut self, sending: Sending, sent: Sent, mut passage: Passage, struck: Struck) {
        let Sending { from, to, slot, index } = sending;
        let link = self.link(from, slot);
        let as_sent = self.records.is_some().then(|| format!("{:?}", self.flights.get(index).message));
        if struck.corrupted {
            let draw = self.links.damage(&self.cluster.mixer, self.now, link, sent);
            let damaged = self.flights.get(index).message.corrupted(draw);
            self.digest.roll(damaged.as_ref().map_or(0, content_hash));
            match damaged {
                Some(damaged) => self.flights.replace(index, damaged),
                // Nobody can read it.
                None => passage.latency_ns = None,
            }
        }
        if let Some(message) = as_sent {
            self.record_sending(from, to, sent, passage, message);
        }
        let Some(latency_ns) = passage.latency_ns else { return self.flights.discard(index) };
        if struck.corrupted && self.records.is_some() {
            self.damaged_tags.insert(index, sent.tag);
        }
        self.flights.launch(index, slot as u16, sent.occurrence);
        if struck.clogged {
            let len = struck.item.is_none().then(|| self.flights.get(index).message.len());
            let again_after_ns = passage.again_after_ns;
            self.links.hold(Held { link, message: index, len, latency_ns, again_after_ns });
        } else {
            self.depart(index, self.now.plus_nanos(latency_ns), passage.again_after_ns);
        }
    }

    /// What no clog holds any more is on its way, in the order of sending.
    pub(super) fn release_clogged(&mut self) {
        for held in self.links.released(self.now) {
            let (from, to) = (held.link / self.hosts.len(), held.link % self.hosts.len());
            let arrives = self.arrival_in_session(from, to, self.now.plus_nanos(held.latency_ns));
            self.depart(held.message, arrives, held.again_after_ns);
        }
    }
}
