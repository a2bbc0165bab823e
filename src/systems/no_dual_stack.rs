//! Networks that cannot have two families: kOps, the VPC CNI of AWS, Weave.
//!
//! # Recognises
//! A kOps `Cluster`; a DaemonSet with the container `aws-node`; a DaemonSet with the container `weave`.
//!
//! # Changes
//! Nothing. What was asked for cannot be done, and each says so as an error.
//!
//! # Leaves alone
//! Everything of them. With `mode: IPv6Only` nothing is said: that, kOps and the VPC CNI have in ways of their own. The other objects of the package are not edited either, while there is such an error: a
//! package that is dual-stack in parts only is worse than one that is not.
//!
//! # Sources
//! kubernetes/kops docs/networking/ipv6.md and pkg/apis/kops/validation; aws/amazon-vpc-cni-k8s README.md,
//! `ENABLE_IPv6`; weaveworks/weave issue 19.

use super::System;
use super::shared::workload::containers;
use crate::config::{Config, Mode};
use crate::package::{Package, Resource};
use crate::plan::{Place, Plan, Rule};

pub(super) const SYSTEM: System = System {
    name: "no_dual_stack",
    recognises: "kOps, the AWS VPC CNI and Weave, which cannot be dual-stack",
    rules: &[&KOPS, &AWS_VPC_CNI, &WEAVE],
    facts: |_, _| {},
    plan,
};

static KOPS: Rule = Rule {
    id: "kops-no-dual-stack",
    title: "kOps has no dual-stack Pods",
    why: "kOps sets up clusters with IPv4 Pods, or with IPv6-only Pods on dual-stack nodes; it writes the flags of all components itself.",
    remedy: "Use IPv6-only Pods (`nonMasqueradeCIDR: \"::/0\"`, a new cluster), or another installer.",
    source: "https://kops.sigs.k8s.io/networking/ipv6/",
};
static AWS_VPC_CNI: Rule = Rule {
    id: "aws-vpc-cni-no-dual-stack",
    title: "The AWS VPC CNI has no dual-stack mode",
    why: "aws-node gives Pods either IPv4 or IPv6 addresses; both variables at \"true\" are an invalid configuration to it.",
    remedy: "Keep one family, or let another CNI plugin, such as Calico with calico-ipam, give out the addresses.",
    source: "https://github.com/aws/amazon-vpc-cni-k8s README.md, `ENABLE_IPv6`",
};
static WEAVE: Rule = Rule {
    id: "weave-no-dual-stack",
    title: "Weave has no IPv6",
    why: "Weave gives Pods IPv4 addresses only, and is no longer maintained.",
    remedy: "Use a CNI plugin with IPv6 instead.",
    source: "https://github.com/weaveworks/weave/issues/19",
};

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    if config.mode != Mode::DualStack {
        return;
    }
    for cluster in package.of_kind("kops.k8s.io", "Cluster") {
        let message = "kOps has no dual-stack Pods: it has IPv4, or IPv6-only Pods on dual-stack nodes; nothing was edited";
        plan.error(&KOPS, Place::of(cluster), message);
    }
    let daemon_sets = package.of_kind("apps", "DaemonSet").chain(package.of_kind("extensions", "DaemonSet"));
    for daemon_set in daemon_sets {
        if has_container(daemon_set, "aws-node") {
            let message =
                "the VPC CNI of AWS gives Pods addresses of one family only (\"Dual stack mode isn't yet supported\"); nothing was edited";
            plan.error(&AWS_VPC_CNI, Place::of(daemon_set), message);
        }
        if has_container(daemon_set, "weave") {
            let message = "Weave has no IPv6; nothing was edited";
            plan.error(&WEAVE, Place::of(daemon_set), message);
        }
    }
}

fn has_container(workload: &Resource<'_>, name: &str) -> bool {
    containers(workload, "containers").iter().any(|container| container.name() == name)
}
