//! Where a member stands that comes, and what stays where one goes.

use super::*;

#[test]
fn blanks_behind_a_comma_are_those_of_the_nearest_brackets() {
    check("{a: [1,2],b: [3]}\n", &[contains("b", "x")], "{a: [1,2],b: [3,x]}\n");
    check("[[1, 2],[3]]\n", &[contains("[1]", "x")], "[[1, 2],[3,x]]\n");
    check("a: {b: 1,\n c: 2, d: 3}\n", &[is("a.x", "q")], "a: {b: 1,\n c: 2, d: 3, x: q}\n");
    check("a: [\n  1,\n  2\n]\n", &[contains("a", "x")], "a: [\n  1,\n  2,\n  x\n]\n");
}

#[test]
fn a_value_stands_directly_behind_what_it_stood_behind() {
    check("{\"a\":1}\n", &[is("a", Value::Number("2".into()))], "{\"a\":2}\n");
    check("a: [1,2]\n", &[is("a[1]", Value::Number("3".into()))], "a: [1,3]\n");
}

#[test]
fn the_last_line_keeps_that_it_has_no_line_break_whatever_else_changes() {
    check("a: 1\nb: |\n  one", &[is("a", Value::Number("2".into())), is("c", "x")], "a: 2\nb: |-\n  one\nc: x");
    check("a: |\n  one", &[is("a", "two"), is("b", "x")], "a: |-\n  two\nb: x");
    check("a: |\n  one\n# end", &[is("b", "x")], "a: |\n  one\nb: x\n# end");
}

#[test]
fn a_member_in_the_middle_goes_with_its_line_only() {
    check("a: 1\r\nb: 2\r\nc: 3\r\n", &[absent("b")], "a: 1\r\nc: 3\r\n");
    check("a: |\n  t\nb: 1\n\nc: 2\n", &[absent("b")], "a: |\n  t\n\nc: 2\n");
    check("x:\n  a: |\n    t\n  b: 1\ny: 2\n", &[absent("x.b")], "x:\n  a: |\n    t\ny: 2\n");
    check("x: 0\n?   a\n: b\nc: 1\n", &[absent("a")], "x: 0\nc: 1\n");
    check("m:\n  x: 0\n  ? a\n  : b\n  c: 1\n", &[absent("m.a")], "m:\n  x: 0\n  c: 1\n");
}

#[test]
fn what_follows_a_member_on_the_line_of_a_dash_moves_up_only_from_the_next_line() {
    check("- a: 1\n  b: 2\n", &[absent("[0].a")], "- b: 2\n");
    check("- a: 1\n\n  b: 2\n", &[absent("[0].a")], "- \n\n  b: 2\n");
    check("- a: 1 # one\n  b: 2\n", &[absent("[0].a")], "- \n  b: 2\n");
    check("- a: 1\n  # two\n  b: 2\n", &[absent("[0].a")], "- \n  # two\n  b: 2\n");
}

#[test]
fn new_keys_come_in_the_order_of_the_wishes_that_add_them() {
    check("z: 1\n", &[absent("b.x"), is("a", "q"), is("b.w", "r")], "z: 1\na: q\nb:\n  w: r\n");
    check("z: 1\n", &[exists("a", "one"), is("c", "q"), is("a", "two")], "z: 1\na: two\nc: q\n");
}

#[test]
fn what_a_merge_key_brings_is_there() {
    check("b: &x {a: 1}\nc:\n  <<: *x\n", &[exists("c.a", "q")], "b: &x {a: 1}\nc:\n  <<: *x\n");
    check("b: &x {a: }\nc:\n  <<: *x\n", &[exists("c.a", "q")], "b: &x {a: }\nc:\n  <<: *x\n  a: q\n");
}

#[test]
fn keys_stand_where_the_first_one_does() {
    check("m:\n    ? a\n    : b\nn: 1\n", &[is("m.c", "x")], "m:\n    ? a\n    : b\n    c: x\nn: 1\n");
    check("m:\n    &k a: b\nn: 1\n", &[is("m.c", "x")], "m:\n    &k a: b\n    c: x\nn: 1\n");
    check("m: &m\n    !!str a: b\nn: 1\n", &[is("m.c", "x")], "m: &m\n    !!str a: b\n    c: x\nn: 1\n");
}

#[test]
fn what_cannot_be_printed_needs_double_quotes() {
    check("a: 'x'\n", &[is("b", "t\u{7}o")], "a: 'x'\nb: \"t\\u0007o\"\n");
}

#[test]
fn an_empty_list_has_its_brackets() {
    check("a: 1\n", &[is("b", Value::List(vec![]))], "a: 1\nb: []\n");
}

#[test]
fn an_item_over_lines_is_laid_out_like_the_last_one() {
    let item = || Value::map([("b", "x".into()), ("c", "q".into())]);
    check("a: [{\n  d: 1\n}]\n", &[contains("a", item())], "a: [{\n  d: 1\n}, {\n  b: x,\n  c: q\n}]\n");
    check("a: [{\"d\":1}]\n", &[contains("a", item())], "a: [{\"d\":1}, {\"b\":\"x\", \"c\":\"q\"}]\n");
    check("a:\n- {d: 1}\n", &[contains("a", item())], "a:\n- {d: 1}\n- {b: x, c: q}\n");
    // Comments belong to the one item that they are in.
    check("a:\n- { # one\n    d: 1}\n", &[contains("a", item())], "a:\n- { # one\n    d: 1}\n- b: x\n  c: q\n");
    check("a:\n- {d: 1, # one\n    e: 2}\n", &[contains("a", item())], "a:\n- {d: 1, # one\n    e: 2}\n- b: x\n  c: q\n");
    check("a:\n- {d: 1 # one\n  }\n", &[contains("a", item())], "a:\n- {d: 1 # one\n  }\n- b: x\n  c: q\n");
}

#[test]
fn a_key_is_renamed_as_its_place_needs() {
    check("{a: 1}\n", &[named("a", "b,c")], "{\"b,c\": 1}\n");
    check("a: 1\n", &[named("a", "b,c")], "b,c: 1\n");
    check("{\"a\": 1, b: 2}\n", &[named("b", "c")], "{\"a\": 1, \"c\": 2}\n");
}

#[test]
fn a_key_without_a_value_gets_none() {
    check_blocked("? a\nb: 1\n", &[is("a", "x")], "`a` is a key without a value: write a `:` for it on the next line");
    check("? a\nb: 1\n", &[is("b", "x"), is("a", Value::Null)], "? a\nb: x\n");
}

#[test]
fn documents_and_items_behind_the_last_one() {
    let behind = |text: &str, of_item: bool| {
        let tree = Tree::parse(text, Span::new(0, text.len())).expect("the input is YAML");
        let root = tree.roots().last().expect("a document");
        let value = Value::map([("x", "q".into())]);
        let edits = if of_item { append_item(root.items().last()?, &value)? } else { append_document(root, &value) };
        Some(splice(text, edits).expect("no overlap"))
    };
    assert_eq!(behind("a: b\n# end", false).as_deref(), Some("a: b\n# end\n---\nx: q"));
    assert_eq!(behind("a: b # end", false).as_deref(), Some("a: b # end\n---\nx: q"));
    assert_eq!(behind("-   a: b\n", true).as_deref(), Some("-   a: b\n-   x: q\n"));
    assert_eq!(behind("-\n      a: b\n", true).as_deref(), Some("-\n      a: b\n- x: q\n"));
    assert_eq!(behind("[a]\n", true), None);
}
