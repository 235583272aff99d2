//! `scenarios::journal` under crashes that tear, in the middle of syncs that stall: what a life did not find no later life finds.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use scenarios::journal::{Found, Journal, Record};
use sim::{
    AllReturn, Case, Checker, DiskError, End, Expansion, Fault, FaultKind, Flaw, Hex, Idle, Io, Item, Judgement,
    NodeId, Observed, Payload, Process, Property, Protocol, Refusal, Request, RunOptions, Scenario, Spec, System,
    Target, Time, When, sample,
};

struct Diary;

impl Protocol for Diary {
    type Message = Nothing;
    type Fact = Said;
    type Operation = ();
    type Reply = ();
}

#[derive(Clone, Copy, Debug, Hash)]
struct Nothing;

impl Payload for Nothing {}

/// The n-th record of a life. On disk it is longer, by a filler.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
struct Line {
    life: u32,
    number: u32,
}

#[derive(Clone, Copy, Debug, Hash)]
enum Said {
    /// A boot found this record.
    Found(Line),
    /// And that was all.
    FoundAll,
    /// A record is durable.
    Durable(Line),
    /// The process was told so, and may tell others.
    Told(Line),
}

impl sim::Fact for Said {
    fn label(&self) -> &'static str {
        match self {
            Said::Found(_) => "found",
            Said::FoundAll => "found_all",
            Said::Durable(_) => "durable",
            Said::Told(_) => "told",
        }
    }
}

/// A line and its filler. Many are of equal length, so that those of two lives are easily taken for each other.
struct Written(Line, usize);

impl Record for Written {
    fn encode(&self, bytes: &mut Vec<u8>) {
        let Written(Line { life, number }, filler) = self;
        [life, number].iter().for_each(|word| bytes.extend(word.to_le_bytes()));
        bytes.resize(bytes.len() + filler, 0xff);
    }

    fn decode(content: &[u8]) -> Option<Written> {
        let (life, rest) = content.split_first_chunk()?;
        let (number, filler) = rest.split_first_chunk()?;
        let line = Line { life: u32::from_le_bytes(*life), number: u32::from_le_bytes(*number) };
        Some(Written(line, filler.len()))
    }
}

/// Writes a line every now and then.
struct Writer {
    journal: Journal<Written>,
    number: u32,
    /// What it was not told of yet.
    waiting: VecDeque<(Request, Line)>,
    deadline: Time,
}

impl Process for Writer {
    type Protocol = Diary;

    fn boot(io: &mut Io<'_, Diary>) -> Result<Writer, Refusal> {
        let (journal, Found { records, .. }) = Journal::open(io)?;
        records.iter().for_each(|Written(line, _)| io.fact(Said::Found(*line)));
        io.fact(Said::FoundAll);
        let mut writer = Writer { journal, number: 0, waiting: VecDeque::new(), deadline: Time::ZERO };
        writer.wait(io);
        Ok(writer)
    }

    fn on_message(&mut self, _: NodeId, _: Nothing, _: &mut Io<'_, Diary>) {}

    fn on_deadline(&mut self, io: &mut Io<'_, Diary>) {
        self.number += 1;
        let line = Line { life: io.incarnation(), number: self.number };
        let filler = [32, 32, 40, 300][sample::below(io.draw("filler"), 4) as usize];
        let request = self.journal.write(&Written(line, filler), io);
        io.when_durable(request, Said::Durable(line));
        self.waiting.push_back((request, line));
        self.journal.sync(io);
        self.wait(io);
    }

    fn next_deadline(&self) -> Option<Time> {
        Some(self.deadline)
    }

    fn on_disk(&mut self, request: Request, result: Result<(), DiskError>, io: &mut Io<'_, Diary>) {
        result.expect("this system excludes requests that fail");
        while let Some((_, line)) = self.waiting.pop_front_if(|(written, _)| *written <= request) {
            io.fact(Said::Told(line));
        }
        self.journal.synced(request, io);
    }
}

impl Writer {
    fn wait(&mut self, io: &mut Io<'_, Diary>) {
        self.deadline = io.now() + Duration::from_micros(sample::below(io.draw("wait"), 20_000));
    }
}

/// A boot finds what the boot before it found, and then what the life in between wrote first, with all of that which was
/// durable or said to be.
#[derive(Clone, Default)]
struct NothingComesBack(BTreeMap<NodeId, Shelf>);

#[derive(Clone, Default)]
struct Shelf {
    /// What the last boot found.
    before: Vec<Line>,
    /// How much this life has made durable.
    durable: u32,
    /// What this boot has found so far.
    found: Vec<Line>,
}

impl Checker<Diary> for NothingComesBack {
    fn observe(&mut self, observed: &Observed<'_, Diary>) -> Judgement {
        let shelf = self.0.entry(observed.node).or_default();
        match observed.fact() {
            Some(Said::Durable(line) | Said::Told(line)) => shelf.durable = shelf.durable.max(line.number),
            Some(Said::Found(line)) => shelf.found.push(*line),
            Some(Said::FoundAll) => {
                let Shelf { before, durable, found } = std::mem::take(shelf);
                let is_right = found.strip_prefix(&*before).is_some_and(|new| {
                    let life = observed.incarnation - 1;
                    let in_order = (1..).zip(new).all(|(number, line)| *line == Line { life, number });
                    in_order && new.len() >= durable as usize
                });
                let common = before.iter().zip(&found).take_while(|(one, other)| one == other).count();
                shelf.before.clone_from(&found);
                return Judgement::holds_if(is_right, || Flaw {
                    explanation: format!(
                        "found {} lines, then {durable} were durable, and now {:?} comes behind {} of them",
                        before.len(),
                        &found[common..],
                        common,
                    ),
                    witnesses: vec![observed.witness(0)],
                });
            }
            None => {}
        }
        Judgement::Irrelevant
    }
}

struct Diaries;

impl System for Diaries {
    type Protocol = Diary;
    type Node = Writer;
    type Client = Idle<Diary>;
    type Checks = Property<NothingComesBack>;
    type Survival = AllReturn;

    fn spec(&self) -> Spec {
        Spec { clients: 0..=0, ..Spec::new("diary") }
    }

    fn checks(&self, _: &Case) -> Self::Checks {
        Property::new("nothing_comes_back", NothingComesBack::default())
    }

    fn survival(&self, _: &Case) -> AllReturn {
        AllReturn
    }
}

/// The case of a seed, in which a node's disk stalls for half of the time and its machine crashes often, and a crash tears much.
fn torn(seed: u64) -> Case {
    let mut case = Diaries.expand(Hex(seed), &Expansion::default());
    case.disks.torn_ppm = 500_000;
    case.knobs.insert("sim.unsynced_kept_ppm".into(), 500_000);
    let item = |id, at_ms: u32, fault, lasts_ms: u64| Item {
        id,
        when: When::At { at_ns: Time::from_duration(Duration::from_millis(at_ms.into())) },
        target: Target::Node(case.nodes[0]),
        fault,
        lasts_ns: Some(lasts_ms * 1_000_000),
        outlasts_heal: false,
    };
    let stalls = (0..4).map(|number| item(number + 1, number * 500, Fault::DiskStall, 250));
    case.plan.items = stalls.chain((1..40).map(|number| item(number + 10, number * 50, Fault::Crash, 1))).collect();
    case.plan.heal.at_ns = Time::from_duration(Duration::from_secs(2));
    case
}

#[test]
fn what_a_life_did_not_find_no_later_life_finds() {
    let (mut torn_writes, mut found) = (0, 0);
    for seed in 0..500 {
        let outcome = Diaries.run(&torn(seed), &mut RunOptions::default()).expect("the case fits");
        let violation = outcome.violation().map(|violation| &violation.explanation);
        assert!(outcome.end == End::Passed, "seed {seed}: {violation:?}");
        torn_writes += outcome.faults[&FaultKind::TornWrite].fired;
        found += outcome.counts.get("found").copied().unwrap_or_default();
    }
    assert!(torn_writes > 3_000 && found > 900_000, "{torn_writes} torn, {found} found");
}
