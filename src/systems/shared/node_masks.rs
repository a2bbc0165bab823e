//! The masks by which a controller manager cuts the cluster CIDRs into the `podCIDRs` of nodes.
//!
//! # Sources
//! kubernetes v1.33 cmd/kube-controller-manager/app/core.go, pkg/controller/nodeipam: "usage of --node-cidr-mask-size is
//! not allowed with dual-stack clusters"; a node's range is at most 16 bits longer than the IPv6 cluster CIDR. One mask for
//! each family since v1.17 (kubernetes/kubernetes#79993).

use crate::cidr::{Cidr, Family};
use crate::config::Config;
use crate::plan::Rule;
use crate::version::Version;

/// The flag for both families, without dashes.
pub(crate) const BOTH: &str = "node-cidr-mask-size";
/// What a node gets of the IPv6 cluster CIDR where no flag says it.
pub(crate) const IPV6_DEFAULT: u8 = 64;
/// How many bits longer than the cluster CIDR the mask of a node may be.
pub(crate) const LONGEST: u8 = 16;

pub(crate) static NODE_MASK: Rule = Rule {
    id: "node-cidr-mask-size",
    title: "Each family has its own node mask",
    why: "kube-controller-manager stops: \"usage of --node-cidr-mask-size is not allowed with dual-stack clusters\", or it cannot cut the IPv6 range: \"New CIDR set failed; the node CIDR size is too big\".",
    remedy: "`--node-cidr-mask-size-ipv4` and `--node-cidr-mask-size-ipv6`, each not shorter than its cluster CIDR and at most 16 bits longer.",
    source: "https://github.com/kubernetes/kubernetes/blob/v1.33.0/cmd/kube-controller-manager/app/core.go",
};

/// The flag for one family, without dashes.
pub(crate) fn flag(family: Family) -> &'static str {
    match family {
        Family::V4 => "node-cidr-mask-size-ipv4",
        Family::V6 => "node-cidr-mask-size-ipv6",
    }
}

/// What the flags of a controller manager must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Edits {
    /// The flag for both families must get this name; or go, where a flag of this name is there.
    pub rename: Option<&'static str>,
    /// The flag for IPv6 must be added with this mask.
    pub add_ipv6: Option<u8>,
}

/// What must become of the flags with these cluster CIDRs, of which `has` tells whether a flag is there.
pub(crate) fn edits(ranges: &[Cidr], has: impl Fn(&str) -> bool, allocates: bool, config: &Config) -> Edits {
    let [first, second] = ranges else { return Edits::default() };
    let one_mask_for_both = config.kubernetes_version.is_some_and(|version| version < Version::new(1, 17));
    if first.family() == second.family() || one_mask_for_both {
        return Edits::default();
    }
    let rename = has(BOTH).then(|| flag(first.family()));
    let ipv6 = if first.family() == Family::V6 { first } else { second };
    let said = has(flag(Family::V6)) || rename == Some(flag(Family::V6));
    Edits { rename, add_ipv6: mask_for(*ipv6).filter(|_| allocates && !said) }
}

/// The mask that nodes need of this IPv6 cluster CIDR, where the default is refused: 8 bits more, as kubespray has it (/112
/// and 120).
pub(crate) fn mask_for(ipv6: Cidr) -> Option<u8> {
    let prefix = ipv6.prefix();
    (!fits(ipv6, IPV6_DEFAULT)).then(|| (prefix + 8).min(126)).filter(|mask| *mask >= prefix)
}

/// Whether a controller manager can cut the cluster CIDR into ranges of this mask.
pub(crate) fn fits(cluster: Cidr, mask: u8) -> bool {
    mask.checked_sub(cluster.prefix()).is_some_and(|longer| longer <= LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(texts: [&str; 2]) -> Vec<Cidr> {
        texts.iter().map(|text| Cidr::parse(text).expect(text).cidr).collect()
    }

    #[test]
    fn a_mask_is_added_only_where_the_default_is_refused() {
        for (prefix, mask) in
            [(48, None), (56, None), (64, None), (47, Some(55)), (65, Some(73)), (112, Some(120)), (120, Some(126)), (128, None)]
        {
            let ranges = ranges(["10.244.0.0/16", &format!("fd00::/{prefix}")]);
            assert_eq!(edits(&ranges, |_| false, true, &Config::default()).add_ipv6, mask, "/{prefix}");
            assert_eq!(edits(&ranges, |_| false, false, &Config::default()), Edits::default());
        }
    }

    #[test]
    fn the_flag_for_both_becomes_that_of_the_first_family() {
        let both = |name: &str| name == BOTH;
        let config = Config::default();
        assert_eq!(edits(&ranges(["10.244.0.0/16", "fd00::/56"]), both, true, &config).rename, Some("node-cidr-mask-size-ipv4"));
        assert_eq!(
            edits(&ranges(["fd00::/112", "10.244.0.0/16"]), both, true, &config),
            Edits { rename: Some("node-cidr-mask-size-ipv6"), add_ipv6: None }
        );
        assert_eq!(edits(&ranges(["10.244.0.0/16", "fd00::/56"])[..1], both, true, &config), Edits::default());
        let v1_16 = Config { kubernetes_version: Some(Version::new(1, 16)), ..config };
        assert_eq!(edits(&ranges(["10.244.0.0/16", "fd00::/112"]), both, true, &v1_16), Edits::default());
    }
}
