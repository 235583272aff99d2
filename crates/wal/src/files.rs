//! The log in a directory of real files. The only module that does I/O.
//!
//! ```
//! use wal::Config;
//! use wal::files::FileLog;
//!
//! # let directory = std::env::temp_dir().join(format!("wal-doc-{}", std::process::id()));
//! # std::fs::create_dir_all(&directory)?;
//! let mut opened = FileLog::open(&directory, Config::default())?;
//! let before = opened.records.len();
//!
//! // What is appended together shares one sync: let a thread that owns the log take all that wait for it, and answer then.
//! let last = (0..100u8).map(|number| opened.log.append(&[number])).last().expect("a hundred")?;
//! assert!(opened.log.durable_through() < last);
//! assert_eq!(opened.log.sync()?, last);
//!
//! drop(opened);
//! assert_eq!(FileLog::open(&directory, Config::default())?.records.len(), before + 100);
//! # std::fs::remove_dir_all(&directory)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it promises rests on the system's: that `fdatasync` of a file, and `fsync` of a directory, return when what was written
//! before is on disk; that changes to a directory become durable in order; that a file which grows shows zeros or nothing where
//! it was not written. Where directories cannot be synced (not Unix), a segment's name may be lost in spite of an acknowledgement.
//!
//! After an error nothing more is done ([`Stopped`](crate::Stopped)). If it was a sync that failed, reading the files again in
//! the same running system may show what is not on disk: restart the machine, or take the disk for lost.

use std::error;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::effects::{Effect, Effects};
use crate::error::{Damage, Refused};
use crate::id::{SegmentNumber, Sequence, SyncId};
use crate::log::{Config, Log};
use crate::records::Records;
use crate::recovery::{Recovered, Tail, recover};

/// A log in a directory, which no other process opens meanwhile.
#[derive(Debug)]
pub struct FileLog {
    log: Log,
    effects: Effects,
    disk: Disk,
}

/// A log that was opened, and what it held; all of it is durable.
#[derive(Debug)]
pub struct Opened {
    /// The log to go on with.
    pub log: FileLog,
    /// Its records.
    pub records: Records,
    /// What came after them.
    pub tail: Tail,
}

/// What went wrong with files.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileError {
    /// The system refused an operation.
    Io {
        /// What was to be done.
        operation: Operation,
        /// To what.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process has the log open.
    Locked {
        /// The file by which it says so.
        path: PathBuf,
    },
    /// The files are damaged, or are no log.
    Damage {
        /// Where they are.
        directory: PathBuf,
        /// What is wrong.
        damage: Damage,
    },
    /// An earlier operation failed.
    Refused(Refused),
}

/// What was to be done to a file or a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// List a directory.
    List,
    /// Lock a file.
    Lock,
    /// Read a file.
    Read,
    /// Make a file.
    Create,
    /// Write to a file.
    Write,
    /// Sync a file or a directory.
    Sync,
    /// Remove a file.
    Remove,
}

/// From so many bytes on, appends are written without waiting for a sync.
const BUFFER_BYTES: usize = 256 * 1024;

impl FileLog {
    /// Opens the log in this directory, which must be there; without files in it, the log is new. Other files are left alone. All
    /// of the log is read into memory.
    ///
    /// # Errors
    /// Where another process has it open, it is damaged, or the system refuses something.
    pub fn open(directory: impl AsRef<Path>, config: Config) -> Result<Opened, FileError> {
        let directory = directory.as_ref();
        let lock = lock(directory.join("wal.lock"))?;
        let files = read_all(directory)?;
        let mut effects = Effects::new();
        let segments = files.iter().map(|(segment, bytes)| (*segment, bytes.as_slice()));
        let Recovered { records, tail, log } = recover(config, segments, &mut effects)
            .map_err(|damage| FileError::Damage { directory: directory.to_owned(), damage })?;
        let disk = Disk { directory: directory.to_owned(), open: Vec::new(), synced: Vec::new(), _lock: lock };
        let mut log = FileLog { log, effects, disk };
        log.sync()?;
        Ok(Opened { log, records, tail })
    }

    /// Appends a record. It is durable once [`sync`](Self::sync) has returned; until then it may not even be written.
    ///
    /// # Errors
    /// Where the system refuses something, or did so before.
    pub fn append(&mut self, content: &[u8]) -> Result<Sequence, FileError> {
        let sequence = self.log.append(content, &mut self.effects)?;
        if self.effects.bytes_len() >= BUFFER_BYTES {
            self.carry_out()?;
        }
        Ok(sequence)
    }

    /// Makes everything durable that was appended, and returns the last of it.
    ///
    /// # Errors
    /// Where the system refuses something, or did so before.
    pub fn sync(&mut self) -> Result<Sequence, FileError> {
        self.log.sync(&mut self.effects)?;
        self.carry_out()?;
        Ok(self.log.durable_through())
    }

    /// Removes the files that hold only records before this one, as far as [that can be done now](Log::remove_before).
    ///
    /// # Errors
    /// Where the system refuses something, or did so before.
    pub fn remove_before(&mut self, sequence: Sequence) -> Result<(), FileError> {
        self.log.remove_before(sequence, &mut self.effects)?;
        self.carry_out()
    }

    /// The last record appended, or found.
    #[must_use]
    pub fn last(&self) -> Sequence {
        self.log.last()
    }

    /// Every record up to this one survives a crash.
    #[must_use]
    pub fn durable_through(&self) -> Sequence {
        self.log.durable_through()
    }

    fn carry_out(&mut self) -> Result<(), FileError> {
        while !self.effects.is_empty() {
            for effect in self.effects.drain() {
                if let Err(failed) = self.disk.carry_out(effect) {
                    match effect {
                        Effect::SyncFile { sync, .. } | Effect::SyncDirectory { sync } => self.log.sync_failed(sync)?,
                        Effect::Create(segment) | Effect::Write { segment, .. } | Effect::Remove(segment) => {
                            self.log.file_failed(segment)?;
                        }
                    }
                    return Err(failed);
                }
            }
            for sync in self.disk.synced.drain(..) {
                self.log.synced(sync, &mut self.effects)?;
            }
        }
        Ok(())
    }
}

/// Where the files are, and those that are open.
#[derive(Debug)]
struct Disk {
    directory: PathBuf,
    /// Files that were written to since their last sync, and the newest.
    open: Vec<(SegmentNumber, File)>,
    /// The syncs that are done.
    synced: Vec<SyncId>,
    /// Held for as long as the log is.
    _lock: File,
}

impl Disk {
    fn carry_out(&mut self, effect: Effect<'_>) -> Result<(), FileError> {
        match effect {
            Effect::Create(segment) => {
                let path = self.path(segment);
                let file = File::options().write(true).create_new(true).open(&path);
                self.open.push((segment, file.map_err(on(Operation::Create, &path))?));
            }
            Effect::Write { segment, bytes, .. } => {
                // Every write begins where the last one to its file ended, and so does the file's own position.
                let (_, file) =
                    self.open.iter_mut().find(|open| open.0 == segment).expect("what is written to was made");
                file.write_all(bytes).map_err(on(Operation::Write, &self.path(segment)))?;
            }
            Effect::SyncFile { sync, segment } => {
                self.sync_file(segment)?;
                self.synced.push(sync);
            }
            Effect::SyncDirectory { sync } => {
                sync_directory(&self.directory).map_err(on(Operation::Sync, &self.directory))?;
                self.synced.push(sync);
            }
            Effect::Remove(segment) => {
                let path = self.path(segment);
                self.open.retain(|open| open.0 != segment);
                fs::remove_file(&path).map_err(on(Operation::Remove, &path))?;
            }
        }
        Ok(())
    }

    /// Syncs a file, of this life or of an earlier one, and closes it where no more will come.
    fn sync_file(&mut self, segment: SegmentNumber) -> Result<(), FileError> {
        let path = self.path(segment);
        let newest = self.open.last().is_some_and(|open| open.0 == segment);
        match self.open.iter().position(|open| open.0 == segment) {
            Some(at) if newest => self.open[at].1.sync_data(),
            Some(at) => self.open.remove(at).1.sync_data(),
            None => File::options().write(true).open(&path).and_then(|file| file.sync_data()),
        }
        .map_err(on(Operation::Sync, &path))
    }

    fn path(&self, segment: SegmentNumber) -> PathBuf {
        self.directory.join(segment.to_string())
    }
}

/// The file that says that the log is open, locked.
fn lock(path: PathBuf) -> Result<File, FileError> {
    let file = File::options().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(on(Operation::Create, &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(FileError::Locked { path }),
        Err(TryLockError::Error(source)) => Err(FileError::Io { operation: Operation::Lock, path, source }),
    }
}

/// Number and bytes of every segment in a directory.
fn read_all(directory: &Path) -> Result<Vec<(SegmentNumber, Vec<u8>)>, FileError> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).map_err(on(Operation::List, directory))? {
        let name = entry.map_err(on(Operation::List, directory))?.file_name();
        if let Some(segment) = name.to_str().and_then(SegmentNumber::named) {
            let path = directory.join(name);
            files.push((segment, fs::read(&path).map_err(on(Operation::Read, &path))?));
        }
    }
    Ok(files)
}

#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The error of an operation on a path.
fn on(operation: Operation, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    move |source| FileError::Io { operation, path: path.to_owned(), source }
}

impl From<Refused> for FileError {
    fn from(refused: Refused) -> FileError {
        FileError::Refused(refused)
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::Io { operation, path, source } => write!(f, "cannot {operation} {}: {source}", path.display()),
            FileError::Locked { path } => write!(f, "another process holds the lock {}", path.display()),
            FileError::Damage { directory, damage } => write!(f, "in {}: {damage}", directory.display()),
            FileError::Refused(refused) => refused.fmt(f),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operation::List => "list",
            Operation::Lock => "lock",
            Operation::Read => "read",
            Operation::Create => "make",
            Operation::Write => "write to",
            Operation::Sync => "sync",
            Operation::Remove => "remove",
        })
    }
}

impl error::Error for FileError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            FileError::Io { source, .. } => Some(source),
            FileError::Damage { damage, .. } => Some(damage),
            FileError::Refused(refused) => Some(refused),
            FileError::Locked { .. } => None,
        }
    }
}
