//! `argocd parameters`: what Argo CD's user interface shows as a form.

use std::path::Path;

use serde_json::{Value, json};

use super::{function_config, manifests_of};
use crate::config::{self, Field, FieldValue};
use crate::host::fields::{self, FieldSchema, Kind};
use crate::host::files::SourceFile;
use crate::text::Span;
use crate::yaml::Tree;

/// The announcement: a list of parameters, each with its value from the functionConfig of the folder, if there is one.
///
/// # Errors
/// A sentence, where the folder cannot be read.
pub(in crate::host) fn announce(folder: &Path) -> Result<String, String> {
    let files = manifests_of(folder, false)?;
    let given = function_config(&files).ok().flatten().map(fields_of).unwrap_or_default();
    let parameters: Vec<_> = fields::all().iter().map(|field| parameter(field, &given)).collect();
    Ok(format!("{:#}\n", Value::from(parameters)))
}

fn fields_of(file: &SourceFile) -> Vec<Field> {
    let tree = Tree::parse(&file.text, Span::new(0, file.text.len())).ok();
    let root = tree.as_ref().and_then(|tree| tree.roots().find(|root| root.text_at(&["kind"]) == Some(config::KIND)));
    config::fields_of(root).unwrap_or_default()
}

/// As argo-cd reposerver/apiclient/repository.proto ParameterAnnouncement has it.
fn parameter(field: &FieldSchema, given: &[Field]) -> Value {
    let item_type = match field.kind {
        Kind::Boolean => "boolean",
        Kind::Number => "number",
        Kind::Text | Kind::Choice(_) | Kind::Map => "string",
    };
    let is_map = field.kind == Kind::Map;
    let mut announced = json!({
        "name": field.name,
        "title": fields::kebab(&field.name).replace('-', " "),
        "tooltip": field.doc,
        "required": false,
        "itemType": item_type,
        "collectionType": if is_map { "map" } else { "string" },
    });
    let value = given.iter().find(|given| given.name == field.name).map(|given| &given.value);
    match value {
        Some(FieldValue::Map(map)) if is_map => announced["map"] = json!(map),
        Some(FieldValue::Text(text)) if !is_map => announced["string"] = text.as_str().into(),
        _ if is_map => announced["map"] = json!({}),
        _ => announced["string"] = "".into(),
    }
    announced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_announced_with_the_value_of_the_repository() {
        let given = [Field { name: "ipv6PodCIDR".into(), value: FieldValue::Text("fd00::/56".into()) }];
        let announced: Vec<_> = fields::all().iter().map(|field| parameter(field, &given)).collect();
        let named = |name: &str| announced.iter().find(|parameter| parameter["name"] == name).cloned().unwrap_or_default();
        assert_eq!(named("ipv6PodCIDR")["string"], "fd00::/56");
        assert_eq!(named("ipv6PodCIDR")["title"], "ipv6 pod cidr");
        assert_eq!(named("strict")["itemType"], "boolean");
        assert_eq!(named("ipv6BlockSize")["itemType"], "number");
        assert_eq!((&named("nodeIPs")["collectionType"], &named("nodeIPs")["map"]), (&json!("map"), &json!({})));
    }
}
