//! Where new text goes: behind the last member of a collection, laid out as that one is; and over old text.

use super::edit::Reword;
use super::parse::skip_blanks_and_comments;
use super::{Kind, Layout, Node, Style, remove, style};
use crate::text::{self, Edit, Span};

/// Takes the members at the positions `gone` out of a collection, and puts `new` ones behind its last; those of a block
/// collection begin with their line break. What replaces the last members takes their place.
pub(super) fn change(node: Node<'_>, gone: &[usize], new: &[String], edits: &mut Vec<Edit>) {
    let text = node.source();
    let block = matches!(node.kind(), Kind::Mapping(Layout::Block) | Kind::Sequence(Layout::Block));
    let members = remove::members(node);
    let mut runs = remove::runs(gone);
    let tail = runs.pop_if(|run| run.end == members.len() && !new.is_empty());
    edits.extend(runs.into_iter().map(|run| remove::run(node, &members, run)));
    match tail {
        Some(run) if block => {
            let span = Span::new(members[run.start].start, text::line_end(text, members[run.end - 1].end));
            edits.push(Edit::replace(span, new.concat().trim_start()));
        }
        Some(run) => {
            let span = Span::new(members[run.start].start, members[run.end - 1].end);
            edits.push(Edit::replace(span, new.join(&format!(",{}", separator(node)))));
        }
        None if new.is_empty() => {}
        None if block => append_block(node, new.concat(), edits),
        None => append_flow(node, new, edits),
    }
}

/// Puts `lines`, each beginning with its line break, behind a block collection.
pub(super) fn append_block(node: Node<'_>, lines: String, edits: &mut Vec<Edit>) {
    let text = node.source();
    let end = behind_own_comments(text, text::line_end(text, node.span().end), style::column(node));
    if text::line_end(text, node.span().end) == text.len() {
        // Unless the scalar is written anew, or this is done already for a collection in this one.
        let keep = keep_last_line_as_it_is(node);
        let is_free =
            |keep: &Edit| edits.iter().all(|edit| edit != keep && (edit.span.end <= keep.span.start || keep.span.end < edit.span.start));
        let keep = keep.filter(is_free);
        edits.extend(keep);
    }
    edits.push(Edit::insert(end, lines));
}

/// Puts members behind the last one of a flow collection, laid out as that one is.
fn append_flow(node: Node<'_>, members: &[String], edits: &mut Vec<Edit>) {
    let text = node.source();
    let Span { start, end } = node.span();
    let Some(&Span { end: last_end, .. }) = remove::members(node).last() else {
        edits.push(Edit::insert(start + 1, members.join(", ")));
        return;
    };
    let separator = separator(node);
    let own_line = separator.contains('\n');
    let behind = skip_blanks_and_comments(text, last_end, end);
    if text[behind..end].starts_with(',') {
        let added = members.iter().map(|member| format!("{separator}{member},")).collect::<Vec<_>>().concat();
        let at = if own_line { behind_comment(text, behind + 1) } else { behind + 1 };
        edits.push(Edit::insert(at, added));
    } else {
        let added = members.iter().map(|member| format!("{separator}{member}")).collect::<Vec<_>>().join(",");
        let at = if own_line { behind_comment(text, last_end) } else { last_end };
        if at == last_end {
            edits.push(Edit::insert(last_end, format!(",{added}")));
        } else {
            edits.push(Edit::insert(last_end, ","));
            edits.push(Edit::insert(at, added));
        }
    }
}

/// What stands between a comma and the next member of a flow collection.
fn separator(node: Node<'_>) -> String {
    let text = node.source();
    let Some(last) = remove::members(node).pop() else { return " ".to_owned() };
    let line = text::line_start(text, last.start);
    let lead = &text[line..last.start];
    if lead.trim().is_empty() { format!("{}{lead}", text::newline(text, last.start)) } else { blanks_behind_comma(node).to_owned() }
}

/// A block scalar on the last line of a text without a final line break has no line break at its end. To keep it so
/// when text is put behind it, its header must say it: `|` becomes `|-`.
fn keep_last_line_as_it_is(collection: Node<'_>) -> Option<Edit> {
    let text = collection.source();
    let last = collection.descendants().last()?;
    let header = last.span().start;
    if !matches!(last.kind(), Kind::Scalar(Style::Literal | Style::Folded)) {
        return None;
    }
    let rest = &text[header + 1..];
    let length = rest.find(|c: char| !(c.is_ascii_digit() || "+-".contains(c))).unwrap_or(rest.len());
    let indicators = &rest[..length];
    let digits: String = indicators.chars().filter(char::is_ascii_digit).collect();
    let span = Span::new(header + 1, header + 1 + length);
    (!indicators.contains('-')).then(|| Edit::replace(span, format!("{digits}-")))
}

/// Replaces words of a comment in `span`, where no value stands.
pub(super) fn reworded(text: &str, span: Span, reword: &Reword) -> Option<Edit> {
    let at = span.start + span.of(text).find(reword.from)?;
    let line = &text[text::line_start(text, at)..at];
    line.contains('#').then(|| Edit::replace(Span::new(at, at + reword.from.len()), reword.to.clone()))
}

/// The shortest edit from `old` to `new`.
pub(super) fn difference(old: &str, new: &str) -> Edit {
    let prefix = old.char_indices().zip(new.chars()).find(|((_, a), b)| a != b).map_or(old.len().min(new.len()), |((at, _), _)| at);
    let suffix: usize =
        old[prefix..].chars().rev().zip(new[prefix..].chars().rev()).take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum();
    Edit::replace(Span::new(prefix, old.len() - suffix), &new[prefix..new.len() - suffix])
}

/// The blanks between two members on one line: as this collection has them, or the nearest one around it.
fn blanks_behind_comma(node: Node<'_>) -> &str {
    let text = node.source();
    let between = |collection: Node<'_>| {
        let members = remove::members(collection);
        members
            .windows(2)
            .rev()
            .find_map(|pair| text[pair[0].end..pair[1].start].strip_prefix(',').filter(|blanks| blanks.trim_matches(' ').is_empty()))
    };
    let is_flow = |node: &Node<'_>| matches!(node.kind(), Kind::Mapping(Layout::Flow) | Kind::Sequence(Layout::Flow));
    let found = std::iter::once(node).chain(node.ancestors()).filter(is_flow).find_map(between);
    let is_dense = || node.entries().last().is_some_and(|(key, value)| &text[key.span().end..value.start()] == ":");
    found.unwrap_or_else(|| if is_dense() { "" } else { " " })
}

/// `end`, or the end of the last comment that follows on lines of its own and stands deeper than `column`: it belongs to
/// what is in front of it.
fn behind_own_comments(text: &str, end: usize, column: usize) -> usize {
    let mut reached = end;
    let mut at = end;
    while at < text.len() {
        let start = at + 1 + usize::from(text[at..].starts_with('\r'));
        at = text::line_end(text, start);
        let line = &text[start..at];
        let indent = line.len() - line.trim_start_matches(' ').len();
        if line[indent..].starts_with('#') && indent > column {
            reached = at;
        } else if !line.trim().is_empty() {
            break;
        }
    }
    reached
}

/// `at`, or the end of the comment that begins on the same line behind it.
fn behind_comment(text: &str, at: usize) -> usize {
    let line_end = text::line_end(text, at);
    if text[at..line_end].trim_start().starts_with('#') { line_end } else { at }
}
