//! The two ways to find the objects of a text, side by side.

use enable_dual_stack::package::{Package, Resource};
use enable_dual_stack::text::Span;
use enable_dual_stack::yaml::{Kind, Node, Value};

/// What came of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The scan leaves it to the parser.
    Declined,
    /// The scan found objects, and the parser refuses the text.
    Refused,
    /// Both found the same.
    Same,
    /// Both found the same, but some objects cannot be read alone.
    Entangled,
}

/// Scans and parses `text`.
///
/// # Panics
/// Where the two differ.
pub(crate) fn compare(text: &str) -> Verdict {
    let Some(scanned) = Package::scan(text) else { return Verdict::Declined };
    let Ok(parsed) = Package::read(text) else { return Verdict::Refused };
    assert_eq!(scanned.form, parsed.form, "another form:\n{text}");
    let all = |package: &Package<'_>| package.all().iter().map(heads).collect::<Vec<_>>();
    assert_eq!(all(&scanned), all(&parsed), "other objects:\n{text}");
    assert_eq!(scanned.function_config().map(known), parsed.function_config().map(known), "another functionConfig:\n{text}");
    assert!(!scanned.is_misread(), "nothing was asked for:\n{text}");
    let results = vec![Value::map([("message", "new".into()), ("tags", Value::map([("rule", "a".into())]))])];
    let (appended, expected) = (scanned.results(results.clone()), parsed.results(results));
    let mut entangled = scanned.is_misread();
    if !entangled {
        assert_eq!(appended, expected, "other results:\n{text}");
    }
    let object = Value::map([("kind", "New".into()), ("spec", Value::map([("list", Value::list(["a".into()]))]))]);
    let append = |package: &Package<'_>| package.append(&package.all()[0], &object);
    let (appended, expected) = (append(&scanned), append(&parsed));
    entangled |= scanned.is_misread();
    if !entangled {
        assert_eq!(appended, expected, "another object appended:\n{text}");
    }
    for (scanned, parsed) in scanned.all().iter().zip(parsed.all()) {
        if scanned.root().is_null() {
            let refers = |node: Node<'_>| node.is_anchored() || matches!(node.kind(), Kind::Alias(_));
            assert!(parsed.root().descendants().any(refers), "{parsed} cannot be read alone:\n{text}");
            entangled = true;
        } else {
            assert_eq!(known(scanned.root()), known(parsed.root()), "another {parsed}:\n{text}");
        }
    }
    assert_eq!(scanned.is_misread(), entangled);
    if entangled { Verdict::Entangled } else { Verdict::Same }
}

fn heads(resource: &Resource<'_>) -> [String; 4] {
    [&resource.api_version, &resource.kind, &resource.name, &resource.namespace].map(ToString::to_string)
}

/// All that is known of a node.
#[derive(Debug, PartialEq, Eq)]
struct Known<'t> {
    /// Where its target starts, if it is an alias.
    alias: Option<usize>,
    kind: Option<Kind>,
    span: Span,
    slot: usize,
    start: usize,
    tag: Option<&'t str>,
    text: Option<&'t str>,
}

fn known(root: Node<'_>) -> Vec<Known<'_>> {
    root.descendants().map(known_of).collect()
}

fn known_of(node: Node<'_>) -> Known<'_> {
    let is_alias = matches!(node.kind(), Kind::Alias(_));
    Known {
        alias: is_alias.then(|| node.resolved().start()),
        kind: (!is_alias).then(|| node.kind()),
        span: node.span(),
        slot: node.slot(),
        start: node.start(),
        tag: node.tag(),
        text: node.text(),
    }
}
