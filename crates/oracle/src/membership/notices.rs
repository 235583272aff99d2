//! What a member tells of changes adds up to what its list says.

use std::collections::BTreeSet;

use sim::{Checker, Flaw, Judgement, Observed};

use super::fact::{Gossiping, Identity, MembershipFact, Notice, begins_anew, membership_fact, subject};
use super::lists::Lists;
use crate::by_node::ByNode;

/// Whoever follows a member's notices from the start on knows its active members: nobody comes up twice or goes down without
/// having been up, and after each step both say the same.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    lists: Lists,
    /// Who is up, by what each member told.
    told: ByNode<BTreeSet<Identity>>,
}

impl<P: Gossiping> Checker<P> for Notices {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        self.lists.observe(observed);
        let (node, told) = (observed.node, self.told.get_mut(observed.node));
        if begins_anew(observed) {
            told.clear();
        }
        let Some(fact) = membership_fact(observed) else { return Judgement::Irrelevant };
        let here = |identity: &Identity| observed.witness(subject(identity.node));
        match fact {
            MembershipFact::Told(Notice::Up(identity)) => Judgement::holds_if(told.insert(*identity), || Flaw {
                explanation: format!("{node} told that {identity} is up, and had told so before"),
                witnesses: vec![here(identity)],
            }),
            MembershipFact::Told(Notice::Down(identity)) => Judgement::holds_if(told.remove(identity), || Flaw {
                explanation: format!("{node} told that {identity} is down, and had not told that it is up"),
                witnesses: vec![here(identity)],
            }),
            MembershipFact::Told(Notice::Renamed { from, to }) => {
                if told.remove(from) {
                    told.insert(*to);
                }
                Judgement::Irrelevant
            }
            MembershipFact::Settled => {
                let held: BTreeSet<Identity> = self.lists.active(node).collect();
                Judgement::holds_if(*told == held, || Flaw {
                    explanation: format!("{node} told that {told:?} are up, and its list has {held:?}"),
                    witnesses: vec![observed.witness(0)],
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
    fn notices_and_list_go_together() {
        let history = "n1 holds n2.1 alive
            n1 tells n2.1 up
            n1 holds n3.1 down
            n1 settles
            n1 holds n2.2 alive
            n1 tells n2.1 n2.2
            n1 holds n3.2 down
            n1 tells n3.1 n3.2
            n1 settles
            n1 holds n2.2 down
            n1 tells n2.2 down
            n1 settles
            n1 crashes
            n1 boots
            n1 holds n2.2 suspected
            n1 tells n2.2 up
            n1 settles
            n1 empties
            n1 settles";
        accepts(Notices::default(), history);
    }

    #[test]
    fn what_is_stated_of_a_life_that_just_ended_is_of_that_life() {
        let history = "n1 holds n2.1 alive\nn1 crashes\nn1 tells n2.1 up\nn1 settles\nn1 boots\nn1 settles";
        accepts(Notices::default(), history);
    }

    #[test]
    fn a_change_that_nobody_is_told_of_is_refused() {
        let history = "n1 holds n2.1 alive\nn1 tells n2.1 up\nn1 settles\nn1 holds n2.1 down\nn1 settles";
        refuses(Notices::default(), history, "n1 told that {n2.1} are up, and its list has {}");
    }

    #[test]
    fn one_that_is_forgotten_while_it_is_up_is_refused() {
        let history = "n1 holds n2.1 alive\nn1 tells n2.1 up\nn1 settles\nn1 forgets n2.1\nn1 settles";
        refuses(Notices::default(), history, "n1 told that {n2.1} are up, and its list has {}");
    }

    #[test]
    fn up_twice_and_down_before_up_are_refused() {
        let history = "n1 tells n2.1 up\nn1 tells n2.1 up";
        refuses(Notices::default(), history, "n1 told that n2.1 is up, and had told so before");
        let history = "n1 tells n2.1 up\nn1 tells n3.1 down";
        refuses(Notices::default(), history, "n1 told that n3.1 is down, and had not told that it is up");
    }
}
