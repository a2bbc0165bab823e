//! Strings that hold a document, and block scalars: which bytes of them change.

use super::*;

/// What inner edits make of the value of `a`.
#[track_caller]
fn check_lifted(before: &str, edits: &[(usize, usize, &str)], after: &str) {
    let tree = Tree::parse(before, Span::new(0, before.len())).expect("the input is YAML");
    let embedded = Embedded::of(tree.roots().next().and_then(|root| root.get("a")).expect("a")).expect("a scalar");
    let edits = edits.iter().map(|&(start, end, text)| Edit { span: Span::new(start, end), text: text.to_owned() }).collect();
    assert_eq!(splice(before, embedded.lift(edits).expect("no overlap")).expect("no overlap"), after);
}

#[test]
fn what_comes_to_the_end_of_a_block_stays_in_it() {
    // Behind the last line break begins what is not the block.
    check_lifted("a: |\n  b: 1\nc: 2\n", &[(5, 5, "d: 3\n")], "a: |\n  b: 1\n  d: 3\nc: 2\n");
    check_lifted("a: |\n  b: 1\nc: 2\n", &[(3, 5, "4\n")], "a: |\n  b: 4\nc: 2\n");
    check_lifted("a: |\n  b: 1\nc: 2\n", &[(4, 5, "4\n")], "a: |\n  b: 14\nc: 2\n");
    check_lifted("a: |\n  b: 1\nc: 2\n", &[(0, 0, "d: 3\n")], "a: |\n  d: 3\n  b: 1\nc: 2\n");
    check_lifted("a: |+\n  b: 1\n  d: 3\n\nc: 2\n", &[(5, 11, "")], "a: |+\n  b: 1\nc: 2\n");
    check_lifted("a: |\r\n  b: 1\r\n  d: 3\r\nc: 2\r\n", &[(5, 10, "")], "a: |\r\n  b: 1\r\nc: 2\r\n");
    check_lifted("a: |\r\n  b: 1\r\nc: 2\r\n", &[(5, 5, "d: 3\n")], "a: |\r\n  b: 1\r\n  d: 3\r\nc: 2\r\n");
    check_lifted("a: |\n  b: 1\n  d: 3\nc: 2\n", &[(5, 10, "")], "a: |\n  b: 1\nc: 2\n");
    check_lifted("a: |\n  b: 1\n  d: 3\nc: 2\n", &[(0, 5, "")], "a: |\n  d: 3\nc: 2\n");
    check_lifted("a: |\n  b: 1\n  d: 3\nc: 2\n", &[(5, 9, "")], "a: |\n  b: 1\n  \nc: 2\n");
    check_lifted("a: |\n  b: 1\n  d: 3\nc: 2\n", &[(4, 5, " ")], "a: |\n  b: 1 d: 3\nc: 2\n");
    check_lifted("a: |-\n  b: 1\n  d: 3\nc: 2\n", &[(9, 9, "4")], "a: |-\n  b: 1\n  d: 34\nc: 2\n");
}

#[test]
fn lines_that_have_less_than_the_indentation_are_as_long_as_they_are() {
    // One blank of two: the empty line between `b` and `c`.
    let before = "a: |\n  b: 1\n \n  c: 2\n";
    check_lifted(before, &[(0, 5, "")], "a: |\n \n  c: 2\n");
    check_lifted(before, &[(5, 6, "")], "a: |\n  b: 1\n  c: 2\n");
    check_lifted(before, &[(5, 5, "d: 3")], "a: |\n  b: 1\n  d: 3\n  c: 2\n");
}

#[test]
fn quotes_inside_quotes() {
    check("a: '{\"b\": \"it''s\", \"c\": 1}'\n", &[is("a > c", Value::Number("2".into()))], "a: '{\"b\": \"it''s\", \"c\": 2}'\n");
    check_lifted("a: 'it''s b'\n", &[(5, 6, "c")], "a: 'it''s c'\n");
    check_lifted("a: 'it''s b'\n", &[(2, 3, "")], "a: 'its b'\n");
    check_lifted("a: \"\\\"b\\\" c\"\n", &[(4, 5, "d")], "a: \"\\\"b\\\" d\"\n");
    // A line break needs double quotes.
    check_lifted("a: 'b'\n", &[(1, 1, "\n")], "a: \"b\\n\"\n");
}

#[test]
fn a_block_keeps_its_header_where_that_can_say_the_new_text() {
    check("a: |\n  one\nb: 1\n", &[is("a", "two\n")], "a: |\n  two\nb: 1\n");
    check("a: |\n  aa\n  b\n", &[is("a", "aaa\nb\n")], "a: |\n  aaa\n  b\n");
    check("a: |\n  aa\n", &[is("a", "a\n")], "a: |\n  a\n");
    check("a: |\n  one\nb: 1\n", &[is("a", " two\n")], "a: \" two\\n\"\nb: 1\n");
    check("a: |2\n   one\nb: 1\n", &[is("a", " two\n")], "a: |2\n   two\nb: 1\n");
    check("a: |\n  one\nb: 1\n", &[is("a", "t\u{7}o\n")], "a: \"t\\u0007o\\n\"\nb: 1\n");
    check("a: |\n  one\nb: 1\n", &[is("a", "t\u{feff}o\n")], "a: \"t\\ufeffo\\n\"\nb: 1\n");
    check("a: |\n  one\nb: 1\n", &[is("a", "two\tx\n")], "a: |\n  two\tx\nb: 1\n");
    check("a: |\n  one\nb: 1\n", &[is("a", "")], "a: \"\"\nb: 1\n");
}

#[test]
fn a_lone_carriage_return_is_named_where_it_stands() {
    let before = "---\nx: 1\n---\na: \"b\rc\"\nd: 1\n";
    let tree = Tree::parse(before, Span::new(0, before.len())).expect("the input is YAML");
    let blocked = lower(tree.roots().nth(1).expect("two documents"), &[is("d", "x")]).expect_err("a lone carriage return");
    assert_eq!(blocked.offset, before.find('\r').expect("there it is"));
}

#[test]
fn the_smallest_part_of_a_block_changes() {
    check("a: |\n  one\n  two\n", &[is("a", "one\nthree\n")], "a: |\n  one\n  three\n");
    check("a: |\n  one\n  two\nb: 1\n", &[is("a", "one\n")], "a: |\n  one\nb: 1\n");
    check("a: |-\n  one\n\n  two\n", &[is("a", "one\n\nzwei\n\ntwo")], "a: |-\n  one\n\n  zwei\n\n  two\n");
    check("a: |\n  one\n", &[is("a", "one")], "a: \"one\"\n");
    check("a: |-\n\n  one\n", &[is("a", "two")], "a: |-\n  two\n");
    check("a: |\n  one\n\n  two\n", &[is("a", "one\nx\ntwo\n")], "a: |\n  one\n  x\n  two\n");
    check("a: |\n  one\nb: 1\n", &[is("a", "one\n\ntwo\n")], "a: |\n  one\n\n  two\nb: 1\n");
    check("a: |2\n   one\n  two\n", &[is("a", " one\n two\n")], "a: |2\n   one\n   two\n");
    check("a: >-\n  one\n  two\n", &[is("a", "three")], "a: \"three\"\n");
}

#[test]
fn the_comment_of_a_block_that_goes_stays() {
    check("a: | # why\n  one\nb: 1\n", &[is("a", "two")], "a: \"two\" # why\nb: 1\n");
    check("a: >- # why\n  one\nb: 1\n", &[is("a", true)], "a: true # why\nb: 1\n");
    check("a: |2 # why\n  one\nb: 1\n", &[is("a", Value::map([("c", Value::from("x"))]))], "a: # why\n  c: x\nb: 1\n");
}

#[test]
fn the_first_line_of_a_block_decides_its_indentation() {
    // Without `|2`, blanks at the start of the first line would be indentation.
    check("a: |\n  one\n  two\n", &[is("a", " one\ntwo\n")], "a: \" one\\ntwo\\n\"\n");
    check("a:\n  b: >+\n    one\n\n  c: 1\n", &[is("a.b", 2)], "a:\n  b: 2\n  c: 1\n");
    check("a: |\n  one\n", &[is("a", "\n one\n")], "a: \"\\n one\\n\"\n");
}

#[test]
fn documents_in_strings() {
    check(
        "a: |\n  {\n    \"b\": {\n      \"c\": 1\n    }\n  }\n",
        &[is("a > b.d", "x")],
        "a: |\n  {\n    \"b\": {\n      \"c\": 1,\n      \"d\": \"x\"\n    }\n  }\n",
    );
    check("a: '{\"b\":\"it''s\"}'\n", &[is("a > c", "it's")], "a: '{\"b\":\"it''s\",\"c\":\"it''s\"}'\n");
    check("a: \"{\\\"b\\\": 1}\"\n", &[is("a > c", "x")], "a: \"{\\\"b\\\": 1, \\\"c\\\": \\\"x\\\"}\"\n");
    check("a: |\n  b:\n    c: 1\n  d: 2\n", &[is("a > b.x", "q"), is("a > e", "z")], "a: |\n  b:\n    c: 1\n    x: q\n  d: 2\n  e: z\n");
    check(
        "a: |\n  b: |\n    c: 1\n  d: 2\n",
        &[is("a > b > c", 2), is("a > b > x.q", "z")],
        "a: |\n  b: |\n    c: 2\n    x:\n      q: z\n  d: 2\n",
    );
    check("a: |-\n  b: 1", &[is("a > c", "x")], "a: |-\n  b: 1\n  c: x");
    check("a: |\n  b: 1\n  c: 2\n  d: 3\ne: 4\n", &[absent("a > c")], "a: |\n  b: 1\n  d: 3\ne: 4\n");
    check("a: |\n  b: 1\n  c: 2\ne: 4\n", &[absent("a > c")], "a: |\n  b: 1\ne: 4\n");
    check("a: |\n  b: |\n    x\n  c: 2\ne: 4\n", &[absent("a > c")], "a: |\n  b: |\n    x\ne: 4\n");
    check("a: |\n  b: 1\n\n  c: 2\ne: 4\n", &[absent("a > b")], "a: |\n\n  c: 2\ne: 4\n");
    check("a: |\n  b: 1\n  c: 2\ne: 4\n", &[absent("a > b")], "a: |\n  c: 2\ne: 4\n");
    check("a: \"b: 1\\nc: 2\\n\"\n", &[is("a > b", "x"), is("a > d", "q")], "a: \"b: x\\nc: 2\\nd: q\\n\"\n");
    let text = "a: |\n  b: 1\n  c: 2\n";
    let tree = Tree::parse(text, Span::new(0, text.len())).expect("YAML");
    let done = lower(tree.roots().next().expect("a document"), &[is("a > c", 3)]).expect("an edit").done;
    assert_eq!((&done[0].path, done[0].offset), (&path("a > c"), text.find('2').expect("the value")), "what is done in a string");
    let blocked = lower(tree.roots().next().expect("a document"), &[is("a > b.x", 3)]).expect_err("`b` is a number");
    assert_eq!((blocked.path, blocked.offset), (path("a > b"), text.find('1').expect("the value")), "what is in the way in a string");
    check_blocked("a: |\n  b: [\n", &[is("a > b", "x")], "the document in `a` cannot be read: unclosed bracket '['");
    check_blocked("a: ''\n", &[is("a > b", "x")], "the document in `a` is empty");
    check_blocked("a: {}\n", &[is("a > b", "x")], "`a` must be a string that holds a document");
}
