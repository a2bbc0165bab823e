//! The version of Kubernetes: what tells it, and what depends on it.
//!
//! The `kubernetesVersion` of the configuration is believed first, then the tags of the components' images, then a
//! ClusterConfiguration, then the fields of Cluster API. Systems report these as facts, and `Config::settle` puts the one
//! that is believed into `config.kubernetes_version`. Nothing there means a current version.

use crate::config::Config;
use crate::facts::{Facts, VersionSource};
use crate::package::Resource;
use crate::plan::{Place, Plan, Rule};
use crate::version::Version;

/// The first version with dual-stack (alpha).
pub(crate) const FIRST: Version = Version::new(1, 16);

pub(crate) static UNKNOWN_VERSION: Rule = Rule {
    id: "kubernetes-version-unknown",
    title: "The version of Kubernetes is not known",
    why: "Up to v1.20 the feature gate IPv6DualStack must be set; from v1.25 a mention of it stops a component.",
    remedy: "Give `kubernetesVersion` in the functionConfig, if it is older than v1.25.",
    source: "https://kubernetes.io/docs/reference/command-line-tools-reference/feature-gates-removed/",
};
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

/// Says that the version is not known, where something in `resource` was decided by taking it for a current one.
pub(crate) fn say_unknown(resource: &Resource<'_>, config: &Config, plan: &mut Plan) {
    if config.kubernetes_version.is_none() {
        let message = format!(
            "the version of Kubernetes of {resource} is not known, a current one is assumed; for v1.24 and older, give `kubernetesVersion`"
        );
        plan.info(&UNKNOWN_VERSION, Place::of(resource), message);
    }
}

/// Whether the version is too old for dual-stack, which is said.
pub(crate) fn is_too_old(resource: &Resource<'_>, config: &Config, plan: &mut Plan) -> bool {
    let Some(version) = config.kubernetes_version.filter(|version| *version < FIRST) else { return false };
    let message =
        format!("Kubernetes {version} has no dual-stack, and its components do not start with two ranges: {FIRST} or newer is needed");
    plan.error(&TOO_OLD, Place::of(resource), message);
    true
}
