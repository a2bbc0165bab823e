//! Packages that went wrong.

use proptest::prelude::*;

use super::mishaps::{Mishap, SAYINGS, happen};

/// Packages that are right.
const PACKAGES: [&str; 4] = [
    "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata:\n    name: a\n    namespace: b\n  data:\n    x: |\n      - kind: C\n      k: {\n    y: \"one\n      two\"\n    z: {a: b,\n      c: [d]}\n- apiVersion: apps/v1\n  kind: DaemonSet\n  metadata:\n    labels:\n      q: 'it''s'\n    name: c\n  spec:\n    containers:\n    - name: d\n      args:\n      - e\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: e\nfunctionConfig:\n  apiVersion: v1\n  kind: ConfigMap\n  data:\n    a: b\nresults:\n- message: m\n",
    "# wide\napiVersion: config.kubernetes.io/v1\nkind: ResourceList\nfunctionConfig:\n  kind: X\n  spec:\n    l:\n      - a\nitems:\n  - # from a\n    apiVersion: v1\n    kind: ConfigMap\n    metadata:\n      name: a\n    data:\n      x: >-\n        folded\n\n        text\n      y: 'one\n        two'\n  - apiVersion: v1\n    data:\n      z: [a, 'b',\n        c]\n    kind: \"Secret\"\n    metadata: {name: f}\n  -\n    kind: Pod\n    apiVersion: v1\n    metadata:\n      name: e\n",
    "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: |+\n    text\n\n---\n# second\napiVersion: v1\ndata:\n- a: 'x\n    y'\n- \"b\"\nkind: Pod\nmetadata:\n  name: c # d\n  annotations:\n    k: \"it's\"\n---\n---\nkind: Kustomization\nresources: [a,\n  b]\n",
    "apiVersion: v1\nkind: List\nitems:\n- kind: A\n  apiVersion: v1\n  x: plain\n    text\n- apiVersion: v1\n  kind: B\n  spec:\n  - - a\n    - b: c\n  ? complex\n  : value\nmetadata: {}\n",
];

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

/// Lines without any sense.
pub(crate) fn documents() -> impl Strategy<Value = String> {
    let line = (0..SAYINGS.len(), 0..4_usize).prop_map(|(saying, indent)| format!("{:indent$}{}\n", "", SAYINGS[saying]));
    proptest::collection::vec(line, 1..6).prop_map(|lines| lines.concat())
}
