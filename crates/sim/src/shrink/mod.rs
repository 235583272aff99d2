//! From a failing case to the least that fails in the same way. Sans-IO: it hands out candidates and is told what they
//! came to; who runs them, on how many threads and for how long, is up to its owner.
//!
//! It edits the case, never the seed. A candidate counts as failing only where it shows the same signature. No decision
//! of a run depends on how many were made before it, so what an edit does not cause stays as it was, and a smaller case
//! is likely to fail as the larger one did.
//!
//! | room | holds |
//! |---|---|
//! | here | the shrinker: candidates out, outcomes in |
//! | `walk` | where it is: passes in order, again until none of them finds anything |
//! | `pass` | what each pass would like to change about a case |
//! | `sweep` | which of a pass's edits are tried together: large groups first, then each alone |
//! | `edit` | one change to a case, as data |
//! | `number` | which numbers are simpler than another |
//! | `size` | how much there is in a case |

mod edit;
mod number;
mod pass;
mod size;
mod sweep;
mod walk;

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::sync::Arc;

use self::edit::Best;
use self::pass::{STATED_LATENCIES_MAX, stated_latencies};
use self::walk::{Next, Walk};
use crate::case::{Case, CaseError, Shrunk, Size};
use crate::hash::content_hash;
use crate::scenario::Outcome;
use crate::spec::Spec;

/// A search for the smallest case that fails as a given one does.
///
/// | | |
/// |---|---|
/// | input | [`report`](Self::report) |
/// | output | [`next_candidate`](Self::next_candidate) |
/// | getters | [`is_finished`](Self::is_finished), [`best`](Self::best), [`shrunk`](Self::shrunk) |
///
/// Candidates are judged in the order in which they were handed out, whenever they are reported. While one is being run,
/// the next are handed out as if it were not to fail; where it does, they are forgotten. So the result does not depend on
/// how many are run at once, only the time that it takes does.
pub struct Shrinker {
    spec: Spec,
    signature: String,
    /// Without its numbers.
    identity: String,
    events_max: u64,
    from: Option<Size>,
    best: Best,
    walk: Walk,
    /// What was best before latencies were stated, and where the search was.
    before_latencies: Option<(Best, Walk)>,
    /// Handed out and not judged yet, in order.
    pending: VecDeque<Pending>,
    numbers: u64,
    /// What was seen not to fail, by the hash of its case.
    passed: BTreeMap<CaseHash, Passed>,
    runs: u64,
    events: u64,
    state: State,
}

/// A case to run, with [`RunOptions::fates`](crate::RunOptions::fates).
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What [`Shrinker::report`] is to be told.
    pub number: u64,
    /// The case.
    pub case: Arc<Case>,
    key: CaseHash,
}

/// What is known of a case is known by its hash, which is taken once.
type CaseHash = u64;

struct Pending {
    number: u64,
    case: Arc<Case>,
    key: CaseHash,
    /// Where the search was when it thought of this one.
    walk: Walk,
    verdict: Option<Verdict>,
}

enum Verdict {
    Fails(Box<Outcome>),
    Passes,
}

/// A run that did not fail in the same way.
#[derive(Clone, Copy)]
struct Passed {
    events: u64,
    /// Whether its cost was counted: that of a forgotten candidate is not, until its turn comes again.
    counted: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// The case itself is run first: what it came to is what the passes begin with.
    Confirming,
    Searching,
    /// No pass finds anything any more.
    Minimal,
    /// The budget of events is used up.
    CutShort,
    /// The case itself did not fail.
    NotReproduced,
}

impl Shrinker {
    /// A search that begins with `case`, which fails with this signature and identity, and ends when nothing smaller is
    /// found or its runs have fired `events_max` events.
    pub fn new(spec: &Spec, case: &Case, signature: &str, identity: &str, events_max: u64) -> Shrinker {
        Shrinker {
            spec: spec.clone(),
            signature: signature.to_owned(),
            identity: without_numbers(identity),
            events_max,
            from: None,
            best: Best::unconfirmed(case),
            walk: Walk::start(),
            before_latencies: None,
            pending: VecDeque::new(),
            numbers: 0,
            passed: BTreeMap::new(),
            runs: 0,
            events: 0,
            state: State::Confirming,
        }
    }

    /// The next case to run. `None` where nothing is to be done until a report comes, or [ever](Self::is_finished).
    pub fn next_candidate(&mut self) -> Option<Candidate> {
        match self.state {
            State::Confirming if self.pending.is_empty() => Some(self.hand_out(Arc::new(self.best.case.clone()))),
            State::Searching => self.search(),
            _ => None,
        }
    }

    /// What the run of a candidate came to. A report on a candidate that was forgotten meanwhile is welcome too.
    pub fn report(&mut self, candidate: &Candidate, run: Result<Outcome, CaseError>) {
        let events = run.as_ref().map_or(0, |outcome| outcome.events);
        let verdict = run
            .ok()
            .filter(|outcome| self.fails_alike(outcome))
            .map_or(Verdict::Passes, |outcome| Verdict::Fails(Box::new(outcome)));
        if matches!(verdict, Verdict::Passes) {
            let fresh = Passed { events, counted: false };
            self.passed.entry(candidate.key).or_insert(fresh);
        }
        if let Some(pending) = self.pending.iter_mut().find(|pending| pending.number == candidate.number) {
            pending.verdict = Some(verdict);
        }
        self.judge();
    }

    /// Whether there is nothing left to do.
    pub fn is_finished(&self) -> bool {
        matches!(self.state, State::Minimal | State::CutShort | State::NotReproduced)
    }

    /// The smallest failing case so far and what its run came to; nothing before the case itself was seen to fail.
    pub fn best(&self) -> Option<(&Case, &Outcome)> {
        let best = self.smallest();
        best.outcome.as_ref().map(|outcome| (&best.case, outcome))
    }

    /// What the search has come to so far; nothing before the case itself was seen to fail.
    pub fn shrunk(&self) -> Option<Shrunk> {
        let (case, outcome) = self.best()?;
        Some(Shrunk {
            from: self.from?,
            to: size::of(case, outcome.time),
            runs: self.runs,
            events: self.events,
            minimal: self.state == State::Minimal,
        })
    }

    /// A case that states every latency is none to end with before it is known which of them matter.
    fn smallest(&self) -> &Best {
        self.before_latencies.as_ref().map_or(&self.best, |(before, _)| before)
    }

    fn fails_alike(&self, outcome: &Outcome) -> bool {
        let shown = outcome.violation().filter(|shown| shown.signature == self.signature);
        shown.is_some_and(|shown| without_numbers(&shown.identity) == self.identity)
    }

    fn hand_out(&mut self, case: Arc<Case>) -> Candidate {
        self.numbers += 1;
        let number = self.numbers;
        let key = content_hash(&*case);
        let walk = self.walk.clone();
        self.pending.push_back(Pending { number, case: Arc::clone(&case), key, walk, verdict: None });
        Candidate { number, case, key }
    }

    /// The next candidate of the walk of which it is not known already that it does not fail.
    fn search(&mut self) -> Option<Candidate> {
        while self.state == State::Searching {
            let case = match self.walk.next(&self.best, &self.spec) {
                Next::Try(case) => *case,
                // What is out may still change what is best.
                Next::Weigh | Next::Finished if !self.pending.is_empty() => return None,
                Next::Weigh => {
                    self.weigh_latencies();
                    continue;
                }
                Next::Finished => {
                    self.state = State::Minimal;
                    return None;
                }
            };
            let candidate = self.hand_out(Arc::new(case));
            self.walk.failed_not();
            if !self.passed.contains_key(&candidate.key) {
                return Some(candidate);
            }
            if let Some(last) = self.pending.back_mut() {
                last.verdict = Some(Verdict::Passes);
            }
            self.judge();
        }
        None
    }

    /// Keeps the latencies that were stated where they are few.
    fn weigh_latencies(&mut self) {
        let few = stated_latencies(&self.best.case).count() <= STATED_LATENCIES_MAX;
        match self.before_latencies.take() {
            Some((best, walk)) if !few => {
                self.best = best;
                self.walk.go_back(walk);
            }
            _ => self.walk.keep(),
        }
    }

    /// Takes in the verdicts whose turn has come.
    fn judge(&mut self) {
        while let Some(Pending { verdict: Some(_), .. }) = self.pending.front() {
            let Some(Pending { case, key, walk, verdict: Some(verdict), .. }) = self.pending.pop_front() else {
                return;
            };
            match verdict {
                Verdict::Passes => self.count_passed(key),
                Verdict::Fails(outcome) => {
                    self.count(outcome.events);
                    // What was handed out after it supposed that it would not fail.
                    self.pending.clear();
                    self.walk = walk;
                    self.take(case, *outcome);
                }
            }
            if self.state == State::Searching && self.events >= self.events_max {
                self.state = State::CutShort;
                self.pending.clear();
            }
        }
    }

    fn take(&mut self, case: Arc<Case>, outcome: Outcome) {
        let before = (self.state == State::Searching && self.walk.states_latencies()).then(|| self.walk.clone());
        match self.state {
            State::Confirming => {
                self.from = Some(size::of(&case, outcome.time));
                self.state = State::Searching;
            }
            _ if !self.walk.takes(&self.best, &outcome) => return self.walk.failed_not(),
            _ => self.walk.failed(),
        }
        let best = Best { case: Arc::unwrap_or_clone(case), outcome: Some(outcome) };
        let best_before = mem::replace(&mut self.best, best);
        self.before_latencies = before.map(|walk| (best_before, walk)).or(self.before_latencies.take());
    }

    fn count(&mut self, events: u64) {
        self.runs += 1;
        self.events += events;
    }

    fn count_passed(&mut self, key: CaseHash) {
        let passed = self.passed.get_mut(&key).expect("a verdict was kept when it was reported");
        let Passed { events, counted } = *passed;
        passed.counted = true;
        if !counted {
            self.count(events);
        }
        if self.state == State::Confirming {
            self.state = State::NotReproduced;
        }
    }
}

/// What tells two failures of one signature apart, each number as `#`. A panic at index 12 of 9 is the same one at index 1 of
/// 0: were it another, all that came before had to stay.
fn without_numbers(identity: &str) -> String {
    let mut text = String::new();
    for character in identity.chars() {
        match character.is_ascii_digit() {
            true if text.ends_with('#') => {}
            true => text.push('#'),
            false => text.push(character),
        }
    }
    text
}
