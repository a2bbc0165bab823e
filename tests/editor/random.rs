//! Random documents, random wishes: what must hold for all of them.

use enable_dual_stack::text::{Span, splice};
use enable_dual_stack::yaml::{Kind, Node, Op, Path, Step, Tree, Value, Want, agrees, lower};

use super::oracle;
use super::render::{Choices, Model, document};

/// A document in a random style, with the line breaks and the end that Windows and editors make.
fn random_document(choices: &mut Choices<'_>) -> String {
    let model = Model::random(choices, 3);
    let mut text = document(&model, choices);
    if choices.once_in(5) {
        text = text.replace('\n', "\r\n");
    }
    if choices.once_in(5) {
        text.truncate(text.trim_end_matches(['\r', '\n']).len());
    }
    if choices.once_in(8) {
        text.insert(0, '\u{feff}');
    }
    text
}

/// As the oracle reads numbers.
fn normal(value: Value) -> Value {
    match value {
        Value::List(items) => Value::List(items.into_iter().map(normal).collect()),
        Value::Map(entries) => Value::Map(entries.into_iter().map(|(key, value)| (key, normal(value))).collect()),
        other => other,
    }
}

fn read(text: &str) -> Value {
    let mut documents = oracle::read(text).unwrap_or_else(|error| panic!("{error} in {text:?}\n{text}"));
    assert!(documents.len() <= 1);
    documents.pop().unwrap_or(Value::Null)
}

/// A place in `value`, often one that is there.
fn random_path(value: &Value, choices: &mut Choices<'_>) -> Path {
    let (mut path, mut at) = (Path::root(), value.clone());
    for _ in 0..6 {
        match &at {
            Value::Map(entries) => {
                let known = if choices.once_in(4) { entries.len() } else { choices.below(entries.len().max(1)) };
                let (key, next) = match entries.get(known) {
                    Some((key, value)) => (key.clone(), value.clone()),
                    None => (choices.of(&["new", "other", "no"]).to_owned(), Value::Null),
                };
                path = path.key(&key);
                at = next;
            }
            Value::List(items) => {
                let item = if choices.once_in(4) { None } else { items.get(choices.below(items.len().max(1))) };
                let name = item.and_then(|item| item.get("name")).and_then(Value::as_str);
                path = match (item, name) {
                    (Some(_), Some(name)) if choices.once_in(2) => path.item("name", name),
                    (Some(_), _) => path.index(items.iter().position(|other| Some(other) == item).expect("it is there")),
                    (None, _) => path.item("name", choices.of(&["fresh", "yes"])),
                };
                at = match path.steps().last() {
                    Some(Step::Item { key, value }) => items.iter().find(|item| named(item, key, value)).cloned().unwrap_or(Value::Null),
                    _ => item.cloned().unwrap_or(Value::Null),
                };
            }
            // A name tells items apart; that it holds a document is nothing to be prepared for.
            Value::Str(_) if path.steps().last() == Some(&Step::Key("name".into())) => break,
            Value::Str(text) if !choices.once_in(4) => match oracle::read(text).as_deref() {
                Ok([inner @ (Value::Map(_) | Value::List(_))]) => {
                    path = path.inside();
                    at = inner.clone();
                }
                _ => break,
            },
            Value::Null if choices.once_in(3) => {
                path = path.key("new");
            }
            _ => break,
        }
        if choices.once_in(8) {
            break;
        }
    }
    path
}

fn named(item: &Value, key: &str, value: &str) -> bool {
    item.get(key).and_then(Value::as_str) == Some(value)
}

fn random_value(choices: &mut Choices<'_>) -> Value {
    fn of(model: Model) -> Value {
        match model {
            Model::Null => Value::Null,
            Model::Bool(value) => Value::Bool(value),
            Model::Number(value) => Value::Number(value.to_string()),
            Model::Text(text) | Model::Document(text) => Value::Str(text),
            Model::List(items) => Value::List(items.into_iter().map(of).collect()),
            Model::Map(entries) => Value::Map(entries.into_iter().map(|(key, value)| (key, of(value))).collect()),
        }
    }
    of(Model::any(choices, 2))
}

/// A value that is not null: that null should exist is no wish.
fn something(choices: &mut Choices<'_>) -> Value {
    Some(random_value(choices)).filter(|value| *value != Value::Null).unwrap_or(Value::Bool(true))
}

fn is_or_exists(choices: &mut Choices<'_>, value: Value) -> Want {
    if choices.once_in(3) { Want::Exists(value) } else { Want::Is(value) }
}

fn random_op(value: &Value, choices: &mut Choices<'_>) -> Op {
    let path = random_path(value, choices);
    if let Some(Step::Item { key, value }) = path.steps().last() {
        // A whole item must have what tells it apart.
        let item = Value::Map(vec![(key.clone(), Value::from(value.as_str())), ("more".to_owned(), random_value(choices))]);
        let want = if choices.once_in(3) { Want::Absent } else { is_or_exists(choices, item) };
        return Op::new(path, want);
    }
    let tells_apart = |pair: &[Step]| matches!(pair, [Step::Item { key, .. }, Step::Key(other)] if **key == **other);
    if let Some(at) = path.steps().windows(2).position(tells_apart) {
        // What tells an item apart is not for changing.
        let path = path.steps()[..at + 2].iter().cloned().fold(Path::root(), |path, step| path.step(step));
        return Op::new(path, Want::Exists(Value::from("word")));
    }
    if path.steps().last() == Some(&Step::Inside) {
        return Op::new(path.key("new"), {
            let value = something(choices);
            is_or_exists(choices, value)
        });
    }
    let want = match choices.below(8) {
        0 => Want::Exists(something(choices)),
        1 => Want::Contains(random_value(choices)),
        2 if !path.steps().is_empty() => Want::Absent,
        3 if matches!(path.steps().last(), Some(Step::Key(_))) => Want::Named("renamed".into()),
        _ => Want::Is(random_value(choices)),
    };
    Op::new(path, want)
}

/// Makes `op` hold in a value; an error where no edit is expected to be able to. Inner documents become what they say.
fn apply(value: &mut Value, steps: &[Step], want: &Want) -> Result<(), ()> {
    let is_absent = matches!(want, Want::Absent | Want::Named(_));
    let Some((step, rest)) = steps.split_first() else {
        match want {
            Want::Is(wanted) => *value = wanted.clone(),
            Want::Exists(wanted) if *value == Value::Null => *value = wanted.clone(),
            Want::Contains(wanted) => {
                if *value == Value::Null {
                    *value = Value::List(vec![]);
                }
                let Value::List(items) = value else { return Err(()) };
                if !items.contains(wanted) {
                    items.push(wanted.clone());
                }
            }
            _ => {}
        }
        return Ok(());
    };
    if *value == Value::Null && !is_absent {
        match step {
            Step::Key(_) => *value = Value::Map(vec![]),
            Step::Item { .. } => *value = Value::List(vec![]),
            _ => return Err(()),
        }
    }
    match (step, value) {
        (Step::Key(key), Value::Map(entries)) => {
            let position = entries.iter().position(|(name, _)| **name == **key);
            match (position, want) {
                (Some(at), Want::Absent) if rest.is_empty() => drop(entries.remove(at)),
                (Some(at), Want::Named(name)) if rest.is_empty() => entries[at].0.clone_from(name),
                (Some(at), _) => return apply(&mut entries[at].1, rest, want),
                (None, _) if is_absent => {}
                (None, _) => {
                    entries.push((key.to_string(), Value::Null));
                    return apply(&mut entries.last_mut().expect("pushed").1, rest, want);
                }
            }
            Ok(())
        }
        (Step::Index(at), Value::List(items)) => {
            if rest.is_empty() && *want == Want::Absent {
                if *at < items.len() {
                    items.remove(*at);
                }
                return Ok(());
            }
            apply(items.get_mut(*at).ok_or(())?, rest, want)
        }
        (Step::Item { key, value: name }, Value::List(items)) => {
            let position = items.iter().position(|item| named(item, key, name));
            match position {
                Some(at) if rest.is_empty() && *want == Want::Absent => drop(items.remove(at)),
                Some(at) => return apply(&mut items[at], rest, want),
                None if is_absent => {}
                // What tells the item apart comes first; a whole item that is wanted says the rest.
                None => {
                    let mut item = Value::Map(vec![(key.clone(), Value::from(name.as_str()))]);
                    match (rest, want) {
                        ([], Want::Is(Value::Map(more)) | Want::Exists(Value::Map(more))) => {
                            let Value::Map(entries) = &mut item else { return Err(()) };
                            entries.extend(more.iter().filter(|(other, _)| other != key).cloned());
                        }
                        ([], _) => return Err(()),
                        _ => apply(&mut item, rest, want)?,
                    }
                    items.push(item);
                }
            }
            Ok(())
        }
        (Step::Inside, value) => {
            if let Value::Str(text) = value {
                let inner = oracle::read(text).map_err(drop)?.into_iter().next().ok_or(())?;
                *value = Value::map([(OPENED, inner)]);
            }
            match value {
                Value::Map(entries) if entries.len() == 1 && entries[0].0 == OPENED => apply(&mut entries[0].1, rest, want),
                _ if is_absent => Ok(()),
                _ => Err(()),
            }
        }
        _ if is_absent => Ok(()),
        _ => Err(()),
    }
}

/// The key of a mapping that stands for a string whose document was read.
const OPENED: &str = "(opened)";

/// Reads the strings of `actual` that are read in `expected`.
fn open_like(expected: &Value, actual: Value) -> Value {
    match (expected, actual) {
        (Value::Map(entries), Value::Str(text)) if entries.len() == 1 && entries[0].0 == OPENED => {
            let inner = oracle::read(&text).ok().and_then(|documents| documents.into_iter().next()).unwrap_or(Value::Null);
            Value::map([(OPENED, open_like(&entries[0].1, inner))])
        }
        (Value::Map(expected), Value::Map(actual)) if expected.len() == actual.len() => {
            let entries = expected.iter().zip(actual).map(|((_, expected), (key, actual))| (key, open_like(expected, actual)));
            Value::Map(entries.collect())
        }
        (Value::List(expected), Value::List(actual)) if expected.len() == actual.len() => {
            Value::List(expected.iter().zip(actual).map(|(expected, actual)| open_like(expected, actual)).collect())
        }
        (_, actual) => actual,
    }
}

fn comments(text: &str) -> Vec<&str> {
    text.split("#c").skip(1).map(|rest| &rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())]).collect()
}

/// A document and a few wishes, of these choices: they come to hold, and nothing else changes.
///
/// # Panics
/// Where that is not so.
pub(crate) fn check(document: &[u8], wishes: &[u8]) {
    let text = random_document(&mut Choices::new(document));
    let mut choices = Choices::new(wishes);
    let before = read(&text);
    let tree = Tree::parse(&text, Span::new(0, text.len())).expect("what one reader reads, the other does, too");
    let Some(root) = tree.roots().next() else { return };
    assert_eq!(normal(Value::of(root)), before.clone(), "two readers of\n{text}");

    let ops: Vec<_> = (0..=choices.below(3)).map(|_| random_op(&before, &mut choices)).collect();
    let is_item = |op: &Op| op.path.steps().iter().any(|step| matches!(step, Step::Item { .. }));
    let names = |op: &Op| {
        let steps = op.path.steps();
        matches!(steps, [.., Step::Index(_)])
            || steps.windows(2).any(|pair| matches!(pair, [Step::Index(_), Step::Key(key)] if **key == *"name"))
    };
    let contains = |op: &Op| matches!(op.want, Want::Contains(_));
    let is_in = |list: &Op| ops.iter().any(|op| op.path != list.path && op.path.steps().starts_with(list.path.steps()));
    if ops.iter().any(|op| contains(op) && is_in(op)) {
        return;
    }
    // Items that lose or change their name while others are looked for by name: no wish of ours.
    if ops.iter().any(is_item) && ops.iter().any(names) {
        return;
    }
    let mut expected = before.clone();
    // Positions are those of the input: what is taken away is so last, and from the back.
    let (removals, others): (Vec<_>, Vec<_>) = ops.iter().partition(|op| op.want == Want::Absent);
    let mut possible = others.into_iter().try_for_each(|op| apply(&mut expected, op.path.steps(), &op.want));
    if let [removal] = removals.as_slice() {
        possible = possible.and_then(|()| apply(&mut expected, removal.path.steps(), &Want::Absent));
    } else if !removals.is_empty() {
        return;
    }
    let context = || format!("{text}\n--- {ops:#?}");
    let lowered = match lower(root, &ops) {
        Ok(lowered) => lowered,
        Err(blocked) => {
            let excused = possible.is_err() || ops.len() > 1 || text.contains('&') || text.contains("? ");
            assert!(excused, "blocked: {}\n{}", blocked, context());
            return;
        }
    };
    let after = splice(&text, lowered.edits.clone()).unwrap_or_else(|overlap| panic!("{overlap}\n{}", context()));
    let context = || format!("{text}\n--- {ops:#?}\n--- {after}");
    assert!(possible.is_ok(), "no edit was expected\n{}", context());

    let reread = oracle::read(&after).unwrap_or_else(|error| panic!("{error}\n{}", context()));
    let actual = open_like(&expected, reread.into_iter().next().unwrap_or(Value::Null));
    assert_eq!(oracle::difference(&actual, &expected), None, "{}", context());

    let tree = Tree::parse(&after, Span::new(0, after.len())).unwrap_or_else(|error| panic!("{error}\n{}", context()));
    let edited = tree.roots().next().expect("a document");
    assert_eq!(normal(Value::of(edited)), read(&after), "two readers of\n{after}");
    assert!(agrees(root, edited, &ops), "refused by our own check\n{}", context());
    let removes = ops.iter().any(|op| matches!(op.want, Want::Absent | Want::Named(_)));
    if !removes {
        let again = lower(edited, &ops).unwrap_or_else(|blocked| panic!("a second time: {blocked}\n{}", context()));
        assert!(again.edits.is_empty(), "a second time: {:?}\n{}", again.edits, context());
    }
    assert_eq!(lowered.edits.is_empty(), lowered.done.is_empty(), "edits and what they do\n{}", context());
    assert!(lowered.edits.is_empty() == (text == after), "an edit that changes nothing\n{}", context());

    let has_none = |value: &Option<Value>| match value {
        Some(Value::Map(_) | Value::List(_)) => false,
        Some(Value::Str(text)) => !text.contains("#c"),
        _ => true,
    };
    if !removes && lowered.done.iter().all(|done| has_none(&done.current)) {
        let mut left = comments(&after);
        let kept =
            comments(&text).into_iter().all(|comment| left.iter().position(|other| *other == comment).map(|at| left.remove(at)).is_some());
        assert!(kept, "a comment is lost\n{}", context());
    }
}

/// Every node lies in the text, behind its own beginning, and around its children.
///
/// # Panics
/// Where one does not.
pub(crate) fn assert_holds_together(root: Node<'_>) {
    let text = root.source();
    for node in root.descendants() {
        let span = node.span();
        let holds =
            node.slot() <= node.start() && node.start() <= span.start && span.start <= span.end && text.get(span.start..span.end).is_some();
        assert!(holds, "{node:?}: slot {}, start {}, span {span:?}\n{text}", node.slot(), node.start());
        let children: Vec<_> = node.entries().flat_map(|(key, value)| [key, value]).chain(node.items()).collect();
        let is_alias = matches!(node.kind(), Kind::Alias(_));
        let inside = is_alias || children.iter().all(|child| span.start <= child.start() && child.span().end <= span.end);
        assert!(inside, "{node:?} is not around {children:?}\n{text}");
    }
}

/// Broken text: it is refused, or its tree holds together, and edits of it fit into it.
///
/// # Panics
/// Where that is not so.
pub(crate) fn check_broken(document: &[u8], wishes: &[u8]) {
    let mut text = random_document(&mut Choices::new(document));
    let mut choices = Choices::new(wishes);
    for _ in 0..=choices.below(4) {
        let places: Vec<_> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let at = places[(choices.below(256) * 256 + choices.below(256)) % places.len()];
        let end = places[(places.iter().position(|place| *place == at).expect("it is one") + choices.below(3)).min(places.len() - 1)];
        let new = choices.of(&[
            "", " ", "\n", ":", "- ", "{", "}", "[", "]", ",", "#", "'", "\"", "|", ">", "&x", "*x", "!", "?", "---\n", "\t", "\r", "\\",
            "é",
        ]);
        text.replace_range(at..end, new);
    }
    let Ok(tree) = Tree::parse(&text, Span::new(0, text.len())) else { return };
    if text.replace("\r\n", "").contains('\r') {
        // A line break to the parser, and none to us: nothing is edited then.
        return;
    }
    for root in tree.roots() {
        assert_holds_together(root);
        let op = random_op(&Value::of(root), &mut choices);
        if let Ok(lowered) = lower(root, std::slice::from_ref(&op)) {
            let after = splice(&text, lowered.edits).unwrap_or_else(|overlap| panic!("{overlap}\n{text}\n--- {op:#?}"));
            let _ =
                Tree::parse(&after, Span::new(0, after.len())).map(|tree| tree.roots().next().map(|edited| agrees(root, edited, &[op])));
        }
    }
}
