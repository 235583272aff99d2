//! Which time it is that a tag goes over a link.

use crate::hash::fold;

/// How often each tag went over a link.
///
/// Exact for the first [`TAGS_MAX`](Self::TAGS_MAX) tags of a link. Then all are forgotten and counting starts again; from
/// there on the coarse time enters the decision too, so that a message which is retried for ever is not lost for ever.
#[derive(Clone, Default)]
pub(super) struct Tags {
    /// Open addressing by the tag's hash: 40 bits of it and a count of 24 bits; 0 is free.
    slots: Vec<u64>,
    used: usize,
    forgotten: bool,
}

pub(super) struct Counted {
    pub(super) occurrence: u32,
    pub(super) exact: bool,
}

impl Tags {
    /// How many tags are counted exactly. Two of these many share a 40-bit name with a chance of 1 in 10^6.
    pub(super) const TAGS_MAX: usize = 1024;
    const COUNT_BITS: u32 = 24;
    const COUNT_MAX: u64 = (1 << Self::COUNT_BITS) - 1;

    /// How often `tag` was counted before.
    #[inline]
    pub(super) fn count(&mut self, tag: u64) -> Counted {
        let hash = fold(tag ^ 0x2d35_8dcc_aa6c_78a5, 0x8bb8_4b93_962e_acc9) | 1 << 63;
        let name = hash >> Self::COUNT_BITS;
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = Self::place(name) & mask;
        loop {
            let slot = self.slots.get(at).copied().unwrap_or(0);
            if slot == 0 {
                return self.insert(name);
            }
            if slot >> Self::COUNT_BITS == name {
                let count = slot & Self::COUNT_MAX;
                self.slots[at] += u64::from(count < Self::COUNT_MAX);
                return Counted { occurrence: count as u32, exact: !self.forgotten };
            }
            at = (at + 1) & mask;
        }
    }

    /// Counts a tag for the first time; makes room first, or forgets all others.
    fn insert(&mut self, name: u64) -> Counted {
        if self.used * 2 >= self.slots.len() {
            self.grow();
        }
        let mask = self.slots.len() - 1;
        let mut at = Self::place(name) & mask;
        while self.slots[at] != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = name << Self::COUNT_BITS | 1;
        self.used += 1;
        Counted { occurrence: 0, exact: !self.forgotten }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        if self.used >= Self::TAGS_MAX {
            self.slots.fill(0);
            self.used = 0;
            self.forgotten = true;
            return;
        }
        let size = (self.slots.len() * 2).max(16);
        let old = std::mem::replace(&mut self.slots, vec![0; size]);
        for slot in old.into_iter().filter(|slot| *slot != 0) {
            let mut at = Self::place(slot >> Self::COUNT_BITS) & (size - 1);
            while self.slots[at] != 0 {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = slot;
        }
    }

    #[inline]
    fn place(name: u64) -> usize {
        name as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_exact_up_to_the_stated_number_of_tags() {
        let mut tags = Tags::default();
        for round in 0..3 {
            for tag in 0..Tags::TAGS_MAX as u64 {
                let counted = tags.count(tag);
                assert!(counted.exact);
                assert_eq!(counted.occurrence, round, "tag {tag}");
            }
        }
    }
}
