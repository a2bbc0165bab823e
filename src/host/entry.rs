//! What there is to say about files: a [`Report`] whose place is a line of a file.

use crate::package::{Package, Resource};
use crate::plan::{Rule, Severity};
use crate::results::{Report, short};
use crate::text::{self, Span};
use crate::yaml::{Kind, Node, Style, Value};

/// One thing to say.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub severity: Severity,
    /// The id of the rule.
    pub rule: &'static str,
    /// What, for a person: one line.
    pub message: String,
    /// The position of the file in the run.
    pub file: Option<usize>,
    /// The bytes of the file that this is about; they are on one line.
    pub span: Option<Span>,
    pub object: Option<Object>,
    /// The place in the object.
    pub path: Option<String>,
    /// What stands there.
    pub current: Option<Value>,
    /// What should stand there.
    pub proposed: Option<Value>,
}

/// The object that an entry is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object {
    pub api_version: String,
    pub kind: String,
    pub namespace: String,
    pub name: String,
    /// As messages call it.
    pub title: String,
}

impl Object {
    fn of(resource: &Resource<'_>) -> Self {
        let [api_version, kind, namespace, name] =
            [&resource.api_version, &resource.kind, &resource.namespace, &resource.name].map(std::string::ToString::to_string);
        Self { api_version, kind, namespace, name, title: short(resource.to_string()) }
    }

    /// Whether its text must not be shown.
    pub(super) fn is_secret(&self) -> bool {
        self.kind == "Secret"
    }
}

impl Entry {
    /// Something about no file.
    pub(super) fn general(severity: Severity, rule: &'static Rule, message: impl Into<String>) -> Self {
        Self {
            severity,
            rule: rule.id,
            message: short(message.into()),
            file: None,
            span: None,
            object: None,
            path: None,
            current: None,
            proposed: None,
        }
    }

    /// An error at a byte of a file.
    pub(super) fn at(file: usize, text: &str, offset: Option<usize>, rule: &'static Rule, message: impl Into<String>) -> Self {
        let span = offset.map(|offset| rest_of_line(text, offset));
        Self { file: Some(file), span, ..Self::general(Severity::Error, rule, message) }
    }

    /// What a run says of a package; `file_of` tells the file of an object.
    pub(super) fn of(report: Report, package: &Package<'_>, file_of: impl Fn(usize) -> usize) -> Self {
        let resource = report.resource.and_then(|index| package.all().get(index));
        let span = resource.zip(report.offset).map(|(resource, offset)| {
            let root = resource.root();
            let node = report.path.as_ref().map(|path| root.nearest(path)).filter(|node| node.start() == offset);
            node.and_then(one_line).unwrap_or_else(|| rest_of_line(root.source(), offset))
        });
        Self {
            severity: report.severity,
            rule: report.rule,
            message: short(report.message),
            file: report.resource.filter(|_| resource.is_some()).map(file_of),
            span,
            object: resource.map(Object::of),
            path: report.path.map(|path| path.to_string()),
            current: report.current,
            proposed: report.proposed,
        }
    }
}

/// The bytes of a scalar that is on one line.
fn one_line(node: Node<'_>) -> Option<Span> {
    let span = Span::new(node.start(), node.span().end);
    let plain = matches!(node.kind(), Kind::Scalar(Style::Plain | Style::Single | Style::Double));
    (plain && !span.of(node.source()).contains('\n')).then_some(span)
}

/// From `offset` to the last byte of its line that says something.
fn rest_of_line(text: &str, offset: usize) -> Span {
    let offset = offset.min(text.len());
    let end = text::line_end(text, offset);
    Span::new(offset, offset + text[offset..end].trim_end().len())
}
