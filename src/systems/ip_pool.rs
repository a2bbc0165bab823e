//! Calico's IPPool objects: an IPv6 pool is one that Calico accepts, and that works.
//!
//! # Recognises
//! IPPool of `projectcalico.org` and of `crd.projectcalico.org`, which skips validation.
//!
//! # Changes
//! The range of an IPv6 pool is in canonical form, and its `ipipMode` is `Never`. `natOutgoing`, `vxlanMode` and `blockSize`
//! of it are what the configuration asks for, where it asks. Beside IPv4 pools alone, an IPv6 pool is added where an
//! Installation leaves the pools to such objects (`ipPools: []`), or where `ipv6PoolObject` asks for it.
//!
//! # Leaves alone
//! IPv4 pools, and pools that the operator keeps: it would undo the edit. The range itself: it cannot be changed in a
//! cluster, so one that contradicts the configuration is an error of the checks.
//!
//! # Sources
//! https://docs.tigera.io/calico/latest/reference/resources/ippool; projectcalico/calico v3.32.1
//! libcalico-go/lib/clientv3/ippool.go; tigera/operator pkg/controller/ippool/pool_controller.go (`hasOwner`).

use super::System;
use super::shared::calico::{Install, Release, installs};
use super::shared::ip_pools::{
    VXLAN_SINCE, has_pool, ip_pools, ipv6_object, is_kept_by_operator, makes_no_pools, pod_range, vxlan_mode, written_ipv4_pool,
};
use super::shared::ipv6_advice::{self, GLOBAL_RANGE, RUNNING_PODS, UNENCAPSULATED, VXLAN_KERNEL};
use super::shared::ipv6_pool::{BLOCK_SIZE, CANONICAL, NAT_OUTGOING, NO_IPIP, POOL_OBJECT, block_size_error, no_nat_outgoing};
use super::shared::ranges::is_placeholder;
use super::shared::workload::Container;
use crate::cidr::{Cidr, Family};
use crate::config::{Config, Encapsulation, Mode};
use crate::facts::{Facts, Role, Source};
use crate::package::{Package, Resource};
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Op, Path};

pub(super) const SYSTEM: System = System {
    name: "ip_pool",
    recognises: "Calico's IPPool",
    rules: &[
        &RANGE,
        &ENCAPSULATION,
        &IPV4_POOL,
        &OPERATOR_MANAGED,
        &CANONICAL,
        &NO_IPIP,
        &NAT_OUTGOING,
        &BLOCK_SIZE,
        &POOL_OBJECT,
        &GLOBAL_RANGE,
        &RUNNING_PODS,
        &UNENCAPSULATED,
        &VXLAN_KERNEL,
    ],
    facts,
    plan,
};

static RANGE: Rule = Rule {
    id: "calico-pool-range",
    title: "The range of a pool cannot be read",
    why: "Calico refuses the pool: \"IPPool CIDR must be a valid subnet\". Where a template fills it in, its family is not known here.",
    remedy: "Write one range with its prefix length, such as \"fd00:10:244::/56\".",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/libcalico-go/lib/validator/v3/validator.go validateIPPoolSpec",
};
static ENCAPSULATION: Rule = Rule {
    id: "calico-pool-encapsulation",
    title: "The encapsulation of an IPv6 pool is as asked",
    why: "Packets between nodes travel as the pool says: without encapsulation, the network must have routes to the pods.",
    remedy: "`vxlanMode` must say what `ipv6Encapsulation` asks for.",
    source: "https://docs.tigera.io/calico/latest/reference/resources/ippool",
};
static OPERATOR_MANAGED: Rule = Rule {
    id: "calico-pool-operator-managed",
    title: "The operator keeps this pool",
    why: "The Tigera operator makes the pool as the Installation says, and undoes every other edit.",
    remedy: "Correct the pool in the Installation.",
    source: "https://github.com/tigera/operator/blob/HEAD/pkg/controller/ippool/pool_controller.go hasOwner",
};
static IPV4_POOL: Rule = Rule {
    id: "calico-pool-ipv4",
    title: "An IPv4 pool in an IPv6-only cluster",
    why: "calico-ipam goes on giving out addresses of the pool where the CNI config assigns IPv4.",
    remedy: "Delete the pool when no pod uses it any more.",
    source: "https://docs.tigera.io/calico/latest/networking/ipam/migrate-pools",
};

/// Of a family, the only pool of the package is the whole range of pods; of several, each is a part. IPv4 pools beside
/// those that the installation makes are for special pods, and Calico only recommends that they are within the cluster
/// CIDR (https://docs.tigera.io/calico/latest/networking/ipam/migrate-pools): they say nothing about the range, and no more
/// do those of either family that choose no node
/// (https://docs.tigera.io/calico/latest/reference/resources/ippool#node-selector).
fn facts(package: &Package<'_>, facts: &mut Facts) {
    let installed = package.of_kind("operator.tigera.io", "Installation").next().is_some() || !installs(package).is_empty();
    for family in [Family::V4, Family::V6] {
        let beside = installed || facts.saying(Role::Pods, family).any(|(fact, _)| fact.source <= Source::IpPool);
        let ranges = ip_pools(package).filter_map(|pool| Some((pool, pod_range(pool)?.1)));
        let chooses_none = |pool: &Resource<'_>| pool.root().text_at(&["spec", "nodeSelector"]) == Some("!all()");
        let is_special = |pool: &Resource<'_>| beside && (family == Family::V4 || chooses_none(pool));
        let ranges: Vec<_> = ranges.filter(|(pool, range)| range.family() == family && !is_special(pool)).collect();
        let say = if ranges.len() == 1 && !beside { Facts::whole } else { Facts::part };
        for (pool, range) in ranges {
            say(facts, Role::Pods, Source::IpPool, pool, &Path::of(&["spec", "cidr"]), vec![range]);
        }
    }
    for pool in ip_pools(package).filter(|pool| no_range(pool).is_some()) {
        facts.part(Role::Pods, Source::IpPool, pool, &Path::of(&["spec", "cidr"]), Vec::new());
    }
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    for pool in ip_pools(package) {
        unreadable(pool, plan);
        let Some((text, range)) = pod_range(pool) else { continue };
        let place = Place::at(pool, &Path::of(&["spec", "cidr"]));
        match range.family() {
            Family::V6 if is_kept_by_operator(pool) => {
                if range.to_string() != text {
                    let message = format!(
                        "the range of the pool must be \"{range}\", its canonical form, but the Tigera operator keeps the pool: write it so in the Installation resource"
                    );
                    plan.warning(&OPERATOR_MANAGED, place.with_current(text).with_proposed(range.to_string()), message);
                }
            }
            Family::V6 => ipv6(pool, range, config, plan),
            Family::V4 if config.mode == Mode::Ipv6Only => {
                plan.warning(&IPV4_POOL, place, format!("the IPv4 pool \"{range}\" stays: delete it when no pod uses it any more"));
            }
            Family::V4 => {}
        }
    }
    if let (Some(range), false) = (config.ipv6_pod_cidr, has_pool(package, Family::V6)) {
        add(package, range, config, plan);
    }
}

/// The text of `cidr` that is no range, and why.
fn no_range<'p>(pool: &'p Resource<'_>) -> Option<(&'p str, String)> {
    let text = pool.root().text_at(&["spec", "cidr"])?;
    Some((text, Cidr::parse(text).err()?))
}

/// Says of a range that is none what Calico says; a marker that another tool fills in is not wrong.
fn unreadable(pool: &Resource<'_>, plan: &mut Plan) {
    let Some((text, reason)) = no_range(pool) else { return };
    let place = Place::at(pool, &Path::of(&["spec", "cidr"])).with_current(text);
    if is_placeholder(text) {
        let message = format!("`cidr` of the pool is filled in later (\"{text}\"): make sure that one of the pools is IPv6");
        plan.warning(&RANGE, place, message);
    } else {
        let message = format!(
            "`cidr` of the pool must be a range such as \"10.244.0.0/16\", but \"{text}\" {reason}: \"IPPool CIDR must be a valid subnet\""
        );
        plan.error(&RANGE, place, message);
    }
}

/// The IPv6 pool beside an IPv4 pool: where it is asked for, and where an Installation leaves the pools to such objects. With
/// `NO_DEFAULT_POOLS`, `calico_pool` adds it.
fn add(package: &Package<'_>, range: Cidr, config: &Config, plan: &mut Plan) {
    let Some(like) = written_ipv4_pool(package) else { return };
    let is_empty = |installation: &Resource<'_>| {
        installation
            .root()
            .at(&["spec", "calicoNetwork", "ipPools"])
            .is_some_and(|pools| !pools.is_null() && pools.items().next().is_none())
    };
    let left_to_objects = package.of_kind("operator.tigera.io", "Installation").any(is_empty);
    let installs = installs(package);
    let by_node = |node: &Container<'_>| makes_no_pools(package, node);
    if !(left_to_objects || config.ipv6_pool_object) || installs.iter().filter_map(Install::networking_node).any(by_node) {
        return;
    }
    let release = installs.first().map_or_else(|| Release::configured(like, config), |install| install.release(config));
    let said = |key: &str| like.root().text_at(&["spec", key]);
    let place = Place::at(like, &Path::of(&["spec", "vxlanMode"]));
    let wanted = config.ipv6_encapsulation.map_or_else(|| said("vxlanMode").and_then(vxlan_mode).unwrap_or("Never"), mode);
    let vxlan = match wanted {
        "Never" => "Never",
        _ if !release.is_older_than(VXLAN_SINCE) => wanted,
        _ if config.ipv6_encapsulation.is_some() => {
            let message =
                format!("{release} has no VXLAN for IPv6, which came with {VXLAN_SINCE}, and refuses the IPv6 pool: update it first");
            return plan.error(&ENCAPSULATION, place, message);
        }
        _ => "Never",
    };
    match (vxlan, said("ipipMode"), wanted) {
        ("Never", Some("Always" | "CrossSubnet"), _) if config.ipv6_encapsulation.is_none() => {
            ipv6_advice::unencapsulated(place, "in IPIP, which does not exist for IPv6", plan);
        }
        ("Never", _, "Never") => {}
        ("Never", _, _) => ipv6_advice::unencapsulated(place, "in VXLAN, which IPv6 has from v3.23", plan),
        _ => ipv6_advice::vxlan_kernel(place, plan),
    }
    ipv6_advice::global_range(Place::at(like, &Path::of(&["spec", "cidr"])), range, config, plan);
    ipv6_advice::running_pods("", plan);
    let why = if left_to_objects { "`ipPools` of the Installation is empty" } else { "`ipv6PoolObject` asks for it" };
    let pool = ipv6_object(package, config, range, vxlan, said("nodeSelector").unwrap_or("all()"));
    plan.add(like, &POOL_OBJECT, pool, format!("IPPool default-ipv6-ippool added for \"{range}\": {why}"));
}

/// The mode of a pool whose packets travel like that.
fn mode(encapsulation: Encapsulation) -> &'static str {
    match encapsulation {
        Encapsulation::None => "Never",
        Encapsulation::Vxlan => "Always",
        Encapsulation::VxlanCrossSubnet => "CrossSubnet",
    }
}

fn ipv6(pool: &Resource<'_>, range: Cidr, config: &Config, plan: &mut Plan) {
    let at = |key: &str| Path::of(&["spec", key]);
    let said = |key: &str| pool.root().text_at(&["spec", key]);
    let message = format!("range of the IPv6 pool written in canonical form \"{range}\"");
    plan.want(pool, &CANONICAL, Op::is(at("cidr"), range.to_string()), message);
    if !matches!(said("ipipMode"), None | Some("Never" | "")) {
        plan.want(
            pool,
            &NO_IPIP,
            Op::is(at("ipipMode"), "Never"),
            "`ipipMode` of the IPv6 pool set to \"Never\": IPIP does not carry IPv6",
        );
    }
    if let Some(asked) = config.ipv6_encapsulation {
        let mode = mode(asked);
        if said("vxlanMode").unwrap_or("Never") != mode {
            let message = format!("`vxlanMode` of the IPv6 pool set to \"{mode}\", as the functionConfig asks");
            plan.want(pool, &ENCAPSULATION, Op::is(at("vxlanMode"), mode), message);
        }
    }
    let nat = said("natOutgoing") == Some("true");
    match config.nat_outgoing {
        Some(asked) if asked != nat => {
            let message = format!("`natOutgoing` of the IPv6 pool set to {asked}, as the functionConfig asks");
            plan.want(pool, &NAT_OUTGOING, Op::is(at("natOutgoing"), asked), message);
        }
        None if !nat && range.is_unique_local() => {
            plan.warning(&NAT_OUTGOING, Place::at(pool, &at("natOutgoing")), no_nat_outgoing(range));
        }
        _ => {}
    }
    let size = said("blockSize").and_then(|size| size.parse().ok());
    if let Some(message) = block_size_error(range, size, config) {
        plan.error(&BLOCK_SIZE, Place::at(pool, &at("blockSize")), message);
    } else if let Some(size) = config.ipv6_block_size {
        let message = format!("blocks of the IPv6 pool set to /{size}, as the functionConfig asks");
        plan.want(pool, &BLOCK_SIZE, Op::is(at("blockSize"), u32::from(size)), message);
    }
}
