//! Logs under crashes that tear, in the middle of syncs that stall or fail: a boot finds what the engine takes for durable, and
//! what a life did not find no later life finds.

mod logs;

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use self::logs::{Files, Log, Wal};
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
    /// The log said so, and the process may tell others.
    Told(Line),
    /// A request failed.
    Failed,
}

impl sim::Fact for Said {
    fn label(&self) -> &'static str {
        match self {
            Said::Found(_) => "found",
            Said::FoundAll => "found_all",
            Said::Durable(_) => "durable",
            Said::Told(_) => "told",
            Said::Failed => "failed",
        }
    }
}

/// Writes a line every now and then.
struct Writer<L> {
    log: L,
    written: u32,
    /// How many of these it was told are durable.
    told: u32,
    deadline: Time,
}

impl<L: Log> Process for Writer<L> {
    type Protocol = Diary;

    fn boot(io: &mut Io<'_, Diary>) -> Result<Writer<L>, Refusal> {
        let (log, lines) = L::open(io)?;
        lines.iter().for_each(|line| io.fact(Said::Found(*line)));
        io.fact(Said::FoundAll);
        let mut writer = Writer { log, written: 0, told: 0, deadline: Time::ZERO };
        writer.wait(io);
        Ok(writer)
    }

    fn on_message(&mut self, _: NodeId, _: Nothing, _: &mut Io<'_, Diary>) {}

    fn on_deadline(&mut self, io: &mut Io<'_, Diary>) {
        self.written += 1;
        let line = Line { life: io.incarnation(), number: self.written };
        let filler = [32, 32, 40, 300][sample::below(io.draw("filler"), 4) as usize];
        let request = self.log.write(line, filler, io);
        io.when_durable(request, Said::Durable(line));
        self.wait(io);
    }

    fn next_deadline(&self) -> Option<Time> {
        Some(self.deadline)
    }

    fn on_disk(&mut self, request: Request, result: Result<(), DiskError>, io: &mut Io<'_, Diary>) {
        if let Err(error) = result {
            io.fact(Said::Failed);
            return io.stop(format_args!("{error}"));
        }
        let durable = self.log.synced(request, io);
        (self.told + 1..=durable).for_each(|number| io.fact(Said::Told(Line { life: io.incarnation(), number })));
        self.told = durable;
    }
}

impl<L> Writer<L> {
    fn wait(&mut self, io: &mut Io<'_, Diary>) {
        self.deadline = io.now() + Duration::from_micros(sample::below(io.draw("wait"), 20_000));
    }
}

/// A boot finds what the boot before it found, and then what of the life in between was durable: no less, or it was said to be
/// and was not; and no more, or checkers that rest on durability would see what no node has.
#[derive(Clone, Default)]
struct FindsWhatIsDurable(BTreeMap<NodeId, Shelf>);

#[derive(Clone, Default)]
struct Shelf {
    /// What the last boot found.
    before: Vec<Line>,
    /// How much this life has made durable.
    durable: u32,
    /// What this boot has found so far.
    found: Vec<Line>,
}

impl Checker<Diary> for FindsWhatIsDurable {
    fn observe(&mut self, observed: &Observed<'_, Diary>) -> Judgement {
        let shelf = self.0.entry(observed.node).or_default();
        let flaw = |explanation| Flaw { explanation, witnesses: vec![observed.witness(0)] };
        match observed.fact() {
            Some(Said::Durable(line)) => shelf.durable = line.number,
            Some(Said::Told(Line { number, .. })) => {
                let durable = shelf.durable;
                return Judgement::holds_if(*number <= durable, || {
                    flaw(format!("told of {number}, durable: {durable}"))
                });
            }
            Some(Said::Found(line)) => shelf.found.push(*line),
            Some(Said::FoundAll) => {
                let opened = std::mem::take(shelf);
                let is_right = opened.is_right(observed.incarnation - 1);
                let judgement = Judgement::holds_if(is_right, || flaw(opened.to_string()));
                shelf.before = opened.found;
                return judgement;
            }
            Some(Said::Failed) | None => {}
        }
        Judgement::Irrelevant
    }
}

impl Shelf {
    /// Whether what is found is what was found before, and what the life in between, this one, made durable.
    fn is_right(&self, life: u32) -> bool {
        self.found.strip_prefix(&*self.before).is_some_and(|new| {
            let in_order = (1..).zip(new).all(|(number, line)| *line == Line { life, number });
            in_order && new.len() == self.durable as usize
        })
    }
}

impl fmt::Display for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shelf { before, durable, found } = self;
        let common = before.iter().zip(found).take_while(|(one, other)| one == other).count();
        let new = &found[common..];
        write!(f, "found {}, then {durable} were durable, and now {new:?} comes behind {common} of them", before.len())
    }
}

/// One node that writes to a log of this kind.
struct Diaries<L>(PhantomData<fn() -> L>);

impl<L: Log> System for Diaries<L> {
    type Protocol = Diary;
    type Node = Writer<L>;
    type Client = Idle<Diary>;
    type Checks = Property<FindsWhatIsDurable>;
    type Survival = AllReturn;

    fn spec(&self) -> Spec {
        Spec { clients: 0..=0, ..Spec::new("diary") }
    }

    fn checks(&self, _: &Case) -> Self::Checks {
        Property::new("finds_what_is_durable", FindsWhatIsDurable::default())
    }

    fn survival(&self, _: &Case) -> AllReturn {
        AllReturn
    }
}

/// The case of a seed, in which a node's disk stalls for half of the time and fails now and then, and its machine crashes often,
/// and a crash tears much.
fn torn(diaries: &impl System, seed: u64) -> Case {
    let mut case = diaries.expand(Hex(seed), &Expansion::default());
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
    let errors = (0..8).map(|number| item(number + 60, 260 + number / 2 * 500 + number % 2 * 120, Fault::IoError, 15));
    let crashes = (1..40).map(|number| item(number + 10, number * 50, Fault::Crash, 1));
    case.plan.items = stalls.chain(crashes).chain(errors).collect();
    case.plan.heal.at_ns = Time::from_duration(Duration::from_secs(2));
    case
}

fn holds<L: Log>(diaries: &Diaries<L>) {
    let (mut torn_writes, mut failed, mut found) = (0, 0, 0);
    for seed in 0..500 {
        let outcome = diaries.run(&torn(diaries, seed), &mut RunOptions::default()).expect("the case fits");
        let violation = outcome.violation().map(|violation| &violation.explanation);
        assert!(outcome.end == End::Passed, "seed {seed}: {:?} {violation:?}", outcome.end);
        let count = |label| outcome.counts.get(label).copied().unwrap_or_default();
        torn_writes += outcome.faults[&FaultKind::TornWrite].fired;
        failed += count("failed");
        found += count("found");
    }
    let counts = format!("{torn_writes} torn, {failed} failed, {found} found");
    assert!(torn_writes > 3_000 && failed > 1_000 && found > 300_000, "{counts}");
}

#[test]
fn of_a_journal_a_boot_finds_what_is_durable_and_no_more() {
    holds(&Diaries::<Files>(PhantomData));
}

#[test]
fn of_a_write_ahead_log_a_boot_finds_what_is_durable_and_no_more() {
    holds(&Diaries::<Wal>(PhantomData));
}
