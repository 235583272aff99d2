//! What the engine hosts: a process, and everything it may do.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use crate::disk::{Change, DIRECTORY, Disk, File, Needed};
use crate::flight::Flights;
use crate::hash::content_hash;
use crate::id::{NodeId, OperationId, Request, Seed};
use crate::mix::{Address, Domain, Mixer};
use crate::payload::Protocol;
use crate::time::Time;

/// A process on a node: a sans-IO core wrapped by an adapter, or anything else that acts through [`Io`] alone.
///
/// The value lives from a boot to the next crash. It reads no clock, draws no randomness of its own and iterates nothing
/// whose order is not fixed; what it does follows from its inputs, or a seed does not replay.
///
/// Methods are inputs, but for the one output [`next_deadline`](Self::next_deadline), which the engine asks for after
/// every input.
pub trait Process: Sized + 'static {
    /// The vocabulary it shares with the others of its system.
    type Protocol: Protocol;

    /// Starts, for the first time or after a crash, from what its disk holds: [`Io::surviving`].
    ///
    /// # Errors
    /// A [`Refusal`] when it will not serve from what it found. That is no panic, and no violation where the fault that
    /// led there is one that the scenario detects.
    fn boot(io: &mut Io<'_, Self::Protocol>) -> Result<Self, Refusal>;

    /// A message arrived.
    fn on_message(&mut self, from: NodeId, message: MessageOf<Self>, io: &mut Io<'_, Self::Protocol>);

    /// The time that [`next_deadline`](Self::next_deadline) named has come.
    fn on_deadline(&mut self, io: &mut Io<'_, Self::Protocol>);

    /// When, by its own clock, it wants [`on_deadline`](Self::on_deadline).
    fn next_deadline(&self) -> Option<Time>;

    /// A sync completed, or a request failed: a sync, a write that the disk has no room for, or anything that was asked for
    /// behind one that failed before this process had heard of that.
    ///
    /// After a failed sync nobody knows what is on the platter, and no later sync is about it: the page cache holds for clean
    /// what it could not write, names of files as well. Whoever cannot live with that [stops](Io::stop).
    fn on_disk(&mut self, request: Request, result: Result<(), DiskError>, io: &mut Io<'_, Self::Protocol>) {
        let _ = (request, result, io);
    }

    /// A session with a peer came up or went down. Datagram links have no sessions and never say this.
    fn on_link(&mut self, peer: NodeId, link: Link, io: &mut Io<'_, Self::Protocol>) {
        let _ = (peer, link, io);
    }
}

/// The message type of a process.
pub type MessageOf<T> = <<T as Process>::Protocol as Protocol>::Message;

/// The state of a session link.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Link {
    /// Messages flow, in order.
    Up,
    /// What was in flight is gone.
    Down,
}

/// Why a disk request failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskError {
    /// The device reported an error; whether the bytes are there is not known.
    Io,
    /// There is no room; nothing was written.
    NoSpace,
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DiskError::Io => "I/O error",
            DiskError::NoSpace => "no space left",
        })
    }
}

impl std::error::Error for DiskError {}

/// Why a process will not serve.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal(pub String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A process that does nothing: the client of a system without clients.
pub struct Idle<P>(PhantomData<fn() -> P>);

impl<P> Clone for Idle<P> {
    fn clone(&self) -> Self {
        Idle(PhantomData)
    }
}

impl<P: Protocol> Process for Idle<P> {
    type Protocol = P;

    fn boot(_: &mut Io<'_, P>) -> Result<Self, Refusal> {
        Ok(Idle(PhantomData))
    }

    fn on_message(&mut self, _: NodeId, _: P::Message, _: &mut Io<'_, P>) {}

    fn on_deadline(&mut self, _: &mut Io<'_, P>) {}

    fn next_deadline(&self) -> Option<Time> {
        None
    }
}

/// What one process may do, and all it may know of the world. What it does takes effect when the call it was handed to
/// returns, in the order in which it was done.
pub struct Io<'a, P: Protocol> {
    pub(crate) host: &'a mut HostState<P>,
    pub(crate) cluster: &'a Cluster,
    pub(crate) effects: &'a mut Effects<P>,
    pub(crate) flights: &'a mut Flights<P::Message>,
    /// The position of this process.
    pub(crate) slot: u16,
    pub(crate) now: Time,
    pub(crate) wall: Time,
    pub(crate) booting: bool,
    pub(crate) tracing: bool,
}

/// What the engine keeps for a process from one life to the next.
pub(crate) struct HostState<P: Protocol> {
    pub(crate) id: NodeId,
    pub(crate) incarnation: u32,
    pub(crate) disk: Disk<P::Fact>,
    /// How often each label was drawn in this incarnation.
    pub(crate) draws: Vec<(&'static str, u64, u32)>,
    pub(crate) load: Load,
    /// Why it stops once the present call is over.
    pub(crate) stopping: Option<String>,
}

/// The operations of one client, as far as they are handed out.
#[derive(Clone, Default)]
pub(crate) struct Load {
    pub(crate) next: u32,
    pub(crate) end: u32,
    pub(crate) omitted: Vec<u32>,
}

/// What every process of a run may know.
#[derive(Clone)]
pub(crate) struct Cluster {
    pub(crate) seed: Seed,
    pub(crate) mixer: Mixer,
    pub(crate) nodes: Vec<NodeId>,
    pub(crate) clients: Vec<NodeId>,
    pub(crate) knobs: Vec<(String, u64)>,
}

/// One thing that a process did.
pub(crate) enum Effect<P: Protocol> {
    /// The message is stored already, under this number.
    Send {
        to: NodeId,
        message: u32,
        after: Option<Request>,
    },
    Write {
        request: Request,
        at: u64,
        bytes: Bytes,
        needed: Needed,
    },
    Truncate {
        request: Request,
        len: u64,
    },
    Sync {
        request: Request,
    },
    /// The fact is there until this is carried out.
    WhenDurable {
        request: Request,
        fact: Option<P::Fact>,
    },
    Fact(P::Fact),
    Invoke(OperationId, P::Operation),
    Respond(OperationId, P::Reply),
    Reached(&'static str),
    /// What comes rarely and owns something: in one box, so that there is as good as nothing to drop of all that comes often.
    Rare(Box<Rare>),
}

#[derive(Clone)]
pub(crate) enum Rare {
    Names { request: Request, change: Change },
    Note(String),
    Stop(String),
}

/// Where in a buffer the bytes of a write are. Small, as every effect is as large as the largest.
#[derive(Clone, Copy)]
pub(crate) struct Bytes {
    start: u32,
    end: u32,
}

impl Bytes {
    /// These bytes, at the end of a buffer from now on.
    ///
    /// # Panics
    /// Where the buffer would be longer than 4 GiB: one step writes no more.
    pub(crate) fn appended(buffer: &mut Vec<u8>, bytes: &[u8]) -> Bytes {
        let start = buffer.len();
        buffer.extend_from_slice(bytes);
        let place = |at: usize| u32::try_from(at).expect("one step writes less than 4 GiB");
        Bytes { start: place(start), end: place(buffer.len()) }
    }

    pub(crate) fn of(self, buffer: &[u8]) -> &[u8] {
        &buffer[self.start as usize..self.end as usize]
    }
}

impl<P: Protocol> Effect<P> {
    /// Whether it leaves the process: what a plan's [`Point::Effects`](crate::Point::Effects) counts.
    pub(crate) fn leaves(&self) -> bool {
        match self {
            Effect::Send { .. } | Effect::Write { .. } | Effect::Truncate { .. } | Effect::Sync { .. } => true,
            Effect::Rare(rare) => matches!(**rare, Rare::Names { .. }),
            Effect::WhenDurable { .. }
            | Effect::Fact(_)
            | Effect::Invoke(..)
            | Effect::Respond(..)
            | Effect::Reached(_) => false,
        }
    }

    /// The number of the message that it would send; whoever does not carry it out has to discard that.
    pub(crate) fn message(&self) -> Option<u32> {
        if let Effect::Send { message, .. } = self { Some(*message) } else { None }
    }
}

/// What a process did in one call, in order; the buffers are used again for the next.
pub(crate) struct Effects<P: Protocol> {
    pub(crate) list: Vec<Effect<P>>,
    pub(crate) bytes: Vec<u8>,
}

impl<P: Protocol> Effects<P> {
    pub(crate) fn new() -> Effects<P> {
        Effects { list: Vec::new(), bytes: Vec::new() }
    }
}

impl<P: Protocol> Io<'_, P> {
    /// The monotonic clock of this incarnation: 0 at boot.
    #[inline]
    pub fn now(&self) -> Time {
        self.now
    }

    /// The wall clock, since 1970. It may jump, either way, and whoever relies on it has to expect that.
    pub fn wall(&self) -> Time {
        self.wall
    }

    /// This process's own id.
    #[inline]
    pub fn id(&self) -> NodeId {
        self.host.id
    }

    /// Which life this is: 1 is the first.
    pub fn incarnation(&self) -> u32 {
        self.host.incarnation
    }

    /// The nodes of the run, in the order of ids.
    #[inline]
    pub fn nodes(&self) -> &[NodeId] {
        &self.cluster.nodes
    }

    /// The clients of the run, in the order of ids.
    pub fn clients(&self) -> &[NodeId] {
        &self.cluster.clients
    }

    /// The value of a knob that the scenario declares.
    ///
    /// # Panics
    /// When it declares none of this name.
    #[track_caller]
    pub fn knob(&self, name: &str) -> u64 {
        let knob = self.cluster.knobs.iter().find(|(known, _)| known == name);
        // Not in a closure, which would be to blame for the panic in place of the caller.
        let Some((_, value)) = knob else { panic!("the scenario declares no knob `{name}`") };
        *value
    }

    /// A knob in milliseconds, as a duration.
    ///
    /// # Panics
    /// When the scenario declares no knob of this name.
    #[track_caller]
    pub fn knob_ms(&self, name: &str) -> Duration {
        Duration::from_millis(self.knob(name))
    }

    /// Sends a message. One to itself takes the network as well, and may be late or lost.
    #[inline]
    pub fn send(&mut self, to: NodeId, message: P::Message) {
        let message = self.flights.store(self.slot, message);
        self.effects.list.push(Effect::Send { to, message, after: None });
    }

    /// Sends a message once this process is told that `request` is durable; never, if it dies before or the request fails.
    ///
    /// # Panics
    /// When the request is of another incarnation.
    #[track_caller]
    pub fn send_after(&mut self, request: Request, to: NodeId, message: P::Message) {
        self.assert_own(request);
        let message = self.flights.store(self.slot, message);
        self.effects.list.push(Effect::Send { to, message, after: Some(request) });
    }

    /// A file of this node's disk, made where there is none. That it was made is durable when a later
    /// [`sync_directory`](Self::sync_directory) completes; without that, a crash may leave nothing of it, whatever was
    /// synced of its bytes. Nothing is heard of it unless it [fails](Process::on_disk); this process sees the file all the same.
    pub fn open(&mut self, name: &str) -> File {
        self.host.disk.file(name).unwrap_or_else(|| {
            let file = self.host.disk.new_file();
            self.change_names(Change::Create { name: name.to_owned(), file: file.0 });
            file
        })
    }

    /// Says that what `file` holds is of use only behind all of `before`, as of the files of one log: no fact about it
    /// [becomes true](Self::when_durable) before everything that was written to `before` in this life is on the platter.
    ///
    /// # Panics
    /// Where `before` follows `file`.
    pub fn follows(&mut self, file: File, before: File) {
        self.host.disk.follow(file, before);
    }

    /// The names of this node's files, in order, as this process has made and left them.
    pub fn file_names(&self) -> impl Iterator<Item = &str> {
        self.host.disk.names()
    }

    /// Gives a file another name; a file that has that name already is gone. As durable as that a file was
    /// [made](Self::open).
    ///
    /// # Panics
    /// Where there is no file of that name.
    #[track_caller]
    pub fn rename(&mut self, from: &str, to: &str) -> Request {
        assert!(self.host.disk.file(from).is_some(), "no file `{from}` to rename");
        self.change_names(Change::Rename { from: from.to_owned(), to: to.to_owned() })
    }

    /// Removes a file. As durable as that one was [made](Self::open).
    ///
    /// # Panics
    /// Where there is no file of that name.
    #[track_caller]
    pub fn remove(&mut self, name: &str) -> Request {
        assert!(self.host.disk.file(name).is_some(), "no file `{name}` to remove");
        self.change_names(Change::Remove { name: name.to_owned() })
    }

    /// Makes durable which files were made, renamed and removed so far; [`Process::on_disk`] hears of it.
    pub fn sync_directory(&mut self) -> Request {
        self.sync(File(DIRECTORY))
    }

    /// What a file holds after a crash, or nothing where there is no such file. That is what is durable, unless a fault of the
    /// disk is in what is read (`stale_read`, `misdirected_read`): then it is that for as long as the boot lasts.
    ///
    /// # Panics
    /// Outside of [`Process::boot`]: reading is synchronous only there.
    #[track_caller]
    pub fn surviving(&self, name: &str) -> &[u8] {
        assert!(self.booting, "surviving bytes are read at boot");
        self.host.disk.read(name)
    }

    /// Writes bytes to the page cache. They are durable when a later [`sync`](Self::sync) of the file completes; until
    /// then a crash may keep or drop them. Nothing is heard of a write that succeeds.
    ///
    /// # Panics
    /// Where the file would be longer than a gibibyte.
    #[track_caller]
    pub fn write(&mut self, file: File, at: u64, bytes: &[u8]) -> Request {
        self.write_of(Needed::All, file, at, bytes)
    }

    /// [Writes](Self::write) bytes of which a reader can do without the last that is not zero in each sector, as of a log whose
    /// fragments end in two marks, one of which will do: where a crash takes no more than these spare ends, what the write is to
    /// [make true](Self::when_durable) is true.
    ///
    /// It is for bytes that are written where there were none, by processes that write no more once a request has failed. What was
    /// there before would be read in place of zeros; and a failed sync may have taken a spare end as a crash does, which a reader
    /// can do without only where nothing comes behind it in its sector.
    ///
    /// # Panics
    /// Where the file would be longer than a gibibyte.
    #[track_caller]
    pub fn write_with_spare_ends(&mut self, file: File, at: u64, bytes: &[u8]) -> Request {
        self.write_of(Needed::AllButSpareEnds, file, at, bytes)
    }

    #[track_caller]
    fn write_of(&mut self, needed: Needed, file: File, at: u64, bytes: &[u8]) -> Request {
        assert_fits(at.saturating_add(bytes.len() as u64));
        let request = self.host.disk.next_request(self.host.incarnation, file);
        let bytes = Bytes::appended(&mut self.effects.bytes, bytes);
        self.effects.list.push(Effect::Write { request, at, bytes, needed });
        request
    }

    /// Sets the length of a file, as durably as a [`write`](Self::write).
    ///
    /// # Panics
    /// Where the file would be longer than a gibibyte.
    #[track_caller]
    pub fn truncate(&mut self, file: File, len: u64) -> Request {
        assert_fits(len);
        let request = self.host.disk.next_request(self.host.incarnation, file);
        self.effects.list.push(Effect::Truncate { request, len });
        request
    }

    /// Makes durable everything written to the file so far; [`Process::on_disk`] hears of it.
    pub fn sync(&mut self, file: File) -> Request {
        let request = self.host.disk.next_request(self.host.incarnation, file);
        self.effects.list.push(Effect::Sync { request });
        request
    }

    /// States a fact on this process's behalf when what `request` did is on the platter, in a file that has a durable name,
    /// whether or not the process lives to hear of it. A disk that lies about a sync is not believed. Where a request of the
    /// file failed and its bytes are not there, no fact of what comes behind becomes true in that life, of what is written again
    /// either: what lies before the hole is known once it has been read.
    ///
    /// # Panics
    /// When the request is of another incarnation.
    #[track_caller]
    pub fn when_durable(&mut self, request: Request, fact: P::Fact) {
        self.assert_own(request);
        self.effects.list.push(Effect::WhenDurable { request, fact: Some(fact) });
    }

    /// States a fact.
    #[inline]
    pub fn fact(&mut self, fact: P::Fact) {
        self.effects.list.push(Effect::Fact(fact));
    }

    /// The next operation that this client has to do, if one is left. What it *is* follows from
    /// [`operation_draw`](Self::operation_draw).
    pub fn next_operation(&mut self) -> Option<OperationId> {
        let load = &mut self.host.load;
        while load.next < load.end {
            let ordinal = load.next;
            load.next += 1;
            if load.omitted.binary_search(&ordinal).is_err() {
                return Some(OperationId { client: self.host.id, ordinal });
            }
        }
        None
    }

    /// 64 bits that belong to one operation and one aspect of it, the same whenever they are asked for.
    pub fn operation_draw(&self, operation: OperationId, label: &'static str) -> u64 {
        let entity = operation.client.key() | 1 << 32;
        let address = Address::new(entity, content_hash(label), u64::from(operation.ordinal));
        self.cluster.mixer.decide(Domain::Workload, address)
    }

    /// Records that this client asks for something.
    pub fn invoke(&mut self, id: OperationId, operation: P::Operation) {
        self.effects.list.push(Effect::Invoke(id, operation));
    }

    /// Records that this client got its answer.
    pub fn respond(&mut self, id: OperationId, reply: P::Reply) {
        self.effects.list.push(Effect::Respond(id, reply));
    }

    /// 64 bits for this process to use, keyed by the node, its incarnation, the label, and how often that was drawn.
    pub fn draw(&mut self, label: &'static str) -> u64 {
        let draws = &mut self.host.draws;
        let known = draws.iter().position(|(name, ..)| std::ptr::eq(*name, label) || *name == label);
        let index = known.unwrap_or_else(|| {
            draws.push((label, content_hash(label), 0));
            draws.len() - 1
        });
        let (_, tag, count) = &mut draws[index];
        let occurrence = u64::from(*count) | u64::from(self.host.incarnation) << 32;
        *count = count.wrapping_add(1);
        self.cluster.mixer.decide(Domain::Draw, Address::new(self.host.id.key(), *tag, occurrence))
    }

    /// A seed for a core of this node: the same in every incarnation.
    pub fn seed(&self) -> u64 {
        let address = Address::new(self.host.id.key(), self.cluster.seed.0, u64::MAX);
        self.cluster.mixer.decide(Domain::Draw, address)
    }

    /// Counts that this place of the code was reached.
    pub fn reached(&mut self, label: &'static str) {
        self.effects.list.push(Effect::Reached(label));
    }

    /// A line of the process's own log; kept, and formatted, only in a run that is traced.
    pub fn note(&mut self, line: impl fmt::Display) {
        if self.tracing {
            self.effects.list.push(Effect::Rare(Box::new(Rare::Note(line.to_string()))));
        }
    }

    /// Ends this process once this call is over and what it did in it is carried out: what it does where it cannot go on, as
    /// after a request that [failed](Process::on_disk). Its machine lives, so what it wrote stays written, and it is started
    /// again a tenth of a second later.
    ///
    /// A process that stops though no request of its life failed is a violation, `sim::stopped`.
    pub fn stop(&mut self, reason: impl fmt::Display) {
        self.host.stopping.get_or_insert_with(|| reason.to_string());
    }

    fn change_names(&mut self, change: Change) -> Request {
        let request = self.host.disk.next_request(self.host.incarnation, File(DIRECTORY));
        self.host.disk.see(&change);
        self.effects.list.push(Effect::Rare(Box::new(Rare::Names { request, change })));
        request
    }

    #[track_caller]
    fn assert_own(&self, request: Request) {
        assert!(
            request.incarnation == self.host.incarnation,
            "request {request} is of another incarnation than {}",
            self.host.incarnation
        );
    }
}

/// A disk is memory here.
#[track_caller]
fn assert_fits(len: u64) {
    assert!(len <= 1 << 30, "a file of {len} bytes: expected at most a gibibyte");
}

// Derived, these would demand that the protocol itself, a mere name, can be cloned.

impl<P: Protocol> Clone for HostState<P> {
    fn clone(&self) -> Self {
        HostState {
            id: self.id,
            incarnation: self.incarnation,
            disk: self.disk.clone(),
            draws: self.draws.clone(),
            load: self.load.clone(),
            stopping: self.stopping.clone(),
        }
    }
}

impl<P: Protocol> Clone for Effect<P> {
    fn clone(&self) -> Self {
        match self {
            Effect::Send { to, message, after } => Effect::Send { to: *to, message: *message, after: *after },
            Effect::Write { request, at, bytes, needed } => {
                Effect::Write { request: *request, at: *at, bytes: *bytes, needed: *needed }
            }
            Effect::Truncate { request, len } => Effect::Truncate { request: *request, len: *len },
            Effect::Sync { request } => Effect::Sync { request: *request },
            Effect::WhenDurable { request, fact } => Effect::WhenDurable { request: *request, fact: fact.clone() },
            Effect::Fact(fact) => Effect::Fact(fact.clone()),
            Effect::Invoke(id, operation) => Effect::Invoke(*id, operation.clone()),
            Effect::Respond(id, reply) => Effect::Respond(*id, reply.clone()),
            Effect::Reached(label) => Effect::Reached(label),
            Effect::Rare(rare) => Effect::Rare(rare.clone()),
        }
    }
}

impl<P: Protocol> Clone for Effects<P> {
    fn clone(&self) -> Self {
        Effects { list: self.list.clone(), bytes: self.bytes.clone() }
    }
}
