//! A failure of a fresh seed that a stored case has shown before, of a fault that is written up.

use std::io;
use std::path::{Path, PathBuf};

use sim::Case;

use super::alike::Likeness;
use super::{list, read};
use crate::failure::Failure;
use crate::run::Runs;
use crate::triage::Fault;

/// A stored case of a fault that is written up.
pub(crate) struct WrittenUp {
    pub(crate) path: PathBuf,
    pub(crate) case: Case,
    /// What it shows today.
    pub(crate) failure: Failure,
}

impl WrittenUp {
    /// The stored case, of those under `corpus`, of a fault that is written up and that this failure shows again: by the same
    /// means, and today. One that shows something else by now, or nothing, stands for nothing.
    ///
    /// # Errors
    /// What the file system says.
    pub(crate) fn of(failure: &Failure, case: &Case, corpus: &Path, runs: &Runs<'_>) -> io::Result<Option<WrittenUp>> {
        let means = |case: &Case| Likeness::of(case).map(Likeness::whoever_wrote_it_up);
        let (fault, likeness) = (Fault::of(failure), means(case));
        for path in list(corpus, &case.scenario)? {
            // What cannot be read is named by whoever looks after the corpus.
            let Ok(case) = read(&path) else { continue };
            if case.expect.finding().is_none() || means(&case) != likeness {
                continue;
            }
            let is_same = |today: &Failure| today.finding().is_some() && Fault::of(today) == fault;
            if let Some(failure) = runs.today(&case).filter(is_same) {
                return Ok(Some(WrittenUp { path, case, failure }));
            }
        }
        Ok(None)
    }
}
