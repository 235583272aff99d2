//! A member takes in whatever it is given.

use sim::{Checker, Flaw, Judgement, Observed};

use super::fact::{Gossiping, MembershipFact, membership_fact};

/// No member fails to take in a message or a timer, however late, however often: whatever it is given comes from its like.
#[derive(Clone, Debug, Default)]
pub struct Unfailing;

impl<P: Gossiping> Checker<P> for Unfailing {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        match membership_fact(observed) {
            Some(MembershipFact::Failed(why)) => Judgement::Violated(Box::new(Flaw {
                explanation: format!("{} failed: {why}", observed.node),
                witnesses: vec![observed.witness(0)],
            })),
            Some(MembershipFact::Passed { .. }) => Judgement::Holds,
            _ => Judgement::Irrelevant,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn time_that_passes_without_a_failure() {
        accepts(Unfailing, "n1 joins 1\nn1 passed 3 0");
    }

    #[test]
    fn a_failure_is_refused() {
        refuses(Unfailing, "n1 joins 1\nn1 fails no-such-timer", "n1 failed: no-such-timer");
    }
}
