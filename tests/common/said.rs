//! What the function says in its results, and what a package must say after the changes that they tell.

use std::fmt;

use enable_dual_stack::yaml::Value;

use super::oracle::{difference, read};

/// The objects of `text`: of a stream, or of a list, whatever it is wrapped in.
pub(crate) fn objects(text: &str) -> Result<Vec<Value>, String> {
    let mut objects = Vec::new();
    for document in read(text)?.into_iter().filter(|document| *document != Value::Null) {
        flatten(document, &mut objects);
    }
    Ok(objects)
}

/// The `results` of a ResourceList. In block style they are the last key, which saves reading all that is in front.
pub(crate) fn results(text: &str) -> Result<Vec<Value>, String> {
    let is_block = !text.trim_start_matches('\u{feff}').starts_with('{');
    let from = if is_block { text.rfind("\nresults:").map_or(text.len(), |at| at + 1) } else { 0 };
    let documents = read(&text[from..])?;
    match documents.iter().find_map(|document| document.get("results")) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::List(results)) => Ok(results.clone()),
        Some(other) => Err(format!("`results` is {other:?}")),
    }
}

fn flatten(object: Value, into: &mut Vec<Value>) {
    let is_resource_list = text_of(&object, "kind") == "ResourceList";
    let is_list = text_of(&object, "kind").ends_with("List") && !text_of(&object, "apiVersion").is_empty();
    match object.get("items") {
        Some(Value::List(items)) if is_list && (is_resource_list || items.iter().all(|item| !text_of(item, "kind").is_empty())) => {
            items.iter().cloned().for_each(|item| flatten(item, into));
        }
        _ => into.push(object),
    }
}

/// The string at `key`; empty where there is none.
pub(crate) fn text_of<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Which object a result is about: apiVersion, kind, namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Identity(pub(crate) String);

impl Identity {
    pub(crate) fn of_object(object: &Value) -> Self {
        let metadata = object.get("metadata").cloned().unwrap_or(Value::Null);
        Self::new(object, text_of(&metadata, "namespace"), text_of(&metadata, "name"))
    }

    pub(crate) fn of_reference(reference: &Value) -> Self {
        Self::new(reference, text_of(reference, "namespace"), text_of(reference, "name"))
    }

    fn new(object: &Value, namespace: &str, name: &str) -> Self {
        Self(format!("{} {} {namespace}/{name}", text_of(object, "apiVersion"), text_of(object, "kind")))
    }
}

/// What one result says, in a form that can be compared across the forms of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) severity: String,
    pub(crate) rule: String,
    pub(crate) message: String,
    pub(crate) resource: Option<Identity>,
    pub(crate) path: Option<String>,
    pub(crate) current: Option<Value>,
    pub(crate) proposed: Option<Value>,
}

impl Said {
    /// Reads an entry of `results`.
    pub(crate) fn of(result: &Value) -> Self {
        let field = result.get("field");
        let in_field = |key: &str| field.and_then(|field| field.get(key)).cloned();
        Self {
            severity: text_of(result, "severity").to_owned(),
            rule: result.get("tags").map(|tags| text_of(tags, "rule")).unwrap_or_default().to_owned(),
            message: text_of(result, "message").to_owned(),
            resource: result.get("resourceRef").map(Identity::of_reference),
            path: in_field("path").map(|path| path.as_str().expect("`field.path` is a string").to_owned()),
            current: in_field("currentValue"),
            proposed: in_field("proposedValue"),
        }
    }

    /// In `Apply`, an `info` result with a place and a value is a change that was made.
    pub(crate) fn is_change(&self) -> bool {
        self.severity == "info" && self.path.is_some() && (self.current.is_some() || self.proposed.is_some())
    }

    /// What a change is, whatever the mode calls it.
    pub(crate) fn change(&self) -> String {
        format!("{:?} {} {:?} -> {:?} [{}]", self.resource, self.path.as_deref().unwrap_or("-"), self.current, self.proposed, self.rule)
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}] {}: {}", self.severity, self.rule, self.path.as_deref().unwrap_or("-"), self.message)
    }
}

/// `before` with every one of `changes` made, as far as the results tell it; compared with what `after` says.
///
/// Inner documents are read where a path enters them. A new list item may bring one field that no result names: the one
/// that tells it apart from the others.
pub(crate) fn assert_only_changed(before: &[Value], after: &[Value], changes: &[&Said]) {
    assert_eq!(before.len(), after.len(), "the number of objects changed");
    let (mut expected, mut actual) = (before.to_vec(), after.to_vec());
    // Removals last and from the back, so that the positions of the others stay true.
    let (removals, others): (Vec<_>, Vec<_>) = changes.iter().copied().partition(|change| change.proposed.is_none());
    for change in others.into_iter().chain(removals.into_iter().rev()) {
        let at = object_of(before, change);
        let steps = steps_of(change.path.as_deref().expect("a change has a path"));
        let (expected, actual) = (&mut expected[at], &mut actual[at]);
        open(expected, &steps);
        open(actual, &steps);
        let current = value_at(expected, &steps).filter(|value| *value != Value::Null);
        assert_eq!(current, change.current, "`currentValue` of {change}");
        match &change.proposed {
            Some(proposed) => {
                assert_eq!(value_at(actual, &steps).as_ref(), Some(proposed), "`proposedValue` of {change} is not in the output");
                put(expected, &steps, proposed, actual);
            }
            None => remove(expected, &steps),
        }
    }
    let difference = difference(&Value::List(expected), &Value::List(actual));
    assert_eq!(difference, None, "the output says something else than input and results");
}

fn object_of(objects: &[Value], change: &Said) -> usize {
    let wanted = change.resource.as_ref().expect("a change has a resourceRef");
    let found: Vec<_> = (0..objects.len()).filter(|&at| Identity::of_object(&objects[at]) == *wanted).collect();
    assert_eq!(found.len(), 1, "{wanted:?} must be one object");
    found[0]
}

/// One step of `field.path`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

/// Reads `spec.template.spec.containers[0].env[3].value` and `data["net-conf.json"].Network`.
fn steps_of(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(bracket) = rest.strip_prefix('[') {
            if bracket.starts_with('"') {
                let mut parts = serde_json::Deserializer::from_str(bracket).into_iter::<String>();
                let key = parts.next().expect("a key").unwrap_or_else(|error| panic!("{path}: {error}"));
                rest = bracket[parts.byte_offset()..].strip_prefix(']').expect("a closing bracket");
                steps.push(Step::Key(key));
            } else {
                let (index, behind) = bracket.split_once(']').expect("a closing bracket");
                steps.push(Step::Index(index.parse().unwrap_or_else(|_| panic!("{path}: {index} is no index"))));
                rest = behind;
            }
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let end = name.find(['.', '[']).unwrap_or(name.len());
            assert!(end > 0, "{path}: an empty step");
            steps.push(Step::Key(name[..end].to_owned()));
            rest = &name[end..];
        }
    }
    steps
}

/// Turns the strings that `steps` go into to what the documents in them say.
fn open(value: &mut Value, steps: &[Step]) {
    let Some((step, rest)) = steps.split_first() else { return };
    if let Value::Str(text) = value {
        let documents = read(text).unwrap_or_else(|error| panic!("the inner document cannot be read: {error}\n{text}"));
        *value = documents.into_iter().next().unwrap_or(Value::Null);
    }
    if let Some(child) = child(value, step) {
        open(child, rest);
    }
}

fn child<'v>(value: &'v mut Value, step: &Step) -> Option<&'v mut Value> {
    match (value, step) {
        (Value::Map(entries), Step::Key(key)) => entries.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value),
        (Value::List(items), Step::Index(index)) => items.get_mut(*index),
        _ => None,
    }
}

fn value_at(value: &mut Value, steps: &[Step]) -> Option<Value> {
    steps.iter().try_fold(value, child).map(|value| value.clone())
}

/// Puts `proposed` at `steps`, and makes what is missing on the way; `actual` shows what tells a new item apart.
fn put(value: &mut Value, steps: &[Step], proposed: &Value, actual: &mut Value) {
    let Some((step, rest)) = steps.split_first() else {
        *value = proposed.clone();
        return;
    };
    let actual = child(actual, step).unwrap_or_else(|| panic!("{steps:?} is not in the output"));
    if child(value, step).is_none() {
        match (&mut *value, step) {
            (Value::Map(entries), Step::Key(key)) => entries.push((key.clone(), Value::Null)),
            (Value::Null, Step::Key(key)) => *value = Value::Map(vec![(key.clone(), Value::Null)]),
            (Value::List(items), Step::Index(index)) if *index == items.len() => {
                let new = if rest.is_empty() { Value::Null } else { telling_apart(items, actual) };
                items.push(new);
            }
            (Value::Null, Step::Index(0)) => {
                *value = Value::List(vec![if rest.is_empty() { Value::Null } else { telling_apart(&[], actual) }]);
            }
            (other, step) => panic!("{step:?} cannot be made in {other:?}"),
        }
    }
    put(child(value, step).expect("made just now"), rest, proposed, actual);
}

/// The first field of the new item, which no other item has with this value.
fn telling_apart(items: &[Value], new: &Value) -> Value {
    let Value::Map(entries) = new else { return Value::Null };
    let (key, value) = entries.first().expect("a new item has fields");
    assert!(value.as_str().is_some_and(|text| !text.is_empty()), "the first field of a new item must tell it apart: {new:?}");
    assert!(items.iter().all(|item| item.get(key) != Some(value)), "another item has `{key}` {value:?}, too");
    Value::Map(vec![(key.clone(), value.clone())])
}

fn remove(value: &mut Value, steps: &[Step]) {
    let (last, parents) = steps.split_last().expect("something to remove");
    let parent = parents.iter().try_fold(value, child).expect("what is removed was there");
    match (parent, last) {
        (Value::Map(entries), Step::Key(key)) => entries.retain(|(name, _)| name != key),
        (Value::List(items), Step::Index(index)) => drop(items.remove(*index)),
        (other, step) => panic!("{step:?} cannot be removed from {other:?}"),
    }
}
