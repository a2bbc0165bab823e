//! Taking an entry or an item out, with the lines or the comma that belong to it.

use super::parse::skip_blanks_and_comments;
use super::{Kind, Layout, Node};
use crate::text::{self, Edit, Span};

/// Takes the entry of `key` out of `mapping`; the last one leaves `{}` behind.
pub(super) fn entry(mapping: Node<'_>, key: Node<'_>, value: Node<'_>) -> Edit {
    let members: Vec<_> = mapping.entries().map(|(key, value)| Span::new(key.start(), value.span().end)).collect();
    let position = members.iter().position(|member| member.start == key.start()).unwrap_or(0);
    let end = value.span().end.max(key.span().end);
    member(mapping, &members, position, Span::new(key.start(), end), "{}")
}

/// Takes the item at `index` out of `sequence`; the last one leaves `[]` behind.
pub(super) fn item(sequence: Node<'_>, index: usize) -> Edit {
    let text = sequence.source();
    let block = sequence.kind() == Kind::Sequence(Layout::Block);
    // A block item begins at its dash, right in front of its slot.
    let start = |item: Node<'_>| if block { item.slot() - 1 } else { item.start() };
    let members: Vec<_> = sequence.items().map(|item| Span::new(start(item), item.span().end)).collect();
    debug_assert!(!block || members.iter().all(|member| text[member.start..].starts_with('-')));
    member(sequence, &members, index, members[index], "[]")
}

fn member(collection: Node<'_>, members: &[Span], position: usize, span: Span, empty: &str) -> Edit {
    let text = collection.source();
    let block = matches!(collection.kind(), Kind::Mapping(Layout::Block) | Kind::Sequence(Layout::Block));
    match (block, members.get(position + 1)) {
        (true, _) if members.len() == 1 => {
            let slot = collection.slot();
            let from = if text[slot..span.start].trim().is_empty() { slot } else { span.start };
            let blank = if from == slot { " " } else { "" };
            Edit::replace(Span::new(from, span.end), format!("{blank}{empty}"))
        }
        (true, next) => Edit::delete(lines(text, span, next)),
        (false, _) if members.len() == 1 => {
            let Span { start, end } = collection.span();
            Edit::delete(Span::new(start + 1, end - 1))
        }
        (false, Some(next)) => Edit::delete(Span::new(span.start, next.start)),
        (false, None) => Edit::delete(Span::new(members[position - 1].end, span.end)),
    }
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
        Some(newline) => Span::new(line, end + newline + 1),
        // The last line has no line break: take the one before it.
        None if line > 0 => Span::new(text[..line].trim_end_matches(['\r', '\n']).len(), end),
        None => Span::new(line, end),
    }
}
