//! What is around the items of a list that a scan has found.

use std::rc::Rc;

use super::Form;
use crate::text::{Edit, Span};
use crate::yaml::{Blocked, Kind, Layout, Node, Op, Tree, lower};

/// A ResourceList or a List without its items.
#[derive(Clone, Debug)]
pub(super) struct List<'t> {
    pub form: Form,
    text: &'t str,
    /// The keys up to `items`, and those behind the items if there are some.
    keys: Vec<Rc<Tree<'t>>>,
    /// The lines of all items.
    items: Span,
    /// Where the lines of the last item start.
    last: usize,
}

impl<'t> List<'t> {
    /// Reads what is around `items`, the lines of all items; the line of their key starts at `key`, the last item at `last`.
    ///
    /// Nothing where the parts might mean something else together than each alone does, or are no list.
    pub(super) fn around(text: &'t str, key: usize, items: Span, last: usize) -> Option<Self> {
        let before = Tree::parse(text, Span::new(0, items.start)).ok()?;
        let root = only_mapping(&before)?;
        let (name, value) = root.entries().last()?;
        let mut lines = text[..root.start()].trim_start_matches('\u{feff}').lines().map(str::trim_start);
        let no_directive = lines.all(|line| line.is_empty() || line.starts_with('#') || line.starts_with("---"));
        if name.start() != key || value.span() != Span::at(value.slot()) || !no_directive {
            return None;
        }
        let mut keys = vec![Rc::new(before)];
        if items.end < text.len() {
            let after = Tree::parse(text, Span::new(items.end, text.len())).ok()?;
            let root = only_mapping(&after)?;
            if root.start() != items.end || text[items.end..].contains("\n...") {
                return None;
            }
            keys.push(Rc::new(after));
        }
        let mut read = Self { form: Form::List, text, keys, items, last };
        let mut names: Vec<_> = read.roots().flat_map(Node::entries).map(|(name, _)| name.text()).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| pair[0] == pair[1]) {
            return None;
        }
        let (kind, version) = (read.get("kind")?.text()?, read.get("apiVersion")?.text()?);
        read.form = match kind {
            // New results are laid out like the functionConfig; where there is none to see, the items would decide.
            "ResourceList" => {
                let config = read.get("functionConfig")?;
                let fits = version.starts_with("config.kubernetes.io/") && config.kind() == Kind::Mapping(Layout::Block);
                fits.then_some(Form::ResourceList)?
            }
            _ => kind.ends_with("List").then_some(Form::List)?,
        };
        Some(read)
    }

    /// Whether what follows the items, if anything does, could not stand inside brackets that the last item leaves open.
    pub(super) fn ends_certainly(&self) -> bool {
        let Some(after) = self.keys.get(1) else { return true };
        let first = only_root(after).and_then(|root| root.entries().next());
        first.is_some_and(|(_, value)| value.kind() == Kind::Mapping(Layout::Block))
    }

    fn roots(&self) -> impl Iterator<Item = Node<'_>> {
        self.keys.iter().flat_map(|tree| tree.roots())
    }

    /// The value of a key of the list.
    pub(super) fn get(&self, key: &str) -> Option<Node<'_>> {
        self.roots().find_map(|root| root.get(key))
    }

    /// The edits that make `ops` hold for the list itself; nothing where the last item cannot be read alone.
    ///
    /// They are those of the same list with one item only: the last one if something must go behind it.
    pub(super) fn lower(&self, ops: &[Op]) -> Option<Result<Vec<Edit>, Blocked>> {
        let Span { start, end } = self.items;
        let line_break = if self.text[..end].ends_with("\r\n") { "\r\n" } else { "\n" };
        let column = self.text[self.last..].find('-')?;
        let stand_in = format!("{:column$}- 0{line_break}", "");
        let item = if end < self.text.len() { stand_in.as_str() } else { &self.text[self.last..] };
        let short = [&self.text[..start], item, &self.text[end..]].concat();
        let tree = Tree::parse(&short, Span::new(0, short.len())).ok()?;
        let moved = (end - start) - item.len();
        let place = |offset: usize| if offset < start { offset } else { offset + moved };
        let lowered = lower(only_root(&tree)?, ops);
        Some(match lowered {
            Ok(lowered) => Ok(lowered
                .edits
                .into_iter()
                .map(|edit| Edit { span: Span::new(place(edit.span.start), place(edit.span.end)), ..edit })
                .collect()),
            Err(blocked) => Err(Blocked { offset: place(blocked.offset), ..blocked }),
        })
    }
}

fn only_root<'n>(tree: &'n Tree<'_>) -> Option<Node<'n>> {
    let mut roots = tree.roots();
    roots.next().filter(|_| roots.next().is_none())
}

/// The only document of `tree`, if it is a plain block mapping, and nothing in it is an alias or could be the target of one.
fn only_mapping<'n>(tree: &'n Tree<'_>) -> Option<Node<'n>> {
    let root = only_root(tree)?;
    let is_plain = |(name, _): (Node<'_>, Node<'_>)| matches!(name.kind(), Kind::Scalar(_)) && !matches!(name.text(), Some("<<" | ""));
    let fits = root.kind() == Kind::Mapping(Layout::Block)
        && root.tag().is_none()
        && root.entries().all(is_plain)
        && root.descendants().all(|node| !node.is_anchored() && !node.is_alias());
    fits.then_some(root)
}
