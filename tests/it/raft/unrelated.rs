//! What was kept keeps its meaning where the scenario changes in what has nothing to do with it: nodes, clients and disks of
//! a replicated log, in stormy weather.

use scenarios::raft::{Client, Log, Node, Packet, Raft};
use sim::{
    Case, DiskError, Expansion, Hex, Io, Knob, NodeId, Outcome, Process, Refusal, Request, RunOptions, Scenario, Spec,
    System, Time,
};

/// Raft since a release that gave it a knob, and its nodes a draw of their own at every boot.
struct Later;

impl System for Later {
    type Protocol = Log;
    type Node = Colourful;
    type Client = Client;
    type Checks = <Raft as System>::Checks;
    type Survival = <Raft as System>::Survival;

    fn spec(&self) -> Spec {
        let mut spec = System::spec(&Raft);
        spec.knobs.insert(0, Knob::linear("colour", 1..=7));
        spec
    }

    fn checks(&self, case: &Case) -> Self::Checks {
        Raft.checks(case)
    }

    fn survival(&self, case: &Case) -> Self::Survival {
        System::survival(&Raft, case)
    }
}

struct Colourful(Node);

impl Process for Colourful {
    type Protocol = Log;

    fn boot(io: &mut Io<'_, Log>) -> Result<Colourful, Refusal> {
        io.draw("colour");
        Node::boot(io).map(Colourful)
    }

    fn on_message(&mut self, from: NodeId, packet: Packet, io: &mut Io<'_, Log>) {
        self.0.on_message(from, packet, io);
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Log>) {
        self.0.on_deadline(io);
    }

    fn next_deadline(&self) -> Option<Time> {
        self.0.next_deadline()
    }

    fn on_disk(&mut self, request: Request, result: Result<(), DiskError>, io: &mut Io<'_, Log>) {
        self.0.on_disk(request, result, io);
    }
}

fn run(scenario: &dyn Scenario, case: &Case) -> Outcome {
    scenario.run(case, &mut RunOptions::default()).expect("the case fits")
}

#[test]
fn a_knob_and_a_draw_that_came_later_leave_a_case_of_raft_what_it_was() {
    for seed in 0..20 {
        let then = Scenario::expand(&Raft, Hex(seed), &Expansion::default());
        let mut now = then.clone();
        now.knobs.insert("colour".into(), 3);
        let (before, after) = (run(&Raft, &then), run(&Later, &now));
        assert_eq!(
            (before.digest, before.events, before.time),
            (after.digest, after.events, after.time),
            "seed {seed}"
        );
    }
}
