//! Random values, written in random styles. All choices come from a list of bytes, which a property test can shrink:
//! where it is used up, the simplest choice is taken.

use std::fmt::Write as _;

/// What to choose next.
pub(crate) struct Choices<'c> {
    bytes: std::slice::Iter<'c, u8>,
}

impl<'c> Choices<'c> {
    pub(crate) fn new(bytes: &'c [u8]) -> Self {
        Self { bytes: bytes.iter() }
    }

    /// A number below `count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        usize::from(self.bytes.next().copied().unwrap_or(0)) % count
    }

    pub(crate) fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// Yes, once in `times`; no, where there is nothing left to choose.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }
}

/// A value to write.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Model {
    Null,
    Bool(bool),
    Number(usize),
    Text(String),
    List(Vec<Model>),
    Map(Vec<(String, Model)>),
    /// A string that holds a document: its text.
    Document(String),
}

const KEYS: [&str; 8] = ["name", "value", "env", "a-b", "c.d", "é", "true", "with space"];
const TEXTS: [&str; 34] = [
    "word",
    "autodetect",
    "two words",
    "a/b.c",
    "true",
    "no",
    "1.5",
    "0x1f",
    "2001-01-01",
    "~",
    "",
    " lead",
    "trail ",
    "it's",
    "a \"quote\"",
    "back\\slash",
    "a: b",
    "a #b",
    "#c",
    "- x",
    "*x",
    "&x",
    "{x}",
    "[x",
    "fd00::",
    "10.0.0.0/8,fd00::/8",
    "é – ü",
    "tab\tin",
    "one\ntwo",
    "one\n",
    "one\n\ntwo\n",
    "\none",
    "  deep\nflat\n",
    "end\n\n",
];

impl Model {
    /// A mapping or a list.
    pub(crate) fn random(choices: &mut Choices<'_>, depth: usize) -> Self {
        if choices.once_in(4) { Self::list(choices, depth) } else { Self::map(choices, depth) }
    }

    fn map(choices: &mut Choices<'_>, depth: usize) -> Self {
        let mut entries: Vec<(String, Self)> = Vec::new();
        for _ in 0..choices.of(&[1, 2, 3, 4, 5, 0]) {
            let key = choices.of(&KEYS).to_owned();
            if entries.iter().all(|(other, _)| *other != key) {
                entries.push((key, Self::any(choices, depth)));
            }
        }
        Self::Map(entries)
    }

    fn list(choices: &mut Choices<'_>, depth: usize) -> Self {
        Self::List((0..choices.of(&[1, 2, 3, 0])).map(|_| Self::any(choices, depth)).collect())
    }

    pub(crate) fn any(choices: &mut Choices<'_>, depth: usize) -> Self {
        match choices.below(14) {
            0 => Self::Null,
            1 => Self::Bool(choices.once_in(2)),
            2 => Self::Number(choices.below(100)),
            3..=5 if depth > 0 => Self::map(choices, depth - 1),
            6 | 7 if depth > 0 => Self::list(choices, depth - 1),
            8..=10 if depth > 0 => Self::Document(document(&Self::random(choices, depth - 1), choices)),
            _ => Self::Text(choices.of(&TEXTS).to_owned()),
        }
    }
}

/// The text of a document.
pub(crate) fn document(root: &Model, choices: &mut Choices<'_>) -> String {
    let mut writer = Writer { choices, out: String::new(), comments: 0, anchors: Vec::new() };
    writer.root(root);
    writer.out
}

struct Writer<'w, 'c> {
    choices: &'w mut Choices<'c>,
    out: String,
    comments: usize,
    /// Finished nodes with an anchor.
    anchors: Vec<(String, Model)>,
}

impl Writer<'_, '_> {
    fn root(&mut self, root: &Model) {
        if self.choices.once_in(6) {
            self.out.push_str("---\n");
        }
        match root {
            Model::Map(entries) if !entries.is_empty() && !self.choices.once_in(5) => {
                self.own_comment(0);
                self.entries(entries, 0, true);
            }
            Model::List(items) if !items.is_empty() && !self.choices.once_in(5) => {
                self.own_comment(0);
                self.items(items, 0, true);
            }
            other => {
                self.flow(other, 0, false);
                self.end_of_line();
            }
        }
    }

    fn indent(&mut self, column: usize) {
        let _ = write!(self.out, "{:column$}", "");
    }

    /// Blank lines and comments on lines of their own.
    fn own_comment(&mut self, column: usize) {
        // Behind a block scalar that keeps its line breaks, one more would be a part of it.
        if self.choices.once_in(8) && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
        if self.choices.once_in(6) {
            self.indent(column);
            let _ = writeln!(self.out, "#c{}", self.comments);
            self.comments += 1;
        }
    }

    /// Perhaps a comment, then the line break.
    fn end_of_line(&mut self) {
        if self.choices.once_in(8) {
            let _ = write!(self.out, " #c{}", self.comments);
            self.comments += 1;
        }
        self.out.push('\n');
    }

    /// The entries of a block mapping; the first one stands where we are, if `inline`.
    fn entries(&mut self, entries: &[(String, Model)], column: usize, mut inline: bool) {
        for (key, value) in entries {
            if !inline {
                self.own_comment(column);
                self.indent(column);
            }
            inline = false;
            let explicit = self.choices.once_in(40) && !matches!(value, Model::Map(_) | Model::List(_));
            if explicit {
                self.out.push_str("? ");
            }
            self.key(key);
            if explicit {
                self.out.push('\n');
                self.indent(column);
            } else if self.choices.once_in(20) {
                self.out.push(' ');
            }
            self.out.push(':');
            self.value(value, column, false);
        }
    }

    /// The items of a block sequence.
    fn items(&mut self, items: &[Model], column: usize, mut inline: bool) {
        for item in items {
            if !inline {
                self.own_comment(column);
                self.indent(column);
            }
            inline = false;
            self.out.push('-');
            self.value(item, column, true);
        }
    }

    fn key(&mut self, key: &str) {
        match (key, self.choices.below(6)) {
            (_, 4) => {
                let _ = write!(self.out, "{key:?}");
            }
            (_, 5) | ("true", _) => {
                let _ = write!(self.out, "'{key}'");
            }
            _ => self.out.push_str(key),
        }
    }

    /// What follows the `:` or the `-` at `column`, to the end of its last line.
    fn value(&mut self, value: &Model, column: usize, in_list: bool) {
        if self.alias(value) {
            self.end_of_line();
            return;
        }
        let anchor = self.choices.once_in(16).then(|| format!("n{}", self.out.len()));
        if let Some(name) = &anchor {
            let _ = write!(self.out, " &{name}");
        }
        match value {
            Model::Map(entries) if !entries.is_empty() && !self.choices.once_in(5) => {
                let gap = 1 + self.choices.of(&[0, 0, 0, 1, 3]);
                let step = self.choices.of(&[2, 2, 4, 1, 3]);
                if in_list && anchor.is_none() && !self.choices.once_in(5) {
                    if self.choices.once_in(6) {
                        let _ = writeln!(self.out, " #c{}", self.comments);
                        self.comments += 1;
                        self.entries(entries, column + step, false);
                    } else {
                        self.indent(gap);
                        self.entries(entries, column + 1 + gap, true);
                    }
                } else {
                    self.end_of_line();
                    self.entries(entries, column + step, false);
                }
            }
            Model::List(items) if !items.is_empty() && !self.choices.once_in(5) => {
                let deeper = self.choices.of(&[0, 2, 2, 1, 4]);
                if in_list && anchor.is_none() && !self.choices.once_in(5) {
                    self.out.push(' ');
                    self.items(items, column + 2, true);
                } else {
                    self.end_of_line();
                    self.items(items, column + if in_list { deeper.max(1) } else { deeper }, false);
                }
            }
            Model::Text(text) | Model::Document(text) if self.choices.once_in(3) && can_be_block(text) => self.block_scalar(text, column),
            Model::Null if self.choices.once_in(2) => self.end_of_line(),
            other => {
                // A value may begin on the line behind its key.
                if self.choices.once_in(30) && !in_list {
                    self.out.push('\n');
                    self.indent(column + 3);
                } else {
                    self.indent(1);
                }
                self.flow(other, column + 1, false);
                self.end_of_line();
            }
        }
        if let Some(name) = anchor {
            self.anchors.push((name, value.clone()));
        }
    }

    /// Refers to a node in front that says the same, if there is one.
    fn alias(&mut self, value: &Model) -> bool {
        let found = self.anchors.iter().rev().find(|(_, model)| model == value).map(|(name, _)| name.clone());
        let Some(name) = found.filter(|_| !self.choices.once_in(3)) else { return false };
        let _ = write!(self.out, " *{name}");
        true
    }

    /// A scalar on its line, or a collection in brackets, whose lines stand at `column` at least.
    fn flow(&mut self, value: &Model, column: usize, json: bool) {
        match value {
            Model::Null => self.out.push_str(if json { "null" } else { self.choices.of(&["null", "~"]) }),
            Model::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Model::Number(value) => {
                let _ = write!(self.out, "{value}");
            }
            Model::Text(text) | Model::Document(text) => self.scalar(text, json),
            Model::List(items) => {
                let json = json || self.choices.once_in(4);
                self.members('[', items.len(), column, |writer, at, column| writer.flow(&items[at], column, json), ']');
            }
            Model::Map(entries) => {
                let json = json || self.choices.once_in(3);
                let member = |writer: &mut Self, at: usize, column| {
                    let (key, value) = &entries[at];
                    if json {
                        let _ = write!(writer.out, "{key:?}");
                    } else {
                        writer.key(key);
                    }
                    let dense = json && writer.choices.once_in(3);
                    writer.out.push_str(if dense { ":" } else { ": " });
                    writer.flow(value, column, json);
                };
                self.members('{', entries.len(), column, member, '}');
            }
        }
    }

    fn members(&mut self, open: char, count: usize, column: usize, mut member: impl FnMut(&mut Self, usize, usize), close: char) {
        let layout = self.choices.below(5);
        self.out.push(open);
        if layout == 3 {
            self.out.push(' ');
        }
        for at in 0..count {
            if layout == 4 {
                self.end_of_line();
                self.indent(column + 2);
            }
            member(self, at, column + 2);
            if at + 1 < count {
                self.out.push_str(match layout {
                    4 | 2 => ",",
                    _ => ", ",
                });
            } else if self.choices.once_in(6) {
                self.out.push(',');
            }
        }
        match layout {
            3 => self.out.push(' '),
            4 => {
                self.end_of_line();
                self.indent(column);
            }
            _ => {}
        }
        self.out.push(close);
    }

    fn scalar(&mut self, text: &str, json: bool) {
        let is_plain = matches!(text, "word" | "autodetect" | "two words" | "a/b.c");
        let style = self.choices.below(4);
        if style == 3 && !json && self.choices.once_in(4) {
            self.out.push_str("!!str ");
        }
        match style {
            _ if json => self.double(text),
            0 | 3 if is_plain => self.out.push_str(text),
            1 | 3 if !text.contains(['\n', '\t']) => {
                let _ = write!(self.out, "'{}'", text.replace('\'', "''"));
            }
            _ => self.double(text),
        }
    }

    fn double(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\t' => self.out.push_str("\\t"),
                'é' if self.choices.once_in(2) => self.out.push_str("\\u00e9"),
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    /// `|` or `>`; the lines stand deeper than `column`.
    fn block_scalar(&mut self, text: &str, column: usize) {
        let step = self.choices.of(&[2, 1, 4]);
        let body = text.trim_end_matches('\n');
        let breaks = text.len() - body.len();
        let folded = !body.contains('\n') && !body.starts_with(' ') && self.choices.once_in(4);
        self.out.push_str(if folded { " >" } else { " |" });
        if body.trim_start_matches('\n').starts_with([' ', '\t']) || self.choices.once_in(8) {
            let _ = write!(self.out, "{step}");
        }
        self.out.push_str(match breaks {
            0 => "-",
            1 => "",
            _ => "+",
        });
        self.end_of_line();
        let body = if folded && body.contains("two words") { body.replace("two words", "two\nwords") } else { body.to_owned() };
        for line in body.split('\n') {
            if !line.is_empty() {
                self.indent(column + step);
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
        let extra = if breaks < 2 && self.choices.once_in(4) { 1 } else { breaks.saturating_sub(1) };
        self.out.push_str(&"\n".repeat(extra));
    }
}

/// Whether a block scalar can hold the text: something must be there that is not blank.
fn can_be_block(text: &str) -> bool {
    !text.trim().is_empty() && !text.starts_with("\n ")
}
