//! ServiceCIDR: the object that kube-apiserver makes of its service ranges.
//!
//! # Recognises
//! A `ServiceCIDR` of `networking.k8s.io` with the name "kubernetes".
//!
//! # Changes
//! Nothing: kube-apiserver creates the object from `--service-cluster-ip-range` and keeps it so. One family in a
//! package that is to have two is a warning.
//!
//! # Leaves alone
//! Other ServiceCIDRs: each adds a range of its own, of either family.
//!
//! # Sources
//! kubernetes v1.33 pkg/controlplane/controller/defaultservicecidr; kubernetes/kubernetes pull 131263 (a second family
//! may be added to "kubernetes"; order and first range stay).

use super::System;
use super::shared::ranges;
use crate::config::{Config, Mode};
use crate::facts::{Facts, Role, Source};
use crate::package::{Package, Resource};
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Node, Path, Value};

pub(super) const SYSTEM: System =
    System { name: "service_cidr", recognises: "the ServiceCIDR \"kubernetes\"", rules: &[&FAMILIES], facts, plan };

static FAMILIES: Rule = Rule {
    id: "service-cidr-families",
    title: "the ServiceCIDR \"kubernetes\" has both families",
    why: "kube-apiserver makes this object from its `--service-cluster-ip-range`; applied with one family only, it contradicts the flag.",
    remedy: "Give kube-apiserver both service ranges, and let it write the object; or write both ranges here, in the order of the flag.",
    source: "https://kubernetes.io/docs/tasks/network/reconfigure-default-service-ip-ranges/",
};

const CIDRS: [&str; 2] = ["spec", "cidrs"];

fn defaults<'p>(package: &'p Package<'_>) -> impl Iterator<Item = (&'p Resource<'p>, Option<Node<'p>>)> {
    let objects = package.of_kind("networking.k8s.io", "ServiceCIDR");
    objects.filter(|object| object.name == "kubernetes").map(|object| (object, object.root().at(&CIDRS)))
}

fn facts(package: &Package<'_>, facts: &mut Facts) {
    for (object, cidrs) in defaults(package) {
        let said = cidrs.and_then(|list| ranges::read_list(list).ok()).unwrap_or_default();
        facts.whole(Role::Services, Source::ServiceCidr, object, &Path::of(&CIDRS), said);
    }
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    if config.mode != Mode::DualStack {
        return;
    }
    for (object, cidrs) in defaults(package) {
        let Some(list) = cidrs else { continue };
        let said = ranges::read_list(list).unwrap_or_default();
        let [only] = *said else { continue };
        let Some(range) = config.range(Role::Services, only.family().other()) else { continue };
        let both = list.items().map(Value::of).chain([range.to_string().into()]).collect();
        let message = format!(
            "there is no {} range, and \"{range}\" is missing: kube-apiserver makes this object of its `--service-cluster-ip-range`, so both ranges must be there first; the object was not edited",
            range.family()
        );
        plan.warning(&FAMILIES, Place::at(object, &Path::of(&CIDRS)).with_proposed(Value::List(both)), message);
    }
}
