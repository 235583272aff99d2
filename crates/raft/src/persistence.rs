//! The only places where durable state changes: in memory, in the write of this step, and in what
//! that write will make durable, all three together.

use crate::effects::Effects;
use crate::entry::{Entry, Payload};
use crate::id::{Index, Position};
use crate::raft::Raft;
use crate::record::{HardState, Record};

impl Raft {
    pub(crate) fn set_hard_state(&mut self, hard_state: HardState, effects: &mut Effects) {
        let HardState { term, voted_for } = self.hard_state;
        let is_later = hard_state.term > term;
        let casts_the_vote = hard_state.term == term && voted_for.is_none();
        assert!(is_later || casts_the_vote, "invariant: a term never goes back, a vote is cast once");
        self.hard_state = hard_state;
        self.record(Record::HardState(hard_state), effects);
        self.durability.carry_hard_state();
    }

    /// Appends an entry of this leader's own term.
    pub(crate) fn append_own(&mut self, payload: Payload, effects: &mut Effects) -> Position {
        let index = self.log.last().index.next();
        let entry = Entry { term: self.term(), index, payload };
        let position = entry.position();
        self.append(entry, effects);
        position
    }

    pub(crate) fn append(&mut self, entry: Entry, effects: &mut Effects) {
        self.log.append(entry.clone());
        self.record(Record::Append(entry), effects);
        self.durability.extend(self.log.last().index);
    }

    pub(crate) fn truncate(&mut self, from: Index, effects: &mut Effects) {
        let commit = self.commit;
        assert!(from > commit, "invariant: what is committed through {commit} is not truncated from {from}");
        self.log.truncate(from);
        self.durability.truncate(from);
        self.record(Record::Truncate { from }, effects);
    }

    fn record(&mut self, record: Record, effects: &mut Effects) {
        if effects.write().is_none() {
            effects.begin_write(self.durability.begin(self.log.last().index));
        }
        effects.push_record(record);
    }
}
