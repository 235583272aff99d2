//! One node's disk: files of bytes, a page cache that a crash may lose, and syncs that make bytes durable.
//!
//! A write goes to the page cache and says nothing when it succeeds; a sync completes later, and then every write to
//! that file issued before it is durable. Requests are carried out in order. At a crash each write that was not yet
//! durable is kept or dropped, on its own, then and there.

use std::collections::VecDeque;

use crate::id::Request;

/// A file of this node's disk.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct File(pub(crate) u16);

/// One node's disk. Its bytes outlive the process.
#[derive(Clone, Default)]
pub(crate) struct Disk<F> {
    files: Vec<FileState>,
    /// Facts that become true when their request is durable, in the order of requests.
    facts: VecDeque<(Request, F)>,
    requests: u32,
}

#[derive(Clone)]
struct FileState {
    name: String,
    durable: Vec<u8>,
    pending: VecDeque<Pending>,
    /// The bytes of pending writes, in order.
    cache: VecDeque<u8>,
    /// Requests up to this one are durable.
    durable_through: Option<Request>,
}

#[derive(Clone, Copy)]
struct Pending {
    request: Request,
    change: Change,
}

#[derive(Clone, Copy)]
enum Change {
    Write { at: u64, len: u32 },
    Truncate { len: u64 },
}

/// What a crash did to one disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CrashLosses<F> {
    pub(crate) kept: u32,
    pub(crate) dropped: u32,
    /// What became durable after all, because its write and every earlier one of the file were kept.
    pub(crate) facts: Vec<F>,
}

impl<F> Disk<F> {
    pub(crate) fn new() -> Disk<F> {
        Disk { files: Vec::new(), facts: VecDeque::new(), requests: 0 }
    }

    /// The file of this name, made where there is none.
    pub(crate) fn open(&mut self, name: &str) -> File {
        let found = self.files.iter().position(|file| file.name == name);
        let index = found.unwrap_or_else(|| {
            self.files.push(FileState {
                name: name.to_owned(),
                durable: Vec::new(),
                pending: VecDeque::new(),
                cache: VecDeque::new(),
                durable_through: None,
            });
            self.files.len() - 1
        });
        File(u16::try_from(index).expect("a disk has fewer than 65536 files"))
    }

    /// The durable bytes of a file; nothing where there is no such file.
    pub(crate) fn durable(&self, name: &str) -> &[u8] {
        self.files.iter().find(|file| file.name == name).map_or(&[], |file| &file.durable)
    }

    /// A name for the next request on `file`; numbers go on across incarnations.
    pub(crate) fn next_request(&mut self, incarnation: u32, file: File) -> Request {
        self.requests += 1;
        Request { incarnation, number: self.requests, file: file.0 }
    }

    pub(crate) fn write(&mut self, request: Request, at: u64, bytes: &[u8]) {
        let len = u32::try_from(bytes.len()).expect("a write is shorter than 4 GiB");
        let state = &mut self.files[request.file as usize];
        state.cache.extend(bytes);
        state.pending.push_back(Pending { request, change: Change::Write { at, len } });
    }

    pub(crate) fn truncate(&mut self, request: Request, len: u64) {
        self.files[request.file as usize].pending.push_back(Pending { request, change: Change::Truncate { len } });
    }

    /// Whether a request is durable.
    pub(crate) fn is_durable(&self, request: Request) -> bool {
        self.files[request.file as usize].durable_through >= Some(request)
    }

    /// States a fact when `request`, which is not durable yet, is.
    pub(crate) fn state_when_durable(&mut self, request: Request, fact: F) {
        self.facts.push_back((request, fact));
    }

    /// A sync completed: what was written to its file before is durable. Moves the facts that so became true to `facts`.
    pub(crate) fn synced(&mut self, sync: Request, facts: &mut Vec<F>) {
        let state = &mut self.files[sync.file as usize];
        while state.pending.front().is_some_and(|pending| pending.request <= sync) {
            state.resolve_first(true);
        }
        state.durable_through = state.durable_through.max(Some(sync));
        self.take_facts(sync.file as usize, |request| request <= sync, facts);
    }

    /// The process died: each write that is not durable is kept where `keep` says so.
    pub(crate) fn crash(&mut self, mut keep: impl FnMut(Request) -> bool) -> CrashLosses<F> {
        let mut losses = CrashLosses { kept: 0, dropped: 0, facts: Vec::new() };
        for index in 0..self.files.len() {
            // A fact that rests on a log record is true only where the records before it survived as well.
            let mut first_dropped = None;
            while let Some(pending) = self.files[index].pending.front().copied() {
                let kept = keep(pending.request);
                self.files[index].resolve_first(kept);
                if !kept {
                    first_dropped = first_dropped.or(Some(pending.request));
                }
                losses.kept += u32::from(kept);
                losses.dropped += u32::from(!kept);
            }
            self.take_facts(index, |request| first_dropped.is_none_or(|dropped| request < dropped), &mut losses.facts);
        }
        self.facts.clear();
        losses
    }

    fn take_facts(&mut self, file: usize, is_true: impl Fn(Request) -> bool, facts: &mut Vec<F>) {
        // Mostly the first few are taken; those of another file in between stay.
        let mut index = 0;
        while index < self.facts.len() {
            let request = self.facts[index].0;
            if request.file as usize == file && is_true(request) {
                facts.extend(self.facts.remove(index).map(|(_, fact)| fact));
            } else {
                index += 1;
            }
        }
    }
}

impl FileState {
    /// Carries out or forgets the earliest pending change.
    fn resolve_first(&mut self, keep: bool) {
        let Some(pending) = self.pending.pop_front() else { return };
        match pending.change {
            Change::Write { at, len } => {
                let bytes = self.cache.drain(..len as usize);
                if keep {
                    let (start, end) = (at as usize, at as usize + len as usize);
                    if self.durable.len() < end {
                        self.durable.resize(end, 0);
                    }
                    self.durable[start..end].iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
                }
            }
            Change::Truncate { len } => {
                if keep {
                    self.durable.resize(len as usize, 0);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk_with(writes: &[(u64, &[u8])]) -> (Disk<u64>, File, Vec<Request>) {
        let mut disk = Disk::new();
        let file = disk.open("log");
        let requests = writes
            .iter()
            .map(|(at, bytes)| {
                let request = disk.next_request(1, file);
                disk.write(request, *at, bytes);
                disk.state_when_durable(request, *at);
                request
            })
            .collect();
        (disk, file, requests)
    }

    #[test]
    fn a_sync_makes_durable_what_was_written_before_it_and_no_more() {
        let (mut disk, file, _) = disk_with(&[(0, b"one"), (3, b"two")]);
        let sync = disk.next_request(1, file);
        let later = disk.next_request(1, file);
        disk.write(later, 6, b"three");
        disk.state_when_durable(later, 6);
        let mut facts = Vec::new();
        disk.synced(sync, &mut facts);
        assert_eq!(disk.durable("log"), b"onetwo");
        assert_eq!(facts, [0, 3]);
        assert!(disk.is_durable(sync) && !disk.is_durable(later));
    }

    #[test]
    fn at_a_crash_each_unsynced_write_is_kept_or_dropped_on_its_own() {
        let (mut disk, _, requests) = disk_with(&[(0, b"one"), (3, b"two"), (6, b"six")]);
        let losses = disk.crash(|request| request != requests[1]);
        assert_eq!(disk.durable("log"), b"one\0\0\0six");
        assert_eq!((losses.kept, losses.dropped), (2, 1));
        assert_eq!(losses.facts, [0], "what follows a gap is not known to be readable");
    }

    /// A vote is written, its sync carries the fact, and the machine dies before the sync completes, with the bytes on the
    /// platter: the next life reads the vote, so the fact is true, and a checker that is not told of it accuses the wrong.
    #[test]
    fn at_a_crash_that_keeps_every_write_what_a_sync_carried_is_true() {
        let (mut disk, file, requests) = disk_with(&[(0, b"one")]);
        let sync = disk.next_request(1, file);
        disk.state_when_durable(sync, 7);
        let mut dropped = disk.clone();
        assert_eq!(disk.crash(|_| true).facts, [0, 7]);
        assert_eq!(dropped.crash(|request| request != requests[0]).facts, [] as [u64; 0]);
    }

    #[test]
    fn a_request_number_is_not_used_again_after_a_crash() {
        let (mut disk, file, requests) = disk_with(&[(0, b"one")]);
        disk.crash(|_| false);
        assert!(disk.next_request(2, file) > requests[0]);
        assert_ne!(disk.next_request(2, file).number, requests[0].number);
    }
}
