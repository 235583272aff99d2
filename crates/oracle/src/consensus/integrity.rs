//! Nothing is applied that nobody proposed, and nothing more often than it was (validity and integrity of atomic broadcast:
//! Hadzilacos and Toueg 1994; for a log, SC1 of Sequence Paxos).

use std::collections::BTreeMap;

use sim::{Checker, Flaw, Judgement, Observed, Witness};

use super::fact::{LogFact, Replicated, log_fact};

/// A payload stands in the log at most as often as it was handed to the protocol.
///
/// A client that asks again is a proposal more. For a protocol that adds entries of its own, such as Raft's no-ops, it is
/// no property.
#[derive(Clone, Debug, Default)]
pub struct Integrity {
    /// How often each payload was proposed and stands in the log.
    payloads: BTreeMap<u64, Count>,
    /// How far the log was counted.
    through: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    proposed: u32,
    applied: u32,
    /// Where it was applied last.
    last: Option<Witness>,
}

impl<P: Replicated> Checker<P> for Integrity {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        match log_fact(observed) {
            Some(LogFact::Proposed { payload }) => {
                self.payloads.entry(*payload).or_default().proposed += 1;
                Judgement::Irrelevant
            }
            // What a second node applies at an index is the same, or for `state_machine_safety` to say.
            Some(LogFact::Applied(entry)) if entry.index == self.through + 1 => {
                self.through = entry.index;
                let here = observed.witness(entry.subject());
                let count = self.payloads.entry(entry.payload).or_default();
                count.applied += 1;
                let before = count.last.replace(here);
                Judgement::holds_if(count.applied <= count.proposed, || Flaw {
                    explanation: match count.proposed {
                        0 => format!("{} applied {entry}, which nobody proposed", observed.node),
                        proposed => format!(
                            "{} applied {entry}, so that it stands in the log {} times, and it was proposed {proposed} times",
                            observed.node, count.applied
                        ),
                    },
                    witnesses: before.into_iter().chain([here]).collect(),
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
    fn what_is_proposed_twice_may_stand_twice_and_is_applied_by_everybody() {
        let history = "n1 proposes a
            n2 proposes a
            n1 n2 applies 0/1 a
            n2 crashes
            n2 boots
            n2 applies 0/1 a
            n1 n2 applies 0/2 a";
        accepts(Integrity::default(), history);
    }

    #[test]
    fn what_nobody_proposed_and_what_stands_twice_for_one_proposal_are_refused() {
        refuses(Integrity::default(), "n1 proposes a\nn1 applies 0/1 b", "n1 applied entry 1, which nobody proposed");
        let twice = "n1 applied entry 2, so that it stands in the log 2 times, and it was proposed 1 times";
        refuses(Integrity::default(), "n1 proposes a\nn1 applies 0/1 a\nn1 applies 0/2 a", twice);
    }
}
