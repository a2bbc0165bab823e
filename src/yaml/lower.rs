//! Walks the tree and the wishes side by side, and writes down the edits.

use std::collections::HashSet;

use super::edit::{Blocked, Done, Lowered};
use super::style::{self, Look, Quotes};
use super::wish::{Addition, Request, Wish, blocked, first_request, refuse_mixed, sort_in};
use super::{Embedded, Kind, Layout, Node, Path, Style, Tree, Value, Want, is_plain_safe, place, value, write};
use crate::text::{self, Edit, Span};

/// The edits that make all requests hold for the object at `root`.
pub(super) fn lower_requests(root: Node<'_>, requests: Vec<Request<'_>>) -> Result<Lowered, Blocked> {
    let mut wish = Wish::default();
    for request in requests {
        sort_in(&mut wish, Some(root), request, &Path::root())?;
    }
    refuse_mixed(&wish, &Path::root(), root.start())?;
    let mut lowering = Lowering { root, text: root.source(), out: Lowered::default() };
    lowering.node(root, &wish, &Path::root(), Spot { column: 0, like: None, item: None })?;
    let lone = text::lone_carriage_return(root.span().of(lowering.text)).filter(|_| !lowering.out.edits.is_empty());
    if let (Some(at), Some(request)) = (lone, first_request(&wish)) {
        let reason = "a line ends in a carriage return alone, which readers disagree about: save the file with LF or CRLF line ends";
        return Err(blocked(request, &Path::root(), root.span().start + at, reason));
    }
    Ok(lowering.out)
}

/// What stands around a node.
#[derive(Clone, Copy)]
struct Spot<'t> {
    /// The column of the key or dash that the node hangs on.
    column: usize,
    /// The collection whose values look like the node should.
    like: Option<Node<'t>>,
    /// The innermost list item around the node, for its comment: where that may begin, and where the item begins.
    item: Option<(usize, usize)>,
}

struct Lowering<'t> {
    /// The object or inner document: what is beside it has no say in its looks.
    root: Node<'t>,
    text: &'t str,
    out: Lowered,
}

impl<'t> Lowering<'t> {
    /// Makes `wish` hold at `node`, which is there.
    fn node(&mut self, node: Node<'t>, wish: &Wish<'_>, path: &Path, spot: Spot<'t>) -> Result<(), Blocked> {
        let before = self.out.edits.len();
        let first = first_request(wish);
        if let Some(leaf) = wish.leaf {
            self.leaf(node, leaf, path, spot);
        } else if !wish.inside.is_empty() {
            self.inside(node, &wish.inside, path)?;
        } else if node.is_null() && !node.is_alias() {
            self.fill(node, wish, path, spot)?;
        } else if !wish.keys.is_empty() {
            self.mapping(node, wish, path, spot)?;
        } else {
            self.sequence(node, wish, path)?;
        }
        let Some(first) = first.filter(|_| self.out.edits.len() > before) else { return Ok(()) };
        if node.is_alias() && wish.leaf.is_none() {
            let alias = node.span().of(self.text);
            let reason =
                format!("`{path}` is the alias \"{alias}\": an edit would change every place that uses it; write the value out there");
            return Err(blocked(first, path, node.start(), reason));
        }
        if node.is_aliased() {
            let place = if path.steps().is_empty() { "the whole".to_owned() } else { format!("`{path}`") };
            let reason =
                format!("{place} carries an anchor that other places refer to: an edit would change them too; write the value out there");
            return Err(blocked(first, path, node.start(), reason));
        }
        if wish.leaf.is_some() { keeps_anchors(node, self.root, first, path) } else { Ok(()) }
    }

    fn mapping(&mut self, alias: Node<'t>, wish: &Wish<'_>, path: &Path, spot: Spot<'t>) -> Result<(), Blocked> {
        let node = alias.resolved();
        let Kind::Mapping(layout) = node.kind() else {
            return wrong_kind(node, wish, path, "a mapping");
        };
        let column = style::column(node);
        let (mut missing, mut gone) = (Vec::new(), Vec::new());
        for (key, below) in wish.keys_in_order() {
            let at = path.key(key);
            let mut own = node.entries().enumerate().filter(|(_, (name, _))| name.text() == Some(key));
            match (own.next(), own.next()) {
                (Some(_), Some((_, (twice, _)))) => {
                    let reason = format!("the key `{at}` is there twice; remove one");
                    return Err(because(below, path, twice.start(), reason));
                }
                (Some((position, (name, value))), None) => match below.leaf.filter(|leaf| leaf.wish.want == Want::Absent) {
                    Some(leaf) => {
                        keeps_anchors(value, self.root, leaf, &at)?;
                        self.done(leaf, &at, Some(Value::of(value)), None, name.start());
                        gone.push(position);
                    }
                    None => self.entry(node, (name, value), below, &at, Spot { column, like: Some(node), ..spot })?,
                },
                (None, _) => match node.merged(key) {
                    Some(value) if !below.is_leaf() => {
                        let reason = format!(
                            "`{at}` comes from a merge key (`<<`): an edit would change every place that uses it; write it out there"
                        );
                        return Err(because(below, &at, value.start(), reason));
                    }
                    Some(value) if below.holds_for(value) => {}
                    _ => missing.push((key, below)),
                },
            }
        }
        let offset = node.span().end;
        let mut values = Vec::new();
        for (key, below) in missing {
            values.extend(self.value(below, &path.key(key), offset)?.map(|value| (key.to_owned(), value)));
        }
        let look = Look::of(node, self.root);
        let colon = node.entries().last().map_or(": ", |(key, value)| &self.text[key.span().end..value.start()]);
        let colon = if colon.trim() == ":" { colon } else { ": " };
        let text_of = |(key, value): &(String, Value)| match layout {
            Layout::Flow => format!("{}{colon}{}", write::key(key, &look, true), write::flow(value, Some(key), &look)),
            Layout::Block => write::block_entry(key, value, column, &look),
        };
        if node.is_pair() && !(gone.is_empty() && values.is_empty()) {
            return Err(because(wish, path, node.start(), format!("`{path}` is a mapping without braces: write them around it")));
        }
        place::change(node, &gone, &values.iter().map(text_of).collect::<Vec<_>>(), &mut self.out.edits);
        Ok(())
    }

    fn entry(
        &mut self,
        mapping: Node<'t>,
        (key, value): (Node<'t>, Node<'t>),
        wish: &Wish<'_>,
        path: &Path,
        spot: Spot<'t>,
    ) -> Result<(), Blocked> {
        match wish.leaf.map(|leaf| (leaf, &leaf.wish.want)) {
            Some((leaf, Want::Named(name))) => {
                let look = Look::of(mapping, self.root);
                let flow = mapping.kind() == Kind::Mapping(Layout::Flow);
                self.done(leaf, path, key.text().map(Value::from), Some(Value::from(name.as_str())), key.start());
                let text = match key.kind() {
                    Kind::Scalar(Style::Plain) => write::key(name, &look, flow),
                    _ => rewritten(key, &Value::from(name.as_str()), &look, flow),
                };
                self.out.edits.push(Edit::replace(key.span(), text));
                return Ok(());
            }
            Some((leaf, Want::Plain(text))) => return self.plain_entry(mapping, (key, value), (leaf, text), path),
            _ => {}
        }
        let before = self.out.edits.len();
        self.node(value, wish, path, spot)?;
        let explicit = mapping.kind() == Kind::Mapping(Layout::Block) && !has_colon(value);
        if explicit && self.out.edits.len() > before {
            let reason = format!("`{path}` is a key without a value: write a `:` for it on the next line");
            return Err(because(wish, path, key.start(), reason));
        }
        Ok(())
    }

    /// The entry must be written `key: value`, with nothing behind it; a comment goes to a line of its own in front.
    fn plain_entry(
        &mut self,
        mapping: Node<'t>,
        (key, value): (Node<'t>, Node<'t>),
        (leaf, new): (Request<'_>, &str),
        path: &Path,
    ) -> Result<(), Blocked> {
        let flow = mapping.kind() == Kind::Mapping(Layout::Flow);
        let name = key.text().unwrap_or_default();
        if ![name, new].iter().all(|text| is_plain_safe(text, flow)) || value.tag().is_some() || value.is_anchored() {
            return Err(blocked(
                leaf,
                path,
                key.start(),
                format!("`{path}` must be written without quotes, as {name}: {new}, and cannot be here"),
            ));
        }
        let mut written = Span::new(key.start(), value.span().end.max(value.slot()));
        let mut text = format!("{name}: {new}");
        // Such readers take the rest of the line as it is.
        let behind = Span::new(written.end, text::line_end(self.text, written.end)).of(self.text);
        let indent = &self.text[text::line_start(self.text, key.start())..key.start()];
        let comment = Some(behind.trim()).filter(|rest| rest.starts_with('#') && indent.bytes().all(|byte| byte == b' '));
        if behind.trim().is_empty() || comment.is_some() {
            written.end += behind.len();
        }
        if let Some(comment) = comment {
            text = format!("{comment}{}{indent}{text}", text::newline(self.text, key.start()));
        }
        if written.of(self.text) != text {
            self.done(leaf, path, (!value.is_null()).then(|| Value::of(value)), Some(Value::from(new)), value.start());
            self.out.edits.push(Edit::replace(written, text));
        }
        Ok(())
    }

    fn sequence(&mut self, alias: Node<'t>, wish: &Wish<'_>, path: &Path) -> Result<(), Blocked> {
        let node = alias.resolved();
        if wish.indexes.is_empty() && wish.items.is_empty() && wish.contains.is_empty() {
            return Ok(());
        }
        let Kind::Sequence(layout) = node.kind() else {
            return wrong_kind(node, wish, path, "a list");
        };
        let items: Vec<_> = node.items().collect();
        let mut gone = Vec::new();
        for (index, below) in &wish.indexes {
            let at = path.index(*index);
            let Some(&item) = items.get(*index) else {
                if below.is_all_absent() {
                    continue;
                }
                let reason = format!("`{path}` has no item {index}");
                return Err(because(below, &at, node.start(), reason));
            };
            if let Some(leaf) = below.leaf.filter(|leaf| leaf.wish.want == Want::Absent) {
                keeps_anchors(item, self.root, leaf, &at)?;
                self.done(leaf, &at, Some(Value::of(item)), None, item.start());
                gone.push(*index);
                continue;
            }
            let from = if *index == 0 { node.slot() } else { items[index - 1].span().end };
            let column = text::column(self.text, node.span().start);
            self.node(item, below, &at, Spot { column, like: Some(node), item: Some((from, item.start())) })?;
        }
        let texts = self.new_items(node, &items, wish, path, layout)?;
        place::change(node, &gone, &texts, &mut self.out.edits);
        Ok(())
    }

    /// The texts of the items that must be appended.
    fn new_items(
        &mut self,
        node: Node<'t>,
        items: &[Node<'t>],
        wish: &Wish<'_>,
        path: &Path,
        layout: Layout,
    ) -> Result<Vec<String>, Blocked> {
        let there = if wish.contains.is_empty() { HashSet::new() } else { items.iter().copied().map(Value::of).collect() };
        let values = self.new_values(wish, there, items.len(), path, node.span().end)?;
        let look = Look::of(node, self.root);
        let column = text::column(self.text, node.span().start);
        let text_of = |value: &Value| {
            let braces = write::like_last_item(value, node, &look);
            match (layout, braces) {
                (Layout::Flow, braces) => braces.unwrap_or_else(|| write::flow(value, None, &look)),
                (Layout::Block, Some(braces)) => write::block_line(&braces, column, &look),
                (Layout::Block, None) => write::block_item(value, column, &look),
            }
        };
        Ok(values.iter().map(text_of).collect())
    }

    /// The items that are wished for and not `there` yet, in the order of the wishes; the first gets the position `from`.
    fn new_values(
        &mut self,
        wish: &Wish<'_>,
        mut there: HashSet<Value>,
        from: usize,
        path: &Path,
        offset: usize,
    ) -> Result<Vec<Value>, Blocked> {
        let mut new = Vec::new();
        for addition in wish.additions() {
            let at = path.index(from + new.len());
            match addition {
                Addition::Value(request, value) if there.insert(value.clone()) => {
                    self.done(request, &at, None, Some(value.clone()), offset);
                    new.push(value.clone());
                }
                Addition::Value(..) => {}
                Addition::Item(key, value, below) => new.extend(self.value_of_item(key, value, below, &at, offset)?),
            }
        }
        Ok(new)
    }

    /// Gives a place that is there, but empty, its value.
    fn fill(&mut self, node: Node<'t>, wish: &Wish<'_>, path: &Path, spot: Spot<'t>) -> Result<(), Blocked> {
        if let Some(value) = self.value(wish, path, node.start())? {
            self.write(node, &value, spot);
        }
        Ok(())
    }

    fn leaf(&mut self, node: Node<'t>, request: Request<'_>, path: &Path, spot: Spot<'t>) {
        let (Want::Is(value) | Want::Exists(value)) = &request.wish.want else { return };
        let exists = matches!(request.wish.want, Want::Exists(_));
        let current = Value::of(node);
        if current == *value || (exists && current != Value::Null) {
            return;
        }
        let shown = (current != Value::Null).then_some(current);
        self.done(request, path, shown, Some(value.clone()), node.start());
        self.write(node, value, spot);
        if let (Some(reword), Some((from, to))) = (&request.wish.reword, spot.item) {
            self.out.edits.extend(place::reworded(self.text, Span::new(from, to), reword));
        }
    }

    /// Writes `value` where `node` is.
    fn write(&mut self, node: Node<'t>, value: &Value, spot: Spot<'t>) {
        let parent = spot.like.unwrap_or(node);
        let mut look = Look::of(parent, self.root);
        if matches!(parent.kind(), Kind::Sequence(_)) {
            // A sequence can stand at the column of its key, but not at that of its dash.
            look.dash = look.dash.max(2);
        }
        let in_flow = matches!(parent.kind(), Kind::Mapping(Layout::Flow) | Kind::Sequence(Layout::Flow)) && spot.like.is_some();
        let is_block =
            matches!(value, Value::Map(entries) if !entries.is_empty()) || matches!(value, Value::List(items) if !items.is_empty());
        // A tag stays where it says what the new value is: a string.
        let is_str = matches!(value, Value::Str(_));
        let tag_stays = node.tag().is_none_or(|tag| is_str && value::is_str_tag(tag));
        let span = if tag_stays { node.span() } else { Span::new(node.start(), node.span().end) };
        match node.kind() {
            Kind::Scalar(Style::Literal | Style::Double | Style::Single | Style::Folded) if is_str && tag_stays => {
                self.rewrite(node, value, &look, in_flow);
            }
            Kind::Scalar(_) | Kind::Alias(_) if is_block && !in_flow => {
                // What follows on the line is a comment: it stays there.
                let from = if self.text[node.slot()..node.start()].trim().is_empty() { node.slot() } else { node.start() };
                self.out.edits.push(Edit::delete(Span::new(from, span.end)));
                let text = write::after_key("", value, spot.column, &look);
                self.out.edits.push(Edit::insert(text::line_end(self.text, span.end), format!("{}{text}", style::header_comment(node))));
            }
            Kind::Mapping(Layout::Block) | Kind::Sequence(Layout::Block) => {
                let text = write::after_key("", value, spot.column, &look);
                let from = if self.text[node.slot()..node.start()].trim().is_empty() { node.slot() } else { node.start() };
                self.out.edits.push(Edit::replace(Span::new(from, span.end), text));
            }
            _ => {
                if matches!(node.kind(), Kind::Mapping(_) | Kind::Sequence(_)) {
                    look = Look::of(node, self.root);
                }
                let quotes = look.quotes(None);
                // A string that stands plain stays plain, where it can.
                let quotes = if node.string().is_some() { Quotes { free: None, ..quotes } } else { quotes };
                let text = write::scalar(value, quotes, &look, in_flow);
                let lead = match spot.like {
                    _ if span.start < span.end || self.text[..span.start].ends_with([' ', '\t', '\n', '[', '\u{feff}']) => "",
                    Some(mapping) if matches!(mapping.kind(), Kind::Mapping(_)) && !has_colon(node) => ": ",
                    _ => " ",
                };
                self.out.edits.push(Edit::replace(span, format!("{lead}{text}{}", style::header_comment(node))));
            }
        }
    }

    /// Writes a string over one that is quoted or a block, in the same quoting.
    fn rewrite(&mut self, node: Node<'t>, value: &Value, look: &Look<'_>, in_flow: bool) {
        let new = value.as_str().unwrap_or_default();
        let is_block = matches!(node.kind(), Kind::Scalar(Style::Literal | Style::Folded));
        if let Some(embedded) = Embedded::of(node).filter(|embedded| is_block && embedded.can_become(new)) {
            let edit = place::difference(&embedded.text, new);
            self.out.edits.extend(embedded.lift(vec![edit]).unwrap_or_default());
            return;
        }
        self.out.edits.push(Edit::replace(node.span(), rewritten(node, value, look, in_flow) + style::header_comment(node)));
    }

    /// Makes wishes hold in the document that the scalar `node` holds.
    fn inside(&mut self, node: Node<'t>, requests: &[Request<'_>], path: &Path) -> Result<(), Blocked> {
        let first = requests[0];
        let scalar = node.resolved();
        let Some(embedded) = Embedded::of(scalar) else {
            return Err(blocked(first, path, node.start(), format!("`{path}` must be a string that holds a document")));
        };
        let tree = Tree::parse(&embedded.text, Span::new(0, embedded.text.len())).map_err(|error| {
            blocked(first, path, embedded.outer_offset(error.offset), format!("the document in `{path}` cannot be read: {error}"))
        })?;
        let Some(root) = tree.roots().next() else {
            return Err(blocked(first, path, node.start(), format!("the document in `{path}` is empty")));
        };
        let place = |inner: &Path| path.inside().join(inner);
        let inner = lower_requests(root, requests.to_vec()).map_err(|error| Blocked {
            path: place(&error.path),
            offset: embedded.outer_offset(error.offset),
            ..error
        })?;
        if !inner.edits.is_empty() {
            let edits = embedded.lift(inner.edits).map_err(|overlap| blocked(first, path, node.start(), overlap.to_string()))?;
            self.out.edits.extend(edits);
        }
        self.out.done.extend(inner.done.into_iter().map(|done| Done {
            path: place(&done.path),
            offset: embedded.outer_offset(done.offset),
            ..done
        }));
        Ok(())
    }

    /// The value that a place must get that is not there yet; every wish below is done by it.
    fn value(&mut self, wish: &Wish<'_>, path: &Path, offset: usize) -> Result<Option<Value>, Blocked> {
        if let Some(leaf) = wish.leaf {
            let value = match &leaf.wish.want {
                Want::Is(value) | Want::Exists(value) => value.clone(),
                Want::Plain(text) => Value::from(text.as_str()),
                Want::Contains(_) | Want::Absent | Want::Named(_) => return Ok(None),
            };
            self.done(leaf, path, None, Some(value.clone()), offset);
            return Ok(Some(value));
        }
        if wish.is_all_absent() {
            return Ok(None);
        }
        if !wish.items.is_empty() || !wish.contains.is_empty() {
            let list = self.new_values(wish, HashSet::new(), 0, path, offset)?;
            return Ok(Some(Value::List(list)));
        }
        if wish.keys.is_empty() {
            return Err(because(wish, path, offset, format!("`{path}` is not there, so nothing in it can be changed")));
        }
        let mut entries = Vec::new();
        for (key, below) in wish.keys_in_order() {
            entries.extend(self.value(below, &path.key(key), offset)?.map(|value| (key.to_owned(), value)));
        }
        Ok(Some(Value::Map(entries)))
    }

    /// A new list item: the field that tells it apart first, then what is wished for it.
    fn value_of_item(&mut self, key: &str, value: &str, wish: &Wish<'_>, path: &Path, offset: usize) -> Result<Option<Value>, Blocked> {
        let mut entries = vec![(key.to_owned(), Value::from(value))];
        Ok(match self.value(wish, path, offset)? {
            Some(Value::Map(more)) => {
                entries.extend(more.into_iter().filter(|(name, _)| name != key));
                Some(Value::Map(entries))
            }
            other => other,
        })
    }

    fn done(&mut self, request: Request<'_>, path: &Path, current: Option<Value>, proposed: Option<Value>, offset: usize) {
        self.out.done.push(Done { op: request.op, path: path.clone(), current, proposed, offset });
    }
}

/// Whether an alias anywhere in the document, but not in `within`, refers to `node`.
fn is_aliased_outside(node: Node<'_>, within: Node<'_>, root: Node<'_>) -> bool {
    let inside: std::ops::RangeInclusive<_> = within.id()..=within.descendants().last().map_or(within.id(), Node::id);
    root.descendants().any(|other| other.kind() == Kind::Alias(node.id()) && !inside.contains(&other.id()))
}

/// What goes with `node` must not be what other places refer to.
fn keeps_anchors(node: Node<'_>, root: Node<'_>, request: Request<'_>, path: &Path) -> Result<(), Blocked> {
    let Some(anchored) = node.descendants().find(|inner| inner.is_anchored() && is_aliased_outside(*inner, node, root)) else {
        return Ok(());
    };
    let reason = format!("`{path}` holds an anchor that other places refer to: they would lose it; write the value out there");
    Err(blocked(request, path, anchored.start(), reason))
}

/// Whether the value of a mapping has its `:`; `{a}` and `? a` are keys without one.
fn has_colon(value: Node<'_>) -> bool {
    value.source()[..value.slot()].ends_with(':')
}

/// The text for `value` in the quotes that `node` has.
fn rewritten(node: Node<'_>, value: &Value, look: &Look<'_>, in_flow: bool) -> String {
    let quote = if node.kind() == Kind::Scalar(Style::Single) { '\'' } else { '"' };
    write::scalar(value, Quotes { free: Some(quote), needed: quote }, look, in_flow)
}

/// No request of `wish` can be fulfilled.
fn because(wish: &Wish<'_>, path: &Path, offset: usize, reason: String) -> Blocked {
    let op = first_request(wish).map_or(0, |request| request.op);
    Blocked { op, path: path.clone(), offset, reason }
}

/// What is to be absent below a value of another kind is.
fn wrong_kind(node: Node<'_>, wish: &Wish<'_>, path: &Path, must: &str) -> Result<(), Blocked> {
    if wish.is_all_absent() { Ok(()) } else { Err(because(wish, path, node.start(), format!("`{path}` must be {must}"))) }
}
