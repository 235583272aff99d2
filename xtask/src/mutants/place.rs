//! Where everything is.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The directories of this command; all but the first are below `target/mutants`, and can be removed at any time.
pub(super) struct Place {
    /// The workspace.
    pub(super) root: PathBuf,
    /// The copy of its sources.
    pub(super) copy: PathBuf,
    /// What cargo makes of the copy.
    pub(super) target: PathBuf,
    /// What is known, a file for each mutant.
    pub(super) kept: PathBuf,
    /// The cases of what was found, by mutant and base.
    pub(super) cases: PathBuf,
    /// A corpus without a case: what is measured is how fast fresh seeds find something.
    pub(super) corpus: PathBuf,
    /// What the last campaign wrote.
    pub(super) report: PathBuf,
    /// Held as long as this command runs.
    _lock: File,
}

impl Place {
    /// The place of the workspace at `root`, for this process alone.
    ///
    /// # Errors
    /// One line, where another process has it or it cannot be made.
    pub(super) fn claim(root: &Path) -> Result<Place, String> {
        let directory = root.join("target").join("mutants");
        let below = |name: &str| directory.join(name);
        let claimed = (|| {
            for name in ["source", "kept", "cases", "corpus"] {
                fs::create_dir_all(below(name))?;
            }
            let lock = File::create(below("lock"))?;
            match lock.try_lock() {
                Ok(()) => Ok(lock),
                Err(TryLockError::WouldBlock) => Err(io::Error::other("another process of this command has it")),
                Err(TryLockError::Error(error)) => Err(error),
            }
        })();
        Ok(Place {
            root: root.to_owned(),
            copy: below("source"),
            target: below("target"),
            kept: below("kept"),
            cases: below("cases"),
            corpus: below("corpus"),
            report: below("report.json"),
            _lock: claimed.map_err(|error| format!("{}: {error}", directory.display()))?,
        })
    }
}
