//! One build of the copy.

use std::io;
use std::path::PathBuf;
use std::process::Command;

use super::place::Place;

/// The release profile for a program that is built once for each mutant and runs for seconds: what is not compiled anew
/// is not optimised anew either. Verdicts and digests do not depend on it.
const PROFILE: [(&str, &str); 4] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_INCREMENTAL", "true"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "false"),
];

/// Why there is no program.
pub(super) enum BuildError {
    /// Cargo could not be run.
    Cargo(io::Error),
    /// What the compiler said.
    Compiler(String),
}

/// Builds the copy as it is; gives the program.
pub(super) fn build(place: &Place) -> Result<PathBuf, BuildError> {
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--quiet", "--release", "--locked", "--package", "xtask", "--target-dir"]).arg(&place.target);
    cargo.current_dir(&place.copy).envs(PROFILE);
    // A mutant may leave something unused behind.
    cargo.env("RUSTFLAGS", "--cap-lints=warn");
    let output = cargo.output().map_err(BuildError::Cargo)?;
    if !output.status.success() {
        return Err(BuildError::Compiler(String::from_utf8_lossy(&output.stderr).trim_end().to_owned()));
    }
    Ok(place.target.join("release").join(format!("xtask{}", std::env::consts::EXE_SUFFIX)))
}
