//! The feature gate in every carrier and every version of Kubernetes (kubernetes/website feature-gates-removed,
//! `IPv6DualStack`: alpha to v1.20, on by default from v1.21, locked from v1.23, removed in v1.25).

use crate::{applied, config};

/// What a place says about the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gate {
    Absent,
    On,
    Off,
}

/// A place that has feature gates: before the gate, and how it stands there.
struct Carrier {
    name: &'static str,
    text: &'static str,
    /// `{}` is "true" or "false".
    gate: &'static str,
    /// The first version of it.
    since: u32,
    /// Whether it gets the gate where it has none and the version needs it.
    carries: bool,
}

const CARRIERS: &[Carrier] = &[
    Carrier {
        name: "a flag of kube-controller-manager",
        text: "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: a\n    command:\n    - kube-controller-manager\n    - --feature-gates=A=true",
        gate: ",IPv6DualStack={}",
        since: 16,
        carries: true,
    },
    Carrier {
        name: "a flag of kube-scheduler",
        text: "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: a\n    command:\n    - kube-scheduler\n    - --feature-gates=A=true",
        gate: ",IPv6DualStack={}",
        since: 16,
        carries: false,
    },
    Carrier {
        name: "a file of kubeadm",
        text: "apiVersion: kubeadm.k8s.io/v1beta2\nkind: ClusterConfiguration\nfeatureGates:\n  A: true",
        gate: "\n  IPv6DualStack: {}",
        since: 16,
        carries: true,
    },
    Carrier {
        name: "the ConfigMap kubeadm-config",
        text: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kubeadm-config\ndata:\n  ClusterConfiguration: |\n    apiVersion: kubeadm.k8s.io/v1beta2\n    kind: ClusterConfiguration\n    featureGates:\n      A: true",
        gate: "\n      IPv6DualStack: {}",
        since: 16,
        carries: true,
    },
    Carrier {
        name: "an extra argument in a map",
        text: "apiVersion: kubeadm.k8s.io/v1beta2\nkind: InitConfiguration\nnodeRegistration:\n  kubeletExtraArgs:\n    feature-gates: A=true",
        gate: ",IPv6DualStack={}",
        since: 16,
        carries: true,
    },
    Carrier {
        name: "an extra argument in a list",
        text: "apiVersion: kubeadm.k8s.io/v1beta4\nkind: JoinConfiguration\nnodeRegistration:\n  kubeletExtraArgs:\n  - name: feature-gates\n    value: A=true",
        gate: ",IPv6DualStack={}",
        since: 16,
        carries: true,
    },
    Carrier {
        name: "a file of kube-proxy",
        text: "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\nfeatureGates:\n  A: true",
        gate: "\n  IPv6DualStack: {}",
        since: 16,
        carries: true,
    },
    Carrier {
        name: "the ConfigMap kube-proxy",
        text: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kube-proxy\ndata:\n  config.conf: |\n    apiVersion: kubeproxy.config.k8s.io/v1alpha1\n    kind: KubeProxyConfiguration\n    mode: ipvs\n    featureGates:\n      A: true",
        gate: "\n      IPv6DualStack: {}",
        since: 16,
        carries: true,
    },
    Carrier {
        name: "a file of the kubelet",
        text: "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nfeatureGates:\n  A: true",
        gate: "\n  IPv6DualStack: {}",
        since: 16,
        carries: true,
    },
    Carrier {
        name: "the ConfigMap of kubelets",
        text: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kubelet-config-1.20\ndata:\n  kubelet: |\n    apiVersion: kubelet.config.k8s.io/v1beta1\n    kind: KubeletConfiguration\n    featureGates:\n      A: true",
        gate: "\n      IPv6DualStack: {}",
        since: 16,
        carries: true,
    },
    Carrier {
        name: "a control plane of Cluster API",
        text: "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: KubeadmControlPlane\nmetadata:\n  name: a\nspec:\n  kubeadmConfigSpec:\n    clusterConfiguration:\n      featureGates:\n        A: true",
        gate: "\n        IPv6DualStack: {}",
        since: 16,
        carries: true,
    },
    Carrier {
        // kind switches it on itself.
        name: "a cluster of kind",
        text: "apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\nnetworking:\n  ipFamily: dual\nfeatureGates:\n  A: true",
        gate: "\n  IPv6DualStack: {}",
        since: 20,
        carries: false,
    },
];

impl Carrier {
    fn with(&self, gate: Gate) -> String {
        let gate = match gate {
            Gate::Absent => String::new(),
            Gate::On => self.gate.replace("{}", "true"),
            Gate::Off => self.gate.replace("{}", "false"),
        };
        format!("{}{gate}\n", self.text)
    }
}

/// What must come of it in v1.`minor`.
fn needed(minor: u32, gate: Gate, carries: bool) -> Gate {
    match (minor, gate) {
        (16..=20, Gate::Absent) if !carries => Gate::Absent,
        (16..=20, _) | (21..=24, Gate::On) => Gate::On,
        _ => Gate::Absent,
    }
}

#[test]
fn every_carrier_says_of_the_gate_what_its_version_needs() {
    for carrier in CARRIERS {
        for minor in carrier.since..=36 {
            let version = format!("v1.{minor}");
            let config = config(&[("ipv6PodCIDR", crate::POD), ("kubernetesVersion", &version)]);
            for gate in [Gate::Absent, Gate::On, Gate::Off] {
                let expected = carrier.with(needed(minor, gate, carrier.carries));
                assert_eq!(applied(&carrier.with(gate), &config), expected, "{} in {version}, {gate:?}", carrier.name);
            }
        }
    }
}
