//! The feature gate IPv6DualStack fits the version of Kubernetes, also where it could not be edited. Where the gates are
//! filled in later, which the systems say, nothing is known.
//!
//! # Sources
//! <https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates-removed/>.

use super::{Check, Seen};
use crate::facts::{Facts, Source};
use crate::plan::{Plan, Rule};
use crate::systems::FIRST_KUBERNETES;
use crate::version::Version;

pub(super) const CHECK: Check = Check { name: "gates", rules: &[&STALE, &MISSING], check };

static STALE: Rule = Rule {
    id: "feature-gate-stale",
    title: "The feature gate IPv6DualStack is mentioned where it must not be",
    why: "The component does not start: \"unrecognized feature gate: IPv6DualStack\", or \"cannot set feature gate IPv6DualStack to false, feature is locked to true\".",
    remedy: "Remove it.",
    source: "https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates-removed/",
};
static MISSING: Rule = Rule {
    id: "feature-gate-missing",
    title: "The feature gate IPv6DualStack is missing",
    why: "Up to v1.20 a component does not start with two ranges and without it.",
    remedy: "Set `IPv6DualStack=true`.",
    source: "https://github.com/kubernetes/kubernetes/blob/v1.20.0/cmd/kube-apiserver/app/options/validation.go",
};

fn check(seen: &Seen<'_>, plan: &mut Plan) {
    match seen.config.kubernetes_version {
        // That it is too old is said already.
        Some(version) if version < FIRST_KUBERNETES => {}
        Some(version) if version <= Version::new(1, 20) => missing(seen.facts, plan),
        Some(version) if version <= Version::new(1, 24) => {
            let quote = "cannot set feature gate IPv6DualStack to false, feature is locked to true";
            stale(seen.facts, |on| !on, &format!("Kubernetes {version} needs dual-stack: \"{quote}\""), plan);
        }
        Some(version) => {
            stale(
                seen.facts,
                |_| true,
                &format!("Kubernetes {version} does not know it: \"unrecognized feature gate: IPv6DualStack\""),
                plan,
            );
        }
        // Taken for a current version, which is said where the edit is made.
        None => {}
    }
}

fn stale(facts: &Facts, is_stale: fn(bool) -> bool, why: &str, plan: &mut Plan) {
    for gate in facts.gates.iter().filter(|gate| gate.on.is_some_and(is_stale)) {
        plan.error(&STALE, gate.place.clone(), format!("{} mentions the feature gate IPv6DualStack and must not: {why}", gate.reader));
    }
}

/// kubeadm hands its own gate over to the components.
fn missing(facts: &Facts, plan: &mut Plan) {
    let hands_over = ["ClusterConfiguration", "kind"];
    let is_on = |reader: &str| {
        let may_be_on = facts.gates.iter().filter(|gate| gate.on != Some(false));
        may_be_on.map(|gate| gate.reader).any(|on| on == reader || hands_over.contains(&on))
    };
    for fact in facts.ranges.iter().filter(|fact| fact.ranges.len() == 2) {
        let quote = match fact.source {
            Source::KubeApiserver => {
                "secondary service cluster-ip range(--service-cluster-ip-range[1]) can only be used if IPv6DualStack and EndpointSlice feature is enabled"
            }
            Source::KubeControllerManager => "len of ClusterCIDRs==2 and dualstack or EndpointSlice feature is not enabled",
            Source::KubeProxy => "only one CIDR allowed (e.g. 10.100.0.0/16 or fde4:8dba:82e1::/48)",
            _ => continue,
        };
        if !is_on(fact.source.name()) {
            let message = format!("{} has two ranges, but not the feature gate IPv6DualStack: \"{quote}\"", fact.source.name());
            plan.error(&MISSING, fact.place.clone(), message);
        }
    }
}
