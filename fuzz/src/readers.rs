//! Three readers of YAML: ours, libyaml's grammar (`yaml_serde`), and `oneyaml-syntax`. Of what all of them take, ours says the
//! same as one of the others.

use enable_dual_stack::text::{self, Span};
use enable_dual_stack::yaml::{Kind, Node, Tree, Value};
use oneyaml_syntax::event::EventKind;

use crate::common::{harness, oracle};
use crate::editor::random;

/// # Panics
/// Where ours differs from both others in what a text says.
pub fn readers(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(tree) = Tree::parse(text, Span::new(0, text.len())) else { return };
    if text::lone_carriage_return(text).is_some() {
        // A line break to the parser, and none to us: such a package is refused.
        return;
    }
    tree.roots().for_each(random::assert_holds_together);
    // A byte order mark at the start of a later line is a part of the text to us; to libyaml it is nothing.
    if text.trim_start_matches('\u{feff}').contains('\u{feff}') {
        return;
    }
    // A block scalar without a line break at the end of the text has one all the same to oneyaml-syntax; to ours, to Go's
    // yaml.v3 and to libyaml it has none.
    if !text.ends_with('\n') {
        return;
    }
    let (Some(one), Ok(other)) = (events(text), theirs(text)) else { return };
    let mut events = Vec::new();
    tree.roots().for_each(|root| add_events(root, &mut events));
    // Where the two disagree with each other, YAML 1.1 and 1.2 do: `&a: b`, a comment at the edge of a text, the tag `!`.
    assert!(one == events || other == ours(&tree), "ours: {events:?}\noneyaml-syntax: {one:?}\nyaml_serde: {other:?}\nof\n{text}");
}

/// Whether ours and `yaml_serde` take a text for the same.
pub(crate) fn agree(text: &str) -> bool {
    Tree::parse(text, Span::new(0, text.len())).is_ok_and(|tree| theirs(text) == Ok(ours(&tree)))
}

/// The documents that say something: an empty text is no document to us, and one to `yaml_serde`.
fn ours(tree: &Tree<'_>) -> Vec<Value> {
    tree.roots().map(|root| harness::normal(Value::of(root))).filter(|document| *document != Value::Null).collect()
}

fn theirs(text: &str) -> Result<Vec<Value>, String> {
    Ok(oracle::read(text)?.into_iter().filter(|document| *document != Value::Null).collect())
}

/// What happens in a document, in an order that does not depend on the reader.
#[derive(Debug, PartialEq, Eq)]
enum Event {
    Mapping,
    Sequence,
    End,
    Alias,
    Scalar(String),
}

/// The events of `oneyaml-syntax`; nothing where it finds an error.
fn events(text: &str) -> Option<Vec<Event>> {
    let mut events = Vec::new();
    for event in oneyaml_syntax::parse(text).sourced() {
        events.push(match event.kind() {
            EventKind::MappingStart { .. } => Event::Mapping,
            EventKind::SequenceStart { .. } => Event::Sequence,
            EventKind::MappingEnd { .. } | EventKind::SequenceEnd { .. } => Event::End,
            EventKind::Alias { .. } => Event::Alias,
            EventKind::Scalar { .. } => Event::Scalar(event.value()?.into_owned()),
            EventKind::Error { .. } => return None,
            _ => continue,
        });
    }
    Some(events)
}

fn add_events(node: Node<'_>, events: &mut Vec<Event>) {
    match node.kind() {
        Kind::Alias(_) => events.push(Event::Alias),
        Kind::Scalar(_) => events.push(Event::Scalar(node.text().unwrap_or_default().to_owned())),
        Kind::Mapping(_) => {
            events.push(Event::Mapping);
            for (key, value) in node.entries() {
                add_events(key, events);
                add_events(value, events);
            }
            events.push(Event::End);
        }
        Kind::Sequence(_) => {
            events.push(Event::Sequence);
            node.items().for_each(|item| add_events(item, events));
            events.push(Event::End);
        }
    }
}
