//! k0s: `dualStack` in the network of a ClusterConfig.
//!
//! # Recognises
//! A `ClusterConfig` of `k0s.k0sproject.io`, and the one inside a `K0sControlPlane` or its template, at
//! `k0sConfigSpec.k0s`.
//!
//! # Changes
//! `spec.network.dualStack` gets `enabled` and both IPv6 ranges, both or neither: k0s refuses one without the other.
//! With Calico, `mode` becomes `bird`, the only one k0s accepts then. `node-cidr-mask-size-ipv6` of the controller
//! manager where k0s' default of 117 does not fit the range. Where IPv6 is first, `podCIDR` and `serviceCIDR`, which
//! must be IPv4 then, change places with the ranges of `dualStack`, and `primaryAddressFamily` keeps IPv6 first.
//!
//! # Leaves alone
//! Ranges that `dualStack` has already, and a mask that somebody set. A network that is filled in later.
//!
//! # Sources
//! k0sproject/k0s pkg/apis/k0s/v1beta1/network.go `Validate`, docs/dual-stack.md, docs/single-stack-ipv6.md.

use super::System;
use super::shared::extra_args::ExtraArgs;
use super::shared::node_masks::{self, NODE_MASK};
use super::shared::ranges::{self, RangePlace, Unfit};
use super::shared::together::{self, Said, TOGETHER};
use crate::cidr::{Cidr, Family};
use crate::config::{Config, Mode};
use crate::facts::{Facts, NodeIpamFact, Role, Source};
use crate::package::{Package, Resource};
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Node, Op, Path, Want};

pub(super) const SYSTEM: System =
    System { name: "k0s", recognises: "k0s' ClusterConfig", rules: &[&DUAL_STACK, &CALICO_MODE, &NODE_MASK, &TOGETHER], facts, plan };

static DUAL_STACK: Rule = Rule {
    id: "k0s-dual-stack",
    title: "k0s sets up both families",
    why: "Without `dualStack`, k0s starts all components with one range; with it, it also gives Calico its IPv6 pool.",
    remedy: "`spec.network.dualStack` must be enabled, with `IPv6podCIDR` and `IPv6serviceCIDR`; `podCIDR` and `serviceCIDR` must be IPv4.",
    source: "https://docs.k0sproject.io/stable/dual-stack/",
};
static CALICO_MODE: Rule = Rule {
    id: "k0s-calico-mode",
    title: "Calico in k0s runs in mode bird",
    why: "k0s refuses the configuration otherwise: \"dual-stack for calico is only supported for mode `bird`\". The mode also changes how IPv4 Pods reach each other: by BGP, and IP in IP instead of VXLAN.",
    remedy: "On a cluster that runs already, plan for the change of the overlay; the nodes must reach each other with BGP (TCP port 179).",
    source: "https://github.com/k0sproject/k0s/blob/main/pkg/apis/k0s/v1beta1/network.go Validate; https://docs.k0sproject.io/stable/networking/",
};

/// What a node gets of the IPv6 range where the controller manager is not told (docs/dual-stack.md).
const IPV6_NODE_MASK: u8 = 117;

/// The ranges of a ClusterConfig.
struct RangeKeys {
    /// The only one without dual-stack, the IPv4 one with it.
    single: &'static str,
    /// The IPv6 one of `dualStack`.
    dual: &'static str,
    role: Role,
    /// What k0s takes where `single` is not there.
    default: &'static str,
}

const PODS: RangeKeys = RangeKeys { single: "podCIDR", dual: "IPv6podCIDR", role: Role::Pods, default: "10.244.0.0/16" };
const SERVICES: RangeKeys = RangeKeys { single: "serviceCIDR", dual: "IPv6serviceCIDR", role: Role::Services, default: "10.96.0.0/12" };

/// A ClusterConfig: the resource, the place of its `spec` in it, and that.
struct ClusterConfig<'p> {
    resource: &'p Resource<'p>,
    path: Path,
    spec: Node<'p>,
}

fn cluster_configs<'p>(package: &'p Package<'_>) -> Vec<ClusterConfig<'p>> {
    let control_planes = "controlplane.cluster.x-k8s.io";
    let kinds: [(&str, &str, &[&str]); 3] = [
        ("k0s.k0sproject.io", "ClusterConfig", &["spec"]),
        (control_planes, "K0sControlPlane", &["spec", "k0sConfigSpec", "k0s", "spec"]),
        (control_planes, "K0sControlPlaneTemplate", &["spec", "template", "spec", "k0sConfigSpec", "k0s", "spec"]),
    ];
    let resources = kinds.into_iter().flat_map(|(group, kind, keys)| package.of_kind(group, kind).map(move |resource| (resource, keys)));
    let configs =
        resources.filter_map(|(resource, keys)| Some(ClusterConfig { resource, path: Path::of(keys), spec: resource.root().at(keys)? }));
    configs.collect()
}

impl<'p> ClusterConfig<'p> {
    fn text(&self, keys: &[&str]) -> Option<&'p str> {
        self.spec.get("network")?.text_at(keys).filter(|text| !text.is_empty())
    }

    fn at(&self, keys: &[&str]) -> Path {
        self.path.key("network").keys(keys)
    }

    fn is_dual_stack(&self) -> bool {
        self.text(&["dualStack", "enabled"]) == Some("true")
    }

    fn is_ipv6_first(&self) -> bool {
        self.text(&["primaryAddressFamily"]) == Some("IPv6")
    }

    fn controller_manager(&self) -> ExtraArgs<'p> {
        ExtraArgs::at(self.spec, &self.path, &["controllerManager", "extraArgs"], false)
    }

    /// The ranges that are written there, in use or not yet: that of `single` or its default, then that of `dualStack`.
    fn written(&self, keys: &RangeKeys) -> Said {
        let mut ranges = ranges::read(self.text(&[keys.single]).unwrap_or(keys.default))?;
        if let Some(dual) = self.text(&["dualStack", keys.dual]) {
            ranges.extend(ranges::read(dual)?);
        }
        match *ranges {
            [_] => Ok(ranges),
            [first, second] if (first.family(), second.family()) == (Family::V4, Family::V6) => Ok(ranges),
            _ => {
                Err(Unfit::Unreadable(format!("with dual-stack `{}` must be one IPv4 range, `{}` one IPv6 range", keys.single, keys.dual)))
            }
        }
    }
}

fn facts(package: &Package<'_>, facts: &mut Facts) {
    for cluster in cluster_configs(package) {
        for keys in [PODS, SERVICES] {
            let mut said = cluster.text(&[keys.single]).map(ranges::ranges).unwrap_or_default();
            let mut path = cluster.at(&[keys.single]);
            if cluster.is_dual_stack() {
                said.extend(cluster.text(&["dualStack", keys.dual]).map(ranges::ranges).unwrap_or_default());
                path = cluster.at(&["dualStack", keys.dual]);
            }
            if cluster.is_ipv6_first() {
                said.reverse();
            }
            // Beside a default that is not written, what is there is a part only.
            let add = if cluster.text(&[keys.single]).is_some() { Facts::whole } else { Facts::part };
            add(facts, keys.role, Source::K0s, cluster.resource, &path, said);
        }
        facts.node_ipam.extend(node_ipam(&cluster));
    }
}

/// How k0s lets nodes get their `podCIDRs`; only of a cluster with both families.
fn node_ipam(cluster: &ClusterConfig<'_>) -> Option<NodeIpamFact> {
    let ranges = cluster.written(&PODS).ok().filter(|ranges| ranges.len() == 2 && cluster.is_dual_stack())?;
    let args = cluster.controller_manager();
    let mask = |name| args.get(name).map(|arg| arg.value.parse()).transpose().ok();
    Some(NodeIpamFact {
        source: Source::K0s,
        allocates: args.get("allocate-node-cidrs").is_none_or(|arg| arg.value != "false"),
        ranges,
        mask: mask(node_masks::BOTH)?,
        mask_ipv4: mask(node_masks::flag(Family::V4))?,
        mask_ipv6: mask(node_masks::flag(Family::V6))?.or(Some(IPV6_NODE_MASK)),
        place: Place::at(cluster.resource, &cluster.at(&["dualStack", PODS.dual])),
    })
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    if config.mode != Mode::DualStack {
        return;
    }
    for cluster in cluster_configs(package) {
        enable(&cluster, config, plan);
    }
}

fn enable(cluster: &ClusterConfig<'_>, config: &Config, plan: &mut Plan) {
    let resource = cluster.resource;
    let [pods_at, services_at] = [PODS, SERVICES].map(|keys| {
        let what = format!("`{}`", keys.single);
        RangePlace { resource, path: cluster.at(&[keys.single]), role: keys.role, what }
    });
    let (mut pods, mut services) = (cluster.written(&PODS), cluster.written(&SERVICES));
    if let (Ok([of_pods, ..]), Ok([of_services, ..])) = (pods.as_deref(), services.as_deref())
        && of_pods.family() != of_services.family()
    {
        let reason = "k0s refuses it: \"podCIDR and serviceCIDR must be both IPv4 or IPv6\"";
        (pods, services) = (Err(Unfit::Unreadable(reason.into())), Err(Unfit::Unreadable(reason.into())));
    }
    if !together::can_be_dual([(&pods_at, &pods), (&services_at, &services)], config, plan) {
        return;
    }
    let message = "`dualStack` enabled: k0s starts all components with both ranges";
    plan.want(resource, &DUAL_STACK, Op::is(cluster.at(&["dualStack", "enabled"]), true), message);
    let pods = pods.unwrap_or_default();
    add_range(cluster, &PODS, &pods, config, plan);
    add_range(cluster, &SERVICES, &services.unwrap_or_default(), config, plan);
    let was_ipv6 = pods.iter().all(|range| range.family() == Family::V6);
    if was_ipv6 {
        let op = Op::new(cluster.at(&["primaryAddressFamily"]), Want::Exists("IPv6".into()));
        plan.want(
            resource,
            &DUAL_STACK,
            op,
            "`primaryAddressFamily` set to \"IPv6\", which was the only family: the primary one must not change",
        );
    }
    calico_mode(cluster, plan);
    if let Some(range) = pods.iter().copied().find(|range| range.family() == Family::V6).or(config.ipv6_pod_cidr) {
        let first = if was_ipv6 || cluster.is_ipv6_first() { Family::V6 } else { Family::V4 };
        node_mask(cluster, range, first, plan);
    }
}

/// The range that is missing beside `written`. k0s wants IPv4 in `single` and IPv6 in `dualStack`, whichever is first.
fn add_range(cluster: &ClusterConfig<'_>, keys: &RangeKeys, written: &[Cidr], config: &Config, plan: &mut Plan) {
    let [only] = *written else { return };
    let Some(added) = config.range(keys.role, only.family().other()) else { return };
    let dual = cluster.at(&["dualStack", keys.dual]);
    let role = keys.role.word();
    if only.family() == Family::V4 {
        let message = format!("`{}` set to \"{added}\": the IPv6 {role} range", keys.dual);
        plan.want(cluster.resource, &DUAL_STACK, Op::is(dual, added.to_string()), message);
        return;
    }
    let message = format!("`{}` set to \"{added}\": with dual-stack k0s wants the IPv4 {role} range there", keys.single);
    plan.want(cluster.resource, &DUAL_STACK, Op::is(cluster.at(&[keys.single]), added.to_string()), message);
    let message = format!("the IPv6 {role} range \"{only}\" moved to `{}`, where k0s wants it with dual-stack", keys.dual);
    plan.want(cluster.resource, &DUAL_STACK, Op::is(dual, only.to_string()), message);
}

fn calico_mode(cluster: &ClusterConfig<'_>, plan: &mut Plan) {
    let mode = cluster.text(&["calico", "mode"]);
    if cluster.text(&["provider"]) != Some("calico") || mode == Some("bird") {
        return;
    }
    let path = cluster.at(&["calico", "mode"]);
    let now = mode.unwrap_or("vxlan, the default");
    let message = format!(
        "Calico's mode in k0s is {now}, and k0s accepts only \"bird\" with dual-stack: IPv4 Pods reach each other another way then, with BGP (TCP port 179) and IP in IP"
    );
    plan.warning(&CALICO_MODE, Place::at(cluster.resource, &path), message);
    let message = "`mode` of Calico set to \"bird\": k0s refuses dual-stack in another one (\"dual-stack for calico is only supported for mode `bird`\")";
    plan.want(cluster.resource, &CALICO_MODE, Op::is(path, "bird"), message);
}

/// The masks of nodes: the flag for both families is refused, and the IPv6 one must fit the range.
fn node_mask(cluster: &ClusterConfig<'_>, range: Cidr, first: Family, plan: &mut Plan) {
    let args = cluster.controller_manager();
    if let Some(arg) = args.get(node_masks::BOTH) {
        let name = node_masks::flag(first);
        let op = if args.get(name).is_some() { arg.absent() } else { arg.renamed(name) };
        let message = format!("`{}` of kube-controller-manager becomes `{name}`: with two ranges it is refused", node_masks::BOTH);
        plan.want(cluster.resource, &NODE_MASK, op, message);
    }
    let name = node_masks::flag(Family::V6);
    let is_renamed = args.get(node_masks::BOTH).is_some() && first == Family::V6;
    if args.get(name).is_none() && !is_renamed && !node_masks::fits(range, IPV6_NODE_MASK) {
        let mask = node_masks::mask_for(range).unwrap_or(node_masks::IPV6_DEFAULT);
        let message = format!(
            "`{name}` set to \"{mask}\": k0s' own {IPV6_NODE_MASK} does not fit \"{range}\", and kube-controller-manager would stop (\"the node CIDR size is too big\")"
        );
        plan.want(cluster.resource, &NODE_MASK, args.add(name, &mask.to_string()), message);
    }
}
