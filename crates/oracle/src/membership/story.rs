//! Hand-made histories, as lines that read like what they say; how each checker is shown what it must refuse.
//!
//! | line | what it says of the node that it begins with |
//! |---|---|
//! | `n1 joins 2`, `n1 leaves 2` | it goes by n1.2 from now on; it leaves by that name |
//! | `n1 refutes n1.2 3` | it has raised its own incarnation to 3 |
//! | `n1 holds n2.1 alive`, `… suspected`, `… down`, `… alive 3` | its list says so, at incarnation 0, or 3 |
//! | `n1 forgets n2.1`, `n1 empties` | its list has nothing of n2, or of anybody, any more |
//! | `n1 tells n2.1 up`, `… down`, `n1 tells n2.1 n2.2` | it told its user so; n2.1 is n2.2 now |
//! | `n1 settles`, `n1 fails why`, `n1 passed 7 1` | a step is stated; an error; an interval with 7 messages, 1 change |
//!
//! What any history may say stands in `crate::story`.

use sim::{NodeId, OperationId, Protocol, What};

use super::fact::{Gossiping, Identity, MembershipFact, Notice, Standing};
use crate::story::{self, Silence, Vocabulary, name, number};

/// A protocol without messages.
pub(crate) struct Told;

impl Protocol for Told {
    type Message = Silence;
    type Fact = MembershipFact;
    type Operation = ();
    type Reply = ();
}

impl Gossiping for Told {
    fn membership_fact(fact: &MembershipFact) -> Option<&MembershipFact> {
        Some(fact)
    }
}

impl Vocabulary for Told {
    fn say(words: &[&str], operation: OperationId, hear: &mut dyn FnMut(What<'_, Told>)) {
        let own = |word| Identity { node: subject(operation), generation: number(word) };
        let fact = match *words {
            ["joins", generation] => MembershipFact::Joined(own(generation)),
            ["leaves", generation] => MembershipFact::Left(own(generation)),
            ["refutes", who, incarnation] => {
                MembershipFact::Refuted { identity: identity(who), incarnation: number(incarnation) }
            }
            ["holds", who, standing] => holds(who, standing, "0"),
            ["holds", who, standing, incarnation] => holds(who, standing, incarnation),
            ["forgets", who] => MembershipFact::Forgot(identity(who)),
            ["tells", who, "up"] => MembershipFact::Told(Notice::Up(identity(who))),
            ["tells", who, "down"] => MembershipFact::Told(Notice::Down(identity(who))),
            ["tells", from, to] => MembershipFact::Told(Notice::Renamed { from: identity(from), to: identity(to) }),
            ["empties"] => MembershipFact::Emptied,
            ["settles"] => MembershipFact::Settled,
            ["fails", "no-such-timer"] => MembershipFact::Failed("no-such-timer"),
            ["passed", sent, changes] => MembershipFact::Passed { sent: number(sent), changes: number(changes) },
            _ => panic!("a line that says nothing: {words:?}"),
        };
        hear(What::Fact(&fact));
    }
}

/// Who the line is about: an operation is named after it.
fn subject(operation: OperationId) -> NodeId {
    operation.client
}

fn holds(who: &str, standing: &str, incarnation: &str) -> MembershipFact {
    let standing = match standing {
        "alive" => Standing::Alive,
        "suspected" => Standing::Suspected,
        "down" => Standing::Down,
        other => panic!("alive, suspected or down, not {other}"),
    };
    MembershipFact::Holds { identity: identity(who), incarnation: number(incarnation), standing }
}

/// `n2.1`.
fn identity(word: &str) -> Identity {
    let (node, generation) = word.split_once('.').expect("n2.1");
    Identity { node: name(node), generation: number(generation) }
}

story::assertions_of!(Told);
