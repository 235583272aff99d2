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
#[cfg(test)]
mod tests;

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
        let is_readable = self.is_readable(sync.file);
        for (request, fact) in std::mem::take(&mut self.facts) {
            let is_lost = first.is_some_and(|first| first <= request);
            if request.file != sync.file || !is_readable && !is_lost {
                // What is there and cannot be read yet may be after a crash: then the file has its name, or what comes before it.
                self.facts.push_back((request, fact));
            } else if !is_lost {
                facts.push(fact);
            }
        }
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
