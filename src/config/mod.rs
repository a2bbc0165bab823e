//! functionConfig → [`Config`]. After it nothing validates again.
//!
//! One flat vocabulary everywhere: `spec` of our own kind, `data` of a ConfigMap, flags of the command line. Each
//! comes here as the same list of [`Field`]s, so each accepts the same texts and gives the same errors.

mod limits;
mod reader;

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use schemars::JsonSchema;

use self::limits::{ENCAPSULATIONS, autodetection_method, block_size, service_range};
use self::reader::Reader;
use crate::cidr::{Cidr, Family};
use crate::facts::{Facts, Role};
use crate::version::Version;
use crate::yaml::Node;

/// The group and version of our own kind.
pub const API_VERSION: &str = "dualstack.krm/v1alpha1";
/// Our own kind.
pub const KIND: &str = "EnableDualStack";
/// What to write when there is no configuration yet: a whole object on one line, because hosts show the first line of a
/// message only.
pub const EXAMPLE: &str = "{apiVersion: dualstack.krm/v1alpha1, kind: EnableDualStack, metadata: {name: enable-dual-stack}, spec: {ipv6PodCIDR: \"fd00:10:244::/56\"}}";

// The comments of the fields are their documentation in `function.yaml`.
/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "camelCase", deny_unknown_fields)]
pub struct Config {
    /// `Apply` makes the edits. `Check` reports each missing edit as an error and changes nothing.
    #[schemars(default, extend("default" = "Apply"))]
    pub action: Action,
    /// `DualStack` adds the missing family. `IPv6Only` takes IPv4 away where Calico documents it.
    #[schemars(default, extend("default" = "DualStack"))]
    pub mode: Mode,
    /// The IPv6 range of pods: the IPv6 cluster CIDR of kube-controller-manager and kube-proxy, and Calico's IPv6 pool.
    #[schemars(rename = "ipv6PodCIDR", with = "Option<String>", example = "fd00:10:244::/56")]
    pub ipv6_pod_cidr: Option<Cidr>,
    /// The IPv6 range of Services. Where it is given, the Kubernetes components are switched on, too.
    #[schemars(rename = "ipv6ServiceCIDR", with = "Option<String>", example = "fd00:10:96::/112")]
    pub ipv6_service_cidr: Option<Cidr>,
    /// The IPv4 range of pods, for packages that are IPv6 first or do not say it.
    #[schemars(rename = "ipv4PodCIDR", with = "Option<String>", example = "10.244.0.0/16")]
    pub ipv4_pod_cidr: Option<Cidr>,
    /// The IPv4 range of Services, for packages that are IPv6 first or do not say it.
    #[schemars(rename = "ipv4ServiceCIDR", with = "Option<String>", example = "10.96.0.0/16")]
    pub ipv4_service_cidr: Option<Cidr>,
    /// The version of Kubernetes, where the package does not tell it.
    #[schemars(with = "Option<String>", example = "v1.33")]
    pub kubernetes_version: Option<Version>,
    /// The version of Calico, where the image of calico-node does not tell it.
    #[schemars(with = "Option<String>", example = "v3.32")]
    pub calico_version: Option<Version>,
    /// Whether Calico hides IPv6 pods behind their node's address when they talk to the outside. By default it does where
    /// the range is unique-local (`fc00::/7`), because nothing outside has a route to such pods.
    pub nat_outgoing: Option<bool>,
    /// How calico-node finds the IPv6 address of its node: `first-found`, `kubernetes-internal-ip`, `can-reach=DESTINATION`,
    /// `interface=REGEXES`, `skip-interface=REGEXES` or `cidr=RANGES`.
    #[schemars(example = "kubernetes-internal-ip")]
    pub ipv6_autodetection_method: Option<String>,
    /// The size of the blocks of Calico's IPv6 pool, from 116 to 128. Calico's own default is 122.
    #[schemars(range(min = 116, max = 128))]
    pub ipv6_block_size: Option<u8>,
    /// How IPv6 packets of pods travel between nodes: `None`, `VXLAN` or `VXLANCrossSubnet`. By default as IPv4 does, where
    /// that is possible for IPv6.
    #[schemars(rename = "ipv6Encapsulation")]
    pub ipv6_encapsulation: Option<Encapsulation>,
    /// Whether an IPPool object for IPv6 is added beside those for IPv4, if there is none. By default it is only where nothing
    /// else makes the pool: with `NO_DEFAULT_POOLS`, or `ipPools: []` of an Installation.
    #[schemars(default, rename = "ipv6PoolObject")]
    pub ipv6_pool_object: bool,
    /// `Keep` leaves the IPAM plugin as it is. `CalicoIPAM` makes it calico-ipam, as the how-to does literally.
    #[schemars(default, extend("default" = "Keep"))]
    pub ipam: Ipam,
    /// Whether the probes of calico-node look at BIRD for IPv6 instead of IPv4 (`mode: IPv6Only`). By default they stay as
    /// they are, with a warning.
    #[schemars(rename = "bird6Probes")]
    pub bird6_probes: Option<bool>,
    /// The addresses of each node, as `IPv4,IPv6`, by node name: for the kubelet's `--node-ip`.
    #[schemars(rename = "nodeIPs", with = "BTreeMap<String, String>", default)]
    pub node_ips: BTreeMap<String, [IpAddr; 2]>,
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

/// Which families the package has afterwards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema)]
pub enum Mode {
    /// Both.
    #[default]
    DualStack,
    /// IPv6 alone.
    #[schemars(rename = "IPv6Only")]
    Ipv6Only,
}

/// How packets of a pool travel between nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
pub enum Encapsulation {
    /// As they are.
    None,
    /// In VXLAN, always.
    #[schemars(rename = "VXLAN")]
    Vxlan,
    /// In VXLAN between subnets.
    #[schemars(rename = "VXLANCrossSubnet")]
    VxlanCrossSubnet,
}

/// Which IPAM plugin gives pods their addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema)]
pub enum Ipam {
    /// The one that is there.
    #[default]
    Keep,
    /// calico-ipam.
    #[schemars(rename = "CalicoIPAM")]
    CalicoIpam,
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
    let Some(fields) = config.get(from).or_else(|| config.get("data")) else {
        return Err(nothing(&format!("the functionConfig has no `{from}`")));
    };
    // What kpt hands over where nobody has written a functionConfig; an empty `spec` of our own kind is written on purpose,
    // for a package that says its ranges itself.
    if from == "data" && fields.entries().next().is_none() {
        return Err(nothing("the functionConfig has no `data`"));
    }
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
    ConfigError {
        field: String::new(),
        message: format!("{what}: `ipv6PodCIDR` must be given, for example with this functionConfig: {EXAMPLE}"),
    }
}

impl Config {
    /// The ranges that can be configured: what for, which family, and which range is, if one.
    pub fn ranges(&self) -> [(Role, Family, Option<Cidr>); 4] {
        [
            (Role::Pods, Family::V6, self.ipv6_pod_cidr),
            (Role::Services, Family::V6, self.ipv6_service_cidr),
            (Role::Pods, Family::V4, self.ipv4_pod_cidr),
            (Role::Services, Family::V4, self.ipv4_service_cidr),
        ]
    }

    /// The range of this role and family, if it is configured or settled.
    pub fn range(&self, role: Role, family: Family) -> Option<Cidr> {
        self.ranges().into_iter().find(|(of, in_family, _)| (*of, *in_family) == (role, family)).and_then(|(_, _, range)| range)
    }

    /// The name of the field with the range of this role and family.
    pub fn field(role: Role, family: Family) -> &'static str {
        match (role, family) {
            (Role::Pods, Family::V6) => "ipv6PodCIDR",
            (Role::Services, Family::V6) => "ipv6ServiceCIDR",
            (Role::Pods, Family::V4) => "ipv4PodCIDR",
            (Role::Services, Family::V4) => "ipv4ServiceCIDR",
        }
    }

    /// Fills in the ranges and the version of Kubernetes that the configuration leaves out, as far as the package says them.
    #[must_use]
    pub fn filled_in(self, facts: &Facts) -> Self {
        Self {
            ipv6_pod_cidr: self.ipv6_pod_cidr.or_else(|| facts.settled(Role::Pods, Family::V6)),
            ipv6_service_cidr: self.ipv6_service_cidr.or_else(|| facts.settled(Role::Services, Family::V6)),
            ipv4_pod_cidr: self.ipv4_pod_cidr.or_else(|| facts.settled(Role::Pods, Family::V4)),
            ipv4_service_cidr: self.ipv4_service_cidr.or_else(|| facts.settled(Role::Services, Family::V4)),
            kubernetes_version: self
                .kubernetes_version
                .or_else(|| facts.kubernetes_version())
                .or_else(|| facts.assumed_kubernetes_version()),
            ..self
        }
    }

    /// As [`filled_in`](Self::filled_in), for a run that edits.
    ///
    /// # Errors
    /// [`ConfigError`] where neither says the IPv6 pod range: nothing is invented.
    pub fn settle(self, facts: &Facts) -> Result<Self, ConfigError> {
        let settled = self.filled_in(facts);
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
        let mut reader = Reader::new(fields);
        let config = Self::take(&mut reader);
        reader.finish(config)
    }

    /// The names of all fields, in the order of the documentation.
    pub fn field_names() -> Vec<&'static str> {
        let mut reader = Reader::new(Vec::new());
        Self::take(&mut reader);
        reader.into_known()
    }

    fn take(reader: &mut Reader) -> Self {
        Self {
            action: reader.choice("action", &[("Apply", Action::Apply), ("Check", Action::Check)]).unwrap_or_default(),
            mode: reader.choice("mode", &[("DualStack", Mode::DualStack), ("IPv6Only", Mode::Ipv6Only)]).unwrap_or_default(),
            ipv6_pod_cidr: reader.cidr("ipv6PodCIDR", Family::V6, |_| None),
            ipv6_service_cidr: reader.cidr("ipv6ServiceCIDR", Family::V6, service_range),
            ipv4_pod_cidr: reader.cidr("ipv4PodCIDR", Family::V4, |_| None),
            ipv4_service_cidr: reader.cidr("ipv4ServiceCIDR", Family::V4, service_range),
            kubernetes_version: reader.version("kubernetesVersion", "v1.33"),
            calico_version: reader.version("calicoVersion", "v3.32"),
            nat_outgoing: reader.boolean("natOutgoing"),
            ipv6_autodetection_method: reader.checked("ipv6AutodetectionMethod", autodetection_method),
            ipv6_block_size: reader.checked("ipv6BlockSize", block_size),
            ipv6_encapsulation: reader.choice("ipv6Encapsulation", &ENCAPSULATIONS),
            ipv6_pool_object: reader.boolean("ipv6PoolObject").unwrap_or_default(),
            ipam: reader.choice("ipam", &[("Keep", Ipam::Keep), ("CalicoIPAM", Ipam::CalicoIpam)]).unwrap_or_default(),
            bird6_probes: reader.boolean("bird6Probes"),
            node_ips: reader.node_ips("nodeIPs"),
            strict: reader.boolean("strict").unwrap_or_default(),
            warnings: Vec::new(),
        }
    }
}
