//! The fields of the configuration, read off its schema: as flags, as parameters of Argo CD, as variables.

use std::collections::BTreeMap;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches};
use schemars::schema_for;
use serde_json::Value;

use crate::config::{Config, Field, FieldValue};

/// A field, as the schema of [`Config`] has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldSchema {
    /// As in `spec`: `ipv6PodCIDR`.
    pub name: String,
    /// What it means.
    pub doc: String,
    pub kind: Kind,
    /// A value that it can have.
    pub example: Option<String>,
}

/// What a field takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Boolean,
    /// One of these words, each with its meaning.
    Choice(Vec<(String, String)>),
    /// Names with a text each.
    Map,
}

/// All fields, in the order of the documentation.
pub(super) fn all() -> Vec<FieldSchema> {
    let schema = schema_for!(Config).to_value();
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().map(|(name, property)| field(&schema, name, property)).collect()
}

fn field(schema: &Value, name: &str, property: &Value) -> FieldSchema {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().replace('\n', " ");
    let choices = reference(property).and_then(|name| schema.get("$defs")?.get(name)?.get("oneOf")?.as_array()).map(|choices| {
        let choice = |choice: &Value| (text(choice, "const"), text(choice, "description"));
        choices.iter().map(choice).collect()
    });
    let types = property.get("type").map(ToString::to_string).unwrap_or_default();
    let kind = match choices {
        Some(choices) => Kind::Choice(choices),
        None if types.contains("boolean") => Kind::Boolean,
        None if types.contains("integer") => Kind::Number,
        None if types.contains("object") => Kind::Map,
        None => Kind::Text,
    };
    let example = property.get("examples").and_then(|examples| examples.get(0)).and_then(Value::as_str).map(str::to_owned);
    FieldSchema { name: name.to_owned(), doc: text(property, "description"), kind, example }
}

/// The definition that a property refers to, itself or in one of its alternatives.
fn reference(property: &Value) -> Option<&str> {
    let direct = std::iter::once(property);
    let alternatives = property.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    direct.chain(alternatives).find_map(|schema| schema.get("$ref")?.as_str()?.rsplit('/').next())
}

/// `ipv6PodCIDR` → `ipv6-pod-cidr`
pub(super) fn kebab(name: &str) -> String {
    let mut kebab = String::new();
    let mut before = None::<char>;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && before.is_some_and(|before| !before.is_ascii_uppercase()) {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
        before = Some(letter);
    }
    kebab
}

/// A flag for each field but `action`, which the command says.
pub(super) fn flags() -> Vec<Arg> {
    all().into_iter().filter(|field| field.name != "action").map(flag).collect()
}

fn flag(field: FieldSchema) -> Arg {
    let (short, long) = match field.doc.split_once(". ") {
        Some((first, _)) => (first.to_owned(), field.doc.clone()),
        None => (field.doc.trim_end_matches('.').to_owned(), field.doc.clone()),
    };
    let flag = Arg::new(field.name.clone()).long(kebab(&field.name)).help(short).long_help(long).help_heading("Configuration");
    match field.kind {
        Kind::Text => flag.value_name(if field.name.ends_with("CIDR") { "RANGE" } else { "TEXT" }),
        Kind::Number => flag.value_name("NUMBER"),
        Kind::Map => flag.value_name("NAME=TEXT").action(ArgAction::Append),
        Kind::Boolean => flag
            .value_name("BOOL")
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_parser(PossibleValuesParser::new(["true", "false"])),
        Kind::Choice(choices) => {
            let value = |(word, meaning): (String, String)| PossibleValue::new(word).help(meaning.trim_end_matches('.').to_owned());
            flag.value_name("WORD").value_parser(PossibleValuesParser::new(choices.into_iter().map(value)))
        }
    }
}

/// The fields that were given as flags.
///
/// # Errors
/// A sentence, for an entry of a mapping without `=`.
pub(super) fn of_flags(matches: &ArgMatches) -> Result<Vec<Field>, String> {
    let mut fields = Vec::new();
    for field in all() {
        let is_flag = matches.try_contains_id(&field.name).is_ok();
        if !is_flag || matches.value_source(&field.name) != Some(ValueSource::CommandLine) {
            continue;
        }
        let mut texts = matches.get_many::<String>(&field.name).into_iter().flatten();
        let value = if field.kind == Kind::Map {
            let entry = |text: &String| text.split_once('=').map(|(name, text)| (name.to_owned(), text.to_owned())).ok_or(text.clone());
            let wrong = |text| format!("`--{}` must be given as NAME=TEXT, not \"{text}\"", kebab(&field.name));
            FieldValue::Map(texts.map(entry).collect::<Result<BTreeMap<_, _>, _>>().map_err(wrong)?)
        } else {
            FieldValue::Text(texts.next_back().cloned().unwrap_or_default())
        };
        fields.push(Field { name: field.name, value });
    }
    Ok(fields)
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;

    #[test]
    fn flags_are_the_fields_in_kebab_case() {
        let flags: Vec<_> = flags().iter().filter_map(|flag| flag.get_long().map(str::to_owned)).collect();
        for flag in ["mode", "ipv6-pod-cidr", "kubernetes-version", "nat-outgoing", "ipv6-autodetection-method", "node-ips", "strict"] {
            assert!(flags.iter().any(|known| known == flag), "{flag}: {flags:?}");
        }
        assert!(!flags.iter().any(|flag| flag == "action"));
    }

    #[test]
    fn the_schema_tells_what_a_field_takes() {
        let fields = all();
        let kind = |name: &str| fields.iter().find(|field| field.name == name).map(|field| field.kind.clone());
        assert_eq!(kind("ipv6PodCIDR"), Some(Kind::Text));
        assert_eq!(kind("ipv6BlockSize"), Some(Kind::Number));
        assert_eq!(kind("strict"), Some(Kind::Boolean));
        assert_eq!(kind("natOutgoing"), Some(Kind::Boolean));
        assert_eq!(kind("nodeIPs"), Some(Kind::Map));
        let Some(Kind::Choice(choices)) = kind("ipv6Encapsulation") else { panic!("a choice") };
        assert_eq!(choices.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>(), ["None", "VXLAN", "VXLANCrossSubnet"]);
    }

    #[test]
    fn flags_become_fields() {
        let given = |args: &[&str]| {
            let matches = Command::new("test").args(flags()).try_get_matches_from(std::iter::once(&"test").chain(args));
            of_flags(&matches.expect("flags")).map(|fields| fields.into_iter().map(|field| (field.name, field.value)).collect::<Vec<_>>())
        };
        let text = |text: &str| FieldValue::Text(text.to_owned());
        assert_eq!(given(&[]), Ok(vec![]));
        assert_eq!(
            given(&["--strict", "--ipv6-pod-cidr", "fd00::/56", "--nat-outgoing=false"]),
            Ok(vec![("ipv6PodCIDR".into(), text("fd00::/56")), ("natOutgoing".into(), text("false")), ("strict".into(), text("true"))])
        );
        let map = BTreeMap::from([("a".to_owned(), "10.0.0.1,fd00::1".to_owned()), ("b".to_owned(), "10.0.0.2,fd00::2".to_owned())]);
        assert_eq!(
            given(&["--node-ips", "a=10.0.0.1,fd00::1", "--node-ips=b=10.0.0.2,fd00::2"]),
            Ok(vec![("nodeIPs".into(), FieldValue::Map(map))])
        );
        assert_eq!(given(&["--node-ips", "a"]), Err("`--node-ips` must be given as NAME=TEXT, not \"a\"".into()));
    }
}
