//! Keys move to or from the node that changed, and nobody else (Karger et al. 1997, monotonicity).

use sim::{Checker, Flaw, Judgement, Observed, Witness};

use super::fact::{Change, Direction, Movement, Partitioned, RingFact, ring_fact};
use super::owners::named;

/// Where a node's tokens become more, everything that moves moves to it; where they become fewer, from it. So in the plan,
/// and so in what is accepted.
#[derive(Clone, Debug, Default)]
pub struct Monotonicity {
    /// By epoch, from 1.
    changes: Vec<(Change, Witness)>,
}

impl<P: Partitioned> Checker<P> for Monotonicity {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        match ring_fact(observed) {
            Some(RingFact::Decided { epoch, change, .. }) => {
                if *epoch == self.changes.len() as u64 + 1 {
                    self.changes.push((*change, observed.witness(*epoch)));
                }
                Judgement::Irrelevant
            }
            Some(RingFact::Planned(movement) | RingFact::Accepted(movement)) => {
                self.judge(movement, observed.witness(movement.epoch))
            }
            _ => Judgement::Irrelevant,
        }
    }
}

impl Monotonicity {
    fn judge(&self, movement: &Movement, here: Witness) -> Judgement {
        let index = movement.epoch.wrapping_sub(1);
        let Some((change, there)) = self.changes.get(index as usize) else { return Judgement::Irrelevant };
        let (changed, tokens) = match change.direction {
            Direction::Gains => (movement.to, "more"),
            Direction::Loses => (movement.from, "fewer"),
        };
        Judgement::holds_if(changed == Some(change.node), || Flaw {
            explanation: format!(
                "{movement} moves from {} to {}, and it is {} that has {tokens} tokens in it",
                named(movement.from),
                named(movement.to),
                change.node
            ),
            witnesses: vec![*there, here],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn to_who_gains_and_from_who_loses() {
        let history = "n1 decides 1 a n2+4/4
            n1 plans 1 0..0 >n2
            n1 decides 2 b n3+4/8
            n1 plans 2 10..20 n2>n3
            n3 accepts 2 10..20 n2>n3
            n1 decides 3 c n2-2/8
            n1 plans 3 20..30 n2>n3";
        accepts(Monotonicity::default(), history);
    }

    #[test]
    fn a_movement_between_others_is_refused_in_the_plan_and_in_what_happens() {
        let decided = "n1 decides 1 a n2+4/4\nn1 decides 2 b n3+4/8\n";
        let between = "(a, 14] of epoch 2 moves from n2 to n4, and it is n3 that has more tokens in it";
        refuses(Monotonicity::default(), &format!("{decided}n1 plans 2 10..20 n2>n4"), between);
        refuses(Monotonicity::default(), &format!("{decided}n4 accepts 2 10..20 n2>n4"), between);
    }

    #[test]
    fn a_movement_to_who_loses_is_refused() {
        let history = "n1 decides 1 a n2-4/8\nn1 plans 1 10..20 n3>n2";
        let to = "(a, 14] of epoch 1 moves from n3 to n2, and it is n2 that has fewer tokens in it";
        refuses(Monotonicity::default(), history, to);
    }
}
