//! The second opinion on every edit, where a wish holds by what stands elsewhere, or nothing is there to be taken.

use super::*;

#[track_caller]
fn check_agrees(before: &str, after: &str, ops: &[Op], wanted: bool) {
    let parsed = |text| Tree::parse(text, Span::new(0, text.len())).expect("YAML");
    let (one, other) = (parsed(before), parsed(after));
    let root = |tree: &'_ Tree<'_>| tree.roots().next().expect("a document").id();
    assert_eq!(agrees(one.node(root(&one)), other.node(root(&other)), ops), wanted);
}

#[test]
fn what_holds_through_a_merge_key_or_an_alias_changes_nothing() {
    let one = || Value::Number("1".into());
    let merged = "b: &x {a: 1}\nc:\n  <<: *x\n";
    check_agrees(merged, merged, &[is("c.a", one())], true);
    check_agrees(merged, "b: &x {a: 1}\nc:\n  <<: *x\n  a: 1\n", &[is("c.a", one())], false);
    let alias = "b: &x 1\nc: *x\n";
    check_agrees(alias, alias, &[is("c", one())], true);
    check_agrees(alias, "b: &x 1\nc: 1\n", &[is("c", one())], false);
}

#[test]
fn an_alias_of_nothing_is_nothing() {
    let before = "a: &x\nb: *x\n";
    check_agrees(before, "a: &x\nb: q\n", &[exists("b", "q")], true);
    check_agrees(before, before, &[exists("b", "q")], false);
}

#[test]
fn what_is_there_already_is_not_written_over() {
    check_agrees("b: 1\n", "b: 1\na: x\n", &[is("a", "x"), exists("a", "q")], true);
    check_agrees("b: 1\n", "b: 1\na: q\n", &[is("a", "x"), exists("a", "q")], false);
}

#[test]
fn nothing_can_be_taken_from_behind_the_end() {
    check_agrees("a: [1]\n", "a: [1]\n", &[absent("a[1]")], true);
    check_agrees("a: [1]\n", "a: []\n", &[absent("a[1]")], false);
    check_agrees("a: [1]\n", "a: []\n", &[absent("a[0]")], true);
}

#[test]
fn a_string_without_a_document_says_nothing() {
    check_agrees("a: \"# none\"\n", "a: \"# none\"\n", &[absent("a > b")], true);
    check_agrees("a: \"# none\"\n", "a: \"# other\"\n", &[absent("a > b")], true);
    check_agrees("a: \"# none\"\n", "a: \"b: 1\"\n", &[absent("a > b")], false);
}
