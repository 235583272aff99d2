//! `foca` under `check()`: in the way that works, by its examples, and in the ways that its users must not.

use foreign::foca;

#[test]
fn used_with_care_it_passes_seeds_that_nobody_has_seen() {
    campaign::check(&foca::careful());
}

#[test]
fn taught_all_addresses_it_says_nothing_as_the_finding_says() {
    campaign::check(&foca::well_known());
}

#[test]
fn a_name_that_is_never_renewed_is_held_down_for_ever() {
    campaign::check(&foca::unrenewed());
}

#[test]
fn a_timer_that_takes_the_place_of_another_leaves_the_dead_undetected() {
    campaign::check(&foca::lost_timers());
}
