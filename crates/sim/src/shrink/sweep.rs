//! Which edits are tried together: half of them, then smaller groups, then each alone. A sweep in which none of those alone
//! goes any more shows that the case is minimal in what the edits take away.

/// How a list of edits is gone through. It holds positions alone; the edits are its owner's.
#[derive(Clone, Debug)]
pub(super) struct Sweep {
    /// The positions that are left, each an edit that was not applied.
    left: Vec<usize>,
    /// How many are tried at once.
    size: usize,
    /// Where in `left` the group begins.
    at: usize,
}

impl Sweep {
    /// Groups of so many edits, halves first.
    pub(super) fn in_groups(edits: usize) -> Sweep {
        Sweep { left: (0..edits).collect(), size: edits.div_ceil(2).max(1), at: 0 }
    }

    /// Each edit alone.
    pub(super) fn one_by_one(edits: usize) -> Sweep {
        Sweep { left: (0..edits).collect(), size: 1, at: 0 }
    }

    /// The edits to try next; nothing where the sweep is over.
    pub(super) fn group(&self) -> Option<&[usize]> {
        let end = (self.at + self.size).min(self.left.len());
        (self.at < end).then(|| &self.left[self.at..end])
    }

    /// Whether each edit is tried alone now, and how many are left.
    pub(super) fn singles(&self) -> Option<usize> {
        (self.size == 1).then_some(self.left.len())
    }

    /// The group was applied.
    pub(super) fn apply(&mut self) {
        let end = (self.at + self.size).min(self.left.len());
        self.left.drain(self.at..end);
        self.turn();
    }

    /// The group was not applied.
    pub(super) fn pass_by(&mut self) {
        self.at += self.size;
        self.turn();
    }

    /// Begins again with smaller groups where the list was gone through.
    fn turn(&mut self) {
        if self.at >= self.left.len() && self.size > 1 {
            self.size = self.size.div_ceil(2).min(self.left.len()).max(1);
            self.at = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The groups that are tried where only these edits can be applied.
    fn tried(edits: usize, apply: impl Fn(&[usize]) -> bool) -> Vec<Vec<usize>> {
        let (mut sweep, mut tried) = (Sweep::in_groups(edits), Vec::new());
        while let Some(group) = sweep.group() {
            let applies = apply(group);
            tried.push(group.to_vec());
            if applies { sweep.apply() } else { sweep.pass_by() }
        }
        tried
    }

    #[test]
    fn halves_then_quarters_then_each_alone() {
        let all = [vec![0, 1], vec![2, 3], vec![0], vec![1], vec![2], vec![3]];
        assert_eq!(tried(4, |_| false), all);
    }

    #[test]
    fn what_was_applied_is_not_tried_again() {
        assert_eq!(tried(4, |group| !group.contains(&1)), [vec![0, 1], vec![2, 3], vec![0], vec![1]]);
        assert_eq!(tried(4, |_| true), [vec![0, 1], vec![2, 3]]);
        assert!(tried(0, |_| true).is_empty());
    }
}
