//! The editor by itself: hand-picked cases with their exact bytes here, random ones in `editor/random.rs`.

#![expect(clippy::disallowed_methods, reason = "tests read the environment")]

#[path = "editor/agrees.rs"]
mod agrees;
#[path = "editor/members.rs"]
mod members;
#[path = "common/oracle.rs"]
mod oracle;
#[path = "editor/properties.rs"]
mod properties;
#[path = "editor/random.rs"]
mod random;
#[path = "editor/render.rs"]
mod render;
#[path = "editor/strings.rs"]
mod strings;

use enable_dual_stack::text::{Edit, Span, splice};
use enable_dual_stack::yaml::{Embedded, Op, Path, Reword, Step, Tree, Value, Want, agrees, append_document, append_item, lower};

/// `spec.env[name=IP6].value`, `list[0]`; ` > ` goes into the document that a string holds.
fn path(text: &str) -> Path {
    text.split(" > ").enumerate().fold(Path::root(), |path, (number, part)| {
        let path = if number == 0 { path } else { path.inside() };
        part.split(['.', '[']).filter(|step| !step.is_empty()).fold(path, |path, step| match step.strip_suffix(']') {
            None => path.key(step),
            Some(index) => match index.split_once('=') {
                Some((key, value)) => path.item(key, value),
                None => path.step(Step::Index(index.parse().expect("an index"))),
            },
        })
    })
}

fn is(at: &str, value: impl Into<Value>) -> Op {
    Op::is(path(at), value)
}

fn absent(at: &str) -> Op {
    Op::new(path(at), Want::Absent)
}

fn contains(at: &str, value: impl Into<Value>) -> Op {
    Op::new(path(at), Want::Contains(value.into()))
}

fn exists(at: &str, value: impl Into<Value>) -> Op {
    Op::new(path(at), Want::Exists(value.into()))
}

fn named(at: &str, name: &str) -> Op {
    Op::new(path(at), Want::Named(name.into()))
}

/// What `ops` make of the only document in `before`.
fn edited(before: &str, ops: &[Op]) -> Result<String, String> {
    let tree = Tree::parse(before, Span::new(0, before.len())).expect("the input is YAML");
    let root = tree.roots().next().expect("a document");
    let lowered = lower(root, ops).map_err(|blocked| blocked.to_string())?;
    Ok(splice(before, lowered.edits).expect("no overlap"))
}

#[track_caller]
fn check(before: &str, ops: &[Op], after: &str) {
    assert_eq!(edited(before, ops), Ok(after.to_owned()));
    assert_eq!(edited(after, ops), Ok(after.to_owned()), "a second time");
}

#[track_caller]
fn check_blocked(before: &str, ops: &[Op], reason: &str) {
    assert_eq!(edited(before, ops), Err(reason.to_owned()));
}

// --- Where a block collection ends

#[test]
fn a_new_key_stands_in_front_of_blank_lines_and_comments_that_follow() {
    check("a:\n  b: 1\n\n# about c\nc: 2\n", &[is("a.x", "q")], "a:\n  b: 1\n  x: q\n\n# about c\nc: 2\n");
    check("a:\n  b: 1 # one\nc: 2\n", &[is("a.x", "q")], "a:\n  b: 1 # one\n  x: q\nc: 2\n");
    check("a:\n  b: 1\n", &[is("x", "q")], "a:\n  b: 1\nx: q\n");
}

#[test]
fn a_comment_that_stands_deeper_belongs_to_the_last_member() {
    check("a:\n- b: 1\n  # c: 2\nd: 3\n", &[contains("a", "x")], "a:\n- b: 1\n  # c: 2\n- x\nd: 3\n");
    check("a:\n- b: 1\n# - b: 2\nd: 3\n", &[contains("a", "x")], "a:\n- b: 1\n- x\n# - b: 2\nd: 3\n");
    check("a:\n  b: 1\n\n  # the rest of a\n  # is empty\n", &[is("x", "q")], "a:\n  b: 1\n\n  # the rest of a\n  # is empty\nx: q\n");
    check("a:\n  b: 1\n  # no line break", &[is("x", "q")], "a:\n  b: 1\n  # no line break\nx: q");
}

#[test]
fn a_key_behind_a_block_scalar() {
    check("a:\n  b: |\n    one\n\nc: 2\n", &[is("a.x", "q")], "a:\n  b: |\n    one\n  x: q\n\nc: 2\n");
    check("a:\n  b: |+\n    one\n\nc: 2\n", &[is("a.x", "q")], "a:\n  b: |+\n    one\n\n  x: q\nc: 2\n");
    check("a:\n  b: >-\n    one\n    two\n\n\nc: 2\n", &[is("a.x", "q")], "a:\n  b: >-\n    one\n    two\n  x: q\n\n\nc: 2\n");
    check("a:\n  b: |\n    one\n    # two\nc: 2\n", &[is("a.x", "q")], "a:\n  b: |\n    one\n    # two\n  x: q\nc: 2\n");
    check("a:\n  b: |\n\nc: 2\n", &[is("a.x", "q")], "a:\n  b: |\n  x: q\n\nc: 2\n");
}

#[test]
fn the_last_line_has_no_line_break() {
    check("a: 1", &[is("b", "x")], "a: 1\nb: x");
    check("a: 1 # one", &[is("b", "x")], "a: 1 # one\nb: x");
    check("a: |\n  one", &[is("b", "x")], "a: |-\n  one\nb: x");
    check("a:\n  b: |\n    one", &[is("a.c", "x"), is("d", "z")], "a:\n  b: |-\n    one\n  c: x\nd: z");
    check("a: |-\n  one", &[is("b", "x")], "a: |-\n  one\nb: x");
    check("a: |2+ # c\n  one", &[is("b", "x")], "a: |2- # c\n  one\nb: x");
    check("a:\r\n- 1", &[contains("a", "x")], "a:\r\n- 1\r\n- x");
    check("a:", &[is("a", "x")], "a: x");
    check("- 1\n-", &[is("[1]", "x")], "- 1\n- x");
}

// --- Nothing there yet

#[test]
fn an_empty_value_is_filled() {
    check("a:\nb: 1\n", &[is("a", "x")], "a: x\nb: 1\n");
    check("a: # later\nb: 1\n", &[is("a", "x")], "a: x # later\nb: 1\n");
    check("a: ~\nb: 1\n", &[is("a.c", "x")], "a:\n  c: x\nb: 1\n");
    check("a: null # later\nb: 1\n", &[is("a.c", "x")], "a: # later\n  c: x\nb: 1\n");
    check("a:\n# later\nb: 1\n", &[is("a.c", "x")], "a:\n  c: x\n# later\nb: 1\n");
    check("-\n- 1\n", &[is("[0]", "x")], "- x\n- 1\n");
    check("a: &anchor\nb: 1\n", &[is("a", "x")], "a: &anchor x\nb: 1\n");
    check("a: !!str\nb: 1\n", &[is("a", "x")], "a: !!str x\nb: 1\n");
    check("{a: , b: 1}\n", &[is("a", "x")], "{a: x , b: 1}\n");
    check("{a, b: 1}\n", &[is("a", "x")], "{a: x, b: 1}\n");
    check("a: {b: }\n", &[is("a.b", "x")], "a: {b: x }\n");
}

#[test]
fn empty_brackets_are_filled() {
    check("a: {}\nb: 1\n", &[is("a.c", "x")], "a: {c: x}\nb: 1\n");
    check("a: { }\n", &[is("a.c", "x")], "a: {c: x }\n");
    check("a: []\nb: 1\n", &[contains("a", "x")], "a: [x]\nb: 1\n");
    check("a: [] # none\n", &[is("a[name=x].value", "q")], "a: [{name: x, value: q}] # none\n");
    check("a: [\n]\n", &[contains("a", "x")], "a: [x\n]\n");
}

#[test]
fn missing_parents_are_made_once() {
    check("a: 1\n", &[is("b.c", "x"), is("b.d", "q")], "a: 1\nb:\n  c: x\n  d: q\n");
    check(
        "a:\n    b: 1\n",
        &[is("c[name=x].v", "1"), is("c[name=x].w", "2"), is("c[name=q].v", "3")],
        "a:\n    b: 1\nc:\n- name: x\n  v: \"1\"\n  w: \"2\"\n- name: q\n  v: \"3\"\n",
    );
}

// --- Looks

#[test]
fn new_text_looks_like_its_neighbours() {
    check("a:\n    b:\n        c: 1\n", &[is("a.x.q", "z")], "a:\n    b:\n        c: 1\n    x:\n        q: z\n");
    check("a:\n  - 1\nb: 2\n", &[contains("c", "x")], "a:\n  - 1\nb: 2\nc:\n  - x\n");
    check("a:\n- 1\nb: 2\n", &[contains("c", "x")], "a:\n- 1\nb: 2\nc:\n- x\n");
    check("a:\n-   b: 1\n    c: 2\n", &[is("a[b=x].c", "q")], "a:\n-   b: 1\n    c: 2\n-   b: x\n    c: q\n");
    check("a:\n- # first\n  b: 1\n", &[is("a[b=x].c", "q"), is("a[0].z", "q")], "a:\n- # first\n  b: 1\n  z: q\n- b: x\n  c: q\n");
    check("a: 'x'\n", &[is("b", "q")], "a: 'x'\nb: 'q'\n");
    check("a: \"x\"\nb: z\n", &[is("c", "q"), is("d", "true")], "a: \"x\"\nb: z\nc: q\nd: \"true\"\n");
    check("a: 'it'\n", &[is("b", "it's")], "a: 'it'\nb: 'it''s'\n");
    check("- {name: a, value: b}\n", &[is("[name=c].value", "d")], "- {name: a, value: b}\n- {name: c, value: d}\n");
    check("- { name: a }\n- - 1\n", &[contains("", "x")], "- { name: a }\n- - 1\n- x\n");
}

#[test]
fn a_value_keeps_its_quotes() {
    check("a: 'x'\n", &[is("a", "q")], "a: 'q'\n");
    check("a: \"x\" # c\n", &[is("a", "q")], "a: \"q\" # c\n");
    check("a: x\n", &[is("a", "q z")], "a: q z\n");
    check("a: x\n", &[is("a", "true")], "a: \"true\"\n");
    check("a: 'x'\nb: z\n", &[is("b", "no")], "a: 'x'\nb: 'no'\n");
    check("a: false\n", &[is("a", true)], "a: true\n");
    check("a: \"false\"\n", &[is("a", true)], "a: true\n");
    check("a: 1\n", &[is("a", 2)], "a: 2\n");
    check("a: &x b\n", &[is("a", "c")], "a: &x c\n");
    check("a: !!str b\n", &[is("a", "c")], "a: !!str c\n");
    check("a: !!str b\nc: !!int \"1\"\n", &[is("a", true), is("c", "x")], "a: true\nc: x\n");
}

#[test]
fn strings_that_could_be_something_else_are_quoted() {
    for text in [
        "yes",
        "NO",
        "on",
        "y",
        "~",
        "null",
        "1",
        "1e3",
        "0x1f",
        "10:20",
        "2001-01-01",
        "fd00::",
        "::1",
        "1_000",
        "",
        " a",
        "a ",
        "- a",
        "a: b",
        "a #b",
        "#a",
        "é",
    ] {
        check("a: b\n", &[is("a", text)], &format!("a: \"{text}\"\n"));
    }
    for text in ["fd00:10:244::/56", "10.0.0.0/8,fd00::/8", "a-b_c.d/e", "a:b", "$(X)"] {
        check("a: b\n", &[is("a", text)], &format!("a: {text}\n"));
    }
    check("{a: b}\n", &[is("a", "10.0.0.0/8,fd00::/8")], "{a: \"10.0.0.0/8,fd00::/8\"}\n");
    check("[a]\n", &[is("[0]", "b]")], "[\"b]\"]\n");
}

// --- Flow style and JSON

#[test]
fn members_of_brackets() {
    check("a: [1, 2]\n", &[contains("a", "x")], "a: [1, 2, x]\n");
    check("a: [1,2]\n", &[contains("a", "x")], "a: [1,2,x]\n");
    check("a: [ 1, 2 ]\n", &[contains("a", "x")], "a: [ 1, 2, x ]\n");
    check("a: [1, 2,]\n", &[contains("a", "x")], "a: [1, 2, x,]\n");
    check("a: [\n  1,\n  2\n]\n", &[contains("a", "x")], "a: [\n  1,\n  2,\n  x\n]\n");
    check("a: [\n  1,\n  2, # two\n]\n", &[contains("a", "x")], "a: [\n  1,\n  2, # two\n  x,\n]\n");
    check("a: [\n  1, # one\n  2 # two\n]\n", &[contains("a", "x")], "a: [\n  1, # one\n  2, # two\n  x\n]\n");
    check("a: [\n  1,\n  2  \n]\n", &[contains("a", "x")], "a: [\n  1,\n  2,\n  x  \n]\n");
    check("{a: 1, b: 2}\n", &[is("c.d", "x")], "{a: 1, b: 2, c: {d: x}}\n");
    check("{a: {b: {c: 1}}}\n", &[is("a.b.c", "x"), is("a.x", "q")], "{a: {b: {c: x}, x: q}}\n");
}

#[test]
fn json_stays_json() {
    check("{\"a\":1}\n", &[is("b", "x")], "{\"a\":1,\"b\":\"x\"}\n");
    check("{\"a\": {\"c\": 1}, \"b\": 2}\n", &[is("a.d", "x")], "{\"a\": {\"c\": 1, \"d\": \"x\"}, \"b\": 2}\n");
    check(
        "{\"a\":{\"type\":\"x\"},\"b\":2}",
        &[is("a.d", "x"), is("a.e", "q")],
        "{\"a\":{\"type\":\"x\",\"d\":\"x\",\"e\":\"q\"},\"b\":2}",
    );
    check("{\n  \"a\": true\n}\n", &[is("a", "true"), is("b.c", "x")], "{\n  \"a\": \"true\",\n  \"b\": {\"c\": \"x\"}\n}\n");
    check(
        "{\n\t\"a\": [\n\t\t{\n\t\t\t\"b\": 1\n\t\t}\n\t]\n}\n",
        &[is("a[0].c", "x")],
        "{\n\t\"a\": [\n\t\t{\n\t\t\t\"b\": 1,\n\t\t\t\"c\": \"x\"\n\t\t}\n\t]\n}\n",
    );
    check("{\"a\" : \"b\\u0041\"}\n", &[is("a", "b\"\n")], "{\"a\" : \"b\\\"\\n\"}\n");
    check(
        "[\n  {\n    \"name\": \"a\",\n    \"value\": \"b\"\n  }\n]\n",
        &[is("[name=c].value", "d")],
        "[\n  {\n    \"name\": \"a\",\n    \"value\": \"b\"\n  },\n  {\n    \"name\": \"c\",\n    \"value\": \"d\"\n  }\n]\n",
    );
}

// --- Anchors, aliases, merge keys, duplicate keys

#[test]
fn nothing_is_edited_in_two_places_at_once() {
    check_blocked(
        "a: &x {b: 1}\nc: *x\n",
        &[is("c.b", "q")],
        "`c` is the alias \"*x\": an edit would change every place that uses it; write the value out there",
    );
    check_blocked(
        "a: &x {b: 1}\nc: *x\n",
        &[is("a.b", "q")],
        "`a` carries an anchor that other places refer to: an edit would change them too; write the value out there",
    );
    check_blocked(
        "a: &x {b: {c: 1}}\nd: {<<: *x}\n",
        &[is("d.b.c", "q")],
        "`d.b` comes from a merge key (`<<`): an edit would change every place that uses it; write it out there",
    );
    for op in [absent("a"), is("a", "q")] {
        let reason = "`a` holds an anchor that other places refer to: they would lose it; write the value out there";
        check_blocked("a: {b: &x 1}\nc: *x\n", &[op], reason);
    }
    check("a: {b: &x 1, c: *x}\nd: 1\n", &[absent("a")], "d: 1\n");
    check("a: &x {b: 1}\nc: *x\n", &[is("c", "q")], "a: &x {b: 1}\nc: q\n");
    check("a: &x {b: 1}\nd: {<<: *x}\n", &[is("d.b", "q")], "a: &x {b: 1}\nd: {<<: *x, b: q}\n");
    check("a: &x {b: 1}\nd: {<<: *x}\n", &[is("d.b", 1)], "a: &x {b: 1}\nd: {<<: *x}\n");
    check("a: &x {b: 1}\n", &[is("a.b", "q")], "a: &x {b: q}\n");
    check("a: &x {b: 1}\nc: *x\n", &[is("c.b", 1), exists("c.b", "q")], "a: &x {b: 1}\nc: *x\n");
}

#[test]
fn a_duplicate_key_on_the_way_is_no_choice_of_ours() {
    check_blocked("a: {b: 1}\na: {b: 2}\n", &[is("a.b", "q")], "the key `a` is there twice; remove one");
}

#[test]
fn a_value_of_another_kind_is_in_the_way() {
    check_blocked("a: b\n", &[is("a.b", "q")], "`a` must be a mapping");
    check_blocked("a: {b: 1}\n", &[contains("a", "q")], "`a` must be a list");
    check_blocked("a: [1]\n", &[is("a[3]", "q")], "`a` has no item 3");
}

// --- Line breaks

#[test]
fn line_breaks_are_those_of_the_line() {
    check("a:\r\n  b: 1\r\nc: 2\r\n", &[is("a.x", "q"), is("z", "w")], "a:\r\n  b: 1\r\n  x: q\r\nc: 2\r\nz: w\r\n");
    check("a:\r\n  b: 1\r\nc: 2\n", &[is("a.x", "q"), is("z", "w")], "a:\r\n  b: 1\r\n  x: q\r\nc: 2\nz: w\n");
    check("a: |\r\n  b: 1\r\n  c: 2\r\n", &[is("a > d", "x")], "a: |\r\n  b: 1\r\n  c: 2\r\n  d: x\r\n");
    check("a: |\r\n  one\r\n  two\r\n", &[is("a", "one\nzwei\ndrei\n")], "a: |\r\n  one\r\n  zwei\r\n  drei\r\n");
    check("{\r\n  \"a\": 1\r\n}\r\n", &[is("b", "x")], "{\r\n  \"a\": 1,\r\n  \"b\": \"x\"\r\n}\r\n");
    check("\u{feff}a: 1\n", &[is("a", 2), is("b", "x")], "\u{feff}a: 2\nb: x\n");
}

#[test]
fn nothing_is_edited_where_a_line_ends_in_a_carriage_return_alone() {
    let reason = "a line ends in a carriage return alone, which readers disagree about: save the file with LF or CRLF line ends";
    check_blocked("a: 1\rb: 2\n", &[is("b", "x")], reason);
    check("a: \"1\\r2\"\r\nb: 2\n", &[is("b", "x")], "a: \"1\\r2\"\r\nb: x\n");
}

#[test]
fn bytes_are_not_characters() {
    check("# größer – „ä“\nä: ö # ü\né:\n  ñ: 1\n", &[is("ä", "x"), is("é.q", "z")], "# größer – „ä“\nä: x # ü\né:\n  ñ: 1\n  q: z\n");
    check("a: |\n  ä: \"ö\"\n  b: 1\n", &[is("a > ä", "x"), is("a > b", "q")], "a: |\n  ä: \"x\"\n  b: q\n");
}

// --- Taking away, renaming, the rest

#[test]
fn entries_are_taken_out_with_their_lines() {
    check("a: 1\nb: 2\nc: 3\n", &[absent("a")], "b: 2\nc: 3\n");
    check("a: 1\nb: 2 # two\nc: 3\n", &[absent("b")], "a: 1\nc: 3\n");
    check("a: 1\nb:\n  - 2\n  - 3\n", &[absent("b")], "a: 1\n");
    check("a: 1\nb: 2", &[absent("b")], "a: 1");
    check("a: |+\n  one\n\nb: 2\n\nc: 3\n", &[absent("b")], "a: |+\n  one\n\nc: 3\n");
    check("a: |\n  one\nb: 2", &[absent("b")], "a: |\n  one\n");
    check("a:\n  b: 1\nc: 2\n", &[absent("a.b")], "a: {}\nc: 2\n");
    check("a: &x !!map # why\n# so\n  b: 1\nc: 2\n", &[absent("a.b")], "a: &x !!map {} # why\n# so\nc: 2\n");
    check("a: 1\n", &[absent("a")], "{}\n");
    check("- a: 1\n  b: 2\n", &[absent("[0].a")], "- b: 2\n");
    check("- a: 1\n  b: 2\n", &[absent("[0].b")], "- a: 1\n");
    check("- a: 1\n  # about b\n  b: 2\n", &[absent("[0].a")], "- \n  # about b\n  b: 2\n");
    check("{a: 1, b: 2, c: 3}\n", &[absent("a"), absent("c")], "{b: 2}\n");
    check("{a: 1}\n", &[absent("a")], "{}\n");
    check("a: 1\n", &[absent("x"), absent("a.b.c")], "a: 1\n");
}

#[test]
fn items_are_taken_out_with_their_lines() {
    let twice = |before: &str, op: Op, after: &str| assert_eq!(edited(before, &[op]), Ok(after.to_owned()));
    twice("- 1\n- 2\n- 3\n", absent("[1]"), "- 1\n- 3\n");
    twice("- 1\n- 2\n", absent("[1]"), "- 1\n");
    twice("a:\n- 1\nb: 2\n", absent("a[0]"), "a: []\nb: 2\n");
    twice("a:\n  - b: 1\n    c: 2\n  - b: 2\n", absent("a[b=1]"), "a:\n  - b: 2\n");
    twice("- - 1\n  - 2\n", absent("[0][0]"), "- - 2\n");
    twice("[1, 2, 3]\n", absent("[2]"), "[1, 2]\n");
    twice("[1, 2, 3]\n", absent("[0]"), "[2, 3]\n");
    twice("[\n  1,\n  2\n]\n", absent("[1]"), "[\n  1\n]\n");
}

#[test]
fn what_goes_and_what_comes_at_the_end_of_a_collection() {
    check("a: 1\nb: 2\n", &[absent("b"), is("c", "x")], "a: 1\nc: x\n");
    check("a: 1\nb: 2 # two\n", &[absent("b"), is("c.d", "x"), is("e", "z")], "a: 1\nc:\n  d: x\ne: z\n");
    check("a:\n  b: 1\nc: 2\n", &[absent("a.b"), is("a.d", "x")], "a:\n  d: x\nc: 2\n");
    check("a:\n- 1\n- name: b\n", &[absent("a[name=b]"), contains("a", "x")], "a:\n- 1\n- x\n");
    check("a: {type: x, subnet: q}\n", &[absent("a.subnet"), is("a.ranges", "z")], "a: {type: x, ranges: z}\n");
    check("a: {b: 1}\n", &[absent("a.b"), is("a.c", "x"), is("a.d", "z")], "a: {c: x, d: z}\n");
    check(
        "{\n  \"a\": 1,\n  \"b\": 2\n}\n",
        &[absent("b"), is("c", "x"), is("d", "z")],
        "{\n  \"a\": 1,\n  \"c\": \"x\",\n  \"d\": \"z\"\n}\n",
    );
    check("a:\n  b: 1\n  c: 2\nd: 3\n", &[absent("a.c"), absent("a.b")], "a: {}\nd: 3\n");
    check("- a: 1\n  b: 2\n  c: 3\n", &[absent("[0].a"), absent("[0].b")], "- c: 3\n");
    check("{a: 1, b: 2, c: 3}\n", &[absent("c"), absent("b")], "{a: 1}\n");
}

#[test]
fn keys_are_renamed_where_they_stand() {
    check("a: 1\nb: 2\n", &[named("a", "x")], "x: 1\nb: 2\n");
    check("\"a\": 1\n", &[named("a", "x")], "\"x\": 1\n");
    check("{'a': 1}\n", &[named("a", "x")], "{'x': 1}\n");
    check("a: 1\n", &[named("a", "no")], "\"no\": 1\n");
    check("a: 1\n", &[named("b", "x")], "a: 1\n");
}

#[test]
fn what_holds_already_makes_no_edit() {
    let text = "a: \"x\"\nb: [1, q]\nc: {d: ~}\n";
    check(text, &[is("a", "x"), contains("b", "q"), exists("a", "z"), absent("c.e"), is("c.d", Value::Null)], text);
}

#[test]
fn wishes_that_contradict_each_other_are_named() {
    check_blocked(
        "a: 1\n",
        &[is("a", "x"), is("a", "q")],
        "two edits want different things at `a`: Is(Str(\"x\")) and Is(Str(\"q\")); this is a bug of enable-dual-stack, please report it",
    );
    check("a: 1\n", &[is("a", "x"), is("a", "x")], "a: x\n");
    for (first, second) in [
        (is("a.b.c", "x"), is("a", "q")),
        (is("a", "q"), is("a.b.c", "x")),
        (contains("a", "x"), is("a", "q")),
        (is("a", "q"), contains("a", "x")),
    ] {
        let error = edited("a:\n", &[first, second]).expect_err("one of them would be lost");
        assert!(error.starts_with("two edits want different things at `a"), "{error}");
    }
    for second in [contains("a", "x"), is("a[0]", "x"), is("a[k=v].w", "x"), is("a > b", "x")] {
        let error = edited("a:\n", &[is("a.k", "x"), second]).expect_err("a place is of one kind");
        assert!(error.starts_with("two edits want values of different kinds at `a`"), "{error}");
    }
}

#[test]
fn a_value_of_another_kind_is_replaced_whole() {
    let map = Value::map([("x", Value::from("q")), ("z", Value::list([Value::from("w")]))]);
    check("a: 1 # one\nb: 2\n", &[is("a", map.clone())], "a: # one\n  x: q\n  z:\n  - w\nb: 2\n");
    check("a:\n  c: 1\n  d: 2\nb: 2\n", &[is("a", "x")], "a: x\nb: 2\n");
    check("a:\n- 1\nb: 2\n", &[is("a", map.clone())], "a:\n  x: q\n  z:\n  - w\nb: 2\n");
    check("- 1\n- 2\n", &[is("[0]", Value::list([Value::from("x")]))], "-\n  - x\n- 2\n");
    check("{a: [1], b: 2}\n", &[is("a", map)], "{a: {x: q, z: [w]}, b: 2}\n");
}

#[test]
fn a_comment_that_an_edit_makes_a_lie_is_put_right() {
    let off = |at: &str| Op { reword: Some(Reword { from: "Disable it.", to: "Enable it.".into() }), ..is(at, "true") };
    check(
        "- name: a\n# Disable it.\n- name: b\n  value: x\n",
        &[off("[1].value")],
        "- name: a\n# Enable it.\n- name: b\n  value: \"true\"\n",
    );
    check("- # Disable it.\n  name: b\n  value: x\n", &[off("[0].value")], "- # Enable it.\n  name: b\n  value: \"true\"\n");
    check("- name: Disable it.\n- name: b\n  value: x\n", &[off("[1].value")], "- name: Disable it.\n- name: b\n  value: \"true\"\n");
    check(
        "# Disable it.\n- name: a\n- name: b\n  value: x\n",
        &[off("[1].value")],
        "# Disable it.\n- name: a\n- name: b\n  value: \"true\"\n",
    );
}

#[test]
fn a_mapping_without_braces() {
    check("[a: 1]\n", &[is("[0].a", "x"), contains("", "q")], "[a: x, q]\n");
    check("[a: 1]\n", &[is("[b=q].c", "x")], "[a: 1, {b: q, c: x}]\n");
    check_blocked("[a: 1]\n", &[is("[0].b", "x")], "`[0]` is a mapping without braces: write them around it");
    check_blocked("[a: 1]\n", &[absent("[0].a")], "`[0]` is a mapping without braces: write them around it");
}

#[test]
fn odd_keys() {
    check("? a\n: 1\nb: 2\n", &[is("a", "x"), is("c", "q")], "? a\n: x\nb: 2\nc: q\n");
    check("a : 1\n", &[is("a", "x")], "a : x\n");
    check("a:\n  b\n", &[is("a", "x")], "a:\n  x\n");
    check("\"a\":\n   'b'\n", &[is("a", "x")], "\"a\":\n   'x'\n");
    check("a:\tb\n", &[is("a", "x")], "a:\tx\n");
}
