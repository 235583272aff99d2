//! Files that are written whole, or not at all.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// Writes a file: whole, or not at all.
///
/// # Errors
/// What the file system says.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let draft = draft(path);
    fs::write(&draft, text)?;
    fs::rename(&draft, path).inspect_err(|_| {
        // The rename's error is what is to be said; the draft is only litter.
        let _ = fs::remove_file(&draft);
    })
}

/// Tries whether [`write()`] could write there, and leaves nothing behind.
///
/// # Errors
/// What the file system says.
#[cfg(feature = "cli")]
pub fn probe(path: &Path) -> io::Result<()> {
    let draft = draft(path);
    fs::write(&draft, "")?;
    fs::remove_file(&draft)
}

/// Two writers of one file may write the same bytes, but not to the same draft.
fn draft(path: &Path) -> PathBuf {
    path.with_extension(format!("{}.draft", std::process::id()))
}
