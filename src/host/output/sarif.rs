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
    let results: Vec<_> = outcome.entries.iter().map(|entry| result(outcome, entry, &spoken)).collect();
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
    if rule.source.starts_with("https://") {
        described["helpUri"] = rule.source.into();
    }
    described
}

fn result(outcome: &Outcome, entry: &Entry, spoken: &[&Rule]) -> Value {
    let level = match entry.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let object = entry.object.as_ref().map(|object| format!("{}: ", object.title)).unwrap_or_default();
    let mut result = json!({
        "ruleId": entry.rule,
        "level": level,
        "message": { "text": format!("{object}{}", entry.message) },
    });
    if let Some(index) = spoken.iter().position(|rule| rule.id == entry.rule) {
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
        let result = &run["results"][1];
        assert_eq!((&result["ruleId"], &result["level"]), (&json!("some-rule"), &json!("error")));
        assert_eq!(
            result["locations"][0]["physicalLocation"],
            json!({
                "artifactLocation": { "uri": "a%2Cb.yaml" },
                "region": { "startLine": 3, "startColumn": 10, "endLine": 3, "endColumn": 17 },
            })
        );
        assert_eq!(run["results"][0]["locations"], Value::Null, "what is about no file has no place");
    }
}
