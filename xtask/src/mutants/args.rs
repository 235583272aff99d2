//! The command line.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use campaign::cli::Exit;
use clap::Parser;

use super::say;

/// Plant known bugs in a copy of the sources, one after the other, and measure how fast campaigns find each.
#[derive(Parser, Debug)]
#[command(name = "cargo xtask mutants", max_term_width = 100)]
pub(super) struct Arguments {
    /// Mutants, by id or SUITE/ID; `*` stands for any text, `control` for the sources without a mutant [default: all]
    #[arg(value_name = "NAME")]
    pub(super) names: Vec<String>,
    /// How long each mutant may take, over its five base seeds; builds and shrinking not counted
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "60s")]
    pub(super) time: Duration,
    /// Threads; no result depends on it, but for what is found within the time [default: one for each core]
    #[arg(long, value_name = "J")]
    pub(super) jobs: Option<NonZeroUsize>,
    /// Write what a script reads to this file
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
}

impl Arguments {
    /// Reads them, without the command's own name. Where there is nothing to carry out, it was said why, and how that ends.
    pub(super) fn read(arguments: impl Iterator<Item = OsString>) -> Result<Arguments, Exit> {
        let named = [OsString::from("cargo xtask mutants")].into_iter().chain(arguments);
        Arguments::try_parse_from(named).map_err(|error| {
            if !error.use_stderr() {
                print!("{error}");
                return Exit::Clean;
            }
            say(&one_line(&error));
            Exit::Usage
        })
    }
}

/// What is wrong, without the usage that clap adds.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let is_hint = |line: &&str| line.starts_with("Usage:") || line.starts_with("For more information");
    let said: Vec<&str> = text.lines().map(str::trim).take_while(|line| !is_hint(line)).collect();
    let said = said.join(" ");
    format!("{} (--help says more)", said.strip_prefix("error: ").unwrap_or(&said).trim())
}

fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().map(Duration::from_secs);
    let parsed = seconds.or_else(|| humantime::parse_duration(text).ok()).filter(|time| !time.is_zero());
    parsed.ok_or_else(|| "expected a time such as 90s, 5m, 500ms".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn without_arguments_everything_is_measured_for_a_minute_each() {
        let read = Arguments::read(std::iter::empty()).expect("nothing is asked for");
        assert_eq!((read.names.len(), read.time, read.jobs, read.json), (0, Duration::from_secs(60), None, None));
    }

    #[test]
    fn a_mistake_is_one_line() {
        for wrong in [&["--time", "0"][..], &["--jobs", "0"], &["--nonsense"], &["--json"]] {
            let error = Arguments::try_parse_from([&["mutants"], wrong].concat()).expect_err("it is wrong");
            assert_eq!(one_line(&error).lines().count(), 1, "{error}");
        }
    }
}
