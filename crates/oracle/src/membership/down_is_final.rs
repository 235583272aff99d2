//! Who was taken for down does not come back under the same name.

use sim::{Checker, Flaw, Judgement, Observed, Witness};

use super::fact::{Gossiping, Identity, MembershipFact, begins_anew, membership_fact, subject};
use crate::by_node::ByNode;

/// A member that has taken an identity for down takes it for nothing else as long as it lives and does not forget it; nor
/// does it go back from a later name of a node to an earlier one.
#[derive(Clone, Debug, Default)]
pub struct DownIsFinal {
    lists: ByNode<Vec<Entry>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    identity: Identity,
    is_active: bool,
    there: Witness,
}

impl<P: Gossiping> Checker<P> for DownIsFinal {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        let list = self.lists.get_mut(observed.node);
        if begins_anew(observed) {
            list.clear();
        }
        match membership_fact(observed) {
            Some(MembershipFact::Forgot(identity)) => {
                list.retain(|entry| entry.identity.node != identity.node);
                Judgement::Irrelevant
            }
            Some(MembershipFact::Holds { identity, standing, .. }) => {
                let there = observed.witness(subject(identity.node));
                let new = Entry { identity: *identity, is_active: standing.is_active(), there };
                let Some(entry) = list.iter_mut().find(|entry| entry.identity.node == identity.node) else {
                    list.push(new);
                    return Judgement::Holds;
                };
                let before = std::mem::replace(entry, new);
                judge(before, new)
            }
            _ => Judgement::Irrelevant,
        }
    }
}

fn judge(before: Entry, new: Entry) -> Judgement {
    let (node, time) = (new.there.node, before.there.time);
    let (known, identity) = (before.identity, new.identity);
    let explanation = if identity.generation < known.generation {
        format!("{node} knew {known} at {time}, and went back to {identity}")
    } else if identity == known && new.is_active && !before.is_active {
        format!("{node} took {identity} for down at {time}, and takes it for active again")
    } else {
        return Judgement::Holds;
    };
    Judgement::Violated(Box::new(Flaw { explanation, witnesses: vec![before.there, new.there] }))
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn a_later_name_a_new_life_and_what_was_forgotten_begin_anew() {
        let history = "n1 holds n2.1 alive
            n1 holds n2.1 suspected
            n1 holds n2.1 alive
            n1 holds n2.1 down
            n1 holds n2.2 alive
            n1 holds n2.2 down
            n1 forgets n2.2
            n1 holds n2.2 alive
            n1 holds n2.2 down
            n1 crashes
            n1 boots
            n1 holds n2.1 alive";
        accepts(DownIsFinal::default(), history);
    }

    #[test]
    fn back_from_the_dead_is_refused() {
        let history = "n1 holds n2.1 down\nn2 holds n2.1 alive\nn1 holds n2.1 suspected";
        let explanation = "n1 took n2.1 for down at 0.001s, and takes it for active again";
        refuses(DownIsFinal::default(), history, explanation);
    }

    #[test]
    fn back_to_an_earlier_name_is_refused() {
        let history = "n1 holds n2.2 down\nn1 holds n2.1 alive";
        refuses(DownIsFinal::default(), history, "n1 knew n2.2 at 0.001s, and went back to n2.1");
    }
}
