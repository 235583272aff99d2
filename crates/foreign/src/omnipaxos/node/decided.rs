//! What becomes of what is decided: it is applied, those who asked for it are told, and clients read it.

use std::rc::Rc;

use omnipaxos::util::LogEntry;
use oracle::consensus::LogFact;
use sim::{Io, NodeId, content_hash};

use super::super::command::Command;
use super::super::message::{Answer, Message, Protocol, Stretch, Wanted};
use super::super::mirror;
use super::super::usage::{Lapse, Usage};
use super::{Node, send_at};

/// A read is of so many commands at most.
const STRETCH_MAX: usize = 16;

impl<U: Usage> Node<U> {
    pub(super) fn append(&mut self, client: NodeId, command: Command<U>, io: &mut Io<'_, Protocol<U>>) {
        io.fact(LogFact::Proposed { payload: content_hash(&command.0) });
        self.waiting.insert(command.0, client);
        self.paxos.append(command).expect("nobody reconfigures");
    }

    pub(super) fn state_decided(&mut self, io: &mut Io<'_, Protocol<U>>) {
        let decided = self.paxos.get_decided_idx() as u64;
        if decided != self.stated.decided {
            self.stated.decided = decided;
            self.state(LogFact::Committed { index: decided }, io);
        }
        let suffix = self.paxos.read_decided_suffix(self.stated.applied as usize);
        for read in suffix.unwrap_or_default() {
            match read {
                LogEntry::Decided(command) => self.apply(command.0, io),
                LogEntry::Snapshotted(snapshotted) => {
                    // What it took itself it had applied before: this one is what it starts from, or another node has sent.
                    let is_new = snapshotted.trimmed_idx > self.stated.compacted;
                    io.reached(if is_new { "installed" } else { "restored" });
                    let new = snapshotted.snapshot.0.into_iter().skip(self.stated.applied as usize);
                    new.for_each(|name| self.apply(name, io));
                    // What it says it stands for is what comes next, whatever it holds.
                    self.stated.applied = snapshotted.trimmed_idx as u64;
                }
                LogEntry::Trimmed(through) => self.apply_trimmed(through, io),
                LogEntry::Undecided(command) => panic!("{command:?} is not decided"),
                LogEntry::StopSign(..) => panic!("nobody reconfigures"),
            }
        }
    }

    /// Its user had applied that, and stored what it came to, before it was trimmed away.
    fn apply_trimmed(&mut self, through: usize, io: &mut Io<'_, Protocol<U>>) {
        let shared = Rc::clone(&self.shared);
        let applied = self.stated.applied as usize;
        for entry in shared.borrow().mirror.entries().take(through).skip(applied) {
            self.stated.applied = entry.index;
            self.state(LogFact::Applied(entry), io);
        }
    }

    fn apply(&mut self, name: u64, io: &mut Io<'_, Protocol<U>>) {
        self.stated.applied += 1;
        let index = self.stated.applied;
        self.state(LogFact::Applied(mirror::applied(index, name)), io);
        if let Some(client) = self.waiting.remove(&name) {
            send_at(client, Message::Answer(Answer { name, index }), self.last, io);
        }
    }

    /// Shows a client what is decided here, which may be less than elsewhere.
    ///
    /// The crate has no read that is linearizable: its user would append one as a command. Here it is as old as this node is
    /// behind, but as durable as an answer to an append: after a crash the node has not decided less.
    pub(super) fn show(&self, client: NodeId, Wanted { name, first }: Wanted, io: &mut Io<'_, Protocol<U>>) {
        let through = match U::LAPSE {
            Some(Lapse::UndecidedRead) => self.paxos.get_accepted_idx(),
            _ => self.paxos.get_decided_idx(),
        };
        let from = first as usize - 1;
        let to = through.min(from + STRETCH_MAX);
        let read = if from < to { self.paxos.read_entries(from..to) } else { None };
        let mut stretch = Stretch { name, through: through as u64, first, commands: Vec::new() };
        for read in read.unwrap_or_default() {
            match read {
                LogEntry::Decided(command) => stretch.commands.push(command.0),
                LogEntry::Undecided(command) if U::LAPSE == Some(Lapse::UndecidedRead) => {
                    stretch.commands.push(command.0);
                }
                LogEntry::Undecided(command) => panic!("{command:?} is not decided"),
                LogEntry::Snapshotted(snapshotted) => {
                    io.reached("read_snapshot");
                    stretch.commands.extend(snapshotted.snapshot.0.into_iter().take(to).skip(from));
                }
                // The command at its index is gone, whatever comes after it.
                LogEntry::Trimmed(compacted) => {
                    io.reached("read_trimmed");
                    stretch.first = compacted as u64 + 1;
                }
                LogEntry::StopSign(..) => panic!("nobody reconfigures"),
            }
        }
        if !stretch.commands.is_empty() {
            io.reached("read");
        }
        send_at(client, Message::Stretch(stretch), self.last, io);
    }
}
