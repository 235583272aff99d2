//! How names and keys become positions.

use sha1::{Digest as _, Sha1};

use crate::id::NodeId;
use crate::position::Position;

/// How names and keys become positions: all that two processes must agree on, beside the members, to
/// agree on every owner. A scheme that is in use is never changed; a change is a new scheme with
/// a new name.
///
/// Both functions must be pure: the same arguments, the same position, on every machine. How well they
/// spread decides how even the shares are. Nothing else depends on it: all guarantees hold for any
/// scheme, one that puts everything at one position included.
pub trait Scheme {
    /// The scheme's name, at most 65 535 bytes. It is part of every [`Digest`](crate::Digest).
    const NAME: &'static str;

    /// Where a key is.
    fn key_position(key: &[u8]) -> Position;

    /// Where a node's virtual node is. Virtual nodes are numbered from 0, and a node with V of them
    /// has those below V.
    fn token_position(node: &NodeId, vnode: u32) -> Position;
}

/// Scheme V1: SHA-1 (FIPS 180-4), the first 8 bytes, big-endian.
///
/// - A key is hashed as it is, so that anyone can check its position with `sha1sum`.
/// - A token's preimage is `ring-v1`, the length of the node's name (16 bits, big-endian), the name, the
///   number of the virtual node (32 bits, big-endian).
///
/// The encoding is injective. Name and number written one after the other in decimal would not be: `s1`
/// and 11 read as `s11` and 1. And it begins with something other than the name: two names of one SHA-1
/// (Stevens et al. 2017, *The First Collision for Full SHA-1*) would else collide on every virtual node,
/// because such a collision survives any common suffix. It does not survive a prefix.
///
/// SHA-1 is here for spread and because every language has it. It does not keep out somebody who
/// chooses names or keys to overload a node; neither would another hash of 64 bits without a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum V1 {}

impl Scheme for V1 {
    const NAME: &'static str = "ring-v1";

    fn key_position(key: &[u8]) -> Position {
        position_of(Sha1::digest(key).into())
    }

    fn token_position(node: &NodeId, vnode: u32) -> Position {
        let mut sha1 = Sha1::new();
        sha1.update(Self::NAME);
        sha1.update(node.len_u16().to_be_bytes());
        sha1.update(node.as_bytes());
        sha1.update(vnode.to_be_bytes());
        position_of(sha1.finalize().into())
    }
}

fn position_of(hash: [u8; 20]) -> Position {
    let (first, _) = hash.split_first_chunk().expect("invariant: 20 bytes are at least 8");
    Position(u64::from_be_bytes(*first))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4's examples: the position is the first 16 digits of the published digest.
    #[test]
    fn keys_are_at_the_first_eight_bytes_of_their_sha1() {
        let at = |key: &[u8]| V1::key_position(key).to_string();
        assert_eq!(at(b""), "da39a3ee5e6b4b0d");
        assert_eq!(at(b"abc"), "a9993e364706816a");
        assert_eq!(at(&[b'a'; 1_000_000]), "34aa973cd4c4daa4");
    }

    #[test]
    fn a_token_is_where_its_preimage_would_be_as_a_key() {
        let node = |id: &str| NodeId::new(id).expect("a name");
        assert_eq!(V1::token_position(&node("a"), 0), V1::key_position(b"ring-v1\x00\x01a\x00\x00\x00\x00"));
        let long = node(&"n".repeat(258));
        let preimage = [b"ring-v1\x01\x02".as_slice(), long.as_bytes(), b"\x00\x00\x01\x00"].concat();
        assert_eq!(V1::token_position(&long, 256), V1::key_position(&preimage));
    }
}
