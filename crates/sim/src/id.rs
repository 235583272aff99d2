//! The names of things in a run: nodes, disk requests, operations, seeds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The name of a process's place in the cluster: `n1`, `n2`, … for nodes, `c1`, `c2`, … for clients.
///
/// An id is a name, never a position. A shrunk case that lost `n2` still speaks of `n1` and `n3`, so what is keyed by
/// an id keeps its fate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u16);

const CLIENT_BIT: u16 = 1 << 15;

impl NodeId {
    /// The highest number a node or a client can have.
    pub const NUMBER_MAX: u16 = 4095;

    /// Node `n{number}`.
    ///
    /// # Panics
    /// When `number` is 0 or above [`NUMBER_MAX`](Self::NUMBER_MAX).
    pub const fn node(number: u16) -> NodeId {
        assert!(number >= 1 && number <= Self::NUMBER_MAX, "a node's number is 1 to 4095");
        NodeId(number)
    }

    /// Client `c{number}`.
    ///
    /// # Panics
    /// When `number` is 0 or above [`NUMBER_MAX`](Self::NUMBER_MAX).
    pub const fn client(number: u16) -> NodeId {
        assert!(number >= 1 && number <= Self::NUMBER_MAX, "a client's number is 1 to 4095");
        NodeId(number | CLIENT_BIT)
    }

    /// Whether this names a client.
    pub const fn is_client(self) -> bool {
        self.0 & CLIENT_BIT != 0
    }

    /// The number in the name: 3 for `n3` and for `c3`.
    pub const fn number(self) -> u16 {
        self.0 & !CLIENT_BIT
    }

    /// The id as one integer, distinct for nodes and clients; what keyed decisions take.
    pub(crate) const fn key(self) -> u64 {
        self.0 as u64
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.is_client() { 'c' } else { 'n' }, self.number())
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for NodeId {
    type Err = String;

    fn from_str(text: &str) -> Result<NodeId, String> {
        let refused = || format!("`{text}` is not a node: expected n1, n2, … or c1, c2, …");
        let (make, digits): (fn(u16) -> NodeId, &str) = match text.split_at_checked(1) {
            Some(("n", digits)) => (NodeId::node, digits),
            Some(("c", digits)) => (NodeId::client, digits),
            _ => return Err(refused()),
        };
        let number: u16 = digits.parse().map_err(|_| refused())?;
        if number == 0 || number > NodeId::NUMBER_MAX || digits.starts_with(['0', '+']) {
            return Err(refused());
        }
        Ok(make(number))
    }
}

impl Serialize for NodeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NodeId, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// A 64-bit value that stands in a file as `0x` and 16 hex digits: JSON numbers lose integers above 2^53.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hex(pub u64);

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:016x}", self.0)
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hex, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.strip_prefix("0x")
            .filter(|digits| digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|digits| u64::from_str_radix(digits, 16).ok())
            .map(Hex)
            .ok_or_else(|| de::Error::custom(format!("`{text}` is not 0x and 16 hex digits")))
    }
}

/// What a seed is: the one number that, with the scenario, a whole run follows from.
pub type Seed = Hex;

/// The name of one disk request: never used again, not by a later life of the node either.
///
/// Requests of one node are ordered: a lower one was issued earlier.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request {
    pub(crate) incarnation: u32,
    pub(crate) number: u32,
    pub(crate) file: u16,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.incarnation, self.number)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Request {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One operation of the workload: the client and its ordinal there, counted from 0.
///
/// The ordinals of a client keep their meaning when others are left out of a case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId {
    /// Whose operation it is.
    pub client: NodeId,
    /// Which of that client's.
    pub ordinal: u32,
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.client, self.ordinal)
    }
}

impl fmt::Debug for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for OperationId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back_and_nothing_else_does() {
        for id in [NodeId::node(1), NodeId::node(4095), NodeId::client(7)] {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for wrong in ["", "n", "n0", "n01", "n4096", "x1", "n-1", "n+1", "1", "é1"] {
            assert!(wrong.parse::<NodeId>().is_err(), "{wrong}");
        }
    }
}
