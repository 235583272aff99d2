//! What processes say to each other, and about themselves.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use omnipaxos::messages::ballot_leader_election::HeartbeatMsg;
use omnipaxos::messages::sequence_paxos::PaxosMsg;
use oracle::consensus::{Acknowledged, LogFact, Replicated};
use sim::{Payload, content_hash, hash_printed};

use super::command::Command;
use super::usage::Usage;

/// The vocabulary of a cluster and its clients.
pub struct Protocol<U>(PhantomData<fn() -> U>);

impl<U: Usage> sim::Protocol for Protocol<U> {
    type Message = Message<U>;
    type Fact = LogFact;
    type Operation = u64;
    type Reply = Acknowledged;
}

impl<U: Usage> Replicated for Protocol<U> {
    fn log_fact(fact: &LogFact) -> Option<&LogFact> {
        Some(fact)
    }

    fn acknowledged(reply: &Acknowledged) -> Option<Acknowledged> {
        Some(*reply)
    }
}

/// What processes say to each other.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every message is one of theirs, and a box would be an allocation"
)]
#[derive(Clone)]
pub enum Message<U: Usage> {
    /// Between nodes: the crate's own.
    Peer(omnipaxos::messages::Message<Command<U>>),
    /// Between nodes, so that they know what may be trimmed: so many entries are decided, and are on the sender's disk.
    Decided(u64),
    /// A client wants a command in the log.
    Append(Command<U>),
    /// To a client.
    Answer(Answer),
}

/// A command was decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Answer {
    /// The name of the command.
    pub name: u64,
    /// Where in the log it stands, counted from 1.
    pub index: u64,
}

/// Theirs derive no `Hash`.
impl<U: Usage> Hash for Message<U> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Message::Peer(message) => hash_printed(message, state),
            Message::Decided(index) => index.hash(state),
            Message::Append(command) => command.0.hash(state),
            Message::Answer(answer) => answer.hash(state),
        }
    }
}

impl<U: Usage> fmt::Debug for Message<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Peer(omnipaxos::messages::Message::SequencePaxos(message)) => write!(f, "{:?}", message.msg),
            Message::Peer(omnipaxos::messages::Message::BLE(message)) => write!(f, "{:?}", message.msg),
            Message::Decided(index) => write!(f, "has decided through entry {index}"),
            Message::Append(command) => write!(f, "wants {command:?} in the log"),
            Message::Answer(Answer { name, index }) => {
                write!(f, "{:?} was decided as entry {index}", Command::<U>::new(*name))
            }
        }
    }
}

impl<U: Usage> Payload for Message<U> {
    /// The kind and what makes it this one: the ballot, and the place in the sequence that it has under it.
    fn tag(&self) -> u64 {
        match self {
            Message::Peer(omnipaxos::messages::Message::SequencePaxos(message)) => tag(&message.msg),
            Message::Peer(omnipaxos::messages::Message::BLE(message)) => match &message.msg {
                HeartbeatMsg::Request(request) => content_hash(&("heartbeat request", request.round)),
                HeartbeatMsg::Reply(reply) => content_hash(&("heartbeat reply", reply.round)),
            },
            Message::Decided(index) => content_hash(&("decided", index)),
            Message::Append(command) => content_hash(&("append", command.0)),
            Message::Answer(answer) => content_hash(&("answer", answer.name)),
        }
    }
}

fn tag<U: Usage>(message: &PaxosMsg<Command<U>>) -> u64 {
    let under = |kind: &str, ballot: omnipaxos::ballot_leader_election::Ballot, place: u64| {
        content_hash(&(kind, ballot.n, ballot.priority, ballot.pid, place))
    };
    match message {
        PaxosMsg::PrepareReq(message) => under("prepare request", message.n, 0),
        PaxosMsg::Prepare(message) => under("prepare", message.n, 0),
        PaxosMsg::Promise(message) => under("promise", message.n, 0),
        PaxosMsg::AcceptSync(message) => under("accept sync", message.n, message.seq_num.session),
        PaxosMsg::AcceptDecide(message) => under("accept", message.n, message.seq_num.counter),
        PaxosMsg::Accepted(message) => under("accepted", message.n, message.accepted_idx as u64),
        PaxosMsg::NotAccepted(message) => under("not accepted", message.n, 0),
        PaxosMsg::Decide(message) => under("decide", message.n, message.seq_num.counter),
        PaxosMsg::ProposalForward(commands) => content_hash(&("forward", commands.first().map(|command| command.0))),
        PaxosMsg::Compaction(_) => content_hash("compaction"),
        PaxosMsg::AcceptStopSign(message) => under("accept stop sign", message.n, message.seq_num.counter),
        PaxosMsg::ForwardStopSign(_) => content_hash("forward stop sign"),
    }
}
