//! What a client asked for and waits for, and what it lacks.

use sim::{NodeId, Time};

/// What a client waits for.
///
/// A client that gives up on an operation leaves it open, as it may take effect yet. So an answer is looked for from the last
/// operation on: it takes as long as there are open ones that were asked for later. Memory is taken when more are open at
/// once than ever before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pending {
    /// In the order of asking.
    open: Vec<Open>,
    /// When the last answer to something open came.
    answered_at: Option<Time>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    ordinal: u32,
    since: Time,
}

/// What a client lacks. Of several those who lack the same are named one after the other, so that it makes no difference to what is
/// said of a failure which of them is which.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lack {
    /// The answer to an operation that it asked for then.
    Answer { ordinal: u32, since: Time },
    /// An answer that promises something: it had so many that do not, the last of them then.
    Promise { answers: u32, last_at: Time },
    /// Nothing is open, so that nobody owes it an answer: the last came then, if ever.
    NothingAsked { answered_at: Option<Time> },
}

impl Pending {
    pub(crate) fn ask(&mut self, ordinal: u32, now: Time) {
        self.open.push(Open { ordinal, since: now });
    }

    /// An answer that comes twice closes nothing more.
    pub(crate) fn answer(&mut self, answered: u32, now: Time) {
        if let Some(at) = self.open.iter().rposition(|open| open.ordinal == answered) {
            self.open.remove(at);
            self.answered_at = Some(now);
        }
    }

    /// What is lacking where something is: the answer that is waited for longest, if any is.
    pub(crate) fn lack(&self) -> Lack {
        match self.open.first() {
            Some(Open { ordinal, since }) => Lack::Answer { ordinal: *ordinal, since: *since },
            None => Lack::NothingAsked { answered_at: self.answered_at },
        }
    }
}

impl Lack {
    /// The words are the same for any number: failures are grouped by their sentences without the numbers.
    fn of(self, client: NodeId) -> String {
        match self {
            Lack::Answer { ordinal, since } => {
                format!("{client} got no answer to operation {ordinal} (asked at {since})")
            }
            Lack::Promise { answers, last_at } => {
                format!("{client} got only answers that promise nothing: {answers} (the last at {last_at})")
            }
            Lack::NothingAsked { answered_at: Some(at) } => {
                format!("{client} asked for nothing more (answered at {at})")
            }
            Lack::NothingAsked { answered_at: None } => format!("{client} asked for nothing"),
        }
    }
}

/// A sentence for each client that lacks something.
pub(crate) fn lacks(clients: impl Iterator<Item = (NodeId, Lack)>) -> Vec<String> {
    let mut clients: Vec<(NodeId, Lack)> = clients.collect();
    clients.sort_by_key(|(_, lack)| match lack {
        Lack::Answer { .. } => 0,
        Lack::Promise { .. } => 1,
        Lack::NothingAsked { answered_at: Some(_) } => 2,
        Lack::NothingAsked { answered_at: None } => 3,
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
    fn the_oldest_operation_is_waited_for_until_it_is_answered() {
        let mut pending = Pending::default();
        assert_eq!(pending.lack(), Lack::NothingAsked { answered_at: None });
        pending.ask(3, at(1));
        pending.ask(4, at(2));
        pending.ask(5, at(3));
        pending.answer(4, at(5));
        assert_eq!(pending.lack(), Lack::Answer { ordinal: 3, since: at(1) });
        pending.answer(3, at(6));
        assert_eq!(pending.lack(), Lack::Answer { ordinal: 5, since: at(3) });
        pending.answer(5, at(7));
        pending.answer(5, at(8));
        assert_eq!(pending.lack(), Lack::NothingAsked { answered_at: Some(at(7)) });
    }

    #[test]
    fn who_lacks_the_same_is_named_together() {
        let clients = [
            (1, Lack::NothingAsked { answered_at: Some(at(9)) }),
            (2, Lack::Answer { ordinal: 7, since: at(3) }),
            (3, Lack::Promise { answers: 2, last_at: at(4) }),
            (4, Lack::Answer { ordinal: 2, since: at(1) }),
            (5, Lack::NothingAsked { answered_at: None }),
        ];
        let said = lacks(clients.into_iter().map(|(number, lack)| (NodeId::client(number), lack)));
        let expected = [
            "c2 got no answer to operation 7 (asked at 0.003s)",
            "c4 got no answer to operation 2 (asked at 0.001s)",
            "c3 got only answers that promise nothing: 2 (the last at 0.004s)",
            "c1 asked for nothing more (answered at 0.009s)",
            "c5 asked for nothing",
        ];
        assert_eq!(said, expected);
    }
}
