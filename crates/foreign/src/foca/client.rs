//! A client: tells one node after the other to leave, for a while or for good.

use sim::{Io, NodeId, OperationId, Process, Refusal, Time, sample};

use super::message::{Leave, Message, Protocol};

/// A client with at most one operation at a time.
#[derive(Clone)]
pub struct Client {
    state: State,
}

#[derive(Clone)]
enum State {
    /// Until then it does nothing.
    Thinking { until: Time },
    /// It has asked this node, and asks again then.
    Waiting { operation: OperationId, node: NodeId, again: Time },
    /// It has no operation left.
    Through,
}

/// It asks nobody to leave after so long, so that the group can be at rest some time.
pub const ASKS_UNTIL: Time = Time::from_nanos(20_000_000_000);

impl Process for Client {
    type Protocol = Protocol;

    fn boot(io: &mut Io<'_, Protocol>) -> Result<Client, Refusal> {
        Ok(Client { state: State::Thinking { until: io.now() + io.knob_ms("think_ms") } })
    }

    fn on_message(&mut self, _: NodeId, message: Message, io: &mut Io<'_, Protocol>) {
        let (Message::HasLeft(name), State::Waiting { operation, .. }) = (message, &self.state) else { return };
        // An answer may come twice.
        if self::name(*operation) == name {
            io.respond(*operation, ());
            self.state = State::Thinking { until: io.now() + io.knob_ms("think_ms") };
        }
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Protocol>) {
        if io.now() >= ASKS_UNTIL {
            self.state = State::Through;
        }
        match self.state {
            State::Thinking { until } if until <= io.now() => match io.next_operation() {
                Some(operation) => {
                    let node = io.operation_draw(operation, "node");
                    let node = io.nodes()[sample::below(node, io.nodes().len() as u64) as usize];
                    io.invoke(operation, leave(operation, io));
                    self.ask(operation, node, io);
                }
                None => self.state = State::Through,
            },
            State::Waiting { operation, node, again } if again <= io.now() => self.ask(operation, node, io),
            State::Thinking { .. } | State::Waiting { .. } | State::Through => {}
        }
    }

    fn next_deadline(&self) -> Option<Time> {
        match self.state {
            State::Thinking { until: time } | State::Waiting { again: time, .. } => Some(time),
            State::Through => None,
        }
    }
}

impl Client {
    fn ask(&mut self, operation: OperationId, node: NodeId, io: &mut Io<'_, Protocol>) {
        io.send(node, Message::Leave(leave(operation, io)));
        self.state = State::Waiting { operation, node, again: io.now() + io.knob_ms("announce_ms") };
    }
}

fn leave(operation: OperationId, io: &Io<'_, Protocol>) -> Leave {
    let away_ms = sample::octaves(io.operation_draw(operation, "away"), &(1..=2_000));
    let for_good = sample::below(io.operation_draw(operation, "for_good"), 8) == 0;
    Leave { name: name(operation), away_ms: (!for_good).then_some(away_ms) }
}

fn name(operation: OperationId) -> u64 {
    u64::from(operation.client.number()) << 32 | u64::from(operation.ordinal)
}
