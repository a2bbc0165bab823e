//! The environment of `calico-node`: the node's IPv6 address, and IPv6 in Felix.
//!
//! # Recognises
//! The container `calico-node` of any DaemonSet, also by its image; never an init container, which can have the same
//! image.
//!
//! # Changes
//! `IP6` is `autodetect`, unless it is an address; `FELIX_IPV6SUPPORT` is `true`; `IP6_AUTODETECTION_METHOD` is as the
//! configuration says, and never `none`. In a package that is IPv6 first, `IP=none` becomes `autodetect`. An entry that
//! is there is changed in place, also where its value is the key of a ConfigMap; new ones go to the end of `env`,
//! because hosts carry comments over by position. The comment "Disable IPv6 on Kubernetes." above the entry that now
//! enables it is put right.
//!
//! # Leaves alone
//! What a patch of another DaemonSet of the package leaves out. DaemonSets for Windows, those that the operator renders, those where Calico neither gives out addresses nor routes
//! them. Where Calico makes no routes, calico-node ignores `IP6`: it stays as it is.
//!
//! # Sources
//! Calico documentation v3.11 to v3.16, networking/dual-stack.md; projectcalico/calico v3.32.1
//! node/pkg/lifecycle/startup/startup.go and autodetection.

use std::net::Ipv6Addr;

use super::System;
use super::shared::calico::{
    Backend, Install, RELEASE_RULES, Release, daemon_sets, installs_and_patched_nodes, is_calico_node, is_operator_managed, is_windows,
};
use super::shared::env::{self, Setting, find_duplicates, set, set_with};
use super::shared::ipv6_advice::{self, HOST, NEEDS_ADDRESS};
use super::shared::workload::{Container, containers};
use crate::cidr::{Cidr, Family};
use crate::config::{self, Config, Mode};
use crate::package::Package;
use crate::plan::{Place, Plan, Rule};
use crate::version::Version;
use crate::yaml::Reword;

pub(super) const SYSTEM: System = System {
    name: "calico_node",
    recognises: "the container calico-node of a DaemonSet",
    rules: &[
        &IP6,
        &IP,
        &METHOD,
        &METHOD_UNKNOWN,
        &FELIX,
        &USE_POD_CIDR,
        &MISSPELT,
        &NEEDS_ADDRESS,
        &HOST,
        &OPERATOR_MANAGED,
        env::RULES[0],
        env::RULES[1],
        env::RULES[2],
        RELEASE_RULES[0],
    ],
    facts: |_, _| {},
    plan,
};

static IP6: Rule = Rule {
    id: "calico-node-ip6",
    title: "calico-node detects the node's IPv6 address",
    why: "Without IP6, the node has no IPv6 address to Calico: no IPv6 routes between nodes.",
    remedy: "`IP6` must be \"autodetect\". Every node must have a global IPv6 address, or calico-node terminates.",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/node/pkg/lifecycle/startup/startup.go",
};
static IP: Rule = Rule {
    id: "calico-node-ip",
    title: "calico-node detects the node's IPv4 address",
    why: "With IP=none, the node has no IPv4 address to Calico: no IPv4 routes between nodes.",
    remedy: "`IP` must be \"autodetect\".",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/node/pkg/lifecycle/startup/startup.go",
};
static METHOD: Rule = Rule {
    id: "calico-node-ip6-autodetection",
    title: "How calico-node finds the node's IPv6 address",
    why: "\"first-found\" takes the first global address, which can be a virtual one (/128 of keepalived) or another network's.",
    remedy: "Set `ipv6AutodetectionMethod`: \"kubernetes-internal-ip\" (v3.22 and later), \"interface=...\" or \"cidr=...\".",
    source: "https://github.com/projectcalico/calico/issues/4870",
};
static METHOD_UNKNOWN: Rule = Rule {
    id: "calico-node-ip6-autodetection-unknown",
    title: "A detection method that this Calico does not know",
    why: "calico-node terminates (\"Invalid IP autodetection method\"): the whole network of the node is down.",
    remedy: "Use \"first-found\", \"can-reach=...\", \"interface=...\" or \"skip-interface=...\"; \"cidr=...\" from v3.16, \"kubernetes-internal-ip\" from v3.22.",
    source: "https://github.com/projectcalico/calico/tree/v3.32.1/node/pkg/lifecycle/startup/autodetection",
};
static FELIX: Rule = Rule {
    id: "calico-node-felix-ipv6",
    title: "Felix programs IPv6",
    why: "With FELIX_IPV6SUPPORT=false, Felix does no IPv6, and calico-node does not even create the IPv6 pool.",
    remedy: "`FELIX_IPV6SUPPORT` must be \"true\".",
    source: "projectcalico/calico v3.32.1 node/pkg/lifecycle/startup/startup.go ipv6Supported; https://github.com/projectcalico/calico/pull/1637",
};
static USE_POD_CIDR: Rule = Rule {
    id: "calico-node-use-pod-cidr",
    title: "USE_POD_CIDR goes with host-local",
    why: "With USE_POD_CIDR=true, Calico routes the pod range of each node; calico-ipam gives out other blocks.",
    remedy: "`USE_POD_CIDR` must be \"false\" where calico-ipam gives out the addresses.",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/manifests/calico-policy-only.yaml",
};
static MISSPELT: Rule = Rule {
    id: "calico-node-misspelt-variable",
    title: "A variable is misspelt",
    why: "calico-node does not read it, so it has no effect.",
    remedy: "Remove it, and use the name that calico-node reads.",
    source: "https://github.com/kubernetes-sigs/cluster-api-provider-azure/blob/ebb7ba0e4a7b19f8a3f7dc1778e127dcb706bdfa/templates/addons/calico-dual-stack.yaml",
};
static OPERATOR_MANAGED: Rule = Rule {
    id: "calico-operator-managed",
    title: "The operator renders this object",
    why: "The Tigera operator overwrites every edit of the objects that it renders.",
    remedy: "Edit the Installation resource instead: it must have an IPv6 pool in `spec.calicoNetwork.ipPools`.",
    source: "https://github.com/tigera/operator/blob/HEAD/pkg/render/node.go",
};

/// Names seen in the wild that calico-node does not know, and what was meant.
const MISSPELLINGS: [(&str, &str); 6] = [
    ("CALICO_IPV6_POOL_CIDR", "CALICO_IPV6POOL_CIDR"),
    ("CALICO_IPV6_IPPOOL_CIDR", "CALICO_IPV6POOL_CIDR"),
    ("CALICO_IPV4_IPPOOL_IPIP", "CALICO_IPV4POOL_IPIP"),
    ("FELIX_IPV6_SUPPORT", "FELIX_IPV6SUPPORT"),
    ("IP6_AUTODETECT_METHOD", "IP6_AUTODETECTION_METHOD"),
    ("IPV6_AUTODETECTION_METHOD", "IP6_AUTODETECTION_METHOD"),
];

/// The variables of `calico-node` that decide about IPv6.
const VARIABLES: [&str; 9] = [
    "IP",
    "IP6",
    "IP6_AUTODETECTION_METHOD",
    "CALICO_IPV6POOL_CIDR",
    "CALICO_IPV6POOL_BLOCK_SIZE",
    "CALICO_IPV6POOL_NAT_OUTGOING",
    "CALICO_IPV6POOL_VXLAN",
    "CALICO_ROUTER_ID",
    "FELIX_IPV6SUPPORT",
];

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    for daemon_set in daemon_sets(package).filter(|daemon_set| is_operator_managed(daemon_set) && !is_windows(daemon_set)) {
        if containers(daemon_set, "containers").iter().any(is_calico_node) {
            let message =
                "it is rendered by the Tigera operator, which would undo an edit: add the IPv6 pool to the Installation resource instead";
            plan.warning(&OPERATOR_MANAGED, Place::of(daemon_set), message);
        }
    }
    let (installs, patched) = installs_and_patched_nodes(package);
    for install in installs {
        let Some(node) = install.our_node() else { continue };
        if install.backend != Backend::None {
            addresses(package, &install, node, config, plan);
        }
        felix(package, node, plan);
        if config.ipam == config::Ipam::CalicoIpam && install.backend != Backend::None {
            without_pod_ranges(package, node, plan);
        }
        find_duplicates(node, &VARIABLES, plan);
        misspelt(node, plan);
        ipv6_advice::hosts(plan);
    }
    for node in patched {
        if says(&node, "IP6") {
            ip6(package, &node, plan);
        }
        if says(&node, "FELIX_IPV6SUPPORT") {
            felix(package, &node, plan);
        }
        misspelt(&node, plan);
    }
}

fn says(node: &Container<'_>, name: &str) -> bool {
    !node.env(name).is_empty()
}

fn felix(package: &Package<'_>, node: &Container<'_>, plan: &mut Plan) {
    let setting = Setting { name: "FELIX_IPV6SUPPORT", value: "true", rule: &FELIX, effect: "Felix programs IPv6, too" };
    set_with(package, node, setting, plan, |op| crate::yaml::Op {
        reword: Some(Reword { from: "Disable IPv6 on Kubernetes.", to: "Enable IPv6 on Kubernetes.".into() }),
        ..op
    });
}

/// Detected, unless it is written out.
fn ip6(package: &Package<'_>, node: &Container<'_>, plan: &mut Plan) {
    let is_address =
        |text: &str| text.parse::<Ipv6Addr>().is_ok() || Cidr::parse(text).is_ok_and(|parsed| parsed.cidr.family() == Family::V6);
    let written = node.env_text(package, "IP6").filter(|text| is_address(text));
    let effect = "calico-node detects the IPv6 address of its node";
    set(package, node, Setting { name: "IP6", value: written.unwrap_or("autodetect"), rule: &IP6, effect }, plan);
    if written.is_none() {
        ipv6_advice::needs_address(Place::at(node.resource, &node.path), plan);
    }
}

/// The node's own addresses.
fn addresses(package: &Package<'_>, install: &Install<'_>, node: &Container<'_>, config: &Config, plan: &mut Plan) {
    let ipv4 = node.env_text(package, "IP").filter(|text| !text.is_empty() && !env::is_template(text));
    if let (Mode::DualStack, Some(text)) = (config.mode, ipv4) {
        let (value, effect) = (if text == "none" { "autodetect" } else { text }, "calico-node detects the IPv4 address of its node, too");
        set(package, node, Setting { name: "IP", value, rule: &IP, effect }, plan);
    }
    ip6(package, node, plan);
    method(package, node, &install.release(config), config, plan);
}

const METHOD_NAME: &str = "IP6_AUTODETECTION_METHOD";

/// How the IPv6 address is found.
fn method(package: &Package<'_>, node: &Container<'_>, release: &Release, config: &Config, plan: &mut Plan) {
    let current = node.env_text(package, METHOD_NAME);
    let wanted = match (&config.ipv6_autodetection_method, current) {
        (Some(method), _) => method.as_str(),
        (None, Some("none")) => "first-found",
        (None, Some(method)) if !method.is_empty() && !env::is_template(method) => method,
        _ => return first_found(package, node, release, plan),
    };
    let known = match wanted.split_once('=').map_or(wanted, |(method, _)| method) {
        "first-found" | "can-reach" | "interface" | "skip-interface" => true,
        "cidr" => release.has(Version::new(3, 16), plan),
        "kubernetes-internal-ip" => release.has(Version::new(3, 22), plan),
        _ => false,
    };
    if !known {
        let message = format!("{release} does not know the `{METHOD_NAME}` \"{wanted}\", and calico-node would terminate: use another one");
        plan.error(&METHOD_UNKNOWN, node.place(package, METHOD_NAME), message);
    } else if current != Some(wanted) {
        let effect = "how calico-node finds the IPv6 address of its node";
        set(package, node, Setting { name: METHOD_NAME, value: wanted, rule: &METHOD, effect }, plan);
    }
}

/// Who chose among the IPv4 addresses of a node may have to among its IPv6 addresses.
fn first_found(package: &Package<'_>, node: &Container<'_>, release: &Release, plan: &mut Plan) {
    const IPV4_NAME: &str = "IP_AUTODETECTION_METHOD";
    let chosen = |method: &&str| !matches!(*method, "" | "first-found") && !env::is_template(method);
    if let Some(method) = node.env_text(package, IPV4_NAME).filter(chosen) {
        let example = if release.is_older_than(Version::new(3, 22)) { "interface=REGEXES" } else { "kubernetes-internal-ip" };
        let message = format!(
            "`{IPV4_NAME}` is \"{method}\", but the IPv6 address of a node is the first one found: set `ipv6AutodetectionMethod`, to \"{example}\" for example, if that can be a wrong one"
        );
        plan.info(&METHOD, node.place(package, IPV4_NAME), message);
    }
}

/// With calico-ipam in place of host-local, the pod ranges of the nodes do not count any more.
fn without_pod_ranges(package: &Package<'_>, node: &Container<'_>, plan: &mut Plan) {
    let deployments = package.of_kind("apps", "Deployment").flat_map(|deployment| containers(deployment, "containers"));
    let typha = deployments.filter(|container| container.name() == "calico-typha");
    for container in std::iter::once(node.clone()).chain(typha) {
        let is_set = container.env_text(package, "USE_POD_CIDR").is_some_and(|text| text.eq_ignore_ascii_case("true"));
        if is_set {
            let effect = "calico-ipam does not take the pod ranges of the nodes";
            set(package, &container, Setting { name: "USE_POD_CIDR", value: "false", rule: &USE_POD_CIDR, effect }, plan);
        }
    }
}

/// Variables that nobody reads.
fn misspelt(node: &Container<'_>, plan: &mut Plan) {
    for entry in node.all_env() {
        let wrong = entry.name();
        let meant = MISSPELLINGS.iter().find(|(misspelt, _)| *misspelt == wrong).map(|(_, right)| *right);
        let in_other_letters = || VARIABLES.into_iter().find(|right| *right != wrong && right.eq_ignore_ascii_case(wrong));
        if let Some(right) = meant.or_else(in_other_letters) {
            let message = format!("`{wrong}` is not a variable of calico-node, it is called `{right}`: remove this entry");
            plan.warning(&MISSPELT, Place::at(node.resource, &node.env_path(entry.index)).with_current(wrong), message);
        }
    }
}
