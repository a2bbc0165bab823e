//! The pools of Calico do not overlap each other.
//!
//! # Sources
//! projectcalico/calico v3.32.1 libcalico-go/lib/clientv3/ippool.go validateAndSetDefaults;
//! node/pkg/lifecycle/startup/startup.go configureIPPools: calico-node makes `default-ipv4-ippool` and `default-ipv6-ippool`, of
//! each family where there is no pool yet.

use std::collections::HashSet;

use super::{Check, Seen};
use crate::cidr::{Cidr, Family};
use crate::facts::{RangeFact, Role, Source};
use crate::plan::{Plan, Rule, Severity};

pub(super) const CHECK: Check = Check { name: "pools_apart", rules: &[&OVERLAP], check };

static OVERLAP: Rule = Rule {
    id: "pools-overlap",
    title: "Two pools of Calico overlap",
    why: "Calico refuses the second one: \"IPPool(...) CIDR overlaps with IPPool(...) CIDR\". Through crd.projectcalico.org, which checks nothing, both give out the same addresses.",
    remedy: "Use pools that are apart, or one of the two alone.",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/libcalico-go/lib/clientv3/ippool.go",
};

/// A pool, by what says it.
#[derive(Clone, Copy)]
struct Pool<'a> {
    fact: &'a RangeFact,
    range: Cidr,
    /// The name of the IPPool, where it is known.
    name: Option<&'a str>,
}

fn check(seen: &Seen<'_>, plan: &mut Plan) {
    let pools: Vec<_> = seen.facts.ranges.iter().filter(|fact| fact.role == Role::Pods && fact.source.is_pool()).collect();
    let pools = pools.into_iter().flat_map(|fact| fact.ranges.iter().map(move |range| pool(seen, fact, *range)));
    // The pool of a family that calico-node makes is one, however many DaemonSets say it.
    let mut made = HashSet::new();
    let pools: Vec<_> = pools.filter(|pool| pool.fact.source != Source::CalicoNode || made.insert((pool.name, pool.range))).collect();
    for (at, one) in pools.iter().enumerate() {
        for other in &pools[at + 1..] {
            if one.range.overlaps(other.range) {
                compare(seen, *one, *other, plan);
            }
        }
    }
}

fn pool<'a>(seen: &'a Seen<'_>, fact: &'a RangeFact, range: Cidr) -> Pool<'a> {
    let object = fact.place.resource.and_then(|index| seen.package.all().get(index));
    let name = match (fact.source, range.family()) {
        (Source::IpPool, _) => object.map(|object| &*object.name),
        (Source::CalicoNode, Family::V4) => Some("default-ipv4-ippool"),
        (Source::CalicoNode, Family::V6) => Some("default-ipv6-ippool"),
        _ => None,
    };
    Pool { fact, range, name }
}

fn compare(seen: &Seen<'_>, one: Pool<'_>, other: Pool<'_>, plan: &mut Plan) {
    let same = one.range == other.range;
    let objects = (one.fact.source, other.fact.source) == (Source::IpPool, Source::IpPool);
    let in_one_object = one.fact.place.resource == other.fact.place.resource;
    // Two that are one: in an overlay, or written out beside its maker. Other ranges than its maker's are said elsewhere.
    let is_one = match (one.fact.source, other.fact.source) {
        (Source::Installation, Source::Installation) => !in_one_object,
        (Source::Installation, _) | (_, Source::Installation) => same,
        _ => one.name == other.name,
    };
    if is_one {
        return;
    }
    let (severity, advice) = match one.range.family() {
        // calico-node makes its pool only where there is none of the family.
        _ if !objects && !in_one_object && same => (
            Severity::Info,
            "; the one that comes second is refused: give the object that name, or let calico-node make no pools (`NO_DEFAULT_POOLS`)",
        ),
        // What is there already works somehow.
        Family::V4 => (Severity::Warning, ""),
        Family::V6 => (Severity::Error, ""),
    };
    let name = |pool: Pool<'_>| pool.name.map_or_else(|| pool.range.to_string(), str::to_owned);
    let message = format!(
        "the pools of {} and {} overlap: \"IPPool({}) CIDR overlaps with IPPool({}) CIDR {}\"{advice}",
        seen.name(&one.fact.place),
        seen.name(&other.fact.place),
        name(other),
        name(one),
        one.range
    );
    plan.find(severity, &OVERLAP, other.fact.place.clone(), message);
}
