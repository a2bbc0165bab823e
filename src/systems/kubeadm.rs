//! Documents of kubeadm: the ranges of a cluster, what components are told beyond them, the addresses of a node.
//!
//! # Recognises
//! `ClusterConfiguration`, `InitConfiguration` and `JoinConfiguration` of `kubeadm.k8s.io`, v1beta1 to v1beta4, as objects;
//! and the ClusterConfiguration in a ConfigMap, such as `kubeadm-config`.
//!
//! # Changes
//! `networking.podSubnet` and `serviceSubnet` get the range of the missing family, and so do `extraArgs` that override them;
//! `node-cidr-mask-size` becomes the flag of its family; the feature gate IPv6DualStack is as the version needs it; `node-ip`
//! gets the second address, where `nodeIPs` of the configuration says it. In the ConfigMap `kubeadm-config`, `podSubnet` is
//! written as Calico reads it: with a regular expression, `podSubnet: (.*)`.
//!
//! # Leaves alone
//! `localAPIEndpoint.advertiseAddress`, `controlPlaneEndpoint`, `certSANs`; a `podSubnet` that is not there, without which
//! nodes get no ranges; a `serviceSubnet` that is not there, unless the configuration says both of its ranges.
//!
//! # Sources
//! <https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/dual-stack-support/>; kubernetes v1.33
//! cmd/kubeadm/app/apis/kubeadm/validation; projectcalico/calico v3.32.1 node/pkg/lifecycle/startup/startup.go
//! extractKubeadmCIDRs.

use super::System;
use super::shared::extra_args::DUPLICATE;
use super::shared::gates::{GATE_ON, GATES_PLACEHOLDER};
use super::shared::inner::{document, in_config_maps};
use super::shared::kubeadm::{
    Document, EXTRA_ARGS, Home, NO_SERVICE_SUBNET, NODE_IP, POD_SUBNET, SERVICE_SUBNET, args_are_a_list, cluster_configuration,
    cluster_configuration_facts, node_registration, node_registration_facts,
};
use super::shared::kubernetes_version::{TOO_OLD, is_too_old};
use super::shared::node_masks::NODE_MASK;
use super::shared::ranges::{HOST_BITS, PLACEHOLDER, UNKNOWN, UNREADABLE};
use crate::config::Config;
use crate::facts::Facts;
use crate::package::{Package, Resource};
use crate::plan::{Place, Plan, Rule};
use crate::yaml::{Node, Path};

pub(super) const SYSTEM: System = System {
    name: "kubeadm",
    recognises: "kubeadm ClusterConfiguration, InitConfiguration, JoinConfiguration; ConfigMap kubeadm-config",
    rules: &[
        &POD_SUBNET,
        &SERVICE_SUBNET,
        &NO_SERVICE_SUBNET,
        &EXTRA_ARGS,
        &DUPLICATE,
        &NODE_IP,
        &NODE_MASK,
        &GATE_ON,
        &GATES_PLACEHOLDER,
        &INNER_UNREADABLE,
        &PLACEHOLDER,
        &UNREADABLE,
        &UNKNOWN,
        &HOST_BITS,
        &TOO_OLD,
    ],
    facts,
    plan,
};

static INNER_UNREADABLE: Rule = Rule {
    id: "kubeadm-config-unreadable",
    title: "The ClusterConfiguration in a ConfigMap cannot be read",
    why: "kubeadm cannot read it either; or it is a template, and an edit could hit the wrong place.",
    remedy: "Render the template first, or edit it by hand.",
    source: "https://github.com/kubernetes/kubernetes/blob/v1.33.0/cmd/kubeadm/app/util/config/cluster.go",
};

const GROUP: &str = "kubeadm.k8s.io";

fn facts(package: &Package<'_>, facts: &mut Facts) {
    for resource in package.of_kind(GROUP, "ClusterConfiguration") {
        cluster_configuration_facts(&file(resource), resource.root(), facts);
    }
    for resource in registrations(package) {
        node_registration_facts(&file(resource), resource.root(), facts);
    }
    for (config_map, node) in config_maps(package) {
        // What cannot be read says nothing.
        let _ = document(node, |inner| cluster_configuration_facts(&of_config_map(config_map, inner), inner, facts));
    }
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    for resource in package.of_kind(GROUP, "ClusterConfiguration") {
        if !is_too_old(resource, config, plan) {
            cluster_configuration(&file(resource), resource.root(), config, plan);
        }
    }
    for resource in registrations(package) {
        node_registration(&file(resource), resource.root(), config, plan);
    }
    for (config_map, node) in config_maps(package) {
        if is_too_old(config_map, config, plan) {
            continue;
        }
        let done = document(node, |inner| cluster_configuration(&of_config_map(config_map, inner), inner, config, plan));
        if let Err(reason) = done {
            let message = format!("the ClusterConfiguration in {config_map} {reason}; it was not edited");
            plan.warning(&INNER_UNREADABLE, Place::at(config_map, &Path::of(&KEY)), message);
        }
    }
}

fn registrations<'p>(package: &'p Package<'p>) -> impl Iterator<Item = &'p Resource<'p>> {
    package.of_kind(GROUP, "InitConfiguration").chain(package.of_kind(GROUP, "JoinConfiguration"))
}

/// A document that is an object of its own.
fn file<'a>(resource: &'a Resource<'a>) -> Document<'a> {
    Document {
        resource,
        path: Path::root(),
        args_as_list: args_are_a_list(&resource.api_version),
        home: Home::File,
        pods_elsewhere: Vec::new(),
    }
}

/// Where kubeadm keeps the document.
const KEY: [&str; 2] = ["data", "ClusterConfiguration"];

fn config_maps<'p>(package: &'p Package<'p>) -> impl Iterator<Item = (&'p Resource<'p>, Node<'p>)> {
    in_config_maps(package, &[KEY[1]], "ClusterConfiguration").into_iter().map(|found| (found.resource, found.node))
}

fn of_config_map<'a>(resource: &'a Resource<'a>, inner: Node<'_>) -> Document<'a> {
    Document {
        path: Path::of(&KEY).inside(),
        args_as_list: inner.text_at(&["apiVersion"]).is_none_or(args_are_a_list),
        home: if resource.original_name() == "kubeadm-config" { Home::KubeadmConfig } else { Home::File },
        ..file(resource)
    }
}
