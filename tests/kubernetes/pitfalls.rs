//! What goes wrong when a cluster is made dual-stack by hand: for each rule of the components the finding of ours, how bad it
//! is, the words of the component in it, a fixture that shows it, and a twin that does not.

use std::fs;

use enable_dual_stack::run;

/// A finding in a fixture.
struct Seen {
    /// Which rule of the components.
    of: &'static str,
    rule: &'static str,
    severity: &'static str,
    /// A part of the message: where the component says something, its own words.
    words: &'static str,
    fixture: &'static str,
    /// A fixture without this finding.
    twin: &'static str,
}

const fn seen(
    of: &'static str,
    rule: &'static str,
    severity: &'static str,
    words: &'static str,
    [fixture, twin]: [&'static str; 2],
) -> Seen {
    Seen { of, rule, severity, words, fixture, twin }
}

const ONE_OF_EACH: &str = "one range of each family";
const PRIMARY: &str = "the primary family is the same everywhere";
const SIZES: &str = "sizes of ranges";
const MASKS: &str = "masks of nodes and of the cluster";
const APART: &str = "pods, Services and nodes have ranges of their own";
const WITHIN: &str = "pools are within the ranges of kubeadm, kube-controller-manager and kube-proxy";
const CALICO_READS: &str = "Calico reads podSubnet of kubeadm-config with a regular expression";
const ONE_FAMILY: &str = "a place with one family";
const GATE: &str = "the feature gate of the version";
const SERVICES: &str = "Services of two families";

const ALL: &[Seen] = &[
    seen(ONE_OF_EACH, "ranges-of-each-family", "error", "must be of different IP family", ["families/same-family", "primary/same"]),
    seen(ONE_OF_EACH, "ranges-of-each-family", "error", "is:3 more than max allowed of 2", ["families/too-many", "primary/same"]),
    seen(PRIMARY, "primary-family-differs", "warning", "must be the same everywhere", ["primary/order", "primary/same"]),
    seen(
        PRIMARY,
        "primary-family-of-api-server",
        "error",
        "must match public address family",
        ["primary/advertise-address", "primary/same"],
    ),
    seen(SIZES, "service-range-too-large", "error", "the mask must be >= 108", ["sizes/too-large", "sizes/too-large-but-v1.34"]),
    seen(SIZES, "service-range-v1-32", "warning", "RequireDualStack", ["sizes/v1.32", "sizes/too-large-but-v1.34"]),
    seen(SIZES, "range-too-small", "error", "address(es) is too small, the minimum is", ["sizes/too-small", "primary/same"]),
    seen(
        MASKS,
        "node-mask-of-cluster-range",
        "error",
        "the node CIDR size is too big",
        ["node_masks/mask-not-fitting", "node_masks/not-allocating"],
    ),
    seen(
        MASKS,
        "node-mask-of-cluster-range",
        "error",
        "must be less than or equal to --node-cidr-mask-size",
        ["node_masks/mask-not-fitting", "node_masks/not-allocating"],
    ),
    seen(MASKS, "node-mask-of-cluster-range", "error", "difference is greater than 16", ["node_masks/of-kubeadm", "kubeadm/v1beta4-dual"]),
    seen(
        MASKS,
        "node-mask-of-cluster-range",
        "error",
        "mask size of cluster CIDR must be less than --node-cidr-mask-size",
        ["node_masks/v1.16", "kube_components/v1.16"],
    ),
    seen(
        MASKS,
        "node-mask-flags",
        "error",
        "is not allowed for a single-stack IPv4 cluster",
        ["node_masks/flags-for-one-family", "node_masks/few-nodes"],
    ),
    seen(
        MASKS,
        "node-cidr-mask-size",
        "info",
        "with two ranges it is refused",
        ["kube_components/node-mask-renamed", "kube_components/static-pods-dual"],
    ),
    seen(
        MASKS,
        "node-mask-few-nodes",
        "warning",
        "no remaining CIDRs left to allocate",
        ["node_masks/few-nodes", "node_masks/few-nodes-with-calico-ipam"],
    ),
    seen(
        MASKS,
        "node-mask-few-nodes",
        "info",
        "no remaining CIDRs left to allocate",
        ["node_masks/few-nodes-with-calico-ipam", "node_masks/few-nodes"],
    ),
    seen(
        APART,
        "ranges-overlap",
        "warning",
        "a pod can get the address of a Service",
        ["overlaps/example-of-kubernetes-io", "overlaps/apart"],
    ),
    seen(APART, "node-address-in-range", "warning", "the address", ["overlaps/node-address", "overlaps/apart"]),
    seen(APART, "node-address-in-range", "warning", "of nodes overlaps", ["overlaps/node-ranges", "overlaps/node-ranges-apart"]),
    seen(
        WITHIN,
        "pool-outside-cluster-range",
        "error",
        "is not within the platform's configured pod network CIDR(s)",
        ["agreement/pool-outside", "agreement/pool-within"],
    ),
    seen(
        WITHIN,
        "calico-operator-pool-outside",
        "error",
        "is not within the platform's configured pod network CIDR(s)",
        ["pools/kubeadm-ipv6-only", "pools/kubeadm-gets-both"],
    ),
    seen(WITHIN, "ranges-disagree", "error", "the places that say one", ["agreement/two-sources", "agreement/kube-proxy-covers-the-pool"]),
    seen(
        WITHIN,
        "ranges-disagree",
        "error",
        "the IPv6 service range of Installation must be",
        ["agreement/installation-service-ranges", "calico_installation/windows"],
    ),
    seen(
        WITHIN,
        "ranges-disagree",
        "error",
        "the IPv6 service range of BGPConfiguration must be",
        ["bgp_configuration/another-range", "bgp_configuration/already"],
    ),
    seen(
        "a range is compared by its value",
        "range-host-bits",
        "warning",
        "has bits set behind its prefix",
        ["kube_components/host-bits", "kube_components/not-canonical"],
    ),
    seen(
        "ranges that are routed nowhere",
        "range-of-odd-kind",
        "warning",
        "site-local, which is deprecated",
        ["odd_ranges/kinds", "odd_ranges/documentation"],
    ),
    seen(
        "ranges that are routed nowhere",
        "range-of-odd-kind",
        "info",
        "reserved for documentation",
        ["odd_ranges/documentation", "odd_ranges/kinds"],
    ),
    seen(
        "podCIDRs of a node cannot be changed",
        "roll-out",
        "info",
        "delete and register each node again",
        ["kube_components/static-pods", "calico_node/kdd"],
    ),
    seen(
        CALICO_READS,
        "kubeadm-config-unreadable-by-calico",
        "error",
        "invalid CIDR address",
        ["kubeadm_config/comment", "kubeadm_config/readable"],
    ),
    seen(
        CALICO_READS,
        "kubeadm-config-unreadable-by-calico",
        "error",
        "invalid CIDR address",
        ["kubeadm_config/carriage-return", "kubeadm/config-map-crlf"],
    ),
    seen(
        CALICO_READS,
        "kubeadm-pod-subnet",
        "info",
        "with nothing behind it",
        ["kubeadm/config-map-quoted-dual", "kubeadm/config-map-dual"],
    ),
    seen(
        "calico-node invents a range",
        "calico-invents-ipv6-pool",
        "error",
        "invents a random range",
        ["invented_pool/nothing-says-one", "invented_pool/no-range"],
    ),
    seen(
        "a blank behind the comma",
        "kube-apiserver-service-range",
        "info",
        "blanks around the comma",
        ["kube_components/blank-behind-the-comma", "kube_components/static-pods-dual"],
    ),
    seen(ONE_FAMILY, "one-family-left", "warning", "Calico IPAM needs none", ["one_family/calico-ipam", "one_family/host-local"]),
    seen(
        ONE_FAMILY,
        "one-family-left",
        "error",
        "pods take their addresses from that",
        ["one_family/host-local", "one_family/calico-ipam"],
    ),
    seen(ONE_FAMILY, "one-family-left", "error", "pods take their addresses from that", ["one_family/canal", "one_family/calico-ipam"]),
    seen(ONE_FAMILY, "one-family-left", "error", "pods take their addresses from that", ["one_family/flannel", "one_family/calico-ipam"]),
    seen(
        ONE_FAMILY,
        "one-family-left",
        "warning",
        "Detect-local-mode set to ClusterCIDR, but no IPv6 cluster CIDR defined",
        ["one_family/left-in-scripts", "agreement/kube-proxy-covers-the-pool"],
    ),
    seen(
        ONE_FAMILY,
        "one-family-left",
        "warning",
        "Installation has the IPv4 service range only",
        ["calico_installation/windows", "agreement/installation-service-ranges"],
    ),
    seen(
        ONE_FAMILY,
        "node-port-addresses-one-family",
        "warning",
        "node ports are not opened at IPv6 addresses",
        ["node_ports/configuration", "node_ports/primary"],
    ),
    seen(
        GATE,
        "feature-gate-stale",
        "error",
        "unrecognized feature gate: IPv6DualStack",
        ["gates/mentioned-in-v1.30", "gates/off-in-v1.23"],
    ),
    seen(GATE, "feature-gate-stale", "error", "feature is locked to true", ["gates/off-in-v1.23", "gates/mentioned-in-v1.30"]),
    seen(
        GATE,
        "feature-gate-missing",
        "error",
        "can only be used if IPv6DualStack and EndpointSlice feature is enabled",
        ["gates/missing-in-v1.20", "gates/before-v1.16"],
    ),
    seen(
        SERVICES,
        "service-needs-two-families",
        "warning",
        "this cluster is not configured for dual-stack services",
        ["services/refused", "services/one-range-is-enough"],
    ),
    seen(
        SERVICES,
        "service-needs-two-families",
        "warning",
        "not configured on this cluster",
        ["services/refused", "services/one-range-is-enough"],
    ),
    seen(SERVICES, "service-is-not-upgraded", "info", "keeps its one family", ["services/prefer-dual-stack", "services/as-they-should-be"]),
    seen(
        SERVICES,
        "service-names-one-of-two-families",
        "warning",
        "must be 'SingleStack' to release the secondary IP family",
        ["services/prefer-dual-stack", "services/services-keep-one-family"],
    ),
];

#[test]
fn every_rule_of_the_components_is_seen_in_their_words_and_its_twin_is_left_in_peace() {
    let mut wrong = Vec::new();
    for seen in ALL {
        assert!(run::rules().iter().any(|rule| rule.id == seen.rule), "`{}` is not a rule", seen.rule);
        if !is_said(seen.fixture, seen) {
            wrong.push(format!("{}: {} must say \"{}\" ({} {})", seen.of, seen.fixture, seen.words, seen.severity, seen.rule));
        }
        if is_said(seen.twin, seen) {
            wrong.push(format!("{}: {} must not say \"{}\"", seen.of, seen.twin, seen.words));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whether a result of the fixture is it.
fn is_said(fixture: &str, seen: &Seen) -> bool {
    let path = format!("tests/fixtures/{fixture}/results.yaml");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}")).replace("\\\"", "\"");
    text.split("\n- message: ").any(|result| {
        let has = |line: &str| result.lines().any(|other| other.trim() == line);
        let message = result.lines().find(|line| line.starts_with("- message: ")).or_else(|| result.lines().next()).unwrap_or_default();
        message.contains(seen.words) && has(&format!("severity: {}", seen.severity)) && has(&format!("rule: {}", seen.rule))
    })
}
