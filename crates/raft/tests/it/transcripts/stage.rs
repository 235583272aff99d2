//! A cluster on which commands are carried out.

use raft::Config;

use super::command::{Command, Filter, Settings};
use super::render;
use crate::cluster::{Cluster, Envelope};

#[derive(Default)]
pub struct Stage {
    cluster: Option<Cluster>,
    held: Vec<Envelope>,
}

impl Stage {
    /// Carries out one command, and gives its output.
    ///
    /// # Errors
    ///
    /// What the command needs and does not find, as expected and received.
    pub fn perform(&mut self, command: Command) -> Result<Vec<String>, String> {
        if let Command::Cluster { size, settings } = command {
            self.cluster = Some(cluster(size, settings));
            return Ok(Vec::new());
        }
        let cluster = self.cluster.as_mut().ok_or("expected a cluster, received none")?;
        // From before: nothing that this command does.
        drop(cluster.take_events());
        match command {
            Command::Settle => {
                cluster.settle(&cluster.ids_up());
                Ok(render::summary(&cluster.take_events()))
            }
            Command::Run { time } => {
                run_until(cluster, cluster.now + time);
                Ok(render::summary(&cluster.take_events()))
            }
            Command::Crash { node, records_kept } => Ok(render::tear(node, &cluster.crash(node, records_kept))),
            Command::State => Ok(render::state(cluster)),
            Command::Progress { node } => Ok(render::progress(cluster.raft(node))),
            Command::Network => Ok(render::network(cluster, &self.held)),
            other => {
                act(cluster, &mut self.held, other)?;
                let events = cluster.take_events();
                Ok(render::events(&events, |from, to| cluster.is_reachable(from, to)))
            }
        }
    }
}

/// Carries out a command whose output is what happens.
fn act(cluster: &mut Cluster, held: &mut Vec<Envelope>, command: Command) -> Result<(), String> {
    match command {
        Command::Recovered { node, disk } => cluster.recover(node, disk),
        Command::Tick { node } => cluster.fire(node),
        Command::Wait { time } => cluster.now += time,
        // The answer is among the events.
        Command::Propose { node, command } => drop(cluster.propose(node, &command)),
        Command::Flush { node: Some(node) } if cluster.has_writes(node) => cluster.flush_one(node),
        Command::Flush { node: Some(node) } => return Err(format!("expected a write of n{node}, received none")),
        Command::Flush { node: None } => cluster.ids().into_iter().for_each(|id| cluster.flush(id)),
        Command::Deliver(filter) => {
            let due = take(&filter, &mut cluster.network)?;
            due.into_iter().for_each(|envelope| cluster.deliver(envelope));
        }
        Command::Drop(filter) => drop(take(&filter, &mut cluster.network)?),
        Command::Duplicate(filter) => {
            // From a copy, so that the first one keeps its place.
            let copies = take(&filter, &mut cluster.network.clone())?;
            cluster.network.extend(copies);
        }
        Command::Hold(filter) => held.extend(take(&filter, &mut cluster.network)?),
        Command::Release(filter) => cluster.network.extend(take(&filter, held)?),
        Command::Restart { node } => cluster.start(node),
        Command::Cut { node, other: Some(other) } => cluster.cut(node, other),
        Command::Cut { node, other: None } => cluster.ids().into_iter().for_each(|other| cluster.cut(node, other)),
        Command::Mend => cluster.mend(),
        Command::Cluster { .. }
        | Command::Settle
        | Command::Run { .. }
        | Command::Crash { .. }
        | Command::State
        | Command::Progress { .. }
        | Command::Network => unreachable!("performed above"),
    }
    Ok(())
}

/// What matches, of which there must be something: a command about nothing is a mistake.
fn take(filter: &Filter, messages: &mut Vec<Envelope>) -> Result<Vec<Envelope>, String> {
    let taken = filter.take(messages);
    if taken.is_empty() {
        let all: Vec<String> = messages.iter().map(render::envelope).collect();
        return Err(format!("expected a message that matches, received {all:?}"));
    }
    Ok(taken)
}

fn run_until(cluster: &mut Cluster, end: std::time::Duration) {
    loop {
        let next = cluster.next_to_fire();
        if cluster.raft(next).next_deadline().is_none_or(|deadline| deadline > end) {
            break;
        }
        cluster.fire(next);
        cluster.settle(&cluster.ids_up());
    }
    cluster.now = end;
}

fn cluster(size: u64, settings: Settings) -> Cluster {
    let Settings { pre_vote, check_quorum, window, per_append } = settings;
    Cluster::configured(size, |config| Config {
        pre_vote,
        check_quorum,
        max_entries_in_flight: window.unwrap_or(config.max_entries_in_flight),
        max_entries_per_append: per_append.unwrap_or(config.max_entries_per_append),
        ..config
    })
}
