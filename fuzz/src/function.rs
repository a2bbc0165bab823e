//! The whole function, on any bytes: the invariants of docs/architecture.md, as far as they can be asked of texts that
//! nobody wrote.

use std::collections::BTreeSet;

use enable_dual_stack::config::{Action, Config};
use enable_dual_stack::package::{self, Package};
use enable_dual_stack::text::{self, Edit, Span};
use enable_dual_stack::yaml::{Node, Tree, Value};
use enable_dual_stack::{results, run};

use crate::common::{forms, harness, oracle};
use crate::readers;

/// # Panics
/// Where an invariant does not hold.
pub fn function(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let response = run::function(text);
    let Some(edits) = response.output else {
        assert_eq!(response.code, 2, "there is no output");
        assert!(response.stderr.starts_with("error: "), "it must say why: {:?}", response.stderr);
        return;
    };
    let output = edited(text, &edits);
    // An object that nobody asked for may be no YAML.
    let Ok(package) = Package::read(text) else { return };
    let Some(config) = harness::config_of(text) else {
        assert_eq!(response.code, 2, "a configuration that cannot be read");
        assert_no_other_object_changed(&package, &output, &BTreeSet::new());
        return;
    };
    let changed = assert_one_text(text, &package, &config);
    assert_no_other_object_changed(&package, &output, &if config.action == Action::Apply { changed } else { BTreeSet::new() });
    if config.action == Action::Apply && is_comparable(text) && is_comparable(&output) && checks_when_asked(text) {
        harness::invariants(text, &config);
    }
}

/// What must hold of a package and a configuration, whatever the text says and however it is wrapped; the objects that change.
///
/// # Panics
/// Where it does not hold.
pub(crate) fn assert_one_text(text: &str, package: &Package<'_>, config: &Config) -> BTreeSet<usize> {
    let config = &Config { action: Action::Apply, ..config.clone() };
    let outcome = run::run(package, config);
    let scanned = package::with(text, |package| run::run(package, config)).expect("read before");
    assert_eq!((&outcome.edits, &outcome.reports), (&scanned.edits, &scanned.reports), "scanned, and parsed");
    let results: Vec<_> = outcome.reports.iter().map(|report| report.result(package)).collect();
    let checking = Config { action: Action::Check, ..config.clone() };
    assert!(run::run(package, &checking).edits.is_empty(), "`Check` makes edits");
    assert!(!outcome.reports.iter().any(|report| report.rule == run::UNVERIFIED.id), "an edit that is a bug: {results:?}");

    let changed = outcome.edits.keys().copied().collect();
    let edits: Vec<_> = outcome.edits.into_values().flatten().collect();
    let output = edited(text, &edits);
    if !results::has_error(&outcome.reports) {
        let after = Package::read(&output).unwrap_or_else(|error| panic!("the output cannot be read: {error}\n{output}"));
        assert_eq!(after.form, package.form);
        assert!(run::run(&after, config).edits.is_empty(), "running on the output makes edits of\n{output}");
        let missing = run::run(&after, &checking).reports.into_iter().find(|report| report.message.starts_with("must be changed: "));
        assert_eq!(missing, None, "`Check` after `Apply`");
    }

    // One twin for each text: both would take twice the time.
    let (name, twin) = if text.len().is_multiple_of(2) { ("with CRLF", forms::crlf(text)) } else { ("with BOM", forms::bom(text)) };
    if !text.contains('\r') && readers::agree(text) {
        let package = Package::read(&twin).unwrap_or_else(|error| panic!("{name} it cannot be read: {error}"));
        let of_twin: Vec<_> = run::run(&package, config).reports.iter().map(|report| report.result(&package)).collect();
        assert_eq!(results, of_twin, "{name}");
    }
    changed
}

/// `text` with `edits`, which can be undone.
pub(crate) fn edited(text: &str, edits: &[Edit]) -> String {
    let output = text::splice(text, edits.to_vec()).expect("no overlap");
    assert!(harness::undone(text, &output, edits) == text, "undoing the edits gives the input back");
    output
}

/// Every object but those at `changed` is the same bytes, at its place.
fn assert_no_other_object_changed(before: &Package<'_>, output: &str, changed: &BTreeSet<usize>) {
    let after = Package::read(output).unwrap_or_else(|error| panic!("the output cannot be read: {error}\n{output}"));
    assert!(after.all().len() >= before.all().len(), "items out >= items in");
    let whole = before.text;
    for (before, after) in before.all().iter().zip(after.all()).filter(|(before, _)| !changed.contains(&before.index)) {
        // A block scalar at the end of a text without a last line break keeps its value by another header.
        if whole.ends_with('\n') {
            let bytes = |root: Node<'_>| root.span().of(root.source()).to_owned();
            assert_eq!(bytes(before.root()), bytes(after.root()), "no change is reported of {before}");
        } else {
            assert_eq!(Value::of(before.root()), Value::of(after.root()), "no change is reported of {before}");
        }
    }
}

/// Whether the harness can tell what a text says: another reader reads the same, and every object can be told apart.
pub(crate) fn is_comparable(text: &str) -> bool {
    // A name such as `true` or `0x10` is no string, and each reader writes it in its own way.
    let is_word = |value: Option<&Value>| matches!(value, None | Some(Value::Null | Value::Str(_)));
    let has_words = |object: &Value| {
        let metadata = object.get("metadata");
        let names = ["name", "namespace"].into_iter().all(|key| is_word(metadata.and_then(|metadata| metadata.get(key))));
        names && ["apiVersion", "kind"].into_iter().all(|key| is_word(object.get(key)))
    };
    let are_told_apart = |objects: Vec<Value>| {
        let identities: BTreeSet<_> = objects.iter().map(oracle::Identity::of_object).collect();
        identities.len() == objects.len() && objects.iter().all(has_words)
    };
    readers::agree(text) && inner_texts_agree(text) && oracle::objects(text).is_ok_and(are_told_apart)
}

/// Whether the other reader takes the documents inside of scalars as ours does, where ours reads them.
fn inner_texts_agree(text: &str) -> bool {
    let Ok(tree) = Tree::parse(text, Span::new(0, text.len())) else { return true };
    let mut inner = tree.roots().flat_map(Node::descendants).filter_map(Node::text);
    let is_read = |inner: &str| inner.len() < text.len() && Tree::parse(inner, Span::new(0, inner.len())).is_ok();
    inner.all(|inner| !inner.contains(['\n', '{', '[']) || !is_read(inner) || (readers::agree(inner) && inner_texts_agree(inner)))
}

/// Whether the harness can turn the action of the configuration in a text to `Check`, and what is in it is not doubtful.
fn checks_when_asked(text: &str) -> bool {
    text.matches("\"Apply\"").count() == 1
        && !text.contains("results")
        && harness::config_of(&harness::in_check(text)).is_some_and(|config| config.action == Action::Check)
}
