//! All have the same members, under the same names.

use std::collections::BTreeSet;

use sim::{Goal, NodeId, Observed};

use super::fact::{Gossiping, Identity};
use super::views::Views;

/// After the heal all members of the core have the same list of active members, each under the name that it goes by.
#[derive(Clone, Debug, Default)]
pub struct Agreement {
    views: Views,
}

impl Agreement {
    fn group(&self, member: Identity) -> BTreeSet<Identity> {
        self.views.active(member.node).chain([member]).collect()
    }

    /// Two members, with their lists, that differ.
    fn split(&self) -> Option<[(NodeId, BTreeSet<Identity>); 2]> {
        let mut groups = self.views.members().map(|member| (member.node, self.group(member)));
        let first = groups.next()?;
        let other = groups.find(|(_, group)| *group != first.1)?;
        Some([first, other])
    }
}

impl<P: Gossiping> Goal<P> for Agreement {
    fn observe(&mut self, observed: &Observed<'_, P>) {
        self.views.observe(observed);
    }

    fn met(&self) -> bool {
        self.views.core().is_some() && self.split().is_none()
    }

    fn missing(&self) -> String {
        let Some([(one, group), (other, differs)]) = self.split() else { return "there was no heal".into() };
        format!("{one} has the members {group:?} and {other} has {differs:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::missing;
    use super::*;

    #[track_caller]
    fn assert_missing(history: &str, expected: Option<&str>) {
        let history = format!("n1 joins 1\nn2 joins 1\nhealed n1 n2\n{history}");
        assert_eq!(missing(&mut Agreement::default(), &history).as_deref(), expected);
    }

    #[test]
    fn the_same_members_by_the_same_names() {
        assert_missing("n1 holds n2.1 alive\nn2 holds n1.1 suspected", None);
        assert_missing("n1 holds n2.1 alive\nn2 joins 2\nn1 holds n2.2 alive\nn2 holds n1.1 alive", None);
        // Whether they are right is another question.
        assert_missing("n1 holds n2.1 alive\nn2 holds n1.1 alive\nn1 n2 holds n3.1 alive", None);
    }

    #[test]
    fn another_member_or_another_name_is_a_split() {
        let history = "n1 holds n2.1 alive\nn2 holds n1.1 alive\nn1 holds n3.1 alive";
        assert_missing(history, Some("n1 has the members {n1.1, n2.1, n3.1} and n2 has {n1.1, n2.1}"));
        let history = "n1 holds n2.1 alive\nn2 holds n1.1 alive\nn2 joins 2";
        assert_missing(history, Some("n1 has the members {n1.1, n2.1} and n2 has {n1.1, n2.2}"));
    }
}
