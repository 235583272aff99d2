//! The bytes of one file: what is on the platter, what waits in the page cache, and what a crash makes of both.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use super::WriteTrap;
use super::marks::Marks;
use crate::id::Request;
use crate::mix::mix;
use crate::sample::below;

/// What a disk writes or loses as one, unless it is torn; in bytes.
pub(crate) const SECTOR_LEN: u64 = 512;

/// What a crash makes of a sector whose last changes were not synced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SectorFate {
    /// All of them are there.
    Kept,
    /// Some of the last ones are missing: which is drawn from this word.
    Old(u64),
    /// The first bytes of a later version, then an earlier one.
    Torn(u64),
}

/// What is asked for the fate of what is no sector: that a file was cut shorter, or the order of names.
pub(crate) const METADATA: u64 = u64::MAX;

/// The bytes of one file.
#[derive(Clone, Default)]
pub(super) struct Inode {
    durable: Vec<u8>,
    pending: VecDeque<Pending>,
    /// The bytes of pending writes, in order.
    cache: VecDeque<u8>,
    pub(super) marks: Marks,
    /// The file that is read before this one, in this life.
    pub(super) behind: Option<u16>,
}

#[derive(Clone, Copy)]
struct Pending {
    request: Request,
    change: Change,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Change {
    Write { at: u64, len: u64, needed: Needed },
    Truncate { len: u64 },
}

/// What a reader needs of a write, to have it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Needed {
    All,
    /// All but its spare end in each sector: the last byte there that is not zero, and what is zero around it.
    AllButSpareEnds,
}

impl Needed {
    /// Up to where in the file a sector must be there, of bytes that are written at this place.
    fn through(self, sector: u64, at: u64, bytes: &[u8]) -> u64 {
        let from = at.max(sector * SECTOR_LEN);
        let to = (at + bytes.len() as u64).min((sector + 1) * SECTOR_LEN);
        match self {
            Needed::All => to,
            Needed::AllButSpareEnds => {
                let within = &bytes[(from - at) as usize..(to - at) as usize];
                let last_that_is_set = |bytes: &[u8]| bytes.iter().rposition(|byte| *byte != 0);
                let spare = last_that_is_set(within).unwrap_or(0);
                // Of a sector in which nothing else is set nothing is needed: zeros are there as they were before.
                last_that_is_set(&within[..spare]).map_or(0, |last| from + last as u64 + 1)
            }
        }
    }
}

/// What became of one change that was not synced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Resolved {
    pub(super) request: Request,
    /// Whether all that is needed of it is on the platter.
    pub(super) whole: bool,
}

impl Inode {
    pub(super) fn durable(&self) -> &[u8] {
        &self.durable
    }

    /// How long the file is, as its process knows it.
    pub(super) fn len(&self) -> u64 {
        self.pending.iter().fold(self.durable.len() as u64, |len, pending| match pending.change {
            Change::Write { at, len: written, .. } => len.max(at + written),
            Change::Truncate { len } => len,
        })
    }

    /// Whether something is not on the platter.
    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    pub(super) fn write(&mut self, request: Request, at: u64, bytes: &[u8], needed: Needed) {
        self.cache.extend(bytes);
        let len = bytes.len() as u64;
        self.pending.push_back(Pending { request, change: Change::Write { at, len, needed } });
    }

    pub(super) fn truncate(&mut self, request: Request, len: u64) {
        self.pending.push_back(Pending { request, change: Change::Truncate { len } });
    }

    /// Everything up to this request reaches the platter.
    pub(super) fn settle(&mut self, sync: Request) {
        while let Some(pending) = self.pending.pop_front_if(|pending| pending.request <= sync) {
            match pending.change {
                Change::Write { at, len, .. } => {
                    let (start, end) = (at as usize, (at + len) as usize);
                    if start < end && self.durable.len() < end {
                        self.durable.resize(end, 0);
                    }
                    take_front(&mut self.cache, &mut self.durable[start..end]);
                }
                Change::Truncate { len } => self.durable.resize(len as usize, 0),
            }
        }
        self.marks.settle(sync);
    }

    /// Everything up to this request reaches the platter but for one sector, drawn among those that it touches: that one
    /// stays as it was, and where it is misdirected, what was meant for it is written over another. Gives the first change
    /// that is not where it belongs; nothing where the sector is as it was meant to be all the same.
    pub(super) fn settle_but_one(&mut self, sync: Request, trap: WriteTrap) -> Option<Request> {
        let (WriteTrap::Lost(draw) | WriteTrap::Misdirected(draw)) = trap;
        let touched = self.touched(sync);
        let victim = one_of(&touched, draw).map(|sector| (sector, self.sector(sector)));
        self.settle(sync);
        let (sector, before) = victim?;
        let meant = self.sector(sector);
        if meant == before {
            return None;
        }
        put(&mut self.durable, sector, &before);
        let first = touched[&sector];
        if matches!(trap, WriteTrap::Lost(_)) {
            return Some(first);
        }
        let other = below(mix(draw, 1), self.sectors());
        if other != sector {
            put(&mut self.durable, other, &meant);
        }
        // What this very sync wrote to the other is not there either.
        Some(touched.get(&other).map_or(first, |hit| first.min(*hit)))
    }

    /// A sector, drawn among those that are written to up to this request.
    pub(super) fn one_touched(&self, sync: Request, draw: u64) -> Option<u64> {
        one_of(&self.touched(sync), draw)
    }

    /// The sectors that are written to up to this request, each with the first change to it.
    fn touched(&self, sync: Request) -> BTreeMap<u64, Request> {
        let mut touched = BTreeMap::new();
        for pending in self.pending.iter().take_while(|pending| pending.request <= sync) {
            if let Change::Write { at, len, .. } = pending.change {
                sectors(at, len).for_each(|sector| _ = touched.entry(sector).or_insert(pending.request));
            }
        }
        touched
    }

    /// How many sectors are on the platter.
    pub(super) fn sectors(&self) -> u64 {
        (self.durable.len() as u64).div_ceil(SECTOR_LEN)
    }

    /// A sector as it is on the platter, zeros where the file does not reach.
    pub(super) fn sector(&self, sector: u64) -> Sector {
        image(&self.durable, sector)
    }

    /// What is on the platter, but for the bytes of one sector.
    pub(super) fn durable_but_for(&self, sector: u64, bytes: &Sector) -> Vec<u8> {
        let mut durable = self.durable.clone();
        put(&mut durable, sector, bytes);
        durable
    }

    /// Resolves every change that is not on the platter, as a crash does. Gives what became of each.
    ///
    /// Of a sector that was changed n times there are n + 1 versions, and one of them is found: a drive writes a sector
    /// whole, with all that the page cache has of it, and so never the second change without the first.
    pub(super) fn crash(&mut self, mut fate: impl FnMut(u64, Request) -> SectorFate) -> Vec<Resolved> {
        if self.pending.is_empty() {
            return Vec::new();
        }
        let changes = self.take_pending(&mut fate);
        let mut last_change = BTreeMap::new();
        for (request, dirty) in &changes {
            dirty.sectors().for_each(|sector| _ = last_change.insert(sector, *request));
        }
        let found: BTreeMap<u64, Found> = last_change
            .into_iter()
            .map(|(sector, last)| (sector, Found::of(sector, &changes, &self.durable, fate(sector, last))))
            .collect();
        let mut len = self.durable.len() as u64;
        let mut resolved = Vec::with_capacity(changes.len());
        for (index, (request, dirty)) in changes.iter().enumerate() {
            match dirty {
                Dirty::Write { at, bytes, needed } => {
                    let end = at + bytes.len() as u64;
                    let there = |sector: u64| found[&sector].extent_of(index).min(end);
                    len = dirty.sectors().map(there).fold(len, u64::max);
                    let is_whole = |sector: u64| there(sector) >= needed.through(sector, *at, bytes);
                    resolved.push(Resolved { request: *request, whole: dirty.sectors().all(is_whole) });
                }
                Dirty::Cut { len: cut } => {
                    len = *cut;
                    self.durable.truncate(*cut as usize);
                    resolved.push(Resolved { request: *request, whole: true });
                }
                Dirty::Undone => resolved.push(Resolved { request: *request, whole: false }),
            }
        }
        self.durable.resize(len as usize, 0);
        found.iter().for_each(|(sector, found)| put(&mut self.durable, *sector, &found.bytes));
        resolved
    }

    /// A bit of what is on the platter becomes another.
    ///
    /// # Panics
    /// Where the file does not reach so far.
    pub(super) fn rot(&mut self, at: u64, bit: u32) {
        self.durable[at as usize] ^= 1 << bit;
    }

    /// The pending changes with their bytes. That a file was cut is metadata: cuts are kept in order, up to the first that
    /// is not.
    fn take_pending(&mut self, fate: &mut impl FnMut(u64, Request) -> SectorFate) -> Vec<(Request, Dirty)> {
        let mut cuts_kept = true;
        let mut changes = Vec::with_capacity(self.pending.len());
        for Pending { request, change } in self.pending.drain(..) {
            let dirty = match change {
                Change::Write { at, len, needed } => {
                    Dirty::Write { at, bytes: self.cache.drain(..len as usize).collect(), needed }
                }
                Change::Truncate { len } => {
                    cuts_kept = cuts_kept && fate(METADATA, request) == SectorFate::Kept;
                    if cuts_kept { Dirty::Cut { len } } else { Dirty::Undone }
                }
            };
            changes.push((request, dirty));
        }
        changes
    }
}

pub(super) type Sector = [u8; SECTOR_LEN as usize];

/// A change that a crash met in the page cache.
enum Dirty {
    Write {
        at: u64,
        bytes: Vec<u8>,
        needed: Needed,
    },
    /// The file was cut to this length.
    Cut {
        len: u64,
    },
    /// The cut never was.
    Undone,
}

impl Dirty {
    /// The sectors that a write touches.
    fn sectors(&self) -> Range<u64> {
        match self {
            Dirty::Write { at, bytes, .. } => sectors(*at, bytes.len() as u64),
            Dirty::Cut { .. } | Dirty::Undone => 0..0,
        }
    }

    /// Whether it changes anything in a sector.
    fn touches(&self, sector: u64) -> bool {
        match self {
            Dirty::Write { .. } => self.sectors().contains(&sector),
            Dirty::Cut { len } => *len < (sector + 1) * SECTOR_LEN,
            Dirty::Undone => false,
        }
    }

    fn apply(&self, sector: u64, image: &mut Sector) {
        let start = sector * SECTOR_LEN;
        match self {
            Dirty::Write { at, bytes, .. } => {
                let from = (*at).max(start);
                let to = (at + bytes.len() as u64).min(start + SECTOR_LEN);
                image[(from - start) as usize..(to - start) as usize]
                    .copy_from_slice(&bytes[(from - at) as usize..(to - at) as usize]);
            }
            Dirty::Cut { len } => image[len.saturating_sub(start).min(SECTOR_LEN) as usize..].fill(0),
            Dirty::Undone => {}
        }
    }
}

/// What a crash leaves in one sector.
struct Found {
    bytes: Sector,
    /// The changes before this one are in it.
    through: usize,
    /// Of those before this one, what lies before the tear is in it as well.
    torn: Option<(usize, u64)>,
    end: u64,
}

impl Found {
    fn of(sector: u64, changes: &[(Request, Dirty)], durable: &[u8], fate: SectorFate) -> Found {
        let touching: Vec<usize> = (0..changes.len()).filter(|index| changes[*index].1.touches(sector)).collect();
        // What a cut took away is gone, whatever became of the writes before it.
        let cut = touching.iter().rposition(|index| matches!(changes[*index].1, Dirty::Cut { .. }));
        let least = cut.map_or(0, |position| position + 1);
        let choices = (touching.len() - least) as u64;
        let (version, later) = match fate {
            SectorFate::Old(draw) if choices > 0 => (least + below(draw, choices) as usize, None),
            SectorFate::Torn(draw) if choices > 0 => {
                let version = least + below(draw, choices) as usize;
                let later = version + 1 + below(mix(draw, 1), (touching.len() - version) as u64) as usize;
                (version, Some(later))
            }
            _ => (touching.len(), None),
        };
        let at_version = |version: usize| {
            let mut bytes = image(durable, sector);
            touching[..version].iter().for_each(|index| changes[*index].1.apply(sector, &mut bytes));
            bytes
        };
        let index_of = |version: usize| touching.get(version).copied().unwrap_or(changes.len());
        let mut bytes = at_version(version);
        let mut torn = None;
        if let (Some(later), SectorFate::Torn(draw)) = (later, fate) {
            let new = at_version(later);
            let tear = tear(&bytes, &new, mix(draw, 2));
            bytes[..tear].copy_from_slice(&new[..tear]);
            // What comes behind the tear may be as it is meant to be all the same.
            let agrees = (0..bytes.len()).find(|at| bytes[*at] != new[*at]).unwrap_or(bytes.len());
            torn = Some((index_of(later), sector * SECTOR_LEN + agrees as u64));
        }
        // A record ends with zeros in a sector of its own, and that sector is lost: it reads as if it were there, and so it is.
        let mut image = at_version(version);
        let mut alike = version;
        for (position, index) in touching.iter().enumerate().skip(version) {
            changes[*index].1.apply(sector, &mut image);
            if image == bytes {
                alike = position + 1;
            }
        }
        Found { bytes, through: index_of(alike), torn, end: (sector + 1) * SECTOR_LEN }
    }

    /// Up to where in the file the change of this number is in this sector.
    fn extent_of(&self, index: usize) -> u64 {
        match self.torn {
            _ if index < self.through => self.end,
            Some((through, tear)) if index < through => tear,
            _ => 0,
        }
    }
}

/// Moves the first bytes of a queue to where there is room for so many.
fn take_front(queue: &mut VecDeque<u8>, room: &mut [u8]) {
    let (front, back) = queue.as_slices();
    let (first, rest) = room.split_at_mut(front.len().min(room.len()));
    first.copy_from_slice(&front[..first.len()]);
    rest.copy_from_slice(&back[..rest.len()]);
    queue.drain(..room.len());
}

/// How many of its first bytes a torn sector has of the new version: a tear where both are alike is none, so it is drawn
/// among those that leave part of what is new.
fn tear(old: &Sector, new: &Sector, draw: u64) -> usize {
    let differs = |at: &usize| old[*at] != new[*at];
    let first = (0..old.len()).find(differs).unwrap_or(0);
    let last = (0..old.len()).rfind(differs).unwrap_or(0);
    first + 1 + below(draw, ((last - first) as u64).max(1)) as usize
}

/// One of these sectors, drawn from this word; nothing where there are none.
fn one_of(touched: &BTreeMap<u64, Request>, draw: u64) -> Option<u64> {
    touched.keys().nth(below(draw, (touched.len() as u64).max(1)) as usize).copied()
}

/// The sectors of so many bytes from `at` on.
fn sectors(at: u64, len: u64) -> Range<u64> {
    if len == 0 { 0..0 } else { at / SECTOR_LEN..(at + len).div_ceil(SECTOR_LEN) }
}

/// Sets a sector's bytes, as far as the file reaches.
fn put(file: &mut [u8], sector: u64, bytes: &Sector) {
    let start = ((sector * SECTOR_LEN) as usize).min(file.len());
    let stop = (start + bytes.len()).min(file.len());
    file[start..stop].copy_from_slice(&bytes[..stop - start]);
}

/// The bytes of a sector, zeros where the file does not reach.
fn image(file: &[u8], sector: u64) -> Sector {
    let mut image = [0; SECTOR_LEN as usize];
    let start = ((sector * SECTOR_LEN) as usize).min(file.len());
    let stop = (start + image.len()).min(file.len());
    image[..stop - start].copy_from_slice(&file[start..stop]);
    image
}
