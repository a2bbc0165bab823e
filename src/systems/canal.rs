//! Canal: Calico's policy on flannel's network; and flannel alone. Flannel needs the IPv6 range, too.
//!
//! # Recognises
//! `net-conf.json` in a ConfigMap. It is canal's, where Calico's CNI config is beside it, or a DaemonSet with `calico-node`
//! and flannel mounts it. And canal on etcd, where flannel delegates to Calico.
//!
//! # Changes
//! `EnableIPv6` is `true`, a JSON boolean, and `IPv6Network` is the IPv6 pod range. With `mode: IPv6Only`, `EnableIPv4`
//! is `false`.
//!
//! # Leaves alone
//! The images: flannel before v0.15 has no IPv6, before v0.17 none without IPv4, which is said. An `IPv6Network` with
//! another range is an error that shows both. Canal on etcd is not supported: an error.
//!
//! # Sources
//! projectcalico/calico pull request 5313; flannel Documentation/configuration.md, "Dual-stack", and v0.15.0 release
//! notes; flannel pull request 1539 (`EnableIPv4`).

use super::System;
use super::shared::calico::{CNI_KEY, cni_texts, daemon_sets, installs, is_calico_node};
use super::shared::cni_config::{Ipam, Unreadable, json};
use super::shared::workload::{containers, find};
use crate::cidr::{Cidr, Family};
use crate::config::{Config, Mode};
use crate::facts::{Facts, PodIpam, Role, Source};
use crate::package::{Package, Resource};
use crate::plan::{Place, Plan, Rule};
use crate::version::Version;
use crate::yaml::{Node, Op, Path, Value};

pub(super) const SYSTEM: System = System {
    name: "canal",
    recognises: "flannel's net-conf.json, canal's too",
    rules: &[&NET_CONF, &UNREADABLE, &BACKEND, &FLANNEL_TOO_OLD, &ON_ETCD],
    facts,
    plan,
};

static NET_CONF: Rule = Rule {
    id: "canal-net-conf",
    title: "Flannel has an IPv6 network",
    why: "Without `EnableIPv6` and `IPv6Network`, flannel makes no routes for IPv6: pods of two nodes do not reach each other.",
    remedy: "`net-conf.json` must have `\"EnableIPv6\": true` and the IPv6 pod range as `IPv6Network`.",
    source: "https://github.com/projectcalico/calico/pull/5313; https://github.com/flannel-io/flannel/blob/master/Documentation/configuration.md",
};
static UNREADABLE: Rule = Rule {
    id: "canal-net-conf-unreadable",
    title: "Flannel's `net-conf.json` cannot be read",
    why: "The text is a template or broken: an edit could hit the wrong place.",
    remedy: "Render the template first, or set `EnableIPv6` and `IPv6Network` by hand.",
    source: "https://github.com/flannel-io/flannel/blob/master/Documentation/configuration.md",
};
static BACKEND: Rule = Rule {
    id: "canal-flannel-backend",
    title: "Flannel does IPv6 with some backends",
    why: "Calico documents canal with IPv6 for the backend vxlan alone, and flannel has it for vxlan, wireguard and host-gw; others may make no routes for IPv6.",
    remedy: "`Backend.Type` must be \"vxlan\"; without Calico \"wireguard\" and \"host-gw\" do, too.",
    source: "https://github.com/projectcalico/calico/pull/5313; https://github.com/flannel-io/flannel/blob/master/Documentation/configuration.md",
};
static FLANNEL_TOO_OLD: Rule = Rule {
    id: "canal-flannel-too-old",
    title: "Flannel is too old for IPv6",
    why: "flannel has IPv6 from v0.15 on, and can leave IPv4 out from v0.17; an older one ignores `EnableIPv6` and `EnableIPv4`, and pods of two nodes do not reach each other.",
    remedy: "Update the image of flannel; canal.yaml has v0.15.1 from Calico v3.23 on.",
    source: "https://github.com/rancher/rke2/issues/1883; https://github.com/flannel-io/flannel/releases/tag/v0.15.0; https://github.com/flannel-io/flannel/pull/1539",
};
static ON_ETCD: Rule = Rule {
    id: "canal-etcd",
    title: "Canal on etcd has no dual-stack",
    why: "flannel's subnets in etcd have one family, and Calico's plugin gets its address from flannel.",
    remedy: "Change to canal on the Kubernetes datastore, or to Calico's own networking.",
    source: "https://github.com/flannel-io/flannel/blob/master/Documentation/configuration.md (dual-stack needs `--kube-subnet-mgr`)",
};

const NET_CONF_KEY: &str = "net-conf.json";

/// A ConfigMap that holds flannel's config.
struct NetConf<'p> {
    map: &'p Resource<'p>,
    node: Node<'p>,
    is_canal: bool,
}

fn net_confs<'p>(package: &'p Package<'p>) -> Vec<NetConf<'p>> {
    let of_calico = daemon_sets(package).filter(|daemon_set| containers(daemon_set, "containers").iter().any(is_calico_node));
    let mounted: Vec<usize> = of_calico.flat_map(|daemon_set| mounted_maps(package, daemon_set)).map(|map| map.index).collect();
    let of_canal = |map: &Resource<'_>| mounted.contains(&map.index) || map.root().at(&["data", CNI_KEY]).is_some();
    let maps = package.of_kind("", "ConfigMap").filter_map(|map| Some((map, map.root().at(&["data", NET_CONF_KEY])?)));
    maps.map(|(map, node)| NetConf { map, node, is_canal: of_canal(map) }).collect()
}

fn mounted_maps<'p>(package: &'p Package<'p>, daemon_set: &'p Resource<'p>) -> impl Iterator<Item = &'p Resource<'p>> {
    let volumes = daemon_set.root().at(&["spec", "template", "spec", "volumes"]).into_iter().flat_map(Node::items);
    let names = volumes.filter_map(|volume| volume.text_at(&["configMap", "name"]));
    names.filter_map(|name| find(package, "ConfigMap", name, &daemon_set.namespace, &["data", NET_CONF_KEY]))
}

fn net_conf_path() -> Path {
    Path::of(&["data", NET_CONF_KEY]).inside()
}

fn facts(package: &Package<'_>, facts: &mut Facts) {
    for NetConf { map, node, .. } in net_confs(package) {
        facts.pod_ipam.push(PodIpam::OfNodes);
        for key in ["Network", "IPv6Network"] {
            let range = json(node, |root| root.text_at(&[key]).and_then(|text| Cidr::parse(text).ok()));
            let ranges: Vec<_> = range.ok().flatten().map(|parsed| parsed.cidr).into_iter().collect();
            facts.whole(Role::Pods, Source::Flannel, map, &net_conf_path().key(key), ranges);
        }
    }
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    for found in net_confs(package) {
        net_conf(&found, config, plan);
    }
    flannel_images(package, config, plan);
    for found in cni_texts(package, &installs(package), config) {
        for plugin in found.text.readable().iter().filter(|plugin| plugin.under_flannel && plugin.ipam == Ipam::Missing) {
            let message = format!(
                "{} gets addresses from flannel on etcd, which has one family only: change to canal on the Kubernetes datastore, or to Calico's own networking",
                found.owner
            );
            plan.error(&ON_ETCD, Place::at(found.text.resource, &found.text.path.inside().join(&plugin.path)), message);
        }
    }
}

/// Backends that carry IPv6: with Calico, and without.
const WITH_IPV6: [&[&str]; 2] = [&["vxlan"], &["vxlan", "wireguard", "host-gw"]];

fn net_conf(&NetConf { map, node, is_canal }: &NetConf<'_>, config: &Config, plan: &mut Plan) {
    let path = net_conf_path();
    let current = match json(node, Value::of) {
        Ok(current) => current,
        Err(Unreadable::Template(reason) | Unreadable::Broken(reason)) => {
            let message =
                format!("`{NET_CONF_KEY}` of {map} cannot be edited ({reason}): set `EnableIPv6` to true and `IPv6Network` by hand");
            return plan.warning(&UNREADABLE, Place::at(map, &Path::of(&["data", NET_CONF_KEY])), message);
        }
    };
    if config.mode == Mode::Ipv6Only {
        let message = "`EnableIPv4` set to false: flannel makes no routes for IPv4";
        plan.want(map, &NET_CONF, Op::is(path.key("EnableIPv4"), false), message);
    }
    plan.want(map, &NET_CONF, Op::is(path.key("EnableIPv6"), true), "`EnableIPv6` set to true: flannel makes routes for IPv6");
    let network = current.get("IPv6Network").and_then(Value::as_str).and_then(|text| Cidr::parse(text).ok()).map(|parsed| parsed.cidr);
    let contradicts = |range| network.is_some_and(|network| network.family() == Family::V6 && network != range);
    // Where it does, the checks name all places that say a range.
    if let Some(range) = config.ipv6_pod_cidr.filter(|range| !contradicts(*range)) {
        let message = format!("`IPv6Network` set to \"{range}\": flannel gives each node a part of it");
        plan.want(map, &NET_CONF, Op::is(path.key("IPv6Network"), range.to_string()), message);
    }
    let backend = current.get("Backend").and_then(|backend| backend.get("Type")).and_then(Value::as_str);
    let (who, known) = if is_canal { ("canal", WITH_IPV6[0]) } else { ("flannel", WITH_IPV6[1]) };
    if let Some(backend) = backend.filter(|backend| !known.iter().any(|known| backend.eq_ignore_ascii_case(known))) {
        let known = known.join("\", \"");
        let message = format!("flannel of {map} has the backend \"{backend}\": {who} is known to carry IPv6 with \"{known}\" alone");
        plan.warning(&BACKEND, Place::at(map, &path.keys(&["Backend", "Type"])).with_current(backend), message);
    }
}

fn flannel_images(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    let (since, what) = match config.mode {
        Mode::DualStack => (Version::new(0, 15), "IPv6"),
        Mode::Ipv6Only => (Version::new(0, 17), "IPv6 without IPv4"),
    };
    for daemon_set in daemon_sets(package) {
        let containers = containers(daemon_set, "containers");
        for flannel in containers.iter().filter(|container| container.name().contains("flannel")) {
            let Some(version) = Version::of_image(flannel.image()).filter(|version| *version < since) else { continue };
            let message = format!("flannel {version} of {daemon_set} has no {what}, which came with {since}: update its image");
            let place = Place::at(daemon_set, &flannel.path.key("image")).with_current(flannel.image());
            plan.warning(&FLANNEL_TOO_OLD, place, message);
        }
    }
}
