//! What kube-proxy is told, by its configuration or by flags.

use crate::cidr::Cidr;
use crate::config::{Config, Mode};
use crate::plan::Rule;
use crate::version::Version;

use super::kubernetes_version::FIRST;

pub(crate) static CLUSTER_CIDR: Rule = Rule {
    id: "kube-proxy-cluster-cidr",
    title: "kube-proxy knows the pod ranges of both families",
    why: "kube-proxy logs \"Detect-local-mode set to ClusterCIDR, but no IPv6 cluster CIDR defined, defaulting to no-op detect-local for IPv6\", and traffic of pods to Services gets another source address, which policies do not match.",
    remedy: "`clusterCIDR` or `--cluster-cidr` must be a range of each family, as `a,b` without a blank.",
    source: "https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/; projectcalico/calico#6545",
};
pub(crate) static MODE: Rule = Rule {
    id: "kube-proxy-mode-ipvs",
    title: "kube-proxy uses IPVS in v1.16 and v1.17",
    why: "No other mode of these versions does dual-stack.",
    remedy: "`mode` or `--proxy-mode` must be \"ipvs\"; from v1.18 on, \"iptables\" does it, too.",
    source: "https://v1-17.docs.kubernetes.io/docs/concepts/services-networking/dual-stack/",
};

/// Whether both families are wanted of v1.16 or v1.17, where kube-proxy does dual-stack with IPVS only.
pub(crate) fn is_before_1_18(config: &Config) -> bool {
    config.mode == Mode::DualStack && config.kubernetes_version.is_some_and(|version| (FIRST..=Version::new(1, 17)).contains(&version))
}

/// The ranges of `nodePortAddresses`; none where the keyword `primary` stands for the node's own addresses of both families.
pub(crate) fn node_port_ranges<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<Cidr> {
    texts.into_iter().filter_map(|text| Cidr::parse(text.trim()).ok()).map(|parsed| parsed.cidr).collect()
}
