//! Shares of fixed rings within their exact odds.
//!
//! With positions uniform, the share of a node with V of T virtual nodes is distributed as Beta(V, T - V). The bounds
//! are quantiles of that, so that a scheme that spreads as it should would fail one of them once in a million
//! (largest share) or a thousand million (joiner) choices of names. The names are fixed: no retries.

use ring::{Member, NodeId, Ring};

const CIRCLE: u128 = 1 << 64;

fn nodes(count: u32, vnodes: u32) -> Ring {
    let member = |i| Member { id: NodeId::new(format!("node-{i:04}:7000")).expect("a name"), vnodes };
    Ring::new((0..count).map(member)).expect("a ring")
}

#[test]
fn the_largest_share_is_within_its_odds() {
    // Nodes, virtual nodes each, most that the largest share may be, in hundredths of the mean.
    for (node_count, vnodes, hundredths) in [(5, 64, 163), (10, 128, 149), (100, 64, 186), (100, 256, 139)] {
        let ring = nodes(node_count, vnodes);
        let mut shares = vec![0_u128; ring.len()];
        for (range, owner) in ring.ranges() {
            let place = ring.members().iter().position(|member| member.id == *owner).expect("a member");
            shares[place] += range.len();
        }
        let largest = shares.iter().max().expect("members");
        let in_hundredths = largest * u128::from(node_count) * 100 / CIRCLE;
        assert!(in_hundredths <= hundredths, "{node_count} x {vnodes}: {in_hundredths}");
    }
}

#[test]
fn what_a_joiner_takes_is_within_its_odds() {
    // Nodes before, virtual nodes each, bounds in tenths of a thousandth of the circle.
    for (node_count, vnodes, at_least, at_most) in [(4, 64, 883, 3556), (10, 128, 511, 1446), (50, 128, 108, 319)] {
        let moved = nodes(node_count, vnodes).diff(&nodes(node_count + 1, vnodes)).moved_len() * 10_000 / CIRCLE;
        assert!((at_least..=at_most).contains(&moved), "{node_count} x {vnodes}: {moved}");
    }
}
