//! The map of packages: who says which range. One file a format.

pub(in crate::host) mod html;
pub(in crate::host) mod json;
pub(in crate::host) mod text;

use std::collections::BTreeMap;

use super::count;
use crate::cidr::Family;
use crate::facts::Role;
use crate::host::run_files::Outcome;
use crate::map::{About, Cell, Map, Row, State, Verdict};

const FAMILIES: [Family; 2] = [Family::V4, Family::V6];

/// The maps that show something.
fn telling(outcome: &Outcome) -> Vec<&Map> {
    outcome.maps.iter().filter(|map| !map.sections.is_empty() || !map.marks.is_empty()).collect()
}

/// What all comes to: the sentence of the only map, or how many packages come to what.
fn headline(maps: &[&Map]) -> String {
    if let [only] = maps {
        return only.count().sentence();
    }
    let mut verdicts: BTreeMap<Verdict, usize> = BTreeMap::new();
    for map in maps {
        *verdicts.entry(map.count().verdict()).or_default() += 1;
    }
    verdicts.remove(&Verdict::Nothing);
    if verdicts.is_empty() {
        return Verdict::Nothing.word().to_owned();
    }
    let parts: Vec<_> = verdicts.iter().rev().map(|(verdict, number)| format!("{number} {}", verdict.word())).collect();
    format!("{}: {}", count(maps.len(), "package"), parts.join(", "))
}

/// What was looked at.
fn looked_at(outcome: &Outcome) -> String {
    let skipped = if outcome.skipped == 0 { String::new() } else { format!(", {} without objects of Kubernetes skipped", outcome.skipped) };
    format!("{} in {}{skipped}", count(outcome.files.len(), "file"), count(outcome.packages, "package"))
}

/// A package by its file, or the folder of its files.
fn title(map: &Map) -> String {
    match map.files.as_slice() {
        [] => "the package".to_owned(),
        [only] => only.clone(),
        [first, .., last] => {
            let steps = first.split('/').zip(last.split('/')).take_while(|(one, other)| one == other);
            match steps.map(|(one, _)| one.len() + 1).sum() {
                0 => count(map.files.len(), "file"),
                common => first[..common].to_owned(),
            }
        }
    }
}

fn heading(about: About) -> &'static str {
    match about {
        About::Ranges(Role::Pods) => "Pods",
        About::Ranges(Role::Services) => "Services",
        About::Switches => "Switches",
        About::Addresses => "Addresses",
    }
}

/// The cell of a family, or the one for both.
fn cell(row: &Row, family: Family) -> Option<&Cell> {
    row.cells.iter().find(|cell| cell.family == Some(family))
}

/// The cell for both families together.
fn both(row: &Row) -> Option<&Cell> {
    row.cells.iter().find(|cell| cell.family.is_none())
}

/// The state in a word: a name in JSON, a class in HTML.
fn word(state: State) -> &'static str {
    match state {
        State::Same => "same",
        State::Part => "part",
        State::More => "more",
        State::Other(_) => "other",
        State::On => "on",
        State::Off => "off",
        State::Unsaid => "unsaid",
        State::Missing => "missing",
        State::Unread => "unread",
    }
}

/// The mark in front of a value.
fn symbol(state: State) -> &'static str {
    match state {
        State::Same | State::On => "●",
        State::Part | State::More => "◐",
        State::Other(_) => "◆",
        State::Off => "✕",
        State::Missing => "○",
        State::Unsaid => "·",
        State::Unread => "?",
    }
}

/// What stands there, or that nothing does.
fn value(cell: &Cell) -> String {
    match (&cell.text, cell.state) {
        (Some(text), _) if text.is_empty() => "\"\"".to_owned(),
        (Some(text), _) => plain(text),
        (None, State::Missing) => "missing".to_owned(),
        (None, State::Unsaid) => "not said".to_owned(),
        (None, State::On) => "on".to_owned(),
        (None, _) => "not shown".to_owned(),
    }
}

/// Where a cell is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    /// `calico.yaml:12`
    at: String,
    /// The field or variable, where neither the row nor the path tells.
    name: String,
    path: String,
}

impl Place {
    fn of(row: &Row, cell: &Cell) -> Self {
        let file = cell.file.as_deref().map(plain).unwrap_or_default();
        let at = cell.line.map_or_else(|| file.clone(), |line| format!("{file}:{line}"));
        let path = plain(&cell.path.to_string());
        let name = if path.contains(&*cell.name) || row.who.contains(&*cell.name) { String::new() } else { plain(&cell.name) };
        Self { at, name, path }
    }
}

/// Where the cells of a row are, each place once.
fn places(row: &Row) -> Vec<Place> {
    let mut places: Vec<Place> = row.cells.iter().map(|cell| Place::of(row, cell)).collect();
    places.dedup();
    places
}

/// The text with what a terminal or a browser would act on made visible: control characters, and those that change the
/// direction of writing.
fn plain(text: &str) -> String {
    let is_visible = |c: char| !c.is_control() && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if is_visible(c) { c } else { '\u{fffd}' }).collect()
}
