//! `twin`: each seed in two processes in lockstep, and where they first differ.
//!
//! A process of its own is what makes the difference visible: the order of a std `HashMap`, an address, a variable are
//! the same for two runs in one process, or may be. Both sides trace the run and hash every [`BLOCK`] records; the parent
//! compares the hashes and lets them go on, or asks both to show their block. So the first difference is found in the
//! very runs that differ, and nothing is traced twice.

mod side;

use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use sim::{DIVERGENCE, Hex, Seed, Spec, Time};

use super::args::{Twin, WhichSeeds};
use super::{Ended, Exit, Shop};
use crate::quantity::Quantity;
use crate::seed::Base;

/// So many records are compared at once.
const BLOCK: usize = 1_024;

impl Shop<'_> {
    pub(super) fn twin(&self, arguments: &Twin) -> Ended {
        let selected = self.select(&arguments.scenarios)?;
        let base = arguments.which.base.unwrap_or_else(Base::from_os);
        for (_, spec) in &selected {
            let mut pair = Pair::start(&spec.name, base, arguments.which).map_err(|error| error.to_string())?;
            match pair.compare() {
                Ok(Ok(Alike { seeds, events })) => {
                    say!("{}: {seeds} seeds, {} events: alike in both processes", spec.name, Quantity(events));
                }
                Ok(Err(difference)) => {
                    eprintln!("{}", self.report(spec, &difference));
                    return Ok(Exit::Divergence);
                }
                Err(error) => {
                    eprintln!("sim: twin {}: one of the two processes ended: {error}", spec.name);
                    return Ok(Exit::Bug);
                }
            }
        }
        Ok(Exit::Clean)
    }

    fn report(&self, spec: &Spec, difference: &Difference) -> String {
        let Difference { seed, event, time, lines: [first, second] } = difference;
        let (name, program) = (&spec.name, self.program);
        format!(
            "sim: FAILED {name}  {DIVERGENCE}  seed {seed}  at {time}  event {event}\n  \
             two processes that ran this seed first differ here:\n    \
             1: {first}\n    2: {second}\n  \
             replay: {program} twin {name} --seed {seed}"
        )
    }
}

/// Both processes said the same.
struct Alike {
    seeds: u64,
    events: u64,
}

/// Where they first said something else.
struct Difference {
    seed: Seed,
    event: u64,
    time: Time,
    lines: [String; 2],
}

/// Two processes that run the same seeds.
struct Pair([SideProcess; 2]);

struct SideProcess {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Pair {
    fn start(scenario: &str, base: Base, which: WhichSeeds) -> io::Result<Pair> {
        let start = || -> io::Result<SideProcess> {
            let mut command = Command::new(std::env::current_exe()?);
            command.args(["twin-side", scenario]);
            match which.seed {
                Some(seed) => command.args(["--seed", &seed.to_string()]),
                None => command.args(["--base", &base.to_string(), "--seeds", &which.seeds.to_string()]),
            };
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
            let (to, from) = (child.stdin.take(), child.stdout.take());
            let (to, from) = (to.expect("it was piped"), BufReader::new(from.expect("it was piped")));
            Ok(SideProcess { child, to, from })
        };
        Ok(Pair([start()?, start()?]))
    }

    fn compare(&mut self) -> io::Result<Result<Alike, Difference>> {
        let mut alike = Alike { seeds: 0, events: 0 };
        let mut seed = Hex(0);
        loop {
            let [first, second] = self.hear()?;
            let (kind, rest) = first.split_once(' ').unwrap_or((&first, ""));
            match (first == second, kind) {
                (true, "over") => return Ok(Ok(alike)),
                (true, "seed") => seed = rest.parse().map(Hex).unwrap_or_default(),
                (true, "ended") => {
                    alike.seeds += 1;
                    alike.events += rest.split(' ').next().and_then(|events| events.parse().ok()).unwrap_or(0);
                }
                (true, _) => self.tell("go")?,
                (false, _) => return self.difference(seed, [&first, &second]).map(Err),
            }
        }
    }

    fn hear(&mut self) -> io::Result<[String; 2]> {
        let mut lines = [String::new(), String::new()];
        for (side, line) in self.0.iter_mut().zip(&mut lines) {
            if side.from.read_line(line)? == 0 {
                return Err(io::Error::other("it said nothing more"));
            }
            line.truncate(line.trim_end().len());
        }
        Ok(lines)
    }

    fn tell(&mut self, word: &str) -> io::Result<()> {
        self.0.iter_mut().try_for_each(|side| writeln!(side.to, "{word}"))
    }

    fn difference(&mut self, seed: Seed, said: [&str; 2]) -> io::Result<Difference> {
        let mut shown = [Vec::new(), Vec::new()];
        for ((side, said), shown) in self.0.iter_mut().zip(said).zip(&mut shown) {
            if said.starts_with("block ") {
                *shown = side.show()?;
            }
        }
        let [first, second] = &shown;
        let longest = first.len().max(second.len());
        let differing = (0..longest).find(|index| first.get(*index) != second.get(*index));
        let line = |shown: &[side::Shown], index: usize, said: &str| match shown.get(index) {
            Some(shown) => shown.line.clone(),
            None => format!("(no more events; the run {said})"),
        };
        let place = differing.and_then(|index| first.get(index).or(second.get(index)));
        let index = differing.unwrap_or(longest);
        Ok(Difference {
            seed,
            event: place.map_or(0, |shown| shown.event),
            time: place.map_or(Time::ZERO, |shown| shown.time),
            lines: [line(first, index, said[0]), line(second, index, said[1])],
        })
    }
}

impl SideProcess {
    fn show(&mut self) -> io::Result<Vec<side::Shown>> {
        writeln!(self.to, "show")?;
        let mut shown = Vec::new();
        loop {
            let mut line = String::new();
            if self.from.read_line(&mut line)? == 0 || line.trim_end() == "shown" {
                return Ok(shown);
            }
            shown.extend(side::Shown::parse(line.trim_end()));
        }
    }
}

impl Drop for SideProcess {
    fn drop(&mut self) {
        // It may have ended already; either way it is not waited for longer than it takes to end it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
