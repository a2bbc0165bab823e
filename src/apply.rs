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
    let own_end = if is_flow { root.span().end } else { end_of_block(text, root.span().end) };
    // New keys may stand behind the comments that belong to the object.
    let end = edits.iter().map(|edit| edit.span.end).fold(own_end, usize::max);
    if !text[own_end..end].lines().all(|line| line.trim_start().is_empty() || line.trim_start().starts_with('#')) {
        return None;
    }
    let in_front = Span::new(0, root.start() - start);
    let blanks = " ".repeat(text::column(text, root.start()));
    let mut moved = vec![Edit::replace(in_front, blanks)];
    for edit in edits {
        if edit.span.start < root.start() {
            return None;
        }
        moved.push(Edit::replace(Span::new(edit.span.start - start, edit.span.end - start), edit.text.clone()));
    }
    text::splice(&text[start..end], moved).ok()
}

/// The end of a block collection whose last node ends at `end`: behind the line break and the blank lines, which belong
/// to the value of a block scalar.
fn end_of_block(text: &str, end: usize) -> usize {
    let mut end = if text[..end].ends_with('\n') { end } else { behind_line(text, end) };
    while end < text.len() && text[end..text::line_end(text, end)].trim().is_empty() {
        end = behind_line(text, end);
    }
    end
}

/// The offset behind the line of `offset`, its line break included.
fn behind_line(text: &str, offset: usize) -> usize {
    text[offset..].find('\n').map_or(text.len(), |newline| offset + newline + 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::package::Package;
    use crate::plan::Rule;
    use crate::yaml::Path;

    static RULE: Rule = Rule { id: "rule", title: "", why: "", remedy: "", source: "" };

    /// The document with `a` set to 2, if that is taken for what was meant.
    fn edited(text: &str) -> Option<String> {
        let package = Package::read(text).expect(text);
        let resource = &package.all()[0];
        let change = Change { resource: 0, op: Op::is(Path::of(&["a"]), 2_u32), rule: &RULE, message: String::new() };
        let applied = apply(resource, &[&change]).expect(text)?;
        let texts = BTreeMap::from([(0, applied.text)]);
        let package = package.edited(&texts).ok()?;
        came_out_as_meant(resource, &package.all()[0], &[&change]).then(|| text::splice(text, applied.edits).expect(text))
    }

    #[test]
    fn a_byte_order_mark_may_stand_in_front_of_the_first_key() {
        for text in ["\u{feff}a: 1\nb: c\n", "\u{feff}{a: 1, b: c}\n", "\u{feff}# d\na: 1\nb: c\n"] {
            assert_eq!(edited(text), Some(text.replacen('1', "2", 1)), "{text:?}");
        }
    }

    #[test]
    fn an_object_may_end_in_a_block_scalar_of_any_kind() {
        for header in ["|", "|-", "|+", ">", ">-", ">+"] {
            for tail in ["", "\n", "\n\n", "\n\n\n"] {
                for next in ["", "---\na: b\n", "# c\n---\na: b\n"] {
                    if tail.is_empty() && !next.is_empty() {
                        continue;
                    }
                    let text = format!("a: 1\nb: {header}\n  c{tail}{next}");
                    assert_eq!(edited(&text), Some(text.replacen('1', "2", 1)), "{text:?}");
                    let list =
                        format!("kind: List\napiVersion: v1\nitems:\n- a: 1\n  kind: x\n  apiVersion: v1\n  b: {header}\n    c{tail}");
                    assert_eq!(edited(&list), Some(list.replacen("a: 1", "a: 2", 1)), "{list:?}");
                    let list = format!("{list}{}- kind: y\n  apiVersion: v1\n", if tail.is_empty() { "\n" } else { "" });
                    assert_eq!(edited(&list), Some(list.replacen("a: 1", "a: 2", 1)), "{list:?}");
                }
            }
        }
    }
}
