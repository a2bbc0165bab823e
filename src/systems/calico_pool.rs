//! The IPv6 pool: made by calico-node from its environment, or an IPPool object.
//!
//! # Recognises
//! The container `calico-node` of a DaemonSet where Calico does the networking.
//!
//! # Changes
//! `CALICO_IPV6POOL_CIDR` is the IPv6 pod range, in canonical form. `CALICO_IPV6POOL_NAT_OUTGOING` is `true` where the
//! range is unique-local, or as the configuration says. `CALICO_IPV6POOL_VXLAN` follows the IPv4 pool, or the
//! configuration; where BIRD does not run, a pool without VXLAN would have no routes. `CALICO_IPV6POOL_BLOCK_SIZE` is as
//! the configuration says. With `NO_DEFAULT_POOLS=true` none of these may be there: an IPPool object is added, if the
//! package has none for IPv6.
//!
//! # Leaves alone
//! A pool variable with another range than the configuration: an error that shows both. What is explicit in the package
//! and decided by nobody else (block size, NAT) stays as it is.
//!
//! # Sources
//! Calico documentation v3.11 to v3.16, networking/dual-stack.md; projectcalico/calico v3.32.1
//! node/pkg/lifecycle/startup/startup.go configureIPPools; tigera/docs pull request 464 (NAT).

use super::System;
use super::shared::calico::{Backend, Install, RELEASE_RULES, installs_and_patched_nodes};
use super::shared::env::{Setting, is_template, set};
use super::shared::ip_pools::{self, DEFAULT_BLOCK_SIZE, VXLAN_SINCE, makes_no_pools, nat_outgoing, startup_bool, vxlan_mode};
use super::shared::ipv6_advice::{self, GLOBAL_RANGE, RUNNING_PODS, VXLAN_KERNEL};
use super::shared::ipv6_pool::POOL_OBJECT;
use super::shared::workload::{Container, Variable};
use crate::cidr::{Cidr, Family};
use crate::config::{Config, Encapsulation, Mode};
use crate::facts::{Facts, Role, Source};
use crate::package::Package;
use crate::plan::{Place, Plan, Rule};

pub(super) const SYSTEM: System = System {
    name: "calico_pool",
    recognises: "the IPv6 pool of calico-node",
    rules: &[
        &POOL,
        &IPV4_POOL,
        &NAT,
        &NAT_OFF,
        &GLOBAL_RANGE,
        &BLOCK_SIZE,
        &BLOCK_SIZE_WRONG,
        &VXLAN,
        &NO_ROUTES,
        &VXLAN_NOT_READ,
        &VXLAN_KERNEL,
        &NO_DEFAULT_POOLS,
        &POOL_OBJECT,
        &POOL_IN_ETCD,
        &RUNNING_PODS,
        RELEASE_RULES[0],
    ],
    facts,
    plan,
};

static POOL: Rule = Rule {
    id: "calico-node-ipv6-pool",
    title: "calico-node creates the IPv6 pool",
    why: "Without CALICO_IPV6POOL_CIDR, calico-node invents a random unique-local range that nothing else knows.",
    remedy: "`CALICO_IPV6POOL_CIDR` must be the IPv6 cluster CIDR of kube-controller-manager and kube-proxy, in canonical form.",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/node/pkg/lifecycle/startup/startup.go configureIPPools",
};
static IPV4_POOL: Rule = Rule {
    id: "calico-node-ipv4-pool",
    title: "calico-node creates the IPv4 pool",
    why: "With CALICO_IPV4POOL_CIDR=none there is no IPv4 pool, and no pod starts that needs an IPv4 address.",
    remedy: "`CALICO_IPV4POOL_CIDR` must be the IPv4 cluster CIDR: give `ipv4PodCIDR`.",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/node/pkg/lifecycle/startup/startup.go configureIPPools",
};
static NAT: Rule = Rule {
    id: "calico-node-ipv6-nat",
    title: "Pods with unique-local addresses reach the outside",
    why: "Calico does no NAT for IPv6 by default, and nothing outside has a route to a unique-local range: no egress.",
    remedy: "`CALICO_IPV6POOL_NAT_OUTGOING` must be \"true\", unless your routers know the range (`natOutgoing: false`).",
    source: "https://github.com/projectcalico/calico/issues/2954; https://github.com/tigera/docs/pull/464",
};
static NAT_OFF: Rule = Rule {
    id: "calico-node-ipv6-nat-off",
    title: "NAT is off for a unique-local range",
    why: "Pods do not reach the IPv6 internet: nothing outside has a route back to them.",
    remedy: "Say which is meant: `natOutgoing: true`, or `natOutgoing: false` if your routers know the range.",
    source: "https://github.com/projectcalico/calico/issues/7183",
};
static BLOCK_SIZE: Rule = Rule {
    id: "calico-node-ipv6-block-size",
    title: "The block size of the IPv6 pool",
    why: "calico-node makes blocks of /122 unless CALICO_IPV6POOL_BLOCK_SIZE says otherwise.",
    remedy: "`CALICO_IPV6POOL_BLOCK_SIZE` must be the `ipv6BlockSize` of the configuration.",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/node/pkg/lifecycle/startup/startup.go validateBlockSize",
};
static BLOCK_SIZE_WRONG: Rule = Rule {
    id: "calico-node-ipv6-block-size-wrong",
    title: "The IPv6 pool and its block size do not fit",
    why: "calico-node terminates: a block size must be from 116 to 128, and a pool not smaller than a block (\"IP pool size is too small\").",
    remedy: "Use a shorter prefix, or give an `ipv6BlockSize` that is not shorter than the prefix.",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/libcalico-go/lib/clientv3/ippool.go; https://github.com/projectcalico/calico/blob/v3.32.1/node/pkg/lifecycle/startup/startup.go",
};
static VXLAN: Rule = Rule {
    id: "calico-node-ipv6-vxlan",
    title: "Both families travel in VXLAN",
    why: "A pool without VXLAN needs routes in the network between the nodes, and without BIRD there are none.",
    remedy: "`CALICO_IPV6POOL_VXLAN` must be \"Always\" or \"CrossSubnet\" (Calico v3.23 and later), as for IPv4.",
    source: "https://github.com/projectcalico/calico/issues/4599; kubernetes-sigs/cluster-api-provider-aws test/e2e/data/cni/calico_dualstack.yaml",
};
static NO_ROUTES: Rule = Rule {
    id: "calico-node-ipv6-no-routes",
    title: "IPv6 would have no routes between nodes",
    why: "With backend \"vxlan\" there is no BIRD, and Felix makes routes for VXLAN pools alone: pods of two nodes do not reach each other over IPv6.",
    remedy: "Update Calico to v3.23 or later, which has VXLAN for IPv6, or change `calico_backend` to \"bird\".",
    source: "https://github.com/projectcalico/calico/issues/4599; https://github.com/projectcalico/calico/issues/6246",
};
static VXLAN_NOT_READ: Rule = Rule {
    id: "calico-node-ipv6-vxlan-not-read",
    title: "CALICO_IPV6POOL_VXLAN is not read without an IPv4 pool",
    why: "With CALICO_IPV4POOL_CIDR=none, calico-node ignores CALICO_IPV6POOL_VXLAN: the pool is made without VXLAN.",
    remedy: "Remove CALICO_IPV4POOL_CIDR=none, or set NO_DEFAULT_POOLS=true and create the IPv6 pool as an IPPool object.",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/node/pkg/lifecycle/startup/startup.go configureIPPools",
};
static NO_DEFAULT_POOLS: Rule = Rule {
    id: "calico-no-default-pools",
    title: "NO_DEFAULT_POOLS=true forbids pool variables",
    why: "calico-node terminates where NO_DEFAULT_POOLS is \"true\" and CALICO_IPV4POOL_CIDR or CALICO_IPV6POOL_CIDR is set.",
    remedy: "Remove the variable; the pool must be an IPPool object.",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/node/pkg/lifecycle/startup/startup.go configureIPPools",
};
static POOL_IN_ETCD: Rule = Rule {
    id: "calico-ipv6-pool-in-etcd",
    title: "The IPv6 pool must be created by calicoctl",
    why: "Calico's datastore is etcd: an IPPool in a package of Kubernetes objects does not get there.",
    remedy: "Create the IPPool with calicoctl before the edited package is applied.",
    source: "https://docs.tigera.io/calico/latest/reference/resources/ippool",
};

const POOL_NAME: &str = "CALICO_IPV6POOL_CIDR";
const IPV4_POOL_NAME: &str = "CALICO_IPV4POOL_CIDR";
const VXLAN_NAME: &str = "CALICO_IPV6POOL_VXLAN";
const IPV4_VXLAN_NAME: &str = "CALICO_IPV4POOL_VXLAN";

/// The pools that calico-node creates: of each family, the only one.
fn facts(package: &Package<'_>, facts: &mut Facts) {
    let pools = |node: &Container<'_>, facts: &mut Facts| {
        for name in [IPV4_POOL_NAME, POOL_NAME] {
            let variable = node.variable(package, name);
            let range = variable.text().and_then(|text| Cidr::parse(text).ok()).map(|parsed| parsed.cidr);
            if let Variable::At { resource, path, .. } = variable {
                facts.whole(Role::Pods, Source::CalicoNode, resource, &path, range.into_iter().collect());
            }
        }
    };
    let (installs, patched) = installs_and_patched_nodes(package);
    for node in &patched {
        pools(node, facts);
    }
    for install in installs {
        let Some(node) = install.networking_node() else { continue };
        pools(node, facts);
        let has_ipv6 = node.env_text(package, "FELIX_IPV6SUPPORT").is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let is_told = !matches!(node.variable(package, POOL_NAME), Variable::Unset);
        if has_ipv6 && !is_told && !makes_no_pools(package, node) {
            facts.makes_ipv6_pool.push(Place::at(install.daemon_set, &node.path.key("env")));
        }
    }
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    let Some(range) = config.ipv6_pod_cidr else { return };
    let (installs, patched) = installs_and_patched_nodes(package);
    for install in installs {
        let Some(node) = install.networking_node() else { continue };
        if makes_no_pools(package, node) {
            as_object(package, &install, node, (config, range), plan);
        } else {
            as_variables(package, &install, node, (config, range), plan);
        }
        ipv6_advice::running_pods(", and calico-node makes the IPv6 pool only where there is none yet", plan);
    }
    for node in patched.iter().filter(|node| !node.env(POOL_NAME).is_empty()) {
        ipv6_pool(package, node, range, plan);
    }
}

fn as_variables(package: &Package<'_>, install: &Install<'_>, node: &Container<'_>, (config, range): (&Config, Cidr), plan: &mut Plan) {
    ipv6_pool(package, node, range, plan);
    ipv4_pool(package, install, node, config, plan);
    block_size(package, node, (config, range), plan);
    nat(package, node, (config, range), plan);
    vxlan(package, install, node, config, plan);
}

fn ipv6_pool(package: &Package<'_>, node: &Container<'_>, range: Cidr, plan: &mut Plan) {
    let current = node.env_text(package, POOL_NAME);
    let contradicts =
        current.and_then(|text| Cidr::parse(text).ok()).is_some_and(|parsed| parsed.cidr.family() == Family::V6 && parsed.cidr != range);
    // Then the checks name all places that say a range.
    if !contradicts {
        let effect = "calico-node creates the IPv6 pool from it";
        set(package, node, Setting { name: POOL_NAME, value: &range.to_string(), rule: &POOL, effect }, plan);
    }
}

/// In a package that is IPv6 first, the IPv4 pool may be switched off, or have no routes.
fn ipv4_pool(package: &Package<'_>, install: &Install<'_>, node: &Container<'_>, config: &Config, plan: &mut Plan) {
    if config.mode == Mode::Ipv6Only {
        return;
    }
    let is_none = |name| node.env_text(package, name) == Some("none");
    let mode_of = |name| node.env_text(package, name).and_then(vxlan_mode);
    if let (Some(mode), None, true, Backend::Vxlan) = (mode_of(VXLAN_NAME), mode_of(IPV4_VXLAN_NAME), is_none("IP"), install.backend) {
        let effect = "IPv4 packets of pods travel in VXLAN, as IPv6 ones do";
        set(package, node, Setting { name: IPV4_VXLAN_NAME, value: mode, rule: &VXLAN, effect }, plan);
    }
    match config.ipv4_pod_cidr {
        _ if !is_none(IPV4_POOL_NAME) => {}
        Some(range) => {
            let effect = "calico-node creates the IPv4 pool from it";
            set(package, node, Setting { name: IPV4_POOL_NAME, value: &range.to_string(), rule: &IPV4_POOL, effect }, plan);
        }
        None => {
            let message = format!("`{IPV4_POOL_NAME}` is \"none\", and pods that need an IPv4 address would not start: give `ipv4PodCIDR`");
            plan.error(&IPV4_POOL, node.place(package, IPV4_POOL_NAME), message);
        }
    }
}

fn block_size(package: &Package<'_>, node: &Container<'_>, (config, range): (&Config, Cidr), plan: &mut Plan) {
    const NAME: &str = "CALICO_IPV6POOL_BLOCK_SIZE";
    let current = node.env_text(package, NAME).filter(|text| !text.is_empty());
    if let Some(size) = config.ipv6_block_size {
        let effect = "calico-node divides the IPv6 pool into blocks of this size";
        return set(package, node, Setting { name: NAME, value: &size.to_string(), rule: &BLOCK_SIZE, effect }, plan);
    }
    let place = || node.place(package, NAME);
    let size = match current.map(str::parse) {
        None => DEFAULT_BLOCK_SIZE,
        Some(Ok(size)) if (116..=128).contains(&size) => size,
        Some(_) if current.is_some_and(is_template) => return,
        Some(_) => {
            let current = current.unwrap_or_default();
            let message = format!("`{NAME}` is \"{current}\", and calico-node would terminate: it must be from 116 to 128");
            return plan.error(&BLOCK_SIZE_WRONG, place().with_current(current), message);
        }
    };
    if range.prefix() > size {
        let message = format!(
            "the IPv6 pool \"{range}\" is smaller than a block of /{size}, and calico-node would terminate (\"IP pool size is too small\"): give a longer `ipv6BlockSize`, or a larger range"
        );
        plan.error(&BLOCK_SIZE_WRONG, place(), message);
    }
}

fn nat(package: &Package<'_>, node: &Container<'_>, (config, range): (&Config, Cidr), plan: &mut Plan) {
    const NAME: &str = "CALICO_IPV6POOL_NAT_OUTGOING";
    let current = node.env_text(package, NAME);
    let (is_on, wanted) = (current.is_some_and(startup_bool), nat_outgoing(config, range));
    let place = || node.place(package, NAME);
    match (config.nat_outgoing, current) {
        (None, Some(text)) if wanted && !is_on && !is_template(text) => {
            let message = format!(
                "`{NAME}` is \"{text}\", but \"{range}\" is unique-local: pods do not reach the IPv6 internet; say which is meant with `natOutgoing`"
            );
            return plan.warning(&NAT_OFF, place().with_current(text), message);
        }
        (None, None) => ipv6_advice::global_range(place(), range, config, plan),
        _ => {}
    }
    if wanted != is_on && (wanted || config.nat_outgoing.is_some()) {
        let effect = if wanted { "pods reach the outside with their node's address" } else { "pods keep their own address on the way out" };
        let value = if wanted { "true" } else { "false" };
        set(package, node, Setting { name: NAME, value, rule: &NAT, effect }, plan);
    }
}

fn vxlan(package: &Package<'_>, install: &Install<'_>, node: &Container<'_>, config: &Config, plan: &mut Plan) {
    let current = node.env_text(package, VXLAN_NAME).and_then(vxlan_mode);
    let Some(mode) = usable_vxlan(package, install, node, config, plan) else {
        if config.ipv6_encapsulation == Some(Encapsulation::None) && current.is_some() {
            let effect = "IPv6 packets of pods travel as they are, as `ipv6Encapsulation` says";
            set(package, node, Setting { name: VXLAN_NAME, value: "Never", rule: &VXLAN, effect }, plan);
        }
        return;
    };
    if node.env_text(package, IPV4_POOL_NAME) == Some("none") && config.mode == Mode::Ipv6Only {
        let message = format!(
            "`{IPV4_POOL_NAME}` is \"none\", and then calico-node does not read `{VXLAN_NAME}`: the IPv6 pool would be made without VXLAN"
        );
        plan.warning(&VXLAN_NOT_READ, node.place(package, IPV4_POOL_NAME), message);
    }
    if current != Some(mode) {
        let effect = "IPv6 packets of pods travel in VXLAN between nodes";
        set(package, node, Setting { name: VXLAN_NAME, value: mode, rule: &VXLAN, effect }, plan);
    }
}

/// The VXLAN mode of the IPv6 pool, where this Calico has one; what must be said about it.
fn usable_vxlan(
    package: &Package<'_>,
    install: &Install<'_>,
    node: &Container<'_>,
    config: &Config,
    plan: &mut Plan,
) -> Option<&'static str> {
    let place = Place::at(node.resource, &node.path);
    let wanted = ip_pools::ipv6_vxlan(package, node, install.backend, config);
    if wanted.is_none() && install.backend == Backend::Vxlan {
        let message = "`ipv6Encapsulation` is \"None\", but with backend \"vxlan\" IPv6 pods of two nodes would have no routes to each other: use \"VXLAN\" or \"VXLANCrossSubnet\"";
        plan.error(&NO_ROUTES, place.clone(), message);
    }
    let (mode, release) = (wanted?, install.release(config));
    if !release.has(VXLAN_SINCE, plan) {
        let what = match (install.backend, config.ipv6_encapsulation) {
            (Backend::Vxlan, _) => "IPv6 pods of two nodes would have no routes to each other; update Calico first",
            (_, Some(_)) => "leave `ipv6Encapsulation` out, or update Calico first",
            (_, None) => return None,
        };
        let message = format!("{release} has no VXLAN for IPv6, which came with {VXLAN_SINCE}: {what}");
        plan.error(&NO_ROUTES, place, message);
        return None;
    }
    ipv6_advice::vxlan_kernel(place, plan);
    Some(mode)
}

/// With `NO_DEFAULT_POOLS=true`.
fn as_object(package: &Package<'_>, install: &Install<'_>, node: &Container<'_>, (config, range): (&Config, Cidr), plan: &mut Plan) {
    for name in [IPV4_POOL_NAME, POOL_NAME] {
        if let Some(text) = node.env_text(package, name).filter(|text| !text.is_empty()) {
            let message =
                format!("`{name}` is \"{text}\" beside `NO_DEFAULT_POOLS` \"true\", and calico-node terminates: remove one of them");
            plan.error(&NO_DEFAULT_POOLS, node.place(package, name), message);
        }
    }
    // An Installation makes its own pools.
    if ip_pools::has_pool(package, Family::V6) || package.of_kind("operator.tigera.io", "Installation").next().is_some() {
        return;
    }
    if node.env_text(package, "DATASTORE_TYPE") != Some("kubernetes") {
        let message =
            format!("`NO_DEFAULT_POOLS` is \"true\" and the datastore is etcd: create an IPPool for \"{range}\" with calicoctl first");
        return plan.warning(&POOL_IN_ETCD, node.place(package, "NO_DEFAULT_POOLS"), message);
    }
    let message =
        format!("IPPool default-ipv6-ippool added for \"{range}\": with `NO_DEFAULT_POOLS` \"true\", calico-node creates no pool");
    let vxlan = usable_vxlan(package, install, node, config, plan).unwrap_or("Never");
    ipv6_advice::global_range(Place::at(node.resource, &node.path), range, config, plan);
    plan.add(node.resource, &POOL_OBJECT, ip_pools::ipv6_object(package, config, range, vxlan, "all()"), message);
}
