//! Changes of one object → verified edits of its text.

use crate::package::Resource;
use crate::plan::Change;
use crate::text::{self, Edit, Span};
use crate::yaml::{self, Blocked, Done, Kind, Layout, Node, Op};

/// The edits of one object.
#[derive(Debug)]
pub struct Applied {
    /// Edits of the whole text.
    pub edits: Vec<Edit>,
    /// What they change; `op` is the position of the change.
    pub done: Vec<Done>,
    /// The text of the edited object alone, its columns as they were.
    pub text: String,
}

/// Why an object cannot be edited.
#[derive(Debug)]
pub enum Refusal {
    /// Something in the text is in the way of an edit.
    Blocked(Blocked),
    /// The object has a key twice: its name, the first place and the second one.
    DuplicateKey(String, usize, usize),
    /// The edits do not fit the object: a bug.
    Unfit,
}

/// The edits that make all `changes` of `resource` hold; none where they hold already.
///
/// # Errors
/// [`Refusal`]; then nothing of the object may be edited.
pub fn apply(resource: &Resource<'_>, changes: &[&Change]) -> Result<Option<Applied>, Refusal> {
    let root = resource.root();
    let ops = ops(changes);
    let lowered = yaml::lower(root, &ops).map_err(Refusal::Blocked)?;
    if lowered.edits.is_empty() {
        return Ok(None);
    }
    if let Some((first, second)) = root.descendants().find_map(Node::duplicate_key) {
        let key = first.text().unwrap_or_default().to_owned();
        return Err(Refusal::DuplicateKey(key, first.start(), second.start()));
    }
    let text = alone(root, &lowered.edits).ok_or(Refusal::Unfit)?;
    Ok(Some(Applied { edits: lowered.edits, done: lowered.done, text }))
}

/// Whether `edited` is `resource` with `changes` made, and no other difference.
pub fn came_out_as_meant(resource: &Resource<'_>, edited: &Resource<'_>, changes: &[&Change]) -> bool {
    yaml::agrees(resource.root(), edited.root(), &ops(changes))
}

fn ops(changes: &[&Change]) -> Vec<Op> {
    changes.iter().map(|change| change.op.clone()).collect()
}

/// The text of the edited object alone. What stands in front of it on its first line, such as a dash, becomes blanks,
/// so that the columns stay true.
fn alone(root: Node<'_>, edits: &[Edit]) -> Option<String> {
    let text = root.source();
    let is_flow = matches!(root.kind(), Kind::Mapping(Layout::Flow));
    let start = if is_flow { root.start() } else { text::line_start(text, root.start()) };
    let end = if is_flow { root.span().end } else { text::line_end(text, root.span().end) };
    let in_front = Span::new(0, root.start() - start);
    let mut moved = vec![Edit::replace(in_front, " ".repeat(in_front.end))];
    for edit in edits {
        if edit.span.start < root.start() || edit.span.end > end {
            return None;
        }
        moved.push(Edit::replace(Span::new(edit.span.start - start, edit.span.end - start), edit.text.clone()));
    }
    text::splice(&text[start..end], moved).ok()
}
