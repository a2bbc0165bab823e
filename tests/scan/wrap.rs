//! Documents, wrapped as hosts and people wrap them; made by lines, never by printing a tree.

const CONFIG: &str = "functionConfig:\n  apiVersion: dualstack.krm/v1alpha1\n  kind: EnableDualStack\n  metadata:\n    name: a\n  spec:\n    ipv6PodCIDR: fd00:10:244::/56\n";
const HEAD: &str = "apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n";

/// The documents of a stream that say something.
pub(crate) fn documents(stream: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in stream.trim_start_matches('\u{feff}').split_inclusive('\n') {
        if line.trim_end() == "---" {
            documents.push(String::new());
        } else {
            documents.last_mut().expect("never empty").push_str(line);
        }
    }
    documents.retain(|document| document.lines().any(|line| !line.trim().is_empty() && !line.starts_with('#')));
    documents
}

/// As kpt and kustomize send it.
pub(crate) fn as_hosts_do(documents: &[String]) -> String {
    format!("{HEAD}items:\n{}{CONFIG}", items(documents, 0))
}

/// As people write it.
pub(crate) fn by_hand(documents: &[String]) -> String {
    format!("---\n# by hand\n{HEAD}{CONFIG}items: # all\n\n{}", items(documents, 2))
}

/// All forms, by name.
pub(crate) fn forms(documents: &[String]) -> Vec<(&'static str, String)> {
    let results = "results:\n  - message: old\n    tags: {}\n";
    let crlf = |text: &str| text.replace("\r\n", "\n").replace('\n', "\r\n");
    let bom = |text: &str| format!("\u{feff}{text}");
    let stream: String =
        documents.iter().flat_map(|document| ["---\n", document, if document.ends_with('\n') { "" } else { "\n" }]).collect();
    let (kpt, by_hand) = (as_hosts_do(documents), by_hand(documents));
    // What kyaml makes of a comment in front of an object.
    let commented = format!(
        "{HEAD}items:\n{}{CONFIG}",
        documents.iter().flat_map(|document| ["- # Source: a.yaml\n".to_owned(), indented(document, 2)]).collect::<String>()
    );
    let sorted = format!("apiVersion: config.kubernetes.io/v1\n{CONFIG}items:\n{}kind: ResourceList\n{results}", items(documents, 0));
    vec![
        ("stream with CRLF and BOM", bom(&crlf(&stream))),
        ("stream", stream),
        ("List", format!("apiVersion: v1\nitems:\n{}kind: List\nmetadata:\n  resourceVersion: \"\"\n", items(documents, 0))),
        ("ResourceList with CRLF", crlf(&kpt)),
        ("ResourceList with results in front, and BOM", bom(&format!("{HEAD}{results}items:\n{}{CONFIG}", items(documents, 1)))),
        ("ResourceList with sorted keys", sorted),
        ("ResourceList by hand, no last line break", by_hand.trim_end().to_owned()),
        ("ResourceList by hand with CRLF", crlf(&by_hand)),
        ("ResourceList by hand", by_hand),
        ("ResourceList with comments in front of objects", commented),
        ("ResourceList", kpt),
    ]
}

/// A document between two objects: as the value of a key, as more keys, as an item, and as a document.
pub(crate) fn between_two(document: &str) -> Vec<String> {
    let object = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  a: \"b\"\n");
    let edge = "apiVersion: v1\nkind: Edge\n".to_owned();
    let middles = [
        format!("{edge}data:\n{}", indented(document, 2)),
        format!("{edge}{document}"),
        format!("{document}\n{edge}"),
        document.to_owned(),
    ];
    let mut texts = Vec::new();
    for middle in middles {
        let three = [object("before"), middle, object("after")];
        texts.extend([as_hosts_do(&three), by_hand(&three), as_hosts_do(&three[..2]), by_hand(&three[..2])]);
        texts.push(three.iter().flat_map(|document| [document, "\n---\n"]).collect());
    }
    texts
}

/// Each document as an item, with the dash at `column`.
fn items(documents: &[String], column: usize) -> String {
    documents
        .iter()
        .map(|document| indented(document, column + 2).replacen(&" ".repeat(column + 2), &format!("{:column$}- ", ""), 1))
        .collect()
}

/// Every line that says something, moved to the right.
fn indented(document: &str, width: usize) -> String {
    let lines = document.lines().enumerate();
    lines.map(|(number, line)| if line.is_empty() && number > 0 { "\n".to_owned() } else { format!("{:width$}{line}\n", "") }).collect()
}
