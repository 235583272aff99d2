//! Starting from what a disk held.

use std::time::Duration;

use raft::{Entry, Error, HardState, Index, NodeId, Raft, Record, Recovered, RecoveryError, Role, Term};

use crate::driver::{Driver, append, config, entry, position, recovered};

fn refusal(recovered: Recovered) -> RecoveryError {
    match Raft::new(Duration::ZERO, config(1, 3), recovered) {
        Err(Error::Recovery(error)) => error,
        other => panic!("expected a recovery error, received {other:?}"),
    }
}

fn with_log(term: u64, log: &[(u64, u64)]) -> Recovered {
    let log: Vec<Entry> = log.iter().map(|(term, index)| entry(*term, *index)).collect();
    Recovered { log, ..recovered(term, &[]) }
}

#[test]
fn a_restarted_node_follows_with_its_term_vote_and_log_and_all_of_it_durable() {
    let mut disk = recovered(4, &[1, 3]);
    disk.hard_state.voted_for = Some(NodeId(3));
    let node = Driver::new(config(1, 3), disk.clone()).raft;
    assert_eq!((node.role(), node.leader()), (Role::Follower, None));
    assert_eq!((node.term(), node.voted_for()), (Term(4), Some(NodeId(3))));
    assert_eq!((node.entries(), node.durable_index()), (disk.log.as_slice(), Index(2)));
    assert_eq!((node.commit_index(), node.applied_index()), (Index(0), Index(0)));
}

#[test]
fn a_log_that_contradicts_itself_is_refused() {
    let (two, three) = (Index(2), Index(3));
    let table = [
        (with_log(1, &[(1, 2)]), RecoveryError::IndexGap { expected: Index(1), received: two }),
        (with_log(1, &[(1, 1), (1, 3)]), RecoveryError::IndexGap { expected: two, received: three }),
        (with_log(1, &[(1, 1), (1, 1)]), RecoveryError::IndexGap { expected: two, received: Index(1) }),
        (
            with_log(2, &[(2, 1), (1, 2)]),
            RecoveryError::TermDecreased { index: two, at_least: Term(2), received: Term(1) },
        ),
        (
            with_log(1, &[(1, 1), (2, 2)]),
            RecoveryError::EntryAboveTerm { index: two, at_most: Term(1), received: Term(2) },
        ),
        (with_log(1, &[(0, 1)]), RecoveryError::EntryOfTermZero { index: Index(1) }),
    ];
    for (disk, expected) in table {
        assert_eq!(refusal(disk.clone()), expected, "{disk:?}");
    }
}

#[test]
fn a_hard_state_that_cannot_be_is_refused() {
    let disk = |term, voted_for| Recovered { hard_state: HardState { term, voted_for }, log: vec![] };
    let vote = RecoveryError::VoteInTermZero { voted_for: NodeId(2) };
    assert_eq!(refusal(disk(Term(0), Some(NodeId(2)))), vote);
    let received = Term(u64::MAX);
    let range = RecoveryError::TermOutOfRange { highest: Term::HIGHEST, received };
    assert_eq!(refusal(disk(received, None)), range);
}

#[test]
fn a_journal_replayed_gives_back_what_was_written() {
    let mut disk = Recovered::default();
    let mut node = Driver::new(config(1, 3), Recovered::default());
    let steps = [
        node.receive(2, 1, append(position(0, 0), &[1, 1, 1], 0)),
        node.receive(3, 2, append(position(1, 1), &[2], 0)),
        node.fire(),
    ];
    for record in steps.into_iter().flat_map(|step| step.records) {
        disk.replay(record).expect("the core's own records");
    }
    assert_eq!(disk.log, node.raft.entries());
    assert_eq!(disk.hard_state, HardState { term: Term(3), voted_for: Some(NodeId(1)) });
}

#[test]
fn a_journal_that_contradicts_itself_is_refused_and_leaves_the_state_as_it_was() {
    let hard_state = |term, voted_for: Option<u64>| {
        Record::HardState(HardState { term: Term(term), voted_for: voted_for.map(NodeId) })
    };
    let truncate = |from| Record::Truncate { from: Index(from) };
    let changed = |received: Option<u64>| RecoveryError::VoteChanged {
        term: Term(3),
        cast: NodeId(2),
        received: received.map(NodeId),
    };
    let outside = |from| RecoveryError::TruncatedOutside { from: Index(from), last: Index(2) };
    let table = [
        (hard_state(2, None), RecoveryError::TermWentBack { at_least: Term(3), received: Term(2) }),
        (hard_state(3, Some(1)), changed(Some(1))),
        (hard_state(3, None), changed(None)),
        (truncate(0), outside(0)),
        (truncate(3), outside(3)),
        (Record::Append(entry(3, 4)), RecoveryError::IndexGap { expected: Index(3), received: Index(4) }),
        (
            Record::Append(entry(4, 3)),
            RecoveryError::EntryAboveTerm { index: Index(3), at_most: Term(3), received: Term(4) },
        ),
    ];
    let mut disk = recovered(3, &[1, 1]);
    disk.hard_state.voted_for = Some(NodeId(2));
    for (record, expected) in table {
        let mut after = disk.clone();
        assert_eq!(after.replay(record.clone()), Err(expected), "{record:?}");
        assert_eq!(after, disk);
    }
    assert_eq!(disk.replay(hard_state(3, Some(2))), Ok(()), "the same vote again");
    assert_eq!(disk.replay(truncate(1)), Ok(()));
    assert_eq!(disk.log, []);
}
