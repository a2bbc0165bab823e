//! `--output sarif`: SARIF 2.1.0 (OASIS), which code scanning of GitHub and GitLab, and editors read.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::place;
use crate::host::entry::Entry;
use crate::host::explain;
use crate::host::run_files::Outcome;
use crate::plan::{Rule, Severity};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// One run of one tool, with the rules that it speaks of.
pub(in crate::host) fn render(outcome: &Outcome) -> String {
    let spoken: Vec<&Rule> =
        explain::rules().into_iter().filter(|rule| outcome.entries.iter().any(|entry| entry.rule == rule.id)).collect();
    // GitHub refuses a whole file for one result without a location (github/codeql-action#2459).
    let (placed, general): (Vec<_>, Vec<_>) = outcome.entries.iter().partition(|entry| place(outcome, entry).is_some());
    let results: Vec<_> = placed.into_iter().map(|entry| result(outcome, entry, &spoken)).collect();
    let notifications: Vec<_> = general.into_iter().map(|entry| notification(entry, &spoken)).collect();
    let document = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": env!("CARGO_PKG_NAME"),
                "version": env!("CARGO_PKG_VERSION"),
                "informationUri": env!("CARGO_PKG_REPOSITORY"),
                "rules": spoken.iter().map(|rule| describe(rule)).collect::<Vec<_>>(),
            } },
            "invocations": [{ "executionSuccessful": !outcome.could_not, "toolExecutionNotifications": notifications }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{document:#}\n")
}

fn describe(rule: &Rule) -> Value {
    let mut described = json!({
        "id": rule.id,
        "shortDescription": { "text": rule.title },
        "fullDescription": { "text": rule.why },
        "help": { "text": format!("{} {}\nSource: {}", rule.why, rule.remedy, rule.source) },
    });
    if let Some(link) = rule.link() {
        described["helpUri"] = link.into();
    }
    described
}

fn level(entry: &Entry) -> &'static str {
    match entry.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn index(entry: &Entry, spoken: &[&Rule]) -> Option<usize> {
    spoken.iter().position(|rule| rule.id == entry.rule)
}

/// Something about the run, not about a place in a file.
fn notification(entry: &Entry, spoken: &[&Rule]) -> Value {
    let mut descriptor = json!({ "id": entry.rule });
    if let Some(index) = index(entry, spoken) {
        descriptor["index"] = index.into();
    }
    json!({ "descriptor": descriptor, "level": level(entry), "message": { "text": entry.message } })
}

fn result(outcome: &Outcome, entry: &Entry, spoken: &[&Rule]) -> Value {
    let object = entry.object.as_ref().map(|object| format!("{}: ", object.title)).unwrap_or_default();
    let mut result = json!({
        "ruleId": entry.rule,
        "level": level(entry),
        "message": { "text": format!("{object}{}", entry.message) },
    });
    if let Some(index) = index(entry, spoken) {
        result["ruleIndex"] = index.into();
    }
    if let Some((file, span)) = place(outcome, entry) {
        let mut physical = json!({ "artifactLocation": { "uri": uri(file) } });
        if let Some((start, end)) = span {
            physical["region"] =
                json!({ "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column });
        }
        result["locations"] = json!([{ "physicalLocation": physical }]);
    }
    result
}

/// The path as a relative reference of RFC 3986.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            byte => drop(write!(uri, "%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::host::output::tests::outcome;

    #[test]
    fn results_have_a_rule_a_level_and_a_region() {
        let document: Value = serde_json::from_str(&super::render(&outcome())).unwrap();
        let run = &document["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "file-unreadable");
        let result = &run["results"][0];
        assert_eq!((&result["ruleId"], &result["level"]), (&json!("some-rule"), &json!("error")));
        assert_eq!(
            result["locations"][0]["physicalLocation"],
            json!({
                "artifactLocation": { "uri": "a%2Cb.yaml" },
                "region": { "startLine": 3, "startColumn": 10, "endLine": 3, "endColumn": 17 },
            })
        );
        assert_eq!(run["results"].as_array().map(Vec::len), Some(2), "what is about no file is no result");
        assert_eq!(
            run["invocations"],
            json!([{
                "executionSuccessful": false,
                "toolExecutionNotifications": [{
                    "descriptor": { "id": "file-unreadable", "index": 0 },
                    "level": "error",
                    "message": { "text": "gone.yaml: 100% gone" },
                }],
            }])
        );
    }
}
