//! Where Felix does IPv6, somebody says an IPv6 pool; or calico-node invents one.
//!
//! # Sources
//! projectcalico/calico v3.32.1 node/pkg/lifecycle/startup/startup.go configureIPPools, GenerateIPv6ULAPrefix.

use super::{Check, Seen};
use crate::cidr::Family;
use crate::facts::{Role, Source};
use crate::plan::{Plan, Rule};

pub(super) const CHECK: Check = Check { name: "invented_pool", rules: &[&INVENTED], check };

static INVENTED: Rule = Rule {
    id: "calico-invents-ipv6-pool",
    title: "calico-node invents an IPv6 pool",
    why: "With FELIX_IPV6SUPPORT=true and no range, it creates `default-ipv6-ippool` with a random range, which no other component knows.",
    remedy: "Give `CALICO_IPV6POOL_CIDR`, an IPv6 range in kubeadm-config, or an IPPool object.",
    source: "https://github.com/projectcalico/calico/blob/v3.32.1/node/pkg/lifecycle/startup/startup.go configureIPPools",
};

fn check(seen: &Seen<'_>, plan: &mut Plan) {
    let sources = [Source::CalicoNode, Source::Installation, Source::IpPool, Source::Kubeadm];
    if seen.facts.saying(Role::Pods, Family::V6).any(|(fact, _)| sources.contains(&fact.source)) {
        return;
    }
    for place in &seen.facts.makes_ipv6_pool {
        let message = "`FELIX_IPV6SUPPORT` is \"true\", but nothing says an IPv6 pool: calico-node invents a random range (fdxx:xxxx:xxxx::/48), which no other component knows";
        plan.error(&INVENTED, place.clone(), message);
    }
}
