//! What stands at a place, and where: inner documents are entered.

use super::{Embedded, Kind, Node, Path, Step, Tree};
use crate::text::Span;

/// A scalar, and where its text stands.
#[derive(Clone, Copy)]
pub struct Scalar<'a> {
    /// The decoded text.
    pub text: &'a str,
    outer: &'a dyn Fn(usize) -> usize,
}

impl Scalar<'_> {
    /// The byte of the whole text that stands for this byte of the scalar's; where its way of writing does not tell, the
    /// start of the scalar.
    pub fn offset(&self, at: usize) -> usize {
        (self.outer)(at)
    }
}

/// Calls `each` with the scalars at `path` and below, keys too, in the order of the text. Aliases below are not followed.
/// The byte where the place begins; nothing where there is no such place.
pub fn visit(root: Node<'_>, path: &Path, each: &mut dyn FnMut(Scalar<'_>)) -> Option<usize> {
    walk(root, path.steps(), &|offset| offset, each)
}

fn walk(root: Node<'_>, steps: &[Step], outer: &dyn Fn(usize) -> usize, each: &mut dyn FnMut(Scalar<'_>)) -> Option<usize> {
    let mut node = root;
    for (index, step) in steps.iter().enumerate() {
        if *step != Step::Inside {
            node = node.step(step)?;
            continue;
        }
        let embedded = Embedded::of(node.resolved())?;
        let tree = Tree::parse(&embedded.text, Span::new(0, embedded.text.len())).ok()?;
        let root = tree.roots().next()?;
        return walk(root, &steps[index + 1..], &|offset| outer(embedded.outer_offset(offset)), each);
    }
    for below in node.resolved().descendants().filter(|below| matches!(below.kind(), Kind::Scalar(_))) {
        if let (Some(text), Some(embedded)) = (below.text(), Embedded::of(below)) {
            each(Scalar { text, outer: &|offset| outer(embedded.outer_offset(offset)) });
        }
    }
    Some(outer(node.start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "data:\n  a: |\n    b:\n      - \"c=1 d=2\"\n      - e\n  f: |-\n    x\n    --g=3\n";

    /// Each scalar at the path, with what stands in the text where its last character is said to be.
    fn scalars(path: &Path) -> Option<Vec<(String, char)>> {
        let tree = Tree::parse(TEXT, Span::new(0, TEXT.len())).unwrap();
        let mut found = Vec::new();
        visit(tree.roots().next().unwrap(), path, &mut |scalar| {
            let last = scalar.offset(scalar.text.len() - 1);
            found.push((scalar.text.to_owned(), TEXT[last..].chars().next().unwrap()));
        })?;
        Some(found)
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
}
