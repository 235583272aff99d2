//! One fast 64-bit hash, the same on every platform: for the run's digest and for the content of messages and facts.
//!
//! It is not meant to resist an adversary.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Serialize, Serializer};

const K0: u64 = 0x9e37_79b9_7f4a_7c15;
const K1: u64 = 0xd1b5_4a32_d192_ed03;

/// The 128-bit product of both, folded to 64 bits: one multiplication that mixes every bit of either side.
#[inline(always)]
pub(crate) const fn fold(a: u64, b: u64) -> u64 {
    let product = (a as u128).wrapping_mul(b as u128);
    (product as u64) ^ ((product >> 64) as u64)
}

/// The rolling hash of a run: every event, with its time, its address, its content and its outcome, goes in.
///
/// Of two runs with the same digest nothing that left a process differs, as far as 64 bits tell; two runs of one case on
/// one binary have the same digest, or the hosted code is not deterministic.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(u64);

impl Digest {
    /// The digest before the first event.
    pub const START: Digest = Digest(K1);

    /// The digest as an integer.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    /// The digest that was shown as this integer.
    pub const fn from_u64(value: u64) -> Digest {
        Digest(value)
    }

    /// Rolls one word in.
    #[inline(always)]
    pub fn roll(&mut self, word: u64) {
        self.0 = fold(self.0 ^ word, K0).wrapping_add(K1);
    }
}

/// 16 hex digits, without `0x`: a digest is never typed in.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The content hash of anything that derives [`Hash`].
///
/// Integers are taken as little-endian and pointer-sized ones as 64 bits wide, so that the value does not depend on the
/// platform.
pub fn content_hash<T: Hash + ?Sized>(value: &T) -> u64 {
    let mut hasher = ContentHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The [`Hasher`] behind [`content_hash`].
#[derive(Clone)]
pub struct ContentHasher(u64);

impl Default for ContentHasher {
    fn default() -> ContentHasher {
        ContentHasher(K0)
    }
}

impl ContentHasher {
    #[inline(always)]
    fn word(&mut self, word: u64) {
        self.0 = fold(self.0 ^ word, K0).wrapping_add(K1);
    }

    #[inline(always)]
    fn words(&mut self, a: u64, b: u64) {
        self.0 = fold(self.0 ^ a, b ^ K1).wrapping_add(K0);
    }
}

impl Hasher for ContentHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let mut pairs = bytes.chunks_exact(16);
        for pair in &mut pairs {
            self.words(le_word(&pair[..8]), le_word(&pair[8..]));
        }
        let rest = pairs.remainder();
        if rest.len() > 8 {
            self.words(le_word(&rest[..8]), le_word(&rest[8..]));
        } else if !rest.is_empty() {
            self.word(le_word(rest));
        }
        // The length, or "a" and "a\0" would agree.
        self.word(bytes.len() as u64);
    }

    #[inline]
    fn write_u8(&mut self, value: u8) {
        self.word(u64::from(value));
    }

    #[inline]
    fn write_u16(&mut self, value: u16) {
        self.word(u64::from(value));
    }

    #[inline]
    fn write_u32(&mut self, value: u32) {
        self.word(u64::from(value));
    }

    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.word(value);
    }

    #[inline]
    fn write_u128(&mut self, value: u128) {
        self.word(value as u64);
        self.word((value >> 64) as u64);
    }

    #[inline]
    fn write_usize(&mut self, value: usize) {
        self.word(value as u64);
    }

    #[inline]
    fn write_i8(&mut self, value: i8) {
        self.word(value as u64);
    }

    #[inline]
    fn write_i16(&mut self, value: i16) {
        self.word(value as u64);
    }

    #[inline]
    fn write_i32(&mut self, value: i32) {
        self.word(value as u64);
    }

    #[inline]
    fn write_i64(&mut self, value: i64) {
        self.word(value as u64);
    }

    #[inline]
    fn write_isize(&mut self, value: isize) {
        self.word(value as i64 as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        fold(self.0 ^ K1, K0)
    }
}

/// Hashes what `{:?}` prints of a value.
///
/// It is for a message that holds somebody else's type, which derives `Debug` and no `Hash`. Two values that print alike are
/// one to the digest, so whatever makes a difference must be printed; and what is printed must be the same in every process,
/// so no address, and no `HashMap`.
///
/// ```
/// use std::hash::{Hash, Hasher};
/// use sim::{content_hash, hash_printed};
///
/// #[derive(Clone, Debug)]
/// struct Theirs(u32, &'static str);
///
/// #[derive(Clone, Debug)]
/// struct Message(Theirs);
/// impl Hash for Message {
///     fn hash<H: Hasher>(&self, state: &mut H) {
///         hash_printed(&self.0, state);
///     }
/// }
///
/// assert_eq!(content_hash(&Message(Theirs(1, "a"))), content_hash(&Message(Theirs(1, "a"))));
/// assert_ne!(content_hash(&Message(Theirs(1, "a"))), content_hash(&Message(Theirs(2, "a"))));
/// ```
pub fn hash_printed(value: &impl fmt::Debug, state: &mut impl Hasher) {
    struct Printed<'a, H>(&'a mut H);

    impl<H: Hasher> fmt::Write for Printed<'_, H> {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0.write(text.as_bytes());
            Ok(())
        }
    }

    fmt::write(&mut Printed(state), format_args!("{value:?}")).expect("a `Debug` that does not fail by itself");
    // As a string does, so that what comes after is not taken for part of it.
    state.write_u8(0xff);
}

/// Up to eight bytes as a little-endian word, the missing ones zero.
#[inline(always)]
fn le_word(bytes: &[u8]) -> u64 {
    match <[u8; 8]>::try_from(bytes) {
        Ok(all) => u64::from_le_bytes(all),
        Err(_) => bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Golden: a stored case's digest means nothing once these move, so a change here is a change of format.
    #[test]
    fn golden_values() {
        let mut digest = Digest::START;
        digest.roll(1);
        digest.roll(2);
        assert_eq!(
            [digest.as_u64(), content_hash("abc"), content_hash(&[7u8; 33]), content_hash(&(1u32, true))],
            GOLDEN
        );
    }

    const GOLDEN: [u64; 4] = [10418593958666190719, 10728583719744001169, 6078063484029861782, 8771950903630257528];

    #[test]
    fn padding_does_not_collide() {
        assert_ne!(content_hash(b"a".as_slice()), content_hash(b"a\0".as_slice()));
        assert_ne!(content_hash(&[0u8; 16]), content_hash(&[0u8; 17]));
    }

    #[test]
    fn order_matters_to_the_digest() {
        let rolled = |words: [u64; 2]| {
            let mut digest = Digest::START;
            words.into_iter().for_each(|word| digest.roll(word));
            digest
        };
        assert_ne!(rolled([1, 2]), rolled([2, 1]));
    }
}
