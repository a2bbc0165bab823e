//! How the neighbours are written. New text looks like them; no system decides about looks.

use super::{Kind, Layout, Node, Style, is_plain_safe};
use crate::text;

/// How new text must look at one place.
#[derive(Clone, Debug)]
pub(super) struct Look<'t> {
    /// The last values or items of the collection that the new text goes into: they show which quotes a value gets.
    neighbours: Vec<Node<'t>>,
    /// Whether they are items of a sequence.
    items: bool,
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

/// How many neighbours are looked at: as many as a person would.
const NEIGHBOURS: usize = 32;

/// Quotes around a string: where it needs none, and where it needs some.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quotes {
    /// Around a string that could stand plain.
    pub free: Option<char>,
    /// Around a string that could not.
    pub needed: char,
}

impl<'t> Look<'t> {
    /// The look of new text in or under `parent`, a part of `object`.
    pub(super) fn of(parent: Node<'t>, object: Node<'t>) -> Self {
        let items = matches!(parent.kind(), Kind::Sequence(_));
        let all: Vec<_> = if items { parent.items().collect() } else { parent.entries().map(|(_, value)| value).collect() };
        Self {
            neighbours: all[all.len().saturating_sub(NEIGHBOURS)..].to_vec(),
            items,
            newline: text::newline(parent.source(), parent.span().end),
            step: depth_under_key(parent, object, Kind::Mapping(Layout::Block)).unwrap_or(2),
            dash: depth_under_key(parent, object, Kind::Sequence(Layout::Block)).unwrap_or(0),
            gap: gap(parent).unwrap_or(1),
            json: is_json(parent, object),
        }
    }

    /// The quotes for the value of `key`, or for an item: as the neighbours have them.
    pub(super) fn quotes(&self, key: Option<&str>) -> Quotes {
        let neighbours = self.neighbours.iter().rev().copied();
        match key.filter(|_| self.items) {
            Some(key) => quotes(neighbours.filter_map(|item| item.own(key).map(|(_, value)| value))),
            None => quotes(neighbours),
        }
    }
}

/// The column that the keys or dashes of a block collection stand at.
pub(super) fn column(collection: Node<'_>) -> usize {
    text::column(collection.source(), collection.span().start)
}

/// Where the entry of `key` begins: at the key, or at the question mark in front of it.
pub(super) fn entry_start(key: Node<'_>) -> usize {
    let (text, start) = (key.source(), key.start());
    let line = &text[text::line_start(text, start)..start];
    let mark = line.trim_end_matches([' ', '\t']);
    if mark.ends_with('?') { start - (line.len() - mark.len()) - 1 } else { start }
}

/// The comment in the header of a block scalar, which stays when the block goes; with the blank in front of it.
pub(super) fn header_comment(node: Node<'_>) -> &str {
    let is_block = matches!(node.kind(), Kind::Scalar(Style::Literal | Style::Folded));
    let text = node.source();
    let header = &text[node.span().start..text::line_end(text, node.span().start)];
    header.find(" #").filter(|_| is_block).map_or("", |at| &header[at..])
}

/// The nearest value that had a choice decides; where quotes are needed, the nearest quoted one. Nearest first.
fn quotes<'t>(neighbours: impl Iterator<Item = Node<'t>>) -> Quotes {
    let mut needed = None;
    let mut chosen = None;
    for node in neighbours {
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

/// Whether `node`, or if it is no mapping with keys the object that it is in, has its keys in double quotes.
fn is_json(node: Node<'_>, object: Node<'_>) -> bool {
    let double = |key: Node<'_>| key.kind() == Kind::Scalar(Style::Double);
    if let Some((key, _)) = node.entries().next() {
        return node.kind() == Kind::Mapping(Layout::Flow) && double(key);
    }
    object.kind() == Kind::Mapping(Layout::Flow) && object.entries().next().is_some_and(|(key, _)| double(key))
}

/// The nodes nearest to `parent` first: its own children, then the whole object.
fn around<'t>(parent: Node<'t>, object: Node<'t>) -> impl Iterator<Item = Node<'t>> {
    parent.descendants().chain(object.descendants())
}

/// How deep a block value stands under its key, for the first key whose value is of the `wanted` kind.
fn depth_under_key(parent: Node<'_>, object: Node<'_>, wanted: Kind) -> Option<usize> {
    around(parent, object).filter(|node| node.kind() == Kind::Mapping(Layout::Block)).find_map(|mapping| {
        let outer = column(mapping);
        mapping.entries().find(|(_, value)| value.kind() == wanted).and_then(|(_, value)| column(value).checked_sub(outer))
    })
}

/// Blanks behind the dash of the last item of this sequence that is written on the line of its dash.
fn gap(parent: Node<'_>) -> Option<usize> {
    let text = parent.source();
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
