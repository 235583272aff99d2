//! What is committed by what is on the disks, whatever anybody says.

use std::collections::{BTreeMap, VecDeque};

use sim::{NodeId, Observed, What, Witness};

use super::chain::{ByPosition, Chain, Link};
use super::fact::{Entry, LogFact, Replicated, log_fact, quorum};

/// What is committed.
///
/// An entry is committed once a quorum of voters has it on disk, each of which held it while it was in the very term of
/// the entry: a voter that votes later does so in a later term, and compares its log, this entry included, with the
/// candidate's. With it everything before it is committed.
///
/// That an entry is on a quorum of disks is not enough. Those who got it in a later term may be outvoted by a log that
/// ends in a term between the two (Raft figure 8).
#[derive(Clone, Debug)]
pub(crate) struct Commitment {
    voters: Vec<Voter>,
    /// For each position, which voters, as bits, have it on disk and held it in its own term.
    support: ByPosition<u64>,
    /// The furthest that each term committed.
    terms: BTreeMap<u64, Committed>,
    through: u64,
}

/// An entry that is committed with all before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Committed {
    pub(crate) index: u64,
    pub(crate) prefix: u64,
    /// Where its quorum was completed.
    pub(crate) witness: Witness,
}

#[derive(Clone, Debug)]
struct Voter {
    id: NodeId,
    term: u64,
    /// Where it entered its term.
    entered: Option<Witness>,
    /// What its disk holds, in order.
    disk: Vec<Stored>,
    /// The same as a chain, for the hashes of prefixes.
    log: Chain,
    /// For each entry that memory has and the disk will have, in order: whether it came in its own term.
    under_way: VecDeque<bool>,
    /// What the disk held before the present life, until it is known what that makes of it.
    before: Vec<Stored>,
}

/// An entry on disk, and whether its voter held it in the entry's own term.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stored {
    link: Link,
    in_own_term: bool,
    /// Where it was stored, or read back.
    witness: Witness,
}

impl Commitment {
    /// Of a cluster in which these vote.
    pub(crate) fn new(voters: &[NodeId]) -> Commitment {
        assert!(voters.len() <= 64, "at most 64 voters, for a bit each");
        let voter = |id: &NodeId| Voter {
            id: *id,
            term: 0,
            entered: None,
            disk: Vec::new(),
            log: Chain::default(),
            under_way: VecDeque::new(),
            before: Vec::new(),
        };
        Commitment {
            voters: voters.iter().map(voter).collect(),
            support: ByPosition::default(),
            terms: BTreeMap::new(),
            through: 0,
        }
    }

    /// Everything through this index is committed.
    pub(crate) fn through(&self) -> u64 {
        self.through
    }

    /// The furthest that was committed in a term before `term`.
    pub(crate) fn before(&self, term: u64) -> Option<Committed> {
        self.terms.range(..term).map(|(_, committed)| *committed).max_by_key(|committed| committed.index)
    }

    /// Who holds something at this index that it did not hold in that entry's own term: where it entered its present one,
    /// and where it got it.
    pub(crate) fn late(&self, index: u64) -> impl Iterator<Item = Witness> {
        let at = usize::try_from(index).unwrap_or(usize::MAX).wrapping_sub(1);
        let stored = self.voters.iter().filter_map(move |voter| Some((voter, voter.disk.get(at)?)));
        let late = stored.filter(|(_, stored)| !stored.in_own_term);
        late.flat_map(|(voter, stored)| voter.entered.into_iter().chain([stored.witness]))
    }

    #[inline(always)]
    pub(crate) fn observe<P: Replicated>(&mut self, observed: &Observed<'_, P>) {
        // Half of all that is said, and it says nothing of a disk.
        let of_no_disk =
            |fact| matches!(fact, &(LogFact::Applied(_) | LogFact::Committed { .. } | LogFact::Matched { .. }));
        if !log_fact(observed).is_some_and(of_no_disk) {
            self.take_in(observed);
        }
    }

    fn take_in<P: Replicated>(&mut self, observed: &Observed<'_, P>) {
        let Some(slot) = self.voters.iter().position(|voter| voter.id == observed.node) else { return };
        let voter = &mut self.voters[slot];
        match observed.what {
            What::Crashed => voter.under_way.clear(),
            What::Booted => voter.boot(),
            _ => {}
        }
        match log_fact(observed) {
            Some(LogFact::Entered { term }) => {
                (voter.term, voter.entered) = (*term, Some(observed.witness(*term)));
            }
            Some(LogFact::Appended(entry)) => voter.under_way.push_back(entry.term == voter.term),
            Some(LogFact::Durable(entry)) => {
                let in_own_term = voter.under_way.pop_front().unwrap_or(false);
                self.store(slot, entry, in_own_term, observed.witness(entry.subject()));
            }
            Some(LogFact::DurablyTruncated { from }) => self.truncate(slot, *from),
            Some(LogFact::Recovered(entry)) => voter.recover(entry, observed.witness(entry.subject())),
            Some(LogFact::Restarted { term, .. }) => self.restart(slot, *term, observed),
            _ => {}
        }
    }

    fn store(&mut self, slot: usize, entry: &Entry, in_own_term: bool, witness: Witness) {
        let voter = &mut self.voters[slot];
        let Some(link) = voter.log.append(entry) else { return };
        voter.disk.push(Stored { link, in_own_term, witness });
        if in_own_term {
            self.add_support(slot, entry.index, link, witness);
        }
    }

    fn truncate(&mut self, slot: usize, from: u64) {
        let voter = &mut self.voters[slot];
        voter.log.truncate(from);
        let kept = voter.log.last() as usize;
        let gone = voter.disk.split_off(kept);
        self.drop_support(slot, kept, &gone);
    }

    /// The present life has read its log: what it lacks of what the disk held no longer counts, and what it holds of its
    /// present term it acknowledges as well as any other.
    fn restart(&mut self, slot: usize, term: u64, observed: &Observed<'_, impl Replicated>) {
        let voter = &mut self.voters[slot];
        voter.term = term;
        let before = std::mem::take(&mut voter.before);
        let same = before.iter().zip(&voter.disk).take_while(|(before, now)| before.link == now.link).count();
        for (before, now) in before.iter().zip(&mut voter.disk).take(same) {
            now.in_own_term |= before.in_own_term;
        }
        self.drop_support(slot, same, &before[same..]);
        let held = self.voters[slot].disk.len();
        let of_term = self.voters[slot].disk.iter().rev().take_while(|stored| stored.link.term == term).count();
        for at in held - of_term..held {
            let stored = &mut self.voters[slot].disk[at];
            stored.in_own_term = true;
            let (index, link) = (at as u64 + 1, stored.link);
            self.add_support(slot, index, link, observed.witness(term));
        }
    }

    fn add_support(&mut self, slot: usize, index: u64, link: Link, witness: Witness) {
        let needed = quorum(self.voters.len());
        let support = self.support.get_or_insert_with(index, link.term, || 0);
        *support |= 1 << slot;
        if support.count_ones() as usize >= needed {
            let committed = Committed { index, prefix: link.prefix, witness };
            let of_term = self.terms.entry(link.term).or_insert(committed);
            if of_term.index < index {
                *of_term = committed;
            }
            self.through = self.through.max(index);
        }
    }

    /// The voter no longer has these entries, which came after the first `kept`.
    fn drop_support(&mut self, slot: usize, kept: usize, gone: &[Stored]) {
        for (stored, index) in gone.iter().zip(kept as u64 + 1..) {
            *self.support.get_or_insert_with(index, stored.link.term, || 0) &= !(1 << slot);
        }
    }
}

impl Voter {
    fn boot(&mut self) {
        self.under_way.clear();
        self.log.clear();
        let read = std::mem::take(&mut self.disk);
        // Where the life before did not come to its restart, it read a part at most of what counts.
        if self.before.is_empty() {
            self.before = read;
        }
    }

    fn recover(&mut self, entry: &Entry, witness: Witness) {
        if let Some(link) = self.log.append(entry) {
            self.disk.push(Stored { link, in_own_term: false, witness });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{Told, tell};
    use super::*;

    /// Tells a history about n1, n2, n3, and how far it commits after each line.
    fn committed(history: &str) -> Vec<u64> {
        #[derive(Clone)]
        struct Watch(Commitment, Vec<u64>);
        impl sim::Checker<Told> for Watch {
            fn observe(&mut self, observed: &Observed<'_, Told>) -> sim::Judgement {
                self.0.observe(observed);
                self.1.push(self.0.through());
                sim::Judgement::Irrelevant
            }
        }
        let mut watch = Watch(Commitment::new(&[1, 2, 3].map(NodeId::node)), Vec::new());
        tell(&mut watch, history).expect("nothing is judged here");
        watch.1
    }

    #[test]
    fn a_quorum_of_disks_commits() {
        assert_eq!(
            committed("n1 n2 enters 1\nn1 n2 appends 1/1 a\nn1 durable 1/1 a\nn2 durable 1/1 a").last(),
            Some(&1)
        );
        assert_eq!(committed("n1 n2 enters 1\nn1 n2 appends 1/1 a\nn1 durable 1/1 a").last(), Some(&0));
    }

    /// Raft figure 8: n2 gets the entry of term 2 in term 4, and the quorum of disks commits nothing; an entry of term 4
    /// does, and the old one with it.
    #[test]
    fn an_entry_of_an_older_term_is_committed_by_one_of_the_present() {
        let history = "n1 enters 2
            n1 appends 2/1 a
            n1 durable 2/1 a
            n1 n2 enters 4
            n2 appends 2/1 a
            n2 durable 2/1 a
            n1 n2 appends 4/2 b
            n1 durable 4/2 b
            n2 durable 4/2 b";
        assert_eq!(committed(history), [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    }

    #[test]
    fn who_forgets_no_longer_counts() {
        let history = "n1 n2 n3 enters 1
            n1 n2 n3 appends 1/1 a
            n1 durable 1/1 a
            n1 crashes
            n1 boots
            n1 restarted 1
            n2 durable 1/1 a
            n3 durable 1/1 a";
        assert_eq!(committed(history)[6..], [0, 0, 0, 0, 0, 1]);
    }

    #[test]
    fn who_forgets_no_longer_counts_though_a_life_before_read_nothing() {
        let history = "n1 n2 enters 1
            n1 n2 appends 1/1 a
            n2 durable 1/1 a
            n2 boots
            n2 boots
            n2 restarted 1
            n1 durable 1/1 a";
        assert_eq!(committed(history).last(), Some(&0));
    }

    /// What a life reads back of its present term it will acknowledge, though nobody knew that the disk had kept it.
    #[test]
    fn what_a_restart_finds_of_its_own_term_counts() {
        let history = "n1 n2 enters 1
            n1 n2 appends 1/1 a
            n1 durable 1/1 a
            n2 crashes
            n2 boots
            n2 recovered 1/1 a
            n2 restarted 1";
        assert_eq!(committed(history).last(), Some(&1));
        assert_eq!(committed(&history.replace("restarted 1", "restarted 2")).last(), Some(&0));
    }

    #[test]
    fn what_is_under_way_at_a_crash_is_never_durable() {
        let history = "n1 n2 enters 1
            n1 n2 appends 1/1 a
            n2 crashes
            n2 boots
            n2 restarted 1
            n2 enters 2
            n2 appends 1/1 a
            n1 durable 1/1 a
            n2 durable 1/1 a";
        assert_eq!(committed(history).last(), Some(&0), "n2 got it in term 2");
    }
}
