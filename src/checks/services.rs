//! Services that ask for both families get them.
//!
//! # Sources
//! kubernetes v1.33 pkg/registry/core/service/storage/alloc.go: "We don't want to auto-upgrade ... PreferDualStack services
//! following a cluster change"; kubernetes/kubernetes#123761: "must be 'SingleStack' to release the secondary IP family".

use super::{Check, Seen};
use crate::config::Mode;
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Node, Path};

pub(super) const CHECK: Check = Check { name: "services", rules: &[&ONE_OF_TWO, &NOT_UPGRADED], check };

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

fn check(seen: &Seen<'_>, plan: &mut Plan) {
    if seen.config.mode != Mode::DualStack || seen.config.ipv4_service_cidr.is_none() || seen.config.ipv6_service_cidr.is_none() {
        return;
    }
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
