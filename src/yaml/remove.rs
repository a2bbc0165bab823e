//! Taking members out of a collection, with the lines or the comma that belong to them.

use std::ops::Range;

use super::parse::{keeps_line_breaks, skip_blanks_and_comments};
use super::{Kind, Layout, Node, Style, style};
use crate::text::{self, Edit, Span};

/// Where the entries of a mapping, or the items of a sequence, stand. A block item begins at its dash.
pub(super) fn members(collection: Node<'_>) -> Vec<Span> {
    let block = collection.kind() == Kind::Sequence(Layout::Block);
    let entries = collection.entries().map(|(key, value)| Span::new(style::entry_start(key), value.span().end.max(key.span().end)));
    let items = collection.items().map(|item| Span::new(if block { item.slot() - 1 } else { item.start() }, item.span().end));
    entries.chain(items).collect()
}

/// Positions that follow each other, together.
pub(super) fn runs(positions: &[usize]) -> Vec<Range<usize>> {
    let mut sorted = positions.to_vec();
    sorted.sort_unstable();
    let mut runs: Vec<Range<usize>> = Vec::new();
    for position in sorted {
        match runs.last_mut() {
            Some(run) if run.end == position => run.end += 1,
            _ => runs.push(position..position + 1),
        }
    }
    runs
}

/// Takes the members of `run` out; where none is left, empty brackets are.
pub(super) fn run(collection: Node<'_>, members: &[Span], run: Range<usize>) -> Edit {
    let text = collection.source();
    let block = matches!(collection.kind(), Kind::Mapping(Layout::Block) | Kind::Sequence(Layout::Block));
    let span = Span::new(members[run.start].start, members[run.end - 1].end);
    match (block, members.get(run.end)) {
        (true, _) if run.len() == members.len() => {
            // The brackets go behind the key, its anchor and tag; a comment there stays.
            let from = properties_end(text, collection.slot(), span.start);
            let empty = if matches!(collection.kind(), Kind::Mapping(_)) { "{}" } else { "[]" };
            let blank = if text[..from].is_empty() || text[..from].ends_with(['\n', '\u{feff}']) { "" } else { " " };
            Edit::replace(Span::new(from, span.end), format!("{blank}{empty}{}", text[from..span.start].trim_end()))
        }
        (true, next) => match block_scalar_before(collection, span.start) {
            // The line break at the end of the scalar is a part of it.
            Some(_) if next.is_none() && text::line_end(text, span.end) == text.len() => {
                Edit::delete(Span::new(text::line_start(text, span.start), text.len()))
            }
            // The blank lines that follow would become a part of it.
            Some(scalar) if keeps_line_breaks(scalar.span().of(text)) => {
                Edit::delete(lines(text, Span::new(span.start, behind_blank_lines(text, span.end)), next))
            }
            _ => Edit::delete(lines(text, span, next)),
        },
        (false, _) if run.len() == members.len() => {
            let Span { start, end } = collection.span();
            Edit::delete(Span::new(start + 1, end - 1))
        }
        (false, Some(next)) => Edit::delete(Span::new(span.start, next.start)),
        (false, None) => Edit::delete(Span::new(members[run.start - 1].end, span.end)),
    }
}

/// The last value in front of `offset`, if it is a block scalar.
fn block_scalar_before(collection: Node<'_>, offset: usize) -> Option<Node<'_>> {
    let last = collection.descendants().take_while(|node| node.start() < offset).last();
    last.filter(|node| matches!(node.kind(), Kind::Scalar(Style::Literal | Style::Folded)))
}

/// The end of the line of `offset`, or of the last blank line that follows it.
fn behind_blank_lines(text: &str, offset: usize) -> usize {
    let end = text::line_end(text, offset);
    let blank = text[end..].len() - text[end..].trim_start_matches(['\r', '\n', ' ']).len();
    text[end..end + blank].rfind('\n').map_or(end, |newline| text::line_end(text, end + newline))
}

/// Where the anchor and tag that begin at or after `from` end; `from`, if there are none.
fn properties_end(text: &str, from: usize, end: usize) -> usize {
    let rest = text[from..end].trim_start_matches([' ', '\t']);
    if !rest.starts_with(['&', '!']) {
        return from;
    }
    let word = rest.find([' ', '\t', '\r', '\n']).unwrap_or(rest.len());
    properties_end(text, end - rest.len() + word, end)
}

/// The lines of a block member; where it begins behind a dash, what follows moves up to there.
fn lines(text: &str, span: Span, next: Option<&Span>) -> Span {
    let line = text::line_start(text, span.start);
    let end = text::line_end(text, span.end);
    if !text[line..span.start].trim().is_empty() {
        let direct = next.filter(|next| {
            skip_blanks_and_comments(text, span.end, next.start) == next.start
                && text[span.end..next.start].matches('\n').count() == 1
                && !text[span.end..next.start].contains('#')
        });
        return Span::new(span.start, direct.map_or(end, |next| next.start));
    }
    match text[end..].find('\n') {
        // The last member goes with the line break before it: text that comes behind the collection stands at its end.
        _ if next.is_none() => Span::new(text::line_end(text, line.saturating_sub(1)), end),
        Some(newline) => Span::new(line, end + newline + 1),
        None => Span::new(line, end),
    }
}
