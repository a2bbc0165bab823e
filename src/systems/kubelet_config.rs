//! The configuration of the kubelet: the feature gate. It has no field for a node's addresses.
//!
//! # Recognises
//! `KubeletConfiguration` of `kubelet.config.k8s.io`, as an object, and in a ConfigMap under `kubelet`, as kubeadm writes
//! `kubelet-config` and `kubelet-config-1.23`.
//!
//! # Changes
//! The feature gate IPv6DualStack is as the version needs it.
//!
//! # Leaves alone
//! `clusterDNS`, `podCIDR` (for a kubelet without a cluster), `address`.
//!
//! # Sources
//! <https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/>.

use super::System;
use super::shared::gates::{GATE_ON, GATES_PLACEHOLDER, GateMap};
use super::shared::inner::{document, in_config_maps};
use crate::config::Config;
use crate::facts::Facts;
use crate::package::Package;
use crate::plan::Plan;
use crate::yaml::{Node, Path};

pub(super) const SYSTEM: System = System {
    name: "kubelet_config",
    recognises: "KubeletConfiguration; ConfigMaps kubelet-config",
    rules: &[&GATE_ON, &GATES_PLACEHOLDER],
    facts: |package, facts: &mut Facts| each(package, |gates, _, node| gates.facts(node, facts)),
    plan: |package, config: &Config, plan: &mut Plan| each(package, |gates, carries, node| gates.want(node, carries, config, plan)),
};

const KIND: &str = "KubeletConfiguration";

/// Calls `found` with the gates of every configuration, whether it carries the dual-stack gate, and the document. Where
/// kubeadm makes a ConfigMap of a file, it puts the gate in.
fn each(package: &Package<'_>, mut found: impl FnMut(&GateMap<'_>, bool, Node<'_>)) {
    let by_kubeadm = package.of_kind("kubeadm.k8s.io", "ClusterConfiguration").next().is_some();
    for resource in package.of_kind("kubelet.config.k8s.io", KIND) {
        found(&GateMap { resource, path: Path::root(), reader: "the kubelet" }, !by_kubeadm, resource.root());
    }
    for key in in_config_maps(package, &["kubelet"], KIND) {
        let gates = GateMap { resource: key.resource, path: key.path.inside(), reader: "the kubelet" };
        // A text that cannot be read says nothing about the gate, and the kubelet will say so.
        let _ = document(key.node, |inner| found(&gates, true, inner));
    }
}
