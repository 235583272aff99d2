//! Which name stands for which file: as the process knows it, and as the platter has it.
//!
//! A file that is made, renamed or removed is so for good once the directory is synced. At a crash a first part of what
//! was changed since is kept: names are changed in a journal, and that has an order.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use super::inode::{METADATA, SectorFate};
use super::marks::Marks;
use crate::id::Request;

/// The file number that stands for the directory itself.
pub(crate) const DIRECTORY: u16 = u16::MAX;

/// A change of names.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub(crate) enum Change {
    /// The file is made under this name.
    Create {
        /// The name.
        name: String,
        /// The file.
        file: u16,
    },
    /// The file of one name has another; what had that is removed.
    Rename {
        /// The name that it had.
        from: String,
        /// The name that it gets.
        to: String,
    },
    /// The name is gone.
    Remove {
        /// The name.
        name: String,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Create { name, .. } => write!(f, "makes `{name}`"),
            Change::Rename { from, to } => write!(f, "renames `{from}` to `{to}`"),
            Change::Remove { name } => write!(f, "removes `{name}`"),
        }
    }
}

/// The names of one disk.
#[derive(Clone, Default)]
pub(super) struct Directory {
    /// As the process sees them.
    seen: BTreeMap<String, u16>,
    durable: BTreeMap<String, u16>,
    /// The files that have a name on the platter.
    found: BTreeSet<u16>,
    pending: VecDeque<(Request, Change)>,
    pub(super) marks: Marks,
}

impl Directory {
    /// The file of a name, as the process sees it.
    pub(super) fn file(&self, name: &str) -> Option<u16> {
        self.seen.get(name).copied()
    }

    /// All names, in order, as the process sees them.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.seen.keys().map(String::as_str)
    }

    /// The names on the platter, in order, each with its file.
    pub(super) fn durable(&self) -> impl Iterator<Item = (&str, u16)> {
        self.durable.iter().map(|(name, file)| (name.as_str(), *file))
    }

    /// The file that has this name on the platter.
    pub(super) fn durable_file(&self, name: &str) -> Option<u16> {
        self.durable.get(name).copied()
    }

    /// Whether a file has a name on the platter, so that it is found after a crash.
    pub(super) fn finds(&self, file: u16) -> bool {
        self.found.contains(&file)
    }

    /// The process sees a change at once.
    pub(super) fn see(&mut self, change: &Change) {
        apply(&mut self.seen, change);
    }

    /// A change that the process made waits to become durable.
    pub(super) fn change(&mut self, request: Request, change: Change) {
        self.pending.push_back((request, change));
    }

    /// Everything up to this request reaches the platter.
    pub(super) fn settle(&mut self, sync: Request) {
        while let Some((_, change)) = self.pending.pop_front_if(|(request, _)| *request <= sync) {
            self.reach_platter(&change);
        }
        self.marks.settle(sync);
    }

    /// Keeps a first part of what is not on the platter, as a crash does, and forgets the rest. Gives the first change that
    /// was not kept.
    pub(super) fn resolve(&mut self, mut fate: impl FnMut(u64, Request) -> SectorFate) -> Option<Request> {
        let mut first_dropped = None;
        for (request, change) in std::mem::take(&mut self.pending) {
            if first_dropped.is_none() && fate(METADATA, request) == SectorFate::Kept {
                self.reach_platter(&change);
            } else {
                first_dropped = first_dropped.or(Some(request));
            }
        }
        first_dropped
    }

    fn reach_platter(&mut self, change: &Change) {
        if let Some(nameless) = apply(&mut self.durable, change) {
            self.found.remove(&nameless);
        }
        if let Change::Create { file, .. } = change {
            self.found.insert(*file);
        }
    }

    /// The process is gone, and the next one sees what is on the platter.
    pub(super) fn forget(&mut self) {
        self.seen.clone_from(&self.durable);
    }
}

/// Gives the file that has no name any more.
fn apply(names: &mut BTreeMap<String, u16>, change: &Change) -> Option<u16> {
    match change {
        Change::Create { name, file } => names.insert(name.clone(), *file),
        Change::Rename { from, to } => names.remove(from).and_then(|file| names.insert(to.clone(), file)),
        Change::Remove { name } => names.remove(name),
    }
}
