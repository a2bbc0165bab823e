//! `--output junit`: JUnit XML, which CI servers show as tests: a file is a suite, an error a failed case.

use std::fmt::Write as _;

use super::place;
use crate::host::entry::Entry;
use crate::host::run_files::Outcome;
use crate::plan::Severity;

/// A suite for each file, and one for what is about no file.
pub(in crate::host) fn render(outcome: &Outcome) -> String {
    let mut suites = String::new();
    let general: Vec<_> = outcome.entries.iter().filter(|entry| entry.file.is_none()).collect();
    if !general.is_empty() {
        suites += &suite(outcome, "enable-dual-stack", &general);
    }
    for (index, file) in outcome.files.iter().enumerate() {
        let entries: Vec<_> = outcome.entries.iter().filter(|entry| entry.file == Some(index)).collect();
        suites += &suite(outcome, &file.name, &entries);
    }
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"enable-dual-stack\">\n{suites}</testsuites>\n")
}

fn suite(outcome: &Outcome, name: &str, entries: &[&Entry]) -> String {
    let failures = entries.iter().filter(|entry| entry.severity == Severity::Error).count();
    let mut cases = String::new();
    for entry in entries {
        cases += &case(outcome, name, entry);
    }
    if cases.is_empty() {
        let _ = writeln!(cases, "    <testcase classname=\"{}\" name=\"dual-stack\"/>", escaped(name));
    }
    let tests = entries.len().max(1);
    format!("  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\">\n{cases}  </testsuite>\n", escaped(name))
}

fn case(outcome: &Outcome, suite: &str, entry: &Entry) -> String {
    let line = place(outcome, entry).and_then(|(_, span)| span).map(|(start, _)| start.line);
    let at = line.map(|line| format!("{suite}:{line}: ")).unwrap_or_default();
    let object = entry.object.as_ref().map(|object| format!("{}: ", object.title)).unwrap_or_default();
    let path = entry.path.as_ref().map(|path| format!("{path}: ")).unwrap_or_default();
    let name = line.map_or_else(|| entry.rule.to_owned(), |line| format!("{} line {line}", entry.rule));
    let said = escaped(&format!("{at}{object}{path}{}", entry.message));
    let said = match entry.severity {
        Severity::Error => format!("<failure type=\"{}\" message=\"{}\">{said}</failure>", escaped(entry.rule), escaped(&entry.message)),
        Severity::Warning | Severity::Info => format!("<system-out>{}: {said}</system-out>", entry.severity.word()),
    };
    format!("    <testcase classname=\"{}\" name=\"{}\">{said}</testcase>\n", escaped(suite), escaped(&name))
}

/// For text and attributes of XML 1.0, which has no control characters but these.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push(letter),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            letter if letter.is_control() => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use crate::host::output::tests::outcome;

    #[test]
    fn each_file_is_a_suite() {
        assert_eq!(
            super::render(&outcome()),
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="enable-dual-stack">
  <testsuite name="enable-dual-stack" tests="1" failures="1">
    <testcase classname="enable-dual-stack" name="file-unreadable"><failure type="file-unreadable" message="gone.yaml: 100% gone">gone.yaml: 100% gone</failure></testcase>
  </testsuite>
  <testsuite name="a,b.yaml" tests="2" failures="1">
    <testcase classname="a,b.yaml" name="some-rule line 3"><failure type="some-rule" message="must be changed&#10;now">a,b.yaml:3: DaemonSet kube-system/calico-node: spec.value: must be changed&#10;now</failure></testcase>
    <testcase classname="a,b.yaml" name="other-rule"><system-out>warning: odd</system-out></testcase>
  </testsuite>
  <testsuite name="fine &lt;1&gt;.yaml" tests="1" failures="0">
    <testcase classname="fine &lt;1&gt;.yaml" name="dual-stack"/>
  </testsuite>
</testsuites>
"#
        );
    }
}
