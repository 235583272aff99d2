//! What a node knows and holds: the state that its records make, and the decisions that follow from it. No I/O.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ring::{KeyRange, MovementPlan, Position, Ring, Scheme};
use sim::{NodeId, content_hash, mix};

use super::record::Record;
use super::{Member, Members, Transfer, Versions};

/// The state of a node.
#[derive(Clone)]
pub(crate) struct Store<S: Scheme> {
    node: NodeId,
    /// What all names of members begin with.
    prefix: u32,
    /// By epoch, from 1.
    epochs: Vec<Members>,
    ring: Ring<S>,
    digest: u64,
    /// To this node, and not accepted.
    awaited: Vec<Transfer>,
    /// From this node, and not released.
    leaving: Vec<Transfer>,
    /// What was accepted, by epoch and last position of the range.
    accepted: BTreeSet<(u64, Position)>,
    /// By position and key, the version.
    keys: BTreeMap<(Position, u64), u64>,
}

/// What becomes of a key's request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Duty {
    /// This node serves it.
    Mine,
    /// It will be this node's once its range is accepted.
    Awaited,
    /// This node owns it by the last epoch that is known here; nobody where there are no members.
    Elsewhere(Option<NodeId>),
}

/// What becomes of an offer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Offer {
    /// It is to be accepted.
    Due,
    /// It was.
    Accepted,
    /// The range left this node in an earlier epoch and is not released yet: the release would take what is accepted now.
    Blocked,
    /// It is of an epoch that is not known here.
    Ahead,
}

impl<S: Scheme> Store<S> {
    /// The state of a node without any record.
    pub(crate) fn new(node: NodeId, prefix: u32) -> Store<S> {
        Store {
            node,
            prefix,
            epochs: Vec::new(),
            ring: Ring::default(),
            digest: 0,
            awaited: Vec::new(),
            leaving: Vec::new(),
            accepted: BTreeSet::new(),
            keys: BTreeMap::new(),
        }
    }

    /// Takes in a record.
    pub(crate) fn apply(&mut self, record: &Record) {
        match record {
            Record::Epoch(members) => {
                let named = |member: &Member| ring::Member { id: self.name(member.node), vnodes: member.vnodes };
                let ring =
                    Ring::with_scheme(members.iter().map(named)).expect("the coordinator makes members of a ring");
                self.enter(ring);
            }
            Record::Write { key, version } => {
                self.keys.insert((position::<S>(*key), *key), *version);
            }
            Record::Accept(transfer, versions) => {
                self.awaited.retain(|awaited| awaited != transfer);
                self.accepted.insert((transfer.epoch, transfer.range.end));
                self.keys.extend(versions.iter().map(|(key, version)| ((position::<S>(*key), *key), *version)));
            }
            Record::Release(transfer) => {
                self.leaving.retain(|leaving| leaving != transfer);
                self.keys.retain(|(position, _), _| !transfer.range.contains(*position));
            }
        }
    }

    /// Goes over to the next epoch, of this ring; gives the plan that leads there.
    pub(crate) fn enter(&mut self, ring: Ring<S>) -> MovementPlan {
        let plan = self.ring.diff(&ring);
        self.epochs.push(members_of(&ring));
        self.digest = digest(&ring, &plan);
        self.ring = ring;
        let epoch = self.epoch();
        for movement in plan.moves() {
            // What nobody owned nobody hands over.
            let (Some(from), Some(to)) = (&movement.from, &movement.to) else { continue };
            let transfer = Transfer { epoch, range: movement.range, from: node_of(from), to: node_of(to) };
            if transfer.from == self.node {
                self.leaving.push(transfer);
            }
            if transfer.to == self.node {
                self.awaited.push(transfer);
            }
        }
        plan
    }

    /// The last epoch known; 0 before the first.
    pub(crate) fn epoch(&self) -> u64 {
        self.epochs.len() as u64
    }

    /// The members of the epochs from `first` on, at most so many.
    pub(crate) fn epochs_from(&self, first: u64, count_max: usize) -> Vec<Members> {
        let skipped = usize::try_from(first.saturating_sub(1)).unwrap_or(usize::MAX);
        self.epochs.iter().skip(skipped).take(count_max).cloned().collect()
    }

    pub(crate) fn ring(&self) -> &Ring<S> {
        &self.ring
    }

    /// A hash of all that follows from the members of the last epoch and the one before: tokens, owners, plan.
    pub(crate) fn digest(&self) -> u64 {
        self.digest
    }

    /// The name of a node on the ring.
    pub(crate) fn name(&self, node: NodeId) -> ring::NodeId {
        let [prefix, number] = [self.prefix.to_be_bytes().as_slice(), &node.number().to_be_bytes()].map(<[u8]>::to_vec);
        ring::NodeId::new([prefix, number].concat()).expect("6 bytes are a name")
    }

    /// Who is to serve a key.
    pub(crate) fn duty(&self, key: u64) -> Duty {
        let position = position::<S>(key);
        let owner = self.ring.owner_at(position).map(node_of);
        if owner != Some(self.node) {
            Duty::Elsewhere(owner)
        } else if self.awaited.iter().any(|awaited| awaited.range.contains(position)) {
            Duty::Awaited
        } else {
            Duty::Mine
        }
    }

    /// The version of a key that this node serves; 0 where it was never written.
    pub(crate) fn version(&self, key: u64) -> u64 {
        self.keys.get(&(position::<S>(key), key)).copied().unwrap_or_default()
    }

    /// Every key held, with its position and version.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (Position, u64, u64)> {
        self.keys.iter().map(|((position, key), version)| (*position, *key, *version))
    }

    pub(crate) fn awaited(&self) -> &[Transfer] {
        &self.awaited
    }

    pub(crate) fn leaving(&self) -> &[Transfer] {
        &self.leaving
    }

    /// Whether all that is to be handed over with a range is here: nothing of it is awaited from an earlier epoch.
    pub(crate) fn is_whole(&self, transfer: &Transfer) -> bool {
        !self.awaited.iter().any(|awaited| awaited.epoch < transfer.epoch && intersect(awaited.range, transfer.range))
    }

    /// What is held of a range.
    pub(crate) fn within(&self, range: KeyRange) -> Versions {
        let held = self.keys.iter().filter(|((position, _), _)| range.contains(*position));
        held.map(|((_, key), version)| (*key, *version)).collect()
    }

    /// What to do with an offer; `None` where this node's plans know nothing of it.
    pub(crate) fn judge(&self, transfer: &Transfer) -> Option<Offer> {
        let leaves = |leaving: &Transfer| leaving.epoch < transfer.epoch && intersect(leaving.range, transfer.range);
        if transfer.epoch > self.epoch() {
            Some(Offer::Ahead)
        } else if self.accepted.contains(&(transfer.epoch, transfer.range.end)) {
            Some(Offer::Accepted)
        } else if !self.awaited.contains(transfer) {
            None
        } else if self.leaving.iter().any(leaves) {
            Some(Offer::Blocked)
        } else {
            Some(Offer::Due)
        }
    }
}

/// Where a key is.
pub(crate) fn position<S: Scheme>(key: u64) -> Position {
    Ring::<S>::position_of(&key.to_be_bytes())
}

/// Whose name this is.
pub(crate) fn node_of(name: &ring::NodeId) -> NodeId {
    let number = name.as_bytes().last_chunk().expect("a name ends with a number");
    NodeId::node(u16::from_be_bytes(*number))
}

/// The members of a ring, as they are told to others.
pub(crate) fn members_of<S: Scheme>(ring: &Ring<S>) -> Members {
    let member = |member: &ring::Member| Member { node: node_of(&member.id), vnodes: member.vnodes };
    ring.members().iter().map(member).collect::<Arc<_>>()
}

/// Whether two ranges have a position in common: then the end of one is in the other.
fn intersect(one: KeyRange, other: KeyRange) -> bool {
    one.contains(other.end) || other.contains(one.end)
}

fn digest<S: Scheme>(ring: &Ring<S>, plan: &MovementPlan) -> u64 {
    let of_members = content_hash(&ring.digest());
    let token = |hash, token: ring::Token<'_>| mix(hash, content_hash(&(token.position, token.node, token.vnode)));
    let of_tokens = ring.tokens().fold(of_members, token);
    mix(of_tokens, content_hash(plan))
}

#[cfg(test)]
mod tests {
    use ring::V1;

    use super::*;

    const N2: NodeId = NodeId::node(2);
    const N3: NodeId = NodeId::node(3);

    /// In epoch 1 n2 has everything, in epoch 2 n3 joins, in epoch 3 it leaves.
    fn knowing(node: NodeId, epochs: usize) -> Store<V1> {
        let [one, other] = [N2, N3].map(|node| Member { node, vnodes: 4 });
        let members: [Members; 3] = [[one].into(), [one, other].into(), [one].into()];
        let mut store = Store::new(node, 7);
        members[..epochs].iter().for_each(|members| store.apply(&Record::Epoch(members.clone())));
        store
    }

    fn hand_over(from: &mut Store<V1>, to: &mut Store<V1>, transfer: &Transfer) {
        let versions = from.within(transfer.range);
        to.apply(&Record::Accept(*transfer, versions));
        from.apply(&Record::Release(*transfer));
    }

    #[test]
    fn a_range_goes_and_comes_back_with_all_that_was_in_it() {
        let (mut n2, mut n3) = (knowing(N2, 1), knowing(N3, 1));
        (0..100).for_each(|key| n2.apply(&Record::Write { key, version: key + 1 }));
        let before: Vec<_> = n2.keys().collect();
        for (store, epochs) in [(&mut n2, 1..3), (&mut n3, 1..3)] {
            let all = knowing(N2, 3).epochs_from(1, 3);
            all[epochs].iter().for_each(|members| store.apply(&Record::Epoch(members.clone())));
        }
        let there = n2.leaving().to_vec();
        assert!(!there.is_empty() && there == n3.awaited(), "what leaves one is awaited by the other");
        there.iter().for_each(|transfer| hand_over(&mut n2, &mut n3, transfer));
        assert_eq!(n2.keys().count() + n3.keys().count(), 100);
        assert!(n3.keys().count() > 0, "something moved");
        n3.leaving().to_vec().iter().for_each(|transfer| hand_over(&mut n3, &mut n2, transfer));
        assert_eq!(n2.keys().collect::<Vec<_>>(), before);
        assert!((0..100).all(|key| n2.duty(key) == Duty::Mine && n3.duty(key) == Duty::Elsewhere(Some(N2))));
    }

    #[test]
    fn nobody_serves_what_is_on_its_way() {
        let (n2, n3) = (knowing(N2, 2), knowing(N3, 2));
        for key in 0..100 {
            let duties = (n2.duty(key), n3.duty(key));
            let moving = (Duty::Elsewhere(Some(N3)), Duty::Awaited);
            assert!(duties == moving || duties == (Duty::Mine, Duty::Elsewhere(Some(N2))), "{key}: {duties:?}");
        }
    }

    #[test]
    fn an_offer_is_judged_by_what_is_known_accepted_and_still_to_leave() {
        let (there, back) = (knowing(N2, 3).leaving()[0], knowing(N2, 3).awaited()[0]);
        assert_eq!(knowing(N3, 1).judge(&there), Some(Offer::Ahead));
        assert_eq!(knowing(N2, 3).judge(&there), None, "it gives that");
        let mut n3 = knowing(N3, 3);
        assert_eq!(n3.judge(&there), Some(Offer::Due));
        assert!(n3.leaving().iter().all(|leaving| !n3.is_whole(leaving)), "it has nothing of it yet");
        n3.apply(&Record::Accept(there, [].into()));
        assert_eq!(n3.judge(&there), Some(Offer::Accepted));
        let mut n2 = knowing(N2, 3);
        assert_eq!(n2.judge(&back), Some(Offer::Blocked));
        n2.leaving().to_vec().iter().for_each(|leaving| n2.apply(&Record::Release(*leaving)));
        assert_eq!(n2.judge(&back), Some(Offer::Due));
    }

    #[test]
    fn ranges_intersect_where_an_end_of_one_is_in_the_other() {
        let range = |start, end| KeyRange { start: Position(start), end: Position(end) };
        for (one, other, expected) in [
            (range(10, 20), range(20, 30), false),
            (range(10, 20), range(19, 30), true),
            (range(10, 20), range(12, 14), true),
            (range(30, 5), range(5, 30), false),
            (range(30, 5), range(4, 6), true),
            (range(7, 7), range(1, 2), true),
        ] {
            assert_eq!((intersect(one, other), intersect(other, one)), (expected, expected), "{one} and {other}");
        }
    }
}
