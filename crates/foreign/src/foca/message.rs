//! What processes say to each other, and about themselves.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use foca::{Codec, Header, Member, PostcardCodec};
use oracle::membership::{Gossiping, MembershipFact};
use sim::{Payload, content_hash};

use super::identity::Name;

/// The vocabulary of a group and of whoever tells its members to leave.
pub struct Protocol;

impl sim::Protocol for Protocol {
    type Message = Message;
    type Fact = MembershipFact;
    type Operation = Leave;
    type Reply = ();
}

impl Gossiping for Protocol {
    fn membership_fact(fact: &MembershipFact) -> Option<&MembershipFact> {
        Some(fact)
    }
}

/// What processes say to each other.
#[derive(Clone, Debug, Hash)]
pub enum Message {
    /// Between members: bytes of the crate's own.
    Packet(Packet),
    /// A client wants a node to leave.
    Leave(Leave),
    /// To that client: the node with this name has left.
    HasLeft(u64),
}

/// A node is to leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Leave {
    /// A name for it.
    pub name: u64,
    /// How long it stays away; for good where it is not said.
    pub away_ms: Option<u64>,
}

/// What one member sends to another: bytes, as their codec made them.
#[derive(Clone, Hash)]
pub struct Packet {
    bytes: Arc<[u8]>,
    tag: u64,
}

impl Packet {
    /// These bytes, of this header.
    pub fn new(bytes: &[u8], header: &Header<Name>) -> Packet {
        // What the receiver is to do, who says so to whom by which name, and which probe it is of. Not the sender's
        // incarnation or the news that ride along.
        let tag = content_hash(&(kind(header), header.src, header.dst, probe(header)));
        Packet { bytes: bytes.into(), tag }
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// What a packet begins with.
///
/// # Panics
/// Where the bytes are none of theirs.
pub fn header(bytes: &[u8]) -> Header<Name> {
    PostcardCodec.decode_header(bytes).expect("the bytes are of their own codec")
}

/// What the receiver is to do.
pub fn kind(header: &Header<Name>) -> &'static str {
    match header.message {
        foca::Message::Ping(_) => "ping",
        foca::Message::Ack(_) => "ack",
        foca::Message::PingReq { .. } => "ping_request",
        foca::Message::IndirectPing { .. } => "indirect_ping",
        foca::Message::IndirectAck { .. } => "indirect_ack",
        foca::Message::ForwardedAck { .. } => "forwarded_ack",
        foca::Message::Announce => "announce",
        foca::Message::Feed => "feed",
        foca::Message::Gossip => "gossip",
        foca::Message::Broadcast => "broadcast",
        foca::Message::TurnUndead => "turn_undead",
    }
}

/// The number of the probe that it belongs to, and who stands at the other end.
fn probe(header: &Header<Name>) -> Option<(u8, Option<Name>)> {
    match header.message {
        foca::Message::Ping(number) | foca::Message::Ack(number) => Some((number, None)),
        foca::Message::PingReq { target: end, probe_number }
        | foca::Message::IndirectPing { origin: end, probe_number }
        | foca::Message::IndirectAck { target: end, probe_number }
        | foca::Message::ForwardedAck { origin: end, probe_number } => Some((probe_number, Some(end))),
        foca::Message::Announce
        | foca::Message::Feed
        | foca::Message::Gossip
        | foca::Message::Broadcast
        | foca::Message::TurnUndead => None,
    }
}

/// The members that ride along.
fn news(mut bytes: &[u8]) -> Vec<Member<Name>> {
    PostcardCodec.decode_header(&mut bytes).map(|_: Header<Name>| ()).expect("the bytes are of their own codec");
    let Some((count, mut rest)) = bytes.split_first_chunk::<2>() else { return Vec::new() };
    (0..u16::from_be_bytes(*count)).map_while(|_| PostcardCodec.decode_member(&mut rest).ok()).collect()
}

/// As it reads in a trace: `ping #3 from n1.1 to n2.1 (n3.1 Suspect 0)`.
impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = header(&self.bytes);
        write!(f, "{}", kind(&header))?;
        if let Some((number, end)) = probe(&header) {
            write!(f, " #{number}")?;
            if let Some(end) = end {
                write!(f, " about {}", end.told())?;
            }
        }
        write!(f, " from {} at {} to {}", header.src.told(), header.src_incarnation, header.dst.told())?;
        let news = news(&self.bytes);
        let mut news = news.iter().map(|member| (member.id().told(), member.state(), member.incarnation()));
        news.try_for_each(|(identity, state, incarnation)| write!(f, ", {identity} {state:?} at {incarnation}"))
    }
}

impl Payload for Message {
    fn tag(&self) -> u64 {
        match self {
            Message::Packet(packet) => packet.tag,
            Message::Leave(leave) => content_hash(&("leave", leave.name)),
            Message::HasLeft(name) => content_hash(&("has left", name)),
        }
    }

    fn len(&self) -> u32 {
        match self {
            Message::Packet(packet) => u32::try_from(packet.bytes.len()).expect("a packet is small"),
            Message::Leave(_) | Message::HasLeft(_) => 16,
        }
    }
}
