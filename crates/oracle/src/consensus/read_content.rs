//! What a client reads of the log is what was applied, and what others were told stands there.

use std::collections::BTreeMap;

use sim::{Checker, Flaw, Judgement, Observed, OperationId, What, Witness};

use super::fact::{Acknowledged, LogFact, Read, Replicated, log_fact, subject};

/// Whatever a client is shown is a stretch of the one sequence that is applied: each entry was applied by somebody before it is
/// shown, and an entry that somebody was told stands at an index is what is shown there.
///
/// How old a read is, it does not judge. A node shows what it has, so that a client may read less than was acknowledged to
/// it, or to another, long before: nothing here is linearizable. That one node does not go back is for `read_monotonic`.
#[derive(Clone, Debug, Default)]
pub struct ReadContent {
    /// The payload that was first applied at each index.
    ledger: Vec<(u64, Witness)>,
    /// The payload that somebody was told stands at an index.
    told: BTreeMap<u64, Told>,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    payload: u64,
    operation: OperationId,
    witness: Witness,
}

impl<P: Replicated> Checker<P> for ReadContent {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        if let What::Responded(operation, reply) = observed.what {
            if let Some(Acknowledged { index, payload }) = P::acknowledged(reply) {
                let told = Told { payload, operation, witness: observed.witness(subject(index)) };
                self.told.entry(index).or_insert(told);
            }
            return match P::read(reply) {
                Some(read) => self.judge(read, operation, |index| observed.witness(subject(index))),
                None => Judgement::Irrelevant,
            };
        }
        // What a second node applies at an index is the same, or for `state_machine_safety` to say.
        if let Some(LogFact::Applied(entry)) = log_fact(observed)
            && entry.index == self.ledger.len() as u64 + 1
        {
            self.ledger.push((entry.payload, observed.witness(entry.subject())));
        }
        Judgement::Irrelevant
    }
}

impl ReadContent {
    fn judge(&self, read: &Read, operation: OperationId, here: impl Fn(u64) -> Witness) -> Judgement {
        let Read { server, through, first, ref payloads } = *read;
        let shown = payloads.iter().zip(0..).map(|(payload, after)| (first.wrapping_add(after), *payload));
        for (index, payload) in shown {
            let flaw = |explanation: String, there: Option<Witness>| {
                Judgement::Violated(Box::new(Flaw {
                    explanation: format!("{server} showed {operation} {explanation}"),
                    witnesses: there.into_iter().chain([here(index)]).collect(),
                }))
            };
            let applied = usize::try_from(index.wrapping_sub(1)).ok().and_then(|at| self.ledger.get(at));
            let Some((applied, there)) = applied else {
                return flaw(format!("entry {index}, which nobody had applied"), None);
            };
            if *applied != payload {
                let by = format!("{} had applied at {}", there.node, there.time);
                return flaw(format!("another entry {index} than {by}"), Some(*there));
            }
            if let Some(told) = self.told.get(&index).filter(|told| told.payload != payload) {
                let by = format!("{} was told of at {}", told.operation, told.witness.time);
                return flaw(format!("another entry {index} than {by}"), Some(told.witness));
            }
        }
        let applied = self.ledger.len() as u64;
        Judgement::holds_if(through <= applied, || Flaw {
            explanation: format!(
                "{server} told {operation} that its log goes through entry {through}, and nobody had applied more than {applied}"
            ),
            witnesses: vec![here(through)],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn what_was_applied_may_be_read_of_anybody_however_late_and_in_part() {
        let history = "n1 applies 0/1 a
            n1 applies 0/2 b
            c1 asks
            c1 answered 2 b
            c1 shown n1 2 1 a b
            c2 shown n1 2 2 b
            c1 shown n2 0 1
            n2 applies 0/1 a
            c1 shown n2 1 1 a";
        accepts(ReadContent::default(), history);
    }

    #[test]
    fn what_nobody_had_applied_is_refused_though_somebody_does_so_later() {
        let history = "n1 applies 0/1 a\nc1 asks\nc1 shown n2 2 1 a b";
        refuses(ReadContent::default(), history, "n2 showed c1#1 entry 2, which nobody had applied");
        let through = "n2 told c1#1 that its log goes through entry 2, and nobody had applied more than 1";
        refuses(ReadContent::default(), &history.replace(" b", ""), through);
    }

    #[test]
    fn another_entry_than_was_applied_and_one_in_another_place_are_refused() {
        let history = "n1 applies 0/1 a\nn1 applies 0/2 b\nc1 asks\nc1 shown n2 2 1 a c";
        let other = "n2 showed c1#1 another entry 2 than n1 had applied at 0.002s";
        refuses(ReadContent::default(), history, other);
        refuses(ReadContent::default(), &history.replace("1 a c", "2 a"), other);
    }

    #[test]
    fn another_entry_than_somebody_was_told_of_is_refused() {
        let history = "n1 applies 0/1 a\nc1 asks\nc1 answered 1 b\nc2 asks\nc2 shown n2 1 1 a";
        let other = "n2 showed c2#2 another entry 1 than c1#1 was told of at 0.003s";
        refuses(ReadContent::default(), history, other);
    }
}
