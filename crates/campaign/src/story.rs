//! What a person reads of a failure: what led there, and last the block.

use std::collections::BTreeMap;
use std::fmt;

use sim::{Item, Record, RecordWhat, Story, StoryTeller, Target, Time};

use crate::block::Block;
use crate::failure::Failure;
use crate::run::Runs;

/// A failure as it is told.
pub(crate) struct Told {
    /// What led there; nothing where the case does not show the failure again, as no run of it can be relied on then.
    pub(crate) story: Option<Story>,
    /// The lines that end in how it is replayed.
    pub(crate) block: String,
}

impl Told {
    /// What is to be told of a failure that was come by in the way of `found`, and that this line replays.
    ///
    /// Takes two more runs of the case: what bears on a violation is known only once there is one.
    pub(crate) fn of(runs: &Runs<'_>, failure: &Failure, found: Option<String>, replay: &str) -> Told {
        let mut messages = Messages::of(&failure.case.plan.items);
        let story = story(runs, failure, &mut messages);
        let block = Block { failure, found, messages: &messages, replay }.to_string();
        Told { story, block }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(story) = &self.story {
            write!(f, "{story}\n\n")?;
        }
        f.write_str(&self.block)
    }
}

fn story(runs: &Runs<'_>, failure: &Failure, messages: &mut Messages<'_>) -> Option<Story> {
    let outcome = runs.run(&failure.case).ok()?;
    let violation = outcome.violation().filter(|violation| violation.signature == failure.signature)?;
    let mut teller = StoryTeller::about(violation);
    let mut hear = |record: &Record| {
        messages.hear(record);
        teller.hear(record);
    };
    runs.run_traced(&failure.case, &mut hear).ok()?;
    Some(teller.tell())
}

/// The messages that a plan is about. It names them by their tags, which say nothing to a person.
pub(crate) struct Messages<'a> {
    items: BTreeMap<&'a Target, Option<(Time, String)>>,
}

impl<'a> Messages<'a> {
    fn of(items: &'a [Item]) -> Messages<'a> {
        let of_messages = items.iter().filter(|item| matches!(item.target, Target::Message { .. }));
        Messages { items: of_messages.map(|item| (&item.target, None)).collect() }
    }

    fn hear(&mut self, record: &Record) {
        let (RecordWhat::Sent { to, tag, occurrence, message, .. }, Some(from)) = (&record.what, record.node) else {
            return;
        };
        let address = Target::Message { from, to: *to, tag: *tag, occurrence: *occurrence };
        if let Some(sent) = self.items.get_mut(&address) {
            *sent = Some((record.time, message.clone()));
        }
    }

    /// An item, with what its message says where that was heard.
    pub(crate) fn item(&self, item: &Item) -> String {
        match self.items.get(&item.target) {
            Some(Some((sent, message))) => item.with_message(*sent, message),
            _ => item.to_string(),
        }
    }
}
