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
