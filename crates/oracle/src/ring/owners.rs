//! Who owns what, as the plans have it: each epoch's owners are those of the one before, but for what its plan moves.
//!
//! This is what a node's own lookups are judged by: a ring that finds owners by one way and plans by another may err in
//! either, and shows it here.

use std::collections::BTreeMap;

use sim::NodeId;

use super::fact::Movement;
use super::range::Range;

/// The owners in one epoch: for the last position of each arc the owner of the arc.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owners(BTreeMap<u64, Option<NodeId>>);

impl Owners {
    /// The owner of what is at a position.
    pub(crate) fn at(&self, position: u64) -> Option<NodeId> {
        let following = self.0.range(position..).next().or_else(|| self.0.first_key_value());
        following.and_then(|(_, owner)| *owner)
    }

    /// An owner of a part of the range who is not `owner`; nobody is one too.
    fn other_than(&self, owner: Option<NodeId>, range: Range) -> Option<Option<NodeId>> {
        let mut arcs = range.intervals().flat_map(|(first, last)| self.0.range(first..=last));
        let other = arcs.find(|(_, other)| **other != owner).map(|(_, other)| *other);
        // What comes after the last end inside belongs to the arc that reaches beyond.
        other.or_else(|| (self.at(range.end) != owner).then(|| self.at(range.end)))
    }

    fn give(&mut self, range: Range, to: Option<NodeId>) {
        let before = self.at(range.start);
        for (first, last) in range.intervals() {
            let ends: Vec<u64> = self.0.range(first..=last).map(|(end, _)| *end).collect();
            for end in ends {
                self.0.remove(&end);
            }
        }
        if range.start != range.end {
            self.0.entry(range.start).or_insert(before);
        }
        self.0.insert(range.end, to);
    }
}

/// The owners in every epoch, as far as they are planned.
#[derive(Clone, Debug)]
pub(crate) struct Plans {
    /// By epoch; in epoch 0 nobody owns anything.
    epochs: Vec<Owners>,
}

impl Default for Plans {
    fn default() -> Plans {
        Plans { epochs: vec![Owners::default()] }
    }
}

/// Why a movement does not fit the owners of the epoch before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Misfit {
    /// This is who owns a part of the range.
    OwnedBy(Option<NodeId>),
    /// A part of the range is moved by another movement already.
    MovedTwice,
    /// It is of another epoch than this, the last one that began.
    OtherThan(u64),
}

impl Plans {
    /// An epoch begins, with the owners of the last. One that does not follow on the last is not begun.
    pub(crate) fn begin(&mut self, epoch: u64) {
        if epoch == self.epochs.len() as u64 {
            self.epochs.extend(self.epochs.last().cloned());
        }
    }

    /// Adds a movement to the plan of the last epoch.
    pub(crate) fn add(&mut self, movement: &Movement) -> Result<(), Misfit> {
        let Movement { epoch, range, from, to } = *movement;
        let last = self.epochs.len() as u64 - 1;
        let [.., before, owners] = self.epochs.as_mut_slice() else { return Err(Misfit::OtherThan(last)) };
        if epoch != last {
            return Err(Misfit::OtherThan(last));
        }
        if let Some(other) = before.other_than(from, range) {
            return Err(Misfit::OwnedBy(other));
        }
        if owners.other_than(from, range).is_some() {
            return Err(Misfit::MovedTwice);
        }
        owners.give(range, to);
        Ok(())
    }

    /// The owners in an epoch; `None` where it has not begun.
    pub(crate) fn owners(&self, epoch: u64) -> Option<&Owners> {
        self.epochs.get(usize::try_from(epoch).ok()?)
    }
}

/// `n2`, or `nobody`.
pub(crate) fn named(owner: Option<NodeId>) -> String {
    owner.map_or_else(|| "nobody".to_owned(), |node| node.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const N1: Option<NodeId> = Some(NodeId::node(1));
    const N2: Option<NodeId> = Some(NodeId::node(2));

    fn movement(epoch: u64, (start, end): (u64, u64), from: Option<NodeId>, to: Option<NodeId>) -> Movement {
        Movement { epoch, range: Range { start, end }, from, to }
    }

    fn of_two() -> Plans {
        let mut plans = Plans::default();
        plans.begin(1);
        plans.add(&movement(1, (u64::MAX, u64::MAX), None, N1)).expect("nobody owns anything");
        plans.begin(2);
        plans.add(&movement(2, (10, 20), N1, N2)).expect("n1 owns everything");
        plans.add(&movement(2, (u64::MAX - 1, 5), N1, N2)).expect("n1 owns that too");
        plans
    }

    #[test]
    fn an_epochs_owners_are_the_last_ones_but_for_its_plan() {
        let plans = of_two();
        let owners = |epoch, positions: &[u64]| {
            let owners = plans.owners(epoch).expect("it began");
            positions.iter().map(|position| owners.at(*position)).collect::<Vec<_>>()
        };
        assert_eq!(owners(0, &[0, 7]), [None, None]);
        assert_eq!(owners(1, &[0, 15, u64::MAX]), [N1, N1, N1]);
        assert_eq!(owners(2, &[10, 21, 6, u64::MAX - 1]), [N1, N1, N1, N1]);
        assert_eq!(owners(2, &[11, 20, u64::MAX, 0, 5]), [N2, N2, N2, N2, N2]);
    }

    #[test]
    fn what_somebody_else_owns_or_another_movement_takes_does_not_fit() {
        let mut plans = of_two();
        plans.begin(3);
        assert_eq!(plans.add(&movement(3, (10, 21), N2, N1)), Err(Misfit::OwnedBy(N1)));
        assert_eq!(plans.add(&movement(3, (9, 20), N2, N1)), Err(Misfit::OwnedBy(N1)));
        assert_eq!(plans.add(&movement(3, (11, 12), N1, N2)), Err(Misfit::OwnedBy(N2)));
        assert_eq!(plans.add(&movement(3, (10, 20), N2, N1)), Ok(()));
        assert_eq!(plans.add(&movement(3, (19, 20), N2, None)), Err(Misfit::MovedTwice));
        assert_eq!(plans.add(&movement(3, (3, 3), N1, None)), Err(Misfit::OwnedBy(N2)));
    }
}
