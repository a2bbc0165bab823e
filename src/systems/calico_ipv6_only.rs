//! `mode: IPv6Only` for calico-node: no IPv4 address of the node, and what BIRD needs then.
//!
//! # Recognises
//! The container `calico-node` of a DaemonSet where Calico does the networking.
//!
//! # Changes
//! `IP` is `none`. Where BIRD runs, `CALICO_ROUTER_ID` is `hash`, because a router ID is an IPv4 address otherwise.
//! With `bird6Probes: true`, `-bird-live` and `-bird-ready` in the probes become `-bird6-live` and `-bird6-ready`.
//!
//! # Leaves alone
//! A router ID that is there; the IPv4 pool, which nothing uses; everything, in `mode: DualStack`.
//!
//! # Sources
//! Calico documentation v3.8 to v3.32, networking/ipv6.md ("IP=none", "CALICO_ROUTER_ID=hash"); kops
//! upup/models/cloudup/resources/addons/networking.projectcalico.org (probes); projectcalico/calico v3.32.1 node/pkg/health.

use super::System;
use super::shared::calico::{Backend, installs_and_patched_nodes};
use super::shared::env::{Setting, set};
use super::shared::ip_pools::makes_no_pools;
use super::shared::workload::Container;
use crate::config::{Config, Mode};
use crate::package::Package;
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Node, Op};

pub(super) const SYSTEM: System = System {
    name: "calico_ipv6_only",
    recognises: "calico-node without IPv4 (`mode: IPv6Only`)",
    rules: &[&IP, &ROUTER_ID, &PROBES, &IPV4_PROBES, &IPV4_POOL],
    facts: |_, _| {},
    plan,
};

static IP: Rule = Rule {
    id: "calico-node-no-ipv4",
    title: "calico-node looks for no IPv4 address",
    why: "calico-node terminates where it detects no IPv4 address.",
    remedy: "`IP` must be \"none\".",
    source: "https://docs.tigera.io/calico/latest/networking/ipam/ipv6",
};
static ROUTER_ID: Rule = Rule {
    id: "calico-node-router-id",
    title: "BIRD has a router ID without an IPv4 address",
    why: "BGP takes the node's IPv4 address for its router ID; without one BIRD does not start.",
    remedy: "`CALICO_ROUTER_ID` must be \"hash\"; with more than 500 nodes give each its own ID instead.",
    source: "https://docs.tigera.io/calico/latest/networking/ipam/ipv6; https://github.com/projectcalico/calico/issues/2485",
};
static PROBES: Rule = Rule {
    id: "calico-node-bird6-probes",
    title: "The probes look at BIRD for IPv6",
    why: "On a node without an IPv4 address, BIRD for IPv4 has no peers: \"BIRD is not ready: BGP not established\".",
    remedy: "The probes must have `-bird6-live` and `-bird6-ready`.",
    source: "https://github.com/projectcalico/calico/issues/7799",
};
static IPV4_PROBES: Rule = Rule {
    id: "calico-node-bird-probes",
    title: "The probes look at BIRD for IPv4",
    why: "On a node without an IPv4 address, calico-node may never be ready: \"BIRD is not ready: BGP not established\".",
    remedy: "Set `bird6Probes` to true; or to false, if calico-node gets ready as it is.",
    source: "https://github.com/projectcalico/calico/issues/7799",
};
static IPV4_POOL: Rule = Rule {
    id: "calico-node-unused-ipv4-pool",
    title: "calico-node still makes an IPv4 pool",
    why: "Nothing takes addresses from it; only from v3.29 can it be left out.",
    remedy: "From v3.29, `CALICO_IPV4POOL_CIDR` can be \"none\"; but then CALICO_IPV6POOL_VXLAN is not read.",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/node/pkg/lifecycle/startup/startup.go configureIPPools",
};

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    if config.mode != Mode::Ipv6Only {
        return;
    }
    let setting = Setting { name: "IP", value: "none", rule: &IP, effect: "calico-node looks for no IPv4 address of its node" };
    let (installs, patched) = installs_and_patched_nodes(package);
    for node in patched.iter().filter(|node| !node.env(setting.name).is_empty()) {
        set(package, node, setting, plan);
    }
    for install in installs {
        let Some(node) = install.networking_node() else { continue };
        set(package, node, setting, plan);
        if install.backend == Backend::Bird {
            if node.env_text(package, "CALICO_ROUTER_ID").is_none_or(str::is_empty) {
                let effect = "BIRD's router ID comes from the node's name, as there is no IPv4 address";
                set(package, node, Setting { name: "CALICO_ROUTER_ID", value: "hash", rule: &ROUTER_ID, effect }, plan);
            }
            probes(node, config, plan);
        }
        if node.env_text(package, "CALICO_IPV4POOL_CIDR") != Some("none") && !makes_no_pools(package, node) {
            let message =
                "calico-node makes an IPv4 pool, too, and nothing uses it; from v3.29 `CALICO_IPV4POOL_CIDR` \"none\" prevents it";
            plan.info(&IPV4_POOL, Place::at(node.resource, &node.path), message);
        }
    }
}

/// The flags of `calico-node` that look at BIRD for IPv4, and those for IPv6; the newer program writes two dashes.
const FLAGS: [(&str, &str); 4] =
    [("-bird-live", "-bird6-live"), ("-bird-ready", "-bird6-ready"), ("--bird-live", "--bird6-live"), ("--bird-ready", "--bird6-ready")];

fn probes(node: &Container<'_>, config: &Config, plan: &mut Plan) {
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let keys = [probe, "exec", "command"];
        let words = node.node.at(&keys).into_iter().flat_map(Node::items).enumerate();
        for (index, word) in words {
            let Some((ipv4, ipv6)) = FLAGS.into_iter().find(|(flag, _)| word.text() == Some(flag)) else { continue };
            let path = node.path.keys(&keys).index(index);
            match config.bird6_probes {
                Some(true) => {
                    let message = format!("`{ipv4}` became `{ipv6}`: on a node without an IPv4 address, BIRD for IPv4 has no peers");
                    plan.want(node.resource, &PROBES, Op::is(path, ipv6), message);
                }
                Some(false) => {}
                None => {
                    let message = format!(
                        "`{ipv4}` asks BIRD for IPv4, and calico-node may never be ready: set `bird6Probes` to true, or to false if it is as it should be"
                    );
                    plan.warning(&IPV4_PROBES, Place::at(node.resource, &path).with_current(ipv4).with_proposed(ipv6), message);
                }
            }
        }
    }
}
