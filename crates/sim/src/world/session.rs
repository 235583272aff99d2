//! Session links: in order, nothing lost, until a reset takes what is in flight.
//!
//! Between every two processes there is a session, up or down. It goes down when a partition cuts it either way, when an
//! end dies, or when a plan item resets it; then what was in flight is gone, both ways, and each end that lives is told
//! after the longest latency. It comes up again, and both are told, when nothing stands in its way any more: after twice
//! that time, so that nobody hears of the new session before the end of the old one. What is sent while it is down goes
//! nowhere, and its sender knows.

use super::step::Header;
use super::{Event, Input, Slot, World};
use crate::network::{Passage, Struck};
use crate::process::Link;
use crate::record::RecordWhat;
use crate::survival::Service;
use crate::system::System;
use crate::time::Time;

/// Every session of a run.
#[derive(Clone, Debug)]
pub(super) struct Sessions {
    processes: usize,
    /// By both ends, `[lower * processes + higher]`.
    sessions: Vec<Session>,
    /// When the last message of each direction arrives, `[from * processes + to]`: later ones are not earlier.
    last_arrival: Vec<Time>,
    /// The session that a message was sent in, by the message's number.
    sent_in: Vec<u32>,
    latency_max_ns: u64,
}

#[derive(Clone, Copy, Debug)]
struct Session {
    state: Link,
    /// Which session between these two it is: 0 is none yet.
    number: u32,
    /// Nothing comes up before. Of two attempts, one is from before the last session, say from a restart that a reset
    /// followed; it would bring up the next one before anybody has heard of the end of the last.
    not_before: Time,
}

impl Sessions {
    pub(super) fn new(processes: usize, latency_max_ns: u64) -> Sessions {
        Sessions {
            processes,
            sessions: vec![Session { state: Link::Down, number: 0, not_before: Time::ZERO }; processes * processes],
            last_arrival: vec![Time::ZERO; processes * processes],
            sent_in: Vec::new(),
            latency_max_ns,
        }
    }

    /// When the first sessions come up, after the boots.
    pub(super) fn first_up_at(&self) -> Time {
        Time::from_nanos(self.latency_max_ns)
    }

    /// When the next session comes up, where the last one ended now: after both ends have heard of that.
    fn up_again_at(&self, now: Time) -> Time {
        now.plus_nanos(self.latency_max_ns.saturating_mul(2))
    }

    fn between(&mut self, one: Slot, other: Slot) -> &mut Session {
        &mut self.sessions[one.min(other) * self.processes + one.max(other)]
    }

    /// What becomes of a message, given what the network would have done.
    fn pass(&mut self, from: Slot, to: Slot, index: u32, now: Time, mut passage: Passage) -> Passage {
        let Session { state, number, .. } = *self.between(from, to);
        if state == Link::Down {
            let struck = passage.struck.unwrap_or_default();
            let struck = Some(Struck { sessionless: !struck.cut, cut: struck.cut, ..Struck::default() });
            return Passage { struck, ..Passage::default() };
        }
        // What waits for a clog to end is put in order once it is let go.
        let is_held = passage.struck.is_some_and(|struck| struck.clogged);
        if let Some(latency_ns) = passage.latency_ns.filter(|_| !is_held) {
            let arrives = self.in_order(from, to, now.plus_nanos(latency_ns));
            passage.latency_ns = Some(arrives.as_nanos() - now.as_nanos());
        }
        // A clone has a number of its own, and what that says in `sent_in` is of another message.
        passage.again_after_ns = None;
        if let Some(struck) = &mut passage.struck {
            // A session repeats what arrives damaged until it is whole.
            (struck.duplicated, struck.corrupted) = (false, false);
        }
        let at = index as usize;
        self.sent_in.resize(self.sent_in.len().max(at + 1), 0);
        self.sent_in[at] = number;
        passage
    }

    /// When a message arrives that would at this time, were none before it.
    fn in_order(&mut self, from: Slot, to: Slot, arrives: Time) -> Time {
        let last = &mut self.last_arrival[from * self.processes + to];
        *last = arrives.max(*last);
        *last
    }

    fn is_gone(&mut self, from: Slot, to: Slot, index: u32) -> bool {
        let number = self.between(from, to).number;
        self.sent_in[index as usize] != number
    }
}

impl<S: System> World<S> {
    /// What becomes of a message over a session link.
    #[cold]
    pub(super) fn pass_in_session(&mut self, from: Slot, to: Slot, index: u32, passage: Passage) -> Passage {
        let now = self.now;
        match &mut self.sessions {
            Some(sessions) if from != to => sessions.pass(from, to, index, now, passage),
            _ => passage,
        }
    }

    /// When a message arrives that a clog let go.
    #[cold]
    pub(super) fn arrival_in_session(&mut self, from: Slot, to: Slot, arrives: Time) -> Time {
        match &mut self.sessions {
            Some(sessions) if from != to => sessions.in_order(from, to, arrives),
            _ => arrives,
        }
    }

    /// Whether a message arrives from a session that is no more.
    #[cold]
    pub(super) fn is_of_an_old_session(&mut self, from: Slot, to: Slot, index: u32) -> bool {
        self.sessions.as_mut().is_some_and(|sessions| from != to && sessions.is_gone(from, to, index))
    }

    /// Ends every session of a process.
    pub(super) fn end_sessions(&mut self, slot: Slot) {
        if self.sessions.is_some() {
            (0..self.hosts.len()).for_each(|other| self.end_session(slot, other));
        }
    }

    /// Ends a session, if there is one that is up.
    pub(super) fn end_session(&mut self, one: Slot, other: Slot) {
        let Some(sessions) = &mut self.sessions else { return };
        let latency_max_ns = sessions.latency_max_ns;
        let up_again_at = sessions.up_again_at(self.now);
        let session = sessions.between(one, other);
        if one == other || session.state == Link::Down {
            return;
        }
        session.state = Link::Down;
        // What is in flight is of the session before, and so of none.
        session.number += 1;
        session.not_before = up_again_at;
        let told_at = self.now.plus_nanos(latency_max_ns);
        for (slot, peer) in [(one, other), (other, one)] {
            let incarnation = self.hosts[slot].state.incarnation;
            self.schedule(told_at, Event::SessionEnded(slot as u16, peer as u16, incarnation));
        }
    }

    /// Lets every session of a process come up again that can.
    pub(super) fn begin_sessions(&mut self, slot: Slot) {
        if self.sessions.is_some() {
            (0..self.hosts.len()).for_each(|other| self.begin_session(slot, other));
        }
    }

    /// Lets a session come up in a while.
    pub(super) fn begin_session(&mut self, one: Slot, other: Slot) {
        let Some(sessions) = &self.sessions else { return };
        let up_at = sessions.up_again_at(self.now);
        if one != other && self.can_connect(one, other) {
            self.schedule(up_at, Event::SessionBegins(one.min(other) as u16, one.max(other) as u16));
        }
    }

    /// A session comes up, unless something has come in its way meanwhile, or another attempt was first.
    pub(super) fn session_begins(&mut self, one: Slot, other: Slot, cause: u64) {
        self.digest_event(Header::Session, one, other as u64);
        let can_connect = self.can_connect(one, other);
        let Some(sessions) = &mut self.sessions else { return };
        let (now, processes) = (self.now, sessions.processes);
        let session = sessions.between(one, other);
        let begins = session.state == Link::Down && can_connect && now >= session.not_before;
        if begins {
            session.state = Link::Up;
            session.number += 1;
            sessions.last_arrival[one * processes + other] = now;
            sessions.last_arrival[other * processes + one] = now;
        }
        if self.records.is_some() {
            let with = self.id(other);
            self.record_first(Some(one), [Some(cause), None], RecordWhat::SessionBegins { with, begins });
        }
        if begins {
            self.tell_of_link(one, other, Link::Up);
            self.tell_of_link(other, one, Link::Up);
        }
    }

    /// An end of a session that is no more hears of it, if it still lives the life that the session was of.
    pub(super) fn session_ended(&mut self, slot: Slot, peer: Slot, incarnation: u32, cause: u64) {
        self.digest_event(Header::Session, slot, 1 << 32 | peer as u64);
        if self.records.is_some() {
            let with = self.id(peer);
            self.record_first(Some(slot), [Some(cause), None], RecordWhat::SessionEnded { with });
        }
        if self.hosts[slot].state.incarnation == incarnation {
            self.tell_of_link(slot, peer, Link::Down);
        }
    }

    fn tell_of_link(&mut self, slot: Slot, peer: Slot, link: Link) {
        let host = &self.hosts[slot];
        let input = Input::Link(peer as u16, link);
        match host.service {
            Service::Down | Service::Refused => {}
            Service::Up if host.busy_until <= self.now && host.inbox.is_empty() => self.call(slot, input),
            Service::Up | Service::Paused => self.wait(slot, input),
        }
    }

    fn can_connect(&self, one: Slot, other: Slot) -> bool {
        let lives = |slot: Slot| matches!(self.hosts[slot].service, Service::Up | Service::Paused);
        let passes = |from, to| !self.links.is_cut(self.link(from, to));
        lives(one) && lives(other) && passes(one, other) && passes(other, one)
    }
}
