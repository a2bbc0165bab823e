//! Cluster API: the ranges of a Cluster, and kubeadm's configuration in the objects that set up its machines.
//!
//! # Recognises
//! `Cluster` of `cluster.x-k8s.io`; `KubeadmControlPlane` and its template; `KubeadmConfig` and its template; in the
//! versions v1alpha3 to v1beta2.
//!
//! # Changes
//! `spec.clusterNetwork.pods.cidrBlocks` and `services.cidrBlocks` get the range of the missing family at their end.
//! `clusterConfiguration`, `initConfiguration` and `joinConfiguration` are edited as files of kubeadm are: what overrides
//! the Cluster's ranges there gets both, too. `extraArgs` are a map up to v1beta1, a list from v1beta2 on.
//!
//! # Leaves alone
//! Ranges that are not there, but for those of Services where the configuration says both; infrastructure, whose subnets
//! and addresses only the user knows; the variables and patches of a ClusterClass: of those that write ranges it is said.
//!
//! # Sources
//! kubernetes-sigs/cluster-api api/v1beta1/cluster_types.go, bootstrap/kubeadm/internal/controllers (joins `cidrBlocks`
//! with "," into kubeadm's subnets), controlplane/kubeadm/internal/webhooks/kubeadm_control_plane.go ValidateUpdate.

use super::System;
use super::shared::extra_args::{DUPLICATE, ExtraArgs};
use super::shared::gates::{GATE_ON, GATES_PLACEHOLDER, GateMap};
use super::shared::kubeadm::{
    Document, EXTRA_ARGS, Home, NODE_IP, POD_SUBNET, SERVICE_SUBNET, cluster_configuration, cluster_configuration_facts, node_registration,
    node_registration_facts,
};
use super::shared::kubernetes_version::{self, TOO_OLD, is_too_old};
use super::shared::node_masks::{self, NODE_MASK};
use super::shared::ranges::{self, HOST_BITS, PLACEHOLDER, RangePlace, UNKNOWN, UNREADABLE};
use crate::cidr::{Cidr, Family};
use crate::config::{Config, Mode};
use crate::facts::{Facts, Role, Source, VersionSource};
use crate::package::{Package, Resource};
use crate::plan::{Change, Place, Plan, Rule};
use crate::yaml::{Node, Op, Path, Value};

pub(super) const SYSTEM: System = System {
    name: "cluster_api",
    recognises: "Cluster API: Cluster, KubeadmControlPlane, KubeadmConfig and their templates",
    rules: &[
        &CLUSTER_NETWORK,
        &NOT_SAID,
        &LIVE_CLUSTER,
        &INFRASTRUCTURE,
        &CLASS_PATCH,
        &POD_SUBNET,
        &SERVICE_SUBNET,
        &EXTRA_ARGS,
        &DUPLICATE,
        &NODE_IP,
        &NODE_MASK,
        &GATE_ON,
        &GATES_PLACEHOLDER,
        &PLACEHOLDER,
        &UNREADABLE,
        &UNKNOWN,
        &HOST_BITS,
        &TOO_OLD,
    ],
    facts,
    plan,
};

static CLUSTER_NETWORK: Rule = Rule {
    id: "cluster-api-network",
    title: "The Cluster says the ranges of both families",
    why: "The bootstrap provider hands `cidrBlocks` to kubeadm as `podSubnet` and `serviceSubnet`: with one range, the components get one family.",
    remedy: "Each list must have a range of each family, the primary one first.",
    source: "https://github.com/kubernetes-sigs/cluster-api/blob/HEAD/bootstrap/kubeadm/internal/controllers/kubeadmconfig_controller.go",
};
static NOT_SAID: Rule = Rule {
    id: "cluster-api-network-half",
    title: "The Cluster says one kind of range only",
    why: "For the other one kubeadm takes its default: Services get 10.96.0.0/12 and one family, Pods no cluster CIDR.",
    remedy: "Write both ranges of it into `spec.clusterNetwork`, the primary family first.",
    source: "https://github.com/kubernetes/kubernetes/blob/v1.33.0/cmd/kubeadm/app/apis/kubeadm/v1beta4/defaults.go",
};
static LIVE_CLUSTER: Rule = Rule {
    id: "cluster-api-live-cluster",
    title: "A cluster that runs already does not take new ranges from here",
    why: "kubeadm reads the ranges when the cluster is created, and the webhook of KubeadmControlPlane refuses another `clusterConfiguration.networking` (\"cannot be modified\").",
    remedy: "Create a new cluster; or give the ranges as `extraArgs` of `apiServer` and `controllerManager`, which may be changed.",
    source: "kubernetes-sigs/cluster-api controlplane/kubeadm/internal/webhooks/kubeadm_control_plane.go ValidateUpdate; https://github.com/kubernetes-sigs/cluster-api/issues/6951",
};
static INFRASTRUCTURE: Rule = Rule {
    id: "cluster-api-infrastructure",
    title: "The network of the machines has one family",
    why: "Without IPv6 subnets the nodes get no IPv6 address, and calico-node does not start.",
    remedy: "Give the virtual network and its subnets an IPv6 range each, and `enableIPForwarding` to the machine templates.",
    source: "https://github.com/kubernetes-sigs/cluster-api-provider-azure/tree/69ec3a40/templates/flavors/dual-stack",
};

static CLASS_PATCH: Rule = Rule {
    id: "cluster-api-class-patch",
    title: "A patch of a ClusterClass writes a range",
    why: "What a patch writes overrides what the objects say: one range there keeps a component on one family.",
    remedy: "Let the patch write a range of each family, as `a,b` without a blank; or take it out, where `clusterNetwork` says the ranges.",
    source: "https://cluster-api.sigs.k8s.io/tasks/experimental-features/cluster-class/write-clusterclass",
};

const CLUSTERS: &str = "cluster.x-k8s.io";
/// The lists of a Cluster.
const LISTS: [(&[&str], Role); 2] = [
    (&["spec", "clusterNetwork", "pods", "cidrBlocks"], Role::Pods),
    (&["spec", "clusterNetwork", "services", "cidrBlocks"], Role::Services),
];
/// Where kubeadm's configuration is, by group and kind.
const SPECS: [(&str, &str, &[&str]); 4] = [
    ("controlplane.cluster.x-k8s.io", "KubeadmControlPlane", &["spec", "kubeadmConfigSpec"]),
    ("controlplane.cluster.x-k8s.io", "KubeadmControlPlaneTemplate", &["spec", "template", "spec", "kubeadmConfigSpec"]),
    ("bootstrap.cluster.x-k8s.io", "KubeadmConfig", &["spec"]),
    ("bootstrap.cluster.x-k8s.io", "KubeadmConfigTemplate", &["spec", "template", "spec"]),
];
/// Where the version of Kubernetes is, by group and kind.
const VERSIONS: [(&str, &str, &[&str]); 4] = [
    (CLUSTERS, "Cluster", &["spec", "topology", "version"]),
    (CLUSTERS, "MachineDeployment", &["spec", "template", "spec", "version"]),
    (CLUSTERS, "MachinePool", &["spec", "template", "spec", "version"]),
    ("controlplane.cluster.x-k8s.io", "KubeadmControlPlane", &["spec", "version"]),
];

/// kubeadm's configuration in an object: the object, the place, what is there.
struct Spec<'p> {
    resource: &'p Resource<'p>,
    path: Path,
    node: Node<'p>,
}

fn specs<'p>(package: &'p Package<'p>) -> impl Iterator<Item = Spec<'p>> {
    let resources = SPECS.iter().flat_map(|(group, kind, keys)| package.of_kind(group, kind).map(move |resource| (resource, *keys)));
    resources.filter_map(|(resource, keys)| Some(Spec { resource, path: Path::of(keys), node: resource.root().at(keys)? }))
}

impl<'p> Spec<'p> {
    fn document(&self, key: &str, pods_elsewhere: Vec<Cidr>) -> Option<(Document<'p>, Node<'p>)> {
        let node = self.node.get(key).filter(|node| !node.is_null())?;
        let document = Document {
            resource: self.resource,
            path: self.path.key(key),
            args_as_list: self.args_as_list(),
            home: Home::ClusterApi,
            pods_elsewhere,
        };
        Some((document, node))
    }

    fn args_as_list(&self) -> bool {
        !["v1alpha2", "v1alpha3", "v1alpha4", "v1beta1"].contains(&self.resource.version())
    }
}

fn facts(package: &Package<'_>, facts: &mut Facts) {
    for cluster in package.of_kind(CLUSTERS, "Cluster") {
        for (keys, role) in LISTS {
            let said = cluster.root().at(keys).and_then(|list| ranges::read_list(list).ok());
            facts.whole(role, Source::ClusterApi, cluster, &Path::of(keys), said.unwrap_or_default());
        }
    }
    for (group, kind, keys) in VERSIONS {
        for version in package.of_kind(group, kind).filter_map(|resource| resource.root().text_at(keys)) {
            kubernetes_version::tells(facts, VersionSource::ClusterApi, version);
        }
    }
    for azure in package.of_kind("infrastructure.cluster.x-k8s.io", "AzureCluster") {
        let network: Vec<_> =
            azure.root().at(&["spec", "networkSpec"]).map(|network| (Path::of(&["spec", "networkSpec"]), network)).into_iter().collect();
        for (path, range) in items(items(network, "subnets"), "cidrBlocks") {
            facts.node_range(azure, &path, range.text());
        }
    }
    for spec in specs(package) {
        let pods = pods_of(package, spec.resource).and_then(|list| ranges::read_list(list).ok()).unwrap_or_default();
        if let Some((document, node)) = spec.document("clusterConfiguration", pods) {
            cluster_configuration_facts(&document, node, facts);
        }
        for key in ["initConfiguration", "joinConfiguration"] {
            if let Some((document, node)) = spec.document(key, Vec::new()) {
                node_registration_facts(&document, node, facts);
            }
        }
    }
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    for cluster in package.of_kind(CLUSTERS, "Cluster") {
        cluster_network(cluster, config, plan);
    }
    for spec in specs(package) {
        if !is_too_old(spec.resource, config, plan) {
            kubeadm_configuration(&spec, pods_after(package, spec.resource, config), config, plan);
        }
    }
    for class in package.of_kind(CLUSTERS, "ClusterClass").filter(|_| config.mode == Mode::DualStack) {
        class_patches(class, plan);
    }
    for azure in package.of_kind("infrastructure.cluster.x-k8s.io", "AzureCluster") {
        azure_network(azure, config, plan);
    }
}

fn cluster_network(cluster: &Resource<'_>, config: &Config, plan: &mut Plan) {
    let before = plan.changes.len();
    let lists = LISTS.map(|(keys, role)| (keys, role, cluster.root().at(keys).filter(|list| !list.is_null())));
    for (keys, role, list) in lists {
        let Some(list) = list else { continue };
        let what = format!("the {} `cidrBlocks` of the Cluster", role.word());
        let place = RangePlace { resource: cluster, path: Path::of(keys), role, what };
        place.want_list(list, config, &CLUSTER_NETWORK, plan);
    }
    let both_families_wanted = |role| config.mode == Mode::DualStack && config.range(role, Family::V6).is_some();
    for (keys, role, _) in lists.iter().filter(|(_, role, list)| list.is_none() && both_families_wanted(*role)) {
        let both = [Family::V4, Family::V6].map(|family| config.range(*role, family));
        if let ([Some(ipv4), Some(ipv6)], Role::Services, Some(pods)) = (both, role, lists[0].2) {
            // The primary family is that of the pods.
            let first = ranges::read_list(pods).ok().and_then(|pods| Some(pods.first()?.family()));
            let in_order = if first == Some(Family::V6) { [ipv6, ipv4] } else { [ipv4, ipv6] };
            let list = Value::list(in_order.map(|range| Value::from(range.to_string())));
            let message = "the service `cidrBlocks` of the Cluster set to both ranges: without them kubeadm takes 10.96.0.0/12 alone";
            plan.want(cluster, &CLUSTER_NETWORK, Op::is(Path::of(keys), list), message);
        } else if lists.iter().any(|(_, _, list)| list.is_some()) {
            let message = format!(
                "the Cluster says no {} range, so kubeadm takes a default of one family or none: write both ranges, the primary family first",
                role.word()
            );
            plan.warning(&NOT_SAID, Place::at(cluster, &Path::of(keys)), message);
        }
    }
    if plan.changes.len() > before {
        let message = "this is for a cluster that is created from here: one that runs already does not take new ranges from its Cluster; there, only `extraArgs` of KubeadmControlPlane can be changed";
        plan.info(&LIVE_CLUSTER, Place::at(cluster, &Path::of(&["spec", "clusterNetwork"])), message);
    }
}

/// The list of pod ranges of this control plane's Cluster: the one that refers to it, or the only one, if it refers to none.
fn pods_of<'p>(package: &'p Package<'_>, control_plane: &Resource<'_>) -> Option<Node<'p>> {
    let clusters: Vec<_> = package.of_kind(CLUSTERS, "Cluster").collect();
    let refers_to = |cluster: &Resource<'p>| cluster.root().text_at(&["spec", "controlPlaneRef", "name"]).map(str::to_owned);
    let by_name = clusters.iter().find(|cluster| refers_to(cluster).as_deref() == Some(control_plane.original_name()));
    let only = if let [only] = clusters.as_slice() { Some(only).filter(|cluster| refers_to(cluster).is_none()) } else { None };
    by_name.or(only)?.root().at(LISTS[0].0)
}

/// The pod ranges that the Cluster of this control plane will have.
fn pods_after(package: &Package<'_>, control_plane: &Resource<'_>, config: &Config) -> Vec<Cidr> {
    let list = pods_of(package, control_plane);
    let texts: Vec<_> = list.into_iter().flat_map(Node::items).map(|item| item.text().unwrap_or_default()).collect();
    ranges::after(&texts.join(","), Role::Pods, config)
}

fn kubeadm_configuration(spec: &Spec<'_>, pods: Vec<Cidr>, config: &Config, plan: &mut Plan) {
    let before = plan.changes.len();
    match spec.document("clusterConfiguration", pods.clone()) {
        Some((document, node)) => cluster_configuration(&document, node, config, plan),
        None if spec.resource.kind.starts_with("KubeadmControlPlane") => {
            node_mask(spec, &pods, config, plan);
            let path = spec.path.key("clusterConfiguration");
            GateMap { resource: spec.resource, path, reader: "ClusterConfiguration" }.want(spec.node, true, config, plan);
        }
        None => {}
    }
    let networking = spec.path.keys(&["clusterConfiguration", "networking"]);
    let is_networking = |change: &Change| change.op.path.steps().starts_with(networking.steps());
    if spec.resource.kind == "KubeadmControlPlane" && plan.changes[before..].iter().any(is_networking) {
        let message = "on a cluster that runs already, the webhook refuses this change (\"cannot be modified\"): there, give the ranges as `extraArgs` of `apiServer` and `controllerManager`";
        plan.warning(&LIVE_CLUSTER, Place::at(spec.resource, &networking), message);
    }
    for key in ["initConfiguration", "joinConfiguration"] {
        if let Some((document, node)) = spec.document(key, Vec::new()) {
            node_registration(&document, node, config, plan);
        }
    }
}

/// A control plane without `clusterConfiguration` gets the mask that its Cluster's range needs.
fn node_mask(spec: &Spec<'_>, pods: &[Cidr], config: &Config, plan: &mut Plan) {
    let Some(mask) = node_masks::edits(pods, |_| false, true, config).add_ipv6 else { return };
    let args = ExtraArgs::at(spec.node, &spec.path, &["clusterConfiguration", "controllerManager", "extraArgs"], spec.args_as_list());
    let name = node_masks::flag(Family::V6);
    let message = format!("`{name}` set to \"{mask}\": the default of 64 does not fit the IPv6 pod range");
    plan.want(spec.resource, &NODE_MASK, args.add(name, &mask.to_string()), message);
}

/// What holds ranges in kubeadm's configuration.
const RANGES: [&str; 4] = ["podSubnet", "serviceSubnet", "cluster-cidr", "service-cluster-ip-range"];

/// The items of the list under `key` of each node, with their places.
fn items<'n>(nodes: Vec<(Path, Node<'n>)>, key: &str) -> Vec<(Path, Node<'n>)> {
    let lists = nodes.into_iter().filter_map(|(path, node)| Some((path.key(key), node.get(key)?)));
    lists.flat_map(|(path, list)| list.items().enumerate().map(move |(at, item)| (path.index(at), item)).collect::<Vec<_>>()).collect()
}

/// Patches of a ClusterClass are not edited: variables and templates decide about what they write.
fn class_patches(class: &Resource<'_>, plan: &mut Plan) {
    let spec: Vec<_> = class.root().get("spec").map(|spec| (Path::of(&["spec"]), spec)).into_iter().collect();
    for (path, operation) in items(items(items(spec, "patches"), "definitions"), "jsonPatches") {
        let value = operation.get("value");
        let at_the_end = operation.text_at(&["path"]).and_then(|path| path.rsplit('/').next());
        let named = [at_the_end, value.and_then(|value| value.text_at(&["name"]))];
        let Some(written) = RANGES.iter().find(|range| named.contains(&Some(**range))) else { continue };
        let text = value.and_then(|value| value.text().or_else(|| value.text_at(&["value"])));
        if text.is_some_and(|text| ranges::ranges(text).len() == 2) {
            continue;
        }
        let message = format!(
            "the patch writes `{written}` and was not edited: it must come to hold a range of each family, as `a,b` without a blank"
        );
        plan.warning(&CLASS_PATCH, Place::at(class, &path), message);
    }
}

/// The addresses of the machines are the user's.
fn azure_network(azure: &Resource<'_>, config: &Config, plan: &mut Plan) {
    let keys = ["spec", "networkSpec", "vnet", "cidrBlocks"];
    let said = azure.root().at(&keys).and_then(|list| ranges::read_list(list).ok()).unwrap_or_default();
    let [first, others @ ..] = said.as_slice() else { return };
    if config.mode == Mode::DualStack && others.iter().all(|other| other.family() == first.family()) {
        let message = "the virtual network has one family: it and each of its subnets need a range of the other one, which only you know";
        plan.warning(&INFRASTRUCTURE, Place::at(azure, &Path::of(&keys)), message);
    }
}
