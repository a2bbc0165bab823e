//! One more object behind the last one: a document of a stream, or an item of a list.

use super::style::Look;
use super::{Node, Value, place, write};
use crate::text::{self, Edit};

/// The edits that put the mapping `value` behind the last document of the text, which `last` is the root of, as a
/// document that looks like it. A text without a line break at its end keeps none.
pub fn append_document(last: Node<'_>, value: &Value) -> Vec<Edit> {
    let text = last.source();
    let look = Look::of(last, last);
    let newline = look.newline;
    let lines = match value {
        Value::Map(entries) if !look.json => entries.iter().map(|(key, value)| write::block_entry(key, value, 0, &look)).collect(),
        other => format!("{newline}{}", write::flow(other, None, &look)),
    };
    let document = format!("---{lines}");
    if text.ends_with('\n') {
        return vec![Edit::insert(text.len(), format!("{document}{newline}"))];
    }
    let document = format!("{newline}{document}");
    if text::line_end(text, last.span().end) < text.len() {
        return vec![Edit::insert(text.len(), document)];
    }
    let mut edits = Vec::new();
    place::append_block(last, document, &mut edits);
    edits
}

/// The edits that put `value` behind `last`, the last item of a list in block style, as an item that looks like it;
/// nothing where `last` is no such item.
pub fn append_item(last: Node<'_>, value: &Value) -> Option<Vec<Edit>> {
    let text = last.source();
    let dash = text[..last.slot()].strip_suffix('-')?.len();
    let mut look = Look::of(last, last);
    let gap = &text[last.slot()..last.start()];
    if !gap.is_empty() && gap.bytes().all(|byte| byte == b' ') {
        look.gap = gap.len();
    }
    let mut edits = Vec::new();
    place::append_block(last, write::block_item(value, text::column(text, dash), &look), &mut edits);
    Some(edits)
}
