//! What is written up of code that is not ours still happens, by the case that shows it.

use std::fs;
use std::path::{Path, PathBuf};

use sim::{Case, Expect, RunOptions, Scenario};

#[test]
fn each_stored_case_of_a_finding_shows_what_it_says() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut findings = Vec::new();
    for path in cases(&root.join("sim-seeds/foreign")) {
        let text = fs::read_to_string(&path).expect("it was listed");
        let case: Case = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let Expect::Known { known, finding } = &case.expect else { continue };
        assert_eq!(shown(&case), Some(known.clone()), "{}: is it repaired? {finding} has to say so", path.display());
        let document = fs::read_to_string(root.join(finding)).unwrap_or_else(|error| panic!("{finding}: {error}"));
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        assert!(document.contains(name), "{finding} does not name {name}");
        findings.push(finding.clone());
    }
    findings.sort();
    findings.dedup();
    let written = fs::read_dir(root.join("docs/findings")).expect("it is there").count();
    assert_eq!(findings.len(), written, "each finding has a case: {findings:?}");
}

/// The signature that a run of the case shows.
fn shown(case: &Case) -> Option<String> {
    let registry = foreign::registry();
    let scenario = registry.iter().find(|scenario| scenario.spec().name == case.scenario);
    let scenario: &dyn Scenario = &**scenario.unwrap_or_else(|| panic!("no scenario {}", case.scenario));
    let outcome = scenario.run(case, &mut RunOptions::default()).expect("a case that can be run");
    outcome.violation().map(|violation| violation.signature.clone())
}

fn cases(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("the corpus of this crate") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            found.extend(cases(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found
}
