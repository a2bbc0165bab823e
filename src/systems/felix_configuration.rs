//! Calico's FelixConfiguration: Felix programs IPv6.
//!
//! # Recognises
//! FelixConfiguration of `projectcalico.org` and of `crd.projectcalico.org`.
//!
//! # Changes
//! `spec.ipv6Support: false` becomes `true`. The variable `FELIX_IPV6SUPPORT` of calico-node wins over it.
//!
//! # Leaves alone
//! Everything where it says nothing: Felix' own default is true. WireGuard for IPv6, which is a decision of its own: that
//! it is off is a warning.
//!
//! # Sources
//! https://docs.tigera.io/calico/latest/reference/resources/felixconfig; projectcalico/calico v3.32.1
//! felix/config/config_params.go (environment before resource).

use super::System;
use super::shared::calico::{RELEASE_RULES, Release, ebpf_since, installs, is_operator_managed};
use super::shared::ipv6_pool::GROUPS;
use super::shared::workload::Container;
use crate::config::Config;
use crate::package::{Package, Resource};
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Op, Path};

pub(super) const SYSTEM: System = System {
    name: "felix_configuration",
    recognises: "Calico's FelixConfiguration",
    rules: &[&IPV6_SUPPORT, &WIREGUARD, &BPF, RELEASE_RULES[0]],
    facts: |_, _| {},
    plan,
};

static IPV6_SUPPORT: Rule = Rule {
    id: "felix-ipv6-support",
    title: "Felix programs IPv6",
    why: "With `ipv6Support: false`, Felix makes no IPv6 routes and no IPv6 policy.",
    remedy: "`ipv6Support` must be true, or not be there. FELIX_IPV6SUPPORT of calico-node wins over it.",
    source: "https://docs.tigera.io/calico/latest/reference/resources/felixconfig",
};
static WIREGUARD: Rule = Rule {
    id: "felix-wireguard-ipv6",
    title: "WireGuard encrypts IPv4 only",
    why: "`wireguardEnabled` is for IPv4: packets between IPv6 pods travel in the clear.",
    remedy: "Set `wireguardEnabledV6: true` (Calico v3.24 and later).",
    source: "https://docs.tigera.io/calico/latest/network-policy/encrypt-cluster-pod-traffic",
};
static BPF: Rule = Rule {
    id: "felix-bpf",
    title: "The eBPF dataplane has both families since Calico v3.28",
    why: "Before v3.27 it drops IPv6 to and from pods; v3.27 has IPv6 alone.",
    remedy: "Upgrade Calico first, or use another dataplane.",
    source: "https://github.com/projectcalico/calico/issues/4736; Calico v3.28 release notes",
};

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    for felix in GROUPS.into_iter().flat_map(|group| package.of_kind(group, "FelixConfiguration")) {
        if is_operator_managed(felix) {
            continue;
        }
        let at = |key: &str| Path::of(&["spec", key]);
        let said = |key: &str| felix.root().text_at(&["spec", key]);
        if said("ipv6Support").is_some() {
            let message =
                "`ipv6Support` set to true: Felix programs IPv6, unless FELIX_IPV6SUPPORT of calico-node is \"false\", which wins";
            plan.want(felix, &IPV6_SUPPORT, Op::is(at("ipv6Support"), true), message);
        }
        if said("wireguardEnabled") == Some("true") && said("wireguardEnabledV6") != Some("true") {
            let message = "WireGuard is on for IPv4 only: traffic between IPv6 pods is not encrypted; set `wireguardEnabledV6` to true";
            plan.warning(&WIREGUARD, Place::at(felix, &at("wireguardEnabledV6")), message);
        }
        if said("bpfEnabled") == Some("true") {
            ebpf(package, felix, config, plan);
        }
    }
}

/// The eBPF dataplane in this Calico: in each that the package installs, whose own environment wins, or in the configured one.
fn ebpf(package: &Package<'_>, felix: &Resource<'_>, config: &Config, plan: &mut Plan) {
    let installs = installs(package);
    let says_itself = |node: &Container<'_>| !node.env("FELIX_BPFENABLED").is_empty();
    let asked = installs.iter().filter(|install| !install.node.as_ref().is_some_and(says_itself));
    let mut releases: Vec<_> = asked.map(|install| install.release(config)).collect();
    if installs.is_empty() {
        releases.push(Release::configured(felix, config));
    }
    let (since, what) = ebpf_since(config.mode);
    if let Some(release) = releases.iter().find(|release| !release.has(since, plan)) {
        let message = format!(
            "`bpfEnabled` is true, and the eBPF dataplane of {release} has no {what}, which came with {since}: it drops such packets of pods; update Calico first"
        );
        plan.error(&BPF, Place::at(felix, &Path::of(&["spec", "bpfEnabled"])), message);
    }
}
