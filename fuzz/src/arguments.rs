//! Argument lists, scripts for a shell, and comma lists of ranges, beside a second reading of them.

use std::sync::LazyLock;

use enable_dual_stack::config::Config;
use enable_dual_stack::yaml::Value;
use serde_json::json;

use crate::cidr;
use crate::common::{harness, oracle};

/// What is configured here, and what each role must have in the end.
const RANGES: [[&str; 2]; 2] = [["10.244.0.0/16", "fd00:10:244::/56"], ["10.96.0.0/16", "fd00:10:96::/112"]];
const VERSIONS: [&str; 5] = ["v1.16", "v1.18", "v1.21", "v1.25", "v1.33"];
const COMPONENTS: [&str; 4] = ["kube-apiserver", "kube-controller-manager", "kube-proxy", "aws-cloud-controller-manager"];

static CONFIGS: LazyLock<Vec<Config>> = LazyLock::new(|| {
    let of_version = |version: &str| {
        let [[pods4, pods6], [services4, services6]] = RANGES;
        let spec = json!({"ipv4PodCIDR": pods4, "ipv6PodCIDR": pods6, "ipv4ServiceCIDR": services4, "ipv6ServiceCIDR": services6, "kubernetesVersion": version});
        super::config::read(&json!({"apiVersion": "dualstack.krm/v1alpha1", "kind": "EnableDualStack", "spec": spec}).to_string())
    };
    VERSIONS.iter().map(|version| of_version(version).expect("a configuration")).collect()
});

/// The first byte chooses how the lines of the rest are written.
///
/// # Panics
/// Where an invariant does not hold, or a flag does not come out as it must.
pub fn arguments(data: &[u8]) {
    let Some((&how, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    if text.chars().any(|c| (c.is_control() && c != '\n') || matches!(c, '\u{fffe}' | '\u{ffff}')) {
        // JSON may hold them as they are, YAML not.
        return;
    }
    let (how, config) = (usize::from(how) / VERSIONS.len(), &CONFIGS[usize::from(how) % VERSIONS.len()]);
    let (form, component) = (how / COMPONENTS.len() % 5, COMPONENTS[how % COMPONENTS.len()]);
    let lines: Vec<&str> = text.split('\n').collect();
    let container = match form {
        0 => json!({"name": "a", "command": ([&[component], &lines[..]].concat())}),
        1 => json!({"name": "a", "image": format!("registry.k8s.io/{component}:v1.33.1"), "args": lines}),
        2 => json!({"name": "a", "command": ["/go-runner", "--log-file=/dev/stdout", component], "args": lines}),
        3 => json!({"name": "a", "command": ["/bin/sh", "-c", format!("exec {component} {text}")]}),
        _ => return comma_list(text, config),
    };
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": component, "namespace": "kube-system"}, "spec": {"containers": [container]}});
    // An object in block style, with its strings in quotes, and one on a single line.
    for input in [block(&pod), format!("{pod}\n")] {
        let Some(output) = applied(&input, config) else { continue };
        let (before, after) = (container_of(&input), container_of(&output));
        if form == 3 {
            continue;
        }
        for name in ["cluster-cidr", "service-cluster-ip-range"] {
            let (old, new) = (last(&elements(&before), name), last(&elements(&after), name));
            let role = usize::from(name != "cluster-cidr");
            // Only what belongs to the component is looked at: kube-apiserver has no --cluster-cidr.
            let expected = match (component, role) {
                ("kube-apiserver", 0) | ("kube-proxy" | "aws-cloud-controller-manager", 1) => old.clone(),
                ("kube-apiserver", _) if is_unfinished(&elements(&before)) && old.is_none() => None,
                // Its default has one family.
                ("kube-apiserver", _) if old.as_deref().is_none_or(str::is_empty) => {
                    let [ipv4, ipv6] = RANGES[role];
                    let is_ipv6_first = last(&elements(&before), "advertise-address").is_some_and(|address| address.contains(':'));
                    Some(if is_ipv6_first { format!("{ipv6},{ipv4}") } else { format!("{ipv4},{ipv6}") })
                }
                _ => old.as_deref().map(|old| completed(old, role)),
            };
            assert_eq!(new, expected, "`--{name}` of {old:?} in\n{output}");
        }
        let touched = ["--cluster-cidr", "--service-cluster-ip-range", "--node-cidr-mask-size", "--feature-gates", "--proxy-mode"];
        // All but these flags, and their values where they are elements of their own.
        let others = |container: &Value| {
            let (elements, mut others) = (elements(container), Vec::new());
            let mut rest = elements.iter();
            while let Some(element) = rest.next() {
                if !touched.iter().any(|flag| element.replace('_', "-").starts_with(flag)) {
                    others.push(element.clone());
                } else if !element.contains('=') {
                    rest.next();
                }
            }
            others
        };
        assert_eq!(others(&after), others(&before), "{output}");
    }
}

/// What is made of a package; nothing where it is refused, because its ranges disagree with those of the configuration.
fn applied(input: &str, config: &Config) -> Option<String> {
    let answer = harness::invariants(input, config);
    answer.said.iter().all(|said| said.severity != "error").then_some(answer.output)
}

/// The text as the pod range of kubeadm.
fn comma_list(text: &str, config: &Config) {
    let kubeadm = json!({"apiVersion": "kubeadm.k8s.io/v1beta3", "kind": "ClusterConfiguration", "networking": {"podSubnet": text}});
    let Some(output) = applied(&format!("{kubeadm:#}\n"), config) else { return };
    let after = oracle::objects(&output).expect("YAML").remove(0);
    let after = after.get("networking").and_then(|networking| networking.get("podSubnet")).and_then(Value::as_str);
    let is_before_1_18 = config.kubernetes_version.is_some_and(|version| version.to_string() == "v1.16");
    if !is_before_1_18 {
        assert_eq!(after, Some(completed(text, 0).as_str()), "{text:?}");
    }
}

/// What a comma list must be in the end: the blanks around its commas gone, and the missing family behind.
fn completed(list: &str, role: usize) -> String {
    let parts: Vec<_> = list.split(',').map(str::trim).collect();
    let ranges: Option<Vec<_>> = parts.iter().map(|part| cidr::read(part)).collect();
    match ranges.as_deref() {
        Some([only]) => format!("{},{}", parts[0], RANGES[role][usize::from(!only.is_v6)]),
        Some(_) => parts.join(","),
        None => list.to_owned(),
    }
}

/// Flags that take whatever follows them; of others it is not known whether they are switches.
const TAKE_A_VALUE: [&str; 8] = [
    "advertise-address",
    "cluster-cidr",
    "feature-gates",
    "node-cidr-mask-size",
    "node-cidr-mask-size-ipv4",
    "node-cidr-mask-size-ipv6",
    "proxy-mode",
    "service-cluster-ip-range",
];

/// The flags as pflag reads them: each with its name, and its value where it has one.
fn flags(elements: &[String]) -> Vec<(String, Option<String>)> {
    let (mut flags, mut rest) = (Vec::new(), elements.iter().peekable());
    while let Some(element) = rest.next() {
        let Some(flag) = element.strip_prefix("--").filter(|flag| !flag.is_empty()) else { continue };
        let (flag, value) = match flag.split_once('=') {
            Some((flag, value)) => (flag, Some(value.to_owned())),
            None => {
                let takes_a_value = TAKE_A_VALUE.contains(&&*flag.replace('_', "-"));
                (flag, rest.next_if(|next| takes_a_value || !next.starts_with("--")).cloned())
            }
        };
        flags.push((flag.replace('_', "-"), value));
    }
    flags
}

/// The value of the last flag of this name.
fn last(elements: &[String], name: &str) -> Option<String> {
    let last = flags(elements).into_iter().rfind(|(flag, _)| flag == name)?;
    Some(last.1.unwrap_or_else(|| "true".into()))
}

/// Whether the last flag lacks its value, so that none can be added.
fn is_unfinished(elements: &[String]) -> bool {
    flags(elements).last().is_some_and(|(flag, value)| value.is_none() && TAKE_A_VALUE.contains(&&**flag))
}

fn elements(container: &Value) -> Vec<String> {
    let of = |field: &str| match container.get(field) {
        Some(Value::List(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    [of("command"), of("args")].concat()
}

fn container_of(text: &str) -> Value {
    let pod = oracle::objects(text).expect("YAML").remove(0);
    let containers = pod.get("spec").and_then(|spec| spec.get("containers")).expect("as it was written");
    let Value::List(containers) = containers else { panic!("containers are a list") };
    containers[0].clone()
}

/// In block style, every string in double quotes.
fn block(value: &serde_json::Value) -> String {
    fn write(value: &serde_json::Value, column: usize, out: &mut String) {
        match value {
            serde_json::Value::Object(entries) if !entries.is_empty() => {
                for (key, value) in entries {
                    out.push_str(&format!("\n{:column$}{key}:", ""));
                    write(value, column + 2, out);
                }
            }
            serde_json::Value::Array(items) if !items.is_empty() => {
                for item in items {
                    let mut text = String::new();
                    write(item, column + 2, &mut text);
                    out.push_str(&format!("\n{:column$}- {}", "", text.trim_start()));
                }
            }
            other => out.push_str(&format!(" {other}")),
        }
    }
    let mut out = String::new();
    write(value, 0, &mut out);
    out.trim_start().to_owned() + "\n"
}
