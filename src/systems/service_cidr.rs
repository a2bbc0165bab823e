//! ServiceCIDR: the object that kube-apiserver makes of its service ranges.
//!
//! # Recognises
//! A `ServiceCIDR` of `networking.k8s.io` with the name "kubernetes".
//!
//! # Changes
//! Nothing: kube-apiserver creates the object from `--service-cluster-ip-range` and keeps it so. The checks look whether
//! it has both families, and the ranges of the others.
//!
//! # Leaves alone
//! Other ServiceCIDRs: each adds a range of its own, of either family.
//!
//! # Sources
//! <https://kubernetes.io/docs/tasks/network/reconfigure-default-service-ip-ranges/>; kubernetes/kubernetes pull 131263 (a
//! second family may be added to "kubernetes"; order and first range stay).

use super::System;
use super::shared::ranges;
use crate::facts::{Facts, Role, Source};
use crate::package::Package;
use crate::yaml::Path;

pub(super) const SYSTEM: System =
    System { name: "service_cidr", recognises: "the ServiceCIDR \"kubernetes\"", rules: &[], facts, plan: |_, _, _| {} };

fn facts(package: &Package<'_>, facts: &mut Facts) {
    let keys = ["spec", "cidrs"];
    for object in package.of_kind("networking.k8s.io", "ServiceCIDR").filter(|object| object.name == "kubernetes") {
        let said = object.root().at(&keys).and_then(|list| ranges::read_list(list).ok());
        facts.whole(Role::Services, Source::ServiceCidr, object, &Path::of(&keys), said.unwrap_or_default());
    }
}
