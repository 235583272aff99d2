//! A machine that is wiped comes back as somebody else: who its process is, is on its disk, and not in its node's name.
//!
//! A register is kept by members of which any majority will do. One client writes it and reads it. It knows each member by an
//! identity that the member drew when it found its disk empty; with the name of the node in its place, a member that was wiped
//! is taken for the one that it was, and answers that nothing was written.

use std::collections::BTreeMap;
use std::time::Duration;

use sim::{
    Case, Checker, DiskError, End, Expansion, FaultKind, Faults, Flaw, Goal, Hex, Io, Judgement, NodeId, Observed,
    Outcome, Payload, Process, Progress, Property, Protocol, Refusal, Request, Scenario, Spec, StaticMajority, System,
    Time, What,
};

use crate::rig::run;

struct Register;

impl Protocol for Register {
    type Message = Message;
    type Fact = Seen;
    type Operation = ();
    type Reply = ();
}

type Identity = u64;

#[derive(Clone, Copy, Debug, Hash)]
enum Message {
    WhoAreYou,
    Store {
        round: u64,
        value: u64,
    },
    Load {
        round: u64,
    },
    /// What the member holds; of round 0 it says no more than who it is.
    Holds {
        identity: Identity,
        round: u64,
        value: u64,
    },
}

impl Payload for Message {}

/// What the client knows now.
#[derive(Clone, Copy, Debug, Hash)]
enum Seen {
    /// Who is on each node.
    Grouped,
    /// A majority holds the value.
    Written(u64),
    /// The latest that a majority knows of.
    Read(u64),
}

impl sim::Fact for Seen {
    fn label(&self) -> &'static str {
        match self {
            Seen::Grouped => "grouped",
            Seen::Written(_) => "written",
            Seen::Read(_) => "read",
        }
    }
}

/// A member. On its disk is who it is, and then the value.
struct Member<const DRAWN: bool> {
    identity: Identity,
    value: u64,
    disk: sim::File,
    /// What has to be durable before it says any more of itself.
    last: Option<Request>,
}

impl<const DRAWN: bool> Process for Member<DRAWN> {
    type Protocol = Register;

    fn boot(io: &mut Io<'_, Register>) -> Result<Self, Refusal> {
        let word = |at: usize| io.surviving("member").get(at..at + 8).map_or(0, word);
        let (found, value) = (word(0), word(8));
        let disk = io.open("member");
        let mut member = Member { identity: found, value, disk, last: None };
        if found == 0 {
            // Another in each life: one that was not written down is never anybody's again.
            member.identity = if DRAWN { io.draw("identity") | 1 } else { u64::from(io.id().number()) };
            io.write(disk, 0, &member.identity.to_le_bytes());
            io.sync(disk);
            member.last = Some(io.sync_directory());
        }
        Ok(member)
    }

    fn on_message(&mut self, from: NodeId, message: Message, io: &mut Io<'_, Register>) {
        let round = match message {
            Message::WhoAreYou => 0,
            Message::Load { round } => round,
            Message::Store { round, value } => {
                if value > self.value {
                    self.value = value;
                    io.write(self.disk, 8, &value.to_le_bytes());
                    self.last = Some(io.sync(self.disk));
                }
                round
            }
            Message::Holds { .. } => return,
        };
        let holds = Message::Holds { identity: self.identity, round, value: self.value };
        match self.last {
            Some(last) => io.send_after(last, from, holds),
            None => io.send(from, holds),
        }
    }

    fn on_deadline(&mut self, _: &mut Io<'_, Register>) {}

    fn next_deadline(&self) -> Option<Time> {
        None
    }

    fn on_disk(&mut self, _: Request, result: Result<(), DiskError>, _: &mut Io<'_, Register>) {
        result.expect("no request fails here");
    }
}

fn word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("eight bytes"))
}

/// Writes 1, reads for a while, writes 2, reads, and so on, once it has heard who is on each node. They are the members for good.
/// What a majority holds is sent to nobody again: a wipe matters while there is one who does not hold it.
struct Client {
    members: BTreeMap<NodeId, Identity>,
    round: u64,
    answers: BTreeMap<Identity, u64>,
    asks_at: Time,
}

impl Client {
    fn ask(&self, io: &mut Io<'_, Register>) {
        let round = self.round;
        let message = match writes(round) {
            _ if round == 0 => Message::WhoAreYou,
            Some(value) => Message::Store { round, value },
            None => Message::Load { round },
        };
        for node in io.nodes().to_vec() {
            io.send(node, message);
        }
    }
}

/// What a round writes; most read.
fn writes(round: u64) -> Option<u64> {
    (round % 16 == 1).then_some(round / 16 + 1)
}

impl Process for Client {
    type Protocol = Register;

    fn boot(io: &mut Io<'_, Register>) -> Result<Self, Refusal> {
        let client = Client { members: BTreeMap::new(), round: 0, answers: BTreeMap::new(), asks_at: io.now() };
        Ok(client)
    }

    fn on_message(&mut self, from: NodeId, message: Message, io: &mut Io<'_, Register>) {
        let Message::Holds { identity, round, value } = message else { return };
        if self.round == 0 {
            self.members.entry(from).or_insert(identity);
            if self.members.len() == io.nodes().len() {
                self.round = 1;
                io.fact(Seen::Grouped);
            }
            return;
        }
        if round != self.round || !self.members.values().any(|member| *member == identity) {
            return;
        }
        self.answers.insert(identity, value);
        if self.answers.len() > self.members.len() / 2 {
            let latest = self.answers.values().copied().max().expect("an answer");
            io.fact(writes(round).map_or(Seen::Read(latest), Seen::Written));
            self.answers.clear();
            self.round += 1;
        }
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Register>) {
        self.ask(io);
        self.asks_at = io.now() + Duration::from_millis(20);
    }

    fn next_deadline(&self) -> Option<Time> {
        Some(self.asks_at)
    }
}

/// What was written is read.
#[derive(Clone, Default)]
struct Reads(u64);

impl Checker<Register> for Reads {
    fn observe(&mut self, observed: &Observed<'_, Register>) -> Judgement {
        match observed.fact() {
            Some(Seen::Written(value)) => self.0 = *value,
            Some(Seen::Read(value)) => {
                return Judgement::holds_if(*value >= self.0, || Flaw {
                    explanation: format!("{} was written, and {value} read", self.0),
                    witnesses: vec![observed.witness(0)],
                });
            }
            Some(Seen::Grouped) | None => {}
        }
        Judgement::Irrelevant
    }
}

/// It is read after the heal, where there was a group by then. Who is not healed may never say who it is.
#[derive(Clone, Default)]
struct ReadAgain {
    is_grouped: bool,
    is_read: bool,
}

impl Goal<Register> for ReadAgain {
    fn observe(&mut self, observed: &Observed<'_, Register>) {
        match observed.what {
            What::Healed(_) => self.is_read = !self.is_grouped,
            What::Fact(Seen::Grouped) => self.is_grouped = true,
            What::Fact(Seen::Read(_)) => self.is_read = true,
            _ => {}
        }
    }

    fn met(&self) -> bool {
        self.is_read
    }

    fn missing(&self) -> String {
        "nothing was read".into()
    }
}

/// Members that draw who they are, or that are their nodes.
struct Members<const DRAWN: bool>;

impl<const DRAWN: bool> System for Members<DRAWN> {
    type Protocol = Register;
    type Node = Member<DRAWN>;
    type Client = Client;
    type Checks = (Property<Reads>, Progress<ReadAgain>);
    type Survival = StaticMajority;

    fn spec(&self) -> Spec {
        // Eight bytes have no checksum: a torn value would be another one.
        let faults = Faults::swarm().with(FaultKind::Wipe).without(FaultKind::TornWrite);
        Spec { clients: 1..=1, faults, ..Spec::new("register") }
    }

    fn checks(&self, _: &Case) -> Self::Checks {
        let again = Progress::new("progress", Duration::from_secs(10), ReadAgain::default());
        (Property::new("reads", Reads::default()), again)
    }

    fn survival(&self, _: &Case) -> StaticMajority {
        StaticMajority
    }
}

const SEEDS: u64 = 1_000;

fn outcomes(system: &impl Scenario) -> Vec<Outcome> {
    (0..SEEDS).map(|seed| run(system, &system.expand(Hex(seed), &Expansion::default()))).collect()
}

#[test]
fn who_is_somebody_else_after_a_wipe_costs_the_group_a_member_and_no_more() {
    let outcomes = outcomes(&Members::<true>);
    let wiped: u64 = outcomes.iter().map(|outcome| outcome.faults[&FaultKind::Wipe].fired).sum();
    let read: u64 = outcomes.iter().filter_map(|outcome| outcome.counts.get("read")).sum();
    for (seed, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.end, End::Passed, "seed {seed}: {:?}", outcome.violation());
    }
    assert!(wiped > SEEDS / 4 && read > 10 * SEEDS, "{wiped} wiped, {read} read");
}

#[test]
fn who_keeps_its_name_after_a_wipe_answers_for_what_it_has_not() {
    let outcomes = outcomes(&Members::<false>);
    let shown: Vec<&str> =
        outcomes.iter().filter_map(|outcome| outcome.violation()).map(|it| it.signature.as_str()).collect();
    assert!(shown.iter().all(|signature| *signature == "register::reads"), "{shown:?}");
    assert!(shown.len() > 3, "{} of {SEEDS} seeds", shown.len());
}

#[test]
fn without_wipes_it_is_all_the_same() {
    let system = Members::<false>;
    let expansion = Expansion { without: vec![FaultKind::Wipe] };
    for seed in 0..SEEDS {
        let outcome = run(&system, &system.expand(Hex(seed), &expansion));
        assert_eq!(outcome.end, End::Passed, "seed {seed}: {:?}", outcome.violation());
    }
}
