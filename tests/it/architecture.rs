//! What must never be, where no lint says so: in the crate graph, and in the sources of what must be deterministic.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::program::{Ended, command};

/// What a crate may depend on. A crate that is new states its rule here.
struct Rule {
    name: &'static str,
    /// Of this workspace, whether to build or to test.
    inside: &'static [&'static str],
    outside: Outside,
}

/// What a crate may depend on beside this workspace, tests left out.
enum Outside {
    Only(&'static [&'static str]),
    Anything,
}

use Outside::{Anything, Only};

const RULES: [Rule; 9] = [
    // A core: nothing, so that it can be hosted anywhere.
    Rule { name: "raft", inside: &[], outside: Only(&[]) },
    // A core too: its scheme is SHA-1's.
    Rule { name: "ring", inside: &[], outside: Only(&["sha1"]) },
    // Sans-IO like a core, but for its driver of files: a checksum is all it needs.
    Rule { name: "wal", inside: &[], outside: Only(&["crc32c"]) },
    // The engine knows no system, and nothing that could make two runs differ.
    Rule { name: "sim", inside: &[], outside: Only(&["rand_chacha", "serde"]) },
    // Checkers judge what happened, whoever did it: our cores and anybody's.
    Rule { name: "oracle", inside: &["sim"], outside: Only(&[]) },
    Rule { name: "campaign", inside: &["sim"], outside: Anything },
    // Where cores meet the engine; only the tools know them all.
    // The checksum is for what an adapter writes to disk.
    Rule { name: "scenarios", inside: &["oracle", "raft", "ring", "sim", "wal"], outside: Only(&["crc32c"]) },
    Rule { name: "xtask", inside: &["campaign", "scenarios", "sim"], outside: Anything },
    Rule {
        name: "tests",
        inside: &["campaign", "oracle", "raft", "ring", "scenarios", "sim", "wal", "xtask"],
        outside: Anything,
    },
];

#[test]
fn every_crate_depends_on_what_it_may_and_on_nothing_else() {
    let packages = packages();
    let members: BTreeSet<&str> = packages.iter().map(name).collect();
    for package in &packages {
        let rule = RULES.iter().find(|rule| rule.name == name(package));
        let rule = rule.unwrap_or_else(|| panic!("{} has no rule: add it to this test", name(package)));
        for dependency in package["dependencies"].as_array().expect("a list") {
            let to_test = dependency["kind"] == "dev";
            let allowed = match (members.contains(name(dependency)), &rule.outside) {
                (true, _) => rule.inside.contains(&name(dependency)),
                (false, Only(outside)) => to_test || outside.contains(&name(dependency)),
                (false, Anything) => true,
            };
            assert!(allowed, "{} must not depend on {}", rule.name, name(dependency));
        }
    }
}

#[test]
fn what_measures_peers_and_hosts_foreign_crates_is_no_part_of_the_workspace() {
    let manifests: Vec<String> = packages().iter().map(|package| text(&package["manifest_path"]).to_owned()).collect();
    assert!(manifests.iter().any(|manifest| manifest.ends_with("crates/sim/Cargo.toml")), "{manifests:?}");
    for stranger in ["crates/bench", "crates/foreign"] {
        assert!(!manifests.iter().any(|manifest| manifest.contains(stranger)), "{stranger}: {manifests:?}");
    }
}

#[test]
fn an_outsiders_dependency_on_campaign_brings_no_command_line() {
    let tree = |features: &str| cargo(&["tree", "--package=campaign", "--edges=normal", "--prefix=none", features]);
    let brings = |tree: &str, package: &str| tree.lines().any(|line| line.starts_with(&format!("{package} ")));
    let (without, with) = (tree("--no-default-features"), tree("--features=cli"));
    for package in ["clap", "ctrlc", "indicatif", "strsim", "wildmatch"] {
        assert!(!brings(&without, package), "{package}: {without}");
        assert!(brings(&with, package), "{package} is what this test looks for: {with}");
    }
}

/// Words that no code of a core, the engine or a checker has any use for. What is forbidden by type or by path, such as
/// `std::thread::spawn`, clippy finds as well; here not even the module may be named.
const OF_THE_WORLD: [&str; 13] = [
    "unsafe",
    "f32",
    "f64",
    "Instant",
    "SystemTime",
    "env",
    "fs",
    "net",
    "thread",
    "stdin",
    "HashMap",
    "HashSet",
    "RandomState",
];

/// Where files are what a crate is for: one module, and no other of that crate.
const DRIVER_OF_FILES: &str = "crates/wal/src/files.rs";

#[test]
fn cores_log_engine_and_checkers_touch_no_clock_file_thread_or_float() {
    for directory in ["crates/raft/src", "crates/ring/src", "crates/wal/src", "crates/sim/src", "crates/oracle/src"] {
        for source in sources(directory) {
            let code = without_comments(&source.text);
            let allowed: &[&str] = if source.path.ends_with(DRIVER_OF_FILES) { &["fs"] } else { &[] };
            let found = words(&code).find(|word| OF_THE_WORLD.contains(word) && !allowed.contains(word));
            assert_eq!(found, None, "{}", source.path.display());
        }
    }
    let driver = sources("crates/wal/src").into_iter().find(|source| source.path.ends_with(DRIVER_OF_FILES));
    assert!(driver.is_some_and(|driver| words(&driver.text).any(|word| word == "fs")), "it is where it is said to be");
}

/// Words of protocols. In comments and tests of the engine they are examples; in its code they would be knowledge.
const OF_PROTOCOLS: [&str; 13] = [
    "raft", "paxos", "zab", "ring", "leader", "follower", "election", "elected", "ballot", "term", "vote", "voter",
    "quorum",
];

#[test]
fn the_engine_names_no_protocol() {
    for source in sources("crates/sim/src") {
        let code = without_comments(source.text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default());
        let found = words(&code).flat_map(parts).find(|part| OF_PROTOCOLS.contains(&part.as_str()));
        assert_eq!(found, None, "{}", source.path.display());
    }
}

#[test]
fn every_library_opens_with_docs_and_a_map_of_its_modules() {
    for library in sources("crates").iter().filter(|source| source.path.ends_with("src/lib.rs")) {
        let Source { path, text } = library;
        let docs: String =
            text.lines().take_while(|line| line.starts_with("//!")).map(|line| format!("{line}\n")).collect();
        assert!(!docs.is_empty(), "{} opens with its docs", path.display());
        let declared = text.lines().map(|line| line.strip_prefix("pub ").unwrap_or(line));
        let modules: Vec<&str> = declared.filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')).collect();
        let map = docs.split("//! # Map\n").nth(1).unwrap_or_default();
        for module in modules {
            assert!(map.contains(&format!("`{module}`")), "{}: `{module}` is not on the map", path.display());
        }
    }
}

#[test]
fn words_are_found_in_code_and_not_in_comments() {
    let code = without_comments("let a = \"// b\"; // c\n/* d */ let it's = '\"'; // e \"\nr#\"f \" // g\"# + h_i");
    assert_eq!(words(&code).collect::<Vec<&str>>(), ["let", "a", "b", "let", "it", "s", "r", "f", "g", "h_i"]);
    assert_eq!(parts("leader_Of2Terms"), ["leader", "of2", "terms"]);
}

struct Source {
    path: PathBuf,
    text: String,
}

/// Every Rust source below a directory of the repository.
fn sources(directory: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut directories = vec![root().join(directory)];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display())) {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() && !path.ends_with("target") {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source is text");
                found.push(Source { path, text });
            }
        }
    }
    assert!(!found.is_empty(), "{directory} has sources");
    found
}

/// Rust code without its comments; what looks like one within a string stays.
fn without_comments(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (kept, length) = match first {
            _ if rest.starts_with("//") => (false, rest.find('\n').unwrap_or(rest.len())),
            _ if rest.starts_with("/*") => (false, rest.find("*/").map_or(rest.len(), |end| end + 2)),
            _ if rest.starts_with("r#\"") => (true, rest.find("\"#").map_or(rest.len(), |end| end + 2)),
            _ if rest.starts_with("'\"'") => (true, 3),
            '"' => (true, string_length(rest)),
            _ => (true, first.len_utf8()),
        };
        code.push_str(if kept { &rest[..length] } else { "" });
        rest = &rest[length..];
    }
    code
}

/// How many bytes a string literal has, both quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = true; // the quote that opens it closes nothing
    let end = text.find(|character| {
        let closes = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        closes
    });
    end.map_or(text.len(), |end| end + 1)
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|character: char| !character.is_alphanumeric() && character != '_').filter(|word| !word.is_empty())
}

/// The parts of an identifier, in lower case: `leader`, `of`, `terms` of `leader_OfTerms`.
fn parts(word: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for character in word.chars() {
        if character == '_' || character.is_uppercase() {
            parts.push(String::new());
        }
        if character != '_' {
            parts.last_mut().expect("there is one").extend(character.to_lowercase());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// The packages of the workspace, as their manifests have them.
fn packages() -> Vec<Value> {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version=1"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo's metadata is JSON");
    metadata["packages"].as_array().expect("a list of packages").clone()
}

fn name(value: &Value) -> &str {
    text(&value["name"])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is text"))
}

fn cargo(arguments: &[&str]) -> String {
    let mut cargo = command(env!("CARGO"));
    let output = cargo.current_dir(root()).args(arguments).args(["--offline", "--locked"]).output();
    let ended = Ended::from(output.expect("there is cargo"));
    assert_eq!(ended.exit, Some(0), "{}", ended.stderr);
    ended.stdout
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is in the repository")
}
