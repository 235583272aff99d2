//! Session links: what arrives, in which order, and who is told when a session begins and ends.

use sim::{Fate, Fault, Io, Item, Link, LinkKind, Network, NodeId, Refusal, Target, Time};

use crate::rig::{Actor, MS, Number, Numbers, Rig, at, calm, ms, n, said, with_items};

/// n1 counts to n2, a number each 10 ms from 5 ms on; both say what they hear of each other and of their session.
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
        (self.0 < 6).then(|| ms(5 + 10 * self.0))
    }

    fn hear(&mut self, from: NodeId, number: u64, io: &mut Io<'_, Numbers>) {
        io.note(format!("{from} {number}"));
    }

    fn linked(&mut self, peer: NodeId, link: Link, io: &mut Io<'_, Numbers>) {
        io.note(format!("{peer} {link:?}"));
    }
}

/// What n1 and n2 said, over sessions of a latency of 1 ms, where these items strike.
fn lines(items: impl IntoIterator<Item = Item>) -> Vec<String> {
    let mut case = with_items(calm(2), items);
    case.network.link = LinkKind::Session;
    said(&Rig::<Count>::new(), &case)
}

const UP: [&str; 2] = ["1000us n1 n2 Up", "1000us n2 n1 Up"];

#[test]
fn a_session_begins_and_carries_everything() {
    let numbers = [6, 16, 26, 36, 46, 56].into_iter().zip(1..).map(|(at, number)| format!("{at}000us n2 n1 {number}"));
    let expected: Vec<String> = UP.map(str::to_owned).into_iter().chain(numbers).collect();
    assert_eq!(lines([]), expected);
}

#[test]
fn a_reset_takes_what_is_in_flight_and_both_ends_are_told() {
    let link = Target::Link { from: n(2), to: n(1) };
    let half_way = at(15 * MS + MS / 2, link, Fault::SessionReset, None);
    let expected =
        ["6000us n2 n1 1", "16500us n1 n2 Down", "16500us n2 n1 Down", "17500us n1 n2 Up", "17500us n2 n1 Up"];
    let heard = lines([half_way]);
    assert_eq!(heard[2..7], expected);
    assert_eq!(heard[7], "26000us n2 n1 3", "2 went with the session");
}

#[test]
fn a_partition_ends_a_session_and_its_end_lets_another_begin() {
    let cut = at(20 * MS, Target::Node(n(1)), Fault::OneWayPartition, Some(20 * MS));
    let heard = lines([cut]);
    let expected = [
        "16000us n2 n1 2",
        "21000us n1 n2 Down",
        "21000us n2 n1 Down",
        "42000us n1 n2 Up",
        "42000us n2 n1 Up",
        "46000us n2 n1 5",
    ];
    assert_eq!(heard[3..9], expected);
}

#[test]
fn a_death_ends_a_session_for_who_lives_and_the_next_life_gets_another() {
    let crash = at(20 * MS, Target::Node(n(2)), Fault::Crash, Some(3 * MS));
    let mut case = with_items(calm(3), [crash]);
    case.network.link = LinkKind::Session;
    let heard = said(&Rig::<Count>::new(), &case);
    let of_n2: Vec<&String> = heard.iter().filter(|line| line.contains("n1 n2 ") || line.contains(" n2 n1 ")).collect();
    let around: Vec<&str> = of_n2.iter().map(|line| line.as_str()).filter(|line| line.starts_with('2')).collect();
    assert_eq!(around, ["21000us n1 n2 Down", "25000us n1 n2 Up", "25000us n2 n1 Up", "26000us n2 n1 3"]);
}

#[test]
fn an_attempt_from_before_the_last_session_brings_up_none() {
    // Both partitions let a session begin as they end, at 22 ms and at 23.5 ms. The first does; the reset ends it.
    let first = at(10 * MS, Target::Node(n(1)), Fault::Partition, Some(10 * MS));
    let second = at(20 * MS + MS / 2, Target::Node(n(1)), Fault::Partition, Some(MS));
    let link = Target::Link { from: n(1), to: n(2) };
    let reset = at(23 * MS + MS / 5, link, Fault::SessionReset, None);
    let heard = lines([first, second, reset]);
    let of_n1: Vec<&str> = heard.iter().map(String::as_str).filter(|line| line.contains("n1 n2 ")).collect();
    let expected =
        ["1000us n1 n2 Up", "11000us n1 n2 Down", "22000us n1 n2 Up", "24200us n1 n2 Down", "25200us n1 n2 Up"];
    assert_eq!(of_n1, expected);
}

#[test]
fn a_life_hears_nothing_of_a_session_of_the_one_before() {
    let crash = at(20 * MS, Target::Node(n(2)), Fault::Crash, Some(MS / 5));
    let mut case = with_items(calm(3), [crash]);
    case.network.link = LinkKind::Session;
    let heard = said(&Rig::<Count>::new(), &case);
    let of_n2: Vec<&str> = heard.iter().map(String::as_str).filter(|line| line.contains(" n2 n1 ")).collect();
    assert_eq!(of_n2[3..5], ["22200us n2 n1 Up", "26000us n2 n1 3"]);
}

/// n1 sends ten numbers at once.
struct Burst(bool);

impl Actor for Burst {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Burst, Refusal> {
        Ok(Burst(io.id() != n(1)))
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        self.0 = true;
        (1..=10).for_each(|number| io.send(n(2), Number(number)));
    }

    fn wakes_at(&self) -> Option<Time> {
        (!self.0).then(|| ms(50))
    }

    fn hear(&mut self, _: NodeId, number: u64, io: &mut Io<'_, Numbers>) {
        io.note(number);
    }
}

#[test]
fn however_long_each_takes_they_arrive_in_order() {
    for seed in 0..50 {
        let mut case = calm(2);
        case.seed = sim::Hex(seed);
        case.network = Network {
            link: LinkKind::Session,
            delay_ppm: 300_000,
            delay_mean_ns: 50 * MS,
            ..Network::calm(MS..=9 * MS)
        };
        let heard = said(&Rig::<Burst>::new(), &case);
        let numbers: Vec<u64> = heard.iter().filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
        assert_eq!(numbers, (1..=10).collect::<Vec<u64>>(), "seed {seed}");
    }
}

/// n1 sends three numbers at once, and later one more.
struct Afterthought(u64);

impl Actor for Afterthought {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Afterthought, Refusal> {
        Ok(Afterthought(if io.id() == n(1) { 0 } else { 2 }))
    }

    fn wake(&mut self, io: &mut Io<'_, Numbers>) {
        let numbers = if self.0 == 0 { 1..=3 } else { 4..=4 };
        numbers.for_each(|number| io.send(n(2), Number(number)));
        self.0 += 1;
    }

    fn wakes_at(&self) -> Option<Time> {
        (self.0 < 2).then(|| ms(5 + 10 * self.0))
    }

    fn hear(&mut self, _: NodeId, number: u64, io: &mut Io<'_, Numbers>) {
        io.note(number);
    }
}

#[test]
fn no_plan_makes_a_session_repeat_a_message() {
    let address = Target::Message { from: n(1), to: n(2), tag: sim::Hex(4), occurrence: 0 };
    let twice = Fault::Message(Fate::Duplicate { latency_ns: MS, gap_ns: MS });
    let mut case = with_items(calm(2), [at(0, address, twice, None)]);
    case.network.link = LinkKind::Session;
    let expected = ["6000us n2 1", "6000us n2 2", "6000us n2 3", "16000us n2 4"];
    assert_eq!(said(&Rig::<Afterthought>::new(), &case), expected);
}
