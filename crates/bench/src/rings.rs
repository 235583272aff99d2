//! Our ring beside the floor: look-ups, construction, a join; and how evenly it spreads what it is given.

use std::hint::black_box;

use ring::{Member, NodeId, Ring};

use crate::ring_floor::Floor;
use crate::suite::{Effort, Report, Row, Spread};
use crate::turns::{Round, in_turns, median, unit_ns};

/// How many virtual nodes each node has.
pub const VNODES: u32 = 150;

/// Numbers of nodes.
const NODES: [u32; 3] = [10, 100, 1_000];
/// How much slower than the floor a look-up may be: the ring answers with a name, and for crowded tokens too.
const LOOK_UP_GOAL: f64 = 1.25;
/// How much slower than the floor construction may be: the ring sorts and checks its members, and shares them.
const BUILD_GOAL: f64 = 1.5;

/// The rows of the ring, and its spread.
///
/// # Panics
///
/// Where the ring and the floor do not agree who owns a key.
pub(crate) fn measure(effort: Effort) -> Report {
    let keys = keys(effort.events);
    let pairs = NODES.map(Pair::new);
    let mut report = Report::default();
    for pair in &pairs {
        let loads = pair.loads(&keys);
        report.spreads.push(pair.spread(&keys, &loads));
        report.rows.push(pair.look_up_row(&keys, effort.rounds));
    }
    let [.., largest] = &pairs;
    report.rows.push(largest.build_row(effort.rounds));
    report.rows.push(largest.join_row(effort.rounds));
    report
}

/// One set of nodes, under both.
struct Pair {
    names: Vec<String>,
    ring: Ring,
    floor: Floor,
}

impl Pair {
    fn new(node_count: u32) -> Pair {
        let names: Vec<String> = (0..node_count).map(name).collect();
        Pair { ring: ring_of(&names), floor: Floor::new(&names, VNODES), names }
    }

    fn node_count(&self) -> u32 {
        self.names.len() as u32
    }

    /// How many of the keys each node owns, according to both.
    fn loads(&self, keys: &[Key]) -> Vec<u64> {
        let mut loads = vec![0; self.names.len()];
        for key in keys {
            let node = self.floor.owner(key) as usize;
            let (ours, floors) = (self.ring.owner(key), &self.names[node]);
            let agree = ours.is_some_and(|ours| ours.as_bytes() == floors.as_bytes());
            assert!(agree, "the ring and the floor differ on {}: {ours:?}, {floors:?}", key.escape_ascii());
            loads[node] += 1;
        }
        loads
    }

    fn spread(&self, keys: &[Key], loads: &[u64]) -> Spread {
        let node_count = self.node_count();
        let joining = node_id(&name(node_count));
        let grown = self.ring.with_node(joining.clone(), VNODES).expect("it is none of the nodes");
        let after = keys.iter().map(|key| (self.ring.owner(key), grown.owner(key)));
        let gained: Vec<_> = after.filter(|(before, after)| before != after).map(|(_, after)| after).collect();
        let mean = keys.len() as f64 / f64::from(node_count);
        let fair_share = keys.len() as f64 / f64::from(node_count + 1);
        Spread {
            nodes: node_count,
            keys: keys.len() as u64,
            max_over_mean: loads.iter().copied().max().unwrap_or(0) as f64 / mean,
            moved_over_fair: gained.len() as f64 / fair_share,
            moved_elsewhere: gained.iter().filter(|after| **after != Some(&joining)).count() as u64,
        }
    }

    fn look_up_row(&self, keys: &[Key], rounds: u32) -> Row {
        let units = keys.len() as u64;
        let medians = in_turns(rounds, || Round {
            floor_ns: unit_ns(units, || ask_all(keys, |key| self.floor.owner(key))),
            ours_ns: unit_ns(units, || ask_all(keys, |key| self.ring.owner(key))),
        });
        Row::beside("ring look-up", self.node_count(), medians, LOOK_UP_GOAL)
    }

    fn build_row(&self, rounds: u32) -> Row {
        let medians = in_turns(rounds, || Round {
            floor_ns: unit_ns(1, || Floor::new(&self.names, VNODES)),
            ours_ns: unit_ns(1, || ring_of(&self.names)),
        });
        Row::beside("ring build", self.node_count(), medians, BUILD_GOAL)
    }

    fn join_row(&self, rounds: u32) -> Row {
        let joining = node_id(&name(self.node_count()));
        let join_ns = || unit_ns(1, || self.ring.with_node(joining.clone(), VNODES).expect("it is none of the nodes"));
        Row { name: "ring join", size: self.node_count(), ours_ns: median((0..rounds).map(|_| join_ns())), floor: None }
    }
}

#[inline]
fn ask_all<T>(keys: &[Key], owner: impl Fn(&Key) -> T) {
    for key in keys {
        black_box(owner(key));
    }
}

fn name(node: u32) -> String {
    format!("node-{node:04}:7000")
}

fn node_id(name: &str) -> NodeId {
    NodeId::new(name).expect("a name of 14 bytes")
}

fn ring_of(names: &[String]) -> Ring {
    let members = names.iter().map(|name| Member { id: node_id(name), vnodes: VNODES });
    Ring::new(members).expect("names are all different, and there are few")
}

/// What is looked up: 16 hexadecimal digits.
type Key = [u8; 16];

/// So many keys, all different: what SplitMix64 gives for seed 1 (Steele et al. 2014, *Fast Splittable Pseudorandom
/// Number Generators*).
fn keys(count: u64) -> Vec<Key> {
    let numbers = (1..=count).map(|index| splitmix64(index.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1)));
    let key = |number: u64| format!("{number:016x}").into_bytes().try_into().expect("16 digits are 16 bytes");
    numbers.map(key).collect()
}

fn splitmix64(mut state: u64) -> u64 {
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_those_of_the_published_generator() {
        let [first, second, third] = keys(3).try_into().expect("three keys");
        assert_eq!([&first, &second, &third], [b"910a2dec89025cc1", b"beeb8da1658eec67", b"f893a2eefb32555e"]);
    }

    /// At every point, before it and after it, where a search that is wrong is wrong.
    #[test]
    fn the_ring_and_the_floor_agree_everywhere() {
        for node_count in [1, 2, 7, 40] {
            let pair = Pair::new(node_count);
            let points = pair.ring.tokens().map(|token| token.position.0);
            for position in points.flat_map(|at| [at - 1, at, at + 1]).chain([0, u64::MAX]) {
                let owner = pair.ring.owner_at(ring::Position(position)).map(NodeId::as_bytes);
                let floors = &pair.names[pair.floor.owner_at(position) as usize];
                assert_eq!(owner, Some(floors.as_bytes()), "{position:x} of {node_count} nodes");
            }
        }
    }

    #[test]
    #[should_panic(expected = "the ring and the floor differ on ")]
    fn two_that_do_not_do_the_same_work_are_not_compared() {
        let pair = Pair::new(7);
        let other = Pair { floor: Floor::new(&pair.names, VNODES - 1), ..pair };
        other.loads(&keys(1_000));
    }

    #[test]
    fn what_moves_to_a_node_that_joins_moves_nowhere_else() {
        let (pair, keys) = (Pair::new(10), keys(20_000));
        let loads = pair.loads(&keys);
        assert_eq!(loads.iter().sum::<u64>(), 20_000);
        let spread = pair.spread(&keys, &loads);
        assert_eq!((spread.nodes, spread.keys, spread.moved_elsewhere), (10, 20_000, 0));
        assert!((1.0..1.5).contains(&spread.max_over_mean), "{spread:?}");
        assert!((0.5..1.5).contains(&spread.moved_over_fair), "{spread:?}");
    }
}
