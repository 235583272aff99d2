//! Nobody is taken for down who was not under suspicion before.

use sim::{Checker, Flaw, Judgement, Observed};

use super::fact::{Gossiping, Identity, MembershipFact, Standing, membership_fact, subject};
use crate::by_node::ByNode;

/// An identity is taken for down only after somebody suspected it, or it left, or its node goes by another: between alive
/// and down there is a time in which one that lives can say so.
#[derive(Clone, Debug, Default)]
pub struct DownHasCause {
    nodes: ByNode<Known>,
}

/// What there is to say of a node's names.
#[derive(Clone, Debug, Default)]
struct Known {
    /// What it went by last.
    last: Option<Identity>,
    /// The latest that somebody suspected.
    suspected: Option<Identity>,
    /// The latest by which it left.
    left: Option<Identity>,
}

impl<P: Gossiping> Checker<P> for DownHasCause {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        match membership_fact(observed) {
            Some(MembershipFact::Joined(identity)) => self.nodes.get_mut(identity.node).last = Some(*identity),
            Some(MembershipFact::Left(identity)) => self.nodes.get_mut(identity.node).left = Some(*identity),
            Some(MembershipFact::Holds { identity, standing: Standing::Suspected, .. }) => {
                let suspected = &mut self.nodes.get_mut(identity.node).suspected;
                *suspected = (*suspected).max(Some(*identity));
            }
            Some(MembershipFact::Holds { identity, standing: Standing::Down, .. }) => {
                let known = self.nodes.get_mut(identity.node);
                let is_past = known.last.is_none_or(|last| last != *identity);
                let has_cause = is_past || known.suspected >= Some(*identity) || known.left == Some(*identity);
                return Judgement::holds_if(has_cause, || Flaw {
                    explanation: format!(
                        "{} takes {identity} for down, which goes by that name, did not leave, and was never suspected",
                        observed.node
                    ),
                    witnesses: vec![observed.witness(subject(identity.node))],
                });
            }
            _ => {}
        }
        Judgement::Irrelevant
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn the_suspected_those_who_left_and_names_of_the_past_go_down() {
        let history = "n2 joins 1
            n1 holds n2.1 suspected
            n3 holds n2.1 down
            n2 joins 2
            n2 leaves 2
            n1 holds n2.2 down
            n2 joins 4
            n1 holds n2.3 down";
        accepts(DownHasCause::default(), history);
    }

    #[test]
    fn down_out_of_the_blue_is_refused() {
        let history = "n2 joins 1\nn1 holds n2.1 suspected\nn2 joins 2\nn1 holds n2.2 alive\nn1 holds n2.2 down";
        let explanation = "n1 takes n2.2 for down, which goes by that name, did not leave, and was never suspected";
        refuses(DownHasCause::default(), history, explanation);
    }
}
