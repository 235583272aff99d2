//! A disk with a cache. What was not synced is decided at the crash, for each sector by itself.

use std::collections::{BTreeMap, BTreeSet};

use wal::SegmentNumber;

use super::random::Random;

const SECTOR_LEN: usize = 512;

#[derive(Clone, Debug, Default)]
pub struct Disk {
    files: BTreeMap<SegmentNumber, File>,
    /// The names that survive.
    names: BTreeSet<SegmentNumber>,
    /// What was done to the directory since, in order.
    changes: Vec<Change>,
    /// How many of these a sync under way covers.
    syncing: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Create(SegmentNumber),
    Remove(SegmentNumber),
}

#[derive(Clone, Debug, Default)]
struct File {
    durable: Vec<u8>,
    cached: Vec<u8>,
    /// Where and what was written since the last sync.
    writes: Vec<(usize, Vec<u8>)>,
    /// How many of these a sync under way covers.
    syncing: usize,
}

impl Disk {
    pub fn create(&mut self, name: SegmentNumber) {
        assert!(!self.visible().contains(&name), "{name} is there already");
        self.files.insert(name, File::default());
        self.changes.push(Change::Create(name));
    }

    pub fn remove(&mut self, name: SegmentNumber) {
        assert!(self.visible().contains(&name), "{name} is there");
        self.changes.push(Change::Remove(name));
    }

    pub fn write(&mut self, name: SegmentNumber, offset: u64, bytes: &[u8]) {
        assert!(self.visible().contains(&name), "{name} is there");
        let file = self.files.get_mut(&name).expect("what is visible is there");
        let offset = usize::try_from(offset).expect("small files");
        assert_eq!(offset, file.cached.len(), "a log only appends");
        assert!(!bytes.is_empty(), "a write writes something");
        file.cached.extend(bytes);
        file.writes.push((offset, bytes.to_vec()));
    }

    pub fn begin_sync_file(&mut self, name: SegmentNumber) {
        let file = self.files.get_mut(&name).expect("a file that is synced is there");
        file.syncing = file.writes.len();
    }

    pub fn end_sync_file(&mut self, name: SegmentNumber) {
        let file = self.files.get_mut(&name).expect("a file that is synced is there");
        for (offset, bytes) in file.writes.drain(..file.syncing) {
            overwrite(&mut file.durable, offset, &bytes);
        }
        file.syncing = 0;
    }

    pub fn begin_sync_directory(&mut self) {
        self.syncing = self.changes.len();
    }

    pub fn end_sync_directory(&mut self) {
        let done = self.syncing;
        self.settle_names(done);
        self.syncing = 0;
    }

    /// The machine crashes: what survives is durable from now on.
    pub fn crash(&mut self, random: &mut Random) {
        let prefix = random.upto(self.changes.len());
        self.settle_names(prefix);
        self.changes.clear();
        self.syncing = 0;
        self.files.retain(|name, _| self.names.contains(name));
        self.files.values_mut().for_each(|file| file.crash(random));
    }

    /// The process crashes: the cache stays as it is.
    pub fn abandon_syncs(&mut self) {
        self.syncing = 0;
        self.files.values_mut().for_each(|file| file.syncing = 0);
    }

    /// What a process reads.
    pub fn images(&self) -> BTreeMap<SegmentNumber, Vec<u8>> {
        self.visible().into_iter().map(|name| (name, self.files[&name].cached.clone())).collect()
    }

    fn visible(&self) -> BTreeSet<SegmentNumber> {
        let mut names = self.names.clone();
        self.changes.iter().for_each(|change| change.apply(&mut names));
        names
    }

    fn settle_names(&mut self, prefix: usize) {
        for change in self.changes.drain(..prefix) {
            change.apply(&mut self.names);
            if let Change::Remove(name) = change {
                self.files.remove(&name);
            }
        }
    }
}

impl Change {
    fn apply(self, names: &mut BTreeSet<SegmentNumber>) {
        let changed = match self {
            Change::Create(name) => names.insert(name),
            Change::Remove(name) => names.remove(&name),
        };
        assert!(changed, "{self:?} changes something");
    }
}

impl File {
    fn crash(&mut self, random: &mut Random) {
        let longest = self.cached.len();
        let len = match random.below(3) {
            0 => longest,
            1 => self.durable.len(),
            _ => self.durable.len() + random.upto(longest - self.durable.len()),
        };
        let mood = random.below(4);
        let mut image = Vec::new();
        for start in (0..longest).step_by(SECTOR_LEN) {
            image.extend(self.sector(start, mood, random));
        }
        // A growth that survives in part, or in whole sectors of which the last are zeros.
        let len = if random.percent(20) { len.next_multiple_of(SECTOR_LEN) } else { len };
        image.resize(len, 0);
        *self = File { durable: image.clone(), cached: image, ..File::default() };
    }

    /// What is left of a sector: one of its versions, or the beginning of a later one on an earlier one.
    fn sector(&self, start: usize, mood: usize, random: &mut Random) -> [u8; SECTOR_LEN] {
        let touches =
            |(offset, bytes): &&(usize, Vec<u8>)| *offset < start + SECTOR_LEN && offset + bytes.len() > start;
        let versions = self.writes.iter().filter(touches).count();
        let chosen = match mood {
            0 => versions,
            1 => 0,
            _ => random.upto(versions),
        };
        let mut survived = self.version(start, chosen);
        if random.percent(30) {
            let later = self.version(start, chosen + random.upto(versions - chosen));
            let torn = random.upto(SECTOR_LEN);
            survived[..torn].copy_from_slice(&later[..torn]);
        }
        survived
    }

    /// The sector as it was after so many of the writes that touched it.
    fn version(&self, start: usize, version: usize) -> [u8; SECTOR_LEN] {
        let mut sector = [0; SECTOR_LEN];
        let mut put = |offset: usize, bytes: &[u8]| {
            let (from, to) = (offset.max(start), (offset + bytes.len()).min(start + SECTOR_LEN));
            if from < to {
                sector[from - start..to - start].copy_from_slice(&bytes[from - offset..to - offset]);
                return 1;
            }
            0
        };
        put(0, &self.durable);
        let mut applied = 0;
        for (offset, bytes) in &self.writes {
            if applied == version {
                break;
            }
            applied += put(*offset, bytes);
        }
        sector
    }
}

fn overwrite(image: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    image.resize(image.len().max(offset + bytes.len()), 0);
    image[offset..offset + bytes.len()].copy_from_slice(bytes);
}
