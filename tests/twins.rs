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
    /// The fields of the configuration.
    config: &'static [(&'static str, &'static str)],
    /// In what our output may differ; nothing: in no byte.
    differs: Option<&'static str>,
}

const fn twin(single: &'static str, dual: &'static str, config: &'static [(&'static str, &'static str)]) -> Twin {
    Twin { single, dual, config, differs: None }
}

impl Twin {
    const fn but_for(self, differs: &'static str) -> Self {
        Self { differs: Some(differs), ..self }
    }
}

const PODS: (&str, &str) = ("ipv6PodCIDR", "fd00:10:244::/56");
const SERVICES: (&str, &str) = ("ipv6ServiceCIDR", "fd00:10:96::/112");
const BOTH: &[(&str, &str)] = &[PODS, SERVICES];

const TWINS: &[Twin] = &[
    twin("canal/canal-config.single.yaml", "canal/canal-config.dual.derived.yaml", &[PODS])
        .but_for("the order of new keys, and the layout of `ranges`"),
    twin("configmaps/kube-proxy.single.yaml", "configmaps/kube-proxy.dual.derived.yaml", &[PODS]),
    twin("configmaps/kubeadm-config.single.yaml", "configmaps/kubeadm-config.dual.derived.yaml", BOTH),
    twin("flannel/kube-flannel.single.yaml", "flannel/kube-flannel.dual.derived.yaml", &[PODS]).but_for("new keys go last"),
    twin("gardener/90-shoot.single.yaml", "gardener/shoot-networking.dual.derived.yaml", &[PODS]),
    twin("kind/flannel-e2e-kind-config.single.yaml", "kind/flannel-e2e-kind-config.dual.yaml", &[("ipv6PodCIDR", "2001:cafe:42::/56")])
        .but_for("a new key goes last in its mapping, in the quotes of its neighbours"),
    twin("kubeadm/minikube-v1.20-pod-network-cidr.single.yaml", "kubeadm/minikube-v1.20-pod-network-cidr.dual.derived.yaml", BOTH)
        .but_for("`featureGates` goes behind the last key, not in front of `kubernetesVersion`"),
    twin("kubeadm/minikube-v1.23-pod-network-cidr.single.yaml", "kubeadm/minikube-v1.23-pod-network-cidr.dual.derived.yaml", BOTH),
    twin("kubeadm/minikube-v1.30-pod-network-cidr.single.yaml", "kubeadm/minikube-v1.30-pod-network-cidr.dual.derived.yaml", BOTH),
    twin("kubeadm/minikube-v1.36-pod-network-cidr.single.yaml", "kubeadm/minikube-v1.36-pod-network-cidr.dual.derived.yaml", BOTH),
    twin(
        "openshift/network-config.single.yaml",
        "openshift/network-config.dual.yaml",
        &[("ipv6PodCIDR", "fd01::/48"), ("ipv6ServiceCIDR", "fd02::/112")],
    ),
    // Kubernetes v1.8 has no dual-stack: the twin shows the edit, for a version that has it.
    twin(
        "static-pods/cmeza99-kube-controller-manager-1.8.single.yaml",
        "static-pods/cmeza99-kube-controller-manager-maskrename.dual.derived.yaml",
        &[PODS, ("kubernetesVersion", "v1.30")],
    ),
    twin(
        "static-pods/kops-minimal-kube-apiserver.single.yaml",
        "static-pods/kops-minimal-kube-apiserver.dual.derived.yaml",
        &[PODS, ("ipv6ServiceCIDR", "fd00:64::/112")],
    ),
    twin(
        "static-pods/kops-minimal-kube-controller-manager.single.yaml",
        "static-pods/kops-minimal-kube-controller-manager.dual.derived.yaml",
        &[("ipv6PodCIDR", "fd00:96::/56"), SERVICES],
    ),
    twin(
        "talos/kubenetworkconfig.single.yaml",
        "talos/kubenetworkconfig.dual.yaml",
        &[("ipv6PodCIDR", "fc00:db8:10::/56"), ("ipv6ServiceCIDR", "fc00:db8:20::/112")],
    ),
];

/// Files that have a twin and do not come out as that, and why not.
const OTHERS: &[(&str, &str)] = &[
    ("calico-helm/capz-tigera-values.single.yaml", "values of Helm in a file are no object"),
    ("cilium/cilium-config.single.derived.yaml", "another CNI plugin"),
    ("cluster-api/capz-helmchartproxy-calico.single.yaml", "a Go template, whose output is said to be looked at"),
    ("kube-router/kubeadm-kuberouter-all-features.single.yaml", "another CNI plugin"),
    ("multus/whereabouts-macvlan.single.yaml", "another CNI plugin"),
    ("ovn-kubernetes/ovn-config.single.yaml", "another CNI plugin"),
    ("services/ingress-nginx-controller-svc.single.yaml", "Services are not touched"),
];

/// No pair is forgotten.
#[test]
fn every_file_that_has_a_twin_is_in_a_table() {
    let Some(root) = corpus() else { return };
    let mut pairs = 0;
    for folder in fs::read_dir(&root).expect("the corpus").map(|entry| entry.expect("an entry")) {
        let Ok(files) = fs::read_dir(folder.path()) else { continue };
        let names: Vec<_> = files.map(|file| file.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        for (single, stem) in names.iter().filter_map(|name| Some((name, name.split_once(".single.")?.0))) {
            if names.iter().any(|name| name.starts_with(&format!("{stem}.dual."))) {
                let name = format!("{}/{single}", folder.file_name().to_string_lossy());
                let is_twin = TWINS.iter().any(|twin| twin.single == name);
                assert_ne!(is_twin, OTHERS.iter().any(|(other, _)| *other == name), "{name} must be in one table");
                pairs += 1;
            }
        }
    }
    assert!(pairs >= 19, "{pairs} pairs");
}

#[test]
fn a_file_before_comes_out_as_the_file_after() {
    let Some(root) = corpus() else { return };
    for twin in TWINS {
        let read = |name: &str| fs::read_to_string(root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_comes_out(twin.single, &read(twin.single), &read(twin.dual), &configured(twin.config), twin.differs);
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
    assert_ne!(ours, single, "{name} stays as it is");
    let objects = |text: &str| sorted(Value::List(oracle::objects(text).expect(name)));
    assert_eq!(oracle::difference(&objects(&ours), &objects(dual)), None, "{name}, but for: {differs:?}");
}

/// With the keys of every mapping in the order of the alphabet, those of mappings inside strings, too.
fn sorted(value: Value) -> Value {
    match value {
        Value::Str(text) => match oracle::read(&text).map(|documents| documents.into_iter().next()) {
            Ok(Some(inner @ Value::Map(_))) => sorted(inner),
            _ => Value::Str(text),
        },
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
    let services = ipv6_service_cidr.map(|range| (SERVICES.0, range));
    configured(&std::iter::once((PODS.0, ipv6_pod_cidr)).chain(services).collect::<Vec<_>>())
}

fn configured(fields: &[(&str, &str)]) -> String {
    let mut config = "apiVersion: dualstack.krm/v1alpha1\nkind: EnableDualStack\nmetadata:\n  name: enable-dual-stack\nspec:\n".to_owned();
    for (name, value) in fields {
        let _ = writeln!(config, "  {name}: {value}");
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
