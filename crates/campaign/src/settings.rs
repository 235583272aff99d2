//! The variables that steer a `check()`: read once, strictly.

use std::ffi::OsString;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use sim::Seed;

use crate::seed::{Base, parse_seed};

/// How many fresh seeds a test runs, unless `SIM_SEEDS` says otherwise.
pub const DEFAULT_SEEDS: u64 = 200;

/// What the `SIM_*` variables ask for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// `SIM_SEED`, `SIM_CASE`, or neither.
    pub only: Only,
    /// `SIM_SEEDS`: how many fresh seeds.
    pub seeds: u64,
    /// `SIM_JOBS`: threads for one `check()`. One, unless asked for: test runners run tests beside each other already.
    pub jobs: NonZeroUsize,
    /// `SIM_BASE`: what the fresh seeds follow from; drawn from the OS where it is not set.
    pub base: Option<Base>,
    /// `SIM_PERSIST`: whether what is found goes into the corpus. Without it: not where `CI` is set.
    pub persist: bool,
    /// `SIM_DIR`: where the corpus is.
    pub dir: Option<PathBuf>,
}

/// Whether exactly one run is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Only {
    /// The corpus, then fresh seeds.
    Everything,
    /// This seed, and no corpus.
    Seed(Seed),
    /// The case in this file.
    Case(PathBuf),
}

impl Settings {
    /// What the environment asks for.
    ///
    /// # Errors
    /// One line that names the variable and the accepted form.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads variables")]
    pub fn from_env() -> Result<Settings, String> {
        Settings::read(|name| std::env::var_os(name))
    }

    /// What these variables ask for; a variable that is set to nothing counts as not set.
    ///
    /// # Errors
    /// One line that names the variable and the accepted form.
    pub fn read(variable: impl Fn(&str) -> Option<OsString>) -> Result<Settings, String> {
        let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let text = |name: &str| match path(name).map(|value| value.into_os_string().into_string()) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text)),
            Some(Err(value)) => Err(format!("{name}: expected text; received {value:?}")),
        };
        let only = match (path("SIM_CASE"), parsed(text("SIM_SEED")?, "SIM_SEED", parse_seed)?) {
            (Some(_), Some(_)) => return Err("SIM_SEED and SIM_CASE are both set: expected one of them".into()),
            (Some(case), None) => Only::Case(case),
            (None, Some(seed)) => Only::Seed(seed),
            (None, None) => Only::Everything,
        };
        let persist = parsed(text("SIM_PERSIST")?, "SIM_PERSIST", |value| match value {
            "0" => Ok(false),
            "1" => Ok(true),
            _ => Err(format!("expected 0 or 1; received `{value}`")),
        })?;
        Ok(Settings {
            only,
            seeds: parsed(text("SIM_SEEDS")?, "SIM_SEEDS", count)?.unwrap_or(DEFAULT_SEEDS),
            jobs: parsed(text("SIM_JOBS")?, "SIM_JOBS", count)?.unwrap_or(NonZeroUsize::MIN),
            base: parsed(text("SIM_BASE")?, "SIM_BASE", Base::parse)?,
            persist: persist.unwrap_or_else(|| path("CI").is_none()),
            dir: path("SIM_DIR"),
        })
    }
}

fn parsed<T>(
    text: Option<String>,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    text.map(|text| parse(&text).map_err(|problem| format!("{name}: {problem}"))).transpose()
}

/// Reads a count of at least 1.
pub(crate) fn count<T: TryFrom<NonZeroU64>>(text: &str) -> Result<T, String> {
    let refused = || format!("expected a whole number of at least 1; received `{text}`");
    let number = text.parse().ok().filter(|_| !text.starts_with('+'));
    number.and_then(|number: NonZeroU64| T::try_from(number).ok()).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Settings, String> {
        let set: Vec<(String, String)> = set.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        Settings::read(|name| set.iter().find(|(known, _)| known == name).map(|(_, value)| value.into()))
    }

    #[test]
    fn nothing_set_is_200_fresh_seeds_on_one_thread() {
        let settings = read(&[]).unwrap();
        assert_eq!((settings.seeds, settings.jobs.get(), settings.base), (200, 1, None));
        assert_eq!((settings.only, settings.persist), (Only::Everything, true));
        assert_eq!(read(&[("SIM_SEEDS", "")]).unwrap().seeds, 200);
    }

    #[test]
    fn ci_keeps_the_corpus_as_it_is_unless_told_otherwise() {
        assert!(!read(&[("CI", "true")]).unwrap().persist);
        assert!(read(&[("CI", "true"), ("SIM_PERSIST", "1")]).unwrap().persist);
        assert!(!read(&[("SIM_PERSIST", "0")]).unwrap().persist);
    }

    #[test]
    fn what_does_not_parse_names_the_variable_and_the_accepted_form() {
        for (name, value, expected) in [
            ("SIM_SEED", "abc", "SIM_SEED: expected 0x… or decimal, of 64 bits; received `abc`"),
            ("SIM_SEEDS", "0", "SIM_SEEDS: expected a whole number of at least 1; received `0`"),
            ("SIM_JOBS", "-2", "SIM_JOBS: expected a whole number of at least 1; received `-2`"),
            ("SIM_PERSIST", "no", "SIM_PERSIST: expected 0 or 1; received `no`"),
        ] {
            assert_eq!(read(&[(name, value)]).unwrap_err(), expected);
        }
        assert!(read(&[("SIM_BASE", "main")]).unwrap_err().starts_with("SIM_BASE: expected 0x…"));
        assert!(read(&[("SIM_SEED", "1"), ("SIM_CASE", "a.json")]).is_err());
    }
}
