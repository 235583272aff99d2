//! The command line, as `xtask` has it, for tests to drive: they cannot wait for a release build.

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    campaign::cli::main("sim-tests", &scenarios::registry(), env::args_os().skip(1))
}
