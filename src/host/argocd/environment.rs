//! Fields of the configuration from what Argo CD puts into the environment.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::config::{Field, FieldValue};
use crate::host::fields::{FieldSchema, Kind};

/// One of `spec.source.plugin.parameters` (argo-cd pkg/apis/application/v1alpha1/types.go ApplicationSourcePluginParameter).
#[derive(Deserialize)]
struct Parameter {
    name: String,
    string: Option<String>,
    array: Option<Vec<String>>,
    map: Option<BTreeMap<String, String>>,
}

/// The fields that the environment gives. The parameters of the application speak first: `ARGOCD_APP_PARAMETERS`, or
/// `PARAM_<NAME>`, which Argo CD makes of them; then its `env`, which comes as `ARGOCD_ENV_<NAME>`. In the names of
/// variables, case and `_` do not count.
///
/// # Errors
/// A sentence, where `ARGOCD_APP_PARAMETERS` is not what Argo CD writes.
pub(super) fn fields(variables: &[(String, String)], known: &[FieldSchema]) -> Result<Vec<Field>, String> {
    let mut fields = Vec::new();
    if let Some((_, json)) = variables.iter().find(|(name, json)| name == "ARGOCD_APP_PARAMETERS" && !json.is_empty()) {
        let parameters: Option<Vec<Parameter>> =
            serde_json::from_str(json).map_err(|error| format!("ARGOCD_APP_PARAMETERS must be a list of parameters: {error}"))?;
        fields.extend(parameters.into_iter().flatten().map(field));
    }
    for prefix in ["PARAM_", "ARGOCD_ENV_"] {
        for schema in known {
            let is_it = |name: &str| name.strip_prefix(prefix).is_some_and(|name| plain(name) == plain(&schema.name));
            let given = variables.iter().find(|(name, _)| is_it(name));
            if let Some((_, text)) = given.filter(|_| !fields.iter().any(|field| field.name == schema.name)) {
                fields.push(Field { name: schema.name.clone(), value: value(text, &schema.kind) });
            }
        }
    }
    Ok(fields)
}

fn plain(name: &str) -> String {
    name.replace('_', "").to_ascii_lowercase()
}

fn field(parameter: Parameter) -> Field {
    let value = match (parameter.string, parameter.map, parameter.array) {
        (Some(text), ..) => FieldValue::Text(text),
        (_, Some(map), _) if !map.is_empty() => FieldValue::Map(map),
        (_, _, Some(array)) if !array.is_empty() => FieldValue::Other("a list"),
        _ => FieldValue::Text(String::new()),
    };
    Field { name: parameter.name, value }
}

/// A mapping is written `name=text name=text`.
fn value(text: &str, kind: &Kind) -> FieldValue {
    let entries: Option<BTreeMap<String, String>> =
        text.split_whitespace().map(|entry| entry.split_once('=').map(|(name, text)| (name.to_owned(), text.to_owned()))).collect();
    match entries.filter(|entries| *kind == Kind::Map && !entries.is_empty()) {
        Some(entries) => FieldValue::Map(entries),
        None => FieldValue::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fields::all;

    fn given(variables: &[(&str, &str)]) -> Result<Vec<(String, FieldValue)>, String> {
        let variables: Vec<_> = variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        fields(&variables, &all()).map(|fields| fields.into_iter().map(|field| (field.name, field.value)).collect())
    }

    fn text(name: &str, text: &str) -> (String, FieldValue) {
        (name.to_owned(), FieldValue::Text(text.to_owned()))
    }

    #[test]
    fn parameters_speak_before_variables() {
        let parameters = r#"[{"name":"ipv6PodCIDR","string":"fd00::/56"},{"name":"nodeIPs","map":{"a":"10.0.0.1,fd00::1"}}]"#;
        let given = given(&[
            ("ARGOCD_ENV_IPV6_POD_CIDR", "fd01::/56"),
            ("ARGOCD_ENV_IPV6_SERVICE_CIDR", "fd02::/112"),
            ("ARGOCD_ENV_SOMETHING_ELSE", "x"),
            ("ARGOCD_APP_PARAMETERS", parameters),
            ("PARAM_IPV6PODCIDR", "fd00::/56"),
            ("PARAM_NODEIPS_A", "10.0.0.1,fd00::1"),
        ]);
        let nodes = FieldValue::Map(BTreeMap::from([("a".into(), "10.0.0.1,fd00::1".into())]));
        let expected = vec![text("ipv6PodCIDR", "fd00::/56"), ("nodeIPs".into(), nodes), text("ipv6ServiceCIDR", "fd02::/112")];
        assert_eq!(given, Ok(expected));
    }

    #[test]
    fn names_of_variables_are_read_as_people_write_them() {
        for name in ["ARGOCD_ENV_ipv6PodCIDR", "ARGOCD_ENV_IPV6PODCIDR", "ARGOCD_ENV_IPV6_POD_CIDR", "PARAM_IPV6PODCIDR"] {
            assert_eq!(given(&[(name, "fd00::/56")]), Ok(vec![text("ipv6PodCIDR", "fd00::/56")]), "{name}");
        }
        let nodes = FieldValue::Map(BTreeMap::from([("a".into(), "10.0.0.1,fd00::1".into()), ("b".into(), "x".into())]));
        assert_eq!(given(&[("ARGOCD_ENV_NODE_IPS", "a=10.0.0.1,fd00::1 b=x")]), Ok(vec![("nodeIPs".into(), nodes)]));
    }

    #[test]
    fn no_parameters_are_null() {
        assert_eq!(given(&[("ARGOCD_APP_PARAMETERS", "null")]), Ok(vec![]));
        assert!(given(&[("ARGOCD_APP_PARAMETERS", "{}")]).is_err());
    }
}
