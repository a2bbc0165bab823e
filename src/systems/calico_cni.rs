//! Calico's CNI config: calico-ipam gives every pod an address of each family.
//!
//! # Recognises
//! The text that the variable `CNI_NETWORK_CONFIG` of a DaemonSet of Calico refers to (usually the key
//! `cni_network_config` of the ConfigMap `calico-config`), and the key `cni_network_config` of a ConfigMap that comes
//! without its DaemonSet. In it, every object with `"type": "calico"`.
//!
//! # Changes
//! `ipam.assign_ipv4` and `ipam.assign_ipv6` of such an object are `"true"`, as strings: a JSON boolean breaks every
//! pod ("cannot unmarshal bool into Go struct field .assign_ipv4 of type string").
//!
//! # Leaves alone
//! Every other byte of the config, which is a template: bare `__CNI_MTU__`, duplicate keys, ragged layout. Configs
//! with another IPAM than calico-ipam, configs for Windows, and text that is a template in other ways.
//!
//! # Sources
//! Calico documentation v3.11 to v3.16, networking/dual-stack.md; projectcalico/calico v3.32.1
//! cni-plugin/pkg/types/types.go (`AssignIpv4 *string`), cni-plugin/pkg/ipamplugin.

use std::collections::HashSet;

use super::System;
use super::shared::calico::{CniConfig, CniText, NOT_CALICO_IPAM, WINDOWS, installs, is_operator_managed};
use crate::config::Config;
use crate::package::{Package, Resource};
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Op, Path};

pub(super) const SYSTEM: System = System {
    name: "calico_cni",
    recognises: "Calico's CNI config (calico-ipam)",
    rules: &[&ASSIGN, &CONFIG_ELSEWHERE, &CONFIG_UNREADABLE, &NO_CALICO_PLUGIN, &NOT_CALICO_IPAM, &WINDOWS],
    facts: |_, _| {},
    plan,
};

static ASSIGN: Rule = Rule {
    id: "calico-ipam-assign",
    title: "calico-ipam assigns both families",
    why: "Without `assign_ipv6`, calico-ipam gives pods an IPv4 address only.",
    remedy: "`assign_ipv4` and `assign_ipv6` must be \"true\" in `ipam`, as strings.",
    source: "https://docs.tigera.io/calico/latest/networking/ipam/ipv6",
};
static CONFIG_ELSEWHERE: Rule = Rule {
    id: "calico-cni-config-elsewhere",
    title: "The CNI config is not in this package",
    why: "Pods get IPv4 addresses only until the CNI config assigns both families.",
    remedy: "Run the function over the package that has the object, too.",
    source: "https://docs.tigera.io/calico/latest/networking/ipam/ipv6",
};
static CONFIG_UNREADABLE: Rule = Rule {
    id: "calico-cni-config-unreadable",
    title: "The CNI config cannot be read",
    why: "The text holds comments or template markers, or it is broken: an edit could hit the wrong place.",
    remedy: "Render the template first, or set `assign_ipv4` and `assign_ipv6` to \"true\" by hand.",
    source: "projectcalico/calico v3.32.1 cni-plugin/pkg/install/install.go: \"CNI config is not valid JSON\"",
};
static NO_CALICO_PLUGIN: Rule = Rule {
    id: "calico-cni-no-calico-plugin",
    title: "The CNI config has no Calico plugin",
    why: "Another plugin gives the pods their addresses.",
    remedy: "Enable dual-stack in that plugin.",
    source: "projectcalico/calico v3.32.1 cni-plugin/pkg/types/types.go",
};

fn plan(package: &Package<'_>, _config: &Config, plan: &mut Plan) {
    let installs = installs(package);
    for install in &installs {
        if install.refusal(package).is_some() {
            continue;
        }
        match &install.cni {
            CniConfig::At(text) => assign_both(text, plan),
            CniConfig::Elsewhere(kind, name) => {
                let message = format!(
                    "the CNI config of {} is in the {kind} \"{name}\", which is not in this package: it was not edited",
                    install.daemon_set
                );
                plan.warning(&CONFIG_ELSEWHERE, Place::of(install.daemon_set), message);
            }
            CniConfig::None => {}
        }
    }
    let referenced: HashSet<usize> = installs
        .iter()
        .filter_map(|install| match &install.cni {
            CniConfig::At(text) => Some(text.resource.index),
            _ => None,
        })
        .collect();
    for resource in package.of_kind("", "ConfigMap").filter(|resource| !referenced.contains(&resource.index)) {
        alone(resource, plan);
    }
}

/// A ConfigMap whose DaemonSet is in another part of the package.
fn alone(resource: &Resource<'_>, plan: &mut Plan) {
    let path = Path::of(&["data", "cni_network_config"]);
    let Some(node) = resource.root().at(&["data", "cni_network_config"]) else { return };
    let text = CniText { resource, path, node };
    if is_operator_managed(resource) {
        return;
    }
    if resource.original_name().contains("windows") {
        let message = format!("{resource} is for Windows nodes, where Calico does not support dual-stack: it stays as it is");
        plan.warning(&WINDOWS, Place::at(resource, &text.path), message);
        return;
    }
    match text.plugins() {
        Ok(plugins) if plugins.iter().all(super::shared::calico::CalicoPlugin::is_calico_ipam) => {
            if !plugins.is_empty() {
                assign_both(&text, plan);
            }
        }
        Ok(plugins) => {
            let ipam = plugins.iter().find_map(|plugin| plugin.ipam.as_deref()).unwrap_or("none");
            let message = format!(
                "the CNI config in {resource} gives out addresses with ipam \"{ipam}\", which ignores `assign_ipv6`: it stays as it is"
            );
            plan.warning(&NOT_CALICO_IPAM, Place::at(resource, &text.path), message);
        }
        Err(_) => assign_both(&text, plan),
    }
}

fn assign_both(text: &CniText<'_>, plan: &mut Plan) {
    let resource = text.resource;
    let plugins = match text.plugins() {
        Ok(plugins) => plugins,
        Err(reason) => {
            let message = format!(
                "the CNI config in `{}` of {resource} {reason}; it was not edited: set `assign_ipv4` and `assign_ipv6` to \"true\" in its `ipam`",
                text.path
            );
            plan.warning(&CONFIG_UNREADABLE, Place::at(resource, &text.path), message);
            return;
        }
    };
    if plugins.is_empty() {
        let message = format!("the CNI config in `{}` of {resource} has no plugin of type \"calico\": it was not edited", text.path);
        plan.warning(&NO_CALICO_PLUGIN, Place::at(resource, &text.path), message);
    }
    for plugin in plugins {
        let ipam = text.path.inside().join(&plugin.path).key("ipam");
        for (key, family) in [("assign_ipv4", "IPv4"), ("assign_ipv6", "IPv6")] {
            let message = format!("`{key}` set to \"true\": calico-ipam gives every pod an {family} address");
            plan.want(resource, &ASSIGN, Op::is(ipam.key(key), "true"), message);
        }
    }
}
