//! Where new text goes: behind the last member of a collection, laid out as that one is; and over old text.

use super::edit::Reword;
use super::parse::skip_blanks_and_comments;
use super::{Kind, Node, Style};
use crate::text::{self, Edit, Span};

/// Puts `lines`, each beginning with its line break, behind a block collection.
pub(super) fn append_block(node: Node<'_>, lines: String, edits: &mut Vec<Edit>) {
    let text = node.source();
    let end = text::line_end(text, node.span().end);
    if end == text.len() {
        edits.extend(keep_last_line_as_it_is(node));
    }
    edits.push(Edit::insert(end, lines));
}

/// Puts members behind the last one of a flow collection, laid out as that one is.
pub(super) fn append_flow(node: Node<'_>, members: &[String], edits: &mut Vec<Edit>) {
    let text = node.source();
    let Span { start, end } = node.span();
    let last = match node.kind() {
        Kind::Mapping(_) => node.entries().last().map(|(key, value)| (key.start(), value.span().end)),
        _ => node.items().last().map(|item| (item.start(), item.span().end)),
    };
    let Some((last_start, last_end)) = last else {
        edits.push(Edit::insert(start + 1, members.join(", ")));
        return;
    };
    let line = text::line_start(text, last_start);
    let lead = &text[line..last_start];
    let own_line = lead.trim().is_empty() && line > start;
    let separator =
        if own_line { format!("{}{lead}", text::newline(text, last_start)) } else { blanks_before(text, start + 1, last_start).to_owned() };
    let behind = skip_blanks_and_comments(text, last_end, end);
    if text[behind..end].starts_with(',') {
        let added = members.iter().map(|member| format!("{separator}{member},")).collect::<Vec<_>>().concat();
        let at = if own_line { behind_comment(text, behind + 1, end) } else { behind + 1 };
        edits.push(Edit::insert(at, added));
    } else {
        let added = members.iter().map(|member| format!("{separator}{member}")).collect::<Vec<_>>().join(",");
        let at = if own_line { behind_comment(text, last_end, end) } else { last_end };
        if at == last_end {
            edits.push(Edit::insert(last_end, format!(",{added}")));
        } else {
            edits.push(Edit::insert(last_end, ","));
            edits.push(Edit::insert(at, added));
        }
    }
}

/// A block scalar on the last line of a text without a final line break has no line break at its end. To keep it so
/// when text is put behind it, its header must say it: `|` becomes `|-`.
fn keep_last_line_as_it_is(collection: Node<'_>) -> Option<Edit> {
    let text = collection.source();
    let last = collection.descendants().last()?;
    let header = last.span().start;
    if !matches!(last.kind(), Kind::Scalar(Style::Literal | Style::Folded)) || last.span().end < text.len() {
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
    let longest = old.len().min(new.len()) - prefix;
    let suffix: usize =
        old[prefix..].chars().rev().zip(new[prefix..].chars().rev()).take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum();
    let suffix = suffix.min(longest);
    Edit::replace(Span::new(prefix, old.len() - suffix), &new[prefix..new.len() - suffix])
}

/// The blanks that separate the last member of a one-line flow collection from the one before it.
fn blanks_before(text: &str, from: usize, member: usize) -> &str {
    let before = text[from..member].trim_end();
    if before.ends_with(',') { &text[from + before.len()..member] } else { " " }
}

/// `at`, or the end of the comment that begins on the same line behind it.
fn behind_comment(text: &str, at: usize, end: usize) -> usize {
    let line_end = text::line_end(text, at);
    if line_end < end && text[at..line_end].trim_start().starts_with('#') { line_end } else { at }
}
