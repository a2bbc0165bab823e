//! What a run that changed something says at its end: in which order the objects go to a cluster, and which version of
//! Kubernetes they were made for.
//!
//! # Sources
//! KEP-563, "Enablement" and its upgrade notes; <https://docs.tigera.io/calico/latest/networking/ipam/ipv6>; a node's
//! `podCIDRs` cannot be changed ("node updates may not change podCIDR except from "" to valid",
//! kubernetes pkg/apis/core/validation).

use crate::facts::Facts;
use crate::plan::{Rule, Severity};
use crate::results::Report;
use crate::version::Version;

pub(crate) static ORDER: Rule = Rule {
    id: "roll-out",
    title: "The order of the roll-out",
    why: "A component that is asked for a family that another one does not have yet fails, or hands out one family for good.",
    remedy: "Roll out step by step, and wait for each to be ready.",
    source: "https://github.com/kubernetes/enhancements/tree/master/keps/sig-network/563-dual-stack",
};
pub(crate) static VERSION_UNKNOWN: Rule = Rule {
    id: "kubernetes-version-unknown",
    title: "The version of Kubernetes is not known",
    why: "Up to v1.20 the feature gate IPv6DualStack must be set; from v1.25 on a mention of it stops a component.",
    remedy: "Give `kubernetesVersion` in the functionConfig, if it is older than v1.25.",
    source: "https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates-removed/",
};

/// A change that was made: its rule, and what it is in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Touched<'a> {
    /// The id of its rule.
    pub rule: &'static str,
    /// The group and the kind of the object.
    pub object: (&'a str, &'a str),
}

/// A step, and the rules whose changes need it, by how their ids begin.
struct Step {
    name: &'static str,
    rules: &'static [&'static str],
}

/// What an object that others make a cluster of needs: they roll out all of it.
const DEFINITION: &str = "the definition of the cluster, whose tool rolls out control planes and nodes";
/// Groups of such objects, and the one kind that has none.
const DEFINITIONS: [&str; 8] = [
    "cluster.x-k8s.io",
    "controlplane.cluster.x-k8s.io",
    "bootstrap.cluster.x-k8s.io",
    "kind.x-k8s.io",
    "k0s.k0sproject.io",
    "config.openshift.io",
    "operator.openshift.io",
    "core.gardener.cloud",
];
const KIND_OF_TALOS: &str = "KubeNetworkConfig";

/// In the order of the roll-out.
const STEPS: &[Step] = &[
    Step { name: "each component whose feature gate changed", rules: &["feature-gate-"] },
    Step { name: "kubelet `--node-ip`", rules: &["kubeadm-node-ip"] },
    Step {
        name: "kubeadm's configuration, for nodes that join later",
        rules: &["kubeadm-pod-", "kubeadm-service-", "kubeadm-no-service-", "kubeadm-extra-"],
    },
    Step { name: "kube-apiserver", rules: &["kube-apiserver-"] },
    Step { name: "kube-controller-manager", rules: &["kube-controller-manager-", "node-cidr-mask-size"] },
    Step { name: "cloud-controller-manager", rules: &["cloud-controller-manager-"] },
    Step { name: "kube-proxy", rules: &["kube-proxy-"] },
    Step { name: "Calico", rules: &["calico-", "felix-", "bgp-", "helm-values-"] },
    Step { name: "flannel", rules: &["canal-"] },
    Step {
        name: "delete and register each node again, where pods or routes need its `podCIDRs` (they cannot be changed)",
        rules: &["kube-controller-manager-", "kubeadm-pod-", "calico-host-local-", "canal-"],
    },
    Step { name: "create Pods again, to give them both addresses", rules: &["calico-", "canal-"] },
    Step {
        name: "Services, which get their second address by their `ipFamilyPolicy`",
        rules: &["kube-apiserver-", "kubeadm-service-", "kubeadm-no-service-"],
    },
];

/// The order of the roll-out for these changes.
pub(crate) fn order(done: &[Touched<'_>]) -> Report {
    let of_definitions = |done: &&Touched<'_>| DEFINITIONS.contains(&done.object.0) || done.object.1 == KIND_OF_TALOS;
    let (definitions, others): (Vec<&Touched<'_>>, Vec<_>) = done.iter().partition(of_definitions);
    let needed = |step: &&Step| others.iter().any(|done| step.rules.iter().any(|start| done.rule.starts_with(start)));
    let nodes = "nodes first (IPv6 addresses, a default IPv6 route, `net.ipv6.conf.all.forwarding=1`)";
    let definition = (!definitions.is_empty()).then_some(DEFINITION);
    let steps: Vec<_> = std::iter::once(nodes).chain(definition).chain(STEPS.iter().filter(needed).map(|step| step.name)).collect();
    Report::general(Severity::Info, &ORDER, format!("roll out in this order: {}", steps.join("; then ")))
}

/// Says that nothing tells the version of Kubernetes, where something that depends on it was changed.
pub(crate) fn unknown_version(done: &[Touched<'_>], told: Option<Version>, facts: &Facts) -> Option<Report> {
    let depends = |rule: &str| {
        let is_of_kubernetes = ["kube", "node-cidr", "feature-gate"].iter().any(|start| rule.starts_with(start));
        is_of_kubernetes && rule != "kubeadm-node-ip"
    };
    let is_new = facts.kubernetes_at_least.is_some_and(|version| version >= Version::new(1, 22));
    (told.is_none() && !is_new && done.iter().any(|done| depends(done.rule))).then(|| {
        let message = match facts.assumed_kubernetes_version() {
            Some(version) => format!(
                "nothing tells the version of Kubernetes: {version} is assumed, the newest that knows the apiVersion of kubeadm's configuration; for v1.20 and older, give `kubernetesVersion`"
            ),
            None => "nothing tells the version of Kubernetes: a current one is assumed; for v1.24 and older, give `kubernetesVersion`".to_owned(),
        };
        Report::general(Severity::Info, &VERSION_UNKNOWN, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pods(rules: &[&'static str]) -> Vec<Touched<'static>> {
        rules.iter().map(|rule| Touched { rule, object: ("", "Pod") }).collect()
    }

    #[test]
    fn only_the_steps_of_what_was_touched_are_named_and_in_order() {
        let message = order(&pods(&["calico-node-ip6", "kube-proxy-cluster-cidr", "kube-apiserver-service-range"])).message;
        let at = |name: &str| message.find(name).unwrap_or_else(|| panic!("{name}: {message}"));
        assert!(at("nodes first") < at("kube-apiserver") && at("kube-apiserver") < at("kube-proxy") && at("kube-proxy") < at("Calico"));
        assert!(at("Calico") < at("create Pods again"));
        assert!(at("create Pods again") < at("Services"));
        assert!(!message.contains("kube-controller-manager") && !message.contains('\n'));
    }

    #[test]
    fn a_tool_that_makes_a_cluster_of_an_object_rolls_all_of_it_out() {
        let done = [
            Touched { rule: "kubeadm-pod-subnet", object: ("controlplane.cluster.x-k8s.io", "KubeadmControlPlane") },
            Touched { rule: "node-cidr-mask-size", object: ("", "KubeNetworkConfig") },
            Touched { rule: "calico-node-ip6", object: ("apps", "DaemonSet") },
        ];
        let message = order(&done).message;
        assert!(message.contains(&format!("; then {DEFINITION}; then Calico; then create Pods")), "{message}");
        assert!(!message.contains("kubeadm") && !message.contains("kube-controller-manager"), "{message}");
    }

    #[test]
    fn an_unknown_version_is_said_where_it_matters() {
        let said = |done: &[&'static str], told, at_least| {
            let facts = Facts { kubernetes_at_least: at_least, ..Facts::default() };
            unknown_version(&pods(done), told, &facts).is_some()
        };
        assert!(said(&["kube-proxy-cluster-cidr"], None, None));
        assert!(said(&["kubeadm-pod-subnet"], None, Some(Version::new(1, 15))));
        assert!(!said(&["kubeadm-pod-subnet"], None, Some(Version::new(1, 22))));
        assert!(!said(&["kubeadm-pod-subnet"], Some(Version::new(1, 18)), None));
        assert!(!said(&["calico-node-ip6", "kubeadm-node-ip"], None, None));
    }
}
