//! All that can be said about the spec of an Installation.

use super::super::ipv6_advice::{EBPF_IPV6_HOSTS, GLOBAL_RANGE, HOST, NEEDS_ADDRESS, RUNNING_PODS, UNENCAPSULATED, VXLAN_KERNEL};
use super::super::ipv6_pool::{BLOCK_SIZE, CANONICAL, NAT_OUTGOING, NO_IPIP};
use crate::plan::Rule;

/// The rules of an Installation, wherever it is.
pub(crate) static RULES: &[&Rule] = &[
    &IPV6_POOL,
    &IPV4_POOL,
    &IPV4_UNKNOWN,
    &IPV6_ONLY,
    &ENCAPSULATION,
    &DETECTION,
    &OTHER_CNI,
    &HOST_LOCAL,
    &BPF,
    &NO_POOLS,
    &PART,
    &POOLS_FIXED,
    &MTU,
    &UNREADABLE,
    &CANONICAL,
    &NO_IPIP,
    &NAT_OUTGOING,
    &BLOCK_SIZE,
    &WINDOWS,
    &NEEDS_ADDRESS,
    &HOST,
    &RUNNING_PODS,
    &GLOBAL_RANGE,
    &UNENCAPSULATED,
    &VXLAN_KERNEL,
    &EBPF_IPV6_HOSTS,
];

pub(super) static IPV6_POOL: Rule = Rule {
    id: "calico-operator-ipv6-pool",
    title: "The Installation has an IPv6 pool",
    why: "Without one, the operator renders `assign_ipv6` \"false\", IP6=none and FELIX_IPV6SUPPORT=false: pods get IPv4 addresses only.",
    remedy: "`calicoNetwork.ipPools` must have a pool with the IPv6 pod range.",
    source: "https://docs.tigera.io/calico/latest/networking/ipam/ipv6",
};
pub(super) static IPV4_POOL: Rule = Rule {
    id: "calico-operator-ipv4-pool",
    title: "The IPv4 pool stands beside the IPv6 pool",
    why: "The operator chooses pools only where `ipPools` says none; with an IPv6 pool alone, the cluster would have IPv6 only.",
    remedy: "`calicoNetwork.ipPools` must have the IPv4 pool that the operator chose by itself, too.",
    source: "https://github.com/tigera/operator/blob/HEAD/pkg/controller/ippool/defaults.go",
};
pub(super) static IPV4_UNKNOWN: Rule = Rule {
    id: "calico-operator-ipv4-pool-unknown",
    title: "The IPv4 range of pods is not known",
    why: "The IPv4 pool must be written out beside the IPv6 one, and which one the operator chooses is decided in the cluster: by kubeadm's `podSubnet`, OpenShift's `clusterNetwork` or the pools that are there.",
    remedy: "Give `ipv4PodCIDR` in the functionConfig.",
    source: "https://github.com/tigera/operator/blob/HEAD/pkg/controller/ippool/defaults.go mergePlatformPodCIDRs",
};
pub(super) static IPV6_ONLY: Rule = Rule {
    id: "calico-operator-ipv6-only",
    title: "The Installation has IPv6 pools only",
    why: "An IPv4 pool makes the operator render `assign_ipv4` \"true\".",
    remedy: "`calicoNetwork.ipPools` must have no IPv4 pool, and `nodeAddressAutodetectionV4` must not be there.",
    source: "https://docs.tigera.io/calico/latest/networking/ipam/ipv6",
};
pub(super) static ENCAPSULATION: Rule = Rule {
    id: "calico-operator-encapsulation",
    title: "The operator accepts the encapsulation of the IPv6 pool",
    why: "It refuses VXLAN with host-local IPAM, and no encapsulation without BGP: \"Unencapsulated IP pools require that BGP is enabled\".",
    remedy: "Correct `ipv6Encapsulation`, or the fields that it has to fit.",
    source: "https://github.com/tigera/operator/blob/master/pkg/controller/ippool/validation.go; Calico documentation: VXLAN for IPv6 since v3.23",
};
pub(super) static DETECTION: Rule = Rule {
    id: "calico-operator-ipv6-autodetection",
    title: "How the operator finds the IPv6 address of a node",
    why: "By default it is the first one found, which can be that of a wrong interface; the eBPF dataplane needs it said: \"nodeAddressAutodetectionV6 is required for the BPF dataplane\".",
    remedy: "Set `ipv6AutodetectionMethod` in the functionConfig.",
    source: "tigera/operator pkg/controller/installation/validation.go; https://docs.tigera.io/calico/latest/networking/ipam/ip-autodetection",
};
pub(super) static OTHER_CNI: Rule = Rule {
    id: "calico-operator-other-cni",
    title: "Another CNI plugin gives pods their addresses",
    why: "With a CNI plugin that is not Calico's, Calico only enforces policy: it cannot add an IPv6 address.",
    remedy: "Enable dual-stack in that plugin, where it can.",
    source: "https://github.com/tigera/operator/blob/HEAD/pkg/controller/installation/core_controller.go fillDefaults",
};
pub(super) static HOST_LOCAL: Rule = Rule {
    id: "calico-operator-host-local",
    title: "Pods get addresses from the ranges of their node",
    why: "With HostLocal IPAM, a node without an IPv6 pod CIDR gives its pods no IPv6 address; the pools only decide about NAT and encapsulation.",
    remedy: "kube-controller-manager must give each node a pod CIDR of both families (`--cluster-cidr`, `--allocate-node-cidrs`).",
    source: "https://docs.tigera.io/calico/latest/networking/ipam/ipv6; tigera/operator pkg/render/node.go buildHostLocalIPAM",
};
pub(super) static BPF: Rule = Rule {
    id: "calico-operator-bpf",
    title: "The eBPF dataplane has both families since Calico v3.28",
    why: "Before v3.27 it drops IPv6 to and from pods; v3.27 has IPv6 alone.",
    remedy: "Upgrade Calico first, or use another dataplane.",
    source: "https://github.com/projectcalico/calico/issues/4736; Calico v3.28 release notes",
};
pub(super) static NO_POOLS: Rule = Rule {
    id: "calico-operator-no-pools",
    title: "The operator makes no pools",
    why: "`ipPools: []` means that pools are made as IPPool objects; without an IPv6 one, pods get no IPv6 address.",
    remedy: "Create an IPPool with the IPv6 pod range.",
    source: "https://github.com/tigera/operator/blob/HEAD/pkg/controller/ippool/defaults.go",
};
pub(super) static PART: Rule = Rule {
    id: "calico-operator-part",
    title: "A part of another Installation",
    why: "An Installation without pools beside one that has some is an overlay or a patch: the pools of the other one count.",
    remedy: "Nothing.",
    source: "https://github.com/tigera/operator/blob/HEAD/pkg/controller/installation/merge.go mergeCalicoNetwork",
};
pub(super) static POOLS_FIXED: Rule = Rule {
    id: "calico-operator-pools-fixed",
    title: "Pools cannot be added to a running cluster before Calico v3.28",
    why: "Before v1.34, the operator reads `ipPools` at installation only.",
    remedy: "On a running cluster, upgrade Calico first, or create the pool as an IPPool object.",
    source: "https://github.com/projectcalico/calico/blob/v3.24.6/manifests/custom-resources.yaml (\"The ipPools section cannot be modified post-install\")",
};
pub(super) static MTU: Rule = Rule {
    id: "calico-operator-mtu",
    title: "The MTU has room for VXLAN over IPv6",
    why: "The header of VXLAN over IPv6 takes 70 bytes; packets that are too large for the network are dropped or cut.",
    remedy: "`calicoNetwork.mtu` must be at most the MTU of the network less 70; without it, Calico finds it out.",
    source: "https://docs.tigera.io/calico/latest/networking/configuring/mtu",
};
pub(super) static UNREADABLE: Rule = Rule {
    id: "calico-operator-unreadable-pool",
    title: "The range of a pool cannot be read",
    why: "Whether it is an IPv6 pool cannot be told, so no pool is added.",
    remedy: "Correct the range; where a template fills it in, run the function behind the template.",
    source: "https://github.com/tigera/operator/blob/master/pkg/controller/ippool/validation.go (\"IP pool CIDR is invalid\")",
};
pub(super) static WINDOWS: Rule = Rule {
    id: "calico-operator-windows",
    title: "Windows nodes keep one IP family",
    why: "Calico does not support IPv6 and dual-stack on Windows nodes; Linux nodes of the same cluster can be dual-stack.",
    remedy: "Nothing: what is for Windows nodes stays as it is.",
    source: "https://docs.tigera.io/calico/latest/getting-started/kubernetes/windows-calico/limitations",
};
