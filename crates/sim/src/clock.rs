//! One machine's clocks: the monotonic one, which runs at a rate of its own, and the wall clock, which may jump.

use crate::sample::PPM;
use crate::time::Time;

/// What the wall clock shows when a run starts: 2023-11-14, so that no code takes it for the monotonic clock.
const WALL_EPOCH_NS: u64 = 1_700_000_000_000_000_000;

/// The clocks of one machine, as functions of the world's time.
///
/// The monotonic one counts from the boot of the present life. Its rate is the machine's and outlives a crash; a rate
/// error of -1 000 000 ppm is a clock that stands still.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// When the rate was last set, in the world's time and in its own.
    set_at: Time,
    shown_then: Time,
    rate_error_ppm: i32,
    wall_offset_ns: i64,
}

impl Clock {
    pub(crate) const RIGHT: Clock =
        Clock { set_at: Time::ZERO, shown_then: Time::ZERO, rate_error_ppm: 0, wall_offset_ns: 0 };

    /// A new life begins.
    pub(crate) fn boot(&mut self, now: Time) {
        self.set_at = now;
        self.shown_then = Time::ZERO;
    }

    pub(crate) fn set_rate(&mut self, now: Time, rate_error_ppm: i32) {
        assert!(rate_error_ppm >= -(PPM as i32), "a clock does not run backwards");
        self.shown_then = self.monotonic(now);
        self.set_at = now;
        self.rate_error_ppm = rate_error_ppm;
    }

    pub(crate) fn rate_error_ppm(&self) -> i32 {
        self.rate_error_ppm
    }

    pub(crate) fn jump_wall(&mut self, by_ns: i64) {
        self.wall_offset_ns = self.wall_offset_ns.saturating_add(by_ns);
    }

    /// What the monotonic clock shows.
    #[inline]
    pub(crate) fn monotonic(&self, now: Time) -> Time {
        let passed_ns = now.as_nanos() - self.set_at.as_nanos();
        let shown_ns = if self.rate_error_ppm == 0 { passed_ns } else { self.scaled(passed_ns) };
        self.shown_then.plus_nanos(shown_ns)
    }

    /// The first time of the world at which the monotonic clock shows `shown` or later; [`Time::MAX`] where it never does.
    #[inline]
    pub(crate) fn when_shown(&self, shown: Time) -> Time {
        let missing_ns = shown.as_nanos().saturating_sub(self.shown_then.as_nanos());
        match self.rate_error_ppm {
            _ if shown == Time::MAX => Time::MAX,
            0 => self.set_at.plus_nanos(missing_ns),
            _ => self.unscaled(missing_ns),
        }
    }

    /// What the wall clock shows, since 1970.
    #[inline]
    pub(crate) fn wall(&self, now: Time) -> Time {
        Time::from_nanos(now.as_nanos().saturating_add(WALL_EPOCH_NS).saturating_add_signed(self.wall_offset_ns))
    }

    /// How fast it runs, in millionths.
    fn rate(&self) -> u128 {
        u128::from(PPM.wrapping_add_signed(self.rate_error_ppm))
    }

    #[cold]
    fn scaled(&self, passed_ns: u64) -> u64 {
        u64::try_from(u128::from(passed_ns) * self.rate() / u128::from(PPM)).unwrap_or(u64::MAX)
    }

    #[cold]
    fn unscaled(&self, missing_ns: u64) -> Time {
        match (missing_ns, self.rate()) {
            (0, _) => self.set_at,
            (_, 0) => Time::MAX,
            (_, rate) => {
                let passed_ns = (u128::from(missing_ns) * u128::from(PPM)).div_ceil(rate);
                self.set_at.plus_nanos(u64::try_from(passed_ns).unwrap_or(u64::MAX))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn ms(millis: u64) -> Time {
        Time::from_nanos(millis * MS)
    }

    #[test]
    fn a_right_clock_counts_from_the_boot() {
        let mut clock = Clock::RIGHT;
        clock.boot(ms(5));
        assert_eq!(clock.monotonic(ms(7)), ms(2));
        assert_eq!(clock.when_shown(ms(2)), ms(7));
        assert_eq!(clock.when_shown(Time::MAX), Time::MAX);
    }

    #[test]
    fn a_rate_error_goes_on_from_where_the_clock_was() {
        let mut clock = Clock::RIGHT;
        clock.set_rate(ms(10), 100_000);
        assert_eq!([ms(10), ms(20)].map(|now| clock.monotonic(now)), [ms(10), ms(21)]);
        clock.set_rate(ms(20), -500_000);
        assert_eq!(clock.monotonic(ms(30)), ms(26));
        clock.set_rate(ms(30), 0);
        assert_eq!(clock.monotonic(ms(31)), ms(27));
    }

    #[test]
    fn a_clock_that_stands_still_shows_nothing_new_until_it_goes_on() {
        let mut clock = Clock::RIGHT;
        clock.set_rate(ms(10), -1_000_000);
        assert_eq!(clock.monotonic(ms(500)), ms(10));
        assert_eq!(clock.when_shown(ms(10)), ms(10), "it shows that already");
        assert_eq!(clock.when_shown(ms(11)), Time::MAX);
        clock.set_rate(ms(500), 0);
        assert_eq!(clock.when_shown(ms(11)), ms(501));
    }

    /// A deadline that fires a nanosecond before the process's own clock says so is a step for nothing, for ever.
    #[test]
    fn when_a_time_is_shown_the_clock_shows_it_and_a_nanosecond_before_it_does_not() {
        for rate_error_ppm in [-999_999, -333_333, -1, 1, 7, 250_000, 1_000_000] {
            let mut clock = Clock::RIGHT;
            clock.set_rate(ms(3), rate_error_ppm);
            for step in 0..200 {
                let shown = Time::from_nanos(3 * MS + crate::mix::mix(9, step) % (50 * MS) + 1);
                let when = clock.when_shown(shown);
                assert!(clock.monotonic(when) >= shown, "{rate_error_ppm} ppm");
                let before = Time::from_nanos(when.as_nanos() - 1);
                assert!(clock.monotonic(before) < shown, "{rate_error_ppm} ppm");
            }
        }
    }

    #[test]
    fn the_wall_jumps_both_ways_and_the_monotonic_clock_does_not() {
        let mut clock = Clock::RIGHT;
        let right = clock.wall(ms(1));
        clock.jump_wall(-(5 * MS as i64));
        assert!(clock.wall(ms(4)) < right);
        clock.jump_wall(7 * MS as i64);
        assert_eq!(clock.wall(ms(1)).since(right), std::time::Duration::from_millis(2));
        assert_eq!(clock.monotonic(ms(4)), ms(4));
    }
}
