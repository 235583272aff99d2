//! `omnipaxos` under `check()`: in the way that works, in the ways that do not, and in the ways that its users must not.

use foreign::omnipaxos;

#[test]
fn used_with_care_it_passes_seeds_that_nobody_has_seen() {
    campaign::check(&omnipaxos::hosted(omnipaxos::Careful));
}

#[test]
fn with_snapshots_that_are_always_complete_it_passes_seeds_that_nobody_has_seen() {
    campaign::check(&omnipaxos::hosted(omnipaxos::WholeSnapshots));
}

#[test]
fn a_promise_that_is_sent_before_it_is_durable_is_found() {
    campaign::check(&omnipaxos::hosted(omnipaxos::EarlyPromise));
}

#[test]
fn an_acknowledgement_that_is_sent_before_it_is_durable_is_found() {
    campaign::check(&omnipaxos::hosted(omnipaxos::EarlyAccepted));
}

#[test]
fn a_recovery_that_is_skipped_is_found() {
    campaign::check(&omnipaxos::hosted(omnipaxos::Unrecovered));
}

#[test]
fn a_delta_snapshot_loses_entries_as_the_finding_says() {
    campaign::check(&omnipaxos::hosted(omnipaxos::Snapshots));
}

#[test]
fn a_read_of_what_is_not_decided_is_found() {
    campaign::check(&omnipaxos::hosted(omnipaxos::UndecidedRead));
}
