//! Who owns a key, by the least that can tell: what no ring of this scheme can do without, and nothing else.
//!
//! Positions under scheme `ring-v1` in order, the number of the node of each, and an index by their top bits. No check
//! of what it is given, no virtual node told from another, no change, no plan: other nodes are another floor. It trusts
//! SHA-1 that positions do not crowd.

use sha1::{Digest, Sha1};

/// The points of all nodes in order, with an index.
pub struct Floor {
    /// Behind the last, the end of the circle: no search needs another stop.
    positions: Vec<u64>,
    /// Whose each of them is; behind the last, the first one's.
    nodes: Vec<u32>,
    index: Index,
}

impl Floor {
    /// So many virtual nodes for each of these names, which are in ascending order.
    ///
    /// # Panics
    ///
    /// Without a point to own anything.
    pub fn new(names: &[String], vnodes: u32) -> Floor {
        let unsorted = points(names, vnodes);
        let index = Index::new(&unsorted);
        let sorted = index.sort(&unsorted);
        let mut positions: Vec<u64> = Vec::with_capacity(sorted.len() + 1);
        positions.extend(sorted.iter().map(|point| point.position));
        positions.push(u64::MAX);
        let mut nodes: Vec<u32> = Vec::with_capacity(sorted.len() + 1);
        nodes.extend(sorted.iter().map(|point| point.node));
        nodes.push(sorted[0].node);
        Floor { positions, nodes, index }
    }

    /// The number of the node that owns a key.
    #[inline]
    pub fn owner(&self, key: &[u8]) -> u32 {
        self.owner_at(position_of(key))
    }

    /// The number of the node that owns a position.
    #[inline]
    pub fn owner_at(&self, position: u64) -> u32 {
        let mut at = self.index.start(position);
        while self.positions[at] < position {
            at += 1;
        }
        self.nodes[at]
    }
}

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    position: u64,
    node: u32,
}

fn points(names: &[String], vnodes: u32) -> Vec<Point> {
    let mut points = Vec::with_capacity(names.len() * vnodes as usize);
    for (node, name) in (0..).zip(names) {
        let mut preimage =
            [b"ring-v1".as_slice(), &(name.len() as u16).to_be_bytes(), name.as_bytes(), &[0; 4]].concat();
        let number_at = preimage.len() - 4;
        points.extend((0..vnodes).map(|vnode| {
            preimage[number_at..].copy_from_slice(&vnode.to_be_bytes());
            Point { position: position_of(&preimage), node }
        }));
    }
    points
}

#[inline]
fn position_of(bytes: &[u8]) -> u64 {
    let hash: [u8; 20] = Sha1::digest(bytes).into();
    let (first, _) = hash.split_first_chunk().expect("20 bytes are at least 8");
    u64::from_be_bytes(*first)
}

/// For each value of a position's top bits, where the positions with that value begin: 1 to 2 buckets a position.
struct Index {
    shift: u32,
    starts: Vec<u32>,
}

impl Index {
    fn new(points: &[Point]) -> Index {
        let bucket_count = points.len().next_power_of_two().max(2);
        let mut index = Index { shift: u64::BITS - bucket_count.ilog2(), starts: vec![0; bucket_count + 1] };
        for point in points {
            index.starts[(point.position >> index.shift) as usize + 1] += 1;
        }
        let mut before_count = 0;
        for start in &mut index.starts {
            before_count += *start;
            *start = before_count;
        }
        index
    }

    #[inline]
    fn start(&self, position: u64) -> usize {
        self.starts[(position >> self.shift) as usize] as usize
    }

    /// Every point straight into its bucket, and then past the few of its bucket that come before it.
    fn sort(&self, points: &[Point]) -> Vec<Point> {
        let mut next = self.starts.clone();
        let mut sorted = vec![Point::default(); points.len()];
        for point in points {
            let next = &mut next[(point.position >> self.shift) as usize];
            sorted[*next as usize] = *point;
            *next += 1;
        }
        for end in 1..sorted.len() {
            let mut at = end;
            while at > 0 && sorted[at - 1] > sorted[at] {
                sorted.swap(at - 1, at);
                at -= 1;
            }
        }
        sorted
    }
}
