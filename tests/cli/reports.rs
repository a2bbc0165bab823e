//! The reports of `check`, read as the programs read them that they are for.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::common::{CALICO, Folder};

const RANGE: &str = "--ipv6-pod-cidr=fd00:10:244::/56";

/// Files with an error each of another kind, and one with nothing to say.
fn folder() -> Folder {
    Folder::with(&[
        ("a, b/calico.yaml", CALICO),
        ("broken.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: [<x>&\"\u{1}}\n"),
        ("fine.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n"),
    ])
}

/// The report over that folder, and over a file that is not there.
fn report(format: &str) -> String {
    let report = folder().run(["check", RANGE, "--output", format, ".", "gone.yaml"]);
    assert_eq!((report.code, report.stderr.as_str()), (2, ""), "{format}");
    report.stdout
}

fn strings<'v>(values: &'v Value, key: &str) -> Vec<&'v str> {
    let of = |value: &'v Value| value[key].as_str().unwrap_or_else(|| panic!("{value} must have `{key}`"));
    values.as_array().expect("a list").iter().map(of).collect()
}

/// What the schema of SARIF 2.1.0 requires, and what code scanning of GitHub requires beside it: a location for each
/// result, with a relative path, and a description for each rule.
#[test]
fn sarif_is_what_code_scanning_takes() {
    let sarif: Value = serde_json::from_str(&report("sarif")).expect("JSON");
    assert_eq!(sarif["version"], "2.1.0");
    let [run] = sarif["runs"].as_array().expect("runs").as_slice() else { panic!("one run") };
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "enable-dual-stack");
    let rules = strings(&driver["rules"], "id");
    assert_eq!(rules.len(), rules.iter().collect::<BTreeSet<_>>().len(), "each rule once");
    for rule in driver["rules"].as_array().expect("rules") {
        for key in ["shortDescription", "fullDescription", "help"] {
            assert!(!rule[key]["text"].as_str().expect("a text").is_empty(), "{rule}");
        }
        assert!(rule["helpUri"].as_str().is_none_or(|uri| uri.starts_with("https://")), "{rule}");
    }
    let names_its_rule = |value: &Value, id: &Value, index: &Value| {
        assert_eq!(id.as_str(), rules.get(usize::try_from(index.as_u64().expect("an index")).expect("small")).copied(), "{value}");
        assert!(["error", "warning", "note"].contains(&value["level"].as_str().expect("a level")), "{value}");
        assert!(!value["message"]["text"].as_str().expect("a message").is_empty(), "{value}");
    };
    let mut files = BTreeSet::new();
    for result in run["results"].as_array().expect("results") {
        names_its_rule(result, &result["ruleId"], &result["ruleIndex"]);
        let [location] = result["locations"].as_array().expect("locations").as_slice() else { panic!("{result}") };
        let physical = &location["physicalLocation"];
        files.insert(physical["artifactLocation"]["uri"].as_str().expect("a path"));
        let region = ["startLine", "startColumn", "endLine", "endColumn"].map(|key| physical["region"][key].as_u64().expect("a number"));
        assert!(region.iter().all(|number| *number > 0) && region[..2] <= region[2..], "{region:?}");
    }
    assert_eq!(files.into_iter().collect::<Vec<_>>(), ["a%2C%20b/calico.yaml", "broken.yaml"]);
    let [invocation] = run["invocations"].as_array().expect("invocations").as_slice() else { panic!("one invocation") };
    assert_eq!(invocation["executionSuccessful"], false);
    let notifications = invocation["toolExecutionNotifications"].as_array().expect("notifications");
    for notification in notifications {
        names_its_rule(notification, &notification["descriptor"]["id"], &notification["descriptor"]["index"]);
    }
    assert!(notifications[0]["message"]["text"].as_str().expect("a text").starts_with("gone.yaml: "), "{notifications:?}");
}

#[test]
fn junit_is_xml_whose_counts_are_right() {
    let report = report("junit");
    let xml = roxmltree::Document::parse(&report).unwrap_or_else(|error| panic!("{error}\n{report}"));
    assert_eq!(xml.root_element().tag_name().name(), "testsuites");
    let suites: Vec<_> = xml.root_element().children().filter(roxmltree::Node::is_element).collect();
    let names: Vec<_> = suites.iter().map(|suite| suite.attribute("name").expect("a name")).collect();
    assert_eq!(names, ["enable-dual-stack", "a, b/calico.yaml", "broken.yaml", "fine.yaml"]);
    for suite in &suites {
        let cases: Vec<_> = suite.children().filter(|node| node.has_tag_name("testcase")).collect();
        assert!(cases.iter().all(|case| case.attribute("name").is_some() && case.attribute("classname") == suite.attribute("name")));
        let failed = cases.iter().filter(|case| case.children().any(|node| node.has_tag_name("failure"))).count();
        let counts = ["tests", "failures"].map(|key| suite.attribute(key).expect("a count").parse::<usize>().expect("a number"));
        assert_eq!(counts, [cases.len(), failed], "{suite:?}");
    }
    let failures =
        |name: &str| suites.iter().find(|suite| suite.attribute("name") == Some(name)).and_then(|suite| suite.attribute("failures"));
    assert_eq!([failures("a, b/calico.yaml"), failures("broken.yaml"), failures("fine.yaml")], [Some("6"), Some("1"), Some("0")]);
}

/// As the runner reads a line: `::command name=value,name=value::message`, everything else escaped (actions/runner
/// src/Runner.Common/ActionCommand.cs).
#[test]
fn github_reads_every_line_as_an_annotation() {
    let unescaped = |text: &str| {
        ["%0D", "%0A", "%3A", "%2C", "%25"]
            .iter()
            .zip(["\r", "\n", ":", ",", "%"])
            .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    let report = report("github");
    let mut lines = Vec::new();
    for line in report.lines() {
        let (head, message) = line.strip_prefix("::").and_then(|line| line.split_once("::")).unwrap_or_else(|| panic!("{line}"));
        let (command, properties) = head.split_once(' ').unwrap_or_else(|| panic!("{line}"));
        assert!(["error", "warning", "notice"].contains(&command) && !message.is_empty(), "{line}");
        let properties: Vec<_> =
            properties.split(',').map(|property| property.split_once('=').unwrap_or_else(|| panic!("{line}"))).collect();
        assert!(properties.iter().all(|(name, _)| ["file", "line", "col", "endColumn", "title"].contains(name)), "{line}");
        let property = |key: &str| properties.iter().find(|(name, _)| *name == key).map(|(_, value)| unescaped(value)).unwrap_or_default();
        lines.push(format!("{command} {}:{} {}", property("file"), property("line"), property("title")));
    }
    assert_eq!(lines[0], "error : file-unreadable");
    assert!(lines.contains(&"error a, b/calico.yaml:45 calico-node-felix-ipv6".to_owned()), "{lines:#?}");
    assert!(lines.contains(&"error broken.yaml:3 file-not-yaml".to_owned()), "{lines:#?}");
    assert!(lines.contains(&"notice : calico-host-ipv6".to_owned()), "{lines:#?}");
}

#[test]
fn json_has_all_of_it() {
    let json: Value = serde_json::from_str(&report("json")).expect("JSON");
    let results = json["results"].as_array().expect("results");
    let errors = results.iter().filter(|result| result["severity"] == "error").count();
    assert_eq!(json["summary"], serde_json::json!({ "packages": 1, "files": 3, "skipped": 0, "errors": errors, "warnings": 0 }));
    assert_eq!(errors, 8);
    for key in ["severity", "rule", "message"] {
        assert_eq!(strings(&json["results"], key).len(), results.len());
    }
}

#[test]
fn nothing_to_say_is_a_report_too() {
    let folder = Folder::with(&[("a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n")]);
    let report = |format: &str| {
        let report = folder.run(["check", RANGE, "--output", format]);
        assert_eq!((report.code, report.stderr.as_str()), (0, ""), "{format}");
        report.stdout
    };
    let sarif: Value = serde_json::from_str(&report("sarif")).expect("JSON");
    assert_eq!(
        (&sarif["runs"][0]["results"], &sarif["runs"][0]["invocations"][0]["executionSuccessful"]),
        (&serde_json::json!([]), &true.into())
    );
    assert!(roxmltree::Document::parse(&report("junit")).is_ok());
    assert_eq!(report("github"), "::notice title=nothing-to-enable::nothing to enable: no object switches an address family on\n");
    assert!(report("text").ends_with("nothing to change; 1 file in 1 package\n"));
}
