//! `function.yaml` says what the code does: its schema is made from the type that the configuration is read into.
#![expect(clippy::disallowed_methods, reason = "a test reads the file that it is about")]

use std::path::Path;

use enable_dual_stack::config::{API_VERSION, Config, EXAMPLE, Field, FieldValue, KIND};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/function.yaml");
/// Everything below this line is made here.
const SCHEMA: &str = "\n        openAPIV3Schema:\n";

/// The schema of the functionConfig, as a CustomResourceDefinition would have it.
fn schema() -> Value {
    let settings = SchemaSettings::openapi3().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut spec = settings.into_generator().into_root_schema_for::<Config>().to_value();
    simplify(&mut spec);
    let fields = spec.as_object_mut().expect("a schema of fields");
    fields.shift_remove("title");
    json!({
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "properties": {
            "apiVersion": {"type": "string", "enum": [API_VERSION]},
            "kind": {"type": "string", "enum": [KIND]},
            "metadata": {"type": "object"},
            "spec": fields,
        },
    })
}

/// schemars says "one of these strings, or null" in many words, where a CRD has `enum`. A field that may be null is here
/// one that may be left out.
fn simplify(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    object.shift_remove("nullable");
    if let Some(Value::String(text)) = object.get_mut("description") {
        *text = text.replace('\n', " ");
    }
    if let Some(Value::Array(either)) = object.shift_remove("anyOf") {
        let not_null = either.into_iter().find(|choice| choice.get("nullable").is_none()).expect("one choice is not null");
        insert_missing(object, not_null);
    }
    if let Some(Value::Array(choices)) = object.shift_remove("oneOf") {
        let words = choices.iter().map(|choice| choice["enum"][0].clone());
        let only_words = json!({"type": "string", "enum": words.collect::<Vec<_>>()});
        insert_missing(object, only_words);
    }
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        properties.values_mut().for_each(simplify);
    }
}

fn insert_missing(object: &mut Map<String, Value>, from: Value) {
    let Value::Object(from) = from else { panic!("{from} is no schema") };
    for (key, value) in from {
        object.entry(key).or_insert(value);
    }
}

fn fields(schema: &Value) -> &Map<String, Value> {
    schema["properties"]["spec"]["properties"].as_object().expect("fields")
}

fn read(name: &str, value: &Value) -> Result<Config, String> {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let field = Field { name: name.to_owned(), value: FieldValue::Text(text) };
    Config::read(vec![field]).map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

#[test]
fn the_file_has_the_schema_of_the_code() {
    let file = std::fs::read_to_string(FILE).expect("function.yaml");
    let (head, _) = file.split_once(SCHEMA).expect("function.yaml has openAPIV3Schema as its last field");
    let yaml = serde_yaml::to_string(&schema()).expect("the schema is YAML");
    let indented: Vec<_> = yaml.lines().map(|line| format!("          {line}")).collect();
    let expected = format!("{head}{SCHEMA}{}\n", indented.join("\n"));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(FILE, &expected).expect("function.yaml can be written");
    }
    let file = std::fs::read_to_string(FILE).expect("function.yaml");
    assert!(file == expected, "function.yaml is out of step: UPDATE_EXPECT=1 cargo test --test function_yaml, and read the difference");
}

#[test]
fn the_file_names_the_kind_and_the_licence_of_the_code() {
    let file: Value = serde_yaml::from_str(&std::fs::read_to_string(FILE).expect("function.yaml")).expect("function.yaml is YAML");
    let (spec, version) = (&file["spec"], &file["spec"]["versions"][0]);
    let group_version = format!("{}/{}", spec["group"].as_str().expect("group"), version["name"].as_str().expect("name"));
    assert_eq!((group_version.as_str(), spec["names"]["kind"].as_str()), (API_VERSION, Some(KIND)));
    assert_eq!(spec["description"], env!("CARGO_PKG_DESCRIPTION"));
    assert_eq!(version["license"], env!("CARGO_PKG_LICENSE"));
    assert_eq!(version["runtime"]["exec"]["path"], env!("CARGO_PKG_NAME"));
    for example in version["examples"].as_array().expect("examples") {
        let (_, path) = example.as_str().and_then(|uri| uri.split_once("/blob/main/")).expect("a URI in the repository");
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(path).is_file(), "{path} is not there");
    }
}

#[test]
fn the_schema_has_the_fields_that_are_read() {
    let schema = schema();
    let in_schema: Vec<_> = fields(&schema).keys().map(String::as_str).collect();
    assert_eq!(in_schema, Config::field_names());
    for (name, field) in fields(&schema) {
        assert!(field["description"].is_string(), "{name} has no description");
        assert!(field["type"].is_string(), "{name} has no type: {field}");
    }
}

#[test]
fn the_schema_tells_what_is_accepted() {
    let schema = schema();
    for (name, field) in fields(&schema) {
        if let Some(default) = field.get("default").filter(|default| !default.is_object()) {
            assert_eq!(read(name, default), Ok(Config::default()), "the default of {name}");
        }
        if let Some(example) = field.get("example") {
            assert!(read(name, example).is_ok_and(|config| config != Config::default()), "the example of {name}");
        }
        if let Some(words) = field["enum"].as_array() {
            assert!(words.iter().all(|word| read(name, word).is_ok()), "{name} must accept {words:?}");
            let distinct: Vec<_> = words.iter().map(|word| format!("{:?}", read(name, word))).collect();
            assert!(distinct.iter().enumerate().all(|(i, one)| !distinct[..i].contains(one)), "{name} must tell {words:?} apart");
            assert!(read(name, &json!("Other")).is_err());
        }
        if field["type"] == "boolean" {
            assert!(read(name, &json!(true)).is_ok() && read(name, &json!(false)).is_ok() && read(name, &json!("yes")).is_err(), "{name}");
        }
        if let (Some(min), Some(max)) = (field["minimum"].as_u64(), field["maximum"].as_u64()) {
            assert!(read(name, &json!(min)).is_ok() && read(name, &json!(max)).is_ok(), "{name}");
            assert!(read(name, &json!(min - 1)).is_err() && read(name, &json!(max + 1)).is_err(), "{name}");
        }
    }
}

#[test]
fn the_example_of_the_messages_fits_the_schema() {
    let schema = schema();
    let example: Value = serde_yaml::from_str(EXAMPLE).expect("the example is YAML");
    assert_eq!((example["apiVersion"].as_str(), example["kind"].as_str()), (Some(API_VERSION), Some(KIND)));
    let spec = example["spec"].as_object().expect("spec");
    assert!(!spec.is_empty() && spec.keys().all(|name| fields(&schema).contains_key(name)));
}

#[test]
fn the_help_names_every_field_once() {
    let help = include_str!("../src/host/help.txt");
    let (_, fields) = help.split_once("\nConfiguration").and_then(|(_, rest)| rest.split_once("):\n")).expect("a section for the fields");
    let (fields, _) = fields.split_once("\n\n").expect("a section behind the fields");
    let entry = |line: &str| line.strip_prefix("  ").and_then(|line| line.split_once("  ")).map(|(name, _)| name.to_owned());
    let mut named: Vec<_> = fields.lines().filter_map(entry).filter(|name| !name.is_empty()).collect();
    let mut known = Config::field_names();
    named.sort();
    known.sort_unstable();
    assert_eq!(named, known);
}
