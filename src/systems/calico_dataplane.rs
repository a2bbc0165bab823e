//! What Calico's dataplane can do with IPv6: pods with two addresses, eBPF, encapsulation, MTU, WireGuard. It changes nothing.
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
//! Calico v3.11 to v3.28 release notes and documentation (eBPF: limitations; overlay networking; MTU; encrypt in-cluster
//! pod traffic); projectcalico/calico v3.32.1 felix/config.

use super::System;
use super::shared::calico::{Backend, CniConfig, Install, RELEASE_RULES, ebpf_since, felix_bool, installs};
use super::shared::ip_pools::{VXLAN_SINCE, ipv6_vxlan};
use super::shared::ipv6_advice::{self, EBPF_IPV6_HOSTS, UNENCAPSULATED};
use super::shared::workload::Container;
use crate::config::{Config, Encapsulation, Mode};
use crate::package::Package;
use crate::plan::{Place, Plan, Rule};
use crate::version::Version;
use crate::yaml::Value;

pub(super) const SYSTEM: System = System {
    name: "calico_dataplane",
    recognises: "Calico's dataplane",
    rules: &[&ONE_ADDRESS, &EBPF, &EBPF_IPV6_HOSTS, &UNENCAPSULATED, &IPIP_VARIABLE, &MTU, &WIREGUARD, RELEASE_RULES[0]],
    facts: |_, _| {},
    plan,
};

static ONE_ADDRESS: Rule = Rule {
    id: "calico-too-old",
    title: "Calico before v3.11 knows one address of a pod",
    why: "On the Kubernetes datastore it reads `status.podIP` alone: Felix removes the IPv6 route of every pod again, and no policy holds for that address.",
    remedy: "Update Calico to v3.11 or later.",
    source: "https://github.com/projectcalico/libcalico-go/pull/1168; https://github.com/projectcalico/calico/issues/2876",
};
static EBPF: Rule = Rule {
    id: "calico-ebpf-ipv6",
    title: "The eBPF dataplane of this version has no dual-stack",
    why: "Up to v3.26 the eBPF dataplane drops IPv6 to and from pods; v3.27 has IPv6 alone, as a preview.",
    remedy: "Update Calico to v3.28 or later, or switch the eBPF dataplane off.",
    source: "https://github.com/projectcalico/calico/issues/4736; https://github.com/tigera/docs/pull/1399",
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
        one_address(package, &install, node, config, plan);
        ebpf(package, &install, node, config, plan);
        wireguard(package, node, plan);
        if install.backend != Backend::None {
            encapsulation(package, &install, node, config, plan);
            mtu(package, &install, node, config, plan);
        }
    }
}

/// With etcd, the CNI plugin itself writes down all addresses of a pod. Without BIRD, an error asks for a later Calico already.
fn one_address(package: &Package<'_>, install: &Install<'_>, node: &Container<'_>, config: &Config, plan: &mut Plan) {
    let (release, on_kubernetes) = (install.release(config), node.env_text(package, "DATASTORE_TYPE") == Some("kubernetes"));
    if config.mode == Mode::DualStack && install.backend == Backend::Bird && on_kubernetes && release.is_older_than(Version::new(3, 11)) {
        let message = format!(
            "{release} knows one address of a pod, and Felix removes the route to its IPv6 address: pods have IPv6 addresses that nothing reaches; update Calico to v3.11 or later"
        );
        plan.warning(&ONE_ADDRESS, Place::at(node.resource, &node.path.key("image")), message);
    }
}

fn ebpf(package: &Package<'_>, install: &Install<'_>, node: &Container<'_>, config: &Config, plan: &mut Plan) {
    if !node.env_text(package, "FELIX_BPFENABLED").is_some_and(felix_bool) {
        return;
    }
    let (release, place) = (install.release(config), node.place(package, "FELIX_BPFENABLED"));
    let (since, what) = ebpf_since(config.mode);
    if !release.has(since, plan) {
        let message = format!(
            "the eBPF dataplane of {release} has no {what}, which came with {since}, and drops such packets of pods: update Calico, or set `FELIX_BPFENABLED` to \"false\""
        );
        plan.error(&EBPF, place, message);
    } else if config.mode == Mode::Ipv6Only {
        ipv6_advice::ebpf_hosts(place, plan);
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
    ipv6_advice::unencapsulated(Place::at(node.resource, &node.path), what, plan);
}

/// An MTU that is written out, and made for Ethernet between the nodes. What a larger network has is not known.
fn mtu(package: &Package<'_>, install: &Install<'_>, node: &Container<'_>, config: &Config, plan: &mut Plan) {
    let CniConfig::At(text) = &install.cni else { return };
    if ipv6_vxlan(package, node, install.backend, config).is_none() || install.release(config).is_older_than(VXLAN_SINCE) {
        return;
    }
    for plugin in text.readable() {
        let in_config = || Place::at(text.resource, &text.path.inside().join(&plugin.path).key("mtu"));
        let (written, place) = match &plugin.mtu {
            Some(Value::Number(number)) => (Some(number.as_str()), in_config()),
            // What stands for the placeholder.
            Some(_) => {
                let Some(installer) = &install.installer else { continue };
                (installer.env_text(package, "CNI_MTU"), installer.place(package, "CNI_MTU"))
            }
            None => continue,
        };
        if let Some(mtu) = written.and_then(|text| text.parse::<u32>().ok()).filter(|mtu| (1431..=1500).contains(mtu)) {
            let message = format!(
                "the MTU of pods is {mtu}, and VXLAN over IPv6 needs 70 bytes of the 1500 that Ethernet has: use 1430, or 0 to have it detected"
            );
            plan.warning(&MTU, place, message);
        }
    }
}

fn wireguard(package: &Package<'_>, node: &Container<'_>, plan: &mut Plan) {
    let is_on = |variable| node.env_text(package, variable).is_some_and(felix_bool);
    if is_on("FELIX_WIREGUARDENABLED") && !is_on("FELIX_WIREGUARDENABLEDV6") {
        let message = "`FELIX_WIREGUARDENABLED` encrypts IPv4 alone: IPv6 packets of pods travel in the clear until `FELIX_WIREGUARDENABLEDV6` is \"true\" (v3.24 and later)";
        plan.warning(&WIREGUARD, node.place(package, "FELIX_WIREGUARDENABLED"), message);
    }
}
