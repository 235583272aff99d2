//! The folder of whoever follows the tutorial: the clone beside it, and nothing of this workspace but what is depended on.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::tutorial::{Step, compare, steps};
use super::{read, root};
use crate::program::{Block, Ended, command};

/// The folder. There is one at a time, so that its dependencies are built once and kept.
pub struct Folder {
    pub path: PathBuf,
    _alone: MutexGuard<'static, ()>,
}

static ALONE: Mutex<()> = Mutex::new(());

impl Folder {
    /// An empty folder.
    pub fn empty() -> Folder {
        Folder::holding(&BTreeMap::new())
    }

    /// The folder as it is when the first run fails, with nothing found in it yet.
    pub fn flawed() -> Folder {
        Folder::holding(&files_after(steps().iter().take_while(|step| !step.fails())))
    }

    /// The folder when the flaw is repaired, as it is at the next command.
    pub fn repaired() -> Folder {
        let steps = steps();
        let found = steps.iter().position(Step::fails).expect("a run fails");
        let repair = steps[found + 1..].iter().take_while(|step| !matches!(step, Step::Run { .. })).count();
        assert!(repair > 0, "between two runs something is repaired");
        Folder::holding(&files_after(steps[..=found + repair].iter()))
    }

    /// A folder of these files and of what was built in it. A file that is so already is not touched, or it would be
    /// compiled again.
    fn holding(files: &BTreeMap<&str, String>) -> Folder {
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let desk = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hosting");
        let folder = Folder { path: desk.join("lock-service"), _alone: alone };
        fs::create_dir_all(&folder.path).expect("the target directory can be written");
        let clone = desk.join("sim");
        // One that a copied target directory brought along may lead to another clone.
        if fs::read_link(&clone).ok().as_deref() != Some(root()) {
            remove_link(&clone);
            symlink(root(), &clone).expect("the clone can be beside it");
        }
        let is_kept =
            |name: &Path| name.ends_with("target") || files.keys().any(|file| Path::new(file).starts_with(name));
        for entry in fs::read_dir(&folder.path).expect("a directory can be read") {
            let entry = entry.expect("an entry can be read");
            if !is_kept(Path::new(&entry.file_name())) {
                remove(&entry.path());
            }
        }
        // What was found in an earlier test, under `target`.
        ["target/broken", "target/sim"].map(|found| folder.path.join(found)).iter().for_each(|found| remove(found));
        folder.pin();
        files.iter().filter(|(file, text)| !folder.has(file, text)).for_each(|(file, text)| folder.write(file, text));
        folder
    }

    /// Does what the reader does.
    pub fn follow(&self, step: &Step) {
        match step {
            Step::Write { path, text } => self.write(path, text),
            Step::Edit { path, before, after } => self.edit(path, before, after),
            Step::Run { command: line, sample } => {
                self.pin();
                let ended = self.run(command("sh").args(["-c", line]));
                let text = format!("{}{}", ended.stdout, ended.stderr);
                println!("$ {line}\n{text}");
                assert!(!text.contains("warning: "), "{line} warns of what is none of the reader's doing:\n{text}");
                assert_eq!(ended.exit != Some(0), step.fails(), "{line} ends with {:?}:\n{text}", ended.exit);
                sample.iter().for_each(|sample| compare(sample, &text));
            }
        }
    }

    /// Takes this workspace's versions of what is depended on, as there need be no registry where tests are run. A command
    /// strikes those that it does not need yet.
    fn pin(&self) {
        self.write("Cargo.lock", &read(&root().join("Cargo.lock")));
    }

    /// Replaces text that stands in a file once.
    pub fn edit(&self, file: &str, before: &str, after: &str) {
        self.write(file, &replaced(file, &read(&self.path.join(file)), before, after));
    }

    fn has(&self, file: &str, text: &str) -> bool {
        fs::read_to_string(self.path.join(file)).is_ok_and(|present| present == text)
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.path.join(file);
        fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("a directory can be made");
        fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    pub fn cargo_test(&self, variables: &[(&str, &str)]) -> Ended {
        let variables = variables.iter().copied();
        let arguments = ["test", "--package=simulation", "--test=lock", "--", "--show-output"];
        self.run(command("cargo").envs(variables).args(arguments))
    }

    /// Whether a package is in the tree of what `cargo test` builds of a member.
    pub fn tree_has(&self, member: &str, package: &str) -> bool {
        let tree = self.run(command("cargo").args(["tree", "--package", member, "--edges=all", "--prefix=none"]));
        assert_eq!(tree.exit, Some(0), "{tree:?}");
        tree.stdout.lines().any(|line| line.starts_with(&format!("{package} v")))
    }

    /// Pastes a line that was printed, which must fail, and gives the block that it fails with.
    pub fn paste(&self, line: &str) -> Block {
        let pasted = self.run(command("sh").args(["-c", line]));
        assert_eq!(pasted.exit, Some(101), "{pasted:?}");
        Block::within(&pasted.stdout)
    }

    fn run(&self, command: &mut Command) -> Ended {
        let command = command.current_dir(&self.path).env("CARGO_NET_OFFLINE", "true");
        command.output().expect("cargo and a shell start").into()
    }
}

/// The files that these steps leave.
fn files_after<'a>(steps: impl Iterator<Item = &'a Step>) -> BTreeMap<&'a str, String> {
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    for step in steps {
        match step {
            Step::Write { path, text } => drop(files.insert(path, text.clone())),
            Step::Edit { path, before, after } => {
                let text =
                    files.get_mut(path.as_str()).unwrap_or_else(|| panic!("{path} is changed before it is written"));
                *text = replaced(path, text, before, after);
            }
            Step::Run { .. } => {}
        }
    }
    files
}

fn replaced(file: &str, text: &str, before: &str, after: &str) -> String {
    assert_eq!(text.matches(before).count(), 1, "{file} has this once: {before}");
    text.replace(before, after)
}

fn remove_link(path: &Path) {
    let removed = fs::remove_file(path);
    assert!(removed.is_ok() || path.symlink_metadata().is_err(), "{} can be removed", path.display());
}

fn remove(path: &Path) {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    assert!(removed.is_ok() || !path.exists(), "{} can be removed", path.display());
}
