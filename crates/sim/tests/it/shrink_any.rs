//! Failures of no system at all: whatever makes a case fail, a search for the least ends, comes to the same whoever runs its
//! candidates and in whatever order, and has taken away each fault that is left.

use std::collections::BTreeMap;

use sim::{
    Activity, Candidate, Case, Class, ClientLoad, Digest, End, Fate, Fates, Fault, Hex, Item, ItemOutcome, Network,
    NodeId, Outcome, Point, Shrinker, Shrunk, Spec, Target, Time, Violation, When, content_hash, mix,
};

use super::rig::{MS, at, calm, n, with_items};

/// Draws that differ from seed to seed.
struct Draws {
    seed: u64,
    drawn: u64,
}

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.drawn += 1;
        mix(self.seed, self.drawn) % bound.max(1)
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// What makes a case fail: all of this together, or nothing that anybody could say.
struct Cause {
    seed: u64,
    items: Vec<u32>,
    nodes: usize,
    /// Where latencies are not drawn, so many have to be stated.
    latencies: usize,
    /// One of so many cases fails whatever is in it; 0: none does.
    luck: u64,
    /// How many messages are sent in each run.
    messages: u64,
}

impl Cause {
    fn draw(draws: &mut Draws, items: &[Item]) -> Cause {
        Cause {
            seed: draws.seed,
            items: items.iter().map(|item| item.id).filter(|_| draws.below(4) == 0).collect(),
            nodes: draws.below(3) as usize,
            latencies: draws.below(8) as usize,
            luck: [0, 2, 3, 10, 50][draws.below(5) as usize],
            messages: draws.below(40),
        }
    }

    fn fails(&self, case: &Case) -> bool {
        let is_there = |id: &u32| case.plan.items.iter().any(|item| item.id == *id);
        let matters =
            |item: &&Item| matches!(item.fault, Fault::Message(Fate::Deliver { latency_ns }) if latency_ns % 3 == 0);
        let is_drawn = case.network.latency_min_ns < case.network.latency_max_ns;
        let is_timed = is_drawn || case.plan.items.iter().filter(matters).count() >= self.latencies;
        let is_lucky = self.luck > 0 && mix(self.seed, content_hash(case)).is_multiple_of(self.luck);
        is_lucky || is_timed && case.nodes.len() >= self.nodes && self.items.iter().all(is_there)
    }

    fn run(&self, case: &Case) -> Outcome {
        let hash = content_hash(case);
        let time = Time::from_nanos(mix(hash, 3) % (900 * MS));
        let violation = || Violation {
            class: Class::Safety,
            signature: "any::fails".into(),
            identity: String::new(),
            node: None,
            time,
            event: hash % 100,
            explanation: String::new(),
            witnesses: Vec::new(),
        };
        let end = if self.fails(case) { End::Failed(Box::new(violation())) } else { End::Passed };
        let struck = |item: &Item| match mix(hash, u64::from(item.id)) % 4 {
            0 if !self.items.contains(&item.id) => ItemOutcome::Never,
            _ => ItemOutcome::Fired(time),
        };
        let subject = |item: &Item| matches!(item.when, When::On { .. }).then(|| n(1));
        Outcome {
            end,
            digest: Digest::START,
            events: 1 + hash % 50,
            time,
            items: case.plan.items.iter().map(struck).collect(),
            subjects: case.plan.items.iter().map(subject).collect(),
            fates: Some(self.fates(case, hash)),
            faults: BTreeMap::new(),
            counts: BTreeMap::new(),
            activity: Activity::default(),
            reached: BTreeMap::new(),
            properties: Vec::new(),
            recoveries: Vec::new(),
            core: None,
        }
    }

    fn fates(&self, case: &Case, hash: u64) -> Fates {
        let Network { loss_ppm, delay_ppm, latency_min_ns, latency_max_ns, .. } = case.network;
        let mut fates = Fates { met: Vec::new(), carried: Vec::new(), complete: hash.is_multiple_of(2) };
        for tag in 0..self.messages {
            let message = Target::Message { from: n(1), to: n(2), tag: Hex(tag), occurrence: 0 };
            let latency_ns = latency_min_ns + mix(self.seed, tag) % (latency_max_ns - latency_min_ns + 1);
            match tag % 3 {
                _ if case.plan.items.iter().any(|item| item.target == message) => {}
                0 if loss_ppm > 0 => fates.met.push((message, Fate::Lose)),
                1 if delay_ppm > 0 => fates.met.push((message, Fate::Deliver { latency_ns: latency_ns + MS })),
                _ => fates.carried.push((message, Fate::Deliver { latency_ns })),
            }
        }
        fates
    }

    /// Shrinks the case with so many candidates out at once, reported in an order that is drawn.
    fn shrink(&self, case: &Case, events_max: u64, at_once: usize) -> Option<(Case, Shrunk)> {
        let spec = Spec { nodes: 1..=5, clients: 0..=3, ..Spec::new("rig") };
        let mut shrinker = Shrinker::new(&spec, case, "any::fails", "", events_max);
        let mut draws = Draws { seed: self.seed, drawn: at_once as u64 };
        let mut out: Vec<Candidate> = Vec::new();
        let mut runs = 0;
        while !shrinker.is_finished() {
            let next = if out.len() < at_once { shrinker.next_candidate() } else { None };
            let is_waiting = next.is_none();
            out.extend(next);
            if is_waiting && !shrinker.is_finished() {
                let candidate = out.swap_remove(draws.below(out.len() as u64) as usize);
                shrinker.report(&candidate, Ok(self.run(&candidate.case)));
                runs += 1;
                assert!(runs < 100_000, "seed {}: no end", self.seed);
            }
        }
        Some((shrinker.best()?.0.clone(), shrinker.shrunk()?))
    }
}

fn drawn_item(draws: &mut Draws, index: u64) -> Item {
    let faults =
        [Fault::Crash, Fault::Pause, Fault::ClockRate { error_ppm: -12_345 }, Fault::WallJump { by_ns: 987_654_321 }];
    let fault = faults[draws.below(4) as usize];
    let whom = n(1 + draws.below(4) as u16);
    let mut item = at(index * 17_123_457, Target::Node(whom), fault, Some(1 + draws.below(MS)));
    if draws.coin() {
        let point = if draws.coin() { Point::AfterNs(draws.below(MS)) } else { Point::Effects(draws.below(5) as u32) };
        let node = draws.coin().then(|| n(2));
        item.when = When::On { fact: "said".into(), node, from_ns: Time::ZERO, nth: 1 + draws.below(9) as u32, point };
        item.target = if draws.coin() { Target::Subject } else { Target::Nodes(vec![n(1), n(3)]) };
    }
    item
}

fn drawn_case(draws: &mut Draws) -> Case {
    let items: Vec<Item> = (0..draws.below(12)).map(|index| drawn_item(draws, index)).collect();
    let mut case = with_items(calm(2 + draws.below(4) as u16), items);
    let load = |number| ClientLoad { id: NodeId::client(number), operations: 3, omitted: Vec::new() };
    case.workload.clients = (1..=draws.below(3) as u16).map(load).collect();
    case.network.loss_ppm = 1_000 * draws.below(2) as u32;
    case.network.delay_ppm = 1_000 * draws.below(2) as u32;
    case.network.latency_max_ns += 6_777_777 * draws.below(2);
    case.knobs.insert("sim.unsynced_kept_ppm".into(), 704_730 * draws.below(2));
    case
}

#[test]
fn any_search_ends_and_comes_to_the_same_whoever_runs_it() {
    let [mut minimal, mut cut_short, mut stated] = [0; 3];
    for seed in 0..300 {
        let draws = &mut Draws { seed, drawn: 0 };
        let case = drawn_case(draws);
        let cause = Cause::draw(draws, &case.plan.items);
        let events_max = if draws.below(4) == 0 { draws.below(5_000) } else { u64::MAX };
        let alone = cause.shrink(&case, events_max, 1);
        for at_once in [2, 3, 8] {
            assert_eq!(alone, cause.shrink(&case, events_max, at_once), "seed {seed}, {at_once} at once");
        }
        let Some((least, shrunk)) = alone else { continue };
        assert!(cause.fails(&least), "seed {seed}");
        if !shrunk.minimal {
            cut_short += 1;
            continue;
        }
        minimal += 1;
        stated += u32::from(least.plan.items.iter().any(|item| matches!(item.fault, Fault::Message(_))));
        for gone in 0..least.plan.items.len() {
            let mut less = least.clone();
            less.plan.items.remove(gone);
            assert!(!cause.fails(&less), "seed {seed}: item {gone} of {:?}", least.plan.items);
        }
        for calmer in [|it: &mut Network| it.loss_ppm = 0, |it: &mut Network| it.delay_ppm = 0] {
            let mut less = least.clone();
            calmer(&mut less.network);
            assert!(less == least || !cause.fails(&less), "seed {seed}: {:?}", least.network);
        }
    }
    assert!(
        minimal > 100 && cut_short > 10 && stated > 3,
        "{minimal} minimal, {cut_short} cut, {stated} with messages"
    );
}
