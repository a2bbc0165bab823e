//! The spec of the Tigera operator's Installation: an object of its own, or Helm values of the operator's chart.
//!
//! # Sources
//! tigera/operator pkg/controller/installation/core_controller.go (`fillDefaults`: CNI, IPAM and BGP by provider) and
//! validation.go, pkg/controller/ippool/defaults.go and validation.go, pkg/controller/installation/merge.go (`overlay`).

mod plan;
mod rules;

use crate::cidr::{Cidr, Family, Parsed};
use crate::facts::{Facts, PodIpam, Role, Source};
use crate::package::Resource;
use crate::version::Version;
use crate::yaml::{Node, Path};

pub(crate) use plan::Around;
pub(crate) use rules::RULES;

/// What the spec of an Installation says, with the operator's defaults where they follow from the spec alone.
#[derive(Debug)]
pub(crate) struct Installation<'p> {
    pub resource: &'p Resource<'p>,
    /// The place of the spec.
    pub path: Path,
    /// The version of Calico, where the object tells it.
    pub version: Option<Version>,
    provider: String,
    cni: Cni,
    bgp: bool,
    bpf: bool,
    windows: bool,
    mtu: Option<String>,
    service_cidrs: Vec<Cidr>,
    /// How the operator must find the address of a node: the key of that object, such as `interface`.
    detection_v4: Option<String>,
    detection_v6: Option<String>,
    /// Nothing where the operator chooses the pools.
    pools: Option<Vec<Pool>>,
}

/// Which plugin makes the pods' interfaces, and which gives them addresses.
#[derive(Debug, PartialEq, Eq)]
enum Cni {
    CalicoIpam,
    HostLocal,
    /// Not Calico's.
    Other(String),
}

/// An item of `calicoNetwork.ipPools`.
#[derive(Debug)]
struct Pool {
    path: Path,
    cidr: String,
    range: Result<Parsed, String>,
    encapsulation: Option<String>,
    block_size: Option<u8>,
    nat_outgoing: Option<String>,
    node_selector: Option<String>,
    name: Option<String>,
    for_pods: bool,
}

impl<'p> Installation<'p> {
    /// Reads the spec at `path`; nothing is there yet where `spec` is nothing.
    pub(crate) fn read(resource: &'p Resource<'p>, path: Path, spec: Option<Node<'_>>, version: Option<Version>) -> Self {
        let text = |keys: &[&str]| spec.and_then(|spec| spec.text_at(keys)).unwrap_or_default();
        let network = |key: &str| spec.and_then(|spec| spec.at(&["calicoNetwork", key])).filter(|node| !node.is_null());
        let provider = text(&["kubernetesProvider"]);
        let cni = match (text(&["cni", "type"]), provider) {
            ("", "AKS") => "AzureVNET",
            ("", "EKS") => "AmazonVPC",
            ("", "GKE") => "GKE",
            ("", _) => "Calico",
            (said, _) => said,
        };
        let cni = match (cni, text(&["cni", "ipam", "type"])) {
            ("Calico", "HostLocal") => Cni::HostLocal,
            ("Calico", _) => Cni::CalicoIpam,
            (other, _) => Cni::Other(other.to_owned()),
        };
        let bgp = match text(&["calicoNetwork", "bgp"]) {
            "" => provider != "EKS",
            said => said == "Enabled",
        };
        let detection = |key: &str| {
            let keys = network(key)?.entries().filter_map(|(key, _)| key.text());
            Some(keys.collect::<Vec<_>>().join(", "))
        };
        let pools_path = path.keys(&["calicoNetwork", "ipPools"]);
        let pools =
            network("ipPools").map(|pools| pools.items().enumerate().map(|(at, pool)| Pool::read(pools_path.index(at), pool)).collect());
        Self {
            provider: provider.to_owned(),
            bgp,
            bpf: text(&["calicoNetwork", "linuxDataplane"]) == "BPF",
            windows: !matches!(text(&["calicoNetwork", "windowsDataplane"]), "" | "Disabled"),
            mtu: network("mtu").and_then(Node::text).map(str::to_owned),
            service_cidrs: spec
                .and_then(|spec| spec.get("serviceCIDRs"))
                .into_iter()
                .flat_map(Node::items)
                .filter_map(|range| Some(Cidr::parse(range.text()?).ok()?.cidr))
                .collect(),
            detection_v4: detection("nodeAddressAutodetectionV4"),
            detection_v6: detection("nodeAddressAutodetectionV6"),
            resource,
            path,
            version,
            cni,
            pools,
        }
    }

    /// Whether it says pools of its own.
    pub(crate) fn has_pools(&self) -> bool {
        self.pools.as_ref().is_some_and(|pools| !pools.is_empty())
    }

    /// Whether it decides about pools: has some, or says that there are none.
    pub(crate) fn says_pools(&self) -> bool {
        self.pools.is_some()
    }

    /// The ranges of its pools. Of a family, the only pool is the whole range of pods; of several, each is a part.
    pub(crate) fn facts(&self, facts: &mut Facts) {
        let services = self.path.key("serviceCIDRs");
        facts.whole(Role::Services, Source::Installation, self.resource, &services, self.service_cidrs.clone());
        match self.cni {
            Cni::CalicoIpam => facts.pod_ipam.push(PodIpam::Calico),
            Cni::HostLocal => facts.pod_ipam.push(PodIpam::OfNodes),
            Cni::Other(_) => {}
        }
        for family in [Family::V4, Family::V6] {
            let pools: Vec<_> = self.of(family).collect();
            for (pool, range) in &pools {
                let path = pool.path.key("cidr");
                let say = if pools.len() == 1 { Facts::whole } else { Facts::part };
                say(facts, Role::Pods, Source::Installation, self.resource, &path, vec![*range]);
            }
        }
    }

    /// The pools of a family that give addresses to pods.
    fn of(&self, family: Family) -> impl Iterator<Item = (&Pool, Cidr)> {
        let pools = self.pools.iter().flatten().filter(|pool| pool.for_pods);
        pools.filter_map(|pool| Some((pool, pool.range.as_ref().ok()?.cidr))).filter(move |(_, range)| range.family() == family)
    }

    fn network(&self, key: &str) -> Path {
        self.path.keys(&["calicoNetwork", key])
    }
}

impl Pool {
    fn read(path: Path, pool: Node<'_>) -> Self {
        let text = |key: &str| pool.text_at(&[key]).filter(|text| !text.is_empty()).map(str::to_owned);
        let cidr = text("cidr").unwrap_or_default();
        let mut uses = pool.get("allowedUses").into_iter().flat_map(Node::items).peekable();
        Self {
            range: Cidr::parse(&cidr),
            encapsulation: text("encapsulation"),
            block_size: text("blockSize").and_then(|size| size.parse().ok()),
            nat_outgoing: text("natOutgoing"),
            node_selector: text("nodeSelector"),
            name: text("name"),
            for_pods: uses.peek().is_none() || uses.any(|used| used.text() == Some("Workload")),
            path,
            cidr,
        }
    }
}
