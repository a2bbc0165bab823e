//! What two systems or more use.

pub(super) mod calico;
pub(super) mod cni_config;
pub(super) mod env;
pub(super) mod extra_args;
pub(super) mod gates;
pub(super) mod inner;
pub(super) mod installation;
pub(super) mod ip_pools;
pub(super) mod ipv6_advice;
pub(super) mod ipv6_pool;
pub(super) mod kube_proxy;
pub(super) mod kubeadm;
pub(super) mod kubernetes_version;
pub(super) mod node_masks;
pub(super) mod ranges;
pub(super) mod together;
pub(super) mod workload;
