//! Hand-made histories, told to checkers line by line: how each is shown what it must refuse.
//!
//! A line begins with those it is about, `n1`, `n2`, … or `c1`, `c2`, …; what else it says is the family's own
//! [`Vocabulary`], but for these:
//!
//! | line | what it says |
//! |---|---|
//! | `n1 boots`, `n1 crashes` | its process starts, dies |
//! | `healed n1 n2` | the safety phase is over |
//!
//! Several subjects may share a line: `n1 n2 crashes`.

use std::collections::BTreeMap;

use sim::{
    CASE_FORMAT, Case, Checker, Checks, ClientLoad, Disks, Expect, Flaw, Goal, Heal, Hex, Judgement, Network, NodeId,
    Observed, OperationId, Payload, Plan, Protocol, Salts, Time, What, Workload, mix,
};

/// The messages of a protocol that has none.
#[derive(Clone, Debug, Hash)]
pub(crate) enum Silence {}

impl Payload for Silence {}

/// What the lines of a family's histories mean.
pub(crate) trait Vocabulary: Protocol {
    /// Says what the words mean of the subject before them. What a client asks and is answered is of `operation`.
    fn say(words: &[&str], operation: OperationId, hear: &mut dyn FnMut(What<'_, Self>))
    where
        Self: Sized;
}

/// Asserts that the checker accepts the history, and looked at it.
#[track_caller]
pub(crate) fn accepts<V: Vocabulary>(mut checker: impl Checker<V>, history: &str) {
    match tell(&mut checker, history) {
        Ok(evaluated) => assert!(evaluated > 0, "the property was never evaluated"),
        Err(flaw) => panic!("refused: {}", flaw.explanation),
    }
}

/// Asserts that the checker refuses the history at its last line, with this explanation.
#[track_caller]
pub(crate) fn refuses<V: Vocabulary>(checker: impl Checker<V>, history: &str, explanation: &str) {
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
pub(crate) fn missing<V: Vocabulary>(goal: &mut impl Goal<V>, history: &str) -> Option<String> {
    narrate(history, &mut |observed| goal.observe(observed));
    (!goal.met()).then(|| goal.missing())
}

/// Tells lines that make no sense to all checks of a family, and asserts that none falls over: what comes after a flaw in the
/// same step is told as well, and the flaw would be lost with the program. Each line is about one of three nodes, or about
/// `c1` where its template begins with that, and has a small number, or the largest, for each `#` and a node for each `$`.
pub(crate) fn bears_nonsense<V: Vocabulary>(mut checks: impl Checks<V>, templates: &[&str]) {
    const NUMBERS: [&str; 6] = ["0", "1", "2", "3", "4", "18446744073709551615"];
    const NODES: [&str; 3] = ["n1", "n2", "n3"];
    let mut count = 0;
    let mut draw = |among: usize| {
        count += 1;
        (mix(0, count) % among as u64) as usize
    };
    let mut history = String::new();
    for _ in 0..20_000 {
        let template = templates[draw(templates.len())];
        let subject = if template.starts_with('c') { "" } else { "$ " };
        for letter in subject.chars().chain(template.chars()) {
            match letter {
                '#' => history.push_str(NUMBERS[draw(NUMBERS.len())]),
                '$' => history.push_str(NODES[draw(NODES.len())]),
                other => history.push(other),
            }
        }
        history.push('\n');
    }
    let mut found = Vec::new();
    narrate(&history, &mut |observed| checks.observe(observed, &mut found));
    assert!(!found.is_empty(), "something in it is wrong");
}

/// A case of nodes n1 to n`nodes`, and of these clients.
pub(crate) fn case(nodes: u16, clients: Vec<ClientLoad>) -> Case {
    Case {
        format: CASE_FORMAT,
        scenario: "told".into(),
        seed: Hex(0),
        salts: Salts::new(),
        expect: Expect::Pass,
        knobs: BTreeMap::new(),
        nodes: (1..=nodes).map(NodeId::node).collect(),
        network: Network::calm(1..=1),
        disks: Disks::default(),
        workload: Workload { clients },
        plan: Plan { heal: Heal { at_ns: Time::ZERO, core: None }, items: Vec::new() },
        unbounded: false,
        found: None,
        shrunk: None,
        fired: Vec::new(),
        reached: Vec::new(),
        note: String::new(),
    }
}

/// The assertions, for histories in one vocabulary: a checker judges any, so that somebody has to say which.
macro_rules! assertions_of {
    ($vocabulary:ty) => {
        /// Asserts that the checker accepts the history, and looked at it.
        #[track_caller]
        pub(crate) fn accepts(checker: impl sim::Checker<$vocabulary>, history: &str) {
            crate::story::accepts(checker, history);
        }

        /// Asserts that the checker refuses the history at its last line, with this explanation.
        #[track_caller]
        pub(crate) fn refuses(checker: impl sim::Checker<$vocabulary>, history: &str, explanation: &str) {
            crate::story::refuses(checker, history, explanation);
        }

        /// Tells a history to a goal, and gives what is missing at its end.
        pub(crate) fn missing(goal: &mut impl sim::Goal<$vocabulary>, history: &str) -> Option<String> {
            crate::story::missing(goal, history)
        }
    };
}
pub(crate) use assertions_of;

/// Tells a history, a line each millisecond; how often the property was evaluated, or the flaw that ended it.
pub(crate) fn tell<V: Vocabulary>(checker: &mut impl Checker<V>, history: &str) -> Result<u64, Flaw> {
    let mut evaluated = 0;
    let mut flaw = None;
    narrate(history, &mut |observed| match (&flaw, checker.observe(observed)) {
        (None, Judgement::Holds) => evaluated += 1,
        (None, Judgement::Violated(found)) => flaw = Some(*found),
        _ => {}
    });
    flaw.map_or(Ok(evaluated), Err)
}

fn narrate<V: Vocabulary>(history: &str, hear: &mut dyn FnMut(&Observed<'_, V>)) {
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
            operations += u32::from(words[subjects] == "asks");
            let mut hear = |what: What<'_, V>| hear(&observed(event, node, lives[at].1, what));
            match words[subjects..] {
                ["boots"] => hear(What::Booted),
                ["crashes"] => hear(What::Crashed),
                ref words => V::say(words, OperationId { client: node, ordinal: operations }, &mut hear),
            }
        }
    }
}

fn observed<V: Vocabulary>(event: u64, node: NodeId, incarnation: u32, what: What<'_, V>) -> Observed<'_, V> {
    Observed { time: Time::from_nanos(event * 1_000_000), event, node, incarnation, what }
}

pub(crate) fn name(word: &str) -> NodeId {
    word.parse().expect("n1 or c1")
}

pub(crate) fn number(word: &str) -> u64 {
    word.parse().expect("a number")
}
