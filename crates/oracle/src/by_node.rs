//! Something for each node.

use sim::NodeId;

/// Something for each node; few enough that a list in the order of first appearance beats a map.
#[derive(Clone, Debug)]
pub(crate) struct ByNode<T>(Vec<(NodeId, T)>);

impl<T> Default for ByNode<T> {
    fn default() -> ByNode<T> {
        ByNode(Vec::new())
    }
}

impl<T: Default> ByNode<T> {
    #[inline]
    pub(crate) fn get_mut(&mut self, node: NodeId) -> &mut T {
        let known = self.0.iter().position(|(known, _)| *known == node);
        let at = known.unwrap_or_else(|| self.add(node));
        &mut self.0[at].1
    }

    #[cold]
    fn add(&mut self, node: NodeId) -> usize {
        self.0.push((node, T::default()));
        self.0.len() - 1
    }

    pub(crate) fn get(&self, node: NodeId) -> Option<&T> {
        self.0.iter().find(|(known, _)| *known == node).map(|(_, value)| value)
    }
}
