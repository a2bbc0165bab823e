//! A document inside a scalar: its text, and the way of an edit in it back to the outer bytes.
//!
//! Calico's CNI config, kubeadm's ClusterConfiguration in a ConfigMap, Helm values in a string: each is a document
//! of its own, parsed from the decoded text. An edit of it is carried to the bytes that stand for the edited text
//! in the container (a literal block, or quotes), so that the rest of the scalar keeps its looks. Where a container
//! cannot take an edit piece by piece (folded, plain), the whole scalar is written anew in double quotes.

use super::{Kind, Node, Style, quoted, style};
use crate::text::{self, Edit, Span};

/// The document that a scalar holds.
#[derive(Debug)]
pub struct Embedded {
    /// The decoded text; line breaks are `\n`.
    pub text: String,
    container: Style,
    outer: Span,
    newline: &'static str,
    /// Where stretches of the decoded text stand in the outer one: `(inner start, outer start)`, ascending.
    /// Empty where the container allows no edit in pieces.
    stretches: Vec<(usize, usize)>,
    /// Columns that the lines of a literal block are indented by.
    indent: usize,
    /// Where the empty lines of a literal block begin in the decoded text, and how much of the indentation they lack.
    short_lines: Vec<(usize, usize)>,
    /// The comment in the header of a block scalar.
    comment: String,
    /// Whether the header of a literal block says the indentation.
    has_indicator: bool,
}

impl Embedded {
    /// Opens the scalar `node`; nothing for another node.
    pub fn of(node: Node<'_>) -> Option<Self> {
        let Kind::Scalar(container) = node.kind() else { return None };
        let (outer, source) = (node.span(), node.source());
        let Decoded { text, stretches, indent, short_lines } = match container {
            Style::Literal => literal(source, outer, node.text()?),
            Style::Double => double(source, outer),
            Style::Single => single(source, outer),
            Style::Plain | Style::Folded => None,
        }
        // Our decoding must be the parser's, or there is no mapping.
        .filter(|decoded| Some(decoded.text.as_str()) == node.text())
        .unwrap_or_else(|| Decoded { text: node.text().unwrap_or_default().to_owned(), ..Decoded::default() });
        let header = &source[outer.start..text::line_end(source, outer.start)];
        let has_indicator = header.trim_start_matches(['|', '+', '-']).starts_with(|c: char| c.is_ascii_digit());
        Some(Self {
            text,
            container,
            outer,
            newline: text::newline(source, outer.start),
            stretches,
            indent,
            short_lines,
            comment: style::header_comment(node).to_owned(),
            has_indicator,
        })
    }

    /// The outer offset of the inner `offset`; the start of the scalar where there is no mapping.
    pub fn outer_offset(&self, offset: usize) -> usize {
        match self.stretches.partition_point(|stretch| stretch.0 <= offset) {
            0 => self.outer.start,
            n => {
                let (inner, outer) = self.stretches[n - 1];
                outer + (offset - inner)
            }
        }
    }

    /// Whether a literal block can hold `new` under the header that it has: the line breaks at the end are those of the
    /// header, the first line tells the indentation, and only what can be printed is text.
    pub(super) fn can_become(&self, new: &str) -> bool {
        let breaks = |text: &str| text.len() - text.trim_end_matches('\n').len();
        let first = new.trim_start_matches('\n');
        self.container == Style::Literal
            && !self.stretches.is_empty()
            && breaks(new) == breaks(&self.text)
            && !first.is_empty()
            && (self.has_indicator || !first.starts_with([' ', '\t']))
            && !new.chars().any(|c| (c.is_control() && !matches!(c, '\n' | '\t')) || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}'))
    }

    /// The outer edits that make these inner edits.
    ///
    /// # Errors
    /// [`text::Overlap`] where the inner edits overlap.
    pub fn lift(&self, edits: Vec<Edit>) -> Result<Vec<Edit>, text::Overlap> {
        let in_pieces =
            !self.stretches.is_empty() && (self.container != Style::Single || edits.iter().all(|edit| !edit.text.contains(['\n', '\r'])));
        if in_pieces {
            return Ok(edits.into_iter().map(|edit| self.lift_one(&self.within_lines(edit))).collect());
        }
        let whole = text::splice(&self.text, edits)?;
        Ok(vec![Edit::replace(self.outer, quoted(&whole) + &self.comment)])
    }

    /// The same edit, but in front of the last line break of a literal block: behind it begins what is not the block.
    fn within_lines(&self, edit: Edit) -> Edit {
        let Some(last) = self.text.strip_suffix('\n').map(str::len).filter(|_| self.container == Style::Literal) else { return edit };
        let Span { start, end } = edit.span;
        match edit.text.strip_suffix('\n') {
            Some(text) if start > last => Edit::insert(last, format!("\n{text}")),
            Some(text) if end > last => Edit::replace(Span::new(start, last), text),
            _ => edit,
        }
    }

    fn lift_one(&self, edit: &Edit) -> Edit {
        let Span { start, end } = edit.span;
        let at_line_start = |offset: usize| offset == 0 || self.text[..offset].ends_with('\n');
        // Whole lines go with their indentation, which is in front of where a line's text begins.
        if self.container == Style::Literal && edit.text.is_empty() && at_line_start(start) && at_line_start(end) {
            let line = |offset: usize| self.outer_offset(offset) - (self.indent - self.missing(offset));
            let outer_end = if end == self.text.len() { self.outer_offset(end) } else { line(end) };
            return Edit::delete(Span::new(line(start), outer_end));
        }
        let text = match self.container {
            Style::Literal => self.indented(&edit.text, start),
            Style::Double => {
                let text = quoted(&edit.text);
                text[1..text.len() - 1].to_owned()
            }
            _ => edit.text.replace('\'', "''"),
        };
        Edit::replace(Span::new(self.outer_offset(start), self.outer_offset(end)), text)
    }

    /// How much of its indentation the line that begins at the inner `offset` lacks.
    fn missing(&self, offset: usize) -> usize {
        self.short_lines.binary_search_by_key(&offset, |(line, _)| *line).map_or(0, |at| self.short_lines[at].1)
    }

    /// The lines of `text` that begin at the inner offset `at`, as they stand in a literal block. An empty line has no
    /// indentation, so what comes on one brings its own.
    fn indented(&self, text: &str, at: usize) -> String {
        let mut lines = text.split('\n').peekable();
        let first = lines.next().unwrap_or_default();
        let missing = if first.is_empty() { 0 } else { self.missing(at) };
        let mut out = format!("{:missing$}{first}", "");
        while let Some(line) = lines.next() {
            let indent = if line.is_empty() && lines.peek().is_some() { 0 } else { self.indent };
            out.extend([self.newline, &" ".repeat(indent), line]);
        }
        out
    }
}

/// The text of a scalar, and what a mapping to the outer text needs.
#[derive(Default)]
struct Decoded {
    text: String,
    stretches: Vec<(usize, usize)>,
    indent: usize,
    short_lines: Vec<(usize, usize)>,
}

/// The lines of a literal block: each is the source line without its indentation.
fn literal(source: &str, outer: Span, value: &str) -> Option<Decoded> {
    let body = source[outer.start..outer.end].find('\n').map(|newline| outer.start + newline + 1)?;
    let (first_line, first_source) = value
        .split('\n')
        .zip(source[body..outer.end].split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)))
        .find(|(line, _)| !line.is_empty())?;
    let indent = first_source.len().checked_sub(first_line.len())?;
    let (mut text, mut stretches, mut short_lines, mut at) = (String::with_capacity(value.len()), Vec::new(), Vec::new(), body);
    for line in source[body..outer.end].split('\n') {
        let content = line.strip_suffix('\r').unwrap_or(line);
        let skipped = indent.min(content.len());
        if skipped < indent {
            short_lines.push((text.len(), indent - skipped));
        }
        stretches.push((text.len(), at + skipped));
        text.push_str(&content[skipped..]);
        text.push('\n');
        at += line.len() + 1;
    }
    if !value.ends_with('\n') {
        text.pop();
    }
    let after = &source[outer.end..];
    let line_break = if after.starts_with("\r\n") { 2 } else { usize::from(after.starts_with('\n')) };
    stretches.push((text.len(), outer.end + if value.ends_with('\n') { line_break } else { 0 }));
    Some(Decoded { text, stretches, indent, short_lines })
}

/// The text in double quotes, one stretch per run without an escape or a line break.
fn double(source: &str, outer: Span) -> Option<Decoded> {
    let end = outer.end.checked_sub(1)?;
    let (mut text, mut stretches, mut at) = (String::new(), Vec::new(), outer.start + 1);
    while at < end {
        let rest = &source[at..end];
        let run = rest.find(['\\', '\n', '\r']).unwrap_or(rest.len());
        if run > 0 {
            stretches.push((text.len(), at));
            text.push_str(&rest[..run]);
            at += run;
            continue;
        }
        stretches.push((text.len(), at));
        at += escape(rest, &mut text)?;
    }
    stretches.push((text.len(), end));
    Some(Decoded { text, stretches, ..Decoded::default() })
}

/// Decodes the escape that `rest` begins with; how many bytes it takes. Folded lines are not decoded here.
fn escape(rest: &str, text: &mut String) -> Option<usize> {
    let mut chars = rest.strip_prefix('\\')?.chars();
    let digits = match chars.next()? {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        c => {
            text.push(match c {
                '0' => '\0',
                'a' => '\x07',
                'b' => '\x08',
                't' | '\t' => '\t',
                'n' => '\n',
                'v' => '\x0b',
                'f' => '\x0c',
                'r' => '\r',
                'e' => '\x1b',
                ' ' | '"' | '/' | '\\' => c,
                'N' => '\u{85}',
                '_' => '\u{a0}',
                'L' => '\u{2028}',
                'P' => '\u{2029}',
                _ => return None,
            });
            return Some(1 + c.len_utf8());
        }
    };
    let code = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok()?;
    text.push(char::from_u32(code)?);
    Some(2 + digits)
}

/// The text in single quotes, all on one line.
fn single(source: &str, outer: Span) -> Option<Decoded> {
    let end = outer.end.checked_sub(1)?;
    let (mut text, mut stretches, mut at) = (String::new(), Vec::new(), outer.start + 1);
    while at < end {
        let rest = &source[at..end];
        if rest.contains(['\n', '\r']) {
            return None;
        }
        let run = rest.find("''").map_or(rest.len(), |quote| quote + 1);
        stretches.push((text.len(), at));
        text.push_str(&rest[..run]);
        at += run + 1;
    }
    stretches.push((text.len(), end));
    Some(Decoded { text, stretches, ..Decoded::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Tree;

    #[test]
    fn escapes_are_read_as_the_parser_reads_them() {
        for name in "0abt\tnvfre \"/\\N_LP".chars() {
            let text = format!("\"\\{name}\"");
            assert_read(&text, 1 + name.len_utf8());
        }
        // A digit behind it is none of its own.
        for (text, length) in [("\"\\x41a\"", 4), ("\"\\u20aca\"", 6), ("\"\\U0001f600a\"", 10)] {
            assert_read(text, length);
        }
    }

    fn assert_read(text: &str, length: usize) {
        let tree = Tree::parse(text, Span::new(0, text.len())).expect(text);
        let mut decoded = String::new();
        assert_eq!(escape(&text[1..], &mut decoded), Some(length), "{text}");
        decoded += &text[1 + length..text.len() - 1];
        assert_eq!(tree.roots().next().and_then(Node::text), Some(decoded.as_str()), "{text}");
    }
}
