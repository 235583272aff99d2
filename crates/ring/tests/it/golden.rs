//! Scheme V1 against the vectors in `docs/ring-v1.md`, which are its specification.
//!
//! They were computed by another program, in another language, that hashes with another SHA-1 and finds owners
//! by scanning for the smallest clockwise distance. One by one they can be recomputed with a shell alone:
//!
//! ```text
//! printf '%s' apples | sha1sum | cut -c1-16                               # a key
//! printf 'ring-v1\000\003ada\000\000\000\000' | sha1sum | cut -c1-16      # node ada, virtual node 0
//! printf '\000\007ring-v1\000\000\000\000' | sha1sum | cut -c1-40         # the digest without members
//! ```
//!
//! A vector that fails is a broken promise to everybody who implements V1: it is never edited to fit.

use std::fmt::Write as _;

use ring::{Member, NodeId, Position, Ring, Scheme, V1};

const SPECIFICATION: &str = include_str!("../../../../docs/ring-v1.md");

/// The lines of the block of that name.
fn block(name: &str) -> impl Iterator<Item = &'static str> {
    let (_, rest) = SPECIFICATION.split_once(&format!("```{name}\n")).expect("the block is there");
    let (block, _) = rest.split_once("```").expect("the block ends");
    assert!(!block.is_empty(), "a block with nothing in it tests nothing");
    block.lines()
}

/// What `printf` makes of a string of plain characters and `\ooo`.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, tail) = match first {
            b'\\' => {
                let octal = std::str::from_utf8(&tail[..3]).expect("ASCII");
                (u8::from_str_radix(octal, 8).expect("three octal digits"), &tail[3..])
            }
            plain => (*plain, tail),
        };
        bytes.push(byte);
        rest = tail;
    }
    bytes
}

fn id(name: &str) -> NodeId {
    NodeId::new(name).expect("a name")
}

fn small() -> Ring {
    let members = [("ada", 2), ("bob", 2), ("eve", 3)].map(|(name, vnodes)| Member { id: id(name), vnodes });
    Ring::new(members).expect("a ring")
}

fn large() -> Ring {
    let member = |i: u32| Member { id: id(&format!("node-{i:02}:7000")), vnodes: 16 + i };
    Ring::new((0..40).map(member)).expect("a ring")
}

fn tokens(ring: &Ring) -> String {
    ring.tokens().fold(String::new(), |mut text, token| {
        writeln!(text, "{} {} {}", token.position, token.node, token.vnode).expect("a string takes all");
        text
    })
}

/// The crate that is under test here too; that it computes SHA-1 is what the other tests show.
fn sha1_hex(text: &str) -> String {
    use sha1::{Digest as _, Sha1};
    Sha1::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn keys_are_where_sha1sum_says() {
    for line in block("keys") {
        let (position, key) = line.split_once(' ').expect("two columns");
        assert_eq!(Ring::<V1>::position_of(key.as_bytes()).to_string(), position, "{key}");
    }
}

#[test]
fn tokens_are_where_sha1sum_says() {
    let long = "a-name-of-forty-three-bytes.example.com:700";
    let tokens: [(&[u8], u32); 5] =
        [(b"ada", 0), (b"ada", 1), (b"ada", 256), (b"\xff\x00", u32::MAX), (long.as_bytes(), 7)];
    let lines: Vec<_> = block("preimages").collect();
    assert_eq!(lines.len(), tokens.len());
    for ((name, vnode), line) in tokens.into_iter().zip(lines) {
        let (position, preimage) = line.split_once(' ').expect("two columns");
        let node = NodeId::new(name).expect("a name");
        assert_eq!(V1::token_position(&node, vnode).to_string(), position, "{node} {vnode}");
        assert_eq!(V1::key_position(&unescaped(preimage)).to_string(), position, "{preimage}");
    }
}

#[test]
fn the_small_ring_is_as_specified() {
    let ring = small();
    assert!(tokens(&ring).lines().eq(block("tokens")));
    for line in block("walks") {
        let mut columns = line.split(' ');
        let key = columns.next().expect("a key").as_bytes();
        let walk: Vec<NodeId> = columns.map(id).collect();
        assert_eq!(ring.preference_list(key, 3), walk.iter().collect::<Vec<_>>(), "{line}");
        assert_eq!(ring.owner(key), walk.first(), "{line}");
    }
    let past_the_last_token = Ring::<V1>::position_of(b"key-71");
    assert!(ring.tokens().all(|token| token.position < past_the_last_token), "the vector that wraps");
}

#[test]
fn plans_of_the_small_ring_are_as_specified() {
    let ring = small();
    let plan = |new: Ring| ring.diff(&new).to_string();
    assert!(plan(ring.with_node(id("dan"), 2).expect("new")).lines().eq(block("join")));
    assert!(plan(ring.with_vnodes(&id("bob"), 4).expect("a member")).lines().eq(block("reweight")));
    assert!(plan(ring.without_node(&id("eve")).expect("a member")).lines().eq(block("leave")));
}

#[test]
fn digests_are_as_specified() {
    let digests = [Ring::<V1>::default().digest(), small().digest()];
    assert!(digests.iter().map(ToString::to_string).eq(block("digests")));
}

#[test]
fn the_large_ring_is_as_specified() {
    let ring = large();
    let mut owners = String::new();
    for key in (0..1000).map(|i| format!("key-{i}")) {
        let owner = ring.owner(key.as_bytes()).expect("an owner");
        writeln!(owners, "{key} {owner}").expect("a string takes all");
    }
    let computed = [ring.digest().to_string(), sha1_hex(&tokens(&ring)), sha1_hex(&owners)];
    assert!(block("large").eq(computed.iter().map(String::as_str)), "{computed:?}");
    assert_eq!(ring.owner_at(Position(u64::MAX)), ring.owner_at(Position(0)), "no token at either end");
}
