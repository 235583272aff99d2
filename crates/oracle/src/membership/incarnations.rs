//! Only a member itself raises its incarnation.

use sim::{Checker, Flaw, Judgement, Observed};

use super::fact::{Gossiping, Identity, MembershipFact, membership_fact, subject};
use crate::by_node::ByNode;

/// Nobody holds an identity at a higher incarnation than it has raised its own to; it starts at 0, and raises it only.
///
/// SWIM, section 4.2. One that is lower than before refutes nothing: who suspects it at the one before does not listen.
#[derive(Clone, Debug, Default)]
pub struct Incarnations {
    /// Each name of a node by which it refuted.
    raised: ByNode<Vec<Raised>>,
}

#[derive(Clone, Debug)]
struct Raised {
    identity: Identity,
    /// Since it joined by that name, which one that never renews its name does more than once.
    own: u64,
    /// Ever.
    highest: u64,
}

impl<P: Gossiping> Checker<P> for Incarnations {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        match membership_fact(observed) {
            Some(MembershipFact::Joined(identity)) => {
                let raised = self.raised.get_mut(identity.node);
                raised.iter_mut().filter(|raised| raised.identity == *identity).for_each(|raised| raised.own = 0);
                Judgement::Irrelevant
            }
            Some(MembershipFact::Refuted { identity, incarnation }) => {
                let raised = self.raised.get_mut(identity.node);
                let at = raised.iter().position(|raised| raised.identity == *identity).unwrap_or_else(|| {
                    raised.push(Raised { identity: *identity, own: 0, highest: 0 });
                    raised.len() - 1
                });
                let Raised { own, highest, .. } = &mut raised[at];
                let before = std::mem::replace(own, *incarnation);
                *highest = (*highest).max(*incarnation);
                Judgement::holds_if(*incarnation > before, || Flaw {
                    explanation: format!(
                        "{identity} speaks of itself at incarnation {incarnation}, and did at {before} before"
                    ),
                    witnesses: vec![observed.witness(subject(identity.node))],
                })
            }
            Some(MembershipFact::Holds { identity, incarnation, .. }) => {
                let raised = self.raised.get(identity.node);
                let own = raised.and_then(|raised| raised.iter().rev().find(|raised| raised.identity == *identity));
                let highest = own.map_or(0, |raised| raised.highest);
                Judgement::holds_if(*incarnation <= highest, || Flaw {
                    explanation: format!(
                        "{} holds {identity} at incarnation {incarnation}, which itself came to {highest}",
                        observed.node
                    ),
                    witnesses: vec![observed.witness(subject(identity.node))],
                })
            }
            _ => Judgement::Irrelevant,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn others_follow_what_a_member_says_of_itself() {
        let history = "n1 holds n2.1 suspected
            n2 refutes n2.1 1
            n1 holds n2.1 alive 1
            n1 holds n2.1 suspected 1
            n2 refutes n2.1 2
            n3 holds n2.1 alive 1
            n1 holds n2.2 alive 0";
        accepts(Incarnations::default(), history);
    }

    #[test]
    fn an_incarnation_that_its_owner_did_not_raise_is_refused() {
        let history = "n2 refutes n2.1 1\nn1 holds n2.1 alive 2";
        refuses(Incarnations::default(), history, "n1 holds n2.1 at incarnation 2, which itself came to 1");
        let history = "n2 refutes n2.1 1\nn1 holds n2.2 suspected 1";
        refuses(Incarnations::default(), history, "n1 holds n2.2 at incarnation 1, which itself came to 0");
    }

    #[test]
    fn one_that_comes_back_by_the_same_name_begins_at_0() {
        let history = "n2 joins 1\nn2 refutes n2.1 2\nn2 joins 1\nn2 refutes n2.1 1\nn1 holds n2.1 alive 2";
        accepts(Incarnations::default(), history);
    }

    #[test]
    fn one_that_goes_back_is_refused() {
        for incarnation in ["0", "1", "2"] {
            let history = format!("n2 joins 1\nn2 refutes n2.1 2\nn2 refutes n2.1 {incarnation}");
            let explanation = format!("n2.1 speaks of itself at incarnation {incarnation}, and did at 2 before");
            refuses(Incarnations::default(), &history, &explanation);
        }
    }
}
