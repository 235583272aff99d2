//! A client: appends one command after the other, until each is decided.

use std::marker::PhantomData;

use oracle::consensus::Acknowledged;
use sim::{Io, NodeId, OperationId, Process, Refusal, Time, content_hash, sample};

use super::command::Command;
use super::message::{Answer, Message, Protocol};
use super::usage::Usage;

/// A client with at most one operation at a time.
#[derive(Clone)]
pub struct Client<U> {
    /// Whom it asks next: who answered last, until that one is silent. Any node will do, as it forwards to who leads.
    target: NodeId,
    state: State,
    usage: PhantomData<fn() -> U>,
}

#[derive(Clone)]
enum State {
    /// Until then it does nothing.
    Thinking { until: Time },
    /// It has asked for this, and gives up on the node that it asked then.
    Waiting { operation: OperationId, until: Time },
    /// It has no operation left.
    Through,
}

impl<U: Usage> Process for Client<U> {
    type Protocol = Protocol<U>;

    fn boot(io: &mut Io<'_, Protocol<U>>) -> Result<Client<U>, Refusal> {
        let mut client = Client { target: any_node(io), state: State::Through, usage: PhantomData };
        client.think(io);
        Ok(client)
    }

    fn on_message(&mut self, _: NodeId, message: Message<U>, io: &mut Io<'_, Protocol<U>>) {
        let (Message::Answer(Answer { name, index }), State::Waiting { operation, .. }) = (message, &self.state) else {
            return;
        };
        // An answer may come long after it was given up on.
        if self::name(*operation) == name {
            io.respond(*operation, Acknowledged { index, payload: content_hash(&name) });
            self.think(io);
        }
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Protocol<U>>) {
        match self.state {
            State::Thinking { until } if until <= io.now() => match io.next_operation() {
                Some(operation) => {
                    io.invoke(operation, name(operation));
                    self.ask(operation, io);
                }
                None => self.state = State::Through,
            },
            State::Waiting { operation, until } if until <= io.now() => {
                self.target = any_node(io);
                self.ask(operation, io);
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

    fn ask(&mut self, operation: OperationId, io: &mut Io<'_, Protocol<U>>) {
        let until = io.now() + io.knob_ms("client_timeout_ms");
        self.state = State::Waiting { operation, until };
        io.send(self.target, Message::Append(Command::new(name(operation))));
    }
}

fn any_node<U: Usage>(io: &mut Io<'_, Protocol<U>>) -> NodeId {
    let index = sample::below(io.draw("target"), io.nodes().len() as u64);
    io.nodes()[index as usize]
}

/// What an operation appends: its own name.
fn name(operation: OperationId) -> u64 {
    u64::from(operation.client.number()) << 32 | u64::from(operation.ordinal)
}
