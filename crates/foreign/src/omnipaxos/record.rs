//! One call of the storage as bytes: its operations, which are carried out all or none.

use omnipaxos::ballot_leader_election::Ballot;
use omnipaxos::storage::StorageOp;
use scenarios::journal;

use super::command::{Command, Snapshot};
use super::usage::Usage;

/// One call of the storage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Record(Vec<u8>);

impl Record {
    /// Of these operations.
    ///
    /// # Panics
    /// When one sets a stop sign, as nobody reconfigures here.
    pub(crate) fn new<U: Usage>(operations: &[StorageOp<Command<U>>]) -> Record {
        let mut bytes = Vec::new();
        operations.iter().for_each(|operation| encode(operation, &mut bytes));
        Record(bytes)
    }

    /// Whether it changes nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Its operations; `None` where it says nothing.
    pub(crate) fn operations<U: Usage>(&self) -> Option<Vec<StorageOp<Command<U>>>> {
        let mut bytes = &self.0[..];
        let mut operations = Vec::new();
        while !bytes.is_empty() {
            operations.push(decode(&mut bytes)?);
        }
        Some(operations)
    }
}

impl journal::Record for Record {
    fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.0);
    }

    fn decode(content: &[u8]) -> Option<Record> {
        Some(Record(content.to_vec()))
    }
}

const APPEND: u8 = 1;
const APPEND_ON_PREFIX: u8 = 2;
const PROMISE: u8 = 3;
const DECIDED: u8 = 4;
const ACCEPTED_ROUND: u8 = 5;
const COMPACTED: u8 = 6;
const TRIM: u8 = 7;
const SNAPSHOT: u8 = 8;

fn encode<U: Usage>(operation: &StorageOp<Command<U>>, bytes: &mut Vec<u8>) {
    let names = |commands: &[Command<U>]| commands.iter().map(|command| command.0).collect::<Vec<u64>>();
    match operation {
        StorageOp::AppendEntry(command) => list(bytes, APPEND, &[], &[command.0]),
        StorageOp::AppendEntries(commands) => list(bytes, APPEND, &[], &names(commands)),
        StorageOp::AppendOnPrefix(from, commands) => {
            list(bytes, APPEND_ON_PREFIX, &[*from as u64], &names(commands));
        }
        StorageOp::SetPromise(ballot) => words(bytes, PROMISE, &ballot_words(*ballot)),
        StorageOp::SetDecidedIndex(index) => words(bytes, DECIDED, &[*index as u64]),
        StorageOp::SetAcceptedRound(ballot) => words(bytes, ACCEPTED_ROUND, &ballot_words(*ballot)),
        StorageOp::SetCompactedIdx(index) => words(bytes, COMPACTED, &[*index as u64]),
        StorageOp::Trim(index) => words(bytes, TRIM, &[*index as u64]),
        StorageOp::SetSnapshot(Some(snapshot)) => list(bytes, SNAPSHOT, &[], &snapshot.0),
        StorageOp::SetSnapshot(None) | StorageOp::SetStopsign(None) => {}
        StorageOp::SetStopsign(Some(_)) => panic!("nobody reconfigures"),
    }
}

fn words(bytes: &mut Vec<u8>, kind: u8, words: &[u64]) {
    bytes.push(kind);
    words.iter().for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
}

fn list(bytes: &mut Vec<u8>, kind: u8, before: &[u64], names: &[u64]) {
    words(bytes, kind, before);
    bytes.extend_from_slice(&(names.len() as u64).to_le_bytes());
    names.iter().for_each(|name| bytes.extend_from_slice(&name.to_le_bytes()));
}

fn ballot_words(ballot: Ballot) -> [u64; 4] {
    [u64::from(ballot.config_id), u64::from(ballot.n), u64::from(ballot.priority), ballot.pid]
}

fn decode<U: Usage>(bytes: &mut &[u8]) -> Option<StorageOp<Command<U>>> {
    let kind = *bytes.split_off_first()?;
    let commands = |bytes: &mut &[u8]| {
        let names = names(bytes)?;
        Some(names.into_iter().map(Command::new).collect())
    };
    Some(match kind {
        APPEND => StorageOp::AppendEntries(commands(bytes)?),
        APPEND_ON_PREFIX => StorageOp::AppendOnPrefix(index(bytes)?, commands(bytes)?),
        PROMISE => StorageOp::SetPromise(ballot(bytes)?),
        DECIDED => StorageOp::SetDecidedIndex(index(bytes)?),
        ACCEPTED_ROUND => StorageOp::SetAcceptedRound(ballot(bytes)?),
        COMPACTED => StorageOp::SetCompactedIdx(index(bytes)?),
        TRIM => StorageOp::Trim(index(bytes)?),
        SNAPSHOT => StorageOp::SetSnapshot(Some(Snapshot::new(names(bytes)?))),
        _ => return None,
    })
}

fn word(bytes: &mut &[u8]) -> Option<u64> {
    let (word, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*word))
}

fn index(bytes: &mut &[u8]) -> Option<usize> {
    usize::try_from(word(bytes)?).ok()
}

fn names(bytes: &mut &[u8]) -> Option<Vec<u64>> {
    let count = word(bytes)?;
    (0..count).map(|_| word(bytes)).collect()
}

fn ballot(bytes: &mut &[u8]) -> Option<Ballot> {
    let [config_id, n, priority] = [word(bytes)?, word(bytes)?, word(bytes)?].map(|word| u32::try_from(word).ok());
    Some(Ballot::with(config_id?, n?, priority?, word(bytes)?))
}

#[cfg(test)]
mod tests {
    use super::super::usage::Snapshots;
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_nothing_else_is() {
        let commands = |names: &[u64]| names.iter().copied().map(Command::<Snapshots>::new).collect::<Vec<_>>();
        let operations = [
            StorageOp::AppendEntries(commands(&[1, 2])),
            StorageOp::AppendOnPrefix(7, commands(&[])),
            StorageOp::SetPromise(Ballot::with(1, 2, 3, 4)),
            StorageOp::SetDecidedIndex(5),
            StorageOp::SetAcceptedRound(Ballot::with(5, 6, 7, 8)),
            StorageOp::SetCompactedIdx(9),
            StorageOp::Trim(10),
            StorageOp::SetSnapshot(Some(Snapshot::new(vec![11, 12, 13]))),
        ];
        let record = Record::new(&operations);
        let read = record.operations::<Snapshots>().expect("it says something");
        assert_eq!(format!("{read:?}"), format!("{operations:?}"));
        for at in 1..record.0.len() {
            let cut = Record(record.0[..at].to_vec()).operations::<Snapshots>();
            assert!(cut.is_none_or(|cut| cut.len() < operations.len()), "cut at {at}");
        }
        assert!(Record(vec![99]).operations::<Snapshots>().is_none());
    }
}
