//! Plan items: when they are due, what they do, and what ends them.

use std::mem;
use std::time::Duration;

use super::step::Header;
use super::{Event, Phase, Slot, World};
use crate::check::{Checks, What};
use crate::disk::Condition;
use crate::id::{Hex, NodeId, Request};
use crate::mix::{Address, Domain};
use crate::network::LinkIndex;
use crate::payload::{Fact, Protocol};
use crate::plan::{Fault, FaultKind, Item, ItemOutcome, Plan, Point, Target, When};
use crate::process::Effect;
use crate::record::RecordWhat;
use crate::survival::{Permission, Service, Strike, Survival};
use crate::system::System;
use crate::time::Time;

/// What became of one plan item so far.
#[derive(Clone)]
pub(super) struct ItemState {
    pub(super) outcome: ItemOutcome,
    /// How many of the facts that it waits for were seen.
    seen: u32,
    /// The process that stated the fact.
    pub(super) subject: Option<Slot>,
    /// The processes that it struck, each with the incarnation that it met.
    struck: Vec<(Slot, u32)>,
    /// The links that it cut or clogged.
    pub(super) links: Vec<LinkIndex>,
}

impl Default for ItemState {
    fn default() -> ItemState {
        ItemState { outcome: ItemOutcome::Never, seen: 0, subject: None, struck: Vec::new(), links: Vec::new() }
    }
}

impl<S: System> World<S> {
    /// The armed items that the facts of a step set off: after how many effects, and which. What is to strike only some
    /// time after the step is scheduled.
    #[cold]
    pub(super) fn strikes_in(&mut self, slot: Slot, effects: &[Effect<S::Protocol>]) -> Vec<(u32, usize)> {
        let mut strikes = Vec::new();
        if self.phase != Phase::Safety {
            return strikes;
        }
        let case = std::sync::Arc::clone(&self.case);
        for effect in effects {
            let label = match effect {
                Effect::Fact(fact) => fact.label(),
                // True already, so that it is stated in this step as well.
                Effect::WhenDurable { request, fact: Some(fact) } if self.is_durable(slot, *request) => fact.label(),
                _ => continue,
            };
            for (index, point) in self.set_off(&case.plan, label, slot) {
                match point {
                    Point::Effects(count) => strikes.push((count, index)),
                    Point::AfterNs(nanos) => self.schedule(self.now.plus_nanos(nanos), Event::Item(index as u32)),
                }
            }
        }
        strikes.sort_unstable();
        strikes
    }

    fn is_durable(&self, slot: Slot, request: Request) -> bool {
        self.hosts[slot].state.disk.is_durable(request)
    }

    /// From here on an item waits for a fact of this label.
    pub(super) fn arm(&mut self, label: &str, index: usize) {
        match self.armed.iter_mut().find(|(fact, _)| fact == label) {
            Some((_, waiting)) => waiting.push(index),
            None => self.armed.push((label.to_owned(), vec![index])),
        }
    }

    /// Disarms the items that one more fact of this label sets off: which, and at which point.
    fn set_off(&mut self, plan: &Plan, label: &str, slot: Slot) -> Vec<(usize, Point)> {
        let (id, now) = (self.id(slot), self.now);
        let mut set_off = Vec::new();
        let Some(at) = self.armed.iter().position(|(fact, _)| fact == label) else { return set_off };
        let (_, waiting) = &mut self.armed[at];
        waiting.retain(|index| {
            let state = &mut self.items[*index];
            let point = due(&plan.items[*index], id, now, &mut state.seen);
            if let Some(point) = point {
                state.subject = Some(slot);
                set_off.push((*index, point));
            }
            point.is_none()
        });
        if waiting.is_empty() {
            self.armed.remove(at);
        }
        set_off
    }

    /// Facts that become true as their node dies count too. What they set off comes after the crash, whatever its point.
    pub(super) fn set_off_by_crash(&mut self, slot: Slot, facts: &[<S::Protocol as Protocol>::Fact]) {
        if self.phase != Phase::Safety || self.armed.is_empty() {
            return;
        }
        let case = std::sync::Arc::clone(&self.case);
        for fact in facts {
            for (index, point) in self.set_off(&case.plan, fact.label(), slot) {
                let nanos = if let Point::AfterNs(nanos) = point { nanos } else { 0 };
                self.schedule(self.now.plus_nanos(nanos), Event::Item(index as u32));
            }
        }
    }

    /// A timed item is due.
    pub(super) fn item_due(&mut self, index: usize, cause: u64) {
        self.digest_event(Header::Item, 0, index as u64);
        if self.records.is_some() {
            let subject = self.items[index].subject;
            let text = self.case.plan.items[index].to_string();
            self.record_first(subject, [Some(cause), None], RecordWhat::Item(text));
        }
        self.strike(index, self.items[index].subject);
    }

    /// Strikes, where it may.
    pub(super) fn strike(&mut self, index: usize, subject: Option<Slot>) {
        if self.phase != Phase::Safety {
            return;
        }
        let case = std::sync::Arc::clone(&self.case);
        let item = &case.plan.items[index];
        if let Fault::Reseed { domain, salt } = item.fault {
            return self.reseed(index, domain, salt);
        }
        let Some(kind) = item.fault.kind() else { return };
        let mut slots = self.targets(item, subject);
        // Only who is really struck is restarted or resumed when this item ends; the rest is another item's.
        slots.retain(|slot| self.can_strike(kind, *slot));
        slots.sort_unstable();
        slots.dedup();
        let outcome = match self.permission(kind, &slots) {
            // Not the budget's doing, so it is not counted as withheld.
            _ if slots.is_empty() => ItemOutcome::Withheld("there was nothing to strike"),
            Permission::Withhold(reason) => {
                self.tally.fault_withheld(kind);
                ItemOutcome::Withheld(reason)
            }
            Permission::Fire => {
                if !kind.strikes_at_boot() {
                    self.tally.fault_fired(kind);
                }
                ItemOutcome::Fired(self.now)
            }
        };
        self.items[index].outcome = outcome;
        self.digest_event(Header::Item, slots.len(), u64::from(matches!(outcome, ItemOutcome::Fired(_))));
        self.record_strike(item, &slots, outcome);
        if matches!(outcome, ItemOutcome::Withheld(_)) {
            return;
        }
        match item.fault {
            Fault::Crash => {
                slots.iter().for_each(|slot| self.crash(*slot));
            }
            Fault::Stop => slots.iter().for_each(|slot| self.stop(*slot)),
            Fault::Wipe => slots.iter().for_each(|slot| self.wipe(*slot)),
            Fault::Pause => slots.iter().for_each(|slot| self.pause(*slot)),
            Fault::Slow { service_ns } => slots.iter().for_each(|slot| self.hosts[*slot].slowed_by_ns = service_ns),
            Fault::Partition | Fault::OneWayPartition | Fault::PartialPartition => {
                self.items[index].links = self.links_to_cut(item, &slots);
                self.items[index].links.iter().for_each(|link| self.links.cut(*link));
                self.end_cut_sessions();
            }
            Fault::Clog => {
                self.items[index].links = self.links_to_clog(item, &slots);
                self.items[index].links.iter().for_each(|link| self.links.clog(*link));
            }
            Fault::SessionReset => self.reset_session(&slots),
            Fault::ClockRate { error_ppm } => slots.iter().for_each(|slot| self.set_clock_rate(*slot, error_ppm)),
            Fault::WallJump { by_ns } => slots.iter().for_each(|slot| self.jump_wall(*slot, by_ns)),
            Fault::DiskStall
            | Fault::IoError
            | Fault::NoSpace
            | Fault::LyingSync
            | Fault::LostWrite
            | Fault::MisdirectedWrite
            | Fault::BitRot
            | Fault::StaleRead
            | Fault::MisdirectedRead => slots.iter().for_each(|slot| self.strike_disk(*slot, item.fault, item.id)),
            Fault::Message(_) | Fault::Reseed { .. } => {
                unreachable!("a message's fate is asked for when it is sent, and a reseed has no target")
            }
        }
        self.items[index].struck = slots.iter().map(|slot| (*slot, self.hosts[*slot].state.incarnation)).collect();
        if let Some(lasts_ns) = item.lasts_ns.filter(|_| item.fault.lasts()) {
            self.schedule(self.now.plus_nanos(lasts_ns), Event::ItemEnd(index as u32));
        }
    }

    /// What an item did is over. After the heal nothing is: what is not healed stays as it is.
    pub(super) fn item_ends(&mut self, index: usize, cause: u64) {
        self.digest_event(Header::ItemEnd, 0, index as u64);
        let id = self.case.plan.items[index].id;
        if self.records.is_some() {
            self.record_first(None, [Some(cause), None], RecordWhat::ItemEnded(id));
        }
        if self.phase != Phase::Safety {
            return;
        }
        let fault = self.case.plan.items[index].fault;
        for (slot, incarnation) in mem::take(&mut self.items[index].struck) {
            let host = &self.hosts[slot];
            let same = host.state.incarnation == incarnation;
            match (fault, host.service) {
                (Fault::Crash | Fault::Stop | Fault::Wipe, Service::Down) if same => self.restart(slot),
                (Fault::Pause, Service::Paused) if same => self.resume(slot),
                // A clock is the machine's, whatever became of the process.
                (Fault::ClockRate { .. }, _) => self.set_clock_rate(slot, 0),
                (Fault::Slow { .. }, _) => self.hosts[slot].slowed_by_ns = 0,
                (Fault::DiskStall | Fault::IoError | Fault::NoSpace | Fault::LyingSync, _) => self.mend_disk(slot),
                _ => {}
            }
        }
        let links = mem::take(&mut self.items[index].links);
        if fault == Fault::Clog {
            links.iter().for_each(|link| self.links.unclog(*link));
            return self.release_clogged();
        }
        links.iter().for_each(|link| self.links.mend(*link));
        links.iter().for_each(|link| self.begin_session(link / self.hosts.len(), link % self.hosts.len()));
    }

    /// The safety phase is over: a sufficient core is healed, and everything else stays as it is.
    pub(super) fn heal(&mut self, cause: u64) {
        let address = Address::new(0, 0, 0);
        let draw = self.cluster.mixer.decide(Domain::Heal, address);
        let core = match &self.case.plan.heal.core {
            Some(core) => core.clone(),
            None => self.survival.core(&self.damage(), draw),
        };
        self.digest_event(Header::Heal, core.len(), 0);
        core.iter().for_each(|id| self.digest.roll(id.key()));
        self.phase = Phase::Healing;
        self.tally.core = Some(core.clone());
        if self.records.is_some() {
            self.record_first(None, [Some(cause), None], RecordWhat::Healed(core.clone()));
        }
        let healed: Vec<Slot> =
            core.iter().chain(&std::sync::Arc::clone(&self.cluster).clients).filter_map(|id| self.slot(*id)).collect();
        self.links.calm();
        self.disk_chances.calm();
        self.heal_links(&healed);
        self.release_clogged();
        self.end_cut_sessions();
        healed.iter().for_each(|slot| self.begin_sessions(*slot));
        // Checkers hear of the heal before anything that comes of it, or what a restarted process states at once would be
        // taken for progress of the safety phase, and progress of the safety phase for what the heal demands.
        self.observe(0, What::Healed(&core));
        self.quicken_all();
        for slot in healed {
            self.mend_disk(slot);
            self.hosts[slot].state.disk.disarm();
            match self.hosts[slot].service {
                Service::Down => self.restart(slot),
                Service::Paused => self.resume(slot),
                Service::Up | Service::Refused => {}
            }
        }
        self.phase = Phase::Liveness(self.now);
        self.schedule_demands();
    }

    /// Everybody's clock is right again, and nobody is slow. What keeps a node from its work for ever and lets it live is
    /// nothing that a system is to survive: a leader outside of the core whose clock stands still sends no heartbeat, and
    /// never notices that nobody is led by it; one whose disk stands still is followed for ever, and never has an entry on its
    /// own disk that it could apply and answer for.
    fn quicken_all(&mut self) {
        for slot in 0..self.hosts.len() {
            if self.hosts[slot].clock.rate_error_ppm() != 0 {
                self.set_clock_rate(slot, 0);
            }
            self.hosts[slot].slowed_by_ns = 0;
            if self.hosts[slot].state.disk.condition() == Condition::Stalled {
                self.mend_disk(slot);
            }
        }
    }

    /// Those who are healed hear each other again. Who is not, and is cut off from any of them, is cut off from all.
    ///
    /// A partition had two whole sides; were only its links between the healed mended, one node would be left that hears
    /// half of them: a leader, say, that keeps its followers loyal and that no client reaches. No fault made that. A clog that
    /// is never to end is as good as a cut. What a partition cut that outlasts the heal stays cut, as its plan says.
    fn heal_links(&mut self, healed: &[Slot]) {
        for outsider in (0..self.hosts.len()).filter(|slot| !healed.contains(slot)) {
            let between = |slot: &Slot| [self.link(outsider, *slot), self.link(*slot, outsider)];
            let links: Vec<LinkIndex> = healed.iter().flat_map(between).collect();
            if links.iter().any(|link| self.links.is_cut(*link) || self.links.is_clogged(*link)) {
                links.iter().for_each(|link| self.links.cut(*link));
            }
        }
        for from in healed {
            for to in healed {
                let link = self.link(*from, *to);
                self.links.heal(link);
            }
        }
        let case = std::sync::Arc::clone(&self.case);
        for (item, state) in case.plan.items.iter().zip(&self.items).filter(|(item, _)| item.outlasts_heal) {
            debug_assert!(item.lasts_ns.is_none(), "invariant: a plan that ends what outlasts the heal is refused");
            state.links.iter().for_each(|link| self.links.keep_cut(*link));
        }
    }

    /// A bound of progress has passed.
    pub(super) fn demand(&mut self, cause: u64) {
        self.digest_event(Header::Demand, 0, 0);
        if self.records.is_some() {
            self.record_first(None, [Some(cause), None], RecordWhat::Demanded);
        }
        let Some(since_heal) = self.since_heal() else { return };
        let mut overdue = mem::take(&mut self.findings);
        self.checks.overdue(since_heal, &mut overdue);
        if let Some(finding) = overdue.pop() {
            self.fail_by_progress(finding);
        }
        self.findings = overdue;
    }

    /// What is missing when nothing will ever happen again.
    pub(crate) fn demand_now(&mut self) {
        if matches!(self.phase, Phase::Liveness(_)) {
            let mut overdue = Vec::new();
            self.checks.overdue(Duration::MAX, &mut overdue);
            if let Some(finding) = overdue.pop() {
                self.fail_by_progress(finding);
            }
        }
    }

    fn schedule_demands(&mut self) {
        let mut bounds = Vec::new();
        self.checks.bounds(&mut bounds);
        for bound in bounds {
            self.schedule(self.now + bound, Event::Demand);
        }
        self.look_for_progress();
    }

    /// Ends the run where all progress that is demanded was made.
    #[inline]
    pub(super) fn look_for_progress(&mut self) {
        if matches!(self.phase, Phase::Liveness(_)) && self.checks.met() {
            self.phase = Phase::Over;
        }
    }

    fn permission(&self, kind: FaultKind, slots: &[Slot]) -> Permission {
        if !self.bounded {
            return Permission::Fire;
        }
        let nodes: Vec<NodeId> = slots.iter().map(|slot| self.id(*slot)).filter(|id| !id.is_client()).collect();
        self.survival.allows(&self.damage(), &Strike { kind, nodes: &nodes })
    }

    fn can_strike(&self, kind: FaultKind, slot: Slot) -> bool {
        match kind {
            FaultKind::Crash | FaultKind::Stop | FaultKind::Wipe => self.hosts[slot].service != Service::Down,
            FaultKind::Slow => self.hosts[slot].slowed_by_ns == 0,
            FaultKind::DiskStall
            | FaultKind::IoError
            | FaultKind::NoSpace
            | FaultKind::LyingSync
            | FaultKind::LostWrite
            | FaultKind::MisdirectedWrite
            | FaultKind::BitRot
            | FaultKind::StaleRead
            | FaultKind::MisdirectedRead => self.can_strike_disk(kind, slot),
            FaultKind::Pause => self.hosts[slot].service == Service::Up,
            // Who ends one rate error would end another's too.
            FaultKind::ClockRate => self.hosts[slot].clock.rate_error_ppm() == 0,
            _ => true,
        }
    }

    fn targets(&self, item: &Item, subject: Option<Slot>) -> Vec<Slot> {
        let nodes = 0..self.cluster.nodes.len();
        match &item.target {
            Target::Node(id) => self.slot(*id).into_iter().collect(),
            Target::Nodes(ids) => ids.iter().filter_map(|id| self.slot(*id)).collect(),
            Target::Between { one, other } => one.iter().chain(other).filter_map(|id| self.slot(*id)).collect(),
            Target::AllBut(ids) => nodes.filter(|slot| !ids.contains(&self.id(*slot))).collect(),
            Target::Subject => subject.into_iter().collect(),
            Target::All => nodes.collect(),
            Target::Link { from, to } if self.sessions.is_some() || item.fault == Fault::Clog => {
                [from, to].into_iter().filter_map(|id| self.slot(*id)).collect()
            }
            Target::Link { .. } | Target::Message { .. } => Vec::new(),
        }
    }

    /// A deadline by the process's own clock comes at another time of the world now.
    fn set_clock_rate(&mut self, slot: Slot, error_ppm: i32) {
        self.hosts[slot].clock.set_rate(self.now, error_ppm);
        self.digest_event(Header::Clock, slot, u64::from(error_ppm.cast_unsigned()));
        if self.records.is_some() {
            self.record(Some(slot), RecordWhat::Clock { error_ppm });
        }
        self.renew_deadline(slot);
    }

    fn jump_wall(&mut self, slot: Slot, by_ns: i64) {
        self.hosts[slot].clock.jump_wall(by_ns);
        self.digest_event(Header::Clock, slot, by_ns.cast_unsigned());
        if self.records.is_some() {
            self.record(Some(slot), RecordWhat::Wall { by_ns });
        }
    }

    pub(super) fn restart(&mut self, slot: Slot) {
        if self.records.is_some() {
            self.record(Some(slot), RecordWhat::Restarted);
        }
        self.start(slot);
        self.begin_sessions(slot);
    }

    fn pause(&mut self, slot: Slot) {
        self.hosts[slot].service = Service::Paused;
        self.set_deadline(slot, Time::MAX);
        self.digest_event(Header::Pause, slot, 0);
        if self.records.is_some() {
            self.record(Some(slot), RecordWhat::Paused);
        }
    }

    fn resume(&mut self, slot: Slot) {
        self.hosts[slot].service = Service::Up;
        self.digest_event(Header::Resume, slot, 0);
        if self.records.is_some() {
            self.record(Some(slot), RecordWhat::Resumed);
        }
        self.perform_held(slot);
        self.renew_deadline(slot);
        self.queue_ready(slot);
    }

    /// The links that a partition cuts, each once.
    fn links_to_cut(&self, item: &Item, struck: &[Slot]) -> Vec<LinkIndex> {
        let (one, other): (Vec<Slot>, Vec<Slot>) = match &item.target {
            Target::Between { other, .. } => struck.iter().partition(|slot| !other.contains(&self.id(**slot))),
            _ => (struck.to_vec(), (0..self.hosts.len()).filter(|slot| !struck.contains(slot)).collect()),
        };
        let pairs = one.iter().flat_map(|from| other.iter().map(move |to| (*from, *to)));
        let back = item.fault != Fault::OneWayPartition;
        pairs
            .flat_map(|(from, to)| [Some((from, to)), back.then_some((to, from))])
            .flatten()
            .map(|(from, to)| self.link(from, to))
            .collect()
    }

    /// The links that a clog is about, each once: those between two processes, or all of each that was struck.
    fn links_to_clog(&self, item: &Item, struck: &[Slot]) -> Vec<LinkIndex> {
        let is_between = matches!(item.target, Target::Link { .. });
        let is_struck = |one: Slot, other: Slot| {
            let (one, other) = (struck.contains(&one), struck.contains(&other));
            if is_between { one && other } else { one || other }
        };
        let processes = 0..self.hosts.len();
        let pairs = processes.clone().flat_map(|from| processes.clone().map(move |to| (from, to)));
        pairs.filter(|(from, to)| from != to && is_struck(*from, *to)).map(|(from, to)| self.link(from, to)).collect()
    }

    fn end_cut_sessions(&mut self) {
        if self.sessions.is_none() {
            return;
        }
        for one in 0..self.hosts.len() {
            for other in one + 1..self.hosts.len() {
                let is_cut = |from, to| self.links.is_cut(self.link(from, to));
                if is_cut(one, other) || is_cut(other, one) {
                    self.end_session(one, other);
                }
            }
        }
    }

    /// Ends the session between two processes, and lets another begin.
    fn reset_session(&mut self, ends: &[Slot]) {
        if let [one, other] = *ends {
            self.end_session(one, other);
            self.begin_session(one, other);
        }
    }

    /// Says what became of an item that was due, before what comes of it.
    fn record_strike(&mut self, item: &Item, slots: &[Slot], outcome: ItemOutcome) {
        if self.records.is_none() {
            return;
        }
        let withheld = if let ItemOutcome::Withheld(reason) = outcome { Some(reason) } else { None };
        let nodes: Vec<NodeId> = slots.iter().map(|slot| self.id(*slot)).collect();
        let alone = if let [slot] = slots { Some(*slot) } else { None };
        let (id, kind, item) = (item.id, item.fault.kind(), item.to_string());
        self.record(alone, RecordWhat::Struck { id, kind, item, nodes, withheld });
    }

    fn reseed(&mut self, index: usize, domain: Domain, salt: Hex) {
        self.items[index].outcome = ItemOutcome::Fired(self.now);
        self.digest_event(Header::Item, 0, salt.0);
        let case = std::sync::Arc::clone(&self.case);
        self.record_strike(&case.plan.items[index], &[], self.items[index].outcome);
        let cluster = std::sync::Arc::make_mut(&mut self.cluster);
        cluster.mixer.reseed(cluster.seed, domain, salt.0);
    }
}

/// Where in the step an item strikes that waits for a fact of this label, if this fact is the one.
fn due(item: &Item, id: NodeId, now: Time, seen: &mut u32) -> Option<Point> {
    let When::On { node, from_ns, nth, point, .. } = &item.when else { return None };
    if now < *from_ns || node.is_some_and(|node| node != id) {
        return None;
    }
    *seen += 1;
    (*seen == *nth).then_some(*point)
}
