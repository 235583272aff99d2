//! The command line, as `xtask` has it, for tests to drive: they cannot wait for a release build.

use std::env;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1).peekable();
    match arguments.next_if(|first| first == "mutants") {
        Some(_) => xtask::mutants::main(&scenarios::registry(), arguments),
        None => campaign::cli::main("sim-tests", &scenarios::registry(), arguments),
    }
}
