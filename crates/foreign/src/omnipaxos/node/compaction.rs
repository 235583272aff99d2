//! What is done so that the log does not grow for ever.

use omnipaxos::CompactionErr;
use sim::{Io, NodeId};

use super::super::message::{Message, Protocol};
use super::super::usage::{Compaction, Usage};
use super::{Node, send_at};

impl<U: Usage> Node<U> {
    /// What its user does from time to time.
    pub(super) fn compact(&mut self, io: &mut Io<'_, Protocol<U>>) {
        let (decided, compacted) = (self.paxos.get_decided_idx(), self.paxos.get_compacted_idx());
        let enough = |through: usize| through - compacted >= io.knob("compact_every") as usize;
        match U::COMPACTION {
            Compaction::TrimDecided => {
                let through = self.decided_by_all(io).min(decided).max(compacted);
                if enough(through) {
                    match self.paxos.trim(Some(through)) {
                        // It does not lead, or has not heard yet that all hold as much.
                        Ok(()) | Err(CompactionErr::NotCurrentLeader(_) | CompactionErr::NotAllDecided(_)) => {}
                        Err(error) => {
                            panic!("through {through} of {decided}, of which {compacted} are trimmed: {error}")
                        }
                    }
                }
            }
            Compaction::TrimAccepted if enough(decided) => _ = self.paxos.trim(None),
            Compaction::Snapshot if enough(decided) => {
                let local_only = io.draw("local_only").is_multiple_of(2);
                self.paxos.snapshot(None, local_only).expect("what is decided can be snapshotted");
            }
            Compaction::TrimAccepted | Compaction::Snapshot | Compaction::SnapshotAtOnce => {}
        }
    }

    /// What its user does in every step, when what was decided is applied, and before anything else is handed to the crate.
    pub(super) fn compact_at_once(&mut self, io: &mut Io<'_, Protocol<U>>) {
        if U::COMPACTION == Compaction::SnapshotAtOnce && self.paxos.get_decided_idx() > self.paxos.get_compacted_idx()
        {
            // The others have nothing to do then but what they do by themselves.
            let local_only = !io.draw("everywhere").is_multiple_of(8);
            self.paxos.snapshot(None, local_only).expect("what is decided can be snapshotted");
            self.write(io);
        }
    }

    pub(super) fn state_compacted(&mut self, io: &mut Io<'_, Protocol<U>>) {
        let compacted = self.paxos.get_compacted_idx();
        if compacted > self.stated.compacted {
            self.stated.compacted = compacted;
            if !U::COMPACTION.is_by_snapshot() {
                io.reached("trimmed");
            }
        }
    }

    /// What peers have to know who trim no further than all decided.
    pub(super) fn tell_decided(&self, io: &mut Io<'_, Protocol<U>>) {
        if U::COMPACTION != Compaction::TrimDecided {
            return;
        }
        let decided = self.paxos.get_decided_idx() as u64;
        for index in 0..io.nodes().len() {
            let peer = io.nodes()[index];
            if peer != io.id() {
                send_at(peer, Message::Decided(decided), self.last, io);
            }
        }
    }

    fn decided_by_all(&self, io: &Io<'_, Protocol<U>>) -> usize {
        let peers = io.nodes().iter().filter(|node: &&NodeId| **node != io.id());
        let decided = peers.map(|peer| self.decided.get(peer).copied().unwrap_or_default());
        decided.min().unwrap_or_default() as usize
    }
}
