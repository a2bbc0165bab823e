//! `--output json`: for scripts. Fields may be added, none goes away or changes its meaning.

use serde_json::{Map as Object, Value, json};

use super::{heading, headline, telling, word};
use crate::host::run_files::Outcome;
use crate::map::{Cell, Count, Map, Mark, Row, Section, State};

/// One object: a `summary`, and the `packages` that say something.
pub(in crate::host) fn render(outcome: &Outcome) -> String {
    let maps = telling(outcome);
    let document = json!({
        "summary": {
            "sentence": headline(&maps),
            "packages": outcome.packages,
            "files": outcome.files.len(),
            "skipped": outcome.skipped,
        },
        "packages": maps.iter().map(|map| package(map)).collect::<Vec<_>>(),
    });
    format!("{document:#}\n")
}

fn package(map: &Map) -> Value {
    let Count { ipv4, ipv6, wrong, unread } = map.count();
    json!({
        "files": map.files,
        "sentence": map.count().sentence(),
        "count": {
            "ipv4": { "places": ipv4.places, "have": ipv4.have },
            "ipv6": { "places": ipv6.places, "have": ipv6.have },
            "disagree": wrong,
            "unread": unread,
        },
        "sections": map.sections.iter().map(section).collect::<Vec<_>>(),
        "marks": map.marks.iter().map(mark).collect::<Vec<_>>(),
    })
}

fn section(section: &Section) -> Value {
    let [ipv4, ipv6] = section.expected.map(|range| range.map(|range| range.to_string()));
    json!({
        "about": heading(section.about).to_lowercase(),
        "expected": { "ipv4": ipv4, "ipv6": ipv6 },
        "rows": section.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn row(row: &Row) -> Value {
    json!({
        "who": row.who,
        "object": row.object,
        "primary": row.primary.map(|family| family.to_string()),
        "cells": row.cells.iter().map(cell).collect::<Vec<_>>(),
        "marks": row.marks.iter().map(mark).collect::<Vec<_>>(),
    })
}

fn cell(cell: &Cell) -> Value {
    let mut object = Object::new();
    object.insert("family".into(), cell.family.map(|family| family.to_string()).into());
    object.insert("state".into(), word(cell.state).into());
    if let State::Other(number) = cell.state {
        object.insert("other".into(), number.into());
    }
    object.insert("name".into(), cell.name.as_str().into());
    object.insert("value".into(), cell.text.as_deref().into());
    object.insert("path".into(), cell.path.to_string().into());
    object.insert("file".into(), cell.file.as_deref().into());
    object.insert("line".into(), cell.line.into());
    object.insert("rule".into(), cell.rule.map(|rule| rule.id).into());
    object.into()
}

fn mark(mark: &Mark) -> Value {
    json!({
        "severity": mark.severity.word(),
        "rule": mark.rule.id,
        "message": mark.message,
        "object": mark.object,
    })
}
