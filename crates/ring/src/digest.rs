//! The fingerprint of a ring.

use std::fmt;

use sha1::{Digest as _, Sha1};

use crate::member::Member;

/// A fingerprint of a ring: SHA-1 over the scheme's name and the members with their weights, in order
/// of id. Two rings of equal digest give the same answer to every question (unless somebody made a
/// SHA-1 collision), whatever the history of either.
///
/// It covers what a ring is a function of, not the tokens themselves: it costs a few bytes of hashing a
/// member, so that replicas can compare it at every change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 20]);

impl Digest {
    /// Every string behind its length and every number of a fixed width, so that no two rings are
    /// written alike; the first bytes are none that a token's preimage begins with.
    pub(crate) fn of(scheme: &str, members: &[Member]) -> Self {
        let scheme_len = u16::try_from(scheme.len()).expect("invariant: checked when compiled");
        let member_count = u32::try_from(members.len()).expect("invariant: no more members than tokens");
        let mut sha1 = Sha1::new();
        sha1.update(scheme_len.to_be_bytes());
        sha1.update(scheme);
        sha1.update(member_count.to_be_bytes());
        for Member { id, vnodes } in members {
            sha1.update(id.len_u16().to_be_bytes());
            sha1.update(id.as_bytes());
            sha1.update(vnodes.to_be_bytes());
        }
        Self(sha1.finalize().into())
    }
}

/// As 40 hexadecimal digits.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeId;

    fn digest(scheme: &str, members: &[(&str, u32)]) -> Digest {
        let member = |&(id, vnodes): &(&str, u32)| Member { id: NodeId::new(id).expect("a name"), vnodes };
        Digest::of(scheme, &members.iter().map(member).collect::<Vec<_>>())
    }

    #[test]
    fn scheme_names_and_weights_all_count() {
        let digests = [
            digest("ring-v1", &[]),
            digest("ring-v2", &[]),
            digest("ring-v1", &[("a", 1)]),
            digest("ring-v1", &[("a", 2)]),
            digest("ring-v1", &[("b", 1)]),
            digest("ring-v1", &[("a", 1), ("b", 1)]),
            digest("ring-v1", &[("ab", 1)]),
        ];
        for (i, one) in digests.iter().enumerate() {
            assert!(digests[..i].iter().all(|other| other != one), "digest {i}");
        }
    }
}
