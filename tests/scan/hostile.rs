//! Packages that went wrong: lines moved, cut, doubled, and quotes, brackets and dashes where they do not belong.

use proptest::prelude::*;

/// Packages that are right.
const PACKAGES: [&str; 4] = [
    "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: a\n    namespace: b\n  data:\n    x: |\n      - kind: C\n      k: {\n    y: \"one\n      two\"\n    z: {a: b,\n      c: [d]}\n- apiVersion: apps/v1\n  kind: DaemonSet\n  metadata:\n    labels:\n      q: 'it''s'\n    name: c\n  spec:\n    containers:\n    - name: d\n      args:\n      - e\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: e\nfunctionConfig:\n  apiVersion: v1\n  kind: ConfigMap\n  data:\n    a: b\nresults:\n- message: m\n",
    "# wide\napiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig:\n  kind: X\n  spec:\n    l:\n      - a\nitems:\n  - # from a\n    apiVersion: v1\n    kind: ConfigMap\n    metadata:\n      name: a\n    data:\n      x: >-\n        folded\n\n        text\n      y: 'one\n        two'\n  - apiVersion: v1\n    data:\n      z: [a, 'b',\n        c]\n    kind: \"Secret\"\n    metadata: {name: f}\n  -\n    kind: Pod\n    apiVersion: v1\n    metadata:\n      name: e\n",
    "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: |+\n    text\n\n---\n# second\napiVersion: v1\ndata:\n- a: 'x\n    y'\n- \"b\"\nkind: Pod\nmetadata:\n  name: c # d\n  annotations:\n    k: \"it's\"\n---\n---\nkind: Kustomization\nresources: [a,\n  b]\n",
    "apiVersion: v1\nkind: List\nitems:\n- kind: A\n  apiVersion: v1\n  x: plain\n    text\n- apiVersion: v1\n  kind: B\n  spec:\n  - - a\n    - b: c\n  ? complex\n  : value\nmetadata: {}\n",
];

/// What a line can say.
const SAYINGS: [&str; 56] = [
    "",
    "# c",
    "- ",
    "-",
    "- apiVersion: v1",
    "apiVersion: v1",
    "kind: A",
    "kind: B # c",
    "kind: C,",
    "- kind: D",
    "metadata:",
    "name: n",
    "namespace: m",
    "x: \"",
    "\"",
    "y: '",
    "'",
    "''",
    "x: {",
    "}",
    "x: [",
    "]",
    ",",
    "x: [a",
    "b]",
    "x: {a",
    "b}",
    "x: a}",
    "- a: b}",
    "- {a: b}",
    "x: |",
    "x: >-",
    "- |+",
    "text",
    "\t",
    "x: &a b",
    "x: *a",
    "<<: *a",
    "? k",
    ": v",
    "---",
    "...",
    "items:",
    "functionConfig:",
    "results:",
    "kind: List",
    "kind: AList",
    "!!str x: y",
    "%YAML 1.2",
    "x: \"a\\\\\"",
    "x: \"a\\\"",
    "\"kind\": E",
    "kind : F",
    "- - a",
    "x: 'it''s",
    "k: {\"a\": 'b'}",
];

/// What can come into a line.
const PIECES: [&str; 20] =
    ["\"", "'", "''", "{", "}", "[", "]", ",", " ", "  ", "\t", "-", "- ", ": ", "#", " #", "\\", "&a ", "*a", "\u{feff}"];

/// A change of one line: where, which, with what, and how deep.
type Mishap = (u8, u8, u8, u8);

/// A package with a few mishaps.
pub(crate) fn packages() -> impl Strategy<Value = String> {
    let mishaps = proptest::collection::vec(any::<Mishap>(), 0..7);
    (0..PACKAGES.len(), mishaps, 0..4_u8).prop_map(|(package, mishaps, ending)| {
        let mut lines: Vec<String> = PACKAGES[package].lines().map(str::to_owned).collect();
        for mishap in mishaps {
            happen(&mut lines, mishap);
        }
        let text = lines.join(if ending == 1 { "\r\n" } else { "\n" });
        match ending {
            2 => text,
            3 => format!("\u{feff}{text}\n"),
            _ => format!("{text}\n"),
        }
    })
}

fn happen(lines: &mut Vec<String>, (place, what, with, depth): Mishap) {
    let at = usize::from(place) % (lines.len() + 1);
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let around = lines.get(at).or(lines.last()).map_or(0, |line| indent(line));
    let saying = SAYINGS[usize::from(with) % SAYINGS.len()];
    let Some(line) = lines.get_mut(at) else { return lines.push(saying.to_owned()) };
    match what % 8 {
        0 | 1 => lines.insert(at, format!("{:1$}{saying}", "", (around + usize::from(depth) % 5).saturating_sub(2))),
        2 => drop(lines.remove(at)),
        3 => *line = format!("{:1$}{saying}", "", around),
        4 => line.insert(0, ' '),
        5 => *line = line[indent(line).min(1 + usize::from(depth) % 2)..].to_owned(),
        6 => {
            let place = usize::from(depth) % (line.len() + 1);
            if line.is_char_boundary(place) {
                line.insert_str(place, PIECES[usize::from(with) % PIECES.len()]);
            }
        }
        _ => {
            let copy = line.clone();
            lines.insert(usize::from(with) % lines.len(), copy);
        }
    }
}

/// Lines without any sense.
pub(crate) fn documents() -> impl Strategy<Value = String> {
    let line = (0..SAYINGS.len(), 0..4_usize).prop_map(|(saying, indent)| format!("{:indent$}{}\n", "", SAYINGS[saying]));
    proptest::collection::vec(line, 1..6).prop_map(|lines| lines.concat())
}
