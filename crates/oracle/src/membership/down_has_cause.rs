//! Nobody is taken for down who was not under suspicion before.

use std::time::Duration;

use sim::{Checker, Flaw, Judgement, Observed};

use super::fact::{Gossiping, Identity, MembershipFact, Standing, membership_fact};
use super::lists::{Change, Entry, Lists};
use crate::by_node::ByNode;

/// Who says first that an identity is down has suspected it itself, at that incarnation, for so long and until then; others
/// take it from there. But for one that left, or whose node goes by another name.
///
/// SWIM, section 4.2: between alive and down there is a time in which one that lives can say so. That somebody suspected it
/// at some time is no cause: it may have refuted that since.
#[derive(Clone, Debug)]
pub struct DownHasCause {
    /// How long at least a suspicion lasts before it comes true.
    suspicion_min: Duration,
    lists: Lists,
    nodes: ByNode<Known>,
}

/// What there is to say of a node's names.
#[derive(Clone, Debug, Default)]
struct Known {
    /// What it goes by, or went by last.
    last: Option<Identity>,
    /// Those by which it left. Each is down for good, also where the node takes to it again.
    left: Vec<Identity>,
    /// At which incarnations somebody has found that it is down, by that last name.
    found: Vec<u64>,
}

impl DownHasCause {
    /// With suspicions that last so long at least, in the time of the world: of what the members wait, as much as passes while
    /// the fastest clock among them shows it.
    pub fn new(suspicion_min: Duration) -> DownHasCause {
        DownHasCause { suspicion_min, lists: Lists::default(), nodes: ByNode::default() }
    }

    fn judge_down(&mut self, Change { before, now }: Change) -> Judgement {
        let Entry { identity, incarnation, since: here, .. } = now;
        let known = self.nodes.get_mut(identity.node);
        let is_past = known.last.is_none_or(|last| last != identity);
        if is_past || known.left.contains(&identity) || known.found.contains(&incarnation) {
            return Judgement::Holds;
        }
        let is_cause = |entry: &Entry| {
            (entry.identity, entry.incarnation, entry.standing) == (identity, incarnation, Standing::Suspected)
        };
        let (reason, suspected) = match before.filter(is_cause) {
            None => (format!("did not suspect it at incarnation {incarnation} before"), None),
            Some(Entry { since, .. }) => {
                let lasted = here.time.since(since.time);
                if lasted >= self.suspicion_min {
                    known.found.push(incarnation);
                    return Judgement::Holds;
                }
                (format!("suspected it for {lasted:?}, of {:?} at least", self.suspicion_min), Some(since))
            }
        };
        let explanation = format!(
            "{} is the first to take {identity} for down, which goes by that name and did not leave, and {reason}",
            here.node
        );
        let witnesses = suspected.into_iter().chain([here]).collect();
        Judgement::Violated(Box::new(Flaw { explanation, witnesses }))
    }
}

impl<P: Gossiping> Checker<P> for DownHasCause {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        let change = self.lists.observe(observed);
        match membership_fact(observed) {
            Some(MembershipFact::Joined(identity)) => {
                let known = self.nodes.get_mut(identity.node);
                if known.last.replace(*identity) != Some(*identity) {
                    known.found.clear();
                }
            }
            Some(MembershipFact::Left(identity)) => self.nodes.get_mut(identity.node).left.push(*identity),
            _ => {}
        }
        match change {
            Some(change) if change.now.standing == Standing::Down => self.judge_down(change),
            _ => Judgement::Irrelevant,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    const TWO_LINES: Duration = Duration::from_millis(2);
    const FIRST: &str = "is the first to take n2.1 for down, which goes by that name and did not leave, and";

    #[test]
    fn the_suspected_those_who_left_and_names_of_the_past_go_down() {
        let history = "n2 joins 1
            n1 holds n2.1 suspected
            n1 holds n2.1 suspected
            n1 holds n2.1 down
            n3 holds n2.1 down
            n2 joins 2
            n2 leaves 2
            n1 holds n2.2 down
            n2 joins 4
            n1 holds n2.3 down";
        accepts(DownHasCause::new(TWO_LINES), history);
    }

    /// Who finds it has not heard the refutation; others have, and take its word for it.
    #[test]
    fn what_was_found_overrides_a_refutation_that_the_finder_did_not_hear() {
        let history = "n2 joins 1
            n1 holds n2.1 suspected
            n2 refutes n2.1 1
            n3 holds n2.1 alive 1
            n1 holds n2.1 down
            n3 holds n2.1 down";
        accepts(DownHasCause::new(TWO_LINES), history);
    }

    /// Names that are taken from a clock may come again: as n2 is n2.1 for the second time, n1 hears that it left.
    #[test]
    fn a_name_by_which_it_left_once_goes_down_for_good() {
        let history = "n2 joins 1\nn2 leaves 1\nn2 joins 2\nn2 leaves 2\nn2 joins 1\nn1 holds n2.1 down";
        accepts(DownHasCause::new(TWO_LINES), history);
    }

    #[test]
    fn down_out_of_the_blue_is_refused() {
        let history = "n2 joins 0\nn1 holds n2.0 suspected\nn2 joins 1\nn1 holds n2.1 alive\nn1 holds n2.1 down";
        let explanation = format!("n1 {FIRST} did not suspect it at incarnation 0 before");
        refuses(DownHasCause::new(TWO_LINES), history, &explanation);
    }

    #[test]
    fn what_somebody_else_suspects_is_no_cause() {
        let history = "n2 joins 1\nn1 holds n2.1 suspected\nn2 settles\nn3 holds n2.1 down";
        let explanation = format!("n3 {FIRST} did not suspect it at incarnation 0 before");
        refuses(DownHasCause::new(TWO_LINES), history, &explanation);
    }

    #[test]
    fn a_suspicion_that_was_refuted_is_no_cause() {
        let history = "n2 joins 1\nn1 holds n2.1 suspected\nn2 refutes n2.1 1\nn1 holds n2.1 alive 1\n";
        for incarnation in ["0", "1"] {
            let explanation = format!("n1 {FIRST} did not suspect it at incarnation {incarnation} before");
            let history = format!("{history}n1 holds n2.1 down {incarnation}");
            refuses(DownHasCause::new(TWO_LINES), &history, &explanation);
        }
    }

    #[test]
    fn no_time_to_refute_is_refused() {
        let history = "n2 joins 1\nn1 holds n2.1 suspected\nn1 holds n2.1 down";
        let explanation = format!("n1 {FIRST} suspected it for 1ms, of 2ms at least");
        refuses(DownHasCause::new(TWO_LINES), history, &explanation);
    }
}
