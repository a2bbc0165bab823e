//! YAML as machines write it, read by indentation, at a sixth of the parser's instructions (docs/performance.md).
//!
//! It reads block mappings and sequences, scalars on one line, literal block scalars (`|`, `|-`) and flow collections like
//! those of JSON, with comments between the lines. For all else (anchors, tags, escapes, folded and multi-line scalars,
//! tabs in front of something) it gives up, and the [parser](super::parse) reads the text: so it never says that a text is
//! wrong, and each rule here may be stricter than that of YAML, but not looser. Wherever debug assertions are on, which is
//! in all tests and when fuzzing, every tree from here is compared with the parser's.

mod flow;

use memchr::{memchr, memchr_iter, memchr3};

use super::parse::{VALUE_LIMIT, id_of};
use super::{Data, Decoded, Kind, Layout, Nodes, Place, Style, small};
use crate::text::Span;

/// Collections nested deeper than this are left to the parser: each takes a call here.
const NESTING_LIMIT: usize = 64;

/// A longer text is no key on one line (YAML 1.2.2, 7.4.2: 1024 characters at most).
const KEY_LIMIT: usize = 1000;

/// The column behind the last line of a document: less than all others.
const END: isize = -1;

/// The documents of `text[span]`, as the parser gives them; nothing where only the parser can tell.
pub(super) fn parse(text: &str, span: Span) -> Option<Nodes> {
    let slice = span.of(text).as_bytes();
    let mut reader = Reader { text, bytes: &text.as_bytes()[..span.end], at: span.start, column: END, depth: 0, nodes: Nodes::default() };
    reader.nodes.all.reserve(slice.len().min(1 << 16) / 24);
    reader.next_line(span.start)?;
    while reader.at < span.end {
        reader.document()?;
    }
    let are_pairs = || memchr_iter(b'\r', slice).all(|at| slice.get(at + 1) == Some(&b'\n'));
    let are_usual = || slice.iter().all(|&byte| is_usual(byte)) || span.of(text).chars().all(is_usual_char);
    if reader.nodes.roots.is_empty() || !are_pairs() || !are_usual() {
        return None;
    }
    reader.nodes.all.shrink_to_fit();
    Some(reader.nodes)
}

/// Neither a control character, nor the first byte of one, of a line separator or of a byte order mark.
fn is_usual(byte: u8) -> bool {
    (byte >= b' ' || matches!(byte, b'\n' | b'\r' | b'\t')) && !matches!(byte, 0x7f | 0xc2 | 0xe2 | 0xef)
}

/// Neither a control character, nor a line separator, a byte order mark or no character.
fn is_usual_char(c: char) -> bool {
    (!c.is_control() || matches!(c, '\n' | '\r' | '\t')) && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

struct Reader<'t> {
    text: &'t str,
    /// The bytes up to the end.
    bytes: &'t [u8],
    /// The first byte of what is read next.
    at: usize,
    /// Its column; [`END`] in front of a marker, and at the end.
    column: isize,
    depth: usize,
    nodes: Nodes,
}

impl Reader<'_> {
    /// The byte at `at`; a line break behind the last one.
    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(b'\n')
    }

    /// Whether `at` is at the end of a line or of a word.
    fn is_blank(&self, at: usize) -> bool {
        matches!(self.byte(at), b' ' | b'\n' | b'\r')
    }

    fn behind_blanks(&self, mut at: usize) -> usize {
        while self.byte(at) == b' ' {
            at += 1;
        }
        at
    }

    /// Whether nothing but blanks and a comment is left of the line. In front of a comment there must be a blank.
    fn is_rest_blank(&self, at: usize) -> bool {
        let rest = self.behind_blanks(at);
        match self.byte(rest) {
            b'\n' | b'\r' => true,
            b'#' => rest > at,
            _ => false,
        }
    }

    /// The start of the next line.
    fn line_behind(&self, at: usize) -> usize {
        memchr(b'\n', self.bytes.get(at..).unwrap_or_default()).map_or(self.bytes.len(), |newline| at + newline + 1)
    }

    /// Goes to the first line at or after `start`, the start of a line, that says something.
    fn next_line(&mut self, mut start: usize) -> Option<()> {
        loop {
            self.at = self.behind_blanks(start);
            self.column = isize::try_from(self.at - start).ok()?;
            match self.byte(self.at) {
                _ if self.at >= self.bytes.len() => {
                    self.column = END;
                    return Some(());
                }
                b'\n' | b'\r' | b'#' => start = self.line_behind(self.at),
                b'-' | b'.' if self.column == 0 && self.is_marker(self.at) => {
                    self.column = END;
                    return Some(());
                }
                _ => return Some(()),
            }
        }
    }

    fn is_marker(&self, at: usize) -> bool {
        matches!(self.bytes.get(at..at + 3), Some(b"---" | b"..."))
    }

    /// Goes to the next line that says something; nothing else may stand behind `at`.
    fn end_line(&mut self, at: usize) -> Option<()> {
        if !self.is_rest_blank(at) {
            return None;
        }
        self.next_line(self.line_behind(at))
    }

    /// Adds a node without descendants.
    fn push(&mut self, kind: Kind, span: Span, slot: usize, value: Decoded) -> Option<usize> {
        let id = self.nodes.all.len();
        let end = id_of(id + 1);
        let start = small(span.start);
        self.nodes.all.push(Data { kind, span: Place::of(span), slot: small(slot), start, end, anchored: false, value, tag: None });
        (id < VALUE_LIMIT).then_some(id)
    }

    /// Begins a collection.
    fn open(&mut self, kind: Kind, slot: usize) -> Option<usize> {
        self.depth += 1;
        let value = match kind {
            Kind::Mapping(Layout::Flow) | Kind::Sequence(Layout::Flow) => Decoded::Other("".into()),
            _ => Decoded::Whole,
        };
        let id = self.push(kind, Span::at(self.at), slot, value)?;
        (self.depth <= NESTING_LIMIT).then_some(id)
    }

    /// Ends the collection `id`; `end` is where its text ends.
    fn close(&mut self, id: usize, end: usize) -> usize {
        self.depth -= 1;
        let nodes = id_of(self.nodes.all.len());
        let node = &mut self.nodes.all[id];
        node.end = nodes;
        node.span.end = small(end);
        end
    }

    /// Reads a document, and goes to the next one.
    fn document(&mut self) -> Option<()> {
        let mut slot = self.at;
        self.nodes.documents.push(small(slot));
        if self.column == END {
            slot = (self.byte(slot) == b'-').then_some(slot + 3)?;
            self.end_line(slot)?;
            // A document of nothing is for the parser.
            (self.column != END).then_some(())?;
        }
        self.nodes.roots.push(id_of(self.nodes.all.len()));
        if matches!(self.byte(self.at), b'{' | b'[') {
            let end = self.flow(slot, true)?;
            self.end_line(end)?;
        } else {
            self.block(slot)?;
        }
        // A line that stands at the column of no collection around it is left over.
        (self.column == END).then_some(())
    }

    /// Reads the block collection that begins here; gives where its text ends.
    fn block(&mut self, slot: usize) -> Option<usize> {
        if self.is_entry() { self.sequence(slot) } else { self.mapping(slot) }
    }

    /// Whether a `-` with its item begins here.
    fn is_entry(&self) -> bool {
        self.byte(self.at) == b'-' && self.is_blank(self.at + 1)
    }

    fn sequence(&mut self, slot: usize) -> Option<usize> {
        let (column, id) = (self.column, self.open(Kind::Sequence(Layout::Block), slot)?);
        let mut end = self.at;
        while self.column == column && self.is_entry() {
            let (dash, slot) = (self.at, self.at + 1);
            end = if self.is_rest_blank(slot) {
                self.end_line(slot)?;
                if self.column > column { self.block(slot)? } else { self.null(slot)? }
            } else {
                self.at = self.behind_blanks(slot);
                if self.is_entry() || self.key()?.is_some() {
                    self.column += isize::try_from(self.at - dash).ok()?;
                    self.block(slot)?
                } else {
                    self.value(column, slot)?
                }
            };
        }
        Some(self.close(id, end))
    }

    fn mapping(&mut self, slot: usize) -> Option<usize> {
        let (column, id) = (self.column, self.open(Kind::Mapping(Layout::Block), slot)?);
        let mut end = self.at;
        while self.column == column && !self.is_entry() {
            let (style, key) = self.key()??;
            self.push(Kind::Scalar(style), key, key.start, decoded(style))?;
            let slot = key.end + 1;
            end = if self.is_rest_blank(slot) {
                self.end_line(slot)?;
                let is_collection = self.column > column || (self.column == column && self.is_entry());
                if is_collection { self.block(slot)? } else { self.null(slot)? }
            } else {
                self.at = self.behind_blanks(slot);
                self.value(column, slot)?
            };
        }
        Some(self.close(id, end))
    }

    /// An empty value.
    fn null(&mut self, slot: usize) -> Option<usize> {
        self.push(Kind::Scalar(Style::Plain), Span::at(slot), slot, Decoded::Other("".into()))?;
        Some(slot)
    }

    /// The style and the span of the key that begins here, if one does and not a value.
    #[allow(clippy::option_option, reason = "the outer one is for what only the parser can tell")]
    fn key(&self) -> Option<Option<(Style, Span)>> {
        if matches!(self.byte(self.at), b'|' | b'{' | b'[') {
            return Some(None);
        }
        let (style, span) = self.scalar()?;
        let is_key = self.byte(span.end) == b':' && self.is_blank(span.end + 1);
        if is_key && span.end - span.start > KEY_LIMIT {
            return None;
        }
        Some(is_key.then_some((style, span)))
    }

    /// Reads the value here, and goes to the next line, which must not be deeper than `column`, that of the mapping or
    /// sequence around it.
    fn value(&mut self, column: isize, slot: usize) -> Option<usize> {
        let end = match self.byte(self.at) {
            b'|' => return self.literal(column, slot),
            b'{' | b'[' => self.flow(slot, false)?,
            _ => {
                let (style, span) = self.scalar()?;
                self.push(Kind::Scalar(style), span, slot, decoded(style))?;
                span.end
            }
        };
        self.end_line(end)?;
        (self.column <= column).then_some(end)
    }

    /// The scalar on one line that begins here: how it is written, and where.
    fn scalar(&self) -> Option<(Style, Span)> {
        match self.byte(self.at) {
            b'"' | b'\'' => self.quoted(),
            _ => self.plain().map(|span| (Style::Plain, span)),
        }
    }

    /// The text in quotes here, on one line and without an escape.
    fn quoted(&self) -> Option<(Style, Span)> {
        let at = self.at;
        let (quote, style) = if self.byte(at) == b'"' { (b'"', Style::Double) } else { (b'\'', Style::Single) };
        let escape = if quote == b'"' { b'\\' } else { b'\n' };
        let end = at + 1 + memchr3(quote, escape, b'\n', self.bytes.get(at + 1..)?)?;
        (self.byte(end) == quote).then_some((style, Span::new(at, end + 1)))
    }

    /// The plain scalar here, outside of flow collections: up to a `: `, a comment or the end of the line.
    fn plain(&self) -> Option<Span> {
        let at = self.at;
        let first = self.byte(at);
        let begins = match first {
            b'-' => !self.is_blank(at + 1) && !self.is_marker(at),
            b'.' => !self.is_marker(at),
            _ => first.is_ascii_alphanumeric() || first >= 0x80 || b"_/$(+<=~^;\\".contains(&first),
        };
        if !begins {
            return None;
        }
        let mut end = at;
        loop {
            match self.byte(end) {
                b'\n' | b'\r' => break,
                b':' if self.is_blank(end + 1) => break,
                b'#' if self.byte(end - 1) == b' ' => break,
                b'\t' => return None,
                _ => end += 1,
            }
        }
        // A blank in front of the `:` of a key is for the parser.
        let blanks = self.bytes[at..end].iter().rev().take_while(|&&byte| byte == b' ').count();
        (blanks == 0 || self.byte(end) != b':').then(|| Span::new(at, end - blanks))
    }

    /// Reads the literal block scalar here, whose lines must be deeper than `column`, and goes to the next line.
    fn literal(&mut self, column: isize, slot: usize) -> Option<usize> {
        let header = self.at;
        let strips = self.byte(header + 1) == b'-';
        let behind = self.behind_blanks(header + 1 + usize::from(strips));
        if !matches!(self.byte(behind), b'\n' | b'\r') {
            return None;
        }
        let mut line = self.line_behind(behind);
        let indent = self.behind_blanks(line) - line;
        if isize::try_from(indent).ok()? <= column || matches!(self.byte(line + indent), b'\t' | b'\n' | b'\r') {
            return None;
        }
        // What the value is, and where its text ends, without the blank lines behind it.
        let (mut value, mut length, mut end) = (String::new(), 0, header);
        while line < self.bytes.len() {
            let blanks = self.bytes[line..].iter().take(indent).take_while(|&&byte| byte == b' ').count();
            let newline = line + memchr(b'\n', &self.bytes[line..])?;
            let ending = if self.bytes[..newline].ends_with(b"\r") { newline - 1 } else { newline };
            let content = (line + blanks).min(ending);
            if content < ending {
                if blanks < indent {
                    break;
                }
                value.push_str(&self.text[content..ending]);
                (length, end) = (value.len() + 1, ending);
            }
            value.push('\n');
            line = newline + 1;
        }
        if length == 0 {
            return None;
        }
        value.truncate(length - usize::from(strips));
        self.push(Kind::Scalar(Style::Literal), Span::new(header, end), slot, Decoded::Other(value.into_boxed_str()))?;
        self.next_line(line)?;
        (self.column <= column).then_some(end)
    }
}

/// A plain scalar is what it looks like; one in quotes, what is between them.
fn decoded(style: Style) -> Decoded {
    if style == Style::Plain { Decoded::Whole } else { Decoded::Inner }
}

#[cfg(test)]
mod tests;
