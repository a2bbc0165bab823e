//! Does the edited text say what was wished, and nothing else? Asked of every edited object before it is written.

use super::{Kind, Node, Op, Step, Tree, Value, Want};
use crate::text::Span;

/// Whether `after` is `before` with every one of `ops` made to hold, and no other difference in any value.
///
/// It works on values and shares nothing with the code that makes edits, but the parser.
pub fn agrees(before: Node<'_>, after: Node<'_>, ops: &[Op]) -> bool {
    let ops: Vec<_> = ops.iter().map(|op| (with_positions(before, op.path.steps()), &op.want)).collect();
    let mut expected = value_of(before);
    for (steps, _) in &ops {
        open(&mut expected, steps);
    }
    // Removals come last and from the back, so that the positions of the others stay true.
    let (mut removals, others): (Vec<_>, Vec<_>) =
        ops.into_iter().filter(|(steps, want)| !holds(before, steps, want)).partition(|(_, want)| **want == Want::Absent);
    for (steps, want) in &others {
        apply(&mut expected, steps, want);
    }
    removals.sort_by(|one, other| one.0.cmp(&other.0));
    removals.dedup_by(|one, other| one.0 == other.0);
    for (steps, want) in removals.iter().rev() {
        apply(&mut expected, steps, want);
    }
    is_said_by(&expected, after)
}

/// Whether a wish holds already, perhaps through an alias or a merge key, which the values here do not follow.
fn holds(node: Node<'_>, steps: &[Step], want: &Want) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        return match want {
            Want::Is(value) => Value::of(node) == *value,
            Want::Exists(_) => !node.is_null(),
            Want::Plain(_) | Want::Contains(_) | Want::Absent | Want::Named(_) => false,
        };
    };
    let next = match step {
        Step::Key(key) => node.get(key),
        Step::Index(index) => node.items().nth(*index),
        Step::Item { key, value } => node.items().find(|item| item.text_at(&[key]) == Some(value)),
        Step::Inside => {
            let text = node.text().unwrap_or_default();
            let tree = Tree::parse(text, Span::new(0, text.len()));
            return tree.is_ok_and(|tree| tree.roots().next().is_some_and(|root| holds(root, rest, want)));
        }
    };
    next.is_some_and(|next| holds(next, rest, want))
}

/// The steps with the position of each item that they name, as far as they lead. Here a name may be an alias.
fn with_positions(node: Node<'_>, steps: &[Step]) -> Vec<Step> {
    let Some((step, rest)) = steps.split_first() else { return Vec::new() };
    let found = match step {
        Step::Key(key) => node.own(key).map(|(_, value)| (step.clone(), value)),
        Step::Index(index) => node.items().nth(*index).map(|item| (step.clone(), item)),
        Step::Item { key, value } => {
            let mut items = node.items().enumerate();
            items.find(|(_, item)| item.text_at(&[key]) == Some(value)).map(|(index, item)| (Step::Index(index), item))
        }
        Step::Inside => {
            let inside = |root: Option<Node<'_>>| root.map_or_else(|| rest.to_vec(), |root| with_positions(root, rest));
            return std::iter::once(Step::Inside).chain(with_document(node.text().unwrap_or_default(), inside)).collect();
        }
    };
    let Some((step, next)) = found else { return steps.to_vec() };
    std::iter::once(step).chain(with_positions(next, rest)).collect()
}

/// As [`Value::of`], but an alias is its name, which no number is: what it stands for is compared where it stands.
fn value_of(node: Node<'_>) -> Value {
    match node.kind() {
        Kind::Alias(_) => Value::Number(node.span().of(node.source()).to_owned()),
        Kind::Mapping(_) => {
            Value::Map(node.entries().map(|(key, value)| (key.text().unwrap_or_default().to_owned(), value_of(value))).collect())
        }
        Kind::Sequence(_) => Value::List(node.items().map(value_of).collect()),
        Kind::Scalar(_) => Value::of(node),
    }
}

/// The only key of the mapping that stands for an opened document. No text that is YAML holds it.
const DOCUMENT: &str = "\0document";

/// Turns the scalars that `steps` go into to what the documents in them say.
fn open(value: &mut Value, steps: &[Step]) {
    let Some((step, rest)) = steps.split_first() else { return };
    if let (Step::Inside, Value::Str(text)) = (step, &*value) {
        *value = Value::map([(DOCUMENT, document(text))]);
    }
    if let Some(child) = child(value, step) {
        open(child, rest);
    }
}

/// What the document in a string says.
fn document(text: &str) -> Value {
    with_document(text, |root| root.map_or(Value::Null, value_of))
}

/// Calls `read` with the first document in a string, if there is one.
fn with_document<T>(text: &str, read: impl FnOnce(Option<Node<'_>>) -> T) -> T {
    let tree = Tree::parse(text, Span::new(0, text.len()));
    read(tree.as_ref().ok().and_then(|tree| tree.roots().next()))
}

/// Whether `actual` says what is `expected`, where an opened document stands for every text that says the same.
fn is_said_by(expected: &Value, actual: Node<'_>) -> bool {
    match (expected, actual.kind()) {
        (Value::Map(entries), Kind::Scalar(_)) if entries.len() == 1 && entries[0].0 == DOCUMENT => {
            let inner = &entries[0].1;
            let says = |root: Option<Node<'_>>| root.map_or(*inner == Value::Null, |root| is_said_by(inner, root));
            actual.string().is_some_and(|text| with_document(text, says))
        }
        (Value::Map(expected), Kind::Mapping(_)) => {
            let mut entries = actual.entries();
            let same = |(key, value): &(String, Value)| {
                entries.next().is_some_and(|(name, other)| name.text().unwrap_or_default() == key && is_said_by(value, other))
            };
            expected.iter().all(same) && entries.next().is_none()
        }
        (Value::List(expected), Kind::Sequence(_)) => {
            let mut items = actual.items();
            expected.iter().all(|value| items.next().is_some_and(|other| is_said_by(value, other))) && items.next().is_none()
        }
        (Value::Number(name), Kind::Alias(_)) => name == actual.span().of(actual.source()),
        (_, Kind::Scalar(_)) => *expected == Value::of(actual),
        _ => false,
    }
}

fn child<'v>(value: &'v mut Value, step: &Step) -> Option<&'v mut Value> {
    match (value, step) {
        (Value::Map(entries), Step::Inside) => entries.iter_mut().find(|(name, _)| name == DOCUMENT).map(|(_, value)| value),
        (Value::Map(entries), Step::Key(key)) => entries.iter_mut().find(|(name, _)| **name == **key).map(|(_, value)| value),
        (Value::List(items), Step::Index(index)) => items.get_mut(*index),
        // One that was there is known by its position.
        (Value::List(items), Step::Item { key, value }) => {
            items.iter_mut().find(|item| item.get(key).and_then(Value::as_str) == Some(value.as_str()))
        }
        _ => None,
    }
}

/// Makes `want` hold at `steps` of a value.
fn apply(value: &mut Value, steps: &[Step], want: &Want) {
    match steps {
        [] => match want {
            Want::Is(wanted) => *value = wanted.clone(),
            Want::Plain(text) => *value = Value::Str(text.clone()),
            Want::Exists(wanted) if *value == Value::Null || is_alias(value) => *value = wanted.clone(),
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
        [step] if *want == Want::Absent => match (value, step) {
            (Value::Map(entries), Step::Key(key)) => entries.retain(|(name, _)| **name != **key),
            (Value::List(items), Step::Index(index)) if *index < items.len() => drop(items.remove(*index)),
            _ => {}
        },
        [Step::Key(key)] if matches!(want, Want::Named(_)) => {
            if let (Value::Map(entries), Want::Named(name)) = (value, want)
                && let Some(entry) = entries.iter_mut().find(|(other, _)| **other == **key)
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

fn is_alias(value: &Value) -> bool {
    matches!(value, Value::Number(name) if name.starts_with('*'))
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
                entries.push((key.to_string(), Value::Null));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::splice;
    use crate::yaml::{Path, lower};

    #[test]
    fn a_string_is_no_mapping() {
        let tree = |text| Tree::parse(text, Span::new(0, text.len())).unwrap();
        let (before, after) = (tree("a: {b: 1}\n"), tree("a: '1'\n"));
        assert!(!agrees(before.roots().next().unwrap(), after.roots().next().unwrap(), &[]));
    }

    #[test]
    fn an_item_may_have_its_name_from_an_alias() {
        let text = "names: [&a IP6]\nenv:\n- name: *a\n  value: none\n- name: IP\n";
        let ops = [
            Op::is(Path::of(&["env"]).item("name", "IP6").key("value"), "autodetect"),
            Op::new(Path::of(&["env"]).item("name", "IP"), Want::Absent),
        ];
        let before = Tree::parse(text, Span::new(0, text.len())).unwrap();
        let root = before.roots().next().unwrap();
        let after = splice(text, lower(root, &ops).unwrap().edits).unwrap();
        assert_eq!(after, "names: [&a IP6]\nenv:\n- name: *a\n  value: autodetect\n");
        for (text, expected) in [(after.clone(), true), (after.replace("autodetect", "other"), false), (after + "- name: IP\n", false)] {
            let tree = Tree::parse(&text, Span::new(0, text.len())).unwrap();
            assert_eq!(agrees(root, tree.roots().next().unwrap(), &ops), expected, "{text}");
        }
    }
}
