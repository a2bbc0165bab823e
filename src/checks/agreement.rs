//! All places that say a range say the same one (L8).
//!
//! # Sources
//! Calico documentation, networking/dual-stack.md: `CALICO_IPV6POOL_CIDR` must be "the same as the IPv6 range you
//! provided to kube-controller-manager and kube-proxy"; tigera/operator pkg/controller/ippool/defaults.go: pools within
//! the range of kubeadm or OpenShift; projectcalico/calico#6545: the range of kube-proxy covers the pools.

use std::fmt::Write as _;

use super::{Check, Seen};
use crate::cidr::{Cidr, Family};
use crate::facts::{Facts, RangeFact, Role, Source};
use crate::plan::{Plan, Rule};

pub(super) const CHECK: Check = Check { name: "agreement", rules: &[&DISAGREE, &OUTSIDE], check };

static DISAGREE: Rule = Rule {
    id: "ranges-disagree",
    title: "Two places say different ranges",
    why: "Pods get addresses that other components take for foreign: no routes, wrong NAT, policies that do not match.",
    remedy: "Make all places say the same range, or give it in the functionConfig.",
    source: "https://docs.tigera.io/calico/latest/networking/ipam/ipv6",
};
static OUTSIDE: Rule = Rule {
    id: "pool-outside-cluster-range",
    title: "A pool is not within the cluster's range",
    why: "The Tigera operator degrades (\"IPPool is not within the platform's configured pod network CIDR(s)\"), and kube-proxy takes pods for strangers: their traffic gets another source address.",
    remedy: "Put the pool into the cluster's range, or change that everywhere.",
    source: "https://github.com/tigera/operator/blob/master/pkg/controller/ippool/defaults.go mergePlatformPodCIDRs; https://github.com/projectcalico/calico/issues/6545",
};

/// How many places a message names.
const MOST: usize = 12;

fn check(seen: &Seen<'_>, plan: &mut Plan) {
    for (role, family, given) in seen.given.ranges() {
        let mut saying: Vec<_> = seen.facts.saying(role, family).collect();
        saying.sort_by_key(|(fact, _)| fact.source);
        let Some(expected) = Expected::of(seen.facts, role, family, given) else { continue };
        for (fact, range) in &saying {
            if !expected.is_met_by(fact, *range) {
                say(seen, &saying, (fact, *range), &expected, (role, family), plan);
            }
        }
    }
}

/// What the others must agree with.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    /// The range of the cluster.
    pub range: Cidr,
    /// Who says so; nobody: the configuration.
    pub by: Option<Source>,
}

impl Expected {
    /// What all places that say a range of `role` and `family` must agree with, if anybody says it; `given` is what the
    /// configuration says. It speaks first, then who is told the range of the cluster, then a pool of Calico.
    pub fn of(facts: &Facts, role: Role, family: Family, given: Option<Cidr>) -> Option<Self> {
        let whole = || facts.saying(role, family).filter(|(fact, _)| fact.whole);
        let by_first = |(fact, _): &(&RangeFact, Cidr)| (fact.source.is_pool(), fact.source);
        match given {
            Some(range) => Some(Self { range, by: None }),
            None => whole().min_by_key(by_first).map(|(fact, range)| Self { range, by: Some(fact.source) }),
        }
    }

    /// Whether the `range` of `fact` is the expected one, or a part of it where that is enough.
    pub fn is_met_by(&self, fact: &RangeFact, range: Cidr) -> bool {
        let by_pool = self.by.is_some_and(Source::is_pool);
        match fact.source {
            _ if !fact.whole => self.range.contains(range),
            source if source.is_pool() && !by_pool => self.range.contains(range),
            // It needs to know what a pod's address is, and no more than that: its range covers the pools.
            Source::KubeProxy => range.contains(self.range),
            _ => range == self.range,
        }
    }
}

/// Names both sides, and every place that speaks.
fn say(
    seen: &Seen<'_>,
    saying: &[(&RangeFact, Cidr)],
    (fact, range): (&RangeFact, Cidr),
    expected: &Expected,
    (role, family): (Role, Family),
    plan: &mut Plan,
) {
    let outside = fact.source.is_pool() && role == Role::Pods && expected.by.is_none_or(|source| !source.is_pool());
    let must = match fact.source {
        _ if outside || !fact.whole => "must be within",
        Source::KubeProxy => "must be, or hold,",
        _ => "must be",
    };
    let by = expected.by.map_or("the functionConfig", Source::name);
    let mut message = format!(
        "the {family} {} range of {} {must} \"{}\", as {by} says, not \"{range}\"; the places that say one:",
        role.word(),
        fact.source.name(),
        expected.range
    );
    for (index, (fact, range)) in saying.iter().take(MOST).enumerate() {
        let _ = write!(message, "{} {} \"{range}\"", if index == 0 { "" } else { "," }, seen.name(&fact.place));
    }
    if saying.len() > MOST {
        let _ = write!(message, " and {} more", saying.len() - MOST);
    }
    if outside && expected.by == Some(Source::Kubeadm) {
        let _ = write!(message, "; \"IPPool {range} is not within the platform's configured pod network CIDR(s)\"");
    }
    let place = fact.place.clone().with_current(range.to_string()).with_proposed(expected.range.to_string());
    let why = if outside { &OUTSIDE } else { &DISAGREE };
    // What is there already works somehow; what is added, or asked for, must be right.
    if family == Family::V6 || expected.by.is_none() {
        plan.error(why, place, message);
    } else {
        plan.warning(why, place, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::package::Package;
    use crate::systems;

    #[test]
    fn a_message_names_so_many_places_and_no_more() {
        let proxy = |n| format!("apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nclusterCIDR: fd00:{n}::/56\n");
        let text: Vec<_> = (1..=14).map(proxy).collect();
        let text = text.join("---\n");
        let package = Package::read(&text).expect("YAML");
        let given = Config { ipv6_pod_cidr: Cidr::parse("fd00:1::/56").ok().map(|parsed| parsed.cidr), ..Config::default() };
        let facts = systems::facts(&package);
        let mut plan = Plan::default();
        check(&Seen { package: &package, facts: &facts, config: &given, given: &given }, &mut plan);
        assert_eq!(plan.findings.len(), 13);
        let message = &plan.findings[0].message;
        assert!(message.ends_with("\"fd00:12::/56\" and 2 more"), "{message}");
    }
}
