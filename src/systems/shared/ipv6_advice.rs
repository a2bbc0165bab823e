//! What is to be known where IPv6 is switched on in Calico, however Calico is installed. It is of severity info: advice goes
//! with changes.

use crate::cidr::Cidr;
use crate::config::Config;
use crate::plan::{Place, Plan, Rule};

pub(crate) static NEEDS_ADDRESS: Rule = Rule {
    id: "calico-node-needs-ipv6-address",
    title: "Every node needs an IPv6 address",
    why: "calico-node terminates where it detects none (\"failed to autodetect an IPv6 address\"): the whole network of the node is down.",
    remedy: "Give every node a global or unique-local IPv6 address first; choose how it is found with `ipv6AutodetectionMethod`.",
    source: "https://github.com/projectcalico/calico/issues/6443",
};
pub(crate) static HOST: Rule = Rule {
    id: "calico-host-ipv6",
    title: "What IPv6 needs on the hosts",
    why: "Without forwarding, ip6tables modules, or with IPv6 disabled for containers, pods have IPv6 addresses that reach nothing, or do not start.",
    remedy: "Set the sysctls, load the modules (ip6_tables, ip6table_nat, ip6t_rpfilter), and allow IPv6 in the container runtime.",
    source: "https://docs.tigera.io/calico/latest/networking/ipam/ipv6; https://github.com/projectcalico/calico/issues/8433; https://github.com/projectcalico/calico/issues/2191",
};
pub(crate) static RUNNING_PODS: Rule = Rule {
    id: "calico-existing-cluster",
    title: "Running pods keep their one address",
    why: "Pods get an IPv6 address when they are created; and the pool variables count only while there is no IPv6 pool.",
    remedy: "Recreate the pods; change an IPv6 pool that is there already by replacing it.",
    source: "https://docs.tigera.io/calico/latest/networking/ipam/ipv6; https://docs.tigera.io/calico/latest/networking/ipam/migrate-pools",
};
pub(crate) static GLOBAL_RANGE: Rule = Rule {
    id: "calico-pool-global-range",
    title: "Pods have global addresses",
    why: "Without NAT, pods talk to the outside with their own addresses: routers must know that the range is at the nodes.",
    remedy: "Route the range to the nodes, or announce it by BGP; or set `natOutgoing: true`.",
    source: "https://github.com/projectcalico/calico/issues/2954",
};
pub(crate) static UNENCAPSULATED: Rule = Rule {
    id: "calico-ipv6-unencapsulated",
    title: "IPv6 travels as it is where IPv4 is encapsulated",
    why: "There is no IPIP for IPv6: packets of pods reach other nodes only in one layer 2 network, or where routers know the routes by BGP.",
    remedy: "Where nodes are in several subnets, set `ipv6Encapsulation` to \"VXLANCrossSubnet\" (Calico v3.23 and later).",
    source: "https://github.com/projectcalico/calico/issues/3757; https://github.com/projectcalico/calico/issues/6877",
};
pub(crate) static VXLAN_KERNEL: Rule = Rule {
    id: "calico-node-ipv6-vxlan-kernel",
    title: "VXLAN over IPv6 needs a newer kernel",
    why: "Before Linux 4.19.1 (4.18.0 of RHEL), VXLAN over IPv6 does not carry packets.",
    remedy: "Nodes must have such a kernel.",
    source: "https://docs.tigera.io/calico/latest/networking/configuring/vxlan-ipip; https://github.com/projectcalico/calico/issues/6273",
};
pub(crate) static EBPF_IPV6_HOSTS: Rule = Rule {
    id: "calico-ebpf-ipv6-hosts",
    title: "The eBPF dataplane wants hosts with IPv4",
    why: "The eBPF dataplane does not support hosts that have IPv6 addresses alone.",
    remedy: "Give the hosts IPv4 addresses too, or use the standard dataplane.",
    source: "https://github.com/tigera/docs/pull/1399",
};

/// Nodes need an IPv6 address that Calico finds.
pub(crate) fn needs_address(place: Place, plan: &mut Plan) {
    let message = "every node must have a global or unique-local IPv6 address before this is applied, or its calico-node terminates; `ipv6AutodetectionMethod` chooses among several";
    plan.info(&NEEDS_ADDRESS, place, message);
}

/// What Felix needs from the hosts.
pub(crate) fn hosts(plan: &mut Plan) {
    let message = "on every node `net.ipv6.conf.all.forwarding` must be 1, `net.ipv6.conf.all.disable_ipv6` 0, in the network namespaces of pods too, and ip6tables must have its modules";
    plan.info(&HOST, Place::default(), message);
}

/// Pods that run already, and what becomes of a pool that is there, if that is to be said.
pub(crate) fn running_pods(and: &str, plan: &mut Plan) {
    plan.info(&RUNNING_PODS, Place::default(), format!("pods that run already keep their one address until they are recreated{and}"));
}

/// Pods whose addresses are seen outside, unless the configuration decided it.
pub(crate) fn global_range(place: Place, range: Cidr, config: &Config, plan: &mut Plan) {
    if config.nat_outgoing.is_none() && !range.is_unique_local() {
        let message = format!(
            "pods have addresses of \"{range}\" to the outside, too: routers must know that it is at the nodes; or set `natOutgoing: true`"
        );
        plan.info(&GLOBAL_RANGE, place, message);
    }
}

/// Packets between nodes; `ipv4` is how they travel for IPv4.
pub(crate) fn unencapsulated(place: Place, ipv4: &str, plan: &mut Plan) {
    let message = format!(
        "IPv4 travels {ipv4}: IPv6 packets of pods travel as they are, so all nodes must be in one layer 2 network or know the routes by BGP; else set `ipv6Encapsulation`"
    );
    plan.info(&UNENCAPSULATED, place, message);
}

/// What VXLAN needs from the hosts.
pub(crate) fn vxlan_kernel(place: Place, plan: &mut Plan) {
    plan.info(&VXLAN_KERNEL, place, "VXLAN over IPv6 needs Linux 4.19.1 or later (4.18.0 of RHEL) on every node");
}

/// What the eBPF dataplane needs from the hosts of an IPv6-only cluster.
pub(crate) fn ebpf_hosts(place: Place, plan: &mut Plan) {
    let message = "the eBPF dataplane does not support hosts without IPv4 addresses: pods can be IPv6 alone, nodes cannot";
    plan.info(&EBPF_IPV6_HOSTS, place, message);
}
