//! What Calico's dataplane can do with IPv6: eBPF, encapsulation, MTU, WireGuard. It changes nothing.
//!
//! # Recognises
//! The container `calico-node` of a DaemonSet, its version, and the CNI config that comes with it.
//!
//! # Changes
//! Nothing.
//!
//! # Leaves alone
//! Everything: what does not fit is said, and is the owner's to decide.
//!
//! # Sources
//! Calico v3.13 to v3.28 release notes and documentation (eBPF: limitations; overlay networking; MTU; encrypt in-cluster
//! pod traffic); projectcalico/calico v3.32.1 felix/config.

use super::System;
use super::shared::calico::{Backend, CniConfig, Install, RELEASE_RULES, installs};
use super::shared::ip_pools::{VXLAN_SINCE, ipv6_vxlan};
use super::shared::workload::Container;
use crate::config::{Config, Encapsulation, Mode};
use crate::package::Package;
use crate::plan::{Place, Plan, Rule};
use crate::version::Version;
use crate::yaml::Value;

pub(super) const SYSTEM: System = System {
    name: "calico_dataplane",
    recognises: "Calico's dataplane",
    rules: &[&EBPF, &EBPF_IPV6_HOSTS, &UNENCAPSULATED, &IPIP_VARIABLE, &MTU, &WIREGUARD, RELEASE_RULES[0]],
    facts: |_, _| {},
    plan,
};

static EBPF: Rule = Rule {
    id: "calico-ebpf-ipv6",
    title: "The eBPF dataplane of this version has no dual-stack",
    why: "Up to v3.26 the eBPF dataplane drops IPv6 to and from pods; v3.27 has IPv6 alone, as a preview.",
    remedy: "Update Calico to v3.28 or later, or switch the eBPF dataplane off.",
    source: "https://github.com/projectcalico/calico/issues/4736; https://github.com/tigera/docs/pull/1399",
};
static EBPF_IPV6_HOSTS: Rule = Rule {
    id: "calico-ebpf-ipv6-hosts",
    title: "The eBPF dataplane wants hosts with IPv4",
    why: "The eBPF dataplane does not support hosts that have IPv6 addresses alone.",
    remedy: "Give the hosts IPv4 addresses too, or use the standard dataplane.",
    source: "https://github.com/tigera/docs/pull/1399",
};
static UNENCAPSULATED: Rule = Rule {
    id: "calico-ipv6-unencapsulated",
    title: "IPv6 travels as it is where IPv4 is encapsulated",
    why: "There is no IPIP for IPv6: packets of pods reach other nodes only in one layer 2 network, or where routers know the routes by BGP.",
    remedy: "Where nodes are in several subnets, set `ipv6Encapsulation` to \"VXLANCrossSubnet\" (Calico v3.23 and later).",
    source: "https://github.com/projectcalico/calico/issues/3757; https://github.com/projectcalico/calico/issues/6877",
};
static IPIP_VARIABLE: Rule = Rule {
    id: "calico-ipv6-ipip",
    title: "There is no IPIP for IPv6",
    why: "calico-node knows no CALICO_IPV6POOL_IPIP: the pool is made without encapsulation.",
    remedy: "Remove the variable; set `ipv6Encapsulation` to \"VXLAN\" or \"VXLANCrossSubnet\" (Calico v3.23 and later).",
    source: "https://github.com/projectcalico/calico/issues/3757",
};
static MTU: Rule = Rule {
    id: "calico-ipv6-mtu",
    title: "The MTU of pods is too large for VXLAN over IPv6",
    why: "VXLAN over IPv6 takes 70 bytes of each packet: with 1500 bytes between nodes, large packets of pods do not fit.",
    remedy: "Set the MTU to 0 (detected; v3.17 and later), or to 70 less than that of the network between the nodes.",
    source: "https://docs.tigera.io/calico/latest/networking/configuring/mtu",
};
static WIREGUARD: Rule = Rule {
    id: "calico-ipv6-wireguard",
    title: "WireGuard encrypts IPv4 alone",
    why: "IPv6 traffic of pods travels between nodes in the clear.",
    remedy: "Set `FELIX_WIREGUARDENABLEDV6` to \"true\" (Calico v3.24 and later).",
    source: "projectcalico/calico v3.32.1 felix/config; https://docs.tigera.io/calico/latest/network-policy/encrypt-cluster-pod-traffic",
};

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    for install in installs(package) {
        let Some(node) = install.our_node() else { continue };
        ebpf(package, &install, node, config, plan);
        wireguard(package, node, plan);
        if install.backend != Backend::None {
            encapsulation(package, &install, node, config, plan);
            mtu(package, &install, node, config, plan);
        }
    }
}

/// Whether Felix takes the text for true (felix/config/param_types.go BoolParam).
fn felix_bool(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "y" | "t")
}

fn ebpf(package: &Package<'_>, install: &Install<'_>, node: &Container<'_>, config: &Config, plan: &mut Plan) {
    if !node.env_text(package, "FELIX_BPFENABLED").is_some_and(felix_bool) {
        return;
    }
    let (release, place) = (install.release(config), Place::at(node.resource, &node.path));
    let (since, what) = match config.mode {
        Mode::DualStack => (Version::new(3, 28), "dual-stack"),
        Mode::Ipv6Only => (Version::new(3, 27), "IPv6"),
    };
    if !release.has(since, plan) {
        let message = format!(
            "the eBPF dataplane of {release} has no {what}, which came with {since}, and drops such packets of pods: update Calico, or set `FELIX_BPFENABLED` to \"false\""
        );
        plan.error(&EBPF, place, message);
    } else if config.mode == Mode::Ipv6Only {
        plan.info(
            &EBPF_IPV6_HOSTS,
            place,
            "the eBPF dataplane does not support hosts without IPv4 addresses: pods can be IPv6 alone, nodes cannot",
        );
    }
}

fn encapsulation(package: &Package<'_>, install: &Install<'_>, node: &Container<'_>, config: &Config, plan: &mut Plan) {
    let is_on = |variable| {
        let text = node.env_text(package, variable)?.to_ascii_lowercase();
        matches!(text.as_str(), "always" | "crosssubnet" | "cross-subnet").then_some(text)
    };
    if let Some(entry) = node.env("CALICO_IPV6POOL_IPIP").last()
        && is_on("CALICO_IPV6POOL_IPIP").is_some()
    {
        let message = "there is no IPIP for IPv6, and no variable `CALICO_IPV6POOL_IPIP`: remove it, and set `ipv6Encapsulation` if nodes are in several subnets";
        plan.error(&IPIP_VARIABLE, Place::at(node.resource, &node.env_path(entry.index)), message);
    }
    if config.mode == Mode::Ipv6Only || install.backend != Backend::Bird || config.ipv6_encapsulation == Some(Encapsulation::None) {
        return;
    }
    let vxlan = ipv6_vxlan(package, node, install.backend, config);
    let what = match (is_on("CALICO_IPV4POOL_IPIP"), vxlan) {
        (Some(_), None) => "in IPIP, which does not exist for IPv6",
        (_, Some(_)) if !install.release(config).has(VXLAN_SINCE, plan) => "in VXLAN, which IPv6 has from v3.23",
        _ => return,
    };
    let message = format!(
        "IPv4 travels {what}: IPv6 packets of pods travel as they are, so all nodes must be in one layer 2 network or know the routes by BGP; else set `ipv6Encapsulation`"
    );
    plan.info(&UNENCAPSULATED, Place::at(node.resource, &node.path), message);
}

/// An MTU that is written out, and made for Ethernet between the nodes. What a larger network has is not known.
fn mtu(package: &Package<'_>, install: &Install<'_>, node: &Container<'_>, config: &Config, plan: &mut Plan) {
    let vxlan = ipv6_vxlan(package, node, install.backend, config);
    let CniConfig::At(text) = &install.cni else { return };
    for plugin in text.readable().iter().filter(|_| vxlan.is_some()) {
        let written = match &plugin.mtu {
            Some(Value::Number(number)) => Some(number.as_str()),
            Some(_) => install.installer.as_ref().and_then(|installer| installer.env_text(package, "CNI_MTU")),
            None => None,
        };
        if let Some(mtu) = written.and_then(|text| text.parse::<u32>().ok()).filter(|mtu| (1431..=1500).contains(mtu)) {
            let message = format!(
                "the MTU of pods is {mtu}, and VXLAN over IPv6 needs 70 bytes of the 1500 that Ethernet has: use 1430, or 0 to have it detected"
            );
            plan.warning(&MTU, Place::at(text.resource, &text.path.inside().join(&plugin.path).key("mtu")), message);
        }
    }
}

fn wireguard(package: &Package<'_>, node: &Container<'_>, plan: &mut Plan) {
    let is_on = |variable| node.env_text(package, variable).is_some_and(felix_bool);
    if is_on("FELIX_WIREGUARDENABLED") && !is_on("FELIX_WIREGUARDENABLEDV6") {
        let message = "`FELIX_WIREGUARDENABLED` encrypts IPv4 alone: IPv6 packets of pods travel in the clear until `FELIX_WIREGUARDENABLEDV6` is \"true\" (v3.24 and later)";
        plan.warning(&WIREGUARD, Place::at(node.resource, &node.path), message);
    }
}
