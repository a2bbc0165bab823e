//! Wishes sorted by place: which of them meet, and which contradict each other.

use super::{Blocked, Node, Op, Path, Step, Value, Want};

/// A wish with the steps that are left to go.
#[derive(Clone, Copy)]
pub(super) struct Request<'o> {
    pub op: usize,
    /// The position of the first wish for the same place.
    pub order: usize,
    pub steps: &'o [Step],
    pub wish: &'o Op,
}

impl Request<'_> {
    /// Whether something must be there for it.
    fn adds(&self) -> bool {
        !matches!(self.wish.want, Want::Absent | Want::Named(_))
    }
}

/// Wishes sorted by place.
#[derive(Default)]
pub(super) struct Wish<'o> {
    pub leaf: Option<Request<'o>>,
    pub keys: Vec<(&'o str, Wish<'o>)>,
    pub indexes: Vec<(usize, Wish<'o>)>,
    /// Items that are not there yet, by the field and value that tell them apart.
    pub items: Vec<((&'o str, &'o str), Wish<'o>)>,
    pub contains: Vec<(Request<'o>, &'o Value)>,
    pub inside: Vec<Request<'o>>,
}

/// An item that a list must have.
pub(super) enum Addition<'w, 'o> {
    Value(Request<'o>, &'o Value),
    Item(&'o str, &'o str, &'w Wish<'o>),
}

impl<'o> Wish<'o> {
    /// What a list must have, in the order of the wishes.
    pub(super) fn additions(&self) -> Vec<Addition<'_, 'o>> {
        let values = self.contains.iter().map(|(request, value)| (request.order, Addition::Value(*request, value)));
        let items = self.items.iter().map(|((key, value), wish)| (wish.first_addition(), Addition::Item(key, value, wish)));
        let mut additions: Vec<_> = values.chain(items).collect();
        additions.sort_by_key(|(order, _)| *order);
        additions.into_iter().map(|(_, addition)| addition).collect()
    }

    /// The keys in the order in which the wishes add them.
    pub(super) fn keys_in_order(&self) -> Vec<(&'o str, &Self)> {
        let mut keys: Vec<_> = self.keys.iter().map(|(key, wish)| (*key, wish)).collect();
        keys.sort_by_key(|(_, wish)| wish.first_addition());
        keys
    }

    /// The position of the first wish that puts something here.
    fn first_addition(&self) -> usize {
        let here = self.leaf.iter().chain(&self.inside).chain(self.contains.iter().map(|(request, _)| request));
        let here = here.filter(|request| request.adds()).map(|request| request.order);
        let below = self.keys.iter().map(|(_, wish)| wish).chain(self.items.iter().map(|(_, wish)| wish));
        let below = below.chain(self.indexes.iter().map(|(_, wish)| wish)).map(Self::first_addition);
        here.chain(below).min().unwrap_or(usize::MAX)
    }

    pub(super) fn is_leaf(&self) -> bool {
        self.leaf.is_some()
    }

    /// Whether nothing is wished that must be there: only what is taken away or renamed, if it is.
    pub(super) fn is_all_absent(&self) -> bool {
        self.leaf.iter().chain(&self.inside).all(|request| !request.adds())
            && self.contains.is_empty()
            && self.keys.iter().all(|(_, wish)| wish.is_all_absent())
            && self.indexes.iter().all(|(_, wish)| wish.is_all_absent())
            && self.items.iter().all(|(_, wish)| wish.is_all_absent())
    }

    pub(super) fn holds_for(&self, node: Node<'_>) -> bool {
        match self.leaf.map(|leaf| &leaf.wish.want) {
            Some(Want::Is(value)) => Value::of(node) == *value,
            Some(Want::Exists(_)) => !node.is_null(),
            _ => false,
        }
    }
}

/// Some request of this wish, to name it in an error.
pub(super) fn first_request<'o>(wish: &Wish<'o>) -> Option<Request<'o>> {
    wish.leaf
        .or_else(|| wish.inside.first().copied())
        .or_else(|| wish.contains.first().map(|(request, _)| *request))
        .or_else(|| wish.keys.iter().find_map(|(_, wish)| first_request(wish)))
        .or_else(|| wish.indexes.iter().find_map(|(_, wish)| first_request(wish)))
        .or_else(|| wish.items.iter().find_map(|(_, wish)| first_request(wish)))
}

/// `request` cannot be fulfilled because of what is at `path`.
pub(super) fn blocked(request: Request<'_>, path: &Path, offset: usize, reason: impl Into<String>) -> Blocked {
    Blocked { op: request.op, path: path.clone(), offset, reason: reason.into() }
}

/// Puts a request where it belongs in the tree of wishes.
pub(super) fn sort_in<'o>(wish: &mut Wish<'o>, node: Option<Node<'_>>, request: Request<'o>, path: &Path) -> Result<(), Blocked> {
    let offset = node.map_or(0, Node::start);
    let Some((step, rest)) = request.steps.split_first() else {
        return sort_in_leaf(wish, request, path, offset);
    };
    if let Some(leaf) = wish.leaf {
        return Err(conflict(leaf, request, path, offset));
    }
    let request = Request { steps: rest, ..request };
    let node = node.map(Node::resolved);
    match step {
        Step::Inside => wish.inside.push(request),
        Step::Key(key) => {
            let child = node.and_then(|node| node.get(key));
            let at = position_or_push(&mut wish.keys, &**key);
            sort_in(&mut wish.keys[at].1, child, request, &path.step(step.clone()))?;
        }
        Step::Index(index) => {
            let child = node.and_then(|node| node.items().nth(*index));
            let at = position_or_push(&mut wish.indexes, *index);
            sort_in(&mut wish.indexes[at].1, child, request, &path.index(*index))?;
        }
        Step::Item { key, value } => {
            let found = node.and_then(|node| node.items().enumerate().find(|(_, item)| item.text_at(&[key]) == Some(value)));
            if let Some((index, child)) = found {
                let at = position_or_push(&mut wish.indexes, index);
                sort_in(&mut wish.indexes[at].1, Some(child), request, &path.index(index))?;
            } else {
                let at = position_or_push(&mut wish.items, (key.as_str(), value.as_str()));
                sort_in(&mut wish.items[at].1, None, request, &path.item(key, value))?;
            }
        }
    }
    Ok(())
}

fn sort_in_leaf<'o>(wish: &mut Wish<'o>, request: Request<'o>, path: &Path, offset: usize) -> Result<(), Blocked> {
    match (&request.wish.want, wish.leaf) {
        (Want::Contains(value), None) => wish.contains.push((request, value)),
        (_, None) => match first_request(wish) {
            Some(below) => return Err(conflict(below, request, path, offset)),
            None => wish.leaf = Some(request),
        },
        (want, Some(leaf)) if !agree(&leaf.wish.want, want) => return Err(conflict(leaf, request, path, offset)),
        // A value that must be this one is there, too.
        (Want::Is(_), Some(leaf)) => wish.leaf = Some(Request { order: leaf.order, ..request }),
        _ => {}
    }
    Ok(())
}

/// No place can be a mapping and a list, or hold a document besides.
///
/// # Errors
/// [`Blocked`], at the first place that is wished to be of two kinds.
pub(super) fn refuse_mixed(wish: &Wish<'_>, path: &Path, offset: usize) -> Result<(), Blocked> {
    let is_list = !wish.indexes.is_empty() || !wish.items.is_empty() || !wish.contains.is_empty();
    let kinds = [!wish.keys.is_empty(), is_list, !wish.inside.is_empty()].iter().filter(|&&kind| kind).count();
    if let Some(request) = first_request(wish).filter(|_| kinds > 1) {
        let reason = format!("two edits want values of different kinds at `{path}`; this is a bug of enable-dual-stack, please report it");
        return Err(blocked(request, path, offset, reason));
    }
    wish.keys.iter().try_for_each(|(key, wish)| refuse_mixed(wish, &path.key(key), offset))?;
    wish.indexes.iter().try_for_each(|(index, wish)| refuse_mixed(wish, &path.index(*index), offset))?;
    wish.items.iter().try_for_each(|((key, value), wish)| refuse_mixed(wish, &path.item(key, value), offset))
}

fn agree(one: &Want, other: &Want) -> bool {
    match (one, other) {
        (Want::Is(value), Want::Exists(_)) | (Want::Exists(_), Want::Is(value)) => *value != Value::Null,
        _ => one == other,
    }
}

fn position_or_push<K: PartialEq>(list: &mut Vec<(K, Wish<'_>)>, key: K) -> usize {
    list.iter().position(|(other, _)| *other == key).unwrap_or_else(|| {
        list.push((key, Wish::default()));
        list.len() - 1
    })
}

fn conflict(first: Request<'_>, second: Request<'_>, path: &Path, offset: usize) -> Blocked {
    let reason = format!(
        "two edits want different things at `{path}`: {:?} and {:?}; this is a bug of enable-dual-stack, please report it",
        first.wish.want, second.wish.want
    );
    blocked(second, path, offset, reason)
}
