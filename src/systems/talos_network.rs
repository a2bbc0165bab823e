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
use super::shared::ranges::{self, RangePlace, Unfit};
use super::shared::together::{self, TOGETHER};
use crate::config::{Config, Mode};
use crate::facts::{Facts, Role, Source};
use crate::package::{Package, Resource};
use crate::plan::{Plan, Rule};
use crate::yaml::Path;

pub(super) const SYSTEM: System =
    System { name: "talos_network", recognises: "Talos' KubeNetworkConfig", rules: &[&SUBNETS, &TOGETHER], facts, plan };

static SUBNETS: Rule = Rule {
    id: "talos-subnets",
    title: "Talos sets up both families",
    why: "Talos gives the ranges to all components. With different numbers of them it refuses the configuration: \"the number of pod subnets must match the number of service subnets\".",
    remedy: "`podSubnets` and `serviceSubnets` must each have one range of each family, in the same order.",
    source: "siderolabs/talos pkg/machinery/config/types/k8s/network.go (f756ff232)",
};

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
    }
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
}
