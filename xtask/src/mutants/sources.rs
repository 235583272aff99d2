//! The sources of the workspace as they were when the command began, and the copy of them.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use sha1::{Digest, Sha1};

use super::catalogue::DIRECTORY;
use super::mutant::Mutant;

/// Everything that a build reads, by path from the root: manifests, the lock file, cargo's settings, Rust. Not workspaces of
/// their own.
pub(super) struct Sources(BTreeMap<PathBuf, String>);

impl Sources {
    pub(super) fn read(root: &Path) -> io::Result<Sources> {
        let mut files = BTreeMap::new();
        for path in listed(root)? {
            files.insert(path.clone(), fs::read_to_string(root.join(path))?);
        }
        Ok(Sources(files))
    }

    /// A hash of all that what is built could depend on: not of tests.
    pub(super) fn hash(&self) -> String {
        let mut hash = Sha1::new();
        for (path, text) in self.0.iter().filter(|(path, _)| !is_test(path)) {
            // With their lengths, so that no two sets of files read alike.
            for part in [path.to_string_lossy().as_ref(), text] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        hex(&hash.finalize())
    }

    /// Makes the directory a copy of these sources, with a mutant or without. What is there already as it should be is
    /// not touched, so that cargo builds nothing anew for it; what an earlier mutant changed is changed back.
    pub(super) fn lay_out(&self, directory: &Path, mutant: Option<&Mutant>) -> io::Result<()> {
        for stranger in listed(directory)?.iter().filter(|path| !self.0.contains_key(*path)) {
            fs::remove_file(directory.join(stranger))?;
        }
        for (path, text) in &self.0 {
            let planted = match mutant.filter(|mutant| Path::new(&mutant.file) == path) {
                Some(mutant) => &mutant.planted(text).map_err(io::Error::other)?,
                None => text,
            };
            let file = directory.join(path);
            if fs::read_to_string(&file).is_ok_and(|there| there == *planted) {
                continue;
            }
            if let Some(parent) = file.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(file, planted)?;
        }
        Ok(())
    }
}

/// The hash of a mutant, and of the sources that it is planted in.
pub(super) fn key(sources: &str, mutant: &Mutant) -> String {
    let mut hash = Sha1::new();
    [sources, &mutant.suite, &mutant.id, &mutant.text].into_iter().for_each(|part| {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    });
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The paths, from `root`, of what a build reads there.
fn listed(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut directories = vec![PathBuf::new()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(root.join(&directory))? {
            let entry = entry?;
            let path = directory.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                directories.extend(Some(path).filter(|path| is_entered(root, path)));
            } else if is_read(&path) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

fn is_entered(root: &Path, directory: &Path) -> bool {
    let name = directory.file_name().unwrap_or_default().to_string_lossy();
    let is_hidden = name.starts_with('.') && name != ".cargo";
    let is_workspace = root.join(directory).join("Cargo.lock").exists();
    !is_hidden && !is_workspace && name != "target" && directory != Path::new(DIRECTORY)
}

fn is_read(path: &Path) -> bool {
    path.extension().is_some_and(|extension| ["rs", "toml", "lock"].iter().any(|read| extension == *read))
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| part == Component::Normal("tests".as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutants::mutant::tests::mutant;

    fn sources(files: &[(&str, &str)]) -> Sources {
        Sources(files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect())
    }

    #[test]
    fn the_hash_tells_names_and_texts_apart_and_leaves_tests_out() {
        let hash = |files: &[(&str, &str)]| sources(files).hash();
        let all = [
            hash(&[("a.rs", "bc"), ("d.rs", "")]),
            hash(&[("a.rs", "b"), ("d.rs", "c")]),
            hash(&[("a.rsb", "c"), ("d.rs", "")]),
            hash(&[("a.rs", "bc")]),
        ];
        assert!((1..all.len()).all(|end| !all[..end].contains(&all[end])), "{all:?}");
        let tested = hash(&[("a.rs", "bc"), ("crates/raft/tests/it.rs", "d"), ("d.rs", "")]);
        assert_eq!(tested, all[0]);
    }

    #[test]
    fn the_key_covers_the_mutant_and_the_sources() {
        let other = Mutant { text: "else".into(), ..mutant() };
        let keys = [key("1", &mutant()), key("2", &mutant()), key("1", &other)];
        assert!(keys[0] != keys[1] && keys[0] != keys[2] && keys[0].len() == 40, "{keys:?}");
    }

    #[test]
    fn a_copy_is_changed_only_where_it_differs() {
        let directory = std::env::temp_dir().join(format!("xtask-lay-out-{}", std::process::id()));
        fs::create_dir_all(directory.join("src")).expect("a directory can be made");
        fs::write(directory.join("src/old.rs"), "").expect("a file can be written");
        let sources = sources(&[("Cargo.toml", "c"), ("src/lib.rs", "a")]);
        let text = |name: &str| fs::read_to_string(directory.join(name)).expect("it is there");
        let modified =
            |name: &str| fs::metadata(directory.join(name)).and_then(|data| data.modified()).expect("a time");

        sources.lay_out(&directory, Some(&mutant())).expect("it can be written");
        assert_eq!((text("Cargo.toml"), text("src/lib.rs")), ("c".into(), "b".into()));
        assert!(!directory.join("src/old.rs").exists());
        let before = modified("Cargo.toml");
        sources.lay_out(&directory, None).expect("it can be written");
        assert_eq!((text("src/lib.rs"), modified("Cargo.toml")), ("a".into(), before));
        fs::remove_dir_all(&directory).expect("it can be removed");
    }
}
