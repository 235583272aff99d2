//! The adapter: hands the crate its inputs, writes what its storage was told, lets messages leave behind that, and states as
//! facts what becomes true.
//!
//! The crate takes a step to be over when its writes are durable. Here it runs on, and what a step makes known, messages,
//! answers and facts, waits for the last write before it. If the process dies first, nobody has seen the step.
//!
//! | module | holds |
//! |---|---|
//! | here | inputs, writes, messages, and who leads |
//! | `decided` | what becomes of what is decided: it is applied, clients are told, and read it |
//! | `compaction` | what is done so that the log does not grow for ever |

mod compaction;
mod decided;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use omnipaxos::messages::sequence_paxos::{PaxosMessage, PaxosMsg};
use omnipaxos::{ClusterConfig, OmniPaxos, OmniPaxosConfig, ServerConfig};
use oracle::consensus::LogFact;
use scenarios::journal::{Found, Journal, Tail};
use sim::{DiskError, Io, Link, NodeId, Process, Refusal, Request, Time, Timers};

use super::command::Command;
use super::message::{Message, Protocol};
use super::mirror;
use super::record::Record;
use super::storage::{Call, Shared, Storage};
use super::usage::{Lapse, Usage};

type Outgoing<U> = omnipaxos::messages::Message<Command<U>>;

/// A node: the crate and its journal.
pub struct Node<U: Usage> {
    paxos: OmniPaxos<Command<U>, Storage<U>>,
    shared: Rc<RefCell<Shared>>,
    journal: Journal<Record>,
    /// The last write of this life: what is done now is seen when it is durable.
    last: Option<Request>,
    /// The last write that messages wait for: the same, where its user does what it must.
    awaited: Option<Request>,
    timers: Timers<Timer>,
    stated: Stated,
    /// Commands that a client waits for, by name.
    waiting: BTreeMap<u64, NodeId>,
    /// What each peer has said that it decided.
    decided: BTreeMap<NodeId, u64>,
    /// Peers whose session with this life went down.
    lost: BTreeSet<NodeId>,
    outgoing: Vec<Outgoing<U>>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Timer {
    Tick,
    Outgoing,
}

/// What was stated so far, to tell what is new.
#[derive(Clone, Copy, Debug, Default)]
struct Stated {
    /// The latest ballot in a message that left, or waits to.
    shown: u64,
    /// The ballot that it leads.
    leads: Option<u64>,
    decided: u64,
    applied: u64,
    compacted: usize,
}

impl<U: Usage> Process for Node<U> {
    type Protocol = Protocol<U>;

    fn boot(io: &mut Io<'_, Protocol<U>>) -> Result<Node<U>, Refusal> {
        let (journal, Found { mut records, tail }) = Journal::<Record>::open(io)?;
        if tail == Tail::Torn {
            io.reached("torn_tail");
        }
        if U::LAPSE == Some(Lapse::Unrecovered) {
            records.clear();
        }
        let recovered = Storage::recover(&records);
        let (storage, shared) = recovered.ok_or_else(|| Refusal("a record that says nothing".into()))?;
        shared.borrow().mirror.entries().for_each(|entry| io.fact(LogFact::Recovered(entry)));
        let paxos = config(io).build(storage).map_err(|error| Refusal(error.to_string()))?;
        let term = mirror::term(paxos.get_promise());
        io.fact(LogFact::Restarted { term, voted_for: None });
        let stated = Stated { shown: term, compacted: paxos.get_compacted_idx(), ..Stated::default() };
        let mut node = Node {
            paxos,
            shared,
            journal,
            last: None,
            awaited: None,
            timers: Timers::default(),
            stated,
            waiting: BTreeMap::new(),
            decided: BTreeMap::new(),
            lost: BTreeSet::new(),
            outgoing: Vec::new(),
        };
        node.timers.set(Timer::Tick, io.now() + io.knob_ms("tick_ms"));
        node.timers.set(Timer::Outgoing, io.now());
        node.settle(io);
        Ok(node)
    }

    fn on_message(&mut self, from: NodeId, message: Message<U>, io: &mut Io<'_, Protocol<U>>) {
        match message {
            Message::Peer(message) => self.paxos.handle_incoming(message),
            Message::Decided(index) => _ = self.decided.insert(from, index),
            Message::Append(command) => self.append(from, command, io),
            Message::Read(wanted) => self.show(from, wanted, io),
            Message::Answer(_) | Message::Stretch(_) => {}
        }
        self.settle(io);
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Protocol<U>>) {
        while let Some(timer) = self.timers.pop_due(io.now()) {
            match timer {
                Timer::Tick => {
                    self.timers.set(Timer::Tick, io.now() + io.knob_ms("tick_ms"));
                    self.compact(io);
                    self.paxos.tick();
                    self.settle(io);
                    self.tell_decided(io);
                }
                Timer::Outgoing => {
                    let every = io.knob_ms("outgoing_ms");
                    if !every.is_zero() {
                        self.timers.set(Timer::Outgoing, io.now() + every);
                    }
                    self.let_out(io);
                }
            }
        }
    }

    fn next_deadline(&self) -> Option<Time> {
        self.timers.next_deadline()
    }

    fn on_disk(&mut self, request: Request, result: Result<(), DiskError>, io: &mut Io<'_, Protocol<U>>) {
        result.expect("this scenario excludes requests that fail");
        self.journal.synced(request, io);
    }

    fn on_link(&mut self, peer: NodeId, link: Link, io: &mut Io<'_, Protocol<U>>) {
        if peer.is_client() {
            return;
        }
        match link {
            Link::Down => _ = self.lost.insert(peer),
            // The first session of a life is no connection that is established again.
            Link::Up if self.lost.remove(&peer) => {
                io.reached("reconnected");
                self.paxos.reconnected(pid(peer));
                self.settle(io);
            }
            Link::Up => {}
        }
    }
}

impl<U: Usage> Node<U> {
    /// Carries out what a step has come to.
    fn settle(&mut self, io: &mut Io<'_, Protocol<U>>) {
        self.write(io);
        self.state_leadership(io);
        self.state_decided(io);
        self.compact_at_once(io);
        self.state_compacted(io);
        if io.knob("outgoing_ms") == 0 {
            self.let_out(io);
        }
    }

    fn write(&mut self, io: &mut Io<'_, Protocol<U>>) {
        let calls = std::mem::take(&mut self.shared.borrow_mut().calls);
        if calls.is_empty() {
            return;
        }
        for call in calls {
            let request = self.journal.write(&call.record, io);
            self.last = Some(request);
            if is_awaited::<U>(&call) {
                self.awaited = Some(request);
            }
            for fact in call.facts {
                match fact {
                    LogFact::Durable(_) | LogFact::DurablyTruncated { .. } => io.when_durable(request, fact),
                    in_memory => io.fact(in_memory),
                }
            }
        }
        self.journal.sync(io);
    }

    fn state_leadership(&mut self, io: &mut Io<'_, Protocol<U>>) {
        let leads = self.paxos.get_current_leader() == Some((self.paxos.get_pid(), true));
        let leads = leads.then(|| mirror::term(self.paxos.get_promise()));
        let led = std::mem::replace(&mut self.stated.leads, leads);
        if led != leads {
            if let Some(term) = led {
                self.state(LogFact::Deposed { term }, io);
            }
            if let Some(term) = leads {
                self.state(LogFact::Elected { term }, io);
            }
        }
    }

    fn let_out(&mut self, io: &mut Io<'_, Protocol<U>>) {
        let mut outgoing = std::mem::take(&mut self.outgoing);
        self.paxos.take_outgoing_messages(&mut outgoing);
        for message in outgoing.drain(..) {
            let to = NodeId::node(u16::try_from(message.get_receiver()).expect("the cluster's own names"));
            if let omnipaxos::messages::Message::SequencePaxos(PaxosMessage { msg, .. }) = &message {
                if let PaxosMsg::ProposalForward(_) = msg {
                    io.reached("forwarded");
                }
                self.state_shown(io);
            }
            send_at(to, Message::Peer(message), self.awaited, io);
        }
        self.outgoing = outgoing;
    }

    /// A message of Sequence Paxos tells of the promise.
    fn state_shown(&mut self, io: &mut Io<'_, Protocol<U>>) {
        let term = mirror::term(self.paxos.get_promise());
        if term > self.stated.shown {
            self.stated.shown = term;
            state_at(LogFact::Shown { term }, self.awaited, io);
        }
    }

    /// States what is true of this step.
    fn state(&self, fact: LogFact, io: &mut Io<'_, Protocol<U>>) {
        state_at(fact, self.last, io);
    }
}

fn state_at<U: Usage>(fact: LogFact, wait: Option<Request>, io: &mut Io<'_, Protocol<U>>) {
    match wait {
        Some(request) => io.when_durable(request, fact),
        None => io.fact(fact),
    }
}

fn send_at<U: Usage>(to: NodeId, message: Message<U>, wait: Option<Request>, io: &mut Io<'_, Protocol<U>>) {
    match wait {
        Some(request) => io.send_after(request, to, message),
        None => io.send(to, message),
    }
}

/// Whether messages wait for this call to be durable. They must.
fn is_awaited<U: Usage>(call: &Call) -> bool {
    match U::LAPSE {
        Some(Lapse::EarlyPromise) => !call.facts.iter().any(|fact| matches!(fact, LogFact::Entered { .. })),
        Some(Lapse::EarlyAccepted) => !call.facts.iter().any(|fact| matches!(fact, LogFact::Durable(_))),
        Some(Lapse::Unrecovered | Lapse::UndecidedRead) | None => true,
    }
}

fn config<U: Usage>(io: &Io<'_, Protocol<U>>) -> OmniPaxosConfig {
    OmniPaxosConfig {
        cluster_config: ClusterConfig {
            configuration_id: 1,
            nodes: io.nodes().iter().copied().map(pid).collect(),
            flexible_quorum: None,
        },
        server_config: ServerConfig {
            pid: pid(io.id()),
            election_tick_timeout: io.knob("election_ticks"),
            resend_message_tick_timeout: io.knob("resend_ticks"),
            batch_size: io.knob("batch_size") as usize,
            flush_batch_tick_timeout: io.knob("flush_batch_ticks"),
            leader_priority: if io.knob("priorities") > 0 { u32::from(io.id().number()) } else { 0 },
            buffer_size: 64,
        },
    }
}

fn pid(id: NodeId) -> omnipaxos::util::NodeId {
    u64::from(id.number())
}
