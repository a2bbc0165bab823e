//! `--output github`: workflow commands, which GitHub shows as annotations of the lines of a pull request
//! (docs.github.com, Workflow commands for GitHub Actions).

use std::fmt::Write as _;

use super::place;
use crate::host::run_files::Outcome;
use crate::plan::Severity;

/// One command a line.
pub(in crate::host) fn render(outcome: &Outcome) -> String {
    let mut lines = String::new();
    for entry in &outcome.entries {
        let command = match entry.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "notice",
        };
        let mut properties = vec![format!("title={}", property(entry.rule))];
        if let Some((file, span)) = place(outcome, entry) {
            properties.insert(0, format!("file={}", property(file)));
            if let Some((start, end)) = span {
                properties.insert(1, format!("line={},col={},endColumn={}", start.line, start.column, end.column));
            }
        }
        let object = entry.object.as_ref().map(|object| format!("{}: ", object.title)).unwrap_or_default();
        let _ = writeln!(lines, "::{command} {}::{}", properties.join(","), data(&format!("{object}{}", entry.message)));
    }
    lines
}

/// Escaped as actions/toolkit does it, packages/core/src/command.ts.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use crate::host::output::tests::outcome;

    #[test]
    fn each_entry_is_a_command_for_its_line() {
        assert_eq!(
            super::render(&outcome()),
            "\
::error title=file-unreadable::gone.yaml: 100%25 gone
::error file=a%2Cb.yaml,line=3,col=10,endColumn=17,title=some-rule::DaemonSet kube-system/calico-node: must be changed%0Anow
::warning file=a%2Cb.yaml,title=other-rule::odd
"
        );
    }
}
