//! The components of Kubernetes, by their flags.
//!
//! # Recognises
//! Containers of Pods (static ones, too), DaemonSets and Deployments that run `kube-apiserver`, `kube-controller-manager`,
//! `kube-proxy`, a cloud-controller-manager or, for its feature gates, `kube-scheduler`: by the binary, wherever it is in
//! `command` and `args`, and by nothing else.
//!
//! # Changes
//! `--service-cluster-ip-range` and `--cluster-cidr` get the range of the missing family; `--node-cidr-mask-size` becomes the
//! flag of its family; `--node-cidr-mask-size-ipv6` is added where the default is refused; the feature gate IPv6DualStack
//! is as the version needs it; `--proxy-mode` is `ipvs` in v1.16 and v1.17. The last of several flags decides, as it does for
//! the components.
//!
//! # Leaves alone
//! Flags that are not there: kube-controller-manager needs `--service-cluster-ip-range` only to keep it out of the ranges of
//! nodes; kube-apiserver gets its own where the configuration says both ranges. All flags of a kube-proxy that has a `--config`:
//! it reads that instead. Flags in a shell script, unless the script has them once, as one literal word.
//!
//! # Sources
//! <https://kubernetes.io/docs/concepts/services-networking/dual-stack/#configure-ipv4-ipv6-dual-stack>; kubernetes v1.33
//! cmd/kube-apiserver/app/options/validation.go, cmd/kube-controller-manager/app/core.go; KEP-563, Cloud Provider Plugins.

mod command_line;
mod script;

use self::command_line::{CommandLine, Component, Flag, New, NoPlace, SHELL, UNFINISHED, Wanted};
use super::System;
use super::shared::extra_args::DUPLICATE;
use super::shared::gates::{self, GATE_ON, GATES_PLACEHOLDER};
use super::shared::kube_proxy::{CLUSTER_CIDR as PROXY_CLUSTER_CIDR, MODE, is_before_1_18, node_port_ranges};
use super::shared::kubeadm::address_fact;
use super::shared::kubernetes_version::{TOO_OLD, is_too_old, tells};
use super::shared::node_masks::{self, NODE_MASK};
use super::shared::ranges::{HOST_BITS, PLACEHOLDER, RangePlace, UNKNOWN, UNREADABLE, after, ranges};
use super::shared::workload::{containers, workloads};
use crate::cidr::Family;
use crate::config::{Config, Mode};
use crate::facts::{AddressOf, Facts, NodeIpamFact, ProxyFact, Role, Source, VersionSource};
use crate::package::Package;
use crate::plan::{Place, Plan, Rule};

pub(super) const SYSTEM: System = System {
    name: "kube_components",
    recognises: "kube-apiserver, kube-controller-manager, kube-proxy and cloud-controller-manager in containers",
    rules: &[
        &SERVICE_RANGE,
        &CLUSTER_CIDR,
        &CONTROLLER_SERVICE_RANGE,
        &CLOUD_CLUSTER_CIDR,
        &PROXY_CLUSTER_CIDR,
        &MODE,
        &NODE_MASK,
        &GATE_ON,
        &GATES_PLACEHOLDER,
        &NO_SERVICE_RANGE,
        &ENDPOINT_SLICE,
        &DUPLICATE,
        &SHELL,
        &UNFINISHED,
        &PLACEHOLDER,
        &UNREADABLE,
        &UNKNOWN,
        &HOST_BITS,
        &TOO_OLD,
    ],
    facts,
    plan,
};

static SERVICE_RANGE: Rule = Rule {
    id: "kube-apiserver-service-range",
    title: "kube-apiserver gives Services addresses of both families",
    why: "With one range, a Service that asks for two families is refused or keeps one: \"this cluster is not configured for dual-stack services\".",
    remedy: "`--service-cluster-ip-range` must be a range of each family, as `a,b` without a blank.",
    source: "https://kubernetes.io/docs/concepts/services-networking/dual-stack/#configure-ipv4-ipv6-dual-stack",
};
static CLUSTER_CIDR: Rule = Rule {
    id: "kube-controller-manager-cluster-cidr",
    title: "kube-controller-manager gives nodes ranges of both families",
    why: "With one range, nodes get a `podCIDR` of one family.",
    remedy: "`--cluster-cidr` must be a range of each family, as `a,b` without a blank.",
    source: "https://kubernetes.io/docs/concepts/services-networking/dual-stack/#configure-ipv4-ipv6-dual-stack",
};
static CONTROLLER_SERVICE_RANGE: Rule = Rule {
    id: "kube-controller-manager-service-range",
    title: "kube-controller-manager knows both service ranges",
    why: "It keeps service ranges out of the ranges of nodes, of which they may be a part.",
    remedy: "`--service-cluster-ip-range` must be that of kube-apiserver.",
    source: "https://kubernetes.io/docs/concepts/services-networking/dual-stack/#configure-ipv4-ipv6-dual-stack",
};
static CLOUD_CLUSTER_CIDR: Rule = Rule {
    id: "cloud-controller-manager-cluster-cidr",
    title: "cloud-controller-manager knows both pod ranges",
    why: "Where it gives nodes their ranges or makes routes, it does so for the families of `--cluster-cidr`.",
    remedy: "`--cluster-cidr` must be a range of each family, as `a,b` without a blank.",
    source: "https://github.com/kubernetes/enhancements/tree/master/keps/sig-network/563-dual-stack, Cloud Provider Plugins",
};
static NO_SERVICE_RANGE: Rule = Rule {
    id: "kube-apiserver-no-service-range",
    title: "kube-apiserver has no --service-cluster-ip-range",
    why: "It takes a default of one family, so Services have one family.",
    remedy: "Give `ipv4ServiceCIDR`, too, or add the flag with a range of each family, the one that is in use first.",
    source: "https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/",
};
static ENDPOINT_SLICE: Rule = Rule {
    id: "kube-apiserver-endpoint-slice",
    title: "kube-apiserver needs EndpointSlice in v1.16 and v1.17",
    why: "It does not start: \"secondary service cluster-ip range(--service-cluster-ip-range[1]) can only be used if IPv6DualStack and EndpointSlice feature is enabled\". The gate is off by default before v1.18.",
    remedy: "`--feature-gates` of all components must have EndpointSlice=true, too.",
    source: "https://v1-17.docs.kubernetes.io/docs/reference/command-line-tools-reference/feature-gates/",
};
fn command_lines<'p>(package: &'p Package<'p>) -> impl Iterator<Item = CommandLine<'p>> {
    workloads(package).flat_map(|workload| containers(workload, "containers")).filter_map(|container| CommandLine::of(&container))
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    for line in command_lines(package) {
        if is_too_old(line.resource, config, plan) || !reads_flags(&line) {
            continue;
        }
        let mut wanted = Vec::new();
        match line.component {
            Component::Apiserver => {
                range(&line, "service-cluster-ip-range", Role::Services, &SERVICE_RANGE, config, &mut wanted, plan);
                no_service_range(&line, config, &mut wanted, plan);
                endpoint_slice(&line, config, plan);
            }
            Component::ControllerManager => {
                range(&line, "cluster-cidr", Role::Pods, &CLUSTER_CIDR, config, &mut wanted, plan);
                range(&line, "service-cluster-ip-range", Role::Services, &CONTROLLER_SERVICE_RANGE, config, &mut wanted, plan);
                masks(&line, config, &mut wanted, plan);
            }
            Component::CloudControllerManager => {
                range(&line, "cluster-cidr", Role::Pods, &CLOUD_CLUSTER_CIDR, config, &mut wanted, plan);
                masks(&line, config, &mut wanted, plan);
            }
            Component::Proxy => {
                range(&line, "cluster-cidr", Role::Pods, &PROXY_CLUSTER_CIDR, config, &mut wanted, plan);
                proxy_mode(&line, config, &mut wanted, plan);
            }
            Component::Scheduler => {}
        }
        feature_gates(&line, config, &mut wanted, plan);
        line.want(wanted, plan);
    }
}

/// The flag `name` must have a range of both families.
fn range<'c>(
    line: &'c CommandLine<'_>,
    name: &str,
    role: Role,
    why: &'static Rule,
    config: &Config,
    wanted: &mut Vec<Wanted<'c>>,
    plan: &mut Plan,
) {
    let Some(flag) = line.get(name) else { return };
    for flag in line.overridden(name) {
        let message = format!("`--{name}` is there again below, and the last one decides: remove this one");
        plan.warning(&DUPLICATE, Place::at(line.resource, &flag.path()).with_current(&*flag.value), message);
    }
    let what = format!("`--{name}` of {}", line.component.name());
    let place = RangePlace { resource: line.resource, path: flag.path(), role, what };
    if let Some((value, message)) = place.completed(&flag.value, config, plan) {
        wanted.push(Wanted { flag, new: New::Value(value), rule: why, message });
    }
}

/// The flag is added where both ranges are known; the first one is of the family of the address that is advertised.
fn no_service_range<'c>(line: &'c CommandLine<'_>, config: &Config, wanted: &mut Vec<Wanted<'c>>, plan: &mut Plan) {
    let Some(ipv6) = config.ipv6_service_cidr.filter(|_| config.mode == Mode::DualStack) else { return };
    let name = "service-cluster-ip-range";
    let flag = line.get(name);
    if flag.is_some_and(|flag| !flag.value.is_empty()) {
        return;
    }
    let Some(ipv4) = config.ipv4_service_cidr else {
        let message = "kube-apiserver has no `--service-cluster-ip-range` and takes a default of one family: give the range that is in use as `ipv4ServiceCIDR`, or add the flag, with that range first";
        plan.warning(&NO_SERVICE_RANGE, Place::of(line.resource), message);
        return;
    };
    let is_ipv6_first = line.get("advertise-address").is_some_and(|flag| flag.value.contains(':'));
    let ranges = if is_ipv6_first { format!("{ipv6},{ipv4}") } else { format!("{ipv4},{ipv6}") };
    let message = format!("`--{name}={ranges}` of kube-apiserver set: its default has one family");
    match flag {
        Some(flag) => wanted.push(Wanted { flag, new: New::Value(ranges), rule: &NO_SERVICE_RANGE, message }),
        None => add(line, name, &ranges, &NO_SERVICE_RANGE, message, plan),
    }
}

fn endpoint_slice(line: &CommandLine<'_>, config: &Config, plan: &mut Plan) {
    let is_on = line.named("feature-gates").any(|flag| flag.value.split(',').any(|gate| gate == "EndpointSlice=true"));
    if config.ipv6_service_cidr.is_some() && is_before_1_18(config) && !is_on {
        let message = "kube-apiserver before v1.18 needs the feature gate EndpointSlice for a second service range: set EndpointSlice=true for all components";
        plan.warning(&ENDPOINT_SLICE, Place::of(line.resource), message);
    }
}

fn masks<'c>(line: &'c CommandLine<'_>, config: &Config, wanted: &mut Vec<Wanted<'c>>, plan: &mut Plan) {
    let Some(cluster_cidr) = line.get("cluster-cidr") else { return };
    let ranges = after(&cluster_cidr.value, Role::Pods, config);
    let allocates = line.component == Component::ControllerManager && allocates(line);
    let edits = node_masks::edits(&ranges, |name| line.get(name).is_some(), allocates, config);
    if let Some(name) = edits.rename {
        for flag in line.named(node_masks::BOTH) {
            let (new, done) = if line.get(name).is_some() {
                (New::Nothing, format!("removed, because `--{name}` is there"))
            } else {
                (New::Name(name), format!("becomes `--{name}`"))
            };
            let message = format!("`--{}` {done}: with two ranges it is refused", node_masks::BOTH);
            wanted.push(Wanted { flag, new, rule: &NODE_MASK, message });
        }
    }
    if let Some(mask) = edits.add_ipv6 {
        let name = node_masks::flag(Family::V6);
        let message = format!("`--{name}={mask}` added: the default of 64 does not fit the IPv6 pod range");
        add(line, name, &mask.to_string(), &NODE_MASK, message, plan);
    }
}

fn allocates(line: &CommandLine<'_>) -> bool {
    line.get("allocate-node-cidrs").is_some_and(|flag| gates::is_true(&flag.value))
}

/// With `--config`, kube-proxy reads its flags no more: "This parameter is ignored if a config file is specified by
/// --config" (kubernetes v1.33 cmd/kube-proxy/app/options.go).
fn reads_flags(line: &CommandLine<'_>) -> bool {
    line.component != Component::Proxy || line.get("config").is_none_or(|flag| flag.value.is_empty())
}

fn proxy_mode<'c>(line: &'c CommandLine<'_>, config: &Config, wanted: &mut Vec<Wanted<'c>>, plan: &mut Plan) {
    if !is_before_1_18(config) {
        return;
    }
    let message = "`--proxy-mode` of kube-proxy set to \"ipvs\": no other mode does dual-stack before v1.18";
    match line.get("proxy-mode") {
        Some(flag) if flag.value == "ipvs" => {}
        Some(flag) => wanted.push(Wanted { flag, new: New::Value("ipvs".into()), rule: &MODE, message: message.into() }),
        None => add(line, "proxy-mode", "ipvs", &MODE, message.into(), plan),
    }
}

/// The wish for a new flag, where one can be added.
fn add(line: &CommandLine<'_>, name: &str, value: &str, why: &'static Rule, message: String, plan: &mut Plan) {
    let component = line.component.name();
    let (rule, message) = match line.add(name, value) {
        Ok(op) => return plan.want(line.resource, why, op, message),
        Err(NoPlace::Script) => (&SHELL, format!("`--{name}={value}` must be added to the shell script of {component} by hand")),
        Err(NoPlace::Unfinished) => (
            &UNFINISHED,
            format!("the last flag of {component} lacks its value: give it one, and `--{name}={value}` must be added behind it"),
        ),
    };
    plan.warning(rule, Place::of(line.resource), message);
}

fn feature_gates<'c>(line: &'c CommandLine<'_>, config: &Config, wanted: &mut Vec<Wanted<'c>>, plan: &mut Plan) {
    let carries = !matches!(line.component, Component::CloudControllerManager | Component::Scheduler);
    let place = format!("`--feature-gates` of {}", line.component.name());
    let flags: Vec<_> = line.named("feature-gates").collect();
    let mentioned = flags.iter().any(|flag| gates::mention(&flag.value).is_some());
    for (index, flag) in flags.iter().enumerate() {
        let carries = carries && !mentioned && index + 1 == flags.len();
        let at = Place::at(line.resource, &flag.path());
        let Some(text) = gates::completed(at, &place, &flag.value, carries, config, plan) else { continue };
        let new = if text.is_empty() { New::Nothing } else { New::Value(text) };
        wanted.push(Wanted { flag, new, rule: &GATE_ON, message: gates::effect(&place, config) });
    }
    if flags.is_empty()
        && let Some(text) = gates::in_list("", carries, config)
    {
        add(line, "feature-gates", &text, &GATE_ON, gates::effect(&place, config), plan);
    }
}

fn facts(package: &Package<'_>, facts: &mut Facts) {
    for line in command_lines(package) {
        let resource = line.resource;
        facts.seen = true;
        if let Some(image) = line.image.filter(|_| line.component != Component::CloudControllerManager) {
            tells(facts, VersionSource::Image, image);
        }
        if !reads_flags(&line) {
            continue;
        }
        for (name, role) in [("cluster-cidr", Role::Pods), ("service-cluster-ip-range", Role::Services)] {
            let source = source(line.component).filter(|source| *source != Source::KubeApiserver || role == Role::Services);
            if let (Some(flag), Some(source)) = (line.get(name), source) {
                facts.whole(role, source, resource, &flag.path(), ranges(&flag.value));
            }
        }
        for flag in line.named("feature-gates") {
            gates::list_fact(facts, line.component.name(), &flag.value, Place::at(resource, &flag.path()));
        }
        match line.component {
            Component::Apiserver => {
                if let Some(flag) = line.get("advertise-address") {
                    address_fact(resource, AddressOf::ApiServer, &flag.value, &flag.path(), facts);
                }
            }
            Component::Proxy => {
                let flag = line.get("nodeport-addresses");
                let path = flag.or_else(|| line.get("cluster-cidr")).map(Flag::path);
                facts.proxies.push(ProxyFact {
                    node_port_addresses: node_port_ranges(flag.into_iter().flat_map(|flag| flag.value.split(','))),
                    place: path.map_or_else(|| Place::of(resource), |path| Place::at(resource, &path)),
                });
            }
            Component::ControllerManager => facts.node_ipam.extend(node_ipam(&line)),
            Component::CloudControllerManager | Component::Scheduler => {}
        }
    }
}

/// Who says the ranges of a component; kube-scheduler is told none.
fn source(component: Component) -> Option<Source> {
    match component {
        Component::Apiserver => Some(Source::KubeApiserver),
        Component::ControllerManager => Some(Source::KubeControllerManager),
        Component::Proxy => Some(Source::KubeProxy),
        Component::CloudControllerManager => Some(Source::CloudControllerManager),
        Component::Scheduler => None,
    }
}

/// Nothing where a mask is filled in later.
fn node_ipam(line: &CommandLine<'_>) -> Option<NodeIpamFact> {
    let cluster_cidr = line.get("cluster-cidr")?;
    let mask = |name| line.get(name).map(|flag| flag.value.parse()).transpose().ok();
    Some(NodeIpamFact {
        source: Source::KubeControllerManager,
        allocates: allocates(line),
        ranges: ranges(&cluster_cidr.value),
        mask: mask(node_masks::BOTH)?,
        mask_ipv4: mask(node_masks::flag(Family::V4))?,
        mask_ipv6: mask(node_masks::flag(Family::V6))?,
        place: Place::at(line.resource, &cluster_cidr.path()),
    })
}
