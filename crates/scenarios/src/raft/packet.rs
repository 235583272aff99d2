//! A message as it travels: with a checksum, by which its receiver knows whether what arrives is what was sent. UDP's and TCP's
//! own are 16 bits, and computed anew wherever a packet is rewritten; Raft says nothing of damage, and survives none.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use raft::{Body, Entry, Index, Position, Term};
use sim::{Payload, content_hash};

use super::{Answer, Command, Message};

/// A message and the checksum of what its sender said.
#[derive(Clone)]
pub struct Packet {
    message: Message,
    /// What the sender worked out. Nothing where nobody has touched the message since: it is what the receiver works out too,
    /// and takes time.
    checksum: Option<u64>,
}

impl From<Message> for Packet {
    fn from(message: Message) -> Packet {
        Packet { message, checksum: None }
    }
}

impl Packet {
    /// What was sent; nothing where that is not what arrived.
    pub fn open(self) -> Option<Message> {
        self.is_whole().then_some(self.message)
    }

    fn is_whole(&self) -> bool {
        self.checksum.is_none_or(|checksum| checksum == content_hash(&self.message))
    }
}

/// A whole packet is what its message is.
impl Hash for Packet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.message.hash(state);
        if let Some(checksum) = self.checksum {
            checksum.hash(state);
        }
    }
}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let damaged = if self.is_whole() { "" } else { " (damaged)" };
        write!(f, "{:?}{damaged}", self.message)
    }
}

impl Payload for Packet {
    fn tag(&self) -> u64 {
        self.message.tag()
    }

    fn len(&self) -> u32 {
        self.message.len()
    }

    /// One field says something else; the checksum is the one that was sent.
    fn corrupted(&self, draw: u64) -> Option<Packet> {
        let checksum = Some(self.checksum.unwrap_or_else(|| content_hash(&self.message)));
        Some(Packet { message: damaged(&self.message, Damage(draw)), checksum })
    }
}

/// Which damage.
#[derive(Clone, Copy)]
struct Damage(u64);

impl Damage {
    /// One of so many fields.
    fn field(self, of: u64) -> u64 {
        self.0 % of
    }

    /// Another of the bits that numbers of a short run differ in.
    fn flipped(self, number: u64) -> u64 {
        number ^ 1 << (self.0 >> 8 & 3)
    }

    fn of_index(self, index: Index) -> Index {
        Index(self.flipped(index.0))
    }

    fn of_position(self, Position { term, index }: Position) -> Position {
        match self.0 >> 16 & 1 {
            0 => Position { term: Term(self.flipped(term.0)), index },
            _ => Position { term, index: self.of_index(index) },
        }
    }

    fn of_command(self, command: &Command) -> Command {
        let mut bytes = command.to_vec();
        if let Some(byte) = bytes.get_mut(0) {
            *byte ^= 1 << (self.0 >> 8 & 7);
        }
        bytes.into()
    }

    fn of_entries(self, entries: &[Entry]) -> Arc<[Entry]> {
        let mut entries = entries.to_vec();
        if let Some(entry) = entries.last_mut() {
            match &mut entry.payload {
                raft::Payload::Command(command) => *command = self.of_command(command),
                raft::Payload::Noop => entry.term = Term(self.flipped(entry.term.0)),
            }
        }
        entries.into()
    }
}

fn damaged(message: &Message, damage: Damage) -> Message {
    match message.clone() {
        Message::Peer(raft::Message { term, body }) if damage.field(4) == 0 => {
            Message::Peer(raft::Message { term: Term(damage.flipped(term.0)), body })
        }
        Message::Peer(raft::Message { term, body }) => {
            Message::Peer(raft::Message { term, body: damaged_body(body, damage) })
        }
        Message::Propose { ordinal, command } => Message::Propose { ordinal, command: damage.of_command(&command) },
        Message::Answer { ordinal, answer: Answer::Applied(index) } => {
            Message::Answer { ordinal, answer: Answer::Applied(damage.flipped(index)) }
        }
        Message::Answer { ordinal, answer } => Message::Answer { ordinal: ordinal ^ 1, answer },
    }
}

fn damaged_body(body: Body, damage: Damage) -> Body {
    match body {
        Body::PreVoteRequest { last } => Body::PreVoteRequest { last: damage.of_position(last) },
        Body::PreVoteReply { granted } => Body::PreVoteReply { granted: !granted },
        Body::VoteRequest { last } => Body::VoteRequest { last: damage.of_position(last) },
        Body::VoteReply { granted } => Body::VoteReply { granted: !granted },
        Body::Append { previous, entries, commit } => match damage.field(3) {
            0 => Body::Append { previous: damage.of_position(previous), entries, commit },
            1 if !entries.is_empty() => Body::Append { previous, entries: damage.of_entries(&entries), commit },
            _ => Body::Append { previous, entries, commit: damage.of_index(commit) },
        },
        Body::AppendAccepted { matched } => Body::AppendAccepted { matched: damage.of_index(matched) },
        Body::AppendRejected { previous, hint } => Body::AppendRejected { previous, hint: damage.of_position(hint) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many damages as there are fields and bits to flip, of a message of each kind.
    #[test]
    fn what_is_damaged_is_never_taken_for_what_was_sent() {
        let position = Position { term: Term(3), index: Index(7) };
        let entry = |payload| Entry { term: Term(3), index: Index(8), payload };
        let command: Command = vec![1, 2, 3].into();
        let append =
            |entries: Vec<Entry>| Body::Append { previous: position, entries: entries.into(), commit: Index(5) };
        let bodies = [
            Body::PreVoteRequest { last: position },
            Body::PreVoteReply { granted: true },
            Body::VoteRequest { last: position },
            Body::VoteReply { granted: false },
            append(Vec::new()),
            append(vec![entry(raft::Payload::Noop)]),
            append(vec![entry(raft::Payload::Command(Arc::clone(&command)))]),
            Body::AppendAccepted { matched: Index(7) },
            Body::AppendRejected { previous: Index(7), hint: position },
        ];
        let peers = bodies.into_iter().map(|body| Message::Peer(raft::Message { term: Term(4), body }));
        let others = [
            Message::Propose { ordinal: 2, command },
            Message::Answer { ordinal: 2, answer: Answer::Applied(9) },
            Message::Answer { ordinal: 2, answer: Answer::Superseded },
        ];
        for message in peers.chain(others) {
            let packet = Packet::from(message.clone());
            assert_eq!(packet.clone().open().map(|opened| content_hash(&opened)), Some(content_hash(&message)));
            for draw in 0..1 << 17 {
                let arrived = packet.corrupted(draw).expect("it can be read");
                assert!(arrived.open().is_none(), "{message:?} under {draw}");
            }
        }
    }
}
