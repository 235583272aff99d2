//! The cases that are kept, and what they are worth today.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fmt, fs, io};

use serde::Deserialize;
use sim::{CASE_FORMAT, Case, CaseError, End, Expect, Found, Outcome, Scenario, Spec, Story};

use crate::failure::{Failure, fired};
use crate::run::{RunError, Runs};
use crate::wall;

/// Why a file is not a case that this version can run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unreadable {
    /// The file.
    pub path: PathBuf,
    /// The line, where one is to blame.
    pub line: Option<usize>,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// What a stored case came to, beside what it should.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// What it should; `known` where that is a written-up fault of code that is not ours.
    AsExpected {
        /// Whether it is one.
        known: bool,
    },
    /// Something it should not.
    Failed(Box<Failure>),
    /// It no longer means what it meant.
    Stale(String),
    /// Whether progress was possible is not known.
    Undecided(String),
    /// The harness itself failed.
    Bug(String),
}

/// Reads a case.
///
/// # Errors
/// [`Unreadable`] where there is no such file, it is no case, or one of a newer format.
pub fn read(path: &Path) -> Result<Case, Unreadable> {
    let unreadable = |line, reason| Unreadable { path: path.to_owned(), line, reason };
    let text = fs::read_to_string(path).map_err(|error| unreadable(None, error.to_string()))?;
    parse(&text).map_err(|(line, reason)| unreadable(line, reason))
}

fn parse(text: &str) -> Result<Case, (Option<usize>, String)> {
    #[derive(Deserialize)]
    struct Header {
        format: u32,
    }
    let broken = |error: serde_json::Error| {
        let reason = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        (Some(error.line()), format!("not a case: {}", reason.strip_suffix(&place).unwrap_or(&reason)))
    };
    // The format first: what else a newer version writes is not this version's to judge.
    let header: Header = serde_json::from_str(text).map_err(broken)?;
    if header.format > CASE_FORMAT {
        return Err((None, CaseError::NewerFormat { format: header.format }.to_string()));
    }
    serde_json::from_str(text).map_err(broken)
}

/// The text of a case as it is kept.
pub fn render(case: &Case) -> String {
    let mut text = serde_json::to_string_pretty(case).expect("a case is plain data");
    text.push('\n');
    text
}

/// Writes a case to `path`: whole, or not at all.
///
/// # Errors
/// What the file system says.
pub fn write(path: &Path, case: &Case) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    // Two writers of one case write the same bytes, but not to the same draft.
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    fs::write(&draft, render(case))?;
    fs::rename(&draft, path).inspect_err(|_| {
        // The rename's error is what is to be said; the draft is only litter.
        let _ = fs::remove_file(&draft);
    })
}

/// Keeps the case of a failure under `directory`, with where it came from, and says in which file.
///
/// # Errors
/// What the file system says.
pub fn keep(directory: &Path, failure: &Failure) -> io::Result<PathBuf> {
    let name = format!("{}-{:016x}.json", failure.property(), failure.seed().0);
    let path = directory.join(&failure.case.scenario).join(name);
    write(&path, &with_origin(failure)).map(|()| path)
}

/// Keeps the story and the block of a failure beside its case. The case is what counts: where they cannot be written,
/// nothing is lost.
pub fn keep_block(case: &Path, story: Option<&Story>, block: &str) {
    let story = story.map_or_else(String::new, |story| format!("{story}\n\n"));
    let _ = fs::write(case.with_extension("txt"), format!("{story}{block}\n"));
}

/// The case of a failure, with where it came from.
pub(crate) fn with_origin(failure: &Failure) -> Case {
    let mut case = (*failure.case).clone();
    case.found = Some(Found {
        signature: failure.signature.clone(),
        digest: failure.digest.to_string(),
        event: failure.event,
        commit: commit().unwrap_or_else(|| "unknown".into()),
        rustc: env!("CAMPAIGN_RUSTC").into(),
        date: wall::today(),
        by: String::new(),
    });
    case
}

fn commit() -> Option<String> {
    let output = Command::new("git").args(["rev-parse", "HEAD"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|commit| output.status.success() && !commit.is_empty())
}

/// The stored cases of a scenario, in the order of their names. A corpus that does not exist is empty.
///
/// # Errors
/// What the file system says.
pub fn list(directory: &Path, scenario: &str) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory.join(scenario)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

/// Every stored case, of whatever scenario, in the order of their paths.
///
/// # Errors
/// What the file system says.
#[cfg(feature = "cli")]
pub(crate) fn list_all(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = list(directory, "")?;
    if directory.is_dir() {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                paths.extend(list_all(&path)?);
            }
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

/// Runs a stored case and says what it is worth.
pub(crate) fn judge(runs: &Runs<'_>, case: &Case) -> Standing {
    let outcome = match runs.run(case) {
        Ok(outcome) => outcome,
        Err(RunError::Bug(message)) => return Standing::Bug(message),
        Err(RunError::Case(error)) => return Standing::Stale(error.to_string()),
    };
    standing(&Scenario::spec(runs.scenario), case, &outcome)
}

/// What an outcome makes of a case.
pub fn standing(spec: &Spec, case: &Case, outcome: &Outcome) -> Standing {
    let shown = outcome.violation().map(|violation| violation.signature.as_str());
    match (&case.expect, shown) {
        (Expect::Signature(expected), Some(shown)) if expected == shown => reached(case, outcome, false),
        (Expect::Known { known, .. }, Some(shown)) if known == shown => reached(case, outcome, true),
        (_, Some(_)) => {
            let failure = Failure::of(spec, case, outcome).expect("a violation is a failure");
            Standing::Failed(Box::new(failure))
        }
        (Expect::Signature(expected) | Expect::Known { known: expected, .. }, None) => {
            Standing::Stale(format!("it no longer shows {expected}"))
        }
        (Expect::Pass, None) => match (&outcome.end, reached(case, outcome, false)) {
            (End::Undecided(reason), Standing::AsExpected { .. }) => Standing::Undecided(reason.clone()),
            (_, standing) => standing,
        },
    }
}

/// Whether a run still reaches what the case once reached: one that comes to the same by another way tests something
/// else.
fn reached(case: &Case, outcome: &Outcome, known: bool) -> Standing {
    let fired_now = fired(case, outcome);
    let item = case.fired.iter().find(|id| !fired_now.contains(id));
    let label = case.reached.iter().find(|label| !outcome.reached.contains_key(label.as_str()));
    match (item, label) {
        (Some(id), _) => Standing::Stale(format!("item {id} fired then and does not now")),
        (None, Some(label)) => Standing::Stale(format!("`{label}` was reached then and is not now")),
        (None, None) => Standing::AsExpected { known },
    }
}
