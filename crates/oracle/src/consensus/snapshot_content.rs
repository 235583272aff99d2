//! A snapshot holds what was applied through its index, all of it and nothing else (dissertation §5.1).

use std::collections::BTreeMap;

use sim::{Checker, Flaw, Judgement, Observed, Witness, content_hash};

use super::fact::{Entry, LogFact, Replicated, log_fact, subject};

/// What a snapshot says was applied through its index is what state machines applied, whoever made it and of whatever parts.
///
/// A snapshot that nobody has applied as far as it goes is judged when somebody has.
#[derive(Clone, Debug, Default)]
pub struct SnapshotContent {
    /// What was first applied through each index.
    ledger: Vec<(u64, Witness)>,
    /// Snapshots beyond the ledger.
    ahead: BTreeMap<u64, Vec<(u64, Witness)>>,
}

/// What was applied, in the order of indices, as one number: how facts tell one snapshot from another.
pub fn prefix(payloads: impl IntoIterator<Item = u64>) -> u64 {
    payloads.into_iter().fold(0, after)
}

fn after(prefix: u64, payload: u64) -> u64 {
    content_hash(&(prefix, payload))
}

impl<P: Replicated> Checker<P> for SnapshotContent {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        match log_fact(observed) {
            Some(LogFact::Applied(entry)) => self.apply(entry, observed.witness(entry.subject())),
            Some(LogFact::Snapshotted { index, prefix }) => {
                self.hold(*index, *prefix, observed.witness(subject(*index)))
            }
            _ => Judgement::Irrelevant,
        }
    }
}

impl SnapshotContent {
    fn apply(&mut self, entry: &Entry, here: Witness) -> Judgement {
        let (through, before) = (self.ledger.len() as u64, self.ledger.last().map_or(0, |(prefix, _)| *prefix));
        if entry.index != through + 1 {
            return Judgement::Irrelevant;
        }
        let prefix = after(before, entry.payload);
        self.ledger.push((prefix, here));
        let waiting = self.ahead.remove(&entry.index).unwrap_or_default();
        match waiting.iter().find(|(other, _)| *other != prefix) {
            Some((_, snapshot)) => Judgement::Violated(Box::new(flaw(entry.index, *snapshot, here))),
            None if waiting.is_empty() => Judgement::Irrelevant,
            None => Judgement::Holds,
        }
    }

    fn hold(&mut self, index: u64, prefix: u64, here: Witness) -> Judgement {
        let applied = usize::try_from(index.wrapping_sub(1)).ok().and_then(|at| self.ledger.get(at));
        match applied {
            Some((applied, there)) => Judgement::holds_if(*applied == prefix, || flaw(index, here, *there)),
            None if index == 0 => Judgement::Irrelevant,
            None => {
                self.ahead.entry(index).or_default().push((prefix, here));
                Judgement::Irrelevant
            }
        }
    }
}

fn flaw(index: u64, snapshot: Witness, applied: Witness) -> Flaw {
    let mut witnesses = vec![snapshot, applied];
    witnesses.sort_by_key(|witness| witness.event);
    Flaw {
        explanation: format!(
            "{} holds a snapshot through entry {index} since {} that is not what {} applied through it at {}",
            snapshot.node, snapshot.time, applied.node, applied.time
        ),
        witnesses,
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn what_was_applied_may_be_held_instead_before_and_after() {
        let history = "n1 applies 0/1 a
            n2 snapshot 2 a b
            n1 applies 0/2 b
            n1 snapshot 1 a
            n3 snapshot 2 a b";
        accepts(SnapshotContent::default(), history);
    }

    #[test]
    fn a_snapshot_that_lacks_an_entry_or_has_another_is_refused() {
        let lacks = "n2 holds a snapshot through entry 2 since 0.003s that is not what n1 applied through it at 0.002s";
        let history = "n1 applies 0/1 a\nn1 applies 0/2 b\nn2 snapshot 2 b";
        refuses(SnapshotContent::default(), history, lacks);
        let early = "n2 holds a snapshot through entry 2 since 0.001s that is not what n1 applied through it at 0.003s";
        let history = "n2 snapshot 2 b a\nn1 applies 0/1 a\nn1 applies 0/2 b";
        refuses(SnapshotContent::default(), history, early);
    }
}
