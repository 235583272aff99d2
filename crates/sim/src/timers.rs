//! A table of keyed timers, for a process with more than one.

use crate::time::Time;

/// Timers by key; at most one for each. The earliest is the process's deadline.
///
/// ```
/// use sim::{Time, Timers};
///
/// let mut timers = Timers::default();
/// timers.set("retry", Time::from_nanos(20));
/// timers.set("lease", Time::from_nanos(10));
/// timers.set("retry", Time::from_nanos(5));
/// assert_eq!(timers.next_deadline(), Some(Time::from_nanos(5)));
/// assert_eq!(timers.pop_due(Time::from_nanos(7)), Some("retry"));
/// assert_eq!(timers.pop_due(Time::from_nanos(7)), None);
/// ```
#[derive(Clone, Debug)]
pub struct Timers<K> {
    armed: Vec<(Time, K)>,
}

impl<K> Default for Timers<K> {
    fn default() -> Timers<K> {
        Timers { armed: Vec::new() }
    }
}

impl<K: Ord + Clone> Timers<K> {
    /// Arms the timer `key` for `at`, whatever it was armed for before.
    pub fn set(&mut self, key: K, at: Time) {
        self.cancel(&key);
        self.armed.push((at, key));
    }

    /// Disarms the timer `key`, if it is armed.
    pub fn cancel(&mut self, key: &K) {
        self.armed.retain(|(_, armed)| armed != key);
    }

    /// Disarms every timer whose key is one of these: of a host whose keys say more than what a timer is for.
    pub fn cancel_where(&mut self, is_one: impl Fn(&K) -> bool) {
        self.armed.retain(|(_, armed)| !is_one(armed));
    }

    /// When the earliest timer is due.
    pub fn next_deadline(&self) -> Option<Time> {
        self.armed.iter().map(|(at, _)| *at).min()
    }

    /// Disarms and returns the earliest timer that is due at `now`; of two at one time, the lower key.
    pub fn pop_due(&mut self, now: Time) -> Option<K> {
        let (index, _) =
            self.armed.iter().enumerate().filter(|(_, (at, _))| *at <= now).min_by_key(|(_, armed)| *armed)?;
        Some(self.armed.swap_remove(index).1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_disarmed_by_a_property_is_gone_and_the_rest_is_due() {
        let mut timers = Timers::default();
        for key in 1..=4 {
            timers.set(key, Time::from_nanos(key));
        }
        timers.cancel_where(|key| key % 2 == 1);
        assert_eq!(timers.next_deadline(), Some(Time::from_nanos(2)));
        let due: Vec<u64> = std::iter::from_fn(|| timers.pop_due(Time::from_nanos(9))).collect();
        assert_eq!(due, [2, 4]);
    }
}
