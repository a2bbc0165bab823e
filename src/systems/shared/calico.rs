//! Calico as manifests install it: a DaemonSet with the container `calico-node`, and the CNI config that its container
//! `install-cni` writes to each node.

use std::collections::HashSet;

use super::cni_config::{CniText, Ipam};
use super::workload::{Container, Variable, containers};
use crate::config::{Config, Mode};
use crate::package::{Package, Resource};
use crate::plan::{Place, Plan, Rule};
use crate::version::Version;
use crate::yaml::{Node, Path};

/// The key of a ConfigMap or Secret that holds the CNI config in every flavour that Calico ships.
pub(crate) const CNI_KEY: &str = "cni_network_config";

/// A DaemonSet that installs Calico.
#[derive(Debug)]
pub(crate) struct Install<'p> {
    pub daemon_set: &'p Resource<'p>,
    /// The container `calico-node`. Init containers can have the same image: never one of those.
    pub node: Option<Container<'p>>,
    /// The container that installs the CNI plugin.
    pub installer: Option<Container<'p>>,
    pub cni: CniConfig<'p>,
    pub backend: Backend,
}

/// Where the CNI config is.
#[derive(Debug)]
pub(crate) enum CniConfig<'p> {
    /// A string in an object of the package.
    At(CniText<'p>),
    /// Not in the package: where.
    Elsewhere(String),
    /// The DaemonSet installs none.
    None,
}

/// What distributes the routes of pods (`CALICO_NETWORKING_BACKEND`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backend {
    /// BIRD, by BGP: the default.
    Bird,
    /// Felix, for VXLAN pools alone: no BIRD.
    Vxlan,
    /// Not Calico: it only enforces policy.
    None,
}

impl Backend {
    pub(crate) fn of(text: Option<&str>) -> Self {
        match text {
            Some("none") => Self::None,
            Some("vxlan") => Self::Vxlan,
            _ => Self::Bird,
        }
    }
}

/// Which version of Calico it is, and where it says so.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    version: Option<Version>,
    image: String,
    place: Place,
}

static VERSION_UNKNOWN: Rule = Rule {
    id: "calico-version-unknown",
    title: "The version of Calico is not known",
    why: "What Calico can do with IPv6 depends on its version; the current one is assumed.",
    remedy: "Set `calicoVersion` if it is an older one.",
    source: "README, Configuration",
};

/// The rules that asking for the version can say.
pub(crate) const RELEASE_RULES: [&Rule; 1] = [&VERSION_UNKNOWN];

/// All DaemonSets for Linux that install Calico and that nobody else renders.
pub(crate) fn installs<'p>(package: &'p Package<'p>) -> Vec<Install<'p>> {
    installs_and_patched_nodes(package).0
}

/// All [`installs`], and the container `calico-node` of each DaemonSet that patches another one of the package, as the overlay
/// of a base does: only what it says itself counts, and what it does not say comes from what it patches.
pub(crate) fn installs_and_patched_nodes<'p>(package: &'p Package<'p>) -> (Vec<Install<'p>>, Vec<Container<'p>>) {
    let ours = |daemon_set: &&Resource<'_>| !is_windows(daemon_set) && !is_operator_managed(daemon_set);
    let all: Vec<_> = daemon_sets(package).filter(ours).filter_map(|daemon_set| install(package, daemon_set)).collect();
    let is_part = |install: &Install<'_>| install.installer.is_none() && install.node.as_ref().is_some_and(|node| node.image().is_empty());
    let whole: Vec<_> = all.iter().filter(|install| !is_part(install)).map(|install| install.daemon_set).collect();
    let (installs, patches): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|install| !is_part(install) || !whole.iter().any(|whole| is_same(whole, install.daemon_set)));
    (installs, patches.into_iter().filter_map(|patch| patch.node).collect())
}

/// Whether two objects of a kind are one, where a namespace may be set later.
fn is_same(one: &Resource<'_>, other: &Resource<'_>) -> bool {
    let in_one_namespace = one.namespace == other.namespace || one.namespace.is_empty() || other.namespace.is_empty();
    in_one_namespace && one.original_name() == other.original_name()
}

/// All DaemonSets of the package.
pub(crate) fn daemon_sets<'p>(package: &'p Package<'p>) -> impl Iterator<Item = &'p Resource<'p>> {
    package.of_kind("apps", "DaemonSet").chain(package.of_kind("extensions", "DaemonSet"))
}

fn install<'p>(package: &'p Package<'p>, daemon_set: &'p Resource<'p>) -> Option<Install<'p>> {
    let (main, init) = (containers(daemon_set, "containers"), containers(daemon_set, "initContainers"));
    let node = main.iter().find(|container| is_calico_node(container)).cloned();
    let of_calico = |container: &Container<'_>| installs_cni(container) && (node.is_some() || installs_calico(container));
    let installer = init.into_iter().chain(main).find(of_calico);
    if node.is_none() && installer.is_none() {
        return None;
    }
    let cni = installer.as_ref().map_or(CniConfig::None, |container| cni_config(package, container));
    let backend = Backend::of(node.as_ref().and_then(|node| node.env_text(package, "CALICO_NETWORKING_BACKEND")));
    Some(Install { daemon_set, node, installer, cni, backend })
}

/// Whether the container is Calico's agent: by its name, or by its image (`calico/node`, and `calico-node` in mirrors).
pub(crate) fn is_calico_node(container: &Container<'_>) -> bool {
    let image = container.image().split_once('@').map_or(container.image(), |(image, _)| image);
    let mut parts = image.rsplit('/');
    let name = parts.next().unwrap_or_default().split(':').next().unwrap_or_default();
    container.name() == "calico-node"
        || name.ends_with("calico-node")
        || (name == "node" && parts.next().is_some_and(|organisation| organisation == "calico"))
}

fn installs_cni(container: &Container<'_>) -> bool {
    configures_cni(container) || container.name() == "install-cni"
}

/// The variables of Calico's installer.
fn configures_cni(container: &Container<'_>) -> bool {
    ["CNI_NETWORK_CONFIG", "CNI_NETWORK_CONFIG_FILE"].iter().any(|name| !container.env(name).is_empty())
}

/// Whether the container installs Calico's plugin where no `calico-node` is beside it: flannel and kube-router name theirs
/// `install-cni`, too.
fn installs_calico(container: &Container<'_>) -> bool {
    configures_cni(container) || container.image().contains("calico")
}

/// Follows the variable `CNI_NETWORK_CONFIG` of the container that installs the CNI plugin. A file has precedence; the
/// installer has a template of its own, too (calico v3.32.1 cni-plugin/pkg/install/install.go).
fn cni_config<'p>(package: &'p Package<'p>, container: &Container<'p>) -> CniConfig<'p> {
    if let Some(file) = container.env_text(package, "CNI_NETWORK_CONFIG_FILE").filter(|file| !file.is_empty()) {
        return CniConfig::Elsewhere(format!("the file \"{file}\" of its container `{}`", container.name()));
    }
    match container.variable(package, "CNI_NETWORK_CONFIG") {
        Variable::At { resource, path, node: Some(node) } => CniConfig::At(CniText::read(resource, path, node)),
        Variable::At { resource, path, .. } => CniConfig::Elsewhere(format!("`{path}` of {resource}, where it is missing")),
        Variable::Elsewhere { from, .. } => CniConfig::Elsewhere(from),
        Variable::Unset => CniConfig::Elsewhere(format!("the image of its container `{}`, which gives pods IPv4 alone", container.name())),
    }
}

impl<'p> Install<'p> {
    /// The Calico plugins of the CNI config, as far as it can be read.
    fn plugins(&self) -> &[super::cni_config::CalicoPlugin] {
        match &self.cni {
            CniConfig::At(text) => text.readable(),
            _ => &[],
        }
    }

    /// Whether Calico gives out the addresses or routes them, so that its environment decides about IPv6.
    pub(crate) fn is_ours(&self) -> bool {
        let plugins = self.plugins();
        let foreign = plugins.iter().any(|plugin| matches!(plugin.ipam, Ipam::Other(_) | Ipam::Missing));
        let without_cni = matches!(self.cni, CniConfig::None);
        !foreign && !(self.backend == Backend::None && (without_cni || plugins.iter().any(|plugin| plugin.ipam == Ipam::Calico)))
    }

    /// The container `calico-node`, if its environment decides about IPv6.
    pub(crate) fn our_node(&self) -> Option<&Container<'p>> {
        self.node.as_ref().filter(|_| self.is_ours())
    }

    /// The container `calico-node`, if it makes the pools and the routes.
    pub(crate) fn networking_node(&self) -> Option<&Container<'p>> {
        self.our_node().filter(|_| self.backend != Backend::None)
    }

    /// The version of Calico: the tag of the image tells it, else the configuration.
    pub(crate) fn release(&self, config: &Config) -> Release {
        let Some(container) = self.node.as_ref().or(self.installer.as_ref()) else {
            return Release::configured(self.daemon_set, config);
        };
        let image = container.image();
        Release {
            version: Version::of_image(image).or(config.calico_version),
            image: image.to_owned(),
            place: Place::at(self.daemon_set, &container.path.key("image")),
        }
    }
}

impl Release {
    /// The version where no image tells it.
    pub(crate) fn configured(resource: &Resource<'_>, config: &Config) -> Self {
        Self { version: config.calico_version, image: String::new(), place: Place::of(resource) }
    }

    /// Whether it is known to be older than `version`.
    pub(crate) fn is_older_than(&self, version: Version) -> bool {
        self.version.is_some_and(|own| own < version)
    }

    /// Whether it has what came with `version`; where that is not known, the current version is assumed, and said.
    pub(crate) fn has(&self, version: Version, plan: &mut Plan) -> bool {
        if self.version.is_none() {
            let why = if self.image.is_empty() { "no image tells".into() } else { format!("the image \"{}\" does not tell", self.image) };
            let message = format!("{why} the version of Calico: the current one is assumed; set `calicoVersion` if it is an older one");
            plan.info(&VERSION_UNKNOWN, self.place.clone(), message);
        }
        self.version.is_none_or(|own| own >= version)
    }
}

/// `Calico v3.20`, or `this Calico`.
impl std::fmt::Display for Release {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.version {
            Some(version) => write!(f, "Calico {version}"),
            None => f.write_str("this Calico"),
        }
    }
}

/// Since when the eBPF dataplane has what the mode asks for, and what that is (Calico v3.27 and v3.28 release notes).
pub(crate) fn ebpf_since(mode: Mode) -> (Version, &'static str) {
    match mode {
        Mode::DualStack => (Version::new(3, 28), "dual-stack"),
        Mode::Ipv6Only => (Version::new(3, 27), "IPv6"),
    }
}

/// Whether Felix takes the text for true (felix/config/param_types.go BoolParam).
pub(crate) fn felix_bool(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "y" | "t")
}

/// A CNI config of Calico for Linux, with what is known about its surroundings.
#[derive(Debug)]
pub(crate) struct Found<'p> {
    pub text: CniText<'p>,
    pub backend: Backend,
    pub release: Release,
    /// The object that installs it, or that it is in, to name it.
    pub owner: &'p Resource<'p>,
}

/// All CNI configs of Calico for Linux: those that a DaemonSet refers to, and those that came without theirs.
pub(crate) fn cni_texts<'p>(package: &'p Package<'p>, installs: &[Install<'p>], config: &Config) -> Vec<Found<'p>> {
    let (mut found, mut places) = (Vec::new(), HashSet::new());
    for install in installs {
        let CniConfig::At(text) = &install.cni else { continue };
        if places.insert((text.resource.index, &text.path)) {
            let release = install.release(config);
            found.push(Found { text: text.clone(), backend: install.backend, release, owner: install.daemon_set });
        }
    }
    let referenced: HashSet<usize> = daemon_sets(package)
        .filter_map(|daemon_set| install(package, daemon_set))
        .filter_map(|install| if let CniConfig::At(text) = install.cni { Some(text.resource.index) } else { None })
        .collect();
    for (kind, field) in [("ConfigMap", "data"), ("Secret", "stringData")] {
        for resource in package.of_kind("", kind) {
            let Some(node) = resource.root().at(&[field, CNI_KEY]) else { continue };
            if referenced.contains(&resource.index) || is_operator_managed(resource) || is_windows(resource) {
                continue;
            }
            let data = |key| resource.root().text_at(&[field, key]);
            // Canal's ConfigMap has flannel's config beside Calico's, and canal makes no routes with Calico.
            let backend = if data("net-conf.json").is_some() { Backend::None } else { Backend::of(data("calico_backend")) };
            let text = CniText::read(resource, Path::of(&[field, CNI_KEY]), node);
            found.push(Found { text, backend, release: Release::configured(resource, config), owner: resource });
        }
    }
    found
}

/// Whether the object is for Windows nodes: by its node selector, or by its name.
pub(crate) fn is_windows(resource: &Resource<'_>) -> bool {
    let selector = resource.root().at(&["spec", "template", "spec", "nodeSelector"]);
    let os = ["kubernetes.io/os", "beta.kubernetes.io/os"];
    let selected = os.iter().find_map(|key| selector?.text_at(&[key]));
    selected.map_or_else(|| resource.original_name().contains("windows"), |os| os == "windows")
}

/// Whether the Tigera operator owns the object.
pub(crate) fn is_operator_managed(resource: &Resource<'_>) -> bool {
    let owners = resource.root().at(&["metadata", "ownerReferences"]);
    owners
        .into_iter()
        .flat_map(Node::items)
        .any(|owner| owner.text_at(&["apiVersion"]).is_some_and(|version| version.starts_with("operator.tigera.io/")))
}
