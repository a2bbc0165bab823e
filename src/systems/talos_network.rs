//! Talos' KubeNetworkConfig: both families for Pods and Services.
//!
//! # Recognises
//! A `KubeNetworkConfig` of `v1alpha1` (Talos v1.15 and later); it has no `metadata`.
//!
//! # Changes
//! `podSubnets` and `serviceSubnets` get the missing range, both or neither, because Talos demands as many of the one
//! as of the other. `nodeCIDRMaskSizeIPv6` where Talos would refuse its default of 64 for the range.
//!
//! # Leaves alone
//! The order of the ranges. Machine configurations of older versions, which are not KRM.
//!
//! # Sources
//! siderolabs/talos pkg/machinery/config/types/k8s/network.go (f756ff232).

use super::System;
use super::shared::node_masks::{self, NODE_MASK};
use super::shared::ranges::{self, RangePlace, Unfit};
use super::shared::together::{self, TOGETHER};
use crate::cidr::Family;
use crate::config::{Config, Mode};
use crate::facts::{Facts, NodeIpamFact, Role, Source};
use crate::package::{Package, Resource};
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Op, Path};

pub(super) const SYSTEM: System =
    System { name: "talos_network", recognises: "Talos' KubeNetworkConfig", rules: &[&SUBNETS, &NODE_MASK, &TOGETHER], facts, plan };

static SUBNETS: Rule = Rule {
    id: "talos-subnets",
    title: "Talos sets up both families",
    why: "Talos gives the ranges to all components. With different numbers of them it refuses the configuration: \"the number of pod subnets must match the number of service subnets\".",
    remedy: "`podSubnets` and `serviceSubnets` must each have one range of each family, in the same order.",
    source: "https://github.com/siderolabs/talos/blob/f756ff232/pkg/machinery/config/types/k8s/network.go",
};

/// The mask of nodes, 64 where it is not there.
const IPV6_MASK: &str = "nodeCIDRMaskSizeIPv6";

const LISTS: [(&str, Role); 2] = [("podSubnets", Role::Pods), ("serviceSubnets", Role::Services)];

fn documents<'p>(package: &'p Package<'_>) -> impl Iterator<Item = &'p Resource<'p>> {
    package.of_kind("", "KubeNetworkConfig").filter(|document| document.api_version == "v1alpha1")
}

fn said(document: &Resource<'_>, key: &str) -> together::Said {
    document.root().get(key).map_or(Err(Unfit::Empty), ranges::read_list)
}

fn facts(package: &Package<'_>, facts: &mut Facts) {
    for document in documents(package) {
        for (key, role) in LISTS {
            facts.whole(role, Source::Talos, document, &Path::of(&[key]), said(document, key).unwrap_or_default());
        }
        facts.node_ipam.extend(node_ipam(document));
    }
}

/// Talos lets kube-controller-manager cut the pod ranges by masks of its own.
fn node_ipam(document: &Resource<'_>) -> Option<NodeIpamFact> {
    let mask = |key| document.root().text_at(&[key]).map(str::parse).transpose().ok();
    Some(NodeIpamFact {
        source: Source::Talos,
        allocates: true,
        ranges: said(document, "podSubnets").ok()?,
        mask: None,
        mask_ipv4: mask("nodeCIDRMaskSizeIPv4")?,
        mask_ipv6: mask(IPV6_MASK)?,
        place: Place::at(document, &Path::of(&["podSubnets"])),
    })
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    if config.mode != Mode::DualStack {
        return;
    }
    for document in documents(package) {
        subnets(document, config, plan);
    }
}

fn subnets(document: &Resource<'_>, config: &Config, plan: &mut Plan) {
    let places = LISTS.map(|(key, role)| RangePlace { resource: document, path: Path::of(&[key]), role, what: format!("`{key}`") });
    let ranges = LISTS.map(|(key, _)| said(document, key));
    if !together::can_be_dual([(&places[0], &ranges[0]), (&places[1], &ranges[1])], config, plan) {
        return;
    }
    for ((key, _), place) in LISTS.into_iter().zip(places) {
        if let Some(list) = document.root().get(key) {
            place.want_list(list, config, &SUBNETS, plan);
        }
    }
    let [Ok(pods), _] = ranges else { return };
    let ipv6 = pods.into_iter().find(|range| range.family() == Family::V6).or(config.ipv6_pod_cidr);
    let mask = ipv6.and_then(node_masks::mask_for).filter(|_| document.root().get(IPV6_MASK).is_none());
    if let Some(mask) = mask {
        let message = format!("`{IPV6_MASK}` set to {mask}: the default of 64 does not fit the IPv6 pod range, and Talos would refuse it");
        plan.want(document, &NODE_MASK, Op::is(Path::of(&[IPV6_MASK]), u32::from(mask)), message);
    }
}
