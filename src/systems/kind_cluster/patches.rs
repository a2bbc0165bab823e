//! The patches of kubeadm's configuration in a kind Cluster: merge patches, each a document in a string, and patches of
//! RFC 6902, each a list of operations in a string.

use super::super::kube_proxy_config::Configuration;
use super::super::shared::extra_args::ExtraArgs;
use super::super::shared::gates::{self, GATE, GATE_ON, GateMap, Need};
use super::super::shared::inner::document;
use super::super::shared::kube_proxy::CLUSTER_CIDR;
use super::super::shared::kubeadm::{
    Document, EXTRA_ARGS, Home, POD_SUBNET, SERVICE_SUBNET, args_are_a_list, cluster_configuration, cluster_configuration_facts,
    node_registration, node_registration_facts,
};
use super::super::shared::node_masks::{self, NODE_MASK};
use super::super::shared::ranges::{self, RangePlace, is_placeholder};
use crate::cidr::Cidr;
use crate::config::Config;
use crate::facts::{Facts, NodeIpamFact, Role, Source};
use crate::package::Resource;
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Node, Op, Path, Want};

pub(super) static UNREADABLE_PATCH: Rule = Rule {
    id: "kind-patch-unreadable",
    title: "A patch in the kind Cluster cannot be read",
    why: "kind cannot read it either; or it is a template, and an edit could hit the wrong place. What it says about ranges is not known.",
    remedy: "Render the template first, or edit it by hand.",
    source: "https://github.com/kubernetes-sigs/kind/tree/HEAD/pkg/cluster/internal/patch",
};

/// The part of a flag's name that all flags of node masks have.
const MASK_FLAGS: &str = "node-cidr-mask-size";

/// A patch: its place, its kind where that stands beside it, its text.
struct Patch<'p> {
    path: Path,
    kind: Option<&'p str>,
    node: Node<'p>,
}

/// The lists `key` of the cluster and of its nodes.
fn lists<'p>(cluster: &'p Resource<'_>, key: &'p str) -> impl Iterator<Item = (Path, Node<'p>)> {
    let nodes = cluster.root().get("nodes").into_iter().flat_map(Node::items).enumerate();
    let of_nodes = nodes.map(|(index, node)| (Path::of(&["nodes"]).index(index), node));
    let owners = std::iter::once((Path::root(), cluster.root())).chain(of_nodes);
    owners.flat_map(move |(path, owner)| {
        let items = owner.get(key).into_iter().flat_map(Node::items).enumerate();
        items.map(move |(index, item)| (path.key(key).index(index), item))
    })
}

fn merge_patches<'p>(cluster: &'p Resource<'_>) -> Vec<Patch<'p>> {
    lists(cluster, "kubeadmConfigPatches").map(|(path, node)| Patch { path, kind: None, node }).collect()
}

fn json_patches<'p>(cluster: &'p Resource<'_>) -> Vec<Patch<'p>> {
    let entries = lists(cluster, "kubeadmConfigPatchesJSON6902");
    entries
        .filter_map(|(path, entry)| Some(Patch { path: path.key("patch"), kind: entry.text_at(&["kind"]), node: entry.get("patch")? }))
        .collect()
}

/// What the patches say.
pub(super) fn facts(cluster: &Resource<'_>, facts: &mut Facts) {
    let mut masks = [None; 3];
    for patch in merge_patches(cluster) {
        // What cannot be read says nothing.
        let _ = document(patch.node, |inner| {
            let document = kubeadm_document(cluster, &patch, inner, Vec::new());
            match inner.text_at(&["kind"]) {
                Some("ClusterConfiguration") => {
                    cluster_configuration_facts(&document, inner, facts);
                    for (mask, of_patch) in masks.iter_mut().zip(masks_in(&document, inner)) {
                        *mask = of_patch.or(*mask);
                    }
                }
                Some("InitConfiguration" | "JoinConfiguration") => node_registration_facts(&document, inner, facts),
                Some("KubeProxyConfiguration") => kube_proxy(cluster, &patch).facts(inner, facts),
                Some("KubeletConfiguration") => kubelet(cluster, &patch).facts(inner, facts),
                _ => {}
            }
        });
    }
    for patch in json_patches(cluster) {
        let _ = document(patch.node, |inner| {
            for found in ranges_in(&patch, inner) {
                facts.whole(found.field.role, found.field.source, cluster, &found.path, ranges::ranges(found.text));
            }
        });
    }
    facts.node_ipam.extend(node_ipam(cluster, masks));
}

/// The masks for nodes that a ClusterConfiguration says: for both families, for IPv4, for IPv6.
fn masks_in(document: &Document<'_>, inner: Node<'_>) -> [Option<u8>; 3] {
    let args = ExtraArgs::at(inner, &document.path, &["controllerManager", "extraArgs"], document.args_as_list);
    [node_masks::BOTH, "node-cidr-mask-size-ipv4", "node-cidr-mask-size-ipv6"].map(|name| args.get(name)?.value.parse().ok())
}

/// kind hands `podSubnet` to kubeadm, which lets kube-controller-manager cut it.
fn node_ipam(cluster: &Resource<'_>, [mask, mask_ipv4, mask_ipv6]: [Option<u8>; 3]) -> Option<NodeIpamFact> {
    let ranges = super::text(cluster, "podSubnet").map(ranges::ranges).filter(|ranges| !ranges.is_empty())?;
    let place = Place::at(cluster, &Path::of(&["networking", "podSubnet"]));
    Some(NodeIpamFact { source: Source::Kind, allocates: true, ranges, mask, mask_ipv4, mask_ipv6, place })
}

/// What must hold in the patches of a cluster with these pod ranges.
pub(super) fn plan(cluster: &Resource<'_>, pods: &[Cidr], config: &Config, plan: &mut Plan) {
    let patches = merge_patches(cluster);
    let names_masks = |patch: &Patch<'_>| patch.node.text().is_some_and(|text| text.contains(MASK_FLAGS));
    let masks_are_named = patches.iter().any(names_masks);
    let mut is_first = true;
    for patch in &patches {
        let done = document(patch.node, |inner| {
            let is_configuration = inner.text_at(&["kind"]) == Some("ClusterConfiguration");
            // The masks are looked at where they are; where they are nowhere, in the first patch.
            let takes_masks = if masks_are_named { names_masks(patch) } else { is_configuration && std::mem::take(&mut is_first) };
            let pods = if takes_masks { pods.to_vec() } else { Vec::new() };
            merge_patch(cluster, patch, inner, pods, config, plan);
        });
        say_unreadable(cluster, patch, done, plan);
    }
    for patch in json_patches(cluster) {
        let done = document(patch.node, |inner| json_patch(cluster, &patch, inner, pods, config, plan));
        say_unreadable(cluster, &patch, done, plan);
    }
}

fn say_unreadable(cluster: &Resource<'_>, patch: &Patch<'_>, done: Result<(), String>, plan: &mut Plan) {
    if let Err(reason) = done {
        plan.warning(&UNREADABLE_PATCH, Place::at(cluster, &patch.path), format!("the patch {reason}; it was not edited"));
    }
}

fn merge_patch(cluster: &Resource<'_>, patch: &Patch<'_>, inner: Node<'_>, pods: Vec<Cidr>, config: &Config, plan: &mut Plan) {
    let document = kubeadm_document(cluster, patch, inner, pods);
    match inner.text_at(&["kind"]) {
        Some("ClusterConfiguration") => cluster_configuration(&document, inner, config, plan),
        Some("InitConfiguration" | "JoinConfiguration") => node_registration(&document, inner, config, plan),
        Some("KubeProxyConfiguration") => kube_proxy(cluster, patch).plan(inner, config, plan),
        Some("KubeletConfiguration") => kubelet(cluster, patch).want(inner, false, config, plan),
        _ => {}
    }
}

fn kubeadm_document<'a>(cluster: &'a Resource<'a>, patch: &Patch<'_>, inner: Node<'_>, pods_elsewhere: Vec<Cidr>) -> Document<'a> {
    Document {
        resource: cluster,
        path: patch.path.inside(),
        args_as_list: inner.text_at(&["apiVersion"]).is_some_and(args_are_a_list),
        home: Home::KindPatch,
        pods_elsewhere,
    }
}

/// kubeadm puts the feature gate in.
fn kube_proxy<'a>(cluster: &'a Resource<'a>, patch: &Patch<'_>) -> Configuration<'a> {
    Configuration { resource: cluster, path: patch.path.inside(), carries_gate: false }
}

fn kubelet<'a>(cluster: &'a Resource<'a>, patch: &Patch<'_>) -> GateMap<'a> {
    GateMap { resource: cluster, path: patch.path.inside(), reader: "the kubelet" }
}

/// A place of ranges in a document that is patched.
struct Field {
    kind: &'static str,
    keys: &'static [&'static str],
    role: Role,
    source: Source,
    rule: &'static Rule,
}

const FIELDS: [Field; 6] = [
    field("ClusterConfiguration", &["networking", "podSubnet"], Role::Pods, Source::Kubeadm, &POD_SUBNET),
    field("ClusterConfiguration", &["networking", "serviceSubnet"], Role::Services, Source::Kubeadm, &SERVICE_SUBNET),
    field(
        "ClusterConfiguration",
        &["apiServer", "extraArgs", "service-cluster-ip-range"],
        Role::Services,
        Source::KubeApiserver,
        &EXTRA_ARGS,
    ),
    field(
        "ClusterConfiguration",
        &["controllerManager", "extraArgs", "cluster-cidr"],
        Role::Pods,
        Source::KubeControllerManager,
        &EXTRA_ARGS,
    ),
    field(
        "ClusterConfiguration",
        &["controllerManager", "extraArgs", "service-cluster-ip-range"],
        Role::Services,
        Source::KubeControllerManager,
        &EXTRA_ARGS,
    ),
    field("KubeProxyConfiguration", &["clusterCIDR"], Role::Pods, Source::KubeProxy, &CLUSTER_CIDR),
];

const fn field(kind: &'static str, keys: &'static [&'static str], role: Role, source: Source, why: &'static Rule) -> Field {
    Field { kind, keys, role, source, rule: why }
}

/// A range that an operation writes.
struct Found<'n> {
    field: &'static Field,
    path: Path,
    text: &'n str,
}

/// An operation that writes a value: its place in the Cluster, the keys it goes to, the value.
struct Operation<'n> {
    path: Path,
    keys: Vec<String>,
    value: Node<'n>,
}

fn operations<'n>(patch: &Patch<'_>, inner: Node<'n>) -> Vec<Operation<'n>> {
    let each = inner.items().enumerate().filter(|(_, operation)| matches!(operation.text_at(&["op"]), Some("add" | "replace")));
    let written = each.filter_map(|(index, operation)| {
        // RFC 6901: `~1` is a slash, `~0` a tilde.
        let pointer = operation.text_at(&["path"])?.strip_prefix('/')?;
        let keys = pointer.split('/').map(|key| key.replace("~1", "/").replace("~0", "~")).collect();
        Some(Operation { path: patch.path.inside().index(index), keys, value: operation.get("value")? })
    });
    written.collect()
}

fn ranges_in<'n>(patch: &Patch<'_>, inner: Node<'n>) -> Vec<Found<'n>> {
    let fields = || FIELDS.iter().filter(|field| patch.kind == Some(field.kind));
    let each = operations(patch, inner).into_iter().flat_map(|operation| fields().filter_map(move |field| found(&operation, field)));
    each.collect()
}

/// The field in the value that an operation writes: that is it, or a mapping around it, or a new entry of a list of
/// arguments.
fn found<'n>(operation: &Operation<'n>, field: &'static Field) -> Option<Found<'n>> {
    let value_at = operation.path.key("value");
    let keys: Vec<_> = operation.keys.iter().map(String::as_str).collect();
    if let Some(rest) = field.keys.strip_prefix(keys.as_slice()) {
        return Some(Found { field, path: value_at.keys(rest), text: operation.value.text_at(rest)? });
    }
    let (name, list) = field.keys.split_last()?;
    let is_entry = keys.split_last().is_some_and(|(_, of)| of == list) && operation.value.text_at(&["name"]) == Some(name);
    is_entry.then(|| Some(Found { field, path: value_at.key("value"), text: operation.value.text_at(&["value"])? }))?
}

fn json_patch(cluster: &Resource<'_>, patch: &Patch<'_>, inner: Node<'_>, pods: &[Cidr], config: &Config, plan: &mut Plan) {
    for Found { field, path, text } in ranges_in(patch, inner) {
        let what = format!("`{}` that the patch writes", field.keys.join("."));
        let place = RangePlace { resource: cluster, path: path.clone(), role: field.role, what };
        place.want_comma_list(text, config, field.rule, |text| Op::is(path, text), plan);
    }
    for operation in operations(patch, inner) {
        match operation.keys.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["featureGates", GATE] => gate(cluster, &operation, config, plan),
            ["controllerManager", "extraArgs", node_masks::BOTH] => mask(cluster, &operation, pods, config, plan),
            _ => {}
        }
    }
}

/// The whole operation goes where the version refuses the gate.
fn gate(cluster: &Resource<'_>, operation: &Operation<'_>, config: &Config, plan: &mut Plan) {
    let text = operation.value.text().unwrap_or_default();
    if is_placeholder(text) {
        return gates::say_filled_in_later(
            Place::at(cluster, &operation.path.key("value")),
            "the feature gate of the patch",
            text,
            config,
            plan,
        );
    }
    let is_on = text.eq_ignore_ascii_case("true");
    let op = match gates::need(config.kubernetes_version) {
        Need::On => Op::is(operation.path.key("value"), true),
        Need::NotOff if is_on => return,
        Need::NotOff | Need::Absent => Op::new(operation.path.clone(), Want::Absent),
    };
    plan.want(cluster, &GATE_ON, op, gates::effect("the patch", config));
}

fn mask(cluster: &Resource<'_>, operation: &Operation<'_>, pods: &[Cidr], config: &Config, plan: &mut Plan) {
    let edits = node_masks::edits(pods, |name| name == node_masks::BOTH, true, config);
    if let Some(name) = edits.rename {
        let message = format!("`{}` of kube-controller-manager becomes `{name}`: with two ranges it is refused", node_masks::BOTH);
        plan.want(cluster, &NODE_MASK, Op::is(operation.path.key("path"), format!("/controllerManager/extraArgs/{name}")), message);
    }
}
