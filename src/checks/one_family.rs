//! No place is left with one family where the cluster has two.
//!
//! # Sources
//! kubernetes v1.33 cmd/kube-controller-manager/app/core.go, pkg/proxy: `getLocalDetectors`; tigera/operator
//! pkg/controller/ippool/defaults.go; <https://docs.tigera.io/calico/latest/networking/configuring/advertise-service-ips>.

use super::{Check, Seen};
use crate::cidr::Family;
use crate::config::{Config, Mode};
use crate::facts::{PodIpam, RangeFact, Role, Source};
use crate::plan::{Plan, Rule, Severity};
use crate::systems::FIRST_KUBERNETES;

pub(super) const CHECK: Check = Check { name: "one_family", rules: &[&ONE_FAMILY, &SERVICES], check };

static ONE_FAMILY: Rule = Rule {
    id: "one-family-left",
    title: "A place is left with one family",
    why: "The component serves one family, and most say nothing.",
    remedy: "Add the range of the other family, as `a,b` without a blank.",
    source: "https://kubernetes.io/docs/concepts/services-networking/dual-stack/#configure-ipv4-ipv6-dual-stack",
};
static SERVICES: Rule = Rule {
    id: "services-one-family",
    title: "Services keep one family",
    why: "Pods get addresses of both families, Services do not: nobody says the range of the other family.",
    remedy: "Give `ipv6ServiceCIDR` in the functionConfig (`ipv4ServiceCIDR`, where IPv6 is first).",
    source: "https://kubernetes.io/docs/concepts/services-networking/dual-stack/#services",
};

fn check(seen: &Seen<'_>, plan: &mut Plan) {
    let too_old = seen.config.kubernetes_version.is_some_and(|version| version < FIRST_KUBERNETES);
    if seen.config.mode != Mode::DualStack || too_old {
        return;
    }
    let alone = |fact: &&RangeFact| fact.ranges.len() == 1;
    let mut asked = false;
    for fact in seen.of_the_cluster().filter(alone) {
        let there = fact.ranges[0].family();
        let missing = there.other();
        if let Some(range) = seen.config.range(fact.role, missing) {
            let (severity, what) = consequence(seen, fact, missing);
            let message = format!(
                "{} has the {there} {} range only, without the {missing} range \"{range}\": {what}",
                fact.source.name(),
                fact.role.word()
            );
            plan.find(severity, &ONE_FAMILY, fact.place.clone().with_current(fact.ranges[0].to_string()), message);
        } else if fact.role == Role::Services && !asked {
            asked = true;
            let field = Config::field(Role::Services, missing);
            let message =
                format!("Services keep {there} alone, because nobody says the {missing} service range: give `{field}` to change it");
            plan.info(&SERVICES, fact.place.clone(), message);
        }
    }
}

fn consequence(seen: &Seen<'_>, fact: &RangeFact, missing: Family) -> (Severity, String) {
    match (fact.source, fact.role) {
        (Source::KubeControllerManager, Role::Pods) if seen.facts.pod_ipam_is(PodIpam::OfNodes) => (
            Severity::Error,
            format!("nodes get no {missing} range, and pods take their addresses from that: they get no {missing} address"),
        ),
        (Source::KubeControllerManager, Role::Pods) => {
            (Severity::Warning, format!("nodes get no {missing} range; Calico IPAM needs none, other plugins and routes do"))
        }
        (Source::KubeProxy, _) => (
            Severity::Warning,
            format!(
                "\"Detect-local-mode set to ClusterCIDR, but no {missing} cluster CIDR defined, defaulting to no-op detect-local for {missing}\": traffic of pods to Services gets another source address"
            ),
        ),
        (Source::KubeApiserver, _) => (
            Severity::Warning,
            "a Service of two families is refused: \"this cluster is not configured for dual-stack services\"".to_owned(),
        ),
        (Source::ServiceCidr, _) => (
            Severity::Warning,
            "kube-apiserver makes this object of its `--service-cluster-ip-range`, which must have both ranges first".to_owned(),
        ),
        _ => (Severity::Warning, "it serves one family".to_owned()),
    }
}
