//! Members, and the list of them that a ring keeps.

use crate::error::Error;
use crate::id::NodeId;

/// A node and its weight.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Member {
    /// The node's name.
    pub id: NodeId,
    /// How many virtual nodes it has, at least 1: an absolute number, not a share. A node's expected
    /// part of the keys is this over the sum of all, and its spread shrinks with the root of it.
    pub vnodes: u32,
}

/// In ascending order of id, each id once, none without virtual nodes.
///
/// What is refused, and with which error, does not depend on the order received.
pub(crate) fn checked(members: impl IntoIterator<Item = Member>) -> Result<Vec<Member>, Error> {
    let mut members: Vec<Member> = members.into_iter().collect();
    members.sort_unstable();
    if let Some(pair) = members.windows(2).find(|pair| pair[0].id == pair[1].id) {
        return Err(Error::DuplicateNode { node: pair[0].id.clone() });
    }
    match members.iter().find(|member| member.vnodes == 0) {
        Some(member) => Err(Error::ZeroVnodes { node: member.id.clone() }),
        None => Ok(members),
    }
}

/// Where the node stands among members in order, or where it would.
pub(crate) fn find(members: &[Member], id: &NodeId) -> Result<usize, usize> {
    members.binary_search_by(|member| member.id.cmp(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(id: &str, vnodes: u32) -> Member {
        Member { id: NodeId::new(id).expect("a name"), vnodes }
    }

    #[test]
    fn the_first_offence_by_id_is_named_whatever_the_order_and_duplicates_come_first() {
        let duplicate = Err(Error::DuplicateNode { node: NodeId::new("b").expect("a name") });
        for members in [[("b", 1), ("a", 0), ("b", 2)], [("b", 2), ("b", 1), ("a", 0)]] {
            assert_eq!(checked(members.map(|(id, vnodes)| member(id, vnodes))), duplicate);
        }
        let zero = Err(Error::ZeroVnodes { node: NodeId::new("b").expect("a name") });
        for members in [[("b", 0), ("a", 1), ("c", 0)], [("c", 0), ("a", 1), ("b", 0)]] {
            assert_eq!(checked(members.map(|(id, vnodes)| member(id, vnodes))), zero);
        }
    }

    #[test]
    fn members_are_found_where_they_stand_and_strangers_where_they_would() {
        let members = checked([member("d", 1), member("b", 2)]).expect("two nodes");
        let sought = ["a", "b", "c", "d", "e"].map(|id| find(&members, &member(id, 1).id));
        assert_eq!(sought, [Err(0), Ok(0), Err(1), Ok(1), Err(2)]);
    }
}
