//! What two systems or more use.

pub(super) mod calico;
pub(super) mod workload;
