//! What holds of every value, whatever it is: samples, seeds as people write them, cases as they are kept.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use sim::{
    CASE_FORMAT, Case, ClientLoad, Disks, Domain, Expect, Fate, Fault, Found, Heal, Hex, Item, LinkKind, Network,
    NodeId, Plan, Point, RunOptions, Scenario, Shrunk, Size, Target, Time, When, Workload, sample,
};

use scenarios::canary::Canary;

/// Nothing is kept of a failure: its smallest input is printed, and belongs into a test of its own.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn a_sample_lies_where_it_was_asked_for(word: u64, mean: u64, range in range()) {
        let (low, high) = (*range.start(), *range.end());
        prop_assert!(sample::below(word, high) < high.max(1));
        prop_assert!(range.contains(&sample::between(word, &range)));
        prop_assert!(range.contains(&sample::octaves(word, &range)));
        prop_assert_eq!(sample::between(word, &(low..=low)), low);
        prop_assert_eq!(sample::octaves(word, &(high..=high)), high);
        prop_assert!(sample::exponential(word, mean) <= mean.saturating_mul(45));
    }

    /// What chance and shrinking rest on: nearby words are nearby values, and the smallest word is an end of the range.
    #[test]
    fn a_sample_is_monotonic_in_its_word(one: u64, other: u64, mean: u64, range in range()) {
        let (less, more) = (one.min(other), one.max(other));
        prop_assert!(sample::below(less, mean) <= sample::below(more, mean));
        prop_assert!(sample::between(less, &range) <= sample::between(more, &range));
        prop_assert!(sample::exponential(less, mean) >= sample::exponential(more, mean));
        prop_assert_eq!(sample::between(0, &range), *range.start());
        prop_assert_eq!(sample::between(u64::MAX, &range), *range.end());
    }

    #[test]
    fn a_seed_reads_back_in_every_form_in_which_it_is_written(seed: u64, rest in "[0-9a-f]{24}") {
        let shown = Hex(seed).to_string();
        prop_assert_eq!(shown.len(), 18);
        for text in [&shown, &seed.to_string(), &format!("0x{seed:x}"), &format!("0X{seed:X}")] {
            prop_assert_eq!(campaign::parse_seed(text), Ok(Hex(seed)));
            prop_assert_eq!(campaign::Base::parse(text).map(|base| base.to_string()), Ok(shown.clone()));
        }
        let commit = format!("{seed:016x}{rest}");
        prop_assert_eq!(campaign::Base::parse(&commit).map(|base| base.to_string()), Ok(shown));
    }

    #[test]
    fn no_other_text_is_a_seed(text in "[-+ 0-9a-fxX_]{0,24}") {
        if let Ok(seed) = campaign::parse_seed(&text) {
            let digits = text.strip_prefix("0x").or(text.strip_prefix("0X"));
            let radix = if digits.is_some() { 16 } else { 10 };
            let digits = digits.unwrap_or(&text);
            prop_assert!(digits.chars().all(|digit| digit.is_digit(radix)) && !digits.is_empty());
            prop_assert_eq!(u64::from_str_radix(digits, radix), Ok(seed.0));
        }
    }
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn a_case_reads_back_as_it_was_written(case in any_case()) {
        let text = serde_json::to_string_pretty(&case).expect("a case is plain data");
        let read: Case = serde_json::from_str(&text).expect("a case reads back");
        prop_assert_eq!(serde_json::to_string_pretty(&read).expect("a case is plain data"), text);
        prop_assert_eq!(read, case);
    }

    /// A stored case is whatever its author made of it; one that fits no scenario is refused, and never the engine's bug.
    #[test]
    fn whatever_a_case_says_it_is_refused_or_runs_the_same_twice(case in runnable_case()) {
        let run = || Canary.run(&case, &mut RunOptions::default()).map(|outcome| (outcome.digest, outcome.end));
        prop_assert_eq!(run(), run());
    }
}

fn range() -> impl Strategy<Value = std::ops::RangeInclusive<u64>> {
    (number(), number()).prop_map(|(one, other)| one.min(other)..=one.max(other))
}

/// Numbers of every size, the ends of the range among them.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![4 => (any::<u64>(), 0..64_u32).prop_map(|(word, shift)| word >> shift), 1 => Just(0), 1 => Just(u64::MAX)]
}

fn time() -> impl Strategy<Value = Time> {
    number().prop_map(Time::from_nanos)
}

fn any_node() -> impl Strategy<Value = NodeId> + Clone {
    (1..=NodeId::NUMBER_MAX, any::<bool>())
        .prop_map(|(number, is_client)| if is_client { NodeId::client(number) } else { NodeId::node(number) })
}

/// Text with everything in it that a format may stumble over.
fn label() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z_]{1,12}", "\\PC{0,8}", Just("\"\\\n\u{0}".to_owned())]
}

prop_compose! {
    fn any_case()(
        scenario in label(),
        seed: u64,
        salts in btree_map(proptest::sample::select(&Domain::ALL[..]), any::<u64>().prop_map(Hex), 0..4),
        expect in expect(),
        knobs in btree_map(label(), any::<u64>(), 0..4),
        nodes in vec(any_node(), 0..5),
        (network, disks) in (network(any::<u32>()), disks(any::<u32>())),
        workload in vec(load(), 0..3),
        plan in plan(any_node(), time()),
        unbounded in any::<bool>(),
        (found, shrunk) in (option::of(found()), option::of(shrunk())),
        fired in vec(any::<u32>(), 0..4),
        (reached, note) in (vec(label(), 0..3), label()),
    ) -> Case {
        let workload = Workload { clients: workload };
        let format = CASE_FORMAT;
        Case { format, scenario, seed: Hex(seed), salts, expect, knobs, nodes, network, disks, workload, plan, unbounded, found, shrunk, fired, reached, note }
    }
}

prop_compose! {
    /// A case that asks for anything, but of the nodes that there are, and for so long that it is soon over.
    fn runnable_case()(
        case in any_case(),
        network in network(0..=1_000_000_u32),
        plan in plan((1..=4_u16).prop_map(NodeId::node), (0..2_000_000_000_u64).prop_map(Time::from_nanos)),
        knobs in (number(), number(), 0..=1_000_000_u64),
    ) -> Case {
        let (service, sync, kept) = knobs;
        let own = [("office_ms", 50), ("spread_ms", 10), ("retry_ms", 10)];
        let engine = [("sim.service_ns", service), ("sim.sync_ns", sync), ("sim.unsynced_kept_ppm", kept)];
        Case {
            scenario: "canary".into(),
            knobs: own.into_iter().chain(engine).map(|(name, value)| (name.to_owned(), value)).collect(),
            nodes: (1..=4).map(NodeId::node).collect(),
            workload: Workload { clients: Vec::new() },
            network: Network { link: LinkKind::Datagram, ..network },
            plan,
            ..case
        }
    }
}

fn expect() -> impl Strategy<Value = Expect> {
    prop_oneof![
        Just(Expect::Pass),
        ("[a-z_/]{1,9}::[a-z_]{1,9}").prop_map(Expect::Signature),
        (label(), label()).prop_map(|(known, finding)| Expect::Known { known, finding }),
    ]
}

prop_compose! {
    fn network(ppm: impl Strategy<Value = u32> + Clone)(
        link in prop_oneof![9 => Just(LinkKind::Datagram), 1 => Just(LinkKind::Session)],
        latency in range(),
        (loss_ppm, delay_ppm, duplication_ppm) in (ppm.clone(), ppm.clone(), ppm.clone()),
        (reordering_ppm, corruption_ppm) in (ppm.clone(), ppm),
        (bandwidth_bytes_per_s, queue_max_bytes) in
            prop_oneof![1 => Just((0, 0)), 1 => (number().prop_map(|bytes| bytes.max(1)), number())],
        (delay_mean_ns, duplication_gap_ns, reordering_hold_ns) in (number(), number(), number()),
    ) -> Network {
        Network {
            link,
            loss_ppm,
            delay_ppm,
            delay_mean_ns,
            duplication_ppm,
            duplication_gap_ns,
            reordering_ppm,
            reordering_hold_ns,
            corruption_ppm,
            bandwidth_bytes_per_s,
            queue_max_bytes,
            ..Network::calm(latency)
        }
    }
}

fn load() -> impl Strategy<Value = ClientLoad> {
    (any_node(), any::<u32>(), vec(any::<u32>(), 0..3)).prop_map(|(id, operations, omitted)| ClientLoad {
        id,
        operations,
        omitted,
    })
}

/// Items of every kind, mostly of a form that is carried out.
fn plan(node: impl Strategy<Value = NodeId> + Clone, heal: impl Strategy<Value = Time>) -> impl Strategy<Value = Plan> {
    let heal = (heal, option::of(vec(node.clone(), 0..4))).prop_map(|(at_ns, core)| Heal { at_ns, core });
    (heal, vec(item(node), 0..6)).prop_map(|(heal, mut items)| {
        for (index, item) in items.iter_mut().enumerate() {
            item.id = index as u32 + 1;
        }
        Plan { heal, items }
    })
}

const DISK_FAULTS: &[Fault] = &[
    Fault::DiskStall,
    Fault::IoError,
    Fault::NoSpace,
    Fault::LyingSync,
    Fault::LostWrite,
    Fault::MisdirectedWrite,
    Fault::BitRot,
    Fault::StaleRead,
    Fault::MisdirectedRead,
];

fn disks(ppm: impl Strategy<Value = u32> + Clone) -> impl Strategy<Value = Disks> {
    (ppm.clone(), ppm, number()).prop_map(|(torn_ppm, delay_ppm, delay_mean_ns)| Disks {
        torn_ppm,
        delay_ppm,
        delay_mean_ns,
    })
}

fn item(node: impl Strategy<Value = NodeId> + Clone) -> impl Strategy<Value = Item> {
    let nodes = vec(node.clone(), 0..4);
    let striking = prop_oneof![
        Just(Fault::Crash),
        Just(Fault::Stop),
        Just(Fault::Wipe),
        Just(Fault::Pause),
        number().prop_map(|service_ns| Fault::Slow { service_ns }),
        proptest::sample::select(DISK_FAULTS),
        Just(Fault::Partition),
        Just(Fault::OneWayPartition),
        Just(Fault::Clog),
        (-1_100_000..=1_100_000_i32).prop_map(|error_ppm| Fault::ClockRate { error_ppm }),
        any::<i64>().prop_map(|by_ns| Fault::WallJump { by_ns }),
    ];
    let between = (nodes.clone(), nodes.clone())
        .prop_map(|(one, other)| (Target::Between { one, other }, Fault::PartialPartition));
    let struck = prop_oneof![
        6 => node.clone().prop_map(Target::Node),
        6 => nodes.clone().prop_map(Target::Nodes),
        6 => nodes.prop_map(Target::AllBut),
        6 => Just(Target::Subject),
        1 => Just(Target::All),
        1 => (node.clone(), node.clone()).prop_map(|(from, to)| Target::Link { from, to }),
    ];
    let message = (node.clone(), node.clone(), any::<u64>(), 0..3_u32)
        .prop_map(|(from, to, tag, occurrence)| Target::Message { from, to, tag: Hex(tag), occurrence });
    let reseed = (proptest::sample::select(&Domain::ALL[..]), any::<u64>())
        .prop_map(|(domain, salt)| Fault::Reseed { domain, salt: Hex(salt) });
    let what = prop_oneof![
        20 => (struck, striking),
        5 => between,
        3 => (
            (node.clone(), node.clone()).prop_map(|(from, to)| Target::Link { from, to }),
            prop_oneof![Just(Fault::SessionReset), Just(Fault::Clog)],
        ),
        5 => (message, fate().prop_map(Fault::Message)),
        1 => (Just(Target::All), reseed),
    ];
    (any::<u32>(), when(node), what, option::of(number())).prop_map(|(id, when, (target, fault), lasts_ns)| Item {
        id,
        when,
        target,
        fault,
        lasts_ns,
        outlasts_heal: false,
    })
}

fn when(node: impl Strategy<Value = NodeId>) -> impl Strategy<Value = When> {
    let point = prop_oneof![(0..5_u32).prop_map(Point::Effects), number().prop_map(Point::AfterNs)];
    let fact = prop_oneof![Just("elected".to_owned()), Just("voted".to_owned()), label()];
    prop_oneof![
        time().prop_map(|at_ns| When::At { at_ns }),
        (0..2_000_000_000_u64).prop_map(|nanos| When::At { at_ns: Time::from_nanos(nanos) }),
        (
            fact,
            option::of(node),
            prop_oneof![Just(Time::ZERO), time()],
            prop_oneof![1 => Just(0), 20 => 1..9_u32],
            point
        )
            .prop_map(|(fact, node, from_ns, nth, point)| When::On { fact, node, from_ns, nth, point }),
    ]
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        Just(Fate::Lose),
        number().prop_map(|latency_ns| Fate::Deliver { latency_ns }),
        (number(), number()).prop_map(|(latency_ns, gap_ns)| Fate::Duplicate { latency_ns, gap_ns }),
        number().prop_map(|latency_ns| Fate::Corrupt { latency_ns }),
    ]
}

fn shrunk() -> impl Strategy<Value = Shrunk> {
    (size(), size(), any::<[u64; 2]>(), any::<bool>()).prop_map(|(from, to, [runs, events], minimal)| Shrunk {
        from,
        to,
        runs,
        events,
        minimal,
    })
}

fn size() -> impl Strategy<Value = Size> {
    (any::<[u32; 3]>(), any::<u64>()).prop_map(|([faults, nodes, operations], virtual_ns)| Size {
        faults,
        nodes,
        operations,
        virtual_ns,
    })
}

fn found() -> impl Strategy<Value = Found> {
    (prop::array::uniform7(label()), any::<u64>()).prop_map(
        |([signature, identity, digest, commit, rustc, date, by], event)| Found {
            signature,
            identity,
            digest,
            event,
            commit,
            rustc,
            date,
            by,
        },
    )
}
