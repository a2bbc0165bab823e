//! Finds the objects of a text by indentation, in one pass and without a parser.
//!
//! Every line of a node is indented deeper than the dash or the key that it hangs on (YAML 1.2.2, 8.2). So of an object
//! only the lines need a look that are indented no deeper than its keys: these are its keys, the next dash, the next
//! `---`, or the end of the list. Two things could fake such a line, because the parser takes them as other readers do
//! although they are indented too little: a line of a quoted text, and one inside brackets. Whether a quoted text can
//! still be open is looked at ([`may_be_open`]); and inside brackets, two heads cannot follow each other without a comma,
//! so that no object with certain heads begins there.
//!
//! An object that leaves a doubt is parsed alone, and so is the one before: what can be parsed alone leaves nothing open.
//! Where that does not help, nothing is found at all: then the whole text goes to the parser. `tests/scan` compares both.

use std::borrow::Cow;

use memchr::{memchr, memmem, memrchr};

use super::Form;
use super::lines;
use super::list::List;
use super::shallow;
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
    /// apiVersion, kind, name and namespace.
    pub heads: [Cow<'t, str>; 4],
}

/// The heads of an object as they are read; nothing for what is not there.
#[derive(Default)]
struct Heads<'t> {
    api_version: Option<&'t str>,
    kind: Option<&'t str>,
    name: Option<&'t str>,
    namespace: Option<&'t str>,
    has_metadata: bool,
}

/// The objects of `text`; nothing where only the parser can tell.
pub(super) fn scan(text: &str) -> Option<Found<'_>> {
    let begin = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut scanner = Scanner { text, next: begin, closed: begin, unparsed: None };
    let items = scanner.items_line();
    if let Some(items) = items {
        return scanner.list(items);
    }
    Scanner { text, next: begin, closed: begin, unparsed: None }.stream()
}

/// What ends an object.
#[derive(Clone, Copy)]
enum End {
    /// A line that is indented no deeper than its dash, which stands at this column.
    Item(usize),
    /// The next marker.
    Document,
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
    /// The lines of the object before, if they were not parsed.
    unparsed: Option<Span>,
}

impl<'t> Scanner<'t> {
    /// The next line that is indented by no more than `deepest`.
    fn line(&mut self, deepest: usize) -> Option<Line> {
        let bytes = self.text.as_bytes();
        loop {
            let start = shallow::next(bytes, self.next, deepest);
            let line = bytes.get(start..).filter(|line| !line.is_empty())?;
            self.next = memchr(b'\n', line).map_or(bytes.len(), |newline| start + newline + 1);
            let indent = line.iter().take_while(|&&byte| byte == b' ').count();
            if line.get(indent).is_some_and(|byte| !matches!(byte, b'\n' | b'\r' | b'#')) {
                return Some(Line { start, indent });
            }
        }
    }

    /// What stands from `offset` to the end of its line.
    fn rest(&self, offset: usize) -> &'t str {
        let rest = &self.text[offset..];
        let rest = memchr(b'\n', rest.as_bytes()).map_or(rest, |newline| &rest[..newline]);
        rest.strip_suffix('\r').unwrap_or(rest)
    }

    /// Goes on to the line `items:` of the first document.
    fn items_line(&mut self) -> Option<Line> {
        let (mut begun, mut has_key) = (false, false);
        while let Some(line) = self.line(0) {
            let rest = self.rest(line.start);
            if rest.strip_prefix("items:").is_some_and(is_blank_or_comment) {
                return Some(line);
            }
            // A sequence is no list of objects.
            if (begun && is_marker(rest)) || (!has_key && is_entry(rest)) {
                return None;
            }
            (begun, has_key) = (true, has_key || !is_marker(rest));
        }
        None
    }

    /// The items of a ResourceList or a List.
    fn list(mut self, items: Line) -> Option<Found<'t>> {
        let from = self.next;
        self.closed = from;
        let mut entry = self.line(usize::MAX)?;
        let column = entry.indent;
        let mut objects = Vec::new();
        let end = loop {
            let (object, next) = self.object(entry.start, entry, End::Item(column))?;
            objects.push(object);
            match next {
                Some(next) if next.indent == column && self.rest(next.content()).starts_with('-') => entry = next,
                Some(next) if next.indent > 0 => return None,
                next => break next.map_or(self.text.len(), |next| next.start),
            }
        };
        let list = List::around(self.text, items.start, Span::new(from, end), entry.start)?;
        if let Some(last) = self.unparsed.filter(|_| !list.ends_certainly()) {
            lines::heads_alone(self.text, last, true)?;
        }
        // What is only named like a List has no objects in it.
        let [api_version, kind, ..] = &objects.first()?.heads;
        if list.form == Form::List && (api_version.is_empty() || kind.is_empty()) {
            return None;
        }
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
            if !self.is_marker(line) {
                let (object, next) = self.object(from, line, End::Document)?;
                objects.push(object);
                self.next = next.map_or(self.text.len(), |next| next.start);
            } else if is_blank_or_comment(&self.rest(line.start)[3..]) {
                from = line.start;
            } else {
                return None;
            }
        }
        (!objects.is_empty()).then_some(Found { form: Form::Stream, list: None, objects })
    }

    fn is_marker(&self, line: Line) -> bool {
        line.indent == 0 && is_marker(self.rest(line.start))
    }

    fn is_end(&self, line: Line, end: End) -> bool {
        match end {
            End::Item(column) => line.indent <= column,
            End::Document => self.is_marker(line),
        }
    }

    /// The object that begins on `first`, its lines beginning at `from`; and the line that ends it.
    fn object(&mut self, from: usize, first: Line, end: End) -> Option<(Object<'t>, Option<Line>)> {
        let behind = self.next;
        if let Some((heads, next)) = self.certain(first, end) {
            let lines = self.lines(from, next);
            self.unparsed = Some(lines);
            return Some((Object { lines, heads: heads.map(|head| Cow::Borrowed(head.unwrap_or_default())) }, next));
        }
        self.next = behind;
        let next = self.skip(end);
        let lines = self.lines(from, next);
        let in_list = matches!(end, End::Item(_));
        if lines == Span::new(0, self.text.len()) {
            return None;
        }
        if let Some(before) = self.unparsed.take().filter(|_| in_list) {
            lines::heads_alone(self.text, before, in_list)?;
        }
        let heads = lines::heads_alone(self.text, lines, in_list)?.map(Cow::Owned);
        self.closed = lines.end;
        Some((Object { lines, heads }, next))
    }

    /// From `from` to the start of the line `next`, or to the end.
    fn lines(&self, from: usize, next: Option<Line>) -> Span {
        Span::new(from, next.map_or(self.text.len(), |next| next.start))
    }

    /// Goes on to the line that ends the object.
    fn skip(&mut self, end: End) -> Option<Line> {
        loop {
            let line = match end {
                End::Item(column) => self.line(column)?,
                End::Document => self.marker()?,
            };
            if self.is_end(line, end) {
                return Some(line);
            }
        }
    }

    /// The next line that begins like a marker: there may be very many lines without a blank in front before it.
    fn marker(&mut self) -> Option<Line> {
        let from = self.next.saturating_sub(1);
        let start = from + 1 + memmem::find(&self.text.as_bytes()[from..], b"\n---")?;
        self.next = memchr(b'\n', &self.text.as_bytes()[start..]).map_or(self.text.len(), |newline| start + newline + 1);
        Some(Line { start, indent: 0 })
    }

    /// The heads of the object that begins on `first`, and the line that ends it, if there is no doubt about either.
    fn certain(&mut self, first: Line, end: End) -> Option<([Option<&'t str>; 4], Option<Line>)> {
        let key = if matches!(end, End::Item(_)) { self.first_key(first)? } else { first };
        let (heads, next) = self.heads(key)?;
        self.close(self.lines(first.start, next).end)?;
        next.is_none_or(|next| self.is_end(next, end)).then_some((heads, next))
    }

    /// The heads of the object whose first key is on `first`, and the line that ends it.
    fn heads(&mut self, first: Line) -> Option<([Option<&'t str>; 4], Option<Line>)> {
        let mut heads = Heads::default();
        let mut line = first;
        loop {
            self.key(line, line.start == first.start, |scanner, key| scanner.head(key, first.indent, &mut heads))?;
            match self.line(first.indent) {
                Some(next) if next.indent == first.indent && !self.is_marker(next) => line = next,
                next => {
                    let Heads { api_version, kind, name, namespace, .. } = heads;
                    let certain = api_version.is_some() && kind.is_some_and(|kind| !kind.ends_with("List"));
                    return certain.then_some(([api_version, kind, name, namespace], next));
                }
            }
        }
    }

    /// Reads a key of an object, which stands at `column`, and what is below `metadata`.
    fn head(&mut self, (key, value): (&str, &'t str), column: usize, heads: &mut Heads<'t>) -> Option<()> {
        match key {
            "apiVersion" => self.value(value, column, &mut heads.api_version),
            "kind" => self.value(value, column, &mut heads.kind),
            "metadata" if is_blank_or_comment(value) && !heads.has_metadata => {
                heads.has_metadata = true;
                self.metadata(column, heads)
            }
            "metadata" => None,
            _ => Some(()),
        }
    }

    /// Reads the keys below `metadata`, which stands at `column`.
    fn metadata(&mut self, column: usize, heads: &mut Heads<'t>) -> Option<()> {
        let first = self.line(usize::MAX).filter(|first| first.indent > column)?;
        let mut line = first;
        loop {
            self.key(line, line.start == first.start, |scanner, (key, value)| match key {
                "name" => scanner.value(value, first.indent, &mut heads.name),
                "namespace" => scanner.value(value, first.indent, &mut heads.namespace),
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

    /// Hands over the key on `line`, and what follows its colon there. An entry of a sequence may stand at the column of
    /// its key, but not come first.
    fn key(&mut self, line: Line, is_first: bool, read: impl FnOnce(&mut Self, (&'t str, &'t str)) -> Option<()>) -> Option<()> {
        self.close(line.start)?;
        let rest = self.rest(line.content());
        if !is_first && is_entry(rest) {
            return Some(());
        }
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        let (key, behind) = rest.split_at(rest.find(|c| !is_part(c)).unwrap_or(rest.len()));
        let value = behind.strip_prefix(':').filter(|value| value.is_empty() || value.starts_with(' '))?;
        if key.starts_with(|c: char| c.is_ascii_alphanumeric()) { read(self, (key, value)) } else { None }
    }

    /// Reads the value of a head, which must be there once, and be followed by another key if by anything.
    fn value(&mut self, value: &'t str, column: usize, head: &mut Option<&'t str>) -> Option<()> {
        let behind = self.next;
        let next = self.line(usize::MAX);
        self.next = behind;
        let goes_on = |next: Line| next.indent > column || (next.indent == column && is_entry(self.rest(next.content())));
        if next.is_some_and(goes_on) || head.is_some() {
            return None;
        }
        *head = Some(one_word(value)?);
        Some(())
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

/// Whether an entry of a sequence begins here.
fn is_entry(rest: &str) -> bool {
    rest.strip_prefix('-').is_some_and(|behind| behind.is_empty() || behind.starts_with(' '))
}

/// Whether the line is `---`, whatever follows.
fn is_marker(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|behind| behind.is_empty() || behind.starts_with([' ', '\t']))
}
