//! `explain`: what a seed is, for reading.

use sim::{Case, Disks, Expansion, Item, Network, When};

use super::args::Explain;
use super::{Ended, Exit, Shop};
use crate::quantity::Percent;

impl Shop<'_> {
    pub(super) fn explain(&self, arguments: &Explain) -> Ended {
        let (scenario, spec) = self.scenario(&arguments.scenario)?;
        let case = scenario.expand(arguments.seed, &Expansion { without: arguments.without.clone() });
        let about = if spec.about.is_empty() { String::new() } else { format!(": {}", spec.about) };
        say!("{}  seed {}{about}", spec.name, case.seed);
        print(&case);
        Ok(Exit::Clean)
    }
}

fn print(case: &Case) {
    let names = |ids: &mut dyn Iterator<Item = String>| ids.collect::<Vec<_>>().join(", ");
    say!("  nodes:    {}", names(&mut case.nodes.iter().map(ToString::to_string)));
    let clients =
        case.workload.clients.iter().map(|client| format!("{} ({} operations)", client.id, client.operations));
    say!("  clients:  {}", or_none(&names(&mut clients.into_iter())));
    say!("  knobs:    {}", names(&mut case.knobs.iter().map(|(name, value)| format!("{name} {value}"))));
    say!("  network:  {}", network(&case.network));
    say!("  disks:    {}", disks(case));
    say!("  heal:     at {}", case.plan.heal.at_ns);
    say!("  faults:   {}", or_none(&names(&mut case.fault_kinds().into_iter().map(|kind| kind.to_string()))));
    let (timed, triggered): (Vec<&Item>, Vec<&Item>) =
        case.plan.items.iter().partition(|item| matches!(item.when, When::At { .. }));
    let mut timed = timed;
    timed.sort_by_key(|item| match item.when {
        When::At { at_ns } => at_ns,
        When::On { .. } => sim::Time::MAX,
    });
    for item in timed.into_iter().chain(triggered) {
        say!("    {item}");
    }
}

fn micros(nanos: u64) -> String {
    format!("{} us", nanos / 1_000)
}

fn disks(case: &Case) -> String {
    let Disks { torn_ppm, delay_ppm, delay_mean_ns } = case.disks;
    let delays = format!("{} of syncs delayed by {} on average", Percent(delay_ppm), micros(delay_mean_ns));
    let torn = format!("{} of the unsynced sectors that a crash takes are torn", Percent(torn_ppm));
    let parts: Vec<String> =
        [(delay_ppm, delays), (torn_ppm, torn)].into_iter().filter(|(ppm, _)| *ppm > 0).map(|(_, part)| part).collect();
    if parts.is_empty() { "nothing wrong by themselves".to_owned() } else { parts.join(", ") }
}

fn network(network: &Network) -> String {
    let mut parts = vec![format!("latency {} to {}", micros(network.latency_min_ns), micros(network.latency_max_ns))];
    let kinds = [
        ("loss", network.loss_ppm, None),
        ("delay", network.delay_ppm, Some(("by", network.delay_mean_ns, " on average"))),
        ("duplication", network.duplication_ppm, Some(("within", network.duplication_gap_ns, ""))),
        ("reordering", network.reordering_ppm, Some(("by up to", network.reordering_hold_ns, ""))),
        ("corruption", network.corruption_ppm, None),
    ];
    for (kind, ppm, size) in kinds.into_iter().filter(|(_, ppm, _)| *ppm > 0) {
        let size = size.map_or(String::new(), |(how, nanos, of)| format!(" {how} {}{of}", micros(nanos)));
        parts.push(format!("{kind} {}{size}", Percent(ppm)));
    }
    let bytes = [
        ("a link carries", network.bandwidth_bytes_per_s, "bytes a second"),
        ("drops what would wait behind more than", network.queue_max_bytes, "bytes"),
    ];
    let said = bytes.into_iter().filter(|(_, count, _)| *count > 0);
    parts.extend(said.map(|(what, count, unit)| format!("{what} {count} {unit}")));
    parts.join(", ")
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}
