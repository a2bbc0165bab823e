//! Real files of Calico, before and after someone made them dual-stack or IPv6 alone (`DUAL_STACK_CORPUS`, no part of this
//! repository): what comes of the first says what the second says, but for differences that are written down here, each.

#![expect(clippy::disallowed_methods, reason = "tests read files and the environment")]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use common::{harness, oracle};
use enable_dual_stack::yaml::Value;

/// A pair of files below `corpus`.
struct Twin {
    before: &'static str,
    after: &'static str,
    /// The fields of the functionConfig.
    spec: &'static str,
    /// The objects that are compared, by kind; the others are of another version of Calico.
    kinds: &'static [&'static str],
    /// What ours (`+`) and theirs (`-`) say differently, and why that is right.
    differs: &'static [(&'static str, &'static str)],
}

const TWINS: &[Twin] = &[
    // The how-to, as a person followed it, who did not think of NAT for the unique-local range.
    Twin {
        before: "calico/v3.23.1/cby-calico.yaml",
        after: "calico/ground-truth/cby-v3.23.1-calico-dual.yaml",
        spec: "ipv6PodCIDR: fc00::/48, natOutgoing: false",
        kinds: &[],
        differs: &[],
    },
    Twin {
        before: "calico/v3.23.1/cby-calico.yaml",
        after: "calico/ground-truth/cby-v3.23.1-calico-dual.yaml",
        spec: "ipv6PodCIDR: fc00::/48",
        kinds: &[],
        differs: &[(NAT, "+ DaemonSet calico-node: containers[calico-node].env[CALICO_IPV6POOL_NAT_OUTGOING].value = true")],
    },
    // host-local, where kustomize wrote the file anew, from other CRDs.
    Twin {
        before: "calico/v3.22.1/capz-calico-policy-only.yaml",
        after: "calico/ground-truth/capz-v3.22.1-dual-stack-hostlocal.yaml",
        spec: AZURE,
        kinds: &["ConfigMap", "DaemonSet", "Deployment"],
        differs: AZURE_DIFFERS,
    },
    Twin {
        before: "calico/v3.22.1/capz-calico-policy-only.yaml",
        after: "calico/ground-truth/capz-v3.22.1-ipv6-only-hostlocal.yaml",
        spec: AZURE_IPV6,
        kinds: &["ConfigMap", "DaemonSet", "Deployment"],
        differs: AZURE_DIFFERS,
    },
    // The CNI config in the variable itself, and VXLAN.
    Twin {
        before: "calico/template-rendered/k0s-HEAD-calico-node-v4.yaml",
        after: "calico/template-rendered/k0s-HEAD-calico-node-dual.yaml",
        spec: "ipv6PodCIDR: fd00::/108",
        kinds: &[],
        differs: &[],
    },
    Twin {
        before: "calico/template-rendered/kubespray-HEAD-calico-config-v4.yaml",
        after: "calico/template-rendered/kubespray-HEAD-calico-config-dual.yaml",
        spec: "ipv6PodCIDR: fd00:10:244::/56",
        kinds: &[],
        differs: &[],
    },
    Twin {
        before: "calico/vpp/HEAD-installation-default.yaml",
        after: "calico/vpp/HEAD-installation-test-v6.yaml",
        spec: "ipv6PodCIDR: fd01::/64, mode: IPv6Only",
        kinds: &[],
        differs: &[
            (THEIR_NODES, "- Installation default: spec.calicoNetwork.nodeAddressAutodetectionV4.interface = eth1"),
            (DEFAULT, "+ Installation default: spec.calicoNetwork.ipPools[0].blockSize = 122"),
            (DEFAULT, "+ Installation default: spec.calicoNetwork.ipPools[0].encapsulation = None"),
            (NAT, "+ Installation default: spec.calicoNetwork.ipPools[0].natOutgoing = Enabled"),
            (DEFAULT, "+ Installation default: spec.calicoNetwork.ipPools[0].nodeSelector = all()"),
        ],
    },
    Twin {
        before: "calico/vpp/HEAD-installation-default.yaml",
        after: "calico/vpp/HEAD-installation-vxlan-v6.yaml",
        spec: "ipv6PodCIDR: fd01::/64, mode: IPv6Only, ipv6Encapsulation: VXLAN",
        kinds: &[],
        differs: &[
            (THEIR_NODES, "- Installation default: spec.calicoNetwork.nodeAddressAutodetectionV4.interface = eth1"),
            (DEFAULT, "+ Installation default: spec.calicoNetwork.ipPools[0].blockSize = 122"),
            (NAT, "+ Installation default: spec.calicoNetwork.ipPools[0].natOutgoing = Enabled"),
            (DEFAULT, "+ Installation default: spec.calicoNetwork.ipPools[0].nodeSelector = all()"),
        ],
    },
];

const NAT: &str = "nothing outside has a route to unique-local addresses";
const DEFAULT: &str = "the operator's own default, written out";
const THEIR_NODES: &str = "the nodes of their tests have two interfaces";
const THEIR_NETWORK: &str = "the network of Azure has a smaller MTU";
const THEIR_IMAGE: &str = "a later version of the Deployment, which is not ours to edit";
const NOT_READ: &str = "calico-node reads neither where Calico makes no routes (`CALICO_NETWORKING_BACKEND` is \"none\")";
const AZURE_DIFFERS: &[(&str, &str)] = &[
    (THEIR_NETWORK, "- ConfigMap calico-config: data.veth_mtu = 1350"),
    (NOT_READ, "- DaemonSet calico-node: containers[calico-node].env[CALICO_IPv6POOL_CIDR].value = 2001:1234:5678:9a40::/58"),
    (NOT_READ, "- DaemonSet calico-node: containers[calico-node].env[IP6].value = autodetect"),
    (THEIR_IMAGE, "- Deployment calico-kube-controllers: tolerations[2].effect = NoSchedule"),
    (THEIR_IMAGE, "- Deployment calico-kube-controllers: tolerations[2].key = node-role.kubernetes.io/control-plane"),
    (THEIR_NETWORK, "+ ConfigMap calico-config: data.veth_mtu = 0"),
];

#[test]
fn a_file_before_says_what_the_file_after_says() {
    let Some(root) = corpus() else { return };
    let read = |name: &str| fs::read_to_string(root.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut wrong = Vec::new();
    for twin in TWINS {
        let ours = harness::check(&read(twin.before), &config(twin.spec)).output;
        let actual = differences(&leaves(&ours, twin.kinds), &leaves(&read(twin.after), twin.kinds));
        let expected: Vec<_> = twin.differs.iter().map(|(_, line)| (*line).to_owned()).collect();
        if actual != expected {
            wrong.push(format!("{} and {} differ by:\n{}", twin.before, twin.after, actual.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// A file that was made dual-stack, or IPv6 alone, is left in peace: what is said of it, but for the advice that goes with
/// changes.
const AFTER: &[(&str, &str, &[&str])] = &[
    ("ground-truth/cby-v3.23.1-calico-dual.yaml", "ipv6PodCIDR: fc00::/48, natOutgoing: false", &[]),
    ("ground-truth/cby-v3.23.1-calico-dual.yaml", "natOutgoing: false", &[]),
    // Cluster API for AWS leaves the range to kubeadm-config, which calico-node reads only if nothing is wrong with it.
    ("ground-truth/capa-v3.30.2-calico_dualstack.yaml", "ipv6PodCIDR: fd00:10:244::/56", &["info calico-node-ipv6-pool"]),
    ("ground-truth/capa-v3.30.2-calico_ipv6.yaml", "ipv6PodCIDR: fd00:10:244::/56, mode: IPv6Only", &["info calico-node-ipv6-pool"]),
    // Cluster API for Azure: a variable with a small letter in its name, which nothing reads.
    ("ground-truth/capz-v3.22.1-dual-stack-hostlocal.yaml", AZURE, &[MISSPELT]),
    ("ground-truth/capz-v3.14.1-ipv6-only-hostlocal.yaml", AZURE_IPV6, &[MISSPELT]),
    ("ground-truth/capz-v3.16.3-ipv6-only-hostlocal.yaml", AZURE_IPV6, &[MISSPELT]),
    ("ground-truth/capz-v3.20.0-ipv6-only-hostlocal.yaml", AZURE_IPV6, &[MISSPELT]),
    ("ground-truth/capz-v3.22.1-ipv6-only-hostlocal.yaml", AZURE_IPV6, &[MISSPELT]),
    ("ground-truth/capz-v3.29.2-ipv6-only-hostlocal.yaml", AZURE_IPV6, &[MISSPELT]),
    ("ground-truth/capz-HEAD-helmchartproxy-calico-dual-stack.yaml", AZURE, &["warning helm-values-template"]),
    ("ground-truth/capz-HEAD-helmchartproxy-calico-ipv6.yaml", AZURE_IPV6, &["warning helm-values-template"]),
    ("template-rendered/k0s-HEAD-calico-node-dual.yaml", "ipv6PodCIDR: fd00::/108", &["warning calico-ipv6-mtu"]),
    ("template-rendered/kubespray-HEAD-calico-config-dual.yaml", "ipv6PodCIDR: fd00:10:244::/56", &[]),
    ("vpp/HEAD-installation-test-v6.yaml", "mode: IPv6Only", &["warning calico-pool-nat-outgoing"]),
    ("vpp/HEAD-installation-vxlan-v6.yaml", "mode: IPv6Only, natOutgoing: false", &[]),
];

const AZURE: &str = "ipv6PodCIDR: \"2001:1234:5678:9a40::/58\"";
const AZURE_IPV6: &str = "ipv6PodCIDR: \"2001:1234:5678:9a40::/58\", mode: IPv6Only";
const MISSPELT: &str = "warning calico-node-misspelt-variable";

#[test]
fn a_file_after_is_left_in_peace() {
    let Some(root) = corpus() else { return };
    let mut wrong = Vec::new();
    for (name, spec, expected) in AFTER {
        let text = fs::read_to_string(root.join("calico").join(name)).expect(name);
        let checked = harness::check(&text, &config(spec));
        let of_weight = checked.said.iter().filter(|said| said.severity != "info" || said.is_change());
        let said: Vec<_> = of_weight.map(|said| format!("{} {}", said.severity, said.rule)).collect();
        if said != *expected {
            wrong.push(format!("{name} {{{spec}}}: {:?}", checked.said.iter().map(ToString::to_string).collect::<Vec<_>>()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Cluster API for AWS: what was added for IPv6 is taken back from the file first; our entries stand elsewhere.
#[test]
fn what_was_taken_back_comes_again() {
    let Some(root) = corpus() else { return };
    let after = fs::read_to_string(root.join("calico/ground-truth/capa-v3.30.2-calico_dualstack.yaml")).expect("a file of the corpus");
    let mut before = after.clone();
    for (theirs, stock) in [
        (
            "\"type\": \"calico-ipam\",\n              \"assign_ipv4\": \"true\",\n              \"assign_ipv6\": \"true\"\n",
            "\"type\": \"calico-ipam\"\n",
        ),
        ("            - name: IP6\n              value: \"autodetect\"\n", ""),
        ("            - name: CALICO_IPV6POOL_NAT_OUTGOING\n              value: \"true\"\n", ""),
        ("- name: FELIX_IPV6SUPPORT\n              value: \"true\"", "- name: FELIX_IPV6SUPPORT\n              value: \"false\""),
        ("- name: CALICO_IPV6POOL_VXLAN\n              value: \"Always\"", "- name: CALICO_IPV6POOL_VXLAN\n              value: \"Never\""),
    ] {
        assert_eq!(before.matches(theirs).count(), 1, "{theirs}");
        before = before.replace(theirs, stock);
    }
    let ours = harness::check(&before, &config("ipv6PodCIDR: fd00:10:244::/56")).output;
    let expected = "+ DaemonSet calico-node: containers[calico-node].env[CALICO_IPV6POOL_CIDR].value = fd00:10:244::/56";
    assert_eq!(differences(&leaves(&ours, &[]), &leaves(&after, &[])), [expected], "they leave the range to kubeadm-config");
}

/// Values of Cluster API for Azure, which are no object: in one they come out as they were, byte for byte, once the IPv6 pool
/// was taken back, and without the IPv4 pool as they are for IPv6 alone.
#[test]
fn values_of_a_chart_get_their_pool_again() {
    let Some(root) = corpus() else { return };
    let read = |name: &str| fs::read_to_string(root.join("calico/ground-truth").join(name)).expect(name);
    let (dual, ipv6) = (read("capz-HEAD-calico-dual-stack-operator-values.yaml"), read("capz-HEAD-calico-ipv6-operator-values.yaml"));
    let at = dual.find("    - blockSize: 122\n").expect("the IPv6 pool");
    let end = dual.find("  registry:").expect("behind the pools");
    let single = [&dual[..at], &dual[end..]].concat();
    let asked = format!("{AZURE}, natOutgoing: true");
    assert_eq!(harness::check(&chart(&single), &config(&asked)).output, chart(&dual));
    assert_eq!(harness::check(&chart(&dual), &config(&asked)).output, chart(&dual));
    let ours = harness::check(&chart(&dual), &config(&format!("{asked}, mode: IPv6Only"))).output;
    // Somebody's browser wrote into a comment there.
    assert_eq!(ours, chart(&ipv6.replace("Add commentMore actions", "")));
}

fn chart(values: &str) -> String {
    let indented: String = values.lines().flat_map(|line| ["    ", line, "\n"]).collect();
    format!(
        "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata:\n  name: calico\n  namespace: kube-system\nspec:\n  chart: tigera-operator\n  valuesContent: |\n{indented}"
    )
}

/// All that the objects say, scalar by scalar: `DaemonSet calico-node: containers[calico-node].env[IP6].value` → `autodetect`.
/// Inner documents are read; list items go by their name, where they have one.
fn leaves(text: &str, kinds: &[&str]) -> BTreeMap<String, String> {
    let mut leaves = BTreeMap::new();
    for object in oracle::objects(text).expect("YAML") {
        let kind = oracle::text_of(&object, "kind").trim().to_owned();
        if kinds.is_empty() || kinds.contains(&kind.as_str()) {
            let name = object.get("metadata").map(|metadata| oracle::text_of(metadata, "name").to_owned()).unwrap_or_default();
            walk(&object, String::new(), &mut |path, value| {
                let path = path.replace(".spec.template.spec.", ".").trim_start_matches('.').to_owned();
                leaves.insert(format!("{kind} {name}: {path}"), value);
            });
        }
    }
    leaves
}

fn walk(value: &Value, path: String, say: &mut dyn FnMut(String, String)) {
    match value {
        Value::Map(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                walk(value, format!("{path}.{key}"), say);
            }
        }
        Value::List(items) if !items.is_empty() => {
            for (at, item) in items.iter().enumerate() {
                let Some(name) = item.get("name").and_then(Value::as_str) else {
                    walk(item, format!("{path}[{at}]"), say);
                    continue;
                };
                let Value::Map(mut entries) = item.clone() else { continue };
                entries.retain(|(key, _)| key != "name");
                walk(&Value::Map(entries), format!("{path}[{name}]"), say);
            }
        }
        Value::Str(text) if text.trim_start().starts_with('{') && path.to_lowercase().contains("network_config") => {
            walk(&oracle::read(text).expect("YAML").remove(0), path, say);
        }
        Value::Str(text) | Value::Number(text) => say(path, text.clone()),
        other => say(path, format!("{other:?}")),
    }
}

fn differences(ours: &BTreeMap<String, String>, theirs: &BTreeMap<String, String>) -> Vec<String> {
    let only = |sign: &str, of: &BTreeMap<String, String>, not: &BTreeMap<String, String>| {
        let lines = of.iter().filter(|(path, value)| not.get(*path) != Some(value));
        lines.map(|(path, value)| format!("{sign} {path} = {value}")).collect::<Vec<_>>()
    };
    [only("-", theirs, ours), only("+", ours, theirs)].concat()
}

fn config(spec: &str) -> String {
    format!("apiVersion: dualstack.krm/v1alpha1\nkind: EnableDualStack\nmetadata:\n  name: enable-dual-stack\nspec: {{{spec}}}\n")
}

/// The folder of the files. Without the corpus the tests say that they are skipped; in CI that is an error.
fn corpus() -> Option<PathBuf> {
    if let Some(root) = std::env::var_os("DUAL_STACK_CORPUS") {
        return Some(PathBuf::from(root).join("corpus"));
    }
    assert!(std::env::var_os("CI").is_none(), "DUAL_STACK_CORPUS must be set in CI: the folder that has `corpus` and `traces`");
    // Not with `println`, which the test runner hides where a test passes.
    std::io::stderr().write_all(b"\nSKIPPED: DUAL_STACK_CORPUS is not set, so nothing was compared with real files\n").expect("stderr");
    None
}
