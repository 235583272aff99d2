//! One node's disk: a directory of files, a page cache that a crash may lose, and syncs that make it durable.
//!
//! A write goes to the page cache and says nothing when it succeeds; a sync completes later, and then every write to
//! that file issued before it is durable. That a file is made, renamed or removed is durable once the directory is
//! synced, and a file that has no durable name is not found after a crash, whatever was synced of its bytes. Requests are
//! carried out in order. At a crash the fate of each unsynced sector is decided by itself, then and there.
//!
//! | room | holds |
//! |---|---|
//! | here | the disk: its requests, the facts that they carry, and what may be wrong with it |
//! | `inode` | the bytes of one file, sector by sector |
//! | `directory` | which name stands for which file |
//! | `marks` | how far the requests of either have come |
//! | `misread` | what one boot reads that is not on the platter |

mod directory;
mod inode;
mod marks;
mod misread;

use std::collections::{BTreeMap, VecDeque};

use self::directory::Directory;
pub(crate) use self::directory::{Change, DIRECTORY};
use self::inode::Inode;
pub(crate) use self::inode::{Needed, SectorFate};
use self::marks::Marks;
use self::misread::Misreading;
pub(crate) use self::misread::{Misread, ReadTrap};
use crate::id::Request;
use crate::mix::mix;
use crate::process::DiskError;
use crate::sample::below;

/// A file of this node's disk.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct File(pub(crate) u16);

/// One node's disk. Its bytes outlive the process.
#[derive(Clone)]
pub(crate) struct Disk<F> {
    inodes: Vec<Inode>,
    /// The files of which something is not on the platter.
    unsettled: Vec<u16>,
    directory: Directory,
    /// Facts that become true when their request is durable, in the order of requests.
    facts: VecDeque<(Request, F)>,
    requests: u32,
    /// The requests that failed in this life.
    failed: Vec<Failed>,
    /// In this life: of each file of which something was lost, the first request whose bytes are not there, behind which
    /// nothing is of any use.
    broken: Vec<(u16, Request)>,
    condition: Condition,
    /// What becomes of one sector of what is synced next.
    write_trap: Option<WriteTrap>,
    /// What is to become of one sector when the disk is read next.
    read_trap: Option<ReadTrap>,
    /// What the boot that is under way is to read.
    misreading: Option<Misreading>,
}

/// Requests that failed.
#[derive(Clone, Copy)]
struct Failed {
    error: DiskError,
    /// Of this file, or of all.
    file: Option<u16>,
    from: Request,
    /// Nothing where the process was not told yet: requests are carried out in order, and behind one that failed none is until
    /// the process has heard of it, or it would be told that what lies behind a hole is durable.
    through: Option<Request>,
}

/// How a disk does its work, until an item of the plan ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Condition {
    /// As it should.
    Sound,
    /// Not at all.
    Stalled,
    /// Every sync fails, and what it was for is kept or lost.
    Failing,
    /// No file grows.
    Full,
    /// A sync says that it is done, and has done nothing.
    Lying,
}

/// A sector that does not reach its place though its sync says so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum WriteTrap {
    /// It is not written; which one is drawn from this word.
    Lost(u64),
    /// It is written over another.
    Misdirected(u64),
}

/// What a crash did to one disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CrashLosses<F> {
    /// Changes that survived.
    pub(crate) kept: u32,
    /// Changes that did not, or not whole.
    pub(crate) dropped: u32,
    /// Sectors that are part new, part old.
    pub(crate) torn: u32,
    /// What became durable after all: of its change, and of every earlier one of the file, all that is needed was kept.
    pub(crate) facts: Vec<F>,
}

/// Where a sector is: what its fate is asked for by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Place {
    pub(crate) file: u16,
    pub(crate) sector: u64,
    /// The last change to it that was not synced.
    pub(crate) request: Request,
}

impl<F> Disk<F> {
    pub(crate) fn new() -> Disk<F> {
        Disk {
            inodes: Vec::new(),
            unsettled: Vec::new(),
            directory: Directory::default(),
            facts: VecDeque::new(),
            requests: 0,
            failed: Vec::new(),
            broken: Vec::new(),
            condition: Condition::Sound,
            write_trap: None,
            read_trap: None,
            misreading: None,
        }
    }

    /// The file of this name, as the process sees it.
    pub(crate) fn file(&self, name: &str) -> Option<File> {
        self.directory.file(name).map(File)
    }

    /// A file that has no name yet.
    pub(crate) fn new_file(&mut self) -> File {
        self.inodes.push(Inode::default());
        let number = u16::try_from(self.inodes.len() - 1).ok().filter(|number| *number != DIRECTORY);
        File(number.expect("a disk has had fewer than 65535 files"))
    }

    /// The durable bytes of a file, as they are read; nothing where there is no such file.
    pub(crate) fn read(&self, name: &str) -> &[u8] {
        let Some(file) = self.directory.durable_file(name) else { return &[] };
        self.misread(file).unwrap_or_else(|| self.inodes[file as usize].durable())
    }

    /// The names of all files, in order, as the process sees them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.directory.names()
    }

    /// A name for the next request on `file`; numbers go on across incarnations.
    pub(crate) fn next_request(&mut self, incarnation: u32, file: File) -> Request {
        self.requests += 1;
        Request { incarnation, number: self.requests, file: file.0 }
    }

    /// How many requests there were so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.into()
    }

    /// Writes to the page cache. What is `needed` makes it whole.
    ///
    /// # Errors
    /// Where the file would grow and the disk is full; nothing is written then.
    pub(crate) fn write(&mut self, request: Request, at: u64, bytes: &[u8], needed: Needed) -> Result<(), DiskError> {
        let end = at.saturating_add(bytes.len() as u64);
        let has_room = self.condition != Condition::Full || end <= self.inodes[request.file as usize].len();
        if !has_room && self.failure_of(request).is_none() {
            self.failed.push(Failed { error: DiskError::NoSpace, file: None, from: request, through: None });
        }
        self.refuse_behind_a_failure(request)?;
        self.inodes[request.file as usize].write(request, at, bytes, needed);
        self.unsettle(request.file);
        Ok(())
    }

    /// Cuts a file in the page cache.
    ///
    /// # Errors
    /// Behind a request that failed.
    pub(crate) fn truncate(&mut self, request: Request, len: u64) -> Result<(), DiskError> {
        self.refuse_behind_a_failure(request)?;
        self.inodes[request.file as usize].truncate(request, len);
        self.unsettle(request.file);
        Ok(())
    }

    /// The process sees a change of names as it asks for it.
    pub(crate) fn see(&mut self, change: &Change) {
        self.directory.see(change);
    }

    /// A change of names waits to become durable.
    ///
    /// # Errors
    /// Behind a request that failed.
    pub(crate) fn change_names(&mut self, request: Request, change: Change) -> Result<(), DiskError> {
        self.refuse_behind_a_failure(request)?;
        self.directory.change(request, change);
        Ok(())
    }

    /// Whether what a request did is on the platter, and is found there.
    pub(crate) fn is_durable(&self, request: Request) -> bool {
        self.marks(request.file).is_durable(request) && !self.is_broken(request) && self.is_readable(request.file)
    }

    /// What `file` holds is read behind all of `before` from here on, in this life.
    pub(crate) fn follow(&mut self, file: File, before: File) {
        assert!(
            file != before && self.before(before.0).all(|known| known != file.0),
            "files follow each other in a circle"
        );
        self.inodes[file.0 as usize].behind.get_or_insert(before.0);
    }

    /// Why a request failed, as the process was told or will be; nothing where it did not.
    pub(crate) fn failure_of(&self, request: Request) -> Option<DiskError> {
        let is_of = |failed: &&Failed| {
            failed.file.is_none_or(|file| file == request.file)
                && failed.from <= request
                && failed.through.is_none_or(|through| request <= through)
        };
        self.failed.iter().find(is_of).map(|failed| failed.error)
    }

    /// The process hears that a request failed. What it asks for from here on, it asks for knowing that.
    pub(crate) fn tell_of_failure(&mut self, request: Request) {
        let last = Request { number: self.requests, file: DIRECTORY, ..request };
        let untold = self.failed.iter_mut().filter(|failed| failed.through.is_none() && failed.from <= request);
        untold.for_each(|failed| failed.through = Some(last));
    }

    /// Whether the process was told that a request is durable.
    pub(crate) fn is_acknowledged(&self, request: Request) -> bool {
        self.marks(request.file).is_acknowledged(request)
    }

    /// States a fact when `request`, which is not durable yet, is.
    pub(crate) fn state_when_durable(&mut self, request: Request, fact: F) {
        if !self.is_broken(request) {
            self.facts.push_back((request, fact));
        }
    }

    /// A sync comes to its end. Moves the facts that so became true to `facts`; the fate of what a failure finds unsynced
    /// is asked for as at a crash.
    ///
    /// # Errors
    /// Where the disk fails. The bytes may be there or not, and no later sync is about them: the page cache holds them for
    /// clean.
    pub(crate) fn synced(
        &mut self,
        sync: Request,
        facts: &mut Vec<F>,
        fate: impl FnMut(Place) -> SectorFate,
    ) -> Result<(), DiskError> {
        if let Some(error) = self.failure_of(sync) {
            return Err(error);
        }
        match self.condition {
            Condition::Failing => {
                self.fail(sync, facts, fate);
                return Err(DiskError::Io);
            }
            Condition::Lying => {}
            Condition::Sound | Condition::Full | Condition::Stalled => {
                self.settle(sync);
                self.take_true(facts);
            }
        }
        self.marks_mut(sync.file).acknowledge(sync);
        Ok(())
    }

    /// The process died: of what is not durable, `fate` says what survives.
    pub(crate) fn crash(&mut self, mut fate: impl FnMut(Place) -> SectorFate) -> CrashLosses<F> {
        let is_known = |(file, inode): (u16, &Inode)| inode.has_pending() == self.unsettled.contains(&file);
        debug_assert!((0..).zip(&self.inodes).all(is_known), "{:?} are not the unsettled files", self.unsettled);
        let mut losses = CrashLosses { kept: 0, dropped: 0, torn: 0, facts: Vec::new() };
        let mut dropped = BTreeMap::new();
        for file in (0..self.inodes.len() as u16).chain([DIRECTORY]) {
            let first = self.resolve(file, &mut losses, &mut fate);
            dropped.extend(first.map(|request| (file, request)));
        }
        self.directory.forget();
        for (request, fact) in std::mem::take(&mut self.facts) {
            let has_a_hole = |file: u16| dropped.contains_key(&file) || !self.is_settled(file);
            let is_behind_a_hole = self.is_broken(request) || self.before(request.file).any(has_a_hole);
            let is_there = !is_behind_a_hole && dropped.get(&request.file).is_none_or(|first| request < *first);
            losses.facts.extend((is_there && self.is_found(request.file)).then_some(fact));
        }
        self.failed.clear();
        self.broken.clear();
        self.inodes.iter_mut().for_each(|inode| inode.behind = None);
        losses
    }

    /// Nothing is left.
    pub(crate) fn wipe(&mut self) {
        *self = Disk { requests: self.requests, condition: self.condition, ..Disk::new() };
    }

    /// A bit of a file, drawn from this word among all that are on the platter, becomes another; gives which file, and
    /// where. Nothing where there are none.
    pub(crate) fn rot(&mut self, draw: u64) -> Option<(String, u64)> {
        let files =
            || self.directory.durable().map(|(name, file)| (name, file, self.inodes[file as usize].durable().len()));
        let total: usize = files().map(|(.., len)| len).sum();
        if total == 0 {
            return None;
        }
        let mut at = below(draw, total as u64);
        let mut files = files();
        let (name, file) = loop {
            let (name, file, len) = files.next()?;
            match at.checked_sub(len as u64) {
                Some(further) => at = further,
                None => break (name.to_owned(), file),
            }
        };
        drop(files);
        self.inodes[file as usize].rot(at, below(mix(draw, 1), 8) as u32);
        Some((name, at))
    }

    /// Whether there are bytes on the platter.
    pub(crate) fn has_bytes(&self) -> bool {
        self.directory.durable().any(|(_, file)| !self.inodes[file as usize].durable().is_empty())
    }

    pub(crate) fn condition(&self) -> Condition {
        self.condition
    }

    pub(crate) fn set_condition(&mut self, condition: Condition) {
        self.condition = condition;
    }

    pub(crate) fn has_write_trap(&self) -> bool {
        self.write_trap.is_some()
    }

    pub(crate) fn set_write_trap(&mut self, trap: WriteTrap) {
        self.write_trap = Some(trap);
    }

    pub(crate) fn has_read_trap(&self) -> bool {
        self.read_trap.is_some()
    }

    pub(crate) fn set_read_trap(&mut self, trap: ReadTrap) {
        self.read_trap = Some(trap);
    }

    /// No trap is set any more.
    pub(crate) fn disarm(&mut self) {
        self.write_trap = None;
        self.read_trap = None;
    }

    fn settle(&mut self, sync: Request) {
        if sync.file == DIRECTORY {
            return self.directory.settle(sync);
        }
        let stale = self.about_to_change(sync);
        self.settle_file(sync);
        self.remember(stale);
        if !self.inodes[sync.file as usize].has_pending() {
            self.unsettled.retain(|file| *file != sync.file);
        }
    }

    fn settle_file(&mut self, sync: Request) {
        let inode = &mut self.inodes[sync.file as usize];
        let Some(trap) = self.write_trap else { return inode.settle(sync) };
        // Where nothing was lost, the next sync is the one.
        if let Some(first) = inode.settle_but_one(sync, trap) {
            self.write_trap = None;
            self.facts.retain(|(request, _)| request.file != sync.file || *request < first);
            self.break_from(first);
        }
    }

    /// A sync fails: what it was for is resolved, and no later one is about it.
    fn fail(&mut self, sync: Request, facts: &mut Vec<F>, mut fate: impl FnMut(Place) -> SectorFate) {
        let mut losses = CrashLosses { kept: 0, dropped: 0, torn: 0, facts: Vec::new() };
        let first = self.resolve(sync.file, &mut losses, &mut fate);
        let is_lost = |request: Request| first.is_some_and(|first| first <= request);
        let is_readable = self.is_readable(sync.file);
        for index in (0..self.facts.len()).rev() {
            let request = self.facts[index].0;
            // What is there and cannot be read yet may be after a crash: then the file has its name, or what comes before it.
            if request.file == sync.file && (is_readable || is_lost(request)) {
                let (_, fact) = self.facts.remove(index).expect("an index of the list");
                facts.extend((!is_lost(request)).then_some(fact));
            }
        }
        facts.reverse();
        let error = DiskError::Io;
        self.failed.push(Failed { error, file: None, from: sync, through: None });
        // By luck all of it may be there, and then what comes behind it is of use.
        if let Some(from) = first {
            self.failed.push(Failed { error, file: Some(sync.file), from, through: Some(sync) });
            self.break_from(from);
        }
    }

    /// Resolves the pending changes of a file, or of the directory, as a crash does; gives the first that was not kept whole.
    fn resolve(
        &mut self,
        file: u16,
        losses: &mut CrashLosses<F>,
        fate: &mut impl FnMut(Place) -> SectorFate,
    ) -> Option<Request> {
        if file == DIRECTORY {
            return self.directory.resolve(|sector, request| fate(Place { file, sector, request }));
        }
        let resolved = self.inodes[file as usize].crash(|sector, request| {
            let decided = fate(Place { file, sector, request });
            losses.torn += u32::from(matches!(decided, SectorFate::Torn(_)));
            decided
        });
        self.unsettled.retain(|unsettled| *unsettled != file);
        let kept = resolved.iter().filter(|change| change.whole).count() as u32;
        losses.kept += kept;
        losses.dropped += resolved.len() as u32 - kept;
        resolved.iter().find(|change| !change.whole).map(|change| change.request)
    }

    /// The files that are read before this one, the nearest first.
    fn before(&self, file: u16) -> impl Iterator<Item = u16> {
        let before = |file: &u16| self.inodes.get(*file as usize)?.behind;
        std::iter::successors(before(&file), before)
    }

    /// Whether everything that was written to a file is there.
    fn is_settled(&self, file: u16) -> bool {
        !self.inodes[file as usize].has_pending() && self.broken.iter().all(|(broken, _)| *broken != file)
    }

    /// Whether a file has a durable name; the directory needs none.
    fn is_found(&self, file: u16) -> bool {
        file == DIRECTORY || self.directory.finds(file)
    }

    /// Whether a reader gets to what a file holds: its name is durable, and so is all of the files that are read before it.
    /// Mostly all files are settled, however many there are, so those are looked at which are not.
    fn is_readable(&self, file: u16) -> bool {
        let broken = self.broken.iter().map(|(broken, _)| broken);
        let mut others = self.unsettled.iter().chain(broken).filter(|other| **other != file);
        self.is_found(file) && others.all(|other| self.before(file).all(|before| before != *other))
    }

    fn unsettle(&mut self, file: u16) {
        if !self.unsettled.contains(&file) {
            self.unsettled.push(file);
        }
    }

    fn marks(&self, file: u16) -> &Marks {
        if file == DIRECTORY { &self.directory.marks } else { &self.inodes[file as usize].marks }
    }

    fn marks_mut(&mut self, file: u16) -> &mut Marks {
        if file == DIRECTORY { &mut self.directory.marks } else { &mut self.inodes[file as usize].marks }
    }

    fn refuse_behind_a_failure(&mut self, request: Request) -> Result<(), DiskError> {
        let Some(error) = self.failure_of(request) else { return Ok(()) };
        self.break_from(request);
        Err(error)
    }

    fn break_from(&mut self, request: Request) {
        if !self.is_broken(request) {
            self.broken.push((request.file, request));
        }
    }

    /// Whether a request lost its bytes, or comes behind one that did.
    fn is_broken(&self, request: Request) -> bool {
        self.broken.iter().any(|(file, from)| *file == request.file && *from <= request)
    }

    fn take_true(&mut self, facts: &mut Vec<F>) {
        // Mostly the first few are taken; those of another file in between stay.
        let mut index = 0;
        while index < self.facts.len() {
            if self.is_durable(self.facts[index].0) {
                facts.extend(self.facts.remove(index).map(|(_, fact)| fact));
            } else {
                index += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk in its first life.
    struct Bench {
        disk: Disk<u64>,
        facts: Vec<u64>,
    }

    const KEPT: fn(Place) -> SectorFate = |_| SectorFate::Kept;
    const OLD: fn(Place) -> SectorFate = |_| SectorFate::Old(0);

    impl Bench {
        /// A disk with a file `log` whose name is durable.
        fn with_log() -> (Bench, File) {
            let mut bench = Bench { disk: Disk::new(), facts: Vec::new() };
            let file = bench.create("log");
            bench.sync(File(DIRECTORY));
            (bench, file)
        }

        fn create(&mut self, name: &str) -> File {
            let file = self.disk.new_file();
            self.change(Change::Create { name: name.into(), file: file.0 });
            file
        }

        fn change(&mut self, change: Change) -> Request {
            let request = self.disk.next_request(1, File(DIRECTORY));
            self.disk.see(&change);
            self.disk.change_names(request, change).expect("a disk without failures");
            request
        }

        /// Writes, with a fact of this number.
        fn write(&mut self, file: File, at: u64, bytes: &[u8], fact: u64) -> Request {
            let request = self.disk.next_request(1, file);
            self.disk.write(request, at, bytes, Needed::All).expect("a disk with room");
            self.disk.state_when_durable(request, fact);
            request
        }

        fn sync(&mut self, file: File) -> Request {
            let request = self.disk.next_request(1, file);
            self.disk.synced(request, &mut self.facts, KEPT).expect("a sound disk");
            request
        }
    }

    #[test]
    fn a_sync_makes_durable_what_was_written_before_it_and_no_more() {
        let (mut bench, log) = Bench::with_log();
        bench.write(log, 0, b"one", 1);
        bench.write(log, 3, b"two", 2);
        let sync = bench.disk.next_request(1, log);
        let later = bench.write(log, 6, b"three", 3);
        bench.disk.synced(sync, &mut bench.facts, KEPT).expect("a sound disk");
        assert_eq!(bench.disk.read("log"), b"onetwo");
        assert_eq!(bench.facts, [1, 2]);
        assert!(bench.disk.is_durable(sync) && !bench.disk.is_durable(later));
    }

    #[test]
    fn of_one_sector_a_crash_leaves_a_version_that_there_was() {
        let mut found = std::collections::BTreeSet::new();
        for draw in 0..64 {
            let (mut bench, log) = Bench::with_log();
            ["one", "two", "six"]
                .into_iter()
                .zip([0, 3, 6])
                .for_each(|(word, at)| _ = bench.write(log, at, word.as_bytes(), at));
            let losses = bench.disk.crash(|place| SectorFate::Old(mix(draw, place.sector)));
            let text = String::from_utf8(bench.disk.read("log").to_vec()).expect("what was written");
            assert_eq!(losses.facts, [0, 3, 6][..text.len() / 3], "{text}");
            assert_eq!(losses.kept + losses.dropped, 3);
            found.insert(text);
        }
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["", "one", "onetwo"]);
    }

    #[test]
    fn each_sector_has_a_fate_of_its_own_and_a_fact_needs_all_before_it() {
        let (mut bench, log) = Bench::with_log();
        for (fact, byte) in [(0, b'a'), (1, b'b'), (2, b'c')] {
            bench.write(log, fact * 512, &[byte; 512], fact);
        }
        let losses = bench.disk.crash(|place| if place.sector == 1 { SectorFate::Old(0) } else { SectorFate::Kept });
        let bytes = bench.disk.read("log");
        assert_eq!((bytes.len(), bytes[511], bytes[512], bytes[1024]), (1536, b'a', 0, b'c'));
        assert_eq!((losses.kept, losses.dropped), (2, 1));
        assert_eq!(losses.facts, [0], "what follows a gap is not known to be readable");
    }

    #[test]
    fn a_torn_sector_is_the_front_of_a_later_version() {
        for draw in 0..200 {
            let (mut bench, log) = Bench::with_log();
            bench.write(log, 0, &[b'a'; 300], 1);
            bench.sync(log);
            bench.facts.clear();
            bench.write(log, 0, &[b'b'; 300], 2);
            bench.write(log, 300, &[b'c'; 100], 3);
            let losses = bench.disk.crash(|_| SectorFate::Torn(draw));
            let bytes = bench.disk.read("log");
            let of = |letter: u8| bytes.iter().filter(|byte| **byte == letter).count();
            // Either part of the first change is there, or all of it and part of the second.
            assert!(
                of(b'b') > 0 && (of(b'c') == 0 || of(b'b') == 300) && of(b'c') < 100,
                "{draw}: {}, {}",
                of(b'b'),
                of(b'c')
            );
            assert_eq!(losses.facts, [2][..usize::from(of(b'b') == 300)]);
            assert_eq!(losses.torn, 1);
        }
    }

    /// A vote is written, its sync carries the fact, and the machine dies before the sync completes, with the bytes on the
    /// platter: the next life reads the vote, so the fact is true, and a checker that is not told of it accuses the wrong.
    #[test]
    fn at_a_crash_that_keeps_every_write_what_a_sync_carried_is_true() {
        let (mut bench, log) = Bench::with_log();
        bench.write(log, 0, b"one", 0);
        let sync = bench.disk.next_request(1, log);
        bench.disk.state_when_durable(sync, 7);
        assert_eq!(bench.disk.clone().crash(KEPT).facts, [0, 7]);
        assert_eq!(bench.disk.crash(OLD).facts, [] as [u64; 0]);
    }

    #[test]
    fn a_cut_is_kept_or_not_as_a_whole_and_what_it_took_does_not_come_back() {
        let cut = |fate: fn(Place) -> SectorFate| {
            let (mut bench, log) = Bench::with_log();
            bench.write(log, 0, b"onetwo", 0);
            bench.sync(log);
            let request = bench.disk.next_request(1, log);
            bench.disk.truncate(request, 3).expect("a sound disk");
            bench.write(log, 3, b"!", 1);
            bench.disk.crash(fate);
            String::from_utf8(bench.disk.read("log").to_vec()).expect("what was written")
        };
        assert_eq!(cut(KEPT), "one!");
        assert_eq!(cut(OLD), "onetwo");
        let kept_cut = |place: Place| if place.sector == u64::MAX { SectorFate::Kept } else { SectorFate::Old(0) };
        assert_eq!(cut(kept_cut), "one");
    }

    #[test]
    fn a_file_without_a_durable_name_is_not_found_whatever_was_synced_of_it() {
        let mut bench = Bench { disk: Disk::new(), facts: Vec::new() };
        let file = bench.create("log");
        bench.write(file, 0, b"one", 1);
        let sync = bench.sync(file);
        assert!(bench.disk.is_acknowledged(sync) && !bench.disk.is_durable(sync));
        assert_eq!(bench.facts, [] as [u64; 0]);
        let mut named = bench.disk.clone();
        assert_eq!(bench.disk.crash(OLD).facts, [] as [u64; 0]);
        assert_eq!((bench.disk.read("log"), bench.disk.file("log")), (b"".as_slice(), None));
        // Where the crash keeps the name after all, or the directory is synced, it is as if it had always been durable.
        assert_eq!(named.clone().crash(KEPT).facts, [1]);
        let sync = named.next_request(1, File(DIRECTORY));
        let mut facts = Vec::new();
        named.synced(sync, &mut facts, KEPT).expect("a sound disk");
        assert_eq!(facts, [1]);
    }

    #[test]
    fn of_names_a_crash_keeps_a_first_part() {
        let (mut bench, log) = Bench::with_log();
        bench.write(log, 0, b"old", 0);
        bench.sync(log);
        let new = bench.create("new");
        bench.write(new, 0, b"new", 1);
        bench.sync(new);
        bench.change(Change::Rename { from: "new".into(), to: "log".into() });
        bench.change(Change::Remove { name: "log".into() });
        let mut numbers = Vec::new();
        bench.disk.clone().crash(|place| {
            numbers.push(place.request);
            SectorFate::Kept
        });
        let found = [0, 1, 2, 3].map(|kept| {
            let mut disk = bench.disk.clone();
            disk.crash(
                |place| if numbers[..kept].contains(&place.request) { SectorFate::Kept } else { SectorFate::Old(0) },
            );
            let names: Vec<String> = disk.names().map(str::to_owned).collect();
            (names.join(" "), String::from_utf8(disk.read("log").to_vec()).expect("a word"))
        });
        let expected = [("log", "old"), ("log new", "old"), ("log", "new"), ("", "")];
        assert_eq!(found.each_ref().map(|(names, log)| (names.as_str(), log.as_str())), expected);
    }

    #[test]
    fn what_a_failed_sync_was_for_no_later_one_is_about() {
        let (mut bench, log) = Bench::with_log();
        bench.write(log, 0, b"one", 1);
        bench.disk.set_condition(Condition::Failing);
        let sync = bench.disk.next_request(1, log);
        assert_eq!(bench.disk.synced(sync, &mut bench.facts, OLD), Err(DiskError::Io));
        bench.disk.set_condition(Condition::Sound);
        bench.disk.tell_of_failure(sync);
        bench.write(log, 3, b"two", 2);
        let again = bench.sync(log);
        assert!(bench.disk.is_acknowledged(again) && !bench.disk.is_durable(again));
        assert_eq!(bench.disk.read("log"), b"\0\0\0two");
        assert!(bench.disk.failure_of(sync).is_some() && bench.disk.failure_of(again).is_none());
        assert_eq!(bench.facts, [] as [u64; 0], "nothing of this file can be relied on in this life");
        bench.disk.crash(OLD);
        bench.write(log, 0, b"one", 3);
        bench.sync(log);
        assert_eq!(bench.facts, [3]);
    }

    /// A log goes on in a second file, and a crash keeps that and loses the end of the first: nobody will read the second.
    #[test]
    fn what_follows_another_file_is_durable_once_all_of_that_is() {
        let (mut bench, first) = Bench::with_log();
        let second = bench.create("log.2");
        bench.sync(File(DIRECTORY));
        bench.disk.follow(second, first);
        bench.write(first, 0, b"one", 1);
        bench.write(second, 0, b"two", 2);
        bench.disk.set_condition(Condition::Lying);
        bench.sync(first);
        bench.disk.set_condition(Condition::Sound);
        bench.sync(second);
        assert_eq!(bench.facts, [] as [u64; 0]);
        assert_eq!(bench.disk.clone().crash(OLD).facts, [] as [u64; 0]);
        assert_eq!(bench.disk.clone().crash(KEPT).facts, [1, 2]);
        let mut failing = bench.disk.clone();
        bench.sync(first);
        assert_eq!(bench.facts, [1, 2]);
        // A sync of the first fails, and before the process hears of it the second is kept.
        failing.set_condition(Condition::Failing);
        let sync = failing.next_request(1, first);
        assert!(failing.synced(sync, &mut Vec::new(), OLD).is_err());
        assert_eq!(failing.crash(KEPT).facts, [] as [u64; 0]);
    }

    /// A record is padded with zeros to the end of a sector and goes on in the next; the crash loses the first sector and keeps
    /// the second. Nothing is missing, the next life reads it, and so it is durable.
    #[test]
    fn zeros_that_were_not_written_are_as_good_as_those_that_were() {
        let (mut bench, log) = Bench::with_log();
        bench.write(log, 0, &[b'a'; 500], 1);
        bench.sync(log);
        bench.facts.clear();
        bench.write(log, 500, &[[0; 12].as_slice(), &[b'b'; 20]].concat(), 2);
        let losses = bench.disk.crash(|place| if place.sector == 0 { SectorFate::Old(0) } else { SectorFate::Kept });
        assert_eq!((losses.dropped, losses.facts.as_slice()), (0, [2].as_slice()));
        assert_eq!(bench.disk.read("log").len(), 532);
    }

    /// A reader takes a record for whole of which a crash took the very last byte in a sector: then it is durable, and not so
    /// with one byte less.
    #[test]
    fn a_write_is_whole_where_what_a_reader_needs_of_it_is_there() {
        // From byte 510 on, so that the first two bytes are in one sector and the others in the next.
        let torn_in = |sector: u64, bytes: &[u8], needed| {
            let (mut bench, log) = Bench::with_log();
            let request = bench.disk.next_request(1, log);
            bench.disk.write(request, 510, bytes, needed).expect("a disk with room");
            bench.disk.state_when_durable(request, 1);
            // Of two bytes a tear leaves the first, of one none.
            let tear = |place: Place| if place.sector == sector { SectorFate::Torn(0) } else { SectorFate::Kept };
            bench.disk.crash(tear).facts == [1]
        };
        for sector in [0, 1] {
            assert!(torn_in(sector, b"abab", Needed::AllButSpareEnds), "sector {sector}");
            assert!(!torn_in(sector, b"abab", Needed::All), "sector {sector}");
        }
        for zeros in [b"abab\0\0", b"ab\0\0ab", b"aba\0\0b"] {
            assert!(torn_in(1, zeros, Needed::AllButSpareEnds), "{zeros:?}: zeros are there as they were");
        }
        let lost = |bytes: &[u8], needed| {
            let (mut bench, log) = Bench::with_log();
            let request = bench.disk.next_request(1, log);
            bench.disk.write(request, 510, bytes, needed).expect("a disk with room");
            bench.disk.state_when_durable(request, 1);
            bench.disk.crash(|place| if place.sector == 0 { SectorFate::Old(0) } else { SectorFate::Kept }).facts
        };
        assert_eq!((lost(b"abab", Needed::All), lost(b"abab", Needed::AllButSpareEnds)), (vec![], vec![]));
        assert_eq!((lost(b"\0bab", Needed::All), lost(b"\0bab", Needed::AllButSpareEnds)), (vec![], vec![1]));
        assert_eq!((lost(b"\0\0ab", Needed::All), lost(b"\0\0ab", Needed::AllButSpareEnds)), (vec![1], vec![1]));
    }

    /// A record of two fragments, of which a crash takes the first one's last byte: its reader has it, and what comes behind it.
    #[test]
    fn behind_a_fragment_without_its_last_byte_all_is_durable() {
        let (mut bench, log) = Bench::with_log();
        for (at, bytes, fact) in [(510, "abab", 1), (514, "cd", 2)] {
            let request = bench.disk.next_request(1, log);
            bench.disk.write(request, at, bytes.as_bytes(), Needed::AllButSpareEnds).expect("a disk with room");
            bench.disk.state_when_durable(request, fact);
        }
        let losses = bench.disk.crash(|place| if place.sector == 0 { SectorFate::Torn(0) } else { SectorFate::Kept });
        assert_eq!((&bench.disk.read("log")[510..], losses.facts), (b"a\0abcd".as_slice(), vec![1, 2]));
    }

    /// A node appends, its sync fails with the bytes on the platter, and before it hears of that it appends once more and
    /// stops: the next life reads both.
    #[test]
    fn behind_a_failed_sync_that_left_everything_what_comes_later_is_durable_too() {
        let (mut bench, log) = Bench::with_log();
        bench.write(log, 0, b"one", 1);
        bench.disk.set_condition(Condition::Failing);
        let sync = bench.disk.next_request(1, log);
        assert_eq!(bench.disk.synced(sync, &mut bench.facts, KEPT), Err(DiskError::Io));
        assert_eq!(bench.facts, [1]);
        bench.disk.tell_of_failure(sync);
        bench.write(log, 3, b"two", 2);
        assert_eq!(bench.disk.crash(KEPT).facts, [2]);
    }

    /// A node syncs a file before its name, which fails with all the bytes there; it stops, and its machine writes the name.
    #[test]
    fn behind_a_failed_sync_what_has_no_name_yet_is_durable_once_it_has() {
        let mut bench = Bench { disk: Disk::new(), facts: Vec::new() };
        let log = bench.create("log");
        bench.write(log, 0, b"one", 1);
        bench.disk.set_condition(Condition::Failing);
        let sync = bench.disk.next_request(1, log);
        assert_eq!(bench.disk.synced(sync, &mut bench.facts, KEPT), Err(DiskError::Io));
        assert_eq!(bench.facts, [] as [u64; 0]);
        assert_eq!(bench.disk.clone().crash(OLD).facts, [] as [u64; 0], "nobody finds it");
        assert_eq!((bench.disk.crash(KEPT).facts, bench.disk.read("log")), (vec![1], b"one".as_slice()));
    }

    /// A directory sync fails and leaves the first of two names out. Before the node hears of it, it makes the second, and stops.
    #[test]
    fn behind_a_failed_sync_no_name_is_made_until_the_process_is_told() {
        let mut bench = Bench { disk: Disk::new(), facts: Vec::new() };
        bench.create("first");
        bench.disk.set_condition(Condition::Failing);
        let sync = bench.disk.next_request(1, File(DIRECTORY));
        assert_eq!(bench.disk.synced(sync, &mut bench.facts, OLD), Err(DiskError::Io));
        let file = bench.disk.new_file();
        let request = bench.disk.next_request(1, File(DIRECTORY));
        let made = bench.disk.change_names(request, Change::Create { name: "second".into(), file: file.0 });
        assert_eq!(made, Err(DiskError::Io));
        bench.disk.crash(KEPT);
        assert_eq!((bench.disk.file("first"), bench.disk.file("second")), (None, None));
    }

    #[test]
    fn a_lie_is_told_to_the_process_and_to_nobody_else() {
        let (mut bench, log) = Bench::with_log();
        bench.write(log, 0, b"one", 1);
        bench.disk.set_condition(Condition::Lying);
        let sync = bench.sync(log);
        assert!(bench.disk.is_acknowledged(sync) && !bench.disk.is_durable(sync));
        assert_eq!(bench.facts, [] as [u64; 0]);
        assert_eq!(bench.disk.clone().crash(OLD).dropped, 1);
        bench.disk.set_condition(Condition::Sound);
        bench.sync(log);
        assert_eq!(bench.facts, [1], "an honest sync makes up for it");
    }

    #[test]
    fn a_full_disk_takes_no_byte_more_but_others_in_their_place() {
        let (mut bench, log) = Bench::with_log();
        bench.write(log, 0, b"one", 1);
        bench.disk.set_condition(Condition::Full);
        bench.write(log, 0, b"six", 2);
        bench.sync(log);
        assert_eq!((bench.disk.read("log"), bench.facts.as_slice()), (b"six".as_slice(), [1, 2].as_slice()));
        let request = bench.disk.next_request(1, log);
        assert_eq!(bench.disk.write(request, 3, b"!", Needed::All), Err(DiskError::NoSpace));
    }

    /// A node's write finds no room, there is room again, and it writes and syncs once more before it hears of the first: what
    /// the second sync is about lies behind a hole, and nobody may be told that it is durable.
    #[test]
    fn behind_a_write_that_failed_all_fails_until_the_process_is_told() {
        let (mut bench, log) = Bench::with_log();
        bench.disk.set_condition(Condition::Full);
        let first = bench.disk.next_request(1, log);
        assert_eq!(bench.disk.write(first, 0, b"one", Needed::All), Err(DiskError::NoSpace));
        bench.disk.set_condition(Condition::Sound);
        let second = bench.disk.next_request(1, log);
        assert_eq!(bench.disk.write(second, 3, b"two", Needed::All), Err(DiskError::NoSpace));
        let sync = bench.disk.next_request(1, log);
        bench.disk.tell_of_failure(first);
        assert_eq!(bench.disk.synced(sync, &mut bench.facts, KEPT), Err(DiskError::NoSpace));
        let third = bench.write(log, 0, b"one", 3);
        let last = bench.sync(log);
        assert_eq!((bench.disk.failure_of(second), bench.disk.failure_of(third)), (Some(DiskError::NoSpace), None));
        assert!(bench.disk.is_acknowledged(last));
        assert_eq!((bench.disk.read("log"), bench.facts.len()), (b"one".as_slice(), 0));
    }

    #[test]
    fn a_sector_that_is_lost_or_misdirected_leaves_its_place_as_it_was() {
        let found = |trap: WriteTrap| {
            let (mut bench, log) = Bench::with_log();
            bench.write(log, 0, &[[b'a'; 512], [b'.'; 512], [b'c'; 512]].concat(), 0);
            bench.sync(log);
            bench.write(log, 512, &[b'b'; 512], 1);
            bench.disk.set_write_trap(trap);
            let sync = bench.sync(log);
            assert_eq!(bench.facts, [0], "{trap:?}: what is not where it belongs is not durable");
            assert!(bench.disk.is_acknowledged(sync));
            let bytes = bench.disk.read("log");
            [0, 512, 1024].map(|at| char::from(bytes[at])).into_iter().collect::<String>()
        };
        assert_eq!(found(WriteTrap::Lost(7)), "a.c");
        let misdirected: std::collections::BTreeSet<String> =
            (0..32).map(|draw| found(WriteTrap::Misdirected(draw))).collect();
        // Where it strays to its own place, nothing of it is anywhere.
        assert_eq!(misdirected.iter().map(String::as_str).collect::<Vec<_>>(), ["a.b", "a.c", "b.c"]);
    }

    /// What is written over by a sector that strays is not durable, though the same sync wrote it; nor is what comes behind it.
    #[test]
    fn a_sector_that_a_misdirected_one_hits_is_lost_too() {
        let durable = |draw| {
            let (mut bench, log) = Bench::with_log();
            (0..3).for_each(|number| _ = bench.write(log, number * 512, &[b'a' + number as u8; 512], number));
            bench.disk.set_write_trap(WriteTrap::Misdirected(draw));
            bench.sync(log);
            let whole =
                (0..3).take_while(|number| bench.disk.read("log")[*number as usize * 512] == b'a' + *number as u8);
            assert_eq!(bench.facts, whole.collect::<Vec<u64>>(), "{draw}");
            bench.facts.len()
        };
        assert_eq!(
            (0..64).map(|draw| durable(draw << 58)).collect::<std::collections::BTreeSet<_>>(),
            [0, 1, 2].into()
        );
    }

    /// A record ends with zeros in a sector of its own: lost or not, that sector is the same, and the next sync is the one.
    #[test]
    fn a_sector_that_would_be_as_it_was_is_not_lost() {
        for trap in [WriteTrap::Lost(7), WriteTrap::Misdirected(7)] {
            let (mut bench, log) = Bench::with_log();
            bench.write(log, 0, &[b'a'; 512], 1);
            bench.sync(log);
            bench.disk.set_write_trap(trap);
            bench.write(log, 0, &[b'a'; 512], 2);
            bench.sync(log);
            assert_eq!((bench.facts.as_slice(), bench.disk.has_write_trap()), ([1, 2].as_slice(), true), "{trap:?}");
            bench.write(log, 0, &[b'b'; 512], 3);
            bench.sync(log);
            assert_eq!((bench.facts.as_slice(), bench.disk.has_write_trap()), ([1, 2].as_slice(), false), "{trap:?}");
        }
    }

    #[test]
    fn rot_changes_one_bit_of_what_is_found() {
        let (mut bench, log) = Bench::with_log();
        assert_eq!(bench.disk.rot(7), None);
        bench.write(log, 0, &[0; 64], 0);
        bench.sync(log);
        let (name, at) = bench.disk.rot(7).expect("there are bytes");
        let bytes = bench.disk.read(&name);
        let changed: Vec<u32> = bytes.iter().map(|byte| byte.count_ones()).collect();
        assert_eq!((changed.iter().sum::<u32>(), changed[at as usize]), (1, 1));
    }

    #[test]
    fn a_request_number_is_not_used_again_after_a_crash() {
        let (mut bench, log) = Bench::with_log();
        let request = bench.write(log, 0, b"one", 0);
        bench.disk.crash(OLD);
        let next = bench.disk.next_request(2, log);
        assert!(next > request && next.number != request.number);
        bench.disk.wipe();
        assert!(bench.disk.next_request(3, log).number > next.number);
    }
}
