//! A client: writes and reads one key after the other.

use oracle::ring::{Access, Answered};
use sim::{Io, NodeId, OperationId, Process, Refusal, Time, sample};

use super::{Answer, Keys, Message, Request};

/// A client with at most one operation at a time.
#[derive(Clone)]
pub struct Client {
    /// Whom it asks next: who answered last, or who was said to own the key.
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
    request: Request,
    /// When it gives up on the node that it asked.
    until: Time,
    /// How often it was sent on since it last gave up on a node.
    redirects: u32,
}

/// Two nodes of different epochs may each take the other for the owner, until both know the later one.
const REDIRECTS_MAX: u32 = 3;

impl Process for Client {
    type Protocol = Keys;

    fn boot(io: &mut Io<'_, Keys>) -> Result<Client, Refusal> {
        let mut client = Client { target: any_node(io), state: State::Through };
        client.think(io);
        Ok(client)
    }

    fn on_message(&mut self, from: NodeId, message: Message, io: &mut Io<'_, Keys>) {
        let (Message::Answer { ordinal, answer }, State::Waiting(waiting)) = (message, &mut self.state) else { return };
        // An answer may come long after it was given up on.
        if waiting.operation.ordinal != ordinal {
            return;
        }
        match answer {
            Answer::Done { version } => {
                let Request { access, key } = waiting.request;
                io.respond(waiting.operation, Answered { access, key, version });
                self.target = from;
                self.think(io);
            }
            Answer::Elsewhere { owner: Some(owner) } if from == self.target && waiting.redirects < REDIRECTS_MAX => {
                io.reached("redirected");
                waiting.redirects += 1;
                self.target = owner;
                self.ask(io);
            }
            // Whoever owns the key then may be asked when the present patience is over.
            Answer::Elsewhere { .. } | Answer::NotYet => {}
        }
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Keys>) {
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
    fn think(&mut self, io: &mut Io<'_, Keys>) {
        let until = io.now() + io.knob_ms("think_ms");
        self.state = State::Thinking { until };
    }

    fn begin(&mut self, operation: OperationId, io: &mut Io<'_, Keys>) {
        let request = request(operation, io);
        io.invoke(operation, request);
        self.state = State::Waiting(Waiting { operation, request, until: Time::MAX, redirects: 0 });
        self.ask(io);
    }

    fn ask(&mut self, io: &mut Io<'_, Keys>) {
        let State::Waiting(waiting) = &mut self.state else { return };
        waiting.until = io.now() + io.knob_ms("client_timeout_ms");
        let (ordinal, request) = (waiting.operation.ordinal, waiting.request);
        io.send(self.target, Message::Ask { ordinal, request });
    }
}

fn any_node(io: &mut Io<'_, Keys>) -> NodeId {
    let index = sample::below(io.draw("target"), io.nodes().len() as u64);
    io.nodes()[index as usize]
}

/// What an operation does: of four, three write.
fn request(operation: OperationId, io: &Io<'_, Keys>) -> Request {
    let access = match sample::below(io.operation_draw(operation, "access"), 4) {
        0 => Access::Read,
        _ => Access::Write,
    };
    Request { access, key: sample::below(io.operation_draw(operation, "key"), io.knob("keys")) }
}
