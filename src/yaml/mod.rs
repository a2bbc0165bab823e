//! A read-only tree of byte spans over YAML (and so JSON) text, and the way from wishes to edits.
//!
//! The tree never owns or prints a document: it says where things are. [`lower`](edit::lower) turns
//! what must hold into the fewest [`Edit`](crate::text::Edit)s.

mod document;
mod edit;
mod embed;
mod locate;
mod lower;
mod parse;
mod path;
mod place;
mod remove;
mod simple;
mod style;
mod value;
mod verify;
mod wish;
mod write;

use std::fmt;

pub use document::{append_document, append_item};
pub use edit::{Blocked, Done, Lowered, Op, Reword, Want, lower};
pub use embed::Embedded;
pub use locate::{Scalar, offset_of, visit};
pub use path::{Path, Step};
pub use value::{Value, is_plain_safe, quoted};
pub use verify::agrees;

use crate::text::Span;

type NodeId = u32;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `a`, or nothing at all.
    Plain,
    /// `'a'`
    Single,
    /// `"a"`
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// How a collection is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// By indentation.
    Block,
    /// In brackets.
    Flow,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A single value.
    Scalar(Style),
    /// Keys and values.
    Mapping(Layout),
    /// Items.
    Sequence(Layout),
    /// `*name`, with the node that it stands for.
    Alias(NodeId),
}

/// One node, in the order of the text; its descendants follow it directly, up to (not including) `end`. There are many:
/// they are kept small.
#[derive(Debug, PartialEq)]
struct Data {
    kind: Kind,
    /// The content, without anchor and tag.
    span: Place,
    /// Where text for this node could begin: right behind the `:`, `-` or `,` in front of it.
    slot: u32,
    /// Where anchor, tag or content begin.
    start: u32,
    end: NodeId,
    anchored: bool,
    /// The decoded value of a scalar.
    value: Decoded,
    tag: Option<Box<Span>>,
}

/// A [`Span`] of a text of less than 4 GiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    start: u32,
    end: u32,
}

impl Place {
    fn of(span: Span) -> Self {
        Self { start: small(span.start), end: small(span.end) }
    }

    fn span(self) -> Span {
        Span::new(self.start as usize, self.end as usize)
    }
}

/// An offset into a text of less than 4 GiB, which the parser has seen to.
fn small(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// The decoded value of a scalar.
#[derive(Debug, PartialEq)]
enum Decoded {
    /// It is the content as it stands in the text.
    Whole,
    /// It is the content without its quotes.
    Inner,
    /// It is written in another way.
    Other(Box<str>),
}

impl Data {
    /// The length of the [`value`](Self::value), in bytes.
    fn length(&self) -> usize {
        let length = (self.span.end - self.span.start) as usize;
        match &self.value {
            Decoded::Whole => length,
            Decoded::Inner => length - 2,
            Decoded::Other(value) => value.len(),
        }
    }

    fn value<'t>(&'t self, text: &'t str) -> &'t str {
        let Span { start, end } = self.span.span();
        match &self.value {
            Decoded::Whole => &text[start..end],
            Decoded::Inner => &text[start + 1..end - 1],
            Decoded::Other(value) => value,
        }
    }
}

/// All documents of a stretch of text.
#[derive(Debug, Default)]
pub struct Tree<'t> {
    text: &'t str,
    nodes: Nodes,
}

/// A [`Tree`] without its text: only where things are.
#[derive(Debug, Default, PartialEq)]
pub struct Nodes {
    all: Vec<Data>,
    roots: Vec<NodeId>,
    /// Where each document begins.
    documents: Vec<u32>,
}

/// The text is not YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// Byte offset of the place.
    pub offset: usize,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for YamlError {}

impl<'t> Tree<'t> {
    /// The documents in `text[span]`, with offsets of `text`.
    ///
    /// # Errors
    /// [`YamlError`] where the text is not YAML, nests deeper than 200 collections, or has 4 GiB or more.
    pub fn parse(text: &'t str, span: Span) -> Result<Self, YamlError> {
        parse::parse(text, span)
    }

    /// The root node of each document.
    pub fn roots(&self) -> impl Iterator<Item = Node<'_>> {
        self.nodes.roots(self.text)
    }

    /// The offset where each document begins: that of its `---`, or of its root.
    pub fn documents(&self) -> impl Iterator<Item = usize> {
        self.nodes.documents.iter().map(|&start| start as usize)
    }

    /// The node with this [`id`](Node::id).
    pub fn node(&self, id: NodeId) -> Node<'_> {
        self.nodes.node(self.text, id)
    }

    /// The tree without its text.
    pub fn into_nodes(self) -> Nodes {
        self.nodes
    }
}

impl Nodes {
    /// One null at `offset`, for what cannot be read.
    pub fn null(offset: usize) -> Self {
        let span = Span::at(offset);
        let place = small(offset);
        let (kind, value) = (Kind::Scalar(Style::Plain), Decoded::Whole);
        let node = Data { kind, span: Place::of(span), slot: place, start: place, end: 1, anchored: false, value, tag: None };
        Self { all: vec![node], roots: vec![0], documents: Vec::new() }
    }

    /// The root node of each document, in the `text` that was parsed.
    pub fn roots<'t>(&'t self, text: &'t str) -> impl Iterator<Item = Node<'t>> {
        self.roots.iter().map(move |&id| self.node(text, id))
    }

    /// The node with this [`id`](Node::id), in the `text` that was parsed.
    pub fn node<'t>(&'t self, text: &'t str, id: NodeId) -> Node<'t> {
        Node { text, nodes: self, id }
    }
}

/// A place in a [`Tree`].
#[derive(Clone, Copy)]
pub struct Node<'t> {
    text: &'t str,
    nodes: &'t Nodes,
    id: NodeId,
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?}", self.kind(), self.span().of(self.text))
    }
}

impl<'t> Node<'t> {
    fn data(self) -> &'t Data {
        &self.nodes.all[self.id as usize]
    }

    /// Names the node within its tree.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// The text that all offsets address.
    pub fn source(self) -> &'t str {
        self.text
    }

    /// What the node is; an alias is an alias here.
    pub fn kind(self) -> Kind {
        self.data().kind
    }

    /// The bytes of the content, without anchor and tag; empty for an empty value.
    pub fn span(self) -> Span {
        self.data().span.span()
    }

    /// The offset right behind the `:`, `-` or `,` that leads to the node.
    pub fn slot(self) -> usize {
        self.data().slot as usize
    }

    /// The offset where the node begins, its anchor and tag included.
    pub fn start(self) -> usize {
        self.data().start as usize
    }

    /// Whether the node is an alias: it stands for another one.
    pub fn is_alias(self) -> bool {
        matches!(self.data().kind, Kind::Alias(_))
    }

    /// Whether the node carries an anchor.
    pub fn is_anchored(self) -> bool {
        self.data().anchored
    }

    /// Whether the node carries an anchor that an alias refers to.
    pub fn is_aliased(self) -> bool {
        self.is_anchored() && self.nodes.all.iter().any(|other| other.kind == Kind::Alias(self.id))
    }

    /// The text of the node's tag, such as `!!str`.
    pub fn tag(self) -> Option<&'t str> {
        self.data().tag.as_ref().map(|tag| tag.of(self.text))
    }

    /// The node itself, or what it is an alias of.
    #[must_use]
    pub fn resolved(self) -> Self {
        match self.kind() {
            Kind::Alias(target) if (target as usize) < self.nodes.all.len() => Self { id: target, ..self },
            _ => self,
        }
    }

    /// The decoded text of a scalar, whatever type it has: `"true"` and `true` alike give `true`.
    pub fn text(self) -> Option<&'t str> {
        let node = self.resolved();
        matches!(node.kind(), Kind::Scalar(_)).then(|| node.data().value(self.text))
    }

    /// Whether [`Self::text`] is `wanted`; in most cases their lengths tell.
    fn is_text(self, wanted: &str) -> bool {
        let node = self.resolved();
        let data = node.data();
        matches!(data.kind, Kind::Scalar(_)) && data.length() == wanted.len() && data.value(self.text) == wanted
    }

    /// The value of a scalar that readers take for a string.
    pub fn string(self) -> Option<&'t str> {
        self.text().filter(|_| value::type_of(self.resolved()) == Some(value::Type::Str))
    }

    /// Whether the value is null: nothing, `~` or `null`.
    pub fn is_null(self) -> bool {
        value::type_of(self.resolved()) == Some(value::Type::Null)
    }

    /// The keys and values of a mapping, in order; nothing for any other node. Merge keys are not expanded.
    pub fn entries(self) -> impl Iterator<Item = (Node<'t>, Node<'t>)> {
        let node = self.resolved();
        let children = matches!(node.kind(), Kind::Mapping(_)).then(|| node.children());
        let mut children = children.into_iter().flatten();
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    /// The items of a sequence; nothing for any other node.
    pub fn items(self) -> impl Iterator<Item = Node<'t>> {
        let node = self.resolved();
        matches!(node.kind(), Kind::Sequence(_)).then(|| node.children()).into_iter().flatten()
    }

    fn children(self) -> impl Iterator<Item = Node<'t>> {
        let end = self.data().end;
        let mut next = self.id + 1;
        std::iter::from_fn(move || {
            let child = Node { id: next, ..self };
            (next < end).then(|| {
                next = child.data().end;
                child
            })
        })
    }

    /// Whether the node is a mapping that is written without braces, as in `[a: 1]`.
    pub(super) fn is_pair(self) -> bool {
        self.kind() == Kind::Mapping(Layout::Flow) && !self.span().of(self.text).starts_with('{')
    }

    /// The collections around the node, the innermost first.
    pub(super) fn ancestors(self) -> impl Iterator<Item = Node<'t>> {
        (0..self.id).rev().map(move |id| Node { id, ..self }).filter(move |node| node.data().end > self.id)
    }

    /// The node and all below it, in order of the text.
    pub fn descendants(self) -> impl Iterator<Item = Node<'t>> {
        (self.id..self.data().end).map(move |id| Node { id, ..self })
    }

    /// The value of `key`: the mapping's own, else one that a merge key (`<<`) brings.
    pub fn get(self, key: &str) -> Option<Node<'t>> {
        self.own(key).map(|(_, value)| value).or_else(|| self.merged(key))
    }

    /// The mapping's own entry `key`, merge keys left aside.
    pub fn own(self, key: &str) -> Option<(Node<'t>, Node<'t>)> {
        self.entries().find(|(name, _)| name.is_text(key))
    }

    /// The value of `key` that a merge key brings, one level deep.
    pub fn merged(self, key: &str) -> Option<Node<'t>> {
        let (_, merge) = self.own("<<")?;
        std::iter::once(merge).chain(merge.items()).find_map(|from| from.own(key).map(|(_, value)| value))
    }

    /// Follows keys from here: `node.at(&["spec", "template"])`.
    pub fn at(self, keys: &[&str]) -> Option<Node<'t>> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The place one step down; an inner document is not entered.
    fn step(self, step: &Step) -> Option<Self> {
        match step {
            Step::Key(key) => self.get(key),
            Step::Index(index) => self.items().nth(*index),
            Step::Item { key, value } => self.items().find(|item| item.text_at(&[key]) == Some(value)),
            Step::Inside => None,
        }
    }

    /// The place at `path`, or the last one on the way that is there; an inner document is not entered.
    #[must_use]
    pub fn nearest(self, path: &Path) -> Self {
        self.walk(path.steps()).0
    }

    /// As [`Self::nearest`], with the steps that are left.
    fn walk(self, steps: &[Step]) -> (Self, &[Step]) {
        let mut node = self;
        for (at, step) in steps.iter().enumerate() {
            let Some(next) = node.step(step) else { return (node, &steps[at..]) };
            node = next;
        }
        (node, &[])
    }

    /// The text of the scalar at `keys`.
    pub fn text_at(self, keys: &[&str]) -> Option<&'t str> {
        self.at(keys)?.text()
    }

    /// A key that this mapping has twice, with both places.
    pub fn duplicate_key(self) -> Option<(Node<'t>, Node<'t>)> {
        let mut seen = std::collections::BTreeMap::new();
        self.entries().find_map(|(key, _)| {
            let first = seen.insert(key.text()?, key)?;
            Some((first, key))
        })
    }
}
