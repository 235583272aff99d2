//! Who is suspected is cleared by itself alone.

use sim::{Checker, Flaw, Judgement, Observed};

use super::fact::{Gossiping, Standing};
use super::lists::{Change, Lists};

/// A member that suspects an identity takes it for alive again only at a higher incarnation; and of one that it takes for
/// active it believes no lower incarnation than it did.
///
/// SWIM, section 4.2, the order in which messages about a member override each other. Without it an old message clears who is
/// dead, and each that finds out begins from the start: found out it is late, or never.
#[derive(Clone, Debug, Default)]
pub struct SuspicionStands {
    lists: Lists,
}

impl<P: Gossiping> Checker<P> for SuspicionStands {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        self.lists.observe(observed).map_or(Judgement::Irrelevant, judge)
    }
}

fn judge(Change { before, now }: Change) -> Judgement {
    // A name that was not there has no past. What confirms a failure holds at any incarnation.
    let Some(before) = before.filter(|before| before.identity == now.identity && now.standing.is_active()) else {
        return Judgement::Holds;
    };
    let (node, identity, time) = (now.since.node, now.identity, before.since.time);
    let explanation = if before.standing.is_active() && now.incarnation < before.incarnation {
        let (known, incarnation) = (before.incarnation, now.incarnation);
        format!("{node} knew {identity} at incarnation {known} at {time}, and went back to {incarnation}")
    } else if before.standing == Standing::Suspected
        && now.standing == Standing::Alive
        && now.incarnation == before.incarnation
    {
        let incarnation = now.incarnation;
        format!("{node} suspected {identity} at {time}, and takes it for alive by the same incarnation {incarnation}")
    } else {
        return Judgement::Holds;
    };
    Judgement::Violated(Box::new(Flaw { explanation, witnesses: vec![before.since, now.since] }))
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn a_higher_incarnation_clears_and_so_does_another_name_or_life() {
        let history = "n1 holds n2.1 suspected
            n1 holds n2.1 alive 1
            n1 holds n2.1 suspected 1
            n1 holds n2.1 suspected 3
            n1 holds n2.1 down 1
            n1 holds n2.2 suspected
            n1 holds n2.3 alive
            n1 holds n2.3 suspected
            n3 holds n2.3 alive
            n1 crashes
            n1 boots
            n1 holds n2.3 alive";
        accepts(SuspicionStands::default(), history);
    }

    #[test]
    fn what_was_said_before_the_suspicion_does_not_clear() {
        let history = "n1 holds n2.1 alive\nn1 holds n2.1 suspected\nn1 holds n2.1 alive";
        let explanation = "n1 suspected n2.1 at 0.002s, and takes it for alive by the same incarnation 0";
        refuses(SuspicionStands::default(), history, explanation);
    }

    #[test]
    fn back_to_a_lower_incarnation_is_refused() {
        for standing in ["alive", "suspected"] {
            let history = format!("n1 holds n2.1 alive 2\nn1 holds n2.1 {standing} 1");
            let explanation = "n1 knew n2.1 at incarnation 2 at 0.001s, and went back to 1";
            refuses(SuspicionStands::default(), &history, explanation);
        }
    }
}
