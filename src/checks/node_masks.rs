//! A controller manager can cut the cluster CIDRs into ranges for nodes (L5), and for enough of them (L6).
//!
//! # Sources
//! kubernetes v1.33 cmd/kube-controller-manager/app/core.go startNodeIpamController and setNodeCIDRMaskSizes,
//! pkg/controller/nodeipam/ipam/cidrset; cmd/kubeadm/app/apis/kubeadm/validation ValidatePodSubnetNodeMask. None of it is
//! looked at without `--allocate-node-cidrs`.

use super::{Check, Seen};
use crate::cidr::{Cidr, Family};
use crate::facts::{NodeIpamFact, PodIpam, Role, Source};
use crate::plan::{Plan, Rule, Severity};
use crate::systems::FIRST_KUBERNETES;
use crate::version::Version;

pub(super) const CHECK: Check = Check { name: "node_masks", rules: &[&FLAGS, &MASK, &FEW_NODES, &DEFAULT_MASK], check };

static FLAGS: Rule = Rule {
    id: "node-mask-flags",
    title: "The flags of node masks do not fit the families",
    why: "kube-controller-manager does not start.",
    remedy: "With two ranges, use `--node-cidr-mask-size-ipv4` and `--node-cidr-mask-size-ipv6` only; with one, the flag of its family.",
    source: "https://github.com/kubernetes/kubernetes/blob/v1.33.0/cmd/kube-controller-manager/app/core.go",
};
static MASK: Rule = Rule {
    id: "node-mask-of-cluster-range",
    title: "A node mask does not fit the cluster CIDR",
    why: "kube-controller-manager and kubeadm refuse it, and nodes get no range.",
    remedy: "The mask of a node must not be shorter than that of its cluster CIDR, and at most 16 bits longer.",
    source: "https://github.com/kubernetes/kubernetes/blob/v1.33.0/pkg/controller/nodeipam/ipam/cidrset/cidr_set.go",
};
static FEW_NODES: Rule = Rule {
    id: "node-mask-few-nodes",
    title: "The cluster CIDR has room for a few nodes only",
    why: "Further nodes get no range: \"CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range\".",
    remedy: "Use a shorter prefix for the cluster CIDR, such as /56, or a longer node mask.",
    source: "https://github.com/kubernetes/kubernetes/blob/v1.33.0/pkg/controller/nodeipam/ipam/range_allocator.go",
};
static DEFAULT_MASK: Rule = Rule {
    id: "node-mask-default",
    title: "The default mask of nodes does not fit the IPv6 cluster CIDR",
    why: "Unless it is told otherwise, kube-controller-manager cuts a /64 out of the cluster CIDR for each node: \"New CIDR set failed; the node CIDR size is too big\".",
    remedy: "Use a prefix from /48 to /64, or set `--node-cidr-mask-size-ipv6`. Calico IPAM needs no ranges of nodes: `--allocate-node-cidrs=false` is as good.",
    source: "https://github.com/kubernetes/kubernetes/issues/83346; https://github.com/kubernetes/kubeadm/issues/2391",
};

fn check(seen: &Seen<'_>, plan: &mut Plan) {
    default_mask(seen, plan);
    // Before v1.17, --node-cidr-mask-size was for both families, and 24 by default (kubernetes/kubernetes#79993). That an even
    // older one has no dual-stack is said already.
    let one_for_both = seen.config.kubernetes_version == Some(FIRST_KUBERNETES);
    let hint = if one_for_both { "; v1.16 has one mask for both families: use a prefix from /8 to /24 for IPv6, too" } else { "" };
    for fact in seen.facts.node_ipam.iter().filter(|fact| fact.allocates) {
        if let Some(quote) = refused_flags(fact, seen.config.kubernetes_version) {
            let message = format!("kube-controller-manager refuses the node masks beside these cluster CIDRs: \"{quote}\"");
            plan.error(&FLAGS, fact.place.clone(), message);
            continue;
        }
        let mut rooms = Vec::new();
        for range in &fact.ranges {
            let mask = if one_for_both { fact.mask.unwrap_or(24) } else { mask_of(fact, range.family()) };
            match misfit(fact.source, *range, mask, one_for_both) {
                Some(quote) => {
                    let message = format!("a node's range of /{mask} cannot be cut out of \"{range}\": \"{quote}\"{hint}");
                    plan.error(&MASK, fact.place.clone().with_current(range.to_string()), message);
                }
                None => rooms.push((*range, mask - range.prefix())),
            }
        }
        few_nodes(seen, fact, &rooms, plan);
    }
}

fn refused_flags(fact: &NodeIpamFact, version: Option<Version>) -> Option<&'static str> {
    let is = |from, to| version.is_some_and(|version| (Version::new(1, from)..=Version::new(1, to)).contains(&version));
    let family_flags = fact.mask_ipv4.is_some() || fact.mask_ipv6.is_some();
    match *fact.ranges {
        // One mask for both families, as yet.
        _ if is(0, 16) => None,
        [_, _] if fact.mask.is_some() => Some("usage of --node-cidr-mask-size is not allowed with dual-stack clusters"),
        [_] if family_flags && is(17, 20) => {
            Some("usage of --node-cidr-mask-size-ipv4 and --node-cidr-mask-size-ipv6 are not allowed with non dual-stack clusters")
        }
        [_] if family_flags && fact.mask.is_some() => Some(
            "usage of --node-cidr-mask-size-ipv4 and --node-cidr-mask-size-ipv6 is not allowed if --node-cidr-mask-size is set. For dual-stack clusters please unset it and use IPFamily specific flags",
        ),
        [range] if range.family() == Family::V4 && fact.mask_ipv6.is_some() => {
            Some("usage of --node-cidr-mask-size-ipv6 is not allowed for a single-stack IPv4 cluster")
        }
        [range] if range.family() == Family::V6 && fact.mask_ipv4.is_some() => {
            Some("usage of --node-cidr-mask-size-ipv4 is not allowed for a single-stack IPv6 cluster")
        }
        _ => None,
    }
}

/// The mask that a node's range of this family gets.
fn mask_of(fact: &NodeIpamFact, family: Family) -> u8 {
    match family {
        Family::V4 => fact.mask_ipv4.or(fact.mask).unwrap_or(24),
        Family::V6 => fact.mask_ipv6.or(fact.mask).unwrap_or(64),
    }
}

/// Why a range for a node cannot be cut out of this one, in the words of who says so.
fn misfit(source: Source, range: Cidr, mask: u8, one_for_both: bool) -> Option<String> {
    let (prefix, kubeadm) = (range.prefix(), source == Source::Kubeadm);
    if prefix > mask {
        return Some(if one_for_both {
            "Controller: Invalid --cluster-cidr, mask size of cluster CIDR must be less than --node-cidr-mask-size".to_owned()
        } else if kubeadm {
            format!("the size of pod subnet with mask {prefix} is smaller than the size of node subnet with mask {mask}")
        } else {
            "Controller: Invalid --cluster-cidr, mask size of cluster CIDR must be less than or equal to --node-cidr-mask-size configured for CIDR family".to_owned()
        });
    }
    (mask - prefix > 16 && (kubeadm || range.family() == Family::V6)).then(|| {
        if kubeadm {
            format!("pod subnet mask ({prefix}) and node-mask ({mask}) difference is greater than 16")
        } else {
            "New CIDR set failed; the node CIDR size is too big".to_owned()
        }
    })
}

/// Less than 16 nodes, and less than the other family has room for. Calico IPAM needs no ranges of nodes.
fn few_nodes(seen: &Seen<'_>, fact: &NodeIpamFact, rooms: &[(Cidr, u8)], plan: &mut Plan) {
    let most = rooms.iter().map(|(_, bits)| *bits).max().unwrap_or_default();
    for (range, bits) in rooms.iter().filter(|(_, bits)| *bits < 4 && *bits < most) {
        let (nodes, plural) = (1 << bits, if *bits == 0 { "" } else { "s" });
        let message = format!(
            "the cluster CIDR \"{range}\" has room for {nodes} node{plural} of /{}, the other family for {}; further nodes get no range: \"CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range\"",
            range.prefix() + bits,
            1_u32 << most
        );
        let severity = if seen.facts.pod_ipam_is(PodIpam::Calico) { Severity::Info } else { Severity::Warning };
        plan.find(severity, &FEW_NODES, fact.place.clone(), message);
    }
}

/// Where the package has Calico alone: who cuts the range into ranges for nodes is not in it.
fn default_mask(seen: &Seen<'_>, plan: &mut Plan) {
    let of_calico = |source: Source| source.is_pool() || matches!(source, Source::CniConfig | Source::Flannel);
    let said: Vec<_> = seen.facts.saying(Role::Pods, Family::V6).collect();
    let Some((fact, range)) = said.iter().find(|(_, range)| !(48..=64).contains(&range.prefix())) else { return };
    if seen.facts.node_ipam.is_empty() && said.iter().all(|(fact, _)| of_calico(fact.source)) && fact.whole {
        let message = format!(
            "kube-controller-manager cannot cut \"{range}\" into the /64 that each node gets by default: with `--allocate-node-cidrs` it needs a prefix from /48 to /64, or `--node-cidr-mask-size-ipv6`"
        );
        plan.info(&DEFAULT_MASK, fact.place.clone(), message);
    }
}
