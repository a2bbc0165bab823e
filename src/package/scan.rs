//! Finds the objects of a text by indentation, in one pass and without a parser.
//!
//! Every line of a node is indented deeper than the dash or the key that it hangs on (YAML 1.2.2, 8.2). So of an object
//! only the lines need a look that are indented no deeper than its keys: these are its keys, the next dash, the next
//! `---`, or the end of the list. Two things could fake such a line, because the parser takes them as other readers do
//! although they are indented too little: a line of a quoted text, and one inside brackets. Whether a quoted text can
//! still be open is looked at ([`may_be_open`]); and inside brackets, two heads cannot follow each other without a comma.
//!
//! Whatever is not certain is not found at all: then the whole text goes to the parser. `tests/scan.rs` compares both.

use memchr::{memchr, memrchr};

use super::Form;
use super::list::List;
use crate::text::Span;

/// What a scan found.
#[derive(Debug)]
pub(super) struct Found<'t> {
    pub form: Form,
    /// What is around the items; nothing for a stream.
    pub list: Option<List<'t>>,
    pub objects: Vec<Object<'t>>,
}

/// An object that was found.
#[derive(Debug)]
pub(super) struct Object<'t> {
    /// Its lines: from the one with its dash, or with the marker in front of its document, to the next such line.
    pub lines: Span,
    pub heads: Heads<'t>,
}

/// What tells objects apart; nothing for what is not there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heads<'t> {
    pub api_version: Option<&'t str>,
    pub kind: Option<&'t str>,
    pub name: Option<&'t str>,
    pub namespace: Option<&'t str>,
    has_metadata: bool,
}

/// The objects of `text`; nothing where only the parser can tell.
pub(super) fn scan(text: &str) -> Option<Found<'_>> {
    let begin = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut scanner = Scanner { text, next: begin, closed: begin };
    let items = scanner.items_line();
    if let Some(items) = items {
        return scanner.list(items);
    }
    Scanner { text, next: begin, closed: begin }.stream()
}

/// A line that is neither blank nor a comment.
#[derive(Clone, Copy)]
struct Line {
    start: usize,
    /// The blanks in front.
    indent: usize,
}

impl Line {
    fn content(self) -> usize {
        self.start + self.indent
    }
}

struct Scanner<'t> {
    text: &'t str,
    /// The start of the line to look at next.
    next: usize,
    /// Up to here, every quoted text has ended.
    closed: usize,
}

impl<'t> Scanner<'t> {
    /// The next line that is indented by no more than `deepest`.
    fn line(&mut self, deepest: usize) -> Option<Line> {
        let bytes = self.text.as_bytes();
        while let Some(rest) = bytes.get(self.next..).filter(|rest| !rest.is_empty()) {
            let start = self.next;
            let shallow = &rest[..rest.len().min(deepest.saturating_add(1))];
            self.next = memchr(b'\n', rest).map_or(bytes.len(), |newline| start + newline + 1);
            match shallow.iter().position(|&byte| byte != b' ') {
                Some(indent) if !matches!(shallow[indent], b'\n' | b'\r' | b'#') => return Some(Line { start, indent }),
                _ => {}
            }
        }
        None
    }

    /// What stands from `offset` to the end of its line.
    fn rest(&self, offset: usize) -> &'t str {
        let rest = &self.text[offset..];
        let rest = memchr(b'\n', rest.as_bytes()).map_or(rest, |newline| &rest[..newline]);
        rest.strip_suffix('\r').unwrap_or(rest)
    }

    /// Goes on to the line `items:` of the first document.
    fn items_line(&mut self) -> Option<Line> {
        let mut begun = false;
        while let Some(line) = self.line(0) {
            let rest = self.rest(line.start);
            if rest.strip_prefix("items:").is_some_and(is_blank_or_comment) {
                return Some(line);
            }
            if begun && is_marker(rest) {
                return None;
            }
            begun = true;
        }
        None
    }

    /// The items of a ResourceList or a List.
    fn list(mut self, items: Line) -> Option<Found<'t>> {
        let from = self.next;
        self.closed = from;
        let mut entry = self.line(usize::MAX)?;
        let column = entry.indent;
        let mut objects: Vec<Object<'_>> = Vec::new();
        let end = loop {
            let first = self.first_key(entry)?;
            let (heads, next) = self.object(first)?;
            let end = next.map_or(self.text.len(), |next| next.start);
            self.close(end)?;
            objects.push(Object { lines: Span::new(entry.start, end), heads });
            match next {
                Some(next) if next.indent == column && self.rest(next.content()).starts_with('-') => entry = next,
                Some(next) if next.indent > 0 => return None,
                _ => break end,
            }
        };
        let list = List::around(self.text, items.start, Span::new(from, end), objects.last()?.lines.start)?;
        Some(Found { form: list.form, list: Some(list), objects })
    }

    /// Where the first key of the item at `entry` stands: behind the dash, or on a line of its own.
    fn first_key(&mut self, entry: Line) -> Option<Line> {
        let behind = self.rest(entry.content()).strip_prefix('-')?;
        if is_blank_or_comment(behind) {
            return self.line(usize::MAX).filter(|line| line.indent > entry.indent);
        }
        let gap = behind.len() - behind.trim_start_matches(' ').len();
        (gap > 0).then_some(Line { indent: entry.indent + 1 + gap, ..entry })
    }

    /// The documents of a stream.
    fn stream(mut self) -> Option<Found<'t>> {
        let (mut from, mut objects) = (0, Vec::new());
        while let Some(line) = self.line(usize::MAX) {
            if self.is_marker(line) {
                if !is_blank_or_comment(&self.rest(line.start)[3..]) {
                    return None;
                }
                from = line.start;
                continue;
            }
            let (heads, next) = self.object(line)?;
            if next.is_some_and(|next| !self.is_marker(next)) {
                return None;
            }
            let end = next.map_or(self.text.len(), |next| next.start);
            objects.push(Object { lines: Span::new(from, end), heads });
            // No quoted text and no brackets reach over a marker.
            (self.next, self.closed) = (end, end);
        }
        (!objects.is_empty()).then_some(Found { form: Form::Stream, list: None, objects })
    }

    fn is_marker(&self, line: Line) -> bool {
        line.indent == 0 && is_marker(self.rest(line.start))
    }

    /// The heads of the object whose first key is on `line`, and the line that ends it.
    fn object(&mut self, first: Line) -> Option<(Heads<'t>, Option<Line>)> {
        let mut heads = Heads::default();
        let mut line = first;
        loop {
            self.key(line, line.start == first.start, |scanner, rest| scanner.head(rest, first.indent, &mut heads))?;
            match self.line(first.indent) {
                Some(next) if next.indent == first.indent && !self.is_marker(next) => line = next,
                next => {
                    let certain = heads.api_version.is_some() && heads.kind.is_some_and(|kind| !kind.ends_with("List"));
                    return certain.then_some((heads, next));
                }
            }
        }
    }

    /// Reads what is on the line of a key of an object, and below `metadata`.
    fn head(&mut self, rest: &'t str, column: usize, heads: &mut Heads<'t>) -> Option<()> {
        match split_key(rest) {
            ("apiVersion", behind) => self.value(behind, column, &mut heads.api_version),
            ("kind", behind) => self.value(behind, column, &mut heads.kind),
            ("metadata", behind) => {
                let is_first = !std::mem::replace(&mut heads.has_metadata, true);
                let is_block = behind.strip_prefix(':').is_some_and(is_blank_or_comment);
                if is_first && is_block { self.metadata(column, heads) } else { None }
            }
            _ => Some(()),
        }
    }

    /// Reads the keys below `metadata`, which stands at `column`.
    fn metadata(&mut self, column: usize, heads: &mut Heads<'t>) -> Option<()> {
        let first = self.line(usize::MAX).filter(|first| first.indent > column)?;
        let mut line = first;
        loop {
            self.key(line, line.start == first.start, |scanner, rest| match split_key(rest) {
                ("name", behind) => scanner.value(behind, first.indent, &mut heads.name),
                ("namespace", behind) => scanner.value(behind, first.indent, &mut heads.namespace),
                _ => Some(()),
            })?;
            match self.line(first.indent) {
                Some(next) if next.indent == first.indent => line = next,
                Some(next) if next.indent > column => return None,
                next => {
                    self.next = next.map_or(self.text.len(), |next| next.start);
                    return Some(());
                }
            }
        }
    }

    /// Hands the key on `line` over; an entry of a sequence may stand at the column of its key, but not come first.
    fn key(&mut self, line: Line, is_first: bool, read: impl FnOnce(&mut Self, &'t str) -> Option<()>) -> Option<()> {
        self.close(line.start)?;
        let rest = self.rest(line.content());
        if !is_first && rest.strip_prefix('-').is_some_and(|behind| behind.is_empty() || behind.starts_with(' ')) {
            return Some(());
        }
        let is_plain = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '$'));
        if is_plain && !rest.starts_with("...") { read(self, rest) } else { None }
    }

    /// Reads the value of a head, which must be there once, and on one line.
    fn value(&mut self, behind: &'t str, column: usize, head: &mut Option<&'t str>) -> Option<()> {
        let value = behind.strip_prefix(':').filter(|value| value.starts_with(' '))?;
        let next = self.next;
        let goes_on = self.line(usize::MAX).is_some_and(|line| line.indent > column);
        self.next = next;
        if goes_on {
            return None;
        }
        match head.replace(one_word(value)?) {
            None => Some(()),
            Some(_) => None,
        }
    }

    /// Goes on to `offset`, the start of a line, if no quoted text is open there.
    fn close(&mut self, offset: usize) -> Option<()> {
        let between = &self.text.as_bytes()[self.closed.min(offset)..offset];
        if may_be_open(between, b'"') || may_be_open(between, b'\'') {
            return None;
        }
        self.closed = offset;
        Some(())
    }
}

/// Whether a text in this kind of quotes may begin in `bytes` and not end: whether the last quote, where it is not an
/// escaped one, stands where one can begin.
fn may_be_open(bytes: &[u8], quote: u8) -> bool {
    let mut end = bytes.len();
    while let Some(at) = memrchr(quote, &bytes[..end]) {
        let before = &bytes[..at];
        let backslashes = before.iter().rev().take_while(|&&byte| byte == b'\\').count();
        match before.last() {
            None | Some(b' ' | b'\t' | b'\n' | b'\r' | b'[' | b'{' | b',' | b':') => return true,
            // `''` and `\"` change nothing: what is before them decides.
            Some(b'\'') if quote == b'\'' => end = at - 1,
            Some(b'\\') if quote == b'"' && backslashes % 2 == 1 => end = at,
            _ => return false,
        }
    }
    false
}

/// The word that a line begins with, and what is behind it.
fn split_key(rest: &str) -> (&str, &str) {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    rest.split_at(rest.find(|c| !is_part(c)).unwrap_or(rest.len()))
}

/// The one word, plain or in quotes, that `rest` has before its end or a comment. No character of it has a meaning
/// to YAML.
fn one_word(rest: &str) -> Option<&str> {
    let rest = rest.trim_start_matches(' ');
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':');
    let (word, behind) = match rest.chars().next()? {
        quote @ ('"' | '\'') => rest[1..].split_once(quote)?,
        first if first.is_ascii_alphanumeric() => rest.split_at(rest.find(|c| !is_plain(c)).unwrap_or(rest.len())),
        _ => return None,
    };
    let certain = word.chars().all(is_plain) && is_blank_or_comment(behind) && !(word.ends_with(':') && rest.starts_with(word));
    certain.then_some(word)
}

/// Whether there is nothing but blanks, or a comment behind a blank.
fn is_blank_or_comment(rest: &str) -> bool {
    let content = rest.trim_start_matches(' ');
    content.is_empty() || (content.len() < rest.len() && content.starts_with('#'))
}

/// Whether the line is `---`, whatever follows.
fn is_marker(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|behind| behind.is_empty() || behind.starts_with([' ', '\t']))
}
