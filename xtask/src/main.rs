//! The repository's own commands: `cargo xtask fuzz` and its like, and its chores, which are in the library.
//!
//! What belongs to a workspace of its own (published crates that are hosted, peers that are measured) is handed on to it:
//! arguments, exit code and files unchanged. What names nothing of it, such as `list` and `corpus check`, is asked of it by
//! its name first: `cargo xtask foreign corpus check`.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let chore = arguments.first().filter(|first| *first == "mutants");
    match workspace(&arguments) {
        Some(workspace) if arguments[0] == "foreign" => hand_on(workspace, &arguments[1..]),
        Some(workspace) => hand_on(workspace, &arguments),
        None if chore.is_some() => xtask::mutants::main(&scenarios::registry(), arguments.into_iter().skip(1)),
        None => campaign::cli::main("cargo xtask", &scenarios::registry(), arguments.into_iter()),
    }
}

/// The workspace that these arguments are for, where it is not this one.
fn workspace(arguments: &[OsString]) -> Option<&'static str> {
    let is_foreign = |argument: &OsString| {
        let text = argument.to_string_lossy();
        text.split('=').any(|part| part.starts_with("foreign/")) || text.contains("sim-seeds/foreign/")
    };
    match arguments.first() {
        Some(first) if first == "bench" => Some("crates/bench"),
        Some(first) if first == "foreign" => Some("crates/foreign"),
        _ if arguments.iter().any(is_foreign) => Some("crates/foreign"),
        _ => None,
    }
}

fn hand_on(workspace: &str, arguments: &[OsString]) -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is in the repository");
    let manifest = root.join(workspace).join("Cargo.toml");
    if !manifest.is_file() {
        eprintln!("sim: {workspace}: this repository has no such workspace");
        return ExitCode::from(64);
    }
    let mut command = Command::new("cargo");
    command
        .args(["run", "--quiet", "--release", "--locked", "--manifest-path"])
        .arg(manifest)
        .args(target_directory().iter().flat_map(|directory| [OsStr::new("--target-dir"), directory.as_os_str()]))
        .arg("--")
        .args(arguments);
    match command.status() {
        Ok(status) => ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(70)),
        Err(error) => {
            eprintln!("sim: cargo: {error}");
            ExitCode::from(70)
        }
    }
}

/// Where this program was built, `release/xtask` below it: what the workspaces share is built once.
fn target_directory() -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    program.parent()?.parent().map(Path::to_owned)
}
