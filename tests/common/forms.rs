//! The same objects in other clothes: each form is made from the text by lines, never by printing a tree (but for JSON).

#![allow(dead_code, reason = "each test program uses a part of it")]

use enable_dual_stack::text;
use enable_dual_stack::yaml::{Kind, Layout, Node, Tree, Value};

use super::oracle;

/// The text of each object of a stream, a List or a ResourceList, at column 0, its comments with it.
pub(crate) fn documents(text: &str) -> Vec<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some(items) = items_of_json(text) {
        return items;
    }
    let is_list = |document: &str| {
        let line = |wanted: &str| document.lines().any(|line| line.trim_end() == wanted);
        line("kind: ResourceList") || line("kind: List")
    };
    split_stream(text).into_iter().flat_map(|document| if is_list(&document) { items_of(&document) } else { vec![document] }).collect()
}

/// Splits at `---` and `...`; what says nothing is left out.
fn split_stream(text: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        assert!(!line.starts_with('%'), "a directive cannot be wrapped: {line}");
        if content == "..." {
            documents.push(String::new());
        } else if let Some(rest) = line.strip_prefix("---").filter(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n'])) {
            // What stands on the line of the marker (a comment, a flow mapping) stays.
            let rest = if rest.trim().is_empty() { String::new() } else { format!("   {rest}") };
            documents.push(rest);
        } else {
            documents.last_mut().expect("never empty").push_str(line);
        }
    }
    documents.retain(|document| document.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')));
    documents
}

/// The items of a list in block style, each moved to column 0.
fn items_of(list: &str) -> Vec<String> {
    let mut lines = list.split_inclusive('\n').skip_while(|line| line.trim_end() != "items:");
    assert_eq!(lines.next().map(str::trim_end), Some("items:"), "a list must have its `items` in block style");
    let mut items: Vec<String> = Vec::new();
    let mut column = None;
    for line in lines {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let is_dash = line[indent..].starts_with("- ") && column.is_none_or(|column| column == indent);
        if is_dash {
            column = Some(indent);
            items.push(line[indent + 2..].to_owned());
        } else if indent == 0 && !line.trim().is_empty() && !line.starts_with('#') {
            break;
        } else if let (Some(item), Some(column)) = (items.last_mut(), column) {
            let blanks = line.len() - line.trim_start_matches(' ').len();
            item.push_str(&line[blanks.min(column + 2)..]);
        }
    }
    items
}

fn items_of_json(text: &str) -> Option<Vec<String>> {
    let json: serde_json::Value = serde_json::from_str(text).ok()?;
    match json.get("items") {
        Some(serde_json::Value::Array(items)) => Some(items.iter().map(|item| format!("{item:#}\n")).collect()),
        _ => Some(vec![text.to_owned()]),
    }
}

/// Documents separated by `---`.
pub(crate) fn stream(documents: &[String]) -> String {
    documents.iter().flat_map(|document| ["---\n".to_owned(), ended(document)]).collect()
}

/// A `v1` List.
pub(crate) fn list(documents: &[String]) -> String {
    format!("apiVersion: v1\nkind: List\nitems:\n{}", items(documents, ""))
}

/// A ResourceList as kpt sends it: the items, then the configuration.
pub(crate) fn resource_list(documents: &[String], config: &str) -> String {
    let items = if documents.is_empty() { "items: []\n".to_owned() } else { format!("items:\n{}", items(documents, "")) };
    format!("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n{items}{}", function_config(config))
}

/// The key `functionConfig` with its value, a document.
pub(crate) fn function_config(config: &str) -> String {
    let lines: String = ended(config).split_inclusive('\n').flat_map(|line| ["  ", line]).collect();
    if config.is_empty() { String::new() } else { format!("functionConfig:\n{lines}") }
}

/// A ResourceList with the configuration in front and indented items, as people write it.
pub(crate) fn resource_list_by_hand(documents: &[String], config: &str) -> String {
    let items = if documents.is_empty() { "items: []\n".to_owned() } else { format!("items:\n{}", items(documents, "  ")) };
    format!("---\n# by hand\napiVersion: config.kubernetes.io/v1\nkind: ResourceList\n{}{items}", function_config(config))
}

/// Each document as an item: every line that says something moves to the right, by the same width.
fn items(documents: &[String], indent: &str) -> String {
    let mut out = String::new();
    for document in documents {
        for (number, line) in ended(document).split_inclusive('\n').enumerate() {
            let lead = if number == 0 { "- " } else { "  " };
            if number == 0 || !line.trim_end_matches(['\r', '\n']).is_empty() {
                out.extend([indent, lead]);
            }
            out.push_str(line);
        }
    }
    out
}

fn ended(document: &str) -> String {
    let newline = if document.ends_with('\n') { "" } else { "\n" };
    format!("{document}{newline}")
}

/// With `\r\n` at the end of every line.
pub(crate) fn crlf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\n', "\r\n")
}

/// With a byte order mark.
pub(crate) fn bom(text: &str) -> String {
    format!("\u{feff}{}", text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Without a line break at the end.
pub(crate) fn chomped(text: &str) -> String {
    text.trim_end_matches(['\r', '\n']).to_owned()
}

/// With every sequence at the column of its key, or with every one two columns further.
pub(crate) fn with_sequences(text: &str, indented: bool) -> String {
    let tree = Tree::parse(text, text::Span::new(0, text.len())).expect("the input is YAML");
    let line_of = |offset: usize| text[..offset].matches('\n').count();
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let mut shifts = vec![0_isize; lines.len() + 1];
    for mapping in tree.roots().flat_map(Node::descendants).filter(|node| node.kind() == Kind::Mapping(Layout::Block)) {
        for (key, value) in mapping.entries().filter(|(_, value)| value.kind() == Kind::Sequence(Layout::Block)) {
            let depth = text::column(text, value.span().start) - text::column(text, key.start());
            let shift = if indented { 2 } else { 0 } - isize::try_from(depth).expect("a column");
            let end = value.span().end.max(value.span().start + 1);
            (line_of(value.span().start)..=line_of(end - 1)).for_each(|line| shifts[line] += shift);
        }
    }
    let shifted: String = lines
        .iter()
        .zip(shifts)
        .map(|(line, shift)| {
            let blanks = line.len() - line.trim_start_matches(' ').len();
            match usize::try_from(shift) {
                _ if line.trim().is_empty() => (*line).to_owned(),
                Ok(more) => format!("{:more$}{line}", ""),
                Err(_) => line[blanks.min(shift.unsigned_abs())..].to_owned(),
            }
        })
        .collect();
    assert_eq!(oracle::read(&shifted), oracle::read(text), "moving the sequences changed a value");
    shifted
}

/// The objects as JSON; nothing where JSON cannot say the same: for duplicate keys and aliases.
pub(crate) fn json(text: &str) -> Option<Vec<serde_json::Value>> {
    let tree = Tree::parse(text, text::Span::new(0, text.len())).ok()?;
    let mut nodes = tree.roots().flat_map(Node::descendants);
    if nodes.any(|node| matches!(node.kind(), Kind::Alias(_)) || node.duplicate_key().is_some()) {
        return None;
    }
    Some(oracle::objects(text).ok()?.iter().map(json_of).collect())
}

pub(crate) fn json_of(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Number(text) => serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into()),
        Value::Str(text) => text.as_str().into(),
        Value::List(items) => items.iter().map(json_of).collect::<Vec<_>>().into(),
        Value::Map(entries) => entries.iter().map(|(key, value)| (key.clone(), json_of(value))).collect::<serde_json::Map<_, _>>().into(),
    }
}
