//! What a leader knows of one follower, and what that allows it to send. Pure: no log, no clock.

use crate::digest::Digest;
use crate::id::Index;

/// How a leader currently sends to a follower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Where the logs agree is not known; one append may go out to find out.
    Probe,
    /// That append is out. The next goes with the heartbeat, or when an answer comes.
    ProbeSent,
    /// The logs agree: entries go out as they come, without waiting for answers, up to a window of entries that are not
    /// acknowledged. The window needs no bookkeeping: it lies between what is matched and what is next.
    Replicate,
}

/// What a leader knows of one follower (Raft figure 2, `nextIndex` and `matchIndex`).
///
/// Always `matched < next`, and `matched` never goes back while the leader leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Progress {
    matched: Index,
    next: Index,
    mode: Mode,
}

impl Progress {
    /// The follower's log is known to agree, durably, through this index.
    #[must_use]
    pub fn matched(&self) -> Index {
        self.matched
    }

    /// The first entry that the next append will carry.
    #[must_use]
    pub fn next(&self) -> Index {
        self.next
    }

    /// How the leader currently sends.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Nothing known yet; the first probe assumes that the follower has all before `next`.
    pub(crate) fn new(next: Index) -> Self {
        assert!(next > Index::ZERO, "invariant: an append carries entries from 1");
        Self { matched: Index::ZERO, next, mode: Mode::Probe }
    }

    /// Whether entries may go out now, before the heartbeat is due, where so many may be under way.
    pub(crate) fn may_send(&self, window: usize) -> bool {
        self.mode != Mode::ProbeSent && self.room(window) > 0
    }

    /// How many more entries may be under way. A probe assumes that none are.
    pub(crate) fn room(&self, window: usize) -> usize {
        match self.mode {
            Mode::Probe | Mode::ProbeSent => window,
            Mode::Replicate => {
                let under_way = usize::try_from(self.next.0 - self.matched.next().0).unwrap_or(usize::MAX);
                window.saturating_sub(under_way)
            }
        }
    }

    /// An append went out that carries the entries before `end`.
    pub(crate) fn sent(&mut self, end: Index) {
        match self.mode {
            Mode::Probe | Mode::ProbeSent => self.mode = Mode::ProbeSent,
            Mode::Replicate => self.next = self.next.max(end),
        }
        self.check();
    }

    /// The follower holds everything through `matched`. Old news (a repeated or overtaken
    /// acknowledgement) changes nothing: assigned instead of maximised, it would take back an
    /// acknowledgement that may already have been counted.
    pub(crate) fn accepted(&mut self, matched: Index) {
        if matched < self.matched {
            return;
        }
        self.matched = matched;
        match self.mode {
            Mode::Replicate => self.next = self.next.max(matched.next()),
            // Back to what is certain, also when this was a repeated answer: sending too much is harmless.
            Mode::Probe | Mode::ProbeSent => {
                self.mode = Mode::Replicate;
                self.next = matched.next();
            }
        }
        self.check();
    }

    /// The follower disagrees at `previous`; the leader's log may agree with it at `hint` at the
    /// latest. Gives false if the answer is stale, and then changes nothing.
    ///
    /// When probing, only the answer to the probe counts: `previous` must be where it asked. Otherwise
    /// a rejection repeated by the network would move the probe a second time.
    #[must_use]
    pub(crate) fn rejected(&mut self, previous: Index, hint: Index) -> bool {
        let asked = self.next.previous();
        let is_current = match self.mode {
            Mode::Probe | Mode::ProbeSent => previous == asked,
            // Any append under way may be the one that did not fit after a loss.
            Mode::Replicate => previous <= asked,
        };
        // A follower never loses what it acknowledged, so this was sent before the acknowledgement.
        if !is_current || previous <= self.matched {
            return false;
        }
        // `hint` is at most the leader's last index. Below `previous`, to make progress; above `matched`,
        // because there the logs agree.
        self.next = hint.next().min(previous).max(self.matched.next());
        self.mode = Mode::Probe;
        self.check();
        true
    }

    pub(crate) fn digest(&self, digest: &mut Digest) {
        let Self { matched, next, mode } = self;
        digest.word(matched.0);
        digest.word(next.0);
        digest.word(*mode as u64);
    }

    fn check(&self) {
        assert!(self.matched < self.next, "invariant: matched < next, found {self:?}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Mode::{Probe, ProbeSent, Replicate};

    fn progress(matched: u64, next: u64, mode: Mode) -> Progress {
        Progress { matched: Index(matched), next: Index(next), mode }
    }

    #[test]
    fn sending_ends_a_probe_and_advances_a_pipeline() {
        let table = [
            (progress(3, 8, Probe), 12, progress(3, 8, ProbeSent)),
            (progress(3, 8, ProbeSent), 8, progress(3, 8, ProbeSent)),
            (progress(3, 8, Replicate), 12, progress(3, 12, Replicate)),
            (progress(3, 8, Replicate), 8, progress(3, 8, Replicate)),
        ];
        for (before, end, after) in table {
            let mut progress = before;
            progress.sent(Index(end));
            assert_eq!(progress, after, "{before:?} sent before {end}");
        }
    }

    #[test]
    fn a_pipeline_has_room_for_what_is_not_acknowledged_and_a_probe_for_one_append() {
        let table = [
            (progress(3, 4, Replicate), 4, 4, true),
            (progress(3, 7, Replicate), 4, 1, true),
            (progress(3, 8, Replicate), 4, 0, false),
            (progress(3, 20, Replicate), 4, 0, false),
            (progress(0, 8, Probe), 4, 4, true),
            (progress(0, 8, ProbeSent), 4, 4, false),
        ];
        for (progress, window, room, may_send) in table {
            assert_eq!((progress.room(window), progress.may_send(window)), (room, may_send), "{progress:?}");
        }
    }

    #[test]
    fn an_acknowledgement_only_ever_adds_to_what_is_known() {
        let table = [
            (progress(0, 8, ProbeSent), 7, progress(7, 8, Replicate)),
            (progress(3, 8, ProbeSent), 3, progress(3, 4, Replicate)),
            (progress(3, 8, ProbeSent), 2, progress(3, 8, ProbeSent)),
            (progress(3, 8, Replicate), 5, progress(5, 8, Replicate)),
            (progress(3, 8, Replicate), 9, progress(9, 10, Replicate)),
            (progress(5, 8, Replicate), 4, progress(5, 8, Replicate)),
        ];
        for (before, matched, after) in table {
            let mut progress = before;
            progress.accepted(Index(matched));
            assert_eq!(progress, after, "{before:?} accepted {matched}");
        }
    }

    #[test]
    fn a_rejection_moves_the_probe_back_but_never_to_what_is_matched() {
        let table = [
            // (before, previous, hint, after)
            (progress(0, 8, ProbeSent), 7, 4, Some(progress(0, 5, Probe))),
            (progress(0, 8, ProbeSent), 7, 0, Some(progress(0, 1, Probe))),
            // A hint at or beyond the rejection must still lead back.
            (progress(0, 8, ProbeSent), 7, 7, Some(progress(0, 7, Probe))),
            (progress(5, 8, ProbeSent), 7, 1, Some(progress(5, 6, Probe))),
            (progress(3, 12, Replicate), 9, 6, Some(progress(3, 7, Probe))),
            // Stale: not the probe under way, matched since, never sent.
            (progress(0, 8, ProbeSent), 6, 2, None),
            (progress(0, 8, ProbeSent), 9, 2, None),
            (progress(7, 8, ProbeSent), 7, 2, None),
            (progress(9, 12, Replicate), 9, 2, None),
            (progress(3, 8, Replicate), 8, 2, None),
        ];
        for (before, previous, hint, after) in table {
            let mut progress = before;
            let moved = progress.rejected(Index(previous), Index(hint));
            assert_eq!(moved.then_some(progress), after, "{before:?} rejected {previous}, hint {hint}");
            if !moved {
                assert_eq!(progress, before, "a stale rejection changes nothing");
            }
        }
    }

    #[test]
    fn no_sequence_of_answers_takes_back_a_match_or_breaks_the_order() {
        // Every sequence of three answers, from every small state: indices 0 to 4, both kinds of answer.
        for code in 0..50_u64.pow(3) {
            let mut progress = Progress::new(Index(4));
            for step in 0..3 {
                let answer = code / 50_u64.pow(step) % 50;
                let (a, b) = (Index(answer / 2 % 5), Index(answer / 10));
                let matched_before = progress.matched;
                if answer % 2 == 0 {
                    progress.accepted(a);
                } else {
                    let next_before = progress.next;
                    let moved = progress.rejected(a, b);
                    assert!(!moved || progress.next < next_before, "every rejection leads back");
                }
                assert!(progress.matched >= matched_before && progress.next > progress.matched);
                progress.sent(Index(5));
            }
        }
    }
}
