//! The logs under test, each as a process uses it: what a node writes, and what of that it may tell others.

use std::collections::VecDeque;

use scenarios::journal::{Found, Journal, Record};
use scenarios::segments::Segments;
use sim::{Io, Refusal, Request};
use wal::Config;

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

/// `scenarios::journal`, as `ring` uses it.
pub(super) struct Files {
    journal: Journal<Written>,
    /// What is not known to be durable yet.
    under_way: VecDeque<Request>,
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
        self.under_way.push_back(request);
        self.journal.sync(io);
        request
    }

    fn synced(&mut self, request: Request, io: &mut Io<'_, Diary>) -> u32 {
        while self.under_way.pop_front_if(|written| *written <= request).is_some() {
            self.durable += 1;
        }
        self.journal.synced(request, io);
        self.durable
    }
}

/// `wal`, as `raft` uses it.
pub(super) struct Wal {
    segments: Segments,
    /// How many lines earlier lives left.
    found: u64,
    content: Vec<u8>,
}

impl Log for Wal {
    fn open(io: &mut Io<'_, Diary>) -> Result<(Wal, Vec<Line>), Refusal> {
        // So short that a batch often spans two.
        let (segments, found) = Segments::open(Config { segment_bytes: 1_500 }, io)?;
        let line = |(_, content)| Written::decode(content).map(|Written(line, _)| line);
        let lines: Option<Vec<Line>> = found.records.iter().map(line).collect();
        let lines = lines.ok_or_else(|| Refusal("a record says nothing".to_owned()))?;
        Ok((Wal { segments, found: lines.len() as u64, content: Vec::new() }, lines))
    }

    fn write(&mut self, line: Line, filler: usize, io: &mut Io<'_, Diary>) -> Request {
        self.content.clear();
        Written(line, filler).encode(&mut self.content);
        let request = self.segments.append(&self.content, io);
        self.segments.sync(io);
        request
    }

    fn synced(&mut self, request: Request, io: &mut Io<'_, Diary>) -> u32 {
        self.segments.synced(request, io).0.saturating_sub(self.found) as u32
    }
}
