//! What a run has to say: as `results` of a ResourceList, as lines for people, as an exit code.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::package::{Package, Resource};
use crate::plan::{Finding, Rule, Severity};
use crate::yaml::{Path, Value, offset_of};

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
    /// The object that it is about, if that is a new one beside the resource.
    pub new: Option<Value>,
    /// The place in the object.
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
        Self {
            severity,
            message: message.into(),
            rule: rule.id,
            resource: None,
            new: None,
            path: None,
            current: None,
            proposed: None,
            offset: None,
        }
    }

    /// What a system found.
    pub fn of_finding(finding: Finding, package: &Package<'_>) -> Self {
        let place = finding.place;
        let offset = place
            .resource
            .and_then(|index| package.all().get(index))
            .map(|resource| place.path.as_ref().map_or_else(|| resource.root().start(), |path| offset_of(resource.root(), path)));
        Self {
            severity: finding.severity,
            message: finding.message,
            rule: finding.rule.id,
            resource: place.resource,
            new: None,
            path: place.path,
            current: place.current,
            proposed: place.proposed,
            offset,
        }
    }

    fn resource<'p, 't>(&self, package: &'p Package<'t>) -> Option<&'p Resource<'t>> {
        package.all().get(self.resource?)
    }

    /// The entry of `results`, as the KRM Functions Specification has it (functions-spec.md, `results`). Where that has
    /// no way to refer to the resource, the message names it, and the place in it.
    pub fn result(&self, package: &Package<'_>) -> Value {
        let resource = self.resource(package);
        let reference = match &self.new {
            Some(object) => resource_ref(heads_of_new(object)),
            None => resource.and_then(|resource| resource_ref(heads(resource))),
        };
        let unnamed = resource.filter(|_| reference.is_none());
        let message = match (unnamed, &self.path) {
            (Some(resource), Some(path)) => format!("{resource}: {path}: {}", self.message),
            (Some(resource), None) => format!("{resource}: {}", self.message),
            (None, _) => self.message.clone(),
        };
        let mut entries =
            vec![("message".to_owned(), Value::from(one_line(&message))), ("severity".to_owned(), Value::from(self.severity.word()))];
        if let Some(resource) = resource {
            let is_named = reference.is_some();
            entries.extend(reference.map(|reference| ("resourceRef".to_owned(), reference)));
            if let Some(path) = self.path.as_ref().filter(|_| is_named) {
                let mut field = vec![("path".to_owned(), Value::from(path.to_string()))];
                field.extend(self.current.clone().map(|value| ("currentValue".to_owned(), value)));
                field.extend(self.proposed.clone().map(|value| ("proposedValue".to_owned(), value)));
                entries.push(("field".to_owned(), Value::Map(field)));
            }
            if let Some(file) = resource.file() {
                let mut entry = vec![("path".to_owned(), Value::from(file))];
                let index = resource.file_index().filter(|_| self.new.is_none());
                entry.extend(index.map(|index| ("index".to_owned(), Value::from(index))));
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
            if let Some([_, kind, name, _]) = self.new.as_ref().map(heads_of_new) {
                let _ = write!(line, "{kind} {name}: ");
            } else {
                let _ = write!(line, "{resource}: ");
            }
            if let Some(path) = &self.path {
                let _ = write!(line, "{path}: ");
            }
        }
        let _ = write!(line, "{} [{}]", self.message, self.rule);
        one_line(&line)
    }
}

/// apiVersion, kind, name and namespace.
fn heads<'a>(resource: &'a Resource<'_>) -> [&'a str; 4] {
    [&resource.api_version, &resource.kind, &resource.name, &resource.namespace]
}

fn heads_of_new(object: &Value) -> [&str; 4] {
    let metadata = |key| object.get("metadata").and_then(|metadata| metadata.get(key));
    [object.get("apiVersion"), object.get("kind"), metadata("name"), metadata("namespace")]
        .map(|value| value.and_then(Value::as_str).unwrap_or_default())
}

/// A reference needs a name; files of kubeadm and kind have none.
fn resource_ref([api_version, kind, name, namespace]: [&str; 4]) -> Option<Value> {
    let entries = [("apiVersion", api_version), ("kind", kind), ("name", name), ("namespace", namespace)];
    let is_whole = entries[..3].iter().all(|(_, text)| !text.is_empty());
    let said = entries.into_iter().filter(|(_, text)| !text.is_empty());
    is_whole.then(|| Value::Map(said.map(|(key, text)| (key.to_owned(), Value::from(text))).collect()))
}

/// The text without its line breaks, and not [longer](short) than people read.
pub fn one_line(text: &str) -> String {
    short(text.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" "))
}

/// Characters that are kept of each end of a message that is too long: what is wrong, and what to do.
const KEPT: usize = 1000;

/// A message that people can read: the middle of a long one, such as of one that quotes a value of megabytes, is left out.
pub fn short(message: String) -> String {
    let ends = (message.char_indices().nth(KEPT), message.char_indices().rev().nth(KEPT - 1));
    match ends {
        (Some((head, _)), Some((tail, _))) if head < tail => format!("{} … {}", &message[..head], &message[tail..]),
        _ => message,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_a_long_message_is_left_out() {
        let message = format!("must be a range, not \"{}\"; say which", "ä".repeat(5000));
        let short = short(message.clone());
        assert!(short.starts_with("must be a range, not \"ää") && short.ends_with("ää\"; say which"), "{short}");
        assert_eq!(short.chars().count(), 2 * KEPT + 3);
        for length in [0, 1, KEPT, 2 * KEPT - 1, 2 * KEPT] {
            let message = "ä".repeat(length);
            assert_eq!(super::short(message.clone()), message);
        }
    }

    #[test]
    fn without_a_name_the_message_says_where() {
        static RULE: Rule = Rule { id: "rule", title: "", why: "", remedy: "", source: "" };
        let package = Package::read("apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n---\napiVersion: b/v1\nkind: Pod\n").unwrap();
        let report = |resource| Report {
            resource: Some(resource),
            path: Some(Path::of(&["spec", "c"])),
            proposed: Some(Value::from("d")),
            ..Report::general(Severity::Info, &RULE, "done")
        };
        let named = report(0).result(&package);
        assert_eq!(named.get("message"), Some(&Value::from("done")));
        assert_eq!(named.get("field").and_then(|field| field.get("path")), Some(&Value::from("spec.c")));
        let unnamed = report(1).result(&package);
        assert_eq!(unnamed.get("message"), Some(&Value::from("Pod of b/v1: spec.c: done")));
        assert_eq!((unnamed.get("resourceRef"), unnamed.get("field")), (None, None));
    }
}
