//! The bytes of `FORMAT.md`, worked out from it by another program. Were they to change, logs of today would not be read: that
//! takes a new version.

use wal::Config;

use crate::host::{Host, contents, segment};

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_header_and_two_whole_records() {
    let mut host = Host::new(Config::default());
    host.append(b"ahoy");
    host.sync();
    host.append(b"");
    host.sync();
    let bytes = &host.files[&segment(1)];
    assert_eq!(
        hex(&bytes[..54]),
        "8957414c0d0a1a0a0100feff0100000000000000000000000000000001000000000000000000000000000000000000000fe38f57a55a"
    );
    assert_eq!(hex(&bytes[54..84]), "1e10e1ef0000000001000000000000000100000061686f79a99e564ca55a");
    assert_eq!(hex(&bytes[84..]), "1a10e5efa99e564c0200000000000000010000005b53ed44a55a");
}

#[test]
fn a_record_of_three_fragments_behind_a_header_that_follows_another() {
    let mut host = Host::new(Config { segment_bytes: 1 });
    host.append(b"first");
    host.sync();
    let content: Vec<u8> = (0..=255).cycle().take(1000).collect();
    host.append(&content);
    host.sync();
    let bytes = &host.files[&segment(2)];
    assert_eq!(bytes.len(), 54 + 1000 + 3 * 26);
    assert_eq!(
        hex(&bytes[..54]),
        "8957414c0d0a1a0a0100feff020000000000000001000000000000000200000000000000010000000000000093b123d96c8b114fa55a"
    );
    let fragment = |from: usize, to: usize| {
        let (front, seal) = (hex(&bytes[from..from + 20]), hex(&bytes[to - 6..to]));
        (front, bytes[from + 20..to - 6].to_vec(), seal)
    };
    let expected = |front: &str, content: &[u8], seal: &str| (front.to_owned(), content.to_vec(), seal.to_owned());
    let first = expected("ca2135de93b123d9020000000000000001000000", &content[..432], "07395ea1a55a");
    let middle = expected("0032ffcd07395ea1020000000000000001000000", &content[432..918], "21f8ea20a55a");
    let last = expected("6c4093bf21f8ea20020000000000000001000000", &content[918..], "34f32133a55a");
    assert_eq!([fragment(54, 512), fragment(512, 1024), fragment(1024, 1132)], [first, middle, last]);
    assert_eq!(contents(&host.files), Ok(vec![b"first".to_vec(), content]));
}
