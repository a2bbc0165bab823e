//! Who says which range: the rows that come of packages, as one line each.

#![expect(clippy::disallowed_methods, reason = "tests read files and the environment")]

use std::path::{Path, PathBuf};

use enable_dual_stack::config::{Config, Field, FieldValue};
use enable_dual_stack::map::{About, Cell, Map, Row, State, map};
use enable_dual_stack::package::{self, Package};

/// The map of a package of these files.
fn mapped(files: &[(&str, &str)], fields: &[(&str, &str)]) -> Map {
    let field = |(name, value): &(&str, &str)| Field { name: (*name).into(), value: FieldValue::Text((*value).into()) };
    let config = Config::read(fields.iter().map(field).collect()).expect("a configuration");
    package::with_files(files, |package| map(package, &config)).expect("a package")
}

/// `pods: kube-proxy: IPv4 same "10.1.0.0/16" a:3 clusterCIDR, IPv6 missing a:3 clusterCIDR [rule]; !rule`
fn lines(map: &Map) -> Vec<String> {
    let of_rows = map.sections.iter().flat_map(|section| section.rows.iter().map(move |row| line(section.about, row)));
    of_rows.chain(map.marks.iter().map(|mark| format!("beside: !{}", mark.rule.id))).collect()
}

fn line(about: About, row: &Row) -> String {
    let about = match about {
        About::Ranges(role) => format!("{}s", role.word()),
        About::Switches => "switches".into(),
        About::Addresses => "addresses".into(),
    };
    let cells: Vec<_> = row.cells.iter().map(cell).collect();
    let first = row.primary.map(|family| format!("; {family} first")).unwrap_or_default();
    let marks: String = row.marks.iter().map(|mark| ["; !", mark.rule.id].concat()).collect();
    format!("{about}: {}: {}{first}{marks}", row.who, cells.join(", "))
}

fn cell(cell: &Cell) -> String {
    let family = cell.family.map_or("both".to_owned(), |family| family.to_string());
    let text = cell.text.as_ref().map(|text| format!(" {text:?}")).unwrap_or_default();
    let at = cell.file.as_ref().zip(cell.line).map(|(file, line)| format!(" {file}:{line}")).unwrap_or_default();
    let rule = cell.rule.map(|rule| format!(" [{}]", rule.id)).unwrap_or_default();
    format!("{family} {}{text}{at} {}{rule}", format!("{:?}", cell.state).to_lowercase(), cell.path)
}

fn lines_of(text: &str, fields: &[(&str, &str)]) -> Vec<String> {
    lines(&mapped(&[("a", text)], fields))
}

const PROXY: &str = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nclusterCIDR: ";
const KUBEADM: &str = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nnetworking:\n  podSubnet: ";

#[test]
fn a_missing_family_is_a_gap_that_names_its_rule_and_no_range() {
    assert_eq!(
        lines_of(&format!("{PROXY}10.1.0.0/16\n"), &[]),
        ["pods: kube-proxy: IPv4 same \"10.1.0.0/16\" a:3 clusterCIDR, IPv6 missing a:3 clusterCIDR [kube-proxy-cluster-cidr]"]
    );
    assert_eq!(
        lines_of(&format!("{PROXY}fd00:1::/56\n"), &[]),
        ["pods: kube-proxy: IPv4 missing a:3 clusterCIDR [kube-proxy-cluster-cidr], IPv6 same \"fd00:1::/56\" a:3 clusterCIDR"]
    );
}

#[test]
fn what_stands_there_is_shown_as_it_is_written() {
    assert_eq!(
        lines_of(&format!("{PROXY}\"10.1.2.3/16,FD00:0::/56\" # both\n"), &[]),
        [
            "pods: kube-proxy: IPv4 same \"10.1.2.3/16\" a:3 clusterCIDR, IPv6 same \"FD00:0::/56\" a:3 clusterCIDR; IPv4 first; !range-host-bits"
        ]
    );
}

#[test]
fn a_range_that_others_do_not_say_is_told_from_a_part_and_from_more() {
    let kubeadm = format!("{KUBEADM}10.1.0.0/16,fd00:1::/56\n");
    let row = |range: &str| {
        let proxy = format!("{PROXY}{range}\n");
        lines(&mapped(&[("a", &kubeadm), ("b", &proxy)], &[])).remove(1)
    };
    let same = "IPv6 same \"fd00:1::/56\" b:3 clusterCIDR; IPv4 first";
    assert_eq!(row("10.1.0.0/16,fd00:1::/56"), format!("pods: kube-proxy: IPv4 same \"10.1.0.0/16\" b:3 clusterCIDR, {same}"));
    // kube-proxy needs to know no more than what a pod's address is.
    assert_eq!(row("10.0.0.0/8,fd00:1::/56"), format!("pods: kube-proxy: IPv4 more \"10.0.0.0/8\" b:3 clusterCIDR, {same}"));
    assert_eq!(
        row("10.2.0.0/16,fd00:1::/56"),
        format!("pods: kube-proxy: IPv4 other(0) \"10.2.0.0/16\" b:3 clusterCIDR, {same}; !ranges-disagree")
    );
}

#[test]
fn others_that_say_the_same_have_the_same_number() {
    let kubeadm = format!("{KUBEADM}10.1.0.0/16,fd00:1::/56\n");
    let [one, two, three] = [2, 3, 2].map(|number| format!("{PROXY}10.1.0.0/16,fd00:{number}::/56\n"));
    let map = mapped(&[("a", &kubeadm), ("b", &one), ("c", &two), ("d", &three)], &[]);
    let states: Vec<_> = map.sections[0].rows.iter().map(|row| row.cells[1].state).collect();
    assert_eq!(states, [State::Same, State::Other(0), State::Other(1), State::Other(0)]);
    // Without `serviceSubnet`, kubeadm takes one family: that is the fifth place.
    assert_eq!(map.count().sentence(), "half dual-stack: 4 of 5 places have IPv6; 3 disagree");
}

#[test]
fn the_configuration_speaks_first_and_is_no_place_of_the_cluster() {
    let ours = "apiVersion: dualstack.krm/v1alpha1\nkind: EnableDualStack\nspec:\n  ipv6PodCIDR: fd00:1::/56\n";
    let proxy = format!("{PROXY}10.1.0.0/16,fd00:2::/56\n");
    let map = mapped(&[("a", ours), ("b", &proxy)], &[("ipv6PodCIDR", "fd00:1::/56"), ("ipv4PodCIDR", "10.1.0.0/16")]);
    assert_eq!(
        lines(&map),
        [
            // The IPv4 range was given in another way, such as a flag.
            "pods: functionConfig: IPv4 same \"10.1.0.0/16\" spec.ipv4PodCIDR, IPv6 same \"fd00:1::/56\" a:4 spec.ipv6PodCIDR",
            "pods: kube-proxy: IPv4 same \"10.1.0.0/16\" b:3 clusterCIDR, IPv6 other(0) \"fd00:2::/56\" b:3 clusterCIDR; IPv4 first; !ranges-disagree"
        ]
    );
    assert_eq!(map.count().sentence(), "dual-stack: the one place has both families; 1 disagrees");
}

#[test]
fn placeholders_are_neither_there_nor_missing() {
    let map = mapped(&[("a", &format!("{PROXY}${{PODS}}\n"))], &[]);
    assert_eq!(lines(&map), ["pods: kube-proxy: both unread \"${PODS}\" a:3 clusterCIDR; !range-placeholder"]);
    assert_eq!(map.count().sentence(), "nothing here says a range or switches an address family; 1 is filled in later");
    assert!(lines_of(&format!("{PROXY}\"\"\n"), &[]).is_empty());
}

/// A DaemonSet of Calico whose CNI config is in an object of this kind.
fn calico(kind: &str, field: &str, env: &str) -> String {
    let key = if kind == "Secret" { "secretKeyRef" } else { "configMapKeyRef" };
    format!(
        r#"apiVersion: v1
kind: {kind}
metadata: {{name: calico-config, namespace: kube-system}}
{field}:
  cni_network_config: |-
    {{
      "plugins": [
        {{
          "type": "calico",
          "password": "hunter2",
          "ipam": {{"type": "calico-ipam",
            "assign_ipv4": "hunter3", "assign_ipv6": "true"}}
        }}
      ]
    }}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {{name: calico-node, namespace: kube-system}}
spec:
  template:
    spec:
      initContainers:
        - name: install-cni
          image: calico/cni:v3.30.1
          env:
            - name: CNI_NETWORK_CONFIG
              valueFrom: {{{key}: {{name: calico-config, key: cni_network_config}}}}
      containers:
        - name: calico-node
          image: calico/node:v3.30.1
          env:
{env}"#
    )
}

#[test]
fn switches_are_what_the_systems_want_in_inner_documents_too() {
    let env = "            - {name: FELIX_IPV6SUPPORT, value: \"false\"}\n            - {name: IP6, value: autodetect}\n";
    assert_eq!(
        lines_of(&calico("ConfigMap", "data", env), &[]),
        [
            "pods: CALICO_IPV6POOL_CIDR: IPv6 missing a:33 spec.template.spec.containers[0].env[name=CALICO_IPV6POOL_CIDR].value [calico-node-ipv6-pool]",
            "switches: assign_ipv4, assign_ipv6: IPv4 off \"hunter3\" a:12 data.cni_network_config.plugins[0].ipam.assign_ipv4 [calico-ipam-assign], IPv6 on \"true\" a:12 data.cni_network_config.plugins[0].ipam.assign_ipv6",
            "switches: IP6: IPv6 on \"autodetect\" a:34 spec.template.spec.containers[0].env[1].value",
            "switches: FELIX_IPV6SUPPORT: IPv6 off \"false\" a:33 spec.template.spec.containers[0].env[0].value [calico-node-felix-ipv6]",
        ]
    );
}

#[test]
fn a_secret_shows_ranges_and_nothing_else() {
    let map = mapped(&[("a", &calico("Secret", "stringData", ""))], &[]);
    let of_secret: Vec<_> = lines(&map).into_iter().filter(|line| line.contains("stringData")).collect();
    assert_eq!(
        of_secret,
        [
            "switches: assign_ipv4, assign_ipv6: IPv4 off a:12 stringData.cni_network_config.plugins[0].ipam.assign_ipv4 [calico-ipam-assign], IPv6 on a:12 stringData.cni_network_config.plugins[0].ipam.assign_ipv6"
        ]
    );
    assert!(!format!("{map:?}").contains("hunter"), "{map:?}");
    let with_pool = calico("Secret", "stringData", "").replace("\"assign_ipv4\"", "\"ipv6_pools\": [\"fd00:1::/64\"], \"assign_ipv4\"");
    assert!(lines_of(&with_pool, &[]).iter().any(|line| line.contains("the CNI config: IPv6 same \"fd00:1::/64\" a:12")));
}

#[test]
fn an_object_that_must_be_there_is_a_gap() {
    let env = "            - {name: NO_DEFAULT_POOLS, value: \"true\"}\n            - {name: DATASTORE_TYPE, value: kubernetes}\n";
    let found = lines_of(&calico("ConfigMap", "data", env), &[]);
    assert!(
        found.iter().any(|line| line.starts_with("pods: IPPool: IPv6 missing") && line.ends_with("[calico-ipv6-pool-object]")),
        "{found:?}"
    );
}

#[test]
fn gates_and_addresses_have_rows() {
    let pod = |flags: &str| {
        let image = "registry.k8s.io/kube-apiserver:v1.33.0";
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n  - image: {image}\n    command:\n    - kube-apiserver\n{flags}"
        )
    };
    assert_eq!(
        lines_of(&pod("    - --feature-gates=A=true,IPv6DualStack=true\n    - --advertise-address=10.9.0.1\n"), &[]),
        [
            "services: --service-cluster-ip-range: IPv4 missing a:8 spec.containers[0].command [kube-apiserver-no-service-range], IPv6 missing a:8 spec.containers[0].command [kube-apiserver-no-service-range]",
            "switches: feature gate of kube-apiserver: both off \"IPv6DualStack=true\" a:9 spec.containers[0].command[1]; !feature-gate-dual-stack; !feature-gate-stale",
            "addresses: kube-apiserver: IPv4 on \"10.9.0.1\" a:10 spec.containers[0].command[2]",
        ]
    );
}

#[test]
fn a_sentence_says_what_it_comes_to() {
    let sentence = |ranges: &[&str]| {
        let texts: Vec<_> = ranges.iter().map(|range| format!("{PROXY}{range}\n")).collect();
        let names: Vec<_> = (0..ranges.len()).map(|index| index.to_string()).collect();
        let files: Vec<_> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
        mapped(&files, &[]).count().sentence()
    };
    let (four, six, both) = ("10.1.0.0/16", "fd00:1::/56", "10.1.0.0/16,fd00:1::/56");
    assert_eq!(sentence(&[]), "nothing here says a range or switches an address family");
    assert_eq!(sentence(&[four]), "IPv4 only: the one place has no IPv6");
    assert_eq!(sentence(&[four, four]), "IPv4 only: none of 2 places has IPv6");
    assert_eq!(sentence(&[six, six]), "IPv6 only: none of 2 places has IPv4");
    assert_eq!(sentence(&[both]), "dual-stack: the one place has both families");
    assert_eq!(sentence(&[both, both]), "dual-stack: all 2 places have both families");
    assert_eq!(sentence(&[both, four, four]), "half dual-stack: 1 of 3 places has IPv6");
    assert_eq!(sentence(&[both, both, four]), "half dual-stack: 2 of 3 places have IPv6");
    assert_eq!(sentence(&[both, six]), "half dual-stack: 1 of 2 places has IPv4");
}

#[test]
fn every_file_of_the_corpus_has_a_map_whose_lines_are_true() {
    let Some(corpus) = std::env::var_os("DUAL_STACK_CORPUS") else {
        println!("skipped: DUAL_STACK_CORPUS is not set");
        return;
    };
    let (mut rows, mut cells) = (0, 0);
    for file in files(&Path::new(&corpus).join("corpus")) {
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        if package::with(&text, |_: &Package<'_>| ()).is_err() {
            continue;
        }
        let map = mapped(&[("a", &text)], &[]);
        let all = format!("{map:?}");
        // The stand-ins for ranges that nobody says are never shown.
        for any in ["2001:db8:ffff:f", "198.18.0.0/16", "198.19.0.0/16"] {
            assert!(!all.contains(any) || text.contains(any), "{}: {any}", file.display());
        }
        for row in map.sections.iter().flat_map(|section| &section.rows) {
            rows += 1;
            for cell in &row.cells {
                let number = cell.line.unwrap_or_else(|| panic!("{}: {row:?}", file.display()));
                let line = text.lines().nth(number - 1).unwrap_or_else(|| panic!("{}: {row:?}", file.display()));
                // A list stands on more than one line, and a gate or a script is shown in part.
                let Some(word) = cell.text.as_ref().filter(|text| !text.contains([' ', ',', '…'])) else { continue };
                let word = word.strip_prefix("IPv6DualStack=").unwrap_or(word);
                // kind's own ranges, which it takes because of that line.
                let word = if row.who == "kind" && cell.name == "ipFamily" { "ipFamily: dual" } else { word };
                cells += 1;
                assert!(line.contains(word), "{}:{number}: {word:?} is not in {line:?}: {row:?}", file.display());
            }
        }
    }
    println!("{rows} rows, {cells} values on the line that is said");
    assert!(rows > 500 && cells > 300, "{rows} rows, {cells} cells");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the corpus") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "json") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn a_feature_gate_in_a_patch_of_kind_is_that_of_the_kubelet() {
    let patch = "- |\n  apiVersion: kubelet.config.k8s.io/v1beta1\n  kind: KubeletConfiguration\n  featureGates: {IPv6DualStack: true}\n";
    let text = format!("apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\nkubeadmConfigPatches:\n{patch}");
    let lines = lines_of(&text, &[("kubernetesVersion", "v1.22")]);
    assert!(lines.iter().any(|line| line.contains("kubelet")), "{lines:#?}");
}
