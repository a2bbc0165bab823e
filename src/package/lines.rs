//! The lines of one object, parsed when someone asks.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use super::heads;
use crate::text::Span;
use crate::yaml::{Node, Nodes, Tree};

/// Lines that hold one item of a list, or one document.
#[derive(Clone, Debug)]
pub(super) struct Lines<'t> {
    text: &'t str,
    span: Span,
    in_list: bool,
    /// The parsed lines and the root of the object.
    parsed: OnceCell<Rc<(Nodes, u32)>>,
    misread: Rc<Cell<bool>>,
}

impl<'t> Lines<'t> {
    /// The lines `span` of `text`, with one item of a list or with one document. `misread` is set if they are asked for and cannot be read alone.
    pub(super) fn new(text: &'t str, span: Span, in_list: bool, misread: Rc<Cell<bool>>) -> Self {
        Self { text, span, in_list, parsed: OnceCell::new(), misread }
    }

    /// The object in the lines, which must have these heads; a null if it cannot be read alone.
    pub(super) fn root(&self, heads: [&str; 4]) -> Node<'_> {
        let parsed = self.parsed.get_or_init(|| {
            Rc::new(self.parse(heads).unwrap_or_else(|| {
                self.misread.set(true);
                (Nodes::null(self.span.start), 0)
            }))
        });
        parsed.0.node(self.text, parsed.1)
    }

    pub(super) fn is_parsed(&self) -> bool {
        self.parsed.get().is_some()
    }

    fn parse(&self, expected: [&str; 4]) -> Option<(Nodes, u32)> {
        let tree = Tree::parse(self.text, self.span).ok()?;
        let object = only_object(&tree, self.in_list)?;
        // Other items could refer to its anchors, and it to theirs.
        let stands_alone = !self.in_list || object.descendants().all(|node| !node.is_anchored() && !node.is_alias());
        let id = (stands_alone && heads(object) == expected).then_some(object.id())?;
        Some((tree.into_nodes(), id))
    }
}

/// The heads of the object in the lines `span`, one item of a list or one document, if it can be read alone.
pub(super) fn heads_alone(text: &str, span: Span, in_list: bool) -> Option<[String; 4]> {
    let tree = Tree::parse(text, span).ok()?;
    let object = only_object(&tree, in_list)?;
    let is_object = !object.is_null() && object.text_at(&["kind"]).is_none_or(|kind| !kind.ends_with("List"));
    is_object.then(|| heads(object).map(str::to_owned))
}

/// The only document, or the only item in it.
fn only_object<'n>(tree: &'n Tree<'_>, in_list: bool) -> Option<Node<'n>> {
    let only = |mut nodes: Box<dyn Iterator<Item = Node<'n>> + 'n>| nodes.next().filter(|_| nodes.next().is_none());
    let root = only(Box::new(tree.roots()))?;
    if in_list { only(Box::new(root.items())) } else { Some(root) }
}
