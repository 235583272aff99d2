//! What was written is held by somebody, at its last version, and whoever asks is told so.

use std::collections::BTreeMap;

use sim::{Checker, Flaw, Judgement, NodeId, Observed, OperationId, What, Witness};

use super::fact::{Access, Answered, Item, Partitioned, RingFact, ring_fact, subject};
use super::holdings::{CIRCLE, Holdings};
use super::range::Range;
use crate::by_node::ByNode;

/// Each write counts a key's version up by one; the last one is on somebody's disk at any time, releases and restarts
/// included; and an answer that follows another, asked for when that one was there, does not fall behind it.
#[derive(Clone, Debug, Default)]
pub struct NoKeyLost {
    keys: BTreeMap<u64, Key>,
    holdings: Holdings,
    /// What each node got since it last accepted a range.
    received: ByNode<Vec<Item>>,
    /// How many keys each node found in its present life.
    found: ByNode<usize>,
    /// The version that was answered to anybody when an operation began.
    begun: BTreeMap<OperationId, u64>,
}

#[derive(Clone, Debug)]
struct Key {
    /// The last version, and where it was written.
    written: (u64, Witness),
    /// Who holds which version.
    holders: Vec<(NodeId, u64)>,
    /// The last version that a client was told of.
    answered: u64,
}

impl<P: Partitioned> Checker<P> for NoKeyLost {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        let node = observed.node;
        match observed.what {
            What::Booted => *self.found.get_mut(node) = 0,
            What::Invoked(id, operation) => {
                let answered = self.keys.get(&P::asked(operation)).map_or(0, |key| key.answered);
                self.begun.insert(id, answered);
            }
            What::Responded(id, reply) => {
                let answered = P::answered(reply);
                return self.answer(id, answered, observed.witness(subject(answered.key)));
            }
            _ => {}
        }
        match ring_fact(observed) {
            Some(RingFact::Written { item, .. }) => self.write(item, observed.witness(subject(item.key))),
            Some(RingFact::Received { item, .. }) => {
                self.received.get_mut(node).push(*item);
                Judgement::Irrelevant
            }
            Some(RingFact::Accepted(_)) => {
                let received = std::mem::take(self.received.get_mut(node));
                received.iter().for_each(|item| self.hold(node, item));
                Judgement::Irrelevant
            }
            Some(RingFact::Released(movement)) => self.release(movement.range, observed.witness(movement.epoch)),
            Some(RingFact::Found(item)) => self.find(item, observed.witness(subject(item.key))),
            Some(RingFact::Recovered { epoch, .. }) => self.recover(observed.witness(*epoch)),
            _ => Judgement::Irrelevant,
        }
    }
}

impl NoKeyLost {
    fn hold(&mut self, node: NodeId, item: &Item) {
        self.holdings.put(node, item);
        if let Some(key) = self.keys.get_mut(&item.key) {
            key.holders.retain(|(holder, _)| *holder != node);
            key.holders.push((node, item.version));
        }
    }

    fn write(&mut self, item: &Item, here: Witness) -> Judgement {
        let new = || Key { written: (0, here), holders: Vec::new(), answered: 0 };
        let key = self.keys.entry(item.key).or_insert_with(new);
        let (last, there) = std::mem::replace(&mut key.written, (item.version, here));
        self.hold(here.node, item);
        Judgement::holds_if(item.version.checked_sub(1) == Some(last), || Flaw {
            explanation: format!(
                "{} wrote {item}, after {} had written version {last} at {}",
                here.node, there.node, there.time
            ),
            witnesses: vec![there, here],
        })
    }

    fn release(&mut self, range: Range, here: Witness) -> Judgement {
        let node = here.node;
        let mut lost = None;
        for item in self.holdings.take(node, range) {
            let Some(key) = self.keys.get_mut(&item.key) else { continue };
            key.holders.retain(|(holder, _)| *holder != node);
            let (last, there) = key.written;
            if !key.holders.iter().any(|(_, version)| *version == last) {
                lost = lost.or(Some((item, there)));
            }
        }
        let Some((item, there)) = lost else { return Judgement::Holds };
        let explanation = format!("{node} released {item}, written at {}, and nobody else holds it", there.time);
        Judgement::Violated(Box::new(Flaw { explanation, witnesses: vec![there, here] }))
    }

    fn find(&mut self, item: &Item, here: Witness) -> Judgement {
        *self.found.get_mut(here.node) += 1;
        let held = self.holdings.version(here.node, item);
        let written = self.keys.get(&item.key).map(|key| key.written.1);
        Judgement::holds_if(held == Some(item.version), || Flaw {
            explanation: format!(
                "{} found {item} at its restart, where it had {}",
                here.node,
                held.map_or("nothing".to_owned(), |version| format!("version {version}"))
            ),
            witnesses: written.into_iter().chain([here]).collect(),
        })
    }

    fn recover(&mut self, here: Witness) -> Judgement {
        let found = *self.found.get_mut(here.node);
        let held = self.holdings.within(here.node, CIRCLE).count();
        Judgement::holds_if(found == held, || Flaw {
            explanation: format!("{} held {held} keys, and found {found} at its restart", here.node),
            witnesses: vec![here],
        })
    }

    fn answer(&mut self, id: OperationId, answered: Answered, here: Witness) -> Judgement {
        let begun = self.begun.remove(&id).unwrap_or_default();
        let Answered { access, key: name, version } = answered;
        let known = self.keys.get_mut(&name);
        let (written, there) = known.as_ref().map_or((0, here), |key| key.written);
        if let Some(key) = known {
            key.answered = key.answered.max(version);
        }
        let least = begun.saturating_add(u64::from(access == Access::Write));
        Judgement::holds_if((least..=written).contains(&version), || Flaw {
            explanation: format!(
                "{} was told of key {name} at version {version}, which had been answered at {begun} when it asked and is \
                 written at {written}",
                here.node
            ),
            witnesses: vec![there, here],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    const WRITTEN: &str = "n2 writes 1 7@15=1\nn2 writes 1 7@15=2\nn2 writes 1 8@20=1\n";

    #[track_caller]
    fn refuses_once_written(history: &str, explanation: &str) {
        refuses(NoKeyLost::default(), &format!("{WRITTEN}{history}"), explanation);
    }

    #[test]
    fn a_key_is_handed_over_written_on_found_and_read() {
        let history = "c1 asks 7
            c1 wrote 7 2
            c1 asks 7
            n3 received 2 7@15=2
            n3 accepts 2 10..19 n2>n3
            n2 releases 2 10..19 n2>n3
            n2 crashes
            n2 boots
            n2 found 8@20=1
            n2 recovered 2 b
            n3 writes 2 7@15=3
            c1 read 7 2
            c1 asks 7
            c1 read 7 3
            c2 asks 9
            c2 read 9 0";
        accepts(NoKeyLost::default(), &format!("{WRITTEN}{history}"));
    }

    #[test]
    fn a_release_before_anybody_holds_the_last_version_is_refused() {
        let alone = "n2 released key 7 at version 2, written at 0.002s, and nobody else holds it";
        refuses_once_written("n2 releases 2 10..19 n2>n3", alone);
        refuses_once_written("n3 received 2 7@15=2\nn2 releases 2 10..19 n2>n3", alone);
        let stale = "n3 received 2 7@15=1\nn3 accepts 2 10..19 n2>n3\nn2 releases 2 10..19 n2>n3";
        refuses_once_written(stale, alone);
    }

    #[test]
    fn a_write_that_does_not_know_of_the_last_is_refused() {
        let anew = "n3 wrote key 7 at version 1, after n2 had written version 2 at 0.002s";
        refuses_once_written("n3 writes 2 7@15=1", anew);
    }

    #[test]
    fn a_restart_without_a_key_or_with_another_version_is_refused() {
        let fewer = "n2 held 2 keys, and found 1 at its restart";
        refuses_once_written("n2 boots\nn2 found 7@15=2\nn2 recovered 1 a", fewer);
        let older = "n2 found key 7 at version 1 at its restart, where it had version 2";
        refuses_once_written("n2 boots\nn2 found 7@15=1", older);
        let strange = "n3 found key 7 at version 1 at its restart, where it had nothing";
        refuses_once_written("n3 boots\nn3 found 7@15=1", strange);
    }

    #[test]
    fn an_answer_that_falls_behind_or_runs_ahead_is_refused() {
        let behind =
            "c2 was told of key 7 at version 1, which had been answered at 2 when it asked and is written at 2";
        refuses_once_written("c1 asks 7\nc1 wrote 7 2\nc2 asks 7\nc2 read 7 1", behind);
        let ahead = "c1 was told of key 7 at version 3, which had been answered at 0 when it asked and is written at 2";
        refuses_once_written("c1 asks 7\nc1 wrote 7 3", ahead);
        let no_write = behind.replace("c2", "c1").replace("version 1", "version 2");
        refuses_once_written("c1 asks 7\nc1 wrote 7 2\nc1 asks 7\nc1 wrote 7 2", &no_write);
    }
}
