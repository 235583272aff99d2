//! Virtual time: whole nanoseconds since the run began, and nothing else.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in virtual time, in nanoseconds since its clock's origin.
///
/// The engine's own times count from the start of the run. What [`Io::now`](crate::Io::now) hands to a process counts
/// from that process's boot, as a machine's monotonic clock does, so that a protocol which stores such a time and reads
/// it back after a restart is caught.
///
/// Arithmetic saturates: the far end of time is 584 years away, and a deadline there is "never".
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time(u64);

impl Time {
    /// The clock's origin.
    pub const ZERO: Time = Time(0);
    /// Later than everything that happens.
    pub const MAX: Time = Time(u64::MAX);

    /// The time this many nanoseconds after the origin.
    pub const fn from_nanos(nanos: u64) -> Time {
        Time(nanos)
    }

    /// Nanoseconds since the origin.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time since the origin, as a duration.
    pub const fn as_duration(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// This long after the clock's origin.
    pub fn from_duration(since_origin: Duration) -> Time {
        Time(nanos(since_origin))
    }

    /// How long after `earlier` this is; zero where it is not after.
    pub const fn since(self, earlier: Time) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// This time, `nanos` nanoseconds later.
    pub(crate) const fn plus_nanos(self, nanos: u64) -> Time {
        Time(self.0.saturating_add(nanos))
    }
}

/// A duration in whole nanoseconds, saturating.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Add<Duration> for Time {
    type Output = Time;

    fn add(self, later: Duration) -> Time {
        self.plus_nanos(nanos(later))
    }
}

impl Sub<Time> for Time {
    type Output = Duration;

    fn sub(self, earlier: Time) -> Duration {
        self.since(earlier)
    }
}

/// Seconds with milliseconds, `12.481s`: the form every message of this project uses.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}s", self.0 / 1_000_000_000, self.0 / 1_000_000 % 1_000)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}s", self.0 / 1_000_000_000, self.0 % 1_000_000_000)
    }
}

/// A length of time in nanoseconds, with a unit of its size: `12us`, `43ms`, `1.250s`.
pub(crate) struct Span(pub(crate) u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            nanos @ ..1_000_000 => write!(f, "{}us", nanos / 1_000),
            nanos @ ..1_000_000_000 => write!(f, "{}ms", nanos / 1_000_000),
            nanos => write!(f, "{}", Time::from_nanos(nanos)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(Time::MAX + Duration::from_secs(1), Time::MAX);
        assert_eq!(Time::ZERO - Time::MAX, Duration::ZERO);
    }

    #[test]
    fn shown_in_seconds_and_milliseconds() {
        assert_eq!(Time::from_nanos(12_481_999_999).to_string(), "12.481s");
    }
}
