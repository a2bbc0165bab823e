//! Helm values of the Tigera operator's chart: the Installation in them gets the IPv6 pool.
//!
//! # Recognises
//! Releases of the chart `tigera-operator` (or `rke2-calico`, which wraps it), and values with `installation.calicoNetwork`:
//! `addons.cluster.x-k8s.io` HelmChartProxy `spec.valuesTemplate`, `helm.cattle.io` HelmChart and HelmChartConfig
//! `spec.valuesContent`, `argoproj.io` Application `helm.valuesObject` and `helm.values` of each source,
//! `helm.toolkit.fluxcd.io` HelmRelease `spec.values`.
//!
//! # Changes
//! Under `installation`, what [`super::calico_installation`] changes under `spec`.
//!
//! # Leaves alone
//! Pools that a template writes (`{{ }}`): what they come out as is not known here. Values without pools where the chart makes
//! them (`rke2-calico` takes the ranges of the cluster), where `installation.enabled` is false, and where they override
//! values that are not in the object. Values in files and Secrets.
//!
//! # Sources
//! tigera/operator and projectcalico/calico charts/tigera-operator values.yaml (`installation`);
//! kubernetes-sigs/cluster-api-addon-provider-helm api/v1alpha1; https://docs.rke2.io/helm;
//! https://argo-cd.readthedocs.io/en/stable/user-guide/helm (`valuesObject` before `values`); https://fluxcd.io/flux/components/helm.

use super::System;
use super::shared::inner;
use super::shared::installation::{Around, Installation};
use super::shared::ip_pools::has_pool;
use crate::cidr::Family;
use crate::config::Config;
use crate::facts::Facts;
use crate::package::{Package, Resource};
use crate::plan::{Place, Plan, Rule};
use crate::version::Version;
use crate::yaml::{Kind, Node, Path};

pub(super) const SYSTEM: System = System {
    name: "helm_values",
    recognises: "Helm values of the Tigera operator's chart",
    rules: &[&TEMPLATE, &ELSEWHERE, &UNREADABLE],
    facts,
    plan,
};

static TEMPLATE: Rule = Rule {
    id: "helm-values-template",
    title: "A template writes the values",
    why: "Which pools come out of it is decided when it is rendered: an edit could add a second IPv6 pool, or break the template.",
    remedy: "Make sure that the template yields an IPv6 pool, for example from both ranges of `Cluster.spec.clusterNetwork.pods.cidrBlocks`.",
    source: "https://github.com/kubernetes-sigs/cluster-api-provider-azure/tree/main/templates/addons/cluster-api-helm",
};
static ELSEWHERE: Rule = Rule {
    id: "helm-values-elsewhere",
    title: "The values with the pools are not in the object",
    why: "Pods get IPv4 addresses only until the values have an IPv6 pool.",
    remedy: "Add `installation.calicoNetwork.ipPools` where the values are, or to the values in the object.",
    source: "https://github.com/projectcalico/calico/blob/HEAD/charts/tigera-operator/values.yaml",
};
static UNREADABLE: Rule = Rule {
    id: "helm-values-unreadable",
    title: "The values cannot be read",
    why: "Helm refuses them, too.",
    remedy: "Correct the values.",
    source: "https://helm.sh/docs/chart_template_guide/values_files",
};

/// Values of a release, as an object says them.
struct Release<'p> {
    resource: &'p Resource<'p>,
    chart: &'p str,
    version: Option<Version>,
    /// The place of the values; a string that holds them where `is_text`.
    path: Path,
    node: Option<Node<'p>>,
    is_text: bool,
    /// Others count, too: values of a file or a Secret, or those that these override.
    others: bool,
}

/// Why values stay as they are.
struct Left {
    rule: &'static Rule,
    path: Path,
    message: String,
}

fn facts(package: &Package<'_>, facts: &mut Facts) {
    for installation in releases(package).iter().filter_map(read).flatten() {
        installation.facts(facts);
    }
}

fn plan(package: &Package<'_>, config: &Config, plan: &mut Plan) {
    let around = Around { pools: false, ipv6_object: has_pool(package, Family::V6) };
    for release in releases(package) {
        match read(&release) {
            Some(Ok(installation)) => installation.plan(config, around, plan),
            Some(Err(left)) => plan.warning(left.rule, Place::at(release.resource, &left.path), left.message),
            None => {}
        }
    }
}

/// All releases of the package that say values.
fn releases<'p>(package: &'p Package<'p>) -> Vec<Release<'p>> {
    let mut releases = Vec::new();
    for resource in package.of_kind("addons.cluster.x-k8s.io", "HelmChartProxy") {
        releases.push(release(resource, &["spec", "chartName"], &["spec", "version"], &["spec", "valuesTemplate"], true));
    }
    for resource in package.of_kind("helm.cattle.io", "HelmChart") {
        let others = resource.root().at(&["spec", "valuesSecrets"]).is_some();
        let release = release(resource, &["spec", "chart"], &["spec", "version"], &["spec", "valuesContent"], true);
        releases.push(Release { others, ..release });
    }
    for resource in package.of_kind("helm.cattle.io", "HelmChartConfig") {
        let release = release(resource, &["metadata", "name"], &[], &["spec", "valuesContent"], true);
        releases.push(Release { others: true, ..release });
    }
    for resource in package.of_kind("helm.toolkit.fluxcd.io", "HelmRelease") {
        let others = resource.root().at(&["spec", "valuesFrom"]).is_some();
        let release =
            release(resource, &["spec", "chart", "spec", "chart"], &["spec", "chart", "spec", "version"], &["spec", "values"], false);
        releases.push(Release { others, ..release });
    }
    for resource in package.of_kind("argoproj.io", "Application") {
        let spec = Path::of(&["spec"]);
        let sources = resource.root().at(&["spec", "sources"]).into_iter().flat_map(Node::items).enumerate();
        let sources = sources.map(|(at, source)| (spec.key("sources").index(at), source));
        let one = resource.root().at(&["spec", "source"]).map(|source| (spec.key("source"), source));
        releases.extend(one.into_iter().chain(sources).map(|(path, source)| argo_cd(resource, &path, source)));
    }
    releases
}

fn release<'p>(resource: &'p Resource<'p>, chart: &[&str], version: &[&str], values: &[&str], is_text: bool) -> Release<'p> {
    let root = resource.root();
    Release {
        resource,
        chart: root.text_at(chart).unwrap_or_default(),
        version: root.text_at(version).and_then(Version::parse),
        path: Path::of(values),
        node: root.at(values).filter(|node| !node.is_null()),
        is_text,
        others: false,
    }
}

/// A source of an Argo CD Application: `valuesObject` counts before `values`.
fn argo_cd<'p>(resource: &'p Resource<'p>, path: &Path, source: Node<'p>) -> Release<'p> {
    let object = source.at(&["helm", "valuesObject"]).filter(|node| !node.is_null());
    let text = source.at(&["helm", "values"]).filter(|node| !node.is_null());
    Release {
        resource,
        chart: source.text_at(&["chart"]).unwrap_or_default(),
        version: source.text_at(&["targetRevision"]).and_then(Version::parse),
        path: path.keys(&["helm", if object.is_some() { "valuesObject" } else { "values" }]),
        node: object.or(text),
        is_text: object.is_none(),
        others: source.at(&["helm", "valueFiles"]).is_some() || source.at(&["helm", "parameters"]).is_some(),
    }
}

/// The Installation in the values; nothing where they are not the operator's, or do not decide about pools.
fn read<'p>(release: &Release<'p>) -> Option<Result<Installation<'p>, Left>> {
    let is_operator = release.chart.contains("tigera-operator");
    let Some(node) = release.node else { return is_operator.then(|| Err(elsewhere(release))) };
    if !release.is_text {
        return installation(release, release.path.clone(), node, is_operator);
    }
    let text = node.text()?;
    match inner::document(node, |values| installation(release, release.path.inside(), values, is_operator)) {
        Ok(read) => read,
        Err(_) if !is_operator => None,
        Err(_) if text.contains("{{") => Some(Err(template(release.path.clone()))),
        Err(_) if says_nothing(text) => Some(Err(elsewhere(release))),
        Err(reason) => {
            let message = format!("the document in the values {reason}; no pool was added");
            Some(Err(Left { rule: &UNREADABLE, path: release.path.clone(), message }))
        }
    }
}

/// Whether there are at most comments, which Helm accepts.
fn says_nothing(values: &str) -> bool {
    values.lines().map(str::trim_start).all(|line| line.is_empty() || line.starts_with('#'))
}

/// The Installation in `values`, which are at `path`.
fn installation<'p>(release: &Release<'p>, path: Path, values: Node<'_>, is_operator: bool) -> Option<Result<Installation<'p>, Left>> {
    let spec = values.get("installation").filter(|spec| !spec.is_null());
    let path = path.key("installation");
    let field = |key: &str| spec.and_then(|spec| spec.get(key));
    if field("enabled").and_then(Node::text) == Some("false") || (!is_operator && field("calicoNetwork").is_none()) {
        return None;
    }
    let whole = spec.filter(|spec| !matches!(spec.kind(), Kind::Mapping(_)));
    let mut deciding = [whole, field("calicoNetwork"), field("cni"), field("kubernetesProvider")].into_iter().flatten();
    if deciding.any(|node| node.span().of(node.source()).contains("{{")) {
        return Some(Err(template(path)));
    }
    let installation = Installation::read(release.resource, path, spec, release.version);
    if !installation.says_pools() && (release.others || !is_operator) {
        return is_operator.then(|| Err(elsewhere(release)));
    }
    Some(Ok(installation))
}

fn elsewhere(release: &Release<'_>) -> Left {
    let message = "the pools of Calico are not in the values of this object, so none was added: add an IPv6 pool to `installation.calicoNetwork.ipPools` where they are";
    Left { rule: &ELSEWHERE, path: release.path.clone(), message: message.into() }
}

fn template(path: Path) -> Left {
    let message = "a template writes the pools of Calico, so none was added: make sure that it yields an IPv6 pool, too";
    Left { rule: &TEMPLATE, path, message: message.into() }
}
