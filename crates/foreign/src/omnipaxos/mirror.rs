//! The log as the storage holds it, as if it had never been compacted, and what changes in it, as facts.

use omnipaxos::ballot_leader_election::Ballot;
use omnipaxos::storage::StorageOp;
use oracle::consensus::{Entry, LogFact, prefix};
use sim::content_hash;

use super::command::Command;
use super::usage::Usage;

/// The whole log, and the promise.
///
/// It concludes nothing: where the storage is told of a snapshot through 7 that holds two commands, the other five stand here
/// as [holes](Slot::Hole), for the checkers to find.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mirror {
    slots: Vec<Slot>,
    compacted: usize,
    term: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Slot {
    Command(u64),
    /// The log is said to be longer than what is known of it.
    Hole,
}

impl Mirror {
    /// The entries, from index 1 on.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> {
        (1..).zip(&self.slots).map(|(index, slot)| entry(index, *slot))
    }

    /// Takes in one operation, and adds what becomes true by it.
    pub(crate) fn take_in<U: Usage>(&mut self, operation: &StorageOp<Command<U>>, facts: &mut Vec<LogFact>) {
        match operation {
            StorageOp::AppendEntry(command) => self.replace(self.slots.len(), &slots([command.0]), facts),
            StorageOp::AppendEntries(commands) => self.replace(self.slots.len(), &slots(names(commands)), facts),
            StorageOp::AppendOnPrefix(from, commands) => self.replace(*from, &slots(names(commands)), facts),
            StorageOp::SetCompactedIdx(index) => {
                self.compacted = *index;
                if !U::COMPACTION.is_by_snapshot() {
                    // What is trimmed away its user has applied, and keeps what it came to.
                    let kept = self.entries().take(*index).map(|entry| entry.payload);
                    facts.push(LogFact::Snapshotted { index: *index as u64, prefix: prefix(kept) });
                }
            }
            StorageOp::SetSnapshot(Some(snapshot)) => self.snapshot(&snapshot.0, facts),
            StorageOp::SetPromise(ballot) => {
                // What the storage holds already is set again at every start.
                let term = term(*ballot);
                if term != self.term {
                    self.term = term;
                    facts.push(LogFact::Entered { term });
                }
            }
            StorageOp::SetDecidedIndex(_)
            | StorageOp::SetAcceptedRound(_)
            | StorageOp::Trim(_)
            | StorageOp::SetStopsign(_)
            | StorageOp::SetSnapshot(None) => {}
        }
    }

    /// A snapshot stands for what was compacted. What comes after it stays.
    fn snapshot(&mut self, names: &[u64], facts: &mut Vec<LogFact>) {
        let prefix = prefix(names.iter().map(content_hash));
        facts.push(LogFact::Snapshotted { index: self.compacted as u64, prefix });
        let mut slots = slots(names.iter().copied());
        slots.resize(self.compacted, Slot::Hole);
        slots.extend(self.slots.get(self.compacted..).unwrap_or_default());
        self.replace(0, &slots, facts);
    }

    /// From offset `from` on, the log is this. What stood there already stays.
    fn replace(&mut self, from: usize, slots: &[Slot], facts: &mut Vec<LogFact>) {
        let holes = from.saturating_sub(self.slots.len());
        let new: Vec<Slot> = std::iter::repeat_n(Slot::Hole, holes).chain(slots.iter().copied()).collect();
        let from = from - holes;
        let same = self.slots[from..].iter().zip(&new).take_while(|(old, new)| old == new).count();
        let (kept, new) = (from + same, &new[same..]);
        if kept < self.slots.len() {
            self.slots.truncate(kept);
            let from = kept as u64 + 1;
            facts.extend([LogFact::Truncated { from }, LogFact::DurablyTruncated { from }]);
        }
        for slot in new {
            self.slots.push(*slot);
            let entry = entry(self.slots.len() as u64, *slot);
            facts.extend([LogFact::Appended(entry), LogFact::Durable(entry)]);
        }
    }
}

fn names<U>(commands: &[Command<U>]) -> impl Iterator<Item = u64> {
    commands.iter().map(|command| command.0)
}

fn slots(names: impl IntoIterator<Item = u64>) -> Vec<Slot> {
    names.into_iter().map(Slot::Command).collect()
}

/// The entry of a command, as facts speak of it.
pub(crate) fn applied(index: u64, name: u64) -> Entry {
    entry(index, Slot::Command(name))
}

fn entry(index: u64, slot: Slot) -> Entry {
    let payload = match slot {
        Slot::Command(name) => content_hash(&name),
        Slot::Hole => content_hash("a hole"),
    };
    Entry { index, term: 0, payload }
}

/// A ballot as a number, in the same order, and to be read: ballot 7 of n2, of priority 3, is 7003002.
pub(crate) fn term(ballot: Ballot) -> u64 {
    let (priority, pid) = (u64::from(ballot.priority), ballot.pid);
    assert!(priority < 1_000 && pid < 1_000, "{ballot:?}");
    u64::from(ballot.n) * 1_000_000 + priority * 1_000 + pid
}

#[cfg(test)]
mod tests {
    use super::super::command::Snapshot;
    use super::super::usage::Snapshots;
    use super::*;

    fn commands(names: &[u64]) -> Vec<Command<Snapshots>> {
        names.iter().copied().map(Command::new).collect()
    }

    fn facts_of(mirror: &mut Mirror, operation: &StorageOp<Command<Snapshots>>) -> Vec<String> {
        let mut facts = Vec::new();
        mirror.take_in(operation, &mut facts);
        facts.iter().map(|fact| format!("{} {}", sim::Fact::label(fact), sim::Fact::subject(fact) & 0xff)).collect()
    }

    #[test]
    fn ballots_are_in_the_order_of_their_numbers() {
        let ballots = [Ballot::default(), Ballot::with(1, 1, 0, 5), Ballot::with(1, 1, 2, 1), Ballot::with(1, 2, 0, 3)];
        assert!(ballots.is_sorted());
        assert_eq!(ballots.map(term), [0, 1_000_005, 1_002_001, 2_000_003]);
    }

    #[test]
    fn what_is_written_again_stays_and_what_is_not_goes() {
        let mut mirror = Mirror::default();
        facts_of(&mut mirror, &StorageOp::AppendEntries(commands(&[1, 2, 3])));
        let same = facts_of(&mut mirror, &StorageOp::AppendOnPrefix(1, commands(&[2, 3])));
        assert_eq!(same, [] as [&str; 0]);
        let other = facts_of(&mut mirror, &StorageOp::AppendOnPrefix(1, commands(&[2, 4])));
        assert_eq!(other, ["truncated 3", "durably_truncated 3", "appended 3", "durable 3"]);
        let shorter = facts_of(&mut mirror, &StorageOp::AppendOnPrefix(1, commands(&[2])));
        assert_eq!(shorter, ["truncated 3", "durably_truncated 3"]);
    }

    #[test]
    fn what_is_appended_beyond_the_end_and_a_snapshot_that_is_too_short_leave_holes() {
        let mut mirror = Mirror::default();
        let appended = facts_of(&mut mirror, &StorageOp::AppendOnPrefix(1, commands(&[2, 3])));
        assert_eq!(appended.len(), 6);
        assert_eq!(mirror.slots, [Slot::Hole, Slot::Command(2), Slot::Command(3)]);
        // What is not known keeps its place: were it left out, all after it would be applied in another's.
        assert_eq!(mirror.entries().map(|entry| entry.index).collect::<Vec<_>>(), [1, 2, 3]);
        facts_of(&mut mirror, &StorageOp::SetCompactedIdx(2));
        facts_of(&mut mirror, &StorageOp::SetSnapshot(Some(Snapshot::new(vec![1, 2]))));
        assert_eq!(mirror.slots, [1, 2, 3].map(Slot::Command));
        let same = facts_of(&mut mirror, &StorageOp::SetSnapshot(Some(Snapshot::new(vec![1, 2]))));
        assert_eq!(same, ["snapshotted 2"]);
        facts_of(&mut mirror, &StorageOp::SetSnapshot(Some(Snapshot::new(vec![1]))));
        assert_eq!(mirror.slots, [Slot::Command(1), Slot::Hole, Slot::Command(3)]);
    }
}
