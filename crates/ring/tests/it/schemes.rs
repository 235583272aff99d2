//! Schemes whose tokens collide: under V1 two tokens at one position are never met by chance.

use ring::{NodeId, Position, Scheme, V1};

/// V1 of which only the top `BITS` bits are left; the others are those of `FILL`. 2^`BITS` positions.
pub(crate) enum Narrow<const BITS: u32, const FILL: u64> {}

/// 16 positions, 0 among them.
pub(crate) type Sixteen = Narrow<4, 0>;

/// 32 positions, the last of the circle among them.
pub(crate) type ThirtyTwo = Narrow<5, { u64::MAX }>;

/// One position for everything.
pub(crate) type One = Narrow<0, 7>;

impl<const BITS: u32, const FILL: u64> Scheme for Narrow<BITS, FILL> {
    const NAME: &'static str = "narrow";

    fn key_position(key: &[u8]) -> Position {
        narrowed::<BITS, FILL>(V1::key_position(key))
    }

    fn token_position(node: &NodeId, vnode: u32) -> Position {
        narrowed::<BITS, FILL>(V1::token_position(node, vnode))
    }
}

fn narrowed<const BITS: u32, const FILL: u64>(position: Position) -> Position {
    let kept = u64::MAX.checked_shl(u64::BITS - BITS).unwrap_or(0);
    Position(position.0 & kept | FILL & !kept)
}

/// Tokens by number alone: all nodes collide on every virtual node.
pub(crate) enum Twins {}

impl Scheme for Twins {
    const NAME: &'static str = "twins";

    fn key_position(key: &[u8]) -> Position {
        V1::key_position(key)
    }

    fn token_position(_node: &NodeId, vnode: u32) -> Position {
        V1::key_position(&vnode.to_be_bytes())
    }
}

/// A key is its position, and a name is where its tokens begin, one after the other, 8 bytes each.
pub(crate) enum ByHand {}

impl Scheme for ByHand {
    const NAME: &'static str = "by-hand";

    fn key_position(key: &[u8]) -> Position {
        Position(u64::from_be_bytes(key.try_into().expect("8 bytes")))
    }

    fn token_position(node: &NodeId, vnode: u32) -> Position {
        let tokens = node.as_bytes().chunks_exact(8).nth(vnode as usize).expect("a token of 8 bytes");
        Self::key_position(tokens)
    }
}

/// Asks a law of V1 and of every scheme with collisions.
macro_rules! in_every_scheme {
    ($law:ident($($argument:expr),*)) => {{
        $law::<ring::V1>($($argument),*)?;
        $law::<$crate::schemes::ThirtyTwo>($($argument),*)?;
        $law::<$crate::schemes::Sixteen>($($argument),*)?;
        $law::<$crate::schemes::One>($($argument),*)?;
        $law::<$crate::schemes::Twins>($($argument),*)?;
    }};
}

pub(crate) use in_every_scheme;
