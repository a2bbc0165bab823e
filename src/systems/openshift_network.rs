//! OpenShift's Network: both families for Pods and Services.
//!
//! # Recognises
//! A `Network` of `config.openshift.io` or `operator.openshift.io`, which have the same two fields.
//!
//! # Changes
//! `spec.clusterNetwork` gets the missing range with its `hostPrefix`, `spec.serviceNetwork` the missing range; both or
//! neither, because the network operator refuses one without the other. Where the network plugin is `OVNKubernetes`
//! or `Calico`.
//!
//! # Leaves alone
//! Other network plugins. `Infrastructure`, whose virtual IPs only the user knows. The order of the ranges.
//!
//! # Sources
//! openshift/openshift-docs modules/nw-dual-stack-convert.adoc (124cfc4e); openshift/cluster-network-operator
//! pkg/network/cluster_config.go; openshift/installer pkg/types/validation/installconfig.go.

use super::System;
use super::shared::ranges::{self, RangePlace, Unfit};
use super::shared::together::{self, Said, TOGETHER};
use crate::cidr::{Cidr, Family};
use crate::config::{Config, Mode};
use crate::facts::{Facts, Role, Source};
use crate::package::{Package, Resource};
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Node, Op, Path, Value, Want};

pub(super) const SYSTEM: System = System {
    name: "openshift_network",
    recognises: "OpenShift's Network",
    rules: &[&NETWORKS, &CONVERSION, &PLUGIN, &HOST_PREFIX, &TOGETHER],
    facts,
    plan,
};

static NETWORKS: Rule = Rule {
    id: "openshift-networks",
    title: "OpenShift sets up both families",
    why: "The network operator gives the ranges to all components, and refuses one without the other: \"spec.clusterNetwork and spec.serviceNetwork must either both be IPv4-only, both be IPv6-only, or both be dual-stack\".",
    remedy: "`clusterNetwork` and `serviceNetwork` must each have a range of each family.",
    source: "https://github.com/openshift/cluster-network-operator/blob/HEAD/pkg/network/cluster_config.go validateClusterConfig",
};
static CONVERSION: Rule = Rule {
    id: "openshift-conversion",
    title: "Converting a cluster takes more than its Network",
    why: "OpenShift documents the conversion for OVNKubernetes on installer-provisioned infrastructure; each change restarts the cluster, and only new Pods get a second address.",
    remedy: "Give `Infrastructure` the IPv6 `machineNetworks`, `apiServerInternalIPs` and `ingressIPs` of its platform, then create the Pods anew.",
    source: "https://github.com/openshift/openshift-docs/blob/124cfc4e/modules/nw-dual-stack-convert.adoc",
};
static PLUGIN: Rule = Rule {
    id: "openshift-plugin",
    title: "The network plugin is not known to convert to dual-stack",
    why: "OpenShift documents dual-stack for OVNKubernetes only; OpenShiftSDN has no IPv6.",
    remedy: "Move to OVNKubernetes first.",
    source: "https://github.com/openshift/openshift-docs/blob/124cfc4e/modules/nw-dual-stack-convert.adoc",
};
static HOST_PREFIX: Rule = Rule {
    id: "openshift-host-prefix",
    title: "Every node takes a /64 of the range",
    why: "The installer refuses another size (\"cluster network host subnetwork prefix must be 64 for IPv6 networks\"), and the network operator a range that is smaller.",
    remedy: "`ipv6PodCIDR` must be shorter than /64, such as a /48.",
    source: "https://github.com/openshift/installer/blob/HEAD/pkg/types/validation/installconfig.go validateNetworking",
};

const PODS: [&str; 2] = ["spec", "clusterNetwork"];
const SERVICES: [&str; 2] = ["spec", "serviceNetwork"];
/// What a node gets of an IPv4 range where the object does not say it: the installer's default.
const IPV4_HOST_PREFIX: u8 = 23;
const IPV6_HOST_PREFIX: u8 = 64;

fn networks<'p>(package: &'p Package<'_>) -> impl Iterator<Item = &'p Resource<'p>> {
    package.of_kind("config.openshift.io", "Network").chain(package.of_kind("operator.openshift.io", "Network"))
}

/// All ranges of Pods; OpenShift allows several of one family.
fn pods(network: &Resource<'_>) -> Said {
    let entries = network.root().at(&PODS).into_iter().flat_map(Node::items);
    let texts: Vec<_> = entries.map(|entry| entry.text_at(&["cidr"]).unwrap_or_default()).collect();
    ranges::read(&texts.join(","))
}

fn services(network: &Resource<'_>) -> Said {
    network.root().at(&SERVICES).map_or(Err(Unfit::Empty), ranges::read_list)
}

fn has_several_of_a_family(ranges: &[Cidr]) -> bool {
    [Family::V4, Family::V6].iter().any(|family| ranges.iter().filter(|range| range.family() == *family).count() > 1)
}

fn facts(package: &Package<'_>, facts: &mut Facts) {
    for network in networks(package) {
        let said = pods(network).unwrap_or_default();
        let add = if has_several_of_a_family(&said) { Facts::part } else { Facts::whole };
        add(facts, Role::Pods, Source::OpenShift, network, &Path::of(&PODS), said);
        facts.whole(Role::Services, Source::OpenShift, network, &Path::of(&SERVICES), services(network).unwrap_or_default());
    }
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    if config.mode != Mode::DualStack {
        return;
    }
    for network in networks(package) {
        let place =
            |keys: &[&str], role| RangePlace { resource: network, path: Path::of(keys), role, what: format!("`{}`", Path::of(keys)) };
        let (pods_at, services_at) = (place(&PODS, Role::Pods), place(&SERVICES, Role::Services));
        // Of several ranges of one family, the first stands for all.
        let pods = pods(network).map(|mut ranges| {
            ranges.dedup_by_key(|range| range.family());
            ranges
        });
        let services = services(network);
        let lacks = |said: &Said| said.as_ref().map_or(true, |ranges| ranges.len() == 1);
        if !(lacks(&pods) || lacks(&services)) || !together::can_be_dual([(&pods_at, &pods), (&services_at, &services)], config, plan) {
            continue;
        }
        if can_convert(network, plan) {
            add_pods(&pods_at, &pods.unwrap_or_default(), config, plan);
            if let Some(list) = network.root().at(&SERVICES) {
                services_at.want_list(list, config, &NETWORKS, plan);
            }
        }
    }
}

/// Whether the network plugin of the cluster can have both families; says what that takes, or why not.
fn can_convert(network: &Resource<'_>, plan: &mut Plan) -> bool {
    let keys: &[&str] =
        if network.group() == "config.openshift.io" { &["spec", "networkType"] } else { &["spec", "defaultNetwork", "type"] };
    let plugin = network.root().text_at(keys).unwrap_or_default();
    let place = Place::at(network, &Path::of(keys));
    match plugin {
        "OVNKubernetes" => {
            let message = "on a cluster that runs already, each change of its networks restarts it; `Infrastructure` must get the IPv6 machine network and virtual IPs of its platform, and Pods must be created anew";
            plan.info(&CONVERSION, place, message);
        }
        "Calico" => {
            let message =
                "OpenShift documents the conversion of a running cluster for OVNKubernetes only: with Calico, this is for a new cluster";
            plan.warning(&CONVERSION, place, message);
        }
        _ => {
            let message = format!("the network plugin \"{plugin}\" is not known to convert to dual-stack: nothing here was edited");
            plan.warning(&PLUGIN, place.with_current(plugin), message);
            return false;
        }
    }
    true
}

/// An entry for the family that the ranges of Pods lack, as large for each node as OpenShift wants it.
fn add_pods(place: &RangePlace<'_>, said: &[Cidr], config: &Config, plan: &mut Plan) {
    let [only] = said else { return };
    let Some(range) = config.range(Role::Pods, only.family().other()) else { return };
    let host_prefix = if range.family() == Family::V6 { IPV6_HOST_PREFIX } else { IPV4_HOST_PREFIX };
    if range.prefix() >= host_prefix {
        let message = format!("\"{range}\" has no room for more than one node, which takes a /{host_prefix} of it: give a shorter prefix");
        plan.error(&HOST_PREFIX, Place::at(place.resource, &place.path), message);
        return;
    }
    let entry = Value::map([("cidr", range.to_string().into()), ("hostPrefix", u32::from(host_prefix).into())]);
    let message = format!("the {} pod range \"{range}\" appended to {}, a /{host_prefix} of it for each node", range.family(), place.what);
    plan.want(place.resource, &NETWORKS, Op::new(place.path.clone(), Want::Contains(entry)), message);
}
