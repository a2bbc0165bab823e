//! The lines of one object, parsed when someone asks.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use super::{Form, heads};
use crate::text::Span;
use crate::yaml::{Kind, Node, Nodes, Tree};

/// Lines that hold one item of a list, or one document.
#[derive(Clone, Debug)]
pub(super) struct Lines<'t> {
    text: &'t str,
    span: Span,
    form: Form,
    /// The parsed lines and the root of the object.
    parsed: OnceCell<Rc<(Nodes, u32)>>,
    misread: Rc<Cell<bool>>,
}

impl<'t> Lines<'t> {
    /// The lines `span` of `text`. `misread` is set if they are asked for and cannot be read alone.
    pub(super) fn new(text: &'t str, span: Span, form: Form, misread: Rc<Cell<bool>>) -> Self {
        Self { text, span, form, parsed: OnceCell::new(), misread }
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

    fn parse(&self, expected: [&str; 4]) -> Option<(Nodes, u32)> {
        let tree = Tree::parse(self.text, self.span).ok()?;
        let id = {
            let mut roots = tree.roots();
            let (root, None) = (roots.next()?, roots.next()) else { return None };
            let object = if self.form == Form::Stream { root } else { only_item(root)? };
            (heads(object) == expected).then_some(object.id())?
        };
        Some((tree.into_nodes(), id))
    }
}

/// The only item of a sequence. Other items could refer to its anchors, and it to theirs: then it does not stand alone.
fn only_item(sequence: Node<'_>) -> Option<Node<'_>> {
    let mut items = sequence.items();
    let (item, None) = (items.next()?, items.next()) else { return None };
    let stands_alone = item.descendants().all(|node| !node.is_anchored() && !matches!(node.kind(), Kind::Alias(_)));
    stands_alone.then_some(item)
}
