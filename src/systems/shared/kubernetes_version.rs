//! The version of Kubernetes: what tells it, and what depends on it.
//!
//! The `kubernetesVersion` of the configuration is believed first, then the tags of the components' images, then a
//! ClusterConfiguration, then the fields of Cluster API, then the age of kubeadm's apiVersions. Systems report these as
//! facts, and `Config::settle` puts the one that is believed into `config.kubernetes_version`. Nothing there means a current
//! version.

use crate::config::Config;
use crate::facts::{Facts, VersionSource};
use crate::package::Resource;
use crate::plan::{Place, Plan, Rule};
use crate::version::Version;

/// The first version with dual-stack (alpha).
pub(crate) const FIRST: Version = Version::new(1, 16);

pub(crate) static TOO_OLD: Rule = Rule {
    id: "kubernetes-too-old",
    title: "Kubernetes before v1.16 has no dual-stack",
    why: "Its components do not start with two ranges.",
    remedy: "Upgrade Kubernetes first; if it is newer than its images say, give `kubernetesVersion`.",
    source: "https://github.com/kubernetes/enhancements/tree/master/keps/sig-network/563-dual-stack",
};

/// The fact that `text`, an image or a version field, tells the version; nothing where it tells none, as "stable" does.
pub(crate) fn tells(facts: &mut Facts, source: VersionSource, text: &str) {
    let version = if source == VersionSource::Image { Version::of_image(text) } else { Version::parse(text) };
    facts.versions.extend(version.map(|version| (source, version)));
}

/// The fact that `api_version` of kubeadm came with one version and went with another: no other ones know it.
///
/// <https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/>, "History"; kubernetes/kubernetes#101129
/// (v1.22 adds v1beta3 and removes v1beta1), #114540 (v1.27 removes v1beta2).
pub(crate) fn known_between(facts: &mut Facts, api_version: &str) {
    let (since, until) = match api_version {
        "kubeadm.k8s.io/v1beta1" => (13, Some(21)),
        "kubeadm.k8s.io/v1beta2" => (15, Some(26)),
        "kubeadm.k8s.io/v1beta3" => (22, None),
        "kubeadm.k8s.io/v1beta4" => (31, None),
        _ => return,
    };
    facts.kubernetes_at_least = facts.kubernetes_at_least.max(Some(Version::new(1, since)));
    let until = until.map(|minor| Version::new(1, minor));
    facts.kubernetes_at_most = facts.kubernetes_at_most.into_iter().chain(until).min();
}

/// Whether the version is too old for dual-stack, which is said.
pub(crate) fn is_too_old(resource: &Resource<'_>, config: &Config, plan: &mut Plan) -> bool {
    let Some(version) = config.kubernetes_version.filter(|version| *version < FIRST) else { return false };
    let message =
        format!("Kubernetes {version} has no dual-stack, and its components do not start with two ranges: {FIRST} or newer is needed");
    plan.error(&TOO_OLD, Place::of(resource), message);
    true
}
