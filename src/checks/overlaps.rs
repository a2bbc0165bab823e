//! The ranges of Pods and Services, and the addresses of nodes, are apart (L7).
//!
//! # Sources
//! Neither kubeadm nor kube-controller-manager looks at it (kubernetes v1.33); Calico IPAM does not know of service ranges,
//! so it gives pods the addresses of Services. kubespray asserts it.

use super::{Check, Seen};
use crate::cidr::{Cidr, Family};
use crate::facts::Role;
use crate::plan::{Plan, Rule, Severity};

pub(super) const CHECK: Check = Check { name: "overlaps", rules: &[&OVERLAP, &NODE], check };

static OVERLAP: Rule = Rule {
    id: "ranges-overlap",
    title: "A pod range and a service range overlap",
    why: "Calico IPAM does not know of service ranges: a pod can get the address of a Service. No component looks at it.",
    remedy: "Use ranges that are apart. The example of kubernetes.io overlaps.",
    source: "https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/dual-stack-support/; reference of kube-controller-manager, filterOutServiceRange",
};
static NODE: Rule = Rule {
    id: "node-address-in-range",
    title: "The addresses of nodes are in a range of Pods or Services",
    why: "A pod or a Service can get the same address; traffic to the node goes elsewhere.",
    remedy: "Use ranges that no node has an address of.",
    source: "https://docs.tigera.io/calico/latest/networking/ipam/initial-ippool",
};

fn check(seen: &Seen<'_>, plan: &mut Plan) {
    let mut said: Vec<(Cidr, Cidr)> = Vec::new();
    for services in seen.facts.ranges.iter().filter(|fact| fact.role == Role::Services) {
        for pods in seen.facts.ranges.iter().filter(|fact| fact.role == Role::Pods) {
            let pairs = services.ranges.iter().flat_map(|service| pods.ranges.iter().map(move |pod| (*service, *pod)));
            for (service, pod) in pairs.filter(|(service, pod)| service.overlaps(*pod)) {
                if said.contains(&(service, pod)) {
                    continue;
                }
                said.push((service, pod));
                let message = format!(
                    "the service range \"{service}\" overlaps the pod range \"{pod}\" in {}: a pod can get the address of a Service",
                    seen.name(&pods.place)
                );
                plan.warning(&OVERLAP, services.place.clone().with_current(service.to_string()), message);
            }
        }
    }
    for (nodes, place) in &seen.facts.node_ranges {
        let overlapping = |range: &&Cidr| range.overlaps(*nodes);
        let found = seen.facts.ranges.iter().find_map(|fact| Some((fact, fact.ranges.iter().find(overlapping)?)));
        if let Some((fact, range)) = found {
            let message = format!(
                "the range \"{nodes}\" of nodes overlaps the {} range \"{range}\" in {}: a node and another can get the same address",
                fact.role.word(),
                seen.name(&fact.place)
            );
            // What IPv4 has had all along works somehow; IPv6 is to be right from its beginning.
            let severity = if nodes.family() == Family::V6 { Severity::Warning } else { Severity::Info };
            plan.find(severity, &NODE, place.clone(), message);
        }
    }
    for address in &seen.facts.addresses {
        for one in &address.addresses {
            let inside = |range: &&Cidr| range.has(*one);
            let found = seen.facts.ranges.iter().find_map(|fact| Some((fact, fact.ranges.iter().find(inside)?)));
            if let Some((fact, range)) = found {
                let message = format!(
                    "the address \"{one}\" of a node is in the {} range \"{range}\" in {}: another can get it, too",
                    fact.role.word(),
                    seen.name(&fact.place)
                );
                plan.warning(&NODE, address.place.clone(), message);
            }
        }
    }
}
