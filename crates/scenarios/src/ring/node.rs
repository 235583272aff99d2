//! A node: a store and its journal, the messages that move epochs and ranges, and the facts that they make true.
//!
//! The state in memory is that of all records written, durable or not, and so nothing may leave that could rest on one that
//! is not: every message waits for the last record, and so does every fact.

use std::time::Duration;

use oracle::ring::{Access, Item, Movement, Range, RingFact};
use ring::{KeyRange, Position, Scheme};
use sim::{DiskError, Io, NodeId, Process, Refusal, Time, Timers, sample};

use super::coordinator::{self, Decision};
use super::record::Record;
use super::store::{self, Duty, Offer, Store};
use super::{Answer, Keys, Members, Message, Request, Transfer, Versions};
use crate::journal::{Found, Journal, Tail};

/// A node. The first of the case is the coordinator, and no member; all others may be members.
#[derive(Clone)]
pub struct Node<S: Scheme> {
    store: Store<S>,
    journal: Journal<Record>,
    /// The last record that this life wrote.
    last: Option<sim::Request>,
    /// What this life has offered at least once.
    offered: Vec<Transfer>,
    timers: Timers<Timer>,
}

/// What a node waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Timer {
    /// To tell somebody how much it knows.
    Gossip,
    /// To offer again what was not accepted.
    Offer,
    /// The coordinator: to decide another epoch.
    Decide,
}

/// At most so many epochs are told at once.
const EPOCHS_TOLD_MAX: usize = 8;

impl<S: Scheme + Clone + 'static> Process for Node<S> {
    type Protocol = Keys;

    fn boot(io: &mut Io<'_, Keys>) -> Result<Node<S>, Refusal> {
        let (journal, Found { records, tail }) = Journal::open(io)?;
        if tail == Tail::Torn {
            io.reached("torn_tail");
        }
        let prefix = u32::try_from(io.knob("names")).expect("the knob is of 32 bits");
        let mut store = Store::new(io.id(), prefix);
        records.iter().for_each(|record| store.apply(record));
        let mut node = Node { store, journal, last: None, offered: Vec::new(), timers: Timers::default() };
        node.state_recovered(io);
        node.await_gossip(io);
        node.timers.set(Timer::Offer, io.now() + io.knob_ms("offer_ms"));
        if io.id() == io.nodes()[0] {
            node.timers.set(Timer::Decide, io.now() + io.knob_ms("change_ms"));
        }
        node.offer_what_is_new(io);
        Ok(node)
    }

    fn on_message(&mut self, from: NodeId, message: Message, io: &mut Io<'_, Keys>) {
        match message {
            Message::Gossip { known } => self.compare(from, known, io),
            Message::Epochs { first, epochs } => self.learn(from, first, &epochs, io),
            Message::Offer { transfer, versions } => self.take(from, transfer, versions, io),
            Message::Accepted(transfer) => self.release(transfer, io),
            Message::Ask { ordinal, request } => {
                let answer = self.serve(request, io);
                self.send(from, Message::Answer { ordinal, answer }, io);
            }
            Message::Answer { .. } => {}
        }
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Keys>) {
        while let Some(timer) = self.timers.pop_due(io.now()) {
            match timer {
                Timer::Gossip => {
                    let known = self.store.epoch();
                    self.send(any_other(io), Message::Gossip { known }, io);
                    self.await_gossip(io);
                }
                Timer::Offer => {
                    self.offer(|_| true, io);
                    self.timers.set(Timer::Offer, io.now() + io.knob_ms("offer_ms"));
                }
                Timer::Decide => self.decide(io),
            }
        }
    }

    fn next_deadline(&self) -> Option<Time> {
        self.timers.next_deadline()
    }

    fn on_disk(&mut self, request: sim::Request, result: Result<(), DiskError>, io: &mut Io<'_, Keys>) {
        result.expect("this scenario excludes requests that fail");
        self.journal.synced(request, io);
    }
}

// Epochs.
impl<S: Scheme + Clone> Node<S> {
    /// Decides the next epoch, if another is to be, and tells somebody.
    fn decide(&mut self, io: &mut Io<'_, Keys>) {
        if self.store.epoch() == io.knob("epochs") {
            return;
        }
        let Decision { ring, change } = coordinator::decide(&self.store, io);
        self.write(&Record::Epoch(store::members_of(&ring)), io);
        let plan = self.store.enter(ring);
        let (epoch, digest) = (self.store.epoch(), self.store.digest());
        self.state(RingFact::Decided { epoch, digest, change }, io);
        for movement in plan.moves() {
            let [from, to] = [&movement.from, &movement.to].map(|node| node.as_ref().map(store::node_of));
            self.state(RingFact::Planned(Movement { epoch, range: range(movement.range), from, to }), io);
        }
        self.spread(io);
        self.timers.set(Timer::Decide, io.now() + io.knob_ms("change_ms"));
    }

    /// Takes over the epochs that follow on what is known here, and tells somebody of the last.
    fn learn(&mut self, from: NodeId, first: u64, epochs: &[Members], io: &mut Io<'_, Keys>) {
        let known = self.store.epoch();
        for (epoch, members) in (first..).zip(epochs) {
            if epoch == self.store.epoch() + 1 {
                self.write_and_apply(&Record::Epoch(members.clone()), io);
                self.state(RingFact::Learned { epoch, digest: self.store.digest() }, io);
            }
        }
        if self.store.epoch() > known {
            self.spread(io);
            self.offer_what_is_new(io);
        } else if first > known + 1 {
            self.send(from, Message::Gossip { known }, io);
        }
    }

    /// Tells somebody the last epoch.
    fn spread(&mut self, io: &mut Io<'_, Keys>) {
        let first = self.store.epoch();
        let epochs = self.store.epochs_from(first, 1);
        self.send(any_other(io), Message::Epochs { first, epochs }, io);
    }

    /// Somebody knows so much: tells it more, or that here is less.
    fn compare(&mut self, from: NodeId, known: u64, io: &mut Io<'_, Keys>) {
        let here = self.store.epoch();
        if here > known {
            let epochs = self.store.epochs_from(known + 1, EPOCHS_TOLD_MAX);
            self.send(from, Message::Epochs { first: known + 1, epochs }, io);
        } else if here < known {
            self.send(from, Message::Gossip { known: here }, io);
        }
    }

    /// Not at the same time everywhere.
    fn await_gossip(&mut self, io: &mut Io<'_, Keys>) {
        let interval = io.knob_ms("gossip_ms");
        let early_us = sample::below(io.draw("gossip"), 500 * io.knob("gossip_ms"));
        self.timers.set(Timer::Gossip, io.now() + (interval - Duration::from_micros(early_us)));
    }
}

// Ranges.
impl<S: Scheme + Clone> Node<S> {
    /// Offers what leaves this node and was not offered in this life.
    fn offer_what_is_new(&mut self, io: &mut Io<'_, Keys>) {
        let offered = self.offered.clone();
        self.offer(|transfer| !offered.contains(transfer), io);
    }

    /// Offers what leaves this node, as far as it is here and `chosen`.
    fn offer(&mut self, chosen: impl Fn(&Transfer) -> bool, io: &mut Io<'_, Keys>) {
        for transfer in self.store.leaving().to_vec().iter().filter(|transfer| chosen(transfer)) {
            if !self.store.is_whole(transfer) {
                io.reached("offer_blocked");
                continue;
            }
            if !self.offered.contains(transfer) {
                self.offered.push(*transfer);
                self.state(RingFact::Offered(movement(transfer)), io);
            }
            let versions = self.store.within(transfer.range);
            self.send(transfer.to, Message::Offer { transfer: *transfer, versions }, io);
        }
    }

    /// A range is offered to this node.
    fn take(&mut self, from: NodeId, transfer: Transfer, versions: Versions, io: &mut Io<'_, Keys>) {
        match self.store.judge(&transfer) {
            Some(Offer::Due) => {
                self.accept(transfer, versions, io);
                self.send(from, Message::Accepted(transfer), io);
                self.offer_what_is_new(io);
            }
            // The answer was lost, or is late.
            Some(Offer::Accepted) => {
                io.reached("offered_again");
                self.send(from, Message::Accepted(transfer), io);
            }
            // It will be offered again.
            Some(Offer::Blocked) => io.reached("accept_blocked"),
            Some(Offer::Ahead) => {
                let known = self.store.epoch();
                self.send(from, Message::Gossip { known }, io);
            }
            None => io.note(format_args!("{from} offers what no plan gives to this node: {transfer:?}")),
        }
    }

    fn accept(&mut self, transfer: Transfer, versions: Versions, io: &mut Io<'_, Keys>) {
        let record = Record::Accept(transfer, versions.clone());
        self.write_and_apply(&record, io);
        for (key, version) in versions.iter() {
            let item = item(store::position::<S>(*key), *key, *version);
            self.state(RingFact::Received { epoch: transfer.epoch, item }, io);
        }
        self.state(RingFact::Accepted(movement(&transfer)), io);
    }

    /// A range of this node's was accepted by its next owner.
    fn release(&mut self, transfer: Transfer, io: &mut Io<'_, Keys>) {
        if !self.store.leaving().contains(&transfer) {
            return;
        }
        self.write_and_apply(&Record::Release(transfer), io);
        self.offered.retain(|offered| *offered != transfer);
        self.state(RingFact::Released(movement(&transfer)), io);
        io.reached("range_moved");
        if transfer.range.start >= transfer.range.end {
            io.reached("wrapping_range_moved");
        }
    }
}

// Keys.
impl<S: Scheme + Clone> Node<S> {
    fn serve(&mut self, Request { access, key }: Request, io: &mut Io<'_, Keys>) -> Answer {
        match self.store.duty(key) {
            Duty::Mine if access == Access::Read => Answer::Done { version: self.store.version(key) },
            Duty::Mine => {
                let version = self.store.version(key) + 1;
                self.write_and_apply(&Record::Write { key, version }, io);
                let item = item(store::position::<S>(key), key, version);
                self.state(RingFact::Written { epoch: self.store.epoch(), item }, io);
                Answer::Done { version }
            }
            Duty::Awaited => {
                io.reached("asked_too_early");
                Answer::NotYet
            }
            Duty::Elsewhere(owner) => Answer::Elsewhere { owner },
        }
    }
}

// The journal, and what waits for it.
impl<S: Scheme + Clone> Node<S> {
    fn write(&mut self, record: &Record, io: &mut Io<'_, Keys>) {
        self.last = Some(self.journal.write(record, io));
        self.journal.sync(io);
    }

    fn write_and_apply(&mut self, record: &Record, io: &mut Io<'_, Keys>) {
        self.write(record, io);
        self.store.apply(record);
    }

    /// Sends a message once all that this node knows is durable.
    fn send(&self, to: NodeId, message: Message, io: &mut Io<'_, Keys>) {
        match self.last {
            Some(last) => io.send_after(last, to, message),
            None => io.send(to, message),
        }
    }

    /// States a fact once all that this node knows is durable.
    fn state(&self, fact: RingFact, io: &mut Io<'_, Keys>) {
        match self.last {
            Some(last) => io.when_durable(last, fact),
            None => io.fact(fact),
        }
    }

    fn state_recovered(&self, io: &mut Io<'_, Keys>) {
        self.store.keys().for_each(|(at, key, version)| io.fact(RingFact::Found(item(at, key, version))));
        io.fact(RingFact::Recovered { epoch: self.store.epoch(), digest: self.store.digest() });
        if !self.store.leaving().is_empty() {
            io.reached("giver_crashed_in_hand_over");
        }
        if !self.store.awaited().is_empty() {
            io.reached("receiver_crashed_in_hand_over");
        }
    }
}

fn any_other(io: &mut Io<'_, Keys>) -> NodeId {
    let here = io.id();
    let chosen = sample::below(io.draw("peer"), io.nodes().len() as u64 - 1) as usize;
    let mut others = io.nodes().iter().filter(|node| **node != here);
    *others.nth(chosen).expect("a cluster has two nodes at least")
}

fn movement(transfer: &Transfer) -> Movement {
    let Transfer { epoch, range: moved, from, to } = *transfer;
    Movement { epoch, range: range(moved), from: Some(from), to: Some(to) }
}

fn range(range: KeyRange) -> Range {
    Range { start: range.start.0, end: range.end.0 }
}

fn item(position: Position, key: u64, version: u64) -> Item {
    Item { position: position.0, key, version }
}
