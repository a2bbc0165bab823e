//! The configuration: whatever is accepted means the same in each way to write it, and works.

use enable_dual_stack::config::{self, Config, ConfigError, Field, FieldValue};
use enable_dual_stack::text::Span;
use enable_dual_stack::yaml::Tree;
use serde_json::{Map, Value, json};

use crate::common::harness;

/// A package in which every field has something to do.
const PACKAGE: &str = include_str!("package.yaml");

/// # Panics
/// Where an error says nothing, the ways to write a configuration differ, or one that was accepted does not work.
pub fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(fields) = fields_of(text) else { return };
    match Config::read(fields.clone()) {
        Err(errors) => {
            assert!(!errors.is_empty());
            errors.iter().for_each(|error| assert_says_something(error, &fields));
        }
        Ok(config) => {
            for form in [own_kind(&fields), config_map(&fields)].into_iter().flatten() {
                assert_eq!(read(&form).as_ref(), Ok(&config), "in another form: {form}");
            }
            harness::invariants(PACKAGE, &config);
        }
    }
}

/// The configuration that a text holds.
pub(crate) fn read(text: &str) -> Result<Config, Vec<ConfigError>> {
    Config::read(fields_of(text).unwrap_or_default())
}

fn fields_of(text: &str) -> Option<Vec<Field>> {
    let tree = Tree::parse(text, Span::new(0, text.len())).ok()?;
    let fields = config::fields_of(tree.roots().find(|root| !root.is_null()));
    assert!(!fields.as_ref().is_err_and(|error| error.message.is_empty()));
    fields.ok()
}

fn assert_says_something(error: &ConfigError, fields: &[Field]) {
    assert!(error.message.starts_with(&format!("`{}`", error.field)), "it must name the field: {error:?}");
    let is_known = Config::field_names().contains(&error.field.as_str());
    assert!(is_known || fields.iter().any(|field| field.name == error.field), "a field that nobody wrote: {error:?}");
}

/// The fields as `spec` of our own kind; nothing where they cannot be written as JSON.
fn own_kind(fields: &[Field]) -> Option<String> {
    let mut spec = Map::new();
    for field in fields {
        let value = match &field.value {
            FieldValue::Text(text) => text.as_str().into(),
            FieldValue::Map(map) => json!(map),
            FieldValue::Other(_) => return None,
        };
        if spec.insert(field.name.clone(), value).is_some() {
            return None;
        }
    }
    Some(json!({"apiVersion": config::API_VERSION, "kind": config::KIND, "spec": spec}).to_string())
}

/// The fields as `data` of a ConfigMap, which holds strings only.
fn config_map(fields: &[Field]) -> Option<String> {
    let mut own: Value = serde_json::from_str(&own_kind(fields)?).expect("written just now");
    let data = own["spec"].take();
    let all_strings = data.as_object().is_some_and(|data| !data.is_empty() && data.values().all(Value::is_string));
    all_strings.then(|| json!({"apiVersion": "v1", "kind": "ConfigMap", "data": data}).to_string())
}
