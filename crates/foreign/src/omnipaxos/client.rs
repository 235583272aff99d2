//! A client: appends one command after the other, until each is decided, and reads what is.

use std::marker::PhantomData;

use oracle::consensus::{Acknowledged, Read};
use sim::{Io, NodeId, OperationId, Process, Refusal, Time, content_hash, sample};

use super::command::Command;
use super::message::{Answer, Message, Operation, Protocol, Reply, Stretch, Wanted};
use super::usage::Usage;

/// A client with at most one operation at a time.
#[derive(Clone)]
pub struct Client<U> {
    /// Whom it asks to append: the same, until that one is silent. Any node will do, as it forwards to who leads.
    target: NodeId,
    /// The last index that it knows of: it is said to be decided.
    known: u64,
    state: State,
    usage: PhantomData<fn() -> U>,
}

#[derive(Clone)]
enum State {
    /// Until then it does nothing.
    Thinking { until: Time },
    /// It has asked for this, and gives up on the node that it asked then.
    Waiting { id: OperationId, operation: Operation, until: Time },
    /// It has no operation left.
    Through,
}

impl<U: Usage> Process for Client<U> {
    type Protocol = Protocol<U>;

    fn boot(io: &mut Io<'_, Protocol<U>>) -> Result<Client<U>, Refusal> {
        let mut client = Client { target: any_node("target", io), known: 0, state: State::Through, usage: PhantomData };
        client.think(io);
        Ok(client)
    }

    fn on_message(&mut self, from: NodeId, message: Message<U>, io: &mut Io<'_, Protocol<U>>) {
        let State::Waiting { id, .. } = self.state else { return };
        // An answer may come long after it was given up on.
        match message {
            Message::Answer(Answer { name, index }) if name == self::name(id) => {
                self.known = self.known.max(index);
                io.respond(id, Reply::Appended(Acknowledged { index, payload: content_hash(&name) }));
                self.think(io);
            }
            Message::Stretch(Stretch { name, through, first, commands }) if name == self::name(id) => {
                if through < self.known {
                    io.reached("read_stale");
                }
                self.known = self.known.max(through);
                let payloads = commands.iter().map(content_hash).collect();
                io.respond(id, Reply::Read(Read { server: from, through, first, payloads }));
                self.think(io);
            }
            _ => {}
        }
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Protocol<U>>) {
        match self.state {
            State::Thinking { until } if until <= io.now() => match io.next_operation() {
                Some(id) => {
                    let operation = operation(id, io);
                    io.invoke(id, operation);
                    self.ask(id, operation, io);
                }
                None => self.state = State::Through,
            },
            State::Waiting { id, operation, until } if until <= io.now() => {
                if let Operation::Append(_) = operation {
                    self.target = any_node("target", io);
                }
                self.ask(id, operation, io);
            }
            State::Thinking { .. } | State::Waiting { .. } | State::Through => {}
        }
    }

    fn next_deadline(&self) -> Option<Time> {
        match self.state {
            State::Thinking { until } | State::Waiting { until, .. } => Some(until),
            State::Through => None,
        }
    }
}

impl<U: Usage> Client<U> {
    fn think(&mut self, io: &mut Io<'_, Protocol<U>>) {
        let until = io.now() + io.knob_ms("think_ms");
        self.state = State::Thinking { until };
    }

    fn ask(&mut self, id: OperationId, operation: Operation, io: &mut Io<'_, Protocol<U>>) {
        let until = io.now() + io.knob_ms("client_timeout_ms");
        self.state = State::Waiting { id, operation, until };
        let (to, message) = match operation {
            Operation::Append(name) => (self.target, Message::Append(Command::new(name))),
            // Of anybody, each time: who is behind, or just came back, is to be read as well.
            Operation::ReadAll => (any_node("reader", io), Message::Read(Wanted { name: name(id), first: 1 })),
            Operation::ReadNew { again } => {
                let first = (self.known + 1).saturating_sub(again).max(1);
                (any_node("reader", io), Message::Read(Wanted { name: name(id), first }))
            }
        };
        io.send(to, message);
    }
}

/// What an operation does.
fn operation<U: Usage>(id: OperationId, io: &Io<'_, Protocol<U>>) -> Operation {
    if sample::below(io.operation_draw(id, "read"), 100) >= io.knob("reads_percent") {
        return Operation::Append(name(id));
    }
    match sample::below(io.operation_draw(id, "again"), 16) {
        0..4 => Operation::ReadAll,
        again => Operation::ReadNew { again: again - 4 },
    }
}

fn any_node<U: Usage>(label: &'static str, io: &mut Io<'_, Protocol<U>>) -> NodeId {
    let index = sample::below(io.draw(label), io.nodes().len() as u64);
    io.nodes()[index as usize]
}

/// What an operation is called, and what it appends.
fn name(id: OperationId) -> u64 {
    u64::from(id.client.number()) << 32 | u64::from(id.ordinal)
}
