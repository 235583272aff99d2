//! What a leader takes for matched has been on the follower's disk (Raft figure 2, `matchIndex`).

use sim::{Checker, Fact, Flaw, Judgement, NodeId, Observed, What, Witness};

use super::fact::{Entry, LogFact, Replicated, log_fact};
use super::terms::Terms;
use crate::by_node::ByNode;

/// Invariants 15 and 16: a leader takes a follower's log to match its own through an index only if the follower's disk was
/// equal to its log through there while the follower was in the leader's term or a later one.
///
/// Was, not is: n2 acknowledges entry 5 to n1, the leader of term 1; n3 leads term 2 and has n2 remove entry 5; then the
/// acknowledgement arrives, and n1, which knows of no term 2, counts it. Nothing is wrong: n1 has no quorum for it.
///
/// In the leader's term, as an acknowledgement of an earlier one says nothing in this: what it speaks of may be gone.
#[derive(Clone, Debug, Default)]
pub struct MatchTruth {
    nodes: ByNode<Node>,
}

#[derive(Clone, Debug, Default)]
struct Node {
    /// The term that it is in.
    term: u64,
    /// Where it entered that, and where its disk last changed.
    entered: Option<Witness>,
    stored: Option<Witness>,
    /// Its log in memory.
    log: Terms,
    /// Its log on disk. At a boot it stays as it is until something else is found there, or each would lose all of it anew.
    disk: Terms,
    /// What its disk no longer holds.
    lost: Vec<Lost>,
}

#[derive(Clone, Copy, Debug)]
struct Lost {
    index: u64,
    term: u64,
    /// The term that its node was in.
    in_term: u64,
}

impl<P: Replicated> Checker<P> for MatchTruth {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        if matches!(observed.what, What::Booted) {
            self.nodes.get_mut(observed.node).log.clear();
        }
        let Some(fact) = log_fact(observed) else { return Judgement::Irrelevant };
        let here = || Some(observed.witness(fact.subject()));
        match fact {
            LogFact::Entered { term } => {
                let node = self.nodes.get_mut(observed.node);
                (node.term, node.entered) = (*term, here());
            }
            LogFact::Appended(entry) => self.nodes.get_mut(observed.node).log.append(entry),
            LogFact::Truncated { from } => _ = self.nodes.get_mut(observed.node).log.truncate(*from),
            LogFact::Durable(entry) => {
                let node = self.nodes.get_mut(observed.node);
                node.disk.append(entry);
                node.stored = here();
            }
            LogFact::DurablyTruncated { from } => {
                let node = self.nodes.get_mut(observed.node);
                node.lose(*from);
                node.stored = here();
            }
            LogFact::Recovered(entry) => self.nodes.get_mut(observed.node).recover(entry),
            LogFact::Restarted { term, .. } => {
                let node = self.nodes.get_mut(observed.node);
                // Of the disk there is what was read back, and that is the log.
                node.lose(node.log.last() + 1);
                (node.term, node.entered, node.stored) = (*term, here(), here());
            }
            LogFact::Matched { term, follower, matched, .. } if *matched > 0 => {
                return self.judge(*term, *follower, *matched, observed.witness(fact.subject()));
            }
            _ => {}
        }
        Judgement::Irrelevant
    }
}

impl Node {
    fn lose(&mut self, from: u64) {
        let in_term = self.term;
        self.lost.extend(self.disk.truncate(from).map(|(index, term)| Lost { index, term, in_term }));
    }

    fn recover(&mut self, entry: &Entry) {
        self.log.append(entry);
        if self.disk.at(entry.index) != Some(entry.term) {
            self.lose(entry.index);
            self.disk.append(entry);
        }
    }

    /// Whether its disk held this entry while it was in `since` or a later term.
    fn has_held(&self, index: u64, term: u64, since: u64) -> bool {
        let lost = || self.lost.iter().any(|lost| (lost.index, lost.term) == (index, term) && lost.in_term >= since);
        self.term >= since && (self.disk.at(index) == Some(term) || lost())
    }
}

impl MatchTruth {
    fn judge(&mut self, term: u64, follower: NodeId, matched: u64, here: Witness) -> Judgement {
        let of = self.nodes.get_mut(here.node).log.at(matched);
        let node = self.nodes.get_mut(follower);
        Judgement::holds_if(of.is_some_and(|of| node.has_held(matched, of, term)), || {
            let leader = here.node;
            let entry = of.map_or(format!("entry {matched}"), |of| format!("entry {matched} of term {of}"));
            let instead = match node.disk.at(matched) {
                _ if of.is_none() => "which its own log does not have".to_owned(),
                _ if node.term < term => format!("and {follower} is still in term {}", node.term),
                Some(other) => format!("and the disk of {follower} has entry {matched} of term {other}"),
                None => format!("and the disk of {follower} ends at {}", node.disk.last()),
            };
            Flaw {
                explanation: format!(
                    "{leader}, leading term {term}, takes {follower} to match through {entry}, {instead}"
                ),
                witnesses: node.entered.into_iter().chain(node.stored).chain([here]).collect(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    /// n1 leads term 1 with two entries, which the disk of n2 holds.
    const LED: &str = "n1 n2 n3 enters 1
        n1 n2 appends 1/1 a
        n1 n2 appends 1/2 b
        n2 durable 1/1 a
        n2 durable 1/2 b";

    /// n3 leads term 2 with another second entry, and the disk of n2 follows it.
    const OVERWRITTEN: &str = "n3 appends 1/1 a
        n2 n3 enters 2
        n3 appends 2/2 c
        n2 truncates 2
        n2 appends 2/2 c
        n2 forgets 2
        n2 durable 2/2 c";

    #[test]
    fn a_disk_that_holds_it_though_its_node_is_dead_or_declines_to_serve() {
        let learnt = "n1 matched 1 n2 0 1\nn1 matched 1 n2 1 3\nn2 crashes\nn2 boots\nn1 matched 1 n2 2 3";
        accepts(MatchTruth::default(), &format!("{LED}\n{learnt}"));
    }

    #[test]
    fn what_a_later_leader_had_removed_by_the_time_the_acknowledgement_arrives() {
        let late = "n1 matched 1 n2 2 3\nn3 matched 2 n2 2 3";
        accepts(MatchTruth::default(), &format!("{LED}\n{OVERWRITTEN}\n{late}"));
        let restarted = "n2 crashes\nn2 boots\nn2 recovered 1/1 a\nn2 recovered 2/2 c\nn2 restarted 2";
        accepts(MatchTruth::default(), &format!("{LED}\n{OVERWRITTEN}\n{restarted}\n{late}"));
        let found_so = "n2 enters 2\nn2 crashes\nn2 boots\nn2 recovered 1/1 a\nn2 recovered 2/2 c\nn2 restarted 2";
        accepts(MatchTruth::default(), &format!("{LED}\n{found_so}\nn1 matched 1 n2 2 3"));
    }

    #[test]
    fn what_is_on_no_disk_is_refused() {
        let memory = "n1, leading term 1, takes n2 to match through entry 3 of term 1, and the disk of n2 ends at 2";
        refuses(MatchTruth::default(), &format!("{LED}\nn1 n2 appends 1/3 c\nn1 matched 1 n2 3 4"), memory);
        let nothing = "n1, leading term 1, takes n3 to match through entry 1 of term 1, and the disk of n3 ends at 0";
        refuses(MatchTruth::default(), &format!("{LED}\nn1 matched 1 n3 1 3"), nothing);
        let no_entry = "n1, leading term 1, takes n2 to match through entry 3, which its own log does not have";
        refuses(MatchTruth::default(), &format!("{LED}\nn1 matched 1 n2 3 4"), no_entry);
    }

    #[test]
    fn another_entry_at_the_index_is_refused() {
        let (until_removed, _) = OVERWRITTEN.split_once("n2 forgets").expect("it does");
        let other =
            "n3, leading term 2, takes n2 to match through entry 2 of term 2, and the disk of n2 has entry 2 of term 1";
        refuses(MatchTruth::default(), &format!("{LED}\n{until_removed}\nn3 matched 2 n2 2 3"), other);
    }

    /// What the disk held in an earlier term it may have lost before it heard of this leader.
    #[test]
    fn what_was_lost_in_an_earlier_term_is_refused() {
        let again = "n1 n2 enters 3\nn1 matched 3 n2 2 3";
        let lost =
            "n1, leading term 3, takes n2 to match through entry 2 of term 1, and the disk of n2 has entry 2 of term 2";
        refuses(MatchTruth::default(), &format!("{LED}\n{OVERWRITTEN}\n{again}"), lost);
        let shorter = "n2 crashes\nn2 boots\nn2 recovered 1/1 a\nn2 restarted 1";
        let lost = "n1, leading term 3, takes n2 to match through entry 2 of term 1, and the disk of n2 ends at 1";
        refuses(MatchTruth::default(), &format!("{LED}\n{shorter}\n{again}"), lost);
    }

    #[test]
    fn an_acknowledgement_of_an_earlier_term_is_refused() {
        let early = "n1, leading term 3, takes n2 to match through entry 2 of term 1, and n2 is still in term 1";
        refuses(MatchTruth::default(), &format!("{LED}\nn1 enters 3\nn1 matched 3 n2 2 3"), early);
    }
}
