//! What checkers, counters, digest and trace are told.

use std::collections::BTreeMap;
use std::mem;

use super::step::Header;
use super::{Input, Slot, World};
use crate::check::{Checks, Class, Finding, Observed, Violation, What};
use crate::hash::content_hash;
use crate::id::{Hex, NodeId, OperationId};
use crate::network::{Passage, Sent};
use crate::panics::Panicked;
use crate::payload::{Fact, Payload, Protocol};
use crate::plan::FaultKind;
use crate::process::Refusal;
use crate::record::{About, Record, RecordWhat, Taken};
use crate::spec::FaultClass;
use crate::survival::{Recoverable, Service, Survival};
use crate::system::System;

/// What a run counts.
#[derive(Clone, Default)]
pub(crate) struct Tally {
    faults: [FaultCount; FaultKind::ALL.len()],
    /// Facts by label; few enough that a search by address beats a map.
    labels: Vec<(&'static str, u64)>,
    reached: BTreeMap<&'static str, u64>,
    pub(crate) invoked: u64,
    pub(crate) responded: u64,
    open: OpenOperations,
    pub(crate) core: Option<Vec<NodeId>>,
    /// Why a run that is stuck is no failure, or not known to be one.
    pub(crate) stuck: Option<Stuck>,
}

/// Operations without an answer, and how often one was invoked while there was one of another client.
#[derive(Clone, Default)]
struct OpenOperations {
    count: u64,
    /// Of each client, by its number less one. What it gave up on stays open, as it may take effect yet.
    by_client: Vec<u64>,
    overlapping: u64,
}

impl OpenOperations {
    fn of(&mut self, client: NodeId) -> &mut u64 {
        let index = usize::from(client.number()) - 1;
        if self.by_client.len() <= index {
            self.by_client.resize(index + 1, 0);
        }
        &mut self.by_client[index]
    }

    fn invoked(&mut self, client: NodeId) {
        self.overlapping += u64::from(self.count > *self.of(client));
        self.count += 1;
        *self.of(client) += 1;
    }

    /// An answer that comes twice closes nothing more: there is none open of its client, or one that was given up.
    fn responded(&mut self, client: NodeId) {
        let open = self.of(client);
        if *open > 0 {
            *open -= 1;
            self.count -= 1;
        }
    }
}

/// A run without progress that is not a failure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Stuck {
    /// Nothing could have got it out.
    Unrecoverable(&'static str),
    /// Nobody knows.
    Unknown(String),
}

/// How often a kind of fault struck, and how often it was not allowed to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FaultCount {
    /// It struck. A kind that [strikes at a boot](FaultKind::strikes_at_boot) is counted when a boot reads wrongly, not when its
    /// item fires.
    pub fired: u64,
    /// It was due, and was withheld.
    pub withheld: u64,
}

impl Tally {
    pub(super) fn fault_fired(&mut self, kind: FaultKind) {
        self.faults[kind as usize].fired += 1;
    }

    pub(super) fn fault_withheld(&mut self, kind: FaultKind) {
        self.faults[kind as usize].withheld += 1;
    }

    pub(crate) fn fault(&self, kind: FaultKind) -> FaultCount {
        self.faults[kind as usize]
    }

    pub(crate) fn labels(&self) -> &[(&'static str, u64)] {
        &self.labels
    }

    pub(crate) fn overlapping(&self) -> u64 {
        self.open.overlapping
    }

    pub(crate) fn reached(&self) -> &BTreeMap<&'static str, u64> {
        &self.reached
    }

    #[inline]
    fn fact(&mut self, label: &'static str) {
        let labels = || self.labels.iter().map(|(known, _)| *known);
        // By address among all of them first: many labels are as long as each other.
        let by_address = labels().position(|known| std::ptr::eq(known, label));
        match by_address.or_else(|| labels().position(|known| known == label)) {
            Some(at) => self.labels[at].1 += 1,
            None => self.labels.push((label, 1)),
        }
    }
}

impl<S: System> World<S> {
    /// The digest's word for an event: what, where, when, and one more thing that tells it from others.
    #[inline(always)]
    pub(super) fn digest_event(&mut self, header: Header, slot: Slot, detail: u64) {
        let place = (header as u64) << 8 | (slot as u64) << 16;
        self.digest.roll(self.now.as_nanos().rotate_left(24) ^ place ^ detail.rotate_left(40));
    }

    #[inline]
    pub(super) fn observe(&mut self, slot: Slot, what: What<'_, S::Protocol>) {
        let host = &self.hosts[slot].state;
        let observed =
            Observed { time: self.now, event: self.event, node: host.id, incarnation: host.incarnation, what };
        self.survival.observe(&observed);
        self.checks.observe(&observed, &mut self.findings);
        if !self.findings.is_empty() {
            self.fail_by_findings(slot);
        }
        self.look_for_progress();
    }

    #[inline]
    pub(super) fn state_fact(&mut self, slot: Slot, fact: &<S::Protocol as Protocol>::Fact) {
        self.digest_event(Header::Fact, slot, content_hash(fact));
        self.tally.fact(fact.label());
        if self.records.is_some() {
            let about = About { label: fact.label(), subject: Hex(fact.subject()) };
            self.record_about(Some(slot), [None, None], RecordWhat::Fact(format!("{fact:?}")), Some(about));
        }
        self.observe(slot, What::Fact(fact));
    }

    pub(super) fn invoked(&mut self, slot: Slot, id: OperationId, operation: &<S::Protocol as Protocol>::Operation) {
        self.digest_event(Header::Invoke, slot, content_hash(operation) ^ u64::from(id.ordinal));
        self.tally.invoked += 1;
        self.tally.open.invoked(id.client);
        if self.records.is_some() {
            self.record(Some(slot), RecordWhat::Invoked(id, format!("{operation:?}")));
        }
        self.observe(slot, What::Invoked(id, operation));
    }

    pub(super) fn responded(&mut self, slot: Slot, id: OperationId, reply: &<S::Protocol as Protocol>::Reply) {
        self.digest_event(Header::Respond, slot, content_hash(reply) ^ u64::from(id.ordinal));
        self.tally.responded += 1;
        self.tally.open.responded(id.client);
        if self.records.is_some() {
            self.record(Some(slot), RecordWhat::Responded(id, format!("{reply:?}")));
        }
        self.observe(slot, What::Responded(id, reply));
    }

    pub(super) fn reached(&mut self, slot: Slot, label: &'static str) {
        self.digest_event(Header::Reached, slot, content_hash(label));
        *self.tally.reached.entry(label).or_default() += 1;
        if self.records.is_some() {
            self.record(Some(slot), RecordWhat::Reached(label));
        }
    }

    /// Whether a limit of the run was passed.
    #[inline]
    pub(super) fn check_limits(&mut self) {
        let limits = self.limits;
        if self.event >= limits.events
            || self.events_now >= limits.events_at_once
            || self.flights.launched() >= limits.messages_in_flight
        {
            self.fail_by_limit();
        }
    }

    #[cold]
    fn fail_by_limit(&mut self) {
        let limits = self.limits;
        let (property, explanation) = if self.events_now >= limits.events_at_once {
            ("no_progress", format!("{} events and virtual time stands still", self.events_now))
        } else if self.flights.launched() >= limits.messages_in_flight {
            ("message_storm", format!("{} messages are in flight", self.flights.launched()))
        } else {
            ("too_many_events", format!("{} events and no end", self.event))
        };
        self.fail(Class::Limit, format!("sim::{property}"), String::new(), None, explanation, Vec::new());
    }

    #[cold]
    fn fail_by_findings(&mut self, slot: Slot) {
        let findings = mem::take(&mut self.findings);
        let Some(Finding { property, flaw }) = findings.into_iter().next() else { return };
        let node = Some(self.id(slot));
        let signature = format!("{}::{property}", self.suite);
        self.fail(Class::Safety, signature, String::new(), node, flaw.explanation, flaw.witnesses);
    }

    #[cold]
    pub(super) fn fail_by_panic(&mut self, slot: Slot, panicked: &Panicked) {
        let node = self.id(slot);
        let identity = format!("{}: {}", panicked.file, panicked.message);
        let explanation = format!("{node} panicked at {}:{}: {}", panicked.file, panicked.line, panicked.message);
        self.fail(Class::Panic, "sim::panic".into(), identity, Some(node), explanation, Vec::new());
    }

    /// A process declined to serve: a failure, unless something struck it of which no more is promised than that.
    #[cold]
    pub(super) fn judge_refusal(&mut self, slot: Slot, refusal: &Refusal) {
        let host = &self.hosts[slot];
        if host.suffered.iter().any(|kind| self.faults.class(kind) == FaultClass::Detected) {
            return;
        }
        let node = self.id(slot);
        let explanation =
            format!("{node} refused to serve, though nothing struck it but what it must survive: {refusal}");
        self.fail(Class::Safety, "sim::refused".into(), refusal.0.clone(), Some(node), explanation, Vec::new());
    }

    /// A process stopped, and no request of its life had failed.
    #[cold]
    pub(super) fn fail_by_stop(&mut self, slot: Slot, reason: &str) {
        let node = self.id(slot);
        let explanation = format!("{node} stopped, though no request of its disk had failed: {reason}");
        self.fail(Class::Safety, "sim::stopped".into(), reason.to_owned(), Some(node), explanation, Vec::new());
    }

    /// Progress is overdue: a failure, where the core could have made it.
    #[cold]
    pub(super) fn fail_by_progress(&mut self, finding: Finding) {
        self.phase = super::Phase::Over;
        match self.survival.recoverable(&self.damage()) {
            // With the budget lifted nothing is promised about progress.
            _ if !self.bounded => {}
            // A case may name a core that was sound when it was found, and is not in what is left of the case.
            _ if self.core_is_refused() => {
                self.tally.stuck = Some(Stuck::Unrecoverable("a node of the healed core declined to serve"));
            }
            Recoverable::Yes => {
                let signature = format!("{}::{}", self.suite, finding.property);
                let flaw = finding.flaw;
                self.fail(Class::Liveness, signature, String::new(), None, flaw.explanation, flaw.witnesses);
            }
            Recoverable::No(reason) => self.tally.stuck = Some(Stuck::Unrecoverable(reason)),
            Recoverable::Unknown => self.tally.stuck = Some(Stuck::Unknown(finding.flaw.explanation)),
        }
    }

    fn core_is_refused(&self) -> bool {
        let core = self.tally.core.iter().flatten().filter_map(|id| self.slot(*id));
        core.into_iter().any(|slot| self.hosts[slot].service == Service::Refused)
    }

    /// The first violation stands; what follows may be its consequence.
    fn fail(
        &mut self,
        class: Class,
        signature: String,
        identity: String,
        node: Option<NodeId>,
        explanation: String,
        witnesses: Vec<crate::check::Witness>,
    ) {
        let (time, event) = (self.now, self.event);
        self.violation.get_or_insert_with(|| {
            Box::new(Violation { class, signature, identity, node, time, event, explanation, witnesses })
        });
    }

    pub(super) fn previous_step(&self, slot: Slot) -> Option<u64> {
        Some(self.hosts[slot].last_step).filter(|event| *event > 0)
    }

    pub(super) fn describe_input(&self, input: Input) -> String {
        match input {
            Input::Message(index) => {
                let flight = self.flights.get(index);
                format!("from {} {:?}", self.id(flight.from as Slot), flight.message)
            }
            Input::Deadline => "deadline".into(),
            Input::Disk(request, Ok(())) => format!("synced {request}"),
            Input::Disk(request, Err(error)) => format!("{request}: {error}"),
            Input::Link(peer, link) => format!("session with {}: {link:?}", self.id(peer as Slot)),
        }
    }

    #[cold]
    pub(super) fn record_arrival(&mut self, index: u32, taken: Taken, cause: u64) {
        let sent_as = self.damaged_tags.remove(&index);
        let flight = self.flights.get(index);
        let slot = flight.to as Slot;
        let what = RecordWhat::Arrived {
            from: self.id(flight.from as Slot),
            tag: Hex(sent_as.unwrap_or_else(|| flight.message.tag())),
            occurrence: flight.occurrence,
            message: format!("{:?}", flight.message),
            taken,
        };
        let previous = self.previous_step(slot);
        self.record_first(Some(slot), [Some(cause), previous], what);
    }

    #[cold]
    pub(super) fn record_sending(&mut self, from: Slot, to: NodeId, sent: Sent, passage: Passage, message: String) {
        let struck = passage.struck.unwrap_or_default();
        let names = [
            (struck.item.is_some(), "planned"),
            (struck.cut, "cut off"),
            (struck.sessionless, "no session"),
            (struck.lost, "lost"),
            (struck.delayed, "delayed"),
            (struck.reordered, "held back"),
            (struck.duplicated, "duplicated"),
            (struck.corrupted, "damaged"),
            (struck.overflowed, "queue full"),
            (struck.queued, "queued"),
            (struck.clogged, "clogged"),
        ];
        let names: Vec<&str> = names.into_iter().filter(|(hit, _)| *hit).map(|(_, name)| name).collect();
        let what = RecordWhat::Sent {
            to,
            tag: Hex(sent.tag),
            occurrence: sent.occurrence,
            latency_ns: passage.latency_ns,
            again_after_ns: passage.again_after_ns,
            struck: names.join(", "),
            message,
        };
        self.record(Some(from), what);
    }

    #[cold]
    pub(super) fn record(&mut self, slot: Option<Slot>, what: RecordWhat) {
        self.record_first(slot, [None, None], what);
    }

    #[cold]
    pub(super) fn record_first(&mut self, slot: Option<Slot>, causes: [Option<u64>; 2], what: RecordWhat) {
        self.record_about(slot, causes, what, None);
    }

    fn record_about(&mut self, slot: Option<Slot>, causes: [Option<u64>; 2], what: RecordWhat, about: Option<About>) {
        let node = slot.map(|slot| self.id(slot));
        let (event, time, digest) = (self.event, self.now, self.digest);
        if let Some(records) = &mut self.records {
            records.push(Record { event, time, node, causes, what, about, digest });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each step a client asks, or is answered.
    fn overlapping(steps: &[(u16, bool)]) -> u64 {
        let mut open = OpenOperations::default();
        for (client, asks) in steps {
            let client = NodeId::client(*client);
            if *asks { open.invoked(client) } else { open.responded(client) }
        }
        open.overlapping
    }

    #[test]
    fn operations_overlap_where_another_clients_is_open() {
        let (asks, is_answered) = (true, false);
        assert_eq!(overlapping(&[(1, asks), (1, is_answered), (2, asks), (2, is_answered), (1, asks)]), 0);
        assert_eq!(overlapping(&[(1, asks), (2, asks), (1, is_answered), (3, asks)]), 2);
        assert_eq!(
            overlapping(&[(1, asks), (1, asks), (1, asks)]),
            0,
            "a client does not overlap with what it gave up"
        );
        assert_eq!(overlapping(&[(1, asks), (1, is_answered), (1, is_answered), (2, asks), (1, asks)]), 1);
        assert_eq!(overlapping(&[(3, is_answered), (1, asks)]), 0);
    }
}
