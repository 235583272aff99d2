//! A transcript's text: comments and blank lines stay as they are, outputs belong to commands.

use std::fmt;

pub struct Script(Vec<Part>);

/// A command, and the lines below it.
pub struct Line {
    /// From 1, as editors count.
    pub number: usize,
    pub command: String,
    pub output: Vec<String>,
}

enum Part {
    /// A comment, or nothing.
    Remark(String),
    Command(Line),
}

const INDENT: &str = "  ";

impl Script {
    /// # Errors
    ///
    /// Output that belongs to no command, a command that says nothing, a text that does not begin with its goal: as
    /// `line: expected, received`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            if let Some(output) = line.strip_prefix(INDENT) {
                let Some(Part::Command(command)) = parts.last_mut() else {
                    return Err(format!("{number}: expected a command above its output, received {output:?}"));
                };
                command.output.push(output.to_owned());
            } else if line.is_empty() || line.starts_with('#') {
                parts.push(Part::Remark(line.to_owned()));
            } else {
                parts.push(Part::Command(Line { number, command: line.to_owned(), output: Vec::new() }));
            }
        }
        match parts.first() {
            Some(Part::Remark(goal)) if goal.starts_with('#') => Ok(Self(parts)),
            _ => Err(format!("1: expected the goal after a #, received {:?}", text.lines().next())),
        }
    }

    pub fn commands(&mut self) -> impl Iterator<Item = &mut Line> {
        self.0.iter_mut().filter_map(|part| match part {
            Part::Remark(_) => None,
            Part::Command(line) => Some(line),
        })
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.0 {
            match part {
                Part::Remark(text) => writeln!(f, "{text}")?,
                Part::Command(Line { command, output, .. }) => {
                    writeln!(f, "{command}")?;
                    output.iter().try_for_each(|line| writeln!(f, "{INDENT}{line}"))?;
                }
            }
        }
        Ok(())
    }
}

#[test]
fn a_script_is_written_as_it_was_read() {
    let text = "# goal\n\ncluster 3\ntick n1\n  n1 is candidate t1\n\n# then\nstate\n";
    let mut script = Script::parse(text).expect("a script");
    assert_eq!(script.to_string(), text);
    let lines: Vec<_> = script.commands().map(|line| (line.number, line.output.len())).collect();
    assert_eq!(lines, [(3, 0), (4, 1), (8, 0)]);
}

#[test]
fn an_output_without_a_command_and_a_script_without_a_goal_are_refused() {
    assert!(Script::parse("# goal\n  output\n").is_err_and(|error| error.starts_with("2: expected a command")));
    assert!(Script::parse("cluster 3\n").is_err_and(|error| error.starts_with("1: expected the goal")));
}
