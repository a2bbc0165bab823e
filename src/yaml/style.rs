//! How the neighbours are written. New text looks like them; no system decides about looks.

use super::{Kind, Layout, Node, Style, is_plain_safe};
use crate::text;

/// How new text must look at one place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look<'t> {
    /// The collection that the new text goes into: its values show which quotes a value gets.
    pub like: Node<'t>,
    /// The line break.
    pub newline: &'static str,
    /// How much deeper the keys of a nested mapping stand.
    pub step: usize,
    /// How much deeper than its key the dashes of a sequence stand.
    pub dash: usize,
    /// Blanks between a dash and what follows.
    pub gap: usize,
    /// Keys and strings in double quotes: the neighbours are JSON.
    pub json: bool,
}

/// Quotes around a string: where it needs none, and where it needs some.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quotes {
    /// Around a string that could stand plain.
    pub free: Option<char>,
    /// Around a string that could not.
    pub needed: char,
}

impl<'t> Look<'t> {
    /// The look of new text in or under `parent`.
    pub(super) fn of(parent: Node<'t>) -> Self {
        Self {
            like: parent,
            newline: text::newline(parent.tree().text(), parent.span().end),
            step: step(parent).unwrap_or(2),
            dash: dash(parent).unwrap_or(0),
            gap: gap(parent).unwrap_or(1),
            json: is_json(parent),
        }
    }

    /// The quotes for the value of `key`, or for an item: as the neighbours have them.
    pub(super) fn quotes(&self, key: Option<&str>) -> Quotes {
        match (self.like.kind(), key) {
            (Kind::Mapping(_), _) => quotes(self.like.entries().map(|(_, value)| value)),
            (_, Some(key)) => quotes(self.like.items().filter_map(|item| item.own(key).map(|(_, value)| value))),
            (_, None) => quotes(self.like.items()),
        }
    }
}

/// The column that the keys or dashes of a block collection stand at.
pub(super) fn column(collection: Node<'_>) -> usize {
    let first = match collection.kind() {
        Kind::Mapping(_) => collection.entries().next().map_or(collection.span().start, |(key, _)| entry_start(key)),
        _ => collection.span().start,
    };
    text::column(collection.tree().text(), first)
}

/// Where the entry of `key` begins: at the key, or at the question mark in front of it.
pub(super) fn entry_start(key: Node<'_>) -> usize {
    let (text, start) = (key.tree().text(), key.start());
    let line = &text[text::line_start(text, start)..start];
    let mark = line.trim_end_matches([' ', '\t']);
    if mark.ends_with('?') { start - (line.len() - mark.len()) - 1 } else { start }
}

/// The comment in the header of a block scalar, which stays when the block goes; with the blank in front of it.
pub(super) fn header_comment(node: Node<'_>) -> &str {
    let is_block = matches!(node.kind(), Kind::Scalar(Style::Literal | Style::Folded));
    let text = node.tree().text();
    let header = &text[node.span().start..text::line_end(text, node.span().start)];
    header.find(" #").filter(|_| is_block).map_or("", |at| &header[at..])
}

/// The nearest value that had a choice decides; where quotes are needed, the nearest quoted one.
fn quotes<'t>(like: impl Iterator<Item = Node<'t>>) -> Quotes {
    let mut needed = None;
    let mut chosen = None;
    for node in like.collect::<Vec<_>>().into_iter().rev() {
        let quote = match node.kind() {
            Kind::Scalar(Style::Double) => Some('"'),
            Kind::Scalar(Style::Single) => Some('\''),
            Kind::Scalar(Style::Plain) if node.string().is_some() => None,
            _ => continue,
        };
        needed = needed.or(quote);
        if chosen.is_none() && (quote.is_none() || is_plain_safe(node.text().unwrap_or_default(), false)) {
            chosen = Some(quote);
        }
        if chosen.is_some() && needed.is_some() {
            break;
        }
    }
    Quotes { free: chosen.flatten(), needed: needed.unwrap_or('"') }
}

/// Whether `node`, or the first mapping around or in it, has its keys in double quotes.
fn is_json(node: Node<'_>) -> bool {
    let double = |key: Node<'_>| key.kind() == Kind::Scalar(Style::Double);
    if let Some((key, _)) = node.entries().next() {
        return node.kind() == Kind::Mapping(Layout::Flow) && double(key);
    }
    let root = node.tree().roots().next();
    root.is_some_and(|root| root.kind() == Kind::Mapping(Layout::Flow) && root.entries().next().is_some_and(|(key, _)| double(key)))
}

/// The nodes nearest to `parent` first: its own children, then the whole document.
fn around(parent: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    parent.descendants().chain(parent.tree().roots().flat_map(Node::descendants))
}

/// How deep a block value stands under its key, for the first key whose value is of the `wanted` kind.
fn depth_under_key(parent: Node<'_>, wanted: Kind) -> Option<usize> {
    around(parent).filter(|node| node.kind() == Kind::Mapping(Layout::Block)).find_map(|mapping| {
        let outer = column(mapping);
        mapping.entries().find(|(_, value)| value.kind() == wanted).and_then(|(_, value)| column(value).checked_sub(outer))
    })
}

fn step(parent: Node<'_>) -> Option<usize> {
    depth_under_key(parent, Kind::Mapping(Layout::Block)).filter(|&step| step > 0)
}

fn dash(parent: Node<'_>) -> Option<usize> {
    depth_under_key(parent, Kind::Sequence(Layout::Block))
}

/// Blanks behind the dash of the last item of this sequence that is written on the line of its dash.
fn gap(parent: Node<'_>) -> Option<usize> {
    let text = parent.tree().text();
    if parent.kind() != Kind::Sequence(Layout::Block) {
        return None;
    }
    parent
        .items()
        .filter_map(|item| {
            let between = &text[item.slot()..item.start()];
            (!between.is_empty() && between.bytes().all(|byte| byte == b' ')).then_some(between.len())
        })
        .last()
}
