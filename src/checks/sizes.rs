//! Service ranges are not too large, no range is too small (L3, L4).
//!
//! # Sources
//! kubernetes v1.33 cmd/kube-apiserver/app/options/validation.go (no limit from v1.34 on, with its default gates),
//! cmd/kubeadm/app/apis/kubeadm/validation (in all versions); kubernetes/kubernetes#129797.

use super::{Check, Seen};
use crate::cidr::{Cidr, Family};
use crate::facts::{RangeFact, Role, Source};
use crate::plan::{Plan, Rule};
use crate::version::Version;

pub(super) const CHECK: Check = Check { name: "sizes", rules: &[&TOO_LARGE, &TOO_SMALL, &BROKEN_IN_1_32], check };

static TOO_LARGE: Rule = Rule {
    id: "service-range-too-large",
    title: "A service range is too large",
    why: "kube-apiserver and kubeadm refuse more than 20 bits of addresses: \"the mask must be >= 108\".",
    remedy: "Use /112 for IPv6, /12 to /16 for IPv4.",
    source: "https://github.com/kubernetes/kubernetes/blob/v1.33.0/cmd/kube-apiserver/app/options/validation.go",
};
static TOO_SMALL: Rule = Rule {
    id: "range-too-small",
    title: "A range is too small",
    why: "kubeadm refuses it: \"subnet with %d address(es) is too small, the minimum is %d\".",
    remedy: "Use /112 for Services, /56 for Pods.",
    source: "https://github.com/kubernetes/kubernetes/tree/v1.33.0/cmd/kubeadm/app/apis/kubeadm/validation ValidateIPNetFromString",
};
static BROKEN_IN_1_32: Rule = Rule {
    id: "service-range-v1-32",
    title: "Kubernetes v1.32 fails with an IPv6 service range larger than /112",
    why: "A Service with `ipFamilyPolicy: RequireDualStack` cannot be created.",
    remedy: "Use /112, or another version.",
    source: "https://github.com/kubernetes/kubernetes/issues/129797",
};

fn check(seen: &Seen<'_>, plan: &mut Plan) {
    let version = seen.config.kubernetes_version;
    for fact in seen.of_the_cluster() {
        for (index, range) in fact.ranges.iter().enumerate() {
            if fact.role == Role::Services {
                too_large(fact, *range, index, version, plan);
            }
            too_small(fact, *range, plan);
        }
    }
}

/// kubeadm makes the flags of what Cluster API and kind say.
fn is_kubeadm(source: Source) -> bool {
    matches!(source, Source::Kubeadm | Source::ClusterApi | Source::Kind)
}

fn too_large(fact: &RangeFact, range: Cidr, index: usize, version: Option<Version>, plan: &mut Plan) {
    let (bits, place) = (range.family().bits(), fact.place.clone().with_current(range.to_string()));
    let of_apiserver = fact.source == Source::KubeApiserver && version.is_some_and(|version| version < Version::new(1, 34));
    if bits - range.prefix() > 20 && (of_apiserver || is_kubeadm(fact.source)) {
        let what = if of_apiserver {
            format!("specified --service-cluster-ip-range[{index}] is too large")
        } else {
            "specified service subnet is too large".to_owned()
        };
        let message = format!(
            "the service range \"{range}\" of {} is too large: \"{what}; for {bits}-bit addresses, the mask must be >= {}\"",
            fact.source.name(),
            bits - 20
        );
        plan.error(&TOO_LARGE, place, message);
    } else if range.family() == Family::V6 && range.prefix() < 112 && version == Some(Version::new(1, 32)) {
        let message =
            format!("Kubernetes v1.32 cannot create Services with `RequireDualStack` with \"{range}\": it must be /112 or smaller");
        plan.warning(&BROKEN_IN_1_32, place, message);
    }
}

fn too_small(fact: &RangeFact, range: Cidr, plan: &mut Plan) {
    // The tenth address of a service range is that of the DNS Service.
    let minimum = if fact.role == Role::Services { 10 } else { 14 };
    let host_bits = range.family().bits() - range.prefix();
    if host_bits < 4 && is_kubeadm(fact.source) {
        let message = format!(
            "the {} range \"{range}\" of {} is too small: \"subnet with {} address(es) is too small, the minimum is {minimum}\"",
            fact.role.word(),
            fact.source.name(),
            1 << host_bits
        );
        plan.error(&TOO_SMALL, fact.place.clone().with_current(range.to_string()), message);
    }
}
