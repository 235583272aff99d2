//! What processes say to each other, and about themselves.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use omnipaxos::messages::ballot_leader_election::HeartbeatMsg;
use omnipaxos::messages::sequence_paxos::PaxosMsg;
use oracle::consensus::{Acknowledged, LogFact, Read, Replicated};
use sim::{Payload, content_hash, hash_printed};

use super::command::Command;
use super::usage::Usage;

/// The vocabulary of a cluster and its clients.
pub struct Protocol<U>(PhantomData<fn() -> U>);

impl<U: Usage> sim::Protocol for Protocol<U> {
    type Message = Message<U>;
    type Fact = LogFact;
    type Operation = Operation;
    type Reply = Reply;
}

/// What a client asks for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// That the command of this name is in the log.
    Append(u64),
    /// What is decided, from the beginning.
    ReadAll,
    /// What is decided, from so many entries before the last that it knows of.
    ReadNew {
        /// How many it reads again.
        again: u64,
    },
}

/// What it gets.
#[derive(Clone, Hash)]
pub enum Reply {
    /// Where the command stands.
    Appended(Acknowledged),
    /// What was read.
    Read(Read),
}

/// As it reads in a trace, after who asks for it.
impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operation::Append(_) => write!(f, "append"),
            Operation::ReadAll => write!(f, "read from the beginning"),
            Operation::ReadNew { again } => write!(f, "read what is new, and {again} entries again"),
        }
    }
}

/// As it reads in a trace, after who is answered.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Appended(Acknowledged { index, .. }) => write!(f, "it is entry {index}"),
            Reply::Read(read) => read.fmt(f),
        }
    }
}

impl<U: Usage> Replicated for Protocol<U> {
    fn log_fact(fact: &LogFact) -> Option<&LogFact> {
        Some(fact)
    }

    fn acknowledged(reply: &Reply) -> Option<Acknowledged> {
        match reply {
            Reply::Appended(acknowledged) => Some(*acknowledged),
            Reply::Read(_) => None,
        }
    }

    fn read(reply: &Reply) -> Option<&Read> {
        match reply {
            Reply::Appended(_) => None,
            Reply::Read(read) => Some(read),
        }
    }
}

/// What processes say to each other.
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
    /// A client wants to know what is decided.
    Read(Wanted),
    /// To a client.
    Stretch(Stretch),
}

/// A command was decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Answer {
    /// The name of the command.
    pub name: u64,
    /// Where in the log it stands, counted from 1.
    pub index: u64,
}

/// What is decided from an index on.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Wanted {
    /// The name of the operation.
    pub name: u64,
    /// The first index that is of interest, counted from 1.
    pub first: u64,
}

/// What a node takes for decided, in part.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Stretch {
    /// The name of the operation.
    pub name: u64,
    /// How much is decided.
    pub through: u64,
    /// The index of the first command, counted from 1: later than was asked for, where that is trimmed away.
    pub first: u64,
    /// The names of the commands.
    pub commands: Vec<u64>,
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
            Message::Read(wanted) => wanted.hash(state),
            Message::Stretch(stretch) => stretch.hash(state),
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
            Message::Read(Wanted { first, .. }) => write!(f, "wants to know what is decided from entry {first} on"),
            Message::Stretch(Stretch { through, first, commands, .. }) => {
                let commands: Vec<Command<U>> = commands.iter().copied().map(Command::new).collect();
                write!(f, "has decided {through} entries, and from entry {first} on these are {commands:?}")
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
            Message::Read(wanted) => content_hash(&("read", wanted.name)),
            Message::Stretch(stretch) => content_hash(&("stretch", stretch.name)),
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
