//! Who was taken for down does not come back under the same name.

use sim::{Checker, Flaw, Judgement, Observed};

use super::fact::Gossiping;
use super::lists::{Change, Lists};

/// A member that has taken an identity for down takes it for nothing else as long as it lives and does not forget it; nor
/// does it go back from a later name of a node to an earlier one.
///
/// SWIM, section 4.2: what confirms a failure overrides every other message about that member.
#[derive(Clone, Debug, Default)]
pub struct DownIsFinal {
    lists: Lists,
}

impl<P: Gossiping> Checker<P> for DownIsFinal {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        self.lists.observe(observed).map_or(Judgement::Irrelevant, judge)
    }
}

fn judge(Change { before, now }: Change) -> Judgement {
    let Some(before) = before else { return Judgement::Holds };
    let (node, time) = (now.since.node, before.since.time);
    let (known, identity) = (before.identity, now.identity);
    let explanation = if identity.generation < known.generation {
        format!("{node} knew {known} at {time}, and went back to {identity}")
    } else if identity == known && now.standing.is_active() && !before.standing.is_active() {
        format!("{node} took {identity} for down at {time}, and takes it for active again")
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
    fn a_later_name_a_new_life_and_what_was_forgotten_begin_anew() {
        let history = "n1 holds n2.1 alive
            n1 holds n2.1 suspected
            n1 holds n2.1 alive 1
            n1 holds n2.1 down 1
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
    fn no_incarnation_brings_back_the_dead() {
        let history = "n1 holds n2.1 down\nn2 refutes n2.1 1\nn1 holds n2.1 alive 1";
        let explanation = "n1 took n2.1 for down at 0.001s, and takes it for active again";
        refuses(DownIsFinal::default(), history, explanation);
    }

    #[test]
    fn back_to_an_earlier_name_is_refused() {
        let history = "n1 holds n2.2 down\nn1 holds n2.1 alive";
        refuses(DownIsFinal::default(), history, "n1 knew n2.2 at 0.001s, and went back to n2.1");
    }
}
