use super::*;
use crate::yaml::Tree;

/// Whether it is read here. [`Tree::parse`] compares it with what the parser says.
fn is_simple(text: &str) -> bool {
    let span = Span::new(0, text.len());
    _ = Tree::parse(text, span);
    parse(text, span).is_some()
}

#[test]
fn what_tools_write_is_read_here() {
    let text = "\
# in front
apiVersion: v1 # behind
kind: ConfigMap
metadata:
  name: \"a\"
  annotations: {}
  labels:
    app.kubernetes.io/name: 'b'
    \"quoted\": -1
data:

  empty:
  script: |
    if true; then

      echo \"a: b\"   # no comment
    fi

  json: |-
    {
      \"a\": [1, {}]
    }
  # between
items:
- a: b
  c: [\"d\", e, {f: 1, \"g\":2}]
- --flag=a:b
- http://[::1]:80#a
-
- - x
  - y
-
  z: ä € ’
---
- |
  last
";
    for text in [text.to_owned(), text.replace('\n', "\r\n")] {
        assert!(is_simple(&text), "{text}");
    }
    assert!(is_simple(text.trim_end().strip_suffix("---\n- |\n  last").expect("the last document")));
    assert!(is_simple("{\"a\": [\n  1,\n  __MTU__\n ]}"));
    assert!(is_simple(".a: .b\n"));
    // Limits are those of one key and of what nests: many, one behind another, are below both.
    assert!(is_simple(&"- [a]\n- b: c\n- {d: -1}\n".repeat(KEY_LIMIT)));
}

#[test]
fn what_is_not_certain_is_left_to_the_parser() {
    for text in [
        "",
        "# nothing\n",
        "a",
        "\"a\"",
        "a: &b 1\n",
        "a: *b\n",
        "a: !!str 1\n",
        "a: >\n  b\n",
        "a: |+\n  b\n",
        "a: |2\n  b\n",
        "a: |\n\n  b\n",
        "a: |\nb: 1\n",
        "a: |\n  b",
        "a: b\n  c\n",
        "a:\n  b\n",
        "a: \"b\n  c\"\n",
        "a: \"b\\n\"\n",
        "a: 'b''c'\n",
        "a: b: c\n",
        "a:\tb\n",
        "\ta: b\n",
        "a: b\tc\n",
        "a : b\n",
        "? a\n: b\n",
        "a: @b\n",
        "a: %b\n",
        "%YAML 1.2\n---\na: b\n",
        "a: b\n...\n",
        "---\n",
        "--- a\n",
        "---\na: b\n---\n",
        "a:\n    b: 1\n  c: 2\n",
        "- a\nb: c\n",
        "a: 1\n- b\n",
        "a: - b\n",
        "- a: 1\n  - b\n",
        "a:\n  - b\n c: 1\n",
        "- - a\n  b: 1\n",
        "a: [b,]\n",
        "a: [b: c]\n",
        "a: [\n  b]\n",
        "a: {b}\n",
        "a: [-b]\n",
        "a: [-]\n",
        "a: [.b]\n",
        "a: {b: }\n",
        "a: {b:c}\n",
        "a: [b c]\n",
        "a: [b] c\n",
        "a: [b]#\n",
        "a: \"b\"#\n",
        "a: \u{85}\n",
        "a: \u{2028}\n",
        "a: \u{feff}\n",
        "a: \u{1}\n",
        "a: b\rc: d\n",
        "a: ---\n",
        "a: ...\n",
    ] {
        assert!(!is_simple(text), "{text:?}");
    }
    let deep = |depth: usize| format!("a: {}{}\n", "[".repeat(depth), "]".repeat(depth));
    assert!(is_simple(&deep(NESTING_LIMIT - 1)) && !is_simple(&deep(NESTING_LIMIT)));
    let long = |length: usize| format!("{}: b\n", "a".repeat(length));
    assert!(is_simple(&long(KEY_LIMIT)) && !is_simple(&long(KEY_LIMIT + 1)));
    let long = |length: usize| format!("a: {{{}: b}}\n", "a".repeat(length));
    assert!(is_simple(&long(KEY_LIMIT)) && !is_simple(&long(KEY_LIMIT + 1)));
}
