//! Where things are on disk: the workspace, its corpus, its scratch cases.

use std::env;
use std::path::{Path, PathBuf};

/// The directories of one workspace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The directory of the nearest `Cargo.lock` above the package.
    pub root: PathBuf,
    /// The corpus: `sim-seeds`, unless `SIM_DIR` says otherwise.
    pub corpus: PathBuf,
    /// Where cases go that are not to be kept: `target/sim/cases`.
    pub scratch: PathBuf,
}

impl Place {
    /// The place of the package that is running, under cargo; otherwise of the current directory.
    ///
    /// # Errors
    /// One line that names `SIM_DIR`, where `corpus` is, or is below, something that is no directory. It need not exist.
    #[expect(clippy::disallowed_methods, reason = "cargo says by variables which package it runs")]
    pub fn find(corpus: Option<&Path>) -> Result<Place, String> {
        let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let start = package.or_else(|| env::current_dir().ok()).unwrap_or_else(|| ".".into());
        let target = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let place = Place::above(&start, corpus, target.as_deref());
        match place.corpus.ancestors().find(|path| path.exists()) {
            Some(file) if corpus.is_some() && !file.is_dir() => {
                Err(format!("SIM_DIR: expected a directory; received `{}`", file.display()))
            }
            _ => Ok(place),
        }
    }

    fn above(start: &Path, corpus: Option<&Path>, target: Option<&Path>) -> Place {
        let root = start.ancestors().find(|directory| directory.join("Cargo.lock").is_file()).unwrap_or(start);
        Place {
            root: root.to_owned(),
            corpus: root.join(corpus.unwrap_or(Path::new("sim-seeds"))),
            scratch: root.join(target.unwrap_or(Path::new("target"))).join("sim").join("cases"),
        }
    }

    /// A path as a person would type it from the root.
    pub fn shown<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }

    /// The file that a relative path means: beside the corpus, in it, or from the current directory, where the first
    /// that exists is meant.
    pub fn resolve(&self, path: &Path) -> PathBuf {
        let beside = self.corpus.parent().unwrap_or(&self.root);
        let candidates = [beside.join(path), self.corpus.join(path), path.to_owned()];
        candidates.iter().find(|candidate| candidate.is_file()).unwrap_or(&candidates[2]).clone()
    }
}

/// A path as it is typed in a shell: as it is, or in quotes where the shell would take it for something else.
pub(crate) fn typed(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |character: char| character.is_alphanumeric() || "/._-+,:=@%".contains(character);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_where_the_lock_file_is() {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let place = Place::above(package, None, None);
        assert!(place.root.join("crates/campaign") == package, "{place:?}");
        assert_eq!(place.shown(&place.corpus), Path::new("sim-seeds"));
        assert_eq!(place.shown(&place.scratch), Path::new("target/sim/cases"));
        assert_eq!(Place::above(package, Some(Path::new("/seeds")), None).corpus, Path::new("/seeds"));
    }

    #[test]
    fn a_path_is_typed_so_that_a_shell_takes_it_as_one_word() {
        assert_eq!(typed(Path::new("sim-seeds/raft/a-0f.json")), "sim-seeds/raft/a-0f.json");
        assert_eq!(typed(Path::new("my seeds/it's")), r"'my seeds/it'\''s'");
    }

    #[test]
    fn a_relative_path_is_tried_from_the_root_first() {
        let place = Place::above(Path::new(env!("CARGO_MANIFEST_DIR")), None, None);
        assert_eq!(place.resolve(Path::new("Cargo.lock")), place.root.join("Cargo.lock"));
        assert_eq!(place.resolve(Path::new("no/such/file")), Path::new("no/such/file"));
    }
}
