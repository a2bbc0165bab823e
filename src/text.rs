//! Text changes in one way only: a list of [`Edit`]s that address the original bytes is spliced into them.
//!
//! All offsets are byte offsets into the original text and stand on character boundaries. Nothing else in the
//! project makes output text.

use std::fmt;

/// A half-open range of bytes, `start..end`, of the original text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span `start..end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The empty span at `offset`: what an insertion addresses.
    pub const fn at(offset: usize) -> Self {
        Self { start: offset, end: offset }
    }

    /// The bytes of `text` that the span covers.
    pub fn of(self, text: &str) -> &str {
        &text[self.start..self.end]
    }
}

/// Replaces `span` of the original text by `text`; an empty span inserts, an empty text deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes, in bytes of the original text.
    pub span: Span,
    /// What comes.
    pub text: String,
}

impl Edit {
    /// Puts `text` where `span` was.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }

    /// Puts `text` in at `offset`.
    pub fn insert(offset: usize, text: impl Into<String>) -> Self {
        Self { span: Span::at(offset), text: text.into() }
    }

    /// Takes the bytes of `span` out.
    pub fn delete(span: Span) -> Self {
        Self { span, text: String::new() }
    }
}

/// Two edits that claim the same bytes. Nobody wins silently: both are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The edit that begins first.
    pub first: Edit,
    /// The edit that begins before the first one ends.
    pub second: Edit,
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (a, b) = (&self.first, &self.second);
        write!(
            f,
            "two edits claim the same bytes: {:?} at {}..{} and {:?} at {}..{}",
            a.text, a.span.start, a.span.end, b.text, b.span.start, b.span.end
        )
    }
}

impl std::error::Error for Overlap {}

/// Orders edits by where they start; insertions at one place keep the order they came in.
///
/// # Errors
/// [`Overlap`], when one edit starts before the one in front of it ends.
pub fn sort(edits: &mut [Edit]) -> Result<(), Overlap> {
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    for pair in edits.windows(2) {
        if pair[1].span.start < pair[0].span.end {
            return Err(Overlap { first: pair[0].clone(), second: pair[1].clone() });
        }
    }
    Ok(())
}

/// The pieces of the output in order: slices of `text` and of the edits, which must be [sorted](sort).
pub fn pieces<'t>(text: &'t str, edits: &'t [Edit]) -> impl Iterator<Item = &'t str> {
    let mut done = 0;
    let last = edits.last().map_or(0, |edit| edit.span.end);
    edits
        .iter()
        .flat_map(move |edit| {
            let kept = &text[done..edit.span.start];
            done = edit.span.end;
            [kept, edit.text.as_str()]
        })
        .chain(std::iter::once(&text[last..]))
        .filter(|piece| !piece.is_empty())
}

/// `text` with all `edits` made, in one pass and one allocation.
///
/// # Errors
/// [`Overlap`], see [`sort`].
pub fn splice(text: &str, mut edits: Vec<Edit>) -> Result<String, Overlap> {
    sort(&mut edits)?;
    let mut out = String::with_capacity(pieces(text, &edits).map(str::len).sum());
    out.extend(pieces(text, &edits));
    Ok(out)
}

/// Where an offset is, as people count: lines and characters from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
}

/// The line and column of byte `offset`.
pub fn position(text: &str, offset: usize) -> Position {
    let start = line_start(text, offset);
    Position { line: 1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..start]).count(), column: 1 + text[start..offset].chars().count() }
}

/// The offset of the first byte of the line that `offset` is on.
pub fn line_start(text: &str, offset: usize) -> usize {
    text[..offset].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The offset of the line break that ends the line of `offset` (of its `\r` if it is `\r\n`), or of the end of text.
pub fn line_end(text: &str, offset: usize) -> usize {
    match text[offset..].find('\n') {
        Some(at) if text[..offset + at].ends_with('\r') => offset + at - 1,
        Some(at) => offset + at,
        None => text.len(),
    }
}

/// The first `\r` that no `\n` follows. YAML takes it for a line break; nothing here does.
pub fn lone_carriage_return(text: &str) -> Option<usize> {
    memchr::memchr_iter(b'\r', text.as_bytes()).find(|&at| text.as_bytes().get(at + 1) != Some(&b'\n'))
}

/// The line break that the line of `offset` ends with; for the last line, the one before it; else `\n`.
pub fn newline(text: &str, offset: usize) -> &'static str {
    let end = line_end(text, offset);
    if end < text.len() {
        return if text[end..].starts_with('\r') { "\r\n" } else { "\n" };
    }
    let start = line_start(text, offset);
    if text[..start].ends_with("\r\n") { "\r\n" } else { "\n" }
}

/// The bytes between the start of the line and `offset`; a byte order mark takes no column.
pub fn column(text: &str, offset: usize) -> usize {
    text[line_start(text, offset)..offset].trim_start_matches('\u{feff}').len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_edit_returns_the_input() {
        assert_eq!(splice("a\r\nb", vec![]).as_deref(), Ok("a\r\nb"));
    }

    #[test]
    fn edits_address_the_original_and_insertions_keep_their_order() {
        let edits = vec![Edit::insert(3, "4"), Edit::replace(Span::new(0, 1), "ä"), Edit::insert(3, "5"), Edit::delete(Span::new(1, 2))];
        assert_eq!(splice("abc", edits).as_deref(), Ok("äc45"));
    }

    #[test]
    fn an_overlap_names_both_edits() {
        let error = splice("abcdef", vec![Edit::replace(Span::new(2, 5), "X"), Edit::insert(3, "Y")]).unwrap_err();
        assert_eq!(error.to_string(), r#"two edits claim the same bytes: "X" at 2..5 and "Y" at 3..3"#);
    }

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        assert_eq!(position("ä: é\nb: c", 3), Position { line: 1, column: 3 });
        assert_eq!(position("ä: é\nb: c", 8), Position { line: 2, column: 2 });
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        assert_eq!(column("\u{feff}a: b", 3), 0);
        assert_eq!(column("\u{feff}a: b", 6), 3);
    }

    #[test]
    fn a_carriage_return_alone_is_found() {
        for (text, at) in [("", None), ("a\n", None), ("a\r\nb\r\n", None), ("a\r\nb\rc", Some(4)), ("a\r", Some(1)), ("\r\r\n", Some(0))] {
            assert_eq!(lone_carriage_return(text), at, "{text:?}");
        }
    }

    #[test]
    fn line_ends_and_newlines_of_every_kind() {
        assert_eq!(line_end("a\r\nb", 0), 1);
        assert_eq!(line_end("a\r\nb", 1), 1);
        assert_eq!(line_end("a\r\nb", 3), 4);
        assert_eq!(newline("a\r\nb", 0), "\r\n");
        assert_eq!(newline("a\r\nb", 4), "\r\n");
        assert_eq!(newline("a\nb\r\n", 0), "\n");
        assert_eq!(newline("a", 1), "\n");
    }
}
