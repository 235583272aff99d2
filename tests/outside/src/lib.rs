//! A lock service: one server that grants a lock to one client at a time, and writes down to whom.

use std::time::Duration;

use sim::{Fact, File, Io, NodeId, OperationId, Payload, Process, Protocol, Refusal, Request, Time, Timers};

/// The vocabulary.
pub struct Lock;

impl Protocol for Lock {
    type Message = Message;
    type Fact = Event;
    type Operation = ();
    type Reply = ();
}

/// What client and server say to each other. An operation is one use of the lock, and names its client.
#[derive(Clone, Debug, Hash)]
pub enum Message {
    /// A client asks for the lock.
    Ask(OperationId),
    /// The server grants it.
    Granted(OperationId),
    /// The server wants it back, unless it is still in use.
    Wanted(OperationId),
    /// The client gives it back.
    Release(OperationId),
}

impl Payload for Message {}

/// What a process states about itself.
#[derive(Clone, Debug, Hash)]
pub enum Event {
    /// The server has granted the lock.
    Granted,
    /// A client holds it from now on.
    Acquired,
    /// It no longer does.
    Released,
}

impl Fact for Event {
    fn label(&self) -> &'static str {
        match self {
            Event::Granted => "granted",
            Event::Acquired => "acquired",
            Event::Released => "released",
        }
    }
}

/// The server.
pub struct Server {
    disk: File,
    holder: Option<OperationId>,
}

impl Process for Server {
    type Protocol = Lock;

    fn boot(io: &mut Io<'_, Lock>) -> Result<Server, Refusal> {
        let holder = decode(io.surviving("holder"))?;
        Ok(Server { disk: io.open("holder"), holder })
    }

    fn on_message(&mut self, _: NodeId, message: Message, io: &mut Io<'_, Lock>) {
        match message {
            Message::Ask(operation) => match self.holder {
                // Its release may have been lost.
                Some(holder) if holder != operation => io.send(holder.client, Message::Wanted(holder)),
                _ => {
                    self.holder = Some(operation);
                    self.save(io);
                    io.send(operation.client, Message::Granted(operation));
                    io.fact(Event::Granted);
                }
            },
            Message::Release(operation) if self.holder == Some(operation) => {
                self.holder = None;
                self.save(io);
            }
            _ => {}
        }
    }

    fn on_deadline(&mut self, _: &mut Io<'_, Lock>) {}

    fn next_deadline(&self) -> Option<Time> {
        None
    }
}

impl Server {
    /// Writes down who holds the lock; the request is complete when that would survive a crash.
    fn save(&self, io: &mut Io<'_, Lock>) -> Request {
        io.write(self.disk, 0, &encode(self.holder));
        io.sync(self.disk)
    }
}

/// The holder as it stands on disk: the number of its client, 0 for nobody, and of its operation there.
fn encode(holder: Option<OperationId>) -> [u8; 8] {
    holder.map_or(0, |held| u64::from(held.client.number()) << 32 | u64::from(held.ordinal)).to_le_bytes()
}

fn decode(bytes: &[u8]) -> Result<Option<OperationId>, Refusal> {
    let holder = match bytes.try_into() {
        Ok(bytes) => u64::from_le_bytes(bytes),
        Err(_) if bytes.is_empty() => 0,
        Err(_) => return Err(Refusal(format!("a holder is 8 bytes on disk, not {}", bytes.len()))),
    };
    let (client, ordinal) = ((holder >> 32) as u16, holder as u32);
    Ok((client > 0).then(|| OperationId { client: NodeId::client(client), ordinal }))
}

/// A client: for each of its operations it acquires the lock, holds it for a while and gives it back.
pub struct Client {
    operation: Option<OperationId>,
    is_holding: bool,
    timers: Timers<Timer>,
}

/// What a client waits for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// Asking again: a message may be lost.
    Retry,
    /// The work that it needs the lock for.
    Done,
}

const RETRY: Duration = Duration::from_millis(20);

impl Process for Client {
    type Protocol = Lock;

    fn boot(io: &mut Io<'_, Lock>) -> Result<Client, Refusal> {
        let mut client = Client { operation: None, is_holding: false, timers: Timers::default() };
        client.next(io);
        Ok(client)
    }

    fn on_message(&mut self, server: NodeId, message: Message, io: &mut Io<'_, Lock>) {
        match message {
            // A message of an operation that is over may arrive late, and make the server grant once more.
            Message::Granted(operation) | Message::Wanted(operation) if self.operation != Some(operation) => {
                io.send(server, Message::Release(operation));
            }
            Message::Granted(operation) if !self.is_holding => {
                self.is_holding = true;
                io.fact(Event::Acquired);
                io.respond(operation, ());
                self.timers.cancel(&Timer::Retry);
                self.timers.set(Timer::Done, io.now() + io.knob_ms("hold_ms"));
            }
            _ => {}
        }
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Lock>) {
        while let (Some(timer), Some(operation)) = (self.timers.pop_due(io.now()), self.operation) {
            match timer {
                Timer::Retry => self.ask(operation, io),
                Timer::Done => {
                    self.is_holding = false;
                    io.fact(Event::Released);
                    io.send(io.nodes()[0], Message::Release(operation));
                    self.next(io);
                }
            }
        }
    }

    fn next_deadline(&self) -> Option<Time> {
        self.timers.next_deadline()
    }
}

impl Client {
    fn next(&mut self, io: &mut Io<'_, Lock>) {
        self.operation = io.next_operation();
        if let Some(operation) = self.operation {
            io.invoke(operation, ());
            self.ask(operation, io);
        }
    }

    fn ask(&mut self, operation: OperationId, io: &mut Io<'_, Lock>) {
        io.send(io.nodes()[0], Message::Ask(operation));
        self.timers.set(Timer::Retry, io.now() + RETRY);
    }
}
