//! Hand-made histories, as lines that read like what they say; how each checker is shown what it must refuse.
//!
//! | line | what it says of the node or client that it begins with |
//! |---|---|
//! | `n1 boots`, `n1 crashes` | its process starts, dies |
//! | `n1 recovered 3/2 a`, `n1 restarted 3 n2` | at a boot: entry 2 of term 3 with payload `a`; term 3 and a vote for n2 |
//! | `n1 enters 3`, `n1 shows 3`, `n1 voted 3 n2` | its term and its vote |
//! | `n1 elected 3`, `n1 deposed 3` | it leads, and no longer |
//! | `n1 appends 3/2 a`, `n1 truncates 2` | its log in memory |
//! | `n1 durable 3/2 a`, `n1 forgets 2` | its log on disk |
//! | `n1 applies 3/2 a` | its state machine |
//! | `c1 asks`, `c1 answered 2 a` | an operation, and that it is at index 2 |
//! | `healed n1 n2` | the safety phase is over |
//!
//! Several subjects may share a line: `n1 n2 durable 3/2 a`.

use sim::{Checker, Flaw, Goal, Judgement, NodeId, Observed, OperationId, Payload, Protocol, Time, What, content_hash};

use super::fact::{Acknowledged, Entry, LogFact, Replicated};

/// A protocol without messages.
pub(crate) struct Told;

#[derive(Clone, Debug, Hash)]
pub(crate) enum Silence {}

impl Payload for Silence {}

impl Protocol for Told {
    type Message = Silence;
    type Fact = LogFact;
    type Operation = ();
    type Reply = Acknowledged;
}

impl Replicated for Told {
    fn log_fact(fact: &LogFact) -> Option<&LogFact> {
        Some(fact)
    }

    fn acknowledged(reply: &Acknowledged) -> Option<Acknowledged> {
        Some(*reply)
    }
}

/// Tells a history, a line each millisecond; how often the property was evaluated, or the flaw that ended it.
pub(crate) fn tell(checker: &mut impl Checker<Told>, history: &str) -> Result<u64, Flaw> {
    let mut evaluated = 0;
    let mut flaw = None;
    narrate(history, &mut |observed| match (&flaw, checker.observe(observed)) {
        (None, Judgement::Holds) => evaluated += 1,
        (None, Judgement::Violated(found)) => flaw = Some(*found),
        _ => {}
    });
    flaw.map_or(Ok(evaluated), Err)
}

/// Asserts that the checker accepts the history, and looked at it.
#[track_caller]
pub(crate) fn accepts(mut checker: impl Checker<Told>, history: &str) {
    match tell(&mut checker, history) {
        Ok(evaluated) => assert!(evaluated > 0, "the property was never evaluated"),
        Err(flaw) => panic!("refused: {}", flaw.explanation),
    }
}

/// Asserts that the checker refuses the history at its last line, with this explanation.
#[track_caller]
pub(crate) fn refuses<C: Checker<Told>>(checker: C, history: &str, explanation: &str) {
    let lines: Vec<&str> = history.trim().lines().collect();
    let before = lines[..lines.len() - 1].join("\n");
    if let Err(early) = tell(&mut checker.clone(), &before) {
        panic!("refused before the last line: {}", early.explanation);
    }
    let flaw = tell(&mut checker.clone(), history).expect_err("the history was accepted");
    assert_eq!(flaw.explanation, explanation);
    assert!(!flaw.witnesses.is_empty(), "a flaw rests on something");
}

/// Tells a history to a goal, and gives what is missing at its end.
pub(crate) fn missing(goal: &mut impl Goal<Told>, history: &str) -> Option<String> {
    narrate(history, &mut |observed| goal.observe(observed));
    (!goal.met()).then(|| goal.missing())
}

fn narrate(history: &str, hear: &mut dyn FnMut(&Observed<'_, Told>)) {
    let mut lives: Vec<(NodeId, u32)> = Vec::new();
    let mut operations = 0;
    for (line, event) in history.lines().map(str::trim).filter(|line| !line.is_empty()).zip(1..) {
        let words: Vec<&str> = line.split(' ').collect();
        if words[0] == "healed" {
            let core: Vec<NodeId> = words[1..].iter().map(|word| name(word)).collect();
            hear(&observed(event, core[0], 1, What::Healed(&core)));
            continue;
        }
        let subjects = words.iter().take_while(|word| word.parse::<NodeId>().is_ok()).count();
        for subject in &words[..subjects] {
            let node = name(subject);
            let known = lives.iter().position(|(known, _)| *known == node);
            let at = known.unwrap_or_else(|| {
                lives.push((node, 1));
                lives.len() - 1
            });
            lives[at].1 += u32::from(words[subjects] == "boots" && known.is_some());
            say(&words[subjects..], &mut operations, node, &mut |what| hear(&observed(event, node, lives[at].1, what)));
        }
    }
}

fn say(words: &[&str], operations: &mut u32, node: NodeId, hear: &mut dyn FnMut(What<'_, Told>)) {
    let operation = |ordinal| OperationId { client: node, ordinal };
    let fact = match *words {
        ["boots"] => return hear(What::Booted),
        ["crashes"] => return hear(What::Crashed),
        ["asks"] => {
            *operations += 1;
            return hear(What::Invoked(operation(*operations), &()));
        }
        ["answered", index, payload] => {
            let reply = Acknowledged { index: number(index), payload: content_hash(payload) };
            return hear(What::Responded(operation(*operations), &reply));
        }
        ["recovered", position, payload] => LogFact::Recovered(entry(position, payload)),
        ["restarted", term] => LogFact::Restarted { term: number(term), voted_for: None },
        ["restarted", term, vote] => LogFact::Restarted { term: number(term), voted_for: Some(name(vote)) },
        ["enters", term] => LogFact::Entered { term: number(term) },
        ["shows", term] => LogFact::Shown { term: number(term) },
        ["voted", term, candidate] => LogFact::Voted { term: number(term), candidate: name(candidate) },
        ["elected", term] => LogFact::Elected { term: number(term) },
        ["deposed", term] => LogFact::Deposed { term: number(term) },
        ["appends", position, payload] => LogFact::Appended(entry(position, payload)),
        ["truncates", from] => LogFact::Truncated { from: number(from) },
        ["durable", position, payload] => LogFact::Durable(entry(position, payload)),
        ["forgets", from] => LogFact::DurablyTruncated { from: number(from) },
        ["applies", position, payload] => LogFact::Applied(entry(position, payload)),
        _ => panic!("a line that says nothing: {words:?}"),
    };
    hear(What::Fact(&fact));
}

fn observed(event: u64, node: NodeId, incarnation: u32, what: What<'_, Told>) -> Observed<'_, Told> {
    Observed { time: Time::from_nanos(event * 1_000_000), event, node, incarnation, what }
}

fn name(word: &str) -> NodeId {
    word.parse().expect("n1 or c1")
}

fn number(word: &str) -> u64 {
    word.parse().expect("a number")
}

/// `3/2` is index 2 of term 3.
fn entry(position: &str, payload: &str) -> Entry {
    let (term, index) = position.split_once('/').expect("term/index");
    Entry { index: number(index), term: number(term), payload: content_hash(payload) }
}
