//! A host of files in memory, which does at once what it is asked to do.

use std::collections::BTreeMap;

use wal::{Config, Damage, Effect, Effects, Log, Recovered, SegmentNumber, Sequence, SyncId, recover};

pub type Files = BTreeMap<SegmentNumber, Vec<u8>>;

pub struct Host {
    pub log: Log,
    pub effects: Effects,
    pub files: Files,
    /// What was asked for, in words.
    pub done: Vec<String>,
    /// Syncs that were asked for and not reported.
    pub under_way: Vec<SyncId>,
}

pub fn segment(number: u64) -> SegmentNumber {
    SegmentNumber::new(number).expect("from 1")
}

pub fn read(config: Config, files: &Files, effects: &mut Effects) -> Result<Recovered, Damage> {
    recover(config, files.iter().map(|(segment, bytes)| (*segment, bytes.as_slice())), effects)
}

/// What a log of these files holds.
pub fn contents(files: &Files) -> Result<Vec<Vec<u8>>, Damage> {
    let records = read(Config::default(), files, &mut Effects::new())?.records;
    Ok(records.iter().map(|(_, content)| content.to_vec()).collect())
}

impl Host {
    pub fn new(config: Config) -> Host {
        Host::on(Files::new(), config)
    }

    /// A life that begins with these files; its first effects are not done yet.
    pub fn on(files: Files, config: Config) -> Host {
        let mut effects = Effects::new();
        let log = read(config, &files, &mut effects).expect("no damage").log;
        Host { log, effects, files, done: Vec::new(), under_way: Vec::new() }
    }

    pub fn append(&mut self, content: &[u8]) -> Sequence {
        self.log.append(content, &mut self.effects).expect("it runs")
    }

    /// Does what was asked for, and reports no sync.
    pub fn carry_out(&mut self) {
        for effect in self.effects.drain() {
            match effect {
                Effect::Create(segment) => {
                    assert!(self.files.insert(segment, Vec::new()).is_none());
                    self.done.push(format!("create {segment}"));
                }
                Effect::Write { segment, offset, bytes } => {
                    let file = self.files.get_mut(&segment).expect("it was made");
                    assert_eq!(file.len() as u64, offset);
                    file.extend(bytes);
                    self.done.push(format!("write {segment} {offset}+{}", bytes.len()));
                }
                Effect::SyncFile { sync, segment } => {
                    self.under_way.push(sync);
                    self.done.push(format!("sync {segment}"));
                }
                Effect::SyncDirectory { sync } => {
                    self.under_way.push(sync);
                    self.done.push("sync directory".to_owned());
                }
                Effect::Remove(segment) => {
                    assert!(self.files.remove(&segment).is_some());
                    self.done.push(format!("remove {segment}"));
                }
            }
        }
    }

    /// Syncs until nothing is left to sync.
    pub fn sync(&mut self) {
        self.log.sync(&mut self.effects).expect("it runs");
        self.settle();
        assert_eq!(self.log.durable_through(), self.log.last());
    }

    /// Does what was asked for, and what is asked for then.
    pub fn settle(&mut self) {
        while !self.effects.is_empty() || !self.under_way.is_empty() {
            self.carry_out();
            for sync in std::mem::take(&mut self.under_way) {
                self.log.synced(sync, &mut self.effects).expect("it is under way");
            }
        }
    }
}
