//! All mutants of the repository, checked, and those that a command line names.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use sim::{DIVERGENCE, Evaluated, Expansion, FaultKind, Hex, Scenario};
use wildmatch::WildMatch;

use super::mutant::Mutant;

/// Where mutants are, from the root of the workspace: a directory for each suite, and in it a file for each mutant.
pub(super) const DIRECTORY: &str = "tests/mutants";

/// The name of the sources without a mutant.
pub const CONTROL: &str = "control";

/// Signatures that any scenario may show.
const OF_THE_ENGINE: [&str; 7] = [
    DIVERGENCE,
    "sim::panic",
    "sim::refused",
    "sim::stopped",
    "sim::no_progress",
    "sim::too_many_events",
    "sim::message_storm",
];

/// Every mutant, in order of suite and id.
#[derive(Clone, Debug)]
pub struct Catalogue {
    mutants: Vec<Mutant>,
}

/// What a command line names.
pub(super) struct Selected<'a> {
    pub(super) mutants: Vec<&'a Mutant>,
    pub(super) control: bool,
    /// Whether that is all there is.
    pub(super) is_all: bool,
}

impl Catalogue {
    /// Reads the mutants of the workspace at `root`, and checks that each can still be planted, and that what it names is
    /// known to these scenarios.
    ///
    /// # Errors
    /// One line: the first file that cannot be used, and why.
    pub fn read(root: &Path, scenarios: &[Box<dyn Scenario>]) -> Result<Catalogue, String> {
        let vocabulary = Vocabulary::of(scenarios);
        let mut mutants: Vec<Mutant> = Vec::new();
        for suite in names(&root.join(DIRECTORY)).map_err(|error| format!("{DIRECTORY}: {error}"))? {
            let directory = format!("{DIRECTORY}/{suite}");
            for file in names(&root.join(&directory)).map_err(|error| format!("{directory}: {error}"))? {
                let path = format!("{directory}/{file}");
                let read = || {
                    let id = file.strip_suffix(".toml").ok_or("expected a file that ends with .toml")?;
                    let text = fs::read_to_string(root.join(&path)).map_err(|error| error.to_string())?;
                    let mutant = vocabulary.completed(Mutant::read(&suite, id, &text)?)?;
                    check_id(&mutant.id, &mutants)?;
                    let source = fs::read_to_string(root.join(&mutant.file));
                    mutant.planted(&source.map_err(|error| format!("{}: {error}", mutant.file))?)?;
                    Ok(mutant)
                };
                // A line of the file stands directly behind its name.
                let mutant =
                    read().map_err(|reason: String| match reason.starts_with(|c: char| c.is_ascii_digit()) {
                        true => format!("{path}:{reason}"),
                        false => format!("{path}: {reason}"),
                    })?;
                mutants.push(mutant);
            }
        }
        Ok(Catalogue { mutants })
    }

    /// Every mutant, in order of suite and id.
    pub fn mutants(&self) -> &[Mutant] {
        &self.mutants
    }

    /// The mutants that these names take, all where there are none.
    ///
    /// # Errors
    /// One line where a name takes nothing, with the nearest that would.
    pub(super) fn select(&self, names: &[String]) -> Result<Selected<'_>, String> {
        let takes = |glob: &str, mutant: &Mutant| {
            let glob = WildMatch::new(glob);
            glob.matches(&mutant.id) || glob.matches(&format!("{}/{}", mutant.suite, mutant.id))
        };
        let takes_control = |glob: &str| WildMatch::new(glob).matches(CONTROL);
        let everything = [String::from("*")];
        let names = if names.is_empty() { &everything[..] } else { names };
        let takes_any = |glob: &str| takes_control(glob) || self.mutants.iter().any(|mutant| takes(glob, mutant));
        if let Some(idle) = names.iter().find(|glob| !takes_any(glob)) {
            return Err(self.no_match(idle));
        }
        let taken = self.mutants.iter().filter(|mutant| names.iter().any(|glob| takes(glob, mutant)));
        let mutants: Vec<&Mutant> = taken.collect();
        let control = names.iter().any(|glob| takes_control(glob));
        Ok(Selected { is_all: control && mutants.len() == self.mutants.len(), mutants, control })
    }

    fn no_match(&self, name: &str) -> String {
        let known = self.mutants.iter().map(|mutant| mutant.id.as_str()).chain([CONTROL]);
        let nearest = known.min_by_key(|known| strsim::damerau_levenshtein(name, known)).unwrap_or(CONTROL);
        format!("no mutant matches `{name}`: did you mean `{nearest}`? (they are in {DIRECTORY})")
    }
}

/// The names in a directory, in order; those that begin with a dot are nobody's.
fn names(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        names.extend(Some(name).filter(|name| !name.starts_with('.')));
    }
    names.sort_unstable();
    Ok(names)
}

fn check_id(id: &str, earlier: &[Mutant]) -> Result<(), String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if id.is_empty() || id == CONTROL || !id.bytes().all(is_plain) {
        return Err(format!("expected a name of letters, digits, `_` and `-` other than `{CONTROL}`"));
    }
    match earlier.iter().find(|mutant| mutant.id.eq_ignore_ascii_case(id)) {
        Some(other) => Err(format!("suite {} has a mutant {} already", other.suite, other.id)),
        None => Ok(()),
    }
}

/// What a mutant may name.
struct Vocabulary {
    /// Of each suite, its scenarios with their signatures.
    suites: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

impl Vocabulary {
    fn of(scenarios: &[Box<dyn Scenario>]) -> Vocabulary {
        let mut suites: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
        for scenario in scenarios {
            let spec = scenario.spec();
            // What fails on purpose finds every mutant.
            if spec.must_fail.is_some() {
                continue;
            }
            // Which properties there are does not depend on the seed; asking takes a case, and any will do.
            let case = scenario.expand(Hex(0), &Expansion::default());
            let signature = |evaluated: &Evaluated| format!("{}::{}", spec.suite(), evaluated.property);
            let signatures = scenario.properties(&case).iter().map(signature).collect();
            suites.entry(spec.suite().to_owned()).or_default().insert(spec.name.clone(), signatures);
        }
        Vocabulary { suites }
    }

    /// The mutant, with the scenario that its suite is named after where it names none: what a suite has beside it are
    /// variations, each for what it alone can show.
    fn completed(&self, mut mutant: Mutant) -> Result<Mutant, String> {
        let suite = self.suites.get(&mutant.suite);
        let suite = suite.ok_or_else(|| unknown("suite", &mutant.suite, self.suites.keys().map(String::as_str)))?;
        if mutant.scenarios.is_empty() {
            mutant.scenarios = vec![mutant.suite.clone()];
        }
        let mut signatures = OF_THE_ENGINE.to_vec();
        for name in &mutant.scenarios {
            let known = suite.get(name);
            let known = known.ok_or_else(|| unknown("scenario", name, suite.keys().map(String::as_str)))?;
            signatures.extend(known.iter().map(String::as_str));
        }
        let kinds = FaultKind::ALL.map(FaultKind::name);
        if let Some(property) = mutant.properties.iter().find(|property| !signatures.contains(&property.as_str())) {
            return Err(unknown("property", property, signatures.into_iter()));
        }
        if let Some(kind) = mutant.faults.iter().find(|kind| !kinds.contains(&kind.as_str())) {
            return Err(unknown("kind of fault", kind, kinds.into_iter()));
        }
        Ok(mutant)
    }
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    match known.min_by_key(|known| strsim::damerau_levenshtein(name, known)) {
        Some(nearest) => format!("unknown {what} `{name}`: did you mean `{nearest}`?"),
        None => format!("unknown {what} `{name}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mutants::mutant::tests::mutant;

    fn catalogue() -> Catalogue {
        let named = |suite: &str, id: &str| Mutant { id: id.into(), suite: suite.into(), ..mutant() };
        Catalogue { mutants: vec![named("raft", "P01"), named("raft", "P12"), named("ring", "M01")] }
    }

    fn taken(names: &[&str]) -> (Vec<String>, bool, bool) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let catalogue = catalogue();
        let selected = catalogue.select(&names).expect("each takes something");
        let ids = selected.mutants.iter().map(|mutant| mutant.id.clone()).collect();
        (ids, selected.control, selected.is_all)
    }

    #[test]
    fn names_are_globs_on_the_id_with_or_without_the_suite_and_the_control_is_one() {
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<String>>();
        assert_eq!(taken(&[]), (ids(&["P01", "P12", "M01"]), true, true));
        assert_eq!(taken(&["P*"]), (ids(&["P01", "P12"]), false, false));
        assert_eq!(taken(&["ring/*", "P12", "P1*"]), (ids(&["P12", "M01"]), false, false));
        assert_eq!(taken(&["control"]), (ids(&[]), true, false));
        assert_eq!(taken(&["raft/*", "M01"]), (ids(&["P01", "P12", "M01"]), false, false));
    }

    #[test]
    fn a_name_that_takes_nothing_is_refused_with_the_nearest() {
        let refused = catalogue().select(&["P13".into()]).err().expect("there is none");
        assert!(refused.starts_with("no mutant matches `P13`: did you mean `P12`?"), "{refused}");
    }

    #[test]
    fn an_id_is_plain_and_there_once() {
        let earlier = catalogue().mutants;
        assert_eq!(check_id("P02", &earlier), Ok(()));
        for wrong in ["", "control", "a b", "a/b", "P01", "p01"] {
            assert!(check_id(wrong, &earlier).is_err(), "{wrong}");
        }
    }
}
