//! kind: the networking of a Cluster, and the patches of kubeadm's configuration in it.
//!
//! # Recognises
//! `Cluster` of `kind.x-k8s.io`; it has no `metadata`.
//!
//! # Changes
//! `networking.ipFamily` is `dual`. `podSubnet` and `serviceSubnet`, where they are written, get the range of the missing
//! family; where they are not, they are written only if kind's own default is not what is wanted. `featureGates` as the
//! version needs it. The documents in `kubeadmConfigPatches`, of the cluster and of its nodes, are edited as files of
//! kubeadm, kube-proxy and the kubelet are; in `kubeadmConfigPatchesJSON6902`, the ranges, the mask for both families and
//! the feature gate.
//!
//! # Leaves alone
//! The order of the ranges: kind gives the API server the address of the first service range's family, so where IPv6 was
//! the only family both subnets are written, IPv6 first. Node images, `kubeProxyMode`.
//!
//! # Sources
//! kubernetes-sigs/kind pkg/internal/apis/config/default.go and validate.go, pkg/cluster/internal/kubeadm/config.go,
//! pkg/cluster/internal/create/actions/config/config.go (kind issue 2484), pkg/apis/config/v1alpha4/types.go.

mod patches;

use super::System;
use super::shared::extra_args::DUPLICATE;
use super::shared::gates::{GATE_ON, GATES_PLACEHOLDER, GateMap};
use super::shared::kube_proxy::CLUSTER_CIDR;
use super::shared::kubeadm::{EXTRA_ARGS, NODE_IP, POD_SUBNET, SERVICE_SUBNET};
use super::shared::kubernetes_version;
use super::shared::node_masks::NODE_MASK;
use super::shared::ranges::{self, HOST_BITS, PLACEHOLDER, RangePlace, UNKNOWN, UNREADABLE};
use crate::cidr::{Cidr, Family};
use crate::config::{Config, Mode};
use crate::facts::{Facts, GateFact, Role, Source, VersionSource};
use crate::package::{Package, Resource};
use crate::plan::{Place, Plan, Rule};
use crate::version::Version;
use crate::yaml::{Node, Op, Path};

pub(super) const SYSTEM: System = System {
    name: "kind_cluster",
    recognises: "kind's Cluster, and the kubeadm patches in it",
    rules: &[
        &FAMILY,
        &SUBNET,
        &FAMILY_UNREADABLE,
        &KIND_TOO_OLD,
        &patches::UNREADABLE_PATCH,
        &POD_SUBNET,
        &SERVICE_SUBNET,
        &EXTRA_ARGS,
        &DUPLICATE,
        &NODE_IP,
        &NODE_MASK,
        &CLUSTER_CIDR,
        &GATE_ON,
        &GATES_PLACEHOLDER,
        &PLACEHOLDER,
        &UNREADABLE,
        &UNKNOWN,
        &HOST_BITS,
    ],
    facts,
    plan,
};

static FAMILY: Rule = Rule {
    id: "kind-ip-family",
    title: "kind sets the cluster up with both families",
    why: "Without `ipFamily: dual`, kind refuses two subnets (\"only one CIDR allowed for single-stack networking\") and gives nodes one address.",
    remedy: "`networking.ipFamily` must be \"dual\"; kind is made anew for it.",
    source: "https://kind.sigs.k8s.io/docs/user/configuration/#ip-family; kubernetes-sigs/kind pkg/internal/apis/config/validate.go",
};
static SUBNET: Rule = Rule {
    id: "kind-subnet",
    title: "kind knows the ranges of both families",
    why: "kind hands its subnets to kubeadm; one that is written with one range keeps Pods or Services on one family.",
    remedy: "`networking.podSubnet` and `networking.serviceSubnet`, where written, must be a range of each family, as `a,b` without a blank.",
    source: "https://github.com/kubernetes-sigs/kind/blob/main/pkg/internal/apis/config/default.go",
};
static FAMILY_UNREADABLE: Rule = Rule {
    id: "kind-ip-family-unreadable",
    title: "The family of the kind cluster cannot be read",
    why: "kind knows \"ipv4\", \"ipv6\" and \"dual\"; anything else, such as a placeholder, decides about the subnets, too.",
    remedy: "Write \"dual\".",
    source: "https://github.com/kubernetes-sigs/kind/blob/main/pkg/internal/apis/config/validate.go (\"invalid ipFamily\")",
};
static KIND_TOO_OLD: Rule = Rule {
    id: "kind-too-old",
    title: "kind does dual-stack from Kubernetes v1.20 on",
    why: "kind switches the feature gate of kubeadm on for v1.20 only; older versions do not start with two ranges.",
    remedy: "Use a newer node image.",
    source: "https://github.com/kubernetes-sigs/kind/blob/main/pkg/cluster/internal/kubeadm/config.go (\"dual-stack is only supported in 1.20+\")",
};

/// The first version that kind can make dual-stack.
const FIRST: Version = Version::new(1, 20);

/// A subnet of a cluster.
struct Subnet {
    key: &'static str,
    role: Role,
    /// What kind takes for a cluster of both families.
    default: &'static str,
}

const SUBNETS: [Subnet; 2] = [
    Subnet { key: "podSubnet", role: Role::Pods, default: "10.244.0.0/16,fd00:10:244::/56" },
    Subnet { key: "serviceSubnet", role: Role::Services, default: "10.96.0.0/16,fd00:10:96::/112" },
];
const NETWORKING: &str = "networking";

fn text<'p>(cluster: &'p Resource<'_>, key: &str) -> Option<&'p str> {
    cluster.root().text_at(&[NETWORKING, key]).filter(|text| !text.is_empty())
}

fn facts(package: &Package<'_>, facts: &mut Facts) {
    for cluster in package.of_kind("kind.x-k8s.io", "Cluster") {
        for Subnet { key, role, .. } in &SUBNETS {
            let said = text(cluster, key).map(ranges::ranges).unwrap_or_default();
            facts.whole(*role, Source::Kind, cluster, &Path::of(&[NETWORKING, key]), said);
        }
        for image in cluster.root().get("nodes").into_iter().flat_map(Node::items).filter_map(|node| node.text_at(&["image"])) {
            kubernetes_version::tells(facts, VersionSource::Image, image);
        }
        gates(cluster).facts(cluster.root(), facts);
        // Where nothing is said, kind itself switches the gate on where it is needed.
        facts.gates.push(GateFact { reader: "kind", on: None, place: Place::of(cluster) });
        patches::facts(cluster, facts);
        defaults(cluster, facts);
    }
}

/// The ranges that kind takes for a cluster of both families, where nothing in it says others.
fn defaults(cluster: &Resource<'_>, facts: &mut Facts) {
    let says = |role| facts.ranges.iter().any(|fact| fact.role == role && fact.place.resource == Some(cluster.index));
    let unsaid: Vec<_> = SUBNETS.iter().filter(|subnet| text(cluster, subnet.key).is_none() && !says(subnet.role)).collect();
    for subnet in unsaid.into_iter().filter(|_| text(cluster, "ipFamily") == Some("dual")) {
        let path = Path::of(&[NETWORKING, "ipFamily"]);
        facts.whole(subnet.role, Source::Kind, cluster, &path, ranges::ranges(subnet.default));
    }
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    for cluster in package.of_kind("kind.x-k8s.io", "Cluster") {
        if is_too_old(cluster, config, plan) {
            continue;
        }
        let pods = if config.mode == Mode::DualStack { networking(cluster, config, plan) } else { Vec::new() };
        // kind itself switches the gate on where it is needed.
        gates(cluster).want(cluster.root(), false, config, plan);
        patches::plan(cluster, &pods, config, plan);
    }
}

fn gates<'a>(cluster: &'a Resource<'a>) -> GateMap<'a> {
    GateMap { resource: cluster, path: Path::root(), reader: "kind" }
}

fn is_too_old(cluster: &Resource<'_>, config: &Config, plan: &mut Plan) -> bool {
    let Some(version) = config.kubernetes_version.filter(|version| *version < FIRST && config.mode == Mode::DualStack) else {
        return false;
    };
    let message = format!("kind makes no dual-stack cluster of Kubernetes {version}: {FIRST} or newer is needed");
    plan.error(&KIND_TOO_OLD, Place::of(cluster), message);
    true
}

/// Plans the networking; the pod ranges that the cluster will have, where they are known.
fn networking(cluster: &Resource<'_>, config: &Config, plan: &mut Plan) -> Vec<Cidr> {
    let path = Path::of(&[NETWORKING, "ipFamily"]);
    let family = text(cluster, "ipFamily");
    if !matches!(family, None | Some("ipv4" | "ipv6" | "dual")) {
        let family = family.unwrap_or_default();
        let message = format!("\"{family}\" is no family to kind, so the networking was not edited: write \"dual\", \"ipv4\" or \"ipv6\"");
        let place = Place::at(cluster, &path).with_current(family).with_proposed("dual");
        plan.warning(&FAMILY_UNREADABLE, place, message);
        return Vec::new();
    }
    let [pods, services] = &SUBNETS;
    // Two families in one subnet and one in `ipFamily` is refused, so nothing is edited without the pod range.
    let of_pods = text(cluster, pods.key).map(ranges::ranges).unwrap_or_default();
    if let [only] = *of_pods
        && config.range(Role::Pods, only.family().other()).is_none()
    {
        subnet(cluster, pods, only.family(), config, plan);
        return of_pods;
    }
    let first = first_family(cluster);
    plan.want(cluster, &FAMILY, Op::is(path, "dual"), "`ipFamily` set to \"dual\": kind sets the cluster up with both families");
    let of_pods = subnet(cluster, pods, first, config, plan);
    subnet(cluster, services, first, config, plan);
    of_pods
}

/// The family that decides about the API server's address: of the first service range, else as the rest tells.
fn first_family(cluster: &Resource<'_>) -> Family {
    let of_subnet = |key| text(cluster, key).and_then(|text| ranges::ranges(text).first().copied()).map(Cidr::family);
    let by_name = if text(cluster, "ipFamily") == Some("ipv6") { Family::V6 } else { Family::V4 };
    of_subnet("serviceSubnet").or_else(|| of_subnet("podSubnet")).unwrap_or(by_name)
}

/// Plans a subnet; the ranges that it will have.
fn subnet(cluster: &Resource<'_>, subnet: &Subnet, first: Family, config: &Config, plan: &mut Plan) -> Vec<Cidr> {
    let path = Path::of(&[NETWORKING, subnet.key]);
    let role = subnet.role;
    if let Some(text) = text(cluster, subnet.key) {
        let place = RangePlace { resource: cluster, path: path.clone(), role, what: format!("`{}` of kind", subnet.key) };
        place.want_comma_list(text, config, &SUBNET, |text| Op::is(path.clone(), text), plan);
        return ranges::after(text, role, config);
    }
    let [default_v4, default_v6] = *ranges::ranges(subnet.default) else { return Vec::new() };
    let v4 = config.range(role, Family::V4).unwrap_or(default_v4);
    let v6 = config.range(role, Family::V6).unwrap_or(default_v6);
    if first == Family::V4 && v6 == default_v6 {
        return vec![default_v4, default_v6];
    }
    let pair = if first == Family::V4 { [v4, v6] } else { [v6, v4] };
    let [one, two] = pair;
    let message = format!("`{}` set to \"{one},{two}\": kind's own choice would be \"{}\"", subnet.key, subnet.default);
    plan.want(cluster, &SUBNET, Op::is(path, format!("{one},{two}")), message);
    pair.to_vec()
}
