//! The command line: `bench [NAME…] [--json FILE] [--events N]`.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};

use crate::suite::{Bench, Effort, Report};

/// Peers and floors beside us, as ratios measured in one run.
#[derive(Parser)]
#[command(name = "bench")]
struct Arguments {
    /// What to measure; everything where nothing is named.
    #[arg(value_enum, value_name = "NAME")]
    names: Vec<Bench>,
    /// Writes the rows to this file as well.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// How many events each repetition fires, and how many keys it looks up.
    #[arg(long, value_name = "N", default_value_t = Effort::default().events, value_parser = clap::value_parser!(u64).range(1_000..))]
    events: u64,
}

const EXIT_USAGE: u8 = 64;

/// Runs the command line and says how it ended: 0, or 64 where it could not be understood or its file not written.
///
/// The program's own name may be followed by `bench`, which is how the repository's command hands its arguments on.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    if arguments.get(1).is_some_and(|first| first == "bench") {
        arguments.remove(1);
    }
    match Arguments::try_parse_from(arguments) {
        Ok(arguments) => measure(&arguments),
        Err(error) if !error.use_stderr() => {
            print!("{error}");
            ExitCode::SUCCESS
        }
        Err(error) => refuse(&one_line(&error)),
    }
}

fn measure(arguments: &Arguments) -> ExitCode {
    let names = if arguments.names.is_empty() { Bench::value_variants() } else { arguments.names.as_slice() };
    let effort = Effort { events: arguments.events, ..Effort::default() };
    let mut report = Report::default();
    for name in names {
        report.append(name.measure(effort));
    }
    print!("{report}");
    match &arguments.json {
        Some(path) => match write(path, &report) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => refuse(&format!("{}: {error}", path.display())),
        },
        None => ExitCode::SUCCESS,
    }
}

fn write(path: &PathBuf, report: &Report) -> io::Result<()> {
    let mut text = serde_json::to_string_pretty(report)?;
    text.push('\n');
    std::fs::write(path, text)
}

fn refuse(why: &str) -> ExitCode {
    // Where even stderr is gone, the exit code has to do.
    let _ = writeln!(io::stderr(), "bench: {why}");
    ExitCode::from(EXIT_USAGE)
}

/// What was wrong, without the usage that clap adds; what values are possible stays.
fn one_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines: Vec<&str> = text.lines().take_while(|line| !line.starts_with("Usage:")).map(str::trim).collect();
    let said: Vec<&str> =
        lines.into_iter().filter(|line| !line.is_empty() && !line.starts_with("For more information")).collect();
    said.join(" ").trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(arguments: &[&str]) -> String {
        let parsed = Arguments::try_parse_from([&["bench"], arguments].concat());
        one_line(&parsed.err().expect("these arguments are wrong"))
    }

    #[test]
    fn a_usage_error_is_one_line_that_names_what_is_wrong_and_what_is_accepted() {
        let unknown = refusal(&["engin"]);
        assert!(unknown.contains("engin") && unknown.contains("[possible values: engine, ring]"), "{unknown}");
        let too_few = refusal(&["--events", "1"]);
        assert!(too_few.contains("--events") && too_few.contains("1000"), "{too_few}");
        for text in [unknown, too_few, refusal(&["--json"]), refusal(&["--nonsense"])] {
            assert_eq!(text.lines().count(), 1, "{text}");
        }
    }
}
