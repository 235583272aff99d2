//! Systems of which it is known what it takes to make them fail: the shrinker must come to exactly that.

use std::collections::BTreeMap;
use std::time::Duration;

use sim::{
    Candidate, Case, Checker, ClientLoad, Fate, Fault, FaultKind, Flaw, Io, Item, Judgement, NodeId, Observed, Outcome,
    Point, Process, Property, Recoverable, Refusal, RunOptions, Scenario, Shrinker, Shrunk, Spec, System, Target, Time,
    What, When,
};

use super::rig::{Actor, Hosted, Lenient, MS, Number, Numbers, Rig, Said, at, calm, ms, n, with_items};

/// More than any of these searches needs.
const EVENTS_MAX: u64 = 50_000_000;

/// Shrinks a case that fails, with so many candidates out at once; they are reported the last first.
fn shrink(system: &impl Scenario, case: &Case, at_once: usize) -> (Case, Outcome, Shrunk) {
    let first = run(system, case);
    let violation = first.violation().expect("the case fails");
    let mut shrinker = Shrinker::new(&system.spec(), case, &violation.signature, &violation.identity, EVENTS_MAX);
    let mut out: Vec<Candidate> = Vec::new();
    while !shrinker.is_finished() {
        match shrinker.next_candidate() {
            Some(candidate) if out.len() + 1 < at_once => out.push(candidate),
            Some(candidate) => shrinker.report(&candidate, system.run(&candidate.case, &mut with_fates())),
            None => {
                let Some(candidate) = out.pop() else { continue };
                shrinker.report(&candidate, system.run(&candidate.case, &mut with_fates()));
            }
        }
    }
    let (best, outcome) = shrinker.best().expect("the case failed again");
    assert_eq!(outcome.violation().map(|shown| &shown.signature), Some(&violation.signature));
    (best.clone(), outcome.clone(), shrinker.shrunk().expect("the case failed again"))
}

/// The same, whoever runs the candidates: one at a time, or several in whatever order.
fn shrink_alike(system: &impl Scenario, case: &Case) -> (Case, Shrunk) {
    let (alone, _, shrunk) = shrink(system, case, 1);
    let (together, _, of_together) = shrink(system, case, 3);
    assert_eq!((&alone, &shrunk), (&together, &of_together));
    assert!(shrunk.minimal);
    (alone, shrunk)
}

fn with_fates() -> RunOptions<'static> {
    RunOptions { fates: true, ..RunOptions::default() }
}

fn run(system: &impl Scenario, case: &Case) -> Outcome {
    system.run(case, &mut with_fates()).expect("the case fits")
}

fn flaw(observed: &Observed<'_, Numbers>) -> Flaw {
    Flaw { explanation: "it happened".into(), witnesses: vec![observed.witness(0)] }
}

/// Does nothing; what happens to it is all there is.
struct Still;

impl Actor for Still {
    fn start(_: &mut Io<'_, Numbers>) -> Result<Self, Refusal> {
        Ok(Still)
    }
}

/// Fails once each of these nodes has crashed so often.
#[derive(Clone)]
struct CrashedSoOften(BTreeMap<NodeId, u32>);

impl Checker<Numbers> for CrashedSoOften {
    fn observe(&mut self, observed: &Observed<'_, Numbers>) -> Judgement {
        if !matches!(observed.what, What::Crashed) {
            return Judgement::Irrelevant;
        }
        if let Some(left) = self.0.get_mut(&observed.node) {
            *left = left.saturating_sub(1);
        }
        Judgement::holds_if(self.0.values().any(|left| *left > 0), || flaw(observed))
    }
}

/// 200 items: crashes, pauses and partitions of twenty nodes.
fn two_hundred_items() -> Vec<Item> {
    let fault = |index: u64| match index % 4 {
        0 | 1 => Fault::Crash,
        2 => Fault::Pause,
        _ => Fault::Partition,
    };
    let item =
        |index: u64| at(index * 4 * MS + 1_234_567, Target::Node(n(index as u16 % 20 + 1)), fault(index), Some(MS));
    (0..200).map(item).collect()
}

fn crash_rig(needed: &[(u16, u32)]) -> Rig<Still, Property<CrashedSoOften>, Lenient> {
    let needed = needed.iter().map(|(node, times)| (n(*node), *times)).collect();
    let rig = Rig::new().checks(Property::new("crashes", CrashedSoOften(needed)));
    let mut rig = rig.survival(Lenient(Recoverable::Yes));
    rig.spec.nodes = 1..=20;
    rig
}

/// Whom the items of a case crash.
fn crashed(case: &Case) -> Vec<NodeId> {
    let whom = |item: &Item| match (&item.target, item.fault) {
        (Target::Node(id), Fault::Crash) => *id,
        _ => panic!("not a crash of a node: {item}"),
    };
    let mut crashed: Vec<NodeId> = case.plan.items.iter().map(whom).collect();
    crashed.sort_unstable();
    crashed
}

#[test]
fn one_to_four_crashes_among_two_hundred_items_are_all_that_is_left() {
    let case = with_items(calm(20), two_hundred_items());
    for needed in [&[(5, 1)][..], &[(5, 2)], &[(1, 1), (6, 1), (2, 1)], &[(5, 2), (1, 1), (10, 1)]] {
        let rig = crash_rig(needed);
        let (least, shrunk) = shrink_alike(&rig, &case);
        let expected = needed.iter().flat_map(|(node, times)| std::iter::repeat_n(n(*node), *times as usize));
        let mut expected: Vec<NodeId> = expected.collect();
        expected.sort_unstable();
        assert_eq!(crashed(&least), expected);
        expected.dedup();
        assert_eq!(least.nodes, expected, "nodes that nothing depends on are gone, and the others keep their names");
        assert_eq!(shrunk.from.faults, 200);
        assert_eq!((shrunk.to.faults as usize, shrunk.to.nodes as usize), (least.plan.items.len(), least.nodes.len()));
        assert!(shrunk.to.virtual_ns <= shrunk.from.virtual_ns);
    }
}

#[test]
fn numbers_end_up_short_and_round() {
    let case = with_items(calm(20), two_hundred_items());
    let (least, _) = shrink_alike(&crash_rig(&[(5, 1)]), &case);
    let [item] = &least.plan.items[..] else { panic!("one item is enough") };
    assert_eq!(item.when, When::At { at_ns: Time::ZERO });
    assert!(item.lasts_ns.is_some_and(|nanos| nanos < MS && nanos.to_string().trim_end_matches('0').len() == 1));
}

#[test]
fn each_item_that_is_left_is_needed() {
    let rig = crash_rig(&[(5, 2), (1, 1), (10, 1)]);
    let (least, _) = shrink_alike(&rig, &with_items(calm(20), two_hundred_items()));
    for gone in 0..least.plan.items.len() {
        let mut less = least.clone();
        less.plan.items.remove(gone);
        assert!(run(&rig, &less).violation().is_none());
    }
}

/// Sends a number every ten milliseconds. The wall clock says which is next, so that a restart repeats none.
struct Counts {
    next: u64,
    wakes_at: Time,
}

/// What the wall clock shows when a run begins.
const EPOCH_NS: u64 = 1_700_000_000_000_000_000;

impl Actor for Counts {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Self, Refusal> {
        let next = (io.wall().as_nanos() - EPOCH_NS) / (10 * MS) + 1;
        Ok(Counts { next, wakes_at: Time::from_nanos(10 * MS) })
    }

    fn hear(&mut self, _: NodeId, number: u64, io: &mut Io<'_, Numbers>) {
        io.fact(Said("heard", number));
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        if io.id() == n(1) {
            io.fact(Said("counted", self.next));
            io.send(n(2), Number(self.next));
        }
        self.next += 1;
        self.wakes_at = self.wakes_at + Duration::from_millis(10);
    }

    fn wakes_at(&self) -> Option<Time> {
        Some(self.wakes_at)
    }
}

/// Fails where a number is heard and the one before it was counted, and not heard; this one, if only one matters.
#[derive(Clone, Default)]
struct Skipped {
    counted: Vec<u64>,
    heard: Vec<u64>,
    only: Option<u64>,
}

impl Checker<Numbers> for Skipped {
    fn observe(&mut self, observed: &Observed<'_, Numbers>) -> Judgement {
        match observed.fact() {
            Some(Said("counted", number)) => self.counted.push(*number),
            Some(Said("heard", number)) => {
                self.heard.push(*number);
                let before = number.wrapping_sub(1);
                let matters = self.only.is_none_or(|only| only == before);
                let skipped = matters && self.counted.contains(&before) && !self.heard.contains(&before);
                return Judgement::holds_if(!skipped, || flaw(observed));
            }
            _ => {}
        }
        Judgement::Irrelevant
    }
}

#[test]
fn a_crash_in_the_middle_of_a_step_stays_a_triggered_one() {
    let mut rig = Rig::<Counts>::new().checks(Property::new("skips", Skipped::default()));
    rig.spec.nodes = 2..=20;
    let mut items: Vec<Item> = two_hundred_items();
    // Where n1 crashes at another moment, it counts nothing that it does not send.
    items.retain(|item| item.fault != Fault::Crash || item.target != Target::Node(n(1)));
    items.retain(|item| item.fault != Fault::Partition);
    let when = When::On { fact: "counted".into(), node: None, from_ns: Time::ZERO, nth: 1, point: Point::Effects(0) };
    items.push(Item {
        id: 0,
        when,
        target: Target::Subject,
        fault: Fault::Crash,
        lasts_ns: Some(3 * MS),
        outlasts_heal: false,
    });
    let rig = rig.survival(Lenient(Recoverable::Yes));
    let (least, shrunk) = shrink_alike(&rig, &with_items(calm(20), items));
    let [item] = &least.plan.items[..] else { panic!("expected one item; received {:?}", least.plan.items) };
    assert!(item.to_string().starts_with("on counted#1 crash it before effects"), "received {item}");
    assert_eq!(shrunk.to.nodes, 2);
}

#[test]
fn one_lost_message_of_a_network_that_loses_a_fifth_is_named() {
    let rig = Rig::<Counts>::new().checks(Property::new("skips", Skipped { only: Some(7), ..Skipped::default() }));
    let mut case = calm(2);
    case.network.loss_ppm = 200_000;
    case.network.delay_ppm = 100_000;
    case.network.delay_mean_ns = 3 * MS;
    case.network.duplication_ppm = 100_000;
    case.network.duplication_gap_ns = MS;
    let fails = |seed: &u64| run(&rig, &Case { seed: sim::Hex(*seed), ..case.clone() }).violation().is_some();
    let seed = (1..100).find(fails).expect("a fifth of all seeds lose it");
    let (least, shrunk) = shrink_alike(&rig, &Case { seed: sim::Hex(seed), ..case });
    assert!(shrunk.from.faults == 3 && shrunk.to.faults == 1);
    assert!(least.fault_kinds().iter().all(|kind| *kind == FaultKind::Loss));
    let [Item { target: Target::Message { from, to, tag, occurrence: 0 }, fault: Fault::Message(Fate::Lose), .. }] =
        &least.plan.items[..]
    else {
        panic!("expected one lost message; received {:?}", least.plan.items)
    };
    assert_eq!((*from, *to, tag.0), (n(1), n(2), 7));
}

#[test]
fn one_damaged_message_of_a_network_that_damages_a_fifth_is_named() {
    let rig = Rig::<Counts>::new().checks(Property::new("skips", Skipped { only: Some(7), ..Skipped::default() }));
    let mut case = calm(2);
    case.network.corruption_ppm = 200_000;
    let fails = |seed: &u64| run(&rig, &Case { seed: sim::Hex(*seed), ..case.clone() }).violation().is_some();
    let seed = (1..100).find(fails).expect("a fifth of all seeds damage it");
    let (least, shrunk) = shrink_alike(&rig, &Case { seed: sim::Hex(seed), ..case });
    assert_eq!((shrunk.to.faults, least.fault_kinds()), (1, vec![FaultKind::Corruption]));
    let [Item { target: Target::Message { tag, occurrence: 0, .. }, fault, .. }] = &least.plan.items[..] else {
        panic!("expected one damaged message; received {:?}", least.plan.items)
    };
    assert!(tag.0 == 7 && matches!(fault, Fault::Message(Fate::Corrupt { .. })), "{fault:?}");
}

/// A link that carries half of what it is given drops every other number once its queue is full, the seventh among them.
#[test]
fn one_message_that_a_full_queue_dropped_is_named_and_the_thin_link_is_not_needed() {
    let rig = Rig::<Counts>::new().checks(Property::new("skips", Skipped { only: Some(7), ..Skipped::default() }));
    let mut case = calm(2);
    (case.network.bandwidth_bytes_per_s, case.network.queue_max_bytes) = (50, 2);
    let (least, shrunk) = shrink_alike(&rig, &case);
    assert_eq!((shrunk.from.faults, shrunk.to.faults), (2, 1));
    let [Item { target: Target::Message { tag, .. }, fault: Fault::Message(Fate::Lose), .. }] = &least.plan.items[..]
    else {
        panic!("expected one lost message; received {:?}", least.plan.items)
    };
    assert_eq!((tag.0, least.network.bandwidth_bytes_per_s), (7, 0));
}

/// No fault at all: of messages that take up to 30 ms each, a later one comes first.
#[test]
fn the_one_message_that_overtakes_is_named_where_no_fault_is_needed() {
    let rig = Rig::<Counts>::new().checks(Property::new("skips", Skipped { only: Some(7), ..Skipped::default() }));
    let mut case = calm(2);
    case.network.latency_max_ns = 30 * MS;
    let fails = |seed: &u64| run(&rig, &Case { seed: sim::Hex(*seed), ..case.clone() }).violation().is_some();
    let seed = (1..100).find(fails).expect("it is overtaken in one of a few seeds");
    let (least, shrunk) = shrink_alike(&rig, &Case { seed: sim::Hex(seed), ..case });
    assert_eq!((shrunk.from.faults, shrunk.to.faults), (0, 1));
    assert_eq!(least.network.latency_min_ns, least.network.latency_max_ns);
    let [Item { target: Target::Message { tag, .. }, fault: Fault::Message(Fate::Deliver { latency_ns }), .. }] =
        &least.plan.items[..]
    else {
        panic!("expected one message that is quick or slow; received {:?}", least.plan.items)
    };
    let is_slow = *latency_ns > least.network.latency_max_ns;
    assert_eq!(tag.0, if is_slow { 7 } else { 8 });
}

/// Fails where any ten numbers were heard each before the one before it.
#[derive(Clone, Default)]
struct MuchOvertaken(Skipped, u32);

impl Checker<Numbers> for MuchOvertaken {
    fn observe(&mut self, observed: &Observed<'_, Numbers>) -> Judgement {
        if matches!(self.0.observe(observed), Judgement::Violated(_)) {
            self.1 += 1;
        }
        Judgement::holds_if(self.1 < 10, || flaw(observed))
    }
}

#[test]
fn where_many_messages_have_to_overtake_none_is_stated() {
    let rig = Rig::<Counts>::new().checks(Property::new("skips", MuchOvertaken::default()));
    let mut case = calm(2);
    case.network.latency_max_ns = 30 * MS;
    let (least, shrunk) = shrink_alike(&rig, &case);
    assert_eq!((shrunk.to.faults, &least.plan.items[..]), (0, &[][..]));
    assert!(least.network.latency_min_ns < least.network.latency_max_ns);
}

/// Panics where it starts later than the run, and says how much.
struct StartsOnce;

impl Actor for StartsOnce {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Self, Refusal> {
        let late_ns = io.wall().as_nanos() - EPOCH_NS;
        assert!(late_ns == 0, "{} starts {late_ns} ns late", io.id());
        Ok(StartsOnce)
    }
}

#[test]
fn a_panic_stays_the_same_where_the_numbers_that_it_names_do_not() {
    let rig = Rig::<StartsOnce>::new().survival(Lenient(Recoverable::Yes));
    let (least, _) = shrink_alike(&rig, &with_items(calm(20), two_hundred_items()));
    let [Item { when: When::At { at_ns: Time::ZERO }, .. }] = &least.plan.items[..] else {
        panic!("expected one crash at the start; received {:?}", least.plan.items)
    };
}

/// A client that asks n1 for each of its operations, a millisecond apart.
struct Asks {
    next: Time,
}

impl Process for Asks {
    type Protocol = Numbers;

    fn boot(_: &mut Io<'_, Numbers>) -> Result<Self, Refusal> {
        Ok(Asks { next: Time::from_nanos(MS) })
    }

    fn on_message(&mut self, _: NodeId, _: Number, _: &mut Io<'_, Numbers>) {}

    fn on_deadline(&mut self, io: &mut Io<'_, Numbers>) {
        if let Some(id) = io.next_operation() {
            let number = u64::from(id.client.number()) * 100 + u64::from(id.ordinal);
            io.invoke(id, number);
            io.send(n(1), Number(number));
        }
        self.next = self.next + Duration::from_millis(1);
    }

    fn next_deadline(&self) -> Option<Time> {
        Some(self.next)
    }
}

/// Counting nodes and asking clients; wrong is the answer to one operation.
struct Asked;

#[derive(Clone)]
struct NeverAsked(u64);

impl Checker<Numbers> for NeverAsked {
    fn observe(&mut self, observed: &Observed<'_, Numbers>) -> Judgement {
        let Some(Said("heard", number)) = observed.fact() else { return Judgement::Irrelevant };
        Judgement::holds_if(*number != self.0, || flaw(observed))
    }
}

impl System for Asked {
    type Protocol = Numbers;
    type Node = Hosted<Counts>;
    type Client = Asks;
    type Checks = Property<NeverAsked>;
    type Survival = Lenient;

    fn spec(&self) -> Spec {
        Spec { nodes: 1..=5, clients: 1..=3, ..Spec::new("rig") }
    }

    fn checks(&self, _: &Case) -> Property<NeverAsked> {
        Property::new("asked", NeverAsked(207))
    }

    fn survival(&self, _: &Case) -> Lenient {
        Lenient(Recoverable::Yes)
    }
}

#[test]
fn one_operation_of_sixty_is_the_only_cause() {
    let mut case =
        with_items(calm(5), two_hundred_items().into_iter().filter(|item| item.target == Target::Node(n(4))));
    let load = |number| ClientLoad { id: NodeId::client(number), operations: 20, omitted: Vec::new() };
    case.workload.clients = (1..=3).map(load).collect();
    let (least, shrunk) = shrink_alike(&Asked, &case);
    assert!(least.plan.items.is_empty());
    assert_eq!((shrunk.from.operations, shrunk.to.operations, shrunk.to.nodes), (60, 1, 1));
    let [ClientLoad { id, operations: 8, omitted }] = &least.workload.clients[..] else {
        panic!("expected c2 with its 8th operation; received {:?}", least.workload.clients)
    };
    assert_eq!((*id, &omitted[..]), (NodeId::client(2), &[0, 1, 2, 3, 4, 5, 6][..]));
}

#[test]
fn to_state_what_the_network_did_changes_nothing_of_the_run() {
    let rig = Rig::<Counts>::new();
    let mut case = calm(4);
    case.network.loss_ppm = 100_000;
    case.network.delay_ppm = 200_000;
    case.network.delay_mean_ns = 5 * MS;
    case.network.duplication_ppm = 100_000;
    case.network.duplication_gap_ns = MS;
    case.network.reordering_ppm = 100_000;
    case.network.reordering_hold_ns = MS;
    case.network.corruption_ppm = 100_000;
    case.network.latency_max_ns = 2 * MS;
    let outcome = run(&rig, &case);
    let fates = outcome.fates.expect("they were asked for");
    assert!(fates.complete && fates.met.len() > 20);
    let items = fates.met.iter().map(|(target, fate)| at(0, target.clone(), Fault::Message(*fate), None));
    let mut stated = with_items(case, items);
    let calm = sim::Network::calm(stated.network.latency_min_ns..=stated.network.latency_max_ns);
    stated.network = calm;
    let calmed = run(&rig, &stated);
    assert_eq!(calmed.digest, outcome.digest);

    let fates = calmed.fates.expect("they were asked for");
    assert!(fates.met.is_empty() && fates.carried.len() > 20);
    let items = fates.carried.iter().map(|(target, fate)| at(0, target.clone(), Fault::Message(*fate), None));
    let items = [stated.plan.items.clone(), items.collect()].concat();
    let mut stated = with_items(stated, items);
    stated.network = sim::Network::calm(9 * MS..=9 * MS);
    assert_eq!(
        run(&rig, &stated).digest,
        outcome.digest,
        "the run ends with the faults, so that every message is stated"
    );
}

/// What cannot be stated of a message that was only carried is no fault that goes unstated.
#[test]
fn more_tags_than_a_link_counts_leave_the_faults_complete() {
    let mut case = calm(2);
    case.plan.heal.at_ns = ms(12_000);
    let fates = run(&Rig::<Counts>::new(), &case).fates.expect("they were asked for");
    assert!((1_000..1_199).contains(&fates.carried.len()), "the rest has no address: {}", fates.carried.len());
    assert!(fates.complete && fates.met.is_empty());
}

#[test]
fn a_case_that_does_not_fail_is_given_back_as_it_came() {
    let rig = crash_rig(&[(5, 1)]);
    let mut shrinker = Shrinker::new(&Scenario::spec(&rig), &calm(5), "rig::crashes", "", EVENTS_MAX);
    let candidate = shrinker.next_candidate().expect("the case itself is run first");
    assert!(shrinker.next_candidate().is_none(), "before that is known, nothing else is to be done");
    shrinker.report(&candidate, rig.run(&candidate.case, &mut with_fates()));
    assert!(shrinker.is_finished() && shrinker.best().is_none() && shrinker.shrunk().is_none());
}

#[test]
fn a_search_without_budget_keeps_the_best_so_far() {
    let case = with_items(calm(20), two_hundred_items());
    let rig = crash_rig(&[(5, 2), (1, 1), (10, 1)]);
    let mut shrinker = Shrinker::new(&Scenario::spec(&rig), &case, "rig::crashes", "", 2_000);
    while let Some(candidate) = shrinker.next_candidate() {
        shrinker.report(&candidate, rig.run(&candidate.case, &mut with_fates()));
    }
    assert!(shrinker.is_finished());
    let (best, outcome) = shrinker.best().expect("it failed");
    assert_eq!(run(&rig, best).digest, outcome.digest);
    assert!(shrinker.shrunk().is_some_and(|shrunk| !shrunk.minimal && shrunk.to.faults < 200));
}
