//! Does the edited text say what was wished, and nothing else? Asked of every edited object before it is written.

use super::{Node, Op, Step, Tree, Value, Want};
use crate::text::Span;

/// Whether `after` is `before` with every one of `ops` made to hold, and no other difference in any value.
///
/// It works on values and shares nothing with the code that makes edits, but the parser.
pub fn agrees(before: Node<'_>, after: Node<'_>, ops: &[Op]) -> bool {
    let (mut expected, mut actual) = (value_of(before), value_of(after));
    for op in ops {
        open(&mut expected, op.path.steps());
        open(&mut actual, op.path.steps());
    }
    // Removals come last and from the back, so that the positions of the others stay true.
    let (mut removals, others): (Vec<_>, Vec<_>) = ops.iter().partition(|op| op.want == Want::Absent);
    removals.sort_by(|a, b| b.path.cmp(&a.path));
    removals.dedup_by(|a, b| a.path == b.path);
    for op in others.into_iter().chain(removals) {
        apply(&mut expected, op.path.steps(), &op.want);
    }
    expected == actual
}

/// As [`Value::of`], but an alias is its name: what it stands for is compared where it stands.
fn value_of(node: Node<'_>) -> Value {
    match node.kind() {
        super::Kind::Alias(_) => Value::Str(node.span().of(node.tree().text()).to_owned()),
        super::Kind::Mapping(_) => {
            Value::Map(node.entries().map(|(key, value)| (key.text().unwrap_or_default().to_owned(), value_of(value))).collect())
        }
        super::Kind::Sequence(_) => Value::List(node.items().map(value_of).collect()),
        super::Kind::Scalar(_) => Value::of(node),
    }
}

/// Turns the scalars that `steps` go into to what the documents in them say.
fn open(value: &mut Value, steps: &[Step]) {
    let Some((step, rest)) = steps.split_first() else { return };
    if *step == Step::Inside {
        if let Value::Str(text) = value {
            let tree = Tree::parse(text, Span::new(0, text.len()));
            let inner = tree.ok().and_then(|tree| tree.roots().next().map(value_of));
            *value = inner.unwrap_or(Value::Null);
        }
        return open(value, rest);
    }
    if let Some(child) = child(value, step) {
        open(child, rest);
    }
}

fn child<'v>(value: &'v mut Value, step: &Step) -> Option<&'v mut Value> {
    match (value, step) {
        (Value::Map(entries), Step::Key(key)) => entries.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value),
        (Value::List(items), Step::Index(index)) => items.get_mut(*index),
        (Value::List(items), Step::Item { key, value }) => items.iter_mut().find(|item| text_of(item, key) == Some(value.as_str())),
        _ => None,
    }
}

fn text_of<'v>(item: &'v Value, key: &str) -> Option<&'v str> {
    match item.get(key)? {
        Value::Str(text) | Value::Number(text) => Some(text),
        Value::Bool(true) => Some("true"),
        Value::Bool(false) => Some("false"),
        _ => None,
    }
}

/// Makes `want` hold at `steps` of a value.
fn apply(value: &mut Value, steps: &[Step], want: &Want) {
    match steps {
        [] => match want {
            Want::Is(wanted) => *value = wanted.clone(),
            Want::Exists(wanted) if *value == Value::Null => *value = wanted.clone(),
            Want::Contains(wanted) => {
                if *value == Value::Null {
                    *value = Value::List(vec![]);
                }
                if let Value::List(items) = value
                    && !items.contains(wanted)
                {
                    items.push(wanted.clone());
                }
            }
            Want::Exists(_) | Want::Absent | Want::Named(_) => {}
        },
        [Step::Inside, rest @ ..] => apply(value, rest, want),
        [step] if *want == Want::Absent => match (value, step) {
            (Value::Map(entries), Step::Key(key)) => entries.retain(|(name, _)| name != key),
            (Value::List(items), Step::Index(index)) if *index < items.len() => drop(items.remove(*index)),
            (Value::List(items), Step::Item { key, value }) => items.retain(|item| text_of(item, key) != Some(value)),
            _ => {}
        },
        [Step::Key(key)] if matches!(want, Want::Named(_)) => {
            if let (Value::Map(entries), Want::Named(name)) = (value, want)
                && let Some(entry) = entries.iter_mut().find(|(other, _)| other == key)
            {
                entry.0.clone_from(name);
            }
        }
        [step, rest @ ..] => {
            if child(value, step).is_none() {
                create(value, step, rest, want);
            }
            if let Some(child) = child(value, step) {
                apply(child, rest, want);
            }
        }
    }
}

/// Makes the place for `step`, empty, unless nothing is wanted there.
fn create(value: &mut Value, step: &Step, rest: &[Step], want: &Want) {
    if matches!(want, Want::Absent | Want::Named(_)) {
        return;
    }
    match step {
        Step::Key(key) => {
            if *value == Value::Null {
                *value = Value::Map(vec![]);
            }
            if let Value::Map(entries) = value {
                entries.push((key.clone(), Value::Null));
            }
        }
        Step::Item { key, value: wanted } => {
            if *value == Value::Null {
                *value = Value::List(vec![]);
            }
            if let Value::List(items) = value {
                // A whole item is wanted: it brings the field itself.
                let whole = matches!((rest, want), ([], Want::Is(Value::Map(_)) | Want::Exists(Value::Map(_))));
                let item = if whole { Value::Null } else { Value::Map(vec![(key.clone(), Value::from(wanted.as_str()))]) };
                items.push(item);
                if whole && let Want::Is(item) | Want::Exists(item) = want {
                    *items.last_mut().expect("just pushed") = with_field_first(key, wanted, item);
                }
            }
        }
        Step::Index(_) | Step::Inside => {}
    }
}

/// `item` with the field that tells it apart in front.
fn with_field_first(key: &str, value: &str, item: &Value) -> Value {
    let mut entries = vec![(key.to_owned(), Value::from(value))];
    if let Value::Map(more) = item {
        entries.extend(more.iter().filter(|(name, _)| name != key).cloned());
    }
    Value::Map(entries)
}
