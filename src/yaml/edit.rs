//! From what must hold to the fewest edits.
//!
//! All wishes for one document are lowered together: they are sorted into a tree of their own first, so that two
//! that need the same missing parent make it once, and two that want different things at one place are an error
//! that names both. What holds already makes no edit.

use std::fmt;

use super::lower::lower_requests;
use super::wish::Request;
use super::{Node, Path, Value};
use crate::text::Edit;

/// What must hold at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Want {
    /// The place has this value.
    Is(Value),
    /// The entry at the place is written `key: value`, without quotes, with one blank and nothing behind it: for readers
    /// that are no YAML readers. The value must be one that can stand plain.
    Plain(String),
    /// The place has some value; this one, where there is none.
    Exists(Value),
    /// The list at the place has this item; it is appended where it is missing.
    Contains(Value),
    /// Nothing is there.
    Absent,
    /// The entry at the place has this key instead of its own.
    Named(String),
}

/// Words of a comment that an edit turns into a lie, and what is true then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reword {
    /// The words as they stand.
    pub from: &'static str,
    /// What to say instead.
    pub to: String,
}

/// One wish: what must hold where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    /// The place, from the root of the object.
    pub path: Path,
    /// What must hold there.
    pub want: Want,
    /// Put right in the comment above the list item that the place is in, if the wish makes an edit.
    pub reword: Option<Reword>,
}

impl Op {
    /// `path` must have `value`.
    pub fn is(path: Path, value: impl Into<Value>) -> Self {
        Self { path, want: Want::Is(value.into()), reword: None }
    }

    /// `path` must be as `want` says.
    pub fn new(path: Path, want: Want) -> Self {
        Self { path, want, reword: None }
    }
}

/// A wish that did not hold, and now does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The position of the wish in the list that was lowered.
    pub op: usize,
    /// The place, with the real position in each list.
    pub path: Path,
    /// What was there, if anything.
    pub current: Option<Value>,
    /// What is there now, if anything.
    pub proposed: Option<Value>,
    /// Byte offset of the place in the text; of the end of the collection for something new.
    pub offset: usize,
}

/// The edits that make all wishes hold.
#[derive(Debug, Default)]
pub struct Lowered {
    /// Disjoint edits of the text of the tree.
    pub edits: Vec<Edit>,
    /// What they change, in the order of the wishes.
    pub done: Vec<Done>,
}

/// Why a wish cannot be made to hold by an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// The position of the wish in the list.
    pub op: usize,
    /// The place that is in the way.
    pub path: Path,
    /// Byte offset of that place.
    pub offset: usize,
    /// What is in the way, and what to do about it: one sentence.
    pub reason: String,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Blocked {}

/// The fewest edits that make every one of `ops` hold for the object at `root`.
///
/// # Errors
/// [`Blocked`], naming the first wish that no edit can fulfil: through an alias, into a value of another kind,
/// against another wish, into an inner document that cannot be read.
pub fn lower(root: Node<'_>, ops: &[Op]) -> Result<Lowered, Blocked> {
    let wishes = ops.iter().enumerate().map(|(op, wish)| Request { op, order: op, steps: wish.path.steps(), wish }).collect();
    let mut lowered = lower_requests(root, wishes)?;
    lowered.done.sort_by_key(|done| done.op);
    Ok(lowered)
}

#[cfg(test)]
mod tests {
    use super::super::Tree;
    use super::*;
    use crate::text::{Span, splice};

    /// The text with `want` made to hold at `a.b`.
    fn edited(text: &str, want: Want) -> Result<String, String> {
        let tree = Tree::parse(text, Span::new(0, text.len())).expect(text);
        let lowered = lower(tree.roots().next().expect(text), &[Op::new(Path::of(&["a", "b"]), want)]);
        lowered.map(|lowered| splice(text, lowered.edits).expect(text)).map_err(|blocked| blocked.reason)
    }

    #[test]
    fn a_plain_entry_has_no_quotes_and_one_blank() {
        let plain = || Want::Plain("1.0.0.0/8,fd00::/56".into());
        let written = "a:\n  b: 1.0.0.0/8,fd00::/56\n  c: d\n";
        for value in [
            "\"1.0.0.0/8\"",
            "'1.0.0.0/8'",
            "1.0.0.0/8",
            "   1.0.0.0/8",
            "\"1.0.0.0/8,fd00::/56\"",
            "",
            "|-\n    1.0.0.0/8",
            "\n    1.0.0.0/8",
        ] {
            let colon = if value.is_empty() { ":" } else { ": " };
            assert_eq!(edited(&format!("a:\n  b{colon}{value}\n  c: d\n"), plain()).as_deref(), Ok(written), "{value:?}");
        }
        for key in ["\"b\"", "'b'", "b "] {
            assert_eq!(edited(&format!("a:\n  {key}: 1.0.0.0/8,fd00::/56\n  c: d\n"), plain()).as_deref(), Ok(written), "{key}");
        }
        assert_eq!(edited(written, plain()).as_deref(), Ok(written));
        assert_eq!(edited("a:\n  b: 1 # c\n", plain()).as_deref(), Ok("a:\n  # c\n  b: 1.0.0.0/8,fd00::/56\n"));
        assert_eq!(edited("a:\r\n  b: '1'  # c \r\n", plain()).as_deref(), Ok("a:\r\n  # c\r\n  b: 1.0.0.0/8,fd00::/56\r\n"));
        assert_eq!(edited("a:\n  b: 1.0.0.0/8,fd00::/56  \n", plain()).as_deref(), Ok("a:\n  b: 1.0.0.0/8,fd00::/56\n"));
        assert_eq!(edited("a:\n  c: d\n", plain()).as_deref(), Ok("a:\n  c: d\n  b: 1.0.0.0/8,fd00::/56\n"));
    }

    #[test]
    fn a_string_without_quotes_keeps_none_where_it_needs_none() {
        let to = |value: &str| Want::Is(value.into());
        assert_eq!(edited("a:\n  b: c\n  d: \"e\"\n", to("f")).as_deref(), Ok("a:\n  b: f\n  d: \"e\"\n"));
        assert_eq!(edited("a:\n  b: c\n  d: 'e'\n", to("1")).as_deref(), Ok("a:\n  b: '1'\n  d: 'e'\n"));
        assert_eq!(edited("a: {b: c, d: \"e\"}\n", to("f,g")).as_deref(), Ok("a: {b: \"f,g\", d: \"e\"}\n"));
        assert_eq!(edited("a:\n  b: 1\n  d: \"e\"\n", to("f")).as_deref(), Ok("a:\n  b: \"f\"\n  d: \"e\"\n"));
    }

    #[test]
    fn what_cannot_stand_plain_is_an_error() {
        assert!(edited("a:\n  b: c\n", Want::Plain("d: e".into())).is_err());
        assert!(edited("a: {b: c}\n", Want::Plain("d,e".into())).is_err());
        assert!(edited("a:\n  b: !!str c\n", Want::Plain("d".into())).is_err());
        assert!(edited("a:\n  b: &x c\n", Want::Plain("d".into())).is_err());
    }
}
