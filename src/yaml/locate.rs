//! What stands at a place, and where: inner documents are entered.

use super::{Embedded, Kind, Node, Path, Step, Tree};
use crate::text::Span;

/// The way from a byte of an inner document to the whole text.
type Outer<'a> = &'a dyn Fn(usize) -> usize;

/// A scalar, and where its text stands.
#[derive(Clone, Copy)]
pub struct Scalar<'a> {
    /// The decoded text.
    pub text: &'a str,
    outer: Outer<'a>,
}

impl Scalar<'_> {
    /// The byte of the whole text that stands for this byte of the scalar's; where its way of writing does not tell, the
    /// start of the scalar.
    pub fn offset(&self, at: usize) -> usize {
        (self.outer)(at)
    }
}

/// Where the place at `path` begins, or the last one on the way that is there.
pub fn offset_of(root: Node<'_>, path: &Path) -> usize {
    let mut found = 0;
    enter(root, path.steps(), &|offset| offset, &mut |node, _, outer| found = outer(node.start()));
    found
}

/// Calls `each` with the scalars at `path` and below, keys too, in the order of the text. Aliases below are not followed.
/// Whether there is such a place.
pub fn visit(root: Node<'_>, path: &Path, each: &mut dyn FnMut(Scalar<'_>)) -> bool {
    let mut is_there = false;
    enter(root, path.steps(), &|offset| offset, &mut |node, rest, outer| {
        is_there = rest.is_empty();
        for below in node.resolved().descendants().filter(|below| is_there && matches!(below.kind(), Kind::Scalar(_))) {
            if let (Some(text), Some(embedded)) = (below.text(), Embedded::of(below)) {
                each(Scalar { text, outer: &|offset| outer(embedded.outer_offset(offset)) });
            }
        }
    });
    is_there
}

/// Goes along `steps`, into inner documents, too, and calls `then` with the last node that is there, the steps that are left,
/// and the way from a byte of its document to the whole text.
fn enter(node: Node<'_>, steps: &[Step], outer: Outer<'_>, then: &mut dyn FnMut(Node<'_>, &[Step], Outer<'_>)) {
    let (node, rest) = node.walk(steps);
    if let ([Step::Inside, rest @ ..], Some(embedded)) = (rest, Embedded::of(node.resolved()))
        && let Ok(tree) = Tree::parse(&embedded.text, Span::new(0, embedded.text.len()))
        && let Some(inner) = tree.roots().next()
    {
        return enter(inner, rest, &|offset| outer(embedded.outer_offset(offset)), then);
    }
    then(node, rest, outer);
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "data:\n  a: |\n    b:\n      - \"c=1 d=2\"\n      - e\n  f: |-\n    x\n    --g=3\n";

    /// Each scalar at the path, with what stands in the text where its last character is said to be.
    fn scalars(path: &Path) -> Option<Vec<(String, char)>> {
        let tree = Tree::parse(TEXT, Span::new(0, TEXT.len())).unwrap();
        let mut found = Vec::new();
        let is_there = visit(tree.roots().next().unwrap(), path, &mut |scalar| {
            let last = scalar.offset(scalar.text.len() - 1);
            found.push((scalar.text.to_owned(), TEXT[last..].chars().next().unwrap()));
        });
        is_there.then_some(found)
    }

    #[test]
    fn a_place_in_an_inner_document_is_a_place_of_the_text() {
        let inner = Path::of(&["data", "a"]).inside().key("b");
        assert_eq!(scalars(&inner), Some(vec![("c=1 d=2".into(), '2'), ("e".into(), 'e')]));
        assert_eq!(scalars(&inner.index(0)), Some(vec![("c=1 d=2".into(), '2')]));
        assert_eq!(scalars(&Path::of(&["data", "f"])), Some(vec![("x\n--g=3".into(), '3')]));
        assert_eq!(scalars(&inner.index(2)), None);
        assert_eq!(scalars(&Path::of(&["data", "f"]).inside().key("x")), None);
    }

    #[test]
    fn places_in_inner_documents_are_found_in_the_outer_text() {
        let text = "data:\n  a: |\n    b:\n      c: 1\n  q: \"{b: \\\"x\\\"}\"\n  f: >\n    b: 1\n";
        let tree = Tree::parse(text, Span::new(0, text.len())).unwrap();
        let root = tree.roots().next().unwrap();
        let found = |path: Path| &text[offset_of(root, &path)..][..3];
        let inside = |key: &str| Path::of(&["data", key]).inside();
        assert_eq!(found(inside("a").keys(&["b", "c"])), "1\n ");
        assert_eq!(found(inside("a").keys(&["b", "gone"])), "c: ");
        assert_eq!(found(inside("a")), "b:\n");
        assert_eq!(found(inside("q").key("b")), "\\\"x");
        assert_eq!(found(inside("f").key("b")), ">\n ", "a folded text has no mapping");
        assert_eq!(found(Path::of(&["data", "gone"]).inside().key("x")), "a: ");
    }
}
