//! What a system's processes say to each other and about themselves.

use std::fmt::Debug;
use std::hash::Hash;

use crate::hash::content_hash;

/// The vocabulary of a system: what its processes send, observe, are asked and answer.
///
/// ```
/// #[derive(Clone, Debug, Hash)]
/// enum Message { Acquire, Granted }
/// impl sim::Payload for Message {}
///
/// struct Lock;
/// impl sim::Protocol for Lock {
///     type Message = Message;
///     type Fact = sim::NoFact;
///     type Operation = ();
///     type Reply = bool;
/// }
/// ```
pub trait Protocol: 'static {
    /// What travels between processes.
    type Message: Payload;
    /// What a process observes about itself; [`NoFact`] where nothing is to be observed.
    type Fact: Fact;
    /// What a client asks for.
    type Operation: Clone + Debug + Hash + Send + 'static;
    /// What it gets.
    type Reply: Clone + Debug + Hash + Send + 'static;
}

/// A message.
///
/// `Clone` is for duplication: share what is large (an `Arc`). `Hash` is for the digest and is taken once, when the
/// message is sent. `Debug` is for traces.
pub trait Payload: Clone + Debug + Hash + Send + 'static {
    /// What the message *is*: its kind and identity ("append, term 3, previous 41"), not what rides along with it.
    ///
    /// The fate of a message is keyed by its link, this tag, and how often this tag went over that link. The coarser the
    /// tag, the more of a schedule survives an unrelated change. By default the whole content.
    fn tag(&self) -> u64 {
        content_hash(self)
    }

    /// How many bytes it would be on the wire: how long a link of little bandwidth takes to carry it.
    fn len(&self) -> u32 {
        u32::try_from(size_of_val(self)).unwrap_or(u32::MAX)
    }

    /// Whether it would be no bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The message as it arrives when the network damages it; `None` where the damage makes it undecodable, so that
    /// it is as good as lost. `draw` says which damage.
    ///
    /// A real network's checksums are weak: now and then a message arrives that is not what was sent. A host whose messages
    /// have a checksum of their own lets them be damaged here, and is found where it does not look at it.
    fn corrupted(&self, draw: u64) -> Option<Self> {
        let _ = draw;
        None
    }
}

/// Something that became true at a node, and that checkers may rely on: became leader, appended, became durable, applied.
pub trait Fact: Clone + Debug + Hash + Send + 'static {
    /// The fact's kind, in snake case. Plans refer to it ("crash the node that is `elected`"), and reports count it.
    fn label(&self) -> &'static str;

    /// What the fact is about, such as a term or a log index: facts of one subject tell one story.
    fn subject(&self) -> u64 {
        0
    }
}

/// The fact of a system that states none.
#[derive(Clone, Copy, Debug, Hash)]
pub enum NoFact {}

impl Fact for NoFact {
    fn label(&self) -> &'static str {
        match *self {}
    }
}
