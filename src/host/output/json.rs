//! `--output json`: for scripts. Fields may be added, none goes away or changes its meaning.

use serde_json::{Map, Value, json};

use super::{place, to_json};
use crate::host::entry::Entry;
use crate::host::run_files::Outcome;
use crate::plan::Severity;

/// One object: `results` in the words of a KRM function's results, with file, line and column; and a `summary`.
pub(in crate::host) fn render(outcome: &Outcome) -> String {
    let results: Vec<_> = outcome.entries.iter().map(|entry| result(outcome, entry)).collect();
    let document = json!({
        "results": results,
        "summary": {
            "packages": outcome.packages,
            "files": outcome.files.len(),
            "skipped": outcome.skipped,
            "errors": outcome.count(Severity::Error),
            "warnings": outcome.count(Severity::Warning),
        },
    });
    format!("{document:#}\n")
}

fn result(outcome: &Outcome, entry: &Entry) -> Value {
    let mut result = Map::new();
    result.insert("severity".into(), entry.severity.word().into());
    result.insert("rule".into(), entry.rule.into());
    result.insert("message".into(), entry.message.as_str().into());
    if let Some((file, span)) = place(outcome, entry) {
        result.insert("file".into(), file.into());
        if let Some((start, _)) = span {
            result.insert("line".into(), start.line.into());
            result.insert("column".into(), start.column.into());
        }
    }
    if let Some(object) = &entry.object {
        let fields =
            [("apiVersion", &object.api_version), ("kind", &object.kind), ("name", &object.name), ("namespace", &object.namespace)];
        let reference: Map<_, _> =
            fields.into_iter().filter(|(_, text)| !text.is_empty()).map(|(key, text)| (key.to_owned(), text.as_str().into())).collect();
        result.insert("resourceRef".into(), reference.into());
    }
    let values = [("currentValue", &entry.current), ("proposedValue", &entry.proposed)];
    if let Some(path) = &entry.path {
        let mut field = Map::from_iter([("path".to_owned(), path.as_str().into())]);
        field.extend(values.into_iter().filter_map(|(key, value)| Some((key.to_owned(), to_json(value.as_ref()?)))));
        result.insert("field".into(), field.into());
    }
    result.into()
}
