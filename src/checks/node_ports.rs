//! Node ports are opened at addresses of both families.
//!
//! # Sources
//! <https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/>, `nodePortAddresses`.

use super::{Check, Seen};
use crate::cidr::Family;
use crate::config::Mode;
use crate::plan::{Plan, Rule};

pub(super) const CHECK: Check = Check { name: "node_ports", rules: &[&NODE_PORTS], check };

static NODE_PORTS: Rule = Rule {
    id: "node-port-addresses-one-family",
    title: "Node ports are opened for one family",
    why: "kube-proxy opens node ports at the addresses in `nodePortAddresses` only.",
    remedy: "Add the range of the nodes' addresses of the other family, or use \"primary\".",
    source: "https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/",
};

fn check(seen: &Seen<'_>, plan: &mut Plan) {
    let both = seen.config.ipv4_service_cidr.is_some() && seen.config.ipv6_service_cidr.is_some();
    if seen.config.mode != Mode::DualStack || !both {
        return;
    }
    for proxy in &seen.facts.proxies {
        let families: Vec<_> = proxy.node_port_addresses.iter().map(|range| range.family()).collect();
        for (there, missing) in [(Family::V4, Family::V6), (Family::V6, Family::V4)] {
            if families.contains(&there) && !families.contains(&missing) {
                let message = format!(
                    "`nodePortAddresses` of kube-proxy names {there} addresses only: node ports are not opened at {missing} addresses"
                );
                plan.warning(&NODE_PORTS, proxy.place.clone(), message);
            }
        }
    }
}
