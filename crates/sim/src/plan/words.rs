//! How an item reads.

use std::fmt;

use super::{Fate, Fault, Item, Point, Target, When};
use crate::id::NodeId;
use crate::time::{Span, Time};

/// `at 1.250s crash n2 for 43ms`; `on elected(n3)#1 crash n2 before effects`: the form of every report.
impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strike = Strike { fault: self.fault, whom: &Whom(&self.target) };
        match &self.when {
            // A message's fate is decided when it is sent.
            When::At { .. } if matches!(self.target, Target::Message { .. }) => write!(f, "{strike}")?,
            When::At { at_ns } => write!(f, "at {at_ns} {strike}")?,
            When::On { fact, node, from_ns, nth, point } => {
                write!(f, "on {fact}")?;
                if let Some(node) = node {
                    write!(f, "({node})")?;
                }
                write!(f, "#{nth}")?;
                if *from_ns > Time::ZERO {
                    write!(f, " from {from_ns}")?;
                }
                write!(f, " {strike}")?;
                match point {
                    Point::Effects(0) => f.write_str(" before effects")?,
                    Point::Effects(1) => f.write_str(" after 1 effect")?,
                    Point::Effects(count) => write!(f, " after {count} effects")?,
                    Point::AfterNs(nanos) => write!(f, " {} later", Span(*nanos))?,
                }
            }
        }
        match self.lasts_ns {
            Some(..1_000) if self.fault.lasts() => f.write_str(" for an instant"),
            Some(nanos) if self.fault.lasts() => write!(f, " for {}", Span(nanos)),
            None if self.outlasts_heal => f.write_str(" for good"),
            _ => Ok(()),
        }
    }
}

impl Item {
    /// An item about a message, as it reads to who knows what the message says: `at 1.250s lose n1->n2 "vote granted"`.
    pub fn with_message(&self, sent: Time, message: &str) -> String {
        let Target::Message { from, to, .. } = self.target else { return self.to_string() };
        let whom = format!("{from}->{to} \"{message}\"");
        format!("at {sent} {}", Strike { fault: self.fault, whom: &whom })
    }
}

/// How long after it was sent; in nanoseconds.
struct Lateness(u64);

impl fmt::Display for Lateness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1_000 { f.write_str("at once") } else { write!(f, "after {}", Span(self.0)) }
    }
}

/// What an item does to whom.
struct Strike<'a> {
    fault: Fault,
    whom: &'a dyn fmt::Display,
}

impl fmt::Display for Strike<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whom = self.whom;
        match self.fault {
            Fault::Crash => write!(f, "crash {whom}"),
            Fault::Stop => write!(f, "stop {whom}"),
            Fault::Wipe => write!(f, "wipe {whom}"),
            Fault::Pause => write!(f, "pause {whom}"),
            Fault::Slow { service_ns } => write!(f, "slow {whom} by {} a call", Span(service_ns)),
            Fault::DiskStall => write!(f, "stall the disk of {whom}"),
            Fault::IoError => write!(f, "fail the syncs of {whom}"),
            Fault::NoSpace => write!(f, "fill the disk of {whom}"),
            Fault::LyingSync => write!(f, "let the syncs of {whom} lie"),
            Fault::LostWrite => write!(f, "lose a sector of what {whom} syncs next"),
            Fault::MisdirectedWrite => write!(f, "misdirect a sector of what {whom} syncs next"),
            Fault::BitRot => write!(f, "rot a bit on the disk of {whom}"),
            Fault::StaleRead => write!(f, "let {whom} read a stale sector at its next boot"),
            Fault::MisdirectedRead => write!(f, "let {whom} read a sector from elsewhere at its next boot"),
            Fault::Partition => write!(f, "cut off {whom}"),
            Fault::OneWayPartition => write!(f, "silence {whom}"),
            Fault::PartialPartition => write!(f, "part {whom}"),
            Fault::Clog => write!(f, "clog {whom}"),
            Fault::ClockRate { error_ppm: -1_000_000 } => write!(f, "stop the clock of {whom}"),
            Fault::ClockRate { error_ppm } => write!(f, "run the clock of {whom} {error_ppm:+} ppm wrong"),
            Fault::WallJump { by_ns } => {
                let sign = if by_ns < 0 { '-' } else { '+' };
                write!(f, "set the wall clock of {whom} by {sign}{}", Span(by_ns.unsigned_abs()))
            }
            Fault::SessionReset => write!(f, "reset the session {whom}"),
            Fault::Message(Fate::Lose) => write!(f, "lose {whom}"),
            Fault::Message(Fate::Deliver { latency_ns }) => write!(f, "deliver {whom} {}", Lateness(latency_ns)),
            Fault::Message(Fate::Duplicate { .. }) => write!(f, "deliver twice {whom}"),
            Fault::Message(Fate::Corrupt { latency_ns }) => {
                write!(f, "deliver damaged {whom} {}", Lateness(latency_ns))
            }
            Fault::Reseed { domain, .. } => write!(f, "reseed {domain}"),
        }
    }
}

struct Whom<'a>(&'a Target);

impl fmt::Display for Whom<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, ids: &[NodeId]| {
            ids.iter().enumerate().try_for_each(|(index, id)| write!(f, "{}{id}", if index == 0 { "" } else { "+" }))
        };
        match self.0 {
            Target::Node(id) => write!(f, "{id}"),
            Target::Nodes(ids) => list(f, ids),
            Target::Between { one, other } => {
                list(f, one)?;
                f.write_str(" from ")?;
                list(f, other)
            }
            Target::AllBut(ids) => {
                f.write_str("all but ")?;
                list(f, ids)
            }
            Target::Subject => f.write_str("it"),
            Target::All => f.write_str("all"),
            Target::Link { from, to } => write!(f, "{from}->{to}"),
            Target::Message { from, to, tag, occurrence } => write!(f, "{from}->{to} {tag}#{occurrence}"),
        }
    }
}
