//! The story of a failure: what a person reads to understand it, on one screen.
//!
//! A run that failed has thousands of events, and nearly all of them have nothing to do with the failure. A story is made of
//! the events that contradict each other, as the [`Violation`] names them; the messages by which one came of the other; what
//! the plan did to these nodes in between; and what else was said of the same subject. What does not fit is counted.
//!
//! Which records those are is known only once the violation is, so that a story takes a second run, [traced] and
//! told record by record to a [`StoryTeller`]. That keeps what may matter, and never more than so many records.
//!
//! | module | holds |
//! |---|---|
//! | `gather` | what is kept of a run's records |
//! | `events` | the kept records by event, and what each event came of |
//! | `slice` | what bears on a violation, and how much |
//! | `stuck` | the same where what is wrong is what did not happen |
//! | `phrase` | a line of a story |
//!
//! [traced]: crate::RunOptions::trace

mod events;
mod gather;
mod phrase;
mod slice;
mod stuck;

use std::fmt;

use crate::check::{Class, Violation};
use crate::record::Record;
use crate::time::Time;

use gather::Gathered;

/// So many lines has a story at most: a screen.
pub const STORY_LINES_MAX: usize = 24;

/// Of these, what is no event: the heading, and what is said of the rest.
const FRAME_LINES: usize = 2;

/// What led to a violation, in order of time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Story {
    /// What happened.
    pub lines: Vec<StoryLine>,
    /// How many lines about it are left out.
    pub left_out: usize,
}

/// One thing that happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoryLine {
    /// When.
    pub time: Time,
    /// In which event.
    pub event: u64,
    /// What it is to the story.
    pub part: Part,
    /// Who, and what.
    pub text: String,
}

/// What a line is to its story.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// The violation rests on it.
    Evidence,
    /// It makes the evidence understood.
    Context,
}

/// Hears what a run says of itself, and tells the story of a violation.
pub struct StoryTeller {
    violation: Violation,
    gathered: Gathered,
}

impl StoryTeller {
    /// A teller of this violation's story. It has to hear the run that showed the violation, from the start.
    pub fn about(violation: &Violation) -> StoryTeller {
        StoryTeller { violation: violation.clone(), gathered: Gathered::about(violation) }
    }

    /// Hears one record. The memory that this takes is bounded, however long the run.
    pub fn hear(&mut self, record: &Record) {
        self.gathered.hear(record);
    }

    /// Tells the story of what was heard.
    pub fn tell(self) -> Story {
        let drafts = match self.violation.class {
            Class::Safety | Class::Panic => slice::drafts(&self.violation, self.gathered),
            Class::Liveness | Class::Limit => stuck::drafts(&self.violation, self.gathered),
        };
        Story::of(drafts)
    }
}

/// A line that may be told.
#[derive(Clone, Debug)]
struct Draft {
    /// Where it stands among all that was said.
    ordinal: u64,
    /// How much it matters: the lowest is told first.
    rank: Rank,
    /// Among those of one rank, how far it is from what the violation rests on.
    distance: u64,
    line: StoryLine,
}

/// How much a line matters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Rank {
    /// The violation rests on it.
    Evidence,
    /// A node of the evidence was struck between two of its parts, or went on after that.
    Blow,
    /// A message that links two parts of the evidence.
    Link,
    /// What the step in which the violation showed came of.
    Origin,
    /// Said of what the evidence is about.
    Subject,
    /// All else that may help.
    Rest,
}

impl Rank {
    /// So many lines of a rank come before any line of a lower one does; more where there is room.
    const fn share(self) -> usize {
        match self {
            Rank::Evidence => 12,
            Rank::Blow => 6,
            Rank::Link => 6,
            Rank::Origin => 3,
            Rank::Subject => 10,
            Rank::Rest => 2,
        }
    }
}

impl Story {
    fn of(mut drafts: Vec<Draft>) -> Story {
        drafts.sort_by_key(|draft| (draft.rank, draft.distance, draft.ordinal));
        let mut taken = [0; Rank::Rest as usize + 1];
        // Within its share first; what is beyond it comes after all others.
        let mut by_turn: Vec<(bool, Draft)> = drafts
            .into_iter()
            .map(|draft| {
                let of_rank = &mut taken[draft.rank as usize];
                *of_rank += 1;
                (*of_rank > draft.rank.share() && draft.rank != Rank::Evidence, draft)
            })
            .collect();
        by_turn.sort_by_key(|(beyond, _)| *beyond);
        let room = STORY_LINES_MAX - FRAME_LINES;
        let left_out = by_turn.len().saturating_sub(room);
        by_turn.truncate(room);
        by_turn.sort_by_key(|(_, draft)| draft.ordinal);
        Story { lines: by_turn.into_iter().map(|(_, draft)| draft.line).collect(), left_out }
    }
}

/// A heading, the lines, and how many were left out.
impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sim: what led there; `>` is what the violation rests on")?;
        for StoryLine { time, part, text, .. } in &self.lines {
            let mark = if *part == Part::Evidence { '>' } else { ' ' };
            let time = time.to_string();
            write!(f, "\n{mark} {time:>9}  {text}")?;
        }
        match self.left_out {
            0 => Ok(()),
            1 => f.write_str("\n  1 more line about it is left out; a trace has everything"),
            count => write!(f, "\n  {count} more lines about it are left out; a trace has everything"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::check::Witness;
    use crate::hash::Digest;
    use crate::id::{Hex, NodeId, OperationId};
    use crate::mix::mix;
    use crate::plan::FaultKind;
    use crate::record::{About, RecordWhat, Taken};
    use crate::sample::below;

    fn n(number: u64) -> NodeId {
        NodeId::node(number as u16)
    }

    /// What is said in an event of one millisecond each.
    fn said(event: u64, node: Option<NodeId>, what: RecordWhat) -> Record {
        let time = Time::from_nanos(event * 1_000_000);
        Record { event, time, node, causes: [None, None], what, about: None, digest: Digest::START }
    }

    fn fact(event: u64, node: u64, subject: u64, text: &str) -> Record {
        let about = Some(About { label: "said", subject: Hex(subject) });
        Record { about, ..said(event, Some(n(node)), RecordWhat::Fact(text.into())) }
    }

    fn sent(event: u64, from: u64, to: u64, millis: u64, message: &str) -> Record {
        let what = RecordWhat::Sent {
            to: n(to),
            tag: Hex(event),
            occurrence: 0,
            latency_ns: Some(millis * 1_000_000),
            again_after_ns: None,
            struck: String::new(),
            message: message.into(),
        };
        said(event, Some(n(from)), what)
    }

    fn arrived(event: u64, from: u64, to: u64, sent_in: u64, previous: u64, taken: Taken) -> Record {
        let (tag, message) = (Hex(sent_in), String::new());
        let what = RecordWhat::Arrived { from: n(from), tag, occurrence: 0, message, taken };
        Record { causes: [Some(sent_in), Some(previous)], ..said(event, Some(n(to)), what) }
    }

    fn struck(event: u64, id: u32, kind: FaultKind, nodes: &[u64], withheld: Option<&'static str>) -> Record {
        let nodes = nodes.iter().map(|node| n(*node)).collect();
        let what = RecordWhat::Struck { id, kind: Some(kind), item: format!("the {kind}"), nodes, withheld };
        said(event, None, what)
    }

    fn violation(class: Class, event: u64, witnesses: &[(u64, u64, u64)]) -> Violation {
        let time = |event: u64| Time::from_nanos(event * 1_000_000);
        let witness = |(event, node, subject): &(u64, u64, u64)| Witness {
            node: n(*node),
            event: *event,
            time: time(*event),
            subject: *subject,
        };
        Violation {
            class,
            signature: "told::once".into(),
            identity: String::new(),
            node: None,
            time: time(event),
            event,
            explanation: "it was promised twice".into(),
            witnesses: witnesses.iter().map(witness).collect(),
        }
    }

    fn told(violation: &Violation, records: &[Record]) -> Story {
        let mut teller = StoryTeller::about(violation);
        records.iter().for_each(|record| teller.hear(record));
        teller.tell()
    }

    /// n2 promises 7 to n1, forgets it in a crash, and promises it to n3; much else happens in between.
    fn promised_twice() -> Vec<Record> {
        let crashed = RecordWhat::Crashed { kept: 0, dropped: 1, torn: 0 };
        vec![
            struck(1, 9, FaultKind::Crash, &[4], None),
            said(1, Some(n(4)), RecordWhat::Crashed { kept: 0, dropped: 0, torn: 0 }),
            sent(2, 1, 2, 1, "asks for 7"),
            sent(2, 1, 4, 1, "asks for 7"),
            arrived(3, 1, 2, 2, 0, Taken::Handled),
            fact(3, 2, 7, "promised 7 to n1"),
            sent(3, 2, 1, 2, "promised 7"),
            arrived(4, 4, 2, 1, 3, Taken::Handled),
            fact(4, 2, 6, "promised 6 to n4"),
            arrived(5, 2, 1, 3, 2, Taken::Waits),
            Record { causes: [Some(5), Some(2)], ..said(6, Some(n(1)), RecordWhat::Took("promised 7".into())) },
            fact(6, 1, 7, "has 7"),
            struck(7, 3, FaultKind::Pause, &[2], Some("a majority must serve")),
            struck(8, 1, FaultKind::Crash, &[2], None),
            said(8, Some(n(2)), crashed),
            said(9, None, RecordWhat::ItemEnded(1)),
            said(9, Some(n(2)), RecordWhat::Restarted),
            fact(9, 2, 0, "knows of nothing"),
            sent(10, 3, 2, 1, "asks for 7"),
            arrived(11, 3, 2, 10, 9, Taken::Handled),
            fact(11, 2, 7, "promised 7 to n3"),
            sent(11, 2, 3, 1, "promised 7"),
            arrived(12, 2, 3, 11, 10, Taken::Handled),
            fact(12, 3, 7, "has 7"),
        ]
    }

    #[test]
    fn both_sides_what_links_them_and_what_struck_in_between() {
        let twice = violation(Class::Safety, 12, &[(6, 1, 7), (12, 3, 7), (3, 2, 7), (11, 2, 7)]);
        let story = told(&twice, &promised_twice());
        let expected = "\
sim: what led there; `>` is what the violation rests on
     0.002s  n1 -> n2  asks for 7, arrives 0.003s
>    0.003s  n2        promised 7 to n1
     0.003s  n2 -> n1  promised 7, arrives 0.005s
>    0.006s  n1        has 7
     0.008s  n2        crashes: 1 unsynced write lost  (item 1: the crash)
     0.009s  n2        boots again: knows of nothing
     0.010s  n3 -> n2  asks for 7, arrives 0.011s
>    0.011s  n2        promised 7 to n3
     0.011s  n2 -> n3  promised 7, arrives 0.012s
>    0.012s  n3        has 7";
        assert_eq!(story.to_string(), expected);
    }

    /// Everything that a node does comes of all that it ever heard.
    #[test]
    fn a_message_links_what_came_of_it_soon_and_nothing_long_after() {
        for (steps, linked) in [(10, true), (100, false)] {
            let mut records = vec![fact(1, 1, 7, "said"), sent(1, 1, 2, 1, "heard")];
            records.push(arrived(2, 1, 2, 1, 0, Taken::Handled));
            for event in 3..2 + steps {
                let causes = [Some(event - 1), None];
                records.push(Record { causes, ..said(event, Some(n(2)), RecordWhat::Deadline) });
            }
            records.push(fact(1 + steps, 2, 7, "said otherwise"));
            let story = told(&violation(Class::Safety, 1 + steps, &[(1, 1, 7), (1 + steps, 2, 7)]), &records);
            assert_eq!(story.lines.iter().any(|line| line.text.contains("->")), linked, "{story}");
        }
    }

    /// A step that says much of other evidence's subjects too, longer than a line.
    #[test]
    fn of_a_step_that_says_much_the_evidence_is_told_first() {
        let long = |subject: u64| format!("{subject} is put where it has to be, in the order of all");
        let records = [
            fact(1, 1, 5, "has 5"),
            fact(2, 1, 6, "has 6"),
            fact(9, 2, 5, &long(5)),
            fact(9, 2, 6, &long(6)),
            fact(9, 2, 7, "7 is gone"),
        ];
        let story = told(&violation(Class::Safety, 9, &[(1, 1, 5), (2, 1, 6), (9, 2, 7)]), &records);
        let last = story.lines.last().expect("it is told");
        assert!(last.part == Part::Evidence && last.text.starts_with("n2        7 is gone; 5 is put"), "{story}");
    }

    #[test]
    fn where_all_the_evidence_is_at_one_node_what_cut_it_off_is_told() {
        for (kind, nodes, told_of) in [
            (FaultKind::OneWayPartition, &[2][..], true),
            (FaultKind::Partition, &[1, 3], true),
            (FaultKind::PartialPartition, &[2, 3], true),
            (FaultKind::PartialPartition, &[1, 3], false),
            (FaultKind::Pause, &[1, 3], false),
        ] {
            let records = [fact(1, 2, 7, "has 7"), struck(2, 1, kind, nodes, None), fact(3, 2, 7, "has another 7")];
            let story = told(&violation(Class::Safety, 3, &[(1, 2, 7), (3, 2, 7)]), &records);
            assert_eq!(story.lines.iter().any(|line| line.text.contains("item 1")), told_of, "{kind}: {story}");
        }
    }

    /// More evidence than a screen has lines.
    #[test]
    fn of_too_much_evidence_the_violation_itself_and_what_is_nearest_to_it_is_told() {
        let records: Vec<Record> = (1..=40).map(|event| fact(event, event, 7, "has 7")).collect();
        let witnesses: Vec<(u64, u64, u64)> = (1..=40).map(|event| (event, event, 7)).collect();
        let story = told(&violation(Class::Safety, 40, &witnesses), &records);
        let events: Vec<u64> = story.lines.iter().map(|line| line.event).collect();
        assert!(events.contains(&1) && events.contains(&40) && story.left_out == 18, "{story}");
    }

    #[test]
    fn where_a_process_died_of_itself_the_story_is_its_own() {
        let records = [
            sent(1, 3, 1, 1, "add 1"),
            arrived(2, 3, 1, 1, 0, Taken::Handled),
            fact(2, 1, 7, "has 1"),
            fact(2, 3, 7, "unrelated"),
            sent(3, 2, 1, 1, "divide by 0"),
            arrived(4, 2, 1, 3, 2, Taken::Handled),
        ];
        let panic = Violation { node: Some(n(1)), ..violation(Class::Panic, 4, &[]) };
        let texts: Vec<String> = told(&panic, &records).lines.into_iter().map(|line| line.text).collect();
        let expected = [
            "n3 -> n1  add 1, arrives 0.002s",
            "n1        has 1",
            "n2 -> n1  divide by 0, arrives 0.004s",
            "n1        from n2",
        ];
        assert_eq!(texts, expected);
    }

    #[test]
    fn of_a_run_that_is_stuck_who_is_in_the_core_who_is_not_and_what_is_pending() {
        let asks = |ordinal| OperationId { client: NodeId::client(1), ordinal };
        let client = Some(NodeId::client(1));
        let records = [
            struck(1, 1, FaultKind::Partition, &[3], None),
            struck(2, 2, FaultKind::Partition, &[1], None),
            said(3, None, RecordWhat::ItemEnded(2)),
            struck(4, 3, FaultKind::Crash, &[4], None),
            said(4, Some(n(4)), RecordWhat::Crashed { kept: 1, dropped: 0, torn: 0 }),
            said(5, client, RecordWhat::Invoked(asks(0), "write".into())),
            said(6, client, RecordWhat::Responded(asks(0), "written".into())),
            said(7, None, RecordWhat::Healed(vec![n(1), n(2)])),
            said(8, client, RecordWhat::Invoked(asks(1), "read".into())),
            sent(9, 1, 2, 1, "who serves?"),
            fact(10, 2, 0, "serves nobody"),
            said(11, None, RecordWhat::Demanded),
        ];
        let stuck = violation(Class::Liveness, 11, &[]);
        let expected = "\
sim: what led there; `>` is what the violation rests on
     0.001s  *         item 1: the partition
     0.004s  n4        crashes: 1 unsynced write kept  (item 3: the crash)
>    0.007s  *         heal of [n1, n2]; all else stays as it is
     0.008s  c1        asks c1#1: read; not answered
     0.009s  n1 -> n2  who serves?, arrives 0.010s
     0.010s  n2        serves nobody
>    0.011s  *         it was promised twice";
        assert_eq!(told(&stuck, &records).to_string(), expected);
    }

    #[test]
    fn of_a_run_without_an_end_its_last_events() {
        let records: Vec<Record> = (1..=50).map(|event| said(event, Some(n(1)), RecordWhat::Deadline)).collect();
        let story = told(&violation(Class::Limit, 50, &[]), &records);
        assert_eq!(story.lines.first().map(|line| line.event), Some(39));
        assert_eq!(story.lines.last().map(|line| line.event), Some(50));
    }

    /// Whatever is heard, a story is told of it: on one screen, with all that the violation rests on.
    #[test]
    fn any_records_make_a_story_on_one_screen_with_all_the_evidence() {
        for seed in 0..200 {
            let mut draws = (0..).map(|index| mix(seed, index));
            let mut draw = |bound: u64| below(draws.next().unwrap_or_default(), bound);
            let mut records = Vec::new();
            for event in 1..300 {
                let [node, other, cause, previous] = [1 + draw(4), 1 + draw(4), draw(event), draw(event)];
                records.push(arrived(event, other, node, cause, previous, Taken::Handled));
                match draw(6) {
                    0 => records.push(fact(event, node, draw(3), &"promised ".repeat(20))),
                    1 => records.push(sent(event, node, other, draw(9), "a message")),
                    2 => records.push(struck(event, event as u32, FaultKind::Partition, &[node], None)),
                    3 => records.push(said(event, Some(n(node)), RecordWhat::Restarted)),
                    4 => records.push(said(event, Some(n(node)), RecordWhat::Crashed { kept: 0, dropped: 1, torn: 0 })),
                    _ => {}
                }
            }
            let node_of = |event: u64| records.iter().find(|record| record.event == event).and_then(|it| it.node);
            let number = |event: u64| u64::from(node_of(event).expect("it happened somewhere").number());
            let witnesses: Vec<(u64, u64, u64)> = (0..1 + draw(8))
                .map(|_| {
                    let event = 1 + draw(299);
                    (event, number(event), draw(3))
                })
                .collect();
            let last = witnesses.iter().map(|(event, ..)| *event).max().expect("there is one at least");
            let story = told(&violation(Class::Safety, last, &witnesses), &records);
            for (event, ..) in &witnesses {
                let told = story.lines.iter().any(|line| line.event == *event && line.part == Part::Evidence);
                assert!(told, "seed {seed}: event {event} of {story}");
            }
            let mut text = String::new();
            write!(text, "{story}").expect("a string takes any text");
            assert!(text.lines().count() <= STORY_LINES_MAX, "seed {seed}: {story}");
            assert!(text.lines().all(|line| line.chars().count() <= 110), "seed {seed}: {story}");
            let times: Vec<Time> = story.lines.iter().map(|line| line.time).collect();
            assert!(times.is_sorted(), "seed {seed}: {story}");
        }
    }
}
