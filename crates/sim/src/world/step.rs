//! A call to hosted code, and what came of it.

use std::mem;

use super::detour::Sending;
use super::{Event, Hosted, Input, Slot, Waiting, World};
use crate::check::What;
use crate::hash::content_hash;
use crate::id::{Hex, NodeId, Request};
use crate::network::{Passage, Sent, Struck};
use crate::panics::{self, Panicked};
use crate::payload::Payload;
use crate::plan::{FaultKind, Target};
use crate::process::{Bytes, DiskError, Effect, Effects, Io, Link, Process, Rare, Refusal};
use crate::record::{RecordWhat, Taken};
use crate::scenario::Fates;
use crate::survival::Service;
use crate::system::System;
use crate::time::Time;

/// What came of a call: when the process wants to be called next, that it will not serve, or that it panicked.
type Called = Result<Result<Time, Refusal>, Box<Panicked>>;

/// What an event's first word in the digest says it is.
#[derive(Clone, Copy)]
pub(super) enum Header {
    Arrive = 1,
    Take,
    Deadline,
    Synced,
    Boot,
    Crash,
    Pause,
    Resume,
    Item,
    ItemEnd,
    Heal,
    Demand,
    Send,
    Disk,
    Fact,
    Invoke,
    Respond,
    Reached,
    Clock,
    Session,
}

impl<S: System> World<S> {
    /// A message arrives.
    #[inline]
    pub(super) fn arrive(&mut self, index: u32, cause: u64) {
        let flight = self.flights.get(index);
        let (from, slot) = (flight.from, flight.to as Slot);
        self.digest_event(Header::Arrive, slot, u64::from(from));
        let is_gone = self.sessions.is_some() && self.is_of_an_old_session(from as Slot, slot, index);
        let host = &mut self.hosts[slot];
        let taken = match host.service {
            _ if is_gone => Taken::Reset,
            Service::Down | Service::Refused => Taken::Nobody,
            Service::Up if host.busy_until <= self.now && host.inbox.is_empty() => Taken::Handled,
            Service::Up | Service::Paused => Taken::Waits,
        };
        if self.records.is_some() {
            self.record_arrival(index, taken, cause);
        }
        match taken {
            Taken::Handled => self.call_with_message(slot, index),
            Taken::Waits => self.wait(slot, Input::Message(index)),
            Taken::Nobody | Taken::Reset => drop(self.flights.take(index)),
        }
    }

    /// The process is free: it takes what has waited longest, a due deadline included.
    pub(super) fn ready(&mut self, slot: Slot, cause: u64) {
        let host = &mut self.hosts[slot];
        host.ready_queued = false;
        self.digest_event(Header::Take, slot, 0);
        let host = &mut self.hosts[slot];
        let Some(front) = host.inbox.front().copied() else { return };
        if host.service != Service::Up {
            return;
        }
        if host.busy_until <= self.now {
            // A full inbox must not hold a deadline off for ever.
            let (input, cause) = if host.clock.when_shown(host.wanted) < front.since {
                (Input::Deadline, cause)
            } else {
                (front.input, front.event)
            };
            if !matches!(input, Input::Deadline) {
                self.hosts[slot].inbox.pop_front();
            }
            if self.records.is_some() {
                let what = self.describe_input(input);
                self.record_first(Some(slot), [Some(cause), self.previous_step(slot)], RecordWhat::Took(what));
            }
            self.call(slot, input);
        }
        self.queue_ready(slot);
    }

    /// A deadline comes.
    #[inline]
    pub(super) fn fire_deadline(&mut self, slot: Slot) {
        self.digest_event(Header::Deadline, slot, 0);
        if self.records.is_some() {
            let cause = self.previous_step(slot);
            self.record_first(Some(slot), [cause, None], RecordWhat::Deadline);
        }
        self.call(slot, Input::Deadline);
    }

    /// A process starts, for the first time or again.
    pub(super) fn boot(&mut self, slot: Slot, cause: u64) {
        self.digest_event(Header::Boot, slot, 0);
        if self.records.is_some() {
            self.record_first(Some(slot), [Some(cause), None], RecordWhat::Booted);
        }
        self.start(slot);
    }

    /// Starts the process of a slot that is down.
    pub(super) fn start(&mut self, slot: Slot) {
        let now = self.now;
        let host = &mut self.hosts[slot];
        host.state.incarnation += 1;
        host.state.draws.clear();
        host.state.stopping = None;
        host.service = Service::Up;
        host.clock.boot(now);
        host.busy_until = now;
        host.disk_busy_until = now;
        self.observe(slot, What::Booted);
        self.hosts[slot].state.disk.begin_reading();
        let called = self.call_hosted(slot, |hosted, io| {
            *hosted = if io.id().is_client() {
                Hosted::Client(S::Client::boot(io)?)
            } else {
                Hosted::Node(S::Node::boot(io)?)
            };
            Ok(())
        });
        // Known only now, and told before what the process said in between: nothing of that is carried out yet.
        self.end_reading(slot);
        self.conclude(slot, called);
    }

    pub(super) fn call(&mut self, slot: Slot, input: Input) {
        match input {
            Input::Message(index) => self.call_with_message(slot, index),
            Input::Deadline => self.step(slot, |hosted, io| {
                hosted.on_deadline(io);
                Ok(())
            }),
            Input::Disk(request, result) => {
                if result.is_err() {
                    self.hosts[slot].state.disk.tell_of_failure(request);
                }
                self.step(slot, |hosted, io| {
                    hosted.on_disk(request, result, io);
                    Ok(())
                });
            }
            Input::Link(peer, link) => self.step(slot, |hosted, io| {
                hosted.on_link(io.cluster.id(peer), link, io);
                Ok(())
            }),
        }
    }

    /// The input of nearly every event, so there is nothing left to tell apart on its way.
    #[inline]
    fn call_with_message(&mut self, slot: Slot, index: u32) {
        self.step(slot, |hosted, io| {
            hosted.on_message(index, io);
            Ok(())
        });
    }

    /// Calls the process and carries out what it did.
    #[inline]
    fn step(
        &mut self,
        slot: Slot,
        input: impl FnOnce(&mut Hosted<S>, &mut Io<'_, S::Protocol>) -> Result<(), Refusal>,
    ) {
        let called = self.call_hosted(slot, input);
        self.conclude(slot, called);
    }

    /// Carries out what the process did in a call.
    #[inline]
    fn conclude(&mut self, slot: Slot, called: Called) {
        let host = &mut self.hosts[slot];
        host.last_step = self.event;
        let service_ns = self.tuning.service_ns.saturating_add(host.slowed_by_ns);
        if service_ns > 0 {
            host.busy_until = self.now.plus_nanos(service_ns);
        }
        match called {
            Ok(Ok(wanted)) => {
                host.wanted = wanted;
                // Nearly never: to take nothing out of it at each step would cost more than to look.
                if host.state.stopping.is_some() {
                    let stop = host.state.stopping.take().map(Rare::Stop);
                    self.effects.list.extend(stop.map(Box::new).map(Effect::Rare));
                }
                let deadline = host.deadline(self.now);
                self.set_deadline(slot, deadline);
                self.perform(slot);
            }
            Ok(Err(refusal)) => {
                self.abandon();
                self.refuse(slot, &refusal);
            }
            Err(panicked) => {
                self.abandon();
                self.fail_by_panic(slot, &panicked);
            }
        }
    }

    #[inline]
    fn call_hosted(
        &mut self,
        slot: Slot,
        input: impl FnOnce(&mut Hosted<S>, &mut Io<'_, S::Protocol>) -> Result<(), Refusal>,
    ) -> Called {
        let host = &mut self.hosts[slot];
        let mut io = Io {
            now: host.clock.monotonic(self.now),
            wall: host.clock.wall(self.now),
            host: &mut host.state,
            cluster: &self.cluster,
            effects: &mut self.effects,
            flights: &mut self.flights,
            slot: slot as u16,
            booting: matches!(host.process, Hosted::Gone),
            tracing: self.records.is_some(),
        };
        let process = &mut host.process;
        panics::catch(move || {
            input(process, &mut io)?;
            Ok(process.next_deadline().unwrap_or(Time::MAX))
        })
    }

    /// Carries out what a process did, in order, up to where a plan item strikes it.
    #[inline]
    pub(super) fn perform(&mut self, slot: Slot) {
        let mut list = mem::take(&mut self.effects.list);
        if self.armed.is_empty() && self.hosts[slot].service == Service::Up {
            for effect in &mut list {
                self.carry_out(slot, effect);
            }
            list.clear();
        } else {
            self.perform_watched(slot, &mut list);
        }
        // The buffers are used again: in the steady state a step allocates nothing.
        self.effects.list = list;
        self.effects.bytes.clear();
    }

    /// Carries out what a process did, where plan items may strike it in between or it does not run already.
    fn perform_watched(&mut self, slot: Slot, list: &mut Vec<Effect<S::Protocol>>) {
        let mut strikes = if self.armed.is_empty() { Vec::new() } else { self.strikes_in(slot, list) };
        let incarnation = self.hosts[slot].state.incarnation;
        let mut left = 0;
        for mut effect in list.drain(..) {
            if effect.leaves() {
                while strikes.first().is_some_and(|(after, _)| *after <= left) {
                    let (_, item) = strikes.remove(0);
                    self.strike(item, Some(slot));
                }
                left += 1;
            }
            let host = &mut self.hosts[slot];
            let gone = host.state.incarnation != incarnation || host.service == Service::Down;
            // A fact is about the process's memory, and that had changed before the fault struck.
            if matches!(effect, Effect::Fact(_)) || (!gone && host.service == Service::Up) {
                self.carry_out(slot, &mut effect);
            } else if !gone {
                host.hold(effect, &self.effects.bytes);
            } else if let Some(message) = effect.message() {
                self.flights.discard(message);
            }
        }
        for (_, item) in strikes {
            self.strike(item, Some(slot));
        }
    }

    /// The effect stays where it is, since most are as good as done when they were read; what it owns is taken from it.
    #[inline]
    fn carry_out(&mut self, slot: Slot, effect: &mut Effect<S::Protocol>) {
        match effect {
            Effect::Send { to, message, after: None } => self.send(slot, *to, *message),
            other => self.carry_out_other(slot, other),
        }
    }

    fn carry_out_other(&mut self, slot: Slot, effect: &mut Effect<S::Protocol>) {
        match effect {
            Effect::Send { to, message, after } => match *after {
                Some(request) if self.hosts[slot].state.disk.failure_of(request).is_some() => {
                    self.flights.discard(*message);
                }
                Some(request) if !self.hosts[slot].state.disk.is_acknowledged(request) => {
                    self.hosts[slot].withheld.push((request, *to, *message));
                }
                _ => self.send(slot, *to, *message),
            },
            Effect::Write { request, at, bytes, needed } => self.write(slot, *request, *at, *bytes, *needed),
            Effect::Truncate { request, len } => self.truncate(slot, *request, *len),
            Effect::Sync { request } => self.sync(slot, *request),
            Effect::WhenDurable { request, fact } => {
                let Some(fact) = fact.take() else { return };
                if self.hosts[slot].state.disk.is_durable(*request) {
                    self.state_fact(slot, &fact);
                } else {
                    self.hosts[slot].state.disk.state_when_durable(*request, fact);
                }
            }
            Effect::Fact(fact) => self.state_fact(slot, fact),
            Effect::Invoke(id, operation) => self.invoked(slot, *id, operation),
            Effect::Respond(id, reply) => self.responded(slot, *id, reply),
            Effect::Reached(label) => self.reached(slot, label),
            Effect::Rare(rare) => match &mut **rare {
                Rare::Names { request, change } => self.change_names(slot, *request, change.clone()),
                Rare::Note(line) => self.record(Some(slot), RecordWhat::Note(mem::take(line))),
                Rare::Stop(reason) => self.stop_itself(slot, reason),
            },
        }
    }

    /// A message enters the network.
    #[inline]
    fn send(&mut self, from: Slot, to: NodeId, index: u32) {
        // A peer that a shrunk case no longer has is a peer that never answers.
        let Some(slot) = self.slot(to) else { return self.flights.discard(index) };
        let link = self.link(from, slot);
        let message = &self.flights.get(index).message;
        let (sent, mut passage) = self.links.send(&self.cluster.mixer, self.now, link, message.tag());
        if self.links.has_pipes() {
            passage = self.links.pass_through_pipe(self.now, link, message.len(), passage);
        }
        if self.fates.is_some() {
            self.keep_fate(from, to, sent, passage);
        }
        if self.sessions.is_some() {
            passage = self.pass_in_session(from, slot, index, passage);
        }
        let message = &self.flights.get(index).message;
        self.digest.roll(content_hash(message) ^ passage.latency_ns.unwrap_or(u64::MAX));
        self.digest_event(Header::Send, from, (slot as u64) << 32 | u64::from(sent.occurrence));
        if let Some(struck) = passage.struck {
            self.count_struck(struck);
            if struck.corrupted || struck.clogged {
                return self.send_on_detour(Sending { from, to, slot, index }, sent, passage, struck);
            }
        }
        if self.records.is_some() {
            let message = format!("{:?}", self.flights.get(index).message);
            self.record_sending(from, to, sent, passage, message);
        }
        let Some(latency_ns) = passage.latency_ns else { return self.flights.discard(index) };
        self.flights.launch(index, slot as u16, sent.occurrence);
        self.depart(index, self.now.plus_nanos(latency_ns), passage.again_after_ns);
    }

    /// A message in flight is on its way, with nothing between it and its receiver any more.
    #[inline(always)]
    pub(super) fn depart(&mut self, index: u32, arrives: Time, again_after_ns: Option<u64>) {
        if let Some(gap_ns) = again_after_ns {
            self.depart_again(index, arrives.plus_nanos(gap_ns), gap_ns);
        }
        self.schedule(arrives, Event::Arrive(index));
    }

    /// What arrives twice is a clone with an event of its own, which comes first in the queue.
    #[inline(never)]
    fn depart_again(&mut self, index: u32, arrives: Time, gap_ns: u64) {
        self.digest.roll(gap_ns);
        let flight = self.flights.get(index);
        let (from, to, occurrence, again) = (flight.from, flight.to, flight.occurrence, flight.message.clone());
        let again = self.flights.store(from, again);
        self.flights.launch(again, to, occurrence);
        self.schedule(arrives, Event::Arrive(again));
    }

    #[cold]
    fn keep_fate(&mut self, from: Slot, to: NodeId, sent: Sent, passage: Passage) {
        let from = self.id(from);
        let Some(fates) = &mut self.fates else { return };
        let target = Target::Message { from, to, tag: Hex(sent.tag), occurrence: sent.occurrence };
        if let Some(fate) = passage.fate() {
            fates.complete &= sent.exact;
            fates.met.extend(sent.exact.then_some((target, fate)));
        } else if let Some(carried) = passage.carried() {
            let is_kept = sent.exact && fates.carried.len() < Fates::CARRIED_MAX;
            fates.carried.extend(is_kept.then_some((target, carried)));
        }
    }

    pub(super) fn wait(&mut self, slot: Slot, input: Input) {
        let (since, event) = (self.now, self.event);
        self.hosts[slot].inbox.push_back(Waiting { since, event, input });
        self.queue_ready(slot);
    }

    pub(super) fn queue_ready(&mut self, slot: Slot) {
        let host = &mut self.hosts[slot];
        if host.service == Service::Up && !host.ready_queued && !host.inbox.is_empty() {
            host.ready_queued = true;
            let free_at = host.busy_until.max(self.now);
            self.schedule(free_at, Event::Ready(slot as u16));
        }
    }

    /// Takes over the deadline that the process wants now.
    #[inline]
    pub(super) fn renew_deadline(&mut self, slot: Slot) {
        let deadline = self.hosts[slot].deadline(self.now);
        self.set_deadline(slot, deadline);
    }

    fn refuse(&mut self, slot: Slot, refusal: &Refusal) {
        let host = &mut self.hosts[slot];
        host.process = Hosted::Gone;
        host.wanted = Time::MAX;
        host.service = Service::Refused;
        self.set_deadline(slot, Time::MAX);
        if self.records.is_some() {
            self.record(Some(slot), RecordWhat::Refused(refusal.to_string()));
        }
        self.end_sessions(slot);
        self.observe(slot, What::Refused(&refusal.0));
        self.judge_refusal(slot, refusal);
    }

    /// What a process did in a call that it did not finish never happened.
    #[cold]
    fn abandon(&mut self) {
        let messages = self.effects.list.drain(..).filter_map(|effect| effect.message());
        messages.for_each(|message| self.flights.discard(message));
        self.effects.bytes.clear();
    }

    /// Goes on with what a paused process had still to do.
    pub(super) fn perform_held(&mut self, slot: Slot) {
        let host = &mut self.hosts[slot];
        self.effects = Effects { list: mem::take(&mut host.held), bytes: mem::take(&mut host.held_bytes) };
        self.perform(slot);
    }

    #[inline(never)]
    fn count_struck(&mut self, struck: Struck) {
        let kinds = [
            (struck.lost, FaultKind::Loss),
            (struck.delayed, FaultKind::Delay),
            (struck.duplicated, FaultKind::Duplication),
            (struck.reordered, FaultKind::Reordering),
            (struck.corrupted, FaultKind::Corruption),
            (struck.queued, FaultKind::Bandwidth),
            (struck.overflowed, FaultKind::QueueOverflow),
        ];
        for (_, kind) in kinds.into_iter().filter(|(hit, _)| *hit) {
            self.tally.fault_fired(kind);
        }
        if let Some(item) = struck.item {
            let item = item as usize;
            self.items[item].outcome = crate::plan::ItemOutcome::Fired(self.now);
        }
    }
}

impl<S: System> super::Host<S> {
    /// When it takes the deadline that its process wants, from `now` on.
    #[inline]
    fn deadline(&self, now: Time) -> Time {
        match self.service {
            Service::Up if self.wanted < Time::MAX => match self.clock.when_shown(self.wanted) {
                Time::MAX => Time::MAX,
                due => due.max(self.busy_until).max(now),
            },
            _ => Time::MAX,
        }
    }

    /// Keeps an effect of a paused process for later, with the bytes that it writes.
    fn hold(&mut self, effect: Effect<S::Protocol>, bytes: &[u8]) {
        let effect = match effect {
            Effect::Write { request, at, bytes: written, needed } => {
                let bytes = Bytes::appended(&mut self.held_bytes, written.of(bytes));
                Effect::Write { request, at, bytes, needed }
            }
            other => other,
        };
        self.held.push(effect);
    }
}

impl crate::process::Cluster {
    /// The id of the process at a position.
    fn id(&self, slot: u16) -> NodeId {
        let slot = slot as usize;
        if slot < self.nodes.len() { self.nodes[slot] } else { self.clients[slot - self.nodes.len()] }
    }
}

const CALLED_AFTER_BOOT: &str = "only a process that was booted is called";

impl<S: System> Hosted<S> {
    #[inline]
    fn on_message(&mut self, index: u32, io: &mut Io<'_, S::Protocol>) {
        // From where it was stored straight to where it is handled.
        let flight = io.flights.take(index);
        let from = io.cluster.id(flight.from);
        match self {
            Hosted::Node(node) => node.on_message(from, flight.message, io),
            Hosted::Client(client) => client.on_message(from, flight.message, io),
            Hosted::Gone => unreachable!("{CALLED_AFTER_BOOT}"),
        }
    }

    fn on_deadline(&mut self, io: &mut Io<'_, S::Protocol>) {
        match self {
            Hosted::Node(node) => node.on_deadline(io),
            Hosted::Client(client) => client.on_deadline(io),
            Hosted::Gone => unreachable!("{CALLED_AFTER_BOOT}"),
        }
    }

    fn on_link(&mut self, peer: NodeId, link: Link, io: &mut Io<'_, S::Protocol>) {
        match self {
            Hosted::Node(node) => node.on_link(peer, link, io),
            Hosted::Client(client) => client.on_link(peer, link, io),
            Hosted::Gone => unreachable!("{CALLED_AFTER_BOOT}"),
        }
    }

    fn on_disk(&mut self, request: Request, result: Result<(), DiskError>, io: &mut Io<'_, S::Protocol>) {
        match self {
            Hosted::Node(node) => node.on_disk(request, result, io),
            Hosted::Client(client) => client.on_disk(request, result, io),
            Hosted::Gone => unreachable!("{CALLED_AFTER_BOOT}"),
        }
    }

    #[inline]
    fn next_deadline(&self) -> Option<Time> {
        match self {
            Hosted::Node(node) => node.next_deadline(),
            Hosted::Client(client) => client.next_deadline(),
            Hosted::Gone => None,
        }
    }
}
