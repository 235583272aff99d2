//! What is known from earlier runs, for as long as the sources and the mutant are the same.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use campaign::file;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::catalogue::CONTROL;
use super::control::Control;
use super::measure::Measured;
use super::mutant::Mutant;
use super::place::Place;
use super::say;
use super::sources::{self, Sources};

/// Changes where what is kept would be read wrongly.
const FORMAT: u32 = 1;

/// The files of what is known.
pub(super) struct Kept<'a> {
    place: &'a Place,
    sources: String,
}

/// One of these files.
#[derive(Serialize, Deserialize)]
struct Entry<T> {
    format: u32,
    /// What it was measured on.
    key: String,
    /// How long was allowed.
    time_ms: u64,
    came_to: T,
}

impl<'a> Kept<'a> {
    pub(super) fn new(place: &'a Place, sources: &Sources) -> Kept<'a> {
        Kept { place, sources: sources.hash() }
    }

    /// What is known of a mutant. What was missed is looked for again where there is more time.
    pub(super) fn measured(&self, mutant: &Mutant, time: Duration) -> Option<Measured> {
        let entry = self.entry::<Measured>(&mutant.id, &self.key(mutant))?;
        let is_settled = entry.came_to.is_found(mutant) || entry.time_ms >= millis(time);
        is_settled.then_some(entry.came_to)
    }

    /// What is known of a mutant, found or not.
    pub(super) fn any(&self, mutant: &Mutant) -> Option<Measured> {
        Some(self.entry(&mutant.id, &self.key(mutant))?.came_to)
    }

    pub(super) fn keep_measured(&self, mutant: &Mutant, time: Duration, measured: &Measured) {
        self.keep(&mutant.id, self.key(mutant), millis(time), measured);
    }

    /// What is known of the sources without a mutant, if it is as much as is wanted.
    pub(super) fn control(&self, wanted: &BTreeMap<String, u64>) -> Option<Control> {
        let entry = self.entry::<Control>(CONTROL, &self.sources)?;
        Some(entry.came_to).filter(|control| control.covers(wanted))
    }

    pub(super) fn keep_control(&self, control: &Control) {
        self.keep(CONTROL, self.sources.clone(), 0, control);
    }

    fn key(&self, mutant: &Mutant) -> String {
        sources::key(&self.sources, mutant)
    }

    /// What cannot be read is not known.
    fn entry<T: DeserializeOwned>(&self, name: &str, key: &str) -> Option<Entry<T>> {
        let text = fs::read_to_string(self.place.kept.join(format!("{name}.json"))).ok()?;
        let entry: Entry<T> = serde_json::from_str(&text).ok()?;
        Some(entry).filter(|entry| entry.format == FORMAT && entry.key == key)
    }

    fn keep<T: Serialize>(&self, name: &str, key: String, time_ms: u64, came_to: T) {
        let entry = Entry { format: FORMAT, key, time_ms, came_to };
        let text = serde_json::to_string_pretty(&entry).expect("what is kept is plain data");
        let path = self.place.kept.join(format!("{name}.json"));
        if let Err(error) = file::write(&path, &text) {
            // It is measured again next time, and that is all.
            say(&format!("{}: {error}", path.display()));
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
