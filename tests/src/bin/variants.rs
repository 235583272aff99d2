//! The command line on the canary as it was, `variants then …`, and as it is after changes that have nothing to do with
//! what is wrong with it, `variants now …`: a knob, a kind of fault in fresh seeds, a draw in every boot. As code of somebody
//! else, which nobody knows to be wrong: `variants theirs …`, and `variants check`, under `check()`.

use std::env;
use std::marker::PhantomData;
use std::process::ExitCode;

use scenarios::canary::{Canary, Election, ElectionSafety, Message, Voter};
use sim::{
    Case, FaultKind, Idle, Io, Knob, NodeId, Process, Property, Refusal, Scenario, Spec, StaticMajority, System, Time,
};

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    let scenario: Box<dyn Scenario> = match arguments.next().as_ref().and_then(|which| which.to_str()) {
        Some("then") => Variant::<Voter>::boxed(then()),
        Some("now") => Variant::<Colourful>::boxed(now()),
        Some("theirs") => Variant::<Voter>::boxed(theirs()),
        Some("check") => {
            campaign::check(&*Variant::<Voter>::boxed(theirs()));
            return ExitCode::SUCCESS;
        }
        _ => panic!("expected `then`, `now`, `theirs` or `check`"),
    };
    campaign::cli::main("variants", &[scenario], arguments)
}

/// The canary with other nodes, under another spec.
struct Variant<N> {
    spec: Spec,
    node: PhantomData<fn() -> N>,
}

impl<N> Variant<N> {
    fn boxed(spec: Spec) -> Box<dyn Scenario>
    where
        N: Process<Protocol = Election> + 'static,
    {
        Box::new(Variant::<N> { spec, node: PhantomData })
    }
}

impl<N: Process<Protocol = Election> + 'static> System for Variant<N> {
    type Protocol = Election;
    type Node = N;
    type Client = Idle<Election>;
    type Checks = Property<ElectionSafety>;
    type Survival = StaticMajority;

    fn spec(&self) -> Spec {
        self.spec.clone()
    }

    fn checks(&self, case: &Case) -> Property<ElectionSafety> {
        Canary.checks(case)
    }

    fn survival(&self, case: &Case) -> StaticMajority {
        System::survival(&Canary, case)
    }
}

fn then() -> Spec {
    let spec = System::spec(&Canary);
    Spec { faults: spec.faults.clone().without(FaultKind::Pause), ..spec }
}

fn theirs() -> Spec {
    Spec { must_fail: None, ..System::spec(&Canary) }
}

fn now() -> Spec {
    let mut spec = System::spec(&Canary);
    spec.knobs.insert(0, Knob::linear("colour", 1..=7));
    spec
}

/// A voter that draws something of its own at every boot.
struct Colourful(Voter);

impl Process for Colourful {
    type Protocol = Election;

    fn boot(io: &mut Io<'_, Election>) -> Result<Colourful, Refusal> {
        io.draw("colour");
        Voter::boot(io).map(Colourful)
    }

    fn on_message(&mut self, from: NodeId, message: Message, io: &mut Io<'_, Election>) {
        self.0.on_message(from, message, io);
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Election>) {
        self.0.on_deadline(io);
    }

    fn next_deadline(&self) -> Option<Time> {
        self.0.next_deadline()
    }
}
