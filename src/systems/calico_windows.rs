//! Calico for Windows: left alone.
//!
//! # Recognises
//! DaemonSets of Calico for Windows nodes, by their node selector or their name, and their ConfigMaps: those with a CNI
//! config, and `calico-windows-config`, whose CNI config is inside the image.
//!
//! # Changes
//! Nothing.
//!
//! # Leaves alone
//! Everything. Linux nodes of the same cluster can be dual-stack.
//!
//! # Sources
//! Calico documentation, getting-started/kubernetes/windows-calico/limitations: "IPv6 and dual stack: not supported".

use super::System;
use super::shared::calico::{CNI_KEY, daemon_sets, is_windows};
use super::shared::workload::containers;
use crate::config::Config;
use crate::package::{Package, Resource};
use crate::plan::{Place, Plan, Rule};

pub(super) const SYSTEM: System =
    System { name: "calico_windows", recognises: "Calico for Windows (left alone)", rules: &[&WINDOWS], facts: |_, _| {}, plan };

static WINDOWS: Rule = Rule {
    id: "calico-windows",
    title: "Calico for Windows has one IP family",
    why: "Calico does not support IPv6 and dual-stack on Windows nodes; Linux nodes of the same cluster can be dual-stack.",
    remedy: "Nothing: the objects for Windows stay as they are.",
    source: "https://docs.tigera.io/calico/latest/getting-started/kubernetes/windows-calico/limitations",
};

fn plan(package: &Package<'_>, _config: &Config, plan: &mut Plan) {
    let daemon_sets = daemon_sets(package).filter(|daemon_set| is_windows(daemon_set) && installs_calico(daemon_set));
    let config_maps = package.of_kind("", "ConfigMap").filter(|resource| is_windows(resource) && configures_calico(resource));
    for resource in daemon_sets.chain(config_maps) {
        let message = "it is for Windows nodes, where Calico does not support dual-stack: it stays as it is";
        plan.warning(&WINDOWS, Place::of(resource), message);
    }
}

fn installs_calico(daemon_set: &Resource<'_>) -> bool {
    let of_calico = |image: &str| image.contains("calico/windows") || image.contains("calico-node") || image.contains("calico/node");
    containers(daemon_set, "containers").iter().any(|container| of_calico(container.image()) || container.name().starts_with("calico-node"))
}

fn configures_calico(resource: &Resource<'_>) -> bool {
    resource.root().at(&["data", CNI_KEY]).is_some() || resource.original_name() == "calico-windows-config"
}
