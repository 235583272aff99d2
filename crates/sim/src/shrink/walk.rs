//! Where a search is: passes in order, and again from the first until none of them finds anything.

use super::edit::{Best, Edit, salted};
use super::pass::Pass;
use super::sweep::Sweep;
use crate::case::Case;
use crate::scenario::Outcome;
use crate::spec::Spec;

/// A position in a search.
#[derive(Clone)]
pub(super) struct Walk {
    pass: usize,
    /// The edits of this pass, once it has begun.
    sweep: Option<(Sweep, std::sync::Arc<[Edit]>)>,
    /// How often the present group was tried before, under other salts.
    tries: u32,
    /// Whether anything failed alike since the first pass last began.
    found: bool,
    latencies: Latencies,
}

/// Whether latencies are stated one by one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Latencies {
    /// That was not found to be of no use.
    MayBeStated,
    /// It was tried, and too many messages have to take a time of their own.
    StayDrawn,
}

/// What is to be done next.
pub(super) enum Next {
    /// Run this.
    Try(Box<Case>),
    /// See whether the case that came of stating latencies is to be kept: by [`Walk::keep`] or [`Walk::go_back`], once
    /// every verdict before it is in.
    Weigh,
    /// Every pass was gone through without a find.
    Finished,
}

impl Walk {
    pub(super) fn start() -> Walk {
        Walk { pass: 0, sweep: None, tries: 0, found: false, latencies: Latencies::MayBeStated }
    }

    /// The case to try next, past all edits that are moot.
    pub(super) fn next(&mut self, best: &Best, spec: &Spec) -> Next {
        loop {
            let Some(pass) = Pass::ALL.get(self.pass).copied() else { return Next::Finished };
            let is_off = pass == Pass::Latencies && self.latencies == Latencies::StayDrawn;
            let (sweep, edits) = self.sweep.get_or_insert_with(|| {
                let edits = if is_off { Vec::new() } else { pass.edits(best, spec) };
                (pass.sweep(edits.len()), edits.into())
            });
            let Some(group) = sweep.group() else {
                if pass == Pass::StatedLatencies {
                    return Next::Weigh;
                }
                self.next_pass();
                continue;
            };
            match best.edited(group.iter().map(|index| &edits[*index])) {
                Some(case) if self.tries == 0 => return Next::Try(Box::new(case)),
                Some(case) => return Next::Try(Box::new(salted(case, self.tries))),
                None => self.pass_by(),
            }
        }
    }

    /// Whether it is about to state latencies.
    pub(super) fn states_latencies(&self) -> bool {
        Pass::ALL[self.pass] == Pass::Latencies
    }

    /// What came of stating latencies is kept.
    pub(super) fn keep(&mut self) {
        self.next_pass();
    }

    /// It is not, and the search goes on from where it stood `before`, with the case of then.
    pub(super) fn go_back(&mut self, before: Walk) {
        *self = Walk { latencies: Latencies::StayDrawn, ..before };
        self.next_pass();
    }

    /// The present candidate does not fail: it is tried under another salt, or the next one is.
    pub(super) fn failed_not(&mut self) {
        let Some((sweep, _)) = &self.sweep else { return };
        let retries = Pass::ALL[self.pass].retries(sweep);
        if self.tries < retries {
            self.tries += 1;
        } else {
            self.pass_by();
        }
    }

    /// The present candidate fails, and is the best from here on.
    pub(super) fn failed(&mut self) {
        self.tries = 0;
        self.found = true;
        if let Some((sweep, _)) = &mut self.sweep {
            sweep.apply();
        }
    }

    /// Whether a candidate that fails alike is one to take. To state what the network did must change nothing at all.
    pub(super) fn takes(&self, best: &Best, outcome: &Outcome) -> bool {
        let Some(before) = &best.outcome else { return true };
        let is_all_stated = before.fates.as_ref().is_some_and(|fates| fates.complete);
        Pass::ALL[self.pass] != Pass::Fates || !is_all_stated || before.digest == outcome.digest
    }

    fn pass_by(&mut self) {
        self.tries = 0;
        if let Some((sweep, _)) = &mut self.sweep {
            sweep.pass_by();
        }
    }

    fn next_pass(&mut self) {
        self.sweep = None;
        self.tries = 0;
        self.pass += 1;
        if self.pass == Pass::ALL.len() && self.found {
            self.pass = 0;
            self.found = false;
        }
    }
}
