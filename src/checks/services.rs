//! Services that ask for both families get them.
//!
//! # Sources
//! kubernetes v1.33 pkg/registry/core/service/storage/alloc.go: "We don't want to auto-upgrade ... PreferDualStack services
//! following a cluster change", "this cluster is not configured for dual-stack services"; kubernetes/kubernetes#123761: "must
//! be 'SingleStack' to release the secondary IP family".

use super::{Check, Seen};
use crate::cidr::Family;
use crate::config::{Config, Mode};
use crate::facts::Role;
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Node, Path};

pub(super) const CHECK: Check = Check { name: "services", rules: &[&ONE_OF_TWO, &NOT_UPGRADED, &REFUSED], check };

static ONE_OF_TWO: Rule = Rule {
    id: "service-names-one-of-two-families",
    title: "A Service asks for two families and names one",
    why: "The cluster adds the second family, and the next time the manifest is applied as it stands, it is refused: \"must be 'SingleStack' to release the secondary IP family\".",
    remedy: "Name both families in `ipFamilies`, the primary one first; or leave the list out.",
    source: "https://github.com/kubernetes/kubernetes/issues/123761",
};
static NOT_UPGRADED: Rule = Rule {
    id: "service-is-not-upgraded",
    title: "A Service that prefers two families has one already",
    why: "Where the Service was created while the cluster had one family, it keeps that: a cluster does not upgrade Services with PreferDualStack.",
    remedy: "Name both families in `ipFamilies`, the primary one first; or create the Service again.",
    source: "https://github.com/kubernetes/kubernetes/blob/v1.33.0/pkg/registry/core/service/storage/alloc.go",
};
static REFUSED: Rule = Rule {
    id: "service-needs-two-families",
    title: "A Service needs two families, and the cluster has one",
    why: "kube-apiserver refuses the Service: \"this cluster is not configured for dual-stack services\", or \"not configured on this cluster\".",
    remedy: "Give `ipv6ServiceCIDR` in the functionConfig (`ipv4ServiceCIDR`, where IPv6 is first); or let the Service say PreferDualStack and no families.",
    source: "https://github.com/kubernetes/kubernetes/blob/v1.33.0/pkg/registry/core/service/storage/alloc.go",
};

fn check(seen: &Seen<'_>, plan: &mut Plan) {
    match (seen.config.mode, seen.config.range(Role::Services, Family::V4), seen.config.range(Role::Services, Family::V6)) {
        (Mode::DualStack, Some(_), Some(_)) => keeping_one(seen, plan),
        (Mode::DualStack, ..) => refused(seen, plan),
        _ => {}
    }
}

/// Where the package says the service range, and that is one.
fn refused(seen: &Seen<'_>, plan: &mut Plan) {
    let Some(cluster) = seen.of_the_cluster().find(|fact| fact.role == Role::Services && fact.ranges.len() == 1) else { return };
    let (there, missing) = (cluster.ranges[0].family(), cluster.ranges[0].family().other());
    for service in seen.package.of_kind("", "Service") {
        let spec = |key: &str| service.root().at(&["spec", key]);
        let families = spec("ipFamilies").map_or(0, |families| families.items().count());
        let (key, asked, quote) = match spec("ipFamilyPolicy").and_then(Node::text) {
            // Without a selector and a cluster IP, it may name families that the cluster lacks.
            _ if spec("clusterIP").and_then(Node::text) == Some("None") && spec("selector").is_none() => continue,
            Some("RequireDualStack") => {
                ("ipFamilyPolicy", "says RequireDualStack", "this cluster is not configured for dual-stack services")
            }
            _ if families == 2 => ("ipFamilies", "names two families", "not configured on this cluster"),
            _ => continue,
        };
        let message = format!(
            "the Service {asked}, and {} has the {there} service range only: \"{quote}\"; give `{}`",
            cluster.source.name(),
            Config::field(Role::Services, missing)
        );
        plan.warning(&REFUSED, Place::at(service, &Path::of(&["spec", key])), message);
    }
}

fn keeping_one(seen: &Seen<'_>, plan: &mut Plan) {
    for service in seen.package.of_kind("", "Service") {
        let spec = |key: &str| service.root().at(&["spec", key]);
        let policy = spec("ipFamilyPolicy").and_then(Node::text).unwrap_or_default();
        let place = |key: &str| Place::at(service, &Path::of(&["spec", key]));
        match (policy, spec("ipFamilies").map_or(0, |families| families.items().count())) {
            ("PreferDualStack" | "RequireDualStack", 1) => {
                let message = format!(
                    "the Service says {policy} and names one family: the cluster adds the other one, and refuses the next apply of this manifest (\"must be 'SingleStack' to release the secondary IP family\"); name both"
                );
                plan.warning(&ONE_OF_TWO, place("ipFamilies"), message);
            }
            ("PreferDualStack", 0) => {
                let message = "a Service with PreferDualStack that is there already keeps its one family when the cluster gets two: name both in `ipFamilies`, the primary one first";
                plan.info(&NOT_UPGRADED, place("ipFamilyPolicy"), message);
            }
            _ => {}
        }
    }
}
