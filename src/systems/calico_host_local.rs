//! Calico's CNI config where host-local gives out the addresses: one range for each family.
//!
//! # Recognises
//! The CNI configs that [`calico_cni`](super::calico_cni) recognises, with `ipam` of type `host-local`: the policy-only
//! manifest, canal, and those of Cluster API for Azure.
//!
//! # Changes
//! The allocator stays what it is. From Calico v3.22, `"subnet": "usePodCidr"` becomes `"ranges"` with a set for each
//! family, `ranges` that are there get the missing set, and `routes`, if there are any, get `::/0`. With
//! `mode: IPv6Only`, the only range is the IPv6 range of the node.
//!
//! # Leaves alone
//! Ranges that are written out: they are no node's. Calico before v3.22 knows no `usePodCidrIPv6`: an error.
//!
//! # Sources
//! projectcalico/calico pull request 5313 (v3.22.0) and cni-plugin/internal/pkg/utils; Calico documentation,
//! reference/configure-cni-plugins, "Using host-local IPAM"; tigera/operator pkg/render/node.go buildHostLocalIPAM.

use super::System;
use super::shared::calico::{Found, RELEASE_RULES, cni_texts, installs};
use super::shared::cni_config::{CalicoPlugin, Ipam};
use crate::cidr::{Cidr, Family};
use crate::config::{self, Config, Mode};
use crate::package::Package;
use crate::plan::{Place, Plan, Rule};
use crate::version::Version;
use crate::yaml::{Op, Value, Want};

pub(super) const SYSTEM: System = System {
    name: "calico_host_local",
    recognises: "Calico's CNI config (host-local)",
    rules: &[&RANGES, &ROUTES, &TOO_OLD, &LITERAL, &NODE_RANGES, RELEASE_RULES[0]],
    facts: |_, _| {},
    plan,
};

static RANGES: Rule = Rule {
    id: "calico-host-local-ranges",
    title: "host-local has a range for each family",
    why: "host-local ignores `assign_ipv6`; a pod gets one address from each set of `ranges`.",
    remedy: "`ranges` must have a set with \"usePodCidr\" and a set with \"usePodCidrIPv6\".",
    source: "https://github.com/projectcalico/calico/pull/5313",
};
static ROUTES: Rule = Rule {
    id: "calico-host-local-routes",
    title: "Pods have a default route for IPv6",
    why: "Where `routes` is there, Calico programs only what it says: without `::/0` no IPv6 packet leaves the pod.",
    remedy: "`routes` must have an entry with `dst` \"::/0\".",
    source: "https://docs.tigera.io/calico/latest/reference/configure-cni-plugins",
};
static TOO_OLD: Rule = Rule {
    id: "calico-host-local-too-old",
    title: "host-local cannot be dual-stack before Calico v3.22",
    why: "\"usePodCidrIPv6\" came with v3.22; before, a node has one pod range to Calico's CNI plugin.",
    remedy: "Update Calico to v3.22 or later, or use calico-ipam where Calico does the networking (`ipam: CalicoIPAM`).",
    source: "https://github.com/projectcalico/calico/issues/5188",
};
static LITERAL: Rule = Rule {
    id: "calico-host-local-literal-range",
    title: "host-local has a range that is written out",
    why: "All nodes would give out the same addresses; which IPv6 range belongs to it cannot be known.",
    remedy: "Use \"usePodCidr\" and \"usePodCidrIPv6\", or add the IPv6 range by hand.",
    source: "https://docs.tigera.io/calico/latest/reference/configure-cni-plugins",
};
static NODE_RANGES: Rule = Rule {
    id: "calico-host-local-node-ranges",
    title: "Nodes need a pod range of each family",
    why: "With host-local, addresses come from `podCIDRs` of the node: without an IPv6 range there, no pod starts.",
    remedy: "kube-controller-manager must have `--allocate-node-cidrs=true` and both ranges in `--cluster-cidr`.",
    source: "https://kubernetes.io/docs/concepts/services-networking/dual-stack/",
};

const IPV4_RANGE: &str = "usePodCidr";
const IPV6_RANGE: &str = "usePodCidrIPv6";

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    if config.ipam == config::Ipam::CalicoIpam {
        return;
    }
    for found in cni_texts(package, &installs(package), config) {
        for plugin in found.text.readable().iter().filter(|plugin| plugin.ipam == Ipam::HostLocal) {
            ranges(&found, plugin, config, plan);
        }
    }
}

fn ranges(found: &Found<'_>, plugin: &CalicoPlugin, config: &Config, plan: &mut Plan) {
    let (resource, ipam) = (found.text.resource, found.text.ipam(plugin));
    let place = Place::at(resource, &ipam);
    let new_enough = found.release.has(Version::new(3, 22), plan);
    let families = if config.mode == Mode::DualStack { "a pod range of each family" } else { "an IPv6 pod range" };
    let needed = format!(
        "pods get their addresses from the pod ranges of the nodes: each node needs {families} in `spec.podCIDRs`, from kube-controller-manager with `--allocate-node-cidrs=true`"
    );
    if new_enough || config.mode == Mode::Ipv6Only {
        plan.info(&NODE_RANGES, place.clone(), needed);
    } else {
        let message = format!(
            "{} cannot give pods two addresses with host-local: \"{IPV6_RANGE}\" came with v3.22; update Calico, or use calico-ipam where Calico does the networking",
            found.release
        );
        return plan.error(&TOO_OLD, place, message);
    }
    let current = Current::of(plugin);
    let is_complete = match config.mode {
        Mode::DualStack => [Family::V4, Family::V6].iter().all(|family| current.families.contains(family)),
        Mode::Ipv6Only => current.families == [Family::V6],
    };
    if let Some(literal) = current.literal.as_ref().filter(|_| !is_complete) {
        let what = match config.mode {
            Mode::Ipv6Only => "put a range for IPv6 in its place",
            Mode::DualStack if current.families == [Family::V6] => "add a range for IPv4",
            Mode::DualStack => "add a range for IPv6",
        };
        let message = format!("host-local gives out \"{literal}\" on every node: it stays as it is; {what} by hand");
        return plan.warning(&LITERAL, place.with_current(literal.as_str()), message);
    }
    match config.mode {
        Mode::DualStack => both(found, plugin, &current, plan),
        Mode::Ipv6Only if new_enough => ipv6_alone(found, plugin, &current, plan),
        Mode::Ipv6Only => {} // There, "usePodCidr" is the IPv6 range of a node that has no other.
    }
    if current.has_routes {
        let route = Value::map([("dst", Value::from("::/0"))]);
        let message = "`routes` gets \"::/0\": where `routes` is there, pods have no other routes";
        plan.want(resource, &ROUTES, Op::new(ipam.key("routes"), Want::Contains(route)), message);
    }
}

/// What the options of host-local say.
struct Current {
    /// `subnet`, if it is there.
    subnet: Option<String>,
    /// The families of `subnet` and of the sets of `ranges`, in order, as far as they are known.
    families: Vec<Family>,
    has_ranges: bool,
    has_routes: bool,
    /// A range that is written out.
    literal: Option<String>,
}

impl Current {
    fn of(plugin: &CalicoPlugin) -> Self {
        let option = |key| plugin.options.as_ref().and_then(|options| options.get(key));
        let list = |key| match option(key) {
            Some(Value::List(items)) => items.as_slice(),
            _ => &[],
        };
        let subnet = option("subnet").and_then(Value::as_str).map(str::to_owned);
        let of_set = |set: &Value| match set {
            Value::List(ranges) => ranges.first().and_then(|range| range.get("subnet")).and_then(Value::as_str).map(str::to_owned),
            _ => None,
        };
        let subnets: Vec<String> = subnet.iter().cloned().chain(list("ranges").iter().filter_map(of_set)).collect();
        Self {
            families: subnets.iter().filter_map(|subnet| family(subnet)).collect(),
            literal: subnets.iter().find(|subnet| Cidr::parse(subnet).is_ok()).cloned(),
            has_ranges: !list("ranges").is_empty(),
            has_routes: !list("routes").is_empty(),
            subnet,
        }
    }
}

/// The family of a range that host-local is told to use: a node's, in the plugin's own case-blind way, or a written one.
fn family(subnet: &str) -> Option<Family> {
    match subnet {
        _ if subnet.eq_ignore_ascii_case(IPV6_RANGE) => Some(Family::V6),
        _ if subnet.eq_ignore_ascii_case(IPV4_RANGE) => Some(Family::V4),
        _ => Cidr::parse(subnet).ok().map(|parsed| parsed.cidr.family()),
    }
}

fn set(range: &str) -> Value {
    Value::list([Value::map([("subnet", Value::from(range))])])
}

/// A set for each family; what is right stays.
fn both(found: &Found<'_>, plugin: &CalicoPlugin, current: &Current, plan: &mut Plan) {
    let (resource, ipam) = (found.text.resource, found.text.ipam(plugin));
    let all = [(Family::V4, IPV4_RANGE), (Family::V6, IPV6_RANGE)];
    let missing: Vec<_> = all.into_iter().filter(|(family, _)| !current.families.contains(family)).map(|(_, range)| range).collect();
    if current.has_ranges || missing.is_empty() {
        for range in missing {
            let message = format!("`ranges` gets \"{range}\": a pod gets one address from each set");
            plan.want(resource, &RANGES, Op::new(ipam.key("ranges"), Want::Contains(set(range))), message);
        }
        return;
    }
    let message = format!("`ranges` set to the node's \"{IPV4_RANGE}\" and \"{IPV6_RANGE}\": a pod gets one address from each");
    plan.want(resource, &RANGES, Op::is(ipam.key("ranges"), Value::list([set(IPV4_RANGE), set(IPV6_RANGE)])), message);
    if current.subnet.is_some() {
        let message = "`subnet` removed: its range is one of `ranges` now";
        plan.want(resource, &RANGES, Op::new(ipam.key("subnet"), Want::Absent), message);
    }
}

/// The IPv6 range of the node, and no other.
fn ipv6_alone(found: &Found<'_>, plugin: &CalicoPlugin, current: &Current, plan: &mut Plan) {
    let (resource, ipam) = (found.text.resource, found.text.ipam(plugin));
    if current.families == [Family::V6] {
        return;
    }
    let message = format!("the range set to the node's \"{IPV6_RANGE}\": pods get an IPv6 address alone");
    if !current.has_ranges {
        return plan.want(resource, &RANGES, Op::is(ipam.key("subnet"), IPV6_RANGE), message);
    }
    plan.want(resource, &RANGES, Op::is(ipam.key("ranges"), Value::list([set(IPV6_RANGE)])), message);
    if current.subnet.is_some() {
        plan.want(resource, &RANGES, Op::new(ipam.key("subnet"), Want::Absent), "`subnet` removed: `ranges` says the range");
    }
}
