//! Who takes part no more is found out by everybody: the completeness of a failure detector.

use sim::{Goal, NodeId, Observed};

use super::fact::{Gossiping, Identity};
use super::views::{Part, Views};

/// After the heal no member of the core takes for active who is dead, or has left.
///
/// SWIM, section 4.3: where the order of probes is a round, every member probes every other within two rounds, so that there is
/// a bound.
#[derive(Clone, Debug, Default)]
pub struct Detection {
    views: Views,
}

impl Detection {
    /// Who takes whom for active that is not.
    fn mistaken(&self) -> impl Iterator<Item = (NodeId, Identity)> + '_ {
        let is_gone = |identity: &Identity| !matches!(self.views.part(identity.node), Part::As(_));
        self.views
            .members()
            .flat_map(move |member| self.views.active(member.node).filter(is_gone).map(move |gone| (member.node, gone)))
    }
}

impl<P: Gossiping> Goal<P> for Detection {
    fn observe(&mut self, observed: &Observed<'_, P>) {
        self.views.observe(observed);
    }

    fn met(&self) -> bool {
        self.views.core().is_some() && self.mistaken().next().is_none()
    }

    fn missing(&self) -> String {
        let mistaken = self
            .mistaken()
            .map(|(node, gone)| format!("{node} takes {gone} (gone since {}) for active", self.views.gone_since(gone)));
        let all: Vec<String> = mistaken.collect();
        if self.views.core().is_none() { "there was no heal".into() } else { all.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::missing;
    use super::*;

    const HEALED: &str = "n1 joins 1\nn2 joins 1\nn3 joins 1
        n1 holds n2.1 alive
        n1 holds n3.1 alive
        n2 holds n3.1 alive
        n3 crashes
        healed n1 n2
        ";

    #[track_caller]
    fn assert_missing(history: &str, expected: Option<&str>) {
        assert_eq!(missing(&mut Detection::default(), &format!("{HEALED}{history}")).as_deref(), expected);
    }

    #[test]
    fn the_dead_and_those_who_left_are_found_out() {
        assert_missing("n1 holds n3.1 down\nn2 forgets n3.1", None);
        assert_missing("n1 n2 holds n3.1 down\nn2 leaves 1\nn1 holds n2.1 down", None);
    }

    #[test]
    fn what_is_stated_of_a_life_that_just_ended_does_not_revive_it() {
        let history = "n1 holds n3.1 down\nn2 crashes\nn2 joins 1";
        assert_missing(history, Some("n1 takes n2.1 (gone since 0.010s) for active"));
    }

    #[test]
    fn to_suspect_is_not_enough() {
        let mistaken = "n2 takes n3.1 (gone since 0.007s) for active";
        assert_missing("n1 holds n3.1 down\nn2 holds n3.1 suspected", Some(mistaken));
        let left = "n1 takes n2.1 (gone since 0.010s) for active";
        assert_missing("n1 n2 holds n3.1 down\nn2 leaves 1", Some(left));
    }

    /// It is not gone since its node was started again, nor since that came, or went, by another name.
    #[test]
    fn a_name_is_gone_since_it_ended() {
        let mistaken = Some("n2 takes n3.1 (gone since 0.007s) for active");
        assert_missing("n1 holds n3.1 down\nn3 boots", mistaken);
        assert_missing("n1 holds n3.1 down\nn3 boots\nn3 joins 2\nn3 crashes", mistaken);
        assert_missing("n1 holds n3.1 down\nn3 boots\nn3 joins 2\nn3 joins 3\nn3 leaves 3", mistaken);
    }

    #[test]
    fn a_name_is_gone_since_its_node_took_another() {
        let history = "n1 n2 holds n3.1 down\nn2 joins 2\nn2 crashes";
        assert_missing(history, Some("n1 takes n2.1 (gone since 0.010s) for active"));
    }

    /// One that came back by the name that it had is gone since it went again, and one that never came since its node is.
    #[test]
    fn a_name_that_came_back_or_never_came_is_gone_as_well() {
        let again = "n1 n2 holds n3.1 down\nn2 crashes\nn2 boots\nn2 joins 1\nn2 crashes";
        assert_missing(again, Some("n1 takes n2.1 (gone since 0.013s) for active"));
        let never = "n1 holds n3.9 alive\nn2 holds n3.1 down";
        assert_missing(never, Some("n1 takes n3.9 (gone since 0.007s) for active"));
    }

    #[test]
    fn before_the_heal_nothing_is_demanded_and_nothing_is_met() {
        assert_eq!(missing(&mut Detection::default(), "n1 joins 1").as_deref(), Some("there was no heal"));
    }
}
