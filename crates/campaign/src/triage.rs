//! Which failures of a campaign are one fault, as far as can be told from what is said of them.

use crate::failure::Failure;

/// What two failures have in common that are taken for one: signature, identity and sentence, but for who, when and how
/// many.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    signature: String,
    identity: String,
    sentence: String,
}

impl Fault {
    pub(crate) fn of(failure: &Failure) -> Fault {
        Fault {
            signature: failure.signature.clone(),
            identity: impersonal(&failure.identity),
            sentence: impersonal(&failure.explanation),
        }
    }

    /// One of which this is said.
    #[cfg(test)]
    pub(crate) fn said(sentence: &str) -> Fault {
        Fault { signature: String::new(), identity: String::new(), sentence: impersonal(sentence) }
    }
}

/// A sentence without what differs from seed to seed: `n5 voted for n2 at 5.184s` is `n# voted for n# at #`. Letters before
/// the first digit of a word stay, so that nodes and clients are told apart.
pub(crate) fn impersonal(text: &str) -> String {
    let mut sentence = String::new();
    let mut word = String::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        // `5.241s` is one word; a point that no digit follows ends a sentence.
        let point = character == '.' && !word.is_empty() && characters.peek().is_some_and(char::is_ascii_digit);
        if character.is_alphanumeric() || character == '_' || point {
            word.push(character);
        } else {
            sentence.push_str(&placeholder(&word));
            word.clear();
            sentence.push(character);
        }
    }
    sentence.push_str(&placeholder(&word));
    shortened(&without_repeats(&sentence))
}

fn placeholder(word: &str) -> String {
    let hash = word.len() >= 8 && word.chars().all(|character| character.is_ascii_hexdigit());
    match word.find(|character: char| character.is_ascii_digit()) {
        Some(_) if hash => "#".to_owned(),
        Some(first) => format!("{}#", &word[..first]),
        None => word.to_owned(),
    }
}

/// How many a list says the same of: `n# applied #, n# applied # of # entries` is `n# applied # of # entries`.
fn without_repeats(sentence: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in sentence.split(", ") {
        let goes_on = |before: &str| before.contains('#') && part.strip_prefix(before).is_some_and(is_end_of_word);
        match parts.last_mut() {
            Some(before) if goes_on(before) => *before = part,
            _ => parts.push(part),
        }
    }
    parts.join(", ")
}

fn is_end_of_word(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(' ')
}

/// How many a list names differs from seed to seed as well: `n#, n# and n#` is `n#`.
fn shortened(sentence: &str) -> String {
    let mut sentence = sentence.to_owned();
    for name in ["n#", "c#"] {
        for link in [", ", " and ", "+"] {
            let pair = format!("{name}{link}{name}");
            while sentence.contains(&pair) {
                sentence = sentence.replace(&pair, name);
            }
        }
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_when_and_how_many_make_no_difference() {
        for (one, other) in [
            (
                "n2 and n3 both lead term 25: n5 voted for n2 at 5.184s and for n3 at 5.241s",
                "n1 and n4 both lead term 7: n3 voted for n1 at 43ms and for n4 at 12.001s",
            ),
            ("n1 at 3 holds a04f9c1bb2d3e4f5", "n2 at 4 holds 914f9c1bb2d3e4f5"),
            ("none of n1, n2 and n3 has key k17", "none of n2 and n3 has key k4"),
            ("cut off n1+n2 at 1.5s.", "cut off n3+n4+n5 at 2s."),
            ("item 3 of 0x00ff", "item 12 of 0x0"),
            (
                "[c1] got no answer, n2 applied 3 of 7 entries",
                "[c2, c3] got no answer, n2 applied 3, n1 applied 0 of 9 entries",
            ),
            (
                "c1 got no answer to operation 17 (asked at 3.201s), n2 (at entry 3 since 2.931s) did not get to entry 9 \
                 within 60s of the heal",
                "c2 got no answer to operation 0 (asked at 0.100s), c3 got no answer to operation 4 (asked at 12s), \
                 n1 (at entry 0 since 0.000s) did not get to entry 12, n4 (at entry 7 since 9.110s) did not get to \
                 entry 12 within 60s of the heal",
            ),
            (
                "n1 takes n2.1 (gone since 0.500s) for active within 29s of the heal",
                "n1 takes n4.7 (gone since 2.000s) for active, n3 takes n4.7 (gone since 2.000s) for active within \
                 34.8s of the heal",
            ),
        ] {
            assert_eq!(impersonal(one), impersonal(other));
        }
    }

    #[test]
    fn what_happened_makes_a_difference() {
        for (one, other) in [
            ("n1 lost entry 3", "n1 repeated entry 3"),
            ("n1 answered n2", "n1 answered c2"),
            ("n1 or n2 is gone", "n1 and n2 are gone"),
        ] {
            assert_ne!(impersonal(one), impersonal(other));
        }
        assert_eq!(impersonal("n5 voted for n2 at 5.184s."), "n# voted for n# at #.");
        assert_eq!(impersonal("händler é1 – ä"), "händler é# – ä");
    }
}
