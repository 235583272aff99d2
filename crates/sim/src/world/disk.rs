//! Disks: requests and what comes of them, what a dying process leaves, and what is wrong with a disk.

use std::mem;

use super::step::Header;
use super::{Event, Hosted, Input, Slot, World};
use crate::check::What;
use crate::disk::{Change, Condition, Misread, Needed, Place, ReadTrap, SectorFate, WriteTrap};
use crate::hash::content_hash;
use crate::id::Request;
use crate::mix::{Address, Domain, Mixer, mix};
use crate::plan::{Fault, FaultKind};
use crate::process::{Bytes, DiskError, Effect, HostState};
use crate::record::RecordWhat;
use crate::sample::{Chance, below, exponential};
use crate::survival::Service;
use crate::system::System;
use crate::time::Time;

/// How long a process that stopped stays down; in nanoseconds.
const SUPERVISOR_NS: u64 = 100_000_000;

/// What may become of disk requests by themselves.
#[derive(Clone, Copy)]
pub(super) struct DiskChances {
    pub(super) kept: Chance,
    pub(super) torn: Chance,
    pub(super) delay: Chance,
    pub(super) delay_mean_ns: u64,
}

/// What a process dies with.
#[derive(Clone, Copy)]
enum Death {
    /// Its machine, and so the page cache.
    Machine,
    /// Nothing: its machine lives.
    Process,
}

impl DiskChances {
    /// From here on disks take their time and no longer.
    pub(super) fn calm(&mut self) {
        self.delay = Chance::from_ppm(0);
    }

    /// How the fates of the sectors of a node are decided.
    fn fate_of(self, mixer: &Mixer, node: u64) -> impl FnMut(Place) -> SectorFate {
        move |Place { file, sector, request }| {
            let address = Address::new(node, u64::from(file) << 48 ^ sector, occurrence(request));
            let word = mixer.decide(Domain::Unsynced, address);
            if self.kept.hits(word) {
                return SectorFate::Kept;
            }
            mixer.drawn(Domain::Torn, self.torn, address).map_or(SectorFate::Old(mix(word, 1)), SectorFate::Torn)
        }
    }
}

impl<S: System> World<S> {
    pub(super) fn write(&mut self, slot: Slot, request: Request, at: u64, bytes: Bytes, needed: Needed) {
        self.digest_event(Header::Disk, slot, disk_detail(request));
        let bytes = bytes.of(&self.effects.bytes);
        self.digest.roll(content_hash(bytes) ^ at);
        let written = self.hosts[slot].state.disk.write(request, at, bytes, needed);
        if self.records.is_some() {
            let what = format!("writes {request}: {} bytes at {at}", bytes.len());
            self.record(Some(slot), RecordWhat::Disk(what));
        }
        self.answer(slot, request, written);
    }

    pub(super) fn truncate(&mut self, slot: Slot, request: Request, len: u64) {
        self.digest.roll(len);
        self.digest_event(Header::Disk, slot, disk_detail(request));
        let cut = self.hosts[slot].state.disk.truncate(request, len);
        if self.records.is_some() {
            self.record(Some(slot), RecordWhat::Disk(format!("truncates {request}: to {len} bytes")));
        }
        self.answer(slot, request, cut);
    }

    pub(super) fn change_names(&mut self, slot: Slot, request: Request, change: Change) {
        self.digest.roll(content_hash(&change));
        self.digest_event(Header::Disk, slot, disk_detail(request));
        if self.records.is_some() {
            self.record(Some(slot), RecordWhat::Disk(format!("{change} ({request})")));
        }
        let changed = self.hosts[slot].state.disk.change_names(request, change);
        self.answer(slot, request, changed);
    }

    /// Of a request that is no sync the process hears where it failed, and then at once.
    fn answer(&mut self, slot: Slot, request: Request, result: Result<(), DiskError>) {
        if let Err(error) = result {
            self.schedule(self.now, Event::Failed(slot as u16, request, error));
        }
    }

    pub(super) fn sync(&mut self, slot: Slot, request: Request) {
        let chances = self.disk_chances;
        let host = &mut self.hosts[slot];
        let address = Address::new(host.state.id.key(), u64::from(request.file), occurrence(request));
        let mean = self.tuning.sync_ns;
        // Half to one and a half times the mean.
        let mut takes = mean / 2 + below(self.cluster.mixer.decide(Domain::Disk, address), mean + 1);
        // What waits already waits on, or a process that syncs all the time would be behind for ever, long after the heal.
        let is_behind = host.disk_busy_until > self.now.plus_nanos(chances.delay_mean_ns);
        let delay = self.cluster.mixer.drawn(Domain::DiskDelay, chances.delay, address).filter(|_| !is_behind);
        if let Some(word) = delay {
            takes = takes.saturating_add(exponential(word, chances.delay_mean_ns));
            self.tally.fault_fired(FaultKind::DiskDelay);
        }
        let begins = host.disk_busy_until.max(self.now);
        host.disk_busy_until = begins.plus_nanos(takes);
        let completes = host.disk_busy_until;
        self.digest.roll(completes.as_nanos());
        self.digest_event(Header::Disk, slot, disk_detail(request));
        if self.records.is_some() {
            let delayed = if delay.is_some() { " (delayed)" } else { "" };
            self.record(Some(slot), RecordWhat::Disk(format!("syncs {request}{delayed}")));
        }
        self.schedule(completes, Event::Synced(slot as u16, request));
    }

    /// A sync comes to its end: the disk first, then what it made true, then what waited for it, then the process.
    pub(super) fn synced(&mut self, slot: Slot, request: Request, cause: u64) {
        let host = &mut self.hosts[slot];
        let is_canceled = host.is_gone() || host.state.incarnation != request.incarnation;
        let is_stalled = !is_canceled && host.state.disk.condition() == Condition::Stalled;
        self.digest_event(Header::Synced, slot, u64::from(request.number));
        if is_stalled {
            // Not before the stall is over, in the order in which they would have been through.
            return self.hosts[slot].stalled.push(request);
        }
        let mut facts = mem::take(&mut self.facts);
        let result = match &mut self.hosts[slot].state {
            _ if is_canceled => Ok(()),
            HostState { id, disk, .. } => {
                let fate = self.disk_chances.fate_of(&self.cluster.mixer, id.key());
                disk.synced(request, &mut facts, fate)
            }
        };
        if self.records.is_some() {
            let previous = self.previous_step(slot).filter(|previous| !is_canceled && *previous != cause);
            let what = match result {
                Ok(()) => RecordWhat::Synced(request),
                Err(error) => RecordWhat::RequestFailed(request, error),
            };
            self.record_first(Some(slot), [Some(cause), previous], what);
        }
        if !is_canceled {
            self.effects.list.extend(facts.drain(..).map(Effect::Fact));
            let waits = |waiting: &Request| waiting.file == request.file && *waiting <= request;
            self.release(slot, waits, result);
        }
        self.facts = facts;
        if !is_canceled {
            self.tell_of_request(slot, request, result);
        }
    }

    /// A request failed that is no sync.
    pub(super) fn request_failed(&mut self, slot: Slot, request: Request, error: DiskError, cause: u64) {
        let host = &self.hosts[slot];
        let is_canceled = host.is_gone() || host.state.incarnation != request.incarnation;
        self.digest_event(Header::Synced, slot, u64::from(request.number));
        if self.records.is_some() {
            self.record_first(Some(slot), [Some(cause), None], RecordWhat::RequestFailed(request, error));
        }
        if !is_canceled {
            self.release(slot, |waiting| *waiting == request, Err(error));
            self.tell_of_request(slot, request, Err(error));
        }
    }

    /// What waited for a request leaves, or never does where it failed.
    fn release(&mut self, slot: Slot, waits: impl Fn(&Request) -> bool, result: Result<(), DiskError>) {
        let host = &mut self.hosts[slot];
        let mut at = 0;
        while at < host.withheld.len() {
            if !waits(&host.withheld[at].0) {
                at += 1;
                continue;
            }
            let (waited, to, message) = host.withheld.remove(at);
            match result {
                Ok(()) if host.state.disk.failure_of(waited).is_none() => {
                    self.effects.list.push(Effect::Send { to, message, after: None })
                }
                _ => self.flights.discard(message),
            }
        }
    }

    /// Carries out what came of a request, and tells the process.
    fn tell_of_request(&mut self, slot: Slot, request: Request, result: Result<(), DiskError>) {
        let incarnation = self.hosts[slot].state.incarnation;
        self.hosts[slot].failed_requests += u32::from(result.is_err());
        self.perform(slot);
        let host = &self.hosts[slot];
        // What became durable may have been what a plan item waited for, and the process may be gone.
        if host.state.incarnation != incarnation || host.service == Service::Down {
            return;
        }
        let input = Input::Disk(request, result);
        if host.service == Service::Up && host.busy_until <= self.now && host.inbox.is_empty() {
            self.call(slot, input);
        } else {
            self.wait(slot, input);
        }
    }

    pub(super) fn crash(&mut self, slot: Slot) {
        let mixer = self.cluster.mixer.clone();
        let fate = self.disk_chances.fate_of(&mixer, self.hosts[slot].state.id.key());
        self.end_process(slot, Death::Machine, fate);
    }

    /// The process ends, and its machine lives to write what it had not written.
    pub(super) fn stop(&mut self, slot: Slot) {
        self.end_process(slot, Death::Process, |_| SectorFate::Kept);
    }

    /// The machine dies, and what comes up again under its name has an empty disk.
    pub(super) fn wipe(&mut self, slot: Slot) {
        // First, so that nothing is told of what survives the crash and is gone with the disk.
        self.hosts[slot].state.disk.wipe();
        self.end_process(slot, Death::Machine, |_| SectorFate::Old(0));
        self.hosts[slot].suffered.insert(FaultKind::Wipe);
    }

    /// A process stops of its own accord, and whoever watches over it starts it again.
    pub(super) fn stop_itself(&mut self, slot: Slot, reason: &str) {
        if self.records.is_some() {
            self.record(Some(slot), RecordWhat::Stopped(reason.to_owned()));
        }
        let failed_requests = self.hosts[slot].failed_requests;
        self.stop(slot);
        if failed_requests == 0 {
            return self.fail_by_stop(slot, reason);
        }
        let incarnation = self.hosts[slot].state.incarnation;
        self.schedule(self.now.plus_nanos(SUPERVISOR_NS), Event::Supervised(slot as u16, incarnation));
    }

    /// The supervisor starts a process that stopped, where nobody else did.
    pub(super) fn supervised(&mut self, slot: Slot, incarnation: u32, cause: u64) {
        let host = &self.hosts[slot];
        let is_down = host.service == Service::Down && host.state.incarnation == incarnation;
        self.digest_event(Header::Boot, slot, u64::from(is_down));
        if self.records.is_some() {
            self.record_first(Some(slot), [Some(cause), None], RecordWhat::Supervised);
        }
        if is_down {
            self.restart(slot);
        }
    }

    /// Everything of a process but its disk is gone, of which `fate` says what survives.
    fn end_process(&mut self, slot: Slot, death: Death, fate: impl FnMut(Place) -> SectorFate) {
        let host = &mut self.hosts[slot];
        let losses = host.state.disk.crash(fate);
        host.process = Hosted::Gone;
        host.wanted = Time::MAX;
        host.service = Service::Down;
        host.failed_requests = 0;
        host.ready_queued = false;
        host.stalled.clear();
        host.withheld.drain(..).for_each(|(_, _, message)| self.flights.discard(message));
        host.held.drain(..).filter_map(|effect| effect.message()).for_each(|message| self.flights.discard(message));
        host.held_bytes.clear();
        for waiting in mem::take(&mut host.inbox) {
            if let Input::Message(index) = waiting.input {
                drop(self.flights.take(index));
            }
        }
        self.set_deadline(slot, Time::MAX);
        self.end_sessions(slot);
        for (kind, count) in [(FaultKind::UnsyncedLoss, losses.dropped), (FaultKind::TornWrite, losses.torn)] {
            if count > 0 {
                self.tally.fault_fired(kind);
                self.hosts[slot].suffered.insert(kind);
            }
        }
        self.digest.roll(u64::from(losses.torn));
        self.digest_event(Header::Crash, slot, u64::from(losses.kept) << 32 | u64::from(losses.dropped));
        if self.records.is_some() {
            let (kept, dropped, torn) = (losses.kept, losses.dropped, losses.torn);
            self.record(
                Some(slot),
                match death {
                    Death::Machine => RecordWhat::Crashed { kept, dropped, torn },
                    Death::Process => RecordWhat::Ended,
                },
            );
        }
        for fact in &losses.facts {
            self.state_fact(slot, fact);
        }
        self.set_off_by_crash(slot, &losses.facts);
        self.observe(slot, What::Crashed);
    }

    /// Whether a fault of a disk has something to strike there.
    pub(super) fn can_strike_disk(&self, kind: FaultKind, slot: Slot) -> bool {
        let disk = &self.hosts[slot].state.disk;
        match kind {
            FaultKind::BitRot => disk.has_bytes(),
            FaultKind::LostWrite | FaultKind::MisdirectedWrite => !disk.has_write_trap(),
            FaultKind::StaleRead | FaultKind::MisdirectedRead => !disk.has_read_trap(),
            // Who ends one condition would end another's too.
            _ => disk.condition() == Condition::Sound,
        }
    }

    /// A disk becomes worse. `item` names what is drawn.
    pub(super) fn strike_disk(&mut self, slot: Slot, fault: Fault, item: u32) {
        let node = self.hosts[slot].state.id.key();
        let draw = self.cluster.mixer.decide(Domain::Damage, Address::new(node, u64::from(item), 0));
        let disk = &mut self.hosts[slot].state.disk;
        match fault {
            Fault::DiskStall => disk.set_condition(Condition::Stalled),
            Fault::IoError => disk.set_condition(Condition::Failing),
            Fault::NoSpace => disk.set_condition(Condition::Full),
            Fault::LyingSync => disk.set_condition(Condition::Lying),
            Fault::LostWrite => disk.set_write_trap(WriteTrap::Lost(draw)),
            Fault::MisdirectedWrite => disk.set_write_trap(WriteTrap::Misdirected(draw)),
            Fault::StaleRead => disk.set_read_trap(ReadTrap::Stale(draw)),
            Fault::MisdirectedRead => disk.set_read_trap(ReadTrap::Misdirected(draw)),
            Fault::BitRot => {
                let struck = disk.rot(draw);
                if let Some((name, at)) = struck.filter(|_| self.records.is_some()) {
                    self.record(Some(slot), RecordWhat::Rotted { name, at });
                }
            }
            _ => unreachable!("{fault:?} is no fault of a disk"),
        }
        fault.kind().into_iter().for_each(|kind| self.hosts[slot].suffered.insert(kind));
    }

    /// A life has read what it wanted of its disk, and may have read what is not there.
    pub(super) fn end_reading(&mut self, slot: Slot) {
        let Some(Misread { name, sector, from }) = self.hosts[slot].state.disk.end_reading() else { return };
        let kind = if from.is_some() { FaultKind::MisdirectedRead } else { FaultKind::StaleRead };
        self.tally.fault_fired(kind);
        if self.records.is_some() {
            self.record(Some(slot), RecordWhat::Misread { name, sector, from });
        }
    }

    /// A disk does its work again, from what waited on.
    pub(super) fn mend_disk(&mut self, slot: Slot) {
        self.hosts[slot].state.disk.set_condition(Condition::Sound);
        // Here and now, before a younger one that is due at this very time.
        for request in mem::take(&mut self.hosts[slot].stalled) {
            self.synced(slot, request, self.event);
        }
    }
}

/// A request as the digest takes it in: two that differ in their file alone are not the same.
fn disk_detail(request: Request) -> u64 {
    u64::from(request.number) << 16 | u64::from(request.file)
}

fn occurrence(request: Request) -> u64 {
    u64::from(request.number) | u64::from(request.incarnation) << 32
}
