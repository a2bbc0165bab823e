//! The environment of `calico-node`: the node's IPv6 address, the IPv6 pool, IPv6 in Felix.
//!
//! # Recognises
//! The container `calico-node` of any DaemonSet; never an init container, which can have the same image.
//!
//! # Changes
//! `IP6` is `autodetect`, `CALICO_IPV6POOL_CIDR` is the IPv6 pod range, `FELIX_IPV6SUPPORT` is `true`. An entry that is
//! there is changed in place; new ones go to the end of `env`, because hosts carry comments over by position. The
//! comment "Disable IPv6 on Kubernetes." above the entry that now enables it is put right.
//!
//! # Leaves alone
//! DaemonSets for Windows, those that the operator renders, and those where Calico IPAM does not give out addresses.
//!
//! # Sources
//! Calico documentation v3.11 to v3.16, networking/dual-stack.md; projectcalico/calico v3.32.1
//! node/pkg/lifecycle/startup/startup.go.

use super::System;
use super::shared::calico::{BACKEND_NONE, NO_CNI_CONFIG, NO_DEFAULT_POOLS, NOT_CALICO_IPAM, OPERATOR_MANAGED, WINDOWS, installs};
use super::shared::workload::Container;
use crate::cidr::Cidr;
use crate::config::Config;
use crate::facts::{Facts, Role, Source};
use crate::package::Package;
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Op, Reword};

pub(super) const SYSTEM: System = System {
    name: "calico_node",
    recognises: "the container calico-node of a DaemonSet",
    rules: &[
        &IP6,
        &POOL,
        &FELIX,
        &DUPLICATE,
        &MISSPELT,
        &FROM_ELSEWHERE,
        &NO_CNI_CONFIG,
        &NOT_CALICO_IPAM,
        &BACKEND_NONE,
        &OPERATOR_MANAGED,
        &WINDOWS,
        &NO_DEFAULT_POOLS,
    ],
    facts,
    plan,
};

static IP6: Rule = Rule {
    id: "calico-node-ip6",
    title: "calico-node detects the node's IPv6 address",
    why: "Without IP6, the node has no IPv6 address to Calico: no IPv6 routes between nodes.",
    remedy: "`IP6` must be \"autodetect\". Every node must have a global IPv6 address, or calico-node terminates.",
    source: "projectcalico/calico v3.32.1 node/pkg/lifecycle/startup/startup.go",
};
static POOL: Rule = Rule {
    id: "calico-node-ipv6-pool",
    title: "calico-node creates the IPv6 pool",
    why: "Without CALICO_IPV6POOL_CIDR, calico-node invents a random unique-local range that nothing else knows.",
    remedy: "`CALICO_IPV6POOL_CIDR` must be the IPv6 cluster CIDR of kube-controller-manager and kube-proxy.",
    source: "projectcalico/calico v3.32.1 node/pkg/lifecycle/startup/startup.go configureIPPools",
};
static FELIX: Rule = Rule {
    id: "calico-node-felix-ipv6",
    title: "Felix programs IPv6",
    why: "With FELIX_IPV6SUPPORT=false, Felix does no IPv6, and calico-node does not even create the IPv6 pool.",
    remedy: "`FELIX_IPV6SUPPORT` must be \"true\".",
    source: "projectcalico/calico v3.32.1 node/pkg/lifecycle/startup/startup.go ipv6Supported",
};
static DUPLICATE: Rule = Rule {
    id: "calico-node-duplicate-variable",
    title: "A variable is there twice",
    why: "The kubelet takes the last entry; server-side apply refuses the object.",
    remedy: "Remove all entries but one.",
    source: "https://github.com/projectcalico/calico/pull/1637",
};
static MISSPELT: Rule = Rule {
    id: "calico-node-misspelt-variable",
    title: "A variable is misspelt",
    why: "calico-node does not read it, so it has no effect.",
    remedy: "Remove it; the entry with the right name is there.",
    source: "kubernetes-sigs/cluster-api-provider-azure templates/addons/calico-dual-stack.yaml (v3.22 to v3.29)",
};
static FROM_ELSEWHERE: Rule = Rule {
    id: "calico-node-variable-from-elsewhere",
    title: "A variable comes from another object",
    why: "What it says there decides; an edit of the entry would cut the reference.",
    remedy: "Set the value in the object that it comes from.",
    source: "https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.33/#envvar-v1-core",
};

/// Names seen in the wild that calico-node does not know, and what was meant.
const MISSPELLINGS: [(&str, &str); 5] = [
    ("CALICO_IPv6POOL_CIDR", "CALICO_IPV6POOL_CIDR"),
    ("CALICO_IPV6_POOL_CIDR", "CALICO_IPV6POOL_CIDR"),
    ("CALICO_IPV6_IPPOOL_CIDR", "CALICO_IPV6POOL_CIDR"),
    ("FELIX_IPV6_SUPPORT", "FELIX_IPV6SUPPORT"),
    ("IP6_AUTODETECT_METHOD", "IP6_AUTODETECTION_METHOD"),
];

/// The pools that calico-node creates: of each family, the only one.
fn facts(package: &Package<'_>, facts: &mut Facts) {
    for node in installs(package).into_iter().filter_map(|install| install.node) {
        for name in ["CALICO_IPV4POOL_CIDR", "CALICO_IPV6POOL_CIDR"] {
            let Some(entry) = node.env(name).last().copied() else { continue };
            let range = node.env_text(package, name).and_then(|text| Cidr::parse(text).ok());
            let path = node.env_path(entry.index).key("value");
            facts.whole(Role::Pods, Source::CalicoNode, node.resource, &path, range.map(|parsed| parsed.cidr).into_iter().collect());
        }
    }
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    for install in installs(package) {
        if let Some((rule, message)) = install.refusal(package) {
            plan.warning(rule, Place::of(install.daemon_set), message);
            continue;
        }
        if let Some(node) = &install.node {
            variables(node, config, plan);
        }
    }
}

fn variables(node: &Container<'_>, config: &Config, plan: &mut Plan) {
    set(node, "IP6", "autodetect", &IP6, "calico-node detects the IPv6 address of its node", plan);
    if let Some(cidr) = config.ipv6_pod_cidr {
        set(node, "CALICO_IPV6POOL_CIDR", &cidr.to_string(), &POOL, "calico-node creates the IPv6 pool from it", plan);
    }
    set(node, "FELIX_IPV6SUPPORT", "true", &FELIX, "Felix programs IPv6, too", plan);
    for (wrong, right) in MISSPELLINGS {
        for entry in node.env(wrong) {
            let message = format!("`{wrong}` is not a variable of calico-node, it is called `{right}`: remove this entry");
            plan.warning(&MISSPELT, Place::at(node.resource, &node.env_path(entry.index)).with_current(wrong), message);
        }
    }
}

/// The variable `name` must have `value`; the last entry decides, as it does for the kubelet.
fn set(node: &Container<'_>, name: &str, value: &str, rule: &'static Rule, effect: &str, plan: &mut Plan) {
    let entries = node.env(name);
    for entry in entries.iter().rev().skip(1) {
        let message = format!("`{name}` is there {} times, and the last entry decides: remove this one", entries.len());
        plan.warning(&DUPLICATE, Place::at(node.resource, &node.env_path(entry.index)), message);
    }
    let path = match entries.last() {
        Some(entry) if entry.node.get("valueFrom").is_some() => {
            let message = format!("`{name}` comes from another object and was not edited: it must be \"{value}\" there");
            plan.warning(&FROM_ELSEWHERE, Place::at(node.resource, &node.env_path(entry.index)).with_proposed(value), message);
            return;
        }
        Some(entry) => node.env_path(entry.index).key("value"),
        None => node.path.key("env").item("name", name).key("value"),
    };
    let mut op = Op::is(path, value);
    if name == "FELIX_IPV6SUPPORT" {
        op.reword = Some(Reword { from: "Disable IPv6 on Kubernetes.", to: "Enable IPv6 on Kubernetes.".into() });
    }
    plan.want(node.resource, rule, op, format!("`{name}` set to \"{value}\": {effect}"));
}
