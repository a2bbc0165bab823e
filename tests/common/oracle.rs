//! The second opinion: what a text says, read with libyaml's grammar (`yaml_serde`), and what it must say after the
//! changes that were reported. Of the product, only the type of values is used.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::fmt;

use enable_dual_stack::yaml::Value;
use serde::de::{self, Deserialize, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

/// What every document of `text` says. Duplicate keys stay, aliases are expanded, merge keys (`<<`) are not.
pub(crate) fn read(text: &str) -> Result<Vec<Value>, String> {
    // libyaml skips a byte order mark only where it guesses the encoding, which yaml_serde does not let it do.
    let documents = serde_yaml::Deserializer::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    documents.map(|document| Read::deserialize(document).map(|read| read.0).map_err(|error| error.to_string())).collect()
}

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
    let is_object = |item: &Value| !text_of(item, "kind").is_empty() && !text_of(item, "apiVersion").is_empty();
    let is_list = text_of(&object, "kind").ends_with("List") && !text_of(&object, "apiVersion").is_empty();
    match object.get("items") {
        Some(Value::List(items)) if is_list && (is_resource_list || items.first().is_none_or(is_object)) => {
            items.iter().cloned().for_each(|item| flatten(item, into));
        }
        None | Some(Value::Null) if is_resource_list => {}
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
    /// The position of the resource, where the run itself tells it: files of kubeadm have no name to refer to.
    pub(crate) position: Option<usize>,
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
            position: None,
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
    let (mut removals, others): (Vec<_>, Vec<_>) = changes.iter().copied().partition(|change| change.proposed.is_none());
    let place = |change: &Said| (object_of(before, change), steps_of(change.path.as_deref().expect("a change has a path")));
    for (at, steps) in removals.iter().map(|change| place(change)) {
        open(&mut expected[at], &steps);
        open(&mut actual[at], &steps);
    }
    removals.sort_by_cached_key(|change| {
        let (at, steps) = place(change);
        positions(&mut expected[at], &steps)
    });
    // What was removed is put back in its place first, so that all positions are those of the input.
    for change in removals {
        let (at, steps) = place(change);
        let (expected, actual) = (&mut expected[at], &mut actual[at]);
        assert_eq!(value_at(expected, &steps), change.current, "`currentValue` of {change}");
        put_back(actual, &steps, expected);
    }
    for change in others {
        let (at, steps) = place(change);
        let (expected, actual) = (&mut expected[at], &mut actual[at]);
        open(expected, &steps);
        open(actual, &steps);
        let proposed = change.proposed.as_ref().expect("not a removal");
        if is_renaming(expected, &steps, change) {
            rename(expected, &steps, proposed);
            continue;
        }
        let current = value_at(expected, &steps).filter(|value| *value != Value::Null);
        // What a Secret says stays in it.
        let is_secret = change.resource.as_ref().is_some_and(|Identity(identity)| identity.starts_with("v1 Secret "));
        assert_eq!(current.filter(|_| !is_secret), change.current, "`currentValue` of {change}");
        assert_eq!(value_at(actual, &steps).as_ref(), Some(proposed), "`proposedValue` of {change} is not in the output");
        put(expected, &steps, proposed, actual);
    }
    let difference = difference(&Value::List(expected), &Value::List(actual));
    assert_eq!(difference, None, "the output says something else than input and results");
}

/// The new objects are those that the results name, one for each, with the `spec` that the result proposes.
pub(crate) fn assert_added(new: &[Value], additions: &[&Said]) {
    assert_eq!(new.len(), additions.len(), "new objects, and results about new objects");
    for (object, said) in new.iter().zip(additions) {
        assert_eq!(Some(Identity::of_object(object)), said.resource, "the new object of {said}");
        assert_eq!((said.path.as_deref(), object.get("spec")), (Some("spec"), said.proposed.as_ref()), "what {said} proposes");
        assert_eq!(said.current, None, "{said}: nothing was there");
    }
}

/// Where two values differ first, and how.
pub(crate) fn difference(left: &Value, right: &Value) -> Option<String> {
    match (left, right) {
        (Value::Map(left), Value::Map(right)) => {
            let nested = left.iter().zip(right).find_map(|((key, left), (other, right))| {
                let found = if key == other { difference(left, right) } else { Some(format!(": the key is {other:?}")) };
                found.map(|found| format!(".{key}{found}"))
            });
            let keys = |entries: &[(String, Value)]| entries.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
            nested.or_else(|| (left.len() != right.len()).then(|| format!(": keys {:?} and {:?}", keys(left), keys(right))))
        }
        (Value::List(left), Value::List(right)) => {
            let mut pairs = left.iter().zip(right).enumerate();
            let nested = pairs.find_map(|(at, (left, right))| difference(left, right).map(|found| format!("[{at}]{found}")));
            nested.or_else(|| (left.len() != right.len()).then(|| format!(": {} and {} items", left.len(), right.len())))
        }
        _ => (left != right).then(|| format!(": {left:?} and {right:?}")),
    }
}

fn object_of(objects: &[Value], change: &Said) -> usize {
    if let Some(position) = change.position {
        return position;
    }
    let wanted = change.resource.as_ref().expect("a change has a resourceRef");
    let found: Vec<_> = (0..objects.len()).filter(|&at| Identity::of_object(&objects[at]) == *wanted).collect();
    assert_eq!(found.len(), 1, "{wanted:?} must be one object");
    found[0]
}

/// One step of `field.path`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// The position of each step among its siblings.
fn positions(value: &mut Value, steps: &[Step]) -> Vec<usize> {
    let Some((step, rest)) = steps.split_first() else { return Vec::new() };
    let position = match (&*value, step) {
        (Value::Map(entries), Step::Key(key)) => entries.iter().position(|(name, _)| name == key).expect("it was there"),
        (_, Step::Index(index)) => *index,
        (other, step) => panic!("{step:?} is not in {other:?}"),
    };
    let child = child(value, step).expect("it was there");
    [vec![position], positions(child, rest)].concat()
}

/// Puts what `steps` lead to in `before` back into `value`, at its old position.
fn put_back(value: &mut Value, steps: &[Step], before: &mut Value) {
    let (last, parents) = steps.split_last().expect("something to remove");
    let before = parents.iter().try_fold(before, child).expect("what is removed was there");
    let parent = parents.iter().try_fold(value, child).expect("where it was is still there");
    match (parent, before, last) {
        (Value::Map(entries), Value::Map(before), Step::Key(key)) => {
            let at = before.iter().position(|(name, _)| name == key).expect("it was there");
            entries.insert(at.min(entries.len()), before[at].clone());
        }
        (Value::List(items), Value::List(before), Step::Index(index)) => items.insert(*index, before[*index].clone()),
        (other, _, step) => panic!("{step:?} cannot be removed from {other:?}"),
    }
}

/// Whether a change is of the key itself: then the values are its names.
fn is_renaming(before: &mut Value, steps: &[Step], change: &Said) -> bool {
    let Some((Step::Key(key), _)) = steps.split_last() else { return false };
    change.current.as_ref().and_then(Value::as_str) == Some(key)
        && value_at(before, steps).is_some_and(|value| Some(&value) != change.current.as_ref())
}

fn rename(value: &mut Value, steps: &[Step], name: &Value) {
    let Some((Step::Key(key), parents)) = steps.split_last() else { return };
    let Some(Value::Map(entries)) = parents.iter().try_fold(value, child) else { panic!("no mapping to rename in") };
    let entry = entries.iter_mut().find(|(other, _)| other == key).expect("it was there");
    name.as_str().expect("a name").clone_into(&mut entry.0);
}

/// A document, as `yaml_serde` hands it over: with its duplicate keys, which its own types refuse.
struct Read(Value);

impl<'de> Deserialize<'de> for Read {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader).map(Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML")
    }
    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }
    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }
    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }
    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Number(value.to_string()))
    }
    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Number(format!("{value:?}")))
    }
    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Read(item)) = from.next_element()? {
            items.push(item);
        }
        Ok(Value::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        // A key is read as a string: its text, whatever type it has.
        while let Some(key) = from.next_key::<String>()? {
            entries.push((key, from.next_value::<Read>()?.0));
        }
        Ok(Value::Map(entries))
    }
    /// A node with a tag of its own: what it is tagged with does not matter here.
    fn visit_enum<A: EnumAccess<'de>>(self, from: A) -> Result<Value, A::Error> {
        let (_, variant) = from.variant::<String>()?;
        variant.newtype_variant::<Read>().map(|read| read.0)
    }
}
