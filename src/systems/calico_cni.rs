//! Calico's CNI config: calico-ipam gives every pod an address of each family.
//!
//! # Recognises
//! The text that the variable `CNI_NETWORK_CONFIG` of a DaemonSet of Calico has or refers to (usually the key
//! `cni_network_config` of the ConfigMap `calico-config`; a Secret's `stringData` and the variable itself occur, too),
//! and the key `cni_network_config` of a ConfigMap or Secret that comes without its DaemonSet. In it, every object with
//! `"type": "calico"`: among `plugins`, as a `delegate`, or the config itself.
//!
//! # Changes
//! Where `ipam` is calico-ipam, `assign_ipv4` and `assign_ipv6` are `"true"`, as strings: a JSON boolean breaks every
//! pod. With `mode: IPv6Only`, `assign_ipv4` is `"false"`. IPv6 ranges in `ipv6_pools` are written in canonical form,
//! which is how Calico looks them up. With `ipam: CalicoIPAM`, host-local becomes calico-ipam, as the how-to does
//! literally.
//!
//! # Leaves alone
//! Every other byte of the config, which is a template: bare `__CNI_MTU__`, duplicate keys, ragged layout. Configs for
//! Windows, those that the operator renders, and text that is a template in other ways.
//!
//! # Sources
//! Calico documentation v3.11 to v3.16, networking/dual-stack.md; projectcalico/calico v3.32.1
//! cni-plugin/pkg/types/types.go (`AssignIpv4 *string`), cni-plugin/pkg/ipamplugin, cni-plugin/pkg/install/install.go.

use super::System;
use super::shared::calico::{Backend, CniConfig, Found, Install, cni_texts, installs};
use super::shared::cni_config::{CalicoPlugin, Ipam, Unreadable};
use crate::cidr::{Cidr, Family};
use crate::config::{self, Config, Mode};
use crate::facts::{Facts, PodIpam, Role, Source};
use crate::package::Package;
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Op, Path, Value, Want};

pub(super) const SYSTEM: System = System {
    name: "calico_cni",
    recognises: "Calico's CNI config (calico-ipam)",
    rules: &[
        &ASSIGN,
        &BOOLEAN,
        &POOL_FORM,
        &POOLS_WITHOUT_IPV6,
        &CONVERTED,
        &CONVERSION_REFUSED,
        &CONFIG_ELSEWHERE,
        &CONFIG_UNREADABLE,
        &CONFIG_BROKEN,
        &NO_CALICO_PLUGIN,
        &NO_CNI_CONFIG,
        &OTHER_IPAM,
        &BACKEND_NONE,
    ],
    facts,
    plan,
};

static ASSIGN: Rule = Rule {
    id: "calico-ipam-assign",
    title: "calico-ipam assigns both families",
    why: "Without `assign_ipv6`, calico-ipam gives pods an IPv4 address only.",
    remedy: "`assign_ipv4` and `assign_ipv6` must be \"true\" in `ipam`, as strings.",
    source: "https://docs.tigera.io/calico/latest/networking/ipam/ipv6",
};
static BOOLEAN: Rule = Rule {
    id: "calico-ipam-assign-boolean",
    title: "`assign_ipv4` or `assign_ipv6` is a JSON boolean",
    why: "No pod starts: \"json: cannot unmarshal bool into Go struct field .assign_ipv4 of type string\".",
    remedy: "Write them as strings: \"true\".",
    source: "https://github.com/projectcalico/cni-plugin/issues/461",
};
static POOL_FORM: Rule = Rule {
    id: "calico-ipam-pool-not-canonical",
    title: "A range in `ipv6_pools` is not in canonical form",
    why: "The CNI plugin looks the pool up by its text: \"the given pool (...) does not exist, or is not enabled\".",
    remedy: "Write the range as RFC 5952 says, without bits behind its prefix.",
    source: "https://github.com/projectcalico/calico/issues/11311",
};
static POOLS_WITHOUT_IPV6: Rule = Rule {
    id: "calico-ipam-pools-without-ipv6",
    title: "`ipv6_pools` names no IPv6 pool",
    why: "calico-ipam finds no pool for the IPv6 address, and no pod starts.",
    remedy: "Put the IPv6 range into `ipv6_pools`, or remove the key: then all pools count.",
    source: "https://github.com/projectcalico/calico/tree/v3.32.1/cni-plugin/pkg/ipamplugin",
};
static CONVERTED: Rule = Rule {
    id: "calico-ipam-instead-of-host-local",
    title: "calico-ipam instead of host-local",
    why: "The how-to asks for calico-ipam, and so does the configuration (`ipam: CalicoIPAM`).",
    remedy: "Recreate all pods: addresses no longer come from the pod ranges of the nodes.",
    source: "https://docs.tigera.io/calico/latest/networking/ipam/ipv6",
};
static CONVERSION_REFUSED: Rule = Rule {
    id: "calico-ipam-conversion-refused",
    title: "calico-ipam needs Calico's networking",
    why: "With backend \"none\", Calico makes no routes: pods with addresses of its pools could not be reached.",
    remedy: "Leave `ipam` out of the configuration, or change to Calico's networking first.",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/node/pkg/lifecycle/startup/startup.go; https://docs.tigera.io/calico/latest/networking/ipam/ipv6",
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
    why: "The text holds comments or template markers: an edit could hit the wrong place.",
    remedy: "Render the template first, or set `assign_ipv4` and `assign_ipv6` to \"true\" by hand.",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/cni-plugin/pkg/install/install.go",
};
static CONFIG_BROKEN: Rule = Rule {
    id: "calico-cni-config-broken",
    title: "The CNI config is broken JSON",
    why: "From v3.16 install-cni stops (\"CNI config is not valid JSON\"); before, the node's runtime cannot load the config.",
    remedy: "Correct the JSON; often it is a comma behind the last entry.",
    source: "https://github.com/projectcalico/calico/issues/3718",
};
static NO_CALICO_PLUGIN: Rule = Rule {
    id: "calico-cni-no-calico-plugin",
    title: "The CNI config has no Calico plugin",
    why: "Another plugin gives the pods their addresses.",
    remedy: "Enable dual-stack in that plugin.",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/cni-plugin/pkg/types/types.go",
};
static NO_CNI_CONFIG: Rule = Rule {
    id: "calico-no-cni-config",
    title: "Calico without a CNI config of its own",
    why: "Another CNI plugin gives the pods their addresses; Calico only enforces policy and cannot add an IPv6 address.",
    remedy: "Enable dual-stack in the CNI plugin that assigns the addresses.",
    source: "https://github.com/aws/amazon-vpc-cni-k8s/blob/HEAD/config/v1.6/calico.yaml (no container install-cni)",
};
static OTHER_IPAM: Rule = Rule {
    id: "calico-other-ipam",
    title: "Pod addresses come from another IPAM plugin",
    why: "`assign_ipv4` and `assign_ipv6` are options of calico-ipam; other plugins ignore them.",
    remedy: "Enable dual-stack in the plugin that gives out the addresses.",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/cni-plugin/pkg/types/types.go; https://docs.tigera.io/calico/latest/networking/ipam/ipv6",
};
static BACKEND_NONE: Rule = Rule {
    id: "calico-backend-none",
    title: "Calico does not do the networking",
    why: "With CALICO_NETWORKING_BACKEND=none calico-node ignores IP6 and makes no routes: a pool of its own would be unreachable.",
    remedy: "Enable dual-stack in the plugin that does the networking.",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/node/pkg/lifecycle/startup/startup.go",
};

/// The pools that calico-ipam may take IPv6 addresses from: a part of the pod range, each.
fn facts(package: &Package<'_>, facts: &mut Facts) {
    let installs = installs(package);
    for found in cni_texts(package, &installs, &Config::default()) {
        for plugin in found.text.readable() {
            let ranges = ipv6_pools(plugin).filter_map(|(_, text)| Cidr::parse(text).ok()).map(|parsed| parsed.cidr);
            let ranges: Vec<_> = ranges.filter(|range| range.family() == Family::V6).collect();
            let path = found.text.ipam(plugin).key("ipv6_pools");
            facts.part(Role::Pods, Source::CniConfig, found.text.resource, &path, ranges);
            match plugin.ipam {
                Ipam::Calico => facts.pod_ipam.push(PodIpam::Calico),
                Ipam::HostLocal => facts.pod_ipam.push(PodIpam::OfNodes),
                Ipam::Other(_) | Ipam::Missing => {}
            }
        }
    }
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    let installs = installs(package);
    for install in &installs {
        around(install, plan);
    }
    for found in cni_texts(package, &installs, config) {
        inside(&found, config, plan);
    }
}

/// What there is to say where the package has no text to edit.
fn around(install: &Install<'_>, plan: &mut Plan) {
    let place = Place::of(install.daemon_set);
    match &install.cni {
        CniConfig::At(_) => {}
        CniConfig::None if install.backend == Backend::None => {
            let message = "it installs no CNI config: another plugin gives pods their addresses, and dual-stack must be enabled there; it stays as it is";
            plan.warning(&NO_CNI_CONFIG, place, message);
        }
        CniConfig::None => {
            let message = "it installs no CNI config: pods get IPv6 addresses only if the one on the nodes assigns them";
            plan.warning(&CONFIG_ELSEWHERE, place, message);
        }
        CniConfig::Elsewhere(from) => {
            let message = format!("its CNI config comes from {from}: that was not edited, and pods get IPv4 addresses only");
            plan.warning(&CONFIG_ELSEWHERE, place, message);
        }
    }
}

/// What must hold in a text, and what there is to say about it.
fn inside(found: &Found<'_>, config: &Config, plan: &mut Plan) {
    let text = &found.text;
    let (resource, place) = (text.resource, Place::at(text.resource, &text.path));
    let plugins = match &*text.plugins {
        Ok(plugins) => plugins,
        Err(Unreadable::Template(reason)) => {
            let message =
                format!("the CNI config {reason}; it was not edited: set `assign_ipv4` and `assign_ipv6` to \"true\" in its `ipam`");
            return plan.warning(&CONFIG_UNREADABLE, place, message);
        }
        Err(Unreadable::Broken(reason)) => {
            let message = format!("the CNI config is not valid JSON ({reason}): correct it first");
            return plan.error(&CONFIG_BROKEN, place, message);
        }
    };
    if plugins.is_empty() {
        let message = "the CNI config has no plugin of type \"calico\": it was not edited";
        plan.warning(&NO_CALICO_PLUGIN, place, message);
    }
    for plugin in plugins {
        let ipam = text.ipam(plugin);
        match &plugin.ipam {
            Ipam::Calico if found.backend == Backend::None => {
                let message = format!(
                    "{} has `CALICO_NETWORKING_BACKEND` \"none\": Calico does not do the networking, and the how-to does not apply; it stays as it is",
                    found.owner
                );
                plan.warning(&BACKEND_NONE, Place::at(resource, &ipam), message);
            }
            Ipam::Calico => assign(found, plugin, config, plan),
            Ipam::HostLocal if config.ipam == config::Ipam::CalicoIpam => convert(found, plugin, config, plan),
            Ipam::HostLocal => {}
            Ipam::Missing if plugin.under_flannel => {}
            other => {
                let message = format!(
                    "the CNI config gives out addresses with ipam \"{}\", which ignores `assign_ipv6`: it stays as it is",
                    other.name()
                );
                plan.warning(&OTHER_IPAM, Place::at(resource, &text.path), message);
            }
        }
    }
}

fn assign(found: &Found<'_>, plugin: &CalicoPlugin, config: &Config, plan: &mut Plan) {
    let ipam = found.text.ipam(plugin);
    for (key, family) in [("assign_ipv4", Family::V4), ("assign_ipv6", Family::V6)] {
        let assigned = family == Family::V6 || config.mode == Mode::DualStack;
        let current = plugin.options.as_ref().and_then(|options| options.get(key));
        let (rule, why) = match (assigned, current) {
            (_, Some(Value::Bool(_))) => (&BOOLEAN, "a JSON boolean breaks every pod".to_owned()),
            (true, _) => (&ASSIGN, format!("calico-ipam gives every pod an {family} address")),
            (false, _) => (&ASSIGN, format!("calico-ipam gives pods no {family} address")),
        };
        let value = if assigned { "true" } else { "false" };
        plan.want(found.text.resource, rule, Op::is(ipam.key(key), value), format!("`{key}` set to \"{value}\": {why}"));
    }
    pools(found, plugin, config, plan);
}

/// The IPv6 pools that `ipam` names, with their positions.
fn ipv6_pools(plugin: &CalicoPlugin) -> impl Iterator<Item = (usize, &str)> {
    let list = match plugin.options.as_ref().and_then(|options| options.get("ipv6_pools")) {
        Some(Value::List(items)) => items.as_slice(),
        _ => &[],
    };
    list.iter().enumerate().filter_map(|(index, item)| Some((index, item.as_str()?)))
}

/// The pools that calico-ipam is told to take, by range or by name.
fn pools(found: &Found<'_>, plugin: &CalicoPlugin, config: &Config, plan: &mut Plan) {
    let (resource, path) = (found.text.resource, found.text.ipam(plugin).key("ipv6_pools"));
    let mut usable = 0;
    for (index, text) in ipv6_pools(plugin) {
        let Ok(parsed) = Cidr::parse(text) else {
            usable += 1; // A name: which range it has is not said here.
            continue;
        };
        if parsed.cidr.family() == Family::V6 {
            usable += 1;
            let message = format!("\"{text}\" written in canonical form: the CNI plugin looks its pools up by their text");
            plan.want(resource, &POOL_FORM, Op::is(path.index(index), parsed.cidr.to_string()), message);
        }
    }
    // An empty list restricts nothing.
    let restricts = |pools: &Value| !matches!(pools, Value::Null) && *pools != Value::List(Vec::new());
    let is_restricted = plugin.options.as_ref().and_then(|options| options.get("ipv6_pools")).is_some_and(restricts);
    if is_restricted && usable == 0 {
        let range = config.ipv6_pod_cidr.map(|range| format!(", such as \"{range}\"")).unwrap_or_default();
        let message = format!("`ipv6_pools` names no IPv6 pool, and pods would not start: put one in{range}, or remove the key");
        plan.warning(&POOLS_WITHOUT_IPV6, Place::at(resource, &path), message);
    }
}

/// Makes host-local calico-ipam.
fn convert(found: &Found<'_>, plugin: &CalicoPlugin, config: &Config, plan: &mut Plan) {
    let (resource, ipam) = (found.text.resource, found.text.ipam(plugin));
    if found.backend == Backend::None {
        let message = format!(
            "`ipam: CalicoIPAM` cannot be done for {}: Calico does not do its networking, and pods would have no routes; leave `ipam` out",
            found.owner
        );
        return plan.error(&CONVERSION_REFUSED, Place::at(resource, &ipam), message);
    }
    let message =
        "`type` set to \"calico-ipam\", as `ipam: CalicoIPAM` asks: all pods must be recreated, with addresses from Calico's pools";
    plan.want(resource, &CONVERTED, Op::is(ipam.key("type"), "calico-ipam"), message);
    for key in ["subnet", "ranges"] {
        let gone = |path: Path| Op::new(path, Want::Absent);
        plan.want(resource, &CONVERTED, gone(ipam.key(key)), format!("`{key}` removed: it is an option of host-local"));
    }
    assign(found, plugin, config, plan);
}
