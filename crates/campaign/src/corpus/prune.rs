//! Which stored cases can be removed: those that another one makes superfluous, and those that no longer mean anything.

use std::io;
use std::path::{Path, PathBuf};

use sim::{Case, Expect, Scenario};

use super::alike::Likeness;
use super::keep::rank;
use super::migrate::{Migration, migrate};
use super::{Standing, judge, list, read};
use crate::failure::Failure;
use crate::run::Runs;
use crate::triage::Fault;

/// What is to become of a stored case.
pub(crate) enum Verdict {
    /// It is of use.
    Stays,
    /// It can be removed, for this reason.
    Goes(String),
    /// It is of no use as it is, and not for a program to remove.
    Left(String),
}

/// Judges the stored cases of one scenario, in the order of their names.
///
/// # Errors
/// What the file system says.
pub(crate) fn verdicts(runs: &Runs<'_>, directory: &Path, scenario: &str) -> io::Result<Vec<(PathBuf, Verdict)>> {
    let mut verdicts = Vec::new();
    let mut standing = Vec::new();
    let spec = Scenario::spec(runs.scenario);
    for path in list(directory, scenario)? {
        let case = match read(&path) {
            Ok(case) => case,
            // It may be whole in another version.
            Err(unreadable) => {
                verdicts.push((path, Verdict::Left(unreadable.reason)));
                continue;
            }
        };
        match judge(runs, &case) {
            Standing::Stale(reason) => verdicts.push((path, stale(runs, &case, reason))),
            Standing::Bug(message) => verdicts.push((path, Verdict::Left(message))),
            Standing::Failed(failure) => standing.push((path, case, Some(Fault::of(&failure)))),
            Standing::AsExpected { .. } | Standing::Undecided(_) => {
                // Of one that is to fail, as well, what it shows counts.
                let shown = runs.run(&case).ok().and_then(|outcome| Failure::of(&spec, &case, &outcome));
                standing.push((path, case, shown.as_ref().map(Fault::of)));
            }
        }
    }
    verdicts.extend(superfluous(standing));
    verdicts.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(verdicts)
}

/// What is to become of a case that no longer means what it meant.
fn stale(runs: &Runs<'_>, case: &Case, reason: String) -> Verdict {
    match (migrate(runs, case), &case.expect) {
        (Migration::Present { .. }, _) => Verdict::Left(format!("{reason}: `corpus migrate` brings it up to date")),
        (Migration::Left(Standing::Failed(failure)), _) => {
            Verdict::Left(format!("{reason}; with the knobs of today it shows {}", failure.signature))
        }
        // That a fault of other people's code is gone is news, and its case may guard against its return.
        (_, Expect::Known { finding, .. }) => Verdict::Left(format!("{reason}: {finding} has to say so first")),
        _ if !case.note.is_empty() => Verdict::Left(format!("{reason}: it has a note, so a person has to look")),
        _ => Verdict::Goes(reason),
    }
}

/// Of the cases that show the same by the same means, and come to the same today, the best one stays; so does what a
/// person has written on.
fn superfluous(mut standing: Vec<(PathBuf, Case, Option<Fault>)>) -> Vec<(PathBuf, Verdict)> {
    standing.sort_by_key(|(path, case, _)| (rank(case), case.note.is_empty(), path.clone()));
    let mut stay: Vec<(Likeness, Option<Fault>, PathBuf)> = Vec::new();
    let mut verdicts = Vec::new();
    for (path, case, fails) in standing {
        let Some(likeness) = Likeness::of(&case) else {
            verdicts.push((path, Verdict::Stays));
            continue;
        };
        let like = stay.iter().find(|(known, today, _)| (known, today) == (&likeness, &fails));
        let verdict = match like {
            Some((.., like)) if case.note.is_empty() => {
                let like = like.file_name().unwrap_or_default().to_string_lossy();
                Verdict::Goes(format!("{like} shows the same by the same means"))
            }
            _ => {
                stay.push((likeness, fails, path.clone()));
                Verdict::Stays
            }
        };
        verdicts.push((path, verdict));
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of cases that are alike and come to this today.
    fn left(today: &[Option<&str>]) -> usize {
        let case = |index: usize, today: &Option<&str>| {
            let case = super::super::alike::tests::case();
            (PathBuf::from(format!("{index}.json")), case, today.map(Fault::said))
        };
        let cases = today.iter().enumerate().map(|(index, today)| case(index, today)).collect();
        superfluous(cases).iter().filter(|(_, verdict)| matches!(verdict, Verdict::Stays)).count()
    }

    #[test]
    fn of_cases_that_are_alike_one_stays_for_each_thing_that_is_said_of_them_today() {
        assert_eq!(left(&[Some("n1 lost entry 3"), Some("n2 lost entry 7")]), 1);
        assert_eq!(left(&[Some("n1 lost entry 3"), Some("n1 has entry 3 twice")]), 2);
        assert_eq!(left(&[Some("n1 lost entry 3"), None, None]), 2);
    }
}
