//! The logs under test, each as a process uses it: what a node writes, and what of that it may tell others.

use std::collections::VecDeque;

use scenarios::journal::{Found, Journal, Record};
use sim::{File, Io, Refusal, Request};
use wal::{Config, Effect, Effects, SegmentNumber, SyncId};

use super::{Diary, Line};

/// A log of one life.
pub(super) trait Log: Sized + 'static {
    /// Reads what this node's disk holds.
    fn open(io: &mut Io<'_, Diary>) -> Result<(Self, Vec<Line>), Refusal>;

    /// Writes a line with so many bytes of filler; it is durable when the request is, and the log is told to make it so.
    fn write(&mut self, line: Line, filler: usize, io: &mut Io<'_, Diary>) -> Request;

    /// A sync completed. Gives how many of this life's lines are durable now, as far as the log knows.
    fn synced(&mut self, request: Request, io: &mut Io<'_, Diary>) -> u32;
}

/// A line and its filler. Many are of equal length, so that those of two lives are easily taken for each other.
struct Written(Line, usize);

impl Record for Written {
    fn encode(&self, bytes: &mut Vec<u8>) {
        let Written(Line { life, number }, filler) = self;
        [life, number].iter().for_each(|word| bytes.extend(word.to_le_bytes()));
        bytes.resize(bytes.len() + filler, 0xff);
    }

    fn decode(content: &[u8]) -> Option<Written> {
        let (life, rest) = content.split_first_chunk()?;
        let (number, filler) = rest.split_first_chunk()?;
        let line = Line { life: u32::from_le_bytes(*life), number: u32::from_le_bytes(*number) };
        Some(Written(line, filler.len()))
    }
}

/// `scenarios::journal`, on which `ring` stands.
pub(super) struct Files {
    journal: Journal<Written>,
    /// What is not known to be durable yet.
    under_way: VecDeque<(Request, Line)>,
    durable: u32,
}

impl Log for Files {
    fn open(io: &mut Io<'_, Diary>) -> Result<(Files, Vec<Line>), Refusal> {
        let (journal, Found { records, .. }) = Journal::open(io)?;
        let lines = records.iter().map(|Written(line, _)| *line).collect();
        Ok((Files { journal, under_way: VecDeque::new(), durable: 0 }, lines))
    }

    fn write(&mut self, line: Line, filler: usize, io: &mut Io<'_, Diary>) -> Request {
        let request = self.journal.write(&Written(line, filler), io);
        self.under_way.push_back((request, line));
        self.journal.sync(io);
        request
    }

    fn synced(&mut self, request: Request, io: &mut Io<'_, Diary>) -> u32 {
        while let Some((_, line)) = self.under_way.pop_front_if(|(written, _)| *written <= request) {
            self.durable = line.number;
        }
        self.journal.synced(request, io);
        self.durable
    }
}

/// `wal`, on which `raft` stands.
pub(super) struct Segments {
    log: wal::Log,
    /// How many lines earlier lives left.
    found: u64,
    current: Option<(SegmentNumber, File)>,
    syncs: VecDeque<(Request, SyncId)>,
    effects: Effects,
}

impl Log for Segments {
    fn open(io: &mut Io<'_, Diary>) -> Result<(Segments, Vec<Line>), Refusal> {
        // So short that a batch often spans two.
        let config = Config { segment_bytes: 1_500 };
        let mut effects = Effects::new();
        let recovered = {
            let segments = io.file_names().filter_map(|name| Some((SegmentNumber::named(name)?, io.surviving(name))));
            wal::recover(config, segments, &mut effects).map_err(|damage| Refusal(damage.to_string()))?
        };
        let line = |content| Written::decode(content).map(|Written(line, _)| line);
        let lines: Option<Vec<Line>> = recovered.records.iter().map(|(_, content)| line(content)).collect();
        let lines = lines.ok_or_else(|| Refusal("a record says nothing".to_owned()))?;
        let (log, syncs) = (recovered.log, VecDeque::new());
        let mut segments = Segments { log, found: lines.len() as u64, current: None, syncs, effects };
        segments.carry_out(io);
        Ok((segments, lines))
    }

    fn write(&mut self, line: Line, filler: usize, io: &mut Io<'_, Diary>) -> Request {
        let mut content = Vec::new();
        Written(line, filler).encode(&mut content);
        self.log.append(&content, &mut self.effects).expect("the log runs");
        let written = self.carry_out(io).expect("a record has bytes");
        self.log.sync(&mut self.effects).expect("the log runs");
        self.carry_out(io);
        written
    }

    fn synced(&mut self, request: Request, io: &mut Io<'_, Diary>) -> u32 {
        let (_, sync) = self.syncs.pop_front_if(|(own, _)| *own == request).expect("syncs complete in order");
        self.log.synced(sync, &mut self.effects).expect("the log runs");
        self.carry_out(io);
        self.log.durable_through().0.saturating_sub(self.found) as u32
    }
}

impl Segments {
    /// Does what the log asks for. Gives the last write.
    fn carry_out(&mut self, io: &mut Io<'_, Diary>) -> Option<Request> {
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
                    let file = io.open(&segment.to_string());
                    written = Some(io.write_with_spare_ends(file, offset, bytes));
                }
                Effect::SyncFile { sync, segment } => {
                    let file = io.open(&segment.to_string());
                    self.syncs.push_back((io.sync(file), sync));
                }
                Effect::SyncDirectory { sync } => self.syncs.push_back((io.sync_directory(), sync)),
                Effect::Remove(segment) => _ = io.remove(&segment.to_string()),
            }
        }
        written
    }
}
