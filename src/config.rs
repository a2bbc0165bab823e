//! functionConfig → [`Config`]. After it nothing validates again.
//!
//! One flat vocabulary everywhere: `spec` of our own kind, `data` of a ConfigMap, flags of the command line. Each
//! comes here as the same list of [`Field`]s, so each accepts the same texts and gives the same errors.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;

use crate::cidr::{Cidr, Family};
use crate::facts::{Facts, Role};
use crate::yaml::Node;

/// The group and version of our own kind.
pub const API_VERSION: &str = "dualstack.krm/v1alpha1";
/// Our own kind.
pub const KIND: &str = "EnableDualStack";
/// What to write when there is no configuration yet.
pub const EXAMPLE: &str = "\
apiVersion: dualstack.krm/v1alpha1
kind: EnableDualStack
metadata:
  name: enable-dual-stack
spec:
  ipv6PodCIDR: fd00:10:244::/56
";

/// What is asked for. The comments are the documentation of the fields in `function.yaml` and of the flags.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// `Apply` makes the edits. `Check` reports each missing edit as an error and changes nothing.
    #[schemars(default)]
    pub action: Action,
    /// The IPv6 range of pods: the IPv6 cluster CIDR of kube-controller-manager and kube-proxy, and Calico's IPv6 pool.
    #[schemars(rename = "ipv6PodCIDR", with = "Option<String>", example = "fd00:10:244::/56")]
    pub ipv6_pod_cidr: Option<Cidr>,
    /// Whether it is an error that the package has nothing to edit. Hosts hand over parts of packages, so by default it
    /// is not.
    #[schemars(default)]
    pub strict: bool,
    /// Ranges that had bits behind their prefix, with the range they were taken for.
    #[schemars(skip)]
    pub warnings: Vec<ConfigWarning>,
}

/// What the function does with what it finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema)]
pub enum Action {
    /// Make the edits.
    #[default]
    Apply,
    /// Report each missing edit as an error; change nothing.
    Check,
}

/// A field as it was written, wherever it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, as in `spec`.
    pub name: String,
    /// Its value, as text.
    pub value: FieldValue,
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldValue {
    /// A scalar: `"true"` and `true` are the same.
    Text(String),
    /// A mapping of scalars.
    Map(BTreeMap<String, String>),
    /// Something that no field takes: a list, say.
    Other(&'static str),
}

/// A field that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The field, or nothing where the configuration as a whole is wrong.
    pub field: String,
    /// What must hold, what is there instead, what to do: one line.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ConfigError {}

/// A field that is accepted, but not as it was meant, perhaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigWarning {
    /// The field.
    pub field: &'static str,
    /// What is odd about it: one line.
    pub message: String,
}

/// The fields of a functionConfig: of `spec` of our own kind, or of `data` of a ConfigMap.
///
/// # Errors
/// One [`ConfigError`] where the object is of neither kind, or says nothing.
pub fn fields_of(config: Option<Node<'_>>) -> Result<Vec<Field>, ConfigError> {
    let Some(config) = config else { return Err(nothing("there is no functionConfig")) };
    let (version, kind) = (config.text_at(&["apiVersion"]).unwrap_or_default(), config.text_at(&["kind"]).unwrap_or_default());
    let from = match (version, kind) {
        (_, KIND) if version.starts_with("dualstack.krm/") || version == "v1" => "spec",
        ("v1", "ConfigMap") => "data",
        _ => {
            return Err(ConfigError {
                field: "kind".into(),
                message: format!(
                    "the functionConfig must be of kind \"{KIND}\" of \"{API_VERSION}\" or a \"ConfigMap\" of \"v1\", not \"{kind}\" of \"{version}\""
                ),
            });
        }
    };
    if from == "spec" && version != API_VERSION && version != "v1" {
        return Err(ConfigError {
            field: "apiVersion".into(),
            message: format!("`apiVersion` must be \"{API_VERSION}\", not \"{version}\""),
        });
    }
    // kpt puts the words behind `--` into `data`, also when the first of them names the kind.
    let fields = config.get(from).or_else(|| config.get("data")).filter(|fields| fields.entries().next().is_some());
    let Some(fields) = fields else { return Err(nothing(&format!("the functionConfig has no `{from}`"))) };
    Ok(fields
        .entries()
        .map(|(name, value)| Field { name: name.text().unwrap_or_default().to_owned(), value: field_value(value) })
        .collect())
}

fn field_value(node: Node<'_>) -> FieldValue {
    if let Some(text) = node.text() {
        return FieldValue::Text(if node.is_null() { String::new() } else { text.to_owned() });
    }
    let scalars: Option<BTreeMap<_, _>> =
        node.entries().map(|(key, value)| Some((key.text()?.to_owned(), value.text()?.to_owned()))).collect();
    match scalars {
        Some(map) if !map.is_empty() => FieldValue::Map(map),
        _ => FieldValue::Other("a list or a nested mapping"),
    }
}

fn nothing(what: &str) -> ConfigError {
    let example = EXAMPLE.trim_end().replace('\n', "\\n");
    ConfigError {
        field: String::new(),
        message: format!("{what}: `ipv6PodCIDR` must be given, for example with this functionConfig: \"{example}\""),
    }
}

impl Config {
    /// The ranges that can be configured: what for, which family, and which range is, if one.
    pub fn ranges(&self) -> [(Role, Family, Option<Cidr>); 1] {
        [(Role::Pods, Family::V6, self.ipv6_pod_cidr)]
    }

    /// Fills in the ranges that the configuration leaves out, from what the package says.
    ///
    /// # Errors
    /// [`ConfigError`] where neither says the IPv6 pod range: nothing is invented.
    pub fn settle(self, facts: &Facts) -> Result<Self, ConfigError> {
        let settled = Self { ipv6_pod_cidr: self.ipv6_pod_cidr.or_else(|| facts.settled(Role::Pods, Family::V6)), ..self };
        if settled.ipv6_pod_cidr.is_none() {
            return Err(nothing("neither the functionConfig nor the package says the IPv6 range of pods"));
        }
        Ok(settled)
    }

    /// Checks the fields.
    ///
    /// # Errors
    /// A [`ConfigError`] for every field that cannot be accepted.
    pub fn read(fields: Vec<Field>) -> Result<Self, Vec<ConfigError>> {
        let mut reader = Reader { fields, known: Vec::new(), errors: Vec::new(), warnings: Vec::new() };
        let config = Self {
            action: reader.choice("action", &[("Apply", Action::Apply), ("Check", Action::Check)]).unwrap_or_default(),
            ipv6_pod_cidr: reader.cidr("ipv6PodCIDR", Family::V6, pod_range),
            strict: reader.boolean("strict").unwrap_or_default(),
            warnings: Vec::new(),
        };
        reader.finish(config)
    }
}

/// What is odd, or wrong, about a range for its purpose.
enum Doubt {
    Wrong(String),
    Odd(String),
}

/// Calico's block size for IPv6: a pool must be at least this large.
const IPV6_BLOCK_SIZE: u8 = 122;

fn pod_range(cidr: Cidr) -> Option<Doubt> {
    (cidr.prefix() > IPV6_BLOCK_SIZE).then(|| {
        Doubt::Wrong(format!(
            "must have a prefix of at most {IPV6_BLOCK_SIZE} bits, not \"{cidr}\": Calico gives out blocks of /{IPV6_BLOCK_SIZE}, and a smaller pool stops calico-node (\"IP pool size is too small\"); use a shorter prefix, such as /56"
        ))
    })
}

/// What is odd, or wrong, about a range for every purpose.
fn any_range(cidr: Cidr) -> Option<Doubt> {
    if cidr.is_link_local() {
        return Some(Doubt::Wrong(format!(
            "must not be link-local, but \"{cidr}\" is: no router forwards it; use a unique-local range such as \"fd00:10:244::/56\" or one of yours"
        )));
    }
    if cidr.is_multicast() {
        return Some(Doubt::Wrong(format!(
            "must not be multicast, but \"{cidr}\" is: no pod can have such an address; use a unique-local range such as \"fd00:10:244::/56\" or one of yours"
        )));
    }
    if cidr.is_site_local() {
        return Some(Doubt::Odd(format!(
            "\"{cidr}\" is in the deprecated site-local range fec0::/10; use a unique-local range such as \"fd00:10:244::/56\""
        )));
    }
    cidr.is_documentation().then(|| {
        Doubt::Odd(format!("\"{cidr}\" is reserved for documentation (RFC 3849) and is routed nowhere; use a unique-local range such as \"fd00:10:244::/56\" or one of yours"))
    })
}

/// Takes fields one by one, and remembers their names for the message about unknown ones.
struct Reader {
    fields: Vec<Field>,
    known: Vec<&'static str>,
    errors: Vec<ConfigError>,
    warnings: Vec<ConfigWarning>,
}

impl Reader {
    fn take(&mut self, name: &'static str) -> Option<FieldValue> {
        self.known.push(name);
        let at = self.fields.iter().position(|field| field.name == name)?;
        let value = self.fields.remove(at).value;
        if self.fields.iter().any(|field| field.name == name) {
            self.wrong::<()>(name, "must be given once only".into());
            self.fields.retain(|field| field.name != name);
        }
        (value != FieldValue::Text(String::new())).then_some(value)
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        match self.take(name)? {
            FieldValue::Text(text) => Some(text.trim().to_owned()),
            FieldValue::Map(_) => self.wrong(name, "must be a string, not a mapping".into()),
            FieldValue::Other(what) => self.wrong(name, format!("must be a string, not {what}")),
        }
    }

    fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        if let Some((_, choice)) = choices.iter().find(|(word, _)| *word == text) {
            return Some(*choice);
        }
        let words: Vec<_> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        self.wrong(name, format!("must be {}, not \"{text}\"", words.join(" or ")))
    }

    fn boolean(&mut self, name: &'static str) -> Option<bool> {
        self.choice(name, &[("true", true), ("false", false)])
    }

    fn cidr(&mut self, name: &'static str, family: Family, doubt: fn(Cidr) -> Option<Doubt>) -> Option<Cidr> {
        let text = self.text(name)?;
        let example = match family {
            Family::V4 => "10.244.0.0/16",
            Family::V6 => "fd00:10:244::/56",
        };
        let parsed = match Cidr::parse(&text) {
            Ok(parsed) => parsed,
            Err(reason) => return self.wrong(name, format!("must be an {family} range such as \"{example}\"; \"{text}\" {reason}")),
        };
        let cidr = parsed.cidr;
        if cidr.family() != family {
            return self
                .wrong(name, format!("must be an {family} range such as \"{example}\", not \"{text}\", which is {}", cidr.family()));
        }
        match any_range(cidr).or_else(|| doubt(cidr)) {
            Some(Doubt::Wrong(message)) => return self.wrong(name, message),
            Some(Doubt::Odd(message)) => self.odd(name, message),
            None => {}
        }
        if parsed.host_bits {
            self.odd(name, format!("\"{text}\" has bits set behind its prefix; \"{cidr}\" is used"));
        }
        Some(cidr)
    }

    fn wrong<T>(&mut self, field: &'static str, message: String) -> Option<T> {
        self.errors.push(ConfigError { field: field.into(), message: format!("`{field}` {message}") });
        None
    }

    fn odd(&mut self, field: &'static str, message: String) {
        self.warnings.push(ConfigWarning { field, message: format!("`{field}`: {message}") });
    }

    fn finish(mut self, config: Config) -> Result<Config, Vec<ConfigError>> {
        for field in &self.fields {
            let nearest = self.known.iter().max_by(|a, b| similarity(a, &field.name).total_cmp(&similarity(b, &field.name)));
            let known = self.known.join("`, `");
            self.errors.push(ConfigError {
                field: field.name.clone(),
                message: match nearest.filter(|name| similarity(name, &field.name) > 0.6) {
                    Some(name) => format!("`{}` is not a field; did you mean `{name}`?", field.name),
                    None => format!("`{}` is not a field; the fields are `{known}`", field.name),
                },
            });
        }
        if self.errors.is_empty() { Ok(Config { warnings: self.warnings, ..config }) } else { Err(self.errors) }
    }
}

fn similarity(a: &str, b: &str) -> f64 {
    strsim::normalized_damerau_levenshtein(&a.to_lowercase(), &b.to_lowercase())
}
