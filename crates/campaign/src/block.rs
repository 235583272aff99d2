//! What is said of a failure: the block that ends the output, and stands beside the case.

use std::fmt;
use std::time::Duration;

use sim::{Case, Item, Network, Shrunk};

use crate::failure::Failure;
use crate::quantity::{Percent, Span};
use crate::story::Messages;

/// How many of the items that struck are shown of a case that was not shrunk; the last ones, as they are nearest to the
/// failure.
const ITEMS_SHOWN: usize = 6;

/// A failure as a reader sees it.
pub(crate) struct Block<'a> {
    /// The failure.
    pub(crate) failure: &'a Failure,
    /// How it was come by, where that helps: "seed 17 of base 0x…".
    pub(crate) found: Option<String>,
    /// What the messages say that the plan is about.
    pub(crate) messages: &'a Messages<'a>,
    /// The line that replays it.
    pub(crate) replay: &'a str,
}

impl fmt::Display for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Failure { signature, explanation, time, event, digest, struck, shrink_time, case, .. } = self.failure;
        let Case { scenario, seed, .. } = &**case;
        writeln!(f, "sim: FAILED {scenario}  {signature}  seed {seed}  at {time}  event {event}  digest {digest}")?;
        writeln!(f, "  {}", explanation.replace('\n', "\n  "))?;
        if let Some(found) = &self.found {
            writeln!(f, "  found:  {found}")?;
        }
        if let Some(shrunk) = &case.shrunk {
            writeln!(f, "  shrunk: {}", Shortened { shrunk, time: *shrink_time })?;
        }
        let Network { loss_ppm, delay_ppm, duplication_ppm, reordering_ppm, corruption_ppm, .. } = case.network;
        let network = [
            ("loss", loss_ppm),
            ("delay", delay_ppm),
            ("duplication", duplication_ppm),
            ("reordering", reordering_ppm),
            ("corruption", corruption_ppm),
        ];
        let network = [rates(&network), thin(&case.network)].into_iter().filter(|part| !part.is_empty());
        let network = network.collect::<Vec<_>>().join(" · ");
        let disks = [("torn writes", case.disks.torn_ppm), ("delayed syncs", case.disks.delay_ppm)];
        for (what, rates) in [("network", network), ("disks", rates(&disks))] {
            if !rates.is_empty() {
                writeln!(f, "  {what}: {rates}")?;
            }
        }
        let shown = if case.shrunk.is_some() { usize::MAX } else { ITEMS_SHOWN };
        writeln!(f, "  plan:   {}", self.plan(struck, case.plan.items.len(), shown))?;
        write!(f, "  replay: {}", self.replay)
    }
}

impl Block<'_> {
    /// Of `of` items, those that struck, but for the first ones where there are more than `shown`.
    fn plan(&self, struck: &[Item], of: usize, shown: usize) -> String {
        let last: Vec<String> =
            struck[struck.len().saturating_sub(shown)..].iter().map(|item| self.messages.item(item)).collect();
        let last = last.join(" · ");
        match struck.len() {
            0 if of == 0 => "no faults".to_owned(),
            0 => format!("none of {of} items struck"),
            count if count > shown => format!("{count} of {of} items struck, the last of them {last}"),
            // Of a case that was shrunk, what did not strike is part of the explanation as well.
            count if shown > ITEMS_SHOWN && count < of => format!("{last} · {} that did not strike", of - count),
            _ => last,
        }
    }
}

/// `214 -> 2 faults, 5 -> 3 nodes, 40 -> 1 operations, 31.2s -> 0.8s   (412 runs, 1.9 s)`
struct Shortened<'a> {
    shrunk: &'a Shrunk,
    time: Option<Duration>,
}

impl fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shrunk { from, to, runs, minimal, .. } = self.shrunk;
        let counts = [
            (from.faults, to.faults, "faults"),
            (from.nodes, to.nodes, "nodes"),
            (from.operations, to.operations, "operations"),
        ];
        // What there never was is no news.
        let mut counts = counts.into_iter().filter(|(from, ..)| *from > 0);
        counts.try_for_each(|(from, to, what)| write!(f, "{from} -> {to} {what}, "))?;
        let [from, to] = [from, to].map(|size| Span(Duration::from_nanos(size.virtual_ns)));
        write!(f, "{from} -> {to}   ({runs} runs")?;
        if let Some(time) = self.time {
            write!(f, ", {}", Span(time))?;
        }
        f.write_str(if *minimal { ")" } else { ", cut short)" })
    }
}

/// How much a link carries, where that is not as much as it is given.
fn thin(network: &Network) -> String {
    match (network.bandwidth_bytes_per_s, network.queue_max_bytes) {
        (0, _) => String::new(),
        (bandwidth, 0) => format!("{bandwidth} B/s a link"),
        (bandwidth, max) => format!("{bandwidth} B/s a link, {max} B may wait"),
    }
}

/// How often what is there of these happens.
fn rates(kinds: &[(&str, u32)]) -> String {
    let there = kinds.iter().filter(|(_, ppm)| *ppm > 0);
    let rates = there.map(|(kind, ppm)| format!("{kind} {}", Percent(*ppm)));
    rates.collect::<Vec<_>>().join(" · ")
}
