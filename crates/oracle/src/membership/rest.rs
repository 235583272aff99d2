//! A group to which nothing happens is quiet.

use sim::{Goal, Observed, What};

use super::fact::{Gossiping, MembershipFact, membership_fact};
use super::views::Views;
use crate::by_node::ByNode;

/// After the heal there comes an interval in which no member of the core tells of any change, and all together send no more
/// than so many messages for each of them.
///
/// The first interval of a member may have begun before the heal, and does not count.
#[derive(Clone, Debug)]
pub struct Rest {
    /// How many messages a member may send in an interval, on average over all.
    sent_max: u64,
    views: Views,
    intervals: ByNode<Interval>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Interval {
    /// How many passed since the heal, or since the node joined if that was later.
    count: u64,
    sent: u64,
    changes: u64,
}

impl Rest {
    /// With at most so many messages for each member in an interval.
    pub fn new(sent_max: u64) -> Rest {
        Rest { sent_max, views: Views::default(), intervals: ByNode::default() }
    }

    /// The last interval of each member.
    fn last(&self) -> impl Iterator<Item = Interval> + '_ {
        self.views.members().map(|member| self.intervals.get(member.node).copied().unwrap_or_default())
    }
}

impl<P: Gossiping> Goal<P> for Rest {
    fn observe(&mut self, observed: &Observed<'_, P>) {
        self.views.observe(observed);
        if let What::Healed(_) = observed.what {
            self.intervals = ByNode::default();
        }
        match membership_fact(observed) {
            Some(MembershipFact::Joined(_)) => *self.intervals.get_mut(observed.node) = Interval::default(),
            Some(MembershipFact::Passed { sent, changes }) => {
                let last = self.intervals.get_mut(observed.node);
                *last = Interval { count: last.count + 1, sent: *sent, changes: *changes };
            }
            _ => {}
        }
    }

    fn met(&self) -> bool {
        let members = self.last().count() as u64;
        let sent: u64 = self.last().map(|last| last.sent).sum();
        self.views.core().is_some()
            && self.last().all(|last| last.count >= 2 && last.changes == 0)
            && sent <= self.sent_max * members
    }

    fn missing(&self) -> String {
        let passed = self.last().map(|last| last.count).min().unwrap_or_default();
        let changes: u64 = self.last().map(|last| last.changes).sum();
        let sent: u64 = self.last().map(|last| last.sent).sum();
        let (members, sent_max) = (self.last().count(), self.sent_max);
        format!(
            "there was no rest: of {members} members each had {passed} intervals or more, and in the last of them they \
             told of {changes} changes and sent {sent} messages, of at most {sent_max} each,"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::missing;
    use super::*;

    #[track_caller]
    fn assert_missing(history: &str, expected: Option<&str>) {
        let history = format!("n1 joins 1\nn2 joins 1\nhealed n1 n2\n{history}");
        let goal = missing(&mut Rest::new(10), &history);
        let said = expected.map(|end| format!("there was no rest: of 2 members each had {end}"));
        assert_eq!(goal, said);
    }

    #[test]
    fn one_whole_interval_of_all_without_changes_and_with_few_messages_is_rest() {
        assert_missing("n1 n2 passed 99 3\nn1 passed 15 0\nn2 passed 5 0", None);
        assert_missing("n2 leaves 1\nn1 passed 0 0\nn1 passed 10 0", None);
    }

    #[test]
    fn the_first_interval_may_be_of_before() {
        let early = "1 intervals or more, and in the last of them they told of 0 changes and sent 2 messages, of at most \
                     10 each,";
        assert_missing("n1 n2 passed 1 0", Some(early));
        assert_missing("n1 n2 passed 1 0\nn1 passed 1 0", Some(early));
    }

    #[test]
    fn changes_and_too_many_messages_are_none() {
        let changes = "2 intervals or more, and in the last of them they told of 1 changes and sent 2 messages, of at \
                       most 10 each,";
        assert_missing("n1 n2 passed 1 0\nn1 passed 1 0\nn2 passed 1 1", Some(changes));
        let storm = "2 intervals or more, and in the last of them they told of 0 changes and sent 21 messages, of at \
                     most 10 each,";
        assert_missing("n1 n2 passed 1 0\nn1 passed 20 0\nn2 passed 1 0", Some(storm));
    }
}
