//! The command line on a canary that interrupts its own process in a known run, as Ctrl-C would: `interrupts RUN …`.

use std::env;
use std::process::{self, Command, ExitCode};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use scenarios::canary::Canary;
use sim::{Case, CaseError, Evaluated, Expansion, Outcome, RunOptions, Scenario, Seed, Spec};

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let at = arguments.next().and_then(|run| run.to_str()?.parse().ok()).expect("the number of a run");
    let scenario: Box<dyn Scenario> = Box::new(Interrupting { at, runs: AtomicU64::new(0) });
    campaign::cli::main("sim-tests", &[scenario], arguments)
}

/// Were every run as quick as before, all could be over before the signal is taken.
#[expect(clippy::disallowed_methods, reason = "it only makes the time that is left longer")]
fn dawdle() {
    thread::sleep(Duration::from_millis(20));
}

struct Interrupting {
    at: u64,
    runs: AtomicU64,
}

impl Scenario for Interrupting {
    fn spec(&self) -> Spec {
        Scenario::spec(&Canary)
    }

    fn properties(&self, case: &Case) -> Vec<Evaluated> {
        Scenario::properties(&Canary, case)
    }

    fn expand(&self, seed: Seed, expansion: &Expansion) -> Case {
        Scenario::expand(&Canary, seed, expansion)
    }

    fn run(&self, case: &Case, options: &mut RunOptions<'_>) -> Result<Outcome, CaseError> {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        if run == self.at {
            let killed = Command::new("kill").args(["-INT", &process::id().to_string()]).status();
            assert!(killed.is_ok_and(|status| status.success()), "there is a kill");
        }
        if run > self.at {
            dawdle();
        }
        Scenario::run(&Canary, case, options)
    }
}
