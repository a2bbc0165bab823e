//! What the places of a package say about its address families, as values that can be compared.
//!
//! Systems read facts twice: before the plan, to settle the ranges that the configuration leaves out, and from the
//! edited objects, so that the [checks](crate::checks) see the package as it will be.

use std::net::IpAddr;

use crate::cidr::{Cidr, Family};
use crate::package::Resource;
use crate::plan::Place;
use crate::version::Version;
use crate::yaml::Path;

/// What a range is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Addresses of pods: the cluster CIDR, IP pools.
    Pods,
    /// Addresses of Services.
    Services,
}

impl Role {
    /// The word in messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pods => "pod",
            Self::Services => "service",
        }
    }
}

/// Who says it; in the order in which a source is believed where the configuration leaves a range out
/// (reference: explicit pools of Calico first, then what the cluster was set up with, then what components are told).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The environment of `calico-node`.
    CalicoNode,
    /// An `Installation` of the Tigera operator, or Helm values of its chart.
    Installation,
    /// An `IPPool` object.
    IpPool,
    /// `ipv6_pools` in Calico's CNI config.
    CniConfig,
    /// `net-conf.json` of flannel.
    Flannel,
    /// `networking` of a kubeadm ClusterConfiguration.
    Kubeadm,
    /// `spec.clusterNetwork` of a `Cluster` of Cluster API.
    ClusterApi,
    /// `networking` of a kind `Cluster`.
    Kind,
    /// A k0s ClusterConfig.
    K0s,
    /// A `Network` of OpenShift.
    OpenShift,
    /// A `Shoot` of Gardener.
    Gardener,
    /// A `KubeNetworkConfig` of Talos.
    Talos,
    /// `--service-cluster-ip-range` of kube-apiserver.
    KubeApiserver,
    /// Flags of kube-controller-manager.
    KubeControllerManager,
    /// Flags of a cloud-controller-manager.
    CloudControllerManager,
    /// `clusterCIDR` or `--cluster-cidr` of kube-proxy.
    KubeProxy,
    /// A `ServiceCIDR`, which the kube-apiserver makes of its flag.
    ServiceCidr,
    /// `SERVICE_PREFIX` of Calico's VPP dataplane.
    CalicoVpp,
    /// `serviceClusterIPs` of a BGPConfiguration.
    BgpConfiguration,
}

impl Source {
    /// The name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::CalicoNode => "calico-node",
            Self::Installation => "Installation",
            Self::IpPool => "IPPool",
            Self::CniConfig => "the CNI config",
            Self::Flannel => "flannel",
            Self::Kubeadm => "kubeadm",
            Self::ClusterApi => "Cluster API",
            Self::Kind => "kind",
            Self::K0s => "k0s",
            Self::OpenShift => "OpenShift",
            Self::Gardener => "Gardener",
            Self::Talos => "Talos",
            Self::KubeApiserver => "kube-apiserver",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::CloudControllerManager => "cloud-controller-manager",
            Self::KubeProxy => "kube-proxy",
            Self::ServiceCidr => "ServiceCIDR",
            Self::CalicoVpp => "calico-vpp",
            Self::BgpConfiguration => "BGPConfiguration",
        }
    }

    /// Whether the ranges are pools of Calico: each is to be a part of the cluster's range, and their order says nothing.
    pub fn is_pool(self) -> bool {
        matches!(self, Self::CalicoNode | Self::Installation | Self::IpPool)
    }
}

/// Ranges that a place says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeFact {
    /// What they are for.
    pub role: Role,
    /// Who says so.
    pub source: Source,
    /// In the order in which they stand there: the first decides about the primary family.
    pub ranges: Vec<Cidr>,
    /// Whether each range must be the whole range of its family, or may be a part of it, as one of several pools is.
    pub whole: bool,
    /// Where.
    pub place: Place,
}

impl RangeFact {
    /// The range of this family, if the place says one.
    pub fn of(&self, family: Family) -> Option<Cidr> {
        self.ranges.iter().copied().find(|range| range.family() == family)
    }
}

/// Who tells the version of Kubernetes; in the order in which it is believed, after the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionSource {
    /// The tag of a component's image.
    Image,
    /// `kubernetesVersion` of a kubeadm ClusterConfiguration.
    Kubeadm,
    /// A version field of Cluster API.
    ClusterApi,
}

/// How a controller manager cuts the cluster CIDRs into the `podCIDRs` of nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeIpamFact {
    /// Who is told so.
    pub source: Source,
    /// `--allocate-node-cidrs`: without it, nothing of this is looked at.
    pub allocates: bool,
    /// The cluster CIDRs.
    pub ranges: Vec<Cidr>,
    /// `--node-cidr-mask-size`.
    pub mask: Option<u8>,
    /// `--node-cidr-mask-size-ipv4`.
    pub mask_ipv4: Option<u8>,
    /// `--node-cidr-mask-size-ipv6`.
    pub mask_ipv6: Option<u8>,
    /// Where the cluster CIDRs are.
    pub place: Place,
}

/// What kube-proxy is told, beside its ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyFact {
    /// The ranges of the addresses that it opens node ports at; empty where it opens them at all.
    pub node_port_addresses: Vec<Cidr>,
    /// Where it is told so.
    pub place: Place,
}

/// Where pods get their addresses from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PodIpam {
    /// From Calico's pools: calico-ipam.
    Calico,
    /// From the `podCIDRs` of their node: host-local, canal, flannel.
    OfNodes,
}

/// A mention of the feature gate `IPv6DualStack`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateFact {
    /// Who reads it.
    pub reader: &'static str,
    /// Whether it is on; nothing, where it may be: the gates are filled in later, or kind switches it on.
    pub on: Option<bool>,
    /// Where.
    pub place: Place,
}

/// What an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AddressOf {
    /// What kube-apiserver advertises: the primary address of the control plane.
    ApiServer,
    /// Of a node: `--node-ip` of its kubelet.
    Node,
}

/// Addresses that a place says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressFact {
    /// Whose.
    pub of: AddressOf,
    /// In their order.
    pub addresses: Vec<IpAddr>,
    /// Where.
    pub place: Place,
}

/// All facts of a package.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Who says which range.
    pub ranges: Vec<RangeFact>,
    /// Places that are for ranges, where none can be read: nothing is there, or a placeholder.
    pub unread: Vec<RangeFact>,
    /// Whether there is an object that a system knows, even if it says nothing about families.
    pub seen: bool,
    /// Who tells which version of Kubernetes.
    pub versions: Vec<(VersionSource, Version)>,
    /// The version that an apiVersion of the package came with: no older one knows it.
    pub kubernetes_at_least: Option<Version>,
    /// The last version with an apiVersion of the package: no newer one knows it.
    pub kubernetes_at_most: Option<Version>,
    /// How nodes get their `podCIDRs`.
    pub node_ipam: Vec<NodeIpamFact>,
    /// Where pods get their addresses from, as CNI configs say.
    pub pod_ipam: Vec<PodIpam>,
    /// Each calico-node that makes an IPv6 pool and is not told its range.
    pub makes_ipv6_pool: Vec<Place>,
    /// What each kube-proxy is told.
    pub proxies: Vec<ProxyFact>,
    /// Who mentions the feature gate.
    pub gates: Vec<GateFact>,
    /// Addresses of nodes and API servers.
    pub addresses: Vec<AddressFact>,
    /// The ranges that nodes get their addresses from.
    pub node_ranges: Vec<(Cidr, Place)>,
}

impl Facts {
    /// Adds a place that says the whole range of `role`, of one family or two.
    pub fn whole(&mut self, role: Role, source: Source, resource: &Resource<'_>, path: &Path, ranges: Vec<Cidr>) {
        self.add(role, source, resource, path, ranges, true);
    }

    /// Adds a place that says a part of the range of `role`, as one of several pools does.
    pub fn part(&mut self, role: Role, source: Source, resource: &Resource<'_>, path: &Path, ranges: Vec<Cidr>) {
        self.add(role, source, resource, path, ranges, false);
    }

    fn add(&mut self, role: Role, source: Source, resource: &Resource<'_>, path: &Path, ranges: Vec<Cidr>, whole: bool) {
        let facts = if ranges.is_empty() { &mut self.unread } else { &mut self.ranges };
        facts.push(RangeFact { role, source, ranges, whole, place: Place::at(resource, path) });
    }

    /// Adds a range that nodes get their addresses from, if `text` is one.
    pub fn node_range(&mut self, resource: &Resource<'_>, path: &Path, text: Option<&str>) {
        let range = text.and_then(|text| Cidr::parse(text).ok()).map(|parsed| parsed.cidr);
        self.node_ranges.extend(range.map(|range| (range, Place::at(resource, path))));
    }

    /// The facts about ranges of `role` that say one of `family`.
    pub fn saying(&self, role: Role, family: Family) -> impl Iterator<Item = (&RangeFact, Cidr)> {
        self.ranges.iter().filter(move |fact| fact.role == role).filter_map(move |fact| Some((fact, fact.of(family)?)))
    }

    /// The range that the package says where the configuration says none: that of the first source in the order of
    /// [`Source`], a whole range before a part, and a pool of Calico only where nobody is told the range of the cluster, of which
    /// it may be a part. kube-proxy comes last: its range may be wider. Parts settle it only where one of them holds all others;
    /// else nothing says what they are parts of. Whether all agree is seen by the checks.
    pub fn settled(&self, role: Role, family: Family) -> Option<Cidr> {
        let mut saying: Vec<_> = self.saying(role, family).collect();
        saying.sort_by_key(|(fact, _)| (!fact.whole, fact.source == Source::KubeProxy, fact.source.is_pool(), fact.source));
        let (first, range) = saying.first()?;
        if first.whole {
            return Some(*range);
        }
        saying.iter().map(|(_, part)| *part).find(|range| saying.iter().all(|(_, part)| range.contains(*part)))
    }

    /// Whether some CNI config says that pods get their addresses like that.
    pub fn pod_ipam_is(&self, ipam: PodIpam) -> bool {
        self.pod_ipam.contains(&ipam)
    }

    /// The version of Kubernetes that the package tells: of the first source in the order of [`VersionSource`], and of
    /// several that differ, as in an upgrade, the oldest.
    pub fn kubernetes_version(&self) -> Option<Version> {
        self.versions.iter().min().map(|(_, version)| *version)
    }

    /// The version of Kubernetes to go by, where nothing tells it: the newest that knows the apiVersions of the package, if
    /// they are so old that it is none of today (v1.25 and newer, all of which are the same for dual-stack).
    pub fn assumed_kubernetes_version(&self) -> Option<Version> {
        self.kubernetes_at_most.filter(|version| *version < Version::new(1, 25))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(facts: &[(Source, bool, &str)]) -> Option<String> {
        let ranges = facts.iter().map(|&(source, whole, range)| RangeFact {
            role: Role::Pods,
            source,
            ranges: vec![Cidr::parse(range).unwrap().cidr],
            whole,
            place: Place::default(),
        });
        let facts = Facts { ranges: ranges.collect(), ..Facts::default() };
        facts.settled(Role::Pods, Family::V4).map(|range| range.to_string())
    }

    #[test]
    fn a_whole_range_settles_before_a_part_and_in_the_order_of_the_sources() {
        assert_eq!(settled(&[]), None);
        let facts = [
            (Source::IpPool, true, "10.1.0.0/16"),
            (Source::Installation, false, "10.1.0.0/17"),
            (Source::CalicoNode, true, "10.2.0.0/16"),
        ];
        assert_eq!(settled(&facts).as_deref(), Some("10.2.0.0/16"));
    }

    #[test]
    fn the_cluster_settles_before_its_pools_and_they_before_kube_proxy() {
        let pool = (Source::CalicoNode, true, "10.1.0.0/17");
        assert_eq!(settled(&[pool, (Source::Kubeadm, true, "10.1.0.0/16")]).as_deref(), Some("10.1.0.0/16"));
        assert_eq!(settled(&[pool, (Source::KubeControllerManager, true, "10.1.0.0/16")]).as_deref(), Some("10.1.0.0/16"));
        assert_eq!(settled(&[pool, (Source::KubeProxy, true, "10.0.0.0/8")]).as_deref(), Some("10.1.0.0/17"));
    }

    #[test]
    fn parts_settle_nothing_unless_one_of_them_is_all_of_it() {
        let pools = [(Source::Installation, false, "10.48.0.0/21"), (Source::Installation, false, "10.48.8.0/21")];
        assert_eq!(settled(&pools), None);
        let pools = [(Source::Installation, false, "10.48.0.0/21"), (Source::IpPool, false, "10.48.0.0/16")];
        assert_eq!(settled(&pools).as_deref(), Some("10.48.0.0/16"));
    }
}
