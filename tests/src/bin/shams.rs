//! The command line on made-up scenarios that each test less than they seem to, and `shams check NAME`, which does what a
//! `#[test]` would.

use std::env;
use std::process::ExitCode;
use std::time::Duration;

use sim::{
    AllReturn, Case, Checker, Damage, Exemption, Fact, FaultKind, Faults, Goal, HealthCheck, Io, Judgement, Knob,
    NodeId, Observed, OperationId, Payload, Permission, Process, Progress, Property, Protocol, ReachGoal, Recoverable,
    Refusal, Scenario, Spec, Strike, Survival, System, Time,
};

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1).peekable();
    if arguments.next_if(|first| first == "check").is_some() {
        let name = arguments.next().expect("the name of a scenario");
        let mut shams = shams().into_iter();
        let sham = shams.find(|sham| *sham.spec().name == *name).expect("a scenario of this name");
        campaign::check(&*sham);
        return ExitCode::SUCCESS;
    }
    campaign::cli::main("shams", &shams(), arguments)
}

fn shams() -> Vec<Box<dyn Scenario>> {
    let calm = || Spec { faults: Faults::none(), ..Sham::sound("").spec };
    let turned = |name: &str, value: u64| {
        let knobs = calm().knobs.into_iter().filter(|knob| knob.name != name).chain([switch(name, value)]);
        Spec { knobs: knobs.collect(), ..calm() }
    };
    let silent = |ticks| Spec { clients: 0..=0, goals: Vec::new(), ..turned("ticks", ticks) };
    let crashing = || Spec { faults: Faults::none().with(FaultKind::Crash).with(FaultKind::Partition), ..calm() };
    let reason = "nobody ever does";
    let shams = [
        Sham::sound("sound"),
        Sham::of("short", silent(0)),
        Sham::of("mute", silent(1)),
        Sham::of("faultless", Spec { faults: Faults::none().with(FaultKind::DiskDelay), ..calm() }),
        Sham::of("unanswered", turned("answers", 0)),
        Sham::of("in_turns", turned("together", 0)),
        Sham { blind: true, ..Sham::of("blind", calm()) },
        Sham { guard: Guard::Hopeless, stuck: Stuck::Always, ..Sham::of("hopeless", calm()) },
        Sham { guard: Guard::Torn, stuck: Stuck::Sometimes, ..Sham::of("torn", crashing()) },
        Sham { guard: Guard::Hopeless, stuck: Stuck::Sometimes, ..Sham::of("unlucky", crashing()) },
        Sham { guard: Guard::Strict, ..Sham::of("strict", crashing()) },
        Sham::of("allowed", Spec { allow: vec![HealthCheck::AllOperationsFailed], ..turned("answers", 0) }),
        Sham::of(
            "goals",
            Spec {
                goals: vec!["served".into(), ReachGoal::rare("never", 150)],
                exempt: vec![Exemption { label: "nowhere", reason }],
                ..calm()
            },
        ),
        Sham::of("exempt", Spec { exempt: vec![Exemption { label: "served", reason }], ..calm() }),
        Sham {
            guard: Guard::Strict,
            ..Sham::of(
                "withheld",
                Spec {
                    goals: vec![ReachGoal::rare("fault:crash", 150)],
                    allow: vec![HealthCheck::TooMuchWithheld],
                    ..crashing()
                },
            )
        },
    ];
    shams.into_iter().map(|sham| Box::new(sham) as Box<dyn Scenario>).collect()
}

fn switch(name: &str, value: u64) -> Knob {
    Knob::linear(name, value..=value)
}

/// Clients that ask, and nodes that answer, as far as the knobs let them.
struct Sham {
    spec: Spec,
    /// Whether its checker finds everything irrelevant.
    blind: bool,
    stuck: Stuck,
    guard: Guard,
}

/// Whether the progress that is demanded is never made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stuck {
    Never,
    /// In one seed of two.
    Sometimes,
    Always,
}

impl Sham {
    fn of(name: &str, spec: Spec) -> Sham {
        Sham { spec: Spec { name: name.into(), ..spec }, blind: false, stuck: Stuck::Never, guard: Guard::Lax }
    }

    /// Nothing is wrong with it.
    fn sound(name: &str) -> Sham {
        let spec = Spec {
            nodes: 3..=3,
            clients: 2..=3,
            operations: 20..=20,
            safety: Duration::from_secs(1)..=Duration::from_secs(2),
            faults: Faults::none().with(FaultKind::Loss).with(FaultKind::Crash).with(FaultKind::Partition),
            knobs: vec![switch("answers", 1), switch("together", 1), switch("ticks", 0)],
            goals: vec!["served".into()],
            ..Spec::new(name)
        };
        Sham { spec, blind: false, stuck: Stuck::Never, guard: Guard::Lax }
    }
}

impl System for Sham {
    type Protocol = Desk;
    type Node = Clerk;
    type Client = Customer;
    type Checks = (Property<Looks>, (Property<Looks>, Progress<Hopes>));
    type Survival = Guard;

    fn spec(&self) -> Spec {
        self.spec.clone()
    }

    fn checks(&self, case: &Case) -> Self::Checks {
        let met = match self.stuck {
            Stuck::Never => true,
            Stuck::Sometimes => case.seed.0.is_multiple_of(2),
            Stuck::Always => false,
        };
        let progress = Progress::new("progress", Duration::from_secs(1), Hopes { met });
        let boots = Property::new("boots", Looks { blind: false });
        (boots, (Property::new("looks", Looks { blind: self.blind }), progress))
    }

    fn survival(&self, _: &Case) -> Guard {
        self.guard
    }
}

/// What may strike, and what is said of a system that is stuck.
#[derive(Clone, Copy)]
enum Guard {
    Lax,
    /// No crash.
    Strict,
    /// Everything, and nothing is survived.
    Hopeless,
    /// One crash at a time, and nothing is survived.
    Torn,
}

impl Survival<Desk> for Guard {
    fn allows(&self, damage: &Damage, strike: &Strike<'_>) -> Permission {
        match self {
            Guard::Strict if strike.kind == FaultKind::Crash => Permission::Withhold("nothing may crash here"),
            Guard::Torn if strike.kind == FaultKind::Crash && damage.unavailable() > 0 => {
                Permission::Withhold("a node is down")
            }
            _ => Permission::Fire,
        }
    }

    fn core(&self, damage: &Damage, draw: u64) -> Vec<NodeId> {
        Survival::<Desk>::core(&AllReturn, damage, draw)
    }

    fn recoverable(&self, _: &Damage) -> Recoverable {
        match self {
            Guard::Hopeless | Guard::Torn => Recoverable::No("there is no way out"),
            Guard::Lax | Guard::Strict => Recoverable::Yes,
        }
    }
}

#[derive(Clone)]
struct Looks {
    blind: bool,
}

impl Checker<Desk> for Looks {
    fn observe(&mut self, _: &Observed<'_, Desk>) -> Judgement {
        if self.blind { Judgement::Irrelevant } else { Judgement::Holds }
    }
}

#[derive(Clone)]
struct Hopes {
    met: bool,
}

impl Goal<Desk> for Hopes {
    fn observe(&mut self, _: &Observed<'_, Desk>) {}

    fn met(&self) -> bool {
        self.met
    }

    fn missing(&self) -> String {
        "nothing came of it".into()
    }
}

struct Desk;

impl Protocol for Desk {
    type Message = Slip;
    type Fact = Served;
    type Operation = ();
    type Reply = ();
}

#[derive(Clone, Debug, Hash)]
enum Slip {
    Wish(u32),
    Done(u32),
}

impl Payload for Slip {}

#[derive(Clone, Debug, Hash)]
struct Served;

impl Fact for Served {
    fn label(&self) -> &'static str {
        "served"
    }
}

const TICK: Duration = Duration::from_millis(10);

struct Clerk {
    next: Option<Time>,
}

impl Process for Clerk {
    type Protocol = Desk;

    fn boot(io: &mut Io<'_, Desk>) -> Result<Clerk, Refusal> {
        Ok(Clerk { next: (io.knob("ticks") == 1).then(|| io.now() + TICK) })
    }

    fn on_message(&mut self, from: NodeId, slip: Slip, io: &mut Io<'_, Desk>) {
        let Slip::Wish(ordinal) = slip else { return };
        io.fact(Served);
        if io.knob("answers") == 1 {
            io.send(from, Slip::Done(ordinal));
        }
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Desk>) {
        self.next = Some(io.now() + TICK);
    }

    fn next_deadline(&self) -> Option<Time> {
        self.next
    }
}

/// Asks again until it is answered.
struct Customer {
    open: Option<OperationId>,
    next: Option<Time>,
}

impl Process for Customer {
    type Protocol = Desk;

    fn boot(io: &mut Io<'_, Desk>) -> Result<Customer, Refusal> {
        let asks = io.knob("together") == 1 || io.id() == NodeId::client(1);
        Ok(Customer { open: None, next: asks.then(|| io.now() + TICK) })
    }

    fn on_message(&mut self, _: NodeId, slip: Slip, io: &mut Io<'_, Desk>) {
        let Slip::Done(ordinal) = slip else { return };
        if let Some(operation) = self.open.take_if(|open| open.ordinal == ordinal) {
            io.respond(operation, ());
        }
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Desk>) {
        self.next = Some(io.now() + TICK);
        if self.open.is_none() {
            self.open = io.next_operation();
            match self.open {
                Some(operation) => io.invoke(operation, ()),
                None => self.next = None,
            }
        }
        if let Some(operation) = self.open {
            io.send(io.nodes()[0], Slip::Wish(operation.ordinal));
        }
    }

    fn next_deadline(&self) -> Option<Time> {
        self.next
    }
}
