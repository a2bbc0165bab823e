//! Calico's BGPConfiguration: IPv6 addresses of Services are advertised as IPv4 ones are.
//!
//! # Recognises
//! BGPConfiguration of `projectcalico.org` and of `crd.projectcalico.org`.
//!
//! # Changes
//! `spec.serviceClusterIPs` that has the IPv4 range of Services gets the IPv6 range, where one is known. An IPv6 range that is
//! that of Services, but has host bits or is not in canonical form, is written as it must be.
//!
//! # Leaves alone
//! Lists that are not there, that advertise something else than the range of Services, or that have the IPv6 range already;
//! `serviceLoadBalancerIPs` and `serviceExternalIPs`, whose ranges belong to others.
//!
//! # Sources
//! https://docs.tigera.io/calico/latest/reference/resources/bgpconfig;
//! https://docs.tigera.io/calico/latest/networking/configuring/advertise-service-ips

use super::System;
use super::shared::calico::is_operator_managed;
use super::shared::ipv6_pool::GROUPS;
use crate::cidr::{Cidr, Family};
use crate::config::Config;
use crate::facts::{Facts, Role, Source};
use crate::package::{Package, Resource};
use crate::plan::{Plan, Rule};
use crate::yaml::{Node, Op, Path, Value, Want};

pub(super) const SYSTEM: System =
    System { name: "bgp_configuration", recognises: "Calico's BGPConfiguration", rules: &[&SERVICE_CLUSTER_IPS], facts, plan };

static SERVICE_CLUSTER_IPS: Rule = Rule {
    id: "bgp-service-cluster-ips",
    title: "IPv6 addresses of Services are advertised",
    why: "Clients outside reach the cluster IPs of Services over BGP; an IPv6 range that is not in the list is not advertised.",
    remedy: "`serviceClusterIPs` must have the IPv6 service range, too.",
    source: "https://docs.tigera.io/calico/latest/networking/configuring/advertise-service-ips",
};

const LIST: [&str; 2] = ["spec", "serviceClusterIPs"];

fn configurations<'p>(package: &'p Package<'p>) -> impl Iterator<Item = &'p Resource<'p>> {
    GROUPS.into_iter().flat_map(|group| package.of_kind(group, "BGPConfiguration"))
}

/// The ranges of the list, each with its position.
fn ranges(configuration: &Resource<'_>) -> Vec<(usize, Cidr)> {
    let items = configuration.root().at(&LIST).into_iter().flat_map(Node::items).enumerate();
    items.filter_map(|(at, item)| Some((at, Cidr::parse(item.text_at(&["cidr"])?).ok()?.cidr))).collect()
}

/// IPv6 ranges only: one that is not of the Services is a contradiction, but an IPv4 range was chosen before.
fn facts(package: &Package<'_>, facts: &mut Facts) {
    for configuration in configurations(package) {
        for (at, range) in ranges(configuration).into_iter().filter(|(_, range)| range.family() == Family::V6) {
            let path = Path::of(&LIST).index(at).key("cidr");
            facts.part(Role::Services, Source::BgpConfiguration, configuration, &path, vec![range]);
        }
    }
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    let Some(range) = config.ipv6_service_cidr else { return };
    for configuration in configurations(package).filter(|configuration| !is_operator_managed(configuration)) {
        let ranges = ranges(configuration);
        let has_ipv4 = ranges
            .iter()
            .any(|(_, said)| said.family() == Family::V4 && config.ipv4_service_cidr.is_none_or(|services| said.contains(services)));
        let mut ipv6 = ranges.iter().filter(|(_, said)| said.family() == Family::V6).peekable();
        let op = match (has_ipv4, ipv6.peek().is_some(), ipv6.find(|(_, said)| *said == range)) {
            (true, false, _) => {
                let item = Value::map([("cidr", range.to_string().into())]);
                Op::new(Path::of(&LIST), Want::Contains(item))
            }
            (true, true, Some((at, _))) => Op::is(Path::of(&LIST).index(*at).key("cidr"), range.to_string()),
            _ => continue,
        };
        let message =
            format!("`serviceClusterIPs` has \"{range}\": the IPv6 addresses of Services are advertised as their IPv4 addresses are");
        plan.want(configuration, &SERVICE_CLUSTER_IPS, op, message);
    }
}
