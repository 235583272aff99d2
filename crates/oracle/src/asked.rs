//! What a client asked for last, and what came of it.

use sim::{NodeId, Time};

/// What a client asked for last. Of several operations that are open at once it is the last one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Asked {
    /// It never asked for anything.
    #[default]
    Nothing,
    /// It waits.
    Open { ordinal: u32, since: Time },
    /// It was answered, and has not asked since.
    Answered { at: Time },
}

/// What a client lacks. Of several those who lack the same are named one after the other, so that it makes no difference to what is
/// said of a failure which of them is which.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lack {
    /// The answer to an operation that it asked for then.
    Answer { ordinal: u32, since: Time },
    /// An answer that promises something: it had so many that do not, the last of them then.
    Promise { answers: u32, last_at: Time },
    /// Something to ask: it was answered then, if ever.
    Question { answered_at: Option<Time> },
}

impl Asked {
    pub(crate) fn ask(&mut self, ordinal: u32, now: Time) {
        *self = Asked::Open { ordinal, since: now };
    }

    pub(crate) fn answer(&mut self, answered: u32, now: Time) {
        match *self {
            Asked::Open { ordinal, .. } if ordinal == answered => *self = Asked::Answered { at: now },
            _ => {}
        }
    }

    /// What is lacking where something is.
    pub(crate) fn lack(self) -> Lack {
        match self {
            Asked::Nothing => Lack::Question { answered_at: None },
            Asked::Open { ordinal, since } => Lack::Answer { ordinal, since },
            Asked::Answered { at } => Lack::Question { answered_at: Some(at) },
        }
    }
}

impl Lack {
    fn of(self, client: NodeId) -> String {
        match self {
            Lack::Answer { ordinal, since } => {
                format!("{client} got no answer to operation {ordinal} (asked at {since})")
            }
            Lack::Promise { answers, last_at } => {
                format!("{client} got {answers} answers that promise nothing (the last at {last_at})")
            }
            Lack::Question { answered_at: Some(at) } => format!("{client} asked for nothing more (answered at {at})"),
            Lack::Question { answered_at: None } => format!("{client} asked for nothing"),
        }
    }
}

/// A sentence for each client that lacks something.
pub(crate) fn lacks(clients: impl Iterator<Item = (NodeId, Lack)>) -> Vec<String> {
    let mut clients: Vec<(NodeId, Lack)> = clients.collect();
    clients.sort_by_key(|(_, lack)| match lack {
        Lack::Answer { .. } => 0,
        Lack::Promise { .. } => 1,
        Lack::Question { answered_at: Some(_) } => 2,
        Lack::Question { answered_at: None } => 3,
    });
    clients.into_iter().map(|(client, lack)| lack.of(client)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn the_last_operation_is_waited_for_until_it_is_answered() {
        let mut asked = Asked::default();
        assert_eq!(asked.lack(), Lack::Question { answered_at: None });
        asked.ask(3, at(1));
        asked.ask(4, at(2));
        asked.answer(3, at(5));
        assert_eq!(asked.lack(), Lack::Answer { ordinal: 4, since: at(2) });
        asked.answer(4, at(6));
        asked.answer(4, at(7));
        assert_eq!(asked.lack(), Lack::Question { answered_at: Some(at(6)) });
    }

    #[test]
    fn who_lacks_the_same_is_named_together() {
        let clients = [
            (1, Lack::Question { answered_at: Some(at(9)) }),
            (2, Lack::Answer { ordinal: 7, since: at(3) }),
            (3, Lack::Promise { answers: 2, last_at: at(4) }),
            (4, Lack::Answer { ordinal: 2, since: at(1) }),
            (5, Lack::Question { answered_at: None }),
        ];
        let said = lacks(clients.into_iter().map(|(number, lack)| (NodeId::client(number), lack)));
        let expected = [
            "c2 got no answer to operation 7 (asked at 0.003s)",
            "c4 got no answer to operation 2 (asked at 0.001s)",
            "c3 got 2 answers that promise nothing (the last at 0.004s)",
            "c1 asked for nothing more (answered at 0.009s)",
            "c5 asked for nothing",
        ];
        assert_eq!(said, expected);
    }
}
