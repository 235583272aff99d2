//! The crate's `Storage`: its authors' own in memory, which remembers beside what is to be written.

use std::cell::RefCell;
use std::rc::Rc;

use omnipaxos::ballot_leader_election::Ballot;
use omnipaxos::storage::{StopSign, StorageOp, StorageResult};
use omnipaxos_storage::memory_storage::MemoryStorage;
use oracle::consensus::LogFact;

use super::command::{Command, Snapshot};
use super::mirror::Mirror;
use super::record::Record;
use super::usage::Usage;

/// What the crate writes to and reads from. It owns its storage and hands it out to nobody, so what is to be written is shared.
pub(crate) struct Storage<U: Usage> {
    memory: MemoryStorage<Command<U>>,
    shared: Rc<RefCell<Shared>>,
}

/// What the node takes out of the storage.
#[derive(Default)]
pub(crate) struct Shared {
    pub(crate) mirror: Mirror,
    /// The calls since it was last asked, in order.
    pub(crate) calls: Vec<Call>,
}

/// One call, to be written.
pub(crate) struct Call {
    pub(crate) record: Record,
    /// What is true by it: of the log in memory at once, of that on disk when it is durable.
    pub(crate) facts: Vec<LogFact>,
}

impl<U: Usage> Storage<U> {
    /// What these records come to; nothing where one of them says nothing.
    pub(crate) fn recover(records: &[Record]) -> Option<(Storage<U>, Rc<RefCell<Shared>>)> {
        let shared = Rc::new(RefCell::new(Shared::default()));
        let mut storage = Storage { memory: MemoryStorage::default(), shared: Rc::clone(&shared) };
        for record in records {
            storage.carry_out(record.operations()?).expect("memory does not fail");
        }
        shared.borrow_mut().calls.clear();
        Some((storage, shared))
    }

    fn carry_out(&mut self, operations: Vec<StorageOp<Command<U>>>) -> StorageResult<()> {
        let mut shared = self.shared.borrow_mut();
        let mut facts = Vec::new();
        operations.iter().for_each(|operation| shared.mirror.take_in(operation, &mut facts));
        let record = Record::new(&operations);
        if !record.is_empty() {
            shared.calls.push(Call { record, facts });
        }
        omnipaxos::storage::Storage::write_atomically(&mut self.memory, operations)
    }
}

impl<U: Usage> omnipaxos::storage::Storage<Command<U>> for Storage<U> {
    fn write_atomically(&mut self, operations: Vec<StorageOp<Command<U>>>) -> StorageResult<()> {
        self.carry_out(operations)
    }

    fn append_entry(&mut self, entry: Command<U>) -> StorageResult<()> {
        self.carry_out(vec![StorageOp::AppendEntry(entry)])
    }

    fn append_entries(&mut self, entries: Vec<Command<U>>) -> StorageResult<()> {
        // A batch is flushed whether or not anything is in it.
        if entries.is_empty() { Ok(()) } else { self.carry_out(vec![StorageOp::AppendEntries(entries)]) }
    }

    fn append_on_prefix(&mut self, from: usize, entries: Vec<Command<U>>) -> StorageResult<()> {
        self.carry_out(vec![StorageOp::AppendOnPrefix(from, entries)])
    }

    fn set_promise(&mut self, ballot: Ballot) -> StorageResult<()> {
        self.carry_out(vec![StorageOp::SetPromise(ballot)])
    }

    fn set_decided_idx(&mut self, index: usize) -> StorageResult<()> {
        self.carry_out(vec![StorageOp::SetDecidedIndex(index)])
    }

    fn get_decided_idx(&self) -> StorageResult<usize> {
        self.memory.get_decided_idx()
    }

    fn set_accepted_round(&mut self, ballot: Ballot) -> StorageResult<()> {
        self.carry_out(vec![StorageOp::SetAcceptedRound(ballot)])
    }

    fn get_accepted_round(&self) -> StorageResult<Option<Ballot>> {
        self.memory.get_accepted_round()
    }

    fn get_entries(&self, from: usize, to: usize) -> StorageResult<Vec<Command<U>>> {
        self.memory.get_entries(from, to)
    }

    fn get_log_len(&self) -> StorageResult<usize> {
        self.memory.get_log_len()
    }

    fn get_suffix(&self, from: usize) -> StorageResult<Vec<Command<U>>> {
        self.memory.get_suffix(from)
    }

    fn get_promise(&self) -> StorageResult<Option<Ballot>> {
        self.memory.get_promise()
    }

    fn set_stopsign(&mut self, sign: Option<StopSign>) -> StorageResult<()> {
        self.carry_out(vec![StorageOp::SetStopsign(sign)])
    }

    fn get_stopsign(&self) -> StorageResult<Option<StopSign>> {
        self.memory.get_stopsign()
    }

    fn trim(&mut self, index: usize) -> StorageResult<()> {
        self.carry_out(vec![StorageOp::Trim(index)])
    }

    fn set_compacted_idx(&mut self, index: usize) -> StorageResult<()> {
        self.carry_out(vec![StorageOp::SetCompactedIdx(index)])
    }

    fn get_compacted_idx(&self) -> StorageResult<usize> {
        self.memory.get_compacted_idx()
    }

    fn set_snapshot(&mut self, snapshot: Option<Snapshot<U>>) -> StorageResult<()> {
        self.carry_out(vec![StorageOp::SetSnapshot(snapshot)])
    }

    fn get_snapshot(&self) -> StorageResult<Option<Snapshot<U>>> {
        self.memory.get_snapshot()
    }
}
