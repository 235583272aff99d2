//! What a node writes to its disk.

use ring::{KeyRange, Position};
use sim::NodeId;

use super::{Member, Members, Transfer, Versions};
use crate::journal;

/// One record of a node's journal. A node is what its records make of it, one after the other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Record {
    /// There is another epoch, with these members.
    Epoch(Members),
    /// A key has this version now.
    Write {
        /// The key.
        key: u64,
        /// Its version.
        version: u64,
    },
    /// The range is this node's now, with all that was in it.
    Accept(Transfer, Versions),
    /// The range is another node's, and with it all that was in it.
    Release(Transfer),
}

const EPOCH: u8 = 1;
const WRITE: u8 = 2;
const ACCEPT: u8 = 3;
const RELEASE: u8 = 4;

/// Words of the head of [`ACCEPT`] and [`RELEASE`].
const TRANSFER_WORDS: usize = 5;

impl journal::Record for Record {
    fn encode(&self, bytes: &mut Vec<u8>) {
        let mut put = |kind: u8, head: &[u64], pairs: &mut dyn Iterator<Item = (u64, u64)>| {
            let words = head.iter().copied().chain(pairs.flat_map(|(one, other)| [one, other]));
            bytes.push(kind);
            words.for_each(|word| bytes.extend(word.to_le_bytes()));
        };
        match self {
            Record::Epoch(members) => {
                put(EPOCH, &[], &mut members.iter().map(|member| (number(member.node), member.vnodes.into())));
            }
            Record::Write { key, version } => put(WRITE, &[*key, *version], &mut std::iter::empty()),
            Record::Accept(transfer, versions) => put(ACCEPT, &words(transfer), &mut versions.iter().copied()),
            Record::Release(transfer) => put(RELEASE, &words(transfer), &mut std::iter::empty()),
        }
    }

    fn decode(content: &[u8]) -> Option<Record> {
        let (kind, rest) = content.split_first()?;
        let (chunks, []) = rest.as_chunks() else { return None };
        let words: Vec<u64> = chunks.iter().map(|chunk| u64::from_le_bytes(*chunk)).collect();
        match (*kind, words.as_slice()) {
            (EPOCH, words) => Some(Record::Epoch(pairs(words)?.map(member).collect::<Option<_>>()?)),
            (WRITE, &[key, version]) => Some(Record::Write { key, version }),
            (ACCEPT, words) => {
                let (head, versions) = words.split_first_chunk()?;
                Some(Record::Accept(transfer(head)?, pairs(versions)?.collect()))
            }
            (RELEASE, words) => Some(Record::Release(transfer(words.try_into().ok()?)?)),
            _ => None,
        }
    }
}

fn number(node: NodeId) -> u64 {
    node.number().into()
}

fn node(number: u64) -> Option<NodeId> {
    let number = u16::try_from(number).ok().filter(|number| (1..=NodeId::NUMBER_MAX).contains(number))?;
    Some(NodeId::node(number))
}

fn member((number, vnodes): (u64, u64)) -> Option<Member> {
    Some(Member { node: node(number)?, vnodes: u32::try_from(vnodes).ok()? })
}

fn words(transfer: &Transfer) -> [u64; TRANSFER_WORDS] {
    let Transfer { epoch, range, from, to } = *transfer;
    [epoch, range.start.0, range.end.0, number(from), number(to)]
}

fn transfer(&[epoch, start, end, from, to]: &[u64; TRANSFER_WORDS]) -> Option<Transfer> {
    let range = KeyRange { start: Position(start), end: Position(end) };
    Some(Transfer { epoch, range, from: node(from)?, to: node(to)? })
}

fn pairs(words: &[u64]) -> Option<impl Iterator<Item = (u64, u64)>> {
    let (pairs, []) = words.as_chunks() else { return None };
    Some(pairs.iter().map(|[one, other]| (*one, *other)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Record as _;

    #[test]
    fn a_record_reads_back_and_nothing_else_does() {
        let node = NodeId::node;
        let range = KeyRange { start: Position(u64::MAX), end: Position(7) };
        let transfer = Transfer { epoch: 3, range, from: node(2), to: node(4095) };
        let records = [
            Record::Epoch([].into()),
            Record::Epoch([Member { node: node(2), vnodes: 1 }, Member { node: node(3), vnodes: u32::MAX }].into()),
            Record::Write { key: 5, version: u64::MAX },
            Record::Accept(transfer, [].into()),
            Record::Accept(transfer, [(5, 1), (6, 2)].into()),
            Record::Release(transfer),
        ];
        for record in records {
            let mut content = Vec::new();
            record.encode(&mut content);
            assert_eq!(Record::decode(&content), Some(record));
            content.push(0);
            assert_eq!(Record::decode(&content), None, "a byte too much");
        }
        for nothing in [b"".as_slice(), &[WRITE], &[99; 17], &[RELEASE; 33], &[EPOCH; 17]] {
            assert_eq!(Record::decode(nothing), None, "{nothing:?}");
        }
    }
}
