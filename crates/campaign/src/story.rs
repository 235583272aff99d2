//! What a person reads of a failure: what led there, and last the block.

use std::fmt;

use sim::{Story, StoryTeller};

use crate::block::Block;
use crate::failure::Failure;
use crate::run::Runs;

/// A failure as it is told.
pub(crate) struct Told {
    /// What led there; nothing where the case does not show the failure again, as no run of it can be relied on then.
    pub(crate) story: Option<Story>,
    /// The lines that end in how it is replayed.
    pub(crate) block: String,
}

impl Told {
    /// Takes two more runs of the case: what bears on a violation is known only once there is one.
    pub(crate) fn of(runs: &Runs<'_>, block: &Block<'_>) -> Told {
        Told { story: story(runs, block.failure), block: block.to_string() }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(story) = &self.story {
            write!(f, "{story}\n\n")?;
        }
        f.write_str(&self.block)
    }
}

fn story(runs: &Runs<'_>, failure: &Failure) -> Option<Story> {
    let outcome = runs.run(&failure.case).ok()?;
    let violation = outcome.violation().filter(|violation| violation.signature == failure.signature)?;
    let mut teller = StoryTeller::about(violation);
    runs.run_traced(&failure.case, &mut |record| teller.hear(record)).ok()?;
    Some(teller.tell())
}
