//! A node applies only what its own disk holds (dissertation §10.2.1).

use sim::{Checker, Flaw, Judgement, NodeId, Observed};

use super::disks::Disks;
use super::fact::{LogFact, Replicated, log_fact};

/// When a node applies an entry, its own disk holds it: after a crash its state machine is never ahead of its log.
///
/// Not every protocol promises this. One that applies what others hold must be able to fetch it from them again.
#[derive(Clone, Debug)]
pub struct AppliedIsHeld {
    disks: Disks,
}

impl AppliedIsHeld {
    /// For a cluster in which these vote.
    pub fn new(voters: &[NodeId]) -> AppliedIsHeld {
        AppliedIsHeld { disks: Disks::new(voters) }
    }
}

impl<P: Replicated> Checker<P> for AppliedIsHeld {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        self.disks.observe(observed);
        let Some(LogFact::Applied(entry)) = log_fact(observed) else { return Judgement::Irrelevant };
        let held = self.disks.of(observed.node).and_then(|disk| disk.entry(entry.index));
        let holds = held == Some(*entry);
        Judgement::holds_if(holds, || Flaw {
            explanation: format!("{} applied {entry}, which its own disk does not hold", observed.node),
            witnesses: vec![observed.witness(entry.subject())],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    fn of_three() -> AppliedIsHeld {
        AppliedIsHeld::new(&[1, 2, 3].map(NodeId::node))
    }

    #[test]
    fn what_is_on_its_own_disk_may_be_applied() {
        accepts(
            of_three(),
            "n1 durable 1/1 a\nn1 applies 1/1 a\nn1 crashes\nn1 boots\nn1 recovered 1/1 a\nn1 applies 1/1 a",
        );
    }

    #[test]
    fn what_is_only_on_the_disks_of_others_is_refused() {
        let history = "n2 n3 durable 1/1 a\nn1 appends 1/1 a\nn1 applies 1/1 a";
        refuses(of_three(), history, "n1 applied entry 1 of term 1, which its own disk does not hold");
        let other = "n1 durable 2/1 a\nn1 applies 1/1 a";
        refuses(of_three(), other, "n1 applied entry 1 of term 1, which its own disk does not hold");
    }
}
