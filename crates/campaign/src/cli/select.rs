//! Which scenarios a command is about, and which case.

use sim::{Case, Expansion, Scenario, Spec};
use wildmatch::WildMatch;

use super::Shop;
use super::args::WhichCase;
use crate::corpus;

/// Names further from every scenario than this are not taken for a slip of the pen.
const SLIP_MAX: usize = 4;

impl Shop<'_> {
    /// The scenarios that match: without a glob, all that do not fail on purpose.
    ///
    /// # Errors
    /// One line where a glob matches nothing.
    pub(super) fn select(&self, globs: &[String]) -> Result<Vec<(&dyn Scenario, Spec)>, String> {
        let all: Vec<(&dyn Scenario, Spec)> =
            self.scenarios.iter().map(|scenario| (&**scenario, scenario.spec())).collect();
        let everything = [String::from("*")];
        let globs = if globs.is_empty() { &everything[..] } else { globs };
        let takes = |glob: &str, spec: &Spec| {
            glob == spec.name || (spec.must_fail.is_none() && WildMatch::new(glob).matches(&spec.name))
        };
        if let Some(idle) = globs.iter().find(|glob| !all.iter().any(|(_, spec)| takes(glob, spec))) {
            return Err(no_match(idle, all.iter().map(|(_, spec)| spec.name.as_str())));
        }
        Ok(all.into_iter().filter(|(_, spec)| globs.iter().any(|glob| takes(glob, spec))).collect())
    }

    /// The scenario of this name.
    ///
    /// # Errors
    /// One line where there is none.
    pub(super) fn scenario(&self, name: &str) -> Result<(&dyn Scenario, Spec), String> {
        let found = self.scenarios.iter().map(|scenario| (&**scenario, scenario.spec()));
        let mut found = found.filter(|(_, spec)| spec.name == name);
        found.next().ok_or_else(|| {
            let names: Vec<String> = self.scenarios.iter().map(|scenario| scenario.spec().name).collect();
            no_match(name, names.iter().map(String::as_str))
        })
    }
}

impl Shop<'_> {
    /// The case that is meant: a stored one, or that of a seed.
    ///
    /// # Errors
    /// One line where there is none.
    pub(super) fn case(&self, command: &str, which: &WhichCase, expansion: &Expansion) -> Result<Case, String> {
        match (&which.case, &which.scenario, which.seed) {
            (Some(path), ..) => corpus::read(&self.place.resolve(path)).map_err(|unreadable| unreadable.to_string()),
            (None, Some(name), Some(seed)) => Ok(self.scenario(name)?.0.expand(seed, expansion)),
            _ => Err(format!("{command}: expected a case, or --scenario and --seed")),
        }
    }
}

impl WhichCase {
    /// What to call the case when something is said of it.
    pub(super) fn name(&self) -> String {
        self.case.as_ref().map_or_else(|| "the seed's case".into(), |path| path.display().to_string())
    }
}

fn no_match<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> String {
    let near = names.map(|known| (strsim::damerau_levenshtein(name, known), known)).min();
    match near {
        Some((distance, known)) if distance <= SLIP_MAX => {
            format!("no scenario matches `{name}`: did you mean `{known}`? (`list` names them all)")
        }
        _ => format!("no scenario matches `{name}` (`list` names them all)"),
    }
}
