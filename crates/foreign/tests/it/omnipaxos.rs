//! `omnipaxos` under `check()`: in the way that works, in the ways that do not, and in the ways that its users must not.

use foreign::omnipaxos;

#[test]
fn used_with_care_it_passes_seeds_that_nobody_has_seen() {
    campaign::check(&omnipaxos::careful());
}

#[test]
fn a_promise_that_is_sent_before_it_is_durable_is_found() {
    campaign::check(&omnipaxos::early_promise());
}

#[test]
fn an_acknowledgement_that_is_sent_before_it_is_durable_is_found() {
    campaign::check(&omnipaxos::early_accepted());
}

#[test]
fn a_recovery_that_is_skipped_is_found() {
    campaign::check(&omnipaxos::unrecovered());
}

#[test]
fn a_delta_snapshot_loses_entries_as_the_finding_says() {
    campaign::check(&omnipaxos::snapshots());
}
