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
    assert_eq!(scanned.function_config().map(described), parsed.function_config().map(described), "another functionConfig:\n{text}");
    assert!(!scanned.is_misread(), "nothing was asked for:\n{text}");
    let results = vec![Value::map([("message", "new".into()), ("tags", Value::map([("rule", "a".into())]))])];
    let (appended, expected) = (scanned.results(results.clone()), parsed.results(results));
    let mut entangled = scanned.is_misread();
    if !entangled {
        assert_eq!(appended, expected, "other results:\n{text}");
    }
    for (scanned, parsed) in scanned.all().iter().zip(parsed.all()) {
        if scanned.root().is_null() {
            let refers = |node: Node<'_>| node.is_anchored() || matches!(node.kind(), Kind::Alias(_));
            assert!(parsed.root().descendants().any(refers), "{parsed} cannot be read alone:\n{text}");
            entangled = true;
        } else {
            assert_eq!(described(scanned.root()), described(parsed.root()), "another {parsed}:\n{text}");
        }
    }
    assert_eq!(scanned.is_misread(), entangled);
    if entangled { Verdict::Entangled } else { Verdict::Same }
}

fn heads(resource: &Resource<'_>) -> [String; 4] {
    [&resource.api_version, &resource.kind, &resource.name, &resource.namespace].map(ToString::to_string)
}

/// All that is known of a node and those below it; an alias is where its target starts.
fn described(root: Node<'_>) -> Vec<(String, Span, usize, usize, Option<&str>, Option<&str>)> {
    let kind = |node: Node<'_>| match node.kind() {
        Kind::Alias(_) => format!("alias of {}", node.resolved().start()),
        kind => format!("{kind:?}"),
    };
    root.descendants().map(|node| (kind(node), node.span(), node.slot(), node.start(), node.tag(), node.text())).collect()
}
