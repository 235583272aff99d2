//! The log of the crate `wal` on a simulated disk: what it asks for, as requests of its process.

use std::collections::VecDeque;

use sim::{File, Io, Protocol, Refusal, Request};
use wal::{Config, Effect, Effects, Log, Records, SegmentNumber, Sequence, SyncId, Tail};

/// The log of one life. Its process must stop where one of its requests fails: what is on the disk is known again once it has
/// been read.
#[derive(Clone)]
pub struct Segments {
    log: Log,
    /// The segment that is written to.
    current: Option<(SegmentNumber, File)>,
    /// The syncs that are under way, in the order in which the disk carries them out.
    syncs: VecDeque<(Request, SyncId)>,
    /// Used again for each step of the log; empty in between.
    effects: Effects,
}

/// What a log held.
pub struct Found {
    /// Its records, in the order in which they were written.
    pub records: Records,
    /// Whether a crash left more than can be read.
    pub tail: Tail,
}

impl Segments {
    /// Reads the log of this node's disk: all files that are named as segments are. What is found is synced, as it may be known
    /// to a cache alone.
    ///
    /// # Errors
    /// Where what was durable is damaged.
    pub fn open(config: Config, io: &mut Io<'_, impl Protocol>) -> Result<(Segments, Found), Refusal> {
        let mut effects = Effects::new();
        let recovered = {
            let segments = io.file_names().filter_map(|name| Some((SegmentNumber::named(name)?, io.surviving(name))));
            wal::recover(config, segments, &mut effects).map_err(|damage| Refusal(damage.to_string()))?
        };
        let (log, syncs) = (recovered.log, VecDeque::new());
        let mut segments = Segments { log, current: None, syncs, effects };
        segments.carry_out(io);
        Ok((segments, Found { records: recovered.records, tail: recovered.tail }))
    }

    /// Writes a record. It is there for good when the request is durable, which is not before the log is
    /// [told](Self::sync) to sync; when it is known to be, [`synced`](Self::synced) says.
    ///
    /// # Panics
    /// Where the record is longer than `wal` takes.
    pub fn append(&mut self, content: &[u8], io: &mut Io<'_, impl Protocol>) -> Request {
        self.log.append(content, &mut self.effects).expect(RUNS);
        self.carry_out(io).expect("a record has bytes")
    }

    /// The last record.
    pub fn last(&self) -> Sequence {
        self.log.last()
    }

    /// What was written is to become durable.
    pub fn sync(&mut self, io: &mut Io<'_, impl Protocol>) {
        self.log.sync(&mut self.effects).expect(RUNS);
        self.carry_out(io);
    }

    /// A sync completed. Gives the last record that is known to be durable.
    ///
    /// # Panics
    /// Where it is not the log's.
    pub fn synced(&mut self, request: Request, io: &mut Io<'_, impl Protocol>) -> Sequence {
        let (_, sync) =
            self.syncs.pop_front_if(|(under_way, _)| *under_way == request).expect("syncs complete in order");
        self.log.synced(sync, &mut self.effects).expect(RUNS);
        self.carry_out(io);
        self.log.durable_through()
    }

    /// Does what the log asks for. Gives the last write.
    fn carry_out(&mut self, io: &mut Io<'_, impl Protocol>) -> Option<Request> {
        let mut written = None;
        for effect in self.effects.drain() {
            match effect {
                Effect::Create(segment) => {
                    let file = io.open(&segment.to_string());
                    if let Some((_, before)) = self.current.replace((segment, file)) {
                        io.follows(file, before);
                    }
                }
                Effect::Write { segment, offset, bytes } => {
                    let file = opened(self.current, segment, io);
                    // A fragment whose very last byte a crash took is read all the same: it ends in two marks, one of which will
                    // do. 1. A node has entry 1 on disk, and writes that it is removed. 2. A crash takes the last byte of the
                    // removal's record, or of its fragment in the sector before. 3. It restarts without the entry, and that is
                    // right.
                    written = Some(io.write_with_spare_ends(file, offset, bytes));
                }
                Effect::SyncFile { sync, segment } => {
                    let file = opened(self.current, segment, io);
                    self.syncs.push_back((io.sync(file), sync));
                }
                Effect::SyncDirectory { sync } => self.syncs.push_back((io.sync_directory(), sync)),
                Effect::Remove(segment) => _ = io.remove(&segment.to_string()),
            }
        }
        written
    }
}

const RUNS: &str = "a log of which something failed is not used any more: its process has stopped";

/// The file of a segment: mostly the one that is written to.
fn opened(current: Option<(SegmentNumber, File)>, segment: SegmentNumber, io: &mut Io<'_, impl Protocol>) -> File {
    let open = current.filter(|(number, _)| *number == segment);
    open.map_or_else(|| io.open(&segment.to_string()), |(_, file)| file)
}
