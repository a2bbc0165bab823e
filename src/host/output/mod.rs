//! What a run over files has to say, in the formats that people and machines read. One file a format; each is a plain
//! function from an [`Outcome`] to a text.

pub(super) mod diff;
pub(super) mod github;
pub(super) mod json;
pub(super) mod junit;
pub(super) mod map;
pub(super) mod sarif;
pub(super) mod text;

use serde_json::{Map, Number};

use super::entry::Entry;
use super::run_files::Outcome;
use crate::text::{Position, position};
use crate::yaml::Value;

/// The text of a test's outcome: file names and texts, what is said, and what is edited.
#[cfg(test)]
pub(super) mod tests;

/// The name of the file, and where the entry begins and ends in it.
fn place<'o>(outcome: &'o Outcome, entry: &Entry) -> Option<(&'o str, Option<(Position, Position)>)> {
    let file = outcome.files.get(entry.file?)?;
    let span = entry.span.map(|span| (position(&file.text, span.start), position(&file.text, span.end)));
    Some((&file.name, span))
}

/// `3 files`, `1 file`
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A value as JSON.
pub(super) fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Number(text) => text.parse::<Number>().map_or_else(|_| text.as_str().into(), serde_json::Value::Number),
        Value::Str(text) => text.as_str().into(),
        Value::List(items) => items.iter().map(to_json).collect(),
        Value::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), to_json(value))).collect::<Map<_, _>>().into(),
    }
}
