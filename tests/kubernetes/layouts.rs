//! Every component in every layout of arguments, in every kind of workload: what comes out is the same text with the flags
//! of two families.

use std::fmt::Write as _;

use enable_dual_stack::plan::Severity;
use enable_dual_stack::text;

use crate::{POD, SERVICE, config, outcome};

/// A component: its binary, and its flags before and after, by name and value. A flag that goes has no second pair.
struct Component {
    binary: &'static str,
    flags: &'static [(Flag, Option<Flag>)],
}

type Flag = (&'static str, &'static str);

const PODS: (Flag, Option<Flag>) = (("cluster-cidr", "10.244.0.0/16"), Some(("cluster-cidr", "10.244.0.0/16,fd00:10:244::/56")));
const SERVICES: (Flag, Option<Flag>) =
    (("service-cluster-ip-range", "10.96.0.0/12"), Some(("service-cluster-ip-range", "10.96.0.0/12,fd00:10:96::/112")));
const MASK: (Flag, Option<Flag>) = (("node-cidr-mask-size", "24"), Some(("node-cidr-mask-size-ipv4", "24")));
const GATES: (Flag, Option<Flag>) = (("feature-gates", "IPv6DualStack=true,WatchList=true"), Some(("feature-gates", "WatchList=true")));
const ONLY_GATE: (Flag, Option<Flag>) = (("feature-gates", "IPv6DualStack=true"), None);
const OTHER: (Flag, Option<Flag>) = (("v", "2"), Some(("v", "2")));

const COMPONENTS: &[Component] = &[
    Component { binary: "kube-apiserver", flags: &[OTHER, SERVICES, ONLY_GATE, OTHER] },
    Component { binary: "kube-controller-manager", flags: &[MASK, PODS, SERVICES, GATES] },
    Component { binary: "kube-proxy", flags: &[GATES, OTHER, PODS] },
    Component { binary: "cloud-controller-manager", flags: &[OTHER, PODS, MASK] },
];

/// How the arguments are written.
#[derive(Clone, Copy, Debug)]
enum Layout {
    /// The binary and its flags in `command`: kubeadm.
    Command,
    /// `/go-runner` in `command`, the binary and its flags in `args`: kOps and GCE.
    GoRunner,
    /// The binary in `command`, its flags in `args`, as flag and value.
    TwoElements,
    /// One string for a shell.
    Shell,
    /// Flags alone: the image knows the binary.
    Image,
    /// `_` for `-`, which is the same to the components.
    Underscores,
}

const LAYOUTS: [Layout; 6] = [Layout::Command, Layout::GoRunner, Layout::TwoElements, Layout::Shell, Layout::Image, Layout::Underscores];

impl Layout {
    /// `command` and `args`; nothing where there is none.
    fn lists(self, binary: &str, flags: &[Flag]) -> [Vec<String>; 2] {
        let words = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let joined: Vec<_> = flags.iter().map(|(name, value)| format!("--{name}={value}")).collect();
        match self {
            Self::Command => [[words(&[binary]), joined].concat(), Vec::new()],
            Self::GoRunner => {
                let path = format!("/usr/local/bin/{binary}");
                let runner = words(&["--log-file=/var/log/component.log", "--also-stdout=true", &path]);
                [words(&["/go-runner"]), [runner, joined].concat()]
            }
            Self::TwoElements => {
                let split = flags.iter().flat_map(|(name, value)| [format!("--{name}"), format!("{value:?}")]);
                [vec![format!("/usr/local/bin/{binary}")], split.collect()]
            }
            Self::Shell => {
                let script = format!("exec /usr/local/bin/{binary} {} 1>>/var/log/component.log 2>&1", joined.join(" "));
                [words(&["/bin/sh", "-c", &script]), Vec::new()]
            }
            Self::Image => [Vec::new(), joined],
            Self::Underscores => {
                let joined = flags.iter().map(|(name, value)| format!("--{}={value}", name.replace('-', "_")));
                [[words(&[binary]), joined.collect()].concat(), Vec::new()]
            }
        }
    }
}

const KINDS: [(&str, &str); 3] = [("v1", "Pod"), ("apps/v1", "Deployment"), ("apps/v1", "DaemonSet")];

fn manifest((api_version, kind): (&str, &str), binary: &str, lists: [Vec<String>; 2]) -> String {
    let image = format!("registry.k8s.io/{binary}:v1.33.2");
    let mut container = format!("containers:\n- name: component\n  image: {image}\n");
    for (key, list) in ["command", "args"].into_iter().zip(lists).filter(|(_, list)| !list.is_empty()) {
        let items: String = list.iter().flat_map(|item| ["  - ", item, "\n"]).collect();
        let _ = write!(container, "  {key}:\n{items}");
    }
    let keys: &[&str] = if kind == "Pod" { &["spec"] } else { &["spec", "template", "spec"] };
    let mut text = format!("apiVersion: {api_version}\nkind: {kind}\nmetadata:\n  name: component\n  namespace: kube-system\n");
    for (depth, key) in keys.iter().enumerate() {
        let _ = writeln!(text, "{}{key}:", "  ".repeat(depth));
    }
    let indent = "  ".repeat(keys.len());
    for line in container.lines() {
        let _ = writeln!(text, "{indent}{line}");
    }
    text
}

#[test]
fn every_component_in_every_layout_and_workload_gets_the_flags_of_two_families() {
    let given = config(&[("ipv6PodCIDR", POD), ("ipv6ServiceCIDR", SERVICE)]);
    for component in COMPONENTS {
        for layout in LAYOUTS {
            for kind in KINDS {
                let before: Vec<Flag> = component.flags.iter().map(|(before, _)| *before).collect();
                let after: Vec<Flag> = component.flags.iter().filter_map(|(_, after)| *after).collect();
                let single = manifest(kind, component.binary, layout.lists(component.binary, &before));
                let mut dual = manifest(kind, component.binary, layout.lists(component.binary, &after));
                if let Layout::Underscores = layout {
                    // A new name is written as the documentation has it.
                    dual = dual.replace("--node_cidr_mask_size_ipv4=", "--node-cidr-mask-size-ipv4=");
                }
                let note = format!("{} of a {} as {layout:?}", component.binary, kind.1);
                let outcome = outcome(&single, &given);
                let serious: Vec<_> = outcome.reports.iter().filter(|report| report.severity < Severity::Info).collect();
                assert!(serious.is_empty(), "{note}: {serious:#?}");
                assert_eq!(text::splice(&single, outcome.edits).expect("no overlap"), dual, "{note}");
                let again = self::outcome(&dual, &given);
                assert!(again.edits.is_empty() && again.reports.is_empty(), "{note}: {:#?}", again.reports);
            }
        }
    }
}
