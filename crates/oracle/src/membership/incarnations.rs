//! Only a member itself raises its incarnation.

use sim::{Checker, Flaw, Judgement, Observed};

use super::fact::{Gossiping, Identity, MembershipFact, membership_fact, subject};
use crate::by_node::ByNode;

/// Nobody holds an identity at a higher incarnation than it has raised its own to; it starts at 0.
#[derive(Clone, Debug, Default)]
pub struct Incarnations {
    /// The latest name of each node at which it refuted, and by which incarnation.
    raised: ByNode<Vec<(Identity, u64)>>,
}

impl<P: Gossiping> Checker<P> for Incarnations {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        match membership_fact(observed) {
            Some(MembershipFact::Refuted { identity, incarnation }) => {
                let raised = self.raised.get_mut(identity.node);
                match raised.iter_mut().find(|(known, _)| known == identity) {
                    Some((_, highest)) => *highest = (*highest).max(*incarnation),
                    None => raised.push((*identity, *incarnation)),
                }
                Judgement::Irrelevant
            }
            Some(MembershipFact::Holds { identity, incarnation, .. }) => {
                let raised = self.raised.get(identity.node);
                let own = raised.and_then(|raised| raised.iter().rev().find(|(known, _)| known == identity));
                let highest = own.map_or(0, |(_, highest)| *highest);
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
}
