//! A program as these tests run it: in a directory of its own, knowing nothing of whoever runs the tests.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The command line on this repository's scenarios, as `xtask` has it.
pub const SIM_TESTS: &str = env!("CARGO_BIN_EXE_sim-tests");

/// What a program came to.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code; nothing where a signal ended it.
    pub exit: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Ended {
        let text = |bytes| String::from_utf8(bytes).expect("a program writes text");
        Ended { exit: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// A command that inherits nothing which steers a simulation or cargo. (`CARGO_HOME` says where crates are, and stays.)
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let steers = text.starts_with("SIM_") || text.starts_with("CARGO_") && text != "CARGO_HOME";
        if steers || ["CI", "RUSTFLAGS", "RUST_BACKTRACE"].contains(&&*text) {
            command.env_remove(name);
        }
    }
    command
}

/// A directory for one test, empty at first and left behind for whoever wants to look.
pub struct Desk {
    pub path: PathBuf,
}

impl Desk {
    /// The directory of the test `name`. The empty lock file makes it a workspace's root, so that a corpus is beside it.
    pub fn new(name: &str) -> Desk {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if path.exists() {
            fs::remove_dir_all(&path).expect("what an earlier run left can be removed");
        }
        fs::create_dir_all(&path).expect("the target directory can be written");
        let desk = Desk { path };
        desk.write("Cargo.lock", "");
        desk
    }

    /// Runs the command line here.
    pub fn sim(&self, arguments: &[&str]) -> Ended {
        self.sim_with(&[], arguments)
    }

    /// Runs another program of this package here.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Ended {
        command(program).current_dir(&self.path).args(arguments).output().expect("the program starts").into()
    }

    /// Runs the command line here, with variables.
    pub fn sim_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Ended {
        let variables = variables.iter().copied();
        let output = command(SIM_TESTS).current_dir(&self.path).envs(variables).args(arguments).output();
        output.expect("the command line starts").into()
    }

    /// Runs a line that was printed to be pasted.
    pub fn paste(&self, line: &str) -> Ended {
        let directory = Path::new(SIM_TESTS).parent().expect("a program is in a directory").display();
        let shell = format!("PATH='{directory}:'\"$PATH\"; {line}");
        command("sh").current_dir(&self.path).args(["-c", &shell]).output().expect("there is a shell").into()
    }

    /// Writes a file, and gives its path as it would be typed here.
    pub fn write<'a>(&self, name: &'a str, text: &str) -> &'a str {
        let path = self.path.join(name);
        fs::create_dir_all(path.parent().expect("a file is in a directory")).expect("a directory can be made");
        fs::write(path, text).expect("a file can be written");
        name
    }

    /// The text of a file.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The path of every file here, in order.
    pub fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        collect(&self.path, &mut files);
        let mut files: Vec<String> = files
            .iter()
            .map(|path| path.strip_prefix(&self.path).expect("it was found below").display().to_string())
            .collect();
        files.sort_unstable();
        files
    }
}

impl Desk {
    /// The stored cases here, in order.
    pub fn cases(&self) -> Vec<String> {
        let mut files = self.files();
        files.retain(|file| file.starts_with("sim-seeds/") && file.ends_with(".json"));
        files
    }
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory can be read") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() { collect(&path, files) } else { files.push(path) }
    }
}

/// The block of a failure, as a script would read it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// `sim: FAILED scenario  signature  seed …  at …  event …  digest …`.
    pub heading: String,
    /// The line that replays it.
    pub replay: String,
}

impl Block {
    /// The last block of a text.
    pub fn within(text: &str) -> Block {
        let start = text.rfind("sim: FAILED ").unwrap_or_else(|| panic!("no block in: {text}"));
        let mut lines = text[start..].lines();
        let heading = lines.next().expect("the block has a heading").to_owned();
        let below = lines.take_while(|line| line.starts_with("  "));
        let replay = below.last().and_then(|line| line.strip_prefix("  replay: "));
        let replay = replay.unwrap_or_else(|| panic!("the block does not end with a replay line: {text}")).to_owned();
        Block { heading, replay }
    }

    /// The last block of a text, which must be its end.
    pub fn at_the_end_of(text: &str) -> Block {
        let block = Block::within(text);
        assert!(text.trim_end().ends_with(&block.replay), "something follows the block: {text}");
        block
    }

    /// The seed in the heading.
    pub fn seed(&self) -> &str {
        let seed = self.heading.split("  ").find_map(|part| part.strip_prefix("seed "));
        seed.unwrap_or_else(|| panic!("no seed in: {}", self.heading))
    }
}
