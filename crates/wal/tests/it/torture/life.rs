//! A log in use on a [`Disk`], and a plain list beside it of what it must hold.

use std::collections::BTreeMap;

use wal::{
    Config, Damage, Effect, Effects, Log, Recovered, Refused, SegmentNumber, Sequence, Stopped, SyncId, Tail, recover,
};

use super::Counts;
use super::disk::Disk;
use super::random::Random;

pub type Images = BTreeMap<SegmentNumber, Vec<u8>>;

/// The lives of one log.
pub struct Lives {
    pub seed: u64,
    pub random: Random,
    disk: Disk,
    config: Config,
    /// What a reader may find, from record 1 on: what was recovered last, and what was appended since.
    pub expected: Vec<Vec<u8>>,
    /// The most that was ever said to be durable.
    pub durable_through: Sequence,
    /// The first record that nobody asked to have removed.
    pub needed_from: Sequence,
    /// Whether the last record says that all before it were synced.
    pub witnessed: bool,
}

enum Target {
    File(SegmentNumber),
    Directory,
}

struct Life {
    log: Log,
    effects: Effects,
    under_way: Vec<(SyncId, Target)>,
}

#[derive(Clone, Copy)]
enum End {
    Machine,
    Process,
    /// With everything synced, and then one record more, which says so. Nobody crashes.
    Clean,
}

impl Lives {
    pub fn new(seed: u64, mut random: Random) -> Lives {
        let config = Config { segment_bytes: random.one_of(&[1, 500, 1000, 3000, 1 << 20]) };
        Lives {
            seed,
            random,
            disk: Disk::default(),
            config,
            expected: Vec::new(),
            durable_through: Sequence(0),
            needed_from: Sequence(1),
            witnessed: false,
        }
    }

    /// Some lives in a row. The last ends in a crash of the machine, or with everything synced.
    pub fn live(&mut self, counts: &mut Counts) {
        let lives = 1 + self.random.below(6);
        for life in 1..=lives {
            let end = match (life == lives, self.random.below(4)) {
                (true, 0 | 1) => End::Clean,
                (false, 0) => End::Process,
                _ => End::Machine,
            };
            self.one_life(end, counts);
        }
        let images = self.images();
        let found = self.read(&images).unwrap_or_else(|damage| panic!("seed {}: refused: {damage}", self.seed));
        self.judge(&found, counts);
    }

    pub fn images(&self) -> Images {
        self.disk.images()
    }

    pub fn read(&self, images: &Images) -> Result<Recovered, Damage> {
        recover(self.config, images.iter().map(|(name, bytes)| (*name, bytes.as_slice())), &mut Effects::new())
    }

    fn one_life(&mut self, end: End, counts: &mut Counts) {
        let images = self.images();
        let mut effects = Effects::new();
        let read = recover(self.config, images.iter().map(|(name, bytes)| (*name, bytes.as_slice())), &mut effects);
        let found = read.unwrap_or_else(|damage| panic!("seed {}: refused: {damage}", self.seed));
        self.judge(&found, counts);
        let mut life = Life { log: found.log, effects, under_way: Vec::new() };
        let most = self.random.one_of(&[3, 24, 24, 90]);
        let operations = self.random.upto(most);
        for _ in 0..operations {
            self.operation(&mut life, counts);
            self.durable_through = self.durable_through.max(life.log.durable_through());
            if life.log.stopped().is_some() {
                return self.crash(End::Machine, &mut life, counts);
            }
        }
        self.crash(end, &mut life, counts);
    }

    fn operation(&mut self, life: &mut Life, counts: &mut Counts) {
        let Life { log, effects, under_way } = life;
        match self.random.below(20) {
            0..8 => {
                let content = self.content();
                let sequence = log.append(&content, effects).expect("it runs");
                self.expected.push(content);
                assert_eq!(sequence.0, self.expected.len() as u64, "seed {}", self.seed);
            }
            8..12 => log.sync(effects).expect("it runs"),
            12 => {
                let sequence = Sequence(self.random.upto(self.expected.len() + 1) as u64);
                self.needed_from = self.needed_from.max(sequence);
                log.remove_before(sequence, effects).expect("it runs");
            }
            13 if self.random.percent(10) && !under_way.is_empty() => {
                let (sync, _) = under_way.swap_remove(self.random.below(under_way.len()));
                log.sync_failed(sync).expect("it is under way");
                let refused = Refused::Stopped(Stopped::Sync(sync));
                assert_eq!(log.append(b"never", effects), Err(refused));
                assert_eq!((log.sync(effects), log.synced(sync, effects)), (Err(refused), Err(refused)));
                counts.failed_syncs += 1;
            }
            13..16 => self.carry_out(life, counts),
            _ => {
                self.carry_out(life, counts);
                let completed = self.random.upto(life.under_way.len());
                (0..completed).for_each(|_| self.complete(life));
            }
        }
    }

    /// Zeros are as likely as they are hard.
    fn content(&mut self) -> Vec<u8> {
        let len = match self.random.below(8) {
            0 => 0,
            1..5 => self.random.upto(60),
            5 | 6 => self.random.upto(600),
            _ => self.random.upto(2200),
        };
        let zeros = self.random.one_of(&[0, 0, 50, 100]);
        (0..len).map(|_| if self.random.percent(zeros) { 0 } else { self.random.byte() }).collect()
    }

    fn carry_out(&mut self, life: &mut Life, counts: &mut Counts) {
        let Life { effects, under_way, .. } = life;
        for effect in effects.drain() {
            self.do_one(effect, under_way, counts);
        }
    }

    fn do_one(&mut self, effect: Effect<'_>, under_way: &mut Vec<(SyncId, Target)>, counts: &mut Counts) {
        match effect {
            Effect::Create(segment) => self.disk.create(segment),
            Effect::Write { segment, offset, bytes } => self.disk.write(segment, offset, bytes),
            Effect::SyncFile { sync, segment } => {
                self.disk.begin_sync_file(segment);
                under_way.push((sync, Target::File(segment)));
            }
            Effect::SyncDirectory { sync } => {
                self.disk.begin_sync_directory();
                under_way.push((sync, Target::Directory));
            }
            Effect::Remove(segment) => {
                self.disk.remove(segment);
                counts.segments_removed += 1;
            }
        }
    }

    fn complete(&mut self, life: &mut Life) {
        let Life { log, effects, under_way } = life;
        let (sync, target) = under_way.swap_remove(self.random.below(under_way.len()));
        match target {
            Target::File(segment) => self.disk.end_sync_file(segment),
            Target::Directory => self.disk.end_sync_directory(),
        }
        log.synced(sync, effects).expect("it is under way");
        let again = log.synced(sync, effects);
        assert_eq!(again, Err(Refused::UnknownSync { received: sync }), "a completion counts once");
    }

    fn crash(&mut self, end: End, life: &mut Life, counts: &mut Counts) {
        if let End::Clean = end {
            self.sync(life, counts);
            life.log.append(b"witness", &mut life.effects).expect("it runs");
            self.expected.push(b"witness".to_vec());
            self.sync(life, counts);
            self.witnessed = true;
            return;
        }
        self.cut_short(life, counts);
        match end {
            End::Process => {
                self.disk.abandon_syncs();
                counts.process_crashes += 1;
            }
            _ => {
                self.disk.crash(&mut self.random);
                counts.machine_crashes += 1;
            }
        }
    }

    /// Makes everything durable.
    fn sync(&mut self, life: &mut Life, counts: &mut Counts) {
        life.log.sync(&mut life.effects).expect("it runs");
        while !life.effects.is_empty() || !life.under_way.is_empty() {
            self.carry_out(life, counts);
            while !life.under_way.is_empty() {
                self.complete(life);
            }
        }
        assert_eq!(life.log.durable_through(), life.log.last());
        self.durable_through = life.log.durable_through();
    }

    /// Of what was still to be done, some is; of the write that comes then, a beginning.
    fn cut_short(&mut self, life: &mut Life, counts: &mut Counts) {
        let Life { effects, under_way, .. } = life;
        let mut left = self.random.upto(8);
        for effect in effects.drain() {
            match (left, effect) {
                (0, Effect::Write { segment, offset, bytes }) => {
                    let written = self.random.upto(bytes.len());
                    if written > 0 {
                        self.disk.write(segment, offset, &bytes[..written]);
                    }
                    return;
                }
                (0, _) => return,
                (_, effect) => self.do_one(effect, under_way, counts),
            }
            left -= 1;
        }
    }

    /// A reader without damage: nothing durable is lost, nothing is there that was not appended, and what is lost is the end.
    fn judge(&mut self, found: &Recovered, counts: &mut Counts) {
        let Recovered { records, tail, log } = found;
        self.holds_what_was_appended(found, "without damage");
        assert!(records.last() >= self.durable_through, "seed {}: synced records are lost", self.seed);
        assert!(records.first() <= self.needed_from, "seed {}: needed records are lost", self.seed);
        assert!(log.durable_through() <= self.durable_through, "seed {}: nobody synced these", self.seed);
        counts.torn_tails += u64::from(*tail != Tail::Clean);
        counts.void_segments += log.void_segments().len() as u64;
        counts.records_kept_unsynced += records.last().0 - self.durable_through.0;
        let kept = usize::try_from(records.last().0).expect("few records");
        counts.records_cut += (self.expected.len() - kept) as u64;
        self.expected.truncate(kept);
    }

    /// What is there was appended, at this place.
    pub fn holds_what_was_appended(&self, found: &Recovered, when: &str) {
        for (sequence, content) in found.records.iter() {
            let index = usize::try_from(sequence.0 - 1).expect("few records");
            let expected = self.expected.get(index).map(Vec::as_slice);
            assert!(expected == Some(content), "seed {}: {sequence} is another, {when}", self.seed);
        }
    }
}
