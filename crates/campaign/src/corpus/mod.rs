//! The cases that are kept, and what they are worth today.
//!
//! | room | holds |
//! |---|---|
//! | here | cases as files |
//! | `standing` | what a stored case is worth today |
//! | `alike` | which two cases show the same by the same means |
//! | `keep` | a failure that becomes a stored case |
//! | `written_up` | a failure that a stored case of a written-up fault has shown before |
//! | `migrate`, `prune` | feature `cli`: an old case in the present form; what can be removed |

mod alike;
pub(crate) mod keep;
#[cfg(feature = "cli")]
pub(crate) mod migrate;
#[cfg(feature = "cli")]
pub(crate) mod prune;
mod standing;
mod written_up;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fmt, fs, io};

use serde::Deserialize;
use sim::{CASE_FORMAT, Case, CaseError, Found};

pub(crate) use self::standing::judge;
pub use self::standing::{Standing, standing};
use crate::failure::Failure;
use crate::file;
use crate::story::Told;
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
    file::write(path, &render(case))
}

/// The file of a failure's case under `directory`.
pub fn path(directory: &Path, failure: &Failure) -> PathBuf {
    let name = format!("{}-{:016x}.json", failure.property(), failure.seed().0);
    directory.join(&failure.case.scenario).join(name)
}

/// Keeps what is told of a failure beside its case. The case is what counts: where that cannot be written, nothing is lost.
pub(crate) fn keep_told(case: &Path, told: &Told) {
    let _ = fs::write(case.with_extension("txt"), format!("{told}\n"));
}

/// The case of a failure, with where it came from. One that was kept before stays found by whom and when it was.
pub(crate) fn with_origin(failure: &Failure, by: &str) -> Case {
    let mut case = (*failure.case).clone();
    let earlier = case.found.take().filter(|found| found.signature == failure.signature);
    let (date, by) = match earlier {
        Some(found) if found.by.is_empty() => (found.date, by.to_owned()),
        Some(found) => (found.date, found.by),
        None => (wall::today(), by.to_owned()),
    };
    case.found = Some(Found {
        signature: failure.signature.clone(),
        identity: failure.identity.clone(),
        digest: failure.digest.to_string(),
        event: failure.event,
        commit: commit(),
        rustc: RUSTC.into(),
        date,
        by,
    });
    case
}

/// What there is to say of a stored case that fails and should not: a regression, unless the commit is still the one it
/// was found on.
pub(crate) fn history(case: &Case) -> String {
    let Some(found) = &case.found else { return "kept, and should pass".into() };
    let now = commit();
    let known = [&now, &found.commit].iter().all(|commit| **commit != UNKNOWN);
    let regression = if known && now != found.commit { "REGRESSION: " } else { "" };
    format!("{regression}{}, and should pass", kept(found))
}

/// What there is to say of a failure that shows what a stored case shows; `found` is how it was come by.
pub(crate) fn like(found: Option<&str>, earlier: &Earlier) -> String {
    let found = found.map_or(String::new(), |found| format!("{found}; "));
    let written_up = earlier.finding.as_ref().map_or(String::new(), |finding| format!(", and written up in {finding}"));
    format!("{found}it fails as this case does, which is {}{written_up}", kept(&earlier.found))
}

/// Where a case comes from that was kept before.
pub(crate) struct Earlier {
    pub(crate) found: Found,
    /// Where its fault is written up, if it is.
    pub(crate) finding: Option<String>,
}

impl Earlier {
    /// Of a case that says where it comes from.
    fn of(case: Case) -> Option<Earlier> {
        let finding = case.expect.finding().map(str::to_owned);
        Some(Earlier { found: case.found?, finding })
    }
}

/// `kept since 2026-11-24, found by fuzz`.
fn kept(found: &Found) -> String {
    let Found { date, by, .. } = found;
    if by.is_empty() { format!("kept since {date}") } else { format!("kept since {date}, found by {by}") }
}

/// The compiler that built this.
pub(crate) const RUSTC: &str = env!("CAMPAIGN_RUSTC");

/// What a commit is called that nobody knows.
pub(crate) const UNKNOWN: &str = "unknown";

/// The commit that is checked out, or [`UNKNOWN`].
pub(crate) fn commit() -> String {
    let output = Command::new("git").args(["rev-parse", "HEAD"]).output().ok();
    let text = output.filter(|output| output.status.success()).and_then(|output| String::from_utf8(output.stdout).ok());
    text.map(|text| text.trim().to_owned()).filter(|commit| !commit.is_empty()).unwrap_or_else(|| UNKNOWN.into())
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
