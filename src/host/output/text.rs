//! `--output text`: for people. Grouped by file, each error and warning with its line; coloured, which who writes it to a
//! file takes out.

use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use anstyle::{AnsiColor, Style};

use super::{count, place, to_json};
use crate::host::entry::{Entry, Object};
use crate::host::files::SourceFile;
use crate::host::run_files::Outcome;
use crate::plan::Severity;
use crate::text::{Span, line_end, line_start, position};
use crate::yaml::Value;

const BOLD: Style = Style::new().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// Longer values are cut in a label.
const LABEL: usize = 72;

/// All that there is to say, and a summary.
pub(in crate::host) fn render(outcome: &Outcome) -> String {
    let mut text = String::new();
    let mut last = None;
    for entry in &outcome.entries {
        if entry.file.is_some() && entry.file != last {
            let name = place(outcome, entry).map_or("", |(name, _)| name);
            let _ = writeln!(text, "{BOLD}{name}{BOLD:#}");
        }
        last = entry.file;
        text += &one(outcome, entry);
    }
    text
}

/// Why nothing was done at all.
pub(in crate::host) fn failure(message: &str) -> String {
    format!("{}\n", Renderer::styled().render(&[Level::ERROR.primary_title(message).elements(std::iter::empty::<Element<'_>>())]))
}

/// What was done: how many files, how bad it is.
pub(in crate::host) fn summary(outcome: &Outcome, edited: &str) -> String {
    let (errors, warnings) = (outcome.count(Severity::Error), outcome.count(Severity::Warning));
    let mut parts = Vec::new();
    let changed = outcome.edits.iter().filter(|edits| !edits.is_empty()).count();
    if changed > 0 {
        parts.push(format!("{BOLD}{} {edited}{BOLD:#}", count(changed, "file")));
    }
    if errors > 0 {
        parts.push(format!("{RED}{}{RED:#}", count(errors, "error")));
    }
    if warnings > 0 {
        parts.push(count(warnings, "warning"));
    }
    if parts.is_empty() {
        parts.push(format!("{GREEN}nothing to change{GREEN:#}"));
    }
    let looked_at = format!("{} in {}", count(outcome.files.len(), "file"), count(outcome.packages, "package"));
    let skipped = match outcome.skipped {
        0 => String::new(),
        number => format!("{DIM}, {number} without objects of Kubernetes skipped{DIM:#}"),
    };
    let mut summary = format!("{}; {looked_at}{skipped}\n", parts.join(", "));
    if errors + warnings > 0 {
        let _ = writeln!(summary, "{DIM}`enable-dual-stack explain RULE` says what the word in brackets means{DIM:#}");
    }
    summary
}

fn one(outcome: &Outcome, entry: &Entry) -> String {
    let object = entry.object.as_ref().map(|object| format!("{}: ", object.title)).unwrap_or_default();
    if entry.severity == Severity::Info {
        let line = place(outcome, entry).and_then(|(_, span)| span).map(|(start, _)| format!("line {}: ", start.line));
        return format!("  {DIM}{}{DIM:#}{object}{} {DIM}[{}]{DIM:#}\n", line.unwrap_or_default(), entry.message, entry.rule);
    }
    let level = if entry.severity == Severity::Error { Level::ERROR } else { Level::WARNING };
    let title = level.primary_title(format!("{object}{}", entry.message)).id(entry.rule);
    let file = entry.file.and_then(|file| outcome.files.get(file));
    let elements = file.map(|file| source(file, entry)).into_iter().flatten();
    let report = [title.elements(elements)];
    format!("{}\n\n", Renderer::styled().render(&report))
}

/// The line of the entry; where it is a Secret's, only its number.
fn source<'o>(file: &'o SourceFile, entry: &'o Entry) -> Vec<Element<'o>> {
    // The name of the file stands above already.
    let Some(span) = entry.span else { return Vec::new() };
    let start = position(&file.text, span.start);
    // Where the file cannot be read, its objects are not known.
    let of_secret = entry.object.as_ref().map_or_else(|| file.text.contains("Secret"), Object::is_secret);
    if of_secret {
        return vec![Origin::path(file.name.as_str()).line(start.line).char_column(start.column).into()];
    }
    let line = Span::new(line_start(&file.text, span.start), line_end(&file.text, span.start));
    let mark = span.start - line.start..span.end.clamp(span.start, line.end) - line.start;
    let annotation = AnnotationKind::Primary.span(mark).label(label(entry));
    vec![Snippet::source(line.of(&file.text)).path(file.name.as_str()).line_start(start.line).annotation(annotation).into()]
}

/// What must be where the mark is.
fn label(entry: &Entry) -> Option<String> {
    let text = match (&entry.current, &entry.proposed) {
        (Some(_), Some(proposed)) => format!("must be {}", short(proposed)),
        (None, Some(proposed)) => format!("missing: {}{}", key(entry.path.as_deref()), short(proposed)),
        (_, None) => return None,
    };
    Some(text)
}

/// The key that is missing, where it says something: not the `value` of a variable, whose name the message has.
fn key(path: Option<&str>) -> String {
    let last = path.and_then(|path| path.rsplit('.').next()).unwrap_or_default();
    if last.is_empty() || last == "value" || last.contains(['[', ']', '"']) { String::new() } else { format!("{last}: ") }
}

fn short(value: &Value) -> String {
    let text = to_json(value).to_string();
    match text.char_indices().nth(LABEL) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use crate::host::output::tests::outcome;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn each_error_shows_its_line() {
        assert_eq!(
            plain(&super::render(&outcome())),
            r#"error[file-unreadable]: gone.yaml: 100% gone

a,b.yaml
error[some-rule]: DaemonSet kube-system/calico-node: must be changed
                  now
 --> a,b.yaml:3:10
  |
3 |   value: "false" # say
  |          ^^^^^^^ must be "true"

warning[other-rule]: odd

"#
        );
    }

    #[test]
    fn the_line_of_a_secret_is_not_shown() {
        let mut outcome = outcome();
        outcome.entries[1].object.as_mut().unwrap().kind = "Secret".into();
        let text = plain(&super::render(&outcome));
        assert!(text.contains("--> a,b.yaml:3:10\n") && !text.contains("value: \"false\""), "{text}");
    }

    #[test]
    fn the_summary_counts() {
        assert_eq!(
            plain(&super::summary(&outcome(), "to change")),
            "1 file to change, 2 errors, 1 warning; 2 files in 1 package, 3 without objects of Kubernetes skipped\n\
             `enable-dual-stack explain RULE` says what the word in brackets means\n"
        );
    }
}
