//! What a campaign came to, for reading.

use std::io::{self, Write};

use super::fuzz::Settled;
use crate::quantity::{Quantity, ShortSpan, Span};
use crate::reach::{GoalState, GoalTotal, Sought};
use crate::recovery::Closest;
use crate::report::{Failed, Report, Unrecoverable};

/// Prints a line for each scenario, and below what happened in each. `settled` is what became of each report's failures, in
/// order.
///
/// # Errors
/// What the stream says.
pub(super) fn print(out: &mut dyn Write, base: &str, reports: &[Report], settled: &[Vec<Settled>]) -> io::Result<()> {
    writeln!(
        out,
        "{:<20} {:>8} {:>9} {:>9} {:>8} {:>8} {:>7}  digest",
        "scenario", "seeds", "events", "virtual", "wall", "seeds/s", "failed"
    )?;
    for report in reports {
        let failed: u64 = report.failures.iter().map(|failed| failed.hits).sum();
        let millis = u64::try_from(report.wall_time.as_millis()).unwrap_or(u64::MAX).max(1);
        writeln!(
            out,
            "{:<20} {:>8} {:>9} {:>9} {:>8} {:>8} {:>7}  {}",
            report.scenario,
            Quantity(report.seeds),
            Quantity(report.events),
            Span(report.virtual_time),
            Span(report.wall_time),
            Quantity(report.seeds.saturating_mul(1_000) / millis),
            failed,
            report.digest
        )?;
    }
    for (report, settled) in reports.iter().zip(settled).filter(|(report, _)| report.seeds > 0) {
        writeln!(out, "\n{}, base {base}", report.scenario)?;
        faults(out, report)?;
        counts(out, report)?;
        recoveries(out, report)?;
        promises(out, report)?;
        failures(out, report, settled)?;
        for symptom in report.symptoms() {
            writeln!(out, "  health: {symptom}")?;
        }
    }
    Ok(())
}

fn faults(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    if report.faults.values().all(|total| total.fired == 0 && total.withheld == 0) {
        return writeln!(out, "  no fault struck");
    }
    writeln!(out, "  {:<30} {:>9} {:>9} {:>9} {:>9}", "fault", "fired", "withheld", "in seeds", "off in")?;
    // What no seed can have, such as the reset of a session where links are datagrams, is no news.
    let possible = report.faults.iter().filter(|(_, total)| total.fired > 0 || total.off < report.seeds);
    for (kind, total) in possible {
        let (fired, withheld) = (Quantity(total.fired), Quantity(total.withheld));
        let (seeds, off) = (share(total.seeds, report.seeds), share(total.off, report.seeds));
        writeln!(out, "  {kind:<30} {fired:>9} {withheld:>9} {seeds:>9} {off:>9}")?;
    }
    Ok(())
}

fn counts(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    writeln!(out, "  {:<30} {:>9} {:>9} {:>9}", "seen", "total", "median", "in seeds")?;
    for (name, count) in report.counts.iter().filter(|(_, count)| count.total > 0) {
        let (total, median) = (Quantity(count.total), Quantity(report.median(name)));
        writeln!(out, "  {name:<30} {total:>9} {median:>9} {:>9}", share(count.seeds, report.seeds))?;
    }
    Ok(())
}

/// How soon after the heal progress was made, and how close to its bound it came at worst.
fn recoveries(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    if report.recoveries.is_empty() {
        return Ok(());
    }
    let [progress, median, most, in_seeds, worst] =
        ["progress after the heal", "median", "99th", "in seeds", "closest to its bound"];
    writeln!(out, "  {progress:<30} {median:>9} {most:>9} {in_seeds:>9}  {worst}")?;
    for (property, recoveries) in &report.recoveries {
        let [median, most] = [50, 99].map(|percent| ShortSpan(recoveries.percentile(percent)));
        let Closest { took, bound, seed } = recoveries.closest;
        let (seeds, took, bound) = (share(recoveries.runs, report.seeds), ShortSpan(took), ShortSpan(bound));
        writeln!(out, "  {property:<30} {median:>9} {most:>9} {seeds:>9}  {took} of {bound}, seed {seed}")?;
    }
    Ok(())
}

/// What should have been looked at, and seen.
fn promises(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let evaluated = report.properties.values().filter(|times| **times > 0).count();
    write!(out, "  {evaluated} of {} properties were evaluated", report.properties.len())?;
    list(out, "; never", report.properties.iter().filter(|(_, times)| **times == 0).map(|(name, _)| *name))?;
    writeln!(out)?;
    goals(out, report)?;
    if let Some(undecided) = &report.undecided {
        let (runs, seed, reason) = (undecided.runs, undecided.seed, &undecided.reason);
        writeln!(out, "  {runs} seeds are undecided, the first {seed}: {reason}")?;
    }
    if let Some(Unrecoverable { runs, seed, reason }) = report.unrecoverable {
        writeln!(out, "  {runs} seeds were beyond help, the first {seed}: {reason}")?;
    }
    Ok(())
}

/// Each goal. Of the kinds of fault those that did not strike, or hardly: how often the others did stands above.
fn goals(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let hit = report.goals().filter(|goal| goal.state == GoalState::Hit).count();
    let to_be_hit = report.goals().filter(|goal| goal.exempt.is_none()).count();
    if to_be_hit > 0 {
        writeln!(out, "  {hit} of {to_be_hit} goals were hit, kinds of fault included")?;
    }
    let struck = |goal: &GoalTotal| matches!(goal.sought, Sought::Fault(_)) && goal.state == GoalState::Hit;
    let is_shown = |goal: &&GoalTotal| !struck(goal) || goal.needs_rather(report.seeds).is_some();
    let mut shown = report.goals().filter(is_shown).peekable();
    if shown.peek().is_some() {
        writeln!(out, "  {:<30} {:>9} {:>9} {:>9}  state", "goal", "hits", "in seeds", "needs")?;
    }
    for goal in shown {
        let (sought, hits, needs) = (goal.sought, Quantity(goal.hits), Quantity(goal.needs_seeds));
        let (seeds, state) = (share(goal.seeds, report.seeds), goal.state.name());
        write!(out, "  {sought:<30} {hits:>9} {seeds:>9} {needs:>9}  {state}")?;
        let rather = goal.needs_rather(report.seeds).map(|rather| format!(", but rare: give it {rather} seeds"));
        let reason = goal.exempt.map(|reason| format!(": {reason}"));
        writeln!(out, "{}", rather.or(reason).unwrap_or_default())?;
    }
    Ok(())
}

/// What failed, each fault once.
fn failures(out: &mut dyn Write, report: &Report, settled: &[Settled]) -> io::Result<()> {
    report.failures.iter().zip(settled).try_for_each(|(Failed { failure, seed, hits, .. }, settled)| {
        let seeds = report.seeds;
        write!(out, "  {} failed {hits} of {seeds} seeds, the first {seed}", failure.signature)?;
        settled.finding().map_or(Ok(()), |finding| write!(out, ", known: {finding}"))?;
        writeln!(out)
    })
}

fn list<'a>(out: &mut dyn Write, heading: &str, names: impl Iterator<Item = &'a str>) -> io::Result<()> {
    let names: Vec<&str> = names.collect();
    if names.is_empty() { Ok(()) } else { write!(out, "{heading}: {}", names.join(", ")) }
}

/// Of 7 in 1 000: `0.7 %`. What is there at all is never shown as nothing.
fn share(part: u64, whole: u64) -> String {
    match (part, part.saturating_mul(1_000) / whole.max(1)) {
        (0, _) => "-".to_owned(),
        (_, 0) => "<0.1 %".to_owned(),
        (_, thousandths @ 1..100) => format!("{}.{} %", thousandths / 10, thousandths % 10),
        (_, thousandths) => format!("{} %", thousandths / 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_shows_what_is_there() {
        let shares = [share(0, 10), share(1, 5_000), share(7, 1_000), share(1, 3), share(3, 3), share(0, 0)];
        assert_eq!(shares, ["-", "<0.1 %", "0.7 %", "33 %", "100 %", "-"]);
    }
}
