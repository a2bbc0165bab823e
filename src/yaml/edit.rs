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
