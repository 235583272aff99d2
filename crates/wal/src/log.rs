//! The log of one life: appends, syncs, removals.

use crate::effects::Effects;
use crate::error::{Refused, Stopped};
use crate::format::{Fragment, HEADER_LEN, Header, Kind, OVERHEAD, SECTOR_LEN, seed};
use crate::id::{SegmentNumber, Sequence, SyncId};

/// How a log is laid out. May change from life to life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// A segment that has this many bytes is not appended to any more: the next record begins another. A record is never divided
    /// between two, so that a segment is longer by up to one record.
    pub segment_bytes: u64,
}

impl Default for Config {
    /// 64 MiB.
    fn default() -> Config {
        Config { segment_bytes: 64 << 20 }
    }
}

/// The log of one life. [`recover`](crate::recover) makes it.
///
/// Inputs: [`append`](Log::append), [`sync`](Log::sync), [`remove_before`](Log::remove_before), and what became of effects:
/// [`synced`](Log::synced), [`sync_failed`](Log::sync_failed), [`file_failed`](Log::file_failed). Getters:
/// [`last`](Log::last), [`durable_through`](Log::durable_through), [`stopped`](Log::stopped). Any order of calls is allowed;
/// what makes no sense is [`Refused`].
#[derive(Clone, Debug)]
pub struct Log {
    config: Config,
    state: State,
    /// The segment that this life appends to; none before its first record.
    current: Option<Current>,
    /// The number of the next segment.
    next: SegmentNumber,
    /// The checksum of the last fragment.
    chain: u32,
    last: Sequence,
    durable_through: Sequence,
    /// What is written of how far the log was synced…
    claimed: Sequence,
    /// … and will be found after a crash.
    claimed_durably: Sequence,
    /// The segments that the log consists of, in order.
    live: Vec<Live>,
    /// Those that a crash left and that count for nothing, in order.
    dead: Vec<SegmentNumber>,
    /// The files that hold what no sync has been asked for.
    unsynced: Vec<SegmentNumber>,
    directory: Directory,
    batch: Batch,
    syncs: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    Stopped(Stopped),
}

#[derive(Clone, Copy, Debug)]
struct Current {
    number: SegmentNumber,
    seed: u32,
    len: u64,
}

/// A segment of the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Live {
    pub(crate) number: SegmentNumber,
    /// Its first record, or the one that would be.
    pub(crate) first: Sequence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Directory {
    Synced,
    Changed,
}

/// The syncs that are under way; at most one batch is. What it covers counts when all of them are done.
#[derive(Clone, Debug, Default)]
struct Batch {
    outstanding: Vec<SyncId>,
    covers: Sequence,
    /// What is written, in what it covers, of how far the log was synced.
    claims: Sequence,
    then: Then,
}

/// What follows a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Then {
    #[default]
    Rest,
    SyncAgain,
}

/// What recovery knows of a log.
pub(crate) struct Known {
    pub(crate) next: SegmentNumber,
    pub(crate) chain: u32,
    pub(crate) last: Sequence,
    pub(crate) durable_through: Sequence,
    pub(crate) live: Vec<Live>,
    pub(crate) dead: Vec<SegmentNumber>,
    /// The segments of which a cache may know alone.
    pub(crate) unsynced: Vec<SegmentNumber>,
}

impl Log {
    /// Goes on behind what was recovered. Nothing of that counts as durable but what is known to be.
    ///
    /// 1. A process appends, and dies before it syncs; the machine lives, and its cache.
    /// 2. The next life reads the record from the cache and tells others of it.
    /// 3. The machine crashes; the record is gone.
    ///
    /// So the first sync of a life is of what it found.
    pub(crate) fn resume(config: Config, known: Known, effects: &mut Effects) -> Log {
        let Known { next, chain, last, durable_through, live, dead, unsynced } = known;
        let directory = if unsynced.is_empty() { Directory::Synced } else { Directory::Changed };
        let mut log = Log {
            config,
            state: State::Running,
            current: None,
            next,
            chain,
            last,
            durable_through,
            claimed: Sequence(0),
            claimed_durably: Sequence(0),
            live,
            dead,
            unsynced,
            directory,
            batch: Batch::default(),
            syncs: 0,
        };
        log.begin_batch(effects);
        log
    }

    /// Appends a record: asks for its bytes to be written. It is durable once [`durable_through`](Self::durable_through) says so,
    /// which takes a [`sync`](Self::sync).
    ///
    /// # Errors
    /// Where the log has stopped.
    pub fn append(&mut self, content: &[u8], effects: &mut Effects) -> Result<Sequence, Refused> {
        self.running()?;
        let mut current = match self.current {
            Some(current) if current.len < self.config.segment_bytes => current,
            _ => self.begin_segment(effects),
        };
        let sequence = self.last.next();
        let (chain, durable_through) = (self.chain, self.durable_through);
        effects.write(current.number, current.len, |bytes| {
            let from = bytes.len();
            self.chain = append_record(bytes, current, content, (sequence, durable_through, chain));
            current.len += (bytes.len() - from) as u64;
        });
        self.last = sequence;
        self.claimed = durable_through;
        self.current = Some(current);
        if self.unsynced.last() != Some(&current.number) {
            self.unsynced.push(current.number);
        }
        Ok(sequence)
    }

    /// Asks for everything appended so far to become durable. While syncs are under way nothing more is asked for: what was
    /// appended meanwhile shares the next ones, which begin when those are done.
    ///
    /// # Errors
    /// Where the log has stopped.
    pub fn sync(&mut self, effects: &mut Effects) -> Result<(), Refused> {
        self.running()?;
        if self.batch.outstanding.is_empty() {
            self.begin_batch(effects);
        } else {
            self.batch.then = Then::SyncAgain;
        }
        Ok(())
    }

    /// A sync completed.
    ///
    /// # Errors
    /// Where the log has stopped, or this sync is not under way.
    pub fn synced(&mut self, sync: SyncId, effects: &mut Effects) -> Result<(), Refused> {
        self.running()?;
        let at = self.outstanding(sync)?;
        self.batch.outstanding.swap_remove(at);
        if self.batch.outstanding.is_empty() {
            self.durable_through = self.batch.covers;
            self.claimed_durably = self.batch.claims;
            if std::mem::take(&mut self.batch.then) == Then::SyncAgain {
                self.begin_batch(effects);
            }
        }
        Ok(())
    }

    /// A sync failed: the log stops, and [`durable_through`](Self::durable_through) stays what it is.
    ///
    /// # Errors
    /// Where the log has stopped already, or this sync is not under way.
    pub fn sync_failed(&mut self, sync: SyncId) -> Result<(), Refused> {
        self.running()?;
        self.outstanding(sync)?;
        self.state = State::Stopped(Stopped::Sync(sync));
        Ok(())
    }

    /// A file could not be made, written or removed: the log stops.
    ///
    /// # Errors
    /// Where the log has stopped already.
    pub fn file_failed(&mut self, segment: SegmentNumber) -> Result<(), Refused> {
        self.running()?;
        self.state = State::Stopped(Stopped::File(segment));
        Ok(())
    }

    /// Removes the segments that hold only records before this one, as far as that can be done now; what has to stay goes with
    /// a later call. The log must not lose its beginning: the segment it is to begin with goes nowhere, and before those in front
    /// of it go, it must be on disk that they were synced. That is written by an append after the sync, and takes another sync.
    ///
    /// # Errors
    /// Where the log has stopped.
    pub fn remove_before(&mut self, sequence: Sequence, effects: &mut Effects) -> Result<(), Refused> {
        self.running()?;
        // 1. A crash takes the end of segment 1, and with it what segment 2 follows: segment 2 is dead.
        // 2. Somebody loses segment 1. Were a segment without any in front of it taken for the beginning as it is, segment 2
        //    would bring back records that were never part of the log.
        // That it says how far the log was synced when it was written tells: not to where it begins.
        let may_begin = |segment: &Live| segment.first <= sequence && segment.first.previous() <= self.claimed_durably;
        let Some(keep) = self.live.iter().rposition(may_begin).filter(|keep| *keep > 0) else { return Ok(()) };
        let kept = self.live[keep].number;
        // The dead first: were a dead one the first file that is left, nothing before it would say that it is dead. The
        // latest of them first, as one may follow another, and then the living from the earliest: so whatever a remaining
        // one follows is there, or is older than all that are.
        let dead = self.dead.partition_point(|number| *number < kept);
        self.dead.drain(..dead).rev().for_each(|number| effects.remove(number));
        self.live.drain(..keep).for_each(|segment| effects.remove(segment.number));
        self.directory = Directory::Changed;
        Ok(())
    }

    /// The last record appended, or recovered.
    #[must_use]
    pub fn last(&self) -> Sequence {
        self.last
    }

    /// Every record up to this one survives a crash.
    #[must_use]
    pub fn durable_through(&self) -> Sequence {
        self.durable_through
    }

    /// The segments that a crash left and that count for nothing. They go with the segments before them.
    #[must_use]
    pub fn void_segments(&self) -> &[SegmentNumber] {
        &self.dead
    }

    /// Why it has stopped, if it has.
    #[must_use]
    pub fn stopped(&self) -> Option<Stopped> {
        match self.state {
            State::Running => None,
            State::Stopped(why) => Some(why),
        }
    }

    fn running(&self) -> Result<(), Refused> {
        self.stopped().map_or(Ok(()), |why| Err(Refused::Stopped(why)))
    }

    fn outstanding(&self, sync: SyncId) -> Result<usize, Refused> {
        let at = self.batch.outstanding.iter().position(|outstanding| *outstanding == sync);
        at.ok_or(Refused::UnknownSync { received: sync })
    }

    fn begin_segment(&mut self, effects: &mut Effects) -> Current {
        let number = self.next;
        self.next = number.next().expect("fewer than 2^64 segments");
        let header = Header {
            number: number.get(),
            follows: self.live.last().map_or(0, |last| last.number.get()),
            first: self.last.next(),
            synced_through: self.durable_through,
            chain: self.chain,
        };
        effects.create(number);
        effects.write(number, 0, |bytes| header.encode(bytes));
        self.live.push(Live { number, first: header.first });
        self.directory = Directory::Changed;
        Current { number, seed: seed(number), len: HEADER_LEN as u64 }
    }

    /// Asks for the syncs of all that needs one, if anything does.
    fn begin_batch(&mut self, effects: &mut Effects) {
        let Log { batch, syncs, .. } = self;
        let mut begin = || {
            let sync = SyncId(*syncs);
            *syncs += 1;
            batch.outstanding.push(sync);
            sync
        };
        // A file that is synced and whose name is not can be gone after a crash. So a batch is not done before both are; and
        // with the directory in front, a host whose disk carries out one after the other may take the last of a batch for it.
        if self.directory == Directory::Changed {
            effects.sync_directory(begin());
            self.directory = Directory::Synced;
        }
        for segment in self.unsynced.drain(..) {
            effects.sync_file(begin(), segment);
        }
        self.batch.covers = self.last;
        self.batch.claims = self.claimed;
    }
}

/// Adds the fragments of a record and the padding before them; the checksum of the last.
fn append_record(
    bytes: &mut Vec<u8>,
    current: Current,
    content: &[u8],
    (sequence, synced_through, mut chain): (Sequence, Sequence, u32),
) -> u32 {
    let mut in_sector = usize::try_from(current.len % SECTOR_LEN as u64).expect("less than a sector");
    let (mut rest, mut begun) = (content, false);
    loop {
        let mut room = SECTOR_LEN - in_sector;
        if room <= OVERHEAD {
            bytes.resize(bytes.len() + room, 0);
            (in_sector, room) = (0, SECTOR_LEN);
        }
        let (content, later) = rest.split_at(rest.len().min(room - OVERHEAD));
        let kind = match (begun, later.is_empty()) {
            (false, true) => Kind::Full,
            (false, false) => Kind::First,
            (true, false) => Kind::Middle,
            (true, true) => Kind::Last,
        };
        chain = Fragment { kind, chain, sequence, synced_through, content }.encode(bytes, current.seed);
        in_sector = (in_sector + OVERHEAD + content.len()) % SECTOR_LEN;
        (rest, begun) = (later, true);
        if later.is_empty() {
            return chain;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effects::Effect;
    use crate::recovery::recover;

    #[test]
    fn buffers_that_have_grown_are_used_again() {
        let mut effects = Effects::new();
        let mut log = recover(Config::default(), [], &mut effects).expect("a new log").log;
        let mut synced = Vec::new();
        let mut round = |log: &mut Log| {
            (0..10).for_each(|_| assert!(log.append(&[7; 700], &mut effects).is_ok()));
            log.sync(&mut effects).expect("it runs");
            let mut buffer = None;
            for effect in effects.drain() {
                match effect {
                    Effect::Write { bytes, .. } => buffer = Some(bytes.as_ptr()),
                    Effect::SyncFile { sync, .. } | Effect::SyncDirectory { sync } => synced.push(sync),
                    Effect::Create(_) | Effect::Remove(_) => {}
                }
            }
            synced.drain(..).for_each(|sync| log.synced(sync, &mut effects).expect("it is under way"));
            let capacities = [log.unsynced.capacity(), log.batch.outstanding.capacity(), log.live.capacity()];
            (buffer.expect("something is written"), capacities)
        };
        let grown = (0..3).map(|_| round(&mut log)).last();
        (0..1000).for_each(|_| assert_eq!(Some(round(&mut log)), grown));
    }
}
