//! What can go wrong: the faults that a plan states, and the kinds that they count as.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::Hex;
use crate::mix::Domain;

/// What an item does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// The machine dies, and its process with it; what it had not synced may be lost.
    Crash,
    /// The process ends and its machine lives: what it wrote stays written.
    Stop,
    /// The machine dies and loses everything that was on its disk. Its node keeps its name.
    Wipe,
    /// The process stands still; what it would hear waits in its inbox.
    Pause,
    /// The process takes this much longer for each call.
    Slow {
        /// How much longer.
        service_ns: u64,
    },
    /// Nothing sent passes between the target and the rest, either way.
    Partition,
    /// Nothing that the target sends reaches the rest; what the rest sends reaches the target.
    OneWayPartition,
    /// Nothing sent passes between two groups; everybody else hears both.
    PartialPartition,
    /// What is sent over the target's links waits until it ends; nothing is lost.
    Clog,
    /// The process's monotonic clock runs at another rate, until the item ends; at -1 000 000 it stands still.
    ClockRate {
        /// By how many millionths it is too fast, or where negative too slow.
        error_ppm: i32,
    },
    /// The wall clock jumps.
    WallJump {
        /// By how many nanoseconds, either way.
        by_ns: i64,
    },
    /// The session between two processes ends, and another begins; with datagrams there is nothing to strike.
    SessionReset,
    /// No sync completes.
    DiskStall,
    /// Every sync fails, and what it was for is kept or lost as at a crash.
    IoError,
    /// No file grows: what would make one longer fails.
    NoSpace,
    /// Every sync completes and makes nothing durable.
    LyingSync,
    /// One sector of what is synced next is not written, and its sync says that it is.
    LostWrite,
    /// One sector of what is synced next is written over another one of its file, and its sync says that all is well.
    MisdirectedWrite,
    /// A bit on the platter becomes another.
    BitRot,
    /// Of what is synced next one sector is read at the next boot as it was before. The platter has what was synced, and the
    /// boot after that reads it.
    StaleRead,
    /// At the next boot one sector is read from where another of its file is. The platter is as it was, and the boot after that
    /// reads it.
    MisdirectedRead,
    /// One message meets this fate, whatever the network would have done.
    Message(Fate),
    /// From here on, decisions of this domain take another salt: a branch that shares everything before.
    Reseed {
        /// The domain.
        domain: Domain,
        /// Its new salt.
        salt: Hex,
    },
}

/// What becomes of one message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fate {
    /// It never arrives.
    Lose,
    /// It arrives once, this long after it was sent.
    Deliver {
        /// How long after.
        latency_ns: u64,
    },
    /// It arrives twice.
    Duplicate {
        /// How long after it was sent.
        latency_ns: u64,
        /// How long after the first the second arrives.
        gap_ns: u64,
    },
    /// It arrives once, damaged, as [`Payload::corrupted`](crate::Payload::corrupted) says.
    Corrupt {
        /// How long after it was sent.
        latency_ns: u64,
    },
}

/// A kind of fault, as a scenario classes it, a campaign counts it and `--without` names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// A message never arrives.
    Loss,
    /// A message takes far longer than usual.
    Delay,
    /// A message arrives twice.
    Duplication,
    /// A message is overtaken by later ones.
    Reordering,
    /// Two sides cannot hear each other.
    Partition,
    /// A machine dies and starts again.
    Crash,
    /// What a crashed machine had not synced is gone.
    UnsyncedLoss,
    /// A process stands still.
    Pause,
    /// One side does not hear the other, which hears it.
    OneWayPartition,
    /// Two groups cannot hear each other, and a third hears both.
    PartialPartition,
    /// A monotonic clock runs too fast, too slow, or not at all.
    ClockRate,
    /// A wall clock jumps.
    WallJump,
    /// A session takes what is in flight with it.
    SessionReset,
    /// A crash leaves a sector that is part new, part old.
    TornWrite,
    /// A process ends, its machine lives, and it starts again.
    Stop,
    /// A process takes longer for everything.
    Slow,
    /// A sync takes far longer than usual.
    DiskDelay,
    /// No sync completes.
    DiskStall,
    /// A sync fails.
    IoError,
    /// A file cannot grow.
    NoSpace,
    /// A bit on a platter becomes another.
    BitRot,
    /// A sync makes nothing durable and says that it did.
    LyingSync,
    /// A sector is not written, and its sync says that it is.
    LostWrite,
    /// A sector is written over another.
    MisdirectedWrite,
    /// A machine dies, loses its disk, and starts again under its own name.
    Wipe,
    /// A message arrives damaged, or so badly damaged that it is as good as lost.
    Corruption,
    /// What is sent over some links waits until they are clogged no more.
    Clog,
    /// A message waits behind others on a link that carries little.
    Bandwidth,
    /// A message is dropped, as too much waits before it.
    QueueOverflow,
    /// A boot reads a sector as it was earlier.
    StaleRead,
    /// A boot reads a sector from where another is.
    MisdirectedRead,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [FaultKind; 31] = [
        FaultKind::Loss,
        FaultKind::Delay,
        FaultKind::Duplication,
        FaultKind::Reordering,
        FaultKind::Partition,
        FaultKind::Crash,
        FaultKind::UnsyncedLoss,
        FaultKind::Pause,
        FaultKind::OneWayPartition,
        FaultKind::PartialPartition,
        FaultKind::ClockRate,
        FaultKind::WallJump,
        FaultKind::SessionReset,
        FaultKind::TornWrite,
        FaultKind::Stop,
        FaultKind::Slow,
        FaultKind::DiskDelay,
        FaultKind::DiskStall,
        FaultKind::IoError,
        FaultKind::NoSpace,
        FaultKind::BitRot,
        FaultKind::LyingSync,
        FaultKind::LostWrite,
        FaultKind::MisdirectedWrite,
        FaultKind::Wipe,
        FaultKind::Corruption,
        FaultKind::Clog,
        FaultKind::Bandwidth,
        FaultKind::QueueOverflow,
        FaultKind::StaleRead,
        FaultKind::MisdirectedRead,
    ];

    /// What takes or changes durable bytes, or acknowledges bytes that are not durable. Reading other bytes than the durable ones is
    /// among them, as a process that goes on from what it read writes over what it did not.
    pub(crate) const DAMAGING: [FaultKind; 7] = [
        FaultKind::BitRot,
        FaultKind::LyingSync,
        FaultKind::LostWrite,
        FaultKind::MisdirectedWrite,
        FaultKind::Wipe,
        FaultKind::StaleRead,
        FaultKind::MisdirectedRead,
    ];

    /// Its name in files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            FaultKind::Loss => "loss",
            FaultKind::Delay => "delay",
            FaultKind::Duplication => "duplication",
            FaultKind::Reordering => "reordering",
            FaultKind::Partition => "partition",
            FaultKind::Crash => "crash",
            FaultKind::UnsyncedLoss => "unsynced_loss",
            FaultKind::Pause => "pause",
            FaultKind::OneWayPartition => "one_way_partition",
            FaultKind::PartialPartition => "partial_partition",
            FaultKind::ClockRate => "clock_rate",
            FaultKind::WallJump => "wall_jump",
            FaultKind::SessionReset => "session_reset",
            FaultKind::TornWrite => "torn_write",
            FaultKind::Stop => "stop",
            FaultKind::Slow => "slow",
            FaultKind::DiskDelay => "disk_delay",
            FaultKind::DiskStall => "disk_stall",
            FaultKind::IoError => "io_error",
            FaultKind::NoSpace => "no_space",
            FaultKind::BitRot => "bit_rot",
            FaultKind::LyingSync => "lying_sync",
            FaultKind::LostWrite => "lost_write",
            FaultKind::MisdirectedWrite => "misdirected_write",
            FaultKind::Wipe => "wipe",
            FaultKind::Corruption => "corruption",
            FaultKind::Clog => "clog",
            FaultKind::Bandwidth => "bandwidth",
            FaultKind::QueueOverflow => "queue_overflow",
            FaultKind::StaleRead => "stale_read",
            FaultKind::MisdirectedRead => "misdirected_read",
        }
    }

    /// Whether it strikes messages, syncs or crashes by a chance of its own, and not where a plan says so: such a kind is never
    /// due, and never withheld.
    pub const fn is_by_chance(self) -> bool {
        match self {
            FaultKind::Loss
            | FaultKind::Delay
            | FaultKind::Duplication
            | FaultKind::Reordering
            | FaultKind::Corruption
            | FaultKind::Bandwidth
            | FaultKind::QueueOverflow
            | FaultKind::UnsyncedLoss
            | FaultKind::TornWrite
            | FaultKind::DiskDelay => true,
            FaultKind::Partition
            | FaultKind::OneWayPartition
            | FaultKind::PartialPartition
            | FaultKind::Clog
            | FaultKind::SessionReset
            | FaultKind::Crash
            | FaultKind::Stop
            | FaultKind::Wipe
            | FaultKind::Pause
            | FaultKind::Slow
            | FaultKind::ClockRate
            | FaultKind::WallJump
            | FaultKind::DiskStall
            | FaultKind::IoError
            | FaultKind::NoSpace
            | FaultKind::BitRot
            | FaultKind::LyingSync
            | FaultKind::LostWrite
            | FaultKind::MisdirectedWrite
            | FaultKind::StaleRead
            | FaultKind::MisdirectedRead => false,
        }
    }

    /// Whether its items set a trap, and it strikes at the boot that walks into it, which is the first that reads the file that the
    /// trap is in. An item of it has [fired](crate::ItemOutcome::Fired) once the trap is set, and is
    /// [counted](crate::FaultCount::fired) at that boot. One that is not allowed to set it is counted as withheld when it is due.
    pub const fn strikes_at_boot(self) -> bool {
        matches!(self, FaultKind::StaleRead | FaultKind::MisdirectedRead)
    }

    /// Whether it strikes what is on a disk, and so nobody who has nothing on one.
    pub const fn is_of_disks(self) -> bool {
        match self {
            FaultKind::UnsyncedLoss
            | FaultKind::TornWrite
            | FaultKind::DiskDelay
            | FaultKind::DiskStall
            | FaultKind::IoError
            | FaultKind::NoSpace
            | FaultKind::BitRot
            | FaultKind::LyingSync
            | FaultKind::LostWrite
            | FaultKind::MisdirectedWrite
            | FaultKind::StaleRead
            | FaultKind::MisdirectedRead => true,
            FaultKind::Loss
            | FaultKind::Delay
            | FaultKind::Duplication
            | FaultKind::Reordering
            | FaultKind::Corruption
            | FaultKind::Bandwidth
            | FaultKind::QueueOverflow
            | FaultKind::Partition
            | FaultKind::OneWayPartition
            | FaultKind::PartialPartition
            | FaultKind::Clog
            | FaultKind::SessionReset
            | FaultKind::Crash
            | FaultKind::Stop
            | FaultKind::Wipe
            | FaultKind::Pause
            | FaultKind::Slow
            | FaultKind::ClockRate
            | FaultKind::WallJump => false,
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Some kinds of fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct FaultKinds(u64);

impl FaultKinds {
    pub(crate) fn insert(&mut self, kind: FaultKind) {
        self.0 |= 1 << kind as u32;
    }

    pub(crate) fn contains(self, kind: FaultKind) -> bool {
        self.0 & 1 << kind as u32 != 0
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = FaultKind> {
        FaultKind::ALL.into_iter().filter(move |kind| self.contains(*kind))
    }
}

impl Fault {
    /// Whether it goes on until something ends it; the others are over once they have struck.
    pub const fn lasts(self) -> bool {
        match self {
            Fault::Crash
            | Fault::Stop
            | Fault::Wipe
            | Fault::Pause
            | Fault::Slow { .. }
            | Fault::Partition
            | Fault::OneWayPartition
            | Fault::PartialPartition
            | Fault::Clog
            | Fault::ClockRate { .. }
            | Fault::DiskStall
            | Fault::IoError
            | Fault::NoSpace
            | Fault::LyingSync => true,
            Fault::WallJump { .. }
            | Fault::SessionReset
            | Fault::LostWrite
            | Fault::MisdirectedWrite
            | Fault::BitRot
            | Fault::StaleRead
            | Fault::MisdirectedRead
            | Fault::Message(_)
            | Fault::Reseed { .. } => false,
        }
    }

    /// Whether nothing passes over some links until it ends.
    pub(super) const fn cuts_links(self) -> bool {
        matches!(self, Fault::Partition | Fault::OneWayPartition | Fault::PartialPartition)
    }

    /// The kind this counts as; none for what is no fault of the system's world.
    pub const fn kind(self) -> Option<FaultKind> {
        Some(match self {
            Fault::Crash => FaultKind::Crash,
            Fault::Stop => FaultKind::Stop,
            Fault::Wipe => FaultKind::Wipe,
            Fault::Pause => FaultKind::Pause,
            Fault::Slow { .. } => FaultKind::Slow,
            Fault::Partition => FaultKind::Partition,
            Fault::OneWayPartition => FaultKind::OneWayPartition,
            Fault::PartialPartition => FaultKind::PartialPartition,
            Fault::Clog => FaultKind::Clog,
            Fault::ClockRate { .. } => FaultKind::ClockRate,
            Fault::WallJump { .. } => FaultKind::WallJump,
            Fault::SessionReset => FaultKind::SessionReset,
            Fault::DiskStall => FaultKind::DiskStall,
            Fault::IoError => FaultKind::IoError,
            Fault::NoSpace => FaultKind::NoSpace,
            Fault::LyingSync => FaultKind::LyingSync,
            Fault::LostWrite => FaultKind::LostWrite,
            Fault::MisdirectedWrite => FaultKind::MisdirectedWrite,
            Fault::BitRot => FaultKind::BitRot,
            Fault::StaleRead => FaultKind::StaleRead,
            Fault::MisdirectedRead => FaultKind::MisdirectedRead,
            Fault::Message(Fate::Lose) => FaultKind::Loss,
            Fault::Message(Fate::Deliver { .. }) => FaultKind::Delay,
            Fault::Message(Fate::Duplicate { .. }) => FaultKind::Duplication,
            Fault::Message(Fate::Corrupt { .. }) => FaultKind::Corruption,
            Fault::Reseed { .. } => return None,
        })
    }

    /// Whether it strikes any number of processes: each of them, or them as one side.
    pub(super) const fn strikes_processes(self) -> bool {
        match self {
            Fault::Crash
            | Fault::Stop
            | Fault::Wipe
            | Fault::Pause
            | Fault::Slow { .. }
            | Fault::ClockRate { .. }
            | Fault::WallJump { .. }
            | Fault::DiskStall
            | Fault::IoError
            | Fault::NoSpace
            | Fault::LyingSync
            | Fault::LostWrite
            | Fault::MisdirectedWrite
            | Fault::BitRot
            | Fault::StaleRead
            | Fault::MisdirectedRead
            | Fault::Partition
            | Fault::OneWayPartition
            | Fault::Clog => true,
            Fault::PartialPartition | Fault::SessionReset | Fault::Message(_) | Fault::Reseed { .. } => false,
        }
    }
}
