//! Random documents that are right: any tree, each of its values written in one of the ways that YAML has.

use std::fmt::Write as _;

use proptest::prelude::*;

/// A tree, and how each part of it is written.
#[derive(Clone, Debug)]
enum Tree {
    Scalar(usize),
    /// Lines of text, and the header of the block that they are in.
    Text(Vec<usize>, usize),
    /// In brackets, on one line or on several.
    Flow(Vec<Tree>, bool),
    Map(Vec<(usize, Tree)>, usize),
    /// The second says how deep the dashes stand below their key.
    List(Vec<Tree>, usize),
}

const KEYS: [&str; 12] =
    ["a", "b-c", "kind", "apiVersion", "metadata", "name", "namespace", "items", "'q'", "\"q r\"", "x.y/z", "functionConfig"];
const SCALARS: [&str; 16] = [
    "plain",
    "two words",
    "'it''s'",
    "\"a \\\" b\"",
    "\"\"",
    "''",
    "1",
    "true",
    "~",
    "a#b",
    "http://x:80/",
    "'# no comment'",
    "\"- a\"",
    "-1",
    "\"a: b\"",
    "don't",
];
const LINES: [&str; 10] = ["text", "- apiVersion: v1", "  kind: A", "# no comment", "", "---", "\"open", "'open", "{open", "    deep"];
const HEADERS: [&str; 6] = ["|", "|-", "|+", ">", ">-", "| # comment"];
const COMMENTS: [&str; 4] = ["", "", "# comment: \"open\n", "\n"];

/// A block mapping, written.
pub(crate) fn documents() -> impl Strategy<Value = String> {
    let scalar = (0..SCALARS.len()).prop_map(Tree::Scalar);
    let text = (proptest::collection::vec(0..LINES.len(), 0..4), 0..HEADERS.len()).prop_map(|(lines, header)| Tree::Text(lines, header));
    let tree = prop_oneof![3 => scalar, 1 => text].prop_recursive(4, 24, 4, |inner| {
        let scalars = proptest::collection::vec((0..SCALARS.len()).prop_map(Tree::Scalar), 0..3);
        prop_oneof![
            3 => (proptest::collection::vec((0..KEYS.len(), inner.clone()), 1..4), 0..COMMENTS.len()).prop_map(|(entries, comment)| Tree::Map(entries, comment)),
            2 => (proptest::collection::vec(inner, 1..4), 0..3_usize).prop_map(|(items, depth)| Tree::List(items, depth)),
            1 => (scalars, any::<bool>()).prop_map(|(items, lines)| Tree::Flow(items, lines)),
        ]
    });
    proptest::collection::vec((0..KEYS.len(), tree), 1..4).prop_map(|entries| {
        let mut out = String::new();
        map(&mut out, &entries, "", 0);
        out
    })
}

/// The entries of a mapping at `column`, each key once.
fn map(out: &mut String, entries: &[(usize, Tree)], comment: &str, column: usize) {
    for (position, (key, value)) in entries.iter().enumerate() {
        if entries[..position].iter().any(|(other, _)| other == key) {
            continue;
        }
        let _ = write!(out, "{comment}{:column$}{}:", "", KEYS[*key]);
        write(out, value, column, true);
    }
}

/// What follows a `:` or a `-` that stands at `column`, to the end of its last line.
fn write(out: &mut String, tree: &Tree, column: usize, is_value: bool) {
    match tree {
        Tree::Scalar(scalar) => {
            let _ = writeln!(out, " {}", SCALARS[*scalar]);
        }
        Tree::Text(lines, header) => {
            let _ = writeln!(out, " {}", HEADERS[*header]);
            // The first line says how deep the text is: it must not be deeper than the others, nor blank.
            for line in std::iter::once("first").chain(lines.iter().map(|line| LINES[*line])) {
                let width = if line.is_empty() { 0 } else { column + 2 };
                let _ = writeln!(out, "{:width$}{line}", "");
            }
        }
        Tree::Flow(items, lines) => {
            let gap = if *lines { format!("\n{:1$}", "", column + 2) } else { String::new() };
            let items: Vec<_> = items.iter().map(|item| if let Tree::Scalar(scalar) = item { SCALARS[*scalar] } else { "x" }).collect();
            let _ = writeln!(out, " [{gap}{}]", items.join(&format!(",{gap} ")));
        }
        Tree::Map(entries, comment) if is_value => {
            *out += "\n";
            map(out, entries, COMMENTS[*comment], column + 2);
        }
        Tree::Map(entries, _) => {
            let mut inner = String::new();
            map(&mut inner, entries, "", column + 2);
            *out += &inner[column + 1..];
        }
        Tree::List(items, depth) => {
            let dash = if is_value { column + depth } else { column + 2 };
            *out += "\n";
            for item in items {
                let _ = write!(out, "{:dash$}-", "");
                write(out, item, dash, false);
            }
        }
    }
}
