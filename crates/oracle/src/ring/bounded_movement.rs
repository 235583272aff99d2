//! What moves is what the plan says, and not more than has to.

use std::collections::{BTreeMap, BTreeSet};

use sim::{Checker, Flaw, Judgement, NodeId, Observed, Witness};

use super::fact::{Change, Item, Movement, Partitioned, RingFact, ring_fact};
use super::holdings::Holdings;
use super::owners::{Misfit, Plans, named};
use super::tail::is_beyond_chance;
use crate::by_node::ByNode;

/// How a ring's positions come about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spread {
    /// As good as uniform, and collisions as good as never: how much moves is bounded by chance.
    Uniform,
    /// Anyhow: nothing is known of how much moves.
    Any,
}

/// A plan takes from owners what they own, each position once, and no more than chance explains. With a range move exactly
/// the keys that its last owner holds in it, once.
#[derive(Clone, Debug)]
pub struct BoundedMovement {
    spread: Spread,
    plans: Plans,
    change: Option<Change>,
    /// How many positions the plan of the last epoch moves, as far as it is known.
    moved: u128,
    /// By epoch and last position of the range.
    movements: BTreeMap<(u64, u64), (Movement, State)>,
    holdings: Holdings,
    /// What each node got since it last accepted a range.
    received: ByNode<Vec<Item>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Planned,
    Accepted,
}

impl BoundedMovement {
    /// For a ring whose positions come about like this.
    pub fn new(spread: Spread) -> BoundedMovement {
        BoundedMovement {
            spread,
            plans: Plans::default(),
            change: None,
            moved: 0,
            movements: BTreeMap::new(),
            holdings: Holdings::default(),
            received: ByNode::default(),
        }
    }
}

impl<P: Partitioned> Checker<P> for BoundedMovement {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        let node = observed.node;
        match ring_fact(observed) {
            Some(RingFact::Decided { epoch, change, .. }) => {
                self.plans.begin(*epoch);
                (self.change, self.moved) = (Some(*change), 0);
            }
            Some(RingFact::Planned(movement)) => return self.plan(movement, observed.witness(movement.epoch)),
            Some(RingFact::Written { item, .. }) => self.holdings.put(node, item),
            Some(RingFact::Received { item, .. }) => self.received.get_mut(node).push(*item),
            Some(RingFact::Accepted(movement)) => return self.accept(movement, observed.witness(movement.epoch)),
            Some(RingFact::Released(movement)) => drop(self.holdings.take(node, movement.range)),
            _ => {}
        }
        Judgement::Irrelevant
    }
}

impl BoundedMovement {
    fn plan(&mut self, movement: &Movement, here: Witness) -> Judgement {
        let fits = self.plans.add(movement);
        if fits.is_ok() {
            self.movements.insert((movement.epoch, movement.range.end), (*movement, State::Planned));
            self.moved += movement.range.width();
        }
        let flaw = |why: String| Flaw { explanation: format!("the plan moves {movement}{why}"), witnesses: vec![here] };
        match fits {
            Err(Misfit::OwnedBy(owner)) => Judgement::Violated(Box::new(flaw(format!(
                " from {}, and {} owned a part of it",
                named(movement.from),
                named(owner)
            )))),
            Err(Misfit::OtherThan(last)) => {
                Judgement::Violated(Box::new(flaw(format!(", and the last epoch that was decided is {last}"))))
            }
            Err(Misfit::MovedTwice) => Judgement::Violated(Box::new(flaw(", and moves a part of it twice".into()))),
            Ok(()) => Judgement::holds_if(self.is_explained(), || {
                flaw(format!(", and with it {} positions, which chance does not explain", self.moved))
            }),
        }
    }

    fn is_explained(&self) -> bool {
        let Change { tokens_changed, tokens_total, .. } =
            self.change.expect("an epoch is decided before it is planned");
        self.spread == Spread::Any || !is_beyond_chance(self.moved, tokens_changed, tokens_total)
    }

    fn accept(&mut self, movement: &Movement, here: Witness) -> Judgement {
        let received = std::mem::take(self.received.get_mut(here.node));
        let why = self.objection(movement, here.node, &received);
        received.iter().for_each(|item| self.holdings.put(here.node, item));
        Judgement::holds_if(why.is_none(), || Flaw {
            explanation: format!("{} accepted {movement}, {}", here.node, why.unwrap_or_default()),
            witnesses: vec![here],
        })
    }

    /// Why a node must not accept a movement with these keys.
    fn objection(&mut self, movement: &Movement, node: NodeId, received: &[Item]) -> Option<String> {
        let planned = self.movements.get_mut(&(movement.epoch, movement.range.end));
        let planned = planned.filter(|(planned, _)| planned == movement && movement.to == Some(node));
        let Some((_, state)) = planned else { return Some("which is not in the plan".into()) };
        if std::mem::replace(state, State::Accepted) == State::Accepted {
            return Some("which it had accepted before".into());
        }
        if let Some(item) = received.iter().find(|item| !movement.range.contains(item.position)) {
            return Some(format!("and with it {item}, which is not in the range"));
        }
        let from = movement.from?;
        if let Some(item) = received.iter().find(|item| self.holdings.version(from, item) != Some(item.version)) {
            return Some(format!("and with it {item}, which {from} does not hold"));
        }
        let held = self.holdings.within(from, movement.range).count();
        // Each once, or one that came twice would make up for one that did not come.
        let got = received.iter().collect::<BTreeSet<&Item>>().len();
        (held != got).then(|| format!("and got {got} keys, where {from} holds {held}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    const TWO_EPOCHS: &str = "n1 decides 1 a n2+4/4
        n1 plans 1 0..0 >n2
        n2 writes 1 7@15=1
        n2 writes 1 8@20=1
        n2 writes 1 9@21=1
        n1 decides 2 b n3+4/8
        n1 plans 2 10..20 n2>n3
        ";

    fn any() -> BoundedMovement {
        BoundedMovement::new(Spread::Any)
    }

    #[track_caller]
    fn refuses_after_two_epochs(history: &str, explanation: &str) {
        refuses(any(), &format!("{TWO_EPOCHS}{history}"), explanation);
    }

    #[test]
    fn exactly_the_keys_of_a_range_move_and_may_move_on() {
        let history = "n3 received 2 7@15=1
            n3 received 2 8@20=1
            n3 accepts 2 10..20 n2>n3
            n3 writes 2 8@20=2
            n2 releases 2 10..20 n2>n3
            n1 decides 3 c n3-4/8
            n1 plans 3 10..20 n3>n2
            n2 received 3 7@15=1
            n2 received 3 8@20=2
            n2 accepts 3 10..20 n3>n2";
        accepts(BoundedMovement::new(Spread::Uniform), &format!("{TWO_EPOCHS}{history}"));
    }

    #[test]
    fn a_plan_that_takes_from_who_does_not_own_or_takes_twice_is_refused() {
        let stranger = "the plan moves (14, 16] of epoch 2 from n4, and n2 owned a part of it";
        refuses_after_two_epochs("n1 plans 2 20..22 n4>n3", stranger);
        let twice = "the plan moves (13, 16] of epoch 2, and moves a part of it twice";
        refuses_after_two_epochs("n1 plans 2 19..22 n2>n3", twice);
        let late = "the plan moves (14, 16] of epoch 1, and the last epoch that was decided is 2";
        refuses_after_two_epochs("n1 plans 1 20..22 n2>n3", late);
        let of_none = "the plan moves (14, 16] of epoch 1, and the last epoch that was decided is 0";
        refuses(any(), "n1 plans 1 20..22 n2>n3", of_none);
    }

    #[test]
    fn more_than_chance_explains_is_refused_where_positions_are_uniform() {
        let history = "n1 decides 1 a n2+4/4
            n1 plans 1 0..0 >n2
            n1 decides 2 b n3+4/192
            n1 plans 2 0..8000000000000000000 n2>n3";
        let half = "the plan moves (0, 6f05b59d3b200000] of epoch 2, and with it 8000000000000000000 positions, which \
            chance does not explain";
        refuses(BoundedMovement::new(Spread::Uniform), history, half);
        accepts(any(), history);
    }

    #[test]
    fn what_is_not_planned_or_was_accepted_is_refused() {
        refuses_after_two_epochs(
            "n3 accepts 2 10..21 n2>n3",
            "n3 accepted (a, 15] of epoch 2, which is not in the plan",
        );
        refuses_after_two_epochs(
            "n4 accepts 2 10..20 n2>n3",
            "n4 accepted (a, 14] of epoch 2, which is not in the plan",
        );
        let once = "n3 received 2 7@15=1\nn3 received 2 8@20=1\nn3 accepts 2 10..20 n2>n3\n";
        let twice = "n3 accepted (a, 14] of epoch 2, which it had accepted before";
        refuses_after_two_epochs(&format!("{once}n3 accepts 2 10..20 n2>n3"), twice);
    }

    #[test]
    fn a_key_more_or_less_or_another_version_of_it_is_refused() {
        let accepted = "\nn3 accepts 2 10..20 n2>n3";
        for (received, why) in [
            ("n3 received 2 7@15=1", "and got 1 keys, where n2 holds 2"),
            ("n3 received 2 7@15=1\nn3 received 2 7@15=1", "and got 1 keys, where n2 holds 2"),
            ("n3 received 2 9@21=1", "and with it key 9 at version 1, which is not in the range"),
            ("n3 received 2 7@15=2", "and with it key 7 at version 2, which n2 does not hold"),
            ("n3 received 2 6@15=1", "and with it key 6 at version 1, which n2 does not hold"),
        ] {
            let explanation = format!("n3 accepted (a, 14] of epoch 2, {why}");
            refuses_after_two_epochs(&format!("{received}{accepted}"), &explanation);
        }
    }
}
