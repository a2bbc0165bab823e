//! The operator's pools have a pod range of their family in what the cluster is set up with.
//!
//! Where the platform says a range of the family, the pool must be within that one: [`super::agreement`] sees to it.
//!
//! # Sources
//! tigera/operator pkg/controller/ippool/defaults.go mergePlatformPodCIDRs: `podSubnet` of the ConfigMap `kubeadm-config`,
//! `clusterNetwork` of OpenShift's Network; asked while the cluster has no pools yet.

use super::{Check, Seen};
use crate::facts::{RangeFact, Role, Source};
use crate::plan::{Plan, Rule};

pub(super) const CHECK: Check = Check { name: "pools", rules: &[&OUTSIDE], check };

static OUTSIDE: Rule = Rule {
    id: "calico-operator-pool-outside",
    title: "The platform has no pod range of the family of a pool",
    why: "On a new cluster the operator refuses the Installation: \"IPPool is not within the platform's configured pod network CIDR(s)\".",
    remedy: "Give the platform a pod range of the family, too; OpenShift takes it together with a range of Services (`ipv6ServiceCIDR`).",
    source: "https://github.com/tigera/operator/blob/HEAD/pkg/controller/ippool/defaults.go mergePlatformPodCIDRs",
};

fn check(seen: &Seen<'_>, plan: &mut Plan) {
    let pods = || seen.facts.ranges.iter().filter(|fact| fact.role == Role::Pods);
    for platform in pods().filter(|fact| matches!(fact.source, Source::Kubeadm | Source::OpenShift)) {
        for pool in pods().filter(|fact| fact.source == Source::Installation) {
            compare(seen, platform, pool, plan);
        }
    }
}

fn compare(seen: &Seen<'_>, platform: &RangeFact, pool: &RangeFact, plan: &mut Plan) {
    let said = platform.ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    for range in pool.ranges.iter().filter(|range| platform.of(range.family()).is_none()) {
        let message = format!(
            "IPPool {range} is not within the platform's configured pod network CIDR(s) [{said}], so the operator refuses it on a new cluster: {} must have an {} range, too",
            seen.name(&platform.place),
            range.family()
        );
        plan.error(&OUTSIDE, pool.place.clone().with_current(range.to_string()), message);
    }
}
