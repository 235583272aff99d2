//! What bears on a violation, and how much: from its evidence along messages, blows and subjects.

use std::collections::{BTreeMap, BTreeSet};

use super::events::Events;
use super::gather::Gathered;
use super::phrase::{is_cut_off, phrase, phrase_all, phrase_blow, phrase_restart};
use super::{Draft, Part, Rank, StoryLine};
use crate::check::{Class, Violation};
use crate::id::NodeId;
use crate::plan::FaultKind;
use crate::record::{Record, RecordWhat};

/// So many messages back are told of what the violation's own step came of.
const ORIGINS: usize = 3;

/// What is said of a subject so often is said by few.
const SAID_BY_FEW: u64 = 2;

/// What happened to a node at most so many records before it first bore on the evidence, may have to do with it.
const SHORTLY: u64 = 200;

/// So many facts are told of a process that died of itself.
const LAST_FACTS: usize = 8;

/// So many facts of one step are told as evidence where none is about its subject.
const FACTS_OF_A_STEP: usize = 3;

/// The lines that may be told of a violation, from what was gathered of its run.
pub(super) fn drafts(violation: &Violation, gathered: Gathered) -> Vec<Draft> {
    let subjects = gathered.subjects().clone();
    let events = Events::new(gathered.into_records());
    let mut slice = Slice { marks: marks(violation), subjects, events, chosen: BTreeMap::new() };
    slice.add_evidence(violation.event);
    slice.add_subjects();
    slice.add_links();
    slice.add_origins(violation.event);
    if violation.class == Class::Panic {
        slice.add_last_facts(violation.node);
    }
    slice.add_blows();
    slice.add_cuts();
    slice.into_drafts()
}

/// A piece of evidence.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Mark {
    event: u64,
    node: Option<NodeId>,
    subject: Option<u64>,
}

/// The violation's witnesses, and where it showed.
fn marks(violation: &Violation) -> BTreeSet<Mark> {
    let witnesses = violation.witnesses.iter();
    let mut marks: BTreeSet<Mark> =
        witnesses.map(|it| Mark { event: it.event, node: Some(it.node), subject: Some(it.subject) }).collect();
    if !marks.iter().any(|mark| mark.event == violation.event) {
        marks.insert(Mark { event: violation.event, node: violation.node, subject: None });
    }
    marks
}

struct Slice {
    marks: BTreeSet<Mark>,
    subjects: BTreeSet<u64>,
    events: Events,
    /// By ordinal of its record: the rank of a line, and its distance within that.
    chosen: BTreeMap<u64, (Rank, u64)>,
}

impl Slice {
    fn choose(&mut self, ordinal: u64, rank: Rank, distance: u64) {
        let chosen = self.chosen.entry(ordinal).or_insert((rank, distance));
        *chosen = (*chosen).min((rank, distance));
    }

    /// What the violation rests on. Of more than there is room for, the step in which it showed is told in any case.
    fn add_evidence(&mut self, showed: u64) {
        for mark in self.marks.clone() {
            for ordinal in self.evidence(mark) {
                self.choose(ordinal, Rank::Evidence, u64::from(mark.event != showed));
            }
        }
    }

    /// The records that say what a mark means: facts about its subject; else any facts; else whatever the event is.
    fn evidence(&self, mark: Mark) -> Vec<u64> {
        let here = |record: &Record| mark.node.is_none() || record.node == mark.node;
        let of = |is_it: &dyn Fn(&Record) -> bool, most: usize| -> Vec<u64> {
            let found = self.events.of(mark.event).filter(|(_, record)| here(record) && is_it(record));
            found.map(|(ordinal, _)| ordinal).take(most).collect()
        };
        let about = of(&|record| is_about(record, |subject| Some(subject) == mark.subject), usize::MAX);
        let heard = || of(&|record| matches!(record.what, RecordWhat::Responded(..) | RecordWhat::Refused(_)), 1);
        let facts = || of(&|record| matches!(record.what, RecordWhat::Fact(_)), FACTS_OF_A_STEP);
        let first = || of(&|record| record.is_first(), 1);
        let any = || self.events.of(mark.event).map(|(ordinal, _)| ordinal).take(1).collect();
        let found = [about].into_iter().chain([heard(), facts(), first(), any()]);
        found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// What else was said of the subjects of the evidence: of each in turn what is nearest to the evidence, and before all
    /// that what is said of it once or twice. What every node says of it says less.
    fn add_subjects(&mut self) {
        let marked: Vec<u64> = self.marks.iter().map(|mark| mark.event).collect();
        let away = |event: u64| marked.iter().map(|mark| mark.abs_diff(event)).min().unwrap_or_default();
        for subject in self.subjects.clone() {
            let facts = self.events.all().filter(|(_, record)| is_about(record, |it| it == subject));
            let facts: Vec<(u64, &Record)> = facts.collect();
            let mut said: BTreeMap<&str, u64> = BTreeMap::new();
            facts.iter().for_each(|(_, record)| *said.entry(label(record)).or_default() += 1);
            let key = |record: &Record| (said[label(record)] > SAID_BY_FEW, away(record.event));
            let mut in_turn: Vec<_> = facts.iter().map(|(ordinal, record)| (key(record), *ordinal)).collect();
            in_turn.sort_unstable();
            for ((_, ordinal), turn) in in_turn.into_iter().zip(0..) {
                self.choose(ordinal, Rank::Subject, turn);
            }
        }
    }

    /// The messages by which one piece of the evidence came of another, and then of what else was said of the subject.
    fn add_links(&mut self) {
        let evidence: Vec<u64> = self.marks.iter().map(|mark| mark.event).collect();
        let mut all = self.subject_events();
        all.extend(&evidence);
        all.sort_unstable();
        all.dedup();
        for (ends, rank) in [(&evidence, Rank::Link), (&all, Rank::Subject)] {
            for event in &evidence {
                let mut links = self.events.links(*event, ends);
                let is_direct = |link: &Vec<u64>| link.len() == 1;
                // What came of a message needs no roundabout way.
                if links.iter().any(is_direct) || self.events.origin(*event).is_some() {
                    links.retain(is_direct);
                }
                for link in links {
                    let rank = if is_direct(&link) { rank } else { Rank::Rest };
                    link.iter().for_each(|sent| self.choose(*sent, rank, link.len() as u64));
                }
            }
        }
    }

    /// The events in which something was said of the subjects.
    fn subject_events(&self) -> Vec<u64> {
        let of_subject = self.chosen.iter().filter(|(_, (rank, _))| *rank <= Rank::Subject);
        of_subject.map(|(ordinal, _)| self.events.record(*ordinal).event).collect()
    }

    /// What each piece of evidence came of; of the last, some messages back.
    fn add_origins(&mut self, last: u64) {
        let mut at = last;
        for hops in 0..ORIGINS as u64 {
            let Some((before, sent)) = self.events.origin(at) else { break };
            self.choose(sent, if hops == 0 { Rank::Origin } else { Rank::Rest }, hops);
            at = before;
        }
        for event in self.marks.iter().map(|mark| mark.event).collect::<Vec<u64>>() {
            if let Some((_, sent)) = self.events.origin(event) {
                self.choose(sent, Rank::Rest, 0);
            }
        }
    }

    /// What a process said last that died of itself, and what made it say so: it died of what it came to be.
    fn add_last_facts(&mut self, node: Option<NodeId>) {
        let own = self.events.all().rev().filter(|(_, record)| record.node.is_some() && record.node == node);
        let facts = own.filter(|(_, record)| matches!(record.what, RecordWhat::Fact(_)));
        let facts: Vec<(u64, u64)> = facts.take(LAST_FACTS).map(|(ordinal, record)| (ordinal, record.event)).collect();
        for ((ordinal, event), away) in facts.into_iter().zip(0..) {
            self.choose(ordinal, Rank::Subject, away);
            if let Some((_, sent)) = self.events.origin(event) {
                self.choose(sent, Rank::Rest, away);
            }
        }
    }

    /// What the plan did to the nodes of the evidence between two parts of it, and how they went on.
    fn add_blows(&mut self) {
        for (node, (first, last)) in self.spans() {
            let own = self.events.all().filter(|(ordinal, record)| record.node == Some(node) && *ordinal < last);
            let blows = own.filter_map(|(ordinal, record)| Some((ordinal, severity(&record.what)?)));
            let blows: Vec<(u64, u64)> = blows.collect();
            for (ordinal, severity) in &blows {
                let rank = if *severity < LIGHT { Rank::Blow } else { Rank::Rest };
                if *ordinal > first {
                    self.choose(*ordinal, rank, (last - ordinal) << 2 | severity);
                }
            }
            // What happened last before the evidence: a node that has just started, or that stands still.
            let before = blows.iter().rev().find(|(ordinal, severity)| *ordinal < first && *severity < LIGHT);
            if let Some((ordinal, severity)) = before.filter(|(ordinal, _)| first - ordinal < SHORTLY) {
                self.choose(*ordinal, Rank::Rest, (first - ordinal) << 2 | severity);
            }
        }
    }

    /// For each node of the evidence, the first and the last record in which it says something of the subjects.
    fn spans(&self) -> BTreeMap<NodeId, (u64, u64)> {
        let mut spans: BTreeMap<NodeId, (u64, u64)> = BTreeMap::new();
        let marked: BTreeSet<NodeId> = self.marks.iter().filter_map(|mark| mark.node).collect();
        for (ordinal, (rank, _)) in &self.chosen {
            let record = self.events.record(*ordinal);
            let says = *rank == Rank::Evidence || matches!(record.what, RecordWhat::Fact(_));
            let Some(node) = record.node.filter(|node| says && marked.contains(node)) else { continue };
            let span = spans.entry(node).or_insert((*ordinal, *ordinal));
            *span = (span.0.min(*ordinal), span.1.max(*ordinal));
        }
        spans
    }

    /// The partitions between the first and the last piece of evidence that kept its nodes from each other.
    fn add_cuts(&mut self) {
        let events = self.marks.iter().map(|mark| mark.event);
        let (Some(first), Some(last)) = (events.clone().min(), events.max()) else { return };
        let nodes: BTreeSet<NodeId> = self.marks.iter().filter_map(|mark| mark.node).collect();
        let within = self.events.all().filter(|(_, record)| (first..=last).contains(&record.event));
        let cuts = within.filter(|(_, record)| parts(&record.what, &nodes));
        let cuts: Vec<(u64, u64)> = cuts.map(|(ordinal, record)| (ordinal, last - record.event)).collect();
        cuts.iter().for_each(|(ordinal, away)| self.choose(*ordinal, Rank::Rest, *away << 2));
    }

    fn into_drafts(self) -> Vec<Draft> {
        let mut drafts = Vec::new();
        let mut said: BTreeMap<(u64, Option<NodeId>), Vec<u64>> = BTreeMap::new();
        for ordinal in self.chosen.keys() {
            let record = self.events.record(*ordinal);
            match record.what {
                RecordWhat::Fact(_) => said.entry((record.event, record.node)).or_default().push(*ordinal),
                _ => {
                    let is_told = |fact: u64| self.chosen.contains_key(&fact);
                    drafts.push(self.draft(*ordinal, phrase_alone(&self.events, *ordinal, is_told)));
                }
            }
        }
        // What one step says of the subjects is one line.
        for ((_, node), ordinals) in said {
            let text = self.phrase_step(node, &ordinals);
            let best = ordinals.iter().min_by_key(|ordinal| self.chosen[ordinal]);
            drafts.push(self.draft(*best.expect("a step that said nothing is not told"), text));
        }
        drafts
    }

    /// What a step said, in order; where that is too long for a line, the evidence first, which must not be cut off.
    fn phrase_step(&self, node: Option<NodeId>, ordinals: &[u64]) -> String {
        let phrase = |ordinals: &[u64]| phrase_all(node, ordinals.iter().map(|ordinal| self.events.record(*ordinal)));
        let in_order = phrase(ordinals);
        if !is_cut_off(&in_order) {
            return in_order;
        }
        let mut by_rank = ordinals.to_vec();
        by_rank.sort_by_key(|ordinal| self.chosen[ordinal].0);
        phrase(&by_rank)
    }

    fn draft(&self, ordinal: u64, text: String) -> Draft {
        let (rank, distance) = self.chosen[&ordinal];
        let Record { time, event, .. } = *self.events.record(ordinal);
        let part = if rank == Rank::Evidence { Part::Evidence } else { Part::Context };
        Draft { ordinal, rank, distance, line: StoryLine { time, event, part, text } }
    }
}

/// A record that is a line of its own; `is_told` says which facts are told by another.
pub(super) fn phrase_alone(events: &Events, ordinal: u64, is_told: impl Fn(u64) -> bool) -> String {
    let record = events.record(ordinal);
    let of_step = events.of(record.event);
    match record.what {
        RecordWhat::Restarted | RecordWhat::Booted => {
            let mut after = of_step.filter(|(at, it)| *at > ordinal && it.node == record.node);
            let said = after.rfind(|(_, it)| matches!(it.what, RecordWhat::Fact(_)));
            phrase_restart(record, said.filter(|(at, _)| !is_told(*at)).map(|(_, said)| said))
        }
        ref what if severity(what).is_some() => {
            let mut before = of_step.rev().filter(|(at, _)| *at < ordinal).map(|(_, it)| it);
            phrase_blow(record, before.find(|it| strikes(it, record.node)))
        }
        _ => phrase(record),
    }
}

/// From here on it is told only where there is room.
const LIGHT: u64 = 2;

/// How hard it is for a process, the hardest first; nothing for what is no blow.
fn severity(what: &RecordWhat) -> Option<u64> {
    match what {
        RecordWhat::Crashed { .. }
        | RecordWhat::Stopped(_)
        | RecordWhat::Ended
        | RecordWhat::Restarted
        | RecordWhat::Refused(_)
        | RecordWhat::RequestFailed(..)
        | RecordWhat::Rotted { .. }
        | RecordWhat::Misread { .. } => Some(0),
        RecordWhat::Paused | RecordWhat::Resumed => Some(1),
        RecordWhat::Clock { .. } => Some(LIGHT),
        RecordWhat::Wall { .. } => Some(3),
        _ => None,
    }
}

fn strikes(record: &Record, whom: Option<NodeId>) -> bool {
    match &record.what {
        RecordWhat::Struck { nodes, withheld: None, .. } => whom.is_some_and(|node| nodes.contains(&node)),
        _ => false,
    }
}

/// Whether it keeps messages from their receivers, for ever or for a while.
pub(super) fn is_cut(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::Partition | FaultKind::OneWayPartition | FaultKind::PartialPartition | FaultKind::Clog)
}

/// Whether a partition keeps some of these nodes from others of them; or one that is alone from anybody.
fn parts(what: &RecordWhat, nodes: &BTreeSet<NodeId>) -> bool {
    let RecordWhat::Struck { kind: Some(kind), nodes: struck, withheld: None, .. } = what else { return false };
    let within = nodes.iter().filter(|node| struck.contains(node)).count();
    match (kind, nodes.len()) {
        // Both sides were struck.
        (FaultKind::PartialPartition, 2..) => within > 1,
        (FaultKind::PartialPartition, _) => within > 0,
        // It is on one side or the other: a leader that nobody heard, and later followed another.
        (_, 1) => is_cut(*kind),
        (_, all) => is_cut(*kind) && (1..all).contains(&within),
    }
}

fn label(record: &Record) -> &'static str {
    record.about.map_or("", |about| about.label)
}

fn is_about(record: &Record, is_it: impl Fn(u64) -> bool) -> bool {
    record.about.is_some_and(|about| is_it(about.subject.0))
}
