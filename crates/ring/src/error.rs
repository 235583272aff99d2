//! What a ring refuses, with what was expected and what was received.

use std::error;
use std::fmt;

use crate::id::NodeId;

/// Why there is no such name or no such ring. Whatever was asked of remains as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A node would be a member twice.
    DuplicateNode {
        /// The node.
        node: NodeId,
    },
    /// The node is not a member.
    UnknownNode {
        /// The node.
        node: NodeId,
    },
    /// A node's name has no bytes.
    EmptyId,
    /// A node's name is longer than its length field can say.
    IdTooLong {
        /// The longest accepted, in bytes.
        longest: usize,
        /// The length received, in bytes.
        received: usize,
    },
    /// A member without virtual nodes: it would own nothing, and no walk would ever come to it.
    ZeroVnodes {
        /// The node.
        node: NodeId,
    },
    /// The members have more virtual nodes, taken together, than a ring holds. Nothing was hashed.
    TooManyTokens {
        /// The most accepted: [`MAX_TOKENS`](crate::MAX_TOKENS).
        limit: u32,
        /// How many it would have been.
        received: u64,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateNode { node } => write!(f, "expected each node once, received {node} twice"),
            Self::UnknownNode { node } => write!(f, "expected a member, received {node}, which is none"),
            Self::EmptyId => f.write_str("expected a node id of at least 1 byte, received an empty one"),
            Self::IdTooLong { longest, received } => {
                write!(f, "expected a node id of at most {longest} bytes, received one of {received}")
            }
            Self::ZeroVnodes { node } => write!(f, "expected at least 1 virtual node for {node}, received 0"),
            Self::TooManyTokens { limit, received } => {
                write!(f, "expected at most {limit} virtual nodes in all, received {received}")
            }
        }
    }
}

impl error::Error for Error {}
