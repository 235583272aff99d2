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
