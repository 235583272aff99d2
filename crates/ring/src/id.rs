//! Names of nodes.

use std::fmt;
use std::sync::Arc;

use crate::error::Error;

/// A node's name: 1 to [`NodeId::LONGEST`] bytes, any bytes. Names are never compared with their length
/// or their case set aside. A clone shares the bytes.
///
/// The order is that of the bytes, as `memcmp` has it, a prefix before what it is a prefix of. It decides
/// between tokens at one position, so it is part of the scheme.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(Arc<[u8]>);

impl NodeId {
    /// The longest name, in bytes: what the 16-bit length in a token's preimage can say.
    pub const LONGEST: usize = u16::MAX as usize;

    /// A name of these bytes.
    ///
    /// # Errors
    ///
    /// [`Error::EmptyId`] without any byte, [`Error::IdTooLong`] with more than [`NodeId::LONGEST`].
    pub fn new(bytes: impl AsRef<[u8]>) -> Result<Self, Error> {
        let bytes = bytes.as_ref();
        match bytes.len() {
            0 => Err(Error::EmptyId),
            1..=Self::LONGEST => Ok(Self(bytes.into())),
            received => Err(Error::IdTooLong { longest: Self::LONGEST, received }),
        }
    }

    /// The bytes of the name.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The length as the scheme writes it.
    pub(crate) fn len_u16(&self) -> u16 {
        u16::try_from(self.0.len()).expect("invariant: a name is at most LONGEST bytes long")
    }
}

/// As ASCII; other bytes, quotes and backslashes escaped.
impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.escape_ascii().fmt(f)
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_byte_to_the_longest_are_accepted_and_no_others() {
        let name = |len: usize| NodeId::new(vec![b'n'; len]);
        assert_eq!(name(0), Err(Error::EmptyId));
        assert_eq!(name(1).map(|id| id.len_u16()), Ok(1));
        assert_eq!(name(65_535).map(|id| id.len_u16()), Ok(65_535));
        assert_eq!(name(65_536), Err(Error::IdTooLong { longest: 65_535, received: 65_536 }));
    }

    #[test]
    fn names_are_ordered_by_their_bytes_and_shown_as_ascii() {
        let id = |bytes: &[u8]| NodeId::new(bytes).expect("a name");
        let ascending = [id(b"\0"), id(b"a"), id(b"a\0"), id(b"aa"), id(b"b"), id(b"\xff")];
        assert!(ascending.is_sorted());
        assert_eq!(format!("{} {:?}", id(b"n\xff1"), id(b"n\"")), r#"n\xff1 "n\"""#);
    }
}
