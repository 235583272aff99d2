//! A mutant: a known bug, as the text that puts it into one source file.

use std::path::{Component, Path};

use serde::Deserialize;

/// A known bug. Its id is the name of its file, its suite that of the directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mutant {
    /// Its name, which never changes: what was measured is compared from commit to commit.
    pub id: String,
    /// The suite of the scenarios that should find it.
    pub suite: String,
    /// The source file that it changes, from the root of the workspace.
    pub file: String,
    /// What it takes away: a text that is in the file exactly once.
    pub find: String,
    /// What it puts in place of that.
    pub replace: String,
    /// What it breaks, in one sentence.
    pub breaks: String,
    /// The signatures of which any may fire; there may be none where it is impossible.
    pub properties: Vec<String>,
    /// The kinds of fault without which it does not show.
    pub faults: Vec<String>,
    /// Where it is run, one after the other.
    pub scenarios: Vec<String>,
    /// Where the bug was really seen, or who warned of it.
    pub source: String,
    /// Why it cannot be found; such a mutant is reported and not run.
    pub impossible: Option<String>,
    /// The file's whole text.
    pub(super) text: String,
}

/// The file. An unknown key is refused: it would be a wish that nobody hears.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    file: String,
    find: String,
    replace: String,
    breaks: String,
    properties: Vec<String>,
    faults: Vec<String>,
    #[serde(default)]
    scenarios: Vec<String>,
    source: String,
    impossible: Option<String>,
}

impl Mutant {
    /// Reads one.
    ///
    /// # Errors
    /// What is wrong, after the number of the line where there is one: `3: unknown field …`.
    pub fn read(suite: &str, id: &str, text: &str) -> Result<Mutant, String> {
        let written: Written = toml::from_str(text).map_err(|error| {
            let line = error.span().map(|span| 1 + text[..span.start].matches('\n').count());
            let line = line.map(|line| format!("{line}: ")).unwrap_or_default();
            format!("{line}{}", error.message().replace('\n', " "))
        })?;
        let Written { file, find, replace, breaks, properties, faults, scenarios, source, impossible } = written;
        let (id, suite, text) = (id.to_owned(), suite.to_owned(), text.to_owned());
        let mutant =
            Mutant { id, suite, file, find, replace, breaks, properties, faults, scenarios, source, impossible, text };
        mutant.check()?;
        Ok(mutant)
    }

    /// The text of its source file with the bug in it.
    ///
    /// # Errors
    /// How often the text to be found is there, where that is not once.
    pub fn planted(&self, source: &str) -> Result<String, String> {
        match source.matches(&self.find).count() {
            1 => Ok(source.replacen(&self.find, &self.replace, 1)),
            count => Err(format!("`find` must be in {} exactly once, and is there {count} times", self.file)),
        }
    }

    fn check(&self) -> Result<(), String> {
        let is_within = Path::new(&self.file).components().all(|part| matches!(part, Component::Normal(_)));
        let one_line = |text: &str| !text.trim().is_empty() && !text.contains('\n');
        if !is_within || !self.file.ends_with(".rs") {
            return Err(format!("`file`: expected a Rust source below the root; received `{}`", self.file));
        }
        if self.find.is_empty() || self.find == self.replace {
            return Err("`find` and `replace`: expected a text, and another".into());
        }
        if self.properties.is_empty() && self.impossible.is_none() {
            return Err("`properties`: expected at least one signature".into());
        }
        let lines =
            [("breaks", Some(&self.breaks)), ("source", Some(&self.source)), ("impossible", self.impossible.as_ref())];
        match lines.into_iter().find(|(_, text)| text.is_some_and(|text| !one_line(text))) {
            Some((key, _)) => Err(format!("`{key}`: expected one line of text")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A mutant for tests: changes `a` to `b` in `src/lib.rs`.
    pub(in crate::mutants) const TEXT: &str = "file = \"src/lib.rs\"\nfind = \"a\"\nreplace = \"b\"\nbreaks = \"the letter\"\n\
         properties = [\"raft::log_matching\"]\nfaults = []\nsource = \"a primer\"\n";

    pub(in crate::mutants) fn mutant() -> Mutant {
        Mutant::read("raft", "P99", TEXT).expect("it is right")
    }

    #[test]
    fn a_text_that_is_there_once_is_replaced_and_any_other_is_refused() {
        assert_eq!(mutant().planted("xay"), Ok("xby".into()));
        for (source, count) in [("xyz", 0), ("aa", 2)] {
            let refused = mutant().planted(source).expect_err("not once");
            assert_eq!(refused, format!("`find` must be in src/lib.rs exactly once, and is there {count} times"));
        }
    }

    #[test]
    fn what_is_written_wrongly_is_refused_with_its_line() {
        let table = [
            ("file = \"src/lib.rs\"", "files = \"src/lib.rs\"", "1: unknown field `files`"),
            ("faults = []\n", "", "missing field `faults`"),
            ("src/lib.rs", "../lib.rs", "`file`: expected a Rust source below the root"),
            ("src/lib.rs", "README.md", "`file`: expected a Rust source below the root"),
            ("find = \"a\"", "find = \"b\"", "`find` and `replace`: expected a text, and another"),
            ("[\"raft::log_matching\"]", "[]", "`properties`: expected at least one"),
            ("the letter", "the\\nletter", "`breaks`: expected one line"),
            ("a primer", " ", "`source`: expected one line"),
            ("faults = []", "faults = [", "7: "),
        ];
        for (right, wrong, expected) in table {
            let refused = Mutant::read("raft", "P99", &TEXT.replace(right, wrong)).expect_err(wrong);
            assert!(refused.contains(expected), "expected {expected}; received {refused}");
        }
    }
}
