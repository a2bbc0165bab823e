//! The edits of a run as a unified diff, which `patch` and `git apply` take.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use similar::TextDiff;

use crate::host::run_files::Outcome;
use crate::text::splice;

/// The diff of every file that is edited; coloured, which who writes it to a file takes out.
pub(in crate::host) fn render(outcome: &Outcome) -> String {
    let edited = outcome.files.iter().zip(&outcome.edits).filter(|(_, edits)| !edits.is_empty());
    // Edits of a run are sorted and disjoint.
    edited.filter_map(|(file, edits)| Some(of_file(&file.name, &file.text, &splice(&file.text, edits.clone()).ok()?))).collect()
}

/// The unified diff of two texts, three lines of context around each change.
pub(in crate::host) fn of_file(name: &str, old: &str, new: &str) -> String {
    let name = name.trim_start_matches('/');
    let diff = TextDiff::from_lines(old, new);
    let unified = diff.unified_diff().context_radius(3).header(&format!("a/{name}"), &format!("b/{name}")).to_string();
    let mut colored = String::with_capacity(unified.len());
    for (number, line) in unified.split_inclusive('\n').enumerate() {
        let style = match line.as_bytes().first() {
            _ if number < 2 => Style::new().bold(),
            Some(b'+') => AnsiColor::Green.on_default(),
            Some(b'-') => AnsiColor::Red.on_default(),
            Some(b'@') => AnsiColor::Cyan.on_default(),
            _ => Style::new(),
        };
        let (words, end) = line.split_at(line.trim_end_matches(['\r', '\n']).len());
        let _ = write!(colored, "{style}{words}{style:#}{end}");
    }
    colored
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_diff_has_the_bytes_of_both_sides() {
        let diff = plain(&of_file("/x/a.yaml", "a: 1\r\nb: 2\r\nc: 3", "a: 1\r\nb: 2\r\nc: 4"));
        assert_eq!(
            diff,
            "--- a/x/a.yaml\n+++ b/x/a.yaml\n@@ -1,3 +1,3 @@\n a: 1\r\n b: 2\r\n-c: 3\n\\ No newline at end of file\n+c: 4\n\\ No newline at end of file\n"
        );
    }

    #[test]
    fn only_edited_files_have_one() {
        let diff = plain(&render(&crate::host::output::tests::outcome()));
        assert_eq!(
            diff,
            "--- a/a,b.yaml\n+++ b/a,b.yaml\n@@ -1,3 +1,3 @@\n kind: DaemonSet\n spec:\n-  value: \"false\" # say\n+  value: \"true\" # say\n"
        );
    }
}
