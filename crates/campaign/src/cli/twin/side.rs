//! One of the two processes: runs the seeds, traced, and says a hash for every block of records.
//!
//! | it says | and hears |
//! |---|---|
//! | `seed N`: a seed begins | |
//! | `block COUNT HASH` | `go`, or `show` |
//! | after `show`: a line for each record, then `shown` | |
//! | `ended EVENTS DIGEST …`: the run came to this | |
//! | `over` | |

use std::hash::{Hash, Hasher};
use std::io::{self, BufRead, Write};

use sim::{ContentHasher, Expansion, Outcome, Record, Seed, Time};

use super::BLOCK;
use crate::cli::args::{TwinSeeds, WhichSeeds};
use crate::cli::{Ended, Exit, Shop};
use crate::run::Runs;

/// One record, as it is said to the parent.
#[derive(PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) event: u64,
    pub(super) time: Time,
    pub(super) line: String,
}

impl Shown {
    /// Reads what [`tell`] writes.
    pub(super) fn parse(text: &str) -> Option<Shown> {
        let mut parts = text.splitn(3, ' ');
        let event = parts.next()?.parse().ok()?;
        let time = Time::from_nanos(parts.next()?.parse().ok()?);
        Some(Shown { event, time, line: parts.next()?.trim().to_owned() })
    }
}

impl Shop<'_> {
    pub(in crate::cli) fn twin_side(&self, arguments: &TwinSeeds) -> Ended {
        let (scenario, spec) = self.scenario(&arguments.scenario)?;
        let runs = Runs { scenario, watchdog: &self.watchdog };
        for seed in seeds(&arguments.which)? {
            let case = scenario.expand(seed, &Expansion::default());
            println!("seed {}", seed.0);
            let mut block = Vec::with_capacity(BLOCK);
            let outcome = runs.run_traced(&case, &mut |record| {
                block.push(record.clone());
                if block.len() == BLOCK {
                    compare(&mut block);
                }
            });
            compare(&mut block);
            match outcome {
                Ok(outcome) => println!("{}", ended(&outcome)),
                Err(error) => return Err(format!("{}  seed {seed}: {error}", spec.name)),
            }
        }
        println!("over");
        Ok(Exit::Clean)
    }
}

fn seeds(which: &WhichSeeds) -> Result<Vec<Seed>, String> {
    match (which.seed, which.base) {
        (Some(seed), _) => Ok(vec![seed]),
        (None, Some(base)) => Ok((0..which.seeds.get()).map(|index| base.seed(index)).collect()),
        (None, None) => Err("twin-side: expected --seed or --base".into()),
    }
}

fn ended(outcome: &Outcome) -> String {
    let Outcome { events, digest, end, .. } = outcome;
    format!("ended {events} {digest} {}", format!("{end:?}").replace('\n', " "))
}

/// Says the block's hash, and empties it when it may go on.
fn compare(block: &mut Vec<Record>) {
    let mut hasher = HashedText::default();
    for record in &*block {
        use std::fmt::Write as _;
        write!(hasher, "{record}\n{}", record.digest).expect("a hash takes any text");
    }
    println!("block {} {:016x}", block.len(), hasher.0.finish());
    let mut answer = String::new();
    match io::stdin().lock().read_line(&mut answer) {
        Ok(1..) if answer.trim_end() == "go" => block.clear(),
        Ok(1..) => {
            let mut out = io::stdout().lock();
            // Where the parent is gone there is nobody to tell.
            let _ = block.iter().try_for_each(|record| tell(&mut out, record)).and_then(|()| writeln!(out, "shown"));
            block.clear();
        }
        Ok(0) | Err(_) => std::process::exit(Exit::Clean as i32),
    }
}

fn tell(out: &mut dyn Write, record: &Record) -> io::Result<()> {
    let line = record.to_string().replace('\n', " ");
    writeln!(out, "{} {} {line} [{}]", record.event, record.time.as_nanos(), record.digest)
}

/// A hash of text that is written piece by piece.
#[derive(Default)]
struct HashedText(ContentHasher);

impl std::fmt::Write for HashedText {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        text.hash(&mut self.0);
        Ok(())
    }
}
