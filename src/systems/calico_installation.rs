//! The Tigera operator's Installation: the IPv6 pool beside the IPv4 pool.
//!
//! # Recognises
//! `operator.tigera.io` Installation.
//!
//! # Changes
//! `spec.calicoNetwork.ipPools` has an IPv6 pool that the operator accepts: encapsulated as the IPv4 pool is where IPv6 and
//! the IPAM allow it, with a name where the others have one. Where the operator chose the IPv4 pool by itself, that pool is
//! written out beside it: an IPv6 pool alone would mean IPv6 only. An IPv6 pool that is there is kept; its range is put into
//! canonical form, and an encapsulation that the operator refuses is corrected. `nodeAddressAutodetectionV6` is set where
//! the dataplane is eBPF, or where `ipv6AutodetectionMethod` asks for it. With `mode: IPv6Only`, the IPv4 pool becomes the
//! IPv6 pool, and `nodeAddressAutodetectionV4` goes.
//!
//! # Leaves alone
//! Installations with another CNI plugin than Calico's; `ipPools: []`, where pools are IPPool objects; those without pools
//! beside one that has some (`overlay`, patches); `serviceCIDRs`, which is for Windows nodes, where one family is supported.
//!
//! # Sources
//! Calico documentation, networking/ipam/ipv6 (operator); tigera/operator pkg/controller/ippool and
//! pkg/controller/installation.

use super::System;
use super::shared::installation::{Around, Installation, RULES};
use super::shared::ip_pools::{has_pool, written_ipv4_pool};
use crate::cidr::Family;
use crate::config::Config;
use crate::facts::Facts;
use crate::package::Package;
use crate::plan::Plan;
use crate::yaml::Path;

pub(super) const SYSTEM: System =
    System { name: "calico_installation", recognises: "the Tigera operator's Installation", rules: RULES, facts, plan };

fn installations<'p>(package: &'p Package<'p>) -> Vec<Installation<'p>> {
    let resources = package.of_kind("operator.tigera.io", "Installation");
    resources.map(|resource| Installation::read(resource, Path::of(&["spec"]), resource.root().get("spec"), None)).collect()
}

fn facts(package: &Package<'_>, facts: &mut Facts) {
    for installation in installations(package) {
        installation.facts(facts);
    }
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    let installations = installations(package);
    let around = Around {
        pools: installations.iter().any(Installation::has_pools),
        ipv6_object: has_pool(package, Family::V6) || written_ipv4_pool(package).is_some(),
    };
    for installation in &installations {
        installation.plan(config, around, plan);
    }
}
