//! The primary family, that of the first range, is the same everywhere (L2).
//!
//! # Sources
//! KEP-563: "the first element of the --service-cluster-ip-range flag MUST NOT change IP families"; kubernetes v1.33
//! cmd/kube-apiserver/app/options/validation.go: "service IP family must match public address family".

use std::net::IpAddr;

use super::{Check, Seen, list};
use crate::cidr::{Cidr, Family};
use crate::facts::{AddressOf, RangeFact, Role};
use crate::plan::{Plan, Rule};

pub(super) const CHECK: Check = Check { name: "primary", rules: &[&ADDRESS, &ORDER], check };

static ADDRESS: Rule = Rule {
    id: "primary-family-of-api-server",
    title: "The first service range is of another family than the address of kube-apiserver",
    why: "kube-apiserver does not start: \"service IP family must match public address family\".",
    remedy: "The first service range must be of the family of `advertiseAddress`.",
    source: "https://github.com/kubernetes/kubernetes/blob/v1.33.0/cmd/kube-apiserver/app/options/validation.go",
};
static ORDER: Rule = Rule {
    id: "primary-family-differs",
    title: "Two places have another family first",
    why: "The first range says what the primary family is; where places differ, a Pod's first address and its Service are of different families.",
    remedy: "Write the ranges in the same order everywhere, that of the running cluster.",
    source: "https://github.com/kubernetes/enhancements/tree/master/keps/sig-network/563-dual-stack",
};

fn check(seen: &Seen<'_>, plan: &mut Plan) {
    let mut facts: Vec<(&RangeFact, Cidr)> = seen.of_the_cluster().filter_map(|fact| Some((fact, *fact.ranges.first()?))).collect();
    facts.sort_by_key(|(fact, _)| (fact.role, fact.source));
    if let Some((first, range)) = facts.first() {
        for (fact, other) in facts.iter().filter(|(_, other)| other.family() != range.family()) {
            let message = format!(
                "the {} ranges of {} begin with {} (\"{}\"), but the {} ranges in {} begin with {}: the primary family must be the same everywhere",
                fact.role.word(),
                fact.source.name(),
                other.family(),
                list(fact),
                first.role.word(),
                seen.name(&first.place),
                range.family()
            );
            plan.warning(&ORDER, fact.place.clone().with_current(list(fact)), message);
        }
    }
    for address in seen.facts.addresses.iter().filter(|address| address.of == AddressOf::ApiServer) {
        // What the same object says, if it does, is what its kube-apiserver reads.
        let of_services = || facts.iter().filter(|(fact, _)| fact.role == Role::Services);
        let services = of_services().find(|(fact, _)| fact.place.resource == address.place.resource).or_else(|| of_services().next());
        if let (Some((fact, range)), Some(advertised)) = (services, address.addresses.first())
            && range.family() != family(*advertised)
        {
            let message = format!(
                "kube-apiserver advertises an {} address, but the first service range in {} is {}: \"service IP family \"{range}\" must match public address family \"{advertised}\"\"",
                family(*advertised),
                seen.name(&fact.place),
                range.family()
            );
            plan.error(&ADDRESS, address.place.clone(), message);
        }
    }
}

fn family(address: IpAddr) -> Family {
    if address.is_ipv4() { Family::V4 } else { Family::V6 }
}
