//! What can be said in a line.

use std::fmt::Display;
use std::str::{FromStr, SplitWhitespace};
use std::time::Duration;

use raft::{NodeId, Recovered};

use super::render;
use crate::cluster::Envelope;
use crate::driver;

pub enum Command {
    /// `cluster 3 [pre-vote] [check-quorum] [window=N] [per-append=N]`: so many nodes that have never run.
    Cluster { size: u64, settings: Settings },
    /// `recovered n1 term=3 [vote=n2] [log=1,1,3]`: what a node's disk held before its first start.
    Recovered { node: u64, disk: Recovered },
    /// `tick n1`: time passes to the node's deadline, which then comes. Deadlines of others are late.
    Tick { node: u64 },
    /// `wait 100ms`: time passes, and no deadline comes.
    Wait { time: Duration },
    /// `run 100ms`: time passes, deadlines come as they are due, and after each the cluster settles.
    Run { time: Duration },
    /// `propose n1 x`: a client wants `x` in the log.
    Propose { node: u64, command: String },
    /// `flush n1`: the node's oldest write is done. `flush`: all writes of all nodes are.
    Flush { node: Option<u64> },
    /// `deliver FILTER`: what matches and is under way arrives, but nothing that it causes.
    Deliver(Filter),
    /// `drop FILTER`: what matches is lost.
    Drop(Filter),
    /// `duplicate FILTER`: what matches is under way once more.
    Duplicate(Filter),
    /// `hold FILTER`: what matches arrives at no command, until it is released.
    Hold(Filter),
    /// `release FILTER`: what matches and was held is under way again, behind all others.
    Release(Filter),
    /// `crash n1 [keep=N]`: of the records not durable the first N survive, or none.
    Crash { node: u64, records_kept: usize },
    /// `restart n1`: the crashed node starts from its disk.
    Restart { node: u64 },
    /// `cut n1 n2`: what the two send each other is lost. `cut n1`: what it sends, and what is sent to it.
    Cut { node: u64, other: Option<u64> },
    /// `mend`: every link works again.
    Mend,
    /// `settle`: writes are done and messages arrive until none is left.
    Settle,
    /// `state`: every node.
    State,
    /// `progress n1`: what a leader knows of its followers.
    Progress { node: u64 },
    /// `network`: what is under way, held, or waits for a write.
    Network,
}

#[derive(Default)]
pub struct Settings {
    pub pre_vote: bool,
    pub check_quorum: bool,
    pub window: Option<usize>,
    pub per_append: Option<usize>,
}

/// `[n1->n2] [KIND] [oldest|newest]`, where either end may be left out: which messages.
#[derive(Default)]
pub struct Filter {
    from: Option<NodeId>,
    to: Option<NodeId>,
    kind: Option<&'static str>,
    choice: Choice,
}

/// Which of those that match.
#[derive(Clone, Copy, Default)]
enum Choice {
    #[default]
    All,
    Oldest,
    Newest,
}

impl FromStr for Command {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let mut words = Words(line.split_whitespace());
        let command = match words.next("a command")? {
            "cluster" => Self::Cluster { size: words.number("a number of nodes")?, settings: words.settings()? },
            "recovered" => Self::Recovered { node: words.node()?, disk: words.disk()? },
            "tick" => Self::Tick { node: words.node()? },
            "wait" => Self::Wait { time: words.time()? },
            "run" => Self::Run { time: words.time()? },
            "propose" => Self::Propose { node: words.node()?, command: words.next("a command")?.to_owned() },
            "flush" => Self::Flush { node: words.node_or_none()? },
            "deliver" => Self::Deliver(words.filter()?),
            "drop" => Self::Drop(words.filter()?),
            "duplicate" => Self::Duplicate(words.filter()?),
            "hold" => Self::Hold(words.filter()?),
            "release" => Self::Release(words.filter()?),
            "crash" => Self::Crash { node: words.node()?, records_kept: words.kept()? },
            "restart" => Self::Restart { node: words.node()? },
            "cut" => Self::Cut { node: words.node()?, other: words.node_or_none()? },
            "mend" => Self::Mend,
            "settle" => Self::Settle,
            "state" => Self::State,
            "progress" => Self::Progress { node: words.node()? },
            "network" => Self::Network,
            other => return Err(unexpected("a command", other)),
        };
        match words.0.next() {
            None => Ok(command),
            Some(word) => Err(unexpected("the end of the line", word)),
        }
    }
}

impl Filter {
    /// Takes what matches out of the messages.
    pub fn take(&self, messages: &mut Vec<Envelope>) -> Vec<Envelope> {
        let matching: Vec<usize> = (0..messages.len()).filter(|at| self.matches(&messages[*at])).collect();
        let chosen = match self.choice {
            Choice::All => matching.as_slice(),
            Choice::Oldest => &matching[..matching.len().min(1)],
            Choice::Newest => &matching[matching.len().saturating_sub(1)..],
        };
        let mut at = 0..;
        messages.extract_if(.., |_| chosen.contains(&at.next().expect("without end"))).collect()
    }

    fn matches(&self, Envelope { from, to, message }: &Envelope) -> bool {
        self.from.is_none_or(|wanted| wanted == *from)
            && self.to.is_none_or(|wanted| wanted == *to)
            && self.kind.is_none_or(|wanted| wanted == render::kind(&message.body))
    }
}

struct Words<'a>(SplitWhitespace<'a>);

impl<'a> Words<'a> {
    fn next(&mut self, expected: &str) -> Result<&'a str, String> {
        self.0.next().ok_or_else(|| unexpected(expected, "the end of the line"))
    }

    fn number(&mut self, expected: &str) -> Result<u64, String> {
        number(self.next(expected)?)
    }

    fn node(&mut self) -> Result<u64, String> {
        node(self.next("a node")?)
    }

    fn node_or_none(&mut self) -> Result<Option<u64>, String> {
        self.0.next().map(node).transpose()
    }

    fn time(&mut self) -> Result<Duration, String> {
        let word = self.next("a time")?;
        let milliseconds = word.strip_suffix("ms").ok_or_else(|| unexpected("a time such as 100ms", word))?;
        number(milliseconds).map(Duration::from_millis)
    }

    fn kept(&mut self) -> Result<usize, String> {
        match self.0.next() {
            None => Ok(0),
            Some(word) => number(word.strip_prefix("keep=").ok_or_else(|| unexpected("keep=N", word))?),
        }
    }

    fn settings(&mut self) -> Result<Settings, String> {
        let mut settings = Settings::default();
        for word in self.0.by_ref() {
            match word.split_once('=') {
                None if word == "pre-vote" => settings.pre_vote = true,
                None if word == "check-quorum" => settings.check_quorum = true,
                Some(("window", value)) => settings.window = Some(number(value)?),
                Some(("per-append", value)) => settings.per_append = Some(number(value)?),
                _ => return Err(unexpected("pre-vote, check-quorum, window=N or per-append=N", word)),
            }
        }
        Ok(settings)
    }

    fn disk(&mut self) -> Result<Recovered, String> {
        let (mut term, mut vote, mut terms) = (0, None, Vec::new());
        for word in self.0.by_ref() {
            match word.split_once('=') {
                Some(("term", value)) => term = number(value)?,
                Some(("vote", value)) => vote = Some(NodeId(node(value)?)),
                Some(("log", value)) => terms = value.split(',').map(number).collect::<Result<_, _>>()?,
                _ => return Err(unexpected("term=N, vote=n1 or log=N,N", word)),
            }
        }
        let mut disk = driver::recovered(term, &terms);
        disk.hard_state.voted_for = vote;
        Ok(disk)
    }

    fn filter(&mut self) -> Result<Filter, String> {
        let mut filter = Filter::default();
        for word in self.0.by_ref() {
            let kind = render::KINDS.iter().find(|kind| **kind == word);
            match word.split_once("->") {
                Some((from, to)) => (filter.from, filter.to) = (end(from)?, end(to)?),
                None if kind.is_some() => filter.kind = kind.copied(),
                None if word == "oldest" => filter.choice = Choice::Oldest,
                None if word == "newest" => filter.choice = Choice::Newest,
                None => return Err(unexpected("a link such as n1->n2, a kind of message, oldest or newest", word)),
            }
        }
        Ok(filter)
    }
}

/// One end of a link, or nothing.
fn end(word: &str) -> Result<Option<NodeId>, String> {
    if word.is_empty() { Ok(None) } else { node(word).map(|id| Some(NodeId(id))) }
}

fn node(word: &str) -> Result<u64, String> {
    let id = word.strip_prefix('n').and_then(|id| id.parse().ok());
    id.ok_or_else(|| unexpected("a node such as n1", word))
}

fn number<N: FromStr>(word: &str) -> Result<N, String> {
    word.parse().map_err(|_| unexpected("a number", word))
}

fn unexpected(expected: &str, received: impl Display) -> String {
    format!("expected {expected}, received {received}")
}

#[test]
fn what_nobody_understands_is_refused_with_what_would_be_understood() {
    let table = [
        ("dance", "expected a command, received dance"),
        ("tick", "expected a node, received the end of the line"),
        ("tick 1", "expected a node such as n1, received 1"),
        ("tick n1 n2", "expected the end of the line, received n2"),
        ("wait 3s", "expected a time such as 100ms, received 3s"),
        ("recovered n1 log=1,x", "expected a number, received x"),
        ("cluster 3 prevote", "expected pre-vote, check-quorum, window=N or per-append=N, received prevote"),
        ("deliver n1>n2", "expected a link such as n1->n2, a kind of message, oldest or newest, received n1>n2"),
    ];
    for (line, expected) in table {
        assert_eq!(line.parse::<Command>().err().as_deref(), Some(expected));
    }
}
