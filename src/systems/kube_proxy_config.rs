//! The configuration of kube-proxy: which addresses are those of pods.
//!
//! # Recognises
//! `KubeProxyConfiguration` of `kubeproxy.config.k8s.io`, as an object, and in a ConfigMap under `config.conf` (kubeadm) or
//! `config` (EKS).
//!
//! # Changes
//! `clusterCIDR` gets the range of the missing family; the feature gate IPv6DualStack is as the version needs it; `mode` is
//! `ipvs` in v1.16 and v1.17, where nothing else does dual-stack.
//!
//! # Leaves alone
//! `bindAddress`, `nodePortAddresses`, `ipvs.excludeCIDRs`; a `clusterCIDR` that is not there.
//!
//! # Sources
//! <https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/>: "For dual-stack clusters, this can be a
//! comma-separated dual-stack pair of CIDR ranges"; <https://kubernetes.io/docs/concepts/services-networking/dual-stack/>,
//! v1.16 and v1.17: `--proxy-mode=ipvs`.

use super::System;
use super::shared::gates::{GATE_ON, GATES_PLACEHOLDER, GateMap};
use super::shared::inner::{document, in_config_maps};
use super::shared::kube_proxy::{CLUSTER_CIDR, MODE, is_before_1_18, node_port_ranges};
use super::shared::kubernetes_version::{TOO_OLD, is_too_old};
use super::shared::ranges::{HOST_BITS, PLACEHOLDER, RangePlace, UNKNOWN, UNREADABLE, ranges};
use crate::config::Config;
use crate::facts::{Facts, ProxyFact, Role, Source};
use crate::package::{Package, Resource};
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Node, Op, Path};

pub(super) const SYSTEM: System = System {
    name: "kube_proxy_config",
    recognises: "KubeProxyConfiguration; ConfigMap kube-proxy",
    rules: &[
        &CLUSTER_CIDR,
        &MODE,
        &GATE_ON,
        &GATES_PLACEHOLDER,
        &INNER_UNREADABLE,
        &PLACEHOLDER,
        &UNREADABLE,
        &UNKNOWN,
        &HOST_BITS,
        &TOO_OLD,
    ],
    facts,
    plan,
};

static INNER_UNREADABLE: Rule = Rule {
    id: "kube-proxy-config-unreadable",
    title: "The configuration of kube-proxy in a ConfigMap cannot be read",
    why: "kube-proxy cannot read it either; or it is a template, and an edit could hit the wrong place.",
    remedy: "Render the template first, or edit it by hand.",
    source: "https://github.com/kubernetes/kubernetes/blob/v1.33.0/cmd/kube-proxy/app/options.go loadConfig",
};

const GROUP: &str = "kubeproxy.config.k8s.io";
const KIND: &str = "KubeProxyConfiguration";

/// Where a configuration is.
pub(super) struct Configuration<'p> {
    pub resource: &'p Resource<'p>,
    pub path: Path,
    /// Whether nobody else puts the feature gate in: kubeadm does, where it makes a ConfigMap of a file.
    pub carries_gate: bool,
}

fn facts(package: &Package<'_>, facts: &mut Facts) {
    each(package, |configuration, node| configuration.facts(node, facts), |_, _, _| {});
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    let mut unreadable = Vec::new();
    each(
        package,
        |configuration, node| {
            if !is_too_old(configuration.resource, config, plan) {
                configuration.plan(node, config, plan);
            }
        },
        |resource, path, reason| unreadable.push((resource.index, path.clone(), reason)),
    );
    for (index, path, reason) in unreadable {
        let resource = &package.all()[index];
        let message = format!("the configuration of kube-proxy in {resource} {reason}; it was not edited");
        plan.warning(&INNER_UNREADABLE, Place::at(resource, &path), message);
    }
}

/// Calls `found` with every configuration, and `unreadable` with the place of one that cannot be read, and why.
fn each(
    package: &Package<'_>,
    mut found: impl FnMut(&Configuration<'_>, Node<'_>),
    mut unreadable: impl FnMut(&Resource<'_>, &Path, String),
) {
    let by_kubeadm = package.of_kind("kubeadm.k8s.io", "ClusterConfiguration").next().is_some();
    for resource in package.of_kind(GROUP, KIND) {
        found(&Configuration { resource, path: Path::root(), carries_gate: !by_kubeadm }, resource.root());
    }
    for key in in_config_maps(package, &["config.conf", "config"], KIND) {
        let configuration = Configuration { resource: key.resource, path: key.path.inside(), carries_gate: true };
        if let Err(reason) = document(key.node, |inner| found(&configuration, inner)) {
            unreadable(key.resource, &key.path, reason);
        }
    }
}

impl Configuration<'_> {
    pub(super) fn plan(&self, node: Node<'_>, config: &Config, plan: &mut Plan) {
        let resource = self.resource;
        let path = self.path.key("clusterCIDR");
        let place = RangePlace { resource, path: path.clone(), role: Role::Pods, what: "`clusterCIDR` of kube-proxy".into() };
        let range = node.get("clusterCIDR");
        place.say_no_text(range, plan);
        if let Some(text) = range.and_then(Node::text) {
            place.want_comma_list(text, config, &CLUSTER_CIDR, |text| Op::is(path, text), plan);
        }
        if is_before_1_18(config) {
            let message = "`mode` of kube-proxy set to \"ipvs\": no other mode does dual-stack before v1.18";
            plan.want(resource, &MODE, Op::is(self.path.key("mode"), "ipvs"), message);
        }
        self.gates().want(node, self.carries_gate, config, plan);
    }

    pub(super) fn facts(&self, node: Node<'_>, facts: &mut Facts) {
        let text = node.text_at(&["clusterCIDR"]).unwrap_or_default();
        facts.whole(Role::Pods, Source::KubeProxy, self.resource, &self.path.key("clusterCIDR"), ranges(text));
        self.gates().facts(node, facts);
        let addresses: Vec<_> = node.get("nodePortAddresses").into_iter().flat_map(Node::items).filter_map(Node::text).collect();
        facts.proxies.push(ProxyFact {
            node_port_addresses: node_port_ranges(addresses),
            place: Place::at(self.resource, &self.path.key("nodePortAddresses")),
        });
    }

    fn gates(&self) -> GateMap<'_> {
        GateMap { resource: self.resource, path: self.path.clone(), reader: "kube-proxy" }
    }
}
