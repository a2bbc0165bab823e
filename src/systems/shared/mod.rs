//! What two systems or more use.

pub(super) mod calico;
pub(super) mod cni_config;
pub(super) mod env;
pub(super) mod ip_pools;
pub(super) mod workload;
