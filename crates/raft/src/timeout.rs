//! Randomised election timeouts (Raft §5.2) as a pure function.
//!
//! A timeout is `minimum + mix(seed, id, term)` scaled to the width of the range. Nothing is drawn
//! from a stream: removing one message from a run leaves the timeouts of every other term as they were.

use std::time::Duration;

use crate::config::Config;
use crate::id::Term;
use crate::mix;

/// The election timeout of this node in `term`, within
/// `config.election_timeout_min ..= config.election_timeout_max`, to the nanosecond.
pub(crate) fn election_timeout(config: &Config, term: Term) -> Duration {
    let width = config.election_timeout_max.saturating_sub(config.election_timeout_min);
    let width_ns = u64::try_from(width.as_nanos()).expect("invariant: Config::check bounds the election timeout");
    let draw = mix::absorb(mix::absorb(mix::absorb(0, config.seed), config.id.0), term.0);
    config.election_timeout_min + Duration::from_nanos(scale(draw, width_ns))
}

/// Maps a draw from all of `u64` to `0..=highest`, by multiplication: a remainder would favour the low end.
fn scale(draw: u64, highest: u64) -> u64 {
    let scaled = (u128::from(draw) * (u128::from(highest) + 1)) >> 64;
    u64::try_from(scaled).expect("invariant: a product with a fraction below one stays in range")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeId;

    fn config(seed: u64, id: u64, min_ms: u64, max_ms: u64) -> Config {
        Config {
            id: NodeId(id),
            voters: vec![NodeId(id)],
            election_timeout_min: Duration::from_millis(min_ms),
            election_timeout_max: Duration::from_millis(max_ms),
            heartbeat_interval: Duration::from_millis(1),
            max_entries_per_append: 1,

            max_entries_in_flight: 256,

            pre_vote: false,

            check_quorum: false,
            seed,
        }
    }

    #[test]
    fn a_seed_means_the_same_timeouts_for_ever() {
        let table = [
            (0, 1, 0, 237_053_885),
            (0, 1, 1, 250_841_047),
            (0, 2, 1, 236_910_493),
            (0xdead_beef, 1, 1, 211_763_475),
            (u64::MAX, 5, 1_000, 294_336_072),
        ];
        for (seed, id, term, nanos) in table {
            let timeout = election_timeout(&config(seed, id, 150, 300), Term(term));
            assert_eq!(timeout, Duration::from_nanos(nanos), "seed {seed} n{id} term {term}");
        }
    }

    #[test]
    fn timeouts_fill_their_range_and_never_leave_it() {
        let config = config(7, 3, 150, 300);
        let mut eighths = [0_u32; 8];
        for term in 0..8_000 {
            let timeout = election_timeout(&config, Term(term));
            assert!(timeout >= config.election_timeout_min && timeout <= config.election_timeout_max);
            let above_ns = (timeout - config.election_timeout_min).as_nanos();
            let eighth = usize::try_from(above_ns * 8 / 150_000_001).expect("below 8");
            eighths[eighth] += 1;
        }
        // 1,000 are expected in each; ±15 % is five standard deviations.
        assert!(eighths.iter().all(|count| (850..=1_150).contains(count)), "{eighths:?}");
    }

    #[test]
    fn a_range_of_one_value_gives_that_value() {
        let timeout = election_timeout(&config(1, 1, 150, 150), Term(9));
        assert_eq!(timeout, Duration::from_millis(150));
    }

    #[test]
    fn the_ends_of_the_draw_reach_the_ends_of_the_range() {
        assert_eq!(scale(0, 10), 0);
        assert_eq!(scale(u64::MAX, 10), 10);
        assert_eq!(scale(u64::MAX, u64::MAX), u64::MAX);
    }
}
