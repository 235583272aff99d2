//! Events and states as text: a line each, the node in front, positions as term/index.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use raft::{
    Body, Effect, Entry, HardState, Index, Message, Mode, NodeId, Outcome, Payload, Raft, Record, Role, WriteId,
};

use crate::cluster::{Cluster, Envelope, Event, Tear};

/// The kinds of message, as commands and outputs call them.
pub const KINDS: [&str; 7] = ["pre-vote", "pre-vote-reply", "vote", "vote-reply", "append", "accepted", "rejected"];

pub fn kind(body: &Body) -> &'static str {
    let [pre_vote, pre_vote_reply, vote, vote_reply, append, accepted, rejected] = KINDS;
    match body {
        Body::PreVoteRequest { .. } => pre_vote,
        Body::PreVoteReply { .. } => pre_vote_reply,
        Body::VoteRequest { .. } => vote,
        Body::VoteReply { .. } => vote_reply,
        Body::Append { .. } => append,
        Body::AppendAccepted { .. } => accepted,
        Body::AppendRejected { .. } => rejected,
    }
}

/// Everything that happened. The same message to several nodes is one line.
pub fn events(events: &[Event], is_reachable: impl Fn(NodeId, NodeId) -> bool) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = events;
    while let Some(event) = rest.first() {
        let count = rest.iter().take_while(|other| is_same_send(event, other)).count().max(1);
        let (now, later) = rest.split_at(count);
        lines.extend(line(now, &is_reachable));
        rest = later;
    }
    lines
}

/// What is worth knowing of a long way: roles, what was ignored or taken back, how far each node applied.
pub fn summary(all: &[Event]) -> Vec<String> {
    let is_worth = |event: &Event| match event {
        Event::Asked { effect, .. } => matches!(effect, Effect::RoleChanged { .. } | Effect::Ignored { .. }),
        Event::Wrote { records, .. } => records.iter().any(|record| matches!(record, Record::Truncate { .. })),
        Event::Received { .. } | Event::Durable { .. } => false,
    };
    let told: Vec<Event> = all.iter().filter(|event| is_worth(event)).cloned().collect();
    let mut lines = events(&told, |_, _| true);

    let mut applied: BTreeMap<NodeId, (Index, Index)> = BTreeMap::new();
    for event in all {
        if let Event::Asked { node, effect: Effect::Apply(Entry { index, .. }) } = event {
            applied.entry(*node).or_insert((*index, *index)).1 = *index;
        }
    }
    if !applied.is_empty() {
        let applied = applied.iter().map(|(node, (first, last))| format!(" {node}={first}..={last}"));
        lines.push(format!("applied{}", applied.collect::<String>()));
    }
    let message_count = all.iter().filter(|event| matches!(event, Event::Received { .. })).count();
    lines.push(format!("messages {message_count}"));
    lines
}

pub fn state(cluster: &Cluster) -> Vec<String> {
    cluster.ids().into_iter().map(|id| node_state(cluster.raft(id), cluster.is_up(id))).collect()
}

pub fn progress(leader: &Raft) -> Vec<String> {
    let line = |(id, progress): (NodeId, raft::Progress)| {
        let mode = match progress.mode() {
            Mode::Probe => "probe",
            Mode::ProbeSent => "probe-sent",
            Mode::Replicate => "replicate",
        };
        format!("{id} {mode} matched={} next={}", progress.matched(), progress.next())
    };
    leader.followers().map(line).collect()
}

pub fn network(cluster: &Cluster, held: &[Envelope]) -> Vec<String> {
    let under_way = cluster.network.iter().map(envelope);
    let held = held.iter().map(|one| format!("{} held", envelope(one)));
    let withheld = cluster.withheld().map(|(write, one)| format!("{} after {write}", envelope(one)));
    under_way.chain(held).chain(withheld).collect()
}

pub fn envelope(Envelope { from, to, message }: &Envelope) -> String {
    format!("{from}->{to} {}", self::message(message))
}

pub fn tear(node: u64, Tear { kept, lost }: &Tear) -> Vec<String> {
    let line = |(what, records): (&str, &[Record])| {
        (!records.is_empty()).then(|| format!("n{node} {what} {}", self::records(records)))
    };
    [("keeps", kept.as_slice()), ("loses", lost)].into_iter().filter_map(line).collect()
}

/// Lines below each other, for an error.
pub fn block(lines: &[String]) -> String {
    match lines {
        [] => "  (nothing)\n".to_owned(),
        lines => lines.iter().map(|line| format!("  {line}\n")).collect(),
    }
}

fn is_same_send(a: &Event, b: &Event) -> bool {
    match (a, b) {
        (
            Event::Asked { node, effect: Effect::Send { message, after, .. } },
            Event::Asked { node: other, effect: Effect::Send { message: same, after: write, .. } },
        ) => (node, message, after) == (other, same, write),
        _ => false,
    }
}

/// One event, or one send to several nodes.
fn line(events: &[Event], is_reachable: &impl Fn(NodeId, NodeId) -> bool) -> Option<String> {
    Some(match events.first()? {
        Event::Received { node, from, message } => format!("{node} <- {from} {}", self::message(message)),
        Event::Durable { node, write } => format!("{node} has {write}"),
        Event::Wrote { node, write, records } => format!("{node} writes {write}: {}", self::records(records)),
        Event::Asked { node, effect: Effect::Send { message, after, .. } } => {
            let to = events.iter().filter_map(|event| receiver(event, is_reachable));
            let to = to.collect::<Vec<_>>().join(" ");
            format!("{node} -> {to}: {}{}", self::message(message), waiting(*after))
        }
        Event::Asked { node, effect } => format!("{node} {}", self::effect(effect)),
    })
}

/// Whom a message goes to, struck out if it does not get there.
fn receiver(event: &Event, is_reachable: &impl Fn(NodeId, NodeId) -> bool) -> Option<String> {
    match event {
        Event::Asked { node, effect: Effect::Send { to, .. } } if is_reachable(*node, *to) => Some(to.to_string()),
        Event::Asked { effect: Effect::Send { to, .. }, .. } => Some(format!("({to})")),
        _ => None,
    }
}

fn waiting(after: Option<WriteId>) -> String {
    after.map_or(String::new(), |write| format!(" after {write}"))
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Send { .. } => unreachable!("a line of its own"),
        Effect::Apply(entry) => format!("applies {}", applied(entry)),
        Effect::RoleChanged { role, term, leader } => match leader {
            Some(leader) if *role == Role::Follower => format!("is follower t{term} of {leader}"),
            _ => format!("is {} t{term}", self::role(*role)),
        },
        Effect::Reply { outcome, .. } => match outcome {
            Outcome::Appended { index, term } => format!("answers: at {term}/{index}"),
            Outcome::NotLeader { leader: None } => "answers: not leader".to_owned(),
            Outcome::NotLeader { leader: Some(leader) } => format!("answers: not leader, ask {leader}"),
        },
        Effect::Ignored { from, reason } => format!("ignores {from}: {reason}"),
    }
}

fn applied(entry: &Entry) -> String {
    match &entry.payload {
        Payload::Noop => format!("{} noop", entry.position()),
        Payload::Command(command) => format!("{} {:?}", entry.position(), String::from_utf8_lossy(command)),
    }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::Follower => "follower",
        Role::PreCandidate => "pre-candidate",
        Role::Candidate => "candidate",
        Role::Leader => "leader",
    }
}

fn message(Message { term, body }: &Message) -> String {
    let answer = |granted: bool| if granted { "yes" } else { "no" };
    let rest = match body {
        Body::PreVoteRequest { last } | Body::VoteRequest { last } => format!("last={last}"),
        Body::PreVoteReply { granted } | Body::VoteReply { granted } => answer(*granted).to_owned(),
        Body::Append { previous, entries, commit } if entries.is_empty() => format!("prev={previous} commit={commit}"),
        Body::Append { previous, entries, commit } => {
            format!("prev={previous} log={} commit={commit}", terms(entries))
        }
        Body::AppendAccepted { matched } => format!("matched={matched}"),
        Body::AppendRejected { previous, hint } => format!("prev={previous} hint={hint}"),
    };
    format!("{} t{term} {rest}", kind(body))
}

fn records(records: &[Record]) -> String {
    let record = |record: &Record| match record {
        Record::HardState(HardState { term, voted_for: None }) => format!("term={term}"),
        Record::HardState(HardState { term, voted_for: Some(vote) }) => format!("term={term} vote={vote}"),
        Record::Truncate { from } => format!("truncate={from}"),
        Record::Append(entry) => format!("append={}", entry.position()),
    };
    records.iter().map(record).collect::<Vec<_>>().join(" ")
}

/// A log's terms, as `recovered` takes them.
fn terms(entries: &[Entry]) -> String {
    entries.iter().map(|entry| entry.term.to_string()).collect::<Vec<_>>().join(",")
}

fn node_state(raft: &Raft, is_up: bool) -> String {
    let role = if is_up { role(raft.role()) } else { "down" };
    let mut line = format!("{} {role} t{}", raft.id(), raft.term());
    let mut add = |word: &str, value: &dyn Display| write!(line, " {word}={value}").expect("a string takes all");
    if let Some(vote) = raft.voted_for() {
        add("vote", &vote);
    }
    if let Some(leader) = raft.leader().filter(|leader| *leader != raft.id()) {
        add("leader", &leader);
    }
    add("commit", &raft.commit_index());
    add("applied", &raft.applied_index());
    if raft.durable_index() < raft.last_position().index {
        add("durable", &raft.durable_index());
    }
    if !raft.entries().is_empty() {
        add("log", &terms(raft.entries()));
    }
    line
}
