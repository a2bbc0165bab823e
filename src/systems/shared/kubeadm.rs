//! Documents of kubeadm, wherever they stand: as files, in the ConfigMap `kubeadm-config`, in patches of kind, in the
//! specs of Cluster API.
//!
//! # Sources
//! kubernetes v1.33 cmd/kubeadm/app/apis/kubeadm/v1beta4/types.go (and v1beta1 to v1beta3 in their releases),
//! cmd/kubeadm/app/phases/controlplane/manifests.go: `extraArgs` override what kubeadm derives from `networking`.

use std::net::IpAddr;

use super::extra_args::{Arg, DUPLICATE, ExtraArgs};
use super::gates::{self, GATE_ON, GateMap, effect, mention};
use super::kubernetes_version;
use super::node_masks::{self, NODE_MASK};
use super::ranges::{RangePlace, after, complete, is_placeholder, ranges};
use crate::cidr::{Cidr, Family};
use crate::config::{Config, Mode};
use crate::facts::{AddressFact, AddressOf, Facts, NodeIpamFact, Role, Source, VersionSource};
use crate::package::Resource;
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Kind, Layout, Node, Op, Path, Want};

pub(crate) static POD_SUBNET: Rule = Rule {
    id: "kubeadm-pod-subnet",
    title: "kubeadm knows both pod ranges",
    why: "kubeadm makes the cluster CIDRs of kube-controller-manager and kube-proxy of it, and Calico holds its pools against it: \"IPPool is not within the platform's configured pod network CIDR(s)\".",
    remedy: "`networking.podSubnet` must be a range of each family, as `a,b` without a blank.",
    source: "https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/dual-stack-support/",
};
pub(crate) static SERVICE_SUBNET: Rule = Rule {
    id: "kubeadm-service-subnet",
    title: "kubeadm knows both service ranges",
    why: "kubeadm makes `--service-cluster-ip-range` of kube-apiserver of it: with one range, Services have one family.",
    remedy: "`networking.serviceSubnet` must be a range of each family, as `a,b` without a blank.",
    source: "https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/dual-stack-support/",
};
pub(crate) static NO_SERVICE_SUBNET: Rule = Rule {
    id: "kubeadm-no-service-subnet",
    title: "kubeadm is told no service range",
    why: "It takes 10.96.0.0/12, so Services have one family.",
    remedy: "Give `ipv4ServiceCIDR`, too, or write a range of each family into `networking.serviceSubnet`, the one that is in use first.",
    source: "https://github.com/kubernetes/kubernetes/blob/v1.33.0/cmd/kubeadm/app/apis/kubeadm/v1beta4/defaults.go",
};
pub(crate) static EXTRA_ARGS: Rule = Rule {
    id: "kubeadm-extra-args",
    title: "An extra argument has both ranges",
    why: "`extraArgs` override what kubeadm derives from `networking`: a single range there keeps the component on one family.",
    remedy: "The argument must be a range of each family, as `a,b` without a blank; or remove it.",
    source: "https://github.com/kubernetes/kubernetes/blob/v1.33.0/cmd/kubeadm/app/phases/controlplane/manifests.go",
};
pub(crate) static NODE_IP: Rule = Rule {
    id: "kubeadm-node-ip",
    title: "The kubelet has both addresses of its node",
    why: "Where no cloud provider tells them, a node has the addresses of `--node-ip` only: with one, pods in the host's network have one family.",
    remedy: "Give the addresses of each node in `nodeIPs` of the functionConfig.",
    source: "https://kubernetes.io/docs/concepts/services-networking/dual-stack/#configure-ipv4-ipv6-dual-stack",
};

/// Where a document of kubeadm is, and how it is read.
#[derive(Clone, Debug)]
pub(crate) struct Document<'a> {
    pub resource: &'a Resource<'a>,
    /// The place of the document in the resource; the root of a file, or behind a step `Inside`, or a mapping of a spec.
    pub path: Path,
    /// Whether `extraArgs` that are not there yet must be a list: from v1beta4 on, and in Cluster API v1beta2.
    pub args_as_list: bool,
    pub home: Home,
    /// The cluster CIDRs, in their order and with the range that is appended, where another object says them: the `Cluster`
    /// of Cluster API, for one.
    pub pods_elsewhere: Vec<Cidr>,
}

/// What a document of kubeadm stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// A file of its own, or some ConfigMap.
    File,
    /// The ConfigMap `kubeadm-config`, whose text Calico reads, too.
    KubeadmConfig,
    /// A patch in a `Cluster` of kind.
    KindPatch,
    /// A spec of Cluster API.
    ClusterApi,
}

impl Home {
    /// Whether a part of the configuration stands elsewhere.
    fn is_partial(self) -> bool {
        matches!(self, Self::KindPatch | Self::ClusterApi)
    }
}

/// Whether `extraArgs` of this version of kubeadm's API, such as "kubeadm.k8s.io/v1beta3", are a list.
pub(crate) fn args_are_a_list(api_version: &str) -> bool {
    !["/v1alpha1", "/v1alpha2", "/v1alpha3", "/v1beta1", "/v1beta2", "/v1beta3"].iter().any(|old| api_version.ends_with(old))
}

/// What must hold in a ClusterConfiguration.
pub(crate) fn cluster_configuration(document: &Document<'_>, node: Node<'_>, config: &Config, plan: &mut Plan) {
    subnet(document, node, Role::Pods, config, plan);
    subnet(document, node, Role::Services, config, plan);
    api_server(document, node, config, plan);
    controller_manager(document, node, config, plan);
    // kube-scheduler does not need the gate, but stops at it where it is no more. For its patches, kind switches it on.
    gate_arg(document, &document.args(node, &["scheduler", "extraArgs"]), false, "kube-scheduler", config, plan);
    gate_map(document, "ClusterConfiguration").want(node, document.home != Home::KindPatch, config, plan);
}

/// A service range that is not there means one of kubeadm's own, of IPv4.
fn no_service_subnet(document: &Document<'_>, node: Node<'_>, args: &ExtraArgs<'_>, config: &Config, plan: &mut Plan) {
    let Some(ipv6) = config.ipv6_service_cidr.filter(|_| config.mode == Mode::DualStack && !document.home.is_partial()) else { return };
    let keys = ["networking", "serviceSubnet"];
    if node.at(&keys).is_some() || args.get("service-cluster-ip-range").is_some() {
        return;
    }
    let path = document.path.keys(&keys);
    let first = ranges(node.text_at(&["networking", "podSubnet"]).unwrap_or_default()).first().map(|range| range.family());
    let Some(ipv4) = config.ipv4_service_cidr.filter(|_| first != Some(Family::V6)) else {
        let message = format!(
            "kubeadm has no `serviceSubnet` and takes 10.96.0.0/12, which is one family: give the IPv4 range that is in use as `ipv4ServiceCIDR`, or write it here, as `a,{ipv6}`"
        );
        plan.warning(&NO_SERVICE_SUBNET, Place::at(document.resource, &path), message);
        return;
    };
    let message = "`serviceSubnet` of kubeadm set to both service ranges: without it, kubeadm takes 10.96.0.0/12 alone";
    plan.want(document.resource, &NO_SERVICE_SUBNET, Op::is(path, format!("{ipv4},{ipv6}")), message);
}

fn subnet(document: &Document<'_>, node: Node<'_>, role: Role, config: &Config, plan: &mut Plan) {
    let (field, why) = match role {
        Role::Pods => ("podSubnet", &POD_SUBNET),
        Role::Services => ("serviceSubnet", &SERVICE_SUBNET),
    };
    let path = document.path.keys(&["networking", field]);
    let place = RangePlace { resource: document.resource, path: path.clone(), role, what: format!("`{field}` of kubeadm") };
    let subnet = node.at(&["networking", field]);
    place.say_no_text(subnet, plan);
    let Some(text) = subnet.and_then(Node::text) else { return };
    let in_block = node.get("networking").is_some_and(|networking| networking.resolved().kind() == Kind::Mapping(Layout::Block));
    if !(role == Role::Pods && document.home == Home::KubeadmConfig && in_block) {
        return place.want_comma_list(text, config, why, |text| Op::is(path, text), plan);
    }
    // Calico finds the subnet by the regular expression `podSubnet: (.*)`, and takes the rest of the line as it is.
    place.want_comma_list(text, config, why, |text| Op::new(path.clone(), Want::Plain(text)), plan);
    if complete(text, role, config) == Ok(None) {
        let message = "`podSubnet` of kubeadm written plain, behind one blank, with nothing behind it: Calico reads the line by the regular expression \"podSubnet: (.*)\"";
        plan.want(document.resource, why, Op::new(path, Want::Plain(text.to_owned())), message);
    }
}

fn api_server(document: &Document<'_>, node: Node<'_>, config: &Config, plan: &mut Plan) {
    let args = document.args(node, &["apiServer", "extraArgs"]);
    range_arg(document, &args, "service-cluster-ip-range", Role::Services, "kube-apiserver", config, plan);
    no_service_subnet(document, node, &args, config, plan);
    gate_arg(document, &args, true, "kube-apiserver", config, plan);
}

fn controller_manager(document: &Document<'_>, node: Node<'_>, config: &Config, plan: &mut Plan) {
    let args = document.args(node, &["controllerManager", "extraArgs"]);
    let name = "kube-controller-manager";
    range_arg(document, &args, "cluster-cidr", Role::Pods, name, config, plan);
    range_arg(document, &args, "service-cluster-ip-range", Role::Services, name, config, plan);
    gate_arg(document, &args, true, name, config, plan);

    let ranges = match cluster_cidr(node, &args) {
        Some(text) => after(text, Role::Pods, config),
        None => document.pods_elsewhere.clone(),
    };
    let edits = node_masks::edits(&ranges, |name| args.get(name).is_some(), allocates(document, node, &args), config);
    for arg in args.named(node_masks::BOTH) {
        let Some(name) = edits.rename else { break };
        let (op, done) = if args.get(name).is_some() {
            (arg.absent(), format!("removed, because `{name}` is there"))
        } else {
            (arg.renamed(name), format!("becomes `{name}`"))
        };
        let message = format!("`{}` of kube-controller-manager {done}: with two ranges it is refused", node_masks::BOTH);
        plan.want(document.resource, &NODE_MASK, op, message);
    }
    if let Some(mask) = edits.add_ipv6 {
        let name = node_masks::flag(Family::V6);
        let message = format!("`{name}` set to \"{mask}\": the default of 64 does not fit the IPv6 pod range");
        plan.want(document.resource, &NODE_MASK, args.add(name, &mask.to_string()), message);
    }
}

/// The cluster CIDRs that kube-controller-manager gets: an extra argument overrides what kubeadm derives.
fn cluster_cidr<'n>(node: Node<'n>, args: &ExtraArgs<'n>) -> Option<&'n str> {
    args.get("cluster-cidr").map(|arg| arg.value).or_else(|| node.text_at(&["networking", "podSubnet"]))
}

/// Where it has a `podSubnet`, kubeadm lets kube-controller-manager give nodes their ranges, unless an extra argument says
/// no (kubernetes v1.33 cmd/kubeadm/app/phases/controlplane/manifests.go getControllerManagerCommand).
fn allocates(document: &Document<'_>, node: Node<'_>, args: &ExtraArgs<'_>) -> bool {
    match args.get("allocate-node-cidrs") {
        Some(arg) => arg.value != "false",
        None => document.home.is_partial() || node.text_at(&["networking", "podSubnet"]).is_some(),
    }
}

fn range_arg(document: &Document<'_>, args: &ExtraArgs<'_>, name: &str, role: Role, of: &str, config: &Config, plan: &mut Plan) {
    let Some(arg) = args.get(name) else { return };
    let count = args.named(name).count();
    for arg in args.named(name).take(count - 1) {
        let message = format!("the extra argument `{name}` of {of} is there again below, and the last one decides: remove this one");
        plan.warning(&DUPLICATE, Place::at(document.resource, &arg.value_path).with_current(arg.value), message);
    }
    let what = format!("the extra argument `{name}` of {of}");
    let place = RangePlace { resource: document.resource, path: arg.value_path.clone(), role, what };
    place.want_comma_list(arg.value, config, &EXTRA_ARGS, |text| arg.is(&text), plan);
}

/// kubeadm hands the gate over, unless an argument overrides it; so only one that is there must mention it, the last, if
/// the component `needs` it.
fn gate_arg(document: &Document<'_>, args: &ExtraArgs<'_>, needs: bool, of: &str, config: &Config, plan: &mut Plan) {
    let what = format!("the extra argument `feature-gates` of {of}");
    let flags: Vec<_> = args.named("feature-gates").collect();
    let mentioned = flags.iter().any(|arg| mention(arg.value).is_some());
    for (index, arg) in flags.iter().enumerate() {
        let carries = needs && !mentioned && index + 1 == flags.len();
        let at = Place::at(document.resource, &arg.value_path);
        let Some(text) = gates::completed(at, &what, arg.value, carries, config, plan) else { continue };
        let op = if text.is_empty() { arg.absent() } else { arg.is(&text) };
        plan.want(document.resource, &GATE_ON, op, effect(&what, config));
    }
}

/// What must hold in an InitConfiguration or JoinConfiguration.
pub(crate) fn node_registration(document: &Document<'_>, node: Node<'_>, config: &Config, plan: &mut Plan) {
    let args = document.args(node, &["nodeRegistration", "kubeletExtraArgs"]);
    gate_arg(document, &args, true, "the kubelet", config, plan);
    if config.mode != Mode::DualStack {
        return;
    }
    let name = node.text_at(&["nodeRegistration", "name"]);
    let given = name.and_then(|name| config.node_ips.get(name));
    let has_cloud_provider = args.get("cloud-provider").is_some_and(|arg| !arg.value.is_empty());
    match (args.get("node-ip"), given) {
        (Some(arg), given) => node_ip(document, arg, name, given, plan),
        (None, Some(addresses)) => {
            let [first, second] = addresses;
            let message = format!("`node-ip` of the kubelet set to both addresses of node \"{}\"", name.unwrap_or_default());
            plan.want(document.resource, &NODE_IP, args.add("node-ip", &format!("{first},{second}")), message);
        }
        (None, None) if !document.home.is_partial() && !has_cloud_provider && node.get("nodeRegistration").is_some() => {
            let message = "the kubelet gets no `node-ip`: without a cloud provider the node has an address of one family only; give both in `nodeIPs`, by the node's name";
            plan.info(&NODE_IP, Place::at(document.resource, &document.path.key("nodeRegistration")), message);
        }
        (None, None) => {}
    }
}

fn node_ip(document: &Document<'_>, arg: &Arg<'_>, name: Option<&str>, given: Option<&[IpAddr; 2]>, plan: &mut Plan) {
    let place = Place::at(document.resource, &arg.value_path).with_current(arg.value);
    let there: Vec<IpAddr> = arg.value.split(',').filter_map(|part| part.trim().parse().ok()).collect();
    let both = there.iter().any(IpAddr::is_ipv4) && there.iter().any(IpAddr::is_ipv6);
    let Some(first) = there.first() else {
        let filled = if is_placeholder(arg.value) { "is filled in later" } else { "is not an address" };
        let message = format!(
            "`node-ip` of the kubelet {filled} (\"{}\") and was not edited: it must be an address of each family, as `a,b`",
            arg.value
        );
        plan.warning(&NODE_IP, place, message);
        return;
    };
    match given {
        Some(addresses) if there.iter().all(|address| addresses.contains(address)) => {
            // The first address is the node's primary one: it stays the first.
            let second = addresses.iter().find(|address| *address != first).unwrap_or(first);
            let message = format!("the address \"{second}\" appended to `node-ip` of the kubelet of node \"{}\"", name.unwrap_or_default());
            plan.want(document.resource, &NODE_IP, arg.is(&format!("{first},{second}")), message);
        }
        Some([first, second]) => {
            let message = format!(
                "`node-ip` is \"{}\", but `nodeIPs` says \"{first},{second}\" for node \"{}\": make them agree",
                arg.value,
                name.unwrap_or_default()
            );
            plan.error(&NODE_IP, place, message);
        }
        None if both => {}
        None if document.home.is_partial() && name.is_none() => {
            let message = format!(
                "`node-ip` of the kubelet is \"{}\" on every machine made from here, which is one family: fill in both addresses of a machine when it starts, as `a,b`",
                arg.value
            );
            plan.warning(&NODE_IP, place, message);
        }
        None => {
            let of = name.map_or_else(|| "a node without a name".to_owned(), |name| format!("node \"{name}\""));
            let message = format!("`node-ip` of the kubelet of {of} has one family: give both addresses in `nodeIPs`, by the node's name");
            plan.warning(&NODE_IP, place, message);
        }
    }
}

/// What a ClusterConfiguration says.
pub(crate) fn cluster_configuration_facts(document: &Document<'_>, node: Node<'_>, facts: &mut Facts) {
    let resource = document.resource;
    kubernetes_version::known_between(facts, node.text_at(&["apiVersion"]).unwrap_or_default());
    if let Some(version) = node.text_at(&["kubernetesVersion"]) {
        kubernetes_version::tells(facts, VersionSource::Kubeadm, version);
    }
    for (role, key) in [(Role::Pods, "podSubnet"), (Role::Services, "serviceSubnet")] {
        let found = ranges(node.text_at(&["networking", key]).unwrap_or_default());
        facts.whole(role, Source::Kubeadm, resource, &document.path.keys(&["networking", key]), found);
    }
    let api_server = document.args(node, &["apiServer", "extraArgs"]);
    let controller_manager = document.args(node, &["controllerManager", "extraArgs"]);
    for (args, name, role, source) in [
        (&api_server, "service-cluster-ip-range", Role::Services, Source::KubeApiserver),
        (&controller_manager, "cluster-cidr", Role::Pods, Source::KubeControllerManager),
        (&controller_manager, "service-cluster-ip-range", Role::Services, Source::KubeControllerManager),
    ] {
        if let Some(arg) = args.get(name) {
            facts.whole(role, source, resource, &arg.value_path, ranges(arg.value));
        }
    }
    gate_map(document, "ClusterConfiguration").facts(node, facts);
    gate_arg_facts(document, &api_server, "kube-apiserver", facts);
    gate_arg_facts(document, &controller_manager, "kube-controller-manager", facts);
    gate_arg_facts(document, &document.args(node, &["scheduler", "extraArgs"]), "kube-scheduler", facts);
    if let Some(arg) = api_server.get("advertise-address") {
        address_fact(resource, AddressOf::ApiServer, arg.value, &arg.value_path, facts);
    }
    node_ipam_fact(document, node, &controller_manager, facts);
}

fn node_ipam_fact(document: &Document<'_>, node: Node<'_>, args: &ExtraArgs<'_>, facts: &mut Facts) {
    let ranges: Vec<Cidr> = cluster_cidr(node, args).map_or_else(|| document.pods_elsewhere.clone(), ranges);
    let path = args.get("cluster-cidr").map_or_else(|| document.path.keys(&["networking", "podSubnet"]), |arg| arg.value_path.clone());
    let mask = |name| args.get(name).map(|arg| arg.value.parse());
    let masks = [node_masks::BOTH, "node-cidr-mask-size-ipv4", "node-cidr-mask-size-ipv6"].map(mask);
    // A mask that is filled in later: nothing can be said.
    let [Ok(mask), Ok(mask_ipv4), Ok(mask_ipv6)] = masks.map(Option::transpose) else { return };
    if !ranges.is_empty() {
        let place = Place::at(document.resource, &path);
        facts.node_ipam.push(NodeIpamFact {
            source: Source::Kubeadm,
            allocates: allocates(document, node, args),
            ranges,
            mask,
            mask_ipv4,
            mask_ipv6,
            place,
        });
    }
}

/// What an InitConfiguration or JoinConfiguration says.
pub(crate) fn node_registration_facts(document: &Document<'_>, node: Node<'_>, facts: &mut Facts) {
    let args = document.args(node, &["nodeRegistration", "kubeletExtraArgs"]);
    gate_arg_facts(document, &args, "the kubelet", facts);
    if let Some(arg) = args.get("node-ip") {
        address_fact(document.resource, AddressOf::Node, arg.value, &arg.value_path, facts);
    }
    for keys in [["localAPIEndpoint", "advertiseAddress"].as_slice(), &["controlPlane", "localAPIEndpoint", "advertiseAddress"]] {
        if let Some(address) = node.text_at(keys) {
            address_fact(document.resource, AddressOf::ApiServer, address, &document.path.keys(keys), facts);
        }
    }
}

fn gate_arg_facts(document: &Document<'_>, args: &ExtraArgs<'_>, reader: &'static str, facts: &mut Facts) {
    for arg in args.named("feature-gates") {
        gates::list_fact(facts, reader, arg.value, Place::at(document.resource, &arg.value_path));
    }
}

pub(crate) fn address_fact(resource: &Resource<'_>, of: AddressOf, text: &str, path: &Path, facts: &mut Facts) {
    let addresses: Vec<_> = text.split(',').filter_map(|part| part.trim().parse().ok()).collect();
    if !addresses.is_empty() {
        facts.addresses.push(AddressFact { of, addresses, place: Place::at(resource, path).with_current(text) });
    }
}

fn gate_map<'a>(document: &Document<'a>, reader: &'static str) -> GateMap<'a> {
    gates::GateMap { resource: document.resource, path: document.path.clone(), reader }
}

impl Document<'_> {
    fn args<'n>(&self, node: Node<'n>, keys: &[&str]) -> ExtraArgs<'n> {
        ExtraArgs::at(node, &self.path, keys, self.args_as_list)
    }
}
