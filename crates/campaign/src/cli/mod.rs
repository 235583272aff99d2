//! The command line, for a binary of a few lines.
//!
//! ```no_run
//! fn registry() -> Vec<Box<dyn sim::Scenario>> {
//!     Vec::new() // the scenarios of this project
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     campaign::cli::main("cargo run --", &registry(), std::env::args_os().skip(1))
//! }
//! ```
//!
//! What a person waits for and the block of a failure go to stderr; tables, and what a script reads, to stdout or to the
//! file that is named. The exit codes are those of [`Exit`].

/// A line for whoever reads: to stdout. A reader that went away, such as `head`, changes nothing of what a command comes to.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        drop(writeln!(std::io::stdout(), $($text)*));
    }};
}

mod args;
mod corpus;
mod exit;
mod explain;
mod fuzz;
mod json;
mod list;
mod progress;
mod replay;
mod select;
mod shrink;
mod table;
mod twin;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::thread;

use clap::Parser;
use clap::error::ErrorKind;
use sim::Scenario;

use self::args::{Command, CommandLine};
pub use self::exit::Exit;
pub use self::progress::interruption;
use crate::place::Place;
use crate::watchdog::{STEP_LIMIT, Watchdog};

/// What every command needs.
struct Shop<'a> {
    /// How this program is called, for the lines that are to be pasted.
    program: &'a str,
    scenarios: &'a [Box<dyn Scenario>],
    place: Place,
    watchdog: Watchdog,
}

/// What a command comes to; what cannot be used is one line.
type Ended = Result<Exit, String>;

/// Carries out one command on these scenarios. `program` is how this program is called, such as `cargo xtask`.
pub fn main(program: &str, scenarios: &[Box<dyn Scenario>], arguments: impl Iterator<Item = OsString>) -> ExitCode {
    if cfg!(panic = "abort") {
        eprintln!("sim: this profile has panic = \"abort\": expected \"unwind\", as a panic is a finding");
        return Exit::Usage.into();
    }
    let command = match CommandLine::try_parse_from([OsString::from(program)].into_iter().chain(arguments)) {
        Ok(CommandLine { command }) => command,
        Err(error) => return refuse(&error),
    };
    match shop(program, scenarios).and_then(|shop| shop.carry_out(command)) {
        Ok(exit) => exit.into(),
        Err(line) => {
            eprintln!("sim: {line}");
            Exit::Usage.into()
        }
    }
}

fn shop<'a>(program: &'a str, scenarios: &'a [Box<dyn Scenario>]) -> Result<Shop<'a>, String> {
    let settings = crate::settings::Settings::from_env()?;
    let place = Place::find(settings.dir.as_deref())?;
    Ok(Shop { program, scenarios, place, watchdog: Watchdog::new(STEP_LIMIT) })
}

impl Shop<'_> {
    fn carry_out(&self, command: Command) -> Ended {
        match command {
            Command::Fuzz(arguments) => self.fuzz(arguments),
            Command::Replay(arguments) => self.replay(arguments),
            Command::Shrink(arguments) => self.shrink(&arguments),
            Command::Explain(arguments) => self.explain(&arguments),
            Command::Twin(arguments) => self.twin(&arguments),
            Command::TwinSide(arguments) => self.twin_side(&arguments),
            Command::List(arguments) => self.list(&arguments),
            Command::Corpus(args::Corpus::Check) => self.corpus_check(),
            Command::Corpus(args::Corpus::List) => self.corpus_list(),
            Command::Corpus(args::Corpus::Migrate) => self.corpus_migrate(),
            Command::Corpus(args::Corpus::Prune) => self.corpus_prune(),
        }
    }
}

/// How many threads, where so many are asked for: otherwise one for each core.
fn jobs(asked: Option<NonZeroUsize>) -> NonZeroUsize {
    asked.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

/// What clap has to say: help in full, a mistake in one line.
fn refuse(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        print!("{error}");
        return Exit::Clean.into();
    }
    let text = error.to_string();
    let is_hint = |line: &&str| line.starts_with("Usage:") || line.starts_with("For more information");
    let mistake: Vec<&str> = text.lines().map(str::trim).take_while(|line| !is_hint(line)).collect();
    let mistake = mistake.join(" ");
    let mistake = match error.kind() {
        // Instead of a mistake, clap has the whole help to say then.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "expected a command",
        _ => mistake.strip_prefix("error: ").unwrap_or(&mistake).trim(),
    };
    eprintln!("sim: {mistake} (--help says more)");
    Exit::Usage.into()
}
