//! Which writes are under way, and what will be durable once they are done.
//!
//! A completion names a write, never an index. Why an index will not do:
//!
//! 1. n2 appends index 5 of term 1; write w1 is under way.
//! 2. A new leader replaces the entry: w2 truncates from 5 and appends index 5 of term 2.
//! 3. w1 completes. "Index 5 is durable" would now vouch for the entry of term 2, which a power loss
//!    can still take. The leader counts it, commits, and n2 restarts without it.
//!
//! So every write under way remembers how much of the *current* log it makes durable, and a
//! truncation lowers that for all of them.

use std::collections::VecDeque;

use crate::digest::Digest;
use crate::id::{Index, WriteId};

#[derive(Clone, Debug)]
pub(crate) struct Durability {
    /// The id that the next write will have.
    next: WriteId,
    /// In order of id; what they cover never decreases.
    under_way: VecDeque<UnderWay>,
    /// The current log is durable through this index.
    durable: Index,
    /// The write that makes the current hard state durable; `None` once it is.
    hard_state: Option<WriteId>,
}

#[derive(Clone, Copy, Debug)]
struct UnderWay {
    write: WriteId,
    /// Once this write and those before it are done, the current log is durable through here.
    covers: Index,
}

impl Durability {
    /// Everything recovered is durable.
    pub(crate) fn new(recovered: Index) -> Self {
        Self { next: WriteId(1), under_way: VecDeque::new(), durable: recovered, hard_state: None }
    }

    /// The current log is durable through this index.
    pub(crate) fn durable_index(&self) -> Index {
        self.durable
    }

    /// The write to wait for before anyone may learn of the current term or vote.
    pub(crate) fn hard_state_wait(&self) -> Option<WriteId> {
        self.hard_state
    }

    /// The write to wait for before anyone may learn that we hold the log through `index`.
    pub(crate) fn log_wait(&self, index: Index) -> Option<WriteId> {
        if index <= self.durable {
            return None;
        }
        let position = self.under_way.partition_point(|write| write.covers < index);
        let write = self.under_way.get(position);
        Some(write.expect("invariant: what is in the log is durable or being written").write)
    }

    /// A write begins; `last` is the last index of the log as it stands.
    pub(crate) fn begin(&mut self, last: Index) -> WriteId {
        let write = self.next;
        self.next = WriteId(write.0.checked_add(1).expect("invariant: fewer than 2^64 writes"));
        self.under_way.push_back(UnderWay { write, covers: last });
        write
    }

    /// The newest write, not yet handed over, now appends through `last`.
    pub(crate) fn extend(&mut self, last: Index) {
        let newest = self.under_way.back_mut().expect("invariant: a write was begun");
        newest.covers = last;
    }

    /// The newest write, not yet handed over, now carries the hard state.
    pub(crate) fn carry_hard_state(&mut self) {
        let newest = self.under_way.back().expect("invariant: a write was begun");
        self.hard_state = Some(newest.write);
    }

    /// The log now ends before `from`: no earlier write vouches for what comes there next.
    pub(crate) fn truncate(&mut self, from: Index) {
        let last_kept = from.previous();
        self.durable = self.durable.min(last_kept);
        for write in &mut self.under_way {
            write.covers = write.covers.min(last_kept);
        }
    }

    /// `write` is durable, and with it all earlier ones. Told twice, or after a later one, it is no news.
    pub(crate) fn complete(&mut self, write: WriteId) {
        assert!(write < self.next, "the host reported {write} durable, which was never handed to it");
        while let Some(done) = self.under_way.pop_front_if(|oldest| oldest.write <= write) {
            assert!(done.covers >= self.durable, "invariant: a later write covers no less");
            self.durable = done.covers;
        }
        self.hard_state = self.hard_state.filter(|pending| *pending > write);
    }

    /// Ids count from the next one back: how many writes there were before is no state.
    pub(crate) fn digest(&self, digest: &mut Digest) {
        let Self { next, under_way, durable, hard_state } = self;
        let age = |write: WriteId| next.0 - write.0;
        digest.word(durable.0);
        digest.option(hard_state.map(age));
        digest.count(under_way.len());
        for UnderWay { write, covers } in under_way {
            digest.word(age(*write));
            digest.word(covers.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_completion_does_not_vouch_for_what_replaced_its_entries() {
        let mut durability = Durability::new(Index(4));
        let old = durability.begin(Index(4));
        durability.extend(Index(8));

        durability.truncate(Index(6));
        let new = durability.begin(Index(5));
        durability.extend(Index(7));

        assert_eq!(durability.log_wait(Index(5)), Some(old));
        assert_eq!(durability.log_wait(Index(6)), Some(new));
        durability.complete(old);
        assert_eq!(durability.durable_index(), Index(5));
        assert_eq!(durability.log_wait(Index(7)), Some(new));
        durability.complete(new);
        assert_eq!(durability.durable_index(), Index(7));
        assert_eq!(durability.log_wait(Index(7)), None);
    }

    #[test]
    fn a_truncation_of_durable_entries_takes_their_durability_back() {
        let mut durability = Durability::new(Index(8));
        durability.truncate(Index(6));
        let write = durability.begin(Index(5));
        durability.extend(Index(8));
        assert_eq!(durability.durable_index(), Index(5));
        assert_eq!(durability.log_wait(Index(8)), Some(write));
    }

    #[test]
    fn one_completion_speaks_for_all_earlier_writes() {
        let mut durability = Durability::new(Index::ZERO);
        let first = durability.begin(Index::ZERO);
        durability.carry_hard_state();
        let second = durability.begin(Index::ZERO);
        durability.extend(Index(3));
        assert_eq!(durability.hard_state_wait(), Some(first));

        durability.complete(second);
        assert_eq!(durability.hard_state_wait(), None);
        assert_eq!(durability.durable_index(), Index(3));
        durability.complete(first);
        assert_eq!(durability.durable_index(), Index(3), "late news is no news");
    }

    #[test]
    fn an_older_hard_state_completing_does_not_vouch_for_the_newer() {
        let mut durability = Durability::new(Index::ZERO);
        let older = durability.begin(Index::ZERO);
        durability.carry_hard_state();
        let newer = durability.begin(Index::ZERO);
        durability.carry_hard_state();
        durability.complete(older);
        assert_eq!(durability.hard_state_wait(), Some(newer));
    }

    #[test]
    #[should_panic(expected = "the host reported w1 durable, which was never handed to it")]
    fn a_completion_of_no_write_of_ours_is_refused() {
        Durability::new(Index::ZERO).complete(WriteId(1));
    }
}
