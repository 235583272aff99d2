//! A client: proposes one command after the other, until each is applied.

use std::sync::Arc;

use oracle::consensus::Acknowledged;
use sim::{Io, NodeId, OperationId, Process, Refusal, Time, content_hash, sample};

use super::{Answer, Command, Log, Message, Packet};

/// A client with at most one operation at a time.
#[derive(Clone)]
pub struct Client {
    /// Whom it asks next: who answered last, or who was said to lead.
    target: NodeId,
    state: State,
}

#[derive(Clone)]
enum State {
    /// Until then it does nothing.
    Thinking { until: Time },
    /// It has asked for this.
    Waiting(Waiting),
    /// It has no operation left.
    Through,
}

#[derive(Clone)]
struct Waiting {
    operation: OperationId,
    command: Command,
    /// When it gives up on the node that it asked.
    until: Time,
    /// How often it was sent on since it last gave up on a node.
    redirects: u32,
}

/// Two nodes that each take the other for the leader would send a client to and fro for as long as they do.
const REDIRECTS_MAX: u32 = 3;

impl Process for Client {
    type Protocol = Log;

    fn boot(io: &mut Io<'_, Log>) -> Result<Client, Refusal> {
        let mut client = Client { target: any_node(io), state: State::Through };
        client.think(io);
        Ok(client)
    }

    fn on_message(&mut self, from: NodeId, packet: Packet, io: &mut Io<'_, Log>) {
        let Some(message) = packet.open() else { return io.reached("corrupted_dropped") };
        let (Message::Answer { ordinal, answer }, State::Waiting(waiting)) = (message, &mut self.state) else { return };
        // An answer may come long after it was given up on.
        if waiting.operation.ordinal != ordinal {
            return;
        }
        match answer {
            Answer::Applied(index) => {
                let payload = content_hash(&raft::Payload::Command(Arc::clone(&waiting.command)));
                io.respond(waiting.operation, Acknowledged { index, payload });
                self.target = from;
                self.think(io);
            }
            Answer::NotLeader { leader: Some(leader) } if from == self.target && waiting.redirects < REDIRECTS_MAX => {
                waiting.redirects += 1;
                self.target = leader;
                self.ask(io);
            }
            // Whoever leads now may be asked when the present patience is over.
            Answer::NotLeader { .. } | Answer::Superseded => {}
        }
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Log>) {
        match &mut self.state {
            State::Thinking { until } if *until <= io.now() => match io.next_operation() {
                Some(operation) => self.begin(operation, io),
                None => self.state = State::Through,
            },
            State::Waiting(waiting) if waiting.until <= io.now() => {
                waiting.redirects = 0;
                self.target = any_node(io);
                self.ask(io);
            }
            State::Thinking { .. } | State::Waiting(_) | State::Through => {}
        }
    }

    fn next_deadline(&self) -> Option<Time> {
        match &self.state {
            State::Thinking { until } => Some(*until),
            State::Waiting(waiting) => Some(waiting.until),
            State::Through => None,
        }
    }
}

impl Client {
    fn think(&mut self, io: &mut Io<'_, Log>) {
        let until = io.now() + io.knob_ms("think_ms");
        self.state = State::Thinking { until };
    }

    fn begin(&mut self, operation: OperationId, io: &mut Io<'_, Log>) {
        let command = command(operation, io);
        io.invoke(operation, Arc::clone(&command));
        self.state = State::Waiting(Waiting { operation, command, until: Time::MAX, redirects: 0 });
        self.ask(io);
    }

    fn ask(&mut self, io: &mut Io<'_, Log>) {
        let State::Waiting(waiting) = &mut self.state else { return };
        waiting.until = io.now() + io.knob_ms("client_timeout_ms");
        let (ordinal, command) = (waiting.operation.ordinal, Arc::clone(&waiting.command));
        io.send(self.target, Message::Propose { ordinal, command }.into());
    }
}

fn any_node(io: &mut Io<'_, Log>) -> NodeId {
    let index = sample::below(io.draw("target"), io.nodes().len() as u64);
    io.nodes()[index as usize]
}

/// What an operation writes: its own name, so that no two are alike, and up to 64 bytes more.
fn command(operation: OperationId, io: &Io<'_, Log>) -> Command {
    let extra = sample::below(io.operation_draw(operation, "length"), 65) as usize;
    let name = u64::from(operation.client.number()) << 32 | u64::from(operation.ordinal);
    let fill = io.operation_draw(operation, "fill").to_le_bytes();
    name.to_le_bytes().into_iter().chain(fill.into_iter().cycle().take(extra)).collect()
}
