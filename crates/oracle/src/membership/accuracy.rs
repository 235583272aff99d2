//! Who takes part is taken for that by everybody, sooner or later: the accuracy of a failure detector.

use sim::{Goal, NodeId, Observed};

use super::fact::{Gossiping, Identity};
use super::views::Views;

/// After the heal every node of the core that did not leave takes part, and every other takes it for active by the
/// name that it goes by: nobody who lives and can be heard is held down for ever.
#[derive(Clone, Debug, Default)]
pub struct Accuracy {
    views: Views,
}

impl Accuracy {
    /// Who does not take whom for active, though it is.
    fn mistaken(&self) -> impl Iterator<Item = (NodeId, Identity)> + '_ {
        self.views.members().flat_map(move |member| {
            let is_known = move |other: &Identity| self.views.active(member.node).any(|held| held == *other);
            let others = self.views.members().filter(move |other| other.node != member.node);
            others.filter(move |other| !is_known(other)).map(move |other| (member.node, other))
        })
    }
}

impl<P: Gossiping> Goal<P> for Accuracy {
    fn observe(&mut self, observed: &Observed<'_, P>) {
        self.views.observe(observed);
    }

    fn met(&self) -> bool {
        self.views.core().is_some() && self.views.awaited().next().is_none() && self.mistaken().next().is_none()
    }

    fn missing(&self) -> String {
        if self.views.core().is_none() {
            return "there was no heal".into();
        }
        let since = |node: NodeId| self.views.since(node);
        let awaited = self.views.awaited().map(|node| format!("{node} (out since {}) does not take part", since(node)));
        let mistaken = self.mistaken().map(|(node, other)| {
            format!("{node} does not take {other} (there since {}) for active", since(other.node))
        });
        awaited.chain(mistaken).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::missing;
    use super::*;

    #[track_caller]
    fn assert_missing(history: &str, expected: Option<&str>) {
        let history = format!("n1 joins 1\nn2 joins 1\nhealed n1 n2\n{history}");
        assert_eq!(missing(&mut Accuracy::default(), &history).as_deref(), expected);
    }

    #[test]
    fn all_take_each_other_for_active() {
        assert_missing("n1 holds n2.1 alive\nn2 holds n1.1 suspected", None);
        assert_missing("n2 leaves 1", None);
    }

    #[test]
    fn one_that_lives_and_is_held_down_or_not_known_is_missed() {
        let history = "n1 holds n2.1 alive\nn2 holds n1.1 down";
        assert_missing(history, Some("n2 does not take n1.1 (there since 0.001s) for active"));
        assert_missing("n2 holds n1.1 alive", Some("n1 does not take n2.1 (there since 0.002s) for active"));
        let history = "n1 holds n2.1 alive\nn2 holds n1.1 alive\nn2 joins 2";
        assert_missing(history, Some("n1 does not take n2.2 (there since 0.006s) for active"));
    }

    #[test]
    fn one_that_was_healed_and_does_not_come_is_missed() {
        let history = "n1 holds n2.1 alive\nn2 holds n1.1 alive\nn2 crashes";
        assert_missing(history, Some("n2 (out since 0.006s) does not take part"));
    }

    /// Neither a boot nor a crash of one that takes no part moves the time.
    #[test]
    fn a_node_is_out_since_its_last_name_ended() {
        let out = Some("n2 (out since 0.004s) does not take part");
        assert_missing("n2 crashes\nn2 boots", out);
        assert_missing("n2 crashes\nn2 boots\nn2 crashes", out);
        assert_missing("n2 leaves 1\nn2 crashes\nn2 boots", out);
        let back = "n2 crashes\nn2 boots\nn2 joins 2\nn2 holds n1.1 alive";
        assert_missing(back, Some("n1 does not take n2.2 (there since 0.006s) for active"));
    }
}
