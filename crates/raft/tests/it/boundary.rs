//! What the core refuses, what it counts, and how its state compares.

use std::error::Error as _;
use std::time::Duration;

use raft::{Body, Config, ConfigError, Effects, Error, Ignored, Index, Input, NodeId, Position, Raft, Recovered};

use crate::driver::{Driver, accepted, append, config, position, recovered};

#[test]
fn settings_that_cannot_work_are_refused_with_what_was_expected_and_received() {
    let ms = Duration::from_millis;
    type Change = fn(&mut Config);
    let table: [(Change, ConfigError); 9] = [
        (|c| c.voters = vec![], ConfigError::NotAVoter { id: NodeId(1), voters: vec![] }),
        (
            |c| c.voters = vec![NodeId(3), NodeId(2)],
            ConfigError::NotAVoter { id: NodeId(1), voters: vec![NodeId(2), NodeId(3)] },
        ),
        (|c| c.voters = vec![NodeId(2), NodeId(1), NodeId(2)], ConfigError::DuplicateVoter { voter: NodeId(2) }),
        (
            |c| c.election_timeout_max = Duration::from_millis(149),
            ConfigError::TimeoutRangeReversed { min: ms(150), max: ms(149) },
        ),
        (
            |c| c.election_timeout_max = Duration::MAX,
            ConfigError::TimeoutTooLong { longest: Config::LONGEST_TIMEOUT, max: Duration::MAX },
        ),
        (|c| c.heartbeat_interval = Duration::ZERO, ConfigError::NoHeartbeatInterval),
        (
            |c| c.heartbeat_interval = Duration::from_millis(150),
            ConfigError::HeartbeatTooSlow { below: ms(150), received: ms(150) },
        ),
        (|c| c.max_entries_per_append = 0, ConfigError::EmptyAppends),
        (|c| c.max_entries_in_flight = 0, ConfigError::EmptyWindow),
    ];
    for (change, expected) in table {
        let mut config = config(1, 3);
        change(&mut config);
        let error = Raft::new(Duration::ZERO, config, Recovered::default()).expect_err("refused");
        let source = error.source().expect("the cause").to_string();
        assert!(source.contains("expected"), "{source}");
        assert_eq!(error, Error::Config(expected));
    }
}

#[test]
fn nonsense_and_leftovers_are_counted_by_reason_and_change_nothing() {
    let from_future = u64::MAX;
    let table = [
        (2, 3, Body::VoteReply { granted: true }, Ignored::StaleTerm),
        (2, 4, Body::VoteReply { granted: true }, Ignored::LateVote),
        (2, 4, Body::AppendRejected { previous: Index(0), hint: Position::ZERO }, Ignored::StaleRejection),
        (9, 9, append(Position::ZERO, &[], 0), Ignored::Stranger),
        (1, 9, append(Position::ZERO, &[], 0), Ignored::Impostor),
        (2, from_future, append(Position::ZERO, &[], 0), Ignored::Malformed),
        (2, 9, append(position(1, 1), &[5, 4], 0), Ignored::Malformed),
        (2, 4, append(Position::ZERO, &[], 0), Ignored::SecondLeader),
        (2, 4, accepted(99), Ignored::AckBeyondLog),
    ];
    for (from, term, body, reason) in table {
        let mut leader = Driver::leader(3, recovered(3, &[1])).0;
        let before = leader.raft.digest(leader.now);
        let count_before = leader.raft.ignored().get(reason);
        let output = leader.receive(from, term, body);
        assert_eq!((output.ignored(), output.effects.len()), (Some(reason), 1));
        assert_eq!(leader.raft.ignored().get(reason), count_before + 1, "{reason}");
        assert_eq!(leader.raft.digest(leader.now), before, "{reason}");
    }

    let mut follower = Driver::new(config(1, 3), recovered(4, &[]));
    assert_eq!(follower.receive(2, 4, accepted(0)).ignored(), Some(Ignored::NotLeader));
    let rejection = Body::AppendRejected { previous: Index(0), hint: Position::ZERO };
    assert_eq!(follower.receive(2, 4, rejection).ignored(), Some(Ignored::NotLeader));
}

#[test]
fn nodes_that_will_behave_alike_have_equal_digests() {
    let digest = |driver: &Driver| driver.raft.digest(driver.now);
    let history = |start: u64| {
        let mut node = Driver::new(config(1, 3), Recovered::default());
        let later = Duration::from_secs(start);
        node.raft = Raft::new(later, config(1, 3), Recovered::default()).expect("sound");
        node.now = later;
        let first = node.receive(2, 1, append(Position::ZERO, &[1], 0));
        node.persisted(&first);
        node
    };
    assert_eq!(digest(&history(0)), digest(&history(77)), "times count from now");

    let mut ignored_one = history(0);
    ignored_one.receive(9, 1, accepted(1));
    assert_eq!(digest(&history(0)), digest(&ignored_one), "counters decide nothing");

    // More writes in the past, the same state now.
    let mut once = Driver::new(config(1, 3), Recovered::default());
    let write = once.receive(2, 1, append(Position::ZERO, &[1, 1], 0));
    once.persisted(&write);
    let mut twice = Driver::new(config(1, 3), Recovered::default());
    for (previous, terms) in [(Position::ZERO, &[1]), (position(1, 1), &[1])] {
        let write = twice.receive(2, 1, append(previous, terms, 0));
        twice.persisted(&write);
    }
    assert_eq!(digest(&once), digest(&twice));
}

#[test]
fn whatever_decides_later_behaviour_shows_in_the_digest() {
    let digest = |driver: &Driver| driver.raft.digest(driver.now);
    let mut digests = Vec::new();
    let mut node = Driver::new(config(1, 3), recovered(1, &[1]));
    digests.push(("recovered", digest(&node)));
    node.now = Duration::from_millis(10);
    digests.push(("less time left", digest(&node)));
    let entered = node.receive(2, 2, Body::VoteRequest { last: Position::ZERO });
    digests.push(("later term", digest(&node)));
    node.persisted(&entered);
    digests.push(("term durable", digest(&node)));
    let voted = node.receive(3, 2, Body::VoteRequest { last: position(1, 1) });
    digests.push(("vote", digest(&node)));
    node.persisted(&voted);
    node.receive(3, 2, append(position(1, 1), &[], 0));
    digests.push(("leader known", digest(&node)));
    let appended = node.receive(3, 2, append(position(1, 1), &[2], 0));
    digests.push(("entry", digest(&node)));
    node.persisted(&appended);
    digests.push(("entry durable", digest(&node)));
    node.receive(3, 2, append(position(1, 1), &[2], 1));
    digests.push(("commit", digest(&node)));

    let mut leader = Driver::leader(3, Recovered::default()).0;
    digests.push(("leader", digest(&leader)));
    leader.receive(2, 1, accepted(1));
    digests.push(("acknowledged", digest(&leader)));

    let steady = Config { pre_vote: true, check_quorum: true, ..config(1, 3) };
    let mut node = Driver::new(steady, Recovered::default());
    digests.push(("other settings", digest(&node)));
    node.fire();
    digests.push(("asks first", digest(&node)));
    node.receive(2, 1, append(Position::ZERO, &[], 0));
    digests.push(("leader alive", digest(&node)));
    node.now += Duration::from_millis(150);
    digests.push(("leader perhaps not alive", digest(&node)));

    let mut values: Vec<u64> = digests.iter().map(|(_, value)| *value).collect();
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), digests.len(), "{digests:x?}");
}

#[test]
fn the_order_in_which_voters_are_listed_decides_nothing() {
    let mut reversed = config(1, 5);
    reversed.voters.reverse();
    let mut a = Driver::new(config(1, 5), Recovered::default());
    let mut b = Driver::new(reversed, Recovered::default());
    assert_eq!(a.fire(), b.fire());
    assert_eq!(a.raft.digest(a.now), b.raft.digest(b.now));
}

#[test]
#[should_panic(expected = "the host did not carry out the effects of an earlier step")]
fn a_host_that_forgets_effects_is_stopped() {
    let mut raft = Raft::new(Duration::ZERO, config(1, 3), Recovered::default()).expect("sound");
    let mut effects = Effects::new();
    let now = raft.next_deadline().expect("a follower waits");
    raft.step(now, Input::Deadline, &mut effects);
    raft.step(now, Input::Deadline, &mut effects);
}
