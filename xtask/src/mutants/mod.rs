//! `mutants`: plants each known bug in a copy of the sources, and measures how fast campaigns find it.
//!
//! The sources stay as they are: a mutant is a file, `tests/mutants/SUITE/ID.toml`, and what it changes is changed in a
//! copy, `target/mutants/source`, which is built and run like any checkout. So no core has a switch for its own bugs.
//!
//! # Map
//!
//! | module | holds |
//! |---|---|
//! | `args` | the command line |
//! | `mutant`, `catalogue` | a mutant as it is written; all of them, checked, and those that are named |
//! | `place`, `sources` | the directories; the sources, their hash, and the copy of them |
//! | `builder`, `fuzzer` | one build of the copy; one campaign of what was built |
//! | `measure`, `control` | five campaigns against one mutant; the copy without any |
//! | `kept` | what is known from earlier runs, for as long as the sources are the same |
//! | `median` | pure: medians where some values may be missing |
//! | `table`, `document`, `markdown` | what it came to: on stdout, for scripts, for the repository's reader |

mod args;
mod builder;
mod catalogue;
mod control;
mod document;
mod fuzzer;
mod kept;
mod markdown;
mod measure;
mod median;
mod mutant;
mod place;
mod sources;
mod table;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use campaign::cli::{Exit, interruption};
use campaign::file;
use sim::Scenario;

use self::args::Arguments;
use self::builder::BuildError;
pub use self::catalogue::{CONTROL, Catalogue};
use self::control::Control;
use self::document::Row;
use self::fuzzer::{Fuzzer, Halt};
use self::kept::Kept;
use self::measure::Measured;
pub use self::mutant::Mutant;
use self::place::Place;
use self::sources::Sources;

/// Carries out `mutants` with these arguments, its own name left out. Every mutant that is named is measured, or was on
/// the same sources.
///
/// It ends with 0; 1 where a mutant was missed or the control was not silent; 64 where the command line or a mutant's
/// file cannot be used; 70 where a build or a campaign failed otherwise; 130 where it was interrupted before any of that.
pub fn main(scenarios: &[Box<dyn Scenario>], arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::read(arguments) {
        Ok(arguments) => arguments,
        Err(ended) => return ended.into(),
    };
    match run(scenarios, &arguments) {
        Ok(exit) => exit.into(),
        Err(line) => {
            say(&line);
            Exit::Usage.into()
        }
    }
}

fn run(scenarios: &[Box<dyn Scenario>], arguments: &Arguments) -> Result<Exit, String> {
    let root = campaign::Place::find(None)?.root;
    let catalogue = Catalogue::read(&root, scenarios)?;
    let selected = catalogue.select(&arguments.names)?;
    if let Some(path) = &arguments.json {
        document::probe(path)?;
    }
    let place = Place::claim(&root)?;
    let sources = Sources::read(&root).map_err(|error| format!("{}: {error}", root.display()))?;
    let mut bench = Bench {
        arguments,
        kept: Kept::new(&place, &sources),
        place: &place,
        sources,
        interrupted: interruption(),
        exit: Exit::Clean,
    };
    let rows: Vec<Row<'_>> = selected.mutants.iter().filter_map(|mutant| bench.row(mutant)).collect();
    let control = if selected.control { bench.control(&catalogue) } else { None };
    let is_complete = selected.is_all && control.is_some() && rows.len() == selected.mutants.len();
    bench.conclude(&rows, control.as_ref(), is_complete)
}

/// Where mutants are planted one after the other.
struct Bench<'a> {
    arguments: &'a Arguments,
    place: &'a Place,
    sources: Sources,
    kept: Kept<'a>,
    interrupted: Arc<AtomicBool>,
    exit: Exit,
}

impl Bench<'_> {
    /// What is known of a mutant in the end; nothing where it could not be measured, and then it was said why.
    fn row<'m>(&mut self, mutant: &'m Mutant) -> Option<Row<'m>> {
        if mutant.impossible.is_some() {
            return Some(Row { mutant, measured: None });
        }
        if let Some(measured) = self.kept.measured(mutant, self.arguments.time) {
            return Some(self.judged(mutant, measured));
        }
        let outcome = self.build(Some(mutant)).and_then(|fuzzer| {
            measure::measure(&fuzzer, mutant, self.arguments.time, &|| self.interrupted.load(Ordering::Relaxed))
        });
        match outcome {
            Ok(measured) => {
                self.kept.keep_measured(mutant, self.arguments.time, &measured);
                say(&format!("{}: {}", mutant.id, measured.summary(mutant)));
                Some(self.judged(mutant, measured))
            }
            Err(halt) => self.halted(&mutant.id, halt),
        }
    }

    fn judged<'m>(&mut self, mutant: &'m Mutant, measured: Measured) -> Row<'m> {
        if !measured.is_found(mutant) {
            self.exit = self.exit.and(MISSED);
        }
        Row { mutant, measured: Some(measured) }
    }

    /// The copy without a mutant, in every scenario that a measured mutant was found in.
    fn control(&mut self, catalogue: &Catalogue) -> Option<Control> {
        let known: Vec<Measured> = catalogue.mutants().iter().filter_map(|mutant| self.kept.any(mutant)).collect();
        let wanted = control::wanted(&known);
        if wanted.is_empty() {
            say("control: nothing is measured yet that it could be compared with");
            self.exit = self.exit.and(Exit::Usage);
            return None;
        }
        let control = match self.kept.control(&wanted) {
            Some(control) => control,
            None => match self.build(None).and_then(|fuzzer| control::run(&fuzzer, &wanted)) {
                Ok(control) => {
                    self.kept.keep_control(&control);
                    say(&format!("control: {}", control.summary()));
                    control
                }
                Err(halt) => return self.halted(CONTROL, halt),
            },
        };
        if !control.is_silent() {
            self.exit = self.exit.and(MISSED);
        }
        Some(control)
    }

    /// The program with this mutant in it, or with none.
    fn build(&self, mutant: Option<&Mutant>) -> Result<Fuzzer<'_>, Halt> {
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(Halt::Interrupted);
        }
        let name = mutant.map_or(CONTROL, |mutant| &mutant.id);
        say(&format!("{name}: building"));
        self.sources.lay_out(&self.place.copy, mutant).map_err(|error| Halt::Trouble(error.to_string()))?;
        let built = builder::build(self.place);
        if self.interrupted.load(Ordering::Relaxed) {
            return Err(Halt::Interrupted);
        }
        match (built, mutant) {
            (Ok(program), _) => Ok(Fuzzer::new(program, self.place, name, self.arguments.jobs)),
            (Err(BuildError::Cargo(error)), _) => Err(Halt::Trouble(format!("cargo: {error}"))),
            (Err(BuildError::Compiler(text)), None) => Err(Halt::Trouble(format!("the sources do not build\n{text}"))),
            (Err(BuildError::Compiler(text)), Some(_)) => match self.build(None) {
                // The sources do without it, so it is the mutant.
                Ok(_) => Err(Halt::Unusable(format!("what it puts in place does not compile\n{text}"))),
                Err(halt) => Err(halt),
            },
        }
    }

    fn halted<T>(&mut self, what: &str, halt: Halt) -> Option<T> {
        let (exit, line) = match halt {
            Halt::Interrupted => (Exit::Interrupted, None),
            Halt::Unusable(line) => (Exit::Usage, Some(line)),
            Halt::Trouble(line) => (Exit::Bug, Some(line)),
        };
        line.iter().for_each(|line| say(&format!("{what}: {line}")));
        self.exit = self.exit.and(exit);
        None
    }

    /// Says what it came to, in every form that was asked for.
    fn conclude(mut self, rows: &[Row<'_>], control: Option<&Control>, is_complete: bool) -> Result<Exit, String> {
        // So that the copy is the sources, for whoever looks at it.
        if let Err(error) = self.sources.lay_out(&self.place.copy, None) {
            say(&format!("{}: {error}", self.place.copy.display()));
            self.exit = self.exit.and(Exit::Bug);
        }
        let mut out = io::stdout().lock();
        // A reader that went away, such as `head`, changes nothing.
        let _ = table::print(&mut out, rows, control).and_then(|()| out.flush());
        if let Some(path) = &self.arguments.json {
            document::write(path, &self.place.root, rows, control)?;
        }
        if is_complete {
            self.write_markdown(&markdown::render(rows, control))?;
        }
        Ok(self.exit)
    }

    fn write_markdown(&self, text: &str) -> Result<(), String> {
        let path = self.place.root.join(markdown::PATH);
        file::write(&path, text).map_err(|error| format!("{}: {error}", markdown::PATH))
    }
}

/// How it ends where a mutant is missed: a campaign that finds something ends alike.
const MISSED: Exit = Exit::Safety;

/// A line for whoever waits.
fn say(line: &str) {
    // Where even stderr is gone, the exit code has to do.
    let _ = writeln!(io::stderr(), "sim: {line}");
}
