//! Two byte strings with one SHA-1 (Stevens et al. 2017, *The First Collision for Full SHA-1*): the first 320 bytes
//! of the two published files.

use ring::{Member, NodeId, Position, Ring, Scheme, V1};

const COMMON: &str = "255044462d312e330a25e2e3cfd30a0a0a312030206f626a0a3c3c2f57696474682032203020522f4865696768742033203020522f547970652034203020522f537562747970652035203020522f46696c7465722036203020522f436f6c6f7253706163652037203020522f4c656e6774682038203020522f42697473506572436f6d706f6e656e7420383e3e0a73747265616d0affd8fffe00245348412d3120697320646561642121212121852fec092339759c39b1a1c63c4c97e1fffe01";
const FIRST: &str = "7f46dc93a6b67e013b029aaa1db2560b45ca67d688c7f84b8c4c791fe02b3df614f86db1690901c56b45c1530afedfb76038e972722fe7ad728f0e4904e046c230570fe9d41398abe12ef5bc942be33542a4802d98b5d70f2a332ec37fac3514e74ddc0f2cc1a874cd0c78305a21566461309789606bd0bf3f98cda8044629a1";
const SECOND: &str = "7346dc9166b67e118f029ab621b2560ff9ca67cca8c7f85ba84c79030c2b3de218f86db3a90901d5df45c14f26fedfb3dc38e96ac22fe7bd728f0e45bce046d23c570feb141398bb552ef5a0a82be331fea48037b8b5d71f0e332edf93ac3500eb4ddc0decc1a864790c782c76215660dd309791d06bd0af3f98cda4bc4629b1";

fn pair() -> [Vec<u8>; 2] {
    [FIRST, SECOND].map(|tail| {
        let hex = [COMMON, tail].concat();
        (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).expect("hex")).collect()
    })
}

#[test]
fn as_keys_they_share_a_position_and_an_owner() {
    let [first, second] = pair();
    assert_ne!(first, second);
    assert_eq!(V1::key_position(&first), Position(0xf92d_74e3_8745_87aa));
    assert_eq!(V1::key_position(&first), V1::key_position(&second));
    let suffixed = [&first, &second].map(|key| V1::key_position(&[key, b"-7".as_slice()].concat()));
    assert_eq!(suffixed[0], suffixed[1], "so a name with its number behind it would collide on every token");
}

#[test]
fn as_names_they_share_no_token() {
    let members = pair().map(|name| Member { id: NodeId::new(name).expect("a name"), vnodes: 1000 });
    let ring = Ring::new(members).expect("a ring");
    let positions: std::collections::BTreeSet<_> = ring.tokens().map(|token| token.position).collect();
    assert_eq!(positions.len(), 2000);
}
