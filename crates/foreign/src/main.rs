//! The command line on the scenarios of this crate, called as `cargo xtask`, which hands on to it what is theirs.

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    campaign::cli::main("cargo xtask", &foreign::registry(), env::args_os().skip(1))
}
