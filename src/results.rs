//! What a run has to say: as `results` of a ResourceList, as lines for people, as an exit code.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::package::{Package, Resource};
use crate::plan::{Finding, Rule, Severity};
use crate::yaml::{Path, Value};

/// One thing to say.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Report {
    /// How bad it is.
    pub severity: Severity,
    /// What, for a person: one line.
    pub message: String,
    /// The id of the rule.
    pub rule: &'static str,
    /// The resource, by its position in the package.
    pub resource: Option<usize>,
    /// The place in the resource.
    pub path: Option<Path>,
    /// What stands there.
    pub current: Option<Value>,
    /// What should stand there.
    pub proposed: Option<Value>,
    /// Byte offset of the place in the text, where it is known.
    pub offset: Option<usize>,
}

impl Report {
    /// Something about the package as a whole.
    pub fn general(severity: Severity, rule: &'static Rule, message: impl Into<String>) -> Self {
        Self { severity, message: message.into(), rule: rule.id, resource: None, path: None, current: None, proposed: None, offset: None }
    }

    /// What a system found.
    pub fn of_finding(finding: Finding, package: &Package<'_>) -> Self {
        let place = finding.place;
        let offset = place
            .resource
            .and_then(|index| package.all().get(index))
            .map(|resource| place.path.as_ref().map_or_else(|| resource.root().start(), |path| resource.root().nearest(path).start()));
        Self {
            severity: finding.severity,
            message: finding.message,
            rule: finding.rule.id,
            resource: place.resource,
            path: place.path,
            current: place.current,
            proposed: place.proposed,
            offset,
        }
    }

    fn resource<'p, 't>(&self, package: &'p Package<'t>) -> Option<&'p Resource<'t>> {
        package.all().get(self.resource?)
    }

    /// The entry of `results`, as the KRM Functions Specification has it (functions-spec.md, `results`).
    pub fn result(&self, package: &Package<'_>) -> Value {
        let mut entries =
            vec![("message".to_owned(), Value::from(one_line(&self.message))), ("severity".to_owned(), Value::from(self.severity.word()))];
        if let Some(resource) = self.resource(package) {
            entries.extend(resource_ref(resource).map(|reference| ("resourceRef".to_owned(), reference)));
            if let Some(path) = self.path.as_ref().filter(|_| !resource.name.is_empty()) {
                let mut field = vec![("path".to_owned(), Value::from(path.to_string()))];
                // Hosts print results: what a Secret says stays in it.
                let current = self.current.clone().filter(|_| resource.kind != "Secret");
                field.extend(current.map(|value| ("currentValue".to_owned(), value)));
                field.extend(self.proposed.clone().map(|value| ("proposedValue".to_owned(), value)));
                entries.push(("field".to_owned(), Value::Map(field)));
            }
            if let Some(file) = resource.file() {
                let mut entry = vec![("path".to_owned(), Value::from(file))];
                entry.extend(resource.file_index().map(|index| ("index".to_owned(), Value::from(index))));
                entries.push(("file".to_owned(), Value::Map(entry)));
            }
        }
        entries.push(("tags".to_owned(), Value::map([("rule", Value::from(self.rule))])));
        Value::Map(entries)
    }

    /// `warning: calico.yaml: DaemonSet kube-system/calico-node: spec.x: message [rule]`
    pub fn line(&self, package: &Package<'_>) -> String {
        let mut line = format!("{}: ", self.severity.word());
        if let Some(resource) = self.resource(package) {
            if let Some(file) = resource.file() {
                let _ = write!(line, "{file}: ");
            }
            let _ = write!(line, "{resource}: ");
            if let Some(path) = &self.path {
                let _ = write!(line, "{path}: ");
            }
        }
        let _ = write!(line, "{} [{}]", self.message, self.rule);
        one_line(&line)
    }
}

/// A reference needs a name; files of kubeadm and kind have none.
fn resource_ref(resource: &Resource<'_>) -> Option<Value> {
    if resource.name.is_empty() || resource.kind.is_empty() || resource.api_version.is_empty() {
        return None;
    }
    let mut entries: Vec<_> = [("apiVersion", &resource.api_version), ("kind", &resource.kind), ("name", &resource.name)]
        .map(|(key, text)| (key.to_owned(), Value::from(text.as_ref())))
        .into();
    if !resource.namespace.is_empty() {
        entries.push(("namespace".to_owned(), Value::from(resource.namespace.as_ref())));
    }
    Some(Value::Map(entries))
}

fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Errors first; otherwise in the order of the package and the systems. Nothing is said twice.
pub fn sort(reports: &mut Vec<Report>) {
    let mut seen = HashSet::new();
    reports.retain(|report| seen.insert(report.clone()));
    reports.sort_by_key(|report| report.severity);
}

/// The lines for stderr: warnings and errors. Hosts that show nothing else show these.
pub fn lines(reports: &[Report], package: &Package<'_>) -> String {
    let serious = reports.iter().filter(|report| report.severity < Severity::Info);
    serious.map(|report| report.line(package) + "\n").collect()
}

/// Whether a report must stop the pipeline.
pub fn has_error(reports: &[Report]) -> bool {
    reports.iter().any(|report| report.severity == Severity::Error)
}
