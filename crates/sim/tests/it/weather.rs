//! What the network does to messages beside losing, delaying, repeating and reordering them: damages them, lets them wait
//! behind each other or behind a clog, and drops what would wait too long.

use std::collections::BTreeSet;

use sim::{
    Case, Expansion, Fate, Fault, FaultKind, Hex, Io, Item, ItemOutcome, LinkKind, NodeId, RecordWhat, Recoverable,
    Refusal, RunOptions, Scenario, System, Target, Time, When,
};

use crate::rig::{Actor, DAMAGE, Lenient, MS, Number, Numbers, Rig, at, calm, ms, n, run, said, traced, with_items};

/// n1 counts to n2, a number each 10 ms from 10 ms on.
struct Count(u64);

impl Actor for Count {
    fn start(_: &mut Io<'_, Numbers>) -> Result<Count, Refusal> {
        Ok(Count(0))
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        self.0 += 1;
        if io.id() == n(1) {
            io.send(n(2), Number(self.0));
        }
    }

    fn wakes_at(&self) -> Option<Time> {
        (self.0 < 6).then(|| ms(10 * (self.0 + 1)))
    }

    fn hear(&mut self, _: NodeId, number: u64, io: &mut Io<'_, Numbers>) {
        io.note(number);
    }
}

/// n1 sends 1, 2, 3 to n2 at once after 10 ms, and 4 after 20 ms.
struct Burst(u64);

impl Actor for Burst {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Burst, Refusal> {
        Ok(Burst(if io.id() == n(1) { 0 } else { 2 }))
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        let numbers = if self.0 == 0 { 1..=3 } else { 4..=4 };
        numbers.for_each(|number| io.send(n(2), Number(number)));
        self.0 += 1;
    }

    fn wakes_at(&self) -> Option<Time> {
        (self.0 < 2).then(|| ms(10 * (self.0 + 1)))
    }

    fn hear(&mut self, _: NodeId, number: u64, io: &mut Io<'_, Numbers>) {
        io.note(number);
    }
}

/// When n2 heard each number, in microseconds.
fn heard<A: Actor>(case: &Case) -> Vec<(u64, u64)> {
    let lenient = Rig::<A>::new().survival(Lenient(Recoverable::Yes));
    let number = |text: &str| text.parse::<u64>().ok();
    let lines = said(&lenient, case);
    let heard = lines.iter().filter_map(|line| Some((line.split_once("us ")?, number(line.rsplit(' ').next()?)?)));
    heard.map(|((at, _), what)| (number(at).expect("a time"), what)).collect()
}

fn fired<A: Actor>(case: &Case, kind: FaultKind) -> u64 {
    run(&Rig::<A>::new().survival(Lenient(Recoverable::Yes)), case).faults[&kind].fired
}

fn message(number: u64) -> Target {
    Target::Message { from: n(1), to: n(2), tag: Hex(number), occurrence: 0 }
}

#[test]
fn where_every_message_is_damaged_each_says_something_else_or_never_arrives() {
    let (mut undecodable, mut damaged) = (0, 0);
    for seed in 0..50 {
        let mut case = calm(2);
        case.seed = Hex(seed);
        case.network.corruption_ppm = 1_000_000;
        let heard = heard::<Count>(&case);
        let expected = |(at, what): &(u64, u64)| (1..=6).any(|i| (i * 10_000 + 1_000, i ^ DAMAGE) == (*at, *what));
        assert!(heard.iter().all(expected), "{heard:?}");
        assert_eq!(fired::<Count>(&case, FaultKind::Corruption), 6);
        assert_eq!(fired::<Count>(&case, FaultKind::Loss), 0, "what nobody can read is not counted as lost");
        damaged += heard.len();
        undecodable += 6 - heard.len();
    }
    assert!(damaged > 100 && undecodable > 100, "{damaged} damaged, {undecodable} undecodable");
}

#[test]
fn a_plan_damages_one_message_and_says_how_long_it_takes() {
    let corrupt = Fault::Message(Fate::Corrupt { latency_ns: 3 * MS });
    let mut became = BTreeSet::new();
    for seed in 0..20 {
        let mut case = with_items(calm(2), [at(0, message(2), corrupt, None)]);
        case.seed = Hex(seed);
        let heard = heard::<Count>(&case);
        let others = heard.iter().filter(|(at, _)| *at != 23_000).copied();
        assert_eq!(others.collect::<Vec<_>>(), [1, 3, 4, 5, 6].map(|i| (i * 10_000 + 1_000, i)));
        became.insert(heard.iter().find(|(at, _)| *at == 23_000).map(|(_, what)| *what));
        let outcome = run(&Rig::<Count>::new(), &case);
        assert_eq!(outcome.items, [ItemOutcome::Fired(Time::from_nanos(20 * MS))]);
        assert_eq!(outcome.faults[&FaultKind::Corruption].fired, 1);
    }
    assert_eq!(became, BTreeSet::from([None, Some(2 ^ DAMAGE)]));
    let item = with_items(calm(2), [at(0, message(2), corrupt, None)]).plan.items.remove(0);
    assert_eq!(item.to_string(), "deliver damaged n1->n2 0x0000000000000002#0 after 3ms");
}

/// Or nobody could say of which sending an arrival came.
#[test]
fn a_damaged_message_arrives_under_the_tag_that_it_was_sent_by() {
    let mut case = calm(2);
    case.network.corruption_ppm = 1_000_000;
    let (_, records) = traced(&Rig::<Count>::new(), &case);
    let arrivals = records.iter().filter_map(|record| match &record.what {
        RecordWhat::Arrived { tag, message, .. } => Some((tag.0, message.clone())),
        _ => None,
    });
    let arrivals: Vec<(u64, String)> = arrivals.collect();
    assert!(!arrivals.is_empty());
    for (tag, message) in arrivals {
        assert!(tag <= 6 && message == format!("Number({})", tag ^ DAMAGE), "{tag}: {message}");
    }
}

#[test]
fn a_session_damages_nothing_whatever_the_plan_says() {
    let corrupt = at(0, message(2), Fault::Message(Fate::Corrupt { latency_ns: MS }), None);
    let mut case = with_items(calm(2), [corrupt]);
    case.network.link = LinkKind::Session;
    assert_eq!(heard::<Count>(&case), [1, 2, 3, 4, 5, 6].map(|i| (i * 10_000 + 1_000, i)));
    assert_eq!(fired::<Count>(&case, FaultKind::Corruption), 0);
}

fn clog(from_ms: u64, target: Target, for_ms: u64) -> Item {
    at(from_ms * MS, target, Fault::Clog, Some(for_ms * MS))
}

#[test]
fn what_is_sent_over_a_clogged_link_arrives_once_it_is_clogged_no_more_in_the_order_of_sending() {
    let expected = [(11_000, 1), (46_000, 2), (46_000, 3), (46_000, 4), (51_000, 5), (61_000, 6)];
    let (sender, receiver) = (Target::Node(n(1)), Target::Node(n(2)));
    for target in [sender, receiver, Target::Link { from: n(1), to: n(2) }, Target::Link { from: n(2), to: n(1) }] {
        let case = with_items(calm(3), [clog(15, target, 30)]);
        assert_eq!(heard::<Count>(&case), expected);
        assert_eq!(fired::<Count>(&case, FaultKind::Clog), 1);
    }
    for elsewhere in [Target::Node(n(3)), Target::Link { from: n(1), to: n(3) }] {
        let case = with_items(calm(3), [clog(15, elsewhere, 30)]);
        assert_eq!(heard::<Count>(&case), [1, 2, 3, 4, 5, 6].map(|i| (i * 10_000 + 1_000, i)));
    }
}

#[test]
fn what_was_on_its_way_before_a_clog_arrives_and_what_was_lost_does_not() {
    let before = clog(10, Target::Node(n(1)), 5);
    let lose = at(0, message(3), Fault::Message(Fate::Lose), None);
    let later = at(0, message(2), Fault::Message(Fate::Deliver { latency_ns: 7 * MS }), None);
    let case = with_items(calm(2), [lose, later, clog(10, Target::Node(n(1)), 25)]);
    assert_eq!(heard::<Count>(&case), [(36_000, 1), (41_000, 4), (42_000, 2), (51_000, 5), (61_000, 6)]);
    let early = Item { when: When::At { at_ns: Time::from_nanos(10 * MS + 1) }, ..before };
    assert_eq!(heard::<Count>(&with_items(calm(2), [early]))[0], (11_000, 1));
}

#[test]
fn of_two_clogs_the_last_to_end_lets_go() {
    let both = [clog(15, Target::Node(n(1)), 20), clog(25, Target::Node(n(2)), 30)];
    let expected = [(11_000, 1), (56_000, 2), (56_000, 3), (56_000, 4), (56_000, 5), (61_000, 6)];
    assert_eq!(heard::<Count>(&with_items(calm(2), both)), expected);
}

#[test]
fn the_heal_ends_the_clogs_of_who_is_healed_and_cuts_off_who_is_clogged_and_is_not() {
    let for_ever = at(15 * MS, Target::Node(n(2)), Fault::Clog, None);
    let mut case = with_items(calm(3), [for_ever]);
    case.plan.heal.at_ns = ms(35);
    let healed = |core: &[NodeId]| {
        let mut case = case.clone();
        case.plan.heal.core = Some(core.to_vec());
        let mut world = sim::World::new(&Rig::<Count>::new(), &System::spec(&Rig::<Count>::new()), &case)
            .expect("the case fits")
            .traced();
        while let Some(next) = world.earliest() {
            world.fire(next);
        }
        let records = world.take_records();
        let notes = records.iter().filter_map(|record| match &record.what {
            RecordWhat::Note(line) => Some((record.time.as_nanos() / 1_000, line.parse::<u64>().unwrap())),
            _ => None,
        });
        notes.collect::<Vec<_>>()
    };
    let all = [(11_000, 1), (36_000, 2), (36_000, 3), (41_000, 4), (51_000, 5), (61_000, 6)];
    assert_eq!(healed(&[n(1), n(2)]), all);
    assert_eq!(healed(&[n(1), n(3)]), all[..1], "a clog without an end is as good as a cut");
}

#[test]
fn a_session_keeps_its_order_through_a_clog_and_its_end_takes_what_waits() {
    let mut case = with_items(calm(2), [clog(15, Target::Node(n(1)), 20)]);
    case.network.link = LinkKind::Session;
    let slow = at(0, message(2), Fault::Message(Fate::Deliver { latency_ns: 20 * MS }), None);
    assert_eq!(heard::<Count>(&case)[..4], [(11_000, 1), (36_000, 2), (36_000, 3), (41_000, 4)]);
    case.plan.items.push(Item { id: 2, ..slow });
    let expected = [(11_000, 1), (55_000, 2), (55_000, 3), (55_000, 4), (55_000, 5), (61_000, 6)];
    assert_eq!(heard::<Count>(&case), expected);
    let link = Target::Link { from: n(1), to: n(2) };
    case.plan.items[1] = Item { id: 2, ..at(32 * MS, link, Fault::SessionReset, None) };
    assert_eq!(heard::<Count>(&case), [(11_000, 1), (41_000, 4), (51_000, 5), (61_000, 6)]);
}

/// A case of links that carry a byte each millisecond, and so a number.
fn thin() -> Case {
    let mut case = calm(2);
    case.network.bandwidth_bytes_per_s = 1_000;
    case
}

#[test]
fn a_link_carries_one_message_after_the_other() {
    assert_eq!(heard::<Burst>(&thin()), [(12_000, 1), (13_000, 2), (14_000, 3), (22_000, 4)]);
    assert_eq!(fired::<Burst>(&thin(), FaultKind::Bandwidth), 2, "the first and the last wait for nobody");
    let mut session = thin();
    session.network.link = LinkKind::Session;
    assert_eq!(heard::<Burst>(&session), heard::<Burst>(&thin()));
}

#[test]
fn what_would_wait_behind_too_much_is_dropped() {
    let mut case = thin();
    case.network.queue_max_bytes = 1;
    assert_eq!(heard::<Burst>(&case), [(12_000, 1), (13_000, 2), (22_000, 4)]);
    let counts = [FaultKind::Bandwidth, FaultKind::QueueOverflow, FaultKind::Loss];
    assert_eq!(counts.map(|kind| fired::<Burst>(&case, kind)), [1, 1, 0]);
}

#[test]
fn what_is_lost_is_not_carried_and_what_a_plan_delivers_is() {
    let lose = at(0, message(2), Fault::Message(Fate::Lose), None);
    assert_eq!(heard::<Burst>(&with_items(thin(), [lose])), [(12_000, 1), (13_000, 3), (22_000, 4)]);
    let at_once = at(0, message(2), Fault::Message(Fate::Deliver { latency_ns: MS }), None);
    assert_eq!(heard::<Burst>(&with_items(thin(), [at_once])), [(11_000, 2), (12_000, 1), (14_000, 3), (22_000, 4)]);
}

#[test]
fn what_a_clog_lets_go_is_carried_one_after_the_other() {
    let case = with_items(thin(), [clog(5, Target::Node(n(1)), 10)]);
    assert_eq!(heard::<Burst>(&case), [(17_000, 1), (18_000, 2), (19_000, 3), (22_000, 4)]);
    assert_eq!(fired::<Burst>(&case, FaultKind::Bandwidth), 0, "they waited for the clog");
}

#[test]
fn after_the_heal_no_link_is_thin() {
    let mut case = thin();
    case.plan.heal = sim::Heal { at_ns: ms(15), core: None };
    let system = Rig::<Burst>::new();
    let mut world = sim::World::new(&system, &System::spec(&system), &case).expect("the case fits").traced();
    while let Some(next) = world.earliest() {
        world.fire(next);
    }
    let arrived = world.take_records().into_iter().filter_map(|record| match record.what {
        RecordWhat::Arrived { tag, .. } => Some((record.time.as_nanos() / 1_000, tag.0)),
        _ => None,
    });
    assert_eq!(arrived.collect::<Vec<_>>(), [(12_000, 1), (13_000, 2), (14_000, 3), (21_000, 4)]);
}

/// A run whose network does all of this is the same run when it is asked to keep what became of each message, or to say it.
#[test]
fn whoever_watches_sees_the_same_weather() {
    let mut case = with_items(thin(), [clog(5, Target::Node(n(1)), 10)]);
    (case.network.corruption_ppm, case.network.queue_max_bytes) = (500_000, 1);
    let system = Rig::<Burst>::new();
    let kept = system.run(&case, &mut RunOptions { fates: true, ..RunOptions::default() }).expect("the case fits");
    assert_eq!(kept.digest, run(&system, &case).digest);
    assert_eq!(traced(&system, &case).0.digest, kept.digest);
}

fn expanded_without(seed: u64, without: &[FaultKind]) -> Case {
    Rig::<Count>::new().expand(Hex(seed), &Expansion { without: without.to_vec() })
}

#[test]
fn seeds_have_each_kind_of_weather_or_not_and_none_that_is_left_out() {
    let kinds = [FaultKind::Corruption, FaultKind::Clog, FaultKind::Bandwidth, FaultKind::QueueOverflow];
    let seeds = 0..300;
    for kind in kinds {
        let has = |without: &[FaultKind]| {
            seeds.clone().filter(|seed| expanded_without(*seed, without).fault_kinds().contains(&kind)).count()
        };
        let usual = if matches!(kind, FaultKind::Bandwidth | FaultKind::QueueOverflow) { 10..60 } else { 150..270 };
        assert!(usual.contains(&has(&[])), "{kind} in {} of 300 seeds", has(&[]));
        assert_eq!(has(&[kind]), 0, "{kind}");
    }
    let others = |seed| {
        let Case { network, plan, .. } = expanded_without(seed, &kinds);
        (network.loss_ppm, network.delay_ppm, plan.items.iter().map(|item| item.when.clone()).collect::<Vec<_>>())
    };
    let with = |seed| {
        let Case { network, plan, .. } = expanded_without(seed, &[]);
        let items = plan.items.iter().filter(|item| item.fault != Fault::Clog);
        (network.loss_ppm, network.delay_ppm, items.map(|item| item.when.clone()).collect::<Vec<_>>())
    };
    assert!(seeds.clone().all(|seed| others(seed) == with(seed)), "one kind moves another");
}
