//! Values of Secrets are in no result, no report and not on stderr, whatever is said about them.

use enable_dual_stack::run;

use crate::common::Folder;

/// No value of the Secrets here is without one of these, and nothing else has them; the ranges in canonical form, too.
const SECRET: [&str; 5] = ["hunter", "10.123.", "fd12:", "FD12:", "119"];

/// IPAM configurations, right and wrong.
const IPAM: [&str; 10] = [
    r#"{"type": "calico-ipam", "hunter": "hunter1"}"#,
    r#"{"type": "calico-ipam", "assign_ipv4": "hunter2", "assign_ipv6": true}"#,
    r#"{"type": "calico-ipam", "ipv4_pools": ["10.123.0.0/16"], "ipv6_pools": ["fd12:0::/64"]}"#,
    r#"{"type": "calico-ipam", "type": "hunter3"}"#,
    r#"{"type": "host-local", "subnet": "10.123.0.0/16"}"#,
    r#"{"type": "host-local", "ranges": [[{"subnet": "10.123.1.1/16"}], [{"subnet": "FD12:0::/64"}]]}"#,
    r#"{"type": "host-local", "subnet": "usePodCidr", "routes": ["hunter4"]}"#,
    r#"{"type": "hunter\"5 hunter"}"#,
    r#""hunter6""#,
    r"{hunter7",
];

/// Variables of calico-node, and values that something is said about.
const VARIABLES: [(&str, &[&str]); 16] = [
    ("CALICO_IPV4POOL_BLOCK_SIZE", &["119", "hunter"]),
    ("CALICO_IPV4POOL_CIDR", &["10.123.0.0/16", "10.123.1.1/16", "hunter", "10.123.0.0/16,fd12::/48"]),
    ("CALICO_IPV4POOL_IPIP", &["hunter", "Always"]),
    ("CALICO_IPV4POOL_VXLAN", &["hunter"]),
    ("CALICO_IPV6POOL_BLOCK_SIZE", &["119", "hunter"]),
    ("CALICO_IPV6POOL_CIDR", &["fd12:0::/48", "FD12::1/48", "hunter", "fd12::/119"]),
    ("CALICO_IPV6POOL_NAT_OUTGOING", &["hunter"]),
    ("CALICO_NETWORKING_BACKEND", &["hunter", "none"]),
    ("CALICO_ROUTER_ID", &["hunter"]),
    ("CLUSTER_TYPE", &["hunter"]),
    ("FELIX_BPFENABLED", &["hunter", "true"]),
    ("FELIX_IPV6SUPPORT", &["hunter", "false"]),
    ("IP", &["hunter", "10.123.0.1", "none"]),
    ("IP6", &["hunter", "fd12::1", "none"]),
    ("IP6_AUTODETECTION_METHOD", &["hunter", "can-reach=fd12::1"]),
    ("NO_DEFAULT_POOLS", &["hunter", "true"]),
];

fn secret(key: &str, value: &str) -> String {
    let value = value.replace('\'', "''");
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: of-calico\n  namespace: kube-system\nstringData:\n  {key}: '{value}'\n  other: hunter\n"
    )
}

/// calico-node with a variable that comes from the Secret.
fn calico(variable: &str, key: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: calico-node
  namespace: kube-system
spec:
  template:
    spec:
      containers:
      - name: calico-node
        image: docker.io/calico/node:v3.30.0
        env:
        - name: CNI_NETWORK_CONFIG
          value: '{{\"type\": \"calico\", \"ipam\": {{\"type\": \"calico-ipam\"}}}}'
        - name: {variable}
          valueFrom:
            secretKeyRef:
              name: of-calico
              key: {key}
"
    )
}

/// Packages whose Secrets hold something that is looked at.
fn packages() -> Vec<[String; 2]> {
    let cni = IPAM.iter().flat_map(|ipam| {
        let config = format!("{{\"name\": \"hunter\", \"type\": \"calico\", \"log_level\": \"hunter\", \"ipam\": {ipam}}}");
        let secret = secret("cni_network_config", &config);
        [[secret.clone(), calico("CNI_NETWORK_CONFIG", "cni_network_config")], [secret, String::new()]]
    });
    let of_variable = |(name, values): &(&str, &'static [&'static str])| {
        let name = (*name).to_owned();
        values.iter().map(move |value| [secret("hidden", value), calico(&name, "hidden")])
    };
    cni.chain(VARIABLES.iter().flat_map(of_variable)).collect()
}

const KUBEADM: &str = "apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
networking:
  podSubnet: 10.244.0.0/16,fd00:10:244::/56
";

const CONFIGS: [&str; 4] = [
    "ipv6PodCIDR: fd00:10:244::/56",
    "{ipv6PodCIDR: fd00:10:244::/56, ipam: CalicoIPAM}",
    "{mode: IPv6Only, ipv6PodCIDR: fd00:10:244::/56}",
    "{}",
];

fn assert_hidden(said: &str, package: &str) {
    for line in said.lines() {
        assert!(!SECRET.iter().any(|secret| line.contains(secret)), "{line}\nis said of\n{package}");
    }
}

#[test]
fn results_and_stderr_hide_them() {
    let mut said = 0;
    for documents in packages() {
        for (config, action) in CONFIGS.iter().flat_map(|config| [(config, "Apply"), (config, "Check")]) {
            let config = config.trim_matches(['{', '}']).replace(", ", "\n    ");
            let items = documents.iter().map(String::as_str).chain([KUBEADM]).filter(|document| !document.is_empty());
            let items: String =
                items.flat_map(|document| ["- ".to_owned(), document.trim_end().replace('\n', "\n  "), "\n".to_owned()]).collect();
            let input = format!(
                "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n{items}functionConfig:\n  apiVersion: dualstack.krm/v1alpha1\n  kind: EnableDualStack\n  spec:\n    action: {action}\n    {config}\n"
            );
            let response = run::function(&input);
            assert_hidden(&response.stderr, &input);
            let edits = response.output.unwrap_or_else(|| panic!("no output:\n{input}\n{}", response.stderr));
            let output = enable_dual_stack::text::splice(&input, edits).expect("disjoint edits");
            if let Some((_, results)) = output.split_once("\nresults:\n") {
                said += 1;
                assert_hidden(results, &input);
            }
        }
    }
    assert!(said > 300, "only {said} runs had results");
}

#[test]
fn reports_of_every_format_hide_them() {
    for documents in packages() {
        let folder = Folder::with(&[("secret.yaml", &documents[0]), ("calico.yaml", &documents[1]), ("kubeadm.yaml", KUBEADM)]);
        for format in ["text", "json", "sarif", "github", "junit"] {
            let ran = folder.run(["check", "--ipv6-pod-cidr=fd00:10:244::/56", "-o", format]);
            assert_hidden(&(ran.stdout + &ran.stderr), &documents.concat());
        }
        // What `diff` and `apply` write to stdout and files is what the person's own files hold.
        assert_hidden(&folder.run(["diff", "--ipv6-pod-cidr=fd00:10:244::/56"]).stderr, &documents.concat());
        assert_hidden(&folder.run(["apply", "--ipv6-pod-cidr=fd00:10:244::/56"]).stderr, &documents.concat());
    }
}

#[test]
fn a_secret_that_cannot_be_read_is_not_shown() {
    let of_value = |value: &str| secret("hidden", "x").replace("'x'", value);
    let values = [
        "\"hunter",
        "*hunter",
        "{hunter",
        "hunter: hunter: hunter",
        "|hunter",
        "!hunter!x y",
        "'hunter' hunter",
        "@hunter",
        "\"\\hunter\"",
        "&hunter &hunter x",
    ];
    for value in values {
        let folder = Folder::with(&[("secret.yaml", &of_value(value))]);
        for format in ["text", "json", "sarif", "github", "junit"] {
            let ran = folder.run(["check", "--ipv6-pod-cidr=fd00:10:244::/56", "-o", format]);
            assert_eq!(ran.code, 2, "{value}");
            assert_hidden(&(ran.stdout + &ran.stderr), value);
        }
        let list = format!("apiVersion: v1\nkind: List\nitems:\n- {}", of_value(value).trim_end().replace('\n', "\n  "));
        assert_hidden(&folder.run_with(["apply", "-"], &[], &list).stderr, value);
        assert_hidden(&run::function(&list).stderr, value);
    }
}
