//! Pairs of real files, before and after someone made them dual-stack (`DUAL_STACK_CORPUS`, no part of this repository):
//! what comes of the first is the second, up to the difference that its line tells.

#![expect(clippy::disallowed_methods, reason = "tests read files and the environment")]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use common::{harness, oracle};
use enable_dual_stack::yaml::Value;

/// A pair of files below `corpus/kubernetes`.
struct Twin {
    single: &'static str,
    dual: &'static str,
    ipv6_pod_cidr: &'static str,
    ipv6_service_cidr: Option<&'static str>,
    /// In what our output may differ; nothing: in no byte.
    differs: Option<&'static str>,
}

const TWINS: &[Twin] = &[
    Twin {
        single: "kind/flannel-e2e-kind-config.single.yaml",
        dual: "kind/flannel-e2e-kind-config.dual.yaml",
        ipv6_pod_cidr: "2001:cafe:42::/56",
        ipv6_service_cidr: None,
        differs: Some("a new key goes last in its mapping, in the quotes of its neighbours"),
    },
    Twin {
        single: "openshift/network-config.single.yaml",
        dual: "openshift/network-config.dual.yaml",
        ipv6_pod_cidr: "fd01::/48",
        ipv6_service_cidr: Some("fd02::/112"),
        differs: None,
    },
    Twin {
        single: "gardener/90-shoot.single.yaml",
        dual: "gardener/shoot-networking.dual.derived.yaml",
        ipv6_pod_cidr: "fd00:10:244::/56",
        ipv6_service_cidr: None,
        differs: None,
    },
    Twin {
        single: "talos/kubenetworkconfig.single.yaml",
        dual: "talos/kubenetworkconfig.dual.yaml",
        ipv6_pod_cidr: "fc00:db8:10::/56",
        ipv6_service_cidr: Some("fc00:db8:20::/112"),
        differs: None,
    },
];

#[test]
fn a_file_before_comes_out_as_the_file_after() {
    let Some(root) = corpus() else { return };
    for twin in TWINS {
        let read = |name: &str| fs::read_to_string(root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_comes_out(
            twin.single,
            &read(twin.single),
            &read(twin.dual),
            &config(twin.ipv6_pod_cidr, twin.ipv6_service_cidr),
            twin.differs,
        );
    }
}

/// Files that have no twin before: what was added for the second family is taken back first.
#[test]
fn what_was_taken_back_comes_again() {
    let Some(root) = corpus() else { return };
    let name = "k0s/k0s-calico-dual.yaml";
    let dual = fs::read_to_string(root.join(name)).expect(name);
    let (single, _) = dual.split_once("    dualStack:\n").expect("at its end");
    assert_comes_out(name, single, &dual, &config("fd00::/108", Some("fd01::/108")), None);
}

/// A file that has both families already comes out as it is, without a word about an edit.
#[test]
fn a_file_after_stays_as_it_is() {
    let Some(root) = corpus() else { return };
    for (name, config) in [
        ("kind/flannel-e2e-kind-config.dual.yaml", config("2001:cafe:42::/56", None)),
        ("kind/kind-docs-dual.yaml", config("fd00:10:244::/56", Some("fd00:10:96::/112"))),
        ("openshift/network-config.dual.yaml", config("fd01::/48", Some("fd02::/112"))),
        ("gardener/shoot-networking.dual.derived.yaml", config("fd00:10:244::/56", None)),
        ("talos/kubenetworkconfig.dual.yaml", config("fc00:db8:10::/56", Some("fc00:db8:20::/112"))),
        ("k0s/k0s-calico-dual.yaml", config("fd00::/108", Some("fd01::/108"))),
        ("servicecidr/default-kubernetes.dual.yaml", config("fd00:10:244::/56", Some("2001:10:96::/112"))),
        ("cluster-api/capz-flavor-dual-stack/patches/dual-stack.yaml", config("2001:1234:5678:9a40::/58", Some("fd00::/108"))),
        ("cluster-api/capz-flavor-dual-stack/patches/kubeadm-controlplane.yaml", config("2001:1234:5678:9a40::/58", Some("fd00::/108"))),
    ] {
        let text = fs::read_to_string(root.join(name)).expect(name);
        let checked = harness::check(&text, &config);
        assert_eq!(checked.output, text, "{name}");
        let serious: Vec<_> = checked.said.iter().filter(|said| said.severity != "info").map(ToString::to_string).collect();
        assert_eq!(serious, Vec::<String>::new(), "{name}");
    }
}

fn assert_comes_out(name: &str, single: &str, dual: &str, config: &str, differs: Option<&str>) {
    let ours = harness::check(single, config).output;
    if differs.is_none() {
        assert_eq!(ours, *dual, "{name}");
    }
    let objects = |text: &str| sorted(Value::List(oracle::objects(text).expect(name)));
    assert_eq!(oracle::difference(&objects(&ours), &objects(dual)), None, "{name}, but for: {differs:?}");
}

/// With the keys of every mapping in the order of the alphabet.
fn sorted(value: Value) -> Value {
    match value {
        Value::List(items) => Value::List(items.into_iter().map(sorted).collect()),
        Value::Map(entries) => {
            let mut entries: Vec<_> = entries.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            Value::Map(entries)
        }
        other => other,
    }
}

fn config(ipv6_pod_cidr: &str, ipv6_service_cidr: Option<&str>) -> String {
    let mut config = format!(
        "apiVersion: dualstack.krm/v1alpha1\nkind: EnableDualStack\nmetadata:\n  name: enable-dual-stack\nspec:\n  ipv6PodCIDR: {ipv6_pod_cidr}\n"
    );
    if let Some(range) = ipv6_service_cidr {
        let _ = writeln!(config, "  ipv6ServiceCIDR: {range}");
    }
    config
}

/// The folder of the files. Without the corpus the tests say that they are skipped; in CI that is an error.
fn corpus() -> Option<PathBuf> {
    if let Some(root) = std::env::var_os("DUAL_STACK_CORPUS") {
        return Some(PathBuf::from(root).join("corpus/kubernetes"));
    }
    assert!(std::env::var_os("CI").is_none(), "DUAL_STACK_CORPUS must be set in CI: the folder that has `corpus` and `traces`");
    // Not with `println`, which the test runner hides where a test passes.
    std::io::stderr().write_all(b"\nSKIPPED: DUAL_STACK_CORPUS is not set, so nothing was compared with real files\n").expect("stderr");
    None
}
