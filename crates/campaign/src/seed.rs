//! Seeds, and the bases they come from, as people write them.

use std::fmt;

use sim::{Hex, Seed};

/// What the seeds of a campaign follow from: seed *i* is `mix(base, i)`, the same list for each scenario, worker and
/// shard.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Base(u64);

impl Base {
    /// A base drawn from the OS: fresh seeds, as long as nobody asks for known ones.
    pub fn from_os() -> Base {
        Base(getrandom::u64().expect("the OS has randomness to give"))
    }

    /// Reads `0x…`, a decimal number, or a commit hash of 40 hex digits, of which the first 16 count.
    ///
    /// # Errors
    /// One line that names what was received and what is accepted.
    pub fn parse(text: &str) -> Result<Base, String> {
        if text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return u64::from_str_radix(&text[..16], 16).map(Base).map_err(|error| error.to_string());
        }
        let refused = || format!("expected 0x… or decimal, or a commit hash of 40 hex digits; received `{text}`");
        number(text).map(Base).ok_or_else(refused)
    }

    /// Seed `index`, counted from 0.
    pub fn seed(self, index: u64) -> Seed {
        Hex(sim::mix(self.0, index))
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Hex(self.0))
    }
}

/// Reads a seed: `0x…` or a decimal number.
///
/// # Errors
/// One line that names what was received and what is accepted.
pub fn parse_seed(text: &str) -> Result<Seed, String> {
    number(text).map(Hex).ok_or_else(|| format!("expected 0x… or decimal, of 64 bits; received `{text}`"))
}

fn number(text: &str) -> Option<u64> {
    let (digits, radix) = match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    // `from_str_radix` would take a sign.
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u64::from_str_radix(digits, radix).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_read_in_both_forms_and_in_no_other() {
        assert_eq!(parse_seed("0x2a"), Ok(Hex(42)));
        assert_eq!(parse_seed("42"), Ok(Hex(42)));
        assert_eq!(parse_seed("18446744073709551615"), Ok(Hex(u64::MAX)));
        for wrong in ["", "0x", "+1", "-1", " 1", "0x1_0", "2a", "18446744073709551616", "seven"] {
            assert!(parse_seed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn of_a_commit_the_first_16_digits_count() {
        let commit = "98667cf000000000ffffffffffffffffffffffff";
        assert_eq!(Base::parse(commit), Base::parse("0x98667cf000000000"));
        assert!(Base::parse(&commit[..39]).unwrap_err().contains("40 hex digits"));
    }
}
