//! `bench [NAME…] [--json FILE]`: see `bench --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench::run(std::env::args_os())
}
