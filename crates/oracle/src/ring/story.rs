//! Hand-made histories, as lines that read like what they say; how each checker is shown what it must refuse.
//!
//! | line | what it says of the node or client that it begins with |
//! |---|---|
//! | `n1 decides 2 b n3+4/8` | epoch 2, of digest 0xb, in which n3 has 4 of 8 tokens more; `n3-4/8`: fewer |
//! | `n1 plans 2 10..20 n2>n3` | its plan moves (10, 20] from n2 to n3; `>n3`: from nobody |
//! | `n2 learns 2 b`, `n2 recovered 2 b` | it knows epoch 2; so after a restart |
//! | `n2 found 7@15=1` | at a boot: key 7, at position 15, at version 1 |
//! | `n2 writes 1 7@15=1` | it accepted that write in epoch 1 |
//! | `n3 received 2 7@15=1`, `n3 accepts 2 10..20 n2>n3` | it got the key with a range of epoch 2, and the range |
//! | `n2 releases 2 10..20 n2>n3` | it holds nothing of it any more |
//! | `c1 asks 7`, `c1 wrote 7 2`, `c1 read 7 2` | an operation on key 7, and that version 2 was written, or read |
//!
//! What any history may say stands in `crate::story`.

use sim::{NodeId, OperationId, Protocol, What};

use super::fact::{Access, Answered, Change, Direction, Item, Movement, Partitioned, RingFact};
use super::range::Range;
use crate::story::{self, Silence, Vocabulary, name, number};

/// A protocol without messages.
pub(crate) struct Told;

impl Protocol for Told {
    type Message = Silence;
    type Fact = RingFact;
    type Operation = u64;
    type Reply = Answered;
}

impl Partitioned for Told {
    fn ring_fact(fact: &RingFact) -> Option<&RingFact> {
        Some(fact)
    }

    fn asked(operation: &u64) -> u64 {
        *operation
    }

    fn answered(reply: &Answered) -> Answered {
        *reply
    }
}

impl Vocabulary for Told {
    fn say(words: &[&str], operation: OperationId, hear: &mut dyn FnMut(What<'_, Told>)) {
        let answered = |access, key, version| Answered { access, key: number(key), version: number(version) };
        let fact = match *words {
            ["asks", key] => return hear(What::Invoked(operation, &number(key))),
            ["wrote", key, version] => {
                return hear(What::Responded(operation, &answered(Access::Write, key, version)));
            }
            ["read", key, version] => return hear(What::Responded(operation, &answered(Access::Read, key, version))),
            ["decides", epoch, word, changed] => {
                RingFact::Decided { epoch: number(epoch), digest: digest(word), change: change(changed) }
            }
            ["plans", epoch, range, nodes] => RingFact::Planned(movement(epoch, range, nodes)),
            ["learns", epoch, word] => RingFact::Learned { epoch: number(epoch), digest: digest(word) },
            ["found", word] => RingFact::Found(item(word)),
            ["recovered", epoch, word] => RingFact::Recovered { epoch: number(epoch), digest: digest(word) },
            ["writes", epoch, word] => RingFact::Written { epoch: number(epoch), item: item(word) },
            ["received", epoch, word] => RingFact::Received { epoch: number(epoch), item: item(word) },
            ["accepts", epoch, range, nodes] => RingFact::Accepted(movement(epoch, range, nodes)),
            ["releases", epoch, range, nodes] => RingFact::Released(movement(epoch, range, nodes)),
            _ => panic!("a line that says nothing: {words:?}"),
        };
        hear(What::Fact(&fact));
    }
}

story::assertions_of!(Told);

fn digest(word: &str) -> u64 {
    u64::from_str_radix(word, 16).expect("hexadecimal digits")
}

/// `n3+4/8`: n3 has 4 of 8 tokens more.
fn change(word: &str) -> Change {
    let direction = if word.contains('+') { Direction::Gains } else { Direction::Loses };
    let parts: Vec<&str> = word.split(['+', '-', '/']).collect();
    let [node, changed, total] = parts[..] else { panic!("n3+4/8") };
    let count = |word| u32::try_from(number(word)).expect("a small number");
    Change { node: name(node), direction, tokens_changed: count(changed), tokens_total: count(total) }
}

/// `10..20` and `n2>n3`: (10, 20] moves from n2 to n3.
fn movement(epoch: &str, range: &str, nodes: &str) -> Movement {
    let (start, end) = range.split_once("..").expect("start..end");
    let (from, to) = nodes.split_once('>').expect("from>to");
    let node = |word: &str| -> Option<NodeId> { (!word.is_empty()).then(|| name(word)) };
    let range = Range { start: number(start), end: number(end) };
    Movement { epoch: number(epoch), range, from: node(from), to: node(to) }
}

/// `7@15=1`: key 7, at position 15, at version 1.
fn item(word: &str) -> Item {
    let parts: Vec<u64> = word.split(['@', '=']).map(number).collect();
    let [key, position, version] = parts[..] else { panic!("key@position=version") };
    Item { key, position, version }
}
