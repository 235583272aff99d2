//! A line of a story: who, and what.

use crate::id::NodeId;
use crate::record::{Record, RecordWhat};
use crate::time::Time;

/// A line has so many columns after its time.
const COLUMNS_MAX: usize = 96;

/// An operation has so many; some are all bytes.
const OPERATION_COLUMNS_MAX: usize = 24;

/// Stands for what there was no room for.
const CUT_OFF: char = '…';

/// Who, and what happened.
pub(super) fn phrase(record: &Record) -> String {
    match &record.what {
        RecordWhat::Sent { to, .. } => line(&format!("{} -> {to}", who(record.node)), &what(record)),
        _ => line(&who(record.node), &what(record)),
    }
}

/// What several records of one step say of one node.
pub(super) fn phrase_all<'a>(node: Option<NodeId>, records: impl Iterator<Item = &'a Record>) -> String {
    let mut said: Vec<String> = records.map(what).collect();
    said.dedup();
    line(&who(node), &said.join("; "))
}

/// A crash, a pause, a clock at another rate: what it did, and the plan's item that did it.
pub(super) fn phrase_blow(record: &Record, item: Option<&Record>) -> String {
    let text = what(record);
    match item.map(|item| &item.what) {
        Some(RecordWhat::Struck { id, item, .. }) => line(&who(record.node), &format!("{text}  (item {id}: {item})")),
        _ => line(&who(record.node), &text),
    }
}

/// A restart, and what the process says of how it goes on.
pub(super) fn phrase_restart(record: &Record, said: Option<&Record>) -> String {
    let text = what(record);
    match said {
        Some(said) => line(&who(record.node), &format!("{text}: {}", what(said))),
        None => line(&who(record.node), &text),
    }
}

fn who(node: Option<NodeId>) -> String {
    node.map_or_else(|| "*".to_owned(), |node| node.to_string())
}

fn line(who: &str, what: &str) -> String {
    let text = format!("{who:<9} {}", what.replace('\n', " "));
    cut(text.trim_end(), COLUMNS_MAX)
}

fn what(record: &Record) -> String {
    match &record.what {
        RecordWhat::Fact(fact) => fact.clone(),
        RecordWhat::Sent { latency_ns, again_after_ns, struck, message, .. } => {
            let at = |after_ns: u64| Time::from_nanos(record.time.as_nanos().saturating_add(after_ns));
            let arrives = match (latency_ns, again_after_ns) {
                (None, _) => "never arrives".to_owned(),
                (Some(_), _) if struck.contains("clogged") => "waits".to_owned(),
                (Some(latency_ns), None) => format!("arrives {}", at(*latency_ns)),
                (Some(latency_ns), Some(after_ns)) => {
                    format!("arrives {} and {}", at(*latency_ns), at(latency_ns.saturating_add(*after_ns)))
                }
            };
            let struck = if struck.is_empty() { String::new() } else { format!(" ({struck})") };
            format!("{message}, {arrives}{struck}")
        }
        RecordWhat::Crashed { kept, dropped, torn } => {
            let torn = if *torn > 0 { ", torn within a sector" } else { "" };
            match (kept, dropped) {
                (0, 0) => "crashes: nothing was unsynced".to_owned(),
                (0, dropped) => format!("crashes: {} lost{torn}", writes(*dropped)),
                (kept, 0) => format!("crashes: {} kept", writes(*kept)),
                (kept, dropped) => format!("crashes: {} lost{torn}, {kept} kept", writes(*dropped)),
            }
        }
        RecordWhat::Struck { id, item, .. } => format!("item {id}: {item}"),
        RecordWhat::ItemEnded(id) => format!("item {id} is over"),
        RecordWhat::Healed(core) => format!("heal of {core:?}; all else stays as it is"),
        RecordWhat::Responded(id, reply) => format!("{id} is answered: {reply}"),
        RecordWhat::Invoked(id, operation) => format!("asks {id}: {}", cut(operation, OPERATION_COLUMNS_MAX)),
        other => other.to_string(),
    }
}

/// The text, as far as there is room for it.
fn cut(text: &str, columns_max: usize) -> String {
    match text.char_indices().nth(columns_max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}{CUT_OFF}", &text[..end]),
    }
}

/// Whether a line says less than there was to say.
pub(super) fn is_cut_off(line: &str) -> bool {
    line.ends_with(CUT_OFF)
}

fn writes(count: u32) -> String {
    format!("{count} unsynced write{}", if count == 1 { "" } else { "s" })
}
