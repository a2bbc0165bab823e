//! A cluster in files: one run makes it dual-stack, and `check` names the file and the line of what is taken back.

use std::ops::Range;

use serde_json::Value;
use similar::{DiffOp, TextDiff};

use crate::common::Folder;

const CLUSTER: &str = include_str!("../kubernetes/cluster.yaml");
/// A file for each object of [`CLUSTER`], in its order.
const FILES: [&str; 7] = [
    "manifests/kube-apiserver.yaml",
    "manifests/kube-controller-manager.yaml",
    "kube-system/kubeadm-config.yaml",
    "kube-system/kube-proxy.yaml",
    "kube-system/kubelet-config.yaml",
    "calico/config.yaml",
    "calico/node.yaml",
];
const CONFIG: &str = "apiVersion: dualstack.krm/v1alpha1\nkind: EnableDualStack\nmetadata:\n  name: enable-dual-stack\nspec:\n  ipv6PodCIDR: fd00:10:244::/56\n  ipv6ServiceCIDR: fd00:10:96::/112\n";
/// No range: the package says all of them.
const EMPTY: &str = "apiVersion: dualstack.krm/v1alpha1\nkind: EnableDualStack\nmetadata:\n  name: enable-dual-stack\nspec: {}\n";

fn objects() -> Vec<&'static str> {
    CLUSTER.split("---\n").collect()
}

/// The errors of `check`: file, line, message.
fn errors(folder: &Folder) -> Vec<(String, u64, String)> {
    let report = folder.run(["check", "--output=json"]);
    let json: Value = serde_json::from_str(&report.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", report.stdout, report.stderr));
    let results = json["results"].as_array().expect("results").iter();
    let errors: Vec<_> = results.filter(|result| result["severity"] == "error").collect();
    assert_eq!(report.code, i32::from(!errors.is_empty()), "{errors:#?}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    errors.iter().map(|error| (text(&error["file"]), error["line"].as_u64().unwrap_or_default(), text(&error["message"]))).collect()
}

#[test]
fn one_run_makes_a_cluster_in_files_dual_stack_and_check_names_each_line_that_is_taken_back() {
    let singles: Vec<_> = FILES.into_iter().zip(objects()).collect();
    assert_eq!(objects().len(), FILES.len());
    let folder = Folder::with(&singles);
    folder.write("dual-stack.yaml", CONFIG);
    let applied = folder.run(["apply"]);
    assert_eq!(applied.code, 0, "{}", applied.stderr);
    assert!(applied.stderr.ends_with("\n7 files edited; 8 files in 1 package\n"), "{}", applied.stderr);
    assert_eq!(errors(&folder), []);
    let mut taken_back = 0;
    for (file, single) in singles {
        let dual = folder.read(file);
        let diff = TextDiff::from_lines(single, &dual);
        let (old, new): (Vec<_>, Vec<_>) = (single.split_inclusive('\n').collect(), dual.split_inclusive('\n').collect());
        for (was, is) in diff.ops().iter().filter(|op| !matches!(op, DiffOp::Equal { .. })).flat_map(line_by_line) {
            taken_back += 1;
            let lines = [&new[..is.start], &old[was.clone()], &new[is.end..]].concat();
            folder.write(file, &lines.concat());
            // What is missing belongs between the end of a line and the bracket or key on the next one.
            let missing = usize::from(was.len() < is.len());
            let there = is.start + 1 - usize::from(was.is_empty())..=is.start + was.len() + missing;
            for config in [CONFIG, EMPTY] {
                folder.write("dual-stack.yaml", config);
                let errors = errors(&folder);
                let is_found = errors.iter().any(|(at, line, _)| at == file && there.contains(&usize::try_from(*line).expect("a line")));
                assert!(is_found, "{file}, lines {there:?}, without {:?}: {errors:#?}", &new[is.clone()]);
            }
        }
        folder.write("dual-stack.yaml", CONFIG);
        folder.write(file, &dual);
    }
    assert_eq!(taken_back, 10, "each line that was edited, those of calico-node and its CNI config together");
    assert_eq!(errors(&folder), []);
}

/// Lines before and after; one by one, where as many come as go.
fn line_by_line(op: &DiffOp) -> Vec<(Range<usize>, Range<usize>)> {
    let (was, is) = (op.old_range(), op.new_range());
    if was.len() == is.len() {
        return was.zip(is).map(|(was, is)| (was..was + 1, is..is + 1)).collect();
    }
    vec![(was, is)]
}

const KUBEADM: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kubeadm-config\n  namespace: kube-system\ndata:\n  ClusterConfiguration: |\n    apiVersion: kubeadm.k8s.io/v1beta3\n    kind: ClusterConfiguration\n    kubernetesVersion: v1.30.4\n    networking:\n      podSubnet: 10.244.0.0/16,fd00:10:244::/56\n      serviceSubnet: 10.96.0.0/12,fd00:10:96::/112\n";
const PROXY: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kube-proxy\n  namespace: kube-system\ndata:\n  config.conf: |\n    apiVersion: kubeproxy.config.k8s.io/v1alpha1\n    kind: KubeProxyConfiguration\n    clusterCIDR: 10.244.0.0/16,fd00:20:244::/56\n";

/// Each place of a disagreement, as a message names it.
const PLACES: [&str; 2] = [
    "a/kubeadm-config.yaml: ConfigMap kube-system/kubeadm-config `data.ClusterConfiguration.networking.podSubnet` \"fd00:10:244::/56\"",
    "b/kube-proxy.yaml: ConfigMap kube-system/kube-proxy `data[\"config.conf\"].clusterCIDR` \"fd00:20:244::/56\"",
];

#[test]
fn files_that_disagree_are_all_named() {
    let folder = Folder::with(&[("a/kubeadm-config.yaml", KUBEADM), ("b/kube-proxy.yaml", PROXY), ("dual-stack.yaml", EMPTY)]);
    let errors = errors(&folder);
    let [(file, line, message)] = errors.as_slice() else { panic!("{errors:#?}") };
    assert_eq!((file.as_str(), *line), ("b/kube-proxy.yaml", 10));
    for place in PLACES {
        assert!(message.contains(place), "{message}");
    }
    let refused = folder.run(["apply"]);
    assert_eq!((refused.code, folder.read("a/kubeadm-config.yaml").as_str()), (1, KUBEADM), "{}", refused.stderr);
}

#[test]
fn objects_of_a_resource_list_that_disagree_are_named_by_their_files() {
    let item = |text: &str, file: &str| {
        let annotated = text.replace(
            "  namespace: kube-system\n",
            &format!("  namespace: kube-system\n  annotations:\n    config.kubernetes.io/path: {file}\n"),
        );
        annotated.lines().enumerate().fold(String::new(), |list, (at, line)| list + if at == 0 { "- " } else { "  " } + line + "\n")
    };
    let config: String = EMPTY.lines().flat_map(|line| ["  ", line, "\n"]).collect();
    let items = item(KUBEADM, "a/kubeadm-config.yaml") + &item(PROXY, "b/kube-proxy.yaml");
    let list = format!("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig:\n{config}items:\n{items}");
    let answer = Folder::with(&[]).run_with([], &[], &list);
    assert_eq!(answer.code, 1);
    let (_, results) = answer.stdout.split_once("results:\n").expect("results");
    for said in [results.replace("\\\"", "\""), answer.stderr] {
        for place in PLACES {
            assert!(said.contains(place), "{said}");
        }
    }
}
