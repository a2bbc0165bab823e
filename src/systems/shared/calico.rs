//! Calico as manifests install it: a DaemonSet with the container `calico-node`, and the CNI config that its container
//! `install-cni` writes to each node.

use super::workload::{Container, containers, find};
use crate::package::{Package, Resource};
use crate::plan::Rule;
use crate::text::Span;
use crate::yaml::{Embedded, Kind, Layout, Node, Path, Style, Tree};

/// A DaemonSet that installs Calico.
#[derive(Debug)]
pub(crate) struct Install<'p> {
    pub daemon_set: &'p Resource<'p>,
    /// The container `calico-node`. Init containers can have the same image: never one of those.
    pub node: Option<Container<'p>>,
    pub cni: CniConfig<'p>,
}

/// Where the CNI config is.
#[derive(Debug)]
pub(crate) enum CniConfig<'p> {
    /// A string in an object of the package.
    At(CniText<'p>),
    /// In an object that is not in the package: kind and name.
    Elsewhere(&'static str, &'p str),
    /// The DaemonSet installs none.
    None,
}

/// A string that holds a CNI config.
#[derive(Clone, Debug)]
pub(crate) struct CniText<'p> {
    pub resource: &'p Resource<'p>,
    pub path: Path,
    pub node: Node<'p>,
}

/// The object of `"type": "calico"` in a CNI config.
#[derive(Debug)]
pub(crate) struct CalicoPlugin {
    /// Its place within the config.
    pub path: Path,
    /// `ipam.type`, if there is one.
    pub ipam: Option<String>,
    /// Whether the object has `ipam` at all.
    pub has_ipam: bool,
}

pub(crate) static NO_CNI_CONFIG: Rule = Rule {
    id: "calico-no-cni-config",
    title: "Calico without a CNI config of its own",
    why: "Another CNI plugin gives the pods their addresses; Calico only enforces policy and cannot add an IPv6 address.",
    remedy: "Enable dual-stack in the CNI plugin that assigns the addresses.",
    source: "aws/amazon-vpc-cni-k8s config/v1.6/calico.yaml: no container install-cni",
};
pub(crate) static NOT_CALICO_IPAM: Rule = Rule {
    id: "calico-host-local-ipam",
    title: "Pod addresses do not come from Calico IPAM",
    why: "The how-to's `assign_ipv4` and `assign_ipv6` are options of calico-ipam; host-local ignores them.",
    remedy: "Give the host-local plugin one range for each family.",
    source: "projectcalico/calico v3.32.1 cni-plugin/pkg/types/types.go; docs ipv6.md: \"requires Calico IPAM\"",
};
pub(crate) static BACKEND_NONE: Rule = Rule {
    id: "calico-backend-none",
    title: "Calico does not do the networking",
    why: "With CALICO_NETWORKING_BACKEND=none calico-node ignores IP6 and makes no routes: a pool of its own would be unreachable.",
    remedy: "Enable dual-stack in the plugin that does the networking.",
    source: "projectcalico/calico v3.32.1 node/pkg/lifecycle/startup/startup.go",
};
pub(crate) static OPERATOR_MANAGED: Rule = Rule {
    id: "calico-operator-managed",
    title: "The operator renders this object",
    why: "The Tigera operator overwrites every edit of the objects that it renders.",
    remedy: "Edit the Installation resource instead: it must have an IPv6 pool in `spec.calicoNetwork.ipPools`.",
    source: "tigera/operator pkg/render/node.go",
};
pub(crate) static WINDOWS: Rule = Rule {
    id: "calico-windows",
    title: "Calico for Windows has one IP family",
    why: "Calico does not support IPv6 and dual-stack on Windows nodes; Linux nodes of the same cluster can be dual-stack.",
    remedy: "Nothing: the objects for Windows stay as they are.",
    source: "https://docs.tigera.io/calico/latest/getting-started/kubernetes/windows-calico/limitations",
};
pub(crate) static NO_DEFAULT_POOLS: Rule = Rule {
    id: "calico-no-default-pools",
    title: "NO_DEFAULT_POOLS=true forbids CALICO_IPV6POOL_CIDR",
    why: "calico-node terminates when NO_DEFAULT_POOLS is \"true\" and CALICO_IPV6POOL_CIDR is set.",
    remedy: "Create the IPv6 pool as an IPPool object.",
    source: "projectcalico/calico v3.32.1 node/pkg/lifecycle/startup/startup.go configureIPPools",
};

/// All DaemonSets of the package that install Calico.
pub(crate) fn installs<'p>(package: &'p Package<'p>) -> Vec<Install<'p>> {
    let daemon_sets = package.of_kind("apps", "DaemonSet").chain(package.of_kind("extensions", "DaemonSet"));
    daemon_sets.filter_map(|daemon_set| install(package, daemon_set)).collect()
}

fn install<'p>(package: &'p Package<'p>, daemon_set: &'p Resource<'p>) -> Option<Install<'p>> {
    let main = containers(daemon_set, "containers");
    let init = containers(daemon_set, "initContainers");
    let calico = |container: &&Container<'_>| container.name() == "calico-node" || container.name().starts_with("calico-node-");
    let is_calico = main.iter().any(|container| calico(&container));
    let installer = init.iter().chain(&main).find(|container| !container.env("CNI_NETWORK_CONFIG").is_empty());
    if !is_calico && installer.is_none() {
        return None;
    }
    let cni = installer.map_or(CniConfig::None, |container| cni_config(package, container));
    let node = main.into_iter().find(|container| container.name() == "calico-node");
    Some(Install { daemon_set, node, cni })
}

/// Follows the variable `CNI_NETWORK_CONFIG` of the container that installs the CNI plugin.
fn cni_config<'p>(package: &'p Package<'p>, container: &Container<'p>) -> CniConfig<'p> {
    let Some(entry) = container.env("CNI_NETWORK_CONFIG").last().copied() else { return CniConfig::None };
    if let Some(node) = entry.node.get("value") {
        let path = container.env_path(entry.index).key("value");
        return CniConfig::At(CniText { resource: container.resource, path, node });
    }
    let (kind, field, (name, key)) = match (entry.config_map_key(), entry.secret_key()) {
        (Some(reference), _) => ("ConfigMap", "data", reference),
        (_, Some(reference)) => ("Secret", "stringData", reference),
        _ => return CniConfig::None,
    };
    let Some(resource) = find(package, kind, name, &container.resource.namespace) else {
        return CniConfig::Elsewhere(kind, name);
    };
    match resource.root().at(&[field, key]) {
        Some(node) => CniConfig::At(CniText { resource, path: Path::of(&[field, key]), node }),
        None => CniConfig::Elsewhere(kind, name),
    }
}

impl Install<'_> {
    /// Whether the Pods run on Windows nodes.
    pub(crate) fn is_windows(&self) -> bool {
        let selector = self.daemon_set.root().at(&["spec", "template", "spec", "nodeSelector"]);
        let os = ["kubernetes.io/os", "beta.kubernetes.io/os"];
        os.iter().any(|key| selector.and_then(|selector| selector.text_at(&[key])) == Some("windows"))
            || self.node.is_none() && self.names_windows()
    }

    fn names_windows(&self) -> bool {
        self.daemon_set.original_name().contains("windows")
    }

    /// Why the how-to does not apply to this DaemonSet, if it does not.
    pub(crate) fn refusal(&self, package: &Package<'_>) -> Option<(&'static Rule, String)> {
        let name = self.daemon_set;
        if is_operator_managed(name) {
            return Some((
                &OPERATOR_MANAGED,
                format!(
                    "{name} is rendered by the Tigera operator, which would undo an edit: add the IPv6 pool to the Installation resource instead"
                ),
            ));
        }
        if self.is_windows() {
            return Some((&WINDOWS, format!("{name} is for Windows nodes, where Calico does not support dual-stack: it stays as it is")));
        }
        let env = |variable| self.node.as_ref().and_then(|node| node.env_text(package, variable));
        match &self.cni {
            CniConfig::None => {
                return Some((
                    &NO_CNI_CONFIG,
                    format!(
                        "{name} installs no CNI config: another plugin gives pods their addresses, and dual-stack must be enabled there; it stays as it is"
                    ),
                ));
            }
            CniConfig::At(text) => match text.plugins() {
                Err(_) => {}
                Ok(plugins) => {
                    if let Some(plugin) = plugins.iter().find(|plugin| !plugin.is_calico_ipam()) {
                        let ipam = plugin.ipam.as_deref().unwrap_or("none");
                        return Some((
                            &NOT_CALICO_IPAM,
                            format!(
                                "the CNI config of {name} gives out addresses with ipam \"{ipam}\", which ignores `assign_ipv6`: the how-to works with \"calico-ipam\" only; it stays as it is"
                            ),
                        ));
                    }
                }
            },
            CniConfig::Elsewhere(..) => {}
        }
        if env("CALICO_NETWORKING_BACKEND") == Some("none") {
            return Some((
                &BACKEND_NONE,
                format!(
                    "{name} has `CALICO_NETWORKING_BACKEND` \"none\": Calico does not do the networking, and the how-to does not apply; it stays as it is"
                ),
            ));
        }
        if env("NO_DEFAULT_POOLS").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Some((
                &NO_DEFAULT_POOLS,
                format!(
                    "{name} has `NO_DEFAULT_POOLS` \"true\": beside `CALICO_IPV6POOL_CIDR` it would make calico-node terminate; it stays as it is, create the IPv6 pool as an IPPool object"
                ),
            ));
        }
        None
    }
}

/// Whether the Tigera operator owns the object.
pub(crate) fn is_operator_managed(resource: &Resource<'_>) -> bool {
    let owners = resource.root().at(&["metadata", "ownerReferences"]);
    owners
        .into_iter()
        .flat_map(Node::items)
        .any(|owner| owner.text_at(&["apiVersion"]).is_some_and(|version| version.starts_with("operator.tigera.io/")))
}

impl CalicoPlugin {
    /// Whether Calico's own IPAM gives out the addresses. A missing type is filled in by nobody else.
    pub(crate) fn is_calico_ipam(&self) -> bool {
        self.has_ipam && self.ipam.as_deref().is_none_or(|ipam| ipam == "calico-ipam")
    }
}

impl CniText<'_> {
    /// The Calico plugins of the config: in `plugins`, as a `delegate`, or the config itself.
    ///
    /// # Errors
    /// Why the text cannot be read: it is a template in other ways than `__NAME__`, or no JSON.
    pub(crate) fn plugins(&self) -> Result<Vec<CalicoPlugin>, String> {
        let embedded = Embedded::of(self.node.resolved()).ok_or("is not a string")?;
        let text = &embedded.text;
        let tree = Tree::parse(text, Span::new(0, text.len())).map_err(|error| format!("cannot be read as JSON: {error}"))?;
        let root = tree.roots().next().ok_or("is empty")?;
        if let Some(node) = root.descendants().find(|node| !is_json(*node)) {
            let line = crate::text::position(text, node.start()).line;
            return Err(format!("is not JSON at its line {line}: it holds a comment or a template marker"));
        }
        let mut found = Vec::new();
        collect(root, &Path::root(), &mut found);
        Ok(found)
    }
}

/// Flow style, keys in quotes, no comment read as part of a word: what JSON with bare placeholders has.
fn is_json(node: Node<'_>) -> bool {
    match node.kind() {
        Kind::Mapping(layout) => layout == Layout::Flow && node.entries().all(|(key, _)| key.kind() == Kind::Scalar(Style::Double)),
        Kind::Sequence(layout) => layout == Layout::Flow,
        Kind::Scalar(Style::Plain) => node.text().is_some_and(|text| !text.is_empty() && !text.contains(char::is_whitespace)),
        Kind::Scalar(style) => style == Style::Double,
        Kind::Alias(_) => false,
    }
}

fn collect(object: Node<'_>, path: &Path, found: &mut Vec<CalicoPlugin>) {
    if object.text_at(&["type"]) == Some("calico") {
        let ipam = object.get("ipam");
        let kind = ipam.and_then(|ipam| ipam.text_at(&["type"])).map(str::to_owned);
        found.push(CalicoPlugin { path: path.clone(), ipam: kind, has_ipam: ipam.is_some() });
    }
    if let Some(delegate) = object.get("delegate") {
        collect(delegate, &path.key("delegate"), found);
    }
    for (index, plugin) in object.get("plugins").into_iter().flat_map(Node::items).enumerate() {
        collect(plugin, &path.key("plugins").index(index), found);
    }
}
