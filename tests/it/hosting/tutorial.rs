//! `docs/hosting.md` as steps. What the form below does not provide for fails the test that reads it, so that no block of
//! the tutorial is left out in silence.
//!
//! | in the text | is |
//! |---|---|
//! | a line of nothing but a path, bold and as code, and a `rust` or `toml` block | that file |
//! | such a line and a `diff` block | a change to that file; the lines before the change stand in it once |
//! | a `console` block of one line, behind `$ ` | a command |
//! | a `text` block | what the command above prints, perhaps shortened by lines of `…` |

use super::{read, root};

/// One thing that the reader does.
pub enum Step {
    /// Writes a file.
    Write { path: String, text: String },
    /// Changes a file.
    Edit { path: String, before: String, after: String },
    /// Runs a command, and sees this.
    Run { command: String, sample: Option<String> },
}

/// The steps of the tutorial, in order.
pub fn steps() -> Vec<Step> {
    parse(&read(&root().join("docs/hosting.md")))
}

impl Step {
    /// Whether it is a command that finds a failure.
    pub fn fails(&self) -> bool {
        matches!(self, Step::Run { sample: Some(sample), .. } if sample.contains("sim: FAILED "))
    }
}

fn parse(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut path: Option<String> = None;
    let mut is_after_command = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(kind) = line.strip_prefix("```") else {
            if !line.is_empty() {
                assert!(path.is_none(), "{path:?} stands above a block, not above: {line}");
                path = line.strip_prefix("**`").and_then(|line| line.strip_suffix("`**")).map(str::to_owned);
                is_after_command = false;
            }
            continue;
        };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match (kind, path.take()) {
            ("rust" | "toml", Some(path)) => steps.push(Step::Write { path, text: joined(&block) }),
            ("diff", Some(path)) => {
                let (before, after) = (side(&block, '+'), side(&block, '-'));
                steps.push(Step::Edit { path, before, after });
            }
            ("console", None) => {
                let command = block.first().and_then(|line| line.strip_prefix("$ ")).filter(|_| block.len() == 1);
                let command = command.unwrap_or_else(|| panic!("one line behind `$ `, not: {block:?}")).to_owned();
                steps.push(Step::Run { command, sample: None });
            }
            ("text", None) if is_after_command => {
                let Some(Step::Run { sample, .. }) = steps.last_mut() else { unreachable!("a command was just read") };
                assert!(sample.replace(joined(&block)).is_none(), "one sample a command: {block:?}");
            }
            (kind, path) => panic!("a block `{kind}` under {path:?}: {block:?}"),
        }
        is_after_command = kind == "console";
    }
    assert!(path.is_none(), "{path:?} stands above no block");
    steps
}

fn joined(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// One side of a change: without the lines that begin with the mark of the other.
fn side(block: &[&str], other: char) -> String {
    let is_marked = |line: &&str| line.starts_with(['+', '-', ' ']);
    assert!(block.iter().all(is_marked), "each line of a change begins with `+`, `-` or a blank: {block:?}");
    let lines: Vec<&str> = block.iter().filter(|line| !line.starts_with(other)).map(|line| &line[1..]).collect();
    joined(&lines)
}

/// What is alike, line by line, in a sample and in what was printed, in the order of the sample: their words. Numbers, names
/// and times differ from one version of the simulator to the next; so does a plan, a trace, and what stands between the
/// witnesses of a story.
///
/// # Panics
/// When a line of the sample is missing.
pub fn compare(sample: &str, printed: &str) {
    let mut lines = printed.lines();
    for expected in sample.lines().filter(|line| is_stable(line)) {
        let found = lines.any(|line| words(line) == words(expected));
        assert!(found, "nothing, or nothing more, is printed like `{expected}` in:\n{printed}");
    }
}

fn is_stable(line: &str) -> bool {
    let differs = ["     ", "  plan:"].iter().any(|start| line.starts_with(start));
    let is_traced = line.starts_with(|first: char| first.is_ascii_digit());
    !differs && !is_traced && !words(line).is_empty()
}

/// The words of a line: letters only, four at least, as units are shorter; and not all of them digits of a seed.
fn words(line: &str) -> Vec<&str> {
    let words = line.split(|character: char| !character.is_ascii_alphabetic());
    words.filter(|word| word.len() > 3 && !word.bytes().all(|letter| letter.is_ascii_hexdigit())).collect()
}

#[test]
fn a_block_that_is_no_step_is_refused() {
    let refused = [
        "```rust\nfn main() {}\n```",
        "**`a.rs`**\n\nA word between.\n\n```rust\n```",
        "**`a.rs`**",
        "**`a.rs`**\n\n```console\n$ cargo test\n```",
        "**`a.rs`**\n\n```diff\nno mark\n```",
        "```console\ncargo test\n```",
        "```console\n$ cargo test\n$ cargo run\n```",
        "```text\nof no command\n```",
        "```console\n$ cargo test\n```\n\nA word between.\n\n```text\nok\n```",
        "```sh\ncargo test\n```",
    ];
    for text in refused {
        assert!(std::panic::catch_unwind(|| parse(text)).is_err(), "{text}");
    }
    let accepted = "**`a.rs`**\n\n```diff\n one\n-two\n+three\n```\n\n```console\n$ cargo test\n```\n\n```text\nsim: FAILED lock\n```\n";
    let steps = parse(accepted);
    let [Step::Edit { path, before, after }, run] = &steps[..] else { panic!("two steps") };
    assert_eq!((path.as_str(), before.as_str(), after.as_str()), ("a.rs", "one\ntwo\n", "one\nthree\n"));
    assert!(run.fails());
}

#[test]
fn a_sample_is_compared_by_its_words_in_order() {
    let printed = "   Compiling lock\n>    0.1s  c1  Acquired(c1#2)\nsim: FAILED lock  seed 0x00000000deadbeef\n  plan:   no faults\n";
    compare("…\n>    2.987s  c3        Acquired(c3#60)\nsim: FAILED lock  seed 0x2a\n  plan:   a crash\n", printed);
    let differs = ["sim: FAILED clock  seed 0x2a", "sim: FAILED lock  seed 0x2a\n>  Acquired"];
    for sample in differs {
        assert!(std::panic::catch_unwind(|| compare(sample, printed)).is_err(), "{sample}");
    }
}
