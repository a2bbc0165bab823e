//! The systems: each file knows one place where an address family is switched on. To add one, write the file, add a
//! line to [`ALL`], and a folder of fixtures of the same name.

mod bgp_configuration;
mod calico_cni;
mod calico_dataplane;
mod calico_host_local;
mod calico_installation;
mod calico_ipv6_only;
mod calico_node;
mod calico_pool;
mod calico_vpp;
mod calico_windows;
mod canal;
mod cluster_api;
mod felix_configuration;
mod gardener_shoot;
mod helm_values;
mod ip_pool;
mod k0s;
mod kind_cluster;
mod kube_components;
mod kube_proxy_config;
mod kubeadm;
mod kubelet_config;
mod no_dual_stack;
mod openshift_network;
mod service_cidr;
mod shared;
mod talos_network;

pub(crate) use self::shared::kubernetes_version::FIRST as FIRST_KUBERNETES;
use crate::config::Config;
use crate::facts::Facts;
use crate::package::Package;
use crate::plan::{Plan, Rule};

/// One system.
#[derive(Debug)]
pub struct System {
    /// Its name: of the file, and of the folder of its fixtures.
    pub name: &'static str,
    /// What it recognises, in a few words.
    pub recognises: &'static str,
    /// All that it can say.
    pub rules: &'static [&'static Rule],
    /// What the package says about address families already.
    pub facts: fn(&Package<'_>, &mut Facts),
    /// What must hold in the package, and what must be said about it.
    pub plan: fn(&Package<'_>, &Config, &mut Plan),
}

/// All systems, in the order of their results.
pub const ALL: &[System] = &[
    calico_cni::SYSTEM,
    calico_host_local::SYSTEM,
    canal::SYSTEM,
    calico_node::SYSTEM,
    calico_ipv6_only::SYSTEM,
    calico_pool::SYSTEM,
    calico_dataplane::SYSTEM,
    calico_windows::SYSTEM,
    calico_installation::SYSTEM,
    helm_values::SYSTEM,
    ip_pool::SYSTEM,
    felix_configuration::SYSTEM,
    bgp_configuration::SYSTEM,
    calico_vpp::SYSTEM,
    kube_components::SYSTEM,
    kubeadm::SYSTEM,
    kube_proxy_config::SYSTEM,
    kubelet_config::SYSTEM,
    kind_cluster::SYSTEM,
    cluster_api::SYSTEM,
    k0s::SYSTEM,
    openshift_network::SYSTEM,
    gardener_shoot::SYSTEM,
    talos_network::SYSTEM,
    service_cidr::SYSTEM,
    no_dual_stack::SYSTEM,
];

/// What the package says about address families.
pub fn facts(package: &Package<'_>) -> Facts {
    let mut facts = Facts::default();
    for system in ALL {
        (system.facts)(package, &mut facts);
    }
    facts
}

/// What every system says about the package.
pub fn plan(package: &Package<'_>, config: &Config) -> Plan {
    let mut plan = Plan::default();
    for system in ALL {
        (system.plan)(package, config, &mut plan);
    }
    plan
}
