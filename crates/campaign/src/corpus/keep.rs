//! A failure that becomes a stored case: held before it is shrunk, and one of those that show the same stays.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::{fs, io};

use sim::{Case, Shrunk};

use super::alike::Likeness;
use super::written_up::WrittenUp;
use super::{Earlier, list, path, read, with_origin, write};
use crate::failure::Failure;
use crate::run::Runs;
use crate::shrinking::Shrinking;
use crate::story::Told;
use crate::triage::Fault;

/// Where failures of one scenario are kept.
#[derive(Clone, Copy)]
pub(crate) struct Keeper<'a> {
    pub(crate) directory: &'a Path,
    /// The stored cases, which need not be there: of these, some are of faults that are written up.
    pub(crate) corpus: &'a Path,
    pub(crate) runs: Runs<'a>,
    /// Who finds: `fuzz`, or a test.
    pub(crate) by: &'a str,
}

/// A file that was written before the failure was shrunk.
struct Held {
    path: PathBuf,
    /// Where a case of this name usually is.
    usual: PathBuf,
}

/// A failure that is kept.
pub(crate) struct Kept {
    /// The file of its case.
    pub(crate) path: PathBuf,
    /// What that case shows: the failure that was to be kept, or a like one.
    pub(crate) failure: Failure,
    /// Where that like one comes from, where one was kept before and stays.
    pub(crate) earlier: Option<Earlier>,
}

/// A failure of which no case could be written.
pub(crate) struct Unkept {
    pub(crate) failure: Failure,
    pub(crate) error: io::Error,
}

impl Keeper<'_> {
    /// Runs the case of a failure again, keeps it, makes it smaller where `shrinking` says how, and keeps that.
    ///
    /// # Errors
    /// [`Unkept`] where nothing could be written. It is not shrunk then: what replays it is its seed.
    pub(crate) fn settle(
        &self,
        failure: Failure,
        shrinking: Option<&Shrinking>,
        stop: &AtomicBool,
        progress: &(dyn Fn(&Shrunk) + Sync),
    ) -> Result<Kept, Box<Unkept>> {
        let failure = failure.confirmed(&self.runs);
        let unkept = |failure: &Failure| {
            let failure = failure.clone();
            move |error| Box::new(Unkept { failure, error })
        };
        // However the process ends from now on, there is a case that fails.
        let held = self.hold(&failure).map_err(unkept(&failure))?;
        let failure = match shrinking {
            Some(shrinking) => shrinking.shrink(&self.runs, failure, stop, progress),
            None => failure,
        };
        self.keep(&failure, &held).map_err(unkept(&failure))
    }

    /// Keeps what is told of a failure beside its case. What was kept before has its own.
    pub(crate) fn keep_told(&self, kept: &Kept, told: &Told) {
        if kept.earlier.is_none() {
            super::keep_told(&kept.path, told);
        }
    }

    fn hold(&self, failure: &Failure) -> io::Result<Held> {
        let usual = path(self.directory, failure);
        let path = unused(&usual);
        write(&path, &with_origin(failure, self.by))?;
        Ok(Held { path, usual })
    }

    /// Of the cases that show the same by the same means, today, the one that takes the fewest events stays.
    fn keep(&self, failure: &Failure, held: &Held) -> io::Result<Kept> {
        let mut case = with_origin(failure, self.by);
        let usual = path(self.directory, failure);
        if let Some(WrittenUp { path, case, failure }) = WrittenUp::of(failure, &case, self.corpus, &self.runs)? {
            remove(&held.path)?;
            return Ok(Kept { path, failure, earlier: Earlier::of(case) });
        }
        let mut known = self.alike(failure, &case, &usual)?;
        known.retain(|known| known.path != held.path);
        if known.first().is_some_and(|best| rank(&best.case) < rank(&case)) {
            let Alike { path, case, failure } = known.swap_remove(0);
            remove(&held.path)?;
            return Ok(Kept { path, failure, earlier: Earlier::of(case) });
        }
        let mut failure = failure.clone();
        let path = match known.iter().find(|known| known.path == usual) {
            Some(own) => {
                case.note.clone_from(&own.case.note);
                if own.case.expect.finding().is_some() {
                    case.expect.clone_from(&own.case.expect);
                    failure.case.expect.clone_from(&own.case.expect);
                }
                usual
            }
            None if held.usual == usual => held.path.clone(),
            None => unused(&usual),
        };
        write(&path, &case)?;
        if held.path != path {
            remove(&held.path)?;
        }
        // What a person has written on stays.
        let worse = known.iter().filter(|known| known.path != path && known.case.note.is_empty());
        worse.map(|known| &known.path).try_for_each(|path| remove(path))?;
        Ok(Kept { path, failure, earlier: None })
    }

    /// The file for a failure that was shrunk for itself: that of the case which was `named`, if it is a stored one; else the
    /// usual one, unless what stands there shows something else today, or nothing.
    #[cfg(feature = "cli")]
    pub(crate) fn file(&self, failure: &Failure, named: Option<PathBuf>) -> PathBuf {
        let usual = path(self.directory, failure);
        let is_same = |file: &Path| {
            let today = read(file).ok().and_then(|case| self.runs.today(&case));
            today.is_some_and(|today| Fault::of(&today) == Fault::of(failure))
        };
        let stored = named.filter(|named| is_beside(named, &usual));
        stored.into_iter().chain([usual.clone()]).find(|file| is_same(file)).unwrap_or_else(|| unused(&usual))
    }

    /// The stored cases that show the same as `case` today, by the same means, and what stands in its own file if that
    /// shows the same; the best one first.
    fn alike(&self, failure: &Failure, case: &Case, own: &Path) -> io::Result<Vec<Alike>> {
        let fault = Fault::of(failure);
        let likeness = Likeness::of(case);
        let mut alike = Vec::new();
        for path in list(self.directory, &case.scenario)? {
            // What cannot be read is named by whoever looks after the corpus.
            let Ok(other) = read(&path) else { continue };
            if path != own && Likeness::of(&other) != likeness {
                continue;
            }
            // One signature and the same means are not one fault yet: a log that lost an entry is none that has one twice.
            let same = self.runs.today(&other).filter(|today| Fault::of(today) == fault);
            alike.extend(same.map(|failure| Alike { path, case: other, failure }));
        }
        alike.sort_by_key(|alike| (rank(&alike.case), alike.path.clone()));
        Ok(alike)
    }
}

/// A stored case that shows today what another shows.
struct Alike {
    path: PathBuf,
    case: Case,
    failure: Failure,
}

#[cfg(feature = "cli")]
fn is_beside(one: &Path, other: &Path) -> bool {
    let [one, other] = [one, other].map(|path| path.parent().and_then(|directory| directory.canonicalize().ok()));
    one.is_some() && one == other
}

/// The path, or one beside it, where nothing is: what stands there may guard against something else.
fn unused(path: &Path) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let beside = (2..).map(|number: u32| path.with_file_name(format!("{stem}-{number}.json")));
    let mut candidates = std::iter::once(path.to_owned()).chain(beside);
    candidates.find(|candidate| !candidate.exists()).expect("there are more numbers than files")
}

/// The lower, the better: what was shrunk, then what is over soon.
pub(super) fn rank(case: &Case) -> (bool, u64) {
    (case.shrunk.is_none(), case.found.as_ref().map_or(u64::MAX, |found| found.event))
}

/// Removes a case, and the block beside it.
///
/// # Errors
/// What the file system says.
pub(crate) fn remove(case: &Path) -> io::Result<()> {
    fs::remove_file(case)?;
    match fs::remove_file(case.with_extension("txt")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::time::Duration;

    use sim::{
        Checker, Expansion, Faults, Flaw, Hex, Io, Judgement, NodeId, Observed, Process, Protocol, Refusal, Scenario,
        Time,
    };

    use super::*;
    use crate::watchdog::Watchdog;

    struct Ways;

    impl Protocol for Ways {
        type Message = Way;
        type Fact = Way;
        type Operation = ();
        type Reply = ();
    }

    #[derive(Clone, Debug, Hash)]
    struct Way(&'static str);

    impl sim::Payload for Way {}

    impl sim::Fact for Way {
        fn label(&self) -> &'static str {
            "went"
        }
    }

    /// Goes left or right, as its seed has it.
    struct Walker;

    impl Process for Walker {
        type Protocol = Ways;

        fn boot(io: &mut Io<'_, Ways>) -> Result<Walker, Refusal> {
            let way = if io.draw("way").is_multiple_of(2) { "left" } else { "right" };
            io.fact(Way(way));
            Ok(Walker)
        }

        fn on_message(&mut self, _: NodeId, _: Way, _: &mut Io<'_, Ways>) {}

        fn on_deadline(&mut self, _: &mut Io<'_, Ways>) {}

        fn next_deadline(&self) -> Option<Time> {
            None
        }
    }

    /// Neither is allowed.
    #[derive(Clone)]
    struct Stays;

    impl Checker<Ways> for Stays {
        fn observe(&mut self, observed: &Observed<'_, Ways>) -> Judgement {
            let Some(Way(way)) = observed.fact() else { return Judgement::Irrelevant };
            let explanation = format!("{} went {way}", observed.node);
            Judgement::Violated(Box::new(Flaw { explanation, witnesses: vec![observed.witness(0)] }))
        }
    }

    #[test]
    fn two_faults_of_one_signature_are_kept_by_the_same_means_and_each_once() {
        let scenario = crate::scenario::<Walker>("ways").nodes(1..=1).faults(Faults::none()).checker("stays", Stays);
        let directory = std::env::temp_dir().join(format!("campaign-keep-{}", std::process::id()));
        let watchdog = Watchdog::new(Duration::from_secs(60));
        let runs = Runs { scenario: &scenario, watchdog: &watchdog };
        let keeper = Keeper { directory: &directory, corpus: &directory, runs, by: "a test" };
        let shrinking = Shrinking::new(NonZeroUsize::MIN);
        let mut shown = Vec::new();
        for seed in 0..8 {
            let case = scenario.expand(Hex(seed), &Expansion::default());
            let outcome = runs.run(&case).expect("the case fits");
            let failure = Failure::of(&Scenario::spec(&scenario), &case, &outcome).expect("it fails");
            let sentence = failure.explanation.clone();
            let kept = keeper.settle(failure, Some(&shrinking), &AtomicBool::new(false), &|_| {});
            let kept = kept.unwrap_or_else(|unkept| panic!("{}", unkept.error));
            assert_eq!(kept.failure.explanation, sentence, "what is told is what was found");
            shown.push(sentence);
        }
        let files = list(&directory, "ways").expect("it can be read");
        fs::remove_dir_all(&directory).expect("it can be removed");
        shown.sort_unstable();
        shown.dedup();
        assert_eq!((shown, files.len()), (vec!["n1 went left".to_owned(), "n1 went right".to_owned()], 2));
    }
}
