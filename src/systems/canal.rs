//! Canal: Calico's policy on flannel's network; and flannel alone. Flannel needs the IPv6 range, too.
//!
//! # Recognises
//! `net-conf.json` in a ConfigMap or a Secret. It is canal's, where Calico's CNI config is beside it, or a DaemonSet with
//! `calico-node` and flannel mounts it. And canal on etcd, where flannel delegates to Calico.
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

/// Flannel's config in an object.
struct NetConf<'p> {
    resource: &'p Resource<'p>,
    path: Path,
    node: Node<'p>,
    is_canal: bool,
}

/// In ConfigMaps, and in the Secrets that RKE2 writes instead.
const KINDS: [(&str, &str); 2] = [("ConfigMap", "data"), ("Secret", "stringData")];

fn net_confs<'p>(package: &'p Package<'p>) -> Vec<NetConf<'p>> {
    let of_calico = daemon_sets(package).filter(|daemon_set| containers(daemon_set, "containers").iter().any(is_calico_node));
    let mounted: Vec<usize> = of_calico.flat_map(|daemon_set| mounted(package, daemon_set)).map(|resource| resource.index).collect();
    let mut found = Vec::new();
    for (kind, field) in KINDS {
        for resource in package.of_kind("", kind) {
            let is_canal = mounted.contains(&resource.index) || resource.root().at(&[field, CNI_KEY]).is_some();
            let node = resource.root().at(&[field, NET_CONF_KEY]);
            found.extend(node.map(|node| NetConf { resource, path: Path::of(&[field, NET_CONF_KEY]), node, is_canal }));
        }
    }
    found
}

/// The ConfigMaps and Secrets that a DaemonSet mounts.
fn mounted<'p>(package: &'p Package<'p>, daemon_set: &'p Resource<'p>) -> impl Iterator<Item = &'p Resource<'p>> {
    let volumes = daemon_set.root().at(&["spec", "template", "spec", "volumes"]).into_iter().flat_map(Node::items);
    let named = volumes.flat_map(|volume| {
        let config_map = volume.text_at(&["configMap", "name"]).map(|name| (KINDS[0], name));
        config_map.into_iter().chain(volume.text_at(&["secret", "secretName"]).map(|name| (KINDS[1], name)))
    });
    named.filter_map(|((kind, field), name)| find(package, kind, name, &daemon_set.namespace, &[field, NET_CONF_KEY]))
}

fn facts(package: &Package<'_>, facts: &mut Facts) {
    for conf in net_confs(package) {
        facts.pod_ipam.push(PodIpam::OfNodes);
        for key in ["Network", "IPv6Network"] {
            let range = json(conf.node, |root| root.text_at(&[key]).and_then(|text| Cidr::parse(text).ok()));
            let ranges: Vec<_> = range.ok().flatten().map(|parsed| parsed.cidr).into_iter().collect();
            facts.whole(Role::Pods, Source::Flannel, conf.resource, &conf.path.inside().key(key), ranges);
        }
    }
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    for conf in net_confs(package) {
        net_conf(&conf, config, plan);
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

fn net_conf(conf: &NetConf<'_>, config: &Config, plan: &mut Plan) {
    let (resource, path) = (conf.resource, conf.path.inside());
    let current = match json(conf.node, Value::of) {
        Ok(current) => current,
        Err(Unreadable::Template(reason) | Unreadable::Broken(reason)) => {
            let message = format!("`{NET_CONF_KEY}` cannot be edited ({reason}): set `EnableIPv6` to true and `IPv6Network` by hand");
            return plan.warning(&UNREADABLE, Place::at(resource, &conf.path), message);
        }
    };
    if config.mode == Mode::Ipv6Only {
        let message = "`EnableIPv4` set to false: flannel makes no routes for IPv4";
        plan.want(resource, &NET_CONF, Op::is(path.key("EnableIPv4"), false), message);
    }
    plan.want(resource, &NET_CONF, Op::is(path.key("EnableIPv6"), true), "`EnableIPv6` set to true: flannel makes routes for IPv6");
    let network = current.get("IPv6Network").and_then(Value::as_str).and_then(|text| Cidr::parse(text).ok()).map(|parsed| parsed.cidr);
    let contradicts = |range| network.is_some_and(|network| network.family() == Family::V6 && network != range);
    // Where it does, the checks name all places that say a range.
    if let Some(range) = config.ipv6_pod_cidr.filter(|range| !contradicts(*range)) {
        let message = format!("`IPv6Network` set to \"{range}\": flannel gives each node a part of it");
        plan.want(resource, &NET_CONF, Op::is(path.key("IPv6Network"), range.to_string()), message);
    }
    let backend = current.get("Backend").and_then(|backend| backend.get("Type")).and_then(Value::as_str);
    let (who, known) = if conf.is_canal { ("canal", WITH_IPV6[0]) } else { ("flannel", WITH_IPV6[1]) };
    if let Some(backend) = backend.filter(|backend| !known.iter().any(|known| backend.eq_ignore_ascii_case(known))) {
        let known = known.join("\", \"");
        let message = format!("flannel has the backend \"{backend}\": {who} is known to carry IPv6 with \"{known}\" alone");
        plan.warning(&BACKEND, Place::at(resource, &path.keys(&["Backend", "Type"])).with_current(backend), message);
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
            let message = format!("flannel {version} has no {what}, which came with {since}: update its image");
            let place = Place::at(daemon_set, &flannel.path.key("image")).with_current(flannel.image());
            plan.warning(&FLANNEL_TOO_OLD, place, message);
        }
    }
}
