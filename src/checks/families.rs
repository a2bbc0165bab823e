//! A list of ranges has one of each family at most (L1).
//!
//! # Sources
//! kubernetes v1.33 cmd/kube-apiserver/app/options/validation.go, cmd/kube-controller-manager/app/core.go,
//! pkg/proxy/apis/config/validation, cmd/kubeadm/app/apis/kubeadm/validation.

use super::{Check, Seen, list};
use crate::facts::{RangeFact, Role, Source};
use crate::plan::{Plan, Rule};

pub(super) const CHECK: Check = Check { name: "families", rules: &[&FAMILIES], check };

static FAMILIES: Rule = Rule {
    id: "ranges-of-each-family",
    title: "A list of ranges has more than one of a family",
    why: "The component does not start.",
    remedy: "Write one range, or one of each family.",
    source: "https://github.com/kubernetes/kubernetes/blob/v1.33.0/cmd/kube-apiserver/app/options/validation.go",
};

fn check(seen: &Seen<'_>, plan: &mut Plan) {
    for fact in seen.of_the_cluster() {
        let quote = match *fact.ranges {
            [first, second] if first.family() == second.family() => same_family(fact),
            [_, _, _, ..] => too_many(fact),
            _ => continue,
        };
        let message = format!(
            "the {} ranges of {} must be one of each family, not \"{}\": \"{quote}\"",
            fact.role.word(),
            fact.source.name(),
            list(fact)
        );
        plan.error(&FAMILIES, fact.place.clone().with_current(list(fact)), message);
    }
}

fn same_family(fact: &RangeFact) -> &'static str {
    match (fact.source, fact.role) {
        (Source::KubeApiserver, _) => "--service-cluster-ip-range[0] and --service-cluster-ip-range[1] must be of different IP family",
        (Source::KubeControllerManager, Role::Services) => {
            "serviceCIDR and secondaryServiceCIDR are not dualstack (from different IPfamiles)"
        }
        (Source::KubeControllerManager | Source::CloudControllerManager, Role::Pods) => {
            "len of ClusterCIDRs==2 and they are not configured as dual stack (at least one from each IPFamily"
        }
        (Source::KubeProxy, _) => "only one CIDR allowed or a valid DualStack CIDR (e.g. 10.100.0.0/16,fde4:8dba:82e1::/48)",
        _ => "expected one (IPv4 or IPv6) CIDR or two CIDRs from each family for dual-stack networking",
    }
}

fn too_many(fact: &RangeFact) -> &'static str {
    match (fact.source, fact.role) {
        (Source::KubeApiserver, _) => "--service-cluster-ip-range must not contain more than two entries",
        (Source::KubeControllerManager, Role::Services) => "--service-cluster-ip-range can not contain more than two entries",
        (Source::KubeControllerManager | Source::CloudControllerManager, Role::Pods) => {
            "length of clusterCIDRs is:3 more than max allowed of 2"
        }
        _ => same_family(fact),
    }
}
