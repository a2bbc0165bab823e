//! What goes wrong when people make Calico dual-stack by hand: for each pitfall the rules that see it, fixtures in which they
//! do, and twins of those in which it is done right and they say nothing.

#![expect(clippy::disallowed_methods, reason = "tests read files")]

use std::collections::BTreeSet;
use std::fs;

use enable_dual_stack::run;

/// A pitfall, as people meet it.
struct Pitfall {
    what: &'static str,
    seen: &'static [Seen],
}

/// A rule that sees it: `(rule, fixture that shows it, twin that does not)`.
type Seen = (&'static str, &'static str, &'static str);

const PITFALLS: &[Pitfall] = &[
    Pitfall {
        what: "an IPv6 range that is not in canonical form",
        seen: &[
            ("calico-pool-canonical", "ip_pool/canonical", "ip_pool/right-already"),
            ("calico-pool-canonical", "calico_installation/half-dual", "calico_installation/already-dual"),
            ("calico-ipam-pool-not-canonical", "calico_cni/pools", "calico_cni/pools-canonical"),
            ("calico-pool-operator-managed", "ip_pool/operator-managed", "ip_pool/right-already"),
            ("calico-node-ipv6-pool", "calico_pool/not-canonical", "calico_pool/vxlan-already"),
        ],
    },
    Pitfall {
        what: "`assign_ipv6` as a JSON boolean",
        seen: &[("calico-ipam-assign-boolean", "calico_cni/booleans", "calico_cni/already-dual")],
    },
    Pitfall {
        what: "no NAT for unique-local pods, and none for global ones either",
        seen: &[
            ("calico-node-ipv6-nat", "calico_node/kdd", "calico_node/dual-already"),
            ("calico-node-ipv6-nat-off", "calico_pool/nat-off", "calico_pool/nat-off-as-configured"),
            ("calico-pool-nat-outgoing", "ip_pool/no-nat", "ip_pool/right-already"),
            ("calico-pool-nat-outgoing", "calico_installation/no-nat", "calico_installation/no-nat-public"),
            ("calico-pool-global-range", "calico_pool/global-range", "calico_pool/global-range-with-nat"),
            ("calico-pool-global-range", "calico_installation/global-range", "calico_installation/global-range-with-nat"),
        ],
    },
    Pitfall {
        what: "IP6=autodetect on a node without an IPv6 address",
        seen: &[
            ("calico-node-needs-ipv6-address", "calico_node/kdd", "calico_node/ip6-address"),
            ("calico-node-needs-ipv6-address", "calico_installation/shipped", "calico_installation/already-dual"),
        ],
    },
    Pitfall {
        what: "the first address that is found is the wrong one",
        seen: &[
            ("calico-node-ip6-autodetection", "calico_node/method", "calico_node/method-kept"),
            ("calico-node-ip6-autodetection", "calico_node/method-of-ipv4-alone", "calico_node/method-of-ipv4-first-found"),
            ("calico-node-ip6-autodetection-unknown", "calico_node/method-too-new", "calico_node/method"),
            ("calico-operator-ipv6-autodetection", "calico_installation/autodetection-restricted-for-ipv4", "calico_installation/shipped"),
        ],
    },
    Pitfall {
        what: "IPIP for IPv6",
        seen: &[
            ("calico-ipv6-unencapsulated", "calico_dataplane/ipip", "calico_dataplane/ipip-as-configured"),
            ("calico-ipv6-unencapsulated", "calico_installation/ipip", "calico_installation/shipped"),
            ("calico-ipv6-ipip", "calico_dataplane/ipip-variable", "calico_dataplane/ipip-variable-off"),
            ("calico-pool-ipip", "ip_pool/ipip", "ip_pool/right-already"),
            ("calico-pool-ipip", "calico_installation/half-dual", "calico_installation/already-dual"),
        ],
    },
    Pitfall {
        what: "a VXLAN backend, and an IPv6 pool without VXLAN",
        seen: &[
            ("calico-node-ipv6-vxlan", "calico_pool/vxlan", "calico_pool/vxlan-already"),
            ("calico-node-ipv6-no-routes", "calico_pool/vxlan-too-old", "calico_pool/vxlan"),
            ("calico-node-ipv6-vxlan-kernel", "calico_pool/vxlan", "calico_pool/none-asked"),
            ("calico-node-ipv6-vxlan-not-read", "calico_pool/vxlan-not-read", "calico_ipv6_only/vxlan"),
            ("calico-ipv6-mtu", "calico_dataplane/mtu", "calico_dataplane/mtu-detected"),
            ("calico-ipv6-mtu", "calico_dataplane/mtu", "calico_dataplane/mtu-before-vxlan"),
            ("calico-operator-mtu", "calico_installation/mtu", "calico_installation/mtu-that-fits"),
        ],
    },
    Pitfall {
        what: "FELIX_IPV6SUPPORT stays \"false\", or is there twice",
        seen: &[
            ("calico-node-felix-ipv6", "calico_node/kdd", "calico_node/dual-already"),
            ("calico-node-duplicate-variable", "calico_node/duplicates", "calico_node/kdd"),
            ("felix-ipv6-support", "felix_configuration/off", "felix_configuration/on-or-unsaid"),
        ],
    },
    Pitfall {
        what: "host-local, which ignores `assign_ipv6`",
        seen: &[
            ("calico-host-local-ranges", "calico_host_local/policy-only", "calico_host_local/dual-already"),
            ("calico-host-local-routes", "calico_host_local/one-set-missing", "calico_host_local/routes-dual-already"),
            ("calico-host-local-too-old", "calico_host_local/too-old", "calico_host_local/oldest-that-can"),
            ("calico-host-local-node-ranges", "calico_host_local/policy-only", "calico_host_local/dual-already"),
        ],
    },
    Pitfall {
        what: "canal: the CNI config alone",
        seen: &[
            ("canal-net-conf", "canal/canal", "canal/dual-already"),
            ("canal-flannel-too-old", "canal/flannel-too-old", "canal/flannel-oldest-that-can"),
            ("canal-flannel-too-old", "canal/ipv6-only-flannel-too-old", "canal/ipv6-only"),
            ("canal-flannel-backend", "canal/backend-udp", "canal/canal"),
            ("canal-etcd", "canal/on-etcd", "canal/canal"),
        ],
    },
    Pitfall {
        what: "a pool that is not in the cluster's range",
        seen: &[
            ("ranges-disagree", "agreement/two-sources", "agreement/pool-within"),
            ("pool-outside-cluster-range", "agreement/pool-outside", "agreement/pool-within"),
            ("calico-operator-pool-outside", "pools/openshift-without-services", "pools/openshift"),
        ],
    },
    Pitfall {
        what: "node masks that do not fit the cluster CIDR",
        seen: &[
            ("node-mask-of-cluster-range", "node_masks/mask-not-fitting", "node_masks/not-allocating"),
            ("node-mask-default", "node_masks/default-of-calico-alone", "node_masks/default-that-fits"),
        ],
    },
    Pitfall {
        what: "a range that Calico cannot read in kubeadm-config, and invents",
        seen: &[
            ("kubeadm-config-unreadable-by-calico", "kubeadm_config/comment", "kubeadm_config/readable"),
            ("calico-invents-ipv6-pool", "invented_pool/nothing-says-one", "calico_node/felix-true"),
        ],
    },
    Pitfall {
        what: "the eBPF dataplane",
        seen: &[
            ("calico-ebpf-ipv6", "calico_dataplane/ebpf-too-old", "calico_dataplane/ebpf"),
            ("calico-ebpf-ipv6", "calico_dataplane/ebpf-ipv6-only-too-old", "calico_dataplane/ebpf-ipv6-only"),
            ("calico-operator-bpf", "calico_installation/bpf-too-old", "calico_installation/bpf"),
            ("calico-operator-bpf", "calico_installation/bpf-ipv6-only-too-old", "calico_installation/bpf-ipv6-only"),
            ("felix-bpf", "felix_configuration/bpf-too-old", "felix_configuration/bpf"),
            ("felix-bpf", "felix_configuration/bpf-of-an-old-node", "felix_configuration/bpf-switched-off-by-the-node"),
        ],
    },
    Pitfall {
        what: "IPv6 alone: BIRD for IPv4, and its router ID",
        seen: &[
            ("calico-node-no-ipv4", "calico_ipv6_only/bird", "calico_ipv6_only/already"),
            ("calico-node-router-id", "calico_ipv6_only/bird", "calico_ipv6_only/vxlan"),
            ("calico-node-bird-probes", "calico_ipv6_only/bird", "calico_ipv6_only/probes-kept"),
            ("calico-node-bird6-probes", "calico_ipv6_only/bird6-probes", "calico_ipv6_only/probes-kept"),
        ],
    },
    Pitfall { what: "a comma too many in the CNI config", seen: &[("calico-cni-config-broken", "calico_cni/broken", "calico_cni/ragged")] },
    Pitfall { what: "misspelt variables", seen: &[("calico-node-misspelt-variable", "calico_node/misspelt", "calico_node/kdd")] },
    Pitfall {
        what: "a cluster that runs already",
        seen: &[
            ("calico-existing-cluster", "calico_node/kdd", "calico_node/dual-already"),
            ("calico-existing-cluster", "calico_installation/shipped", "calico_installation/already-dual"),
            ("calico-operator-pools-fixed", "calico_installation/vxlan-too-old-with-bgp", "calico_installation/shipped"),
        ],
    },
    Pitfall {
        what: "hosts without sysctls, modules, routes: pods have IPv6 addresses that reach nothing, or do not start",
        seen: &[
            ("calico-host-ipv6", "calico_node/kdd", "calico_node/dual-already"),
            ("calico-host-ipv6", "calico_installation/shipped", "calico_installation/already-dual"),
            ("calico-too-old", "calico_dataplane/too-old", "calico_dataplane/oldest-that-can"),
            ("calico-too-old", "calico_dataplane/too-old", "calico_dataplane/too-old-on-etcd"),
        ],
    },
    Pitfall {
        what: "pools that overlap, or are smaller than a block",
        seen: &[
            ("pools-overlap", "pools_apart/two-objects", "pools_apart/apart"),
            ("pools-overlap", "pools_apart/in-one-installation", "calico_installation/several-ipv6-pools"),
            ("pools-overlap", "pools_apart/beside-an-installation", "pools_apart/export-of-an-installation"),
            ("pools-overlap", "pools_apart/beside-the-node", "pools_apart/beside-the-node-by-its-name"),
            ("calico-node-ipv6-block-size-wrong", "calico_pool/too-small", "calico_pool/block-size"),
            ("calico-pool-block-size", "ip_pool/small", "ip_pool/right-already"),
            ("calico-pool-block-size", "calico_installation/small-pool", "calico_installation/already-dual"),
        ],
    },
    Pitfall {
        what: "NO_DEFAULT_POOLS beside pool variables",
        seen: &[
            ("calico-no-default-pools", "calico_pool/no-default-pools-and-variable", "calico_pool/no-default-pools"),
            ("calico-ipv6-pool-object", "calico_pool/no-default-pools", "calico_pool/no-default-pools-already"),
            ("calico-ipv6-pool-object", "ip_pool/added-for-an-installation", "ip_pool/not-asked-for"),
            ("calico-operator-no-pools", "calico_installation/empty-pools", "calico_installation/empty-pools-with-objects"),
        ],
    },
];

#[test]
fn every_pitfall_is_seen_and_its_twin_is_left_in_peace() {
    let rules: BTreeSet<_> = run::rules().into_iter().map(|rule| rule.id).collect();
    let mut wrong = Vec::new();
    for pitfall in PITFALLS {
        assert!(!pitfall.seen.is_empty(), "{}", pitfall.what);
        for (rule, fixture, twin) in pitfall.seen {
            assert!(rules.contains(rule), "`{rule}` is not a rule");
            if !says(fixture, rule) {
                wrong.push(format!("{}: {fixture} must show `{rule}`", pitfall.what));
            }
            if says(twin, rule) {
                wrong.push(format!("{}: {twin} must not show `{rule}`", pitfall.what));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

fn says(fixture: &str, rule: &str) -> bool {
    let path = format!("tests/fixtures/{fixture}/results.yaml");
    let results = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    results.lines().any(|line| line.trim() == format!("rule: {rule}"))
}
