//! How a command ends.

use std::process::ExitCode;

use crate::failure::FailureClass;

/// How a command ends; the number is its exit code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Exit {
    /// Nothing was found.
    Clean = 0,
    /// A safety property does not hold, or hosted code panicked.
    Safety = 1,
    /// Progress was not made, or a limit was passed.
    Liveness = 2,
    /// Two runs of one seed differ.
    Divergence = 3,
    /// A goal was missed, an exempt one hit, or a health check not passed, and that was to be denied.
    Missed = 4,
    /// Whether progress was possible is not known.
    Undecided = 5,
    /// A case of the corpus is stale, unreadable, or of a newer format.
    Corpus = 6,
    /// The command line, or a file that it names, cannot be used.
    Usage = 64,
    /// Our own bug, or the watchdog's find.
    Bug = 70,
    /// Interrupted, with nothing found.
    Interrupted = 130,
}

/// Where several apply, the first of these is the one.
const ORDER: [Exit; 10] = [
    Exit::Usage,
    Exit::Bug,
    Exit::Divergence,
    Exit::Safety,
    Exit::Liveness,
    Exit::Corpus,
    Exit::Undecided,
    Exit::Missed,
    Exit::Interrupted,
    Exit::Clean,
];

impl Exit {
    /// Of both, the one that a command with both ends with.
    #[must_use]
    pub fn and(self, other: Exit) -> Exit {
        ORDER.into_iter().find(|exit| *exit == self || *exit == other).unwrap_or(self)
    }
}

impl From<FailureClass> for Exit {
    fn from(class: FailureClass) -> Exit {
        match class {
            FailureClass::Divergence => Exit::Divergence,
            FailureClass::Safety => Exit::Safety,
            FailureClass::Liveness => Exit::Liveness,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_applies() {
        assert_eq!(Exit::Clean.and(Exit::Interrupted), Exit::Interrupted);
        assert_eq!(Exit::Liveness.and(Exit::Safety), Exit::Safety);
        assert_eq!(Exit::Safety.and(Exit::Divergence), Exit::Divergence);
        assert_eq!(Exit::Missed.and(Exit::Undecided), Exit::Undecided);
        assert_eq!(Exit::Corpus.and(Exit::Bug), Exit::Bug);
        assert_eq!(Exit::Interrupted.and(Exit::Safety), Exit::Safety);
    }
}
