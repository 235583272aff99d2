//! What each node holds, as the facts say it.

use std::collections::BTreeMap;

use sim::NodeId;

use super::fact::Item;
use super::range::Range;

/// The keys that each node holds, in the order of nodes, positions, keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holdings(BTreeMap<(NodeId, u64, u64), u64>);

impl Holdings {
    pub(crate) fn put(&mut self, node: NodeId, item: &Item) {
        self.0.insert((node, item.position, item.key), item.version);
    }

    /// The version at which a node holds a key.
    pub(crate) fn version(&self, node: NodeId, item: &Item) -> Option<u64> {
        self.0.get(&(node, item.position, item.key)).copied()
    }

    /// What a node holds of a range.
    pub(crate) fn within(&self, node: NodeId, range: Range) -> impl Iterator<Item = Item> {
        let of = move |(first, last)| (node, first, 0)..=(node, last, u64::MAX);
        let held = range.intervals().flat_map(move |interval| self.0.range(of(interval)));
        held.map(|((_, position, key), version)| Item { position: *position, key: *key, version: *version })
    }

    /// Takes away and gives what a node holds of a range.
    pub(crate) fn take(&mut self, node: NodeId, range: Range) -> Vec<Item> {
        let taken: Vec<Item> = self.within(node, range).collect();
        for item in &taken {
            self.0.remove(&(node, item.position, item.key));
        }
        taken
    }
}

/// All there is.
pub(crate) const CIRCLE: Range = Range { start: u64::MAX, end: u64::MAX };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_taken_from_one_node_across_the_seam() {
        let (one, other) = (NodeId::node(1), NodeId::node(2));
        let item = |position| Item { position, key: position, version: 1 };
        let mut holdings = Holdings::default();
        for position in [0, 5, 6, 9, u64::MAX] {
            holdings.put(one, &item(position));
            holdings.put(other, &item(position));
        }
        assert_eq!(holdings.take(one, Range { start: 6, end: 5 }), [0, 5, 9, u64::MAX].map(item));
        assert_eq!(holdings.within(one, CIRCLE).collect::<Vec<_>>(), [item(6)]);
        assert_eq!(holdings.within(other, CIRCLE).count(), 5);
        assert_eq!(holdings.version(one, &item(5)), None);
    }
}
