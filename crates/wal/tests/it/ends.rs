//! The end of a log, cut and damaged at every byte of it.

use wal::{Config, Damage, Effects, Flaw, Tail};

use crate::host::{Files, Host, contents, read, segment};

/// Records of which the last is in three sectors, all synced.
fn whole() -> (Files, Vec<Vec<u8>>) {
    let mut host = Host::new(Config::default());
    let records = vec![b"first".to_vec(), Vec::new(), vec![0; 40], b"fourth".to_vec(), vec![7; 700]];
    for record in &records {
        host.append(record);
    }
    host.sync();
    (host.files, records)
}

fn with(files: &Files, change: impl FnOnce(&mut Vec<u8>)) -> Files {
    let mut files = files.clone();
    change(files.get_mut(&segment(1)).expect("there is one"));
    files
}

#[test]
fn wherever_a_crash_cuts_the_file_whole_records_are_read_and_nothing_is_refused() {
    let (files, records) = whole();
    let len = files[&segment(1)].len();
    let mut kept_before = 0;
    for cut in 0..=len {
        for zeros in [0, 1, 2000] {
            let cut_short = with(&files, |bytes| {
                bytes.truncate(cut);
                bytes.resize(cut + zeros, 0);
            });
            let kept = contents(&cut_short).unwrap_or_else(|damage| panic!("cut at {cut}: {damage}"));
            assert_eq!(kept, records[..kept.len()], "cut at {cut}");
            assert!(kept.len() >= kept_before, "cut at {cut}");
            kept_before = kept.len();
        }
    }
    assert_eq!(kept_before, records.len());
}

#[test]
fn whichever_sectors_a_crash_keeps_a_prefix_is_read_and_nothing_is_refused() {
    let (files, records) = whole();
    let sectors = files[&segment(1)].len().div_ceil(512);
    for kept in 0..1_usize << sectors {
        for torn in [0, 1, 70, 300, 511] {
            let survived = with(&files, |bytes| {
                for (index, sector) in bytes.chunks_mut(512).enumerate().filter(|(index, _)| kept & 1 << index == 0) {
                    let from = if index == 1 { torn.min(sector.len()) } else { 0 };
                    sector[from..].fill(0);
                }
            });
            let read = contents(&survived).unwrap_or_else(|damage| panic!("kept {kept:b}, torn {torn}: {damage}"));
            assert_eq!(read, records[..read.len()]);
        }
    }
}

#[test]
fn whatever_becomes_of_one_byte_that_was_synced_it_is_refused_or_does_no_harm() {
    let (files, records) = whole();
    let len = files[&segment(1)].len();
    let (mut refused, mut harmless) = (0, 0);
    for at in 0..len {
        for value in 0..=u8::MAX {
            let changed = with(&files, |bytes| bytes[at] = value);
            match contents(&changed) {
                Err(_) => refused += 1,
                Ok(read) => {
                    assert_eq!(read, records, "byte {at} is {value:02x}");
                    harmless += 1;
                }
            }
        }
    }
    // As it is, of each byte; the last byte of each sector's last fragment, zeroed; little else.
    assert!(refused > 0 && harmless < len + 2000, "{refused} refused, {harmless} harmless");
}

#[test]
fn whatever_bit_flips_behind_the_end_it_is_refused_or_does_no_harm() {
    let (files, records) = whole();
    let files = with(&files, |bytes| bytes.resize(bytes.len().next_multiple_of(512) + 512, 0));
    let len = files[&segment(1)].len();
    for at in 0..len {
        for bit in 0..8 {
            if let Ok(read) = contents(&with(&files, |bytes| bytes[at] ^= 1 << bit)) {
                assert_eq!(read, records, "bit {bit} of byte {at}");
            }
        }
    }
}

#[test]
fn a_fragment_that_a_crash_left_without_its_very_last_byte_is_guarded_like_any_other() {
    // The last byte of a checksum is a power of two once in 32 times. One bit, and it would be gone.
    for content in 0..=255_u8 {
        let mut host = Host::new(Config::default());
        host.append(&[content]);
        host.sync();
        let files = with(&host.files, |bytes| bytes.truncate(bytes.len() - 1));
        assert_eq!(contents(&files), Ok(vec![vec![content]]));
        for at in 0..files[&segment(1)].len() {
            for bit in 0..8 {
                let read = contents(&with(&files, |bytes| bytes[at] ^= 1 << bit));
                assert!(read.is_err(), "bit {bit} of byte {at} of {content}");
            }
        }
    }
}

#[test]
fn a_checksum_of_which_a_part_is_there_must_be_right_as_far_as_it_goes() {
    let (files, _) = whole();
    let len = files[&segment(1)].len();
    // Two of its bytes, and the content is another.
    let changed = with(&files, |bytes| {
        bytes.truncate(len - 4);
        bytes[len - 10] ^= 1;
    });
    let refused = contents(&changed);
    let flaw = matches!(refused, Err(Damage::Bytes { flaw: Flaw::Checksum { .. }, .. }));
    assert!(flaw, "{refused:?}");
}

#[test]
fn a_damaged_end_mark_is_refused_though_the_checksum_is_right() {
    let (files, _) = whole();
    let len = files[&segment(1)].len();
    for (at, expected) in [(len - 2, 0xa5), (len - 1, 0x5a)] {
        let Err(Damage::Bytes { flaw, .. }) = contents(&with(&files, |bytes| bytes[at] ^= 1)) else {
            panic!("it is refused")
        };
        assert_eq!(flaw, Flaw::EndMark { expected, received: expected ^ 1 });
    }
}

#[test]
fn what_was_cut_is_said() {
    let (files, _) = whole();
    let tail = |files: &Files| read(Config::default(), files, &mut Effects::new()).expect("no damage").tail;
    assert_eq!(tail(&files), Tail::Clean);
    let bytes = &files[&segment(1)];
    let last_begins = (54 + 26 + 5 + 26 + 26 + 40 + 26 + 6) as u64;
    let cut = with(&files, |bytes| bytes.truncate(600));
    assert_eq!(tail(&cut), Tail::Torn { segment: segment(1), offset: last_begins, bytes: 600 - last_begins });
    assert!(bytes.len() > 600);
    // The zeros of a file that grew are nothing.
    assert_eq!(tail(&with(&files, |bytes| bytes.resize(5000, 0))), Tail::Clean);
}
