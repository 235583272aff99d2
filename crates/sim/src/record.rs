//! What a traced run says of itself, event by event.

use std::fmt;

use serde::Serialize;

use crate::hash::Digest;
use crate::id::{Hex, NodeId, OperationId, Request};
use crate::plan::FaultKind;
use crate::process::DiskError;
use crate::time::{Span, Time};

/// One line of a trace.
///
/// As JSON it is `{event, time_ns, node, causes, what, detail, label, subject, digest}`, where `detail` is there for what has
/// more to say, `label` and `subject` for facts.
///
/// The first record of an event carries its causes; what follows with the same event number is what came of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Record {
    /// The event, counted from 1.
    pub event: u64,
    /// When.
    #[serde(rename = "time_ns")]
    pub time: Time,
    /// Where; nothing for what concerns the whole cluster.
    pub node: Option<NodeId>,
    /// The event that scheduled this one, and the previous step of its node; only on an event's first record. What a node
    /// takes from its inbox was scheduled by the event in which it got there.
    pub causes: [Option<u64>; 2],
    /// What.
    #[serde(flatten)]
    pub what: RecordWhat,
    /// What a fact is about; nothing for all else.
    #[serde(flatten)]
    pub about: Option<About>,
    /// The run's digest so far.
    pub digest: Digest,
}

/// What a fact is about, as it says itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct About {
    /// [`Fact::label`](crate::Fact::label).
    pub label: &'static str,
    /// [`Fact::subject`](crate::Fact::subject).
    pub subject: Hex,
}

/// What a record is about.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "what", content = "detail")]
pub enum RecordWhat {
    /// A message arrived; `waits` where it went into the inbox, `nobody` where nobody was there to take it, `reset` where its session is over.
    Arrived {
        /// The sender.
        from: NodeId,
        /// Its tag.
        tag: Hex,
        /// Its occurrence.
        occurrence: u32,
        /// The message.
        message: String,
        /// What became of it.
        taken: Taken,
    },
    /// The node took what had waited longest in its inbox.
    Took(String),
    /// A message was sent.
    Sent {
        /// The receiver.
        to: NodeId,
        /// Its tag.
        tag: Hex,
        /// How often the tag went over the link before.
        occurrence: u32,
        /// How long it travels; nothing where it does not arrive.
        latency_ns: Option<u64>,
        /// How long after that it arrives again.
        again_after_ns: Option<u64>,
        /// What struck it, such as `lost`.
        struck: String,
        /// The message.
        message: String,
    },
    /// A deadline came.
    Deadline,
    /// A sync completed.
    Synced(Request),
    /// A request failed.
    RequestFailed(Request, DiskError),
    /// The process ended by itself, for this reason.
    Stopped(String),
    /// Whoever watches over a process that stopped looks after it.
    Supervised,
    /// A bit on the platter became another.
    Rotted {
        /// The file.
        name: String,
        /// The byte.
        at: u64,
    },
    /// The process read a sector otherwise than it is on the platter as it booted. It stands before what the boot said.
    Misread {
        /// The file.
        name: String,
        /// The sector, counted from 0.
        sector: u64,
        /// The sector that was read in its place; nothing where it was read as it was before.
        from: Option<u64>,
    },
    /// A session with this process was to come up.
    SessionBegins {
        /// The other end.
        with: NodeId,
        /// Whether it did; otherwise something was in its way.
        begins: bool,
    },
    /// The end of a session with this process is heard of.
    SessionEnded {
        /// The other end.
        with: NodeId,
    },
    /// The process wrote, truncated or asked for a sync.
    Disk(String),
    /// The process started, with the run.
    Booted,
    /// The process started again.
    Restarted,
    /// The process declined to serve.
    Refused(String),
    /// The process ended, and its machine lives.
    Ended,
    /// The machine died.
    Crashed {
        /// Unsynced writes that survived.
        kept: u32,
        /// Unsynced writes that did not, or not whole.
        dropped: u32,
        /// Sectors that are part new, part old.
        torn: u32,
    },
    /// The process stands still.
    Paused,
    /// The process goes on.
    Resumed,
    /// The monotonic clock runs at this rate from here on.
    Clock {
        /// By how many millionths it is too fast, or where negative too slow.
        error_ppm: i32,
    },
    /// The wall clock jumped.
    Wall {
        /// By how much.
        by_ns: i64,
    },
    /// A timed plan item was due.
    Item(String),
    /// A plan item struck, or was due and was withheld. What it did follows.
    Struck {
        /// Its id in the plan.
        id: u32,
        /// What it counts as; nothing for what is no fault of the system's world.
        kind: Option<FaultKind>,
        /// The item, as reports show it.
        item: String,
        /// Whom it struck.
        nodes: Vec<NodeId>,
        /// Why it did not strike; nothing where it did.
        withheld: Option<&'static str>,
    },
    /// What a plan item did is over.
    ItemEnded(u32),
    /// The safety phase is over.
    Healed(Vec<NodeId>),
    /// The progress demanded after the heal was looked at.
    Demanded,
    /// A fact.
    Fact(String),
    /// A client asked.
    Invoked(OperationId, String),
    /// A client got its answer.
    Responded(OperationId, String),
    /// A label was reached.
    Reached(&'static str),
    /// The process's own line.
    Note(String),
}

/// What became of a message that arrived.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// It was handled.
    Handled,
    /// It waits in the inbox.
    Waits,
    /// Nobody was there.
    Nobody,
    /// The session that it was sent in is over.
    Reset,
}

impl Record {
    /// Whether this is the first record of its event.
    pub fn is_first(&self) -> bool {
        !matches!(
            self.what,
            RecordWhat::Sent { .. }
                | RecordWhat::Disk(_)
                | RecordWhat::Fact(_)
                | RecordWhat::Invoked(..)
                | RecordWhat::Responded(..)
                | RecordWhat::Reached(_)
                | RecordWhat::Note(_)
                | RecordWhat::Struck { .. }
                | RecordWhat::Crashed { .. }
                | RecordWhat::Restarted
                | RecordWhat::Paused
                | RecordWhat::Resumed
                | RecordWhat::Clock { .. }
                | RecordWhat::Wall { .. }
                | RecordWhat::Refused(_)
                | RecordWhat::Misread { .. }
        )
    }
}

/// One line: time, event, node, what, and for an event's first record its causes.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_first() {
            write!(f, "{:?} {:>7} ", self.time, self.event)?;
        } else {
            write!(f, "{:21} ", "")?;
        }
        match self.node {
            Some(node) => write!(f, "{:<4}", node.to_string())?,
            None => f.write_str("*   ")?,
        }
        if !self.is_first() {
            f.write_str("  ")?;
        }
        write!(f, "{}", self.what)?;
        if let [Some(scheduled), previous] = self.causes {
            write!(f, "  <- {scheduled}")?;
            if let Some(previous) = previous {
                write!(f, ", {previous}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for RecordWhat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordWhat::Arrived { from, message, taken, .. } => {
                let became = match taken {
                    Taken::Handled => "",
                    Taken::Waits => ", waits",
                    Taken::Nobody => ", nobody there",
                    Taken::Reset => ", of a session that is over",
                };
                write!(f, "from {from} {message}{became}")
            }
            RecordWhat::Took(what) => write!(f, "takes {what}"),
            RecordWhat::Sent { to, latency_ns, again_after_ns, struck, message, .. } => {
                write!(f, "-> {to} {message}")?;
                match latency_ns {
                    Some(nanos) => write!(f, ", {}us", nanos / 1_000)?,
                    None => f.write_str(", never")?,
                }
                if let Some(nanos) = again_after_ns {
                    write!(f, " and {}us later", nanos / 1_000)?;
                }
                if struck.is_empty() { Ok(()) } else { write!(f, " ({struck})") }
            }
            RecordWhat::Deadline => f.write_str("deadline"),
            RecordWhat::Synced(request) => write!(f, "synced {request}"),
            RecordWhat::SessionBegins { with, begins: true } => write!(f, "session with {with} begins"),
            RecordWhat::SessionBegins { with, begins: false } => write!(f, "session with {with} does not begin"),
            RecordWhat::SessionEnded { with } => write!(f, "session with {with} is over"),
            RecordWhat::Disk(what) => f.write_str(what),
            RecordWhat::Booted => f.write_str("boots"),
            RecordWhat::Restarted => f.write_str("boots again"),
            RecordWhat::Refused(why) => write!(f, "refuses to serve: {why}"),
            RecordWhat::RequestFailed(request, error) => write!(f, "{request} fails: {error}"),
            RecordWhat::Stopped(why) => write!(f, "stops: {why}"),
            RecordWhat::Supervised => f.write_str("is looked after"),
            RecordWhat::Misread { name, sector, from: None } => {
                write!(f, "reads sector {sector} of `{name}` as it was earlier")
            }
            RecordWhat::Misread { name, sector, from: Some(from) } => {
                write!(f, "reads sector {from} of `{name}` in place of sector {sector}")
            }
            RecordWhat::Rotted { name, at } => write!(f, "a bit of `{name}` rots, in byte {at}"),
            RecordWhat::Crashed { kept, dropped, torn: 0 } => {
                write!(f, "crashes; unsynced writes: {kept} kept, {dropped} dropped")
            }
            RecordWhat::Crashed { kept, dropped, torn } => {
                write!(f, "crashes; unsynced writes: {kept} kept, {dropped} dropped; sectors torn: {torn}")
            }
            RecordWhat::Ended => f.write_str("ends"),
            RecordWhat::Paused => f.write_str("pauses"),
            RecordWhat::Resumed => f.write_str("resumes"),
            RecordWhat::Clock { error_ppm: 0 } => f.write_str("clock: right again"),
            RecordWhat::Clock { error_ppm } => write!(f, "clock: {error_ppm:+} ppm"),
            RecordWhat::Wall { by_ns } => {
                let sign = if *by_ns < 0 { '-' } else { '+' };
                write!(f, "wall clock: {sign}{}", Span(by_ns.unsigned_abs()))
            }
            RecordWhat::Item(what) => write!(f, "plan: {what}"),
            RecordWhat::Struck { id, item, withheld: None, .. } => write!(f, "struck by item {id}: {item}"),
            RecordWhat::Struck { id, item, withheld: Some(why), .. } => {
                write!(f, "not struck by item {id}: {item}; {why}")
            }
            RecordWhat::ItemEnded(id) => write!(f, "plan: item {id} is over"),
            RecordWhat::Healed(core) => write!(f, "healed: {core:?}"),
            RecordWhat::Demanded => f.write_str("progress is due"),
            RecordWhat::Fact(fact) => write!(f, "fact {fact}"),
            RecordWhat::Invoked(id, operation) => write!(f, "invokes {id} {operation}"),
            RecordWhat::Responded(id, reply) => write!(f, "{id} answered {reply}"),
            RecordWhat::Reached(label) => write!(f, "reached {label}"),
            RecordWhat::Note(line) => write!(f, "| {line}"),
        }
    }
}
