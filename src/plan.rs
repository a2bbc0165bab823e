//! What systems say: changes that they want, and findings that no edit can settle.

use crate::package::Resource;
use crate::yaml::{Op, Path, Value};

/// Something that the function can say, under a stable id.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The id in `tags.rule` of a result: lower case, words joined by `-`.
    pub id: &'static str,
    /// What is the matter, in a few words.
    pub title: &'static str,
    /// What happens if nothing is done.
    pub why: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// Where this is known from: a documentation page, or a file and version of a source.
    pub source: &'static str,
}

impl Rule {
    /// The first link of the source, if it has one.
    pub fn link(&self) -> Option<&'static str> {
        let (at, _) = self.source.match_indices("https://").next()?;
        self.source[at..].split([' ', ';', ',']).next()
    }
}

/// How bad a finding is. Only an error stops the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A component will not start, or what was asked for cannot be done.
    Error,
    /// The cluster comes up, and is silently less than dual-stack.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// The word in a result.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// Where a finding is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The resource, by its position in the package.
    pub resource: Option<usize>,
    /// The place in it.
    pub path: Option<Path>,
    /// What stands there, if that helps. Never a value of a Secret.
    pub current: Option<Value>,
    /// What should stand there, if it is known.
    pub proposed: Option<Value>,
}

impl Place {
    /// The whole resource.
    pub fn of(resource: &Resource<'_>) -> Self {
        Self { resource: Some(resource.index), ..Self::default() }
    }

    /// A place in the resource.
    pub fn at(resource: &Resource<'_>, path: &Path) -> Self {
        Self { path: Some(path.clone()), ..Self::of(resource) }
    }

    /// With the value that stands there.
    #[must_use]
    pub fn with_current(self, current: impl Into<Value>) -> Self {
        Self { current: Some(current.into()), ..self }
    }

    /// With the value that should stand there.
    #[must_use]
    pub fn with_proposed(self, proposed: impl Into<Value>) -> Self {
        Self { proposed: Some(proposed.into()), ..self }
    }
}

/// A place that must hold something. Whether it does already is seen when it is lowered.
#[derive(Clone, Debug)]
pub struct Change {
    /// The resource, by its position in the package.
    pub resource: usize,
    /// What must hold.
    pub op: Op,
    /// Why.
    pub rule: &'static Rule,
    /// What is done and why, for a person.
    pub message: String,
}

/// An object that must be in the package, and is not.
#[derive(Clone, Debug)]
pub struct Addition {
    /// The object.
    pub object: Value,
    /// The resource that asks for it, by its position in the package; the new one goes into the same file.
    pub beside: usize,
    /// Why.
    pub rule: &'static Rule,
    /// What is done and why, for a person.
    pub message: String,
}

/// Something to say that is not an edit.
#[derive(Clone, Debug)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Which rule says so.
    pub rule: &'static Rule,
    /// What, where and what to do, for a person: one line.
    pub message: String,
    /// Where.
    pub place: Place,
}

/// All that the systems say about a package.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// In the order of the systems.
    pub changes: Vec<Change>,
    /// In the order of the systems.
    pub additions: Vec<Addition>,
    /// In the order of the systems.
    pub findings: Vec<Finding>,
}

impl Plan {
    /// Whether no system had anything to want or to say.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.additions.is_empty() && self.findings.is_empty()
    }

    /// `op` must hold in `resource`.
    pub fn want(&mut self, resource: &Resource<'_>, rule: &'static Rule, op: Op, message: impl Into<String>) {
        self.changes.push(Change { resource: resource.index, op, rule, message: message.into() });
    }

    /// `object` must be in the package; no object is it yet.
    pub fn add(&mut self, beside: &Resource<'_>, rule: &'static Rule, object: Value, message: impl Into<String>) {
        self.additions.push(Addition { object, beside: beside.index, rule, message: message.into() });
    }

    /// A finding of severity error.
    pub fn error(&mut self, rule: &'static Rule, place: Place, message: impl Into<String>) {
        self.find(Severity::Error, rule, place, message);
    }

    /// A finding of severity warning.
    pub fn warning(&mut self, rule: &'static Rule, place: Place, message: impl Into<String>) {
        self.find(Severity::Warning, rule, place, message);
    }

    /// A finding of severity info.
    pub fn info(&mut self, rule: &'static Rule, place: Place, message: impl Into<String>) {
        self.find(Severity::Info, rule, place, message);
    }

    /// A finding.
    pub fn find(&mut self, severity: Severity, rule: &'static Rule, place: Place, message: impl Into<String>) {
        self.findings.push(Finding { severity, rule, message: message.into(), place });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_links_to_its_first_page() {
        let rule = |source| Rule { id: "", title: "", why: "", remedy: "", source };
        assert_eq!(rule("kubeadm v1.33 types.go, https://a.b/c#d, https://e.f").link(), Some("https://a.b/c#d"));
        assert_eq!(rule("https://a.b/c features.go").link(), Some("https://a.b/c"));
        assert_eq!(rule("README, Configuration").link(), None);
    }
}
