//! Hand-made histories, as lines that read like what they say; how each checker is shown what it must refuse.
//!
//! | line | what it says of the node or client that it begins with |
//! |---|---|
//! | `n1 recovered 3/2 a`, `n1 restarted 3 n2` | at a boot: entry 2 of term 3 with payload `a`; term 3 and a vote for n2 |
//! | `n1 enters 3`, `n1 shows 3` | its term, in its memory and as others are told |
//! | `n1 casts 3 n2`, `n1 voted 3 n2` | its vote for n2 in term 3, in its memory and as others are told |
//! | `n1 elected 3`, `n1 deposed 3` | it leads, and no longer |
//! | `n1 appends 3/2 a`, `n1 truncates 2` | its log in memory |
//! | `n1 durable 3/2 a`, `n1 forgets 2` | its log on disk |
//! | `n1 applies 3/2 a` | its state machine |
//! | `n1 commits 2` | what it takes for committed |
//! | `n1 matched 3 n2 4 6` | leading term 3, it takes n2 to hold 4 entries, and sends from the sixth on |
//! | `n1 proposes a` | a client's wish is handed to it |
//! | `n1 snapshot 2 a b` | a snapshot through entry 2, of a state machine that took `a` and `b` |
//! | `c1 asks`, `c1 answered 2 a` | an operation, and that it is at index 2 |
//! | `c1 shown n2 7 4 a b` | that n2, whose log goes through entry 7, shows `a` as entry 4, and `b` after it |
//!
//! What any history may say stands in `crate::story`.

use sim::{OperationId, Protocol, What, content_hash};

use super::fact::{Acknowledged, Entry, LogFact, Read, Replicated};
pub(crate) use crate::story::tell;
use crate::story::{self, Silence, Vocabulary, name, number};

/// A protocol without messages.
pub(crate) struct Told;

impl Protocol for Told {
    type Message = Silence;
    type Fact = LogFact;
    type Operation = ();
    type Reply = Reply;
}

/// What an operation gets.
#[derive(Clone, Debug, Hash)]
pub(crate) enum Reply {
    Acknowledged(Acknowledged),
    Read(Read),
}

impl Replicated for Told {
    fn log_fact(fact: &LogFact) -> Option<&LogFact> {
        Some(fact)
    }

    fn acknowledged(reply: &Reply) -> Option<Acknowledged> {
        match reply {
            Reply::Acknowledged(acknowledged) => Some(*acknowledged),
            Reply::Read(_) => None,
        }
    }

    fn read(reply: &Reply) -> Option<&Read> {
        match reply {
            Reply::Acknowledged(_) => None,
            Reply::Read(read) => Some(read),
        }
    }
}

impl Vocabulary for Told {
    fn say(words: &[&str], operation: OperationId, hear: &mut dyn FnMut(What<'_, Told>)) {
        let fact = match *words {
            ["asks"] => return hear(What::Invoked(operation, &())),
            ["answered", index, payload] => {
                let reply = Acknowledged { index: number(index), payload: content_hash(payload) };
                return hear(What::Responded(operation, &Reply::Acknowledged(reply)));
            }
            ["shown", server, through, first, ref payloads @ ..] => {
                let payloads = payloads.iter().map(|payload| content_hash(*payload)).collect();
                let read = Read { server: name(server), through: number(through), first: number(first), payloads };
                return hear(What::Responded(operation, &Reply::Read(read)));
            }
            ["recovered", position, payload] => LogFact::Recovered(entry(position, payload)),
            ["restarted", term] => LogFact::Restarted { term: number(term), voted_for: None },
            ["restarted", term, vote] => LogFact::Restarted { term: number(term), voted_for: Some(name(vote)) },
            ["enters", term] => LogFact::Entered { term: number(term) },
            ["casts", term, candidate] => LogFact::Cast { term: number(term), candidate: name(candidate) },
            ["shows", term] => LogFact::Shown { term: number(term) },
            ["voted", term, candidate] => LogFact::Voted { term: number(term), candidate: name(candidate) },
            ["elected", term] => LogFact::Elected { term: number(term) },
            ["deposed", term] => LogFact::Deposed { term: number(term) },
            ["appends", position, payload] => LogFact::Appended(entry(position, payload)),
            ["truncates", from] => LogFact::Truncated { from: number(from) },
            ["durable", position, payload] => LogFact::Durable(entry(position, payload)),
            ["forgets", from] => LogFact::DurablyTruncated { from: number(from) },
            ["applies", position, payload] => LogFact::Applied(entry(position, payload)),
            ["commits", index] => LogFact::Committed { index: number(index) },
            ["matched", term, follower, matched, next] => LogFact::Matched {
                term: number(term),
                follower: name(follower),
                matched: number(matched),
                next: number(next),
            },
            ["proposes", payload] => LogFact::Proposed { payload: content_hash(payload) },
            ["snapshot", index, ref payloads @ ..] => {
                let prefix = super::prefix(payloads.iter().map(|payload| content_hash(*payload)));
                LogFact::Snapshotted { index: number(index), prefix }
            }
            _ => panic!("a line that says nothing: {words:?}"),
        };
        hear(What::Fact(&fact));
    }
}

story::assertions_of!(Told);

/// `3/2` is index 2 of term 3.
fn entry(position: &str, payload: &str) -> Entry {
    let (term, index) = position.split_once('/').expect("term/index");
    Entry { index: number(index), term: number(term), payload: content_hash(payload) }
}
