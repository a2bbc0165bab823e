//! Parser events → a tree of byte spans. The only file that names the parser crate.
//!
//! The parser is `granit-parser`. What its positions need before they can be edited by is done here, once:
//!
//! - block collections "end" at the next token, after comments and blank lines: ours end with their last leaf;
//! - an empty value is reported before its `:`: ours is right behind it;
//! - a block scalar's span leaves its header out and takes blank lines in: ours is header to last content line;
//! - anchors and tags come separately: ours are part of the node.

use std::borrow::Cow;
use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, StructureStyle, options};

use super::{Data, Decoded, Kind, Layout, NodeId, Nodes, Place, Style, Tree, YamlError, simple, small};
use crate::text::{self, Span};

/// Collections nested deeper than this are refused: no Kubernetes object needs it, and a stack has an end.
pub(super) const NESTING_LIMIT: usize = 200;

/// More values than this are refused: they take 0.7 GB, and what must be parsed of a package of 100 MB has at most half of
/// them.
pub(super) const VALUE_LIMIT: usize = 10_000_000;

/// Texts as large as this are refused: their offsets do not fit into 32 bits.
const SIZE_LIMIT: usize = 1 << 32;

/// Parses all documents of `text[span]`; every offset of the tree is one of `text`.
pub(super) fn parse(text: &str, span: Span) -> Result<Tree<'_>, YamlError> {
    if span.end >= SIZE_LIMIT {
        return Err(YamlError { offset: span.start, message: "the text has 4 GiB or more, which is the limit".into() });
    }
    let Some(nodes) = simple::parse(text, span) else { return parse_all(text, span) };
    if cfg!(debug_assertions) {
        let all = parse_all(text, span).unwrap_or_else(|error| panic!("{error} at {} of {:?}", error.offset, span.of(text)));
        assert_eq!(nodes, all.nodes, "{:?}", span.of(text));
    }
    Ok(Tree { text, nodes })
}

/// Parses what may be any YAML.
fn parse_all(text: &str, span: Span) -> Result<Tree<'_>, YamlError> {
    let slice = span.of(text);
    let options = options! {
        emit_comments: false,
        emit_anchor_events: true,
        block_scalar_eof_without_line_feed: true,
        flow_nesting_limit: NESTING_LIMIT,
        block_nesting_limit: NESTING_LIMIT,
    };
    let mut builder = Builder::new(text, span);
    for next in Parser::new_from_str_with_options(slice, options) {
        match next {
            Ok((event, at)) => {
                let range = at.byte_range().unwrap_or_default();
                let tag = at.tag_span().and_then(|tag| tag.byte_range());
                let place = Span::new(span.start + range.start, span.start + range.end);
                if builder.nodes.all.len() >= VALUE_LIMIT {
                    let message = format!("there are more than {VALUE_LIMIT} values, which is the limit: split the text");
                    return Err(YamlError { offset: place.start, message });
                }
                builder.event(event, place, tag.map(|tag| Span::new(span.start + tag.start, span.start + tag.end)));
            }
            Err(error) => {
                let offset = span.start + error.marker().byte_offset().unwrap_or(0);
                let message = match error.kind() {
                    ErrorKind::RecursionLimitExceeded => {
                        format!("collections are nested more than {NESTING_LIMIT} deep, which is the limit")
                    }
                    _ => error.info(),
                };
                return Err(YamlError { offset: offset.min(span.end), message });
            }
        }
    }
    builder.nodes.all.shrink_to_fit();
    Ok(Tree { text, nodes: builder.nodes })
}

/// A collection whose end has not come yet.
struct Open {
    node: usize,
    children: usize,
    /// Where the last child ended, or where the collection began: what comes next is looked for from here.
    reached: usize,
}

struct Builder<'t> {
    text: &'t str,
    nodes: Nodes,
    open: Vec<Open>,
    anchors: HashMap<usize, NodeId>,
    /// Where the next document root may begin.
    document: usize,
    end: usize,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str, span: Span) -> Self {
        let mark = if span.of(text).starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let document = span.start + mark;
        Self { text, nodes: Nodes::default(), open: Vec::new(), anchors: HashMap::new(), document, end: span.end }
    }

    fn event(&mut self, event: Event<'t>, at: Span, tag: Option<Span>) {
        match event {
            Event::DocumentStart(explicit, _) => {
                // In front of a block scalar, an implicit start is reported at its first line.
                let start = if explicit { at.start } else { skip_blanks_and_comments(self.text, self.document, self.end).min(at.start) };
                self.document = if explicit { at.end } else { start };
                self.nodes.documents.push(small(start));
            }
            Event::DocumentEnd => self.document = at.end,
            Event::Scalar(value, style, ..) => {
                let id = self.push(Kind::Scalar(style_of(style)), at, tag, value);
                self.finish_scalar(id, style);
            }
            Event::Alias(anchor) => {
                let target = self.anchors.get(&anchor).copied();
                let id = self.push(Kind::Alias(target.unwrap_or(NodeId::MAX)), at, tag, Cow::Borrowed(""));
                self.close(id);
            }
            Event::SequenceStart(style, ..) => self.begin(Kind::Sequence(layout_of(style)), at, tag),
            Event::MappingStart(style, ..) => self.begin(Kind::Mapping(layout_of(style)), at, tag),
            Event::SequenceEnd | Event::MappingEnd => self.end(at),
            Event::Anchor(anchor, _) => {
                let id = self.nodes.all.len() - 1;
                self.anchors.insert(anchor, id_of(id));
                let node = &mut self.nodes.all[id];
                node.anchored = true;
                node.start = node.start.min(small(at.start));
                self.refine_behind(id, at.end);
            }
            Event::StreamStart | Event::StreamEnd | _ => {}
        }
    }

    fn push(&mut self, kind: Kind, at: Span, tag: Option<Span>, value: Cow<'t, str>) -> usize {
        let slot = self.slot(at);
        let start = tag.map_or(at.start, |tag| tag.start.min(at.start));
        let id = self.nodes.all.len();
        let (value, tag) = (self.decoded(kind, at, value), tag.map(Box::new));
        let (span, slot, start) = (Place::of(at), small(slot), small(start));
        self.nodes.all.push(Data { kind, span, slot, start, end: 0, anchored: false, value, tag });
        match self.open.last_mut() {
            Some(parent) => parent.children += 1,
            None => self.nodes.roots.push(id_of(id)),
        }
        id
    }

    /// A value that stands in the text as it is, perhaps in quotes, needs no memory of its own. The span of a block
    /// scalar gets its header in front later.
    fn decoded(&self, kind: Kind, at: Span, value: Cow<'_, str>) -> Decoded {
        let is_block = matches!(kind, Kind::Scalar(Style::Literal | Style::Folded));
        match value {
            Cow::Borrowed(value) if !is_block => {
                let is = |start: usize, end: usize| self.text.get(start..end) == Some(value);
                match at.end.checked_sub(1) {
                    _ if is(at.start, at.end) => Decoded::Whole,
                    Some(end) if is(at.start + 1, end) => Decoded::Inner,
                    _ => Decoded::Other(value.into()),
                }
            }
            value => Decoded::Other(value.into_owned().into_boxed_str()),
        }
    }

    /// Where the text of the next node may begin: behind the `:`, the `-` or the `,` in front of it.
    fn slot(&self, at: Span) -> usize {
        let Some(parent) = self.open.last() else { return self.document };
        let text = self.text;
        let found = skip_blanks_and_comments(text, parent.reached, self.end);
        let marker = match self.nodes.all[parent.node].kind {
            Kind::Mapping(_) if parent.children % 2 == 1 => ':',
            Kind::Sequence(Layout::Block) => '-',
            Kind::Mapping(Layout::Flow) | Kind::Sequence(Layout::Flow) if parent.children > 0 => ',',
            _ => return found.min(at.start),
        };
        let mapping = &self.nodes.all[parent.node];
        // On a line of its own, the `:` behind a `?` stands at the column of its mapping: another one is of one around it.
        let is_own = mapping.kind != Kind::Mapping(Layout::Block)
            || !text[parent.reached..found].contains('\n')
            || text::column(text, found) == text::column(text, mapping.span.start as usize);
        if is_own && text[found..self.end].starts_with(marker) { found + 1 } else { parent.reached }
    }

    fn begin(&mut self, kind: Kind, at: Span, tag: Option<Span>) {
        let id = self.push(kind, at, tag, Cow::Borrowed(""));
        let node = &mut self.nodes.all[id];
        let reached = match kind {
            Kind::Mapping(Layout::Flow) | Kind::Sequence(Layout::Flow) => at.end,
            Kind::Sequence(Layout::Block) => {
                // A sequence at the column of its key is reported behind its first dash: ours begins at it.
                let dash = behind_properties(self.text, node.slot as usize, self.end);
                node.span.start = small(dash);
                node.start = node.start.min(small(dash));
                dash
            }
            _ => at.start,
        };
        self.open.push(Open { node: id, children: 0, reached });
    }

    fn end(&mut self, at: Span) {
        let Some(open) = self.open.pop() else { return };
        let node = &mut self.nodes.all[open.node];
        node.span.end = match node.kind {
            Kind::Mapping(Layout::Flow) | Kind::Sequence(Layout::Flow) => small(at.end.max(open.reached)),
            _ => small(open.reached),
        };
        self.close(open.node);
    }

    /// The node and all below it are complete.
    fn close(&mut self, id: usize) {
        let end = self.nodes.all.len();
        let node = &mut self.nodes.all[id];
        node.end = id_of(end);
        let reached = node.span.end as usize;
        if let Some(parent) = self.open.last_mut() {
            parent.reached = reached;
        }
    }

    fn finish_scalar(&mut self, id: usize, style: ScalarStyle) {
        let node = &mut self.nodes.all[id];
        if style == ScalarStyle::Plain && node.span.start == node.span.end {
            let behind = node.tag.as_ref().map_or(node.slot, |tag| small(tag.end));
            node.span = Place { start: behind, end: behind };
            node.start = node.tag.as_ref().map_or(behind, |tag| small(tag.start));
            node.value = Decoded::Other("".into());
        }
        if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            self.finish_block_scalar(id);
        }
        self.close(id);
    }

    /// Moves the start of a block scalar to its header, and its end to the end of its last content line.
    fn finish_block_scalar(&mut self, id: usize) {
        let node = &self.nodes.all[id];
        let text = self.text;
        let from = node.tag.as_ref().map_or(node.slot as usize, |tag| tag.end);
        let header = behind_properties(text, from, self.end);
        let body = text[header..self.end].find('\n').map_or(self.end, |newline| header + newline + 1);
        let reported = (node.span.end as usize).max(body);
        let end = match node.kind {
            Kind::Scalar(Style::Literal) => {
                let value = node.value(text);
                let lines = value.matches('\n').count() + usize::from(!value.ends_with('\n'));
                let lines = if value.is_empty() { 0 } else { lines };
                nth_line_end(text, body, lines, self.end)
            }
            // The parser is as far as the next token then: behind the indentation of its line.
            _ if keeps_line_breaks(&text[header..body]) => {
                let line = body + text[body..reported].trim_end_matches(' ').len();
                nth_line_end(text, line, 0, self.end)
            }
            _ => body + text[body..reported].trim_end().len(),
        };
        let node = &mut self.nodes.all[id];
        node.span = Place::of(Span::new(header, if end <= body { header + text[header..body].trim_end().len() } else { end }));
        node.start = node.start.min(small(header));
    }

    /// An anchor in front of an empty value or a block scalar header: the node begins behind it.
    fn refine_behind(&mut self, id: usize, anchor_end: usize) {
        let node = &mut self.nodes.all[id];
        if matches!(node.kind, Kind::Scalar(Style::Plain)) && node.span.start == node.span.end {
            let behind = (node.span.end as usize).max(anchor_end);
            node.span = Place::of(Span::at(behind));
            if let Some(parent) = self.open.last_mut() {
                parent.reached = parent.reached.max(behind);
            }
        }
    }
}

pub(super) fn id_of(index: usize) -> NodeId {
    NodeId::try_from(index).unwrap_or(NodeId::MAX)
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
        ScalarStyle::Plain => Style::Plain,
    }
}

fn layout_of(style: StructureStyle) -> Layout {
    match style {
        StructureStyle::Flow => Layout::Flow,
        StructureStyle::Block => Layout::Block,
    }
}

/// The offset of the first character at or after `from` that is neither blank nor in a comment.
pub(super) fn skip_blanks_and_comments(text: &str, from: usize, end: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < end {
        match bytes[at] {
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            b'#' if at == 0 || matches!(bytes[at - 1], b' ' | b'\t' | b'\r' | b'\n') || text[..at].ends_with('\u{feff}') => {
                at = text[at..end].find('\n').map_or(end, |newline| at + newline);
            }
            _ => break,
        }
    }
    at
}

/// The offset of the content that begins at or after `from`, behind its anchor and tag.
fn behind_properties(text: &str, from: usize, end: usize) -> usize {
    let mut at = skip_blanks_and_comments(text, from, end);
    while text[at..end].starts_with(['&', '!']) {
        let word = text[at..end].find([' ', '\t', '\r', '\n']).map_or(end, |blank| at + blank);
        at = skip_blanks_and_comments(text, word, end);
    }
    at
}

/// Whether a block scalar that begins with this header (`|+`, `>2+ # comment`) keeps the line breaks at its end.
pub(super) fn keeps_line_breaks(header: &str) -> bool {
    header.trim_start_matches(['|', '>']).chars().take_while(|c| c.is_ascii_digit() || "+-".contains(*c)).any(|c| c == '+')
}

/// The end (before its line break) of the `count`-th line that begins at or after `from`; with 0, of the line before.
fn nth_line_end(text: &str, from: usize, count: usize, end: usize) -> usize {
    let mut at = from;
    for _ in 0..count {
        at = text[at..end].find('\n').map_or(end, |newline| at + newline + 1);
    }
    if text[..at].ends_with('\n') {
        at -= 1;
    }
    if text[..at].ends_with('\r') { at - 1 } else { at }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each node: where text for it could begin, and what it is.
    fn nodes(text: &str) -> Vec<(usize, &str)> {
        let tree = parse_all(text, Span::new(0, text.len())).unwrap();
        tree.nodes.all.iter().map(|node| (node.slot as usize, node.span.span().of(text))).collect()
    }

    #[test]
    fn the_limit_of_nesting_is_named() {
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let parse = |text: &str| parse_all(text, Span::new(0, text.len())).map(|_| ()).map_err(|error| error.message);
        assert_eq!(parse(&deep(NESTING_LIMIT)), Ok(()));
        assert_eq!(parse(&deep(NESTING_LIMIT + 1)), Err("collections are nested more than 200 deep, which is the limit".into()));
    }

    #[test]
    fn a_comment_begins_behind_a_blank() {
        assert_eq!(skip_blanks_and_comments("a #b\n c", 1, 7), 6);
        assert_eq!(skip_blanks_and_comments("a#b", 1, 3), 1);
        assert_eq!(skip_blanks_and_comments("#b\nc", 0, 4), 3);
        assert_eq!(skip_blanks_and_comments("a  ", 1, 3), 3);
        assert_eq!(skip_blanks_and_comments("a  b", 1, 2), 2);
    }

    #[test]
    fn what_belongs_to_an_anchor_stands_behind_it() {
        assert_eq!(nodes("&x\na: b\n"), [(0, "a: b"), (3, "a"), (5, "b")]);
    }

    #[test]
    fn a_block_scalar_can_be_a_document() {
        assert_eq!(nodes("  |-\n\na: b\n---\n"), [(2, "|-\n\na: b"), (14, "")]);
        assert_eq!(nodes("\u{feff}# c\n|\n a\n...\n>\n b\n"), [(7, "|\n a"), (16, ">\n b")]);
    }

    #[test]
    fn a_colon_is_that_of_its_own_mapping() {
        assert_eq!(nodes("? ? a\n: b\n"), [(0, "? ? a\n: b"), (0, "? a"), (2, "a"), (5, ""), (7, "b")]);
        assert_eq!(nodes("?\n ? a\n: :\n")[1..], [(0, "? a"), (3, "a"), (6, ""), (8, ":"), (9, ""), (10, "")]);
        assert_eq!(nodes("? ? a\n  : b\n: c\n")[1..], [(0, "? a\n  : b"), (2, "a"), (9, "b"), (13, "c")]);
    }
}
